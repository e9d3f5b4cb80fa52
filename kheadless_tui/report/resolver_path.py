"""``probe NAME --path``: the way of a name through a pod's own resolver."""

from __future__ import annotations

from kheadless_tui.probe.resolver.resolver_path import NOT_ASKED, Ask, PathStep, ResolverPath
from kheadless_tui.probe.resolver.resolver_times import of_one
from kheadless_tui.report.document import Document, dump, question_document, records_as_dig
from kheadless_tui.report.fields import fields, verbatim
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.resolv_conf import resolv_document, resolv_text
from kheadless_tui.report.table import Cell, Column, Table
from kheadless_tui.report.table import render as render_table

SCHEMA = "kheadless/path/1"

ROLES = {"match": "good", "differs": "bad", "unanswered": "unknown", "unjudged": "muted", NOT_ASKED: "muted"}
"""The role of each verdict on one question."""

CUT = "…"
"""Stands for what the names of a narrow table have in common."""
OTHER_COLUMNS = 52
"""Columns that all but the names take as a rule."""


def render(path: ResolverPath, output: str, medium: Medium = PIPE, *, equals: tuple[str, ...] = ()) -> str:
    """The way in one of the outputs ``table``, ``json`` and ``yaml``.

    Args:
        path: The way.
        output: One of the outputs.
        medium: What a table is laid out for.
        equals: The kubectl commands that show the same, below a table.
    """
    if output != "table":
        return dump(document(path), output)
    facts = [("verdict", _summary(path))]
    facts += [("differs", text) for text in path.differences]
    facts += [
        ("from", f"{path.vantage}{f', image {path.image}' if path.image else ''}{_libc(path)}"),
        ("resolv.conf", resolv_text(path.files.resolv)),
        ("nsswitch", _nsswitch(path)),
        ("getent", _getent(path)),
    ]
    facts += [("note", text) for text in path.notes]
    table = render_table(_table(path, medium), medium)
    return f"{table}\n{fields(facts, medium)}{verbatim('equals', equals, facts)}"


def document(path: ResolverPath) -> Document:
    """The document of schema ``kheadless/path/1``."""
    getent = path.getent
    return {
        "schema": SCHEMA,
        "name": path.name,
        "vantage": path.vantage,
        "image": path.image or None,
        "libc": {"name": path.files.libc or None, "version": path.files.libc_version or None},
        "nsswitch": list(path.files.nsswitch),
        "resolvConf": resolv_document(path.files.resolv),
        "predictedResolvConf": resolv_document(path.predicted_resolv),
        "server": path.server or None,
        "transports": list(path.transports),
        "carriers": list(path.carriers),
        "steps": [_step_document(step) for step in path.steps],
        "addresses": list(path.addresses),
        "getent": None
        if getent is None
        else {"addresses": list(getent.addresses), "ms": _rounded(getent.ms), "error": getent.error or None},
        "differences": list(path.differences),
        "notes": list(path.notes),
        "complete": path.complete,
        "verdict": path.verdict,
    }


def _summary(path: ResolverPath) -> str:
    over = " and ".join(each.upper() for each in path.transports)
    by = f" by {' and '.join(path.carriers)}" if path.carriers else ""
    asked = (
        f"{len(path.questions)} questions to {path.server} over {over}{by}, {path.took}"
        if path.questions
        else "no question"
    )
    winner = next((step for step in path.steps if step.won), None)
    if winner is None:
        what = "is not found" if path.complete else "was not found until it was stopped"
        return f"{path.verdict}: {path.name} {what} ({asked})"
    return f"{path.verdict}: step {winner.number} answers {', '.join(path.addresses)} ({asked})"


def _libc(path: ResolverPath) -> str:
    files = path.files
    return f", {files.libc} {files.libc_version}".rstrip() if files.libc else ", no sign of a libc: glibc's rules taken"


def _nsswitch(path: ResolverPath) -> str:
    sources = " ".join(path.files.sources)
    if path.files.libc == "musl":
        return f"hosts: {sources} (musl always does)"
    return f"hosts: {sources}" + ("" if path.files.nsswitch else " (taken: the image has no nsswitch.conf)")


def _getent(path: ResolverPath) -> str:
    getent = path.getent
    if getent is None:
        return "stopped before it had answered" if path.files.has_getent else "not in the image"
    if getent.error:
        return getent.error
    ms = f", {getent.ms:.0f} ms with the exec" if getent.ms is not None else ""
    same = ": the same" if getent.addresses and set(getent.addresses) == set(path.addresses) else ""
    return f"{', '.join(getent.addresses) or 'not found'}{same}{ms}"


def _table(path: ResolverPath, medium: Medium) -> Table:
    if medium.width is None:
        return _plain_table(path)
    # What was asked as predicted is not written twice, and what all names begin with is said once.
    odd = any(ask.verdict in ("differs", "unanswered") for step in path.steps for ask in step.asks)
    head = path.name if _widest(path) > medium.width - OTHER_COLUMNS else ""
    columns = [Column("STEP", right=True), Column("NAME ASKED", folds=True), Column("TYPE")]
    columns += [Column("PREDICTED", folds=True)] if odd else []
    columns += [Column("VERDICT"), Column("ANSWERED", folds=True), Column("MS", right=True)]
    rows = []
    for step in path.steps:
        asks = _alike(step)
        for ask in asks:
            first = ask is asks[0]
            types = ", ".join(each.type for each in step.asks if each.type) if len(asks) == 1 else ask.type
            row: list[str | Cell] = [str(step.number) if first else "", _short(step.name, head) if first else "", types]
            row += [ask.predicted] if odd else []
            row += [Cell(ask.verdict, ROLES[ask.verdict]), _answered(step, ask, first), of_one(ask.observation)]
            rows.append(row)
    return Table(tuple(columns), rows, title=f"{CUT} stands for {head}" if head else "")


def _plain_table(path: ResolverPath) -> Table:
    headings = ("STEP", "NAME", "TYPE", "PREDICTED", "VERDICT", "ANSWERED", "NOTE", "MS")
    rows = [
        (
            str(step.number),
            step.name,
            ask.type,
            ask.predicted,
            ask.verdict,
            ask.answered,
            step.note,
            of_one(ask.observation),
        )
        for step in path.steps
        for ask in step.asks
    ]
    return Table(tuple(Column(heading, right=heading in ("STEP", "MS")) for heading in headings), rows)


def _widest(path: ResolverPath) -> int:
    return max(len(step.name) for step in path.steps)


def _short(name: str, head: str) -> str:
    """The name with what all begin with left out; the name as it stands is only that, with its final dot."""
    return f"{CUT}{name[len(head) :]}" if head and name.startswith(f"{head}.") else name


def _alike(step: PathStep) -> tuple[Ask, ...]:
    """Both questions of a step; one for a step that was not asked, or whose replies are alike."""
    same = len({(ask.predicted, ask.verdict, ask.answered) for ask in step.asks}) == 1
    return step.asks[:1] if same or not step.asked else step.asks


def _answered(step: PathStep, ask: Ask, first: bool) -> str:
    told = "" if ask.answered == NOT_ASKED else ask.answered
    return "; ".join(part for part in (told, step.note if first else "") if part)


def _step_document(step: PathStep) -> Document:
    return {
        "step": step.number,
        "kind": step.kind,
        "name": step.name,
        "won": step.won,
        "note": step.note or None,
        "asks": [_ask_document(ask) for ask in step.asks],
    }


def _ask_document(ask: Ask) -> Document:
    seen = ask.observation
    return {
        "type": ask.type or None,
        "predicted": ask.predicted,
        "answered": ask.answered,
        "verdict": ask.verdict,
        "addresses": list(ask.addresses),
        "ms": _rounded(ask.ms),
        "withinMs": _rounded(seen.within) if seen is not None else None,
        "question": question_document(seen.question) if seen is not None else None,
        "rcode": (seen.rcode or None) if seen is not None else None,
        "answer": records_as_dig(seen.answer) if seen is not None else [],
    }


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 3)
