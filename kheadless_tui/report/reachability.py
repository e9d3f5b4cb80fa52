"""``probe SERVICE --connect``: whether each port of each endpoint can be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kheadless_tui.probe.comparison.compare import NOT_ASKED
from kheadless_tui.probe.observation import Vantage
from kheadless_tui.probe.reachability import OPEN, Reach, all_reached
from kheadless_tui.report.document import Document, dump
from kheadless_tui.report.fields import fields, verbatim
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.table import Cell, Column, Table
from kheadless_tui.report.table import render as render_table

SCHEMA = "kheadless/connect/1"


def render(
    service: str,
    vantage: Vantage | None,
    results: Sequence[Reach],
    output: str,
    medium: Medium = PIPE,
    *,
    equals: Sequence[str] = (),
    lacking: int = 0,
) -> str:
    """The connects in one of the outputs ``table``, ``json`` and ``yaml``.

    Args:
        service: NAMESPACE/NAME.
        vantage: Where from; ``None`` when there was nothing to connect to.
        results: What came of each.
        output: One of the outputs.
        medium: What a table is laid out for.
        equals: The kubectl commands that do the same for one of them.
        lacking: Ports that ctrl-c left unconnected.
    """
    if output != "table":
        return dump(document(service, vantage, results, lacking), output)
    facts = [("verdict", summary(results, lacking))]
    causes = Counter(result.cause for result in results if result.cause)
    facts += [("cause", f"{cause} ({_count(count, 'port')})") for cause, count in causes.items()]
    if vantage is not None:
        facts.append(("from", f"{vantage.name}, by {vantage.tool}; the times include the start of the program"))
    rows = render_table(_table(results, medium), medium)
    rows += "\n" if rows else ""
    return f"{rows}{fields(facts, medium)}{verbatim('equals', equals, facts)}"


def document(service: str, vantage: Vantage | None, results: Sequence[Reach], lacking: int = 0) -> Document:
    """The document of schema ``kheadless/connect/1``."""
    return {
        "schema": SCHEMA,
        "service": service,
        "vantage": None
        if vantage is None
        else {"name": vantage.name, "kind": vantage.kind, "tool": vantage.tool, "created": vantage.created},
        "connects": [_document(result) for result in results],
        "complete": not lacking,
        "verdict": verdict(results, lacking),
    }


def verdict(results: Sequence[Reach], lacking: int = 0) -> str:
    """``match`` when everything in DNS can be reached, ``not asked`` where some of it was not tried, or ``differs``."""
    if not all_reached(results):
        return "differs"
    return NOT_ASKED if lacking else "match"


def summary(results: Sequence[Reach], lacking: int = 0) -> str:
    """The verdict in one sentence."""
    mine = [result for result in results if result.goal.ready]
    good = sum(result.reached for result in mine)
    counts = Counter(result.outcome if result.outcome != OPEN else "no HTTP" for result in mine if not result.reached)
    parts = [f"{good} of {_count(len(mine), 'port')} in DNS reached"]
    parts += [f"{count} {outcome}" for outcome, count in counts.items()]
    gone = [result.astray for result in mine if result.astray is not None]
    old = sum(astray.left is not None for astray in gone)
    parts += [f"{len(gone) - old} whose name leads elsewhere"] if old < len(gone) else []
    parts += [f"{old} whose name is still as before a change"] if old else []
    others = len(results) - len(mine)
    parts += [f"{others} more not in DNS"] if others else []
    parts += [f"stopped before {_count(lacking, 'more port')}"] if lacking else []
    return f"{verdict(results, lacking)}: {', '.join(parts)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table(results: Sequence[Reach], medium: Medium) -> Table:
    plain = medium.width is None
    columns = [Column("POD", folds=True), Column("ADDRESS"), Column("PORT"), Column("NAME"), Column("IN DNS")]
    columns += [Column("OUTCOME"), Column("MS", right=True), Column("HTTP", folds=True)]
    columns += [Column("CAUSE")] if plain else []
    rows = []
    for result in results:
        goal, http = result.goal, result.http
        role = "good" if result.found else "bad" if goal.ready else "muted"
        row: list[str | Cell] = [
            goal.pod,
            goal.address,
            str(goal.port),
            goal.port_name,
            "yes" if goal.ready else "no",
            Cell(result.outcome, role),
            "" if result.ms is None else f"{result.ms:.0f}",
            "" if http is None else http.line or "none",
        ]
        rows.append(row + ([result.cause] if plain else []))
    return Table(tuple(columns), rows)


def _document(result: Reach) -> Document:
    goal, http = result.goal, result.http
    return {
        "name": goal.name or None,
        "pod": goal.pod or None,
        "address": goal.address,
        "port": goal.port,
        "portName": goal.port_name or None,
        "inDNS": goal.ready,
        "outcome": result.outcome,
        "reached": result.reached,
        "nameLeadsTo": None if result.astray is None else list(result.astray.addresses),
        "cause": result.cause or None,
        "ms": None if result.ms is None else round(result.ms, 1),
        "http": None if http is None else {"status": http.status, "line": http.line or None},
        "said": result.said or None,
    }
