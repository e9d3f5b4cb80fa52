"""Probes leave nothing behind: however many, and however the program ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.cluster.pods.podspec import DEADLINE, MANAGED_BY, MANAGER, PodOrder
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.lab.lab import Lab
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.prober import Prober, Progress
from kheadless_tui.zone.record import Question

NAMESPACE = "tutorial-1"
QUESTIONS = [Question(f"nginx-headless.{NAMESPACE}.svc.cluster.local.", "A")]
PROBES = 1000
AT_ONCE = 25
MOMENTS = 6
"""Reports of progress of the quickest probe: begun, pod created, open, asked, answered, pod removed."""
SPEED = 20.0
"""A pod is ready after 20 ms, and its deadline of 120 s comes after 6 s."""


async def yes(_: WritePlan) -> bool:
    return True


@asynccontextmanager
async def session_on(lab: Lab) -> AsyncIterator[ClusterSession]:
    path = lab.kubeconfig_of("admin")
    connection = await asyncio.to_thread(load_connection, kubeconfig=path, context=None, request_timeout=30.0)
    session = ClusterSession(connection, namespaces=(NAMESPACE,))
    await session.start()
    try:
        await session.loaded(10.0)
        yield session
    finally:
        await session.close()


def ours(lab: Lab) -> list[str]:
    return [
        pod["metadata"]["name"]
        for pod in lab.all("Pod", NAMESPACE)
        if pod["metadata"].get("labels", {}).get(MANAGED_BY) == MANAGER
    ]


@pytest.mark.timeout(300)
async def test_a_thousand_probes_leave_no_pod() -> None:
    made: set[str] = set()
    async with Lab.start(world="tutorials", speed=SPEED) as lab, session_on(lab) as session:
        prober = Prober(session, Gate(False, yes), start_timeout=60.0)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> str:
            async with gate:
                plan = await prober.plan(parse_vantage("new"), NAMESPACE, QUESTIONS)
                assert isinstance(plan.order, PodOrder)
                made.add(plan.order.name)
                told = 0

                def come(_: Progress) -> None:
                    nonlocal told
                    if number % 4 == 3 and told == number // 4 % MOMENTS:  # every fourth is given up at some moment
                        probing.cancel()
                    told += 1

                probing = asyncio.ensure_future(prober.run(plan, come))
                try:
                    seen = (await probing).observations[0]
                    return seen.rcode or seen.error
                except asyncio.CancelledError:
                    return "cancelled"

        outcomes = await asyncio.gather(*(one(number) for number in range(PROBES)))
        assert ours(lab) == []
    assert set(outcomes) == {"NOERROR", "cancelled"}
    assert outcomes.count("NOERROR") == PROBES * 3 // 4
    assert outcomes.count("cancelled") == PROBES // 4
    assert len(made) == PROBES


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
async def test_however_the_program_is_ended(ending: signal.Signals) -> None:
    async with Lab.start(world="tutorials", speed=SPEED) as lab:
        command = [
            *(sys.executable, "-m", "kheadless_tui", "probe", QUESTIONS[0].name, "A", "-n", NAMESPACE),
            *("--kubeconfig", lab.kubeconfig_of("admin"), "--from", "new", "--yes", "--server", "10.244.250.250"),
        ]
        quiet = asyncio.subprocess.DEVNULL
        program = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet, stderr=quiet)
        async with asyncio.timeout(30):
            await lab.until(lambda: any(name in running(lab) for name in ours(lab)))
            program.send_signal(ending)
            await program.wait()
        if ending is signal.SIGKILL:
            (name,) = ours(lab)
            pod = lab.get("Pod", NAMESPACE, name)
            assert pod["spec"]["activeDeadlineSeconds"] == DEADLINE
        else:
            assert ours(lab) == []


def running(lab: Lab) -> set[str]:
    """Names of the pods that run."""
    return {pod["metadata"]["name"] for pod in lab.all("Pod", NAMESPACE) if pod["status"].get("phase") == "Running"}
