"""Everything right of the tree: one sentence on the Service, and its panels with the rules above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message

from kheadless_tui.tui.terminal.layout import Layout, PanelName
from kheadless_tui.tui.text.cells import cut
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import FOCUS, MUTED, TEXT
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.panel import Panel
from kheadless_tui.tui.widgets.rule import Line, Rule

TABS: tuple[PanelName, ...] = ("pods", "records", "answers", "findings")


class Remark(Line):
    """A note on how things stand, wrapped to the width; as high as it is long."""

    DEFAULT_CSS = "Remark { height: auto; }"

    _forms: tuple[Note, ...] = ()

    def show(self, *forms: Note) -> None:
        """Say this; of several forms, the first of those that take the fewest lines."""
        if forms == self._forms:
            return
        before, self._forms = self.lines(self.size.width), forms
        self.display = bool(forms)
        self.refresh(layout=len(before) != len(self.lines(self.size.width)))

    def lines(self, width: int) -> list[Text]:
        """The note, its sign in the column where the rows below have theirs."""
        wrapped = [note.lines(max(10, width - 2), self.signs) for note in self._forms]
        return [Text.assemble(" ", line) for line in min(wrapped, key=len, default=[])]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A row for each line."""
        return len(self.lines(width))


class Tabs(Line):
    """The panels as tabs, where only one of them is seen: ``[Pods 4]  Records 16  Answers –  Findings 2``."""

    class Clicked(Message):
        """A panel is wanted."""

        def __init__(self, panel: PanelName) -> None:
            super().__init__()
            self.panel = panel

    _counts: Mapping[str, str] = {}
    _open: str = "pods"

    def show(self, counts: Mapping[str, str], opened: str) -> None:
        """Tell counts and which one is seen."""
        self._counts, self._open = dict(counts), opened
        self.changed()

    def _labels(self, width: int) -> dict[PanelName, str]:
        """The tabs in the room that there is, the open one in brackets."""
        labels = {name: f"{name.capitalize()} {self._counts.get(name, '')}".rstrip() for name in TABS}
        if _room_of(labels) > width:
            labels |= {name: name.capitalize() for name in TABS if name != self._open}
        for most in (4, 3):
            if _room_of(labels) > width:
                labels |= {
                    name: cut(name.capitalize(), most, self.signs.ellipsis) for name in TABS if name != self._open
                }
        return {name: f"[{label}]" if name == self._open else label for name, label in labels.items()}

    def lines(self, width: int) -> list[Text]:
        """One row."""
        text = Text(" ")
        for name, label in self._labels(width).items():
            text.append(label, FOCUS if name == self._open else MUTED)
            text.append("  ", TEXT)
        return [text]

    def on_click(self, event: events.Click) -> None:
        """To the panel whose tab was hit."""
        end = 1
        for name, label in self._labels(self.size.width).items():
            end += len(label) + 1
            if event.x < end:
                self.post_message(self.Clicked(name))
                return
            end += 1


def _room_of(labels: Mapping[PanelName, str]) -> int:
    """Cells that tabs need: blanks between them, one before the first, and brackets around the open one."""
    return sum(len(label) + 2 for label in labels.values()) + 1


class SidePane(Vertical):
    """The right side."""

    DEFAULT_CLASSES: ClassVar[str] = "side"

    def __init__(self, panels: Mapping[PanelName, Panel], signs: Signs, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.panels = dict(panels)
        self._signs = signs
        self._shown: tuple[PanelName, ...] = ()
        self._tabbed = False

    def compose(self) -> ComposeResult:
        """The rule and sentence of the Service, then each panel below its rule."""
        yield Rule(id="rule-service")
        yield Remark(signs=self._signs, id="sentence")
        yield Tabs(signs=self._signs, id="tabs")
        for name, panel in self.panels.items():
            yield Rule(id=f"rule-{name}")
            yield panel

    def on_mount(self) -> None:
        """Follow what the panels say of themselves."""
        for panel in self.panels.values():
            for attribute in ("title", "count", "tally"):
                self.watch(panel, attribute, self._retitle, init=False)

    def rule(self, name: str) -> Rule:
        """The rule of a panel, or of the ``service``."""
        return self.query_one(f"#rule-{name}", Rule)

    def say(self, title: str, *forms: Note) -> None:
        """Tell of the Service in its rule, and below that how it stands: one note, in forms of different length."""
        self.rule("service").set(title=title)
        self.query_one("#sentence", Remark).show(*forms)

    def place(
        self,
        layout: Layout,
        visible: Sequence[PanelName],
        focused: PanelName,
        *,
        few_records: bool = False,
        servers: bool = False,
    ) -> None:
        """Show these panels, and tell by the rules which has the focus.

        Args:
            layout: For the size of now.
            visible: From top to bottom.
            focused: Has the heavy rule.
            servers: Every server is a column of the records, which then need most rows.
            few_records: The records need few rows: those that they leave go to the panel at the bottom.
        """
        self._shown = tuple(visible)
        self._tabbed = layout.mode in ("tabs", "single")
        last = visible[-1] if visible else None
        self.set_class(servers and not self._tabbed and len(visible) > 1, "-servers")
        few = few_records and not self._tabbed and last not in ("records", None)
        for name, panel in self.panels.items():
            panel.display = name in visible
            # Where tabs are, the first panel needs no rule: the tab names it.
            self.rule(name).display = name in visible and not (self._tabbed and name == visible[0])
            panel.set_class(len(visible) == 1 or (self._tabbed and name == last), "-alone")
            panel.set_class(self._tabbed and len(visible) > 1 and name == visible[0], "-above")
            panel.set_class(few and name == "records", "-few")
            panel.set_class(few and name == last, "-rest")
        self.query_one("#tabs").display = self._tabbed and bool(visible)
        self.mark(focused)

    def mark(self, focused: PanelName) -> None:
        """Make the rule of the focused panel heavy, and the others light."""
        first = self._shown[0] if self._shown else None
        for name in self.panels:
            self.rule(name).set(focused=name == focused)
        self.rule("service").set(focused=self._tabbed and focused == first)
        self._retitle()

    def _retitle(self) -> None:
        counts: dict[str, str] = {}
        for name, panel in self.panels.items():
            self.rule(name).set(title=panel.title, count=panel.count)
            counts[name] = panel.tally
        first = self.panels[self._shown[0]] if self._shown and self._tabbed else None
        # A tab has no rule of its own: what is hidden in it is said in that of the Service.
        self.rule("service").set(count=first.count if first is not None and first.narrowed else "")
        self.query_one("#tabs", Tabs).show(counts, self._shown[0] if self._shown else "")
