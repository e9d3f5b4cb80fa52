"""From a key press to its picture, in a real terminal of 120x40, while 1,000 events a second come in.

    python -m tests.bench.bench_keys [EVENTS_A_SECOND ...]

The cluster has 10,000 Services, the cursor walks through an open namespace of 500. A key counts as painted when the
cursor's new place in the list has arrived at the terminal.
"""

from __future__ import annotations

import statistics
import sys
import time

from tests.bench.program import Program, running
from tests.bench.standin import standing_in

KEYS = 200
"""Pressed one after the other, ten a second or so, as somebody who looks for something does."""

PAUSE = 0.08
"""Seconds between two of them."""


def press(program: Program, place: int) -> float:
    """Press ``j`` and wait until the cursor is painted at its place; in milliseconds."""
    began = program.type("j")
    return (program.until(rf"\b{place}/\d", timeout=10) - began) * 1000


def measure(program: Program, first: int) -> list[float]:
    """A walk of some keys."""
    took = []
    for place in range(first, first + KEYS):
        took.append(press(program, place))
        program.quiet(PAUSE)
    return sorted(took)


def main() -> None:
    """Print the table."""
    rates = [int(rate) for rate in sys.argv[1:]] or [0, 1000]
    print(f"{'ms from key to picture':<34} {'median':>7} {'95 %':>7} {'worst':>7} {'in 50 ms':>9} {'CPU':>6}")
    for rate in rates:
        with standing_in() as stand_in, running(stand_in) as program:
            program.until("services 10,000")
            program.settle()
            stand_in.pull("rate", rate)
            program.quiet(2)
            cpu, began = program.cpu, time.perf_counter()
            took = measure(program, 3)
            busy = (program.cpu - cpu) / (time.perf_counter() - began)
            within = sum(one <= 50 for one in took) / len(took)
            late = took[int(len(took) * 0.95)]
            print(
                f"{f'{rate:,} events a second':<34} {statistics.median(took):>7.1f} {late:>7.1f} {took[-1]:>7.1f} "
                f"{within:>9.1%} {busy:>6.0%}"
            )
            program.type("q")
            program.ended()


if __name__ == "__main__":
    main()
