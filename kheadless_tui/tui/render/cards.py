"""Rows of as many lines as each needs, remarks among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs


@dataclass(frozen=True)
class Cards:
    """The rows at one width; what is no remark is drawn by who derives from this."""

    width: int
    signs: Signs
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """What each takes."""
        return [len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """The lines of one row."""
        if isinstance(row.value, Note):
            return row.value.lines(self.width, self.signs)
        return self.card(row)

    def card(self, row: Row) -> Sequence[Text]:
        """The lines of a row that is no remark."""
        raise NotImplementedError
