"""A filter while it is typed in the status row: it takes effect on the focused list with every letter."""

from __future__ import annotations

from kheadless_tui.tui.keys.filtering import ALL, Filter
from kheadless_tui.tui.widgets.body import Body
from kheadless_tui.tui.widgets.status import FILTER, StatusRow
from kheadless_tui.tui.widgets.tree import ServiceTree


class FilterTyping:
    """Between the line to type in and the list that has the focus; remembers where one was."""

    def __init__(self, status: StatusRow, body: Body) -> None:
        self._status = status
        self._body = body
        self._left_at: str | None = None
        """The row that the cursor was on when typing began."""

    def begin(self) -> None:
        """Let a filter be typed, from the one that is there; within what is typed a slash is a slash."""
        if self._status.typing:
            self._status.insert(FILTER)
            return
        self._left_at = self._body.current.row_id or self._left_at
        self._status.open(FILTER, self._body.current.chosen.text)

    def end(self, *, keep: bool) -> None:
        """Typing ended; a filter that is given up leaves the cursor where it was."""
        self._status.close()
        if not keep:
            self.choose(ALL)
            if self._left_at is not None:
                self._body.current.move_to(self._left_at)

    def clear(self) -> None:
        """Take a kept filter away: the cursor stays on its row, or goes back where it was if the filter left none."""
        current = self._body.current
        found = current.row_id is not None
        if isinstance(current, ServiceTree) and current.selected is not None:
            current.open_namespace(current.selected.namespace)
        self.choose(ALL)
        if not found and self._left_at is not None:
            current.move_to(self._left_at)

    def choose(self, chosen: Filter) -> None:
        """Show only the rows that a filter lets through."""
        self._body.current.set_filter(chosen)
        self._body.show_tree_rule()
