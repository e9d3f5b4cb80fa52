"""``demo``: a lab behind the terminal program, built while its first picture is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from kheadless_tui.cluster.connecting.connection import Asked, Connection
from kheadless_tui.cluster.connecting.credentials import Credential, Credentials, StaticSource
from kheadless_tui.cluster.connecting.tls import TrustSettings
from kheadless_tui.lab.door.door import Door

if TYPE_CHECKING:
    from kheadless_tui.lab.lab import Lab
    from kheadless_tui.lab.switches.levers import Lever, Levers

DEMO_NAMESPACE = "tutorial-1"
"""Where the demo opens: the plainest of the worlds."""
REQUEST_TIMEOUT = 10.0
"""Seconds; those of ``--request-timeout`` by default."""


class Demo(NamedTuple):
    """A lab, as the terminal program sees it; it may not be built yet, and then connections to it wait."""

    connection: Connection
    levers: LateLevers
    """What the lab's menu pulls."""


class LateLevers:
    """The levers of a lab that is being built: none before it is there."""

    def __init__(self) -> None:
        self._built: asyncio.Future[Levers] = asyncio.get_running_loop().create_future()

    def built(self, levers: Levers) -> None:
        """Here they are."""
        self._built.set_result(levers)

    def entries(self) -> Sequence[Lever]:
        """As of the lab's own."""
        return self._built.result().entries() if self._built.done() else ()

    async def pull(self, name: str, choice: str) -> str:
        """As of the lab's own."""
        return await (await self._built).pull(name, choice)

    async def undo(self, name: str) -> str:
        """As of the lab's own."""
        return await (await self._built).undo(name)


@asynccontextmanager
async def demo() -> AsyncIterator[Demo]:
    """A lab with the tutorials' worlds, built when the first client comes.

    Raises:
        ClusterError: this machine lacks a port or a folder for it; the block is cancelled then.
    """
    with Door.open() as door:
        levers = LateLevers()
        try:
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(_serve(door, levers))
                yield Demo(_connection(door), levers)
                serving.cancel()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # the one thing that went wrong, here or in the block


def _connection(door: Door) -> Connection:
    """As it would be made from the administrator's kubeconfig; the package that reads those takes 0.2 s to import."""
    user = "admin"
    return Connection(
        context="lab",
        cluster="lab",
        server=door.server,
        user=user,
        namespace="default",
        credentials=Credentials(StaticSource(Credential(f"Bearer {door.token_of(user)}"))),
        trust=TrustSettings(authorities=door.authority, origin=door.certificate),
        asked=Asked(kubeconfig=door.kubeconfig_of(user), request_timeout=REQUEST_TIMEOUT),
    )


async def _serve(door: Door, levers: LateLevers) -> None:
    await door.knocked()
    async with (await asyncio.to_thread(_built, door)).serving() as lab:
        from kheadless_tui.lab.switches.levers import Levers  # noqa: PLC0415 - as all of the lab

        levers.built(Levers(lab))
        await asyncio.Event().wait()


def _built(door: Door) -> Lab:
    from kheadless_tui.lab.lab import Lab  # noqa: PLC0415 - 0.2 s: after the first picture

    return Lab(door, world="demo")
