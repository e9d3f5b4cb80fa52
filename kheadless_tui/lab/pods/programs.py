"""The small programs of images, and where to find the others."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from urllib.parse import urlsplit

from kheadless_tui.lab.pods import nslookup, shell
from kheadless_tui.lab.pods.dig import dig
from kheadless_tui.lab.pods.listeners import Listener
from kheadless_tui.lab.pods.lookup import Lookup
from kheadless_tui.lab.pods.network import Silence
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe, Process, Program

CONNECT_SECONDS = 130.0
"""Until the kernel gives up a connection that nobody answers (net.ipv4.tcp_syn_retries 6)."""


async def cat(process: Process) -> int:
    """Files, or standard input, to standard output."""
    status = 0
    for path in process.argv[1:] or ("-",):
        if path == "-":
            while data := await process.stdin():
                await process.out(data)
        elif path in process.around.files:
            await process.out(process.around.files[path])
        else:
            await process.complain(f"cat: can't open '{path}': No such file or directory\n")
            status = 1
    return status


async def echo(process: Process) -> int:
    """Its arguments."""
    words = process.argv[1:]
    end = "" if words[:1] == ("-n",) else "\n"
    await process.say(" ".join(words[1:] if words[:1] == ("-n",) else words) + end)
    return 0


async def succeed(process: Process) -> int:
    """Nothing, well."""
    return 0


async def fail(process: Process) -> int:
    """Nothing, badly."""
    return 1


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FOREVER = 1e9
"""Seconds: longer than any lab runs."""


async def sleep(process: Process) -> int:
    """Wait, for numbers with a unit, or for as long as the container runs."""
    total = 0.0
    for word in process.argv[1:]:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", word)
        if not found and not word.startswith("inf"):
            await process.complain(f"sleep: invalid number '{word}'\n")
            return 1
        total += float(found[1]) * _UNITS[found[2]] if found else _FOREVER
    if len(process.argv) < 2:
        await process.complain("sleep: missing operand\n")
        return 1
    await process.around.clock.sleep(min(total, _FOREVER))
    return 0


async def hostname(process: Process) -> int:
    """The pod's name for itself; ``-f`` with its domain, ``-i`` its addresses."""
    around = process.around
    if process.argv[1:2] == ("-f",):
        hosts = around.files["/etc/hosts"].decode().splitlines()
        names = [line.split()[1] for line in hosts if line.split()[-1:] == [around.hostname]]
        await process.say((names or [around.hostname])[0] + "\n")
    elif process.argv[1:2] in (("-i",), ("-I",)):
        await process.say(" ".join(ip["ip"] for ip in around.pod["status"].get("podIPs") or ()) + "\n")
    else:
        await process.say(around.hostname + "\n")
    return 0


async def env(process: Process) -> int:
    """The environment."""
    for name, value in process.environment.items():
        await process.say(f"{name}={value}\n")
    return 0


async def nc(process: Process) -> int:
    """BusyBox's netcat: standard input to a TCP connection, what comes back to standard output."""
    wait, words = CONNECT_SECONDS, list(process.argv[1:])
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option.startswith("-w"):
            wait = float(option[2:] or (words.pop(0) if words else "0"))
        elif option not in ("-n", "-v", "-i"):
            await process.complain(f"nc: invalid option -- '{option[1:2]}'\n")
            return 1
    if len(words) != 2 or not words[1].isdigit():
        await process.complain("BusyBox v1.36.1 multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT  - connect\n")
        return 1
    address = await _address_of(process, words[0])
    if address is None:
        await process.complain(f"nc: bad address '{words[0]}'\n")
        return 1
    try:
        listener = process.around.network.connect(address, int(words[1]), source=process.around.pod)
    except ConnectionRefusedError:
        await process.complain(f"nc: can't connect to remote host ({address}): Connection refused\n")
        return 1
    except Silence:
        await process.around.clock.sleep(wait)
        timed_out = (
            f"can't connect to remote host ({address}): Connection timed out"
            if wait == CONNECT_SECONDS
            else "timed out"
        )
        await process.complain(f"nc: {timed_out}\n")
        return 1
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


async def _address_of(process: Process, host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        found = await Lookup(process.around).addresses(host)
        return found[0] if found else None


async def wget(process: Process) -> int:
    """BusyBox's wget of one URL over http, to standard output or to nowhere."""
    urls = [word for word in process.argv[1:] if not word.startswith("-")]
    url = urlsplit(urls[-1] if urls and "//" in urls[-1] else f"http://{(urls or [''])[-1]}")
    address = await _address_of(process, url.hostname or "")
    if address is None:
        await process.complain(f"wget: bad address '{url.hostname}'\n")
        return 1
    port = url.port or 80
    try:
        listener = process.around.network.connect(address, port, source=process.around.pod)
    except ConnectionRefusedError:
        await process.complain(f"wget: can't connect to remote host ({address}): Connection refused\n")
        return 1
    except Silence:
        await process.around.clock.sleep(CONNECT_SECONDS)
        await process.complain(f"wget: can't connect to remote host ({address}): Connection timed out\n")
        return 1
    request, back = Pipe(), Pipe()
    await request.write(f"GET {url.path or '/'} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n".encode())
    request.end()
    await listener(request.read, back.write)
    back.end()
    reply = b""
    while data := await back.read():
        reply += data
    await process.out(reply.partition(b"\r\n\r\n")[2])
    return 0


PROGRAMS: dict[str, Program] = {
    "cat": cat,
    "echo": echo,
    "printf": echo,
    "true": succeed,
    "false": fail,
    "sleep": sleep,
    "hostname": hostname,
    "env": env,
    "nc": nc,
    "wget": wget,
    "dig": dig,
    "host": nslookup.host,
    "nslookup": nslookup.nslookup,
    "getent": nslookup.getent,
}
"""By name; the image decides which of them are there."""


def find_program(process: Process) -> Program | None:
    """The program that argv names, if the image has it."""
    name = process.argv[0].rpartition("/")[2]
    if not process.around.image.has(process.argv[0]):
        return None
    if name in ("sh", "bash"):
        return lambda run: shell.run(run, find_program)
    return PROGRAMS.get(name)
