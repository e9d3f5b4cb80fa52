"""What all panels of a Service share: they are lists that follow a view and say of themselves what their rule tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from kheadless_tui.cluster.state import READ
from kheadless_tui.tui.keys.filtering import ALL, Filter
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.row import LayoutMaker, Row
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.zone.record import Question, Record

if TYPE_CHECKING:
    from kheadless_tui.tui.known.view import ServiceView


CHANGED_FOR = 10.0
"""Seconds for which a new row is marked; all marks end together, in one repaint."""


Way = tuple[str, str]
"""A server and a transport."""


class Panel(RowList):
    """A list of what is known of the selected Service."""

    HELP: ClassVar[str] = ""
    STAYS_AT_TOP: ClassVar[bool] = True

    LEADS_ON: ClassVar[bool] = False
    """``enter`` goes from a row to what it leads to, in another panel."""

    title: reactive[str] = reactive("", repaint=False)
    """What the rule above says on its left."""
    count: reactive[str] = reactive("", repaint=False)
    """What it says on its right."""
    tally: reactive[str] = reactive("", repaint=False)
    """The number in the panel's tab."""

    class Pointed(Message):
        """The cursor came to something that other panels may know too."""

        def __init__(self, panel: Panel, pod: str, question: Question | None, way: Way | None = None) -> None:
            super().__init__()
            self.panel = panel
            self.way = way
            """The server and transport that are pointed at; ``None`` for any."""
            self.pod = pod
            """Name of the pod, empty for none."""
            self.question = question

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor came to rest is of interest."""
            return isinstance(message, Panel.Pointed) and message.panel is self.panel

    def __init__(self, layout: LayoutMaker, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(layout, id=id, classes=classes)
        self.view: ServiceView | None = None
        self.chosen: Filter = ALL
        self._pod = ""
        self._changed: dict[str, str] = {}
        """Ids of the rows that changed, for a while: ``new``, ``gone``, ``was 10.244.1.12``."""
        self._ghosts: dict[str, tuple[str, Row]] = {}
        """Rows that are gone and still shown, with the id of the row before each."""
        self._forgetting: Timer | None = None

    # -- what a panel says of itself ---------------------------------------------------------------------------

    @property
    def crumb(self) -> str:
        """The cursor row in a word or two, for the row of crumbs."""
        return ""

    @property
    def full_name(self) -> str:
        """The DNS name under the cursor, absolute; empty for none."""
        return ""

    @property
    def way(self) -> Way | None:
        """The server and transport under the cursor, where the panel tells of several."""
        return None

    @property
    def selected_record(self) -> Record | None:
        """The record under the cursor."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """``enter`` is no key where a row leads nowhere."""
        return self.LEADS_ON if action == "select" else super().check_action(action, parameters)

    def go_to_pod(self, pod: str) -> None:
        """Put the cursor on a row of a pod, of its own name rather than the Service's; without one it stays."""
        rows = [row for row in self.rows if pod and self._pod_of_row(row) == pod]
        if rows:
            self.move_to(min(rows, key=self._is_of_service).id)

    def _is_of_service(self, row: Row) -> bool:
        question = self._question_of_row(row)
        return question is not None and self.view is not None and question.name == self.view.origin

    # -- what is shown -----------------------------------------------------------------------------------------

    def show(self, view: ServiceView | None) -> None:
        """Follow a view; ``None`` while no Service is selected."""
        before = self.view
        other = before is None or view is None or before.key != view.key
        seen, shown = self._identities(), self.rows
        self.view = view
        rows = self._rows_of(view) if view is not None else ()
        if other:
            self._pod = ""
            self._changed.clear()
            self._ghosts.clear()
        elif before is not None and view is not None and _is_comparable(before, view):
            self._note_changes(seen, shown)
        self.set_rows(self._with_ghosts(rows))
        if other:
            self.action_first()
        self._mark()
        self._describe()

    def _note_changes(self, seen: Mapping[str, str], shown: Sequence[Row]) -> None:
        """Mark what is new, other or gone, all of it until the last has been marked long enough."""
        now = self._identities()
        if now == seen:
            return
        places = {row.id: place for place, row in enumerate(shown)}
        for row_id in (row_id for row_id in seen if row_id not in now):
            if (place := places.get(row_id)) is not None and shown[place].selectable:
                before = shown[place - 1].id if place else ""
                self._ghosts[row_id] = (before, replace(shown[place], selectable=False))
                self._changed[row_id] = "gone"
        for row_id, what in now.items():
            self._ghosts.pop(row_id, None)
            if row_id not in seen:
                self._changed[row_id] = "new"
            elif seen[row_id] != what:
                self._changed[row_id] = f"was {seen[row_id]}"
        if self._forgetting is not None:
            self._forgetting.stop()
        self._forgetting = self.set_timer(CHANGED_FOR, self._forget)

    def _with_ghosts(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows with those that are gone where they were; under a filter only what there is."""
        if not self._ghosts or self.chosen:
            return rows
        after: dict[str, list[Row]] = {}
        there = {row.id for row in rows}
        for row_id, (before, ghost) in self._ghosts.items():
            if row_id not in there:
                # Behind the row before it, and where that is gone too, behind the one before that.
                while before in self._ghosts and before not in there:
                    before = self._ghosts[before][0]
                after.setdefault(before if before in there else "", []).append(ghost)
        found = [*after.pop("", [])]
        for row in rows:
            found += [row, *after.get(row.id, ())]
        return found

    def _forget(self) -> None:
        self._changed.clear()
        if self._ghosts:
            self._ghosts.clear()
            self.set_rows(self._rows_of(self.view) if self.view is not None else ())
        self._mark()

    @property
    def narrowed(self) -> bool:
        """Rows are hidden: by a filter, or since only problems are shown."""
        return bool(self.chosen)

    def set_filter(self, chosen: Filter) -> None:
        """Show only rows that the filter lets through; the rule then tells how many of how many."""
        self.chosen = chosen
        self.show(self.view)

    def point(self, pod: str, question: Question | None, way: Way | None = None) -> None:
        """Something was pointed at in another panel: mark what belongs to it."""
        self._pod = pod
        self._mark()

    def _rows_of(self, view: ServiceView) -> Sequence[Row]:
        raise NotImplementedError

    def _identities(self) -> Mapping[str, str]:
        """Ids of what the cluster has, shown or not, each with what is told when it changes: its address."""
        return {}

    def _describe(self) -> None:
        """Set title, count and tally."""
        raise NotImplementedError

    def _pod_of_row(self, row: Row) -> str:
        """The pod that a row leads to, empty for none."""
        return ""

    def _question_of_row(self, row: Row) -> Question | None:
        return None

    def _mark(self) -> None:
        cursor = self.row_id
        marks = {
            row.id: "linked"
            for row in self.rows
            if self._pod and row.id != cursor and self._pod_of_row(row) == self._pod
        }
        self.set_marks({**marks, **dict.fromkeys(self._changed, "changed")})
        self.set_words(self._changed, frozenset(self._ghosts))

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Tell the other panels, and mark the rows of the same pod here."""
        if event.row_list is not self:
            return
        self._describe()
        if self.has_focus:
            self._point_here()

    def on_focus(self) -> None:
        """From now on this panel's cursor is what the others follow."""
        self._point_here()

    def _point_here(self) -> None:
        """Tell the other panels what is under the cursor."""
        if 0 <= self.cursor < len(self.rows):
            row = self.rows[self.cursor]
            self._pod = self._pod_of_row(row)
            self._mark()
            self.post_message(self.Pointed(self, self._pod, self._question_of_row(row), self.way))


def _is_comparable(before: ServiceView, now: ServiceView) -> bool:
    """What is different in the second view has changed in the cluster.

    How the zone is served is read while the first records stand there already: that is no change of it. Nor is it one
    that slices may be read no more, or again.
    """
    known = before.endpoints_known and now.endpoints_known
    return known and isinstance(before.link, READ) and before.config == now.config


def note_rows(*notes: Note | None) -> list[Row]:
    """Remarks as rows that the cursor steps over."""
    return [Row(f"note/{number}", note, selectable=False) for number, note in enumerate(notes) if note is not None]
