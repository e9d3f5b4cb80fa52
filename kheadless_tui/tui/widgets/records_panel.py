"""The records of the selected Service: what must exist, what was answered, and what is withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from kheadless_tui.tui.known.probed import record_key
from kheadless_tui.tui.known.record_entries import RecordEntry, record_entries
from kheadless_tui.tui.render.matrix import MatrixEntry, MatrixLayout, matrix_layout, matrix_rows
from kheadless_tui.tui.render.records import records_layout
from kheadless_tui.tui.text.cells import natural
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import WARN
from kheadless_tui.tui.text.row import Row, RowLayout
from kheadless_tui.tui.text.verdicts import is_problem, rank
from kheadless_tui.tui.widgets.panel import Panel, Way, note_rows

if TYPE_CHECKING:
    from kheadless_tui.probe.matrix.layers import Line, Matrix
    from kheadless_tui.tui.known.view import ServiceView
    from kheadless_tui.zone.record import Question, Record

_SORTS: Mapping[str, Callable[[RecordEntry], tuple[object, ...]]] = {
    "name": lambda entry: natural(entry.name),
    "type": lambda entry: (entry.type,),
    "verdict": lambda entry: (rank(entry.verdict),),
}
"""By column; rows that are alike in it keep the order of the zone."""

_ENTRIES = (RecordEntry, MatrixEntry)
"""What stands for a record."""


class RecordsPanel(Panel):
    """Prediction and answer, one row for both."""

    HELP: ClassVar[str] = (
        "Every record that must exist, in zone order; @ is the Service itself, a PTR row shows the address. "
        "After a probe the verdict stands first, and = means: answered as predicted. "
        "Withheld are records of endpoints that are kept out of DNS."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("N", "sort('name')", "sort by name", show=False, id="records.by-name"),
        Binding("T", "sort('type')", "sort by type", show=False, id="records.by-type"),
        Binding("V", "sort('verdict')", "sort by verdict", show=False, id="records.by-verdict"),
        Binding("right,l", "column(1)", "server", show=False, id="records.right", tooltip="next server"),
        Binding("left,h", "column(-1)", "server before", show=False, id="records.left"),
        Binding("o", "order", "order", show=False, id="records.order", tooltip="zone order, or by what differs"),
        Binding("ctrl+z", "problems", "problems", key_display="ctrl-z", id="records.problems", tooltip="only problems"),
    ]

    LEADS_ON: ClassVar[bool] = True

    problems_only: reactive[bool] = reactive(False, repaint=False)

    matrix_wanted: reactive[bool] = reactive(False, repaint=False)
    """Every server is a column, as soon as one probe asked them all."""

    class Sorted(Message):
        """The rows are sorted by another column."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column
            """Empty: in the order of the zone."""

    class ServersWanted(Message):
        """Every server is to be asked, for there are no such answers yet."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every Textual widget has
        super().__init__(self._lay_out_records, id=id)
        self._entries: Sequence[RecordEntry] = ()
        self._column = 0
        self._grouped = True
        self._sorted = ""
        """The column that the rows are sorted by; empty: in the order of the zone."""
        self._shows_matrix = False

    # -- servers as columns ------------------------------------------------------------------------------------

    @property
    def matrix(self) -> Matrix | None:
        """The matrix that is shown; ``None`` while records have one row of answers."""
        return self._matrix_of(self.view)[0] if self.view is not None else None

    def _matrix_of(self, view: ServiceView) -> tuple[Matrix | None, Sequence[Line]]:
        """What the last probe of several servers says still, and its lines that another answer is right for by now."""
        for probe in view.last_probe.finished if self.matrix_wanted and view.last_probe else ():
            if probe.diagnosis is not None and (whole := probe.diagnosis.matrix).several:
                matrix = whole.without(probe.questions_changed(record_key(item.record) for item in view.predicted))
                kept = set(map(id, matrix.lines))
                return matrix, [line for line in whole.lines if id(line) not in kept]
        return None, ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What moves among servers is a key only where they are columns."""
        if action in ("column", "order"):
            return self.matrix is not None
        return super().check_action(action, parameters)

    def action_servers(self) -> None:
        """Every server as a column, and back; if only one was asked yet, all are asked now."""
        self.matrix_wanted = not self.matrix_wanted
        if self.matrix_wanted and self.matrix is None:
            self.post_message(self.ServersWanted())
        self.show(self.view)
        self.refresh_bindings()

    def action_column(self, step: int) -> None:
        """To the next server's column."""
        layout = self.layout_now
        if isinstance(layout, MatrixLayout):
            self._column = layout.beside(step)
            self.relayout()
            self._describe()
            self._point_here()

    def action_sort(self, column: str) -> None:
        """By a column, and by the same key back to the order of the zone."""
        self.sort_by("" if self._sorted == column else column)
        self.post_message(self.Sorted(self._sorted))
        self.show(self.view)

    def sort_by(self, column: str) -> None:
        """Have the next rows sorted by a column; empty, or one that is none: in the order of the zone."""
        self._sorted = column if column in _SORTS else ""

    def action_order(self) -> None:
        """The order of the zone, or what differs alike together."""
        self._grouped = not self._grouped
        self.show(self.view)

    @property
    def way(self) -> Way | None:
        """Server and transport of the column that the cursor is in."""
        layout = self.layout_now
        if self.matrix is None or not isinstance(layout, MatrixLayout):
            return None
        entry = self._entry
        column = layout.matrix.columns[layout.told(entry if isinstance(entry, MatrixEntry) else None)]
        return column.layer.address, column.transport

    def _lay_out_records(self, rows: Sequence[Row], width: int) -> RowLayout:
        matrix = self.matrix
        if matrix is not None:
            return matrix_layout(rows, width, self.signs, matrix, here=min(self._column, len(matrix.columns) - 1))
        finished = self.view.last_probe.finished if self.view is not None and self.view.last_probe else ()
        servers = {row.server for probe in finished if probe.comparison for row in probe.comparison.rows}
        server = next(iter(servers)) if len(servers) == 1 else ""
        if server and self.view is not None and (services := self.view.snapshot.services_at(server)):
            server = services[0].name
        return records_layout(rows, width, self.signs, probed=bool(finished), server=server, by=self._sorted)

    @property
    def _entry(self) -> RecordEntry | MatrixEntry | None:
        row = self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None
        return row.value if row is not None and isinstance(row.value, _ENTRIES) else None

    @property
    def crumb(self) -> str:
        """Name and type."""
        entry = self._entry
        return f"{entry.name} {entry.type}" if entry is not None else ""

    @property
    def full_name(self) -> str:
        """The owner name of the record."""
        entry = self._entry
        return entry.question.name if entry is not None else ""

    @property
    def selected_record(self) -> Record | None:
        """The record under the cursor; it may be withheld or not predicted at all."""
        entry = self._entry
        return entry.record if entry is not None else None

    @property
    def narrowed(self) -> bool:
        """By a filter, or since only problems are shown."""
        return self.problems_only or super().narrowed

    def action_problems(self) -> None:
        """Show only what is not as it should be, and all again."""
        self.problems_only = not self.problems_only
        self.show(self.view)

    def _rows_of(self, view: ServiceView) -> Sequence[Row]:
        self._entries = record_entries(view)
        matrix, older = self._matrix_of(view)
        if matrix is not None:
            return self._matrix_rows(view, matrix, older)
        shown = [
            entry
            for entry in self._entries
            if (not self.problems_only or is_problem(entry.verdict))
            and self.chosen.matches(f"{entry.name} {entry.type} {entry.data} {entry.pod} {entry.verdict}")
        ]
        if self._sorted:
            shown.sort(key=_SORTS[self._sorted])
        rows = [Row(entry.id, entry) for entry in shown]
        unknown = view.endpoints_note("Which records exist is not known.")
        if not view.predicted and unknown is not None:
            return [*note_rows(unknown), *rows]
        if not view.predicted:
            answer = view.own_answer
            why = answer.steps[-1].why if answer.steps else "No record of this Service exists."
            return [*note_rows(Note(why, "attention", WARN)), *rows]
        return rows or self._why_none()

    def _matrix_rows(self, view: ServiceView, matrix: Matrix, older: Sequence[Line]) -> Sequence[Row]:
        def shown(row: Row) -> bool:
            entry = row.value
            if not isinstance(entry, MatrixEntry):
                return not self.chosen and not self.problems_only
            seen = not self.problems_only or is_problem(entry.verdict)
            return seen and self.chosen.matches(f"{entry.name} {entry.type} {entry.data} {entry.pod} {entry.verdict}")

        rows = matrix_rows(view, matrix, grouped=self._grouped, older=older)
        return [row for row in rows if shown(row)] or self._why_none()

    def _why_none(self) -> Sequence[Row]:
        """In place of rows that are all hidden: by what, and how to see them."""
        if self.problems_only and not self.chosen:
            note = Note("Nothing differs and nothing is withheld.", more=("ctrl-z shows all records.",))
        elif self.problems_only:
            sentence = f"Of the records that match /{self.chosen.text} nothing differs and nothing is withheld."
            note = Note(sentence, more=("ctrl-z shows all records, esc takes the filter away.",))
        else:
            note = Note(f"No record matches /{self.chosen.text}.", more=("esc takes the filter away.",))
        return note_rows(note)

    def show(self, view: ServiceView | None) -> None:
        """Follow a view; what the columns are depends on whether there are answers."""
        before = self._shows_matrix
        self._shows_matrix = False if view is None else self._matrix_of(view)[0] is not None
        super().show(view)
        self.relayout()
        if self._shows_matrix != before:
            self.action_first()
            self.refresh_bindings()

    def _with_ghosts(self, rows: Sequence[Row]) -> Sequence[Row]:
        # What went from the list of records has no cells for the servers, and the other way round.
        for row_id, (_, ghost) in tuple(self._ghosts.items()):
            if isinstance(ghost.value, MatrixEntry) != self._shows_matrix:
                del self._ghosts[row_id]
        return super()._with_ghosts(rows)

    def on_resize(self, event: events.Resize) -> None:
        """How many servers there is room for stands in the rule; it is known when the list has been laid out."""
        self.call_later(self._describe)

    def _identities(self) -> Mapping[str, str]:
        # What a probe adds to the rows is no change of the cluster.
        return {entry.id: "" for entry in self._entries if entry.is_predicted}

    def _describe(self) -> None:
        if self.view is None:
            self.title, self.count, self.tally = "records", "", ""
            return
        self.title = f"{'records' if self.matrix is None else 'servers'} · below {self.view.origin}"
        if self.matrix is not None:
            self.title += " · grouped by what differs" if self._grouped else " · in zone order"
        if not self.view.config.ttl_known:
            self.title += f" · by {self.view.config.source}"
        self.tally = str(self._existing()) if self._existing() or self.view.endpoints_known else "?"
        self.count = self._count()

    def _count(self) -> str:
        shown = sum(isinstance(row.value, _ENTRIES) and row.selectable for row in self.rows)
        if self.matrix is not None:
            return self._matrix_count(shown)
        if self.problems_only or self.chosen:
            return f"{shown} of {len(self._entries)}{self._hiding}"
        verdicts = Counter(entry.verdict for entry in self._entries)
        withheld = verdicts["withheld"]
        if withheld:
            # A name that was asked for and is rightly denied has a row, but does not exist.
            exist = " exist" if all(entry.is_predicted for entry in self._entries) else ""
            return f"{self._existing()}{exist}, {withheld} withheld"
        return f"{self._position()}/{shown}" if shown else "0"

    def _matrix_count(self, shown: int) -> str:
        """Which row of how many, and how many servers lie further right."""
        layout = self.layout_now
        hidden = layout.hidden if isinstance(layout, MatrixLayout) else 0
        more = f" · +{hidden} {self.signs.arrow}" if hidden else ""
        return f"{f'{self._position()}/{shown}' if shown else '0'}{self._hiding}{more}"

    @property
    def _hiding(self) -> str:
        """What hides rows, as the rule says it behind their number."""
        return "".join([" · problems"] * self.problems_only + [f" · /{self.chosen.text}"] * bool(self.chosen))

    def _existing(self) -> int:
        """Records but for the withheld: as many rows as they take without a filter."""
        return sum(entry.verdict != "withheld" for entry in self._entries)

    def _position(self) -> int:
        return 1 + sum(isinstance(row.value, _ENTRIES) and row.selectable for row in self.rows[: max(0, self.cursor)])

    def _pod_of_row(self, row: Row) -> str:
        return row.value.pod if isinstance(row.value, _ENTRIES) else ""

    def _question_of_row(self, row: Row) -> Question | None:
        return row.value.question if isinstance(row.value, _ENTRIES) else None
