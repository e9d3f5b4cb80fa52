"""The private folder of one lab: kubeconfigs and keys, gone with the lab, or at the next start when it was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

PREFIX = "kheadless-lab-"
OWNER = "owner"
"""The file that says whose folder it is: process id and, where the system tells it, the time at which it began."""
FORGOTTEN_SECONDS = 3600.0
"""Age from which a folder without that file is taken for one whose process died while it was being made."""


def create() -> Path:
    """A folder that only this user may enter, marked as this process's; what dead processes have left is removed."""
    remove_left_over()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))  # mode 0700
    write_private(folder / OWNER, f"{os.getpid()} {_begun(os.getpid())}\n".encode())
    return folder


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user may read."""
    path.touch(mode=0o600)
    path.write_bytes(content)


def remove(folder: Path) -> None:
    """Remove a folder, as far as it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_left_over() -> None:
    """Remove the folders of this user's labs whose processes are no more.

    A folder is only touched when it is a real one of our own: in a shared /tmp anybody can make any name.
    """
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and _is_dead(path, found.st_mtime):
                remove(path)


def _is_dead(folder: Path, changed: float) -> bool:
    try:
        number, _, begun = (folder / OWNER).read_text("ascii").strip().partition(" ")
    except FileNotFoundError:
        return time.time() - changed > FORGOTTEN_SECONDS
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # a process of somebody else has its number now
        return True
    return _begun(int(number)) != begun


def _begun(process: int) -> str:
    """When a process began, in ticks since the boot (proc(5), field 22 of stat); empty where that is not told."""
    try:
        text = Path(f"/proc/{process}/stat").read_text("ascii", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
