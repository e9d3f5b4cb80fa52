"""What changed is marked with a word for a while; rows can be sorted; a dialog that cannot be seen takes no key."""

from __future__ import annotations

import re

import pytest

from kheadless_tui.commands.demo import LateLevers
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.switches.levers import Levers
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.dialogs.levers import LeversScreen
from kheadless_tui.tui.dialogs.too_small import TooSmallScreen
from kheadless_tui.tui.probing.confirm import ConfirmScreen
from kheadless_tui.tui.widgets import panel
from kheadless_tui.tui.widgets.rows import RowList
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import FakeSession, endpoint, pod, service, shop, slice_of, until
from tests.tui.test_shell_app import running, shows
from tests.tui.test_shell_lab import on_lab


def _slice(*endpoints: object) -> object:
    return slice_of(service("nginx-headless"), *endpoints)  # type: ignore[arg-type]


async def test_new_other_and_gone_endpoints_are_told_by_a_word_and_then_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panel, "CHANGED_FOR", 0.5)
    session = FakeSession(shop())
    async with running(session, (200, 50), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "2 of 4 in DNS"))
        changed = [endpoint("web-0", "10.244.7.7"), endpoint("web-1", "10.244.1.18"), endpoint("web-4", "10.244.1.21")]
        session.builder.remove("Pod", ObjectKey("shop", "web-2"))
        session.builder.remove("Pod", ObjectKey("shop", "web-3"))
        session.put(_slice(*changed), pod("web-4", "10.244.1.21", app="nginx-headless"))  # type: ignore[arg-type]
        await until(pilot, shows(app, "3 of 3 in DNS"))
        text = screen_text(app)
        assert re.search(r"▎. web-4 .* new", text)
        assert re.search(r"web-0 .* was 10\.244\.1\.17", text)
        assert re.search(r"web-2 .* gone", text)
        assert re.search(r"web-1  (?!.*(new|gone|was))", text)
        assert text.index("web-2 ") < text.index("web-3 "), "where they were"

        def faded() -> bool:
            pods, records = "\n".join(line[35:] for line in screen_lines(app)).split("── records")
            return "was 10.244.1.17" not in pods and "web-2" not in records

        await until(pilot, faded)


async def test_records_are_sorted_by_a_key_and_back() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "2 of 4 in DNS"))
        await pilot.press("tab", "tab", "T")
        await until(pilot, shows(app, "TYPE ↑"))
        await pilot.press("V")
        await until(pilot, shows(app, "VERDICT ↑"))
        await pilot.press("V")
        await until(pilot, lambda: "VERDICT ↑" not in screen_text(app))
        await pilot.press("colon", *"by-name", "enter")
        await until(pilot, shows(app, "NAME ↑"))


@pytest.mark.parametrize("size", [(39, 24), (80, 9)])
async def test_a_dialog_that_cannot_be_seen_takes_no_key(size: tuple[int, int]) -> None:
    async with on_lab(vantage="new") as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        before = len(lab.all("Pod", "tutorial-1"))
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: isinstance(app.screen, TooSmallScreen))
        assert "too small" in " ".join(screen_text(app).split())
        await pilot.press("y", "enter")
        assert len(lab.all("Pod", "tutorial-1")) == before
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))


async def test_a_probe_that_is_cancelled_takes_its_question_away_even_under_the_word_that_there_is_no_room() -> None:
    async with on_lab(vantage="new") as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.resize_terminal(39, 9)
        await until(pilot, lambda: isinstance(app.screen, TooSmallScreen))
        app.flow.cancel()
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_the_labs_menu_pulls_and_undoes_and_the_header_counts() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LeversScreen))
        rows = app.screen.query_one(RowList)
        await until(pilot, lambda: bool(rows.rows))
        while "Slow API server" not in str(rows.rows[rows.cursor].value):
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, shows(app, "▾ Slow API server"))
        await pilot.press("j", "enter")
        await until(pilot, lambda: not isinstance(app.screen, LeversScreen))
        await until(pilot, lambda: "lab 1 on" in screen_lines(app)[0])
        await pilot.press("colon", *"lab", "enter")
        await until(pilot, shows(app, "Slow API server  on: "))
        await pilot.press("u")
        await until(pilot, lambda: "on  ●" not in screen_lines(app)[0] and "lab  ●" in screen_lines(app)[0])


async def test_the_choices_of_a_lever_are_filtered_as_one_types() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LeversScreen))
        rows = app.screen.query_one(RowList)
        await until(pilot, lambda: bool(rows.rows))
        levers = len(rows.rows)
        await pilot.press("slash", *"slow api")
        await until(pilot, shows(app, "1 with /slow api · 0 on"))
        await pilot.press("enter", "enter")
        await until(pilot, shows(app, "▾ Slow API server"))
        choices = len(rows.rows) - levers
        assert choices > 1
        await pilot.press("slash", *"no such")
        await until(pilot, shows(app, "Nothing matches /no such."))
        await pilot.press("escape")
        await until(pilot, lambda: len(rows.rows) == levers + choices)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, LeversScreen))


async def test_a_filtered_choice_is_the_one_that_is_pulled() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LeversScreen))
        await until(pilot, lambda: bool(app.screen.query_one(RowList).rows))
        await pilot.press("slash", *"tutorial-1/web-1")
        await until(pilot, shows(app, "▾ Pod that is not ready"))
        assert "tutorial-1/web-2" not in screen_text(app)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: not isinstance(app.screen, LeversScreen))
        await until(pilot, shows(app, "2 of 3 in DNS"))
        await until(pilot, lambda: any("web-1" in line and "no: not ready" in line for line in screen_lines(app)))


async def test_what_hides_rows_is_said_where_the_panel_is_a_tab_and_has_no_rule() -> None:
    async with running(FakeSession(shop()), (80, 24), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("tab", "tab", "ctrl+z")
        await until(
            pilot, lambda: re.search(r"nginx-headless · .* \d+ of \d+ · problems ━$", screen_lines(app)[1].rstrip())
        )
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "problems" not in screen_lines(app)[1])
        await pilot.press("slash", *"web-0", "enter")
        await until(pilot, lambda: re.search(r" \d+ of \d+ · /web-0 ━$", screen_lines(app)[1].rstrip()))
        await pilot.press("escape")
        await until(pilot, lambda: "web-0" not in screen_lines(app)[1])


async def test_the_labs_menu_waits_for_a_lab_that_is_being_built() -> None:
    async with Lab.start(world="empty") as lab:
        late = LateLevers()
        async with running(FakeSession(shop()), levers=late) as (app, pilot):
            await pilot.press("L")
            await until(pilot, shows(app, "The lab is being built."))
            await pilot.press("enter")
            late.built(Levers(lab))
            await until(pilot, shows(app, "Pod that is not ready"))
