"""How long until Services and EndpointSlices of a whole cluster are there: ours, the floor, and kubectl, in one run.

    KHEADLESS_E2E_KUBECONFIG=... python -m tests.bench.bench_reading [ROUNDS]

The floor is the same pages by the same HTTP library, one list after the other page, decoded by msgspec into the same
structs and thrown away: no store, no index, no watch. kubectl is what a user would otherwise wait for.
"""

from __future__ import annotations

import asyncio
import gc
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

from kheadless_tui.cluster.connection import Connection, load_connection
from kheadless_tui.cluster.credentials import Credential
from kheadless_tui.cluster.decode import path_of
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.model.kinds import ENDPOINT_SLICE, SERVICE, Kind


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
    """``kubectl get`` of both kinds, printed as its table."""
    count = 0
    for kind in ("svc", "endpointslices"):
        command = ["kubectl", "--kubeconfig", kubeconfig, "get", kind, "-A", "--no-headers"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
        count += done.stdout.count(b"\n")
    return count


async def measure(name: str, rounds: int, work: Callable[[], Awaitable[int]]) -> None:
    """Run it some times and print a line."""
    times: list[float] = []
    count = 0
    for _ in range(rounds):
        gc.collect()
        began = time.perf_counter()
        count = await work()
        times.append(time.perf_counter() - began)
    spread = f"{min(times):7.3f} {statistics.median(times):7.3f} {max(times):7.3f}"
    print(f"{name:<46} {spread}  {count:>8} {resident_mb():>7.0f}")


async def main() -> None:
    """Print the table."""
    kubeconfig = os.environ.get("KHEADLESS_E2E_KUBECONFIG")
    if not kubeconfig:
        sys.exit("no cluster: set KHEADLESS_E2E_KUBECONFIG")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    connection = await asyncio.to_thread(load_connection, kubeconfig=kubeconfig, request_timeout=60.0)
    await floor(connection)  # the server's caches and the imports are warm for all
    print(f"{'seconds':<46} {'min':>7} {'median':>7} {'max':>7}  {'objects':>8} {'RSS MB':>7}")
    await measure("floor: download and decode, no store", rounds, lambda: floor(connection))
    await measure("ours: until the snapshot, watches open", rounds, lambda: ours(connection))
    if shutil.which("kubectl"):
        await measure("kubectl get svc -A, endpointslices -A", rounds, lambda: kubectl(kubeconfig))


if __name__ == "__main__":
    asyncio.run(main())
