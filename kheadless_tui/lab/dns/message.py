"""DNS messages at the wire: a request read as CoreDNS reads it, a reply written as CoreDNS writes it.

Sources: github.com/miekg/dns acceptfunc.go (what is refused before it is looked at), coredns request/request.go Scrub
and SizeAndDo, core/dnsserver/server.go. Seen on CoreDNS 1.14.7: the class is not looked at, options of EDNS are sent
back, a reply that fits is not compressed, RA is not set.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from kheadless_tui.zone.answering.message_size import OPT, TCP, UDP_PLAIN, fit
from kheadless_tui.zone.record import Answer, Question, Record

_HEADER = struct.Struct("!6H")
_RR = struct.Struct("!HHIH")
_ACCEPTED = (dns.opcode.QUERY, dns.opcode.NOTIFY)
TRANSFER_RECORDS = 500
"""Records of one message of a transfer (plugin/transfer/transfer.go sends about as many)."""


class Query(NamedTuple):
    """A request that can be answered."""

    question: Question
    """Its name in the case in which it was asked."""
    message: dns.message.Message

    @property
    def internet(self) -> bool:
        """Whether the class is IN, that of all records here."""
        return self.message.question[0].rdclass == dns.rdataclass.IN

    @property
    def checked(self) -> tuple[bool, bool]:
        """The bits DO and CD, by which the cache keeps replies apart."""
        return self.message.ednsflags & dns.flags.DO != 0, self.message.flags & dns.flags.CD != 0


def read_query(wire: bytes) -> Query | bytes | None:
    """A request, the reply that refuses it, or ``None`` when it is not to be answered."""
    if len(wire) < _HEADER.size:
        return None
    number, flags, questions, answers, authority, additional = _HEADER.unpack_from(wire)
    if flags & dns.flags.QR:
        return None
    if dns.opcode.from_flags(flags) not in _ACCEPTED:
        return _refusal(number, flags, dns.rcode.NOTIMP)
    if questions != 1 or answers > 1 or authority > 1 or additional > 2:
        return _refusal(number, flags, dns.rcode.FORMERR)
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
    except dns.exception.DNSException:
        return _refusal(number, flags, dns.rcode.FORMERR)
    if len(message.question) != 1:
        return _refusal(number, flags, dns.rcode.FORMERR)
    asked = message.question[0]
    query = Query(Question(asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)), message)
    if message.edns > 0:
        return _write(query, Answer(query.question, "BADVERS", aa=False), (), b"")
    return query


def _refusal(number: int, flags: int, rcode: dns.rcode.Rcode) -> bytes:
    """As short as the server makes it: the header alone."""
    kept = flags & ~(dns.flags.AA | dns.flags.TC | dns.flags.RA | 0xF)
    return _HEADER.pack(number, kept | dns.flags.QR | rcode, 0, 0, 0, 0)


def write_reply(query: Query, answer: Answer, *, udp: bool, buffer: int = 0) -> bytes:
    """A reply, cut to what the client takes.

    Args:
        query: What is answered.
        answer: The whole answer, its records in the order in which they are sent.
        udp: Whether it goes over UDP.
        buffer: Octets that something on the way lets through over UDP; 0 for all.
    """
    limit = TCP
    if udp:
        limit = max(query.message.payload, UDP_PLAIN) if query.message.edns >= 0 else UDP_PLAIN
        limit = min(limit, buffer) if buffer else limit
    options = b"".join(_option(option) for option in query.message.options) if query.message.edns >= 0 else b""
    room = fit(answer, limit, opt=OPT + len(options) if query.message.edns >= 0 else 0)
    sent = (answer.answer[: room.answer], answer.authority[: room.authority], answer.additional[: room.additional])
    whole = _write(query, answer, sent, options, truncated=room.truncated, compressed=False)
    return whole if len(whole) <= limit else _write(query, answer, sent, options, truncated=room.truncated)


def write_empty(query: Query) -> bytes:
    """A reply that only says: come again over TCP."""
    return _write(query, Answer(query.question, "NOERROR"), (), b"", truncated=True)


def write_transfer(query: Query, answer: Answer) -> Iterator[bytes]:
    """The messages of a transfer (RFC 5936 section 2.2), in order."""
    for start in range(0, len(answer.answer), TRANSFER_RECORDS):
        yield _write(query, answer, (answer.answer[start : start + TRANSFER_RECORDS],), b"")


def _write(
    query: Query,
    answer: Answer,
    sections: Sequence[Iterable[Record]],
    options: bytes,
    *,
    truncated: bool = False,
    compressed: bool = True,
) -> bytes:
    out = io.BytesIO()
    known: dict[dns.name.Name, int] | None = {} if compressed else None
    asked = query.message.question[0]
    out.write(bytes(_HEADER.size))
    asked.name.to_wire(out, known)
    out.write(struct.pack("!HH", asked.rdtype, asked.rdclass))
    counts = [0, 0, 0]
    for number, section in enumerate(sections):
        for record in section:
            _write_record(out, record, known)
            counts[number] += 1
    rcode = dns.rcode.from_text(answer.rcode)
    if query.message.edns >= 0:
        payload = query.message.payload if query.message.edns == 0 else 0
        bits = (rcode >> 4) << 24 | (query.message.ednsflags & dns.flags.DO)
        out.write(b"\x00" + _RR.pack(dns.rdatatype.OPT, payload, bits, len(options)) + options)
        counts[2] += 1
    flags = dns.flags.QR | (query.message.flags & (dns.flags.RD | dns.flags.CD)) | (rcode & 0xF)
    flags |= dns.opcode.to_flags(query.message.opcode())
    flags |= (dns.flags.AA if answer.aa else 0) | (dns.flags.TC if truncated else 0)
    wire = bytearray(out.getvalue())
    _HEADER.pack_into(wire, 0, query.message.id, flags, 1, *counts)
    return bytes(wire)


def _write_record(out: io.BytesIO, record: Record, known: dict[dns.name.Name, int] | None) -> None:
    kind, data = _rdata(record.type, record.data)
    _name(record.name).to_wire(out, known)
    start = out.tell()
    out.write(_RR.pack(kind, dns.rdataclass.IN, record.ttl, 0))
    data.to_wire(out, known)
    end = out.tell()
    out.seek(start + _RR.size - 2)
    out.write(struct.pack("!H", end - start - _RR.size))
    out.seek(end)


def _option(option: dns.edns.Option) -> bytes:
    data = option.to_wire()
    assert data is not None  # it is only written into a file when one is given
    return struct.pack("!HH", option.otype, len(data)) + data


@lru_cache(maxsize=8192)
def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text)


@lru_cache(maxsize=8192)
def _rdata(kind: str, data: str) -> tuple[dns.rdatatype.RdataType, dns.rdata.Rdata]:
    number = dns.rdatatype.from_text(kind)
    return number, dns.rdata.from_text(dns.rdataclass.IN, number, data)
