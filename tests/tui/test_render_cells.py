from __future__ import annotations

import re
import shlex
from dataclasses import fields

import pytest
from rich.console import Console
from rich.style import Style
from rich.text import Text

from kheadless_tui.tui.dialogs.commands import CommandLayout
from kheadless_tui.tui.known.equivalents import Command
from kheadless_tui.tui.render.commands import wrap_command
from kheadless_tui.tui.text.ages import age_since, age_text, milliseconds
from kheadless_tui.tui.text.cells import clean, cut, natural, shorten, shorten_all, width_of, wrap
from kheadless_tui.tui.text.roles import GOOD, SOURCES, role_variables, with_styles
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import ASCII, UNICODE, Signs, signs_for


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-0", "web-0"),
        ("a\tb\nc", "a b c"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("abc\u202edef\u200b", "abc\ufffddef\ufffd"),
        ("\x9b2J", "\ufffd2J"),
        ("caf\u00e9 \u4e16\u754c", "caf\u00e9 \u4e16\u754c"),
        ("\ud800", "\ufffd"),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_width_is_in_cells() -> None:
    assert width_of("\u4e16\u754c") == 4
    assert cut("\u4e16\u754c\u4e16\u754c", 6) == "\u4e16\u754c\u2026"


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        ("inventory-cache-hl-v2", 21, "inventory-cache-hl-v2"),
        ("inventory-cache-hl-v2", 17, "inventory-…-hl-v2"),
        ("inventory-cache-hl-v2", 14, "inventory-…-v2"),
        ("orders-api-7d9f8b6c54-x2lkq", 20, "orders-api-…-x2lkq"),
        ("verylongnamewithoutdashes", 11, "veryl…ashes"),
        ("a-b", 2, "a-"),
    ],
)
def test_names_are_shortened_in_the_middle(name: str, width: int, short: str) -> None:
    assert shorten(name, width) == short
    assert width_of(short) <= width


@pytest.mark.parametrize("width", range(12, 30))
def test_siblings_stay_apart(width: int) -> None:
    names = [f"inventory-cache-replicated-{part}-x2lkq" for part in ("7d9f8b6c54", "7d9f8b6c55", "5c7f9d1e22")]
    names += [f"web-{number}" for number in range(3)]
    short = shorten_all(names, width)
    assert len(set(short.values())) == len(names)
    assert all(width_of(form) <= width and form.count("…") <= 1 for form in short.values())


def test_ordinals_sort_as_numbers() -> None:
    assert sorted(["web-10", "web-2", "web-1"], key=natural) == ["web-1", "web-2", "web-10"]


def test_sentences_wrap_at_blanks_and_long_words_where_they_must() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("x" * 12, 5) == ["xxxxx", "xxxxx", "xx"]
    assert wrap("\u4e16\u754c\u4e16", 4) == ["\u4e16\u754c", "\u4e16"]
    assert wrap("", 5) == [""]


COMMANDS = [
    "kubectl exec -n shop web-0 -c nginx -- dig +tcp @10.96.0.10 A \\\n  web-0.nginx-headless.shop.svc.cluster.local.",
    "kubectl get pods -l 'app in (a, b)' -o jsonpath='{range .items[*]}{.metadata.name} {.status}{end}' --watch",
    "kubectl get endpointslice -o jsonpath='{range .items[*]}{.metadata.name}{\"\\n\"}{end}' | sort > /tmp/x",
]


def as_one(command: str) -> list[str]:
    """The words that a shell would see: an escaped line end vanishes."""
    return shlex.split(re.sub(r"\\\n", "", command))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("width", [20, 40, 76, 200])
def test_a_wrapped_command_is_the_same_command(command: str, width: int) -> None:
    lines = wrap_command(command, width)
    assert as_one("\n".join(lines)) == as_one(command)
    assert all(len(line) <= width for line in lines)
    assert all(line.endswith("\\") for line in lines[:-1])


def test_a_manifest_between_quotes_is_not_touched() -> None:
    command = 'printf %s \'{\n "kind": "Pod",   "a": 1\n}\' |\n  kubectl create -n shop -f -'
    assert "\n".join(wrap_command(command, 20)).startswith('printf %s \'{\n "kind": "Pod",   "a": 1\n}\' |')


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (3599, "59m"),
        (3 * 3600 + 60, "3h1m"),
        (9 * 3600, "9h"),
        (47 * 3600, "47h"),
        (3 * 86400 + 7200, "3d2h"),
        (9 * 86400, "9d"),
        (800 * 86400, "2y70d"),
        (4000 * 86400, "10y"),
    ],
)
def test_ages_go_by_the_steps_of_kubectl(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


def test_an_age_that_is_not_known_is_a_dash() -> None:
    assert age_since(None, 0) == "–"
    assert age_since("yesterday", 0) == "–"
    assert age_since("1970-01-01T00:00:00Z", 60) == "60s"


@pytest.mark.parametrize(("ms", "text"), [(0.44, "0.4 ms"), (9.96, "10 ms"), (49.4, "49 ms"), (999.7, "1.0 s")])
def test_milliseconds(ms: float, text: str) -> None:
    assert milliseconds(ms) == text


@pytest.mark.parametrize(
    ("environ", "signs"),
    [
        ({"LANG": "C.UTF-8"}, UNICODE),
        ({}, UNICODE),
        ({"LANG": "de_DE.utf8", "LC_ALL": "C"}, ASCII),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, ASCII),
        ({"LANG": "C.UTF-8", "KHEADLESS_ASCII": "1"}, ASCII),
        ({"LANG": "C.UTF-8", "KHEADLESS_ASCII": "0"}, UNICODE),
    ],
)
def test_which_signs_a_terminal_gets(environ: dict[str, str], signs: Signs) -> None:
    assert signs_for(environ) is signs


def test_every_sign_has_an_ascii_twin_and_row_signs_are_one_cell() -> None:
    for item in fields(Signs):
        assert getattr(ASCII, item.name).isascii(), item.name
        assert width_of(getattr(UNICODE, item.name)) == 1, item.name
        assert width_of(getattr(ASCII, item.name)) == 1 or item.name == "arrow", item.name


def test_verdict_signs_differ_in_both_sets() -> None:
    for signs in (UNICODE, ASCII):
        verdicts = [signs.match, signs.missing, signs.extra, signs.wrong, signs.unanswered, signs.quiet, signs.error]
        assert len(set(verdicts)) == len(verdicts)


def test_a_theme_may_name_a_role_and_gets_the_rest_derived() -> None:
    variables = {source: f"color-of-{source}" for source in SOURCES.values()} | {"role-good": "#00ff00"}
    full = role_variables(variables)
    assert full["role-good"] == "#00ff00"
    assert full["role-bad"] == "color-of-text-error"
    assert set(SOURCES) <= set(full)


def test_roles_become_styles_and_other_styles_stay() -> None:
    text = Text("ab", GOOD)
    text.append("c", Style(bold=True))
    painted = with_styles(text, lambda role: Style(color="green"))
    assert GOOD not in {painted.style, *(span.style for span in painted.spans)}
    segments = [segment for segment in painted.render(Console()) if segment.text.strip()]
    assert [(segment.text, segment.style) for segment in segments] == [
        ("ab", Style(color="green")),
        ("c", Style(color="green", bold=True)),
    ]


def test_a_command_of_several_lines_is_shown_as_the_same_command() -> None:
    given = "kubectl exec -n shop web-0 -- nslookup \\\n  -type=A web. 10.96.0.10\n# and 2 more like it"
    lines = CommandLayout(40).lines(Row("0", Command("the last probe", given)))
    shown = "\n".join(line.plain for line in lines[1:-1])
    assert shlex.split(shown.replace("\\\n", " "), comments=True) == shlex.split(
        given.replace("\\\n", " "), comments=True
    )
    assert shown.splitlines()[-1] == " # and 2 more like it"
