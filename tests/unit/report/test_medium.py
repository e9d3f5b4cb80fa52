from __future__ import annotations

import io

import pytest

from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.plain import printable
from kheadless_tui.report.table import Cell, Column, Table, render


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


TABLE = Table((Column("VERDICT"), Column("TTL", right=True)), [(Cell("match", "good"), "30"), ("missing", "")])


def test_what_is_no_terminal_is_a_pipe() -> None:
    assert Medium.of(io.StringIO(), {}) == PIPE


@pytest.mark.parametrize(
    ("environ", "colour"),
    [({"TERM": "xterm"}, True), ({"NO_COLOR": "1", "TERM": "xterm"}, False), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals_that_want_it(
    environ: dict[str, str], colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert Medium.of(Screen(), environ) == Medium(width=100, colour=colour)


def test_a_plain_table_is_aligned_and_has_a_word_in_every_cell() -> None:
    assert render(TABLE, PIPE) == "VERDICT   TTL\nmatch      30\nmissing     -\n"


def test_colour_marks_the_cell_with_a_role_and_nothing_else_of_the_data() -> None:
    text = render(TABLE, Medium(width=80, colour=True))
    assert "\x1b[32mmatch" in text
    assert "\x1b" not in text.splitlines()[2]
    assert "\x1b" not in render(TABLE, Medium(width=80))


def test_markup_of_rich_is_data_as_any_other() -> None:
    table = Table((Column("A"),), [("[red]x[/red]",)])
    assert "[red]x[/red]" in render(table, Medium(width=80, colour=True))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\u202egnp", "\\u202egnp"),
        ("\U000e0041", "\\U000e0041"),
        ("caf\u00e9", "caf\u00e9"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
