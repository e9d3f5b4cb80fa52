"""The way of a name through a pod's resolver, step by step, prediction and answer in one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.text import Text

from kheadless_tui.probe.resolver.resolver_path import Ask, PathStep, ResolverPath
from kheadless_tui.probe.resolver.resolver_times import of_one
from kheadless_tui.tui.text.cells import clean, pad, wrap
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import BAD, FOCUS, MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.text.table import Cell, Column, Grid, fit
from kheadless_tui.tui.text.verdicts import verdict_cell

LABEL = 12
"""Cells of the labels above the steps."""


@dataclass(frozen=True, slots=True)
class PathEntry:
    """One question of a step."""

    number: str
    """Of the step, on its first question."""
    name: str
    """The absolute name on the first question, what is to be said of the step on the second."""
    ask: Ask = field(hash=False)
    won: bool
    note: str = ""
    """What is to be said in place of an answer."""
    asked: str = ""
    """The whole name, on every question; ``/etc/hosts`` is none."""

    @property
    def same(self) -> bool:
        """The answer is as predicted: it is not written twice."""
        return self.ask.verdict == "match"


@dataclass(frozen=True, slots=True)
class _Fact:
    """A line above the steps: what decides the way."""

    label: str
    text: str


_HEADING = Row("heading", "heading", selectable=False)

_COLUMNS = (
    Column("number", "", right=True),
    Column("name", "NAME ASKED", least=20),
    Column("type", "TYPE"),
    Column("predicted", "PREDICTED"),
    Column("verdict", "VERDICT"),
    Column("answered", "ANSWERED"),
    Column("ms", "MS", right=True),
)
_ORDER = ("number", "name", "type", "verdict", "predicted", "answered", "ms")
_ESSENTIAL = ("number", "name", "type", "verdict", "predicted")


def path_rows(path: ResolverPath) -> list[Row]:
    """What decides the way, each step, and what follows from it."""
    files = path.files
    resolv = files.resolv
    parts = [f"nameserver {' '.join(resolv.nameservers) or 'none'}"]
    parts += [f"search {' '.join(resolv.search)}"] if resolv.search else []
    parts.append(f"options {' '.join(resolv.options)}")
    libc = f"{files.libc} {files.libc_version}".strip() or "libc not known"
    hosts = f"hosts: {' '.join(files.nsswitch)}" if files.nsswitch else "no hosts line: files, then dns"
    facts = (("resolv.conf", " · ".join(parts)), ("nsswitch", hosts), ("image", f"{path.image}, {libc}"))
    rows = [Row(f"fact/{label}", _Fact(label, clean(text)), selectable=False) for label, text in facts]
    rows.append(_HEADING)
    for step in path.steps:
        rows += _step_rows(step)
    rows += [Row(f"says/{n}", note, selectable=False) for n, note in enumerate(_closing(path))]
    return rows


def _step_rows(step: PathStep) -> list[Row]:
    rows = []
    asked = "" if step.kind == "hosts" else step.name
    for place, ask in enumerate(step.asks):
        name = step.name if place == 0 else f"  {step.note}" if place == 1 and step.note else ""
        note = clean(step.note) if len(step.asks) == 1 else ""
        entry = PathEntry(str(step.number) if place == 0 else "", clean(name), ask, step.won, note, asked)
        rows.append(Row(f"{step.number}/{place}", entry))
    return rows


def _closing(path: ResolverPath) -> list[Note]:
    notes = [Note(text, "wrong", BAD) for text in path.differences]
    if path.getent is not None:
        getent = path.getent
        if getent.error:
            notes.append(Note(f"getent ahosts: {getent.error}", "unanswered", UNKNOWN))
        else:
            same = set(getent.addresses) == set(path.addresses)
            told = f"getent ahosts says {', '.join(getent.addresses) or 'nothing'}"
            notes.append(Note(f"{told}: {'the same' if same else 'not the same'}", "match" if same else "wrong"))
    return [*notes, *(Note(text) for text in path.notes)]


@dataclass(frozen=True)
class PathLayout:
    """The steps at one width."""

    grid: Grid
    width: int
    signs: Signs
    tight: bool
    """Of several predicted addresses the first is shown, and how many more there are."""
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """As many lines as each needs."""
        return [len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """One row."""
        value = row.value
        if isinstance(value, Note):
            return value.lines(self.width, self.signs)
        if isinstance(value, _Fact):
            wrapped = wrap(value.text, max(8, self.width - LABEL))
            return [
                Text.assemble((pad(value.label if number == 0 else "", LABEL), MUTED), (part, TEXT))
                for number, part in enumerate(wrapped)
            ]
        if not isinstance(value, PathEntry):
            return (self.grid.heading(),)
        lines = [self.grid.line(_cells(value, self.signs, tight=self.tight))]
        shown = {column.id for column in self.grid.columns}
        if "answered" not in shown and not value.same and (said := _answered(value)):
            lines += [Text(f"    {part}", MUTED) for part in wrap(said, self.width - 5)]
        return lines


def _answered(entry: PathEntry) -> str:
    """``=`` for what was predicted; why a question was not asked; else what came."""
    if entry.same:
        return "="
    return entry.note if entry.ask.answered == entry.ask.verdict else clean(entry.ask.answered)


def _cells(entry: PathEntry, signs: Signs, *, tight: bool = False) -> dict[str, Cell]:
    ask = entry.ask
    first, *more = clean(ask.predicted).split(", ") if tight else (clean(ask.predicted),)
    role = FOCUS if entry.won and entry.number else TEXT
    return {
        "number": Cell.of(entry.number, MUTED),
        "name": Cell.of(entry.name, role if entry.number else MUTED),
        "type": Cell.of(ask.type, MUTED),
        "predicted": Cell.of(f"{first} +{len(more)}" if more else first, TEXT),
        "verdict": verdict_cell(ask.verdict, signs),
        "answered": Cell.of(_answered(entry), TEXT if ask.answered != ask.verdict else MUTED),
        "ms": Cell.of(of_one(ask.observation), MUTED),
    }


def path_layout(rows: Sequence[Row], width: int, signs: Signs) -> PathLayout:
    """The steps in a width: many addresses give way before a name is shortened."""
    entries = [row.value for row in rows if isinstance(row.value, PathEntry)]
    grid = _grid(entries, width, signs, tight=False)
    tight = any(column == "name" for column, _ in grid.short)
    if tight:
        grid = _grid(entries, width, signs, tight=True)
    return PathLayout(grid, width, signs, tight)


def _grid(entries: Sequence[PathEntry], width: int, signs: Signs, *, tight: bool) -> Grid:
    names: dict[str, list[str]] = {column.id: [] for column in _COLUMNS}
    for entry in entries:
        for key, cell in _cells(entry, signs, tight=tight).items():
            names[key].append(cell.text)
    return fit(_COLUMNS, _ORDER, _ESSENTIAL, names, width)


def path_title(path: ResolverPath, signs: Signs) -> str:
    """Name and place."""
    return f"resolver path {signs.quiet} {clean(path.name)} {signs.quiet} from {clean(path.vantage)}"


def path_count(path: ResolverPath) -> str:
    """``4 questions by nc, 5.8 ms``; not every carrier tells the time."""
    count = len(path.questions)
    by = f" by {' and '.join(path.carriers)}" if path.carriers else ""
    took = "" if not count else f", {path.took}"
    return f"{count} question{'' if count == 1 else 's'}{by}{took}"
