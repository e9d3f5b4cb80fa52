"""A virtual list: any number of rows, drawn line by line, changed by a keyed difference.

The widget knows nothing of what a row means. It is given rows with stable ids and a function that lays them out for a
width; it draws only the lines that are seen and repaints only the lines that changed. Cursor and scroll position
belong to row ids, so they survive whatever happens to the rows around them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kheadless_tui.tui.render.roles import CHANGED, CURSOR, FOCUS, LINKED, MARKED, MUTED, ROLE_CLASSES, with_styles
from kheadless_tui.tui.render.row import LayoutMaker, OneLine, Row, RowLayout, one_line
from kheadless_tui.tui.render.signs import Signs, signs_for

__all__ = ["GUTTER", "LayoutMaker", "Row", "RowLayout", "RowList", "one_line"]

GUTTER = 1
"""Cells before each row, for the cursor or a mark."""

_MARKS: dict[str, str] = {"changed": CHANGED, "marked": MARKED, "linked": LINKED}
"""The marks of :meth:`RowList.set_marks` and their roles."""


class RowList(ScrollView, can_focus=True):
    """A list of rows with a cursor."""

    HELP = "Move with j and k, page with the page keys, g and G go to the first and last row."

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)

    DEFAULT_CSS = """
    RowList {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size: 0 0;
    }
    """

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

    cursor: reactive[int] = reactive(-1, repaint=False)
    """Index of the cursor row, -1 when no row can hold it."""

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

    def __init__(
        self,
        layout: LayoutMaker,
        *,
        signs: Signs | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the name that every Textual widget has
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.signs = signs or signs_for()
        self._make_layout = layout
        self._layout_now: RowLayout = OneLine(lambda row, width: Text(), 0)
        self._rows: list[Row] = []
        self._index: dict[str, int] = {}
        self._starts: list[int] | None = None
        """First line of each row and, last, the number of lines; ``None`` while each row takes one line."""
        self._marks: Mapping[str, str] = {}
        self._laid_out_for = 0

    # -- what is in it -----------------------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, in order."""
        return self._rows

    @property
    def row_id(self) -> str | None:
        """Id of the row under the cursor."""
        return self._rows[self.cursor].id if 0 <= self.cursor < len(self._rows) else None

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; cursor and scroll position stay with their rows, and nothing unchanged is repainted.

        When the cursor's row is gone the cursor goes to the nearest row that was after it and still is, else before.
        """
        fresh = list(rows)
        if fresh == self._rows:
            return
        before, cursor_before = self._rows, self.cursor
        seen = self._seen()
        anchor = self._anchor()
        untouched = self.STAYS_AT_TOP and not self.has_focus and cursor_before == self._selectable_from(0, +1)
        self._rows = fresh
        self._index = {row.id: index for index, row in enumerate(fresh)}
        old_layout = self._layout_now
        self._lay_out()
        cursor = self._selectable_from(0, +1) if untouched else self._cursor_after(before, cursor_before)
        highlighted_before = before[cursor_before].id if 0 <= cursor_before < len(before) else None
        self.set_reactive(RowList.cursor, cursor)
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

    def set_marks(self, marks: Mapping[str, str]) -> None:
        """Put marks in the gutter: row id to ``linked``, ``marked`` or ``changed``; rows not named lose theirs."""
        if marks == self._marks:
            return
        seen = self._seen()
        self._marks = dict(marks)
        self._repaint_difference(seen)

    def move_to(self, row_id: str, *, top: bool = False) -> bool:
        """Put the cursor on a row.

        Args:
            row_id: Which row.
            top: Scroll so that the row is the first one seen, as far as there are lines below it.

        Returns:
            Whether there is such a row.
        """
        index = self._index.get(row_id)
        if index is None or not self._rows[index].selectable:
            return False
        self.cursor = index
        if top:
            self._scroll_lines_to(self._start(index))
        return True

    def relayout(self) -> None:
        """Lay the rows out anew, because something that the layout depends on besides rows and width changed."""
        anchor = self._anchor()
        before = self._layout_now
        self._lay_out()
        if before != self._layout_now:
            self._restore(anchor)
            self.refresh()

    # -- geometry ----------------------------------------------------------------------------------------------

    @property
    def _head(self) -> int:
        return 0 if self._layout_now.heading is None else 1

    @property
    def _view_height(self) -> int:
        """Lines for rows that the widget shows at once."""
        return max(0, self.size.height - self._head)

    @property
    def _line_count(self) -> int:
        return self._starts[-1] if self._starts is not None else len(self._rows)

    @property
    def _top(self) -> int:
        """The first line seen."""
        return self.scroll_offset.y

    def _start(self, index: int) -> int:
        return self._starts[index] if self._starts is not None else index

    def _height(self, index: int) -> int:
        return self._starts[index + 1] - self._starts[index] if self._starts is not None else 1

    def _row_at(self, line: int) -> int:
        """Index of the row that a line belongs to, -1 below the last."""
        if not 0 <= line < self._line_count:
            return -1
        return bisect_right(self._starts, line) - 1 if self._starts is not None else line

    def _lay_out(self) -> None:
        width = self.size.width
        if width <= GUTTER:
            # Not on the screen now: nothing of an earlier layout may be used for these rows.
            self._laid_out_for, self._starts = 0, None
            self._layout_now = OneLine(lambda row, width: Text(), 0)
            return
        self._laid_out_for = width
        self._layout_now = self._make_layout(self._rows, width - GUTTER)
        heights = self._layout_now.heights(self._rows)
        self._starts = None if heights is None else list(accumulate(heights, initial=0))
        self.virtual_size = Size(width, self._line_count + self._head)

    def _anchor(self) -> tuple[str, int] | None:
        """A row that should stay where it is on the screen, and the screen line of its first line."""
        top, bottom = self._top, self._top + self._view_height
        if 0 <= self.cursor < len(self._rows) and top <= self._start(self.cursor) < bottom:
            return self._rows[self.cursor].id, self._start(self.cursor) - top
        first = self._row_at(top)
        return (self._rows[first].id, self._start(first) - top) if first >= 0 else None

    def _restore(self, anchor: tuple[str, int] | None) -> None:
        if anchor is not None and (index := self._index.get(anchor[0])) is not None:
            self._scroll_lines_to(self._start(index) - anchor[1])
        elif 0 <= self.cursor < len(self._rows):
            self._show_cursor()

    def _scroll_lines_to(self, line: int) -> None:
        self.scroll_to(y=max(0, line), animate=False, force=True)

    def _show_cursor(self) -> None:
        """Scroll as little as needed to see the cursor row, its first line at the least."""
        start, height, view = self._start(self.cursor), self._height(self.cursor), self._view_height
        if view <= 0:
            return
        if start < self._top:
            # What stands above the first row that can hold the cursor (remarks, group names) is shown with it.
            above = start
            while (index := self._row_at(above - 1)) >= 0 and not self._rows[index].selectable:
                above = self._start(index)
            self._scroll_lines_to(above if start - above < view else start)
        elif start + height > self._top + view:
            self._scroll_lines_to(min(start, start + height - view))

    def _cursor_after(self, before: Sequence[Row], cursor: int) -> int:
        if 0 <= cursor < len(before):
            for row in (*before[cursor:], *reversed(before[:cursor])):
                index = self._index.get(row.id)
                if index is not None and self._rows[index].selectable:
                    return index
        return self._selectable_from(min(max(cursor, 0), len(self._rows) - 1), +1)

    def _selectable_from(self, index: int, step: int) -> int:
        """The nearest row that can hold the cursor, looking in one direction and then in the other; -1 if none."""
        last = len(self._rows)
        for direction in (step, -step):
            candidate = index
            while 0 <= candidate < last:
                if self._rows[candidate].selectable:
                    return candidate
                candidate += direction
        return -1

    # -- drawing -----------------------------------------------------------------------------------------------

    def _seen(self) -> list[tuple[object, ...]]:
        """What stands in each line of the view, to tell later which lines must be repainted."""
        top = self._top
        return [self._line_key(line) for line in range(top, top + self._view_height)]

    def _line_key(self, line: int) -> tuple[object, ...]:
        index = self._row_at(line)
        if index < 0:
            return ()
        row = self._rows[index]
        return (row, line - self._start(index), index == self.cursor, self._marks.get(row.id, ""))

    def _repaint_difference(self, seen: Sequence[tuple[object, ...]]) -> None:
        for offset, (old, new) in enumerate(zip(seen, self._seen(), strict=False)):
            if old != new:
                self._refresh_screen_line(offset + self._head)

    def _refresh_screen_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.size.width, 1))

    def _refresh_row(self, index: int) -> None:
        if not 0 <= index < len(self._rows):
            return
        first = self._start(index) - self._top
        for offset in range(max(0, first), min(self._view_height, first + self._height(index))):
            self._refresh_screen_line(offset + self._head)

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the heading or a line of a row."""
        width = self.size.width
        base = self.rich_style
        heading = self._layout_now.heading
        if heading is not None and y == 0:
            return self._strip(Text(" " * GUTTER), heading, width, base)
        line = self._top + y - self._head
        index = self._row_at(line)
        if index < 0:
            return Strip.blank(width, base)
        row = self._rows[index]
        within = line - self._start(index)
        lines = self._layout_now.lines(row)
        text = lines[within] if within < len(lines) else Text()
        gutter = self._gutter(index, row) if within == 0 else Text(" " * GUTTER)
        reverse = within == 0 and index == self.cursor and self.has_focus
        return self._strip(gutter, text, width, base, reverse=reverse)

    def _gutter(self, index: int, row: Row) -> Text:
        if index == self.cursor:
            return Text(self.signs.cursor, FOCUS)
        mark = self._marks.get(row.id, "")
        sign = getattr(self.signs, mark) if mark else " "
        return Text(sign, _MARKS.get(mark, MUTED))

    def _strip(self, gutter: Text, text: Text, width: int, base: Style, *, reverse: bool = False) -> Strip:
        console = self.app.console
        segments = [
            *with_styles(gutter, self.role_style).render(console),
            *with_styles(text, self.role_style).render(console),
        ]
        if reverse:
            # One even bar: colours inside it would be turned into backgrounds of their own.
            style = base + self.get_component_styles(CURSOR).text_style
            segments = [Segment(segment.text, style) for segment in segments]
            return Strip(Segment.simplify(segments)).adjust_cell_length(width, style)
        return Strip(Segment.simplify(Segment.apply_style(segments, base))).adjust_cell_length(width, base)

    def role_style(self, role: str) -> Style:
        """The style that a role has in this widget under the theme of now."""
        return self.get_visual_style(role).rich_style

    # -- moving ------------------------------------------------------------------------------------------------

    def validate_cursor(self, value: int) -> int:
        """Keep the cursor on a row that may hold it."""
        if not self._rows:
            return -1
        step = 1 if value >= self.cursor else -1
        return self._selectable_from(min(max(value, 0), len(self._rows) - 1), step)

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two rows concerned and tell where the cursor is."""
        self._refresh_row(old)
        self._refresh_row(new)
        if 0 <= new < len(self._rows):
            self._show_cursor()
        self.post_message(self.Highlighted(self, self.row_id))

    def action_cursor_down(self) -> None:
        """One row down; where the row is taller than the view, first through its lines."""
        if self.cursor >= 0 and self._start(self.cursor) + self._height(self.cursor) > self._top + self._view_height:
            self._scroll_lines_to(self._top + 1)
        elif (index := self._next(self.cursor, +1)) is not None:
            self.cursor = index
        else:
            self._scroll_lines_to(self._top + 1)

    def action_cursor_up(self) -> None:
        """One row up; where lines stand above the first row, up to these."""
        if self.cursor >= 0 and self._start(self.cursor) < self._top:
            self._scroll_lines_to(self._top - 1)
        elif (index := self._next(self.cursor, -1)) is not None:
            self.cursor = index
        else:
            self._scroll_lines_to(self._top - 1)

    def _next(self, index: int, step: int) -> int | None:
        candidate = index + step
        while 0 <= candidate < len(self._rows):
            if self._rows[candidate].selectable:
                return candidate
            candidate += step
        return None

    def action_page_down(self) -> None:
        """One view down."""
        self._page(+1)

    def action_page_up(self) -> None:
        """One view up."""
        self._page(-1)

    def _page(self, step: int) -> None:
        view = max(1, self._view_height - 1)
        if not self._rows or self.cursor < 0:
            self._scroll_lines_to(self._top + step * view)
            return
        line = min(max(self._start(self.cursor) + step * view, 0), self._line_count - 1)
        self._scroll_lines_to(self._top + step * view)
        index = self._row_at(line)
        self.cursor = index if index != self.cursor else index + step

    def action_first(self) -> None:
        """To the first row."""
        self._scroll_lines_to(0)
        self.cursor = 0

    def action_last(self) -> None:
        """To the last row."""
        self._scroll_lines_to(self._line_count)
        self.cursor = len(self._rows) - 1

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if self.row_id is not None:
            self.post_message(self.Selected(self, self.row_id))

    # -- events ------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for another width; at another height keep the cursor in view."""
        if self.size.width != self._laid_out_for:
            anchor = self._anchor()
            self._lay_out()
            if self.cursor < 0 and self._rows:
                self.cursor = 0
            self._restore(anchor)
            self.refresh()
        if 0 <= self.cursor < len(self._rows):
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
        index = self._row_at(self._top + event.y - self._head) if event.y >= self._head else -1
        if index < 0 or not self._rows[index].selectable:
            return
        if index == self.cursor:
            self.action_select()
        else:
            self.cursor = index
