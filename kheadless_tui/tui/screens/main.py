"""The one screen: tree left, the selected Service right, three rows of chrome."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from kheadless_tui.cluster.access import Access
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Reading
from kheadless_tui.diagnose.catalogue import sentence
from kheadless_tui.errors import ClusterError, HeadlessError
from kheadless_tui.model.objects import KINDS, ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui import notices
from kheadless_tui.tui.actions import ACTIONS, ORDER, key_text
from kheadless_tui.tui.bridge import FAST, FOLLOW_FAST, FOLLOW_SLOW, SLOW, Bridge, SessionChanged
from kheadless_tui.tui.catalog import Catalog
from kheadless_tui.tui.commands import equivalents
from kheadless_tui.tui.counters import until_next_step
from kheadless_tui.tui.filtering import ALL, Filter
from kheadless_tui.tui.layout import PANELS, Layout, PanelName, layout_for
from kheadless_tui.tui.probe_flow import ProbeFlow
from kheadless_tui.tui.render.roles import GOOD, UNKNOWN
from kheadless_tui.tui.render.signs import Signs
from kheadless_tui.tui.render.view import ServiceView, build_view
from kheadless_tui.tui.rights import may_probe
from kheadless_tui.tui.screens.commands import CommandsScreen
from kheadless_tui.tui.screens.help import HelpScreen, groups_of
from kheadless_tui.tui.widgets.answers_panel import AnswersPanel
from kheadless_tui.tui.widgets.findings_panel import FindingsPanel
from kheadless_tui.tui.widgets.header import Header, HeaderFacts, scope_text, state_text
from kheadless_tui.tui.widgets.keys import KeyItem, Keys
from kheadless_tui.tui.widgets.panel import Panel
from kheadless_tui.tui.widgets.pods_panel import PodsPanel
from kheadless_tui.tui.widgets.records_panel import RecordsPanel
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.rule import Divider, Rule
from kheadless_tui.tui.widgets.side import Remark, SidePane
from kheadless_tui.tui.widgets.status import StatusRow
from kheadless_tui.tui.widgets.tree import ServiceTree
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.names import service_name
from kheadless_tui.zone.record import Record
from kheadless_tui.zone.records import service_records

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.tui.app import HeadlessApp

_JUDGE_FOR = 0.01
"""Seconds spent on findings of Services that are not selected, before keys get their turn again."""
_JUDGE_AGAIN = 0.03
"""Seconds until the next such turn."""


_NEED_SERVICE = ("probe", "vantage", "commands", "copy", "next_panel", "previous_panel")
"""Actions that do nothing while no Service is selected."""


_NOTHING: frozenset[str] = frozenset()


class MainScreen(Screen[None]):
    """Tree, panels, chrome."""

    AUTO_FOCUS = ""

    _only_focus = False
    """The focus is being moved."""
    BINDINGS: ClassVar[list[BindingType]] = [action.binding() for action in ACTIONS]

    def __init__(
        self,
        session: ClusterSession,
        flow: ProbeFlow,
        *,
        signs: Signs,
        service: ObjectKey | None,
        namespace: str,
        lab: bool,
        slow: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._session = session
        self._flow = flow
        self._signs = signs
        self._wanted = service
        self._namespace = namespace
        self._lab = lab
        self._clock = clock
        self._follow_after = FOLLOW_SLOW if slow else FOLLOW_FAST
        self._bridge = Bridge(lambda: self.post_message(SessionChanged()), SLOW if slow else FAST)
        self._catalog = Catalog(clock)
        self._layout_now: Layout = layout_for(80, 24)
        self._focused: PanelName = "tree"
        self._side_panel: PanelName = "pods"
        """The panel that had the focus last beside the tree."""
        self._lower: PanelName = "answers"
        self._zoomed = False
        self._tree_extra = 0
        self._key: ObjectKey | None = None
        self._view: ServiceView | None = None
        self._seen: Snapshot | None = None
        self._seen_states: object = None
        self._placed = False
        self._config = ZoneConfig()
        self._config_asked = False
        self._access: Access | None = None
        self._may_not_probe: set[str] = set()
        """Namespaces in which no way of asking is allowed."""
        self._unread: dict[str, frozenset[str]] = {}
        """By namespace, the kinds that are not read, or not whole."""
        self._appointments: dict[str, Timer] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    # -- composition -------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Header, body, status, keys."""
        signs = self._signs
        yield Static(id="too-small", markup=False)
        yield Header(signs=signs, id="header")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Rule("services", junction=True, id="rule-tree")
                with Horizontal(id="tree-row"):
                    yield ServiceTree(self._catalog, signs=signs, id="tree")
                    yield Divider(signs=signs, id="divider")
            yield SidePane(
                {
                    "pods": PodsPanel(id="pods"),
                    "records": RecordsPanel(id="records"),
                    "answers": AnswersPanel(id="answers"),
                    "findings": FindingsPanel(id="findings"),
                },
                signs,
                id="side",
            )
        yield StatusRow(id="status")
        yield Keys(signs=signs, id="keys")

    @property
    def _tree(self) -> ServiceTree:
        return self.query_one(ServiceTree)

    @property
    def _side(self) -> SidePane:
        return self.query_one(SidePane)

    @property
    def _status(self) -> StatusRow:
        return self.query_one(StatusRow)

    def on_mount(self) -> None:
        """Begin to follow the session."""
        self._unsubscribe = self._session.subscribe(self._bridge.changed)
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())
        self._tree.focus()
        self._take_in()

    @work(exclusive=True, group="config")
    async def _read_config(self) -> None:
        """How the zone is served, from the cluster's own Corefile where it may be read."""
        try:
            config = await self._session.zone_config()
        except ClusterError:
            # The header says what is wrong with the connection; it is tried again when that is over.
            self._config_asked = False
            return
        except HeadlessError as error:
            self._say(str(error), UNKNOWN)
            return
        if config != self._config:
            self._config = config
            self._rebuild()

    def on_unmount(self) -> None:
        """Follow it no more."""
        self._unsubscribe()
        self._bridge.close()

    # -- the session -------------------------------------------------------------------------------------------

    def on_session_changed(self) -> None:
        """Something changed: pull what is true now."""
        self._take_in()

    @on(ProbeFlow.Changed)
    def _on_probe(self, event: ProbeFlow.Changed) -> None:
        self._catalog.judge_again(event.key)
        self._judge()
        if event.state_text:
            self._status.say(event.state_text)
        if event.key == self._key:
            self._rebuild()

    def _take_in(self) -> None:
        snapshot = self._session.snapshot
        changed = self._catalog.update(snapshot)
        self._tree.counts_known = not isinstance(
            notices.state_of(self._session.reads, "endpointslices", self._namespace), Forbidden
        )
        if changed:
            self._tree.refill()
        if self._catalog.marks:
            self._forget_later()
        self._note_unread()
        self._place()
        if isinstance(self._session.link, Live):
            self._catalog.settled = True
            if not self._config_asked:
                self._config_asked = True
                self._read_config()
        self._follow_difference(snapshot)
        self._show_header()
        self._show_tree_rule()
        self._judge()

    def _note_unread(self) -> None:
        """Judge anew the namespaces of which more or less is read than before."""
        reads = self._session.reads
        for namespace in self._catalog.namespaces:
            unread = frozenset(
                name
                for name, kind in KINDS.items()
                if not isinstance(notices.state_of(reads, kind.plural, namespace), Live)
            )
            if unread != self._unread.get(namespace, _NOTHING):
                self._unread[namespace] = unread
                self._catalog.judge_all(namespace)

    def _place(self) -> None:
        """Put the cursor where the user will want it, once there is something to put it on."""
        if self._placed:
            return
        if self._wanted is not None and self._catalog.service(self._wanted) is not None:
            self._placed = self._tree.go_to(self._wanted)
            self._select(self._wanted)
            return
        if isinstance(self._session.link, Reading) or not self._catalog.size:
            if self._catalog.size and self._wanted is None and not self._tree.rows:
                self._tree.refill()
            return
        self._placed = True
        if self._wanted is not None:
            self._say(f"there is no headless Service {self._wanted}", UNKNOWN)
        namespaces = self._catalog.namespaces
        namespace = self._namespace if self._namespace in namespaces else namespaces[0]
        first = self._catalog.services(namespace)[0]
        self._tree.go_to(first)
        self._select(first)

    def _follow_difference(self, snapshot: Snapshot) -> None:
        """Show the selected Service anew if anything in its namespace changed, or how reading stands."""
        states = (self._session.link, tuple(self._session.reads.items()))
        seen, self._seen = self._seen, snapshot
        same_states, self._seen_states = states == self._seen_states, states
        if same_states and seen is not None and self._key is not None:
            namespace = self._key.namespace
            if not any(key.namespace in (namespace, "") for _, key in snapshot.objects.changed_since(seen.objects)):
                return
        self._rebuild()

    def _judge(self) -> None:
        """Find out about Services in the background, a little at a time."""
        if self._catalog.judge(self._severity, _JUDGE_FOR):
            self._tree.refill()
        if self._catalog.judging:
            self._after("judge", _JUDGE_AGAIN, self._judge)

    def _severity(self, snapshot: Snapshot, service: Service) -> str:
        unread = self._unread.get(service.namespace, _NOTHING)
        known, _ = sentence(snapshot, service, self._config, unread=unread)
        probe = self._flow.last(service.key)
        predicted = service_records(snapshot, service, self._config) if probe is not None else ()
        return notices.severity(known, probe, predicted)

    def _forget_later(self) -> None:
        left = self._catalog.forget_changes()
        if left is None:
            self._tree.refill()
        else:
            self._after("forget", left, self._forget_later)

    def _after(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call once, that many seconds from now; an earlier appointment of the same name is dropped."""
        if name in self._appointments:
            self._appointments.pop(name).stop()
        self._appointments[name] = self.set_timer(seconds, call)

    # -- selection ---------------------------------------------------------------------------------------------

    @on(RowList.Highlighted, "#tree")
    def _on_tree_moved(self) -> None:
        self._show_tree_rule()
        self._after("follow", self._follow_after, self._follow_cursor)

    def _follow_cursor(self) -> None:
        if not self._placed:
            return
        self._select(self._tree.selected)
        for panel in self._side.panels.values():
            panel.point(self._tree.member, None)

    @on(Panel.Pointed)
    def _on_pointed(self, event: Panel.Pointed) -> None:
        """Mark in the other panels what belongs to the row under the cursor of one."""
        for panel in self._side.panels.values():
            if panel is not event.panel:
                panel.point(event.pod, event.question)
        self._tree.link(f"{self._key}/{event.pod}" if event.pod else "")

    @on(RowList.Highlighted)
    def _on_moved(self) -> None:
        self._after("crumbs", self._follow_after, self._show_crumbs)

    @on(ServiceTree.Entered)
    def _on_entered(self) -> None:
        self._select(self._tree.selected)
        self._focus_panel(self._side_panel)

    def _select(self, key: ObjectKey | None) -> None:
        if key == self._key and self._view is not None:
            self._show_crumbs()
            return
        before, self._key = self._key, key
        if before is not None and (key is None or key.namespace != before.namespace):
            self._session.hide_pods(before.namespace)
        if key is not None and (before is None or key.namespace != before.namespace):
            self._session.show_pods(key.namespace)
            self._ask_rights(key.namespace)
        self._rebuild()
        if self._view is not None:
            # Below the records stands what most needs to be read: what is wrong, else what was answered.
            grave = self._view.sentence[0] in ("error", "warning") and self._view.last_probe is None
            self._lower = "findings" if grave and self._view.findings else "answers"
            self._arrange()

    @work(exclusive=True, group="rights")
    async def _ask_rights(self, namespace: str) -> None:
        """Find out whether probing can be offered in a namespace."""
        if self._session.transport is None:
            return
        if self._access is None:
            self._access = Access(self._session.transport)
        try:
            allowed = await may_probe(self._access, namespace)
        except ClusterError:
            # Offline or not logged in: the header says so, and the probe itself will, too.
            return
        if allowed == (namespace in self._may_not_probe):
            self._may_not_probe ^= {namespace}
            self.refresh_bindings()

    def _rebuild(self) -> None:
        """Show the selected Service as it is now."""
        key = self._key
        self._view = (
            build_view(self._session, key, self._flow, config=self._config, now=self._clock())
            if key is not None
            else None
        )
        for panel in self._side.panels.values():
            panel.show(self._view)
        self._show_sentence()
        self._arrange()
        self._show_crumbs()
        self.refresh_bindings()

    # -- showing -----------------------------------------------------------------------------------------------

    def _show_header(self) -> None:
        session, now = self._session, self._clock()
        connection = session.connection
        facts = HeaderFacts(
            connection.context or connection.cluster,
            session.server_version or "",
            connection.user,
            scope_text(session.scope),
            self._lab,
            session.readonly,
            state_text(session.link, now, self._signs),
        )
        self.query_one(Header).show(facts)
        if isinstance(session.link, Offline):
            self._after("header", until_next_step(now - session.link.since), self._show_header)

    def _show_tree_rule(self) -> None:
        tree = self._tree
        total = self._catalog.size
        count = f"{tree.hits:,} of {total:,}" if tree.chosen else tree.position
        self.query_one("#rule-tree", Rule).set(
            title="services" if tree.chosen else f"services {total:,}", count=count, focused=self._focused == "tree"
        )

    def _show_sentence(self) -> None:
        sentence, width = self._side.query_one("#sentence", Remark), self._side.size.width
        session = self._session
        if self._view is None:
            title, note = notices.nothing_selected(
                session.snapshot,
                session.link,
                session.reads,
                session.scope,
                self._tree.row_id or "",
                self._tree.chosen.text,
            )
            self._side.rule("service").set(title=title)
            sentence.show(note)
            return
        view = self._view
        self._side.rule("service").set(title=notices.title_of(view, width - 6))
        note = notices.trouble(session.link, session.reads, view.key.namespace) or notices.sentence_of(view)
        sentence.show(note)

    def _show_crumbs(self) -> None:
        crumbs: list[str] = []
        name = ""
        if self._key is not None and self._view is not None:
            crumbs = [self._key.namespace, self._key.name]
            name = self._full_name()
            panel = self._panel(self._focused)
            if isinstance(panel, Panel):
                crumbs += [self._focused, panel.crumb] if panel.crumb else [self._focused]
        elif self._tree.row_id:
            crumbs = [self._tree.row_id]
        self._status.crumbs.show(tuple(crumbs), name)

    def _full_name(self) -> str:
        """The DNS name under the cursor."""
        if self._key is None or self._view is None:
            return ""
        panel = self._panel(self._focused)
        own = panel.full_name if isinstance(panel, Panel) else self._endpoint_name(self._tree.member)
        return own or service_name(self._key, self._view.config.zone)

    def _endpoint_name(self, member: str) -> str:
        """The DNS name of an endpoint of the selected Service, by its pod or address; empty for none."""
        if self._view is None or not member:
            return ""
        found = next((e for e in self._view.endpoints if member == e.pod or member in e.addresses), None)
        return f"{found.dns_names[0]}.{self._view.origin}" if found is not None and found.dns_names else ""

    def on_screen_suspend(self) -> None:
        """Something lies on top: no key of this screen works."""
        self.query_one(Keys).show((), None)

    def on_screen_resume(self) -> None:
        """The keys work again."""
        self._show_keys()

    def _show_keys(self) -> None:
        if not self.is_mounted or not self.is_current:
            return
        focused = self.focused
        typing = self._status.typing
        items: list[tuple[int, KeyItem]] = []
        seen: set[tuple[object, str]] = set()
        last: KeyItem | None = None
        for key, active in self.active_bindings.items():
            binding = active.binding
            if binding.action == "help" and not typing:
                last = ("?", "help")
            elif (
                binding.show
                and active.enabled
                and (active.node, binding.action) not in seen
                and (not typing or active.node is focused)
            ):
                seen.add((active.node, binding.action))
                items.append(
                    (ORDER.get(binding.id or "", -1), (binding.key_display or key_text(key), binding.description))
                )
        items.sort(key=lambda item: item[0])
        self.query_one(Keys).show([item for _, item in items], last)

    # -- layout ------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for the size."""
        self._layout_now = layout_for(event.size.width, event.size.height)
        self._arrange()
        self._show_sentence()

    def _arrange(self) -> None:
        layout = self._layout_now
        self.set_class(layout.mode == "too-small", "-too-small")
        if layout.mode == "too-small":
            self.query_one("#too-small", Static).update(layout.too_small)
            return
        findings = len(self._view.findings) if self._view is not None else 0
        alone = self._zoomed or layout.mode == "single"
        left = self.query_one("#left")
        left.display = not alone or self._focused == "tree"
        self._side.display = not alone or self._focused != "tree"
        self.query_one("#divider").display = not alone
        self.query_one("#rule-tree", Rule).set(junction=not alone)
        left.styles.width = "1fr" if alone else layout.tree_width + 1 + self._tree_extra
        if self._tree.indent != layout.tree_indent:
            self._tree.indent = layout.tree_indent
            self._tree.relayout()
        visible = () if self._view is None else layout.visible(self._side_panel, self._lower, alone, findings)
        self._side.place(layout, visible, self._focused)
        self._show_tree_rule()

    def _panel(self, name: PanelName) -> ServiceTree | Panel:
        return self._tree if name == "tree" else self._side.panels[name]

    def _focus_panel(self, name: PanelName) -> None:
        if name != "tree" and self._view is None:
            return
        self._set_focused(name)
        self.set_focus(self._panel(name), scroll_visible=False)

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Move the focus. Textual repaints the whole screen for it; here rules and cursor rows are all that changes."""
        self._only_focus = True
        super().set_focus(widget, scroll_visible, from_app_focus)
        self._only_focus = False

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> MainScreen:
        """Repaint, but not while the focus moves."""
        if self._only_focus and not (regions or layout or recompose):
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _set_focused(self, name: PanelName) -> None:
        if name == self._focused:
            return
        self._focused = name
        if name != "tree":
            self._side_panel = name
            if name in ("answers", "findings"):
                self._lower = name
        self._arrange()
        self._show_crumbs()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The focus came somewhere, by key or mouse: tell it by the rules."""
        for name in PANELS:
            panel = self._panel(name)
            if event.widget is panel or panel in event.widget.ancestors:
                self._set_focused(name)
                self._side.mark(self._focused)
                self._show_tree_rule()
        self._show_keys()

    # -- actions -----------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """``None`` for what cannot work here and now: absent in the keys row, grey in the help."""
        return None if self._reason(action) else True

    def _reason(self, action: str) -> str:
        """Why an action cannot work now, in a few words; empty when it can."""
        if action in _NEED_SERVICE and self._view is None:
            return "no Service selected"
        if action in ("probe", "vantage") and self._session.readonly:
            return "read-only"
        if action in ("probe", "vantage") and self._key is not None and self._key.namespace in self._may_not_probe:
            return f"no right to exec in {self._key.namespace}"
        if action in ("probe", "vantage") and isinstance(self._session.link, Offline):
            return "offline"
        if action in ("zoom", "resize_tree") and self._layout_now.mode == "single":
            return "one panel at this size"
        if action == "filter" and not self._catalog.size:
            return "nothing to filter"
        if action == "zoom" and self._focused == "tree" and not self._tree.rows:
            return "nothing to see"
        return ""

    def action_probe(self) -> None:
        """Ask DNS about the selected Service, or about the record under the cursor."""
        if self._key is not None:
            self._flow.start(self._key, self._record)

    def action_vantage(self) -> None:
        """Choose where to ask from, and ask."""
        if self._key is not None:
            self._flow.choose(self._key, self._record)

    @property
    def _record(self) -> Record | None:
        """The record to ask for alone: the one under the cursor of the focused panel."""
        panel = self._panel(self._focused)
        return panel.selected_record if isinstance(panel, Panel) else None

    def action_next_panel(self) -> None:
        """On to the next panel."""
        self._walk(+1)

    def action_previous_panel(self) -> None:
        """Back to the panel before."""
        self._walk(-1)

    def _walk(self, step: int) -> None:
        panels = PANELS if self._view is not None else PANELS[:1]
        self._focus_panel(panels[(panels.index(self._focused) + step) % len(panels)])

    def action_zoom(self) -> None:
        """The focused panel alone, and back."""
        self._zoomed = not self._zoomed
        self._arrange()

    def action_resize_tree(self, columns: int) -> None:
        """Give the tree more or fewer columns."""
        width = self._layout_now.tree_width + self._tree_extra + columns
        if 18 <= width <= self._layout_now.width // 2:
            self._tree_extra += columns
            self._arrange()

    def action_filter(self) -> None:
        """Type which rows of the focused panel to show."""
        self._status.open(self._panel(self._focused).chosen.text)

    @on(StatusRow.Typed)
    def _on_typed(self, event: StatusRow.Typed) -> None:
        self._choose(Filter(event.text))

    @on(StatusRow.Done)
    def _on_typing_done(self, event: StatusRow.Done) -> None:
        self._status.close()
        if not event.keep:
            self._choose(ALL)
        self.set_focus(self._panel(self._focused), scroll_visible=False)

    def _choose(self, chosen: Filter) -> None:
        self._panel(self._focused).set_filter(chosen)
        self._show_tree_rule()
        if not self._tree.rows:
            self._select(None)

    def action_commands(self) -> None:
        """Show the commands that equal what is seen."""
        if self._view is None:
            return
        probe = self._view.last_probe
        equals = probe.finished[0].equals if probe is not None and probe.finished else ()
        connection = self._session.connection
        commands = equivalents(
            self._view.service, context=connection.context, zone=self._view.config.zone, probe=equals
        )
        self.app.push_screen(CommandsScreen(commands, self._signs), self._after_commands)

    def _after_commands(self, copied: str | None) -> None:
        if copied:
            self._copy(copied)

    def action_copy(self) -> None:
        """Send the full name to the terminal's clipboard."""
        self._copy(self._full_name())

    def _copy(self, text: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self._say(f"sent to the terminal's clipboard: {text}", GOOD)

    def action_reload(self) -> None:
        """Ask the API server now instead of waiting for the next try."""
        self._session.retry_now()
        if self._access is not None and self._key is not None:
            self._access.forget()
            self._ask_rights(self._key.namespace)
        self._say("reading again")

    def action_help(self) -> None:
        """Show all keys."""
        bindings = self.active_bindings
        reasons = {
            active.binding.action: self._reason(active.binding.action.split("(")[0]) for active in bindings.values()
        }
        groups = groups_of(bindings, self._focused, reasons)
        self.app.push_screen(HelpScreen(groups, self._focused, self._signs))

    def action_back(self) -> None:
        """One step back, never out."""
        self._back()

    async def action_leave(self) -> None:
        """One step back; from the tree, out."""
        if not self._back():
            await cast("HeadlessApp", self.app).leave()

    def _back(self) -> bool:
        if self._flow.cancel():
            self._say("cancelling the probe")
        elif self._panel(self._focused).chosen:
            self._choose(ALL)
        elif self._zoomed:
            self.action_zoom()
        elif self._focused != "tree":
            self._focus_panel("tree")
        else:
            return False
        return True

    def _say(self, message: str, role: str = "") -> None:
        if role:
            self._status.say(message, role)
        else:
            self._status.say(message)
