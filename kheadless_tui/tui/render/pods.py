"""The pods of a Service as lines: is it in DNS, why not, where it is and what it is called there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from rich.text import Text

from kheadless_tui.tui.known.endpoints import UNKNOWN_TEXT, EndpointEntry
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import GOOD, MUTED, TEXT, UNKNOWN, WARN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import UNICODE, Signs
from kheadless_tui.tui.text.table import Cell, Column, Grid, fit

_COLUMNS = (
    Column("sign", ""),
    Column("pod", "POD", least=8),
    Column("dns", "IN DNS"),
    Column("ready", "READY"),
    Column("status", "STATUS"),
    Column("restarts", "RESTARTS", right=True),
    Column("address", "ADDRESS"),
    Column("ipv4", "IPV4"),
    Column("ipv6", "IPV6"),
    Column("node", "NODE", least=8),
    Column("zone", "ZONE", least=8),
    Column("age", "AGE", right=True),
    Column("name", "DNS NAME", least=12),
    Column("slice", "SLICE", least=16),
)
_WANTED = ("age", "node", "ready", "status", "zone", "restarts", "name", "slice")
"""The columns that are dropped for want of width, the last one first."""
_ROOMY = _WANTED[4:]
"""The columns for which the others do not move together."""


@dataclass(frozen=True)
class PodsLayout:
    """The pods table at one width."""

    grid: Grid
    width: int
    signs: Signs
    heading: Text | None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """As many lines as the column with the most values needs."""
        many = {column.id for column in self.grid.columns} & _MULTIPLE
        heights = [len(self._note(row)) or _height(row.value, many) for row in rows]
        return None if all(height == 1 for height in heights) else heights

    def lines(self, row: Row) -> Sequence[Text]:
        """The lines of one endpoint or remark."""
        return self._note(row) or [self.grid.line(cells) for cells in self._cells(row)]

    def _note(self, row: Row) -> list[Text]:
        return row.value.lines(self.width, self.signs) if isinstance(row.value, Note) else []

    def _cells(self, row: Row) -> list[dict[str, Cell]]:
        entry = row.value
        assert isinstance(entry, EndpointEntry)
        first = _single_cells(entry, self.signs)
        shown = {column.id for column in self.grid.columns}
        many = {key: values for key, values in _multiple_cells(entry).items() if key in shown}
        lines: list[dict[str, Cell]] = []
        for values in zip_longest(*many.values(), fillvalue=None):
            cells = {key: Cell.of(value) for key, value in zip(many, values, strict=True) if value is not None}
            lines.append(cells)
        lines = lines or [{}]
        lines[0] = {**first, **lines[0]}
        return lines


_MULTIPLE = {"address", "ipv4", "ipv6", "name"}
"""Columns that may hold several values of one endpoint, one below the other."""


def _height(entry: object, columns: Collection[str]) -> int:
    assert isinstance(entry, EndpointEntry)
    if len(entry.ipv4) + len(entry.ipv6) <= 1 and len(entry.dns_names) <= 1:
        return 1
    values = _multiple_cells(entry)
    return max((len(values[column]) for column in columns), default=1)


def _single_cells(entry: EndpointEntry, signs: Signs) -> dict[str, Cell]:
    if not entry.known:
        sign, role, word = signs.unanswered, UNKNOWN, UNKNOWN
    elif entry.in_dns:
        sign, role, word = signs.yes, GOOD, MUTED
    else:
        sign, role, word = (signs.terminating if entry.terminating else signs.not_ready), WARN, WARN
    return {
        "sign": Cell.of(sign, role),
        "pod": Cell.of(entry.name, TEXT if entry.pod else MUTED),
        "dns": Cell.of(entry.verdict, WARN if entry.known and entry.reason in ("not ready", "terminating") else word),
        "ready": Cell.of(entry.ready),
        "status": Cell.of(entry.status),
        "restarts": Cell.of(entry.restarts),
        "node": Cell.of(entry.node),
        "zone": Cell.of(entry.zone),
        "age": Cell.of(entry.age, MUTED),
        "slice": Cell.of(_slices(entry)),
    }


def _slices(entry: EndpointEntry) -> str:
    """The first slice, and how many others list the same pod: one per address family is usual."""
    if not entry.slices:
        return UNKNOWN_TEXT
    return entry.slices[0] if len(entry.slices) == 1 else f"{entry.slices[0]} +{len(entry.slices) - 1}"


def _multiple_cells(entry: EndpointEntry) -> dict[str, tuple[str, ...]]:
    return {
        "address": entry.addresses or (UNKNOWN_TEXT,),
        "ipv4": entry.ipv4 or (UNKNOWN_TEXT,),
        "ipv6": entry.ipv6 or (UNKNOWN_TEXT,),
        "name": entry.dns_names or (UNKNOWN_TEXT,),
    }


def pods_layout(rows: Sequence[Row], width: int, signs: Signs = UNICODE) -> PodsLayout:
    """The columns that fit these endpoints in this width.

    Addresses are never dropped and never cut: where those of two families do not fit beside one another, they stand
    one below the other.
    """
    entries = [row.value for row in rows if isinstance(row.value, EndpointEntry)]
    names: dict[str, set[str]] = {column.id: set() for column in _COLUMNS}
    for entry in entries:
        for key, cell in _single_cells(entry, signs).items():
            names[key].add(cell.text)
        for key, values in _multiple_cells(entry).items():
            names[key].update(values)
    both = any(entry.ipv4 for entry in entries) and any(entry.ipv6 for entry in entries)
    # A column of which nothing is known says nothing.
    empty = {key for key in _WANTED if key in names and names[key] <= {UNKNOWN_TEXT}}
    # Nor does a name that is the pod's own in every row.
    if all(entry.dns_names == (entry.pod,) for entry in entries):
        empty.add("name")
    columns = tuple(column for column in _columns(signs) if column.id not in empty)
    base = ("sign", "pod", "dns")
    if both:
        # Beside one another only if age and node stay: otherwise a second line costs less than these columns.
        grid = fit(columns, (*base, "ipv4", "ipv6", *_WANTED), (*base, "ipv4", "ipv6"), names, width, roomy=_ROOMY)
        if grid.total <= width and {"age", "node"} <= {column.id for column in grid.columns} | empty:
            return PodsLayout(grid, width, signs, grid.heading())
    grid = fit(columns, (*base, "address", *_WANTED), (*base, "address"), names, width, roomy=_ROOMY)
    return PodsLayout(grid, width, signs, grid.heading())


def _columns(signs: Signs) -> tuple[Column, ...]:
    return tuple(replace(column, title=f"POD {signs.up}") if column.id == "pod" else column for column in _COLUMNS)
