"""Where a command of the shell reads from and writes to."""

from __future__ import annotations

from dataclasses import replace

from kheadless_tui.lab.pods.process import Process, Reader, Writer
from kheadless_tui.lab.pods.programs.descriptors import Descriptor, is_socket, opened_socket
from kheadless_tui.lab.pods.programs.shell_tree import Redirect
from kheadless_tui.lab.pods.written_files import absolute, appending, why_not_written

_SHELLS_WORDS = {"No such file or directory": "nonexistent directory", "Is a directory": "Is a directory"}
"""What BusyBox's shell calls it (ash.c, sh_open)."""


async def redirected(
    item: Redirect, target: str, process: Process, files: dict[int, Descriptor], opened: list[Descriptor]
) -> Process | None:
    """The process with one of its streams elsewhere; ``None`` when that cannot be, which is said.

    Args:
        item: What is asked for.
        target: Its target, expanded.
        process: The process as it is.
        files: What the shell has open beside the three streams; changed when the redirection is of one of those.
        opened: Connections that have to be closed in the end; a new one is put behind them.
    """
    if item.operator in (">&", "<&"):
        if target == "-":
            files.pop(item.stream, None)
            return process if item.stream > 2 else _with(process, item.stream, Descriptor(), files)
        streams = {
            0: Descriptor(read=process.stdin),
            1: Descriptor(write=process.out),
            2: Descriptor(write=process.err),
        }
        found = {**files, **streams}.get(int(target)) if target.isdigit() else None
        if found is None:
            await process.complain(f"sh: {target}: Bad file descriptor\n")
    elif item.operator.startswith("<<"):
        found = Descriptor(read=of_bytes(target.encode()))
    elif is_socket(process, target):
        found = await opened_socket(process, target)
        opened += [found] if found else []
    else:
        found = await _file(item.operator, target, process)
    return None if found is None else _with(process, item.stream, found, files)


def _with(process: Process, stream: int, found: Descriptor, files: dict[int, Descriptor]) -> Process:
    if stream == 0:
        return replace(process, stdin=found.read)
    if stream == 1:
        return replace(process, out=found.write)
    if stream == 2:
        return replace(process, err=found.write)
    files[stream] = found
    return process


async def _file(operator: str, target: str, process: Process) -> Descriptor | None:
    if target == "/dev/null":
        return Descriptor()
    path = absolute(target, process.folder)
    if operator == "<":
        content = process.around.files.get(path)
        if content is None:
            await process.complain(f"sh: can't open {target}: no such file\n")
            return None
        return Descriptor(read=of_bytes(content))
    if why := why_not_written(process, path):
        await process.complain(f"sh: can't create {target}: {_SHELLS_WORDS.get(why, why)}\n")
        return None
    if operator == ">":
        process.around.files[path] = b""
    return Descriptor(read=of_bytes(process.around.files.get(path, b"")), write=appending(process, path))


def into(caught: list[bytes]) -> Writer:
    """Writes into a list."""

    async def write(data: bytes) -> None:
        caught.append(data)

    return write


def of_bytes(content: bytes) -> Reader:
    """Reads these, once."""
    rest = [content]

    async def read() -> bytes:
        data, rest[0] = rest[0], b""
        return data

    return read
