"""The last row: the keys that work here and now."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from kheadless_tui.tui.render.roles import FOCUS, MUTED
from kheadless_tui.tui.widgets.rule import Line

KeyItem = tuple[str, str]
"""A key and what it does."""


class Keys(Line):
    """The keys row: whole items only, the help last whatever happens."""

    _items: tuple[KeyItem, ...] = ()
    _last: KeyItem | None = None

    def show(self, items: Sequence[KeyItem], last: KeyItem | None) -> None:
        """Show these, most wanted first, and ``last`` always."""
        self._items, self._last = tuple(items), last
        self.changed()

    def lines(self, width: int) -> list[Text]:
        """As many items as fit whole."""
        text = Text(" ")
        end = f"{self._last[0]} {self._last[1]} " if self._last else ""
        for key, does in self._items:
            if text.cell_len + len(key) + 1 + len(does) + 2 + len(end) > width:
                break
            _append(text, key, does)
            text.append("  ")
        if self._last:
            _append(text, *self._last)
        return [text]


def _append(text: Text, key: str, does: str) -> None:
    text.append(key, FOCUS)
    text.append(f" {does}", MUTED)
