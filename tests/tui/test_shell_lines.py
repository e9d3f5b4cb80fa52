"""Rules, header, keys, status, layout and filters: what they say at a width, without a terminal."""

from __future__ import annotations

import pytest

from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Reading, Scope, Unauthorized
from kheadless_tui.tui.dialogs.help import HelpEntry, HelpGroup, help_lines
from kheadless_tui.tui.following.bridge import slow_link
from kheadless_tui.tui.keys.actions import ACTIONS, key_text
from kheadless_tui.tui.keys.filtering import Filter
from kheadless_tui.tui.known.serving import Served
from kheadless_tui.tui.terminal.ascii import ascii_cells
from kheadless_tui.tui.terminal.layout import layout_for
from kheadless_tui.tui.text.counters import coarse, until_next_step
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.signs import ASCII, UNICODE
from kheadless_tui.tui.widgets.header import Header, HeaderFacts, scope_text, state_text
from kheadless_tui.tui.widgets.keys import Keys
from kheadless_tui.tui.widgets.rule import Rule
from kheadless_tui.tui.widgets.side import Remark, Tabs
from kheadless_tui.tui.widgets.status import Crumbs
from kheadless_tui.zone.serving.config import Note as Warned
from kheadless_tui.zone.serving.config import ZoneConfig

FACTS = HeaderFacts("prod-eu1", "v1.34.4", "oncall", "ns shop", readonly=True, state=("● live", "role--good"))


def line(widget: Header | Keys | Rule | Crumbs | Tabs, width: int) -> str:
    texts = widget.lines(width)
    assert len(texts) == 1
    assert texts[0].cell_len <= width
    return texts[0].plain


def test_the_rule_of_the_tree_is_that_of_the_sketch() -> None:
    rule = Rule("services 10", junction=True)
    rule._count, rule._focused = "9/14", True
    assert line(rule, 27) == "━━ services 10 ━━━━ 9/14 ━┬"
    rule._focused = False
    assert line(rule, 27) == "── services 10 ──── 9/14 ─┬"


def test_a_rule_loses_parts_of_its_title_and_never_its_count() -> None:
    rule = Rule("nginx-headless · shop · headless · web 80/TCP")
    rule._count = "3 of 3 in DNS"
    assert line(rule, 50) == "── nginx-headless · shop ───────── 3 of 3 in DNS ─"
    assert line(rule, 30).endswith(" 3 of 3 in DNS ─")


def test_a_remark_leaves_out_what_would_cost_a_line_and_nothing_else() -> None:
    remark = Remark()
    remark._forms = (Note("match · from pod/web-0 over TCP, 49 ms, 04:30:55"), Note("match · from pod/web-0, 04:30:55"))
    assert [text.plain.strip() for text in remark.lines(60)] == ["match · from pod/web-0 over TCP, 49 ms, 04:30:55"]
    assert [text.plain.strip() for text in remark.lines(40)] == ["match · from pod/web-0, 04:30:55"]
    narrow = [text.plain.strip() for text in remark.lines(30)]
    assert narrow == ["match · from pod/web-0", "over TCP, 49 ms, 04:30:55"], "two lines either way"


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (54, " Pods 3  [Records 20]  Answers 112  Findings 0"),
        (40, " Pods  [Records 20]  Answers  Findings"),
        (33, " Pods  [Records 20]  Ans…  Fin…"),
    ],
)
def test_a_tab_is_shortened_and_none_is_lost(width: int, told: str) -> None:
    tabs = Tabs(signs=UNICODE)
    tabs._counts, tabs._open = {"pods": "3", "records": "20", "answers": "112", "findings": "0"}, "records"
    assert line(tabs, width).rstrip() == told


def test_keys_of_all_groups_of_the_help_stand_in_one_column() -> None:
    groups = [
        HelpGroup(title, tuple(HelpEntry(key, "does it", "does", "") for key in keys))
        for title, keys in (("panel", ("x", "ctrl-z")), ("asking", ("p",)), ("moving", ("j", "pgdn")))
    ]
    lines, count = help_lines(groups, 60)
    assert count == 5
    assert {text.plain.index("does it") for text in lines if "does it" in text.plain} == {9}


def test_how_the_zone_is_served_in_sentences() -> None:
    known = ZoneConfig(
        ttl=30, ttl_known=True, source="ConfigMap kube-system/coredns", notes=(Warned("C:7", "hosts", "hosts answers"),)
    )
    assert Served(known).facts() == (
        "zone cluster.local. by ConfigMap kube-system/coredns, TTL 30 s",
        "C:7: hosts answers; not followed",
    )
    assert Served(ZoneConfig(), "C:3: expected a number").facts() == (
        "zone cluster.local. by CoreDNS defaults",
        "TTL 5 s, the default of CoreDNS: the TTLs of answers are not judged",
        "C:3: expected a number.",
    )


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_the_header_never_loses_the_state(width: int) -> None:
    header = Header()
    header._facts = FACTS
    text = line(header, width)
    assert text.endswith("● live ")
    assert len(text) == width


def test_the_header_drops_version_then_user_and_then_shortens_the_context() -> None:
    header = Header()
    header._facts = FACTS
    assert line(header, 80).startswith(" prod-eu1  v1.34.4  oncall  ns shop ")
    assert line(header, 52).startswith(" prod-eu1  oncall  ns shop ")
    assert line(header, 44).startswith(" prod-eu1  ns shop ")
    header._facts = HeaderFacts(
        "arn:aws:eks:eu-west-1:1234:cluster/shop-production-1", scope="ns shop", state=("● live", "")
    )
    assert line(header, 80).startswith(" shop-production-1  ns shop ")
    assert "…" in line(header, 32)


@pytest.mark.parametrize(("width", "told"), [(80, "0 all  1 shop  2 billing "), (50, "0 all  1 shop  … "), (38, "")])
def test_as_many_digits_are_told_as_there_is_room_for(width: int, told: str) -> None:
    header = Header(signs=UNICODE)
    header._facts = HeaderFacts("prod", scope="ns shop", favourites=("shop", "billing"), state=("● live", "role--good"))
    line = header.lines(width)[0].plain
    assert told in line
    assert ("0 all" in line) == bool(told)
    assert len(line) == width


def test_each_state_of_the_connection_has_words_of_its_own() -> None:
    now = 1000.0
    words = [
        state_text(state, now, UNICODE)[0]
        for state in (
            Live(now),
            Reading(3, now),
            Polled(now - 42, now + 3, Forbidden("watch", "services", "", "no")),
            Offline(now - 42, now + 3, "refused"),
            Offline(now - 42, now - 1, "refused"),
            Unauthorized(now, "401"),
            Forbidden("list", "services", "", "no"),
        )
    ]
    assert words == [
        "● live",
        "… reading",
        "! polling, 40 s old",
        "! offline 40 s, next try 2 s",
        "! offline 40 s, trying now",
        "! not logged in",
        "! forbidden",
    ]
    assert state_text(Live(now), now, ASCII)[0] == "o live"


def test_scopes() -> None:
    assert scope_text(Scope()) == "ns all"
    assert scope_text(Scope(("shop",), only=True)) == "ns shop (only)"
    assert scope_text(Scope(("a", "b", "c", "d", "e"))) == "ns a b c +2"


def test_keys_are_whole_and_the_help_is_last() -> None:
    keys = Keys()
    keys._items, keys._last = (("enter", "open"), ("p", "probe"), ("tab", "panel")), ("?", "help")
    assert line(keys, 80) == " enter open  p probe  tab panel  ? help"
    assert line(keys, 33) == " enter open  p probe  ? help"
    assert line(keys, 12) == " ? help"


def test_the_full_name_outlives_the_crumbs_and_a_message_outlives_both() -> None:
    status = Crumbs()
    status._crumbs, status._name = ("shop", "web"), "web.shop.svc.cluster.local."
    assert line(status, 41) == " shop › web  web.shop.svc.cluster.local."
    assert line(status, 30).strip() == "web.shop.svc.cluster.local."
    assert line(status, 20).strip() == "shop › web"
    status._message = ("sent to the terminal's clipboard", "")
    assert line(status, 34).strip() == "sent to the terminal's clipboard"


@pytest.mark.parametrize(
    ("size", "mode"),
    [
        ((19, 24), "too-small"),
        ((80, 4), "too-small"),
        ((59, 24), "single"),
        ((80, 11), "single"),
        ((80, 24), "tabs"),
        ((120, 29), "tabs"),
        ((120, 40), "stacked"),
        ((160, 40), "wide"),
        ((200, 50), "wide"),
    ],
)
def test_the_layout_by_size(size: tuple[int, int], mode: str) -> None:
    assert layout_for(*size).mode == mode


def test_the_panels_by_layout() -> None:
    tabs, stacked, wide = layout_for(80, 24), layout_for(120, 40), layout_for(200, 50)
    assert tabs.visible("pods", "answers", False, 2) == ("pods", "findings")
    assert tabs.visible("pods", "answers", False, 0) == ("pods",)
    assert tabs.visible("records", "answers", False, 2) == ("records",)
    assert stacked.visible("pods", "findings", False, 2) == ("pods", "records", "findings")
    assert wide.visible("pods", "answers", False, 1) == ("pods", "records", "findings", "answers")
    assert wide.visible("records", "answers", True, 1) == ("records",)


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("", "shop/web", True),
        ("WEB", "shop/web", True),
        ("db", "shop/web", False),
        ("!web", "shop/web", False),
        ("!", "shop/web", True),
        ("!db", "shop/web", True),
        ("-f swb", "shop/web", True),
        ("-f bws", "shop/web", False),
        ("-l app=web", "x", True),
        ("-l app=web,tier!=db", "x", True),
        ("-l app=web,tier=db", "x", False),
        ("-l tier", "x", True),
        ("-l !tier", "x", False),
        ("-l", "x", True),
    ],
)
def test_the_forms_of_a_filter(text: str, name: str, shown: bool) -> None:
    assert Filter(text).matches(name, {"app": "web", "tier": "front"}) is shown


def test_counters_step_seldom() -> None:
    assert [coarse(seconds) for seconds in (0, 1, 2, 4.9, 5, 9, 10, 19, 20, 47)] == [0, 1, 2, 2, 5, 5, 10, 10, 20, 40]
    assert until_next_step(2.5) == 2.5
    assert until_next_step(12) == 8


def test_only_ascii_is_left_and_columns_keep_their_width() -> None:
    text = "✓ match › web-…-2 · ≠ → 漢 é"
    twin = ascii_cells(text)
    assert twin.isascii()
    assert twin == "= match > web-~-2 . # > ?? ?"


def test_a_slow_link_is_an_ssh_connection() -> None:
    assert slow_link({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"})
    assert not slow_link({"TERM": "xterm"})


def test_each_key_is_bound_once_and_has_an_id() -> None:
    keys = [key for action in ACTIONS for key in action.keys.split(",")]
    assert len(keys) == len(set(keys))
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert [key_text(key) for key in ("ctrl+r", "slash", "escape", "shift+tab")] == ["ctrl-r", "/", "esc", "shift-tab"]
