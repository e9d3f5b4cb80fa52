"""The DNS server outside of the cluster: it knows two names and denies all others."""

from __future__ import annotations

from kheadless_tui.zone.record import Answer, Question, Record

NAMES = {"example.com.": "93.184.215.14", "mysql.example.com.": "198.51.100.7"}
"""All names outside the cluster that exist, with their one address."""

TTL = 60
"""Seconds, of an address."""
DENIAL_TTL = 30
_SOA = "ns.upstream. hostmaster.upstream. 1 7200 1800 86400 30"


class Upstream:
    """What the cluster's DNS servers forward to."""

    def __init__(self) -> None:
        self.silent = False
        """A lever: no reply at all."""

    def answer(self, question: Question) -> Answer | None:
        """The reply; ``None`` when there is none."""
        if self.silent:
            return None
        name = question.name.lower()
        address = NAMES.get(name)
        if address is None:
            return Answer(question, "NXDOMAIN", authority=(Record(".", DENIAL_TTL, "SOA", _SOA),))
        if question.type != "A":
            return Answer(question, "NOERROR", authority=(Record(name, DENIAL_TTL, "SOA", _SOA),))
        return Answer(question, "NOERROR", answer=(Record(question.name, TTL, "A", address),))
