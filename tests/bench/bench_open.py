"""Opening a Service: the same in a cluster of 10 Services and of 10,000.

    python -m tests.bench.bench_open

From the key that moves the cursor to another Service until its records are painted, in a terminal of 120x40; most of it
is the pause after which the panels follow the cursor. Each Service has 10 endpoints and each namespace 10 Services, so
that what lies around the Service is the same in all the clusters.
"""

from __future__ import annotations

import statistics

from kheadless_tui.tui.following.bridge import FOLLOW_FAST
from tests.bench.program import Program, running
from tests.bench.standin import standing_in

ROUNDS = 12


def walk(program: Program) -> tuple[list[float], float]:
    """Down and up between two Services: milliseconds to each picture, and of CPU for one."""
    took, cpu = [], program.cpu
    for number in range(ROUNDS):
        key, name = ("j", "db-00001") if number % 2 == 0 else ("k", "db-00000")
        began = program.type(key)
        took.append((program.until(rf"records .*below {name}") - began) * 1000)
        program.quiet(0.3)
    return sorted(took), (program.cpu - cpu) / ROUNDS * 1000


def main() -> None:
    """Print the table."""
    title = f"ms to its records, {FOLLOW_FAST * 1000:g} of them a pause"
    print(f"{title:<40} {'median':>7} {'95 %':>7} {'worst':>7} {'CPU':>7}")
    for services in (10, 1_000, 10_000):
        with standing_in(services, per_namespace=10) as stand_in, running(stand_in) as program:
            program.until(f"services {services:,}")
            program.settle()
            program.calm()
            program.type("h")  # the first Service is open: close it, so that the next row is a Service
            program.settle(0.5)
            took, cpu = walk(program)
            late = took[int(len(took) * 0.95)]
            row = f"{statistics.median(took):>7.1f} {late:>7.1f} {took[-1]:>7.1f} {cpu:>7.1f}"
            print(f"{f'{services:,} Services':<40} {row}")
            program.type("q")
            program.ended()


if __name__ == "__main__":
    main()
