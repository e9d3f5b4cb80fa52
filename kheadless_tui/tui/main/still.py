"""A screen that stands still while the focus moves."""

from __future__ import annotations

from typing import Self

from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget


class StillScreen(Screen[None]):
    """Textual repaints the whole screen when the focus moves; here the widgets that show it repaint themselves."""

    _only_focus = False
    """The focus is being moved."""

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Move the focus."""
        self._only_focus = True
        super().set_focus(widget, scroll_visible, from_app_focus)
        self._only_focus = False

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint, but not while the focus moves."""
        if self._only_focus and not (regions or layout or recompose):
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
