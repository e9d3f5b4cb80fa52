"""The cluster's DNS: whole DNS messages in and out, answered from ``zone`` on what the server knows of the API."""

from __future__ import annotations

import random
from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.resolve import resolve

UPSTREAM = {"example.com.": "93.184.215.14", "mysql.example.com.": "198.51.100.7"}
"""All names outside the cluster that exist, with their one address."""

UPSTREAM_TTL = 30
MIN_UDP_SIZE = 512
"""Octets of a reply over UDP to a client without EDNS (RFC 1035 section 4.2.1)."""
SHUFFLED = ("A", "AAAA", "MX")
"""Types whose records the plugin loadbalance shuffles."""


def upstream(question: Question) -> Answer | None:
    """The server outside: it knows a few names and no other."""
    address = UPSTREAM.get(question.name.lower())
    if address is None:
        return Answer(question, "NXDOMAIN", aa=False)
    records = (Record(question.name, UPSTREAM_TTL, "A", address),) if question.type == "A" else ()
    return Answer(question, "NOERROR", aa=False, answer=records)


class DnsServer:
    """One server.

    Args:
        snapshot: What it knows of the API, now.
        config: How it serves the zone, now.
        seed: For the order of addresses, which changes with every answer.
    """

    def __init__(self, snapshot: Callable[[], Snapshot], config: Callable[[], ZoneConfig], seed: int = 0) -> None:
        self._snapshot = snapshot
        self._config = config
        self._random = random.Random(seed)  # noqa: S311 - the order of addresses is no secret

    def reply(self, wire: bytes, *, udp: bool) -> bytes | None:
        """The reply to a message; ``None`` when the client gets nothing."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR:
            return None
        response = dns.message.make_response(query)
        response.flags &= ~dns.flags.RA
        if query.opcode() != dns.opcode.QUERY:
            response.set_rcode(dns.rcode.NOTIMP)
        elif len(query.question) != 1:
            response.set_rcode(dns.rcode.FORMERR)
        elif query.question[0].rdclass != dns.rdataclass.IN:
            response.set_rcode(dns.rcode.REFUSED)
        else:
            asked = query.question[0]
            answer = self._answer(Question(asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)))
            if answer is None or answer.unsendable:
                return None
            self._fill(response, answer)
        if not udp:
            return response.to_wire(max_size=65535, prefer_truncation=True)
        size = max(query.payload, MIN_UDP_SIZE) if query.edns >= 0 else MIN_UDP_SIZE
        return response.to_wire(max_size=size, prefer_truncation=True)

    def _answer(self, question: Question) -> Answer | None:
        answer = resolve(self._snapshot(), question, self._config(), upstream=upstream, explain=False)
        return upstream(question) if answer.fallthrough else answer

    def _fill(self, response: dns.message.Message, answer: Answer) -> None:
        response.set_rcode(dns.rcode.from_text(answer.rcode))
        if answer.aa:
            response.flags |= dns.flags.AA
        for section, records in (
            (response.answer, self._shuffled(answer.answer)),
            (response.authority, list(answer.authority)),
            (response.additional, list(answer.additional)),
        ):
            for record in records:
                rrset = dns.rrset.from_text(record.name, record.ttl, "IN", record.type, record.data)
                known = next(
                    (old for old in section if old.match(rrset.name, rrset.rdclass, rrset.rdtype, rrset.covers)), None
                )
                if known is None:
                    section.append(rrset)
                else:
                    known.union_update(rrset)  # type: ignore[no-untyped-call]

    def _shuffled(self, records: tuple[Record, ...]) -> list[Record]:
        """As the plugin loadbalance does: aliases stay in front, addresses change places."""
        aliases = [record for record in records if record.type == "CNAME"]
        moved = [record for record in records if record.type in SHUFFLED]
        others = [record for record in records if record.type != "CNAME" and record.type not in SHUFFLED]
        self._random.shuffle(moved)
        return [*aliases, *others, *moved]
