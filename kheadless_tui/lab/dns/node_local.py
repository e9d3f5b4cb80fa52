"""NodeLocal DNSCache: a cache on each node at a link-local address, which asks kube-dns over TCP.

Its Corefile is cluster/addons/dns/nodelocaldns/nodelocaldns.yaml of Kubernetes: the cluster's zone and the reverse
zones go to kube-dns by TCP, all other names to the servers outside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from kheadless_tui.lab.dns.cache import Cache
from kheadless_tui.lab.dns.message import Query, read_query, write_reply
from kheadless_tui.lab.dns.server import DNS_PORT
from kheadless_tui.lab.dns.upstream import Upstream
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.zone.answering.cache import as_passed
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.serving.config import CacheBounds

ADDRESS = "169.254.20.10"
FORWARD_SECONDS = 2.0
"""Until the forward to kube-dns gives up a server that says nothing (plugin/forward, readTimeout)."""
_TO_KUBE_DNS = ("cluster.local.", "in-addr.arpa.", "ip6.arpa.")
_CLUSTER = CacheBounds(success_max=30, denial_max=5)
"""``success 9984 30`` and ``denial 9984 5``."""
_OTHER = CacheBounds(success_max=30, denial_max=30)
"""``cache 30``."""

Ask = Callable[[bytes], Awaitable[bytes | None]]
"""Sends one message over TCP to kube-dns, from the node; ``None`` when nothing comes back."""


class NodeLocal:
    """The cache of one node.

    Args:
        clock: Lab time.
        upstream: The servers outside.
        ask: The way to kube-dns.
    """

    def __init__(self, clock: Clock, upstream: Upstream, ask: Ask) -> None:
        self._clock = clock
        self._upstream = upstream
        self._ask = ask
        self._caches = {_CLUSTER: Cache(clock, _CLUSTER), _OTHER: Cache(clock, _OTHER)}
        self.hanging = False
        self.stopped = False
        """A lever: the process is gone, and its port with it."""

    @property
    def cache(self) -> Cache:
        """What it keeps of the cluster's zone."""
        return self._caches[_CLUSTER]

    async def replies(self, wire: bytes, *, udp: bool, port: int = DNS_PORT) -> tuple[bytes, ...]:
        """The message that a request is answered with; none when the client gets nothing."""
        if self.hanging or port != DNS_PORT:
            return ()
        query = read_query(wire)
        if not isinstance(query, Query):
            return (query,) if query is not None else ()
        inside = any(is_below(query.question.name, zone) for zone in _TO_KUBE_DNS)
        bounds = _CLUSTER if inside else _OTHER
        answer = self._caches[bounds].find(query.question, query.checked)
        if answer is None:
            found = (
                await self._from_kube_dns(query)
                if inside
                else self._upstream.answer(query.question, internet=query.internet)
            )
            answer = as_passed(found or Answer(query.question, "SERVFAIL", aa=False), bounds)
            self._caches[bounds].keep(answer, query.checked)
        return (write_reply(query, answer, udp=udp),)

    async def _from_kube_dns(self, query: Query) -> Answer | None:
        try:
            wire = await self._ask(query.message.to_wire())
        except ConnectionRefusedError:
            return None
        if wire is None:
            await self._clock.sleep(FORWARD_SECONDS)
            return None
        try:
            return answer_of(dns.message.from_wire(wire, one_rr_per_rrset=True), query.question)
        except dns.exception.DNSException:
            return None


def answer_of(message: dns.message.Message, question: Question) -> Answer:
    """A reply as data."""

    def records(section: list[dns.rrset.RRset]) -> tuple[Record, ...]:
        return tuple(
            Record(rrset.name.to_text(), rrset.ttl, dns.rdatatype.to_text(rrset.rdtype), rdata.to_text())
            for rrset in section
            for rdata in rrset
        )

    return Answer(
        question,
        dns.rcode.to_text(message.rcode()),
        bool(message.flags & dns.flags.AA),
        records(message.answer),
        records(message.authority),
        records(message.additional),
    )
