"""One probe under way: its lines are opened, asked side by side, asked again where the caller wants it, and closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from kheadless_tui.cluster.pods.leftovers import remove_leftover
from kheadless_tui.errors import ClusterError, UsageError
from kheadless_tui.probe.choosing.equivalent import removal_line
from kheadless_tui.probe.choosing.places import Places
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.standing import open_place
from kheadless_tui.probe.inquiring.inquiry import Ask, Asked
from kheadless_tui.probe.inquiring.lines import Line, LineSet, lines_by_forward, lines_from_here, lines_from_place
from kheadless_tui.probe.inquiring.pace import MAX_QUESTIONS, Pace
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport

PARALLEL_LINES = 4
"""Lines that are asked at one time: a matrix of ten is done in a few round trips, and no node feels it."""
ROUNDS = 3
"""How often the caller may have questions asked again."""

NOT_IN_IMAGE = "not found in $PATH"
"""What a runtime says of a program that the image was believed to have: another build of the same name is there now."""

FollowUp = Callable[[Sequence[Observation]], Awaitable[Sequence[Observation]]]
"""Is given all that came so far; those that it returns are asked again, of the same server over the same transport, and
past its cache as well; those that were asked so are asked past it in another way."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a probe has come."""

    doing: str
    """A few words: ``creating pod kheadless-probe-x``, ``asking``."""
    done: int
    """Outcomes so far: one for each question, server and transport."""
    total: int
    observation: Observation | None = None
    """The outcome that was reported by this, if it is one: what came can be shown, and kept, before the end."""


@dataclass(slots=True)
class Came:
    """What has come so far, and what is to be said of it."""

    observations: list[Observation] = field(default_factory=list)
    lines: LineSet = LineSet(())  # noqa: RUF009 - it is frozen
    asked: dict[Line, Asked] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    unsure: dict[Line, Observation] = field(default_factory=dict)
    """Lines to servers that were only presumed, whose first question got no reply."""
    absent: set[Line] = field(default_factory=set)
    """Lines to servers that were only presumed and of which nothing answers."""

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers that were asked, in the order of the layers."""
        return tuple(dict.fromkeys(line.server for line in self.lines.lines if line not in self.absent))

    @property
    def ways(self) -> tuple[tuple[str, str, str], ...]:
        """The lines that are asked, as observations name them."""
        return tuple(line.id for line in self.lines.lines if line not in self.absent)

    @property
    def vantages(self) -> tuple[Vantage, ...]:
        """The places, each with all programs that were used in it."""
        tools: dict[str, dict[str, None]] = {}
        for line in self.lines.lines:
            tools.setdefault(line.vantage.name, {})[line.tool] = None
        places = {line.vantage.name: line.vantage for line in self.lines.lines}
        return tuple(msgspec.structs.replace(each, tool=", ".join(tools[name])) for name, each in places.items())

    @property
    def commands(self) -> list[str]:
        """The commands that equal what was run."""
        made = (line.command(asked) for line, asked in self.asked.items() if line not in self.absent)
        return [command for command in made if command]

    def in_order(self, questions: Sequence[Question]) -> tuple[Observation, ...]:
        """By line and question; what was asked again after what was asked first."""
        by_line = {line.id: number for number, line in enumerate(self.lines.lines)}
        by_question = {question: number for number, question in enumerate(questions)}

        def place(seen: Observation) -> tuple[int, int]:
            line = by_line.get((seen.vantage, seen.server, seen.transport), len(by_line))
            return line, by_question.get(seen.question, len(by_question))

        return tuple(sorted(self.observations, key=place))


class Run:
    """A probe that has been let through the gate."""

    def __init__(
        self,
        transport: Transport,
        places: Places,
        plan: ProbePlan,
        permit: Permit,
        *,
        timeout: float,
        start_timeout: float,
        on_progress: Callable[[Progress], None],
        follow_up: FollowUp | None,
    ) -> None:
        self._transport = transport
        self._places = places
        self._plan = plan
        self._permit = permit
        self._timeout = timeout
        self._start_timeout = start_timeout
        self._on_progress = on_progress
        self._follow_up = follow_up
        self._pace = Pace()
        self._total = len(plan.questions)
        self._doing = "asking"
        self._gate = asyncio.Semaphore(PARALLEL_LINES)
        self.came = Came()

    async def until(self, stop: asyncio.Event | None) -> bool:
        """Run to the end, or until ``stop`` is set; either way nothing of ours stays. True when it came to its end."""
        if stop is None:
            await self._run()
            return True
        work = asyncio.ensure_future(self._run())
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                self._say("stopping")
                work.cancel()
                await asyncio.wait({work})
        finally:
            stopped.cancel()
            if not work.done():  # we were cancelled ourselves
                work.cancel()
                await asyncio.wait({work})
        if work.cancelled():
            return False
        work.result()
        return True

    async def _run(self) -> None:
        await self._remove_leftovers()
        self._say("asking")
        async with self._opened() as lines:
            self.came.lines = lines
            self.came.warnings += lines.notes
            self._total = len(self._plan.questions) * len(lines.lines)
            if self._total > MAX_QUESTIONS:
                raise UsageError(
                    f"{self._total} questions are more than one probe asks ({MAX_QUESTIONS}).",
                    hint="Ask for one Service, or one server, at a time.",
                )
            await self._ask_all(lines.lines)
            await self._ask_presumed()
            await self._ask_again(lines.lines)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[LineSet]:
        plan = self._plan
        if plan.kind == "coredns":
            yield lines_by_forward(self._transport, self._permit, plan, self._timeout, self._pace)
        elif plan.kind == "local":
            yield lines_from_here(self._transport, self._permit, plan, self._timeout, self._pace)
        else:
            async with open_place(
                self._transport,
                self._places,
                plan,
                self._permit,
                start_timeout=self._start_timeout,
                say=self._say,
                warnings=self.came.warnings,
            ) as place:
                self._say(f"asking from {place.target}")
                yield lines_from_place(place, plan, self._timeout, self._pace)

    # -- asking ------------------------------------------------------------------------------------------------

    async def _ask_all(self, lines: Sequence[Line]) -> None:
        failures: dict[Line, ClusterError] = {}

        async def one(line: Line) -> None:
            async with self._gate:
                try:
                    await self._ask(line, self._plan.questions)
                except ClusterError as error:
                    failures[line] = error

        async with asyncio.TaskGroup() as group:
            for line in lines:
                group.create_task(one(line))
        if failures and len(failures) == len(lines):
            raise next(iter(failures.values()))
        for line, error in failures.items():
            for question in self._plan.questions:
                self._count(Observation(*line.id, question, error=error.message))

    async def _ask(self, line: Line, questions: Sequence[Question]) -> None:
        self._say(f"asking {line.server.name} over {line.transport.upper()} from {line.vantage.name}")
        first: Sequence[Question] = ()
        if line.server.presumed:
            first, questions = questions[:1], questions[1:]
            asked = await line.ask(first, lambda _: None)
            if asked.observations[0].error:
                self.came.unsure[line] = asked.observations[0]
                return
            self._count(asked.observations[0])
        if questions:
            asked = await line.ask(questions, self._count)
        self.came.asked[line] = asked
        if any(NOT_IN_IMAGE in seen.error for seen in asked.observations) and self._plan.place is not None:
            self._places.forget(self._plan.place.image)

    async def _ask_presumed(self) -> None:
        """Settle the lines to presumed servers that were silent.

        A server that answers by any line is there, and is asked for the rest by all of them, so that a lost transport
        shows; one that answers by none is told, and left out.
        """
        there = {line.server for line in self.came.asked}
        for line, first in self.came.unsure.items():
            if line.server in there:
                self._count(first)
                if rest := self._plan.questions[1:]:
                    self.came.asked[line] = await line.ask(rest, self._count)
            else:
                self.came.absent.add(line)
                self._total -= len(self._plan.questions)
        for server in dict.fromkeys(line.server for line in self.came.absent):
            self.came.warnings.append(f"{server} did not answer: no {server.name} there, or it is down.")

    async def _ask_again(self, lines: Sequence[Line]) -> None:
        if self._follow_up is None:
            return
        by_id = {line.id: line for line in lines}
        for _ in range(ROUNDS):
            self._say("comparing; what differs is asked again")
            wanted = await self._follow_up(tuple(self.came.observations))
            if not wanted:
                return
            questions: dict[Line, dict[Question, None]] = {}
            further: dict[Line, dict[Question, None]] = {}
            for seen in wanted:
                line = by_id.get((seen.vantage, seen.server, seen.transport))
                if line is not None:
                    (further if seen.aside else questions).setdefault(line, {})[seen.question] = None
            beside = _beside(questions)
            self._total += sum(len(each) for some in (questions, beside, further) for each in some.values())
            self._say("asking again what differed")
            await self._side_by_side((line.ask, again) for line, again in questions.items())
            await self._side_by_side((line.asides[0], again) for line, again in beside.items())
            await self._side_by_side((line.asides[1], again) for line, again in further.items())

    async def _side_by_side(self, asks: Iterable[tuple[Ask, Iterable[Question]]]) -> None:
        async def one(ask: Ask, questions: Iterable[Question]) -> None:
            async with self._gate:
                await ask(list(questions), self._count)

        try:
            async with asyncio.TaskGroup() as group:
                for ask, questions in asks:
                    group.create_task(one(ask, questions))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    # -- telling -----------------------------------------------------------------------------------------------

    async def _remove_leftovers(self) -> None:
        """Remove what was confirmed to be removed, and tell it; what stays is told with the command."""
        stay = list(self._plan.leaves)
        for pod in self._plan.removes:
            try:
                await remove_leftover(self._transport, self._permit, pod)
            except ClusterError:
                stay.append(pod)
            else:
                self.came.warnings.append(f"Pod {pod.key}, left by a probe that was killed, was removed.")
        for pod in stay:
            self.came.warnings.append(
                f"Pod {pod.key} was left by a probe that was killed; remove it by: "
                + removal_line(pod, self._plan.flags)
            )

    def _count(self, observation: Observation) -> None:
        self.came.observations.append(observation)
        self._on_progress(Progress(self._doing, len(self.came.observations), self._total, observation))

    def _say(self, doing: str) -> None:
        self._doing = doing
        self._on_progress(Progress(doing, len(self.came.observations), self._total))


def _beside(questions: Mapping[Line, Iterable[Question]]) -> dict[Line, dict[Question, None]]:
    """What is asked past the caches, once for each server whatever the transport, by the lines that can."""
    told: set[tuple[str, Server, Question]] = set()
    found: dict[Line, dict[Question, None]] = {}
    for line, asked in questions.items():
        for question in asked:
            if line.asides and (key := (line.vantage.name, line.server, question)) not in told:
                told.add(key)
                found.setdefault(line, {})[question] = None
    return found
