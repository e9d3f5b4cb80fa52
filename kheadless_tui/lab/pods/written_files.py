"""What programs write in a container: where they may, how much, and the programs that do nothing else."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable

from kheadless_tui.lab.pods.process import Process, Program, Writer

MAX_BYTES = 1024 * 1024
"""Of all files that were written in one container."""
FOLDERS = ("/", "/bin", "/dev", "/etc", "/proc", "/root", "/tmp", "/usr", "/usr/bin", "/var")  # noqa: S108 - of an image
_OPEN_TO_ALL = ("/tmp", "/dev")  # noqa: S108 - a path in the image
FULL = "No space left on device"


def absolute(path: str, folder: str = "/") -> str:
    """A path from the root; ``folder`` is where the program runs."""
    return posixpath.normpath(posixpath.join("/", folder, path)).replace("//", "/")


def user_of(process: Process) -> int:
    """The user that the container runs as."""
    spec = process.around.pod["spec"]
    contexts = [container.get("securityContext") or {} for container in spec.get("containers") or ()]
    own = contexts[0].get("runAsUser") if contexts else None
    found = own if own is not None else (spec.get("securityContext") or {}).get("runAsUser", 0)
    return int(found)


def why_not_written(process: Process, path: str) -> str:
    """Why a file cannot be written, as the C library says it; empty when it can."""
    folder = posixpath.dirname(path)
    if path in FOLDERS:
        return "Is a directory"
    if folder not in FOLDERS:
        return "No such file or directory"
    spec = process.around.pod["spec"]
    if any((one.get("securityContext") or {}).get("readOnlyRootFilesystem") for one in spec.get("containers") or ()):
        return "Read-only file system"
    return "Permission denied" if user_of(process) and folder not in _OPEN_TO_ALL else ""


def put(process: Process, path: str, data: bytes) -> bool:
    """Make a file hold these bytes; whether there was room for them."""
    kept = process.around.kept.files
    if sum(len(content) for name, content in kept.items() if name != path) + len(data) > MAX_BYTES:
        return False
    process.around.files[path] = data
    return True


def appending(process: Process, path: str) -> Writer:
    """Writes to the end of a file."""

    async def write(data: bytes) -> None:
        if not put(process, path, process.around.files.get(path, b"") + data):
            await process.complain(f"write error: {FULL}\n")

    return write


def matching(process: Process, pattern: str) -> list[str]:
    """The paths that a pattern of the shell stands for, in order; hidden ones are not among them."""
    known, whole = {*process.around.files, *FOLDERS[1:]}, absolute(pattern, process.folder)
    found = {name for name in known if fnmatch.fnmatchcase(name, whole)}
    depth = whole.count("/")
    names = sorted(name for name in found if name.count("/") == depth and "/." not in name)
    return names if pattern.startswith("/") else [posixpath.relpath(name, process.folder) for name in names]


async def touch(process: Process) -> int:
    """Make empty files where there are none."""
    status = 0
    for path in _paths(process):
        why = (
            ""
            if absolute(path, process.folder) in (*process.around.files, *FOLDERS)
            else why_not_written(process, absolute(path, process.folder))
        )
        if why:
            await process.complain(f"touch: {path}: {why}\n")
            status = 1
        elif absolute(path, process.folder) not in FOLDERS:
            process.around.files.setdefault(absolute(path, process.folder), b"")
    return status


async def rm(process: Process) -> int:
    """Take files away that were written here."""
    status, forced = 0, any("f" in word for word in process.argv[1:] if word.startswith("-"))
    for path in _paths(process):
        if process.around.kept.files.pop(absolute(path, process.folder), None) is not None:
            continue
        if absolute(path, process.folder) in process.around.files:
            await process.complain(f"rm: can't remove '{path}': Device or resource busy\n")
            status = 1
        elif absolute(path, process.folder) in FOLDERS:
            await process.complain(f"rm: '{path}' is a directory\n")
            status = 1
        elif not forced:
            await process.complain(f"rm: can't remove '{path}': No such file or directory\n")
            status = 1
    return status


async def tee(process: Process) -> int:
    """Standard input to standard output and to files."""
    paths, status = [*_paths(process)], 0
    writers = []
    for path in paths:
        if why := why_not_written(process, absolute(path, process.folder)):
            await process.complain(f"tee: {path}: {why}\n")
            status = 1
            continue
        if "-a" not in process.argv:
            process.around.files[absolute(path, process.folder)] = b""
        writers.append(appending(process, absolute(path, process.folder)))
    while data := await process.stdin():
        for write in (process.out, *writers):
            await write(data)
    return status


def _paths(process: Process) -> Iterable[str]:
    return (word for word in process.argv[1:] if not word.startswith("-"))


FILE_PROGRAMS: dict[str, Program] = {"touch": touch, "rm": rm, "tee": tee}
