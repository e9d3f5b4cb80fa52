"""Columns: which of them fit, how wide each is, and a line made of their cells."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.text import Text

from kheadless_tui.tui.text.cells import pad, shorten_all, width_of
from kheadless_tui.tui.text.roles import MUTED, TEXT


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one column of one row: pieces of text, each with its role."""

    parts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str, role: str = TEXT) -> Cell:
        """One piece."""
        return cls(((text, role),))

    @property
    def text(self) -> str:
        """The text without roles."""
        return "".join(part for part, _ in self.parts)


EMPTY = Cell(())


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    id: str
    title: str
    right: bool = False
    least: int = 0
    """A column of names may be narrowed to this many cells, its cells being shortened; 0: it is never cut."""
    gap: int = 1
    """Blank cells after it."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table fitted to a width: columns in order, with widths, and the short forms of names that were too long."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    short: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """Column id, and name with short form, for narrowed columns."""

    def heading(self, prefix: str = "") -> Text:
        """The line of column titles."""
        line = Text(prefix, MUTED)
        for place, (column, width) in enumerate(zip(self.columns, self.widths, strict=True)):
            last = place == len(self.columns) - 1
            line.append(pad(column.title, width, right=column.right))
            if not last:
                line.append(" " * column.gap)
        return line

    def line(self, cells: Mapping[str, Cell]) -> Text:
        """A line of cells; a column without a cell stays blank."""
        short = {column: dict(forms) for column, forms in self.short}
        line = Text()
        for column, width in zip(self.columns, self.widths, strict=True):
            cell = cells.get(column.id, EMPTY)
            forms = short.get(column.id)
            parts = (
                tuple((forms.get(text, text), role) for text, role in cell.parts) if forms is not None else cell.parts
            )
            used = sum(width_of(text) for text, _ in parts)
            blank = " " * max(0, width - used)
            if column.right:
                line.append(blank)
            for text, role in parts:
                line.append(text, role)
            if not column.right:
                line.append(blank)
            line.append(" " * column.gap)
        line.rstrip()
        return line

    @property
    def total(self) -> int:
        """Cells of a full line."""
        gaps = sum(column.gap for column in self.columns[:-1])
        return sum(self.widths) + gaps


def fit(
    columns: Sequence[Column],
    order: Sequence[str],
    essential: Sequence[str],
    names: Mapping[str, Collection[str]],
    width: int,
    *,
    roomy: Collection[str] = (),
) -> Grid:
    """Choose the columns that fit and their widths.

    Args:
        columns: All columns, in the order in which they are drawn.
        order: Their ids, the most wanted first; the last ones are dropped first.
        essential: Ids that are never dropped.
        names: The cell texts of each column.
        width: Cells that there are.
        roomy: Ids of columns that are worth less than two blanks between all columns.

    Returns:
        The grid. An essential column of names is narrowed where even the essential ones are too wide together.
    """
    by_id = {column.id: column for column in columns}
    natural = _natural(columns, names)
    chosen = [key for key in order if key in essential and key in by_id]
    for key in order:
        if key in by_id and key not in chosen:
            candidate = [*chosen, key]
            wider = max(0, len(candidate) - 2) if key in roomy else 0
            if _total(candidate, columns, natural) + wider > width:
                break
            chosen = candidate
    widths = {key: natural[key] for key in chosen}
    over = _total(chosen, columns, widths) - width
    for key in sorted(chosen, key=lambda item: -widths[item]):
        least = by_id[key].least
        if over > 0 and least:
            given = min(over, max(0, widths[key] - max(least, width_of(by_id[key].title))))
            widths[key] -= given
            over -= given
    shown = tuple(column for column in columns if column.id in widths)
    if over < 0 and -over >= sum(column.gap == 1 for column in shown[1:-1]):
        # Where there is room, two blanks between columns; the sign stays close to what it is the sign of.
        shown = (shown[0], *(replace(column, gap=2) for column in shown[1:]))
    short = tuple(
        (column.id, tuple(shorten_all(names.get(column.id, ()), widths[column.id]).items()))
        for column in shown
        if widths[column.id] < natural[column.id]
    )
    return Grid(shown, tuple(widths[column.id] for column in shown), short)


def total(
    columns: Sequence[Column], chosen: Sequence[str], names: Mapping[str, Collection[str]], caps: Mapping[str, int]
) -> int:
    """Cells that these columns take with nothing shortened, except that some count for at most their cap."""
    natural = _natural(columns, names)
    return _total(chosen, columns, {key: min(width, caps.get(key, width)) for key, width in natural.items()})


def _natural(columns: Sequence[Column], names: Mapping[str, Collection[str]]) -> dict[str, int]:
    return {
        column.id: max([width_of(column.title), *(width_of(text) for text in names.get(column.id, ()))])
        for column in columns
    }


def _total(chosen: Sequence[str], columns: Sequence[Column], widths: Mapping[str, int]) -> int:
    kept = [column for column in columns if column.id in chosen]
    return sum(widths[column.id] + column.gap for column in kept) - (kept[-1].gap if kept else 0)
