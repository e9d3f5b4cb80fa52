"""How dig prints a reply (BIND 9.18 bin/dig/dighost.c and dig.c, lib/dns/masterdump.c)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rdata
import dns.rdatatype
import dns.rrset

from kheadless_tui.lab.pods.programs.lookup import rcode_of

BIND_VERSION = "9.18.49-1~deb12u3-Debian"
_TTL, _CLASS, _TYPE, _DATA, _TAB = 24, 32, 40, 48, 8
"""Columns of a record's fields, and the width of a tab."""
_FLAGS = (
    (dns.flags.QR, "qr"), (dns.flags.AA, "aa"), (dns.flags.TC, "tc"), (dns.flags.RD, "rd"), (dns.flags.RA, "ra"),
    (dns.flags.AD, "ad"), (dns.flags.CD, "cd"),
)  # fmt: skip


@dataclass(slots=True)
class Shown:
    """Which parts of a reply are printed."""

    short: bool = False
    command: bool = True
    comments: bool = True
    question: bool = True
    answer: bool = True
    authority: bool = True
    additional: bool = True
    stats: bool = True
    ttl: bool = True

    def everything(self, *, on: bool) -> None:
        """``+all`` and ``+noall``."""
        for part in ("command", "comments", "question", "answer", "authority", "additional", "stats"):
            setattr(self, part, on)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reply came from, and when."""

    server: str
    port: int
    tcp: bool
    now: float
    ms: int


def heading(words: Sequence[str], shown: Shown, *, by_server: bool, first: bool) -> str:
    """The lines on the command, once a run."""
    if not shown.command or shown.short or not first:
        return ""
    found = "; (1 server found)\n" if by_server else ""
    return f"\n; <<>> DiG {BIND_VERSION} <<>> {' '.join(words)}\n{found};; global options: +cmd\n"


def message(reply: dns.message.Message, shown: Shown, place: Place) -> str:
    """A whole reply."""
    text = (_header(reply) + "\n" + _edns(reply)) if shown.comments else ""
    question = reply.question[0] if reply.question else None
    if shown.question and question is not None:
        line = ";" + _columns(str(question.name), "IN", dns.rdatatype.to_text(question.rdtype), (_CLASS, _TYPE))
        text += _section("QUESTION", [line], shown)
    for wanted, title, section in (
        (shown.answer, "ANSWER", reply.answer),
        (shown.authority, "AUTHORITY", reply.authority),
        (shown.additional, "ADDITIONAL", reply.additional),
    ):
        if wanted and section:
            text += _section(title, [record(rrset, rdata, shown) for rrset in section for rdata in rrset], shown)
    return text + (_stats(place) + f";; MSG SIZE  rcvd: {size(reply)}\n\n" if shown.stats else "")


def short(reply: dns.message.Message) -> str:
    """The data alone."""
    return "".join(f"{rdata}\n" for rrset in reply.answer for rdata in rrset)


def transfer(replies: Sequence[dns.message.Message], shown: Shown, place: Place) -> str:
    """A zone."""
    if rcode_of(replies[0]) != "NOERROR" or not replies[0].answer:
        return "; Transfer failed.\n"
    rrsets = [rrset for reply in replies for rrset in reply.answer]
    records = [record(rrset, rdata, shown) for rrset in rrsets for rdata in rrset]
    octets = sum(size(reply) for reply in replies)
    summary = f";; XFR size: {len(records)} records (messages {len(replies)}, bytes {octets})\n\n"
    lines = "".join(f"{line}\n" for line in records)
    return lines + (_stats(place) + summary if shown.stats else "")


def _header(reply: dns.message.Message) -> str:
    lines = [";; Got answer:"]
    if reply.question and str(reply.question[0].name).lower().endswith(".local."):
        lines += [";; WARNING: .local is reserved for Multicast DNS",
                  ";; You are currently testing what happens when an mDNS query is leaked to DNS"]  # fmt: skip
    flags = " ".join(text for bit, text in _FLAGS if reply.flags & bit)
    additional = _count(reply.additional) + (reply.edns >= 0)
    lines += [
        f";; ->>HEADER<<- opcode: {dns.opcode.to_text(reply.opcode())}, status: {rcode_of(reply)}, id: {reply.id}",
        f";; flags: {flags}; QUERY: {len(reply.question)}, ANSWER: {_count(reply.answer)}, "
        f"AUTHORITY: {_count(reply.authority)}, ADDITIONAL: {additional}",
    ]
    if reply.flags & dns.flags.RD and not reply.flags & dns.flags.RA:
        lines.append(";; WARNING: recursion requested but not available")
    return "".join(f"{line}\n" for line in lines)


def _edns(reply: dns.message.Message) -> str:
    if reply.edns < 0:
        return ""
    do = " do" if reply.ednsflags & dns.flags.DO else ""
    lines = [";; OPT PSEUDOSECTION:", f"; EDNS: version: {reply.edns}, flags:{do}; udp: {reply.payload}"]
    for option in reply.options:
        if option.otype == dns.edns.OptionType.COOKIE:
            lines.append(f"; COOKIE: {(option.to_wire() or b'').hex()} (echoed)")
    return "".join(f"{line}\n" for line in lines)


def _section(title: str, lines: list[str], shown: Shown) -> str:
    text = "".join(f"{line}\n" for line in lines)
    return f";; {title} SECTION:\n{text}\n" if shown.comments else text


def record(rrset: dns.rrset.RRset, rdata: dns.rdata.Rdata, shown: Shown) -> str:
    """A record as dig aligns it."""
    kind = dns.rdatatype.to_text(rrset.rdtype)
    if not shown.ttl:
        return _columns(str(rrset.name), "IN", kind, (_CLASS, _TYPE), str(rdata))
    text, column = _indented(str(rrset.name), len(str(rrset.name)), _TTL)
    text, column = _indented(text + str(rrset.ttl), column + len(str(rrset.ttl)), _CLASS)
    text, column = _indented(f"{text}IN", column + 2, _TYPE)
    text, _ = _indented(text + kind, column + len(kind), _DATA)
    return text + str(rdata)


def _columns(name: str, kind: str, of: str, columns: tuple[int, int], data: str = "") -> str:
    text, column = _indented(name, len(name), columns[0])
    text, column = _indented(text + kind, column + len(kind), columns[1])
    if not data:
        return text + of
    text, _ = _indented(text + of, column + len(of), _DATA)
    return text + data


def _indented(text: str, column: int, to: int) -> tuple[str, int]:
    """Fill up to a column with tabs, one space at least (masterdump.c indent)."""
    target = max(to, column + 1)
    tabs = max(target // _TAB - column // _TAB, 0)
    spaces = target - (target // _TAB * _TAB if tabs else column)
    return text + "\t" * tabs + " " * spaces, target


def _stats(place: Place) -> str:
    when = time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(place.now))
    transport = "TCP" if place.tcp else "UDP"
    return (
        f";; Query time: {place.ms} msec\n"
        f";; SERVER: {place.server}#{place.port}({place.server}) ({transport})\n"
        f";; WHEN: {when}\n"
    )


def size(reply: dns.message.Message) -> int:
    """Octets of a reply as it came."""
    return len(reply.wire) if reply.wire else len(reply.to_wire())


def _count(section: list[dns.rrset.RRset]) -> int:
    return sum(len(rrset) for rrset in section)
