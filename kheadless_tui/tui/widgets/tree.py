"""The tree: namespaces, their headless Services, the endpoints of these. A list of rows that can be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.keys.filtering import ALL, Filter
from kheadless_tui.tui.known.catalog import Catalog, TreeItem, key_of
from kheadless_tui.tui.text.cells import shorten_all, width_of
from kheadless_tui.tui.text.roles import BAD, CHANGED, GOOD, MUTED, TEXT, UNKNOWN, WARN
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.rows import Row, RowList

_ROLES = {"error": BAD, "warning": WARN, "unknown": UNKNOWN, "ok": GOOD, "not_ready": WARN, "terminating": WARN}


@dataclass(frozen=True)
class _TreeLayout:
    """Tree rows at one width."""

    width: int
    indent: int
    signs: Signs
    short: dict[str, str]
    """Row id to the label that fits, for those that do not fit whole."""
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """One line each."""
        return None

    def lines(self, row: Row) -> Sequence[Text]:
        """The sign in one column whatever the depth, the name by depth, the count ending in one column."""
        assert isinstance(row.value, TreeItem)
        item = row.value
        text = Text(self._sign(item.sign), _ROLES.get(item.sign, TEXT))
        text = Text.assemble(text, " " * (1 + item.depth * self.indent))
        opened = " " if item.opened is None else self.signs.opened if item.opened else self.signs.closed
        text.append(f"{opened} ", MUTED)
        text.append(self.short.get(item.id, item.label), MUTED if item.change == "gone" else TEXT)
        right = item.change or item.tally
        text.append(" " * (self.width - 1 - text.cell_len - width_of(right)))
        text.append(right, CHANGED if item.change else MUTED if item.depth == 0 else TEXT)
        return (text,)

    def _sign(self, sign: str) -> str:
        signs = self.signs
        known = {
            "error": signs.error,
            "warning": signs.attention,
            "unknown": signs.unanswered,
            "ok": signs.match,
            "not_ready": signs.not_ready,
            "terminating": signs.terminating,
        }
        return known.get(sign, " ")


class ServiceTree(RowList):
    """Namespaces, Services and endpoints."""

    HELP = (
        "3/4: so many endpoints of a headless Service are in DNS, of so many. ✗ wrong, ! to be looked at, "
        "✓ as predicted when last probed, ○ not ready, ◌ terminating."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "open", id="tree.open"),
        Binding("right,l", "expand", "show what is inside", show=False, id="tree.expand"),
        Binding("left,h", "collapse", "close, or up", show=False, id="tree.collapse"),
    ]

    class Entered(Message):
        """Enter on something that is open already: on into its panels."""

    def __init__(self, catalog: Catalog, *, signs: Signs, id: str | None = None) -> None:  # noqa: A002
        super().__init__(self._layout_of, signs=signs, id=id)
        self._catalog = catalog
        self._opened: set[str] = set()
        self._linked = ""
        self.indent = 1
        self.chosen: Filter = ALL
        self.uncounted: Mapping[str, str] = {}
        """By namespace (empty: all), what stands in place of counts that are not known."""
        self.hits = 0
        """Services that the filter lets through."""

    # -- content -----------------------------------------------------------------------------------------------

    def refill(self) -> None:
        """Show what the catalogue holds now."""
        items, self.hits = self._catalog.items(self._opened, self.chosen, uncounted=self.uncounted)
        self.set_rows([Row(item.id, item) for item in items])
        self._mark()

    def set_filter(self, chosen: Filter) -> None:
        """Show only Services that the filter lets through, with the cursor on one of them rather than above them."""
        self.chosen = chosen
        self.refill()
        if chosen and (item := self._item) is not None and item.depth == 0:
            self.cursor += 1

    def link(self, row_id: str) -> None:
        """Mark the row that belongs to what the cursor of a panel is on; empty for none."""
        self._linked = row_id
        self._mark()

    def _mark(self) -> None:
        self.set_marks({**({self._linked: "linked"} if self._linked else {}), **self._catalog.marks})

    @property
    def selected(self) -> ObjectKey | None:
        """The Service that the cursor is on or within."""
        return key_of(self.row_id)

    @property
    def member(self) -> str:
        """The endpoint that the cursor is on: its pod or address; empty elsewhere."""
        item = self._item
        return item.label if item is not None and item.depth == 2 else ""

    @property
    def position(self) -> str:
        """``9/14``: which row of how many."""
        return f"{self.cursor + 1:,}/{len(self.rows):,}" if self.rows else ""

    def go_to(self, key: ObjectKey, *, opened: bool = True) -> bool:
        """Put the cursor on a Service, its namespace opened for it."""
        self._opened.add(key.namespace)
        if opened:
            self._opened.add(f"{key.namespace}/{key.name}")
        self.refill()
        return self.move_to(f"{key.namespace}/{key.name}")

    def open_namespace(self, namespace: str) -> None:
        """Open a namespace without moving."""
        self._opened.add(namespace)
        self.refill()

    # -- keys --------------------------------------------------------------------------------------------------

    @property
    def _item(self) -> TreeItem | None:
        value = self.rows[self.cursor].value if 0 <= self.cursor < len(self.rows) else None
        return value if isinstance(value, TreeItem) else None

    def action_select(self) -> None:
        """Open what is closed; a namespace closes again, from a Service enter goes on into its panels."""
        item = self._item
        if item is None:
            return
        if item.depth == 0 and not self.chosen:
            self._turn(item, open_it=not item.opened)
        elif item.opened is False:
            self._turn(item, open_it=True)
        elif item.depth:
            self.post_message(self.Entered())

    def action_expand(self) -> None:
        """Open; on what is open, to its first row."""
        item = self._item
        if item is None or item.opened is None:
            return
        if not item.opened:
            self._turn(item, open_it=True)
        else:
            self.action_cursor_down()

    def action_collapse(self) -> None:
        """Close; on what cannot be closed, to the row that holds it."""
        item = self._item
        if item is None:
            return
        if item.opened and not (item.depth == 0 and self.chosen):
            self._turn(item, open_it=False)
        elif item.depth:
            self.move_to(item.id.rpartition("/")[0])

    def _turn(self, item: TreeItem, *, open_it: bool) -> None:
        if open_it:
            self._opened.add(item.id)
        else:
            self._opened.discard(item.id)
        self.refill()

    # -- drawing -----------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing can be opened where there is nothing."""
        if action == "select" and not self.rows:
            return False
        return super().check_action(action, parameters)

    def _layout_of(self, rows: Sequence[Row], width: int) -> _TreeLayout:
        """Short names are made once per set of rows, among siblings, so that each stays unique there."""
        siblings: dict[tuple[str, int], list[TreeItem]] = {}
        for row in rows:
            item = row.value
            assert isinstance(item, TreeItem)
            right = width_of(item.change or item.tally)
            room = width - 2 - right - 3 - item.depth * self.indent - (1 if right else 0)
            if width_of(item.label) > room:
                siblings.setdefault((item.id.rpartition("/")[0], room), []).append(item)
        short: dict[str, str] = {}
        for (_, room), items in siblings.items():
            forms = shorten_all((item.label for item in items), max(room, 3), self.signs.ellipsis)
            short.update((item.id, forms[item.label]) for item in items)
        return _TreeLayout(width, self.indent, self.signs, short)
