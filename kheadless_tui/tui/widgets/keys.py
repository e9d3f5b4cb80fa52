"""The last row: the keys that work here and now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.text import Text
from textual.binding import ActiveBinding
from textual.dom import DOMNode

from kheadless_tui.tui.keys.actions import ORDER, key_text
from kheadless_tui.tui.text.roles import FOCUS, MUTED
from kheadless_tui.tui.widgets.rule import Line

KeyItem = tuple[str, str]
"""A key and what it does."""


def keys_of(
    bindings: Mapping[str, ActiveBinding], typing: DOMNode | None, reason: Callable[[str], str]
) -> tuple[list[KeyItem], KeyItem | None]:
    """What the keys row shows of the bindings of this moment, and the item that is always last.

    Args:
        bindings: Key to binding, as the screen has them.
        typing: The line that text is typed into, if one is: then only its own keys are keys.
        reason: Tells of an action of the screen why it does nothing now.
    """
    items: list[tuple[int, KeyItem]] = []
    seen: set[tuple[DOMNode, str]] = set()
    last: KeyItem | None = None
    for key, active in bindings.items():
        binding = active.binding
        if typing is not None and active.node is not typing:
            continue
        if binding.action == "help":
            last = ("?", "help")
        elif (
            binding.show
            and active.enabled
            and (active.node, binding.action) not in seen
            and not reason(binding.action.partition("(")[0])
        ):
            seen.add((active.node, binding.action))
            item = (binding.key_display or key_text(key), binding.description)
            items.append((ORDER.get(binding.id or "", -1), item))
    items.sort(key=lambda item: item[0])
    return [item for _, item in items], last


class Keys(Line):
    """The keys row: whole items only, the help last whatever happens."""

    _items: tuple[KeyItem, ...] = ()
    _last: KeyItem | None = None

    def show(self, items: Sequence[KeyItem], last: KeyItem | None) -> None:
        """Show these, most wanted first, and ``last`` always."""
        self._items, self._last = tuple(items), last
        self.changed()

    def lines(self, width: int) -> list[Text]:
        """As many items as fit whole."""
        text = Text(" ")
        end = f"{self._last[0]} {self._last[1]} " if self._last else ""
        for key, does in self._items:
            if text.cell_len + len(key) + 1 + len(does) + 2 + len(end) > width:
                break
            _append(text, key, does)
            text.append("  ")
        if self._last:
            _append(text, *self._last)
        return [text]


def _append(text: Text, key: str, does: str) -> None:
    text.append(key, FOCUS)
    text.append(f" {does}", MUTED)
