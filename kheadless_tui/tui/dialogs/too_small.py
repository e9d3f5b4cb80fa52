"""What lies over a dialog while the terminal is too small for it: no key reaches what cannot be seen."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from kheadless_tui.tui.terminal.layout import layout_for


class TooSmallScreen(ModalScreen[None]):
    """One sentence; the App takes it away when there is room again."""

    def compose(self) -> ComposeResult:
        """The sentence."""
        yield Static(layout_for(*self.app.size).too_small, id="too-small", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Tell the size of now."""
        self.query_one(Static).update(layout_for(*event.size).too_small)
