"""The DNS server outside of the cluster: it knows two names and denies all others."""

from __future__ import annotations

from kheadless_tui.lab.dns.message import Query, read_query, write_reply
from kheadless_tui.zone.record import Answer, Question, Record

NAMES = {"example.com.": "93.184.215.14", "mysql.example.com.": "198.51.100.7"}
"""All names outside the cluster that exist, with their one address."""

ADDRESS = "192.168.64.1"
"""Where it is asked: the name server in the resolv.conf of the nodes."""
TTL = 60
"""Seconds, of an address."""
DENIAL_TTL = 30
_SOA = "ns.upstream. hostmaster.upstream. 1 7200 1800 86400 30"


class Upstream:
    """What the cluster's DNS servers forward to, and pods with the node's resolv.conf ask."""

    def __init__(self) -> None:
        self.silent = False
        """A lever: no reply at all."""

    @property
    def hanging(self) -> bool:
        """Whether it says nothing."""
        return self.silent

    async def replies(self, wire: bytes, *, udp: bool, port: int = 53) -> tuple[bytes, ...]:
        """The message that a request is answered with; none when the client gets nothing."""
        query = read_query(wire)
        if not isinstance(query, Query):
            return (query,) if query is not None else ()
        answer = self.answer(query.question, internet=query.internet)
        return (write_reply(query, answer, udp=udp),) if answer is not None else ()

    def answer(self, question: Question, *, internet: bool = True) -> Answer | None:
        """The reply; ``None`` when there is none. What is not of the class IN it refuses."""
        if self.silent:
            return None
        if not internet:
            return Answer(question, "REFUSED", aa=False)
        name = question.name.lower()
        address = NAMES.get(name)
        if address is None:
            return Answer(question, "NXDOMAIN", authority=(Record(".", DENIAL_TTL, "SOA", _SOA),))
        if question.type not in ("A", "ANY"):
            return Answer(question, "NOERROR", authority=(Record(name, DENIAL_TTL, "SOA", _SOA),))
        return Answer(question, "NOERROR", answer=(Record(question.name, TTL, "A", address),))
