"""The main screen as a person meets it, driven by keys, on a session made of a snapshot."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Offline, Reading, Scope
from kheadless_tui.model.objects import KubeObject, ObjectKey
from kheadless_tui.tui.app import HeadlessApp
from kheadless_tui.tui.dialogs.commands import CommandsScreen
from kheadless_tui.tui.dialogs.help import HelpScreen
from kheadless_tui.tui.dialogs.why import WhyScreen
from kheadless_tui.tui.widgets.rule import Rule
from kheadless_tui.tui.widgets.side import Tabs
from kheadless_tui.tui.widgets.tree import ServiceTree
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import FakeSession, Keys, endpoint, pod, service, shop, slice_of, until

SIZES = [(80, 24), (120, 40), (200, 50)]


@asynccontextmanager
async def running(
    session: FakeSession, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[tuple[HeadlessApp, Pilot[int]]]:
    app = HeadlessApp(cast(ClusterSession, session), **options)
    async with app.run_test(size=size):
        pilot = Keys(app)
        await until(pilot, lambda: app.screen.is_mounted and session.started)
        yield app, pilot
        await until(pilot, lambda: not app.workers)  # textual cannot end while one of its modes comes or goes


def tree(app: HeadlessApp) -> ServiceTree:
    return app.screen.query_one(ServiceTree)


def shows(app: HeadlessApp, text: str) -> Callable[[], bool]:
    return lambda: text in screen_text(app)


def drawn_at(app: HeadlessApp, size: tuple[int, int]) -> Callable[[], bool]:
    """The picture has a size, and not only the terminal."""
    return lambda: [len(line) for line in screen_lines(app)] == [size[0]] * size[1]


# -- the picture -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_three_rows_of_chrome_at_every_size(size: tuple[int, int]) -> None:
    async with running(FakeSession(shop()), size, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        lines = screen_lines(app)
        assert len(lines) == size[1]
        assert all(len(line) == size[0] for line in lines)
        assert lines[0].startswith(" prod-eu1  v1.34.4  oncall  ns all")
        assert lines[0].endswith("● live ")
        assert lines[1].startswith("━━ services 10 ━")
        assert "nginx-headless.shop.svc.cluster.local." in lines[-2]
        assert lines[-1].rstrip().endswith("? help")
        assert "2 of 4 pods are in DNS" in lines[2]


@pytest.mark.parametrize("size", SIZES)
async def test_exactly_one_rule_is_heavy_wherever_the_focus_is(size: tuple[int, int]) -> None:
    async with running(FakeSession(shop()), size, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        for _ in range(5):
            heavy = [rule for rule in app.screen.query(Rule) if rule.heavy and rule.display]
            assert len(heavy) == 1
            await pilot.press("tab")


async def test_the_tree_row_is_that_of_the_sketch() -> None:
    async with running(FakeSession(shop()), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        left = [line[:27] for line in screen_lines(app)]
        assert "   ▸ billing            2 │" in left
        assert "    ▸ cart-db-hl      3/3 │" in left
        assert "    ▸ inventory-…-v2  6/6 │" in left
        assert " ○     web-2              │" in left
        assert " ◌     web-3              │" in left
        assert any(line.startswith("❯") and "nginx-headless  2/4 │" in line for line in left)


async def test_rows_that_few_records_leave_go_to_the_panel_at_the_bottom() -> None:
    few, many = service("lonely"), service("web")
    pods = [endpoint(f"web-{number}", f"10.244.1.{number}") for number in range(20)]
    waiting = slice_of(few, endpoint("lonely-0", "10.244.2.1", ready=False))
    objects: list[KubeObject] = [few, waiting, many, slice_of(many, *pods)]

    def records_between(lines: list[str], below: str) -> int:
        rules = [next(y for y, line in enumerate(lines) if f"── {name}" in line) for name in ("records", below)]
        return rules[1] - rules[0] - 1

    async with running(FakeSession(objects), (120, 40), service="lonely") as (app, pilot):
        await until(pilot, shows(app, "── findings"))
        await until(pilot, lambda: records_between(screen_lines(app), "findings") <= 8)
        assert any("│ read " in line for line in screen_lines(app)), "the first finding is seen to its end"
    async with running(FakeSession(objects), (120, 40), service="web") as (app, pilot):
        await until(pilot, shows(app, "── answers"))
        await until(pilot, lambda: records_between(screen_lines(app), "answers") >= 12)


async def test_a_click_on_a_tab_leads_to_its_panel() -> None:
    async with running(FakeSession(shop()), (80, 24), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "[Pods 4]"))
        tabs = app.screen.query_one(Tabs)
        for name in ("Records", "Findings", "Pods"):
            await pilot.click(tabs, offset=(tabs.render_line(0).text.index(name) + 1, 0))
            await until(pilot, shows(app, f"[{name} "))
            assert app.focused is app.screen.query_one(f"#{name.lower()}")


async def test_under_sixty_columns_one_panel_at_a_time() -> None:
    async with running(FakeSession(shop()), (50, 14), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-0"))
        assert "IN DNS" not in screen_text(app)
        await pilot.press("tab")
        await until(pilot, shows(app, "IN DNS"))
        assert "services 10" not in screen_text(app)


@pytest.mark.parametrize("size", [(20, 5), (39, 24), (80, 9), (14, 6)])
async def test_a_terminal_that_is_too_small_says_so_and_recovers(size: tuple[int, int]) -> None:
    async with running(FakeSession(shop()), (80, 24), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        for _ in range(2):
            await pilot.resize_terminal(*size)
            only = f"the terminal is too small: {size[0]}x{size[1]}, at least 40x10 needed"
            await until(pilot, lambda only=only: " ".join(screen_text(app).split()) == only)  # type: ignore[misc]
            await pilot.resize_terminal(40, 10)
            await until(pilot, shows(app, "services 10"))
            assert "too small" not in screen_text(app)


async def test_only_ascii_where_nothing_else_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHEADLESS_ASCII", "1")
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        for keys in ((), ("tab", "tab"), ("tab", "tab"), ("question_mark",)):
            await pilot.press(*keys)
            assert screen_text(app).isascii()


@pytest.mark.parametrize("theme", ["dark", "light", "ansi"])
async def test_every_theme_draws_the_same_words(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHEADLESS_THEME", theme)
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(FakeSession(shop()), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        assert app.theme == f"kheadless-{theme}"
        assert "○ web-2 no: not ready" in " ".join(screen_text(app).split())


# -- moving ----------------------------------------------------------------------------------------------------


async def test_the_panels_follow_the_cursor_and_pods_are_read_where_one_looks() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, lambda: session.shown == ["shop"])
        await pilot.press("g")
        await until(pilot, shows(app, "billing has 2 headless Services"))
        assert session.shown == []
        await pilot.press("enter", "j")
        await until(pilot, lambda: session.shown == ["billing"])
        await until(pilot, shows(app, "── svc-0 · billing"))


async def test_the_rule_tells_of_the_cursor_in_the_picture_that_shows_it() -> None:
    async with running(FakeSession(shop()), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        rule = app.screen.query_one("#rule-tree", Rule)
        before = tree(app).position
        tree(app).action_cursor_down()
        assert tree(app).position != before
        assert f" {tree(app).position} " in rule.lines(rule.size.width)[0].plain


async def test_enter_goes_in_and_q_comes_back_and_then_out() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40)) as (app, pilot):
        await until(pilot, lambda: tree(app).selected == ObjectKey("shop", "cart-db-hl"))
        await until(pilot, shows(app, "records · below cart-db-hl"))
        await pilot.press("enter")
        await until(pilot, lambda: not tree(app).has_focus)
        assert "━━ pods ━" in screen_text(app)
        await pilot.press("z")
        await until(pilot, lambda: "services" not in screen_text(app))
        await pilot.press("q")
        await until(pilot, shows(app, "services 10"))
        await pilot.press("q")
        await until(pilot, lambda: tree(app).has_focus)
        await pilot.press("escape")
        assert app.is_running, "esc never leaves"
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0
    assert session.closed


async def test_left_and_right_open_and_close() -> None:
    async with running(FakeSession(shop()), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("h")
        await until(pilot, lambda: "▸ nginx-headless" in screen_text(app))
        await pilot.press("h")
        assert tree(app).row_id == "shop"
        await pilot.press("l", "l", "l")
        assert tree(app).row_id == "shop/cart-db-hl/cart-db-hl-0"


async def test_what_is_asked_for_and_not_there_is_said() -> None:
    async with running(FakeSession(shop()), service="nowhere/web") as (app, pilot):
        await until(pilot, shows(app, "there is no headless Service nowhere/web"))
        assert tree(app).selected == ObjectKey("shop", "cart-db-hl")


# -- live ------------------------------------------------------------------------------------------------------


async def test_a_change_reaches_all_panels_and_the_cursor_stays() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "2 of 4 in DNS"))
        await pilot.press("j", "j")
        assert tree(app).row_id == "shop/nginx-headless/web-1"
        owner = service("nginx-headless")
        session.put(
            service("aaa-first"),
            slice_of(owner, *(endpoint(f"web-{n}", f"10.244.1.{17 + n}") for n in range(5))),
            pod("web-4", "10.244.1.21", app="nginx-headless"),
        )
        await until(pilot, shows(app, "5 of 5 in DNS"))
        await until(pilot, shows(app, "services 11"))
        assert tree(app).row_id == "shop/nginx-headless/web-1"
        text = screen_text(app)
        assert "▎" in text
        assert re.search(r"▎ +web-4 +new │", text)
        assert "10.244.1.21" in text
        assert "5/5" in text


async def test_a_deleted_service_leaves_and_the_cursor_goes_to_its_neighbour() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40), service="mysql-ep") as (app, pilot):
        await until(pilot, shows(app, "── mysql-ep · shop"))
        session.remove("Service", ObjectKey("shop", "mysql-ep"))
        await until(pilot, shows(app, "services 9"))
        await until(pilot, lambda: "── mysql-ep · shop" not in screen_text(app))
        await until(
            pilot, lambda: re.search(r"Service shop/mysql-ep was deleted at \d\d:\d\d:\d\d\.", screen_text(app))
        )
        assert "namespace shop/mysql-ep" not in screen_text(app)


async def test_a_storm_of_changes_costs_few_repaints_and_rest_costs_none() -> None:
    session = FakeSession(shop())
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        taken: list[float] = []
        session.looked = lambda: taken.append(time.monotonic())
        for number in range(500):
            session.put(service(f"storm-{number}", "billing"))
        await until(pilot, shows(app, "services 510"))
        assert len(taken) <= 4
        taken.clear()
        await pilot.pause(0.6)
        assert not taken


# -- filter, help, commands ------------------------------------------------------------------------------------


async def test_a_filter_is_typed_in_the_status_row_and_counted_in_the_rule() -> None:
    async with running(FakeSession(shop())) as (app, pilot):
        await until(pilot, shows(app, "services 10"))
        await pilot.press("g", "slash", "q", "u", "e", "u", "e")
        await until(pilot, shows(app, "1 of 10"))
        assert tree(app).row_id == "shop/orders-queue", "what was found, not its namespace"
        lines = screen_lines(app)
        assert lines[-2].startswith("/queue")
        assert "esc clear" in lines[-1]
        await pilot.press("enter")
        await until(pilot, lambda: tree(app).has_focus)
        await until(pilot, shows(app, "── orders-queue · shop"))
        assert "1 of 10" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, shows(app, "services 10"))
        assert tree(app).row_id == "shop/orders-queue", "the cursor stays"


async def test_a_filter_that_finds_nothing_says_so() -> None:
    async with running(FakeSession(shop())) as (app, pilot):
        await until(pilot, shows(app, "services 10"))
        await pilot.press("slash", "x", "x", "x")
        await until(pilot, shows(app, "No Service matches /xxx."))
        await pilot.press("slash")
        await until(pilot, shows(app, "No Service matches /xxx/."))
        await pilot.press("escape")
        await until(pilot, shows(app, "services 10"))
        assert tree(app).row_id == "shop/cart-db-hl", "back where it began"


async def test_a_filter_applies_to_the_focused_panel() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "2 of 4 in DNS"))
        await pilot.press("tab", "slash", "w", "e", "b", "-", "2")
        await until(pilot, shows(app, "1 of 4"))
        await pilot.press("escape")
        await until(pilot, shows(app, "2 of 4 in DNS"))


async def test_a_filter_that_is_taken_away_leaves_the_cursor_where_it_was() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("slash", *"zzz", "enter", "escape")
        await until(pilot, shows(app, "services 10"))
        await until(pilot, lambda: tree(app).row_id == "shop/nginx-headless")
        await pilot.press("slash", *"svc-1", "enter")
        await until(pilot, lambda: tree(app).hits == 2)
        await pilot.press("g", "j", "escape")
        await until(pilot, shows(app, "services 10"))
        assert tree(app).row_id == "billing/svc-1", "its namespace was closed before"
        await until(pilot, shows(app, "── svc-1 · billing"))


async def test_a_filter_and_problems_only_that_leave_nothing_are_both_named() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("tab", "tab", "ctrl+z", "slash", *"web-0", "enter")
        await until(pilot, shows(app, "Of the records that match /web-0 nothing differs"))
        assert "ctrl-z shows all records, esc takes the filter away." in screen_text(app)
        await pilot.press("escape")
        await until(pilot, shows(app, "· problems"))


async def test_the_help_is_made_of_the_bindings_and_greys_what_cannot_work() -> None:
    session = FakeSession(shop(), readonly=True)
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "read-only"))
        assert "p probe" not in screen_lines(app)[-1]
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        text = screen_text(app)
        assert "help · tree" in text
        assert "(off: read-only)" in text
        assert "0-9  a namespace, 0 for all" in text
        await pilot.press("pagedown")
        await until(pilot, shows(app, "back, then quit"))
        await pilot.press("slash", "z", "o", "o")
        await until(pilot, lambda: "back, then quit" not in screen_text(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))


async def test_what_is_wrong_is_seen_also_when_it_is_read_after_the_service_and_gives_way_to_no_key() -> None:
    web = service("web")
    session = FakeSession([web, slice_of(web, endpoint("web-0", "10.244.1.17"))])
    async with running(session, (120, 40), service="web") as (app, pilot):
        await until(pilot, shows(app, "── answers "))
        session.put(slice_of(web, endpoint("web-0", "10.244.1.17", ready=False)))
        await until(pilot, shows(app, "── findings "))
        await until(pilot, shows(app, "cause "))
        await pilot.press("shift+tab", "shift+tab")
        await until(pilot, shows(app, "━━ answers "))
        session.put(slice_of(web, endpoint("web-0", "10.244.1.18", ready=False)))
        await until(pilot, shows(app, "10.244.1.18"))
        assert "━━ answers " in screen_text(app), "where the user went"


async def test_enter_leads_from_a_pod_to_its_records_and_on_to_the_answers_and_is_no_key_elsewhere() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("tab", "j", "enter")
        await until(pilot, shows(app, "shop › nginx-headless › records › web-1 A"))
        await pilot.press("enter")
        await until(pilot, shows(app, "nginx-headless › answers"))
        for panel, key in (("answers", ""), ("findings", "tab")):
            if key:
                await pilot.press(key)
            await pilot.press("question_mark")
            await until(pilot, shows(app, f"help · {panel}"))
            assert "enter" not in screen_text(app)
            await pilot.press("escape")


async def test_why_a_record_exists_and_why_one_is_withheld() -> None:
    async with running(FakeSession(shop()), (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        for keys, subject in (("w", "@ A"), ("jjjw", "web-2 A")):
            await pilot.press(*keys)
            await until(pilot, shows(app, f"why · {subject}"))
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, WhyScreen))
        await pilot.press(*"kkk", "tab", "j", "enter", "w")
        await until(pilot, lambda: isinstance(app.screen, WhyScreen))
        await until(pilot, shows(app, "why · web-1 A"))
        text = screen_text(app)
        assert "web-1.nginx-headless.shop.svc.cluster.local. A must be answered with" in text
        assert "30 IN A 10.244.1.18" in text
        assert "EndpointSlice shop/nginx-headless-x7k2p endpoints[1]" in text
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, WhyScreen))
        await pilot.press("shift+tab", "j", "enter", "w")
        await until(pilot, shows(app, "why · web-2 A"))
        assert "10.244.1.19 is withheld: not ready." in screen_text(app)
        assert "NXDOMAIN" in screen_text(app)


async def test_the_commands_can_be_pasted_and_copied() -> None:
    async with running(FakeSession(shop()), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, CommandsScreen))
        assert "kubectl --context prod-eu1 -n shop get service nginx-headless -o yaml" in screen_text(app)
        await pilot.press("j", "c")
        await until(pilot, lambda: "get endpointslices" in app.clipboard)
        assert app.clipboard == (
            "kubectl --context prod-eu1 -n shop get endpointslices -l kubernetes.io/service-name=nginx-headless -o yaml"
        )
        await until(pilot, shows(app, "sent to the terminal's clipboard"))


async def test_copy_takes_the_full_name_under_the_cursor() -> None:
    async with running(FakeSession(shop()), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("c")
        assert app.clipboard == "nginx-headless.shop.svc.cluster.local."
        await pilot.press("j", "c")
        assert app.clipboard == "web-0.nginx-headless.shop.svc.cluster.local."


# -- states ----------------------------------------------------------------------------------------------------


async def test_offline_keeps_the_screen_and_tells_since_when() -> None:
    session = FakeSession(shop())
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        now = time.time()
        session.link = Offline(now - 12, now + 30, "https://10.0.0.1 refused the connection")
        session.tell()
        await until(pilot, shows(app, "! offline 10 s, next try"))
        text = screen_text(app)
        assert "refused the connection" in text
        assert "as of" in text
        assert "web-3" in text
        assert "p probe" not in screen_lines(app)[-1]
        assert "p asks" not in text
        await pilot.press("p")
        await until(pilot, shows(app, "p is off: offline"))
        await pilot.press("ctrl+r")
        assert session.retries == 1


async def test_the_next_try_is_counted_down_without_news_of_the_session() -> None:
    session = FakeSession(shop())
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        now = time.time()
        session.link = Offline(now - 120, now + 2.5, "https://10.0.0.1 refused the connection")
        session.tell()
        for soon in ("next try 2 s", "next try 1 s", "trying now"):
            await until(pilot, shows(app, soon))


async def test_a_key_pressed_before_the_first_list_is_there_is_answered() -> None:
    async with running(FakeSession(link=Reading(), reads={})) as (app, pilot):
        for key in ("p", "e", "tab", "slash"):
            await pilot.press(key)
            shown = {"slash": "/"}.get(key, key)
            await until(pilot, shows(app, f"{shown} is off: still reading"))


EMPTY: list[tuple[dict[str, Any], list[KubeObject], str]] = [
    ({"scope": Scope(("shop",))}, [], "No headless Service in shop."),
    (
        {"scope": Scope(("shop",))},
        [service("web", cluster_ip="10.96.0.1")],
        "No headless Service in shop (1 have a cluster IP).",
    ),
    (
        {"link": Reading(0, 0), "reads": {("services", ""): Reading(1500, 0)}},
        [],
        "reading Services: 1,500 so far",
    ),
    (
        {"link": Reading(), "reads": {("services", name): Reading(waiting=name != "a") for name in "abc"}},
        [],
        "16 lists are read at a time; 2 wait for their turn.",
    ),
    (
        {
            "scope": Scope(("shop",), only=True),
            "link": Forbidden("list", "services", "shop", "not you"),
            "reads": {("services", "shop"): Forbidden("list", "services", "shop", "not you")},
        },
        [],
        "You may not list Services in shop.",
    ),
]


@pytest.mark.parametrize(("options", "objects", "sentence"), EMPTY)
async def test_an_empty_screen_says_why(options: dict[str, Any], objects: list[KubeObject], sentence: str) -> None:
    async with running(FakeSession(objects, **options)) as (app, pilot):
        await until(pilot, lambda: sentence in " ".join(" ".join(line[28:] for line in screen_lines(app)).split()))
        assert "p probe" not in screen_lines(app)[-1]
        assert "enter open" not in screen_lines(app)[-1]


async def test_markup_and_control_characters_of_the_cluster_are_plain_text() -> None:
    session = FakeSession(shop())
    session.connection.user = "[red]evil\x1b[31m\x07"
    session.connection.context = "a/[bold]ctx"
    async with running(session, (120, 40)) as (app, pilot):
        await until(pilot, shows(app, "[bold]ctx"))
        assert "[red]evil" in screen_text(app)
        assert "\x1b" not in screen_text(app)
