"""``probe SERVICE --converge``: when each layer of DNS had a change of the API."""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.probe.convergence import Point, Timeline
from kheadless_tui.report.document import Document, dump
from kheadless_tui.report.fields import fields
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.table import Cell, Column, Table
from kheadless_tui.report.table import render as render_table

SCHEMA = "kheadless/convergence/1"


def render(
    service: str,
    timeline: Timeline | None,
    earlier: Sequence[Timeline],
    output: str,
    medium: Medium = PIPE,
    *,
    complete: bool = True,
) -> str:
    """The timeline in one of the outputs ``table``, ``json`` and ``yaml``.

    Args:
        service: NAMESPACE/NAME.
        timeline: Of the last change; ``None`` when nothing changed in the time.
        earlier: Of changes that were overtaken by another one.
        output: One of the outputs.
        medium: What a table is laid out for.
        complete: False when it was stopped before its end.
    """
    if output != "table":
        return dump(document(service, timeline, earlier, complete=complete), output)
    said = summary(timeline) + ("" if complete else ", when it was stopped")
    if timeline is None:
        return fields([("verdict", said)], medium)
    facts = [("change", timeline.change), ("verdict", said)]
    facts += [("before", f"{each.change}: overtaken after {each.ms:,.0f} ms") for each in earlier if each.superseded]
    return f"{render_table(_table(timeline), medium)}\n{fields(facts, medium)}"


def document(
    service: str, timeline: Timeline | None, earlier: Sequence[Timeline], *, complete: bool = True
) -> Document:
    """The document of schema ``kheadless/convergence/1``."""
    return {
        "schema": SCHEMA,
        "service": service,
        "timeline": None if timeline is None else _document(timeline),
        "earlier": [_document(each) for each in earlier],
        "complete": complete,
        "verdict": verdict(timeline),
    }


def verdict(timeline: Timeline | None) -> str:
    """``match`` when all layers have the change; ``unanswered`` when nothing changed, ``differs`` otherwise."""
    if timeline is None:
        return "unanswered"
    return "match" if timeline.done else "differs"


def summary(timeline: Timeline | None) -> str:
    """The verdict in one sentence."""
    if timeline is None:
        return "unanswered: nothing of the Service that DNS tells has changed in the time"
    if not timeline.done:
        waiting = timeline.waiting() or ("some",)
        return f"differs: after {timeline.ms / 1000:.1f} s not yet: {', '.join(waiting)}"
    worst = timeline.worst
    last = f"; {worst.layer.title} was last" if worst is not None else ""
    seconds = (worst.new_at or 0.0) / 1000 if worst is not None else 0.0
    return f"match: every layer has it {seconds:.1f} s after the API{last}"


def live_line(point: Point) -> str:
    """What is told of a layer as soon as it has the change."""
    ms = f"{point.new_at:,.0f} ms" if point.new_at is not None else ""
    return f"{ms:>10}  {point.layer.title}{f': {point.note}' if point.note else ''}"


def _table(timeline: Timeline) -> Table:
    columns = (
        Column("LAYER", folds=True),
        Column("SERVER"),
        Column("NEW AFTER MS", right=True),
        Column("ASKED", right=True),
        Column("NOTE", folds=True),
    )
    rows = []
    for point in timeline.points:
        new = f"{point.new_at:,.0f}" if point.new_at is not None else "not yet"
        cell = Cell(new, "good" if point.new_at is not None else "bad")
        address = point.layer.address if point.layer.address != point.layer.title else ""
        asked = str(point.asked) if point.layer.kind != "api" else ""
        rows.append((point.layer.title, address, cell, asked, point.note))
    return Table(columns, rows)


def _document(timeline: Timeline) -> Document:
    return {
        "change": timeline.change,
        "at": round(timeline.at, 3),
        "done": timeline.done,
        "superseded": timeline.superseded,
        "ms": round(timeline.ms, 1),
        "intervalMs": timeline.interval,
        "layers": [
            {
                "layer": point.layer.title,
                "kind": point.layer.kind,
                "server": point.layer.address or None,
                "newAtMs": _rounded(point.new_at),
                "firstNewMs": _rounded(point.first_new),
                "asked": point.asked,
                "said": [
                    {"state": said.state, "fromMs": round(said.ms, 1), "untilMs": round(said.until, 1)}
                    for said in point.said
                ],
                "note": point.note or None,
            }
            for point in timeline.points
        ],
    }


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 1)
