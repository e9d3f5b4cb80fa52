"""Probes that were made: opened again, held against each other, their raw text, and answers that a change overtook."""

from __future__ import annotations

import re

from textual.pilot import Pilot

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.app import HeadlessApp
from kheadless_tui.tui.known.record_entries import record_entries
from kheadless_tui.tui.render.answers import answer_card, answer_heads
from kheadless_tui.tui.sheets.answers import ProbeScreen
from kheadless_tui.tui.sheets.history import DifferenceScreen, HistoryScreen
from kheadless_tui.tui.sheets.text import TextScreen
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import until
from tests.tui.probing import probed, view_of
from tests.tui.test_shell_app import drawn_at, shows
from tests.tui.test_shell_lab import on_lab
from tests.tui.worlds import endpoint, healthy, service, slice_of, world

KEY = ObjectKey("tutorial-1", "nginx-headless")


async def probe(app: HeadlessApp, pilot: Pilot[int]) -> None:
    before = len(app.flow.history.probes)
    await pilot.press("p")
    await until(pilot, lambda: len(app.flow.history.probes) > before)


async def test_two_probes_are_listed_opened_and_compared() -> None:
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await probe(app, pilot)
        lab.scale("tutorial-1", "web", 2)
        snapshot = app.session
        await until(pilot, lambda: len(snapshot.snapshot.slices_of(KEY)[0].endpoints or ()) == 2)
        await probe(app, pilot)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        await until(pilot, shows(app, "probes · space marks two to compare"))
        lines = screen_lines(app)
        assert "● live" in lines[0]
        assert lines[-1].strip().startswith("enter open  space mark  d difference")
        assert len(app.flow.history.probes) == 2
        await pilot.press("space", "j", "space", "d")
        await until(pilot, lambda: isinstance(app.screen, DifferenceScreen))
        await until(pilot, shows(app, "web-2"))
        assert "gone" in screen_text(app)
        for size in ((200, 50), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await until(pilot, drawn_at(app, size))
            lines = screen_lines(app)
            assert "below nginx-headless.tutorial-1.svc.cluster.local. " in lines[1]
            rows = [line for line in lines if " A " in line or " SRV " in line or " PTR " in line]
            assert rows
            assert len(set(rows)) == len(rows), "each tells which record it is, and of which server"
            assert all(re.search(r" \d+\.\d+\.\d+\.\d+ TCP *$", line) for line in rows)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProbeScreen))
        await until(pilot, shows(app, "· older"))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, TextScreen))
        await until(pilot, shows(app, ";QUESTION"))
        await pilot.press("c")
        await until(pilot, lambda: ";QUESTION" in app.clipboard)
        await pilot.press("escape", "C")
        await until(pilot, lambda: app.clipboard.startswith("kubectl"))
        await pilot.press("c")
        await until(pilot, lambda: " IN " in app.clipboard)


async def test_raw_text_and_command_are_one_key_away_from_the_tree() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("x")
        await until(pilot, shows(app, "x is off: no reply yet, p asks"))
        await probe(app, pilot)
        await until(pilot, shows(app, "probe done"))
        await pilot.press("C")
        await until(pilot, lambda: app.clipboard.startswith("kubectl"))
        await until(pilot, shows(app, "sent to the terminal's clipboard: "))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, TextScreen))
        await until(pilot, shows(app, ";QUESTION"))


async def test_without_probes_the_history_says_how_to_make_one() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("colon", *"history", "enter")
        await until(pilot, shows(app, "Nothing was probed yet."))
        await until(pilot, lambda: screen_lines(app)[-1].strip() == "esc back")
        await pilot.press("d", "enter", "space", "escape")
        await until(pilot, lambda: not isinstance(app.screen, HistoryScreen))


def _scaled() -> object:
    return world(
        service("nginx-headless"),
        slice_of("nginx-headless", "nginx-headless-x7k2p", [endpoint("10.244.1.17", "web-0")]),
    )


def test_answers_from_before_a_change_say_so_and_are_not_explained_by_what_is_right_now() -> None:
    before = probed(view_of(healthy()))
    now = view_of(_scaled(), last_probe=before.last_probe)  # type: ignore[arg-type]
    heads = {head.subject: head for head in answer_heads(now)}
    assert heads["@ A"].verdict == "older"
    assert heads["web-2 A"].verdict == "older"
    assert heads["web-0 A"].verdict == "match", "nothing changed in it"
    card = answer_card(now, heads["web-2 A"])
    assert card.why == ("This answer is older than a change of the records: now NXDOMAIN is predicted. p asks again.",)
    assert all(not line.verdict for line in card.lines), "it was judged by what was right then"
    verdicts = {(entry.name, entry.type, entry.data): entry.verdict for entry in record_entries(now)}
    assert verdicts["web-0", "A", "10.244.1.17"] == "match"
    assert not any(name == "web-2" for name, _, _ in verdicts)


def test_a_denial_from_before_a_change_leaves_the_records() -> None:
    before = probed(view_of(_scaled()))  # type: ignore[arg-type]
    asked = {(entry.name, entry.type) for entry in record_entries(before)}
    now = view_of(healthy(), last_probe=before.last_probe)
    rows = [(entry.name, entry.type, entry.data, entry.verdict) for entry in record_entries(now)]
    assert ("web-2", "A", "10.244.3.19", "not asked") in rows
    assert not any(data == "NXDOMAIN" and name == "web-2" for name, _, data, _ in rows)
    assert asked


async def test_what_came_before_a_cancel_is_kept_and_said() -> None:
    fleet = KEY
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        for server in lab.dns.replicas.values():
            server.hangs_after = 4
        await pilot.press("p")
        await until(pilot, lambda: (last := app.flow.last(fleet)) is not None and last.answered)
        last = app.flow.last(fleet)
        assert last is not None
        assert last.running, "the rest is never answered"
        await pilot.press("escape")
        await until(pilot, lambda: not app.flow.running(fleet))
        last = app.flow.last(fleet)
        assert last is not None
        assert last.state == "cancelled"
        assert last.result is not None
        assert 0 < len(last.result.observations) < last.total
        await until(pilot, shows(app, "What came until then is shown."))
        assert len(app.flow.history.probes) == 1
        await pilot.press("P")
        await until(pilot, shows(app, f"cancelled, {last.answered} of {last.total} asked"))
        await pilot.resize_terminal(80, 24)
        await until(pilot, drawn_at(app, (80, 24)))
        text = screen_text(app)
        assert f"cancelled, {last.answered} of {last.total} asked" in text
        assert "not asked" in text, "what was not asked is no match"
