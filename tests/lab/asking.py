"""Our own program on a lab: a session, a probe, and what it makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.lab.lab import Lab
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.prober import Prober
from kheadless_tui.zone.record import Question


@asynccontextmanager
async def session_on(lab: Lab, user: str = "admin", **options: object) -> AsyncIterator[ClusterSession]:
    path = lab.kubeconfig_of(user)
    timeout = options.pop("request_timeout", 10.0)
    connection = await asyncio.to_thread(
        load_connection,
        kubeconfig=path,
        context=None,
        request_timeout=timeout,  # type: ignore[arg-type]
    )
    session = ClusterSession(connection, **options)  # type: ignore[arg-type]
    await session.start()
    try:
        await session.loaded(10.0)
        yield session
    finally:
        await session.close()


async def until(session: ClusterSession, holds: Callable[[], bool]) -> None:
    changed = asyncio.Event()
    unsubscribe = session.subscribe(changed.set)
    try:
        async with asyncio.timeout(10):
            while not holds():
                changed.clear()
                await changed.wait()
    finally:
        unsubscribe()


async def observe(
    lab: Lab,
    names: Sequence[str],
    *,
    kind: str = "A",
    vantage: str = "pod/web-0",
    namespace: str = "tutorial-1",
    protocol: str = "",
    server: str = "",
) -> list[Observation]:
    """What a probe sees of some names."""

    async def yes(plan: WritePlan) -> bool:
        return True

    async with session_on(lab) as session:
        prober = Prober(session, Gate(False, yes))
        questions = [Question(name, kind) for name in names]
        plan = await prober.plan(parse_vantage(vantage), namespace, questions, protocol=protocol, server=server or None)
        return list((await prober.run(plan)).observations)


def addresses_of(observations: Sequence[Observation]) -> set[str]:
    return {record.data for observation in observations for record in observation.answer}
