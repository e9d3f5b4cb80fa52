"""Everything right of the tree: one sentence on the Service, and its panels with the rules above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from kheadless_tui.tui.layout import Layout, Panel
from kheadless_tui.tui.render.roles import FOCUS, MUTED, TEXT
from kheadless_tui.tui.render.signs import Signs
from kheadless_tui.tui.widgets.rule import Line, Rule

TABS: tuple[Panel, ...] = ("pods", "records", "answers", "findings")


class Lines(Line):
    """A few lines of text that say how things stand; as high as they are many."""

    DEFAULT_CSS = "Lines { height: auto; }"

    _texts: tuple[Text, ...] = ()

    def show(self, texts: Sequence[Text]) -> None:
        """Say this, one text a line."""
        fresh = tuple(texts)
        if fresh == self._texts:
            return
        higher = len(fresh) != len(self._texts)
        self._texts = fresh
        self.display = bool(fresh)
        self.refresh(layout=higher)

    def lines(self, width: int) -> list[Text]:
        """The texts as they are; who gave them knew the width."""
        return list(self._texts)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """A row for each text."""
        return len(self._texts)


class Tabs(Line):
    """The panels as tabs, where only one of them is seen: ``[Pods 4]  Records 16  Answers –  Findings 2``."""

    _counts: Mapping[str, str] = {}
    _open: str = "pods"

    def show(self, counts: Mapping[str, str], opened: str) -> None:
        """Tell counts and which one is seen."""
        self._counts, self._open = dict(counts), opened
        self.changed()

    def lines(self, width: int) -> list[Text]:
        """One row."""
        text = Text(" ")
        for name in TABS:
            count = self._counts.get(name, "")
            label = f"{name.capitalize()} {count}".rstrip()
            text.append(f"[{label}]" if name == self._open else label, FOCUS if name == self._open else MUTED)
            text.append("  ", TEXT)
        return [text]


class SidePane(Vertical):
    """The right side."""

    DEFAULT_CLASSES: ClassVar[str] = "side"

    def __init__(self, panels: Mapping[Panel, Widget], signs: Signs, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.panels = dict(panels)
        self._signs = signs
        self._shown: tuple[Panel, ...] = ()
        self._tabbed = False

    def compose(self) -> ComposeResult:
        """The rule and sentence of the Service, then each panel below its rule."""
        yield Rule(id="rule-service")
        yield Lines(signs=self._signs, id="sentence")
        yield Tabs(signs=self._signs, id="tabs")
        for name, panel in self.panels.items():
            yield Rule(id=f"rule-{name}")
            yield panel

    def on_mount(self) -> None:
        """Follow what the panels say of themselves."""
        for panel in self.panels.values():
            for attribute in ("title", "count"):
                self.watch(panel, attribute, self._retitle, init=False)

    def rule(self, name: str) -> Rule:
        """The rule of a panel, or of the ``service``."""
        return self.query_one(f"#rule-{name}", Rule)

    def place(self, layout: Layout, visible: Sequence[Panel], focused: Panel) -> None:
        """Show these panels, and tell by the rules which has the focus."""
        self._shown = tuple(visible)
        self._tabbed = layout.mode in ("tabs", "single")
        for name, panel in self.panels.items():
            panel.display = name in visible
            # Where tabs are, the first panel needs no rule: the tab names it.
            self.rule(name).display = name in visible and not (self._tabbed and name == visible[0])
            panel.set_class(len(visible) == 1 or (self._tabbed and name == visible[-1]), "-alone")
            panel.set_class(self._tabbed and len(visible) > 1 and name == visible[0], "-above")
        self.query_one("#tabs").display = self._tabbed
        self.mark(focused)

    def mark(self, focused: Panel) -> None:
        """Make the rule of the focused panel heavy, and the others light."""
        first = self._shown[0] if self._shown else None
        for name in self.panels:
            self.rule(name).set(focused=name == focused)
        self.rule("service").set(focused=self._tabbed and focused == first)
        self._retitle()

    def _retitle(self) -> None:
        counts: dict[str, str] = {}
        for name, panel in self.panels.items():
            title, count = str(getattr(panel, "title", name)), str(getattr(panel, "count", ""))
            self.rule(name).set(title=title, count=count)
            counts[name] = str(getattr(panel, "tally", count))
        self.query_one("#tabs", Tabs).show(counts, self._shown[0] if self._shown else "")
