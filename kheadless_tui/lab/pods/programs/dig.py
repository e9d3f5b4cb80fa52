"""BIND's dig: what is asked, of whom, over what; how it prints is in dig_text."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import dns.reversename

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.programs import dig_text
from kheadless_tui.lab.pods.programs.dig_text import BIND_VERSION, Shown
from kheadless_tui.lab.pods.programs.lookup import ATTEMPT_SECONDS, Lookup, NoReply, rcode_of
from kheadless_tui.lab.pods.programs.netcat import address_of
from kheadless_tui.zone.stub.search_list import search_names

UNREACHABLE = 9
"""dig's exit status when no server answered."""
EDNS_SIZE = 1232
_BY_TCP = ("AXFR", "IXFR", "ANY")
"""Types that dig asks for over TCP by itself."""
_USAGE = """Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]

Use "dig -h" (or "dig -h | more") for complete list of options
"""


@dataclass(slots=True)
class Dig:
    """One command line."""

    server: str = ""
    port: int = 53
    tcp: bool = False
    search: bool = False
    recurse: bool = True
    edns: bool = True
    cookie: bool = True
    size: int = EDNS_SIZE
    ignore: bool = False
    """Whether a reply that was cut is taken as it is."""
    wait: float = ATTEMPT_SECONDS
    tries: int = 3
    kind: str = ""
    """A type given in front of the name."""
    shown: Shown = field(default_factory=Shown)
    questions: list[list[str]] = field(default_factory=list)
    bad: str = ""


def read_dig(words: tuple[str, ...]) -> Dig:
    """The command line, as far as it is understood; ``bad`` names an option that is not."""
    dig = Dig()
    given = list(words)
    while given:
        word = given.pop(0)
        if word.startswith("@"):
            dig.server = word[1:]
        elif word.startswith("+"):
            _set_option(dig, word)
        elif word in ("-4", "-6", "-m", "-u", "-r"):
            continue
        elif word[:2] in ("-p", "-q", "-t", "-x", "-c", "-b", "-y", "-k") and (word[2:] or given):
            _set_flag(dig, word[:2], word[2:] or given.pop(0))
        elif word.startswith("-"):
            dig.bad = dig.bad or word
        elif word.upper() in ("IN", "CH", "HS"):
            continue
        elif is_type(word):
            _set_type(dig, word.upper())
        else:
            dig.questions.append([word, dig.kind or "A"])
            dig.kind = ""
    if dig.kind and not dig.questions:
        dig.questions.append([".", dig.kind])
    return dig


def _set_type(dig: Dig, kind: str) -> None:
    if dig.questions:
        dig.questions[-1][1] = kind
    else:
        dig.kind = kind


def _set_flag(dig: Dig, flag: str, value: str) -> None:
    match flag:
        case "-p":
            dig.port = int(value) if value.isdigit() else 53
        case "-q":
            dig.questions.append([value, dig.kind or "A"])
        case "-t":
            _set_type(dig, value.upper())
        case "-x":
            try:
                name = dns.reversename.from_address(value).to_text()
            except dns.exception.SyntaxError:
                name = f"{value}.in-addr.arpa."
            dig.questions.append([name, "PTR"])


_SWITCHES: dict[str, Callable[[Dig, bool], None]] = {
    "tcp": lambda dig, on: setattr(dig, "tcp", on),
    "vc": lambda dig, on: setattr(dig, "tcp", on),
    "search": lambda dig, on: setattr(dig, "search", on),
    "recurse": lambda dig, on: setattr(dig, "recurse", on),
    "rec": lambda dig, on: setattr(dig, "recurse", on),
    "edns": lambda dig, on: setattr(dig, "edns", on),
    "cookie": lambda dig, on: setattr(dig, "cookie", on),
    "ignore": lambda dig, on: setattr(dig, "ignore", on),
    "all": lambda dig, on: dig.shown.everything(on=on),
    "short": lambda dig, on: setattr(dig.shown, "short", on),
    "cmd": lambda dig, on: setattr(dig.shown, "command", on),
    "comments": lambda dig, on: setattr(dig.shown, "comments", on),
    "question": lambda dig, on: setattr(dig.shown, "question", on),
    "answer": lambda dig, on: setattr(dig.shown, "answer", on),
    "authority": lambda dig, on: setattr(dig.shown, "authority", on),
    "additional": lambda dig, on: setattr(dig.shown, "additional", on),
    "stats": lambda dig, on: setattr(dig.shown, "stats", on),
    "ttlid": lambda dig, on: setattr(dig.shown, "ttl", on),
}
_WITHOUT_EFFECT = ("aa", "ad", "cd", "adflag", "cdflag", "aaflag", "badcookie", "besteffort", "crypto", "dnssec", "do",
                   "expandaaaa", "fail", "identify", "keepopen", "mapped", "multiline", "nsid", "nssearch", "onesoa",
                   "qr", "rrcomments", "showsearch", "split", "subnet", "trace", "ttlunits", "unknownformat", "opcode",
                   "defname", "domain", "ndots", "cookie", "class", "cl", "padding", "header-only", "idn")  # fmt: skip


def _set_option(dig: Dig, word: str) -> None:
    name, _, value = word[1:].partition("=")
    on, plain = not name.startswith("no"), name.removeprefix("no")
    if name in ("time", "timeout"):
        dig.wait = max(float(value or ATTEMPT_SECONDS), 1.0)
    elif name == "tries":
        dig.tries = max(int(value or 3), 1)
    elif name == "retry":
        dig.tries = int(value or 2) + 1
    elif name in ("bufsize", "bufsiz"):
        dig.size = int(value or 0)
    elif name in ("edns", "cookie") and value:
        setattr(dig, name, True)
    elif name in _SWITCHES or plain in _SWITCHES:
        _SWITCHES[name if name in _SWITCHES else plain](dig, on or name in _SWITCHES)
    elif name not in _WITHOUT_EFFECT and plain not in _WITHOUT_EFFECT:
        dig.bad = dig.bad or word


def is_type(word: str) -> bool:
    """Whether a word is the name of a type."""
    try:
        dns.rdatatype.from_text(word)
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return False
    return word.isalpha() or word.upper().startswith("TYPE")


def _query(dig: Dig, name: str, kind: str) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    if not dig.recurse:
        query.flags &= ~dns.flags.RD
    if dig.edns:
        cookie = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, secrets.token_bytes(8))
        query.use_edns(0, payload=dig.size, options=[cookie] if dig.cookie else [])
    return query


async def dig(process: Process) -> int:
    """BIND's dig: one or several questions to one server."""
    asked = read_dig(process.argv[1:])
    if process.argv[1:2] == ("-v",):
        await process.complain(f"DiG {BIND_VERSION}\n")
        return 0
    if asked.bad:
        await process.complain(f"Invalid option: {asked.bad}\n{_USAGE}")
        return 1
    server = asked.server or (process.around.resolv.nameservers or ("127.0.0.1",))[0]
    address = await address_of(process, server)
    if address is None:
        await process.complain(f"dig: couldn't get address for '{server}': not found\n")
        return 1
    status = 0
    for number, (name, kind) in enumerate(asked.questions or [[".", "NS"]]):
        status = await _look_up(process, asked, address, name, kind, first=number == 0) or status
    return status


async def _look_up(process: Process, asked: Dig, server: str, name: str, kind: str, *, first: bool) -> int:
    names = [name if name.endswith(".") else f"{name}."]
    if asked.search:
        names = search_names(name, process.around.resolv)
    begun = process.around.clock.now()
    replies: list[dns.message.Message] = []
    for candidate in names:
        replies = await _exchange(process, asked, server, candidate, kind)
        if not replies or rcode_of(replies[0]) != "NXDOMAIN":
            break
    heading = dig_text.heading(process.argv[1:], asked.shown, by_server=bool(asked.server), first=first)
    if not replies:
        shown = "" if asked.shown.short or asked.tcp else heading
        await process.say(f"{shown};; no servers could be reached\n")
        return UNREACHABLE
    ms = int((process.around.clock.now() - begun) * 1000)
    place = dig_text.Place(server, asked.port, asked.tcp or kind in _BY_TCP, process.around.clock.now(), ms)
    if kind in ("AXFR", "IXFR"):
        await process.say(heading + dig_text.transfer(replies, asked.shown, place))
    elif asked.shown.short:
        await process.say(dig_text.short(replies[0]))
    else:
        await process.say(heading + dig_text.message(replies[0], asked.shown, place))
    return 0


async def _exchange(process: Process, asked: Dig, server: str, name: str, kind: str) -> list[dns.message.Message]:
    lookup, tcp = Lookup(process.around), asked.tcp or kind in _BY_TCP
    try:
        query = _query(asked, name, kind)
    except dns.exception.DNSException:
        return []
    for _ in range(1 if tcp else asked.tries):
        try:
            replies = await lookup.exchange(server, asked.port, query, tcp=tcp, wait=asked.wait)
        except NoReply as why:
            if tcp and str(why) == "connection refused":
                shown = name.rstrip(".") or "."
                where = f"{server}#{asked.port}({server})"
                await process.say(f";; Connection to {where} for {shown} failed: {why}.\n")
                return []
            await process.say(f";; communications error to {server}#{asked.port}: {why}\n")
            continue
        if replies[0].flags & dns.flags.TC and not tcp and not asked.ignore:
            if not asked.shown.short:
                await process.say(";; Truncated, retrying in TCP mode.\n")
            asked.tcp = tcp = True
            try:
                return await lookup.exchange(server, asked.port, query, tcp=True, wait=asked.wait)
            except NoReply as why:
                await process.say(f";; communications error to {server}#{asked.port}: {why}\n")
                return []
        return replies
    return []
