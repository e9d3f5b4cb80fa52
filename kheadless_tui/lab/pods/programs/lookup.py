"""How programs in a pod ask DNS: one message to one server, and what a C library's resolver makes of a name."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.reversename
import dns.rrset

from kheadless_tui.lab.pods.listeners import Listener
from kheadless_tui.lab.pods.network import Network, NoRoute, Silence
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe, Surroundings
from kheadless_tui.zone.stub.search_list import Libc, search_names

ATTEMPT_SECONDS = 5.0
"""Until a resolver gives up one attempt (resolv.conf, options timeout)."""
ATTEMPTS = 2
"""How often a resolver asks one server (resolv.conf, options attempts)."""
NO_ROUTE_SECONDS = 3.07
"""Until the kernel gives up looking for a neighbour (three ARP requests)."""
_TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


class NoReply(Exception):  # what the program says of it
    """Nothing came back; the text is BIND's word for why."""


class Lookup:
    """Asks the servers of a pod's resolv.conf, or any other."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    @property
    def network(self) -> Network:
        """What the pod is connected to."""
        return self._around.network

    async def exchange(
        self, server: str, port: int, query: dns.message.Message, *, tcp: bool = False, wait: float = ATTEMPT_SECONDS
    ) -> list[dns.message.Message]:
        """One question; its reply, of a transfer all messages.

        Raises:
            NoReply: ``timed out``, ``connection refused`` or ``host unreachable``.
        """
        clock = self._around.clock
        try:
            asking = self._by_tcp(server, port, query) if tcp else self._by_udp(server, port, query)
            return await clock.limit(wait, asking)
        except ConnectionRefusedError:
            raise NoReply("connection refused") from None
        except NoRoute:
            await clock.sleep(min(wait, NO_ROUTE_SECONDS))
            raise NoReply("host unreachable" if wait > NO_ROUTE_SECONDS else "timed out") from None
        except Silence:
            await clock.sleep(wait)
            raise NoReply("timed out") from None
        except TimeoutError:
            raise NoReply("timed out") from None

    async def ask(
        self, server: str, port: int, name: str, kind: str, *, tcp: bool = False, wait: float = ATTEMPT_SECONDS
    ) -> dns.message.Message | None:
        """One question to one server, over TCP when the reply is cut; ``None`` when there is no reply in time."""
        try:
            query = dns.message.make_query(name, kind)
            (reply, *_) = await self.exchange(server, port, query, tcp=tcp, wait=wait)
            if reply.flags & dns.flags.TC and not tcp:
                (reply, *_) = await self.exchange(server, port, query, tcp=True, wait=wait)
        except (NoReply, dns.exception.DNSException):
            return None
        return reply

    async def resolve(
        self, name: str, kinds: tuple[str, ...] = ("A", "AAAA"), *, server: str = ""
    ) -> tuple[str, list[str]]:
        """What getaddrinfo gives: the canonical name, its alias, and the addresses; by /etc/hosts and the search list.

        A server that does not answer is asked again, then the next; a name that no server tells of has no addresses.
        """
        servers = (server,) if server else self._around.resolv.nameservers
        hosts = self._in_hosts_file(name)
        if hosts:
            return name, hosts
        libc: Libc = "musl" if self._around.image.libc == "musl" else "glibc"
        for candidate in search_names(name, self._around.resolv, libc):
            found: list[str] = []
            canonical = candidate
            replies = await asyncio.gather(*(self._ask_any(servers, candidate, kind) for kind in kinds))
            for reply in replies:
                if reply is None:
                    return name, []  # EAI_AGAIN: the search ends where no server answers
                found += addresses_in(reply)
                canonical = next((str(rr.name) for rr in reply.answer if addresses_in_rrset(rr)), canonical)
            if found:
                aliases = dict.fromkeys((canonical.rstrip("."), candidate.rstrip(".")))
                return " ".join(aliases), found
            if libc == "musl" and any(reply is not None and rcode_of(reply) != "NXDOMAIN" for reply in replies):
                return name, []
        return name, []

    async def addresses(self, name: str, kinds: tuple[str, ...] = ("A", "AAAA")) -> list[str]:
        """The addresses of a name, as programs connect to them."""
        return (await self.resolve(name, kinds))[1]

    async def _ask_any(self, servers: Sequence[str], name: str, kind: str) -> dns.message.Message | None:
        for _ in range(ATTEMPTS):
            for server in servers:
                reply = await self.ask(server, 53, name, kind)
                if reply is not None:
                    return reply
        return None

    async def _by_udp(self, server: str, port: int, query: dns.message.Message) -> list[dns.message.Message]:
        wire = await self.network.ask(server, port, query.to_wire(), source=self._around.pod)
        if wire is None:
            await asyncio.Event().wait()  # the limit ends it
        assert wire is not None
        return [_read(wire)]

    async def _by_tcp(self, server: str, port: int, query: dns.message.Message) -> list[dns.message.Message]:
        listener = self.network.connect(server, port, source=self._around.pod)
        there, back = Pipe(), Pipe()
        serving = asyncio.ensure_future(_serve(listener, there, back))
        try:
            wire = query.to_wire()
            await there.write(struct.pack("!H", len(wire)) + wire)
            found: list[dns.message.Message] = []
            while not _complete(query, found):
                found.append(_read(await _message(back)))
            return found
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    def _in_hosts_file(self, name: str) -> list[str]:
        lines = [line.split() for line in self._around.files["/etc/hosts"].decode().splitlines()]
        return [words[0] for words in lines if name in words[1:] and words[0][0] != "#"]


async def _serve(listener: Listener, there: Pipe, back: Pipe) -> None:
    try:
        await listener(there.read, back.write)
    except BrokenPipe:
        pass
    finally:
        back.end()


async def _message(pipe: Pipe) -> bytes:
    size = int.from_bytes(await _exactly(pipe, 2), "big")
    return await _exactly(pipe, size)


async def _exactly(pipe: Pipe, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = await pipe.read(count - len(data))
        if not chunk:
            raise NoReply("end of file")
        data += chunk
    return data


def _complete(query: dns.message.Message, found: list[dns.message.Message]) -> bool:
    """Whether all has come: one message, or a transfer up to its second SOA (RFC 5936 section 2.2)."""
    if not found or query.question[0].rdtype not in _TRANSFERS:
        return bool(found)
    if found[0].rcode() != dns.rcode.NOERROR:
        return True
    return sum(rrset.rdtype == dns.rdatatype.SOA for message in found for rrset in message.answer) >= 2


def _read(wire: bytes) -> dns.message.Message:
    """A message with its records in the order in which they came."""
    return dns.message.from_wire(wire, one_rr_per_rrset=True)


def addresses_in(reply: dns.message.Message) -> list[str]:
    """The addresses of an answer section."""
    return [address for rrset in reply.answer for address in addresses_in_rrset(rrset)]


def addresses_in_rrset(rrset: dns.rrset.RRset) -> list[str]:
    """The addresses of some records; none of other types."""
    return [rdata.address for rdata in rrset] if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA) else []


async def reverse_name(lookup: Lookup, server: str, address: str) -> str:
    """The first name of an address by PTR, without the dot at its end; empty without one."""
    try:
        reverse = dns.reversename.from_address(address).to_text()
    except dns.exception.SyntaxError:
        return ""
    reply = await lookup.ask(server, 53, reverse, "PTR")
    for rrset in reply.answer if reply is not None else ():
        if rrset.rdtype == dns.rdatatype.PTR:
            return str(rrset[0].target).rstrip(".")
    return ""


def rcode_of(reply: dns.message.Message) -> str:
    """NOERROR, NXDOMAIN ..."""
    return dns.rcode.to_text(reply.rcode())
