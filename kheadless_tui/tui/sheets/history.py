"""The probes that were made, any two of which can be held against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType

from kheadless_tui.probe.comparison.history import NOT_ASKED, Change, Probed, difference
from kheadless_tui.tui.known.probed import ProbeRecord
from kheadless_tui.tui.probing.probe_flow import ProbeFlow, counts_text
from kheadless_tui.tui.sheets.sheet import Frame, OpeningRows, SheetScreen
from kheadless_tui.tui.text.ages import clock
from kheadless_tui.tui.text.cells import clean, shorten
from kheadless_tui.tui.text.names import asked, relative_data
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.text.table import Cell, Column, Grid, fit
from kheadless_tui.tui.text.verdicts import rank, verdict_cell
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.zone.naming.reverse_names import address_of_reverse

_PROBES = (
    Column("verdict", "VERDICT"),
    Column("when", "WHEN"),
    Column("subject", "ASKED FOR", least=16),
    Column("counts", "ANSWERS"),
    Column("vantage", "FROM", least=12),
)
_CHANGES = (
    Column("before", "BEFORE"),
    Column("after", "AFTER"),
    Column("name", "NAME", least=9),
    Column("type", "TYPE"),
    Column("data", "DATA"),
    Column("server", "SERVER"),
)


@dataclass(frozen=True, slots=True)
class _Below:
    """A change, and the suffix of its names that is said once for all of them."""

    change: Change
    origin: str


def _origin(changes: Sequence[Change]) -> str:
    """What all names that are not reverse names end in; the root for none."""
    names = {change.record.name.lower() for change in changes if not address_of_reverse(change.record.name.lower())}
    labels = [name.rstrip(".").split(".")[::-1] for name in sorted(names)]
    same = [found[0] for found in zip(*labels, strict=False) if len(set(found)) == 1]
    return f"{'.'.join(same[::-1])}."


@dataclass(frozen=True)
class _TableLayout:
    """Rows of cells at one width, remarks among them."""

    grid: Grid
    width: int
    signs: Signs
    heading: Text | None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """One line for all but remarks and probes that were cancelled."""
        return [len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """One row; how far a cancelled probe came has a line of its own, as no width may leave it out."""
        if isinstance(row.value, Note):
            return row.value.lines(self.width, self.signs)
        lines = [self.grid.line(_cells(row.value, self.signs))]
        if isinstance(row.value, Probed) and row.value.cut:
            lines.append(Text(f"    {row.value.cut}", MUTED))
        return lines


def _layout(
    columns: Sequence[Column], essential: Sequence[str], signs: Signs
) -> Callable[[Sequence[Row], int], _TableLayout]:
    def layout(rows: Sequence[Row], width: int) -> _TableLayout:
        names: dict[str, list[str]] = {column.id: [] for column in columns}
        for row in rows:
            if not isinstance(row.value, Note):
                for key, cell in _cells(row.value, signs).items():
                    names[key].append(cell.text)
        grid = fit(columns, [column.id for column in columns], essential, names, width)
        return _TableLayout(grid, width, signs, grid.heading())

    return layout


def _cells(value: object, signs: Signs) -> dict[str, Cell]:
    if isinstance(value, _Below):
        record, change = value.change.record, value.change
        return {
            "before": verdict_cell(change.before, signs),
            "after": verdict_cell(change.after, signs),
            "name": Cell.of(asked(record.name, value.origin), TEXT),
            "type": Cell.of(record.type, TEXT),
            "data": Cell.of(relative_data(record, value.origin), TEXT),
            "server": Cell.of(clean(f"{change.server} {change.transport.upper()}"), MUTED),
        }
    assert isinstance(value, Probed)
    worst = min((row.verdict for row in value.comparison.rows), key=rank, default="match")
    # what was not asked may be wrong, too
    worst = NOT_ASKED if value.cut and worst == "match" else worst
    return {
        "verdict": verdict_cell(worst, signs),
        "when": Cell.of(clock(value.started), TEXT),
        "subject": Cell.of(clean(value.subject), TEXT),
        "counts": Cell.of(counts_text(value.comparison), MUTED),
        "vantage": Cell.of(clean(value.vantage), MUTED),
    }


class HistoryScreen(SheetScreen[None]):
    """All finished probes, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark", key_display="space", id="history.mark"),
        Binding("d", "difference", "difference", id="history.difference"),
        Binding("P", "close", "back", show=False, id="history.close"),
    ]

    def __init__(self, frame: Frame, flow: ProbeFlow, opened: Callable[[ProbeRecord], None]) -> None:
        """Set up.

        Args:
            frame: What every sheet shows.
            flow: Knows the probes.
            opened: Shows one of them whole.
        """
        rows = OpeningRows(_layout(_PROBES, ("verdict", "when", "subject"), frame.signs), signs=frame.signs)
        super().__init__(frame, rows, ("probes",))
        self._flow = flow
        self._opened = opened
        self._marked: list[str] = []
        """Ids of the rows that are marked, the oldest mark first; two at the most."""

    def fill(self) -> None:
        """Show the probes."""
        probes = self._flow.history.probes[::-1]
        rows = [Row(str(probe.number), probe) for probe in probes]
        if not rows:
            rows = [Row("none", Note("Nothing was probed yet.", more=("p on a Service asks.",)), selectable=False)]
        hint = f" {self.signs.quiet} space marks two to compare" if len(probes) > 1 else ""
        self.show(f"probes{hint}", str(len(probes)), rows)
        self.rows.set_marks(dict.fromkeys(self._marked, "marked"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Marks are keys where there are two probes to compare."""
        if action in ("mark", "difference"):
            return len(self._flow.history.probes) > 1
        return super().check_action(action, parameters)

    @on(RowList.Selected)
    def _on_selected(self) -> None:
        """Show the answers of the probe under the cursor."""
        here = self.rows.row_id
        record = self._flow.finished(int(here)) if here is not None and here != "none" else None
        if record is not None:
            self._opened(record)

    def action_mark(self) -> None:
        """Mark the probe under the cursor, or take its mark away; of three the oldest mark goes."""
        here = self.rows.row_id
        if here is None or here == "none":
            return
        if here in self._marked:
            self._marked.remove(here)
        else:
            self._marked = [*self._marked, here][-2:]
        self.rows.set_marks(dict.fromkeys(self._marked, "marked"))

    def action_difference(self) -> None:
        """What changed between the two that are marked; with one mark, between it and the cursor's."""
        here = self.rows.row_id
        chosen = list(dict.fromkeys([*self._marked, *([here] if here and len(self._marked) < 2 else [])]))
        probes = [probe for probe in self._flow.history.probes if str(probe.number) in chosen]
        if len(probes) != 2:
            self.say("mark two probes with space first", UNKNOWN)
            return
        self.app.push_screen(DifferenceScreen(self.frame, *probes))


class DifferenceScreen(SheetScreen[None]):
    """What one probe says otherwise than another."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("d", "close", "back", show=False, id="difference.close")]

    def __init__(self, frame: Frame, before: Probed, after: Probed) -> None:
        super().__init__(
            frame, _layout(_CHANGES, [column.id for column in _CHANGES], frame.signs), ("probes", "difference")
        )
        self._before, self._after = before, after

    def fill(self) -> None:
        """Show the changes."""
        before, after = self._before, self._after
        changes = difference(before, after)
        origin = _origin(changes)
        rows = [Row(str(number), _Below(change, origin)) for number, change in enumerate(changes)]
        cut = [probe for probe in (before, after) if probe.cut]
        if not changes:
            same = f"{len(after.comparison.rows)} records, all as before."
            says = "Both probes say the same of what both asked." if cut else "Both probes say the same."
            rows = [Row("none", Note(says, "match", MUTED, (same,)), selectable=False)]
        remarks = [
            Note(f"The probe of {clock(probe.started)} was {probe.cut}.", "unanswered", UNKNOWN) for probe in cut
        ]
        rows = [*(Row(f"cut/{n}", remark, selectable=False) for n, remark in enumerate(remarks)), *rows]
        subject = shorten(after.subject, 40) if before.subject == after.subject else "two subjects"
        subject = f"below {origin}" if origin != "." else subject
        when = f"{clock(before.started)} {self.signs.arrow} {clock(after.started)}"
        self.show(f"difference {self.signs.quiet} {clean(subject)} {self.signs.quiet} {when}", str(len(changes)), rows)
