"""What the program does while nothing happens, and how soon it is gone.

    python -m tests.bench.bench_idle [SECONDS]

On a stand-in with 10,000 Services: CPU and bytes to the terminal while idle; then the time from ``q`` to the end of the
process when idle, while lists are read, with 1,000 events a second, and with a server that has stopped to answer.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator

from tests.bench.program import Program, running
from tests.bench.standin import StandIn, standing_in


def idle(seconds: float) -> None:
    """Print what an idle program costs."""
    with standing_in() as stand_in, running(stand_in) as program:
        program.until("services 10,000")
        program.calm()
        cpu, began = program.cpu, time.perf_counter()
        heard = program.quiet(seconds)
        share = (program.cpu - cpu) / (time.perf_counter() - began)
        print(f"{f'idle for {seconds:g} s: share of a core':<52} {share:>8.2%}")
        print(f"{f'idle for {seconds:g} s: bytes to the terminal':<52} {len(heard):>8}")


@contextlib.contextmanager
def stopped(stand_in: StandIn) -> Iterator[None]:
    """A server that accepts and does not answer."""
    stand_in.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        stand_in.signal(signal.SIGCONT)


def quit_after(name: str, prepare: Callable[[StandIn, Program], object], *, stop: bool = False) -> None:
    """Print the time from ``q`` to the end, in milliseconds."""
    took = []
    for _ in range(3):
        with standing_in() as stand_in, running(stand_in) as program:
            prepare(stand_in, program)
            with stopped(stand_in) if stop else contextlib.nullcontext():
                program.quiet(0.5)
                began = program.type("q")
                took.append((program.ended() - began) * 1000)
    print(f"{f'from q to the end, {name}: ms, worst of 3':<52} {max(took):>8.0f}")


def loaded(stand_in: StandIn, program: Program) -> None:
    program.until("services 10,000")
    program.settle()


def busy(stand_in: StandIn, program: Program) -> None:
    loaded(stand_in, program)
    stand_in.pull("rate", 1000)


def begun(stand_in: StandIn, program: Program) -> None:
    program.until("services")


def main() -> None:
    """Print the table."""
    idle(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
    quit_after("idle", loaded)
    quit_after("lists under way", begun)
    quit_after("1,000 events a second", busy)
    quit_after("the server does not answer", loaded, stop=True)


if __name__ == "__main__":
    main()
