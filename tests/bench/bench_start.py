"""How soon the demo is there: a program in a terminal of its own, from its start to what it draws.

Prints a table and asserts nothing: seconds, and seconds of the processor, which other work on the machine changes less.
The floor is Python that imports textual alone: no program on it can be faster. All run from bytecode, as they do where
they were installed.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Sequence
from fcntl import ioctl
from math import nan
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench.program import compiled

ROWS, COLUMNS = 60, 120
RUNS = 5
LONGEST = 30.0
"""Seconds after which a run that has not drawn what is waited for is given up."""
_ESCAPE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^].*?(?:\x1b\\|\x07)|\x1b.", re.DOTALL)

FIRST = b"services"
"""Drawn with the first picture."""
TREE = tuple(
    name.encode()
    for name in ("changing", "dual-stack", "fleet", "team-a", "tutorial-1", "tutorial-2", "tutorial-3", "tutorial-5")
)
"""Namespaces of the demo: when all are drawn, the tree is."""


class Took(NamedTuple):
    """From the start, in seconds."""

    wall: float = nan
    cpu: float = nan
    """User and system, as of proc(5), fields 14 and 15 of stat."""


NOT_YET = Took()


def cpu_of(process: int) -> float:
    """What a process has used of the processor."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(argv: Sequence[str], wanted: Sequence[Sequence[bytes]]) -> list[Took]:
    """When all words of each group have been drawn."""
    began = time.perf_counter()
    environ = {**compiled(), "TERM": "xterm-256color"}
    child, terminal = pty.fork()
    if child == 0:
        os.execve(argv[0], list(argv), environ)
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    drawn, found = b"", [NOT_YET] * len(wanted)
    try:
        while any(each is NOT_YET for each in found) and time.perf_counter() - began < LONGEST:
            if select.select([terminal], [], [], 0.05)[0]:
                drawn += os.read(terminal, 1 << 16)
            text = _ESCAPE.sub(b"", drawn)
            for number, words in enumerate(wanted):
                if found[number] is NOT_YET and all(word in text for word in words):
                    found[number] = Took(time.perf_counter() - began, cpu_of(child))
    except OSError:  # the program has ended
        pass
    finally:
        os.kill(child, signal.SIGTERM)
        os.close(terminal)  # first, or the program may wait for somebody to read what it draws
        os.waitpid(child, 0)
    return found


def main() -> None:
    """Print the table."""
    program = str(Path(sys.executable).with_name("kheadless-tui"))
    timed([program, "demo"], [[FIRST], TREE])  # compiles all of it
    floor = [sys.executable, "-c", "import textual.app; print('services', flush=True); import time; time.sleep(9)"]
    rows = {
        "python that imports textual": [timed(floor, [[FIRST]])[0] for _ in range(RUNS)],
    }
    demo = [timed([program, "demo"], [[FIRST], TREE]) for _ in range(RUNS)]
    rows["demo: first picture"] = [run[0] for run in demo]
    rows["demo: the whole tree"] = [run[1] for run in demo]
    print(f"{'':32}{'median':>9}{'worst':>9}{'cpu':>9}   of {RUNS} runs, {COLUMNS}x{ROWS}, {os.cpu_count()} cores")
    for name, runs in rows.items():
        wall, cpu = [run.wall for run in runs], [run.cpu for run in runs]
        print(f"{name:32}{median(wall):8.2f}s{max(wall):8.2f}s{median(cpu):8.2f}s")


if __name__ == "__main__":
    main()
