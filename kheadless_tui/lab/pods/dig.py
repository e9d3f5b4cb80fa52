"""BIND's dig, as far as it prints what people and programs read."""

from __future__ import annotations

from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdatatype
import dns.reversename
import dns.rrset

from kheadless_tui.lab.pods.lookup import ATTEMPT_SECONDS, Lookup, rcode_of
from kheadless_tui.lab.pods.process import Process
from kheadless_tui.zone.search_list import search_names

BIND_VERSION = "9.18.30"
_UNREACHABLE = 9
"""dig's exit status when no server answered."""


@dataclass(slots=True)
class _Dig:
    server: str = ""
    port: int = 53
    tcp: bool = False
    short: bool = False
    search: bool = False
    wait: float = ATTEMPT_SECONDS
    tries: int = 3
    questions: list[list[str]] = field(default_factory=list)


def _read_dig(words: tuple[str, ...]) -> _Dig:
    dig = _Dig()
    given = list(words)
    while given:
        word = given.pop(0)
        if word.startswith("@"):
            dig.server = word[1:]
        elif word == "-p" and given:
            dig.port = int(given.pop(0))
        elif word == "-q" and given:
            dig.questions.append([given.pop(0), "A"])
        elif word == "-t" and given and dig.questions:
            dig.questions[-1][1] = given.pop(0).upper()
        elif word == "-x" and given:
            dig.questions.append([dns.reversename.from_address(given.pop(0)).to_text(), "PTR"])
        elif word.startswith("+"):
            _dig_option(dig, word[1:])
        elif dig.questions and _is_type(word):
            dig.questions[-1][1] = word.upper()
        elif _is_type(word) and given and not given[0].startswith(("+", "-", "@")):
            dig.questions.append([given.pop(0), word.upper()])
        elif word not in ("IN", "-4", "-6"):
            dig.questions.append([word, "A"])
    return dig


def _dig_option(dig: _Dig, option: str) -> None:
    name, _, value = option.partition("=")
    if name in ("tcp", "vc"):
        dig.tcp = True
    elif name == "short":
        dig.short = True
    elif name == "search":
        dig.search = True
    elif name in ("time", "timeout"):
        dig.wait = max(float(value or ATTEMPT_SECONDS), 1.0)
    elif name == "tries":
        dig.tries = max(int(value or 1), 1)
    elif name == "retry":
        dig.tries = int(value or 2) + 1


def _is_type(word: str) -> bool:
    try:
        dns.rdatatype.from_text(word)
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return False
    return word.isalpha() or word.upper().startswith("TYPE")


async def dig(process: Process) -> int:
    """BIND's dig: one or several questions to one server."""
    asked = _read_dig(process.argv[1:])
    lookup = Lookup(process.around)
    server = asked.server or (process.around.resolv.nameservers or ("127.0.0.1",))[0]
    status = 0
    for name, kind in asked.questions or [[".", "NS"]]:
        names = (
            search_names(name, process.around.resolv) if asked.search else [name if name.endswith(".") else f"{name}."]
        )
        reply = None
        for candidate in names:
            for _ in range(asked.tries):
                reply = await lookup.ask(server, asked.port, candidate, kind, tcp=asked.tcp, wait=asked.wait)
                if reply is not None:
                    break
                await process.say(f";; communications error to {server}#{asked.port}: timed out\n")
            if reply is None or rcode_of(reply) != "NXDOMAIN":
                break
        if reply is None:
            await process.say(
                f"\n; <<>> DiG {BIND_VERSION} <<>> {' '.join(process.argv[1:])}\n; (1 server found)\n"
                ";; global options: +cmd\n;; no servers could be reached\n\n"
            )
            status = _UNREACHABLE
        elif asked.short:
            await process.say("".join(f"{rdata}\n" for rrset in reply.answer for rdata in rrset))
        else:
            await process.say(_dig_text(process, asked, reply, server))
    return status


def _dig_text(process: Process, asked: _Dig, reply: dns.message.Message, server: str) -> str:
    flags = " ".join(
        text for bit, text in (
            (dns.flags.QR, "qr"), (dns.flags.AA, "aa"), (dns.flags.TC, "tc"), (dns.flags.RD, "rd"), (dns.flags.RA, "ra")
        ) if reply.flags & bit
    )  # fmt: skip
    lines = [
        "",
        f"; <<>> DiG {BIND_VERSION} <<>> {' '.join(process.argv[1:])}",
        "; (1 server found)",
        ";; global options: +cmd",
        ";; Got answer:",
        f";; ->>HEADER<<- opcode: {dns.opcode.to_text(reply.opcode())}, status: {rcode_of(reply)}, id: {reply.id}",
        f";; flags: {flags}; QUERY: 1, ANSWER: {_count(reply.answer)}, AUTHORITY: {_count(reply.authority)}, "
        f"ADDITIONAL: {_count(reply.additional)}",
    ]
    if not reply.flags & dns.flags.RA:
        lines.append(";; WARNING: recursion requested but not available")
    question = reply.question[0]
    lines += ["", ";; QUESTION SECTION:", f";{question.name}\t\tIN\t{dns.rdatatype.to_text(question.rdtype)}"]
    for title, section in (("ANSWER", reply.answer), ("AUTHORITY", reply.authority), ("ADDITIONAL", reply.additional)):
        if section:
            lines += ["", f";; {title} SECTION:"]
            lines += [_dig_record(rrset, str(rdata)) for rrset in section for rdata in rrset]
    transport = "TCP" if asked.tcp else "UDP"
    lines += [
        "",
        ";; Query time: 0 msec",
        f";; SERVER: {server}#{asked.port}({server}) ({transport})",
        f";; MSG SIZE  rcvd: {len(reply.to_wire())}",
        "",
        "",
    ]
    return "\n".join(lines)


def _dig_record(rrset: dns.rrset.RRset, data: str) -> str:
    return f"{rrset.name}\t{rrset.ttl}\tIN\t{dns.rdatatype.to_text(rrset.rdtype)}\t{data}"


def _count(section: list[dns.rrset.RRset]) -> int:
    return sum(len(rrset) for rrset in section)
