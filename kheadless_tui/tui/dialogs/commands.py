"""The commands that equal what the screen shows, to be read, learnt from and copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from kheadless_tui.tui.known.equivalents import Command
from kheadless_tui.tui.render.commands import clean_command, wrap_command
from kheadless_tui.tui.text.roles import MUTED, TEXT
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.keys import Keys
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.rule import Rule


@dataclass(frozen=True)
class CommandLayout:
    """A line that says what for, then the command in as many lines as it needs."""

    width: int
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """What each command takes."""
        return [len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """Title, command, a blank line."""
        assert isinstance(row.value, Command)
        command = [Text(f" {line}", TEXT) for line in wrap_command(clean_command(row.value.command), self.width - 2)]
        return (Text(f" {row.value.title}", MUTED), *command, Text())


class CommandsScreen(ModalScreen[str | None]):
    """Dismissed with the command to copy, or ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,enter", "copy", "copy", id="commands.copy"),
        Binding("escape,q,e", "close", "close", key_display="esc", id="commands.close"),
    ]

    def __init__(self, commands: Sequence[Command], signs: Signs) -> None:
        super().__init__()
        self._commands = tuple(commands)
        self._signs = signs

    def compose(self) -> ComposeResult:
        """A rule, the commands, the keys."""
        yield Rule("commands that show the same", id="rule-commands")
        yield RowList(lambda rows, width: CommandLayout(width), signs=self._signs, id="commands")
        yield Keys(signs=self._signs, id="commands-keys")

    def on_mount(self) -> None:
        """Show them."""
        self.query_one(Rule).set(count=str(len(self._commands)), focused=True)
        rows = self.query_one(RowList)
        rows.set_rows([Row(str(index), command) for index, command in enumerate(self._commands)])
        rows.focus()
        self.query_one(Keys).show([("c", "copy"), ("j k", "next, previous"), ("esc", "close")], None)

    @on(RowList.Selected)
    def _on_selected(self) -> None:
        self.action_copy()

    def action_copy(self) -> None:
        """Leave with the command under the cursor."""
        row_id = self.query_one(RowList).row_id
        self.dismiss(self._commands[int(row_id)].command if row_id is not None else None)

    def action_close(self) -> None:
        """Leave with nothing."""
        self.dismiss(None)
