"""BIND's nslookup and host (9.18)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import dns.reversename
import dns.rrset

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.programs import dig_text
from kheadless_tui.lab.pods.programs.dig_text import BIND_VERSION
from kheadless_tui.lab.pods.programs.lookup import ATTEMPT_SECONDS, Lookup, NoReply, rcode_of
from kheadless_tui.lab.pods.programs.netcat import address_of
from kheadless_tui.zone.stub.search_list import search_names

_TRIES = 3


@dataclass(slots=True)
class Asked:
    """One command line."""

    name: str = ""
    server: str = ""
    types: list[str] = field(default_factory=list)
    port: int = 53
    debug: bool = False
    tcp: bool = False
    wait: float = ATTEMPT_SECONDS
    bad: str = ""


def no_dot(name: object) -> str:
    """A name without the dot at its end."""
    return str(name).rstrip(".") or "."


def reversed_name(text: str) -> str | None:
    """The name below in-addr.arpa of an address; ``None`` for what is none."""
    try:
        return dns.reversename.from_address(str(ipaddress.ip_address(text))).to_text()
    except (ValueError, dns.exception.SyntaxError):
        return None


def read_nslookup(process: Process) -> Asked:
    """The options that BIND's and BusyBox's nslookup share."""
    asked, words = Asked(), []
    for word in process.argv[1:]:
        if not word.startswith("-"):
            words.append(word)
            continue
        option, _, value = word.lstrip("-").partition("=")
        if option in ("type", "query", "querytype", "q") and value:
            asked.types.append(value.upper())
        elif option == "port" and value.isdigit():
            asked.port = int(value)
        elif option == "timeout" and value.isdigit():
            asked.wait = float(value)
        elif option == "debug":
            asked.debug = True
        elif option == "vc":
            asked.tcp = True
        elif option not in ("retry", "nodebug", "novc", "norecurse", "recurse"):
            asked.bad = asked.bad or word
    asked.name = words[0] if words else ""
    asked.server = words[1] if len(words) > 1 else (process.around.resolv.nameservers or ("127.0.0.1",))[0]
    return asked


async def _exchange(
    process: Process, asked: Asked, server: str, name: str, kind: str, *, told: bool = True
) -> dns.message.Message | None:
    """Ask as BIND's tools do: three times, over TCP when the reply is cut, and say what goes wrong."""
    lookup, query = Lookup(process.around), dns.message.make_query(name, kind)
    tcp = asked.tcp
    for _ in range(_TRIES):
        try:
            (reply, *_) = await lookup.exchange(server, asked.port, query, tcp=tcp, wait=asked.wait)
        except NoReply as why:
            await process.say(f";; communications error to {server}#{asked.port}: {why}\n")
            continue
        if reply.flags & dns.flags.TC and not tcp:
            if told:
                await process.say(";; Truncated, retrying in TCP mode.\n")
            tcp = True
            continue
        return reply
    return None


# -- nslookup --------------------------------------------------------------------------------------------------


async def nslookup(process: Process) -> int:
    """BIND's nslookup of one name."""
    if process.argv[1:2] in (("-version",), ("-v",)):
        await process.say(f"nslookup {BIND_VERSION}\n")
        return 0
    asked = read_nslookup(process)
    server = await address_of(process, asked.server)
    if server is None:
        await process.complain(f"nslookup: couldn't get address for '{asked.server}': not found\n")
        return 1
    if not asked.name:
        return 0
    reverse = reversed_name(asked.name)
    names = [reverse] if reverse else search_names(asked.name, process.around.resolv)
    kinds = ["PTR"] if reverse else asked.types or ["A"]
    heading = "" if reverse else f"Server:\t\t{asked.server}\nAddress:\t{server}#{asked.port}\n\n"
    for name in names:
        reply = await _told(process, asked, server, name, kinds[0])
        if reply is None:
            await process.say(";; no servers could be reached\n\n")
            return 1
        if rcode_of(reply) == "NXDOMAIN" and name != names[-1]:
            continue
        if rcode_of(reply) != "NOERROR":
            shown = no_dot(name) if name == names[0] or reverse else asked.name
            debug = _debug(reply) if asked.debug else ""
            await process.say(f"{heading}{debug}** server can't find {shown}: {rcode_of(reply)}\n\n")
            return 1
        await process.say(heading + _text(asked, reply, alone=bool(reverse or asked.types)))
        if not reverse and not asked.types:
            second = await _told(process, asked, server, name, "AAAA")
            if second is not None and (asked.debug or second.answer):
                await process.say((_debug(second) if asked.debug else "") + _lines(second))
        for kind in kinds[1:]:
            more = await _told(process, asked, server, name, kind)
            await process.say(_text(asked, more, alone=True) if more is not None else "")
        await process.say("\n")
        return 0
    return 1


async def _told(process: Process, asked: Asked, server: str, name: str, kind: str) -> dns.message.Message | None:
    reply = await _exchange(process, asked, server, name, kind)
    if reply is not None and not reply.flags & dns.flags.RA:
        await process.say(f";; Got recursion not available from {server}\n")
    return reply


def _text(asked: Asked, reply: dns.message.Message, *, alone: bool) -> str:
    debug = _debug(reply) if asked.debug else ""
    if not reply.answer and alone:
        return f"{debug}*** Can't find {asked.name}: No answer\n"
    return debug + _lines(reply)


def _lines(reply: dns.message.Message) -> str:
    return "".join(f"{line}\n" for line in answer_lines(reply))


def answer_lines(reply: dns.message.Message, *, dotted: bool = True) -> list[str]:
    """The answer section as nslookup words it; names in the data end in a dot with BIND's, with BusyBox's in none."""
    lines = []
    for rrset in reply.answer:
        owner = no_dot(rrset.name)
        for rdata in rrset:
            data = str(rdata) if dotted else str(rdata).rstrip(".")
            kind = dns.rdatatype.to_text(rrset.rdtype)
            if kind in ("A", "AAAA"):
                lines += [f"Name:\t{owner}", f"Address: {rdata}"]
            elif kind in _WORDS:
                lines.append(f"{owner}\t{_WORDS[kind]} = {data}")
            elif kind == "SOA":
                labels = ("origin", "mail addr", "serial", "refresh", "retry", "expire", "minimum")
                words = str(rdata).split()
                lines += [owner, *(f"\t{label} = {no_dot(word)}" for label, word in zip(labels, words, strict=True))]
            else:
                lines.append(f"{owner}\trdata_{int(rrset.rdtype)} = {data}")
    return lines


_WORDS = {"SRV": "service", "PTR": "name", "CNAME": "canonical name", "TXT": "text", "MX": "mail exchanger",
          "NS": "nameserver"}  # fmt: skip


def _debug(reply: dns.message.Message) -> str:
    question = reply.question[0]
    kind = dns.rdatatype.to_text(question.rdtype)
    lines = ["------------", "    QUESTIONS:", f"\t{no_dot(question.name)}, type = {kind}, class = IN"]
    for title, section in (
        ("ANSWERS", reply.answer),
        ("AUTHORITY RECORDS", reply.authority),
        ("ADDITIONAL RECORDS", reply.additional),
    ):
        lines.append(f"    {title}:")
        for rrset in section:
            for rdata in rrset:
                lines += [f"    ->  {no_dot(rrset.name)}", *_debug_data(rrset, rdata), f"\tttl = {rrset.ttl}"]
    return "\n".join([*lines, "------------", ""])


def _debug_data(rrset: dns.rrset.RRset, rdata: object) -> list[str]:
    kind, words = dns.rdatatype.to_text(rrset.rdtype), str(rdata).split()
    if kind == "SOA":
        labels = ("origin", "mail addr", "serial", "refresh", "retry", "expire", "minimum")
        return [f"\t{label} = {no_dot(word)}" for label, word in zip(labels, words, strict=True)]
    if kind == "A":
        return [f"\tinternet address = {rdata}"]
    if kind == "AAAA":
        return [f"\thas AAAA address {rdata}"]
    return [f"\t{_WORDS.get(kind, kind)} = {rdata}"]


# -- host ------------------------------------------------------------------------------------------------------

_HOST_USAGE = """Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]
            [-R number] [-m flag] [-p port] hostname [server]
"""
_HOST_WORDS = {"A": "has address", "AAAA": "has IPv6 address", "SRV": "has SRV record", "PTR": "domain name pointer",
               "CNAME": "is an alias for", "TXT": "descriptive text", "MX": "mail is handled by", "NS": "name server",
               "SOA": "has SOA record"}  # fmt: skip


def _read_host(words: list[str]) -> tuple[Asked, list[str]]:
    asked, rest = Asked(), []
    while words:
        word = words.pop(0)
        if word[:2] in ("-t", "-W", "-p", "-R", "-c", "-N", "-m") and (word[2:] or words):
            value = word[2:] or words.pop(0)
            if word[1] == "t":
                asked.types = [value.upper()]
            elif word[1] == "W" and value.isdigit():
                asked.wait = float(value)
            elif word[1] == "p" and value.isdigit():
                asked.port = int(value)
        elif word in ("-v", "-d"):
            asked.debug = True
        elif word == "-T":
            asked.tcp = True
        elif not word.startswith("-"):
            rest.append(word)
    return asked, rest


async def host(process: Process) -> int:
    """BIND's host: the records of a name in words."""
    asked, words = _read_host(list(process.argv[1:]))
    if not words:
        await process.complain(_HOST_USAGE)
        return 1
    name = words[0]
    asked.server = words[1] if len(words) > 1 else (process.around.resolv.nameservers or ("127.0.0.1",))[0]
    server = await address_of(process, asked.server)
    if server is None:
        await process.say(f"host: couldn't get address for '{asked.server}': not found\n")
        return 1
    if len(words) > 1:
        text = f"Using domain server:\nName: {asked.server}\nAddress: {server}#{asked.port}\nAliases: \n\n"
        await process.say(text)
    reverse = reversed_name(name)
    kinds = ["PTR"] if reverse else asked.types or ["A", "AAAA", "MX"]
    for candidate in [reverse] if reverse else search_names(name, process.around.resolv):
        reply = await _host_asks(process, asked, server, candidate, kinds[0])
        if reply is None:
            await process.say(";; no servers could be reached\n")
            return 1
        if rcode_of(reply) == "NXDOMAIN":
            continue
        if rcode_of(reply) != "NOERROR":
            break
        await _host_says(process, asked, candidate, kinds[0], reply)
        for kind in kinds[1:]:
            more = await _host_asks(process, asked, server, candidate, kind)
            if more is not None:
                await _host_says(process, asked, candidate, kind, more)
        return 0
    assert reply is not None  # at least one name was asked for
    number = {"NXDOMAIN": 3, "SERVFAIL": 2, "REFUSED": 5}.get(rcode_of(reply), 2)
    shown = no_dot(reverse) if reverse else name
    await process.say(f"Host {shown} not found: {number}({rcode_of(reply)})\n")
    return 1


async def _host_asks(process: Process, asked: Asked, server: str, name: str, kind: str) -> dns.message.Message | None:
    if asked.debug:
        await process.say(f'Trying "{no_dot(name)}"\n')
    return await _exchange(process, asked, server, name, kind, told=asked.debug)


async def _host_says(process: Process, asked: Asked, name: str, kind: str, reply: dns.message.Message) -> None:
    if asked.debug:
        shown = dig_text.Shown(command=False, stats=False)
        place = dig_text.Place(asked.server, asked.port, asked.tcp, 0.0, 0)
        text = dig_text.message(reply, shown, place).removeprefix(";; Got answer:\n")
        lines = [line for line in text.splitlines(keepends=True) if "WARNING" not in line and "mDNS" not in line]
        received = f"Received {dig_text.size(reply)} bytes from {asked.server}#{asked.port} in 0 ms\n"
        await process.say("".join(lines) + received)
        return
    for rrset in reply.answer:
        for rdata in rrset:
            words = _HOST_WORDS.get(dns.rdatatype.to_text(rrset.rdtype), "has record")
            await process.say(f"{no_dot(rrset.name)} {words} {rdata}\n")
    if not reply.answer and (asked.types or kind == "PTR"):
        await process.say(f"{no_dot(name)} has no {kind} record\n")
