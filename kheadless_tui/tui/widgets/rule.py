"""The line above a panel: its title left, its count right. It alone tells, by its shape, which panel has the focus.

It is a widget of its own so that a change of focus repaints rules and cursor rows and no panel.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip
from textual.widget import Widget

from kheadless_tui.tui.text.cells import cut, width_of
from kheadless_tui.tui.text.roles import FOCUS, FRAME, MUTED, ROLE_CLASSES, TEXT, with_styles
from kheadless_tui.tui.text.signs import Signs, signs_for


class Line(Widget):
    """One row of text with roles; repainted only when the text differs."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)

    DEFAULT_CSS = "Line { height: 1; }"

    def __init__(self, *, signs: Signs | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.signs = signs or signs_for()
        self._painted: list[Text] | None = None

    def lines(self, width: int) -> list[Text]:
        """The text for a width, one per row of the widget."""
        raise NotImplementedError

    def changed(self) -> None:
        """Repaint, if what is to be seen is not what is on the screen."""
        if self._painted is None or self.lines(self.size.width) != self._painted:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.size.width
        if y == 0 or self._painted is None:
            self._painted = self.lines(width)
        text = self._painted[y] if y < len(self._painted) else Text()
        painted = with_styles(text, lambda role: self.get_visual_style(role).rich_style)
        strip = Strip(Segment.simplify(Segment.apply_style(painted.render(self.app.console), self.rich_style)))
        return strip.adjust_cell_length(width, self.rich_style)


class Rule(Line):
    """A rule with title and count."""

    def __init__(self, title: str = "", *, junction: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._title = title
        self._count = ""
        self._focused = False
        self._junction = junction

    def set(
        self,
        *,
        title: str | None = None,
        count: str | None = None,
        focused: bool | None = None,
        junction: bool | None = None,
    ) -> None:
        """Change what it says; what is not named stays."""
        self._junction = self._junction if junction is None else junction
        self._title = self._title if title is None else title
        self._count = self._count if count is None else count
        self._focused = self._focused if focused is None else focused
        self.changed()

    @property
    def heavy(self) -> bool:
        """Its panel has the focus."""
        return self._focused

    def lines(self, width: int) -> list[Text]:
        """``── title ───── count ─``; the title gives way to the count, and ends in the sign of omission."""
        bar = self.signs.rule_focused if self._focused else self.signs.rule
        frame = FOCUS if self._focused else FRAME
        end = bar + (self.signs.junction if self._junction else "")
        right = f" {self._count} {end}" if self._count else end
        room = width - 3 - len(right) - 2
        title = _fit(self._title, room, self.signs.ellipsis)
        text = Text(bar * 2, frame)
        if title:
            text.append(f" {title} ", FOCUS if self._focused else TEXT)
        text.append(bar * (width - text.cell_len - len(right)), frame)
        if self._count:
            text.append(f" {self._count} ", FOCUS if self._focused else MUTED)
        text.append(end, frame)
        return [text]


def _fit(title: str, room: int, ellipsis: str) -> str:
    """The title without its last parts where there is no room for them; only the first is ever cut."""
    parts = title.split(" · ")
    while len(parts) > 1 and width_of(" · ".join(parts)) > room:
        parts.pop()
    return cut(" · ".join(parts), max(0, room), ellipsis)


class Divider(Line):
    """The line between two neighbours; the left one draws it."""

    DEFAULT_CSS = "Divider { width: 1; height: 1fr; }"

    def lines(self, width: int) -> list[Text]:
        """One sign on each row."""
        return [Text(self.signs.divider, FRAME)] * self.size.height
