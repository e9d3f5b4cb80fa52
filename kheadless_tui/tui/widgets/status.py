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

from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.roles import MUTED, TEXT
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


FILTER, COMMAND = "/", ":"
"""What a line to type in begins with."""


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


class CommandLine(Typing):
    """The line to type a command in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "complete", id="command.complete"),
        Binding("down,ctrl+n", "choose(1)", "choose", key_display="↑↓", id="command.next"),
        Binding("up", "choose(-1)", "choose", show=False, id="command.previous"),
        Binding("ctrl+p", "recall(-1)", "history", key_display="ctrl-p", id="command.earlier"),
        Binding("ctrl+o", "recall(1)", "later", show=False, id="command.later"),
        Binding("enter", "submit", "run", id="command.run"),
        Binding("escape", "leave", "back", key_display="esc", id="command.leave"),
    ]

    class Chose(Message):
        """Another choice is wanted."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Recalled(Message):
        """An earlier or a later line is wanted."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Completed(Message):
        """The line is to be completed."""

    def action_complete(self) -> None:
        """Complete what is typed."""
        self.post_message(self.Completed())

    def action_choose(self, step: int) -> None:
        """Choose among what could be meant."""
        self.post_message(self.Chose(step))

    def action_recall(self, step: int) -> None:
        """Bring back what was typed before."""
        self.post_message(self.Recalled(step))


class StatusRow(Horizontal):
    """The status row."""

    class Typed(Message):
        """What is being typed changed."""

        def __init__(self, prompt: str, text: str) -> None:
            super().__init__()
            self.prompt = prompt
            self.text = text
            """Without the sign that it begins with."""

    class Done(Message):
        """Typing ended; ``keep`` says whether what was typed counts."""

        def __init__(self, prompt: str, keep: bool) -> None:
            super().__init__()
            self.prompt = prompt
            self.keep = keep

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._until: Timer | None = None
        self._next: tuple[str, str] | None = None
        """What is said when the message that stands now goes."""
        self._lines: dict[str, Typing] = {
            FILTER: Typing(id="typing", compact=True, select_on_focus=False),
            COMMAND: CommandLine(id="command", compact=True, select_on_focus=False),
        }

    def compose(self) -> ComposeResult:
        """Crumbs, and the lines to type in, of which one is seen."""
        yield Crumbs(id="crumbs")
        for line in self._lines.values():
            line.cursor_blink = False
            line.display = False
            yield line

    @property
    def crumbs(self) -> Crumbs:
        """The row as it is while nothing is typed."""
        return self.query_one(Crumbs)

    def say(self, message: str, role: str = TEXT) -> None:
        """Show a message for a while."""
        if self._until is not None:
            self._until.stop()
        self.crumbs.say(message, role)
        self._until = self.set_timer(MESSAGE_STAYS, self._said) if message else None
        if not message:
            self._said()

    def say_next(self, message: str, role: str = TEXT) -> None:
        """Show a message for a while, after the one that stands now."""
        self._next = (message, role)
        if self._until is None:
            self._said()

    def _said(self) -> None:
        self._until = None
        following, self._next = self._next, None
        if following is not None:
            self.say(*following)
        else:
            self.crumbs.say("")

    @property
    def prompt(self) -> str:
        """What is being typed: ``/``, ``:``, or empty for nothing."""
        return next((prompt for prompt, line in self._lines.items() if line.display), "")

    @property
    def typing(self) -> bool:
        """Something is being typed."""
        return bool(self.prompt)

    @property
    def text(self) -> str:
        """What has been typed, without the sign that it begins with."""
        return self._lines[self.prompt].value[1:] if self.typing else ""

    def open(self, prompt: str, text: str) -> None:
        """Let something be typed, beginning with this text."""
        line = self._lines[prompt]
        line.value = f"{prompt}{text}"
        self.crumbs.display, line.display = False, True
        # At once, not by line.focus(): that waits for its turn, and what is typed meanwhile would be lost.
        self.screen.set_focus(line, scroll_visible=False)
        line.cursor_position = len(line.value)

    def insert(self, text: str) -> None:
        """Type this at the cursor."""
        self._lines[self.prompt].insert_text_at_cursor(text)

    def replace(self, text: str) -> None:
        """Type this in place of what is there."""
        line = self._lines[self.prompt]
        line.value = f"{self.prompt}{text}"
        line.cursor_position = len(line.value)

    def close(self) -> None:
        """Back to the crumbs."""
        self.crumbs.display = True
        for line in self._lines.values():
            line.display = False

    @on(Input.Changed)
    def _on_changed(self, event: Input.Changed) -> None:
        event.stop()
        prompt = self.prompt
        if not prompt or event.input is not self._lines[prompt]:
            return
        if not event.value.startswith(prompt):
            # The sign was deleted: that is how vi leaves its command line, too.
            self.post_message(self.Done(prompt, keep=False))
            return
        self.post_message(self.Typed(prompt, event.value[1:]))

    @on(Input.Submitted)
    def _on_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Done(self.prompt, keep=True))

    @on(Typing.Left)
    def _on_left(self, event: Typing.Left) -> None:
        event.stop()
        self.post_message(self.Done(self.prompt, keep=False))
