"""A race between a change and a probe, told from a fault: what differs is asked again before it is called a difference.

CoreDNS hears of a change a moment after we do, or before; and pods come and go while a probe runs. A reply that differs
is therefore asked for again after a short wait, over the same way, and held against what is known then. What differs
twice, while its prediction stays the same, is a difference. What differs no more is asked for once or twice again:
behind the address of kube-dns several replicas stand, and one of them may lag.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from kheadless_tui.probe.comparison.canonical import identity
from kheadless_tui.probe.comparison.compare import EXTRA, MISSING, WRONG, Comparison, Row
from kheadless_tui.probe.comparison.judging import Predictions
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question

WAITS = (1.0, 1.0, 1.0)
"""Seconds before each time of asking again. CoreDNS serves a change within some 100 ms of the API (seen: 20 to 400)."""
MOST_ASKED_AGAIN = 200
"""Replies that are asked for again in one round; of more the first are taken, which tell as much."""
DOUBTED = (MISSING, EXTRA, WRONG)
"""Verdicts that may come of a race. A stale answer is explained, and silence has been asked again already."""

Sleep = Callable[[float], Awaitable[None]]
Prepare = Callable[[Sequence[Observation]], Awaitable[None]]


async def no_preparation(_: Sequence[Observation]) -> None:
    """For what is judged soon enough by itself."""


@dataclass(frozen=True, slots=True)
class Race:
    """A record that differed at first and is as predicted now."""

    row: Row
    """The verdict at first."""
    seconds: float
    """Between the reply that differed and the one that did not."""


class Settling:
    """Says what of a probe is to be asked again; it is called with all replies so far, until it returns nothing."""

    def __init__(
        self,
        predict: Callable[[], Predictions],
        judge: Callable[[Sequence[Observation]], Comparison],
        *,
        freshness: Freshness | None = None,
        sleep: Sleep = asyncio.sleep,
        prepare: Prepare = no_preparation,
    ) -> None:
        """Begin at the moment of the probe's start.

        Args:
            predict: The predicted answers as of now.
            judge: Holds replies against what is known now.
            freshness: The TTLs of replies that come from no cache, where they are known.
            sleep: Waits so many seconds.
            prepare: Awaited with the replies before they are judged, by who does most of that work in advance.
        """
        self._predict = predict
        self._judge = judge
        self._freshness = freshness
        self._sleep = sleep
        self._prepare = prepare
        self._predicted = predict()
        self._rounds = 0
        self._first: Comparison | None = None
        self._moved: set[Question] = set()
        """Questions whose prediction changed while we waited to ask again."""

    @property
    def rounds(self) -> int:
        """How often something was asked again."""
        return self._rounds

    async def __call__(self, observations: Sequence[Observation]) -> Sequence[Observation]:
        """The replies whose questions are to be put again, after a wait; none when all is settled."""
        replies = latest(observations)
        await self._prepare(replies)
        moved = self._moved | self._changed()
        comparison = self._judge(replies)
        if self._first is None:
            self._first = comparison
        doubted = _doubted(comparison, replies)
        older = self._older(observations, doubted)
        if self._rounds:
            doubted_first = {_way(seen) for seen in _doubted(self._first, replies)}
            odd = {_way(seen) for seen in doubted}
            doubted = [
                seen
                for seen in replies
                if (_way(seen) in odd and seen.question in moved) or (_way(seen) in doubted_first - odd)
            ]
        if not doubted or self._rounds == len(WAITS):
            return tuple(older)
        await self._sleep(WAITS[self._rounds])
        self._rounds += 1
        await self._prepare(())
        self._moved = self._changed()
        return [*doubted[:MOST_ASKED_AGAIN], *older]

    def comparison(self, observations: Sequence[Observation]) -> Comparison:
        """The verdicts on the last replies, against what is known now."""
        return self._judge(latest(observations))

    def races(self, observations: Sequence[Observation], now: Comparison) -> tuple[Race, ...]:
        """What differed at first and does not any more.

        Args:
            observations: All replies.
            now: The verdicts on the last ones.
        """
        if self._first is None or not self._rounds:
            return ()
        odd = {_key(row) for row in now.rows if row.verdict in DOUBTED}
        times: dict[_Way, list[float]] = {}
        for seen in observations:
            if not seen.aside:
                times.setdefault(_way(seen), []).append(seen.started)
        races = []
        for row in self._first.rows:
            asked = times.get((row.vantage, row.server, row.transport, row.question), [])
            if row.verdict in DOUBTED and _key(row) not in odd and len(asked) > 1:
                races.append(Race(row, asked[-1] - asked[0]))
        return tuple(races)

    def _older(self, observations: Sequence[Observation], doubted: Sequence[Observation]) -> list[Observation]:
        """What was asked past a cache and is older than this probe: another one has put it there a moment ago."""
        if self._freshness is None or not any(seen.aside for seen in observations):
            return []
        odd = {(seen.vantage, seen.server, seen.question) for seen in doubted}
        began = min((seen.started for seen in observations if seen.started), default=0.0)
        asides: dict[tuple[str, str, Question], Observation] = {}
        for seen in sorted((seen for seen in observations if seen.aside), key=lambda seen: seen.aside):
            asides[seen.vantage, seen.server, seen.question] = seen
        return [
            seen
            for key, seen in asides.items()
            if key in odd and seen.aside == 1 and self._freshness.left(seen, began) is not None
        ][:MOST_ASKED_AGAIN]

    def _changed(self) -> set[Question]:
        """Questions whose prediction is not what it was when this was asked last."""
        before, self._predicted = self._predicted, self._predict()
        return {question for question, answer in self._predicted.items() if answer != before.get(question)}


_Way = tuple[str, str, str, Question]


def latest(observations: Iterable[Observation]) -> list[Observation]:
    """The last reply to each question over each way, in the order in which they were first asked.

    What was asked past caches is no reply that a client gets.
    """
    found: dict[_Way, Observation] = {}
    for seen in observations:
        if not seen.aside:
            found[_way(seen)] = seen
    return list(found.values())


def _way(seen: Observation) -> _Way:
    return seen.vantage, seen.server, seen.transport, seen.question


def _key(row: Row) -> tuple[object, ...]:
    return row.vantage, row.server, row.transport, row.question, identity(row.record)


def _doubted(comparison: Comparison, observations: Sequence[Observation]) -> list[Observation]:
    ways = {(row.vantage, row.server, row.transport, row.question) for row in comparison.rows if row.verdict in DOUBTED}
    return [seen for seen in observations if _way(seen) in ways]
