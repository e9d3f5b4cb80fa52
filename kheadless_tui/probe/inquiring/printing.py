"""Questions by a program that prints: some runs at a time, and once more for what got no reply."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from kheadless_tui.cluster.pods.exec import ExecResult, exec_in
from kheadless_tui.probe.carriers.text import PATIENCE, TextCarrier, Told, said
from kheadless_tui.probe.inquiring.dnsmessage import Unaskable
from kheadless_tui.probe.inquiring.inquiry import Asked, Asking, OnObservation
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question

PARALLEL = 4
"""Runs at one time."""
QUICK = 1.0
"""Seconds for which a run of several questions waits for a reply at first: on a lossy way each wait holds up the next
question, and whoever got no reply is asked again with all the time there is."""
TEXT_LIMIT = 512 * 1024
"""Bytes taken from one run."""
MAX_RUNS = 500
"""Runs for one server: each is an exec, which costs the API server and the node more than a question costs DNS."""
FIRST = 2
"""Questions that are asked alone at first: when there is no reply to any of them, the server is taken for silent, and
the others are not waited for one by one."""


class TextAsker:
    """One use of a program that prints."""

    def __init__(self, make: Callable[[float], TextCarrier], asking: Asking, settle: OnObservation) -> None:
        """Take what makes the program's carrier, given the seconds to wait for a reply."""
        carrier = make(asking.timeout)
        several = carrier.batch > 1
        self._carrier = make(min(QUICK, asking.timeout)) if several else carrier
        self._patient = carrier
        self._asking = asking
        self._on_observation = settle
        self._seen: dict[Question, Observation] = {}
        self._gate = asyncio.Semaphore(PARALLEL)

    async def __call__(self, questions: Sequence[Question]) -> Asked:
        """Ask all; an outcome for each.

        Raises:
            ClusterError: nothing can be run in the container.
        """
        batch = self._carrier.batch
        left = self._within_bounds(self._askable(questions), MAX_RUNS * batch)
        shown = self._carrier.shown
        argv, runs = self._carrier.argv(left[:shown]) if left else (), -(-len(left) // shown)
        if len(left) > FIRST:
            await self._twice(left[:FIRST])
            left = left[FIRST:]
            if not any(self._seen[question].error == "" for question in self._seen):
                self._give_up(left)
                return Asked([self._seen[question] for question in questions], argv, runs=FIRST)
        await self._twice(left)
        return Asked([self._seen[question] for question in questions], argv, runs=runs)

    def _askable(self, questions: Sequence[Question]) -> list[Question]:
        left: list[Question] = []
        for question in questions:
            try:
                self._carrier.argv([question])
                left.append(question)
            except Unaskable as error:
                self._settle(self._asking.observe(question, None, error=str(error), unasked=True))
        return left

    def _within_bounds(self, questions: list[Question], most: int) -> list[Question]:
        for question in questions[most:]:
            error = f"not asked: one probe runs {self._asking.carrier} {MAX_RUNS} times at the most"
            self._settle(self._asking.observe(question, None, error=error, unasked=True))
        return questions[:most]

    def _give_up(self, left: Sequence[Question]) -> None:
        error = list(self._seen.values())[-1].error
        for question in left:
            self._settle(self._asking.observe(question, None, error=f"not asked, since others got no reply: {error}"))

    def _settle(self, observation: Observation) -> None:
        self._seen[observation.question] = observation
        self._on_observation(observation)

    async def _twice(self, questions: Sequence[Question]) -> None:
        """Ask, and those without a reply again."""
        left = list(questions)
        for last in (False, True):
            carrier = self._patient if last else self._carrier
            size = carrier.batch_again if last else carrier.batch
            batches = [left[at : at + size] for at in range(0, len(left), size)]
            try:
                async with asyncio.TaskGroup() as group:
                    runs = [group.create_task(self._run(carrier, batch, last)) for batch in batches]
            except ExceptionGroup as failures:  # all runs fail for one reason: the pod, the rights or the connection
                raise failures.exceptions[0] from None
            left = [question for run in runs for question in run.result()]

    async def _run(self, carrier: TextCarrier, batch: Sequence[Question], last: bool) -> list[Question]:
        """One run; the questions that are to be asked again."""
        async with self._gate:
            await self._asking.pace.turns(len(batch))
            started, began = time.time(), time.monotonic()
            result = await self._exec(carrier.argv(batch))
            within = (time.monotonic() - began) * 1000
        again = []
        text = said(result)
        for told in carrier.read(result, batch):
            if told.reply is None and not last:
                again.append(told.question)
            else:
                self._settle(self._observed(told, started, text, within))
        return again

    def _observed(self, told: Told, started: float, text: str, within: float) -> Observation:
        error = "" if told.reply is not None else f"{told.error} (asked twice)"
        return self._asking.observe(
            told.question,
            told.reply,
            ms=told.ms,
            within=within if told.within is None else told.within,
            error=error,
            started=started,
            unknown=told.unknown,
            text=text,
        )

    async def _exec(self, argv: tuple[str, ...]) -> ExecResult:
        asking = self._asking
        target = asking.target
        return await exec_in(
            asking.transport,
            asking.permit,
            target.namespace,
            target.pod,
            target.container,
            argv,
            timeout=asking.timeout * PATIENCE,
            max_bytes=TEXT_LIMIT,
        )
