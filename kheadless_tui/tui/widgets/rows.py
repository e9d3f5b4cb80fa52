"""A virtual list: any number of rows with a cursor that keys move, changed by a keyed difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message

from kheadless_tui.tui.text.row import LayoutMaker, Row, RowLayout, one_line
from kheadless_tui.tui.widgets.row_view import RowView

__all__ = ["LayoutMaker", "Row", "RowLayout", "RowList", "one_line"]


class RowList(RowView, can_focus=True):
    """A list of rows with a cursor."""

    HELP = "Move with j and k, page with the page keys, g and G go to the first and last row."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "cursor_down", "down", show=False, id="rows.down"),
        Binding("up,k", "cursor_up", "up", show=False, id="rows.up"),
        Binding("pagedown,ctrl+f", "page_down", "page down", show=False, id="rows.page-down"),
        Binding("pageup,ctrl+b", "page_up", "page up", show=False, id="rows.page-up"),
        Binding("home,g", "first", "first", show=False, id="rows.first"),
        Binding("end,G", "last", "last", show=False, id="rows.last"),
        Binding("enter", "select", "open", show=False, id="rows.select"),
    ]

    STAYS_AT_TOP: ClassVar[bool] = False
    """Without the focus and with the cursor on the first row, the first row keeps the cursor, whichever it is."""

    class Highlighted(Message):
        """The cursor came to another row, by a key or because its row is gone."""

        def __init__(self, row_list: RowList, row_id: str | None) -> None:
            super().__init__()
            self.row_list = row_list
            self.row_id = row_id
            """Id of the row under the cursor, ``None`` when the list holds none."""

        @property
        def control(self) -> RowList:
            """The list, so that ``@on`` can select by it."""
            return self.row_list

        def can_replace(self, message: Message) -> bool:
            """Only where the cursor came to rest is of interest."""
            return isinstance(message, RowList.Highlighted) and message.row_list is self.row_list

    class Selected(Message):
        """Enter, or a click on the cursor row."""

        def __init__(self, row_list: RowList, row_id: str) -> None:
            super().__init__()
            self.row_list = row_list
            self.row_id = row_id

        @property
        def control(self) -> RowList:
            """The list, so that ``@on`` can select by it."""
            return self.row_list

    # -- what is in it -----------------------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; cursor and scroll position stay with their rows, and nothing unchanged is repainted.

        When the cursor's row is gone the cursor goes to the nearest row that was after it and still is, else before.
        """
        fresh = list(rows)
        if fresh == self.rows:
            return
        before, cursor_before, highlighted_before = self.rows, self.cursor, self.row_id
        seen = self._seen()
        anchor = self._anchor()
        untouched = self.STAYS_AT_TOP and not self.has_focus and cursor_before == self._lines.nearest_selectable(0, +1)
        old_layout = self._layout_now
        self._lay_out(fresh)
        lines = self._lines
        cursor = lines.nearest_selectable(0, +1) if untouched else lines.heir_of(before, cursor_before)
        self.set_reactive(RowView.cursor, cursor)
        if untouched:
            self._scroll_lines_to(0)
        else:
            self._restore(anchor)
        if self._layout_now != old_layout:
            self.refresh()
        else:
            self._repaint_difference(seen)
        if self.row_id != highlighted_before:
            self.post_message(self.Highlighted(self, self.row_id))

    def move_to(self, row_id: str, *, top: bool = False) -> bool:
        """Put the cursor on a row.

        Args:
            row_id: Which row.
            top: Scroll so that the row is the first one seen, as far as there are lines below it.

        Returns:
            Whether there is such a row.
        """
        index = self._lines.index_of(row_id)
        if index is None or not self.rows[index].selectable:
            return False
        self.cursor = index
        if top:
            self._scroll_lines_to(self._lines.start(index))
        return True

    # -- moving ------------------------------------------------------------------------------------------------

    def validate_cursor(self, value: int) -> int:
        """Keep the cursor on a row that may hold it."""
        if not self.rows:
            return -1
        step = 1 if value >= self.cursor else -1
        return self._lines.nearest_selectable(value, step)

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two rows concerned and tell where the cursor is."""
        self._refresh_row(old)
        self._refresh_row(new)
        self._show_cursor()
        self.post_message(self.Highlighted(self, self.row_id))

    def action_cursor_down(self) -> None:
        """One row down; where the row is taller than the view, first through its lines."""
        if self.cursor >= 0 and self._lines.end(self.cursor) > self._top + self._view_height:
            self._scroll_lines_to(self._top + 1)
        elif (index := self._lines.next_selectable(self.cursor, +1)) is not None:
            self.cursor = index
        else:
            self._scroll_lines_to(self._top + 1)

    def action_cursor_up(self) -> None:
        """One row up; where lines stand above the first row, up to these."""
        if self.cursor >= 0 and self._lines.start(self.cursor) < self._top:
            self._scroll_lines_to(self._top - 1)
        elif (index := self._lines.next_selectable(self.cursor, -1)) is not None:
            self.cursor = index
        else:
            self._scroll_lines_to(self._top - 1)

    def action_page_down(self) -> None:
        """One view down."""
        self._page(+1)

    def action_page_up(self) -> None:
        """One view up."""
        self._page(-1)

    def _page(self, step: int) -> None:
        view = max(1, self._view_height - 1)
        if not self.rows or self.cursor < 0:
            self._scroll_lines_to(self._top + step * view)
            return
        line = min(max(self._lines.start(self.cursor) + step * view, 0), self._lines.count - 1)
        self._scroll_lines_to(self._top + step * view)
        index = self._lines.at(line)
        self.cursor = index if index != self.cursor else index + step

    def action_first(self) -> None:
        """To the first row."""
        self._scroll_lines_to(0)
        self.cursor = 0

    def action_last(self) -> None:
        """To the last row."""
        self._scroll_lines_to(self._lines.count)
        self.cursor = len(self.rows) - 1

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if self.row_id is not None:
            self.post_message(self.Selected(self, self.row_id))

    # -- events ------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for another width; at another height keep the cursor in view."""
        if self.size.width != self._laid_out_for:
            anchor = self._anchor()
            self._lay_out(self.rows)
            if self.cursor < 0 and self.rows:
                self.cursor = 0
            self._restore(anchor)
            self.refresh()
        self._show_cursor()

    @on(events.Focus)
    def _gain_focus(self, event: events.Focus) -> None:
        """Repaint the cursor row alone: textual would repaint the whole list, which on a slow link is seen."""
        self._turn_focus(event, has_focus=True)
        if self.parent is not None:
            self.parent.post_message(events.DescendantFocus(self))

    @on(events.Blur)
    def _lose_focus(self, event: events.Blur) -> None:
        """The same when the focus goes."""
        self._turn_focus(event, has_focus=False)
        if self.parent is not None:
            self.parent.post_message(events.DescendantBlur(self))

    def _turn_focus(self, event: events.Event, *, has_focus: bool) -> None:
        event.prevent_default()
        self.has_focus = has_focus
        self._refresh_row(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a row; on the cursor row it opens it."""
        index = self._lines.at(self._top + event.y - self._head) if event.y >= self._head else -1
        if index < 0 or not self.rows[index].selectable:
            return
        if index == self.cursor:
            self.action_select()
        else:
            self.cursor = index
