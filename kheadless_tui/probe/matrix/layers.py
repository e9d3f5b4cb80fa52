"""Servers by records: the same questions at every server over every transport, and the rows that differ in one way.

A matrix is made of the verdicts of one comparison. Its lines are the records, its columns the servers with their
transports, and lines with the same pattern of differences form a group, which is named by what it has in common. What
the layers mean together is read off it in :mod:`kheadless_tui.probe.matrix.layer_findings`. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TypedDict

from kheadless_tui.probe.comparison.canonical import RecordId, identity
from kheadless_tui.probe.comparison.compare import (
    EXTRA,
    MATCH,
    MISSING,
    NOT_ASKED,
    STALE,
    UNANSWERED,
    WRONG,
    Comparison,
    Row,
)
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question, Record

KUBE_DNS = "kube-dns"
REPLICA = "replica"
NODE_LOCAL = "node-local"
RESOLV_CONF = "resolv.conf"
GIVEN = "given"
"""The roles of servers, as :data:`kheadless_tui.probe.server.Role` has them."""

WORST_FIRST = (MISSING, WRONG, EXTRA, STALE, UNANSWERED, NOT_ASKED, MATCH)
"""The order of verdicts in which rows and groups stand."""

TRANSPORTS = ("udp", "tcp")
"""The order of a server's columns."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One server on the way of a name."""

    address: str
    """As observations name it: the address, with ``:port`` when it is not 53."""
    kind: str = GIVEN
    """The role of the server (:data:`kheadless_tui.probe.server.Role`), or what else can know a name: ``api``,
    ``application``."""
    name: str = ""
    """``kube-dns``, the replica's pod, ``node-local cache``; empty for a server that has no name."""
    node: str = ""
    """Where a replica runs; empty when it is not known."""
    ready: bool = True
    """False for a replica that its EndpointSlice calls not ready, so that kube-dns does not lead to it."""

    @classmethod
    def of(cls, server: Server) -> Layer:
        """The layer that a server is."""
        return cls(str(server), server.role, server.name if server.name != str(server) else "", ready=server.ready)

    @property
    def title(self) -> str:
        """As a sentence names it: ``kube-dns``, ``coredns-54b8b5d4c4-q8zrt``, ``node-local cache``, or the address."""
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class Column:
    """What one server said over one transport."""

    layer: Layer
    transport: str
    """``udp`` or ``tcp``."""
    matched: int
    """Predicted records and denials that were answered as predicted."""
    total: int
    """Predicted records and denials that were asked for."""
    verdict: str
    """The worst of the column."""
    asked: int
    """Questions that were put, those that cannot be judged included."""
    answered: int
    """Questions that got any reply."""
    ms: float | None = None
    """Median time of a reply in milliseconds, where the carrier tells it."""
    unjudged: int = 0
    """Questions that were answered and that nothing is predicted for here."""

    @property
    def silent(self) -> bool:
        """Not one reply came."""
        return self.asked > 0 and self.answered == 0


@dataclass(frozen=True, slots=True)
class Line:
    """One record, or one denial, at every server."""

    record: Record
    question: Question
    pod: str | None
    """The pod that the record leads to."""
    cells: tuple[Row | None, ...]
    """One for each column; ``None`` where there is nothing to say: not asked, or rightly not there."""

    @property
    def verdict(self) -> str:
        """The worst of the line."""
        return worst(cell.verdict for cell in self.cells if cell is not None)


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that differ at the same servers in the same way."""

    title: str
    """``8 missing at coredns-54b8b5d4c4-q8zrt: all of web-3``; ``33 as predicted everywhere``."""
    verdict: str
    """The worst of its lines."""
    lines: tuple[Line, ...]
    columns: tuple[int, ...]
    """The columns, by number, in which its lines differ or were not answered."""


@dataclass(frozen=True, slots=True)
class LayerFinding:
    """What two layers that disagree, or one that is silent, come to."""

    kind: str
    """Stable: ``udp-lost``, ``replica-lags``, ``old-denial`` ...; see ``layer_findings``."""
    layers: tuple[Layer, ...]
    """Those that are to blame; empty when it is none of the servers."""
    title: str
    """The diagnosis in a few words: ``UDP to kube-dns (10.96.0.10) is lost``."""
    evidence: str
    """What it is read off, with the figures."""
    severity: str = "error"
    """``error``, ``warning`` or ``info``; ``info`` is worth knowing and no fault."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Records by servers."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    """In the order of the zone: as they were predicted."""
    groups: tuple[Group, ...]
    """The same lines, worst group first."""

    @property
    def several(self) -> bool:
        """More than one server or transport was asked, so that there is something to compare."""
        return len(self.columns) > 1

    def without(self, questions: Collection[tuple[str, str]]) -> Matrix:
        """What is left when the lines of some questions, by name in lower case and type, say nothing any more."""
        kept = tuple(line for line in self.lines if (line.question.name.lower(), line.question.type) not in questions)
        if len(kept) == len(self.lines):
            return self
        columns = tuple(
            replace(column, **_counted([line.cells[number] for line in kept]))
            for number, column in enumerate(self.columns)
        )
        return Matrix(columns, kept, _groups(columns, kept))


def build(layers: Sequence[Layer], comparison: Comparison, observations: Iterable[Observation]) -> Matrix:
    """The matrix of one comparison.

    Args:
        layers: What the servers are, in the order of the columns; a server that is not among them comes last.
        comparison: The verdicts.
        observations: The replies; of several to one question over one way the last counts.
    """
    seen: dict[tuple[str, str], dict[Question, Observation]] = {}
    for item in observations:
        seen.setdefault((item.server, item.transport), {})[item.question] = item
    known = {layer.address: layer for layer in layers}
    servers = list(dict.fromkeys((*known, *(server for server, _ in seen))))
    ways = [(server, way) for server in servers for way in TRANSPORTS if (server, way) in seen]
    lines = _lines(comparison.rows, {way: number for number, way in enumerate(ways)})
    columns = tuple(
        _column(known.get(server, Layer(server)), way, [line.cells[number] for line in lines], seen[server, way])
        for number, (server, way) in enumerate(ways)
    )
    return Matrix(columns, lines, _groups(columns, lines))


def worst(verdicts: Iterable[str]) -> str:
    """The worst of some verdicts; ``match`` of none."""
    return min(verdicts, key=WORST_FIRST.index, default=MATCH)


def _lines(rows: Iterable[Row], ways: Mapping[tuple[str, str], int]) -> tuple[Line, ...]:
    cells: dict[tuple[Question, RecordId], list[Row | None]] = {}
    for row in rows:
        number = ways.get((row.server, row.transport))
        if number is not None:
            cells.setdefault((row.question, identity(row.record)), [None] * len(ways))[number] = row
    lines = []
    for found in cells.values():
        first = next(cell for cell in found if cell is not None)
        pod = next((cell.pod for cell in found if cell is not None and cell.pod), None)
        lines.append(Line(first.record, first.question, pod, tuple(found)))
    return tuple(lines)


def _column(layer: Layer, transport: str, cells: Sequence[Row | None], seen: Mapping[Question, Observation]) -> Column:
    times = [item.ms for item in seen.values() if item.ms is not None]
    judged = {cell.question for cell in cells if cell is not None}
    return Column(
        layer,
        transport,
        **_counted(cells),
        asked=sum(not item.unasked for item in seen.values()),
        answered=sum(not item.error for item in seen.values()),
        ms=median(times) if times else None,
        unjudged=sum(not item.error and question not in judged for question, item in seen.items()),
    )


class _Counts(TypedDict):
    """What of a column its cells tell."""

    matched: int
    total: int
    verdict: str


def _counted(cells: Iterable[Row | None]) -> _Counts:
    rows = [cell for cell in cells if cell is not None]
    return {
        "matched": sum(row.verdict == MATCH for row in rows),
        "total": sum(row.verdict != EXTRA for row in rows),
        "verdict": worst(row.verdict for row in rows),
    }


_Pattern = tuple[tuple[int, str], ...]
"""The columns, by number, that differ, each with its verdict; those that are silent as a whole make no pattern."""


def _groups(columns: Sequence[Column], lines: Sequence[Line]) -> tuple[Group, ...]:
    lost = {number for number, column in enumerate(columns) if column.silent}
    patterns: dict[_Pattern, list[Line]] = {}
    for line in lines:
        differing = tuple(
            (number, cell.verdict)
            for number, cell in enumerate(line.cells)
            if cell is not None and cell.verdict != MATCH and number not in lost
        )
        patterns.setdefault(differing, []).append(line)
    groups = [_group(columns, lines, pattern, members, lost) for pattern, members in patterns.items()]
    return tuple(sorted(groups, key=lambda group: (WORST_FIRST.index(group.verdict), -len(group.columns))))


def _group(
    columns: Sequence[Column], lines: Sequence[Line], pattern: _Pattern, members: list[Line], lost: set[int]
) -> Group:
    silent = tuple(sorted(lost))
    if pattern:
        verdict = worst(verdict for _, verdict in pattern)
        where = places([columns[number] for number, each in pattern if each == verdict], columns)
        rest = dict.fromkeys(each for _, each in pattern if each != verdict)
        also = "".join(f", {each} {_at(columns, pattern, each)}" for each in rest)
        title = f"{len(members)} {verdict} {where}{also}{_in_common(lines, members, pattern, verdict)}"
        return Group(title, verdict, tuple(members), tuple(sorted({*silent, *(number for number, _ in pattern)})))
    if silent:
        where = places([columns[number] for number in silent], columns)
        rest_of = "" if len(silent) == len(columns) else ", else as predicted"
        return Group(f"{len(members)} unanswered {where}{rest_of}", UNANSWERED, tuple(members), silent)
    return Group(f"{len(members)} as predicted everywhere", MATCH, tuple(members), ())


def _at(columns: Sequence[Column], pattern: _Pattern, verdict: str) -> str:
    return places([columns[number] for number, each in pattern if each == verdict], columns)


def places(some: Sequence[Column], columns: Sequence[Column]) -> str:
    """Where some columns are, in words: ``everywhere``, ``at kube-dns``, ``over UDP at kube-dns``, ``over UDP``."""
    if len(some) == len(columns):
        return "everywhere"
    for way in TRANSPORTS:
        mine = [column for column in columns if column.transport == way]
        if len(mine) > 1 and list(some) == mine:
            return f"over {way.upper()} at every server"
    words = []
    for layer in dict.fromkeys(column.layer for column in some):
        ways = [column.transport for column in some if column.layer == layer]
        every = [column.transport for column in columns if column.layer == layer]
        words.append(layer.title if ways == every else f"{layer.title} over {ways[0].upper()}")
    return "at " + " and ".join(words)


def _in_common(lines: Sequence[Line], members: Sequence[Line], pattern: _Pattern, verdict: str) -> str:
    """What all members of a group share: the pod that is lacking, the field of SRV that is other, the reason."""
    pods = {line.pod for line in members}
    if len(pods) == 1 and len(members) > 1 and None not in pods and verdict in (MISSING, EXTRA):
        whole = sum(line.pod in pods for line in lines) == len(members)
        return f": {'all' if whole else 'some'} of {next(iter(pods))}"
    rows = [line.cells[number] for line in members for number, each in pattern if each == verdict]
    details = {row.detail for row in rows if row is not None}
    if verdict == WRONG and all(line.record.type == "SRV" for line in members):
        return _srv_difference(rows)
    return f": {details.pop()}" if len(details) == 1 and "" not in details else ""


def _srv_difference(rows: Iterable[Row | None]) -> str:
    """Which field of the SRV records is other: ``: weight 16, not 12``."""
    found: set[tuple[str, str, str]] = set()
    for row in rows:
        predicted = row.record.data.split() if row is not None else []
        observed = row.detail.removeprefix("answered ").split() if row is not None else []
        if len(predicted) != 4 or len(observed) != 4:
            return ""
        found.update(
            (field, new, old)
            for field, new, old in zip(("priority", "weight", "port"), observed, predicted, strict=False)
            if new != old
        )
    if len(found) != 1:
        return ""
    field, new, old = found.pop()
    return f": {field} {new}, not {old}"
