"""Which process has made a pod, in a label of the pod: on the same machine it can be seen that it runs no more.

A pod whose process is gone is of no use to anybody, which is known long before its deadline. Of a process on another
machine, in another container or before the machine's last start nothing is known.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

PROC = Path("/proc")
"""Where the kernel tells of processes; there is none outside Linux, and then nothing is known."""

_ENDED = frozenset("ZX")
"""States of a process that has ended and that nobody has asked about yet (proc(5))."""
_START_TIME = 19
"""Place of ``starttime`` behind the program's name in /proc/PID/stat: ticks since the machine's start."""


def new_mark(proc: Path = PROC) -> str:
    """A fresh value for the label: ``WHERE.PID.STARTED.TOKEN``, or the token alone where the rest cannot be told."""
    token, pid = secrets.token_hex(5), os.getpid()
    where, started = _where(proc), _state_and_start(proc, pid)
    return f"{where}.{pid}.{started[1]}.{token}" if where and started else token


def is_gone(mark: str, proc: Path = PROC) -> bool:
    """The process that made a pod has ended, as far as this one can know it; false where it cannot.

    Args:
        mark: The label's value.
        proc: Where the kernel tells of processes.
    """
    where, _, rest = mark.partition(".")
    pid, _, started = rest.partition(".")
    if not where or where != _where(proc) or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)  # asked before /proc, which need not show what other users run (hidepid)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass
    known = _state_and_start(proc, int(pid))
    return known is not None and (known[0] in _ENDED or known[1] != started.partition(".")[0])


def _where(proc: Path) -> str:
    """This machine since its last start, and the space of its process numbers; empty when that is not known.

    A digest, so that nothing of the machine can be read off a pod.
    """
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = os.readlink(proc / "self/ns/pid")
    except (OSError, ValueError):
        return ""
    return hashlib.sha256(f"{boot} {numbers}".encode()).hexdigest()[:16]


def _state_and_start(proc: Path, pid: int) -> tuple[str, str] | None:
    """The state and the start time of a process; ``None`` when they are not shown."""
    try:
        words = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return words[0], words[_START_TIME]
    except (OSError, IndexError):
        return None
