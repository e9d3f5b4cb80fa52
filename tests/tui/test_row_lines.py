"""Lines and rows without a widget: who owns a line, where the cursor may go, how far to scroll."""

from __future__ import annotations

import pytest

from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.widgets.row_lines import RowLines


def rows(*names: str) -> list[Row]:
    """Rows of these ids; the cursor cannot stand on those in brackets."""
    return [Row(name, name, selectable=not name.startswith("[")) for name in names]


TALL = RowLines(rows("[head]", "a", "b", "[gap]", "c"), (1, 3, 1, 2, 4))


def test_every_line_belongs_to_the_row_that_spans_it() -> None:
    assert TALL.count == 11
    assert [TALL.at(line) for line in range(-1, 12)] == [-1, 0, 1, 1, 1, 2, 3, 3, 4, 4, 4, 4, -1]
    assert [(TALL.start(index), TALL.end(index)) for index in range(5)] == [(0, 1), (1, 4), (4, 5), (5, 7), (7, 11)]


def test_rows_of_one_line_are_their_own_lines() -> None:
    plain = RowLines(rows("a", "b"))
    assert (plain.count, plain.at(1), plain.at(2), plain.start(1), plain.end(1)) == (2, 1, -1, 1, 2)


def test_rows_without_lines_own_none() -> None:
    empty = RowLines(rows("a", "b", "c"), (1, 0, 1))
    assert [empty.at(line) for line in range(2)] == [0, 2]


@pytest.mark.parametrize(
    ("index", "step", "found"), [(0, +1, 1), (0, -1, 1), (3, +1, 4), (3, -1, 2), (99, +1, 4), (-5, -1, 1)]
)
def test_the_cursor_stands_on_the_nearest_row_that_can_hold_it(index: int, step: int, found: int) -> None:
    assert TALL.nearest_selectable(index, step) == found


def test_no_row_can_hold_the_cursor() -> None:
    assert RowLines().nearest_selectable(0, +1) == -1
    assert RowLines(rows("[a]", "[b]")).nearest_selectable(1, -1) == -1
    assert TALL.next_selectable(4, +1) is None


def test_a_gone_row_is_followed_by_the_next_that_still_is_else_by_the_one_before() -> None:
    before = rows("a", "b", "c", "d")
    assert RowLines(rows("[x]", "a", "d")).heir_of(before, 1) == 2
    assert RowLines(rows("[x]", "a")).heir_of(before, 1) == 1
    assert RowLines(rows("[x]", "y")).heir_of(before, 1) == 1
    assert RowLines(rows("y")).heir_of((), -1) == 0


def test_the_cursor_row_holds_still_when_it_is_seen_else_the_first_row_seen_does() -> None:
    assert TALL.anchor(2, top=3, view=4) == ("b", 1)
    assert TALL.anchor(4, top=2, view=3) == ("a", -1)
    assert RowLines().anchor(-1, top=0, view=5) is None


@pytest.mark.parametrize(
    ("index", "top", "view", "line"),
    [
        (1, 0, 5, None),  # seen whole
        (4, 0, 5, 6),  # below: up to its last line
        (4, 0, 3, 5),  # taller than the view: its first line, with the gap before it
        (4, 0, 2, 7),  # taller, and no room for both: its first line
        (1, 4, 5, 0),  # above: with the heading before it
        (4, 8, 9, 5),  # above: with the gap before it
        (4, 8, 2, 7),  # that would push the row itself out of view
        (1, 4, 0, None),  # nothing is seen at all
    ],
)
def test_scrolling_as_little_as_shows_the_row(index: int, top: int, view: int, line: int | None) -> None:
    assert TALL.top_that_shows(index, top, view) == line
