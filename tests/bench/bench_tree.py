"""From the start of the process to the painted tree of a whole cluster, and the memory that it takes.

    python -m tests.bench.bench_tree [ROUNDS] [--real]

10,000 Services with 10 endpoints each, on a stand-in or, with ``--real``, on the cluster of KHEADLESS_E2E_KUBECONFIG.
Beside them the two ways of ``bench_reading``: ours from the connection to the complete store, whose time is part of
each start, and the floor, which downloads and decodes and keeps nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from kheadless_tui.cluster.connecting.connection import Connection, load_connection
from kheadless_tui.commands.running import collect_seldom
from tests.bench.bench_reading import floor, ours
from tests.bench.program import Program
from tests.bench.standin import standing_in


def reading(way: Callable[[Connection], Coroutine[Any, Any, int]], kubeconfig: str) -> float:
    """Seconds that a way of reading both lists takes."""
    connection = load_connection(kubeconfig=kubeconfig, request_timeout=60.0)
    gc.collect()
    began = time.perf_counter()
    asyncio.run(way(connection))
    return time.perf_counter() - began


def start(kubeconfig: str) -> tuple[float, float, float, float]:
    """Seconds to the first picture and to the tree of all, CPU seconds by then, and the most memory in MB."""
    program = Program("--kubeconfig", kubeconfig)
    try:
        while not program.text.strip():
            program.listen(0.05)
        first = time.perf_counter() - program.began
        whole = program.until(r"services 10,\d\d\d") - program.began
        cpu = program.cpu
        program.settle(timeout=20)
        return first, whole, cpu, program.memory("VmHWM")
    finally:
        program.kill()


def main() -> None:
    """Print the table."""
    collect_seldom()
    rounds = next((int(word) for word in sys.argv[1:] if word.isdigit()), 5)
    real = os.environ.get("KHEADLESS_E2E_KUBECONFIG", "") if "--real" in sys.argv else ""
    with contextlib.nullcontext(None) if real else standing_in() as stand_in:
        kubeconfig = real or (stand_in.kubeconfig if stand_in is not None else "")
        reading(floor, kubeconfig)
        start(kubeconfig)  # compiles
        floors, stores, runs = [], [], []
        for _ in range(rounds):  # one beside the other: the machine is not equally busy all the time
            floors.append(reading(floor, kubeconfig))
            stores.append(reading(ours, kubeconfig))
            runs.append(start(kubeconfig))
    firsts, wholes, cpu, memory = zip(*runs, strict=True)
    print(f"{'process start to':<50} {'min':>7} {'median':>7} {'max':>7}")
    for name, figures in (
        ("the first picture, s", firsts),
        ("the tree of all Services, s", wholes),
        ("the same, s of CPU", cpu),
    ):
        print(f"{name:<50} {min(figures):>7.3f} {statistics.median(figures):>7.3f} {max(figures):>7.3f}")
    for name, others in (
        ("ours: from the connection to the complete store", stores),
        ("floor: download and decode both lists", floors),
    ):
        print(f"{f'{name}, s':<50} {min(others):>7.3f} {statistics.median(others):>7.3f} {max(others):>7.3f}")
        more = sorted(whole - other for whole, other in zip(wholes, others, strict=True))
        print(f"{'  the tree, more than that, s':<50} {more[0]:>7.3f} {statistics.median(more):>7.3f} {more[-1]:>7.3f}")
    print(f"{'memory of the program at its most, MB':<50} {min(memory):>7.0f} {statistics.median(memory):>7.0f}")


if __name__ == "__main__":
    main()
