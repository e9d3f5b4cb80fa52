"""Why the record under the cursor exists, or does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.keys import Keys
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.rule import Rule


@dataclass(frozen=True)
class _NoteLayout:
    """Each remark in as many lines as it needs, then a blank one."""

    width: int
    signs: Signs
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """What each remark takes."""
        return [len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """The remark, and a blank line."""
        assert isinstance(row.value, Note)
        return (*row.value.lines(self.width, self.signs), Text())


class WhyScreen(ModalScreen[None]):
    """Remarks on one record, over the main screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,w,enter", "close", "close", key_display="esc", id="why.close"),
    ]

    def __init__(self, subject: str, notes: Sequence[Note], signs: Signs) -> None:
        """Set up.

        Args:
            subject: The record in a word or two.
            notes: What is to be said of it.
            signs: What the terminal can show.
        """
        super().__init__()
        self._subject = subject
        self._notes = tuple(notes)
        self._signs = signs

    def compose(self) -> ComposeResult:
        """A rule, the remarks, the keys."""
        yield Rule("why", id="rule-why")
        yield RowList(lambda rows, width: _NoteLayout(width, self._signs), signs=self._signs, id="why")
        yield Keys(signs=self._signs, id="why-keys")

    def on_mount(self) -> None:
        """Show them."""
        self.query_one(Rule).set(title=f"why {self._signs.quiet} {self._subject}", focused=True)
        rows = self.query_one(RowList)
        rows.set_rows([Row(str(index), note) for index, note in enumerate(self._notes)])
        rows.focus()
        self.query_one(Keys).show([("j k", "next, previous"), ("esc", "close")], None)

    def action_close(self) -> None:
        """Back to the list."""
        self.dismiss(None)
