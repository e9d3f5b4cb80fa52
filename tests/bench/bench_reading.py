"""How long until Services and EndpointSlices of a whole cluster are there: ours, the floor and others, in one run.

    python -m tests.bench.bench_reading [ROUNDS] [--real] [--pods]

10,000 Services and slices of a stand-in or, with ``--real``, what is on the cluster of KHEADLESS_E2E_KUBECONFIG.
``--pods`` measures 100,000 pods of one namespace of a stand-in instead.

The floor is the same pages by the same HTTP library, one list after the other page, decoded by msgspec into the same
structs and thrown away: no store, no index, no watch. kubectl (on a real cluster) and the official typed client are
what one would otherwise use; lightkube and kr8s are measured where KHEADLESS_BENCH_PYTHON is an interpreter that has
them.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from kheadless_tui.cluster.connecting.connection import Connection, load_connection
from kheadless_tui.cluster.connecting.credentials import Credential
from kheadless_tui.cluster.reading.decode import path_of
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Live
from kheadless_tui.commands.running import collect_seldom
from kheadless_tui.model.kinds import ENDPOINT_SLICE, SERVICE, Kind
from tests.bench.standin import standing_in


def resident_mb() -> float:
    """Resident memory of this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def ours(connection: Connection) -> int:
    """Until loaded() and the snapshot."""
    session = ClusterSession(connection)
    await session.start()
    try:
        await session.loaded(60)
        return len(session.snapshot.objects)
    finally:
        await session.close()


async def floor(connection: Connection) -> int:
    """Download and decode, nothing else; both kinds at once, as ours does."""
    credential: Credential = await connection.credentials.current()
    tls = connection.ssl_context(credential) or True
    headers = {"Authorization": credential.authorization} if credential.authorization else {}

    async with aiohttp.ClientSession(headers=headers) as http:

        async def pages(kind: Kind) -> int:
            page = msgspec.defstruct(
                "page",
                [("metadata", dict[str, msgspec.Raw]), ("items", list[kind.struct])],  # type: ignore[name-defined]
            )
            decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page)
            count, token = 0, ""
            while True:
                params = {"limit": "500", **({"continue": token} if token else {})}
                async with http.get(connection.server + path_of(kind), params=params, ssl=tls) as answer:
                    decoded = decoder.decode(await answer.read())
                count += len(decoded.items)
                token = msgspec.json.decode(decoded.metadata.get("continue", msgspec.Raw(b'""')), type=str)
                if not token:
                    return count

        return sum(await asyncio.gather(pages(SERVICE), pages(ENDPOINT_SLICE)))


async def kubectl(kubeconfig: str) -> int:
    """``kubectl get`` of both kinds, printed as its table; CPU and memory in its line are of this process alone."""
    count = 0
    for kind in ("svc", "endpointslices"):
        command = ["kubectl", "--kubeconfig", kubeconfig, "get", kind, "-A", "--no-headers"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
        count += done.stdout.count(b"\n")
    return count


async def pods(connection: Connection) -> int:
    """Until Services, slices and all pods of the namespace are in the snapshot."""
    session = ClusterSession(connection)
    await session.start()
    changed = asyncio.Event()
    session.subscribe(changed.set)
    session.show_pods("scale-00")
    try:
        while not isinstance(session.reads.get(("pods", "scale-00")), Live):
            changed.clear()
            await asyncio.wait_for(changed.wait(), 60)
        return len(session.snapshot.objects)
    finally:
        await session.close()


def other(python: str, client: str, kubeconfig: str) -> str:
    """A line for another client, in a process of its own; imports do not count."""
    command = [python, str(Path(__file__).parent / "other_clients.py"), client, kubeconfig]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        return f"{client}: {(done.stderr.strip() or 'failed').splitlines()[-1][:90]}"
    found = json.loads(done.stdout)
    figures = f"{found['seconds']:15.3f} {found['cpu']:>15.3f}  {found['objects']:>8} {found['memory']:>7.0f}"
    return f"{client + ', in pages, one run':<46} {figures}"


Row = tuple[str, Callable[[], Awaitable[int]]]


async def measure(rounds: int, *rows: Row) -> list[list[float]]:
    """Run each some times, one beside the other, and print a line for each; the seconds that they took."""
    times: list[list[float]] = [[] for _ in rows]
    busy: list[list[float]] = [[] for _ in rows]
    counts, memory = [0] * len(rows), [0.0] * len(rows)
    for _ in range(rounds):
        for place, (_, work) in enumerate(rows):
            gc.collect()
            began, cpu = time.perf_counter(), time.process_time()
            counts[place] = await work()
            times[place].append(time.perf_counter() - began)
            busy[place].append(time.process_time() - cpu)
            memory[place] = resident_mb()
    for (name, _), took, cpu_took, count, mb in zip(rows, times, busy, counts, memory, strict=True):
        spread = f"{min(took):7.3f} {statistics.median(took):7.3f} {max(took):7.3f} {statistics.median(cpu_took):7.3f}"
        print(f"{name:<46} {spread}  {count:>8} {mb:>7.0f}")
    return times


async def table(kubeconfig: str, rounds: int, *, real: bool, with_pods: bool) -> None:
    """Print it."""
    connection = await asyncio.to_thread(load_connection, kubeconfig=kubeconfig, request_timeout=60.0)
    await floor(connection)  # the server's caches and the imports are warm for all
    print(f"{'seconds':<46} {'min':>7} {'median':>7} {'max':>7} {'CPU':>7}  {'objects':>8} {'RSS MB':>7}")
    if with_pods:
        await measure(rounds, ("ours: all Services, slices and 100,000 pods", lambda: pods(connection)))
        return
    bare, own = await measure(
        rounds,
        ("floor: download and decode, no store", lambda: floor(connection)),
        ("ours: until the snapshot, watches open", lambda: ours(connection)),
    )
    ratios = [mine / theirs for mine, theirs in zip(own, bare, strict=True)]
    print(f"{'ours, times the floor':<46} {min(ratios):7.2f} {statistics.median(ratios):7.2f} {max(ratios):7.2f}")
    if real and shutil.which("kubectl"):
        await measure(min(rounds, 3), ("kubectl get svc -A, get endpointslices -A", lambda: kubectl(kubeconfig)))
    print(other(sys.executable, "kubernetes", kubeconfig))
    python = os.environ.get("KHEADLESS_BENCH_PYTHON")
    for client in ("lightkube", "kr8s") if python else ():
        print(other(python or "", client, kubeconfig))


def main() -> None:
    """Print the table."""
    collect_seldom()
    rounds = next((int(word) for word in sys.argv[1:] if word.isdigit()), 5)
    real = os.environ.get("KHEADLESS_E2E_KUBECONFIG", "") if "--real" in sys.argv else ""
    if "--real" in sys.argv and not real:
        sys.exit("no cluster: set KHEADLESS_E2E_KUBECONFIG")
    with_pods = "--pods" in sys.argv
    if real:
        asyncio.run(table(real, rounds, real=True, with_pods=False))
        return
    with standing_in(per_namespace=10_000 if with_pods else 500) as stand_in:
        asyncio.run(table(stand_in.kubeconfig, rounds, real=False, with_pods=with_pods))


if __name__ == "__main__":
    main()
