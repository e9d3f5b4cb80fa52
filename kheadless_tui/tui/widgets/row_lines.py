"""Which lines belong to which row, which rows may hold the cursor, how far to scroll. Pure: no widget, no screen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from kheadless_tui.tui.text.row import Row


class RowLines:
    """Rows one below the other, each as many lines high as its layout says.

    Indices are those of rows, lines are counted from the first line of the first row; -1 is no row.
    """

    __slots__ = ("_index", "_starts", "count", "rows")

    def __init__(self, rows: Sequence[Row] = (), heights: Sequence[int] | None = None) -> None:
        """Stack rows.

        Args:
            rows: In order; kept, not copied.
            heights: Lines of each row; ``None`` when each takes one.
        """
        self.rows = rows
        self._index = {row.id: index for index, row in enumerate(rows)}
        self._starts = None if heights is None else list(accumulate(heights, initial=0))
        self.count = len(rows) if self._starts is None else self._starts[-1]
        """Lines of all rows."""

    def start(self, index: int) -> int:
        """The first line of a row."""
        return self._starts[index] if self._starts is not None else index

    def end(self, index: int) -> int:
        """The line after the last one of a row."""
        return self._starts[index + 1] if self._starts is not None else index + 1

    def at(self, line: int) -> int:
        """The row that a line belongs to, -1 above the first and below the last."""
        if not 0 <= line < self.count:
            return -1
        return bisect_right(self._starts, line) - 1 if self._starts is not None else line

    def index_of(self, row_id: str) -> int | None:
        """Where a row is, ``None`` when there is none of that id."""
        return self._index.get(row_id)

    def id_at(self, index: int) -> str | None:
        """The id of a row, ``None`` when there is none."""
        return self.rows[index].id if 0 <= index < len(self.rows) else None

    # -- the cursor --------------------------------------------------------------------------------------------

    def next_selectable(self, index: int, step: int) -> int | None:
        """The next row that can hold the cursor, in one direction only."""
        candidate = index + step
        while 0 <= candidate < len(self.rows):
            if self.rows[candidate].selectable:
                return candidate
            candidate += step
        return None

    def nearest_selectable(self, index: int, step: int) -> int:
        """This row or the nearest that can hold the cursor, looking in one direction and then in the other."""
        index = min(max(index, 0), len(self.rows) - 1)
        for direction in (step, -step):
            found = self.next_selectable(index - direction, direction)
            if found is not None:
                return found
        return -1

    def heir_of(self, before: Sequence[Row], cursor: int) -> int:
        """Where the cursor goes that was on one of other rows: to the same row, the next that still is, or the last."""
        if 0 <= cursor < len(before):
            for row in (*before[cursor:], *reversed(before[:cursor])):
                index = self._index.get(row.id)
                if index is not None and self.rows[index].selectable:
                    return index
        return self.nearest_selectable(cursor, +1)

    # -- scrolling ---------------------------------------------------------------------------------------------

    def anchor(self, cursor: int, top: int, view: int) -> tuple[str, int] | None:
        """A row that should stay where it is on the screen: the cursor's if it is seen, else the first one seen.

        Args:
            cursor: Its row.
            top: The first line seen.
            view: Lines seen at once.

        Returns:
            The row's id, and its first line counted from the first one seen.
        """
        if 0 <= cursor < len(self.rows) and top <= self.start(cursor) < top + view:
            return self.rows[cursor].id, self.start(cursor) - top
        first = self.at(top)
        return (self.rows[first].id, self.start(first) - top) if first >= 0 else None

    def top_that_shows(self, index: int, top: int, view: int) -> int | None:
        """The line to scroll to so that a row is seen, its first line at the least; ``None`` when nothing must move."""
        start, end = self.start(index), self.end(index)
        if view <= 0:
            return None
        if start < top:
            return self._with_remarks(start, view)
        if end > top + view:
            if end - start > view:  # its first line is what must be seen, and what is said above it
                line = self._with_remarks(start, view)
                return line if line != top else None
            return end - view
        return None

    def _with_remarks(self, start: int, view: int) -> int:
        """The first line of what cannot hold the cursor above a row (remarks, group names), where both can be seen."""
        above = start
        while (before := self.at(above - 1)) >= 0 and not self.rows[before].selectable:
            above = self.start(before)
        return above if start - above < view else start
