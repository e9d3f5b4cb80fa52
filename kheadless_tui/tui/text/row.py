"""What a list shows: rows with an identity, and how they look at one width."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.text import Text


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its identity, and what is shown of it."""

    id: str
    """Stable and unique in its list."""
    value: Hashable
    """What the layout draws; a row is repainted when it differs. Compared with ``==``."""
    selectable: bool = True
    """False for headings and remarks between rows: the cursor steps over them."""


class RowLayout(Protocol):
    """How a list of rows looks at one width. Equal layouts draw equal rows equally."""

    @property
    def heading(self) -> Text | None:
        """The line that stays above the rows; more than one, where it has line ends."""

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """Lines that each row takes; ``None`` when each takes one."""

    def lines(self, row: Row) -> Sequence[Text]:
        """The lines of a row, without the gutter; missing ones are blank, surplus ones are not drawn."""


LayoutMaker = Callable[[Sequence[Row], int], RowLayout]
"""Makes the layout of these rows for a width in cells, the gutter not counted."""


@dataclass(frozen=True, slots=True)
class OneLine:
    """The layout of rows that take one line each and need not know of one another."""

    render: Callable[[Row, int], Text]
    width: int
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """One line each."""
        return None

    def lines(self, row: Row) -> Sequence[Text]:
        """The text that ``render`` makes of the row."""
        return (self.render(row, self.width),)


def one_line(render: Callable[[Row, int], Text], heading: Callable[[int], Text] | None = None) -> LayoutMaker:
    """A layout maker from a function that draws one row for a width."""
    return lambda rows, width: OneLine(render, width, heading(width) if heading else None)
