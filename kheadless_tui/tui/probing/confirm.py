"""The question before anything is created in the cluster. Cancel has the focus; ``y`` alone goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.markup import escape
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from kheadless_tui.cluster.gate import WritePlan
from kheadless_tui.tui.render.plan import MANIFEST_FILE, first_word, manifest_lines, plan_lines
from kheadless_tui.tui.terminal.layout import layout_for
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.roles import FOCUS, MUTED
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.widgets.rows import RowList, one_line
from kheadless_tui.tui.widgets.rule import Line

FRAME = 2
"""Cells of the frame, left and right."""
MARGINS = 3
"""Cells that stay blank beside the text: padding on both sides, and the gutter that every list has."""

CHROME = 4
"""Rows of frame, blank line and keys."""


class _Buttons(Line, can_focus=True):
    """The last line of the dialog: what each key does, cancel reversed because it has the focus."""

    def __init__(self, verb: str, manifest: bool) -> None:
        super().__init__(id="confirm-buttons")
        self._verb = verb
        self._manifest = manifest
        self.cancel_from = 0

    def lines(self, width: int) -> list[Text]:
        """One row."""
        text = Text("      ")
        text.append("y", FOCUS)
        text.append(f" {self._verb}", MUTED)
        if self._manifest:
            text.append("      ")
            text.append("m", FOCUS)
            text.append(f" manifest ({MANIFEST_FILE})", MUTED)
        text.append("      ")
        self.cancel_from = text.cell_len
        text.append("[ esc cancel ]", Style(reverse=True, bold=True))
        return [text]

    def on_click(self, event: events.Click) -> None:
        """Cancel can be clicked; what writes can not."""
        if event.x >= self.cancel_from:
            self.screen.dismiss(False)


@dataclass(frozen=True, eq=False, slots=True)
class _Drawn:
    """A finished line as the value of a row."""

    text: Text


def _drawn(row: Row, width: int) -> Text:
    assert isinstance(row.value, _Drawn)
    return row.value.text


class ConfirmScreen(ModalScreen[bool]):
    """Shows a write plan whole and returns whether the user said yes."""

    HELP: ClassVar[str] = "y goes on; enter, esc and n do not. m shows the manifest and the whole commands."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "go_on", "go on", id="confirm.yes"),
        Binding("escape,n,q,enter", "cancel", "cancel", key_display="esc", id="confirm.cancel"),
        Binding("m", "manifest", "manifest", id="confirm.manifest"),
        Binding("down,j", "scroll(1)", "down", show=False, id="confirm.down"),
        Binding("up,k", "scroll(-1)", "up", show=False, id="confirm.up"),
        Binding("pagedown,space", "scroll(10)", "page down", show=False, id="confirm.page-down"),
        Binding("pageup", "scroll(-10)", "page up", show=False, id="confirm.page-up"),
    ]

    AUTO_FOCUS = "#confirm-buttons"

    def __init__(self, plan: WritePlan) -> None:
        super().__init__()
        self.plan = plan
        self._whole = False
        self._box = Vertical(id="confirm-box")
        self._text = RowList(one_line(_drawn), id="confirm-text")
        self._text.can_focus = False

    def compose(self) -> ComposeResult:
        """The frame, what will be done, the keys."""
        with self._box:
            self._box.border_title = escape(clean(self.plan.title))
            yield self._text
            yield _Buttons(first_word(self.plan), bool(self.plan.manifest))

    def on_resize(self) -> None:
        """Lay the text out for the width."""
        self._fill()

    def _fill(self) -> None:
        width = min(self.size.width, 100) - FRAME - MARGINS
        texts = manifest_lines(self.plan, width) if self._whole else plan_lines(self.plan, width)
        self._text.set_rows([Row(str(number), _Drawn(text), selectable=False) for number, text in enumerate(texts)])
        # The keys stay on the screen: only the text gives way, and the frame then says that it scrolls.
        room = max(1, self.size.height - CHROME)
        self._text.styles.height = min(len(texts), room)
        self._box.border_subtitle = "more: j k" if len(texts) > room else ""

    def action_go_on(self) -> None:
        """The user wants it, and has seen what."""
        if layout_for(*self.app.size).mode != "too-small":
            self.dismiss(True)

    def action_cancel(self) -> None:
        """The user does not."""
        self.dismiss(False)

    def action_manifest(self) -> None:
        """Whole commands with the manifest, and back."""
        self._whole = not self._whole
        self._fill()

    def action_scroll(self, lines: int) -> None:
        """Scroll the text."""
        self._text.scroll_to(y=self._text.scroll_offset.y + lines, animate=False, force=True)
