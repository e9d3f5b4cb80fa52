"""Tables: plain aligned lines for pipes, folded and coloured by rich on a terminal. No cell is ever shortened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kheadless_tui.report.medium import Medium
from kheadless_tui.report.plain import printable

GAP = 3
"""Spaces between the columns of a plain table, as kubectl prints them."""
ABSENT = "-"
"""What stands in a cell that has no value, so that awk counts the columns right."""


class Column(NamedTuple):
    """A column: its heading, and how it behaves on a terminal."""

    heading: str
    folds: bool = False
    """True when a long cell may be folded to several lines; others keep their width."""
    right: bool = False
    """True for numbers, whose ends stand under each other."""


class Cell(NamedTuple):
    """A cell with a role; a plain string is a cell without one."""

    text: str
    role: str = ""
    """``good``, ``warn``, ``bad``, ``unknown``, ``muted`` or nothing."""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of one table."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str | Cell]]
    title: str = ""
    """Shown above it on a terminal; left out in a pipe, where each row says everything."""


STYLES = {"good": "green", "warn": "yellow", "bad": "red", "unknown": "magenta", "muted": "bright_black"}
"""Roles in the 16 colours that every terminal theme defines."""


def render(table: Table, medium: Medium) -> str:
    """The table as text, each line ended; nothing at all for a table without rows."""
    if not table.rows:
        return ""
    return _folded(table, medium) if medium.width is not None else _plain(table)


def _plain(table: Table) -> str:
    lines = [[column.heading for column in table.columns]]
    lines += [[printable(_text(cell)) or ABSENT for cell in row] for row in table.rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "".join(_aligned(line, widths, table.columns) for line in lines)


def _aligned(line: list[str], widths: list[int], columns: tuple[Column, ...]) -> str:
    cells = (
        text.rjust(width) if column.right else text.ljust(width)
        for text, width, column in zip(line, widths, columns, strict=True)
    )
    return (" " * GAP).join(cells).rstrip() + "\n"


def _folded(table: Table, medium: Medium) -> str:
    # rich costs 40 ms to import: only a table on a terminal needs it.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as RichTable  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = RichTable(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="bright_black")
    for column in table.columns:
        grid.add_column(
            column.heading,
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=not column.folds,
        )
    for row in table.rows:
        grid.add_row(*(Text(printable(_text(cell)), style=_style(cell)) for cell in row))
    console = Console(
        width=medium.width,
        force_terminal=medium.colour,
        color_system="standard" if medium.colour else None,
        no_color=not medium.colour,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        if table.title:
            console.print(Text(printable(table.title), style="bold" if medium.colour else ""), overflow="fold")
        console.print(grid)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))


def _text(cell: str | Cell) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def _style(cell: str | Cell) -> str:
    return STYLES.get(cell.role, "") if isinstance(cell, Cell) else ""
