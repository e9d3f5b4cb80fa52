"""``tar``, as ``kubectl cp`` calls it: files out of a container and into one."""

from __future__ import annotations

import io

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.written_files import FULL, MAX_BYTES, absolute, put, why_not_written


async def tar(process: Process) -> int:
    """``tar cf - PATH...`` and ``tar xmf - [-C FOLDER]``."""
    words = list(process.argv[1:])
    flags = words.pop(0).lstrip("-") if words else ""
    folder = "/"
    if "-C" in words[:-1]:
        place = words.index("-C")
        folder = words[place + 1]
        del words[place : place + 2]
    if "f" not in flags or words[:1] != ["-"] or not set("cx") & set(flags):
        await process.complain("tar: must specify one of -c, -x, and -f -\n")
        return 1
    return await (_extract(process, folder) if "x" in flags else _create(process, words[1:], folder))


async def _extract(process: Process, folder: str) -> int:
    import tarfile  # noqa: PLC0415 - for this alone

    data = b""
    while chunk := await process.stdin():
        data += chunk
        if len(data) > 2 * MAX_BYTES:
            await process.complain(f"tar: write error: {FULL}\n")
            return 1
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            files = [(member.name, archive.extractfile(member)) for member in archive if member.isfile()]
            found = [(name, content.read()) for name, content in files if content is not None]
    except (tarfile.TarError, EOFError, OSError):
        await process.complain("tar: invalid tar magic\n")
        return 1
    for name, content in found:
        path = absolute(f"{folder}/{name}")
        if why := why_not_written(process, path):
            await process.complain(f"tar: can't open '{name}': {why}\n")
            return 1
        if not put(process, path, content):
            await process.complain(f"tar: write error: {FULL}\n")
            return 1
    return 0


async def _create(process: Process, words: list[str], folder: str) -> int:
    import tarfile  # noqa: PLC0415 - for this alone

    made, status = io.BytesIO(), 0
    with tarfile.open(fileobj=made, mode="w") as archive:
        for word in words:
            path = absolute(word if word.startswith("/") else f"{folder}/{word}")
            inside = [name for name in process.around.files if name == path or name.startswith(f"{path}/")]
            if not inside:
                await process.complain(f"tar: {word}: No such file or directory\n")
                status = 1
            for name in inside:
                content = process.around.files[name]
                member = tarfile.TarInfo(name.removeprefix("/"))
                member.size, member.mtime = len(content), int(process.around.clock.now())
                archive.addfile(member, io.BytesIO(content))
    await process.out(made.getvalue())
    return status
