"""From the start of the process to the painted tree of a whole cluster, and the memory that it takes.

    python -m tests.bench.bench_tree [ROUNDS] [--real]

10,000 Services with 10 endpoints each, on a stand-in or, with ``--real``, on the cluster of KHEADLESS_E2E_KUBECONFIG.
The floor is that of ``bench_reading``: download and decode, nothing kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import sys
import time

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.commands.running import collect_seldom
from tests.bench.bench_reading import floor
from tests.bench.program import Program
from tests.bench.standin import standing_in


def bare(kubeconfig: str) -> float:
    """Seconds."""
    connection = load_connection(kubeconfig=kubeconfig, request_timeout=60.0)
    began = time.perf_counter()
    asyncio.run(floor(connection))
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
        bare(kubeconfig)
        floors, runs = [], []
        for _ in range(rounds):  # one beside the other: the machine is not equally busy all the time
            floors.append(bare(kubeconfig))
            runs.append(start(kubeconfig))
    firsts, wholes, cpu, memory = zip(*runs, strict=True)
    print(f"{'process start to':<46} {'min':>7} {'median':>7} {'max':>7}")
    for name, figures in (
        ("the first picture, s", firsts),
        ("the tree of all Services, s", wholes),
        ("the same, s of CPU", cpu),
    ):
        print(f"{name:<46} {min(figures):>7.3f} {statistics.median(figures):>7.3f} {max(figures):>7.3f}")
    print(f"{'floor: download and decode both lists, s':<46} {min(floors):>7.3f} {statistics.median(floors):>7.3f}")
    more = [whole - bare_way for whole, bare_way in zip(wholes, floors, strict=True)]
    print(f"{'the tree, more than the floor, s':<46} {min(more):>7.3f} {statistics.median(more):>7.3f}")
    print(f"{'memory of the program at its most, MB':<46} {min(memory):>7.0f} {statistics.median(memory):>7.0f}")


if __name__ == "__main__":
    main()
