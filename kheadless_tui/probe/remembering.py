"""What is known of the cluster at each moment while a probe runs: the generations of the snapshot that concern it.

A reply out of a cache is right by what was known when it was made, so each change has to be kept, and not only what is
known when replies are judged.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kheadless_tui.cluster.reading.written import seconds_since_written
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.comparison.judging import Forecast, predictions
from kheadless_tui.probe.comparison.past import Moment, Past
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.serving.config import ZoneConfig

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

AT_MOST_EVERY = 0.02
"""Seconds between two looks at what is known: several changes within are one."""
MOST_KEPT = 128
"""Generations; of a Service that changes all the time the oldest are forgotten."""
FEW = 16
"""Questions that are predicted anew at each change."""

Concern = Callable[[Snapshot], object]
"""What of a snapshot a probe is about; where it is equal, nothing has changed for it."""


def of_service(service: ObjectKey) -> Concern:
    """A Service and its EndpointSlices, which are the same objects for as long as they do not change."""
    return lambda snapshot: (snapshot.service(service), *map(id, snapshot.slices_of(service)))


def of_questions(questions: Sequence[Question], config: ZoneConfig) -> Concern:
    """What is predicted for some questions; of many the whole cluster."""
    if len(questions) > FEW:
        return lambda snapshot: snapshot.generation
    return lambda snapshot: predictions(snapshot, questions, config)


class Remembering:
    """Keeps the generations since it was made, until it is closed; belongs to the loop of the session."""

    def __init__(
        self,
        session: ClusterSession,
        concern: Concern,
        *,
        every: float = AT_MOST_EVERY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Begin now.

        Args:
            session: What is known.
            concern: Tells generations that matter from others.
            every: Seconds between two looks.
            clock: Unix time.
        """
        self._session = session
        self._concern = concern
        self._every = every
        self._clock = clock
        self._handle: asyncio.TimerHandle | None = None
        self._missed = False
        self._looked = False
        self._written: float | None = None
        snapshot = session.snapshot
        self._last = concern(snapshot)
        self._kept: deque[tuple[float, Snapshot]] = deque([(clock(), snapshot)], MOST_KEPT)
        self._unsubscribe = session.subscribe(self._changed)

    @property
    def generations(self) -> tuple[tuple[float, Snapshot], ...]:
        """Each with the Unix time from which on it was known, the oldest first; the last is what is known now."""
        now = self._session.snapshot
        kept = tuple(self._kept)
        return kept if kept[-1][1] is now else (*kept, (self._clock(), now))

    def close(self) -> None:
        """Keep no more."""
        self._unsubscribe()
        if self._handle is not None:
            self._handle.cancel()

    async def look_back(self, service: ObjectKey) -> None:
        """Ask the API server, once, when the Service was written last: what was right before then is not known."""
        if self._looked:
            return
        self._looked = True
        seconds = await seconds_since_written(self._session.transport, service)
        self._written = None if seconds is None else self._clock() - seconds

    def past(self, config: ZoneConfig) -> Past:
        """What was predicted when."""
        moments = [Moment(at, Forecast(snapshot, config)) for at, snapshot in self.generations]
        return Past(moments, written=self._written)

    def _changed(self) -> None:
        if self._handle is not None:
            self._missed = True
            return
        self._handle = asyncio.get_running_loop().call_later(self._every, self._look)
        self._keep()

    def _look(self) -> None:
        self._handle = None
        if self._missed:
            self._missed = False
            self._changed()

    def _keep(self) -> None:
        snapshot = self._session.snapshot
        concern = self._concern(snapshot)
        if concern != self._last:
            self._last = concern
            self._kept.append((self._clock(), snapshot))
