"""Records by servers: one column for each server and transport, the lines that differ in the same way together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from kheadless_tui.tui.known.probed import record_key
from kheadless_tui.tui.known.record_entries import RCODES
from kheadless_tui.tui.text.ages import milliseconds
from kheadless_tui.tui.text.cells import clean, pad, shorten, shorten_all, width_of, wrap
from kheadless_tui.tui.text.names import asked, relative_data
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import FOCUS, FRAME, MUTED, TEXT
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.verdicts import OLDER, rank, verdict_cell

if TYPE_CHECKING:
    from kheadless_tui.probe.comparison.compare import Row as ComparedRow
    from kheadless_tui.probe.matrix.layers import Column, Line, Matrix
    from kheadless_tui.tui.known.view import ServiceView
    from kheadless_tui.tui.text.signs import Signs
    from kheadless_tui.zone.record import Question, Record

CELL = 12
"""Cells of one verdict: ``? unanswered``."""
NAME_MOST = 26
"""Cells of the name column at most; longer names are shortened in the middle."""
DATA_MOST = 34
"""Cells of the data column at most; an IPv6 address is never cut, SRV data and names are."""


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """What one server said of one record over one transport."""

    verdict: str
    """Empty where there is nothing to say: not asked, or rightly not there."""
    ttl: str = ""


@dataclass(frozen=True, slots=True)
class MatrixEntry:
    """One record at every server."""

    id: str
    name: str
    type: str
    data: str
    pod: str
    question: Question
    record: Record
    cells: tuple[MatrixCell, ...]

    @property
    def verdict(self) -> str:
        """The worst of the line."""
        return min((cell.verdict for cell in self.cells if cell.verdict), key=rank, default="match")


@dataclass(frozen=True, slots=True)
class MatrixGroup:
    """What the lines below have in common."""

    title: str


def matrix_rows(view: ServiceView, matrix: Matrix, *, grouped: bool, older: Sequence[Line] = ()) -> list[Row]:
    """The rows of a matrix: by groups, worst first, each under its title; or in the order of the zone.

    Args:
        view: The Service.
        matrix: The lines that still say something.
        grouped: By what differs alike.
        older: Lines of questions to which another answer is right by now; they come last.
    """
    rows: list[Row] = []
    for number, group in enumerate(matrix.groups if grouped else ()):
        rows.append(Row(f"group/{number}", MatrixGroup(clean(group.title)), selectable=False))
        rows += [_row(view, line) for line in group.lines]
    if not grouped:
        rows = [_row(view, line) for line in matrix.lines]
    came = _came_since(view, (*matrix.lines, *older))
    if older or came:
        title = " and ".join(
            [f"{len(older)} of another prediction by now"] * bool(older) + [f"{came} not asked yet"] * bool(came)
        )
        rows.append(Row("group/older", MatrixGroup(f"{title}: p asks again"), selectable=False))
    return [*rows, *(_row(view, line, outdated=True) for line in older)]


def _came_since(view: ServiceView, lines: Iterable[Line]) -> int:
    """Records that must exist by now and were asked of no server."""
    asked = {record_key(line.record) for line in lines}
    return sum(record_key(item.record) not in asked for item in view.predicted)


def _row(view: ServiceView, line: Line, *, outdated: bool = False) -> Row:
    record = line.record
    denial = record.data in RCODES
    entry = MatrixEntry(
        id=f"{record.name}/{record.type}/{record.data}",
        name=asked(record.name, view.origin),
        type=record.type,
        data=record.data if denial else relative_data(record, view.origin),
        pod=clean(line.pod or ""),
        question=line.question,
        record=record,
        cells=tuple(MatrixCell(OLDER if cell else "") if outdated else _cell(cell) for cell in line.cells),
    )
    return Row(entry.id, entry)


def _badness(cell: MatrixCell) -> int:
    return rank(cell.verdict or "match")


def _cell(row: ComparedRow | None) -> MatrixCell:
    if row is None:
        return MatrixCell("")
    return MatrixCell(row.verdict, "" if row.observed_ttl is None else str(row.observed_ttl))


@dataclass(frozen=True, slots=True)
class _Server:
    """One server's columns, by number, that are drawn in one block."""

    columns: tuple[int, ...]
    title: str
    node: str
    address: str
    took: str


@dataclass(frozen=True)
class MatrixLayout:
    """The matrix at one width."""

    width: int
    signs: Signs
    matrix: Matrix
    here: int
    """The column that the cursor is in."""
    left: tuple[tuple[str, int], ...]
    """The columns before the servers, each with its cells."""
    servers: tuple[_Server, ...]
    """Those that are seen."""
    folded: bool
    """UDP and TCP stand in one column, the worse of both."""
    hidden: int
    """Servers further right."""
    names: tuple[tuple[str, str], ...]
    heading: Text | None

    def beside(self, step: int) -> int:
        """The column that a step to the side leads to: of another server, where UDP and TCP are one; else the next."""
        stops = list(dict.fromkeys(column.layer for column in self.matrix.columns))
        if not self.folded:
            return min(max(self.here + step, 0), len(self.matrix.columns) - 1)
        at = stops.index(self.matrix.columns[self.here].layer)
        layer = stops[min(max(at + step, 0), len(stops) - 1)]
        return next(number for number, column in enumerate(self.matrix.columns) if column.layer == layer)

    def told(self, entry: MatrixEntry | None) -> int:
        """The column whose cell is seen under the cursor: of UDP and TCP in one column, the worse of a record."""
        if entry is None or not self.folded:
            return self.here
        layer = self.matrix.columns[self.here].layer
        numbers = [number for number, column in enumerate(self.matrix.columns) if column.layer == layer]
        return min(numbers, key=lambda number: _badness(entry.cells[number]))

    @property
    def data_below(self) -> bool:
        """The data of a record stands on a line of its own."""
        return "data" not in dict(self.left)

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """One line for a record, two where its data stands below; as many as a remark or a title needs."""
        each = 2 if self.data_below else 1
        return [each if isinstance(row.value, MatrixEntry) else len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """One record, the title of a group, or a remark."""
        if isinstance(row.value, Note):
            return row.value.lines(self.width, self.signs)
        if isinstance(row.value, MatrixGroup):
            return [Text(part, MUTED) for part in wrap(row.value.title, self.width - 1, indent="  ")]
        entry = row.value
        assert isinstance(entry, MatrixEntry)
        short = dict(self.names)
        text = Text(" ")
        for key, width in self.left:
            value = getattr(entry, key)
            text.append(pad(short.get(value, value) if key == "name" else shorten(value, width), width), TEXT)
            text.append(" ")
        for server in self.servers:
            text.append(f"{self.signs.divider} ", FRAME)
            for cells in _columns_of(server, folded=self.folded):
                self._verdict(text, min((entry.cells[number] for number in cells), key=_badness))
        text.rstrip()
        if not self.data_below:
            return (text,)
        return (text, Text(f"   {shorten(entry.data, self.width - 4, self.signs.ellipsis)}", MUTED))

    def _verdict(self, text: Text, cell: MatrixCell) -> None:
        before = text.cell_len
        if cell.verdict == "match":
            sign, *_ = verdict_cell("match", self.signs).parts
            text.append(*sign).append(f" {cell.ttl}", MUTED)
        elif cell.verdict:
            for part, role in verdict_cell(cell.verdict, self.signs).parts:
                text.append(part, role)
        text.append(" " * max(1, CELL + 1 - (text.cell_len - before)))


def matrix_layout(rows: Sequence[Row], width: int, signs: Signs, matrix: Matrix, *, here: int = 0) -> MatrixLayout:
    """The matrix in a width: the pod gives way first, then UDP and TCP fold, then servers lie to the right."""
    entries = [row.value for row in rows if isinstance(row.value, MatrixEntry)]
    naturals = {
        key: max([width_of(key), *(width_of(getattr(entry, key)) for entry in entries)])
        for key in ("name", "type", "data", "pod")
    }
    naturals["name"] = min(naturals["name"], NAME_MOST)
    naturals["data"] = min(max(naturals["data"], width_of("PREDICTED")), DATA_MOST)
    servers = _servers(matrix, signs)
    whole: tuple[str, ...] = ("name", "type", "data", "pod")
    less, least = whole[:3], whole[:2]
    for keys, folded in ((whole, False), (less, False), (whole, True), (less, True)):
        left = tuple((key, naturals[key]) for key in keys)
        if _left(left) + sum(_block(server, folded=folded) for server in servers) <= width:
            return _made(entries, width, signs, matrix, here, left, servers, folded, 0, "")
    # Which record it is must be told; further servers lie to the right.
    keys = less if width >= _left([(key, naturals[key]) for key in less]) + CELL + 3 else least
    left = tuple((key, naturals[key]) for key in keys)
    room = max(1, (width - _left(left)) // (CELL + 3))
    at = next((n for n, server in enumerate(servers) if here in server.columns), 0)
    first = max(0, min(at - room + 1, len(servers) - room))
    shown = servers[first : first + room]
    last = first + len(shown)
    place = f"{first + 1}-{last} of {len(servers)}" if len(shown) > 1 else f"{last} of {len(servers)}"
    place = place if len(shown) < len(servers) else ""
    return _made(entries, width, signs, matrix, here, left, shown, True, len(servers) - last, place)


def _made(
    entries: Sequence[MatrixEntry],
    width: int,
    signs: Signs,
    matrix: Matrix,
    here: int,
    left: tuple[tuple[str, int], ...],
    servers: Sequence[_Server],
    folded: bool,
    hidden: int,
    place: str,
) -> MatrixLayout:
    names = shorten_all((entry.name for entry in entries), dict(left)["name"], signs.ellipsis)
    heading = _heading(width, signs, matrix, here, left, servers, folded=folded, place=place)
    return MatrixLayout(width, signs, matrix, here, left, tuple(servers), folded, hidden, tuple(names.items()), heading)


def _heading(
    width: int,
    signs: Signs,
    matrix: Matrix,
    here: int,
    left: Sequence[tuple[str, int]],
    servers: Sequence[_Server],
    *,
    folded: bool,
    place: str,
) -> Text:
    """Servers, their addresses, the column titles, and the sums.

    Where not all servers are seen, ``place`` says which are, beside them, for not every panel has a rule to say it in.
    """
    titles = Text(" ")
    for key, cells in left:
        titles.append(pad({"data": "PREDICTED"}.get(key, key.upper()), cells) + " ", MUTED)
    sums = Text(pad(f" all {len(matrix.lines)}", _left(left)), MUTED)
    words = (f"{'server' if len(servers) == 1 else 'servers'} {place}", "h l: the others") if place else ("", "")
    if max(map(width_of, words)) + 2 > _left(left):
        words = (place, "h l")
    lines = [*(Text(pad(f" {word}", _left(left)), MUTED) for word in words), titles, sums]
    short = _short_titles(servers, folded=folded, ellipsis=signs.ellipsis)
    addresses = all(width_of(server.address) <= _block(server, folded=folded) - 2 for server in servers)
    for server in servers:
        inner = _block(server, folded=folded) - 2
        role = FOCUS if here in server.columns else TEXT
        mark = signs.cursor if here in server.columns else " "
        lines[0].append(signs.divider, FRAME).append(f"{mark}{pad(short[server.columns], inner)}", role)
        lines[1].append(f"{signs.divider} ", FRAME).append(
            pad(_below(server, inner, addresses=addresses), inner), MUTED
        )
        titles.append(signs.divider, FRAME)
        sums.append(f"{signs.divider} ", FRAME)
        for numbers in _columns_of(server, folded=folded):
            columns = [matrix.columns[number] for number in numbers]
            title = "+".join(column.transport.upper() for column in columns)
            mark, role = (signs.cursor, FOCUS) if here in numbers and not folded else (" ", MUTED)
            titles.append(f"{mark}{pad(title, CELL)}", role)
            _sum(sums, min(columns, key=lambda column: (rank(column.verdict), column.matched)), signs)
        titles.append(" ")
    for line in lines:
        line.rstrip()
        line.truncate(width)
    return Text("\n").join(lines)


def _short_titles(servers: Sequence[_Server], *, folded: bool, ellipsis: str) -> dict[tuple[int, ...], str]:
    """Titles that fit and stay different; the node of a replica beside it where there is room for both."""
    room = min((_block(server, folded=folded) for server in servers), default=CELL) - 3
    least = room - max((width_of(server.node) for server in servers), default=0)
    short = shorten_all((server.title for server in servers), least if least >= CELL else room, ellipsis)
    return {
        server.columns: short[server.title] + (server.node if least >= CELL else "")
        if width_of(server.title + server.node) > room
        else server.title + server.node
        for server in servers
    }


def _below(server: _Server, room: int, *, addresses: bool) -> str:
    """Address and time of a server, the time at the end; the time alone where not all ``addresses`` fit."""
    gap = room - 1 - width_of(server.address) - width_of(server.took)
    if gap > 0:
        return f"{server.address}{' ' * gap}{server.took}"
    return server.address if addresses else server.took


def _sum(text: Text, column: Column, signs: Signs) -> None:
    """``✓ 33 of 33``."""
    sign, *_ = verdict_cell(column.verdict, signs).parts
    before = text.cell_len
    text.append(*sign).append(f" {column.matched} of {column.total}", MUTED)
    text.append(" " * max(1, CELL + 1 - (text.cell_len - before)))


def _servers(matrix: Matrix, signs: Signs) -> list[_Server]:
    found = []
    for layer in dict.fromkeys(column.layer for column in matrix.columns):
        numbers = tuple(number for number, column in enumerate(matrix.columns) if column.layer == layer)
        times = [ms for number in numbers if (ms := matrix.columns[number].ms) is not None]
        node = f" {signs.quiet} {clean(layer.node)}" if layer.node else ""  # where there is room for it
        title = clean(layer.title).removesuffix(" cache")
        address = clean(layer.address) if layer.name else ""
        found.append(_Server(numbers, title, node, address, milliseconds(min(times)) if times else ""))
    return found


def _columns_of(server: _Server, *, folded: bool) -> list[tuple[int, ...]]:
    return [server.columns] if folded else [(number,) for number in server.columns]


def _block(server: _Server, *, folded: bool) -> int:
    """Cells of a server: the divider, and each column with a blank after it."""
    return 2 + (CELL + 1) * (1 if folded else len(server.columns))


def _left(left: Sequence[tuple[str, int]]) -> int:
    return 1 + sum(width + 1 for _, width in left)
