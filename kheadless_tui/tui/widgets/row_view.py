"""Rows of any number drawn line by line: only the lines that are seen, and repainted only where they differ.

The widget knows nothing of what a row means. It is given rows with stable ids and a function that lays them out for a
width. Cursor and scroll position belong to row ids, so that they survive whatever happens to the rows around them; who
moves the cursor is :mod:`kheadless_tui.tui.widgets.rows`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from rich.style import Style
from rich.text import Text
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from kheadless_tui.tui.text.cells import width_of
from kheadless_tui.tui.text.roles import CHANGED, CURSOR, MUTED, ROLE_CLASSES
from kheadless_tui.tui.text.row import LayoutMaker, OneLine, Row, RowLayout
from kheadless_tui.tui.text.signs import Signs, signs_for
from kheadless_tui.tui.widgets.row_lines import RowLines
from kheadless_tui.tui.widgets.row_strips import GUTTER, NO_SIGN, bar_of, gutter_sign, strip_of

MOST_DRAWN = 400
"""Lines that are kept as they were drawn: those of a tall terminal several times over."""


class RowView(ScrollView, can_focus=True):
    """Rows, one of which may hold the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES)

    DEFAULT_CSS = """
    RowView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size: 0 0;
    }
    """

    cursor: reactive[int] = reactive(-1, repaint=False)
    """Index of the cursor row, -1 when no row can hold it."""

    def __init__(
        self,
        layout: LayoutMaker,
        *,
        signs: Signs | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the name that every Textual widget has
        classes: str | None = None,
    ) -> None:
        self._drawn: dict[tuple[str, int], tuple[tuple[object, ...], Strip]] = {}
        """By row and its line, how it was drawn last and for what: most of what scrolls was on the screen before."""
        super().__init__(name=name, id=id, classes=classes)
        self.signs = signs or signs_for()
        self._make_layout = layout
        self._layout_now: RowLayout = OneLine(lambda row, width: Text(), 0)
        self._lines = RowLines()
        self._marks: Mapping[str, str] = {}
        self._words: Mapping[str, str] = {}
        """By row id, what is told at the right end of a row that changed."""
        self._faded: frozenset[str] = frozenset()
        """Ids of rows that are gone and still shown."""
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

    @property
    def layout_now(self) -> RowLayout:
        """How the rows are laid out at the moment."""
        return self._layout_now

    def set_marks(self, marks: Mapping[str, str]) -> None:
        """Put marks in the gutter: row id to ``linked``, ``marked`` or ``changed``; rows not named lose theirs."""
        if marks == self._marks:
            return
        seen = self._seen()
        self._marks = dict(marks)
        self._repaint_difference(seen)

    def set_words(self, words: Mapping[str, str], faded: frozenset[str] = frozenset()) -> None:
        """Tell a word at the right end of some rows, where there is room for it, and draw some muted."""
        if words == self._words and faded == self._faded:
            return
        seen = self._seen()
        self._words, self._faded = dict(words), faded
        self._repaint_difference(seen)

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
        heading = self._layout_now.heading
        return 0 if heading is None else heading.plain.count("\n") + 1

    @property
    def _view_height(self) -> int:
        """Lines for rows that the widget shows at once."""
        return max(0, self.size.height - self._head)

    @property
    def _top(self) -> int:
        """The first line seen."""
        return self.scroll_offset.y

    @property
    def _displayed(self) -> bool:
        """It has a place on the screen; of one that has none thousands of rows may come and go unseen."""
        return all(node.display for node in self.ancestors_with_self if isinstance(node, Widget))

    def _lay_out(self, rows: Sequence[Row]) -> None:
        width = self.size.width
        if width <= GUTTER or not self._displayed:
            # Nothing of an earlier layout may be used for these rows; what comes back is told its size again.
            self._laid_out_for, self._lines = 0, RowLines(rows)
            self._layout_now = OneLine(lambda row, width: Text(), 0)
            self._drawn.clear()
            return
        before, self._layout_now = self._layout_now, self._make_layout(rows, width - GUTTER)
        if (self._laid_out_for, before) != (width, self._layout_now):
            self._drawn.clear()
        self._laid_out_for = width
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
        told = self._marks.get(row.id, ""), self._words.get(row.id, ""), row.id in self._faded
        return (row, line - self._lines.start(index), index == self.cursor, *told)

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

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint; all of it only where the style or the layout is another one."""
        if not regions:
            self._drawn.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Colours may be other ones."""
        self._drawn.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the heading or a line of a row."""
        heading = self._layout_now.heading
        if heading is not None and y < self._head:
            return self._strip(NO_SIGN, heading.split("\n")[y] if self._head > 1 else heading)
        line = self._top + y - self._head
        index = self._lines.at(line)
        if index < 0:
            return Strip.blank(self.size.width, self.rich_style)
        within = line - self._lines.start(index)
        place, key = (self.rows[index].id, within), (*self._line_key(line), index == self.cursor and self.has_focus)
        drawn = self._drawn.get(place)
        if drawn is None or drawn[0] != key:
            if len(self._drawn) >= MOST_DRAWN:
                self._drawn.clear()
            drawn = self._drawn[place] = key, self._draw(index, within)
        return drawn[1]

    def _draw(self, index: int, within: int) -> Strip:
        """One line of a row."""
        row = self.rows[index]
        texts = self._layout_now.lines(row)
        text = texts[within] if within < len(texts) else Text()
        if row.id in self._faded:
            text = Text(text.plain, MUTED)
        if within == 0 and (word := self._words.get(row.id, "")):
            text = self._with_word(text, word)
        if within > 0:
            return self._strip(NO_SIGN, text)
        here = index == self.cursor
        strip = self._strip(gutter_sign(self.signs, self._marks.get(row.id, ""), cursor=here), text)
        if not (here and self.has_focus):
            return strip
        return bar_of(strip, self.rich_style + self.get_component_styles(CURSOR).text_style)

    def _with_word(self, text: Text, word: str) -> Text:
        """The line with a word at its right end, if there is room for both."""
        gap = self.size.width - GUTTER - 1 - text.cell_len - width_of(word)
        return text if gap < 2 else text.copy().append(" " * gap).append(word, CHANGED)

    def _strip(self, gutter: Text, text: Text) -> Strip:
        return strip_of(gutter, text, self.size.width, self.rich_style, self.role_style, self.app.console)

    def role_style(self, role: str) -> Style:
        """The style that a role has in this widget under the theme of now."""
        return self.get_visual_style(role).rich_style
