"""DNS messages over a stream, without I/O: questions in, bytes out; bytes in, observations out.

A message over TCP is two bytes of length, then the message (RFC 1035 section 4.2.2). Any program that joins its stdin
and stdout to a TCP connection carries such a stream. Replies are matched by message id and question, never by order.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from kheadless_tui.probe.inquiring.plainwire import HEADER, plain_query, read_plain
from kheadless_tui.zone.record import Question, Record

EDNS_PAYLOAD = 1232
"""Octets offered by EDNS, as dig and most resolvers do since the DNS flag day of 2020; over TCP it limits nothing."""

_CHECKING_DISABLED = 0x10
_DNSSEC_OK = 0x80
"""The CD bit in the fourth octet of a message (RFC 4035 section 3.2.2)."""
_FLAGS = 3
"""Place of that octet."""

MAX_WAITING = 65536
"""Ids that can be told apart at one time."""


class Unaskable(Exception):
    """A question that cannot be put into a DNS message; the text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply as it came."""

    question: Question
    rcode: str
    flags: tuple[str, ...]
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]
    echo: str = ""
    """The name in the reply's question section, in the case in which it came back; empty where that is not seen."""
    wire: bytes = b""
    """The whole message, where the carrier hands it on."""

    @property
    def truncated(self) -> bool:
        """It was cut short to fit into a datagram (TC)."""
        return "tc" in self.flags


def wire_name(name: str) -> dns.name.Name:
    r"""The name as DNS sees it; ``name`` is in presentation form, so that ``\.`` and ``\032`` are escapes.

    Raises:
        Unaskable: a label of more than 63 octets, a name of more than 255, an empty label, a bad escape.
    """
    try:
        return dns.name.from_text(name.encode("utf-8", "surrogateescape"))
    except dns.exception.DNSException as error:
        raise Unaskable(f"the name cannot be asked for: {_words(error)}") from error


def presentation_name(name: str) -> str:
    r"""The same name in printable ASCII, as dig reads and writes it: everything odd is ``\ddd`` or has a backslash.

    Raises:
        Unaskable: see :func:`wire_name`.
    """
    return wire_name(name).to_text()


def query(question: Question, message_id: int, edns: int = EDNS_PAYLOAD) -> bytes:
    """The query message for a question, recursion desired.

    Args:
        question: The letters of its name are sent in the case in which they are.
        message_id: By which the reply is found.
        edns: Octets offered for a reply over UDP; 0 for a question without EDNS.

    Raises:
        Unaskable: the name or the type cannot be sent.
    """
    plain = plain_query(question.name, question.type, message_id, edns)
    if plain is not None:
        return plain
    try:
        rdtype = dns.rdatatype.from_text(question.type)
    except (dns.exception.DNSException, ValueError) as error:
        raise Unaskable(f"there is no record type {question.type!r}") from error
    name = wire_name(question.name)
    if edns:
        return dns.message.make_query(name, rdtype, use_edns=0, payload=edns, id=message_id).to_wire()
    return dns.message.make_query(name, rdtype, use_edns=False, id=message_id).to_wire()


def read_reply(wire: bytes, question: Question) -> Reply:
    """Read a reply to ``question``; records are in the order and with the TTL of the message, not merged into sets.

    Raises:
        Unaskable: what came is not a DNS message.
    """
    plain = read_plain(wire)
    if plain is not None:
        return Reply(
            question, plain.rcode, plain.flags, plain.answer, plain.authority, plain.additional, plain.name, wire
        )
    try:
        message = dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError) as error:
        raise Unaskable(f"the reply is not a DNS message that can be read: {_words(error)}") from error
    return Reply(
        question,
        dns.rcode.to_text(message.rcode()),
        tuple(dns.flags.to_text(message.flags).lower().split()),
        tuple(_records(message.answer)),
        tuple(_records(message.authority)),
        tuple(_records(message.additional)),
        message.question[0].name.to_text() if message.question else "",
        wire,
    )


def mixed_case(name: str, rng: random.Random) -> str:
    r"""The name with each letter in random case; escapes (``\065``) stay as they are."""
    return "".join(sign.upper() if rng.random() < 0.5 else sign.lower() for sign in name) if name.isascii() else name


def _records(section: Iterable[dns.rrset.RRset]) -> Iterable[Record]:
    for rrset in section:
        for rdata in rrset:
            yield Record(rrset.name.to_text(), int(rrset.ttl), dns.rdatatype.to_text(rrset.rdtype), rdata.to_text())


def message_text(wire: bytes) -> str:
    """A message in the form in which dig writes it; one that cannot be read as its octets in hexadecimal."""
    try:
        return dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True).to_text()
    except (dns.exception.DNSException, ValueError) as error:
        return f";; not a DNS message that can be read ({_words(error)})\n{wire.hex(' ')}"


PLAIN_UDP = 512
"""Octets of a reply over UDP to a question without EDNS (RFC 1035 section 2.3.4)."""


def may_be_cut(reply: Reply) -> bool:
    """Whether one more record like the last would not have fitted into :data:`PLAIN_UDP` octets.

    BusyBox nslookup asks without EDNS and prints a truncated reply without saying that it was (TC): a full one is then
    all that tells.
    """
    if not reply.answer:
        return False
    message = dns.message.make_response(dns.message.make_query(wire_name(reply.question.name), reply.question.type))
    try:
        for record in (*reply.answer, reply.answer[-1]):
            message.answer.append(dns.rrset.from_text(record.name, record.ttl, "IN", record.type, record.data))
        return len(message.to_wire(max_size=65535)) > PLAIN_UDP
    except dns.exception.DNSException:
        return True


class Framer:
    """Cuts a stream into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes in; the messages that are whole now."""
        self._buffer += data
        whole = []
        while len(self._buffer) >= 2:
            length = int.from_bytes(self._buffer[:2], "big")
            if len(self._buffer) < 2 + length:
                break
            whole.append(bytes(self._buffer[2 : 2 + length]))
            del self._buffer[: 2 + length]
        return whole

    @property
    def pending(self) -> int:
        """Bytes of a message that is not whole yet."""
        return len(self._buffer)


def framed(message: bytes) -> bytes:
    """The message as it goes into a stream."""
    return len(message).to_bytes(2, "big") + message


class Conversation:
    """Questions asked over one stream and the replies matched to them."""

    def __init__(self, *, edns: int = EDNS_PAYLOAD, rng: random.Random | None = None) -> None:
        self._framer = Framer()
        self._edns = edns
        self._next_id = (rng or random.SystemRandom()).randrange(MAX_WAITING)
        self._waiting: dict[int, tuple[Question, bytes]] = {}
        self.stray = 0
        """Messages that answer nothing that was asked here."""
        self.unreadable = ""
        """Why something that came could not be read; the last reason."""

    @property
    def waiting(self) -> Sequence[Question]:
        """Questions without a reply, in the order in which they were asked."""
        return tuple(question for question, _ in self._waiting.values())

    @property
    def count(self) -> int:
        """How many questions wait for a reply."""
        return len(self._waiting)

    def ask(self, question: Question, *, aside: int = 0) -> bytes:
        """The bytes that ask a question in a stream; ``aside`` as of :attr:`kheadless_tui.probe.server.Manner.aside`.

        Raises:
            Unaskable: the question cannot be sent.
        """
        return framed(self.message(question, aside=aside))

    def message(self, question: Question, *, aside: int = 0) -> bytes:
        """The message that asks a question, by itself, as a datagram carries it.

        Raises:
            Unaskable: the question cannot be sent.
        """
        wire = query(question, self._next_id, self._edns)
        if aside:
            wire = wire[:_FLAGS] + bytes([wire[_FLAGS] | _CHECKING_DISABLED]) + wire[_FLAGS + 1 :]
        if aside > 1 and self._edns:  # the flags of EDNS stand before its length, at the very end
            wire = wire[:-4] + bytes([wire[-4] | _DNSSEC_OK]) + wire[-3:]
        self._waiting[self._next_id] = (question, wire)
        self._next_id = (self._next_id + 1) % MAX_WAITING
        while self._next_id in self._waiting and len(self._waiting) < MAX_WAITING:
            self._next_id = (self._next_id + 1) % MAX_WAITING
        return wire

    def abandon(self) -> None:
        """Wait no longer for what was asked; a late reply to it is a stray one."""
        self._waiting.clear()

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes from the stream; the replies that are whole now, each to a question that was waiting."""
        replies = []
        for wire in self._framer.feed(data):
            reply = self.match(wire)
            if reply is not None:
                replies.append(reply)
        return replies

    def match(self, wire: bytes) -> Reply | None:
        """Take one whole message; the reply that it is, or ``None`` when it answers nothing that was asked here."""
        message_id = int.from_bytes(wire[:2], "big")
        question, sent = self._waiting.get(message_id, (None, b""))
        if question is None or len(wire) < HEADER or not wire[2] & 0x80 or not _echoes(wire, question, sent):
            self.stray += 1
            return None
        try:
            reply = read_reply(wire, question)
        except Unaskable as error:
            self.unreadable = str(error)
            self.stray += 1
            return None
        del self._waiting[message_id]
        return reply


def _echoes(wire: bytes, question: Question, sent: bytes) -> bool:
    """The reply repeats our question, or repeats none (a server may answer an error without it, RFC 1035 4.1.1)."""
    if int.from_bytes(wire[4:6], "big") == 0:
        return True
    end = sent.index(0, HEADER) + 5
    if wire[HEADER:end].lower() == sent[HEADER:end].lower():  # no size of a label is the code of a letter
        return True
    try:
        name, used = dns.name.from_wire(wire, 12)
    except (dns.exception.DNSException, IndexError):
        return False
    rdtype = int.from_bytes(wire[12 + used : 14 + used], "big")
    return name == wire_name(question.name) and rdtype == dns.rdatatype.from_text(question.type)


def _words(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text.rstrip(".")
