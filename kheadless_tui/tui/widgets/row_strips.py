"""One line of a list as a strip of styled cells: the gutter, the text, and the even bar of the cursor row."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from kheadless_tui.tui.text.roles import CHANGED, FOCUS, LINKED, MARKED, MUTED, with_styles
from kheadless_tui.tui.text.signs import Signs

GUTTER = 1
"""Cells before each row, for the cursor or a mark."""

NO_SIGN = Text(" " * GUTTER)
"""The gutter of headings and of a row's further lines."""

_MARKS: dict[str, str] = {"changed": CHANGED, "marked": MARKED, "linked": LINKED}
"""The marks of rows and their roles."""


def gutter_sign(signs: Signs, mark: str, *, cursor: bool) -> Text:
    """What stands before a row: the cursor, else its mark (``changed``, ``marked`` or ``linked``), else nothing."""
    if cursor:
        return Text(signs.cursor, FOCUS)
    return Text(getattr(signs, mark), _MARKS.get(mark, MUTED)) if mark else NO_SIGN


def strip_of(
    gutter: Text, text: Text, width: int, base: Style, role_style: Callable[[str], Style], console: Console
) -> Strip:
    """A line in the styles of its roles.

    Args:
        gutter: What stands before it.
        text: The line; its styles are names of roles.
        width: Cells of the whole strip.
        base: The style of the widget.
        role_style: The style that a role has in it.
        console: What renders text.
    """
    segments = [*with_styles(gutter, role_style).render(console), *with_styles(text, role_style).render(console)]
    return Strip(Segment.simplify(Segment.apply_style(segments, base))).adjust_cell_length(width, base)


def bar_of(strip: Strip, style: Style) -> Strip:
    """A strip as one even bar: colours inside it would be turned into backgrounds of their own."""
    return Strip([Segment(strip.text, style)], strip.cell_length)
