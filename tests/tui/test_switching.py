"""Commands typed after ``:``, and the way from one cluster or scope to another, driven by keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

import pytest

from kheadless_tui.cluster.state import Offline
from kheadless_tui.errors import UsageError
from kheadless_tui.tui.app import HeadlessApp
from kheadless_tui.tui.keys.command_line import WORDY, Known, Verb, choices, parse
from kheadless_tui.tui.keys.places import Place, Trail, namespaces_of
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import FakeSession, shop, until
from tests.tui.test_shell_app import SIZES, running, shows, tree

KNOWN = Known((("prod-eu1", "cluster a"), ("staging", "cluster b")), ("billing", "shop", "shop-eu"), ("app=web",))
VERBS = (*WORDY, Verb("probe", "probe", "ask", "probe"), Verb("problems", "problems", "only problems", "problems"))


def header_has(app: HeadlessApp, text: str) -> Callable[[], bool]:
    """The line of commands may hold the same text, and while places are changed there is no header."""
    return lambda: text in screen_text(app).partition("\n")[0]


# -- pure ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["ctx ", "ns ", "sel ", "path ", "leftovers", "q", "probe", "problems"]),
        ("pro", ["probe", "problems"]),
        ("lems", ["problems"]),
        ("ctx st", ["ctx staging"]),
        ("context ", ["context prod-eu1", "context staging"]),
        ("ns sh", ["ns shop", "ns shop-eu"]),
        ("ns eu", ["ns shop-eu"]),
        ("ns billing sh", ["ns billing shop", "ns billing shop-eu"]),
        ("-l app", ["-l app=web"]),
        ("nonsense x", []),
    ],
)
def test_what_could_be_meant_is_offered(line: str, expected: list[str]) -> None:
    assert [choice.line for choice in choices(line, VERBS, KNOWN)[0]] == expected


@pytest.mark.parametrize(
    ("line", "name", "words"),
    [
        ("ns shop billing", "ns", ("shop", "billing")),
        ("q!", "q", ()),
        ("contexts", "ctx", ()),
        ("-l a=b", "sel", ("a=b",)),
        ("sel", "sel", ()),
        ("probe", "probe", ()),
        ("probl", "problems", ()),
    ],
)
def test_a_line_is_read(line: str, name: str, words: tuple[str, ...]) -> None:
    order = parse(line, VERBS)
    assert order is not None
    assert (order.verb.name, order.words) == (name, words)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nope", "no command 'nope'"),
        ("pro", "may be probe, problems"),
        ("probe app=db", "probe takes no word behind it"),
    ],
)
def test_a_line_that_cannot_be_run_says_why(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(line, VERBS)


def test_namespaces_are_checked_before_the_cluster_is_asked() -> None:
    assert namespaces_of(["all"]) == ()
    assert namespaces_of(["a,b", "a"]) == ("a", "b")
    for wrong in ("Shop", "a/b", "-x", "x" * 64, "..", "a;b"):
        with pytest.raises(UsageError, match="cannot be the name"):
            namespaces_of([wrong])


def test_a_trail_goes_back_and_on_and_to_where_one_was_last() -> None:
    first, second, third = Place("one"), Place("one", ("shop",)), Place("two", ("shop",))
    trail = Trail(first)
    assert trail.to_last == 0
    trail.arrive(second)
    trail.arrive(third)
    assert trail.at(-1) == second
    assert trail.at(+1) is None
    assert trail.to_last == -1
    trail.arrive(second, -1)
    assert trail.at(trail.to_last) == third
    trail.arrive(first, -1)
    trail.arrive(third)
    assert trail.at(+1) is None, "what was ahead is forgotten"
    assert trail.at(-1) == first
    assert trail.favourites("one") == ("shop",)


# -- by keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_the_words_of_a_command_are_asked_for_and_nothing_but_the_rows_above_the_line_moves(
    size: tuple[int, int],
) -> None:
    async with running(FakeSession(shop()), size, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        before = screen_lines(app)
        await pilot.press("colon", *"ns", "enter")
        await until(pilot, shows(app, ":ns "))
        lines = screen_lines(app)
        assert lines[-2].startswith(":ns ")
        assert "tab complete" in lines[-1]
        rule = next(y for y, line in enumerate(lines) if "── commands" in line)
        offered = [line.split()[0] for line in lines[rule + 1 : -2]]
        assert offered == [
            "all",
            "billing",
            "kube-system",
            "monitoring",
            "shop",
        ]
        assert lines[1:rule] == before[1:rule]
        await pilot.press("escape")
        await until(pilot, lambda: screen_lines(app)[:-1] == before[:-1])
        assert tree(app).has_focus


async def test_a_namespace_is_completed_and_looked_at_with_another_session() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("colon", *"ns bi", "tab", "enter")
        await until(pilot, header_has(app, "ns billing"))
        await until(pilot, shows(app, "services 2"))
        assert cast(object, app.session) is not session
        await until(pilot, lambda: session.closed)
        await until(pilot, lambda: session._callbacks == [])
        assert "0 all  1 billing" in screen_lines(app)[0]
        await pilot.press("0")
        await until(pilot, shows(app, "services 10"))
        await pilot.press("1")
        await until(pilot, shows(app, "services 2"))
        await pilot.press("minus")
        await until(pilot, shows(app, "services 10"))
        await pilot.press("5")
        await until(pilot, shows(app, "no namespace has the digit 5 yet"))


async def test_the_service_that_is_shown_stays_where_the_other_scope_has_it() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("colon", *"ns shop", "enter")
        await until(pilot, shows(app, "services 5"))
        await until(pilot, shows(app, "── nginx-headless · shop"))


async def test_a_namespace_that_cannot_be_listed_can_be_typed() -> None:
    async with running(FakeSession(shop()), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("colon", *"ns hidden", "enter")
        await until(pilot, shows(app, "No headless Service in hidden."))
        await pilot.press("colon", *"ns Hidden", "enter")
        await until(pilot, shows(app, "'Hidden' cannot be the name of a namespace"))
        assert "ns hidden" in screen_lines(app)[0]


async def test_a_selector_is_told_in_the_header() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("colon", *"sel app=mysql-ep", "enter")
        await until(pilot, header_has(app, "ns all -l app=mysql-ep"))
        await pilot.press("colon", *"sel", "enter")
        await until(pilot, lambda: header_has(app, "ns all")() and not header_has(app, "-l app")())


async def test_a_selector_that_is_none_and_a_word_too_many_leave_all_as_it_was() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("colon", *"sel app in (web", "enter")
        await until(pilot, shows(app, "'app in (web' is no label selector: expected ',' or ')', found the end"))
        await pilot.press("colon", *"la app=db", "enter")
        await until(pilot, shows(app, "last takes no word behind it: sel (-l), ns, ctx and path do"))
        assert cast(object, app.session) is session
        assert not session.closed


async def test_a_context_that_does_not_exist_leaves_all_as_it_was() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("colon", *"ctx nowhere", "enter")
        await until(pilot, shows(app, "still ns all of prod-eu1"))
        assert cast(object, app.session) is session
        assert not session.closed


async def test_every_action_can_be_typed_by_its_name_and_found_by_choosing() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("colon", *"zoom", "enter")
        await until(pilot, lambda: "── pods" not in screen_text(app))
        await pilot.press("colon", *"zoo", "down", "enter")
        await until(pilot, shows(app, "── pods"))
        await pilot.press("colon", "ctrl+p", "enter")
        await until(pilot, lambda: "── pods" not in screen_text(app))
        await pilot.press("colon", *"frobnicate", "enter")
        await until(pilot, shows(app, "there is no command 'frobnicate'"))
        await pilot.press("colon", "backspace")
        await until(pilot, lambda: tree(app).has_focus)
        await pilot.press("colon", *"q", "enter")
        await until(pilot, lambda: app.return_code is not None)


async def test_a_place_where_nothing_can_be_read_says_the_way_back() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("colon", *"ns hidden", "enter")
        await until(pilot, header_has(app, "ns hidden"))
        other = cast(FakeSession, app.session)
        other.link = Offline(time.time(), time.time() + 30, "https://10.0.0.1 refused the connection")
        other.tell()
        await until(pilot, shows(app, "- goes back: ns all of prod-eu1."))
        await pilot.press("minus")
        await until(pilot, shows(app, "services 10"))
