"""A text as it came, whole: the raw reply of a probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from kheadless_tui.tui.sheets.sheet import Frame, SheetScreen
from kheadless_tui.tui.text.cells import clean, cut, wrap
from kheadless_tui.tui.text.roles import TEXT
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the text."""

    text: str


@dataclass(frozen=True)
class _TextLayout:
    """A line for each line; longer ones wrapped, or cut with the sign of omission."""

    width: int
    signs: Signs
    wrapped: bool
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """One each, unless they are wrapped."""
        return [len(self.lines(row)) for row in rows] if self.wrapped else None

    def lines(self, row: Row) -> Sequence[Text]:
        """One line of the text."""
        assert isinstance(row.value, _Line)
        if self.wrapped:
            return [Text(part, TEXT) for part in wrap(row.value.text, self.width)] or [Text()]
        return (Text(cut(row.value.text, self.width, self.signs.ellipsis), TEXT),)


class TextScreen(SheetScreen[None]):
    """Shows a text line by line, as plain text; ``c`` copies it as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_all", "copy", id="text.copy"),
        Binding("w", "wrap", "wrap", id="text.wrap"),
        Binding("x", "close", "back", show=False, id="text.close"),
    ]

    def __init__(self, frame: Frame, title: str, text: str, crumbs: Sequence[str] = ()) -> None:
        super().__init__(frame, lambda rows, width: _TextLayout(width, frame.signs, self._wrapped), crumbs)
        self._title = title
        self._text = text
        self._wrapped = True

    def fill(self) -> None:
        """Show the text."""
        lines = [clean(line) for line in self._text.expandtabs().splitlines()]
        self.show(self._title, f"{len(lines)} lines", [Row(str(n), _Line(line)) for n, line in enumerate(lines)])

    def action_copy_all(self) -> None:
        """Send it to the terminal's clipboard."""
        self.copy(self._text)

    def action_wrap(self) -> None:
        """Long lines over several, and back."""
        self._wrapped = not self._wrapped
        self.rows.relayout()
