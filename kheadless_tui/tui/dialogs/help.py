"""The help: made from the bindings that the focused panel, its parents and the screen have at that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from kheadless_tui.tui.keys.actions import ASKING, EVERYWHERE, GROUP_OF, ORDER, PANELS, TOGETHER, UNLISTED, key_text
from kheadless_tui.tui.text.cells import pad, width_of, wrap
from kheadless_tui.tui.text.roles import FOCUS, FRAME, MUTED, TEXT
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.rule import Line
from kheadless_tui.tui.widgets.status import Typing


class HelpEntry(NamedTuple):
    """One line of the help."""

    keys: str
    does: str
    short: str
    """The same in a word or two, where there must be room for the reason."""
    off: str
    """Why the key does nothing now; empty when it works."""


class HelpGroup(NamedTuple):
    """Lines with a title."""

    title: str
    entries: tuple[HelpEntry, ...]


MOVING = "moving"


def groups_of(bindings: Mapping[str, ActiveBinding], panel: str, reason: Callable[[str], str]) -> tuple[HelpGroup, ...]:
    """The help for what is bound now.

    Args:
        bindings: Key to binding, as the screen has them.
        panel: Name of the focused panel: the title of its own keys.
        reason: Tells of an action of the screen why it does nothing now.
    """
    keys: dict[tuple[str, str], list[str]] = {}
    entries: dict[tuple[str, str], HelpEntry] = {}
    for key, active in sorted(bindings.items(), key=lambda item: _place(item[1].binding)):
        binding = active.binding
        if binding.system or not binding.id or binding.id in UNLISTED:
            continue
        place = (_group(binding, panel), binding.action)
        shown = binding.key_display or ""
        keys.setdefault(place, []).append(shown if shown in TOGETHER else key_text(key))
        off = reason(binding.action.partition("(")[0]) or ("" if active.enabled else "not now")
        entries[place] = HelpEntry("", binding.tooltip or binding.description, binding.description, off)
    groups: dict[str, list[HelpEntry]] = {panel: [], ASKING: [], PANELS: [], MOVING: [], EVERYWHERE: []}
    for (group, action), names in keys.items():
        groups.setdefault(group, []).append(entries[(group, action)]._replace(keys=_keys_text(names)))
    return tuple(HelpGroup(title, tuple(entries)) for title, entries in groups.items() if entries)


_KEYS_WIDTH = 6
"""Cells up to which a second key for the same is told."""


def _keys_text(names: Sequence[str]) -> str:
    """The shortest key, and the next one where both are short."""
    short = sorted(dict.fromkeys(names), key=width_of)
    both = " ".join(short[:2])
    return both if width_of(both) <= _KEYS_WIDTH else short[0]


def _place(binding: Binding) -> tuple[int, bool]:
    """The order of the keys row; keys that are not in it come after those that are."""
    return ORDER.get(binding.id or "", -1), not binding.show


def _group(binding: Binding, panel: str) -> str:
    assert binding.id is not None
    if binding.id in GROUP_OF:
        return GROUP_OF[binding.id]
    return MOVING if binding.id.startswith("rows.") else panel


def help_lines(groups: Sequence[HelpGroup], width: int, wanted: str = "") -> tuple[list[Text], int]:
    """The groups in two columns where they fit, and the number of entries that are told."""
    if wanted:
        groups = [
            HelpGroup(group.title, kept)
            for group in groups
            if (kept := tuple(e for e in group.entries if wanted.lower() in f"{e.keys} {e.does}".lower()))
        ]
    count = sum(len(group.entries) for group in groups)
    columns = 2 if width >= 70 else 1
    each = (width - 2) // columns
    if columns == 1:
        return _column(groups, each), count
    # The groups keep their order; the second column begins where the first is about half of all lines.
    sizes = [len(_block(group, each, _key_width(groups))) for group in groups]
    split = 0
    while split < len(groups) and sum(sizes[:split]) + sizes[split] / 2 <= sum(sizes) / 2:
        split += 1
    left, right = _column(groups[:split], each), _column(groups[split:], each)
    lines = []
    for index in range(max(len(left), len(right))):
        first = left[index] if index < len(left) else Text()
        line = first.copy()
        line.append(" " * (each - first.cell_len))
        line.append_text(right[index] if index < len(right) else Text())
        lines.append(line)
    return lines, count


def _key_width(groups: Sequence[HelpGroup]) -> int:
    return max((width_of(entry.keys) for group in groups for entry in group.entries), default=0)


def _column(groups: Sequence[HelpGroup], width: int) -> list[Text]:
    """Groups one below the other, all with their keys in the same cells."""
    return [line for group in groups for line in _block(group, width, _key_width(groups))]


def _block(group: HelpGroup, width: int, key_width: int) -> list[Text]:
    lines = [Text(f" {' ' * key_width}  {group.title}", MUTED)]
    for entry in group.entries:
        works = not entry.off
        line = Text(f" {pad(entry.keys, key_width, right=True)}  ", FOCUS if works else MUTED)
        does = entry.does if works else f"{entry.short} (off: {entry.off})"
        room = max(8, width - key_width - 4)
        for part in [does] if width_of(does) <= room else wrap(does, room):
            lines.append(line.append(part, TEXT if works else MUTED))
            line = Text(" " * (key_width + 3))
    lines.append(Text())
    return lines


class HelpBox(Line):
    """The box with the help in it."""

    DEFAULT_CSS = "HelpBox { height: 1fr; }"

    def __init__(self, groups: Sequence[HelpGroup], panel: str, signs: Signs, facts: Sequence[str]) -> None:
        super().__init__(signs=signs)
        self._groups = tuple(groups)
        self._facts = tuple(facts)
        self._panel = panel
        self._top = 0
        self.wanted = ""

    def scroll_by(self, lines: int) -> None:
        """Move on, as far as there is something below."""
        content, _ = self._content(self.size.width)
        most = max(0, len(content) - (self.size.height - 2))
        self._top = min(max(0, self._top + lines), most)
        self.refresh()

    def _content(self, width: int) -> tuple[list[Text], int]:
        """What is in the box, and how many keys are: the facts first, unless a key is looked for."""
        lines, count = help_lines(self._groups, width - 4, self.wanted)
        if self.wanted:
            return lines, count
        facts = [Text(f" {line}", TEXT) for fact in self._facts for line in wrap(fact, width - 6)]
        return [*facts, *lines], count

    def lines(self, width: int) -> list[Text]:
        """The box."""
        signs, height = self.signs, self.size.height
        content, count = self._content(width)
        body = content[self._top : self._top + height - 2]
        more = (
            f" {count} keys "
            if len(content) <= height - 2
            else f" {self._top + 1}-{self._top + len(body)} of {len(content)} lines "
        )
        title = f" help {signs.quiet} {self._panel} " if self._panel else " help "
        bar = signs.rule
        top = Text(f"{signs.corner_top_left}{bar * 2}", FRAME).append(title, FOCUS)
        top.append(bar * max(0, width - top.cell_len - len(more) - 2), FRAME).append(more, MUTED)
        top.append(f"{bar}{signs.corner_top_right}", FRAME)
        lines = [top]
        for index in range(height - 2):
            line = Text(signs.divider, FRAME).append(" ")
            text = body[index] if index < len(body) else Text()
            line.append_text(text).append(" " * max(0, width - 1 - line.cell_len)).append(signs.divider, FRAME)
            lines.append(line)
        lines.append(Text(f"{signs.corner_bottom_left}{bar * (width - 2)}{signs.corner_bottom_right}", FRAME))
        return lines


class HelpScreen(ModalScreen[None]):
    """The help, over everything but the last row."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "find a key", key_display="/", priority=True, id="help.find"),
        Binding("j,down", "scroll(1)", "scroll", key_display="j k", id="help.down"),
        Binding("k,up", "scroll(-1)", "up", show=False, id="help.up"),
        Binding("pagedown,space", "scroll(15)", "page", show=False, id="help.page"),
        Binding("pageup", "scroll(-15)", "page up", show=False, id="help.page-up"),
        Binding("escape,q,question_mark", "close", "close", key_display="esc", id="help.close"),
    ]

    def __init__(self, groups: Sequence[HelpGroup], panel: str, signs: Signs, *, facts: Sequence[str] = ()) -> None:
        """Set up.

        Args:
            groups: The keys.
            panel: Name of the focused panel.
            signs: What the terminal can show.
            facts: What else is to be known of the panel and of this cluster, above the keys.
        """
        super().__init__()
        self._box = HelpBox(groups, panel, signs, facts)

    def compose(self) -> ComposeResult:
        """The box, and the row to type in."""
        yield self._box
        typing = Typing(id="typing", compact=True, select_on_focus=False, placeholder="")
        typing.cursor_blink = False
        typing.display = False
        yield typing
        yield KeyHint(signs=self._box.signs)

    def action_scroll(self, lines: int) -> None:
        """Move on."""
        self._box.scroll_by(lines)

    def action_find(self) -> None:
        """Type what to look for."""
        line = self.query_one(Typing)
        if line.display:
            line.insert_text_at_cursor("/")
            return
        line.display = True
        line.value = "/"
        line.cursor_position = 1
        self.set_focus(line)

    @on(Input.Changed)
    def _on_changed(self, event: Input.Changed) -> None:
        if event.input.display:
            self._box.wanted = event.value.removeprefix("/")
            self._box.scroll_by(-self._box.size.height)

    @on(Input.Submitted)
    def _on_submitted(self, event: Input.Submitted) -> None:
        event.input.display = False
        self.set_focus(None)

    @on(Typing.Left)
    def _on_left(self, event: Typing.Left) -> None:
        self.query_one(Typing).display = False
        self._box.wanted = ""
        self._box.scroll_by(0)
        self.set_focus(None)

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss()


class KeyHint(Line):
    """The keys of the help itself."""

    def lines(self, width: int) -> list[Text]:
        """One row."""
        text = Text(" ")
        for key, does in (("/", "find a key"), ("j k", "scroll"), ("esc", "close")):
            text.append(key, FOCUS).append(f" {does}  ", MUTED)
        return [text]
