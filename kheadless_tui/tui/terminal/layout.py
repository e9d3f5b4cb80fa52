"""What the screen shows at which size. Pure: sizes in, decisions out.

The limits are those of the terminals that people have: 80x24 by default and over a console, about 120x40 in a window,
160 and more on a full screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["too-small", "single", "tabs", "stacked", "wide"]

CHROME = 3
"""Rows of chrome at every size: header, status, keys."""

SMALLEST = (40, 10)
"""Columns and rows below which nothing can be read: a name and its count, and a few rows of them."""
SINGLE_BELOW = (60, 12)
TABS_BELOW = (100, 30)
WIDE_FROM = 160

PanelName = Literal["tree", "pods", "records", "answers", "findings"]

PANELS: tuple[PanelName, ...] = ("tree", "pods", "records", "answers", "findings")
"""The panels in the order in which ``tab`` walks them, at every size."""

_TREE_WIDTH: dict[Mode, int] = {"too-small": 0, "single": 0, "tabs": 26, "stacked": 30, "wide": 34}


@dataclass(frozen=True, slots=True)
class Layout:
    """The decisions for one size."""

    mode: Mode
    width: int
    height: int

    @property
    def tree_width(self) -> int:
        """Columns of the tree, the divider not counted; 0 where the tree has the whole width."""
        return _TREE_WIDTH[self.mode]

    @property
    def tree_indent(self) -> int:
        """Columns before the sign of expansion of a Service."""
        return 2 if self.mode == "wide" else 1

    @property
    def stacked(self) -> bool:
        """Several panels stand one above the other beside the tree."""
        return self.mode in ("stacked", "wide")

    def visible(self, focus: PanelName, lower: PanelName, zoom: bool, findings: int) -> tuple[PanelName, ...]:
        """Which panels are shown.

        Args:
            focus: The panel that has the focus or, while the tree has it, the one that had it last.
            lower: Which of answers and findings was looked at last.
            zoom: The focused panel alone.
            findings: Number of findings of the Service shown.

        Returns:
            The panels, the tree not among them unless it is alone.
        """
        if self.mode == "too-small":
            return ()
        if self.mode == "single" or zoom:
            return (focus,)
        if self.mode == "tabs":
            tab: PanelName = "pods" if focus == "tree" else focus
            # The pods of one Service seldom fill 18 rows; what is wrong with it stands below them.
            return ("pods", "findings") if tab == "pods" and findings else (tab,)
        if self.mode == "wide" and self.height >= 45:
            return ("pods", "records", "findings", "answers") if findings else ("pods", "records", "answers")
        return ("pods", "records", lower)

    @property
    def too_small(self) -> str:
        """The one sentence of a terminal that can show nothing."""
        width, height = SMALLEST
        return f"the terminal is too small: {self.width}x{self.height}, at least {width}x{height} needed"


def layout_for(width: int, height: int) -> Layout:
    """The layout of a terminal of this many columns and rows."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return Layout("too-small", width, height)
    if width < SINGLE_BELOW[0] or height < SINGLE_BELOW[1]:
        return Layout("single", width, height)
    if width < TABS_BELOW[0] or height < TABS_BELOW[1]:
        return Layout("tabs", width, height)
    return Layout("stacked" if width < WIDE_FROM else "wide", width, height)
