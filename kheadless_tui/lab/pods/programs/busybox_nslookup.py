"""BusyBox's nslookup: the one of 1.29 and later, and the small one before.

Source: networking/nslookup.c. The newer asks for all names of the search list at once, but only when the name has no
dot, and never for the name as it is; what it cannot find it says for every name. The older lets the C library resolve.
"""

from __future__ import annotations

import asyncio

import dns.flags
import dns.message

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.programs.bind_tools import Asked, answer_lines, no_dot, read_nslookup, reversed_name
from kheadless_tui.lab.pods.programs.coreutils import usage
from kheadless_tui.lab.pods.programs.lookup import Lookup, NoReply, rcode_of, reverse_name
from kheadless_tui.lab.pods.programs.netcat import address_of

_TYPES = ("SOA", "NS", "A", "AAAA", "CNAME", "MX", "TXT", "PTR", "SRV", "ANY")
_USAGE = """nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]

Query DNS about HOST

QUERY_TYPE: soa,ns,a,aaaa,cname,mx,txt,ptr,srv,any"""
_SMALL_USAGE = """nslookup [HOST] [SERVER]

Query the nameserver for the IP address of the given HOST
optionally using a specified DNS server"""


async def nslookup(process: Process) -> int:
    """That of BusyBox 1.29 and later."""
    asked = read_nslookup(process)
    if asked.bad or not asked.name:
        return await usage(process, _USAGE)
    for kind in asked.types:
        if kind not in _TYPES:
            await process.complain(f'nslookup: invalid query type "{kind.lower()}"\n')
            return 1
    server = await address_of(process, asked.server)
    if server is None:
        await process.complain(f"nslookup: bad address '{asked.server}'\n")
        return 1
    shown = f"[{server}]" if ":" in server else server
    await process.say(f"Server:\t\t{asked.server}\nAddress:\t{shown}:{asked.port}\n\n")
    questions = _questions(process, asked)
    replies = await asyncio.gather(
        *(_ask(process, asked, server, number, *question) for number, question in enumerate(questions))
    )
    status = 0
    for said in replies:
        status = status or int(said is None or "** server can't find" in said)
        await process.say(said if said is not None else "")
    if any(said is None for said in replies):
        await process.say(";; connection timed out; no servers could be reached\n\n")
    return status


def _questions(process: Process, asked: Asked) -> list[tuple[str, str]]:
    reverse = reversed_name(asked.name)
    if not asked.types and reverse:
        return [(reverse, "PTR")]
    domains = process.around.resolv.search
    questions = []
    for kind in asked.types or ["A", "AAAA"]:
        if kind == "PTR" or not domains or "." in asked.name:
            questions.append((reverse if kind == "PTR" and reverse and not asked.types else asked.name, kind))
        else:
            questions += [(f"{asked.name}.{domain}", kind) for domain in domains]
    return questions


async def _ask(process: Process, asked: Asked, server: str, number: int, name: str, kind: str) -> str | None:
    """What is printed on one question; ``None`` when nothing comes back."""
    query = dns.message.make_query(name if name.endswith(".") else f"{name}.", kind)
    lookup, begun = Lookup(process.around), process.around.clock.now()
    for _ in range(2):
        try:
            (reply, *_) = await lookup.exchange(server, asked.port, query, wait=asked.wait)
        except NoReply:
            continue
        ms = int((process.around.clock.now() - begun) * 1000)
        debug = f"Query #{number} completed in {ms}ms:\n" if asked.debug else ""
        if rcode_of(reply) != "NOERROR":
            return f"{debug}** server can't find {name}: {rcode_of(reply)}\n\n"
        if asked.debug:
            debug += f"{'' if reply.flags & dns.flags.AA else 'non-'}authoritative answer:\n"
        return debug + "".join(f"{line}\n" for line in answer_lines(reply, dotted=False)) + "\n"
    return None


async def small(process: Process) -> int:
    """That before 1.29: the C library's answer, each address with its name from PTR."""
    asked = read_nslookup(process)
    if asked.bad or asked.types or not asked.name:
        return await usage(process, _SMALL_USAGE)
    lookup = Lookup(process.around)
    server = await address_of(process, asked.server) or asked.server
    named = await reverse_name(lookup, server, server)
    await process.say(f"Server:    {asked.server}\nAddress 1: {server}{' ' if named else ''}{named}\n\n")
    is_address = reversed_name(asked.name) is not None
    addresses = [asked.name] if is_address else (await lookup.resolve(asked.name, server=server))[1]
    if not addresses:
        await process.complain(f"nslookup: can't resolve '{asked.name}'\n")
        return 1
    await process.say(f"Name:      {asked.name}\n")
    for number, address in enumerate(addresses, 1):
        name = await reverse_name(lookup, server, address)
        await process.say(f"Address {number}: {address}{' ' if name else ''}{no_dot(name) if name else ''}\n")
    return 0
