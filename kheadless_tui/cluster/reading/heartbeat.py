"""Notices within seconds that the API server has fallen silent, which an idle watch would not tell for minutes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from kheadless_tui.errors import ClusterError, NotAuthenticated, Unreachable

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

log = logging.getLogger(__name__)


ASLEEP = 10.0
"""Seconds that the clock on the wall may gain within a period before this machine counts as having slept."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How often is asked; a silent server is noticed within ``period + answer_in``, 14 s."""

    period: float = 8.0
    """Seconds between questions while nothing else is heard."""
    period_away: float = 3.0
    """Seconds between questions while the server is away; so soon after its return everything is tried again."""
    answer_in: float = 6.0
    """Seconds that an answer may take; /version costs the server nothing."""
    namespaces: float = 15.0
    """Seconds between two looks at a namespace that is got by its name: so soon its deletion is seen."""
    rights: float = 20.0
    """Seconds between two looks at the rights while some are missing: so soon one that is granted is used."""
    rights_whole: float = 60.0
    """The same while none is missing: so soon it is noticed that one was taken away, as an open watch does not tell."""


class _Version(msgspec.Struct):
    git_version: str = msgspec.field(default="", name="gitVersion")


class Heartbeat:
    """Asks for /version now and then."""

    def __init__(
        self,
        transport: Transport,
        *,
        last_heard: Callable[[], float],
        answered: Callable[[bool], None],
        silent: Callable[[Unreachable, float], None],
        woken: Callable[[], None],
        pulse: Pulse,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Not started yet.

        Args:
            transport: Where requests go.
            last_heard: When anything was last heard of the server, by ``clock``; then there is no need to ask.
            answered: Called after each answer, with whether our credential was accepted.
            silent: Called with the reason when none came, and the time of asking by ``clock``.
            woken: Called when this machine has slept, before anything is asked.
            pulse: How often.
            clock: Seconds that are never set, and that stand still while the machine sleeps.
            wall: Unix time.
        """
        self.server_version: str | None = None
        self._transport = transport
        self._last_heard = last_heard
        self._answered = answered
        self._silent = silent
        self._woken = woken
        self._clock = clock
        self._wall = wall
        self._pulse = pulse

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            pause = self._pulse.period
            if self.server_version is None or self._clock() - self._last_heard() >= pause / 2:
                pause = pause if await self._ask() else self._pulse.period_away
            asleep = self._wall() - self._clock()
            await asyncio.sleep(pause)
            if self._wall() - self._clock() - asleep >= ASLEEP:
                # Or the clock was set forward: then the connections are taken anew for nothing.
                self._woken()

    async def _ask(self) -> bool:
        asked = self._clock()
        allowed = min(self._pulse.answer_in, self._transport.request_timeout or self._pulse.answer_in)
        try:
            answer = await self._transport.ping(allowed)
        except Unreachable as error:
            self._silent(error, asked)
            return False
        except NotAuthenticated:
            return True  # a plug-in that failed says nothing of the server; the readers tell it
        except ClusterError as error:
            log.info("asking for /version: %s", error)
            return True
        if answer.status == 200:
            self._learn(answer.body)
        self._answered(answer.status != 401)
        return True

    def _learn(self, body: bytes) -> None:
        try:
            self.server_version = msgspec.json.decode(body, type=_Version).git_version or self.server_version
        except msgspec.DecodeError:
            log.info("/version is not what an API server sends")
