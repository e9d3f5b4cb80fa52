"""The panels on views, driven by keys: what they say of themselves, and what survives a change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from msgspec.structs import replace
from textual.app import App, ComposeResult
from textual.binding import Binding

from kheadless_tui.cluster.state import Forbidden
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.comparison.compare import Comparison
from kheadless_tui.tui.keys.filtering import Filter
from kheadless_tui.tui.known.notices import sentence_of, severity
from kheadless_tui.tui.known.probed import ProbeRecord
from kheadless_tui.tui.known.record_entries import RecordEntry
from kheadless_tui.tui.text.roles import role_variables
from kheadless_tui.tui.widgets.answers_panel import AnswersPanel
from kheadless_tui.tui.widgets.findings_panel import FindingsPanel
from kheadless_tui.tui.widgets.panel import Panel
from kheadless_tui.tui.widgets.pods_panel import PodsPanel
from kheadless_tui.tui.widgets.records_panel import RecordsPanel
from kheadless_tui.zone.record import Question
from tests.tui import probing
from tests.tui.probing import READS, probed, view_of
from tests.tui.worlds import KEY, NOW, endpoint, healthy, pod, service, slice_of, troubled, world

STYLES = Path(__file__).parents[2] / "styles"


class PanelsApp(App[None]):
    """The four panels one above the other, told of each other as the main screen tells them."""

    CSS_PATH: ClassVar[list[str]] = [str(STYLES / "base.tcss"), str(STYLES / "panels.tcss")]  # type: ignore[assignment]
    CSS = "Panel { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.pods, self.records = PodsPanel(), RecordsPanel()
        self.answers, self.findings = AnswersPanel(), FindingsPanel()

    @property
    def panels(self) -> list[Panel]:
        return [self.pods, self.records, self.answers, self.findings]

    def get_css_variables(self) -> dict[str, str]:
        return role_variables(super().get_css_variables())

    def compose(self) -> ComposeResult:
        yield from self.panels

    def on_panel_pointed(self, event: Panel.Pointed) -> None:
        for panel in self.panels:
            if panel is not event.panel:
                panel.point(event.pod, event.question)


def text_of(panel: Panel) -> list[str]:
    return [panel.render_line(y).text.rstrip() for y in range(panel.size.height)]


async def test_panels_say_what_their_rules_and_tabs_tell() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 80)) as pilot:
        for panel in app.panels:
            panel.show(view_of(troubled()))
        await pilot.pause()
        assert (app.pods.title, app.pods.count, app.pods.tally) == ("pods", "2 of 5 in DNS", "5")
        assert app.records.title == "records · below nginx-headless.shop.svc.cluster.local."
        assert (app.records.count, app.records.tally) == ("12 exist, 4 withheld", "12")
        assert (app.answers.count, app.answers.tally) == ("not probed", "–")
        assert int(app.findings.tally) == len(view_of(troubled()).findings)
        for panel in app.panels:
            panel.show(None)
        await pilot.pause()
        assert [panel.count for panel in app.panels] == ["", "", "", ""]
        assert not any(panel.rows for panel in app.panels)


@pytest.mark.parametrize("snapshot", [healthy, troubled])
async def test_tab_and_rule_of_the_records_tell_one_count(snapshot: Callable[[], Snapshot]) -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 80)) as pilot:
        app.records.show(probed(view_of(snapshot())))
        await pilot.pause()
        rows = [row.value for row in app.records.rows if isinstance(row.value, RecordEntry)]
        withheld = sum(entry.verdict == "withheld" for entry in rows)
        assert any(not entry.is_predicted for entry in rows), "a name that must not exist was asked for, too"
        assert app.records.tally == str(len(rows) - withheld)
        if withheld:
            assert app.records.count == f"{app.records.tally}, {withheld} withheld"
        else:
            assert app.records.count == f"1/{app.records.tally}"


async def test_a_failed_probe_stays_in_sight_above_the_answers_of_an_earlier_one() -> None:
    view = probed(view_of(healthy()))
    assert view.last_probe is not None
    failed = dataclasses.replace(
        view.last_probe, state="failed", result=None, comparison=None, earlier=(view.last_probe,), error="It broke."
    )
    app = PanelsApp()
    async with app.run_test(size=(88, 80)) as pilot:
        app.answers.styles.height = 6
        app.answers.show(view)
        await pilot.pause()
        app.answers.show(dataclasses.replace(view, last_probe=failed))
        await pilot.pause()
        assert text_of(app.answers)[0] == " ✗ It broke."
        assert (app.answers.count, app.answers.tally) == ("failed", "failed")


def test_a_service_without_answers_says_what_became_of_its_probe() -> None:
    record = ProbeRecord(KEY, 1, "failed", "auto", NOW, error="It broke.")
    view = view_of(healthy())
    assert sentence_of(view)[0].text.endswith(" · not probed yet")
    (said,) = sentence_of(dataclasses.replace(view, last_probe=record))
    assert said.text.endswith(f" · {record.unanswered}")
    assert record.unanswered.startswith("probe failed at ")
    assert dataclasses.replace(record, state="asking").unanswered == "being probed"
    assert dataclasses.replace(record, state="cancelled").unanswered == "not probed: cancelled"


def test_replies_that_nothing_was_predicted_for_are_no_match() -> None:
    answered = probed(view_of(healthy())).last_probe
    assert answered is not None
    assert answered.comparison is not None
    assert answered.result is not None
    comparison = Comparison.of((), answered.result.observations)
    record = dataclasses.replace(answered, comparison=comparison)
    assert severity("", record, ()) == "unknown"
    (said,) = sentence_of(dataclasses.replace(view_of(healthy()), last_probe=record))
    assert said.text.startswith(f"{len(comparison.unjudged)} replies that nothing is predicted for · asked from pod/")


def test_a_probe_that_was_stopped_before_any_reply_leaves_what_the_one_before_it_said() -> None:
    answered = probed(view_of(healthy())).last_probe
    assert answered is not None
    stopped = ProbeRecord(KEY, 2, "cancelled", "auto", NOW, total=112, earlier=(answered,))
    assert severity("", stopped, ()) == severity("", answered, ())
    (said, *_) = sentence_of(dataclasses.replace(view_of(healthy()), last_probe=stopped))
    assert said.text.startswith("match: ")
    assert said.text.endswith(" · asked again: cancelled after 0 of 112 answers: p asks again")


async def test_pods_may_not_be_listed_and_slices_still_tell() -> None:
    snapshot = world(service("nginx-headless"), slice_of("nginx-headless", "s", [endpoint("10.0.0.1", "web-0")]))
    reads = {**READS, ("pods", ""): Forbidden("list", "pods", "shop", "no")}
    app = PanelsApp()
    async with app.run_test(size=(53, 80)) as pilot:
        app.pods.show(view_of(snapshot, reads=reads))
        await pilot.pause()
        lines = text_of(app.pods)
        assert " ! You may not list pods in shop." in lines
        assert any("web-0" in line and "10.0.0.1" in line and "yes" in line for line in lines)


async def test_pods_of_an_unread_namespace_are_not_said_to_be_missing() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 80)) as pilot:
        app.pods.show(view_of(world(service("nginx-headless")), reads={}))
        await pilot.pause()
        text = "\n".join(text_of(app.pods))
        assert "reading pods of shop" in text
        assert "No pod in shop" not in text
        app.pods.show(view_of(world(service("nginx-headless"))))
        await pilot.pause()
        assert "No pod in shop has the labels app=web." in "\n".join(text_of(app.pods))


async def test_records_that_do_not_exist_say_why() -> None:
    snapshot = world(service("nginx-headless"), pod("web-0", "10.0.0.1", ready=False))
    app = PanelsApp()
    async with app.run_test(size=(88, 80)) as pilot:
        app.records.show(view_of(snapshot))
        await pilot.pause()
        assert text_of(app.records)[1].startswith(" ! Service shop/nginx-headless")
        assert app.records.tally == "0"


async def test_the_cursor_of_one_panel_is_followed_by_the_others() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 120)) as pilot:
        view = probed(view_of(healthy()))
        for panel in app.panels:
            panel.show(view)
        app.records.focus()
        await pilot.pause()
        app.records.move_to("web-1.nginx-headless.shop.svc.cluster.local./A/10.244.2.18")
        await pilot.pause()
        await pilot.pause()
        assert app.records.crumb == "web-1 A"
        assert app.records.full_name == "web-1.nginx-headless.shop.svc.cluster.local."
        assert any(line.startswith("•● web-1") for line in text_of(app.pods))
        assert sum(line.startswith("•") for line in text_of(app.records)) == 8, "the other records of the same pod"
        assert app.answers.crumb == "web-1 A"
        assert "10.244.2.18" in "\n".join(text_of(app.answers))
        assert app.records.selected_record is not None
        assert app.records.selected_record.type == "A"


async def test_only_problems_and_filters_are_told_in_the_rule() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 120)) as pilot:
        view = probed(view_of(healthy()), {("web-1", "A"): probing.denied})
        app.records.show(view)
        app.records.focus()
        total = len(app.records.rows)
        await pilot.press("ctrl+z")
        await pilot.pause()
        assert app.records.count == f"1 of {total} · problems"
        assert len(app.records.rows) == 1
        await pilot.press("ctrl+z")
        app.records.set_filter(Filter("web-2"))
        await pilot.pause()
        assert app.records.count.endswith(f" of {total} · /web-2")
        app.pods.show(view)
        app.pods.set_filter(Filter("zzz"))
        await pilot.pause()
        assert "No pod matches /zzz." in "\n".join(text_of(app.pods))


async def test_the_worst_answer_is_the_one_that_is_open() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 120)) as pilot:
        app.answers.show(probed(view_of(healthy()), {("web-1", "A"): probing.denied}))
        await pilot.pause()
        assert app.answers.crumb == "web-1 A"
        text = text_of(app.answers)
        assert any(line.startswith("❯- missing") for line in text)
        assert any("NXDOMAIN" in line for line in text)
        app.answers.focus()
        await pilot.press("g")
        await pilot.pause()
        assert app.answers.crumb == "@ A"
        assert any(line.startswith(" equals") for line in text_of(app.answers))


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("planning", ["looking for a place to ask from (auto)", "esc cancels."]),
        ("confirming", ["waiting for your yes", "esc cancels."]),
        ("asking", ["asking: 3 of 25 answered", "esc cancels."]),
        ("failed", ["No pod may be used.", "Try debug/web-0.", "p tries again, v asks from elsewhere."]),
        ("cancelled", ["The probe was cancelled after 3 of 25 answers.", "p asks again."]),
    ],
)
async def test_how_a_probe_stands_is_said(state: str, says: list[str]) -> None:
    record = ProbeRecord(KEY, 1, state, "auto", NOW, answered=3, total=25)  # type: ignore[arg-type]
    if state == "failed":
        record = ProbeRecord(KEY, 1, "failed", "auto", NOW, error="No pod may be used.", hint="Try debug/web-0.")
    app = PanelsApp()
    async with app.run_test(size=(88, 80)) as pilot:
        app.answers.show(view_of(healthy(), last_probe=record))
        await pilot.pause()
        text = "\n".join(text_of(app.answers))
        for sentence in says:
            assert sentence in text


async def test_who_may_not_probe_is_not_told_to() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 80)) as pilot:
        app.answers.show(view_of(healthy(), cannot_probe="you may not run a program in a pod of shop"))
        await pilot.pause()
        text = "\n".join(text_of(app.answers))
        assert "it cannot be: you may not run a program in a pod of shop." in text
        assert "p asks" not in text


async def test_a_change_of_the_cluster_keeps_the_cursor_and_a_new_service_begins_at_the_top() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 120)) as pilot:
        app.pods.show(view_of(healthy()))
        app.pods.focus()
        await pilot.press("j", "j")
        assert app.pods.crumb == "web-2"
        app.pods.show(view_of(troubled()))
        await pilot.pause()
        assert app.pods.crumb == "web-2"
        other = ObjectKey("shop", "other")
        snapshot = world(
            service("other"), slice_of("other", "s", [endpoint("10.0.0.1", "a"), endpoint("10.0.0.2", "b")])
        )
        app.pods.show(view_of(snapshot, other))
        await pilot.pause()
        assert app.pods.crumb == "a"


async def test_new_rows_are_marked_for_a_while_and_the_first_reading_is_no_news() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 120)) as pilot:
        app.pods.show(view_of(healthy()))
        await pilot.pause()
        assert not any(line.startswith("▎") for line in text_of(app.pods))
        app.pods.show(view_of(troubled()))
        await pilot.pause()
        marked = [line for line in text_of(app.pods) if line.startswith("▎")]
        assert [line.split()[1] for line in marked] == ["web-1", "web-2", "web-10", "(no"], "two have other addresses"
        app.records.show(view_of(healthy()))
        await pilot.pause()
        app.records.show(probed(view_of(healthy())))
        app.records.focus()
        await pilot.press("ctrl+z", "ctrl+z")
        await pilot.pause()
        assert not any(line.startswith("▎") for line in text_of(app.records)), "answers are no change of the cluster"
        app.records.show(view_of(troubled()))
        await pilot.pause()
        app.records.action_last()
        await pilot.pause()
        assert any(line.startswith("▎· withheld") for line in text_of(app.records))


async def test_records_that_come_with_the_corefile_are_no_news() -> None:
    app = PanelsApp()
    async with app.run_test(size=(88, 120)) as pilot:
        view = view_of(healthy())
        app.records.show(view_of(healthy(), config=replace(view.config, zones=view.config.zones[:1])))
        await pilot.pause()
        assert not any(" PTR " in line for line in text_of(app.records))
        app.records.show(view)
        await pilot.pause()
        reverse = [line for line in text_of(app.records) if " PTR " in line]
        assert reverse
        assert not any(line.startswith("▎") for line in reverse)


async def test_findings_unfold_with_the_focus_where_there_is_little_room() -> None:
    snapshot = world(
        service("nginx-headless"),
        slice_of("nginx-headless", "s", [endpoint("10.244.0.1", "web-0", ready=False)]),
        pod("web-0", "10.244.0.1", ready=False),
    )
    app = PanelsApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.findings.show(view_of(snapshot))
        await pilot.pause()
        assert not any(line.startswith(" cause") for line in text_of(app.findings))
        assert any(line.startswith("   fix ") for line in text_of(app.findings)), "what to do is told at once"
        app.findings.focus()
        await pilot.pause()
        assert any(line.startswith(" cause") for line in text_of(app.findings))
        app.pods.focus()
        await pilot.pause()
        assert not any(line.startswith(" cause") for line in text_of(app.findings))


def test_every_panel_has_help_and_every_key_an_id() -> None:
    ids: list[str] = []
    for panel in (PodsPanel, RecordsPanel, AnswersPanel, FindingsPanel):
        assert panel.HELP
        for binding in panel.__dict__.get("BINDINGS", []):
            assert isinstance(binding, Binding)
            assert binding.id
            ids.append(binding.id)
    assert len(ids) == len(set(ids))


def test_pointing_at_a_question_that_was_not_asked_changes_nothing() -> None:
    panel = AnswersPanel()
    panel.point("", Question("nowhere.", "A"))
    assert panel.crumb == ""
