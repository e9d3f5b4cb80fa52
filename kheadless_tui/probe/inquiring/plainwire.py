"""Plain DNS messages read and written without a library, because a probe of a big Service has thousands of them.

Plain are the names of Kubernetes (letters, digits, hyphens, underscores) and the types that CoreDNS serves for it. What
is not plain is left to dnspython, which takes some ten times as long: :func:`read_plain` then gives ``None``. Text is
the same as dnspython's, and tests hold the two against each other.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from socket import AF_INET6, inet_ntop

from kheadless_tui.zone.record import Record

HEADER = 12
"""Octets of a message before its question (RFC 1035 section 4.1.1)."""
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 16: "TXT", 28: "AAAA", 33: "SRV"}
NUMBERS = {name: number for number, name in TYPES.items()}
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
FLAGS = ((0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0020, "ad"), (0x0010, "cd"))
IN = 1
OPT = 41
MAX_TTL = 0x7FFFFFFF

_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)+\Z")
_LABEL = re.compile(rb"[A-Za-z0-9_-]+\Z")
_STRING = re.compile(rb"[ !#-\[\]-~]*\Z")
_FIXED = struct.Struct("!HHIH")
_MAX_NAME = 255


class _Odd(Exception):
    """Something that is not plain."""


def plain_query(name: str, rdtype: str, message_id: int, edns: int) -> bytes | None:
    """The query for a plain name and type, recursion desired; ``None`` for others.

    Args:
        name: Absolute, with its final dot.
        rdtype: ``A``, ``SRV`` ...
        message_id: By which the reply is found.
        edns: Octets offered for a reply over UDP; 0 for a question without EDNS.
    """
    number = NUMBERS.get(rdtype)
    if number is None or len(name) >= _MAX_NAME or not _NAME.match(name):
        return None
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name[:-1].split("."))
    question = labels + b"\0" + struct.pack("!HH", number, IN)
    header = struct.pack("!HHHHHH", message_id, 0x0100, 1, 0, 0, 1 if edns else 0)
    option = struct.pack("!BHHIH", 0, OPT, edns, 0, 0) if edns else b""
    return header + question + option


class PlainMessage:
    """A message that was read whole."""

    __slots__ = ("additional", "answer", "authority", "flags", "name", "rcode")

    def __init__(
        self,
        rcode: str,
        flags: tuple[str, ...],
        name: str,
        sections: tuple[tuple[Record, ...], tuple[Record, ...], tuple[Record, ...]],
    ) -> None:
        self.rcode = rcode
        self.flags = flags
        self.name = name
        """Of its question."""
        self.answer, self.authority, self.additional = sections


def read_plain(wire: bytes) -> PlainMessage | None:
    """Read a message; ``None`` when it is not plain, or broken: dnspython then says which."""
    try:
        return _Reader(wire).message()
    except (_Odd, IndexError, struct.error):
        return None


class _Reader:
    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self._names: dict[int, str] = {}

    def message(self) -> PlainMessage:
        _, bits, questions, *counts = struct.unpack_from("!HHHHHH", self._wire)
        if questions != 1 or bits & 0x7800 or bits & 0x000F >= len(RCODES):
            raise _Odd
        name, position = self._name(HEADER)
        position += 4
        sections = []
        for number, count in enumerate(counts):
            records, position = self._section(position, count, options=number == 2)
            sections.append(records)
        return PlainMessage(RCODES[bits & 0x000F], _flags(bits), name, (sections[0], sections[1], sections[2]))

    def _section(self, position: int, count: int, *, options: bool) -> tuple[tuple[Record, ...], int]:
        records = []
        for _ in range(count):
            owner, position = self._name(position)
            rdtype, rdclass, ttl, size = _FIXED.unpack_from(self._wire, position)
            position += _FIXED.size
            end = position + size
            if end > len(self._wire):
                raise _Odd
            if rdtype == OPT:
                if not options or ttl >> 24:
                    raise _Odd  # an extended rcode
            elif rdclass != IN or ttl > MAX_TTL:
                raise _Odd
            else:
                records.append(Record(owner, ttl, TYPES.get(rdtype, ""), self._data(rdtype, position, end)))
            position = end
        return tuple(records), position

    def _data(self, rdtype: int, start: int, end: int) -> str:
        wire = self._wire
        if rdtype == 1 and end - start == 4:
            return f"{wire[start]}.{wire[start + 1]}.{wire[start + 2]}.{wire[start + 3]}"
        if rdtype == 28 and end - start == 16:
            return inet_ntop(AF_INET6, wire[start:end])
        if rdtype == 33:
            priority, weight, port = struct.unpack_from("!HHH", wire, start)
            return f"{priority} {weight} {port} {self._last_name(start + 6, end)}"
        if rdtype in (2, 5, 12):
            return self._last_name(start, end)
        if rdtype == 6:
            server, position = self._name(start)
            mailbox, position = self._name(position)
            if end - position != 20:
                raise _Odd
            numbers = struct.unpack_from("!IIIII", wire, position)
            return " ".join((server, mailbox, *map(str, numbers)))
        if rdtype == 16 and end > start:
            return _strings(wire[start:end])
        raise _Odd

    def _last_name(self, start: int, end: int) -> str:
        name, position = self._name(start)
        if position != end:
            raise _Odd
        return name

    def _name(self, position: int) -> tuple[str, int]:
        """The name at a place, and the place after it.

        A pointer must lead to before the name, and each further one to before that (RFC 1035 section 4.1.4): a reply
        cannot lead in circles. Nor can it be longer than a name, so that one with thousands of labels ends early.
        """
        wire, names = self._wire, self._names
        labels: list[tuple[int, str]] = []
        earliest, octets, after = position, 0, 0
        while (size := wire[position]) != 0:
            if (rest := names.get(position)) is not None:
                after = after or _after(wire, position)
                break
            if size >= 0xC0:
                after = after or position + 2
                position = (size & 0x3F) << 8 | wire[position + 1]
                if position >= earliest:
                    raise _Odd
                earliest = position
                continue
            octets += size + 1
            if size > 63 or octets >= _MAX_NAME:
                raise _Odd
            labels.append((position, _label(wire[position + 1 : position + 1 + size])))
            position += 1 + size
        else:
            rest, after = ".", after or position + 1
        for place, label in reversed(labels):
            rest = f"{label}." if rest == "." else f"{label}.{rest}"
            if len(rest) >= _MAX_NAME:
                raise _Odd
            names[place] = rest
        return rest, after


def _after(wire: bytes, position: int) -> int:
    """The place after a name that was read before."""
    while True:
        size = wire[position]
        if size >= 0xC0:
            return position + 2
        position += 1 + size
        if size == 0:
            return position


@lru_cache(maxsize=4096)
def _label(raw: bytes) -> str:
    if not _LABEL.match(raw):
        raise _Odd
    return raw.decode("ascii")


@lru_cache(maxsize=128)
def _flags(bits: int) -> tuple[str, ...]:
    return tuple(name for bit, name in FLAGS if bits & bit)


def _strings(data: bytes) -> str:
    found = []
    while data:
        size, text = data[0], data[1 : 1 + data[0]]
        if len(text) != size or not _STRING.match(text):
            raise _Odd
        found.append(f'"{text.decode("ascii")}"')
        data = data[1 + size :]
    return " ".join(found)
