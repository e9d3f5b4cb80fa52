"""nslookup of BIND and of BusyBox, host and getent, as far as they print what people and programs read."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

import dns.exception
import dns.message
import dns.rdatatype
import dns.reversename
import dns.rrset

from kheadless_tui.lab.pods.dig import BIND_VERSION
from kheadless_tui.lab.pods.lookup import ATTEMPT_SECONDS, Lookup, addresses_in, rcode_of
from kheadless_tui.lab.pods.process import Process
from kheadless_tui.zone.search_list import search_names

_BUSYBOX_BANNER = "BusyBox v1.36.1 (2024-06-10 07:11:47 UTC) multi-call binary."


def _no_local_dot(name: object) -> str:
    return str(name).rstrip(".") or "."


# -- host ------------------------------------------------------------------------------------------------------


async def host(process: Process) -> int:
    """BIND's host: the addresses of a name in words."""
    words = [word for word in process.argv[1:] if not word.startswith("-")]
    if not words:
        return 1
    lookup, name = Lookup(process.around), words[0]
    server = words[1] if len(words) > 1 else (process.around.resolv.nameservers or ("127.0.0.1",))[0]
    if len(words) > 1:
        await process.say(f"Using domain server:\nName: {server}\nAddress: {server}#53\nAliases: \n\n")
    for candidate in search_names(name, process.around.resolv):
        reply = await lookup.ask(server, 53, candidate, "A")
        if reply is None:
            await process.say(";; connection timed out; no servers could be reached\n\n")
            return 1
        if rcode_of(reply) == "NXDOMAIN":
            continue
        more = await lookup.ask(server, 53, candidate, "AAAA")
        for address in addresses_in(reply):
            await process.say(f"{_no_local_dot(candidate)} has address {address}\n")
        for address in addresses_in(more) if more is not None else ():
            await process.say(f"{_no_local_dot(candidate)} has IPv6 address {address}\n")
        return 0
    await process.say(f"Host {name} not found: 3(NXDOMAIN)\n")
    return 1


# -- nslookup --------------------------------------------------------------------------------------------------


async def nslookup(process: Process) -> int:
    """The nslookup of the image: BIND's or BusyBox's."""
    variant = process.around.image.nslookup
    if variant == "bind":
        return await _nslookup_bind(process)
    return await _nslookup_busybox(process, typed=variant == "busybox")


@dataclass(slots=True)
class _Nslookup:
    name: str = ""
    server: str = ""
    types: list[str] = field(default_factory=list)
    port: int = 53
    debug: bool = False
    wait: float = ATTEMPT_SECONDS
    bad: bool = False


def _read_nslookup(process: Process) -> _Nslookup:
    asked, words = _Nslookup(), []
    for word in process.argv[1:]:
        if not word.startswith("-"):
            words.append(word)
            continue
        option, _, value = word.lstrip("-").partition("=")
        if option in ("type", "query", "querytype", "q") and value:
            asked.types.append(value.upper())
        elif option == "port":
            asked.port = int(value)
        elif option == "timeout":
            asked.wait = float(value)
        elif option == "debug":
            asked.debug = True
        elif option not in ("retry", "vc", "nodebug"):
            asked.bad = True
    asked.name = words[0] if words else ""
    asked.server = words[1] if len(words) > 1 else (process.around.resolv.nameservers or ("127.0.0.1",))[0]
    asked.bad = asked.bad or not words
    return asked


def _reversed(name: str) -> str | None:
    try:
        return dns.reversename.from_address(str(ipaddress.ip_address(name))).to_text()
    except (ValueError, dns.exception.SyntaxError):
        return None


async def _nslookup_bind(process: Process) -> int:
    if process.argv[1:2] in (("-version",), ("-v",)):
        await process.say(f"nslookup {BIND_VERSION}\n")
        return 0
    asked = _read_nslookup(process)
    lookup = Lookup(process.around)
    reverse = _reversed(asked.name)
    if reverse is None:
        await process.say(f"Server:\t\t{asked.server}\nAddress:\t{asked.server}#{asked.port}\n\n")
    names = [reverse] if reverse else search_names(asked.name, process.around.resolv)
    kinds = ["PTR"] if reverse else asked.types or ["A", "AAAA"]
    status = 1
    for name in names:
        replies = [await lookup.ask(asked.server, asked.port, name, kind, wait=asked.wait) for kind in kinds]
        if None in replies:
            await process.say(";; connection timed out; no servers could be reached\n\n")
            return 1
        found = [reply for reply in replies if reply is not None]
        if rcode_of(found[0]) == "NXDOMAIN" and name != names[-1]:
            continue
        status = 1 if rcode_of(found[0]) != "NOERROR" else 0
        await process.say(_bind_text(asked, name, found))
        break
    return status


def _bind_text(asked: _Nslookup, name: str, replies: list[dns.message.Message]) -> str:
    text = "".join(_bind_debug(reply) for reply in replies) if asked.debug else ""
    if rcode_of(replies[0]) != "NOERROR":
        return text + f"** server can't find {_no_local_dot(name)}: {rcode_of(replies[0])}\n\n"
    lines = [line for reply in replies for line in _bind_answer(reply)]
    return text + ("\n".join(lines) + "\n\n" if lines else f"*** Can't find {asked.name}: No answer\n\n")


def _bind_answer(reply: dns.message.Message) -> list[str]:
    lines = []
    for rrset in reply.answer:
        owner = _no_local_dot(rrset.name)
        for rdata in rrset:
            if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
                lines += [f"Name:\t{owner}", f"Address: {rdata}"]
            elif rrset.rdtype == dns.rdatatype.SRV:
                lines.append(f"{owner}\tservice = {rdata}")
            elif rrset.rdtype == dns.rdatatype.PTR:
                lines.append(f"{owner}\tname = {rdata}")
            elif rrset.rdtype == dns.rdatatype.CNAME:
                lines.append(f"{owner}\tcanonical name = {rdata}")
            else:
                lines.append(f"{owner}\t{dns.rdatatype.to_text(rrset.rdtype)} = {rdata}")
    return lines


def _bind_debug(reply: dns.message.Message) -> str:
    question = reply.question[0]
    kind = dns.rdatatype.to_text(question.rdtype)
    lines = ["------------", "    QUESTIONS:", f"\t{_no_local_dot(question.name)}, type = {kind}, class = IN"]
    for title, section in (
        ("ANSWERS", reply.answer),
        ("AUTHORITY RECORDS", reply.authority),
        ("ADDITIONAL RECORDS", reply.additional),
    ):
        lines.append(f"    {title}:")
        for rrset in section:
            for rdata in rrset:
                lines += [f"    ->  {_no_local_dot(rrset.name)}", *_bind_data(rrset, rdata), f"\tttl = {rrset.ttl}"]
    return "\n".join([*lines, "------------", ""])


def _bind_data(rrset: dns.rrset.RRset, rdata: object) -> list[str]:
    words = str(rdata).split()
    if rrset.rdtype == dns.rdatatype.SOA:
        labels = ("origin", "mail addr", "serial", "refresh", "retry", "expire", "minimum")
        return [f"\t{label} = {word.rstrip('.')}" for label, word in zip(labels, words, strict=True)]
    labels_of = {
        "A": "internet address",
        "AAAA": "has AAAA address",
        "PTR": "name",
        "CNAME": "canonical name",
        "SRV": "service",
    }
    kind = dns.rdatatype.to_text(rrset.rdtype)
    if kind == "AAAA":
        return [f"\thas AAAA address {rdata}"]
    return [f"\t{labels_of.get(kind, kind)} = {rdata}"]


async def _nslookup_busybox(process: Process, *, typed: bool) -> int:
    asked = _read_nslookup(process)
    if asked.bad or (asked.types and not typed):
        usage = "nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]" if typed else "nslookup [HOST] [SERVER]"
        await process.complain(f"{_BUSYBOX_BANNER}\n\nUsage: {usage}\n\nQuery DNS about HOST\n")
        return 1
    return await (_busybox_typed if typed else _busybox_small)(process, asked)


async def _busybox_typed(process: Process, asked: _Nslookup) -> int:
    lookup = Lookup(process.around)
    await process.say(f"Server:\t\t{asked.server}\nAddress:\t{asked.server}:{asked.port}\n\n")
    reverse = _reversed(asked.name)
    kinds = asked.types or (["PTR"] if reverse else ["A", "AAAA"])
    names = [reverse] if reverse else (
        [asked.name] if asked.name.endswith(".") or asked.types else search_names(asked.name, process.around.resolv)
    )  # fmt: skip
    status = 0
    for name in names:
        for kind in kinds:
            reply = await lookup.ask(asked.server, asked.port, name, kind, wait=asked.wait)
            if reply is None:
                await process.say(";; connection timed out; no servers could be reached\n\n")
                return 1
            if rcode_of(reply) != "NOERROR":
                shown = name if name == asked.name else _no_local_dot(name)
                await process.say(f"** server can't find {shown}: {rcode_of(reply)}\n\n")
                status = 1
            else:
                lines = [line.rstrip(".") if "\t" in line else line for line in _bind_answer(reply)]
                await process.say("".join(f"{line}\n" for line in lines) + "\n")
    return status


async def _busybox_small(process: Process, asked: _Nslookup) -> int:
    """Before 1.29: the C library's answer, each address with its name from PTR."""
    lookup = Lookup(process.around)
    named = await _name_of(lookup, asked.server, asked.server)
    await process.say(f"Server:    {asked.server}\nAddress 1: {asked.server}{named}\n\n")
    if _reversed(asked.name):
        addresses = [asked.name]
    else:
        found = []
        for candidate in search_names(asked.name, process.around.resolv):
            for kind in ("A", "AAAA"):
                reply = await lookup.ask(asked.server, 53, candidate, kind)
                found += addresses_in(reply) if reply is not None else []
            if found:
                break
        addresses = found
    if not addresses:
        await process.complain(f"nslookup: can't resolve '{asked.name}'\n")
        return 1
    await process.say(f"Name:      {asked.name}\n")
    for number, address in enumerate(addresses, 1):
        await process.say(f"Address {number}: {address}{await _name_of(lookup, asked.server, address)}\n")
    return 0


async def _name_of(lookup: Lookup, server: str, address: str) -> str:
    reverse = _reversed(address)
    reply = await lookup.ask(server, 53, reverse, "PTR") if reverse else None
    names = re.findall(r" PTR (\S+)", "\n".join(str(rrset) for rrset in reply.answer)) if reply is not None else []
    return f" {names[0].rstrip('.')}" if names else ""


# -- getent ----------------------------------------------------------------------------------------------------


async def getent(process: Process) -> int:
    """``getent hosts NAME`` and ``getent ahosts NAME``."""
    if len(process.argv) < 3 or process.argv[1] not in ("hosts", "ahosts", "ahostsv4", "ahostsv6"):
        await process.complain(f"Unknown database: {' '.join(process.argv[1:2])}\n")
        return 1
    kinds = {"ahostsv4": ("A",), "ahostsv6": ("AAAA",)}.get(process.argv[1], ("A", "AAAA"))
    addresses = await Lookup(process.around).addresses(process.argv[2], kinds)
    for address in addresses:
        if process.argv[1] == "hosts":
            await process.say(f"{address:<15} {process.argv[2]}\n")
        else:
            for socket_type in ("STREAM", "DGRAM", "RAW"):
                await process.say(
                    f"{address:<15} {socket_type:<6} {process.argv[2] if socket_type == 'STREAM' else ''}".rstrip()
                    + "\n"
                )
    return 0 if addresses else 2
