"""A sheet over the main screen: header, a rule with its title, rows, a line for crumbs and messages, keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.timer import Timer

from kheadless_tui.tui.text.roles import GOOD, TEXT
from kheadless_tui.tui.text.row import LayoutMaker, Row
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.header import Header, HeaderFacts
from kheadless_tui.tui.widgets.keys import Keys, keys_of
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.rule import Rule
from kheadless_tui.tui.widgets.status import MESSAGE_STAYS, Crumbs

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Frame:
    """What every sheet shows besides its own."""

    signs: Signs
    facts: Callable[[], HeaderFacts]
    """Of the header, now."""
    subscribe: Callable[[Callable[[], None]], Callable[[], None]]
    """Have a function called when the session changes; returns what ends that."""


class OpeningRows(RowList):
    """A list whose rows lead on; the keys row says so."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "open", id="rows.open")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is opened where there is no row to hold the cursor."""
        return self.cursor >= 0 if action == "select" else super().check_action(action, parameters)


class SheetScreen(ModalScreen[Result]):
    """Rows over the whole screen; ``esc`` leaves."""

    CRUMBS: ClassVar[tuple[str, ...]] = ()

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "back", key_display="esc", id="sheet.close"),
    ]

    def __init__(self, frame: Frame, rows: LayoutMaker | RowList, crumbs: Sequence[str] = ()) -> None:
        """Set up.

        Args:
            frame: What every sheet shows.
            rows: The list, or how one is laid out.
            crumbs: The way here, in words.
        """
        super().__init__(classes="sheet")
        self.frame = frame
        self.signs = frame.signs
        self.rule = Rule(id="sheet-rule")
        self.rows = rows if isinstance(rows, RowList) else RowList(rows, signs=frame.signs)
        self.rows.add_class("sheet-rows")
        self._header = Header(signs=frame.signs, id="sheet-header")
        self._crumbs = Crumbs(signs=frame.signs, id="sheet-crumbs")
        self._keys = Keys(signs=frame.signs, id="sheet-keys")
        self._way = tuple(crumbs)
        self._until: Timer | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield from (self._header, self.rule, self.rows, self._crumbs, self._keys)

    def on_mount(self) -> None:
        """Fill it, and follow the session."""
        self._unsubscribe = self.frame.subscribe(self.session_changed)
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())
        self._crumbs.show(self._way, "")
        self.set_focus(self.rows)
        self.session_changed()
        self.fill()

    def on_unmount(self) -> None:
        """Follow it no more."""
        self._unsubscribe()

    def session_changed(self) -> None:
        """The session knows something else."""
        self._header.show(self.frame.facts())

    def fill(self) -> None:
        """Show what is known now."""

    def show(self, title: str, count: str, rows: Sequence[Row]) -> None:
        """Put a title, a count and rows in their places."""
        self.rule.set(title=title, count=count, focused=True)
        self.rows.set_rows(list(rows))
        self.refresh_bindings()

    def on_screen_suspend(self) -> None:
        """Something lies on top: no key works."""
        self._keys.show((), None)

    def on_screen_resume(self) -> None:
        """The keys work again."""
        self._show_keys()

    def _show_keys(self) -> None:
        if self.is_mounted and self.app.screen is self:
            items, _ = keys_of(self.active_bindings, None, lambda action: "")
            leaving = ("esc", "back")
            self._keys.show([item for item in items if item != leaving], leaving)

    def name_under_cursor(self, name: str) -> None:
        """Tell the whole name of the cursor's row; empty for none."""
        self._crumbs.show(name=name)

    def say(self, text: str, role: str = TEXT) -> None:
        """Show a message for a while."""
        if self._until is not None:
            self._until.stop()
        self._crumbs.say(text, role)
        self._until = self.set_timer(MESSAGE_STAYS, lambda: self._crumbs.say("")) if text else None

    def copy(self, text: str) -> None:
        """Send a text to the terminal's clipboard."""
        if text:
            self.app.copy_to_clipboard(text)
            first, *more = text.splitlines()
            self.say(f"sent to the terminal's clipboard: {f'{len(more) + 1} lines' if more else first}", GOOD)

    def action_close(self) -> None:
        """Leave with nothing."""
        self.dismiss(None)
