"""What a shell has open: its streams, files, and the connections that bash makes of ``/dev/tcp`` and ``/dev/udp``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from kheadless_tui.lab.pods.listeners import Listener
from kheadless_tui.lab.pods.network import Silence
from kheadless_tui.lab.pods.process import Pipe, Process, Reader, Writer, no_input
from kheadless_tui.lab.pods.programs.netcat import NotConnected, addresses_of, connect

MAX_DATAGRAMS = 64
"""Questions of one socket that are under way; what is sent beyond them is lost, as where a buffer is full."""
_SOCKET = re.compile(r"/dev/(tcp|udp)/([^/]+)/(\d{1,5})")


async def _nowhere(data: bytes) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One open file."""

    read: Reader = no_input
    write: Writer = _nowhere
    close: Callable[[], object] | None = None
    """Ends what stands behind it."""


def is_socket(process: Process, path: str) -> bool:
    """Whether the shell makes a connection of this path instead of opening a file: bash does, others do not."""
    return process.argv[0].rpartition("/")[2] == "bash" and _SOCKET.fullmatch(path) is not None


async def opened_socket(process: Process, path: str) -> Descriptor | None:
    """Connect to ``/dev/tcp/HOST/PORT`` or ``/dev/udp/HOST/PORT``; ``None`` when that cannot be, which is said."""
    found = _SOCKET.fullmatch(path)
    addresses = await addresses_of(process, found[2]) if found else []
    if found is None or not addresses:
        await process.complain(f"bash: {found[2] if found else path}: Name or service not known\n")
        await process.complain(f"bash: {path}: Invalid argument\n")
        return None
    if found[1] == "udp":
        return _datagrams(process, addresses[0], int(found[3]))
    try:
        return _stream(await connect(process, addresses[0], int(found[3])))
    except NotConnected as why:
        await process.complain(f"bash: connect: {why}\nbash: {path}: {why}\n")
        return None


def _stream(listener: Listener) -> Descriptor:
    there, back = Pipe(), Pipe()

    async def serve() -> None:
        try:
            await listener(there.read, back.write)
        finally:
            back.end()
            there.break_off()

    serving = asyncio.ensure_future(serve())
    return Descriptor(back.read, there.write, serving.cancel)


def _datagrams(process: Process, address: str, port: int) -> Descriptor:
    back, under_way = Pipe(), set[asyncio.Task[None]]()

    async def ask(message: bytes) -> None:
        try:
            reply = await process.around.network.ask(address, port, message, source=process.around.pod)
        except ConnectionRefusedError:
            back.end()  # the error of the next read
        except Silence:
            return
        else:
            await back.write(reply or b"")

    async def send(message: bytes) -> None:
        if len(under_way) < MAX_DATAGRAMS:
            task = asyncio.ensure_future(ask(message))
            under_way.add(task)
            task.add_done_callback(under_way.discard)

    def close() -> None:
        for task in under_way:
            task.cancel()

    return Descriptor(back.read, send, close)
