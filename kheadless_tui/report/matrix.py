"""Servers by records: who answers what over which transport, what differs, and what the layers say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kheadless_tui.probe.comparison.compare import EXTRA, MATCH, MISSING, NOT_ASKED, STALE, UNANSWERED, WRONG
from kheadless_tui.probe.comparison.diagnosis import Diagnosis
from kheadless_tui.probe.matrix.layers import TRANSPORTS, Column, Group, Layer, Line, Matrix
from kheadless_tui.probe.observation import Observation
from kheadless_tui.report import names
from kheadless_tui.report.document import Document
from kheadless_tui.report.medium import Medium
from kheadless_tui.report.table import Cell, Table
from kheadless_tui.report.table import Column as Heading
from kheadless_tui.report.table import render as render_table

ROLES = {
    MISSING: "bad",
    WRONG: "bad",
    EXTRA: "bad",
    STALE: "warn",
    UNANSWERED: "unknown",
    NOT_ASKED: "muted",
    MATCH: "good",
}
"""The role, and so the colour, of each verdict on a record; worst first."""
MOST_LINES = 12
"""Records of one group that are listed on a terminal; JSON and a pipe have all."""

WIDE = 100
"""Columns from which on the servers are shown with their times."""


def facts(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """What the layers say, and what was a race."""
    found = [
        ("note" if finding.severity == "info" else "cause", f"{finding.title}: {finding.evidence}")
        for finding in diagnosis.findings
    ]
    if diagnosis.races:
        seconds = max(race.seconds for race in diagnosis.races)
        found.append(
            (
                "race",
                f"{len(diagnosis.races)} answered otherwise at first, and as predicted when asked again "
                f"{seconds:.1f} s later: the change was on its way",
            )
        )
    return found


def untold(observations: Iterable[Observation]) -> list[str]:
    """Which program shows no TTL or no time, so that their columns are empty."""
    found: dict[str, set[str]] = {}
    for seen in observations:
        if seen.carrier and not seen.error and seen.cut is None:  # else two programs have told of it
            lacking = [] if seen.ttl_known else ["TTLs"]
            lacking += ["times below 1 ms"] if seen.ms is None and seen.within == 1 else []
            lacking += ["times"] if seen.ms is None and seen.within != 1 else []
            found.setdefault(seen.carrier, set()).update(lacking)
    return [f"{carrier} does not show {' and '.join(sorted(what))}" for carrier, what in found.items() if what]


def tables(diagnosis: Diagnosis, medium: Medium) -> str:
    """The servers with their counts, and below them the records of each group that differs."""
    matrix = diagnosis.matrix
    times = medium.width is None or medium.width >= WIDE
    parts = [render_table(_servers(matrix, times=times), medium)]
    suffix = names.common_suffix(line.record.name for line in matrix.lines if line.record.type != "PTR")
    parts += [
        render_table(_group(matrix, group, suffix), medium)
        for group in matrix.groups
        if group.verdict != MATCH and set(group.columns) - _silent(matrix)
    ]
    parts += [f"{group.title}\n" for group in matrix.groups if not set(group.columns) - _silent(matrix)]
    return "\n".join(parts)


def documents(diagnosis: Diagnosis) -> Document:
    """The keys ``servers``, ``groups``, ``layers`` and ``races`` of the schema ``kheadless/probe/1``."""
    matrix = diagnosis.matrix
    return {
        "servers": [_server_document(layer, columns) for layer, columns in _by_layer(matrix)],
        "groups": [
            {
                "title": group.title,
                "verdict": group.verdict,
                "records": [str(line.record) for line in group.lines],
                "at": [
                    {"server": column.layer.address, "transport": column.transport}
                    for column in (matrix.columns[number] for number in group.columns)
                ],
            }
            for group in matrix.groups
        ],
        "layers": [
            {
                "kind": finding.kind,
                "severity": finding.severity,
                "servers": [layer.address for layer in finding.layers],
                "title": finding.title,
                "evidence": finding.evidence,
            }
            for finding in diagnosis.findings
        ],
        "races": [
            {
                "record": str(race.row.record),
                "server": race.row.server,
                "transport": race.row.transport,
                "verdict": race.row.verdict,
                "seconds": round(race.seconds, 3),
            }
            for race in diagnosis.races
        ],
    }


def _by_layer(matrix: Matrix) -> Iterable[tuple[Layer, list[Column]]]:
    for layer in dict.fromkeys(column.layer for column in matrix.columns):
        yield layer, [column for column in matrix.columns if column.layer == layer]


def _server_document(layer: Layer, columns: Sequence[Column]) -> Document:
    return {
        "server": layer.address,
        "role": layer.kind,
        "name": layer.name or None,
        "transports": {
            column.transport: {
                "matched": column.matched,
                "of": column.total,
                "answered": column.answered,
                "asked": column.asked,
                "unjudged": column.unjudged,
                "verdict": column.verdict,
                "ms": None if column.ms is None else round(column.ms, 3),
            }
            for column in columns
        },
    }


def _servers(matrix: Matrix, *, times: bool) -> Table:
    ways = [way for way in TRANSPORTS if any(column.transport == way for column in matrix.columns)]
    headings = [Heading("SERVER", folds=True), Heading("ADDRESS", folds=True)]
    for way in ways:
        headings += [Heading(way.upper()), *([Heading("MS", right=True)] if times else [])]
    rows = []
    for layer, columns in _by_layer(matrix):
        row: list[str | Cell] = [layer.title, layer.address if layer.name else ""]
        for way in ways:
            column = next((each for each in columns if each.transport == way), None)
            row.append(_count(column))
            if times:
                row.append("" if column is None or column.ms is None else f"{column.ms:.1f}")
        rows.append(row)
    return Table(tuple(headings), rows)


def _count(column: Column | None) -> str | Cell:
    """``33 of 33``, the worst verdict where not all is as predicted, and how many more replies were not judged."""
    if column is None:
        return Cell("not asked", "muted")
    count = f"{column.matched} of {column.total}"
    count += "" if column.verdict == MATCH else f" {column.verdict}"
    return Cell(count + (f", {column.unjudged} not judged" if column.unjudged else ""), ROLES[column.verdict])


def _group(matrix: Matrix, group: Group, suffix: str) -> Table:
    """The records of a group; what was said of each, unless the group's title says it for all."""
    said = [_said(matrix, line, group) for line in group.lines]
    varied = len(set(said)) > 1
    headings = [Heading("NAME", folds=True), Heading("TYPE"), Heading("PREDICTED", folds=True), Heading("POD")]
    headings += [Heading("SAID", folds=True)] if varied else []
    rows: list[Sequence[str | Cell]] = [
        (
            names.owner(line.record, suffix),
            line.record.type,
            names.data(line.record, suffix),
            line.pod or "",
            *([Cell(words, ROLES[group.verdict])] if varied else []),
        )
        for line, words in zip(group.lines[:MOST_LINES], said, strict=False)
    ]
    if len(group.lines) > MOST_LINES:
        rows.append((f"and {len(group.lines) - MOST_LINES} more", *[""] * (len(headings) - 1)))
    return Table(tuple(headings), rows, title=group.title)


def _said(matrix: Matrix, line: Line, group: Group) -> str:
    """What the servers that differ said of one record, each thing once."""
    lost = _silent(matrix)
    cells = [line.cells[number] for number in group.columns if number not in lost]
    return "; ".join(dict.fromkeys(f"{cell.verdict}, {cell.detail}" for cell in cells if cell is not None))


def _silent(matrix: Matrix) -> set[int]:
    return {number for number, column in enumerate(matrix.columns) if column.silent}
