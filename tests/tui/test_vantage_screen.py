"""The dialog that chooses where to ask from: what auto comes to, and why others cannot be used."""

from __future__ import annotations

from kheadless_tui.tui.probing.vantage import VantageScreen
from kheadless_tui.tui.render.vantages import AutoChoice, VantageChoice, with_auto
from tests.screen import screen_text
from tests.tui.conftest import until
from tests.tui.test_shell_app import drawn_at, shows
from tests.tui.test_shell_lab import on_lab


async def test_auto_says_which_place_and_why_before_it_is_asked_from() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        for size in ((200, 50), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await until(pilot, drawn_at(app, size))
            await pilot.press("v")
            await until(pilot, lambda: isinstance(app.screen, VantageScreen))
            await until(pilot, shows(app, "a pod of the Service itself"))
            assert "pod/web-0" in next(line for line in screen_text(app).splitlines() if "❯  auto" in line)
            if size != (80, 24):
                await pilot.press("escape")
                await until(pilot, lambda: not isinstance(app.screen, VantageScreen))
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.flow.history.probes))
        assert app.flow.history.probes[0].vantage.startswith("pod/web-0")


async def test_a_missing_right_is_said_beside_the_place_that_needs_it() -> None:
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        lab.forbid("create", "pods", "tutorial-1")
        await pilot.press("v")
        await until(pilot, shows(app, "no right: create pods"))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, VantageScreen))


def test_what_auto_passed_over_says_why() -> None:
    choices = [
        VantageChoice("auto", "", ""),
        VantageChoice("pod/a", "ready", ""),
        VantageChoice("pod/b", "", "", "no right"),
    ]
    told = with_auto(choices, AutoChoice("pod/c, by nc", "its own", (("pod/a", "no shell"), ("pod/b", "x"))))
    assert [(choice.known, choice.refused) for choice in told] == [
        ("pod/c, by nc", ""),
        ("ready, passed over: no shell", ""),
        ("", "no right"),
    ]
    (refused, *_) = with_auto(choices, AutoChoice(refused="nothing can carry a question"))
    assert refused.refused == "nothing can carry a question"
