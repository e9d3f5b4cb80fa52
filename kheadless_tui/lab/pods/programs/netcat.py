"""BusyBox's netcat and ping: reaching an address and a port."""

from __future__ import annotations

import asyncio
import ipaddress

from kheadless_tui.lab.pods.listeners import Listener
from kheadless_tui.lab.pods.network import NoRoute, Silence
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe, Process
from kheadless_tui.lab.pods.programs.coreutils import usage
from kheadless_tui.lab.pods.programs.lookup import NO_ROUTE_SECONDS, Lookup

CONNECT_SECONDS = 130.0
"""Until the kernel gives up a connection that nobody answers (net.ipv4.tcp_syn_retries 6)."""
_USAGE = "nc [OPTIONS] HOST PORT  - connect\n\n\t-w SEC\tConnect timeout\n\t-z\tZero-I/O mode\n\t-v\tVerbose"


class NotConnected(Exception):  # what the program says of it
    """No connection; the text is the kernel's word for why."""


async def address_of(process: Process, host: str) -> str | None:
    """The first address of a name; an address is its own."""
    found = await addresses_of(process, host)
    return found[0] if found else None


async def addresses_of(process: Process, host: str) -> list[str]:
    """The addresses of a name, as a program would try them."""
    try:
        return [str(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:
        return await Lookup(process.around).addresses(host) if host else []


async def connect(process: Process, address: str, port: int, wait: float = CONNECT_SECONDS) -> Listener:
    """Open a connection, waiting as long as the kernel or the program would.

    Raises:
        NotConnected: ``Connection refused``, ``No route to host``, ``Connection timed out``, or ``timed out`` when it
            is the program that gave up.
    """
    clock = process.around.clock
    try:
        return process.around.network.connect(address, port, source=process.around.pod)
    except ConnectionRefusedError:
        raise NotConnected("Connection refused") from None
    except Silence as silence:
        kernel = NO_ROUTE_SECONDS if isinstance(silence, NoRoute) else CONNECT_SECONDS
        await clock.sleep(min(kernel, wait))
        if wait < kernel:
            raise NotConnected("timed out") from None
        raise NotConnected("No route to host" if kernel < CONNECT_SECONDS else "Connection timed out") from None


async def nc(process: Process) -> int:
    """Standard input to a TCP connection, what comes back to standard output."""
    wait, words, flags = CONNECT_SECONDS, list(process.argv[1:]), ""
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if "w" in option:
            flags += option[1 : option.index("w")]
            value = option[option.index("w") + 1 :] or (words.pop(0) if words else "")
            if not value.isdigit():
                await process.complain(f"nc: invalid number '{value}'\n")
                return 1
            wait = float(value)
        elif set(option[1:]) <= set("nvzi"):
            flags += option[1:]
        else:
            await process.complain(f"nc: invalid option -- '{option[1:2]}'\n")
            return await usage(process, _USAGE)
    if len(words) != 2 or not words[1].isdigit():
        return await usage(process, _USAGE)
    address = await address_of(process, words[0])
    if address is None:
        await process.complain(f"nc: bad address '{words[0]}'\n")
        return 1
    try:
        listener = await connect(process, address, int(words[1]), wait)
    except NotConnected as why:
        timed_out = str(why) == "timed out"
        await process.complain(
            f"nc: {why}\n" if timed_out else f"nc: can't connect to remote host ({address}): {why}\n"
        )
        return 1
    if "v" in flags:
        await process.complain(f"{words[0]} ({address}:{words[1]}) open\n")
    if "z" not in flags:
        await _converse(process, listener)
    return 0


async def _converse(process: Process, listener: Listener) -> None:
    """Both ways at once, until the other side hangs up."""
    there, back = Pipe(), Pipe()

    async def send() -> None:
        try:
            while data := await process.stdin():
                await there.write(data)
        except BrokenPipe:
            return
        there.end()

    async def serve() -> None:
        try:
            await listener(there.read, back.write)
        finally:
            back.end()
            there.break_off()

    tasks = [asyncio.ensure_future(send()), asyncio.ensure_future(serve())]
    try:
        while data := await back.read():
            await process.out(data)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ping(process: Process) -> int:
    """Packets to an address; every address that somebody has answers."""
    words, count, wait = list(process.argv[1:]), 4, 10.0
    hosts = []
    while words:
        word = words.pop(0)
        if word[:2] in ("-c", "-W", "-w") and (word[2:] or words):
            value = word[2:] or words.pop(0)
            count, wait = (int(value), wait) if word[:2] == "-c" else (count, float(value))
        elif not word.startswith("-"):
            hosts.append(word)
    if not hosts:
        return await usage(process, "ping [OPTIONS] HOST")
    address = await address_of(process, hosts[0])
    if address is None:
        await process.complain(f"ping: bad address '{hosts[0]}'\n")
        return 1
    await process.say(f"PING {hosts[0]} ({address}): 56 data bytes\n")
    there = process.around.network.is_reachable(address, source=process.around.pod)
    for number in range(count):
        if there:
            await process.say(f"64 bytes from {address}: seq={number} ttl=64 time=0.100 ms\n")
        if number + 1 < count:
            await process.around.clock.sleep(1)
    if not there:
        await process.around.clock.sleep(wait)
    received, lost = (count, 0) if there else (0, 100)
    counts = f"{count} packets transmitted, {received} packets received, {lost}% packet loss"
    await process.say(f"\n--- {hosts[0]} ping statistics ---\n{counts}\n")
    if there:
        await process.say("round-trip min/avg/max = 0.100/0.100/0.100 ms\n")
    return int(not there)
