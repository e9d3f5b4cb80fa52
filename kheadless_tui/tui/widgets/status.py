"""The row above the keys: where the cursor is, the full name under it, the last message; and the line to type in."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from kheadless_tui.tui.render.cells import clean
from kheadless_tui.tui.render.roles import MUTED, TEXT
from kheadless_tui.tui.widgets.rule import Line

MESSAGE_STAYS = 5.0
"""Seconds for which a message stands in the row."""


class Crumbs(Line):
    """Crumbs left, full name or message right."""

    _crumbs: tuple[str, ...] = ()
    _name = ""
    _message: tuple[str, str] | None = None

    def lines(self, width: int) -> list[Text]:
        """The right side gives way first, but a message; crumbs lose their first parts."""
        right = Text(*self._message) if self._message else Text(self._name, MUTED)
        crumbs = list(self._crumbs)
        sign = f" {self.signs.crumb} "
        room = width - 2
        if self._message:
            right.truncate(room, overflow="ellipsis")
            while crumbs and len(sign.join(crumbs)) + 2 + right.cell_len > room:
                crumbs.pop(0)
        elif len(sign.join(crumbs)) + 2 + right.cell_len > room:
            # The name says all that the crumbs say; where there is no room for both it is the one to be copied.
            if right.cell_len <= room:
                crumbs = []
            else:
                right = Text()
        left = Text(sign.join(crumbs))
        left.truncate(room, overflow="ellipsis")
        gap = " " * max(1, width - 2 - left.cell_len - right.cell_len)
        return [Text(" ") + left + Text(gap) + right]

    def show(self, crumbs: tuple[str, ...] | None = None, name: str | None = None) -> None:
        """Change crumbs and name."""
        self._crumbs = self._crumbs if crumbs is None else tuple(clean(part) for part in crumbs)
        self._name = self._name if name is None else clean(name)
        self.changed()

    def say(self, message: str, role: str = TEXT) -> None:
        """Put a message in place of the name; empty takes it away."""
        self._message = (clean(message), role) if message else None
        self.changed()


class Typing(Input):
    """The line to type a filter in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keep", id="filter.keep"),
        Binding("escape", "leave", "clear", key_display="esc", id="filter.clear"),
        Binding("down", "keep_down", "to the rows", show=False, id="filter.down"),
    ]

    class Left(Message):
        """Typing was given up."""

    def action_leave(self) -> None:
        """Give up what was typed."""
        self.post_message(self.Left())

    async def action_keep_down(self) -> None:
        """Keep the filter and go on in the rows."""
        await self.action_submit()


class StatusRow(Horizontal):
    """The status row."""

    class Typed(Message):
        """The text of the filter changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Done(Message):
        """Typing ended; ``keep`` says whether the filter stays."""

        def __init__(self, keep: bool) -> None:
            super().__init__()
            self.keep = keep

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._until: Timer | None = None

    def compose(self) -> ComposeResult:
        """Crumbs, and the line to type in, of which one is seen."""
        yield Crumbs(id="crumbs")
        typing = Typing(id="typing", compact=True, select_on_focus=False)
        typing.cursor_blink = False
        typing.display = False
        yield typing

    @property
    def crumbs(self) -> Crumbs:
        """The row as it is while nothing is typed."""
        return self.query_one(Crumbs)

    def say(self, message: str, role: str = TEXT) -> None:
        """Show a message for a while."""
        if self._until is not None:
            self._until.stop()
        self.crumbs.say(message, role)
        self._until = self.set_timer(MESSAGE_STAYS, lambda: self.crumbs.say("")) if message else None

    @property
    def typing(self) -> bool:
        """A filter is being typed."""
        return bool(self.query_one(Typing).display)

    def open(self, text: str) -> None:
        """Let a filter be typed, beginning with this text."""
        line = self.query_one(Typing)
        line.value = f"/{text}"
        self.crumbs.display, line.display = False, True
        # At once, not by line.focus(): that waits for its turn, and what is typed meanwhile would be lost.
        self.screen.set_focus(line, scroll_visible=False)
        line.cursor_position = len(line.value)

    def insert(self, text: str) -> None:
        """Type this at the cursor."""
        self.query_one(Typing).insert_text_at_cursor(text)

    def close(self) -> None:
        """Back to the crumbs."""
        self.crumbs.display, self.query_one(Typing).display = True, False

    @on(Input.Changed)
    def _on_changed(self, event: Input.Changed) -> None:
        event.stop()
        if not self.typing:
            return
        if not event.value.startswith("/"):
            # The slash was deleted: that is how vi leaves its command line, too.
            self.post_message(self.Done(keep=False))
            return
        self.post_message(self.Typed(event.value[1:]))

    @on(Input.Submitted)
    def _on_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Done(keep=True))

    @on(Typing.Left)
    def _on_left(self, event: Typing.Left) -> None:
        event.stop()
        self.post_message(self.Done(keep=False))
