"""A probe from the key to its answers: planned, confirmed where it creates something, asked, compared, kept.

The flow owns the tasks of its probes. Whatever ends one (its end, an error, escape, leaving the program) it is awaited
to its end, so that what it made in the cluster is removed first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.message import Message

from kheadless_tui.errors import HeadlessError, NotFound, WriteRefused
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.comparison.history import History
from kheadless_tui.tui.known.probed import ProbeRecord, record_key
from kheadless_tui.tui.known.record_entries import entries, entries_of
from kheadless_tui.tui.known.serving import ask_served
from kheadless_tui.tui.known.view import ServiceView, build_view
from kheadless_tui.tui.probing.asker import Asker, ProbeSettings
from kheadless_tui.tui.render.answers import heads, heads_of
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.names import relative
from kheadless_tui.zone.record import Question, Record

if TYPE_CHECKING:
    from textual.app import App

    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.model.objects import ObjectKey
    from kheadless_tui.probe.comparison.compare import Comparison
    from kheadless_tui.probe.comparison.diagnosis import Diagnosis
    from kheadless_tui.probe.prober import ProbeResult, Progress
    from kheadless_tui.probe.remembering import Remembering
    from kheadless_tui.probe.server import Protocol
    from kheadless_tui.zone.serving.config import ZoneConfig

PROGRESS_EVERY = 0.1
"""Seconds between two reports of progress: a hundred answers come in 50 ms and are not worth a hundred repaints."""
KEPT_PROBES = 8
"""Probes of single records that are kept beside the last one of the whole Service."""
REMEMBERED = 60.0
"""Seconds after a probe for which the changes of its Service are kept: caches hold nothing for longer as a rule."""
EVERY_TRANSPORT: tuple[Protocol, ...] = ("udp", "tcp")
"""How every server is asked: they may differ in one of them alone."""
CLOSE_WITHIN = 8.0
"""Seconds that leaving waits for the removal of what a probe made."""


class ProbeFlow:
    """The probes of one run of the program, at most one at a time for each Service."""

    class Changed(Message):
        """A probe came a step further."""

        def __init__(self, key: ObjectKey, state_text: str, *, count_only: bool = False) -> None:
            super().__init__()
            self.key = key
            self.state_text = state_text
            """One line for the status row."""
            self.count_only = count_only
            """Nothing but the number of answers has changed."""

        def can_replace(self, message: Message) -> bool:
            """Only how it stands now is of interest; but a count never takes the place of a step."""
            if not isinstance(message, ProbeFlow.Changed) or message.key != self.key:
                return False
            return self.count_only or not message.count_only

    def __init__(
        self,
        app: App[Any],
        session: ClusterSession,
        settings: ProbeSettings | None = None,
        *,
        before: ProbeFlow | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what probes need.

        Args:
            app: Shows the question before a write; its first screen is told of changes.
            session: The cluster.
            settings: What the user said of all probes.
            before: The probes of the same cluster by another session: what they found is kept.
            clock: Unix time.
        """
        self._app = app
        self._session = session
        self._clock = clock
        self.asker = Asker(app, session, settings or ProbeSettings())
        """Makes what asks, for probes and for whatever else asks from the same place."""
        self.history = History()
        """What finished probes found, for comparing two of them."""
        self._records: dict[ObjectKey, ProbeRecord] = {}
        self._archive: dict[int, ProbeRecord] = {}
        """Finished probes by their number in the history."""
        self._tasks: dict[ObjectKey, asyncio.Task[None]] = {}
        self._stops: dict[ObjectKey, asyncio.Event] = {}
        self._remembering: dict[ObjectKey, Remembering] = {}
        """What has been known of the Services that were probed of late."""
        self._reported = 0.0
        self._number = 0
        self._closed = False
        if before is not None:
            self._adopt(before)

    def _adopt(self, before: ProbeFlow) -> None:
        """Keep what probes of the same cluster found; those that run are cancelled by who leaves them."""
        self.asker.vantage, self._number = before.asker.vantage, before._number
        self.history, self._archive = before.history, before._archive
        self._records = {key: record for key, record in before._records.items() if not record.running}

    # -- asking for a probe ------------------------------------------------------------------------------------

    def start(
        self,
        service_key: ObjectKey,
        record: Record | None = None,
        vantage: str | None = None,
        *,
        every_server: bool = False,
    ) -> None:
        """Begin a probe; while one of the same Service runs, nothing happens but that this is said.

        Args:
            service_key: The Service.
            record: Ask for this one alone.
            vantage: Where from, as the user writes it; else the one that was chosen last.
            every_server: Ask all servers, over UDP and TCP.
        """
        if self._closed:
            return
        if self.running(service_key):
            self._tell(service_key, "still asking; esc cancels")
            return
        before = self._records.get(service_key)
        self._number += 1
        spec = vantage or self.asker.vantage
        self._records[service_key] = ProbeRecord(
            service_key, self._number, "planning", spec, self._clock(), earlier=_still_shown(before), every=every_server
        )
        self._report(service_key)
        self._stops[service_key] = asyncio.Event()
        task = asyncio.create_task(self._run(service_key, record, spec), name=f"probe {service_key}")
        self._tasks[service_key] = task

    def choose(self, service_key: ObjectKey, record: Record | None = None) -> None:
        """Let the user choose where from, and then begin; the choice holds for the probes after it."""
        from kheadless_tui.tui.probing.vantage import VantageScreen  # noqa: PLC0415 - the first picture comes sooner

        def chosen(vantage: str | None) -> None:
            if vantage is not None:
                self.asker.vantage = vantage
                self.start(service_key, record)

        self._app.push_screen(VantageScreen(self._session, service_key, self.asker), chosen)

    def cancel(self, service_key: ObjectKey | None = None) -> bool:
        """Ask no more in the probe of a Service, or in all probes; what came is kept. Twice: end it at once.

        Returns:
            Whether there was anything to cancel.
        """
        running = [key for key in self._tasks if self.running(key) and service_key in (None, key)]
        for key in running:
            if self._records[key].state == "asking" and not self._stops[key].is_set():
                self._stops[key].set()
            else:
                self._tasks[key].cancel()
        return bool(running)

    async def close(self) -> None:
        """Cancel everything and wait until what was made in the cluster is removed, for some seconds at the most."""
        self._closed = True
        for remembering in self._remembering.values():
            remembering.close()
        others = asyncio.create_task(self.asker.close(CLOSE_WITHIN))
        left = [task for task in self._tasks.values() if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CLOSE_WITHIN)
        await others

    def finished(self, number: int) -> ProbeRecord | None:
        """A finished probe by its number in the history; ``None`` when it was forgotten."""
        return self._archive.get(number)

    def last(self, service_key: ObjectKey) -> ProbeRecord | None:
        """The last probe of a Service."""
        return self._records.get(service_key)

    def running(self, service_key: ObjectKey) -> bool:
        """A probe of it is under way."""
        task = self._tasks.get(service_key)
        return task is not None and not task.done()

    # -- one probe ---------------------------------------------------------------------------------------------

    async def _run(self, key: ObjectKey, record: Record | None, spec: str) -> None:
        try:
            await self._probe(key, record, spec)
        except asyncio.CancelledError:
            self._step(key, state="cancelled")
            raise
        except WriteRefused as error:
            state = "failed" if self._session.readonly else "cancelled"
            self._step(key, state=state, error=clean(error.message), hint=clean(error.hint))
        except HeadlessError as error:
            self._step(key, state="failed", error=clean(error.message), hint=clean(error.hint))
        except Exception as error:  # a fault of ours must not end the program: what it shows is still true
            self._step(key, state="failed", error=clean(f"The probe broke: {error!r}"), hint="Please report this.")

    async def _probe(self, key: ObjectKey, record: Record | None, spec: str) -> None:
        # What judges replies, and predicts them: 0.1 s, and nothing of it is on the first picture.
        from kheadless_tui.probe.comparison.judging import service_questions  # noqa: PLC0415
        from kheadless_tui.tui.probing.judged_probe import JudgedProbe  # noqa: PLC0415

        config = (await ask_served(self._session, again=True)).config
        view = self._view(key, config)
        if record is None:
            # Beside everything else, as whatever is made of all records of a Service: there may be thousands.
            questions = await asyncio.to_thread(service_questions, view.snapshot, view.service, config)
            subject = ""
        else:
            questions = (Question(record.name, record.type),)
            subject = f"{relative(record.name, view.origin)} {record.type}"
        self._step(key, subject=subject)
        probe = JudgedProbe(self._session, key, config, questions, self._remember(key))
        await probe.begin()
        prober = self.asker.prober(lambda waiting: self._step(key, state="confirming" if waiting else "asking"))
        every = self._records[key].every
        plan = await prober.plan(
            parse_vantage(spec),
            key.namespace,
            questions,
            service=key,
            every_server=every,
            transports=EVERY_TRANSPORT if every else (),
        )
        probe.servers = plan.servers
        self._step(key, vantage=clean(plan.vantage), total=len(questions))
        result = await prober.run(
            plan,
            lambda progress: self._progress(key, progress),
            follow_up=probe.settling,
            stop=self._stops[key],
        )
        await self._keep(key, config, result, await probe.diagnosis(result))

    def _remember(self, key: ObjectKey) -> Remembering:
        """What is known of a Service, from now on if not from a probe before; what is too old is forgotten."""
        from kheadless_tui.probe.remembering import Remembering, of_service  # noqa: PLC0415 - as for a probe

        if key not in self._remembering:
            self._remembering[key] = Remembering(self._session, of_service(key))
            asyncio.get_running_loop().call_later(REMEMBERED, self._forget, key)
        return self._remembering[key]

    def _forget(self, key: ObjectKey) -> None:
        """Keep no more of a Service whose last probe is long ago."""
        idle = self._clock() - self._records[key].started
        if not self._closed and (self.running(key) or idle < REMEMBERED):
            asyncio.get_running_loop().call_later(REMEMBERED, self._forget, key)
        else:
            self._remembering.pop(key).close()

    def _view(self, key: ObjectKey, config: ZoneConfig) -> ServiceView:
        view = build_view(self._session, key, config=config, now=self._clock())
        if view is None:
            raise NotFound(f"There is no Service {key} any more.", hint="It was deleted while the probe was planned.")
        return view

    async def _keep(self, key: ObjectKey, config: ZoneConfig, result: ProbeResult, diagnosis: Diagnosis) -> None:
        """Keep what a probe came to."""
        if not result.complete and not diagnosis.observations:  # what is known is still what was known before it
            self._step(key, state="cancelled", answered=0, hint=clean(" ".join(result.warnings)))
            return
        view, comparison = self._view(key, config), diagnosis.comparison
        vantages = clean(", ".join(dict.fromkeys(vantage.name for vantage in result.vantages)))
        before = self._records[key]
        subject = f"{key} {before.subject}".rstrip()
        kept = self.history.add(
            subject,
            vantages or before.vantage,
            diagnosis.observations,
            comparison,
            started=result.started,
            generation=view.snapshot.generation,
            cancelled_at=(0, 0) if result.complete else (before.answered, before.total),
        )
        record = replace(
            before,
            state="done" if result.complete else "cancelled",
            result=replace(result, observations=diagnosis.observations),
            comparison=comparison,
            diagnosis=diagnosis,
            predicted=frozenset(record_key(item.record) for item in view.predicted),
            answered=len(diagnosis.observations),
            started=result.started,
            vantage=vantages or before.vantage,
            hint=clean(" ".join(result.warnings)),
            kept=kept,
            # A whole probe of the whole Service answers every question anew.
            earlier=before.earlier if before.subject or not result.complete else (),
        )
        self._records[key] = record
        self._archive[kept.number] = replace(record, earlier=())
        for number in self._archive.keys() - {probe.number for probe in self.history.probes}:
            del self._archive[number]
        await self._make_rows(replace(view, last_probe=record))
        self._report(key)

    async def _make_rows(self, view: ServiceView) -> None:
        """Have the rows made that the panels will show, beside whatever else is done: there may be thousands."""
        await asyncio.to_thread(entries, *entries_of(view))
        await asyncio.to_thread(heads, *heads_of(view))

    # -- telling -----------------------------------------------------------------------------------------------

    def _progress(self, key: ObjectKey, progress: Progress) -> None:
        record = replace(
            self._records[key],
            state="asking",
            doing=clean(progress.doing),
            answered=progress.done,
            total=progress.total,
        )
        self._records[key] = record
        now = time.monotonic()
        if now - self._reported >= PROGRESS_EVERY:
            self._reported = now
            self._tell(key, _status_text(record), count_only=True)

    def _step(self, key: ObjectKey, **changes: Any) -> None:
        self._records[key] = replace(self._records[key], **changes)
        self._report(key)

    def _report(self, key: ObjectKey) -> None:
        self._tell(key, _status_text(self._records[key]))

    def _tell(self, key: ObjectKey, text: str, *, count_only: bool = False) -> None:
        if self._app.is_running and self._app.screen_stack and not self._closed:
            self._app.screen_stack[0].post_message(self.Changed(key, text, count_only=count_only))


def _still_shown(before: ProbeRecord | None) -> tuple[ProbeRecord, ...]:
    """The finished probes whose answers stay on the screen: back to the last one of the whole Service."""
    shown: list[ProbeRecord] = []
    for record in before.finished if before is not None else ():
        shown.append(replace(record, earlier=()))
        if not record.subject:
            break
    return tuple(shown[:KEPT_PROBES])


def _status_text(record: ProbeRecord) -> str:
    if record.state != "done" or record.comparison is None:
        return f"probe: {record.progress}"
    headline = record.diagnosis.headline if record.diagnosis is not None else ""
    return f"probe done: {headline or counts_text(record.comparison)}"


def counts_text(comparison: Comparison) -> str:
    """``25 of 25 match``, or what does not: ``2 missing, 1 wrong of 25``."""
    total = len(comparison.rows)
    others = [f"{count} {verdict}" for verdict, count in sorted(comparison.counts.items()) if verdict != "match"]
    if not others:
        return f"{comparison.counts.get('match', 0)} of {total} match"
    return f"{', '.join(others)} of {total}"
