"""What became of a connect to each endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from kheadless_tui.probe.reachability import OPEN, Goal, Reach
from kheadless_tui.tui.render.cards import Cards
from kheadless_tui.tui.text.cells import clean, wrap
from kheadless_tui.tui.text.roles import BAD, GOOD, MUTED, TEXT, UNKNOWN, WARN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.text.table import Cell, Column, Grid, fit

_COLUMNS = (
    Column("outcome", "OUTCOME"),
    Column("pod", "POD", least=10),
    Column("to", "ADDRESS AND PORT"),
    Column("http", "HTTP"),
    Column("ms", "MS", right=True),
    Column("name", "NAME", least=16),
)


@dataclass(frozen=True, slots=True)
class ReachEntry:
    """One port of one endpoint, before and after it was tried."""

    goal: Goal
    reach: Reach | None


@dataclass(frozen=True, kw_only=True)
class ReachLayout(Cards):
    """The connects at one width; the cause of a failure on lines of its own."""

    grid: Grid

    def card(self, row: Row) -> Sequence[Text]:
        """One connect, or a remark."""
        entry = row.value
        assert isinstance(entry, ReachEntry)
        lines = [self.grid.line(_cells(entry, self.signs))]
        if entry.reach is not None and entry.reach.cause:
            lines += [Text(f"    {part}", MUTED) for part in wrap(clean(entry.reach.cause), self.width - 5)]
        return lines


def _cells(entry: ReachEntry, signs: Signs) -> dict[str, Cell]:
    goal, reach = entry.goal, entry.reach
    if reach is None:
        outcome = Cell(((f"{signs.quiet} ", MUTED), ("not tried", MUTED)))
    elif reach.outcome == OPEN:
        old = reach.astray is not None and reach.astray.left is not None
        sign, role = (signs.match, GOOD) if reach.found else (signs.error, BAD)
        sign, role = (signs.stale, WARN) if reach.reached and old else (sign, role)
        outcome = Cell(((f"{sign} ", role), ("open", MUTED)))
    else:
        role = UNKNOWN if reach.outcome == "failed" else BAD
        outcome = Cell(((f"{signs.error} ", role), (reach.outcome, role)))
    address = f"[{goal.address}]" if ":" in goal.address else goal.address
    http = reach.http if reach is not None else None
    return {
        "outcome": outcome,
        "pod": Cell.of(clean(goal.pod) or "no pod", TEXT),
        "to": Cell.of(f"{address}:{goal.port}", TEXT),
        "http": Cell.of("" if http is None else str(http.status or "no HTTP"), TEXT),
        "ms": Cell.of(_ms_text(reach), MUTED),
        "name": Cell.of(clean(goal.name), MUTED),
    }


def _ms_text(reach: Reach | None) -> str:
    if reach is None or reach.ms is None:
        return ""
    return f"{reach.ms:.1f}" if reach.ms < 10 else f"{reach.ms:,.0f}"


def reach_layout(rows: Sequence[Row], width: int, signs: Signs) -> ReachLayout:
    """The connects in a width."""
    names: dict[str, list[str]] = {column.id: [] for column in _COLUMNS}
    for row in rows:
        if isinstance(row.value, ReachEntry):
            for key, cell in _cells(row.value, signs).items():
                names[key].append(cell.text)
    order = [column.id for column in _COLUMNS]
    grid = fit(_COLUMNS, order, ("outcome", "pod", "to"), names, width)
    return ReachLayout(width, signs, grid.heading(), grid=grid)
