"""What a C library's resolver does with a name: /etc/hosts, the search list, A and AAAA."""

from __future__ import annotations

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from kheadless_tui.lab.pods.network import Network, Silence
from kheadless_tui.lab.pods.process import Surroundings
from kheadless_tui.zone.search_list import search_names

ATTEMPT_SECONDS = 5.0
"""Until a resolver gives up one attempt (resolv.conf, options timeout)."""


class Lookup:
    """Asks the servers of a pod's resolv.conf."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    @property
    def network(self) -> Network:
        """What the pod is connected to."""
        return self._around.network

    async def ask(
        self, server: str, port: int, name: str, kind: str, *, tcp: bool = False, wait: float = ATTEMPT_SECONDS
    ) -> dns.message.Message | None:
        """One question to one server; ``None`` when there is no reply in time."""
        query = dns.message.make_query(name, kind)
        try:
            wire = self.network.ask(server, port, query.to_wire())
            reply = dns.message.from_wire(wire) if wire is not None else None
            if reply is not None and reply.flags & 0x0200:  # TC
                tcp = True
            if tcp and reply is not None:
                wire = self.network.ask(server, port, dns.message.make_query(name, kind, payload=65535).to_wire())
                reply = dns.message.from_wire(wire) if wire is not None else None
        except (Silence, ConnectionRefusedError, dns.exception.DNSException):
            reply = None
        if reply is None:
            await self._around.clock.sleep(wait)
        return reply

    async def addresses(self, name: str, kinds: tuple[str, ...] = ("A", "AAAA")) -> list[str]:
        """The addresses of a name by the search list, as getaddrinfo gives them."""
        hosts = self._in_hosts_file(name)
        if hosts:
            return hosts
        servers = self._around.resolv.nameservers
        if not servers:
            return []
        for candidate in search_names(name, self._around.resolv):
            found: list[str] = []
            for kind in kinds:
                reply = await self.ask(servers[0], 53, candidate, kind)
                if reply is not None:
                    found += addresses_in(reply)
            if found:
                return found
        return []

    def _in_hosts_file(self, name: str) -> list[str]:
        lines = [line.split() for line in self._around.files["/etc/hosts"].decode().splitlines()]
        return [words[0] for words in lines if name in words[1:] and words[0][0] != "#"]


def addresses_in(reply: dns.message.Message) -> list[str]:
    """The addresses of an answer section."""
    return [
        rdata.address
        for rrset in reply.answer
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
        for rdata in rrset
    ]


def rcode_of(reply: dns.message.Message) -> str:
    """NOERROR, NXDOMAIN ..."""
    return dns.rcode.to_text(reply.rcode())
