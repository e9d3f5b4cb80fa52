"""A virtual list: any number of rows, drawn line by line, changed by a keyed difference.

The widget knows nothing of what a row means. It is given rows with stable ids and a function that lays them out for a
width; it draws only the lines that are seen and repaints only the lines that changed. Cursor and scroll position
belong to row ids, so they survive whatever happens to the rows around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kheadless_tui.tui.render.roles import CURSOR, ROLE_CLASSES
from kheadless_tui.tui.render.row import LayoutMaker, OneLine, Row, RowLayout, one_line
from kheadless_tui.tui.render.signs import Signs, signs_for
from kheadless_tui.tui.widgets.row_lines import RowLines
from kheadless_tui.tui.widgets.row_strips import GUTTER, NO_SIGN, bar_of, gutter_sign, strip_of

__all__ = ["LayoutMaker", "Row", "RowLayout", "RowList", "one_line"]


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
        self._lines = RowLines()
        self._marks: Mapping[str, str] = {}
        self._laid_out_for = 0

    # -- what is in it -----------------------------------------------------------------------------------------

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, in order."""
        return self._lines.rows

    @property
    def row_id(self) -> str | None:
        """Id of the row under the cursor."""
        return self._lines.id_at(self.cursor)

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
        index = self._lines.index_of(row_id)
        if index is None or not self.rows[index].selectable:
            return False
        self.cursor = index
        if top:
            self._scroll_lines_to(self._lines.start(index))
        return True

    def relayout(self) -> None:
        """Lay the rows out anew, because something that the layout depends on besides rows and width changed."""
        anchor = self._anchor()
        before = self._layout_now
        self._lay_out(self.rows)
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
    def _top(self) -> int:
        """The first line seen."""
        return self.scroll_offset.y

    def _lay_out(self, rows: Sequence[Row]) -> None:
        width = self.size.width
        if width <= GUTTER:
            # Not on the screen now: nothing of an earlier layout may be used for these rows.
            self._laid_out_for, self._lines = 0, RowLines(rows)
            self._layout_now = OneLine(lambda row, width: Text(), 0)
            return
        self._laid_out_for = width
        self._layout_now = self._make_layout(rows, width - GUTTER)
        self._lines = RowLines(rows, self._layout_now.heights(rows))
        self.virtual_size = Size(width, self._lines.count + self._head)

    def _anchor(self) -> tuple[str, int] | None:
        return self._lines.anchor(self.cursor, self._top, self._view_height)

    def _restore(self, anchor: tuple[str, int] | None) -> None:
        if anchor is not None and (index := self._lines.index_of(anchor[0])) is not None:
            self._scroll_lines_to(self._lines.start(index) - anchor[1])
        else:
            self._show_cursor()

    def _scroll_lines_to(self, line: int) -> None:
        self.scroll_to(y=max(0, line), animate=False, force=True)

    def _show_cursor(self) -> None:
        """Scroll as little as needed to see the cursor row."""
        if not 0 <= self.cursor < len(self.rows):
            return
        line = self._lines.top_that_shows(self.cursor, self._top, self._view_height)
        if line is not None:
            self._scroll_lines_to(line)

    # -- drawing -----------------------------------------------------------------------------------------------

    def _seen(self) -> list[tuple[object, ...]]:
        """What stands in each line of the view, to tell later which lines must be repainted."""
        top = self._top
        return [self._line_key(line) for line in range(top, top + self._view_height)]

    def _line_key(self, line: int) -> tuple[object, ...]:
        index = self._lines.at(line)
        if index < 0:
            return ()
        row = self.rows[index]
        return (row, line - self._lines.start(index), index == self.cursor, self._marks.get(row.id, ""))

    def _repaint_difference(self, seen: Sequence[tuple[object, ...]]) -> None:
        for offset, (old, new) in enumerate(zip(seen, self._seen(), strict=False)):
            if old != new:
                self._refresh_screen_line(offset + self._head)

    def _refresh_screen_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.size.width, 1))

    def _refresh_row(self, index: int) -> None:
        if not 0 <= index < len(self.rows):
            return
        first, last = self._lines.start(index) - self._top, self._lines.end(index) - self._top
        for offset in range(max(0, first), min(self._view_height, last)):
            self._refresh_screen_line(offset + self._head)

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the heading or a line of a row."""
        heading = self._layout_now.heading
        if heading is not None and y == 0:
            return self._strip(NO_SIGN, heading)
        line = self._top + y - self._head
        index = self._lines.at(line)
        if index < 0:
            return Strip.blank(self.size.width, self.rich_style)
        row = self.rows[index]
        within = line - self._lines.start(index)
        texts = self._layout_now.lines(row)
        text = texts[within] if within < len(texts) else Text()
        if within > 0:
            return self._strip(NO_SIGN, text)
        here = index == self.cursor
        strip = self._strip(gutter_sign(self.signs, self._marks.get(row.id, ""), cursor=here), text)
        if not (here and self.has_focus):
            return strip
        return bar_of(strip, self.rich_style + self.get_component_styles(CURSOR).text_style)

    def _strip(self, gutter: Text, text: Text) -> Strip:
        return strip_of(gutter, text, self.size.width, self.rich_style, self.role_style, self.app.console)

    def role_style(self, role: str) -> Style:
        """The style that a role has in this widget under the theme of now."""
        return self.get_visual_style(role).rich_style

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
