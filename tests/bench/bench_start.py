"""How soon the demo is there: a program in a terminal of its own, from its start to what it draws.

Prints a table and asserts nothing. The floor is Python that imports textual alone: no program on it can be faster.
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
from pathlib import Path
from statistics import median

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


def timed(argv: Sequence[str], wanted: Sequence[Sequence[bytes]]) -> list[float]:
    """Seconds from the start to when all words of each group have been drawn."""
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(argv[0], list(argv))
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    drawn, found = b"", [0.0] * len(wanted)
    try:
        while not all(found) and time.perf_counter() - began < LONGEST:
            if select.select([terminal], [], [], 0.05)[0]:
                drawn += os.read(terminal, 1 << 16)
            text = _ESCAPE.sub(b"", drawn)
            for number, words in enumerate(wanted):
                if not found[number] and all(word in text for word in words):
                    found[number] = time.perf_counter() - began
    except OSError:  # the program has ended
        pass
    finally:
        os.kill(child, signal.SIGTERM)
        os.close(terminal)  # first, or the program may wait for somebody to read what it draws
        os.waitpid(child, 0)
    return [each or float("nan") for each in found]


def main() -> None:
    """Print the table."""
    program = str(Path(sys.executable).with_name("kheadless-tui"))
    floor = [sys.executable, "-c", "import textual.app; print('services', flush=True); import time; time.sleep(9)"]
    rows = {
        "python that imports textual": [timed(floor, [[FIRST]])[0] for _ in range(RUNS)],
    }
    demo = [timed([program, "demo"], [[FIRST], TREE]) for _ in range(RUNS)]
    rows["demo: first picture"] = [run[0] for run in demo]
    rows["demo: the whole tree"] = [run[1] for run in demo]
    print(f"{'':32}{'median':>9}{'worst':>9}   of {RUNS} runs, {COLUMNS}x{ROWS}, {os.cpu_count()} cores")
    for name, seconds in rows.items():
        print(f"{name:32}{median(seconds):8.2f}s{max(seconds):8.2f}s")


if __name__ == "__main__":
    main()
