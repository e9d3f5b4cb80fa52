"""Where a command of the shell reads from and writes to."""

from __future__ import annotations

from dataclasses import replace

from kheadless_tui.lab.pods.process import Process, Reader, Writer
from kheadless_tui.lab.pods.programs.shell_syntax import Redirect
from kheadless_tui.lab.pods.written_files import absolute, appending, why_not_written

_SHELLS_WORDS = {"No such file or directory": "nonexistent directory", "Is a directory": "Is a directory"}
"""What BusyBox's shell calls it (ash.c, sh_open)."""


async def redirected(item: Redirect, target: str, process: Process) -> Process | None:
    """The process with one of its streams elsewhere; ``None`` when that cannot be, which is said."""
    if item.operator in (">&", "<&"):
        if (item.stream, target) == (2, "1"):
            return replace(process, err=process.out)
        if (item.stream, target) == (1, "2"):
            return replace(process, out=process.err)
        return process
    if item.operator == "<":
        content = b"" if target == "/dev/null" else process.around.files.get(absolute(target))
        if content is None:
            await process.complain(f"sh: can't open {target}: no such file\n")
            return None
        return replace(process, stdin=of_bytes(content))
    sink = into(None)
    if target != "/dev/null":
        path = absolute(target)
        if why := why_not_written(process, path):
            await process.complain(f"sh: can't create {target}: {_SHELLS_WORDS.get(why, why)}\n")
            return None
        if item.operator == ">":
            process.around.files[path] = b""
        sink = appending(process, path)
    return replace(process, err=sink) if item.stream == 2 else replace(process, out=sink)


def into(caught: list[bytes] | None) -> Writer:
    """Writes into a list, or nowhere."""

    async def write(data: bytes) -> None:
        if caught is not None:
            caught.append(data)

    return write


def of_bytes(content: bytes) -> Reader:
    """Reads these, once."""
    rest = [content]

    async def read() -> bytes:
        data, rest[0] = rest[0], b""
        return data

    return read
