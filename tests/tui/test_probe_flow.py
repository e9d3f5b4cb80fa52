"""Probes from the key to the answers, on the lab: a real API server at the wire, exec, pods and DNS in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.lab.lab import Lab
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.known.probed import ProbeRecord
from kheadless_tui.tui.known.view import build_view
from kheadless_tui.tui.probing.confirm import ConfirmScreen
from kheadless_tui.tui.probing.probe_flow import ProbeFlow
from kheadless_tui.tui.probing.vantage import VantageScreen
from kheadless_tui.tui.text.roles import role_variables
from kheadless_tui.tui.widgets.answers_panel import AnswersPanel
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.zone.record import Record

STYLES = Path(__file__).parents[2] / "styles"
SLOWLY = 0.2
"""Lab seconds to a second where a pod must not be there and gone before it is looked for."""
KEY = ObjectKey("tutorial-1", "nginx-headless")


class FlowApp(App[None]):
    CSS_PATH: ClassVar[list[str]] = [str(STYLES / "base.tcss"), str(STYLES / "panels.tcss")]  # type: ignore[assignment]

    def __init__(self, session: ClusterSession) -> None:
        super().__init__()
        self.session = session
        self.flow = ProbeFlow(self, session)
        self.answers = AnswersPanel()
        self.told: list[str] = []

    def get_css_variables(self) -> dict[str, str]:
        return role_variables(super().get_css_variables())

    def compose(self) -> ComposeResult:
        yield self.answers

    @on(ProbeFlow.Changed)
    async def changed(self, event: ProbeFlow.Changed) -> None:
        self.told.append(event.state_text)
        view = build_view(
            self.session, KEY, config=await self.session.zone_config(), now=0, last_probe=self.flow.last(KEY)
        )
        self.answers.show(view)

    @property
    def record(self) -> ProbeRecord:
        record = self.flow.last(KEY)
        assert record is not None
        return record


async def until(pilot: Pilot[None], condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition; the screen is given its turn meanwhile."""
    async with asyncio.timeout(seconds):
        while not condition():
            await pilot.pause()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def probing(
    size: tuple[int, int] = (80, 24),
    user: str = "admin",
    readonly: bool = False,
    speed: float = 50,
) -> AsyncIterator[tuple[FlowApp, Pilot[None], Lab]]:
    async with Lab.start(world="tutorials", speed=speed) as lab:
        connection = await asyncio.to_thread(
            load_connection, kubeconfig=lab.kubeconfig_of(user), context=None, request_timeout=10.0
        )
        session = ClusterSession(connection, namespaces=(KEY.namespace,), readonly=readonly)
        await session.start()
        try:
            await session.loaded(10)
            session.show_pods(KEY.namespace)
            app = FlowApp(session)
            async with app.run_test(size=size) as pilot:
                await until(pilot, lambda: len(_ready(session)) == 3)
                try:
                    yield app, pilot, lab
                finally:
                    await app.flow.close()
        finally:
            await session.close()


def _ready(session: ClusterSession) -> list[str]:
    return [
        endpoint.pod_name or ""
        for item in session.snapshot.slices_of(KEY)
        for endpoint in item.endpoints or ()
        if endpoint.ready
    ]


def probe_pods(lab: Lab) -> list[str]:
    names = [item["metadata"]["name"] for item in lab.all("Pod", KEY.namespace)]
    return [name for name in names if name.startswith("kheadless-probe")]


def done(app: FlowApp) -> Callable[[], bool]:
    return lambda: app.record.state == "done"


async def test_an_exec_in_a_running_pod_asks_nothing_and_answers_as_predicted() -> None:
    async with probing() as (app, pilot, _):
        app.flow.start(KEY)
        assert app.record.state == "planning"
        await until(pilot, done(app))
        assert not isinstance(app.screen, ConfirmScreen)
        record = app.record
        assert record.comparison is not None
        assert record.comparison.verdict == "match"
        addresses = [
            row
            for row in record.comparison.rows
            if row.question.name.startswith("nginx-headless.") and row.record.type == "A"
        ]
        assert sorted(row.pod or "" for row in addresses) == ["web-0", "web-1", "web-2"]
        await until(pilot, lambda: bool(app.told) and app.told[-1].startswith("probe done: "))
        assert app.told[-1].endswith(" match")
        assert record.equals


async def test_a_temporary_pod_is_asked_for_shown_and_gone_afterwards() -> None:
    async with probing() as (app, pilot, lab):
        app.flow.start(KEY, vantage="new")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert probe_pods(lab) == [], "nothing before the yes"
        screen = app.screen
        assert isinstance(screen, ConfirmScreen)
        box = screen.query_one("#confirm-box")
        assert box.region.height <= 24
        assert box.region.width <= 80
        await pilot.press("y")
        await until(pilot, done(app))
        assert app.record.comparison is not None
        assert app.record.comparison.verdict == "match"
        assert probe_pods(lab) == []
        assert app.record.result is not None
        assert app.record.result.vantages[0].created


@pytest.mark.parametrize("key", ["escape", "enter", "n", "q"])
async def test_only_yes_goes_on(key: str) -> None:
    async with probing() as (app, pilot, lab):
        app.flow.start(KEY, vantage="new")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press(key)
        await until(pilot, lambda: not app.flow.running(KEY))
        assert app.record.state == "cancelled"
        assert probe_pods(lab) == []
        assert not isinstance(app.screen, ConfirmScreen)


async def test_cancelling_removes_the_pod_that_was_made() -> None:
    async with probing(speed=SLOWLY) as (app, pilot, lab):
        app.flow.start(KEY, vantage="new")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: bool(probe_pods(lab)))
        assert app.flow.cancel(KEY)
        await until(pilot, lambda: not app.flow.running(KEY))
        assert app.record.state == "cancelled"
        await until(pilot, lambda: probe_pods(lab) == [])
        assert not app.flow.cancel(KEY), "nothing is left to cancel"


async def test_stopping_while_every_server_is_asked_keeps_what_came() -> None:
    async with probing() as (app, pilot, lab):
        lab.network.lost.add(("UDP", ""))
        app.flow.start(KEY, every_server=True)
        await until(pilot, lambda: app.record.answered > 0)
        assert app.flow.cancel(KEY)
        await until(pilot, lambda: not app.flow.running(KEY))
        assert app.record.state == "cancelled"
        result = app.record.result
        assert result is not None
        assert not result.complete
        assert {seen.transport for seen in result.observations if not seen.error} == {"tcp"}
        assert len(result.observations) < app.record.total
        assert app.flow.history.probes[0].observations, "it is kept for a comparison"
        lab.network.lost.clear()
        app.flow.start(KEY)
        await until(pilot, done(app))


async def test_cancelling_takes_the_question_away() -> None:
    async with probing() as (app, pilot, _):
        app.flow.start(KEY, vantage="new")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        app.flow.cancel()
        await until(pilot, lambda: not app.flow.running(KEY))
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))


async def test_leaving_waits_until_the_pod_is_gone() -> None:
    async with probing(speed=SLOWLY) as (app, pilot, lab):
        app.flow.start(KEY, vantage="new")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: bool(probe_pods(lab)))
        await app.flow.close()
        assert probe_pods(lab) == []
        app.flow.start(KEY)
        assert not app.flow.running(KEY), "nothing begins after that"


async def test_read_only_refuses_and_says_so() -> None:
    async with probing(readonly=True) as (app, pilot, lab):
        app.flow.start(KEY, vantage="new")
        await until(pilot, lambda: app.record.state == "failed")
        assert "--readonly" in app.record.error
        assert app.record.hint
        again = "It cannot be tried again: the program runs with --readonly."
        await until(pilot, lambda: again in " ".join(" ".join(_lines(app.answers)).split()))
        assert probe_pods(lab) == []


async def test_a_missing_right_is_told_with_what_to_do() -> None:
    async with probing(user="viewer") as (app, pilot, _):
        app.flow.start(KEY)
        await until(pilot, lambda: app.record.state == "failed")
        assert app.record.error
        await until(pilot, lambda: any(line.startswith(" ✗ ") for line in _lines(app.answers)))


async def test_one_record_is_asked_alone_and_the_rest_is_kept() -> None:
    async with probing() as (app, pilot, _):
        app.flow.start(KEY)
        await until(pilot, done(app))
        total = app.record.total
        name = "web-0.nginx-headless.tutorial-1.svc.cluster.local."
        app.flow.start(KEY, Record(name, 30, "A", "10.0.0.1"))
        await until(pilot, done(app))
        assert (app.record.total, app.record.subject) == (1, "web-0 A")
        assert len(app.record.finished) == 2
        await until(pilot, lambda: app.answers.tally == str(total))


async def test_a_second_start_while_one_runs_is_told_and_does_nothing() -> None:
    async with probing() as (app, pilot, _):
        app.flow.start(KEY, vantage="new")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        number = app.record.number
        app.flow.start(KEY)
        await until(pilot, lambda: "still asking; esc cancels" in app.told)
        assert app.record.number == number


async def test_an_ephemeral_container_is_added_after_one_yes() -> None:
    async with probing() as (app, pilot, lab):
        app.flow.start(KEY, vantage="debug/web-0")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, done(app))
        assert lab.get("Pod", KEY.namespace, "web-0")["spec"]["ephemeralContainers"]
        assert "stays in pod web-0" in app.record.hint


async def test_a_place_is_chosen_from_the_list() -> None:
    async with probing() as (app, pilot, _):
        app.flow.choose(KEY)
        await until(pilot, lambda: isinstance(app.screen, VantageScreen))
        await until(
            pilot, lambda: any(row.id == "pod/web-1" for item in app.screen.query(RowList) for row in item.rows)
        )
        listing = app.screen.query_one(RowList)
        listing.move_to("pod/web-1")
        await pilot.press("enter")
        await until(pilot, done(app))
        assert app.record.spec == "pod/web-1"
        assert app.record.vantage.startswith("pod/web-1")
        app.flow.start(KEY)
        await until(pilot, done(app))
        assert app.record.spec == "pod/web-1", "the choice holds"


async def test_names_that_namespaces_out_of_scope_give_an_address_are_not_held_against_dns() -> None:
    elsewhere = """
apiVersion: v1
kind: Service
metadata: {name: other, namespace: team-a}
spec: {clusterIP: None, ports: [{name: web, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: other-1, namespace: team-a, labels: {kubernetes.io/service-name: other}}
addressType: IPv4
endpoints: [{addresses: ["%s"], hostname: stranger}]
ports: [{name: web, port: 80}]
"""
    async with probing() as (app, pilot, lab):
        address = next(
            address
            for item in app.session.snapshot.slices_of(KEY)
            for endpoint in item.endpoints or ()
            for address in endpoint.addresses or ()
        )
        lab.apply(elsewhere % address)
        app.flow.start(KEY)
        await until(pilot, done(app))
        record = app.record
        assert record.result is not None
        assert record.comparison is not None
        answered = {item.data for seen in record.result.observations for item in seen.answer if item.type == "PTR"}
        assert "stranger.other.team-a.svc.cluster.local." in answered, "DNS does say it"
        assert record.comparison.verdict == "match"


async def test_a_service_that_is_gone_is_an_error_and_not_a_crash() -> None:
    async with probing() as (app, pilot, _):
        missing = ObjectKey(KEY.namespace, "nothing")
        app.flow.start(missing)
        await until(pilot, lambda: not app.flow.running(missing))
        record = app.flow.last(missing)
        assert record is not None
        assert record.error == "There is no Service tutorial-1/nothing any more."


def _lines(panel: AnswersPanel) -> list[str]:
    return [panel.render_line(y).text.rstrip() for y in range(panel.size.height)]


def test_a_count_gives_way_to_everything_and_a_step_to_no_count() -> None:
    count = ProbeFlow.Changed(KEY, "3 of 7205 answered", count_only=True)
    step, other = ProbeFlow.Changed(KEY, "done"), ProbeFlow.Changed(ObjectKey("shop", "other"), "done")
    assert count.can_replace(step)
    assert step.can_replace(step)
    assert not step.can_replace(count)
    assert not count.can_replace(other)
