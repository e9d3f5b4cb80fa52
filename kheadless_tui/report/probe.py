"""The ``probe`` command: what was asked from where, what came back, and how it compares with the prediction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.report import names
from kheadless_tui.report.document import Document, dump, question_document, records_as_dig, to_line
from kheadless_tui.report.fields import fields
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.table import Cell, Column, Table
from kheadless_tui.report.table import render as render_table
from kheadless_tui.zone.record import Question, Record

SCHEMA = "kheadless/probe/1"

ROLES = {
    "match": "good",
    "stale": "warn",
    "missing": "bad",
    "extra": "bad",
    "wrong": "bad",
    "unanswered": "unknown",
}
"""The role, and so the colour, of each verdict on a record."""
SIGNS = {"match": "✓", "differs": "≠", "unanswered": "?"}


class Row(Protocol):
    """One record held against the answers of one server over one transport."""

    @property
    def record(self) -> Record: ...
    @property
    def question(self) -> Question: ...
    @property
    def vantage(self) -> str: ...
    @property
    def server(self) -> str: ...
    @property
    def transport(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def observed_ttl(self) -> int | None: ...
    @property
    def pod(self) -> str | None: ...


class Comparison(Protocol):
    """All rows, and the verdict on the whole."""

    @property
    def rows(self) -> Sequence[Row]: ...
    @property
    def verdict(self) -> str: ...


def render(
    vantages: Sequence[Vantage],
    observations: Sequence[Observation],
    comparison: Comparison,
    output: str,
    medium: Medium = PIPE,
    *,
    equals: Sequence[str] = (),
) -> str:
    """The result of a probe in one of the outputs ``table``, ``json`` and ``yaml``.

    Args:
        vantages: the places that were asked from.
        observations: the replies.
        comparison: the replies held against the prediction.
        output: one of the outputs.
        medium: what a table is laid out for.
        equals: the equivalent kubectl commands, shown below a table.
    """
    if output == "table":
        return table(vantages, observations, comparison, medium, equals=equals)
    return dump(document(vantages, observations, comparison), output)


def line(vantages: Sequence[Vantage], observations: Sequence[Observation], comparison: Comparison) -> str:
    """The result as one line of JSON, as ``probe -`` prints it."""
    return to_line(document(vantages, observations, comparison))


def document(vantages: Sequence[Vantage], observations: Sequence[Observation], comparison: Comparison) -> Document:
    """The document of schema ``kheadless/probe/1``; ``rcode`` and ``aa`` are null where the carrier cannot tell."""
    return {
        "schema": SCHEMA,
        "vantages": [_vantage_document(vantage) for vantage in vantages],
        "answers": [_answer_document(observation) for observation in observations],
        "comparison": [
            {
                "record": str(row.record),
                "vantage": row.vantage,
                "server": row.server,
                "verdict": row.verdict,
                "detail": row.detail,
            }
            for row in comparison.rows
        ],
        "verdict": comparison.verdict,
    }


def table(
    vantages: Sequence[Vantage],
    observations: Sequence[Observation],
    comparison: Comparison,
    medium: Medium = PIPE,
    *,
    equals: Sequence[str] = (),
) -> str:
    """A row for each record, server and transport, then the verdict, where it was asked from, and the commands."""
    asked = {(seen.vantage, seen.server, seen.transport, seen.question): seen for seen in observations}
    build = _plain_table if medium.width is None else _folded_table
    rows = build(comparison.rows, asked)
    facts = [("verdict", summary(comparison))]
    facts += [("from", _vantage_text(vantage, observations)) for vantage in vantages]
    facts += [("error", text) for text in _errors(observations)]
    facts += [("equals", command) for command in equals]
    return render_table(rows, medium) + "\n" + fields(facts, medium)


def summary(comparison: Comparison) -> str:
    """The verdict in one sentence: ``match: 25 of 25 as predicted``, or what differs, worst first."""
    counts = Counter(row.verdict for row in comparison.rows)
    total = sum(counts.values())
    sign = SIGNS.get(comparison.verdict, "")
    text = f"{sign} {comparison.verdict}: {counts['match']} of {total} as predicted"
    others = [f"{counts[verdict]} {verdict}" for verdict in reversed(ROLES) if verdict != "match" and counts[verdict]]
    return ", ".join([text.strip(), *others])


_Asked = dict[tuple[str, str, str, Question], Observation]


def _plain_table(rows: Iterable[Row], asked: _Asked) -> Table:
    columns = (
        Column("VERDICT"),
        Column("NAME"),
        Column("TTL", right=True),
        Column("TYPE"),
        Column("DATA"),
        Column("POD"),
        Column("VANTAGE"),
        Column("SERVER"),
        Column("TRANSPORT"),
        Column("RCODE"),
        Column("MS", right=True),
        Column("DETAIL"),
    )
    lines = []
    for row in rows:
        seen = asked.get((row.vantage, row.server, row.transport, row.question))
        lines.append(
            (
                row.verdict,
                row.record.name,
                _ttl(row),
                row.record.type,
                row.record.data,
                row.pod or "",
                row.vantage,
                row.server,
                row.transport,
                seen.rcode if seen else "",
                _ms(seen),
                row.detail,
            )
        )
    return Table(columns, lines)


def _folded_table(rows: Iterable[Row], asked: _Asked) -> Table:
    kept = list(rows)
    suffix = _common_suffix(row.record.name for row in kept if row.record.type != "PTR")
    several = len({(row.vantage, row.server, row.transport) for row in kept}) > 1
    columns = [
        Column("VERDICT"),
        Column("NAME", folds=True),
        Column("TTL", right=True),
        Column("TYPE"),
        Column("DATA", folds=True),
        Column("POD", folds=True),
        Column("MS", right=True),
    ]
    if several:
        columns.append(Column("ASKED", folds=True))
    if any(row.detail for row in kept):
        columns.append(Column("DETAIL", folds=True))
    lines = []
    for row in kept:
        seen = asked.get((row.vantage, row.server, row.transport, row.question))
        cells: list[str | Cell] = [
            Cell(row.verdict, ROLES.get(row.verdict, "")),
            names.owner(row.record, suffix),
            _ttl(row),
            row.record.type,
            names.data(row.record, suffix),
            row.pod or "",
            _ms(seen),
        ]
        if several:
            cells.append(f"{row.vantage} {row.server} {row.transport}")
        if any(other.detail for other in kept):
            cells.append(row.detail)
        lines.append(cells)
    return Table(tuple(columns), lines, title=f"below {suffix}" if suffix else "")


def _common_suffix(owners: Iterable[str]) -> str:
    """The longest name that all owners are or lie below; empty when they share less than two labels."""
    shared: list[str] | None = None
    for name in owners:
        labels = name.split(".")[::-1]
        if shared is None:
            shared = labels
        else:
            same = [left == right for left, right in zip(shared, labels, strict=False)]
            shared = shared[: same.index(False) if False in same else len(same)]
    return ".".join(reversed(shared)) if shared and len(shared) > 2 else ""


def _ttl(row: Row) -> str:
    return "" if row.observed_ttl is None else str(row.observed_ttl)


def _ms(seen: Observation | None) -> str:
    return "" if seen is None or seen.ms is None else f"{seen.ms:.1f}"


def _vantage_text(vantage: Vantage, observations: Sequence[Observation]) -> str:
    mine = [seen for seen in observations if seen.vantage == vantage.name]
    servers = dict.fromkeys(f"{seen.server} over {seen.transport.upper()}" for seen in mine)
    container = f", container {vantage.container}" if vantage.container else ""
    pod = "" if vantage.name.startswith("pod/") else f" (pod {vantage.namespace}/{vantage.pod})"
    image = f", image {vantage.image}" if vantage.created and vantage.image else ""
    return f"{vantage.name}{pod}{container}{image}, by {vantage.tool} -> {', '.join(servers) or 'nobody'}"


def _errors(observations: Iterable[Observation]) -> list[str]:
    """Each reason for silence once, with how many questions met it."""
    counts = Counter((seen.server, seen.transport, seen.error) for seen in observations if seen.error)
    return [
        f"{server} over {transport.upper()}: {error}" + (f" ({count} questions)" if count > 1 else "")
        for (server, transport, error), count in counts.items()
    ]


def _vantage_document(vantage: Vantage) -> Document:
    return {
        "name": vantage.name,
        "kind": vantage.kind,
        "tool": vantage.tool,
        "image": vantage.image or None,
        "created": vantage.created,
    }


def _answer_document(seen: Observation) -> Document:
    return {
        "vantage": seen.vantage,
        "server": seen.server,
        "transport": seen.transport,
        "question": question_document(seen.question),
        "rcode": seen.rcode or None,
        "aa": seen.aa,
        "answer": records_as_dig(seen.answer),
        "authority": records_as_dig(seen.authority),
        "additional": records_as_dig(seen.additional),
        "ms": None if seen.ms is None else round(seen.ms, 3),
        "error": seen.error or None,
    }
