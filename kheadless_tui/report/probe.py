"""The ``probe`` command: what was asked from where, what came back, and how it compares with the prediction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kheadless_tui.probe.choosing.equivalent import dig_command
from kheadless_tui.probe.comparison.compare import DIFFERING, MATCH, NOT_ASKED, UNANSWERED, Comparison, Row
from kheadless_tui.probe.comparison.diagnosis import Diagnosis
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.report import matrix as matrix_report
from kheadless_tui.report import names
from kheadless_tui.report.document import Document, dump, question_document, records_as_dig, to_line
from kheadless_tui.report.fields import fields, verbatim
from kheadless_tui.report.matrix import ROLES
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.table import Cell, Column, Table
from kheadless_tui.report.table import render as render_table
from kheadless_tui.zone.record import Question, Record

SCHEMA = "kheadless/probe/1"

UNJUDGED = "unjudged"
"""In place of a verdict on a reply that could not be predicted: of another zone, or of what was not read."""


def render(
    vantages: Sequence[Vantage],
    diagnosis: Diagnosis,
    output: str,
    medium: Medium = PIPE,
    *,
    equals: Sequence[str] = (),
    matrix: bool = False,
) -> str:
    """The result of a probe in one of the outputs ``table``, ``json`` and ``yaml``.

    Args:
        vantages: the places that were asked from.
        diagnosis: the replies held against the prediction.
        output: one of the outputs.
        medium: what a table is laid out for.
        equals: the kubectl commands that do what the probe did, shown below a table before the dig that asks again.
        matrix: several servers were asked: on a terminal servers by records, with what differs.
    """
    if output == "table":
        return table(vantages, diagnosis, medium, equals=equals, matrix=matrix)
    return dump(document(vantages, diagnosis), output)


def line(vantages: Sequence[Vantage], diagnosis: Diagnosis) -> str:
    """The result as one line of JSON, as ``probe -`` prints it."""
    return to_line(document(vantages, diagnosis))


def document(vantages: Sequence[Vantage], diagnosis: Diagnosis) -> Document:
    """The document of schema ``kheadless/probe/1``; ``rcode`` and ``aa`` are null where the carrier cannot tell."""
    return {
        "schema": SCHEMA,
        "vantages": [_vantage_document(vantage) for vantage in vantages],
        "answers": [_answer_document(observation) for observation in diagnosis.observations],
        "comparison": [
            {
                "record": str(row.record),
                "vantage": row.vantage,
                "server": row.server,
                "transport": row.transport,
                "verdict": row.verdict,
                "detail": row.detail,
            }
            for row in diagnosis.comparison.rows
        ],
        **matrix_report.documents(diagnosis),
        "complete": diagnosis.complete,
        "verdict": diagnosis.verdict,
    }


def table(
    vantages: Sequence[Vantage],
    diagnosis: Diagnosis,
    medium: Medium = PIPE,
    *,
    equals: Sequence[str] = (),
    matrix: bool = False,
) -> str:
    """A row for each record, server and transport, then the verdict, where it was asked from, and the commands.

    ``ran`` does what the probe did; ``equals`` asks one question again by dig: the first whose answer differs, or the
    first of all. Of several servers a terminal gets the matrix in place of so many rows.
    """
    comparison, observations = diagnosis.comparison, diagnosis.observations
    facts = [("verdict", summary(diagnosis)), *matrix_report.facts(diagnosis)]
    facts += [("from", _vantage_text(vantage, () if matrix else observations)) for vantage in vantages]
    facts += [("note", text) for text in matrix_report.untold(observations)]
    facts += [("error", text) for text in _errors(observations)]
    again = _commands(vantages, observations, comparison)
    if matrix and medium.width is not None:
        rows = matrix_report.tables(diagnosis, medium)
    else:
        lines = _lines(observations, comparison)
        rows = render_table((_plain_table if medium.width is None else _folded_table)(lines), medium)
    return "".join(
        (
            rows and f"{rows}\n",
            fields(facts, medium),
            verbatim("ran", equals, facts),
            verbatim("equals", again, facts),
        )
    )


def summary(diagnosis: Diagnosis) -> str:
    """The verdict in one sentence: ``match: 25 of 25 as predicted``, or what differs, worst first."""
    comparison = diagnosis.comparison
    counts = Counter(row.verdict for row in comparison.rows)
    parts = []
    if comparison.rows:
        parts.append(f"{counts[MATCH]} of {len(comparison.rows)} as predicted")
    parts += [f"{counts[verdict]} {verdict}" for verdict in ROLES if verdict != MATCH and counts[verdict]]
    unjudged = Counter(_unjudged(seen) for seen in comparison.unjudged)
    if unjudged[UNJUDGED]:
        parts.append(f"{unjudged[UNJUDGED]} answered but not predictable")
    parts += [f"{unjudged[each]} {each} and not predictable" for each in (UNANSWERED, NOT_ASKED) if unjudged[each]]
    parts = parts or ["nothing was asked"]
    if diagnosis.lacking:
        parts.append(f"stopped before {diagnosis.lacking} more {'reply' if diagnosis.lacking == 1 else 'replies'}")
    elif not diagnosis.complete:
        parts.append("stopped while what differs was asked again")
    return f"{diagnosis.verdict}: {', '.join(parts)}"


def _unjudged(seen: Observation) -> str:
    """What is said of an outcome that nothing was predicted for."""
    return NOT_ASKED if seen.unasked else UNANSWERED if seen.error else UNJUDGED


class _Line(NamedTuple):
    """One line of the table: a verdict on a record, or a record of a reply that nothing was predicted for."""

    verdict: str
    record: Record
    ttl: str
    pod: str
    vantage: str
    server: str
    transport: str
    rcode: str
    ms: str
    detail: str


def _lines(observations: Sequence[Observation], comparison: Comparison) -> list[_Line]:
    asked = {(seen.vantage, seen.server, seen.transport, seen.question): seen for seen in observations}
    lines = []
    for seen, rows in _by_reply(comparison.rows, asked):
        first = _judged(rows[0], seen)
        # what did not fit into a reply is told in one line
        more = Record(rows[0].record.name, 0, rows[0].record.type, f"({len(rows):,} records)")
        lines.append(first if len(rows) == 1 else first._replace(record=more, pod=""))
    for seen in comparison.unjudged:
        records = seen.answer or (
            Record(
                seen.question.name,
                0,
                seen.question.type,
                seen.rcode or f"({NOT_ASKED if seen.unasked else 'no reply'})",
            ),
        )
        for record in records:
            ttl = str(record.ttl) if seen.answer and seen.ttl_known else ""
            place = (seen.vantage, seen.server, seen.transport)
            lines.append(_Line(_unjudged(seen), record, ttl, "", *place, seen.rcode, _ms(seen), seen.error))
    return lines


_Way = tuple[str, str, str, Question]
"""Vantage point, server, transport and question of a reply."""


def _by_reply(rows: Iterable[Row], asked: Mapping[_Way, Observation]) -> list[tuple[Observation | None, list[Row]]]:
    """Each row by itself with its reply, but in one what a reply that was cut short lacks."""
    found: list[tuple[Observation | None, list[Row]]] = []
    cut: dict[_Way, list[Row]] = {}
    for row in rows:
        way = (row.vantage, row.server, row.transport, row.question)
        seen = asked.get(way)
        if row.verdict == UNANSWERED and seen is not None and not seen.error and way in cut:
            cut[way].append(row)
            continue
        alone = [row]
        found.append((seen, alone))
        if row.verdict == UNANSWERED:
            cut[way] = alone
    return found


def _judged(row: Row, seen: Observation | None) -> _Line:
    return _Line(
        row.verdict,
        row.record,
        "" if row.observed_ttl is None else str(row.observed_ttl),
        row.pod or "",
        row.vantage,
        row.server,
        row.transport,
        seen.rcode if seen else "",
        _ms(seen),
        row.detail,
    )


def _plain_table(lines: Sequence[_Line]) -> Table:
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
    rows = [
        (
            line.verdict,
            line.record.name,
            line.ttl,
            line.record.type,
            line.record.data,
            line.pod,
            line.vantage,
            line.server,
            line.transport,
            line.rcode,
            line.ms,
            line.detail,
        )
        for line in lines
    ]
    return Table(columns, rows)


def _folded_table(lines: Sequence[_Line]) -> Table:
    """On a terminal the suffix is said once, and columns that say nothing here are left out."""
    suffix = names.common_suffix(line.record.name for line in lines if line.record.type != "PTR")
    several = len({(line.vantage, line.server, line.transport) for line in lines}) > 1
    detailed = any(line.detail for line in lines)
    columns = [
        Column("VERDICT"),
        Column("NAME", folds=True),
        Column("TTL", right=True),
        Column("TYPE"),
        Column("DATA", folds=True),
        Column("POD", folds=True),
        Column("RCODE"),
        Column("MS", right=True),
    ]
    columns += [Column("ASKED", folds=True)] if several else []
    columns += [Column("DETAIL", folds=True)] if detailed else []
    rows = []
    for line in lines:
        cells: list[str | Cell] = [
            Cell(line.verdict, ROLES.get(line.verdict, "muted")),
            names.owner(line.record, suffix),
            line.ttl,
            line.record.type,
            names.data(line.record, suffix),
            line.pod,
            line.rcode,
            line.ms,
        ]
        cells += [f"{line.vantage} {line.server} {line.transport}"] if several else []
        cells += [line.detail] if detailed else []
        rows.append(cells)
    return Table(tuple(columns), rows, title=f"below {suffix}" if suffix else "")


def _ms(seen: Observation | None) -> str:
    return "" if seen is None or seen.ms is None else f"{seen.ms:.1f}"


def _commands(vantages: Sequence[Vantage], observations: Sequence[Observation], comparison: Comparison) -> list[str]:
    """For each place the command that asks what is most worth asking again."""
    odd = {(row.vantage, row.question) for row in comparison.rows if row.verdict in DIFFERING}
    commands = []
    for vantage in vantages:
        mine = [seen for seen in observations if seen.vantage == vantage.name]
        chosen = next((seen for seen in mine if (seen.vantage, seen.question) in odd), mine[0] if mine else None)
        if chosen is not None:
            commands.append(dig_command(chosen, vantage))
    return commands


def _vantage_text(vantage: Vantage, observations: Sequence[Observation]) -> str:
    mine = [seen for seen in observations if seen.vantage == vantage.name]
    servers = dict.fromkeys(f"{seen.server} over {seen.transport.upper()}" for seen in mine)
    named = vantage.name.endswith(f":{vantage.container}")
    container = f", container {vantage.container}" if vantage.container and not named else ""
    pod = "" if vantage.name.startswith("pod/") or not vantage.pod else f" (pod {vantage.namespace}/{vantage.pod})"
    image = f", image {vantage.image}" if vantage.created and vantage.image else ""
    return f"{vantage.name}{pod}{container}{image}, by {vantage.tool}" + (
        f" -> {', '.join(servers)}" if servers else ""
    )


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
