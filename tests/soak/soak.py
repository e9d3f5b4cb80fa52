"""Random faults and random changes for some minutes; every few seconds what is shown has to equal a fresh list.

    python -m tests.soak.soak [--seconds 300] [--seed N] [--kubeconfig FILE]

Without a kubeconfig, a control plane of our own is started (see control_plane.py), which is then also stopped, paused
and set back to an older state; with one, only the way to that cluster is disturbed, in namespaces of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from kheadless_tui.cluster.connecting.connection import Connection, load_connection
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.wire.transport import Transport
from tests.cluster.checker import differences, equals_a_fresh_list
from tests.cluster.fake_api import kubeconfig as written
from tests.soak.changes import Changes
from tests.soak.control_plane import ControlPlane, programs, started
from tests.soak.faulty_proxy import Fault, FaultyProxy

PULSE = Pulse(period=2.0, period_away=0.5, answer_in=2.0, namespaces=2.0, rights=2.0)

ROUND = (3.0, 8.0)
"""Seconds of faults and changes between two comparisons."""


class Soak:
    """One session behind one faulty proxy."""

    def __init__(self, upstream: Connection, plane: ControlPlane | None, seed: int, directory: Path) -> None:
        self.random = random.Random(seed)
        self.upstream = upstream
        self.plane = plane
        self.proxy = FaultyProxy(upstream)
        self.namespaces = [f"soak-{seed % 10_000}-{number}" for number in range(3)]
        self.rounds = 0
        self.levers = 0
        self.slowest = 0.0
        self._directory = directory

    async def run(self, seconds: float) -> None:
        direct = Transport(self.upstream)
        changes = Changes(direct, self.namespaces, self.random)
        await changes.prepare()
        try:
            async with self.proxy.serving(), self._session() as session:
                await session.loaded(30)
                ends = time.monotonic() + seconds
                while time.monotonic() < ends:
                    await self._round(session, changes)
                print(f"changes {dict(changes.done)}")
                print(f"faults {dict(self.proxy.done)}, levers {self.levers}")
                print(f"{self.rounds} comparisons, all equal; the slowest after {self.slowest:.1f} s")
        finally:
            await changes.remove()
            await direct.close()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[ClusterSession]:
        path = written(self._directory / "proxied", self.proxy.url)
        connection = await asyncio.to_thread(load_connection, kubeconfig=path, request_timeout=5.0)
        session = ClusterSession(connection, pulse=PULSE)
        await session.start()
        try:
            yield session
        finally:
            await session.close()

    async def _round(self, session: ClusterSession, changes: Changes) -> None:
        self.proxy.choose = self._choose
        ends = time.monotonic() + self.random.uniform(*ROUND)
        while time.monotonic() < ends:
            for _ in range(self.random.randrange(1, 20)):
                await changes.one()
            if self.random.random() < 0.2:
                self.proxy.reset_all()
                self.proxy.done["reset of all"] += 1
            if self.random.random() < 0.05:
                await self._refused_for(self.random.uniform(0.2, 3.0))
            await asyncio.sleep(self.random.uniform(0.0, 0.3))
        if self.plane is not None and self.random.random() < 0.2:
            await self._pull_a_lever(self.plane)
            await changes.prepare()  # in an older state they may not be there
        # Changes go on after the last fault, so that a watch which only looks alive is found out.
        self.proxy.choose = lambda _: None
        for _ in range(5):
            await changes.one()
        began = time.monotonic()
        # What waits is tried by itself; a stalled answer is given up after the request timeout, 5 s.
        await equals_a_fresh_list(session, self.upstream, timeout=60)
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.rounds += 1
        assert await differences(session, self.upstream) == [], "equal, and then not any more"

    async def _refused_for(self, seconds: float) -> None:
        self.proxy.refusing = True
        self.proxy.reset_all()
        self.proxy.done["refused"] += 1
        await asyncio.sleep(seconds)
        self.proxy.refusing = False

    async def _pull_a_lever(self, plane: ControlPlane) -> None:
        self.levers += 1
        await self.random.choice((self._restart, self._pause, self._set_back))(plane)

    async def _restart(self, plane: ControlPlane) -> None:
        await asyncio.to_thread(plane.stop, "kube-apiserver")
        await asyncio.to_thread(plane.start_api)
        await self._ready()

    async def _pause(self, plane: ControlPlane) -> None:
        with plane.paused("kube-apiserver"):
            await asyncio.sleep(self.random.uniform(1.0, 8.0))

    async def _set_back(self, plane: ControlPlane) -> None:
        if (plane.directory / "saved").exists() and self.random.random() < 0.7:
            await asyncio.to_thread(plane.set_back)
        else:
            await asyncio.to_thread(plane.save)
        await self._ready()

    async def _ready(self) -> None:
        """Until it answers to us too, and not only to its own probe."""
        transport = Transport(self.upstream)
        with contextlib.suppress(Exception):
            await transport.call("GET", "/api/v1/services?limit=1")
        await transport.close()

    def _choose(self, request: web.BaseRequest) -> Fault | None:
        watching = request.query.get("watch") == "true"
        if self.random.random() > (0.6 if watching else 0.25):
            return None
        after = int(10 ** self.random.uniform(0, 5))
        faults: list[Fault] = [
            Fault("reset", after),
            Fault("close", after),
            Fault("garbage", after),
            Fault("stall", after, seconds=self.random.uniform(0.5, 10.0)),
            Fault("slow", seconds=self.random.uniform(0.0, 0.3)),
            Fault("status", code=self.random.choice((429, 500, 502, 503, 504))),
        ]
        if watching:
            faults += [Fault("gone", after), Fault("expired")]
        elif "continue" in request.query:
            faults += [Fault("expired")] * 3
        return self.random.choice(faults)


async def main(arguments: argparse.Namespace) -> None:
    """Soak until the time is over; AssertionError with the differences when there are any."""
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**9)
    print(f"--seed {seed} --seconds {arguments.seconds:g}")
    with tempfile.TemporaryDirectory(prefix="kheadless-soak-") as name:
        directory = Path(name)
        plane = None if arguments.kubeconfig else await started(directory)
        try:
            path = arguments.kubeconfig or (plane.kubeconfig if plane else "")
            upstream = await asyncio.to_thread(load_connection, kubeconfig=path, request_timeout=30.0)
            await Soak(upstream, plane, seed, directory).run(arguments.seconds)
        finally:
            if plane is not None:
                await asyncio.to_thread(plane.down)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--kubeconfig", default="")
    given = parser.parse_args()
    if not given.kubeconfig and programs() is None:
        sys.exit("soak: etcd and kube-apiserver are not on the PATH: set KHEADLESS_CONTROL_PLANE, or --kubeconfig FILE")
    asyncio.run(main(given))
