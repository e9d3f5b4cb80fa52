"""From one cluster or scope to another without a restart: the old session ends at once, the new one begins to read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from kheadless_tui.cluster.connecting.connection import another_context
from kheadless_tui.settings import namespaces_written_for
from kheadless_tui.tui.keys.places import Place, Trail

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.tui.probing.probe_flow import ProbeFlow


class Switch(Message):
    """The user wants to look at something else."""

    def __init__(self, place: Place, step: int = 0) -> None:
        super().__init__()
        self.place = place
        self.step = step
        """Steps on the trail, where that is the way; 0 for a new place."""


class Desk:
    """Owner of what is looked at now, and of what is being left."""

    def __init__(
        self,
        session: ClusterSession,
        flow_for: Callable[[ClusterSession, ProbeFlow | None], ProbeFlow],
        favourites: dict[str, list[str]],
    ) -> None:
        """Set up.

        Args:
            session: The first one.
            flow_for: Makes the probes of a session; of the same cluster, those of before are handed on.
            favourites: By context, the namespaces that have a digit; where one goes is added to it.
        """
        self.session = session
        self.flow = flow_for(session, None)
        self.trail = Trail(place_of(session), favourites)
        self._flow_for = flow_for
        self._leaving: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None

    async def open(self, switch: Switch) -> None:
        """Go to another place: when this returns there is a new session, not started, and the old one is ending.

        Raises:
            InputError, UsageError: the kubeconfig has no such context, or one that cannot be used, or our own file of
                settings is wrong; all is as before.
        """
        place = switch.place
        connection = None
        if place.context != place_of(self.session).context:
            connection = await asyncio.to_thread(another_context, self.session.connection, place.context)
        fallback = await asyncio.to_thread(namespaces_written_for, place.context)
        before, probes = self.session, self.flow
        self.session = before.rescoped(
            connection=connection,
            namespaces=place.namespaces,
            selector=place.selector,
            fallback_namespaces=fallback,
        )
        self.flow = self._flow_for(self.session, probes if connection is None else None)
        self.trail.arrive(place, switch.step)
        task = asyncio.create_task(_end(probes, before), name=f"leave {place_of(before).words}")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    @property
    def closing(self) -> bool:
        """Everything is being ended, or has been."""
        return self._closing is not None

    async def close(self, within: float) -> bool:
        """End everything; what probes made in a cluster is removed first.

        Args:
            within: Seconds to wait for that; then it goes on by itself.

        Returns:
            Whether all of it has been done.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="close")
        done, _ = await asyncio.wait({self._closing}, timeout=within)
        if done:
            self._closing.result()
        return bool(done)

    async def _close(self) -> None:
        await _end(self.flow, self.session)
        await asyncio.gather(*self._leaving, return_exceptions=True)


async def _end(probes: ProbeFlow, session: ClusterSession) -> None:
    await probes.close()
    await session.close()


def place_of(session: ClusterSession) -> Place:
    """What a session looks at."""
    connection = session.connection
    return Place(connection.context or connection.cluster, session.scope.namespaces, session.selector)
