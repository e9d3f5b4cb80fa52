"""How big a reply is, and what is cut from it for a buffer.

Sources: request/request.go Scrub and Size, github.com/miekg/dns msg_truncate.go. A reply that fits as it is is sent
uncompressed; else it is compressed, and whole records are cut from the end until it fits: answers survive longest, then
authority, then additional. Any cut sets TC, also when only additional records went, also over TCP.
"""

from __future__ import annotations

from typing import NamedTuple

from kheadless_tui.zone.naming.names import absolute, labels, wire_length
from kheadless_tui.zone.record import Answer, Record

UDP_PLAIN = 512
"""Octets of a UDP reply without EDNS (RFC 1035 section 4.2.1)."""
TCP = 65535
"""Octets of a TCP reply."""
BUFFERS = (UDP_PLAIN, 1232, 4096, TCP)
"""The buffers that matter: plain UDP, what dig and Go announce, what older resolvers announce, TCP."""
_HEADER = 12
_QUESTION = 4
"""Type and class behind the question's name."""
_FIXED = 10
"""Type, class, TTL and length behind a record's name."""
OPT = 11
"""Octets of an OPT record without options (RFC 6891 section 6.1.2)."""
_POINTER = 2
_MAX_POINTED = 1 << 14
"""Names that start behind this octet cannot be pointed at (RFC 1035 section 4.1.4)."""


class Fit(NamedTuple):
    """What of a reply reaches a client with a buffer of a size."""

    buffer: int
    size: int
    """Octets of the whole reply, compressed, were there room."""
    answer: int
    """Records of each section that are sent."""
    authority: int
    additional: int
    truncated: bool
    """The TC bit."""


def fit(answer: Answer, buffer: int, *, opt: int = 0) -> Fit:
    """What of a reply fits.

    Args:
        answer: the whole reply.
        buffer: octets that the client takes: 512 over UDP without EDNS, 65535 over TCP.
        opt: octets of the OPT record in the reply, 0 without EDNS, 11 and more with it.
    """
    sections = (answer.answer, answer.authority, answer.additional)
    whole = _size(answer.question.name, [record for section in sections for record in section], compress=True) + opt
    plain = _size(answer.question.name, [record for section in sections for record in section], compress=False) + opt
    all_of = (len(answer.answer), len(answer.authority), len(answer.additional))
    sent = all_of if min(plain, whole) <= buffer else _cut(answer, buffer - opt)
    return Fit(buffer, whole, sent[0], sent[1], sent[2], sent != all_of)


def fits(answer: Answer, *, bufsize: int = 0) -> tuple[Fit, ...]:
    """What of a reply fits the buffers that matter; over plain UDP without OPT record.

    Args:
        answer: the whole reply.
        bufsize: what the plugin of that name lowers larger UDP buffers to, 0 without it.
    """
    found = []
    for buffer in BUFFERS:
        if buffer in (UDP_PLAIN, TCP):
            found.append(fit(answer, buffer, opt=0 if buffer == UDP_PLAIN else OPT))
        else:
            lowered = min(buffer, bufsize) if bufsize else buffer
            found.append(fit(answer, lowered, opt=OPT)._replace(buffer=buffer))
    return tuple(found)


def _cut(answer: Answer, room: int) -> tuple[int, int, int]:
    """How many records of each section fit, taken in order (msg_truncate.go truncateLoop)."""
    message = _Message(answer.question.name, compress=True)
    counts = [0, 0, 0]
    for number, section in enumerate((answer.answer, answer.authority, answer.additional)):
        for record in section:
            message.add(record)
            if message.size > room:
                return counts[0], counts[1], counts[2]
            counts[number] += 1
    return counts[0], counts[1], counts[2]


def _size(question: str, records: list[Record], *, compress: bool) -> int:
    message = _Message(question, compress=compress)
    for record in records:
        message.add(record)
    return message.size


class _Message:
    """Counts the octets of a message while records are added."""

    def __init__(self, question: str, *, compress: bool) -> None:
        self.compress = compress
        self.seen: set[str] = set()
        """Names, in the case in which they stand in the message, that can be pointed at."""
        self.size = _HEADER
        self._name(question)
        self.size += _QUESTION

    def add(self, record: Record) -> None:
        self._name(record.name)
        self.size += _FIXED
        self._data(record)

    def _data(self, record: Record) -> None:
        match record.type:
            case "A":
                self.size += 4
            case "AAAA":
                self.size += 16
            case "SRV":  # the target is not compressed (RFC 2782), but later names may point at it
                self.size += 6
                self._name(record.data.rpartition(" ")[2], compress=False)
            case "CNAME" | "PTR" | "NS":
                self._name(record.data)
            case "SOA":
                primary, mailbox, *_ = record.data.split()
                self._name(primary)
                self._name(mailbox)
                self.size += 20
            case "TXT":
                self.size += len(record.data.strip('"').encode()) + 1
            case _:
                self.size += len(record.data.encode())

    def _name(self, name: str, *, compress: bool = True) -> None:
        """Add a name, as a pointer from where the rest of it stands in the message already (msg.go packDomainName)."""
        parts = labels(absolute(name))
        for start, part in enumerate(parts):
            tail = ".".join(parts[start:])
            if tail not in self.seen:
                if self.size < _MAX_POINTED:
                    self.seen.add(tail)
            elif compress and self.compress:
                self.size += _POINTER
                return
            self.size += wire_length(part) - 1
        self.size += 1
