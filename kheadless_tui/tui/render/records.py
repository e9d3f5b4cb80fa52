"""The table of records: what must exist and what was answered, one row for both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from rich.text import Text

from kheadless_tui.tui.known.record_entries import ANSWERED, NO_POD, SAME, RecordEntry
from kheadless_tui.tui.text.cells import width_of
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import BAD, MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import UNICODE, Signs
from kheadless_tui.tui.text.table import EMPTY, Cell, Column, Grid, fit, total
from kheadless_tui.tui.text.verdicts import WORD_WIDTH, verdict_cell

if TYPE_CHECKING:
    pass

_COLUMNS = (
    Column("verdict", "VERDICT"),
    Column("name", "NAME", least=8),
    Column("type", "TYPE"),
    Column("data", "PREDICTED", least=12),
    Column("pod", "POD", least=8),
    Column("divider", "│"),
    Column("ttl", "TTL", right=True),
    Column("answered", "ANSWERED"),
)
_ESSENTIAL = ("verdict", "name", "type", "data")


@dataclass(frozen=True)
class RecordsLayout:
    """The records table at one width. A row whose addresses do not fit into the columns takes a line more."""

    grid: Grid
    width: int
    signs: Signs
    heading: Text | None
    answer_room: int = 0
    """Cells for what was answered instead; what is longer stands on a line of its own."""

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """One line for most."""
        heights = [len(self.lines(row)) if isinstance(row.value, Note) else self._height(row.value) for row in rows]
        return None if all(height == 1 for height in heights) else heights

    def _height(self, entry: object) -> int:
        assert isinstance(entry, RecordEntry)
        return 1 + self._is_broken(entry) + self._answer_below(entry)

    def _is_broken(self, entry: RecordEntry) -> bool:
        """An address is wider than its column, and addresses are never cut."""
        return (_is_reverse(entry) and width_of(entry.name) > self._width_of("name")) or (
            _is_address(entry) and width_of(entry.data) > self._width_of("data")
        )

    def _answer_below(self, entry: RecordEntry) -> bool:
        if not _differs(entry):
            return False
        return self._is_broken(entry) or width_of(entry.answered) > self.answer_room

    def _width_of(self, column: str) -> int:
        places = {item.id: width for item, width in zip(self.grid.columns, self.grid.widths, strict=True)}
        return places.get(column, 0)

    def lines(self, row: Row) -> Sequence[Text]:
        """The lines of one record or remark."""
        if isinstance(row.value, Note):
            return row.value.lines(self.width, self.signs)
        entry = row.value
        assert isinstance(entry, RecordEntry)
        cells = _cells(entry, self.signs)
        if self._answer_below(entry):
            cells["answered"] = EMPTY
        indent = self.grid.widths[0] + 1
        lines = self._broken(cells, entry, indent) if self._is_broken(entry) else [self.grid.line(cells)]
        if self._answer_below(entry):
            shown = {column.id for column in self.grid.columns}
            who = f"{entry.pod} " if entry.verdict == "withheld" and "pod" not in shown else ""
            below = Text(" " * indent + (ANSWERED if entry.verdict in ("wrong", "extra") else who), MUTED)
            below.append(entry.answered, _answer_role(entry))
            lines.append(below)
        return lines

    def _broken(self, cells: dict[str, Cell], entry: RecordEntry, indent: int) -> list[Text]:
        """Name above, data below; the type stands where there is room."""
        first = self.grid.line({"verdict": cells["verdict"]})
        first.pad_right(max(0, indent - first.cell_len))
        second = Text(" " * indent)
        _append(first, cells["name"])
        if _is_reverse(entry):
            _append(second, cells["type"], Cell.of("  "))
        else:
            _append(first, Cell.of("  "), cells["type"])
        _append(second, cells["data"])
        if entry.pod not in ("", entry.data) and second.cell_len + 2 + width_of(entry.pod) <= self.width:
            _append(second, Cell.of("  "), cells["pod"])
        return [first, second]


def _append(line: Text, *cells: Cell) -> None:
    for cell in cells:
        for text, role in cell.parts:
            line.append(text, role)


def _is_long_name(entry: RecordEntry) -> bool:
    """The name is an IPv6 address, and may not be shortened."""
    return _is_reverse(entry) and ":" in entry.name


def _is_reverse(entry: RecordEntry) -> bool:
    """The name is an address."""
    return entry.type == "PTR"


def _is_address(entry: RecordEntry) -> bool:
    return entry.type in ("A", "AAAA")


def _differs(entry: RecordEntry) -> bool:
    return entry.answered not in ("", SAME)


def _answer_role(entry: RecordEntry) -> str:
    if entry.verdict in ("withheld", "match", "not asked"):
        return MUTED
    return UNKNOWN if entry.verdict == "unanswered" else BAD if entry.verdict in ("wrong", "extra") else TEXT


def _cells(entry: RecordEntry, signs: Signs) -> dict[str, Cell]:
    quiet = MUTED if entry.verdict == "withheld" else TEXT
    return {
        "verdict": verdict_cell(entry.verdict, signs),
        "name": Cell.of(entry.name, quiet),
        "type": Cell.of(entry.type, quiet),
        "data": Cell.of(entry.data, MUTED if entry.verdict == "extra" else quiet),
        "pod": Cell.of(entry.pod, MUTED if entry.pod == NO_POD else quiet),
        "divider": Cell.of(signs.divider, MUTED),
        "ttl": Cell.of(entry.ttl, MUTED),
        "answered": Cell.of(entry.answered, _answer_role(entry)),
    }


def records_layout(
    rows: Sequence[Row], width: int, signs: Signs = UNICODE, *, probed: bool = False, server: str = "", by: str = ""
) -> RecordsLayout:
    """The columns that fit these records in this width.

    Args:
        rows: Entries and remarks.
        width: Cells that there are.
        signs: The set of signs.
        probed: There are answers, so that their columns are worth their place.
        server: Who answered, said once in the heading.
        by: The column that they are sorted by; empty: in the order of the zone.
    """
    entries = [row.value for row in rows if isinstance(row.value, RecordEntry)]
    most = max(ANSWER_ROOM, width // 3)
    differs = any(_differs(entry) for entry in entries)
    reserved = [" " * WORD_WIDTH]
    names = _texts(entries, most)
    for extra, named in product(_further_columns(probed, differs), (server, "")):
        chosen = (*_ESSENTIAL, *extra)
        titles = dict(_titles(entries, signs, probed=probed, server=named))
        if by:
            titles[by] = f"{titles.get(by, by.upper())} {signs.up}"
        if total(_columns(entries, titles), chosen, {**names, "verdict": reserved}, _CAPS) <= width:
            break
    # Before anything is cut: the verdict column only as wide as its words of now; then rows with long addresses, first
    # as names and then as data, take two lines; on a very small terminal every row with an address.
    no_names = [entry for entry in entries if not _is_long_name(entry)]
    no_addresses = [entry for entry in no_names if not _is_address(entry)]
    no_reverse = [entry for entry in no_addresses if not _is_reverse(entry)]
    tries = (
        (entries, reserved),
        (entries, names["verdict"]),
        (no_names, reserved),
        (no_addresses, reserved),
        (no_reverse, names["verdict"]),
    )
    for counted, verdicts in tries:
        texts = {**_texts(counted, most), "verdict": verdicts}
        titles["data"] = _data_title(counted)
        grid = fit(_columns(counted, titles), chosen, chosen, texts, width)
        if grid.total <= width:
            break
    return RecordsLayout(grid, width, signs, grid.heading(), most if "answered" in chosen else 0)


def _texts(entries: Sequence[RecordEntry], most: int) -> dict[str, Collection[str]]:
    """The different texts of each column, without answers that are too long for any column."""
    return {
        "verdict": {"  " + verdict for verdict in {entry.verdict for entry in entries}},
        "name": {entry.name for entry in entries},
        "type": {entry.type for entry in entries},
        "data": {entry.data for entry in entries},
        "pod": {entry.pod for entry in entries},
        "ttl": {entry.ttl for entry in entries},
        "answered": {answered for answered in {entry.answered for entry in entries} if width_of(answered) <= most},
    }


ANSWER_ROOM = 24
"""Cells for what was answered instead, at the least."""
_CAPS = {"name": 24, "pod": 24, "data": 40}
"""Cells that columns of names take before they are a reason to drop another column; beyond that they are shortened."""


def _further_columns(probed: bool, differs: bool) -> tuple[tuple[str, ...], ...]:
    """What may stand beside the prediction, the most telling combination first; the last one is none."""
    if probed and differs:
        beside = ("divider", "ttl", "answered")
        return ("pod", *beside), beside, ("divider", "answered"), ("pod", "ttl"), ("ttl",), ()
    if probed:
        return ("pod", "divider", "ttl", "answered"), ("pod", "ttl"), ("pod",), ()
    if differs:
        return ("pod", "divider", "answered"), ("pod",), ()
    return ("pod",), ()


def _titles(entries: Sequence[RecordEntry], signs: Signs, *, probed: bool, server: str) -> dict[str, str]:
    return {
        "data": _data_title(entries),
        "divider": signs.divider,
        "answered": (f"ANSWERED {server}".rstrip() if probed else "WHY WITHHELD"),
    }


def _data_title(entries: Sequence[RecordEntry]) -> str:
    """With the one TTL of all records, where they are as wide as that."""
    ttls = {entry.record.ttl for entry in entries if entry.record is not None}
    ttl = f"PREDICTED  ttl {next(iter(ttls))}" if len(ttls) == 1 else "PREDICTED"
    widest = max((width_of(entry.data) for entry in entries), default=0)
    return ttl if width_of(ttl) <= widest else "PREDICTED"


def _columns(entries: Sequence[RecordEntry], titles: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns; only names may be shortened, so none is narrower than the widest address in it."""
    least = {
        "data": max((width_of(entry.data) for entry in entries if _is_address(entry)), default=0),
        "name": max((width_of(entry.name) for entry in entries if entry.type == "PTR"), default=0),
    }
    return tuple(
        replace(
            column,
            title=titles.get(column.id, column.title),
            least=max(column.least, least[column.id]) if column.id in least else column.least,
        )
        for column in _COLUMNS
    )
