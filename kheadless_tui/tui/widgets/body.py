"""Everything between header and status row: the tree, the panels, which of them are seen, and which has the focus."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from kheadless_tui.tui.known.catalog import Catalog
from kheadless_tui.tui.known.notices import endpoint_name
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.tui.terminal.layout import PANELS, Layout, PanelName, layout_for
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.answers_panel import AnswersPanel
from kheadless_tui.tui.widgets.findings_panel import FindingsPanel
from kheadless_tui.tui.widgets.panel import Panel, Way
from kheadless_tui.tui.widgets.pods_panel import PodsPanel
from kheadless_tui.tui.widgets.records_panel import RecordsPanel
from kheadless_tui.tui.widgets.rule import Divider, Rule
from kheadless_tui.tui.widgets.side import SidePane
from kheadless_tui.tui.widgets.tree import ServiceTree
from kheadless_tui.zone.record import Question, Record

NARROWEST_TREE = 18
"""Columns below which the tree cannot be made narrower: sign, name and count of a Service."""

FEW_RECORDS = 8
"""Records up to which their panel takes the rows it needs, and the one below it the rest."""


class Body(Horizontal):
    """Tree left, the selected Service right; or one of them alone."""

    def __init__(self, catalog: Catalog, signs: Signs, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._catalog = catalog
        self._signs = signs
        self.layout_now: Layout = layout_for(80, 24)
        self.focused: PanelName = "tree"
        """Which panel has the focus."""
        self.beside: PanelName = "pods"
        """The panel right of the tree that had the focus last."""
        self.lower: PanelName = "answers"
        """Which of answers and findings stands below the records."""
        self._lower_chosen = False
        """One of them had the focus since this Service is shown."""
        self.zoomed = False
        self._extra = 0
        """Columns that the user gave to the tree."""
        self._view: ServiceView | None = None

    def compose(self) -> ComposeResult:
        """The tree below its rule, and the panels below theirs."""
        signs = self._signs
        with Vertical(id="left"):
            yield Rule("services", junction=True, id="rule-tree")
            with Horizontal(id="tree-row"):
                yield ServiceTree(self._catalog, signs=signs, id="tree")
                yield Divider(signs=signs, id="divider")
        panels: dict[PanelName, Panel] = {
            "pods": PodsPanel(id="pods"),
            "records": RecordsPanel(id="records"),
            "answers": AnswersPanel(id="answers"),
            "findings": FindingsPanel(id="findings"),
        }
        yield SidePane(panels, signs, id="side")

    def on_mount(self) -> None:
        """The rule of the tree is painted together with the cursor that it tells of, and not one picture later."""
        self.watch(self.services, "cursor", self.show_tree_rule, init=False)

    @property
    def services(self) -> ServiceTree:
        """The tree."""
        return self.query_one(ServiceTree)

    @property
    def side(self) -> SidePane:
        """What is right of it."""
        return self.query_one(SidePane)

    def list_of(self, name: PanelName) -> ServiceTree | Panel:
        """The list of a panel."""
        return self.services if name == "tree" else self.side.panels[name]

    @property
    def current(self) -> ServiceTree | Panel:
        """The list that has the focus."""
        return self.list_of(self.focused)

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The way to what the cursor is on, in words."""
        if self._view is None:
            return (self.services.row_id,) if self.services.row_id else ()
        way = (self._view.key.namespace, self._view.key.name)
        panel = self.current
        if not isinstance(panel, Panel):
            return way
        return (*way, self.focused, panel.crumb) if panel.crumb else (*way, self.focused)

    @property
    def full_name(self) -> str:
        """The DNS name under the cursor, absolute; empty while no Service is selected."""
        if self._view is None:
            return ""
        panel = self.current
        own = panel.full_name if isinstance(panel, Panel) else endpoint_name(self._view, self.services.member)
        return own or self._view.origin

    @property
    def record(self) -> Record | None:
        """The record under the cursor of the focused panel."""
        panel = self.current
        return panel.selected_record if isinstance(panel, Panel) else None

    def onward(self) -> PanelName | None:
        """Where ``enter`` leads from the focused panel: from a pod to its records, from a record to its answer."""
        if self.focused == "pods":
            self.side.panels["records"].go_to_pod(self.side.panels["pods"].crumb)
            return "records"
        return "answers" if self.focused == "records" else None

    def point(
        self, pod: str, question: Question | None, way: Way | None = None, *, origin: Panel | None = None
    ) -> None:
        """Mark in the panels what belongs to a pod or a question, but not where it was pointed at."""
        for panel in self.side.panels.values():
            if panel is not origin:
                panel.point(pod, question, way)

    @property
    def servers_wanted(self) -> bool:
        """Every server is a column of the records."""
        return self._records.matrix_wanted

    def sort_records(self, column: str) -> None:
        """Begin with the records sorted by a column; empty, or one that there is not: in the order of the zone."""
        self._records.sort_by(column)

    def show_servers(self) -> None:
        """Every server as a column, and back."""
        self._records.action_servers()
        self.settle()

    @property
    def answers(self) -> AnswersPanel:
        """The replies, of which one is open."""
        panel = self.side.panels["answers"]
        assert isinstance(panel, AnswersPanel)
        return panel

    @property
    def _records(self) -> RecordsPanel:
        panel = self.side.panels["records"]
        assert isinstance(panel, RecordsPanel)
        return panel

    def show(self, view: ServiceView | None) -> None:
        """Show a Service in all panels, or none."""
        other = view is not None and (self._view is None or self._view.key != view.key)
        self._view = view
        for panel in self.side.panels.values():
            panel.show(view)
        if other:
            self._lower_chosen = False
        if view is not None and not self._lower_chosen:
            self.lower = self._most_needed(view, "answers" if other else self.lower)
        self.settle()

    @staticmethod
    def _most_needed(view: ServiceView, now: PanelName) -> PanelName:
        """What stands below the records: what is wrong, else what was answered.

        It is decided anew with each view, for a Service that is named when the program starts is shown before its
        endpoints have been read. Findings that stand there give way to answers alone.
        """
        grave = view.sentence[0] in ("error", "warning") and bool(view.findings)
        if view.layer_findings or (grave and view.last_probe is None):
            return "findings"
        return now if view.findings or view.last_probe is None else "answers"

    def resize_to(self, layout: Layout) -> None:
        """Take the layout for another size."""
        self.layout_now = layout
        self.settle()

    def settle(self) -> None:
        """Put everything in its place."""
        layout = self.layout_now
        if layout.mode == "too-small":
            return
        # Beside the tree of a small terminal there is room for one server: none could be held against another.
        matrix = layout.mode == "tabs" and self.focused == "records" and self._records.matrix is not None
        alone = self.zoomed or matrix or layout.mode == "single"
        left = self.query_one("#left")
        left.display = not alone or self.focused == "tree"
        self.side.display = not alone or self.focused != "tree"
        self.query_one("#divider").display = not alone
        left.styles.width = "1fr" if alone else layout.tree_width + 1 + self._extra
        self.query_one("#rule-tree", Rule).set(junction=not alone)
        if self.services.indent != layout.tree_indent:
            self.services.indent = layout.tree_indent
            self.services.relayout()
        view = self._view
        findings = len(view.findings) + len(view.layer_findings) if view is not None else 0
        visible = layout.visible(self.beside, self.lower, alone, findings) if self._view is not None else ()
        records = len(self._view.predicted) + len(self._view.withheld) if self._view is not None else 0
        self.side.place(
            layout, visible, self.focused, few_records=records <= FEW_RECORDS, servers=self._records.matrix is not None
        )
        self.show_tree_rule()

    def show_tree_rule(self) -> None:
        """Tell in the rule of the tree how many Services there are, and where the cursor is."""
        tree, total = self.services, self._catalog.size
        self.query_one("#rule-tree", Rule).set(
            title="services" if tree.chosen else f"services {total:,}",
            count=f"{tree.hits:,} of {total:,}" if tree.chosen else tree.position,
            focused=self.focused == "tree",
        )

    def mark_focus(self, name: PanelName) -> bool:
        """A panel got the focus: show it, and tell by the rules.

        Returns:
            Whether it is another one than before.
        """
        if name == self.focused:
            self.side.mark(name)
            self.show_tree_rule()
            return False
        self.focused = name
        if name != "tree":
            self.beside = name
        if name in ("answers", "findings"):
            self.lower, self._lower_chosen = name, True
        self.settle()
        return True

    def next_panel(self, step: int) -> PanelName:
        """The panel that many steps on, around in a circle; only the tree while no Service is selected."""
        panels = PANELS if self._view is not None else PANELS[:1]
        return panels[(panels.index(self.focused) + step) % len(panels)]

    def zoom(self) -> None:
        """The focused panel alone, and back."""
        self.zoomed = not self.zoomed
        self.settle()

    def widen_tree(self, columns: int) -> None:
        """Give the tree more or fewer columns, within reason."""
        width = self.layout_now.tree_width + self._extra + columns
        if NARROWEST_TREE <= width <= self.layout_now.width // 2:
            self._extra += columns
            self.settle()
