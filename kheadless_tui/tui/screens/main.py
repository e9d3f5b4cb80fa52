"""The one screen: it follows the session and the cursor, and turns keys into actions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Region
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from kheadless_tui.cluster.state import Forbidden, Live, Offline, Reading
from kheadless_tui.errors import ClusterError, HeadlessError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui import notices
from kheadless_tui.tui.actions import ACTIONS, Situation, reason_against
from kheadless_tui.tui.bridge import FAST, FOLLOW_FAST, FOLLOW_SLOW, SLOW, Bridge, SessionChanged
from kheadless_tui.tui.catalog import Catalog
from kheadless_tui.tui.commands import equivalents
from kheadless_tui.tui.counters import until_next_step
from kheadless_tui.tui.filtering import ALL, Filter
from kheadless_tui.tui.judging import PAUSE, Judge
from kheadless_tui.tui.layout import PANELS, PanelName, layout_for
from kheadless_tui.tui.probe_flow import ProbeFlow
from kheadless_tui.tui.render.roles import GOOD, TEXT, UNKNOWN
from kheadless_tui.tui.render.signs import Signs
from kheadless_tui.tui.render.view import ServiceView, build_view
from kheadless_tui.tui.rights import ProbeRights
from kheadless_tui.tui.screens.commands import CommandsScreen
from kheadless_tui.tui.screens.help import HelpScreen, groups_of
from kheadless_tui.tui.widgets.body import Body
from kheadless_tui.tui.widgets.header import Header, facts_of
from kheadless_tui.tui.widgets.keys import Keys, keys_of
from kheadless_tui.tui.widgets.panel import Panel
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.side import Remark
from kheadless_tui.tui.widgets.status import StatusRow
from kheadless_tui.tui.widgets.tree import ServiceTree
from kheadless_tui.zone.names import service_name
from kheadless_tui.zone.record import Record

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.tui.app import HeadlessApp


class MainScreen(Screen[None]):
    """Header, body, status row, keys row."""

    AUTO_FOCUS = ""

    BINDINGS: ClassVar[list[BindingType]] = [action.binding() for action in ACTIONS]

    _only_focus = False
    """The focus is being moved."""

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
        """Set up.

        Args:
            session: The cluster.
            flow: The probes.
            signs: What the terminal can show.
            service: Where the cursor begins.
            namespace: Where it begins if there is no such Service.
            lab: The header says that the cluster is the lab.
            slow: The terminal is far away.
            clock: Unix time.
        """
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
        self._judge = Judge(self._catalog, flow)
        self._rights = ProbeRights(session)
        self._key: ObjectKey | None = None
        self._view: ServiceView | None = None
        self._seen: Snapshot | None = None
        self._seen_states: object = None
        self._placed = False
        """The cursor was put where it begins."""
        self._config_asked = False
        self._left_at: str | None = None
        """The row that the cursor was on when a filter began to be typed."""
        self._appointments: dict[str, Timer] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """Header, body, status, keys."""
        yield Static(id="too-small", markup=False)
        yield Header(signs=self._signs, id="header")
        yield Body(self._catalog, self._signs, id="body")
        yield StatusRow(id="status")
        yield Keys(signs=self._signs, id="keys")

    @property
    def _body(self) -> Body:
        return self.query_one(Body)

    @property
    def _tree(self) -> ServiceTree:
        return self._body.services

    @property
    def _status(self) -> StatusRow:
        return self.query_one(StatusRow)

    def on_mount(self) -> None:
        """Begin to follow the session."""
        self._unsubscribe = self._session.subscribe(self._bridge.changed)
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())
        self.set_focus(self._tree)
        self._take_in()

    def on_unmount(self) -> None:
        """Follow it no more."""
        self._unsubscribe()
        self._bridge.close()

    def _after(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call once, that many seconds from now; an earlier appointment of the same name is dropped."""
        if name in self._appointments:
            self._appointments.pop(name).stop()
        self._appointments[name] = self.set_timer(seconds, call)

    # -- the session -------------------------------------------------------------------------------------------

    def on_session_changed(self) -> None:
        """Something changed: pull what is true now."""
        self._take_in()

    @on(ProbeFlow.Changed)
    def _on_probe(self, event: ProbeFlow.Changed) -> None:
        self._catalog.judge_again(event.key)
        self._judge_on()
        self._status.say(event.state_text)
        if event.key == self._key:
            self._rebuild()

    def _take_in(self) -> None:
        session, snapshot = self._session, self._session.snapshot
        slices = notices.state_of(session.reads, "endpointslices", self._namespace)
        self._tree.counts_known = not isinstance(slices, Forbidden)
        if self._catalog.update(snapshot):
            self._tree.refill()
        if self._catalog.marks:
            self._forget_later()
        self._judge.note_reads(session.reads)
        self._place()
        if isinstance(session.link, Live):
            self._catalog.settled = True
            self._read_config()
        self._follow_difference(snapshot)
        self._show_header()
        self._body.show_tree_rule()
        self._judge_on()

    def _place(self) -> None:
        """Put the cursor where the user will want it, once there is something to put it on."""
        if self._placed:
            return
        start = self._wanted if self._wanted is not None and self._catalog.service(self._wanted) else None
        if start is None:
            if isinstance(self._session.link, Reading) or not self._catalog.size:
                return
            if self._wanted is not None:
                self._status.say(f"there is no headless Service {self._wanted}", UNKNOWN)
            namespaces = self._catalog.namespaces
            start = self._catalog.services(self._namespace if self._namespace in namespaces else namespaces[0])[0]
        self._placed = self._tree.go_to(start)
        self._select(start)

    def _follow_difference(self, snapshot: Snapshot) -> None:
        """Show the selected Service anew if anything in its namespace changed, or how reading stands."""
        states = (self._session.link, tuple(self._session.reads.items()))
        seen, self._seen = self._seen, snapshot
        same_states, self._seen_states = states == self._seen_states, states
        if same_states and seen is not None and self._key is not None:
            near = (self._key.namespace, "")
            if not any(key.namespace in near for _, key in snapshot.objects.changed_since(seen.objects)):
                return
        self._rebuild()

    def _read_config(self) -> None:
        if not self._config_asked:
            self._config_asked = True
            self._fetch_config()

    @work(exclusive=True, group="config")
    async def _fetch_config(self) -> None:
        """How the zone is served, from the cluster's own Corefile where it may be read."""
        try:
            config = await self._session.zone_config()
        except ClusterError:
            # The header says what is wrong with the connection; it is tried again when that is over.
            self._config_asked = False
            return
        except HeadlessError as error:
            self._status.say(str(error), UNKNOWN)
            return
        if config != self._judge.config:
            self._judge.config = config
            self._rebuild()

    def _judge_on(self) -> None:
        """Find out about Services in the background, a little at a time."""
        if self._judge.work():
            self._tree.refill()
        if self._catalog.judging:
            self._after("judge", PAUSE, self._judge_on)

    def _forget_later(self) -> None:
        left = self._catalog.forget_changes()
        if left is None:
            self._tree.refill()
        else:
            self._after("forget", left, self._forget_later)

    # -- selection ---------------------------------------------------------------------------------------------

    @on(RowList.Highlighted, "#tree")
    def _on_tree_moved(self) -> None:
        self._body.show_tree_rule()
        self._after("follow", self._follow_after, self._follow_cursor)

    def _follow_cursor(self) -> None:
        if not self._placed:
            return
        self._select(self._tree.selected)
        for panel in self._body.side.panels.values():
            panel.point(self._tree.member, None)

    @on(Panel.Pointed)
    def _on_pointed(self, event: Panel.Pointed) -> None:
        """Mark in the other panels what belongs to the row under the cursor of one."""
        for panel in self._body.side.panels.values():
            if panel is not event.panel:
                panel.point(event.pod, event.question)
        self._tree.link(f"{self._key}/{event.pod}" if event.pod else "")

    @on(RowList.Highlighted)
    def _on_moved(self) -> None:
        self._after("crumbs", self._follow_after, self._show_crumbs)

    @on(ServiceTree.Entered)
    def _on_entered(self) -> None:
        self._select(self._tree.selected)
        self._focus_panel(self._body.beside)

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

    @work(exclusive=True, group="rights")
    async def _ask_rights(self, namespace: str) -> None:
        """Find out whether probing can be offered in a namespace."""
        if await self._rights.ask(namespace):
            self.refresh_bindings()

    def _rebuild(self) -> None:
        """Show the selected Service as it is now."""
        key, config = self._key, self._judge.config
        self._view = None
        if key is not None:
            self._view = build_view(self._session, key, self._flow, config=config, now=self._clock())
        self._body.show(self._view)
        if self._view is None and self._body.focused != "tree":
            self._focus_panel("tree")
        self._show_sentence()
        self._show_crumbs()
        self.refresh_bindings()

    # -- showing -----------------------------------------------------------------------------------------------

    def _show_header(self) -> None:
        session, now = self._session, self._clock()
        self.query_one(Header).show(facts_of(session, lab=self._lab, now=now, signs=self._signs))
        if isinstance(session.link, Offline):
            self._after("header", until_next_step(now - session.link.since), self._show_header)

    def _show_sentence(self) -> None:
        session, side, view = self._session, self._body.side, self._view
        if view is None:
            where, typed = self._tree.row_id or "", self._tree.chosen.text
            title, note = notices.nothing_selected(
                session.snapshot, session.link, session.reads, session.scope, where, typed
            )
        else:
            title = notices.title_of(view, side.size.width - 6)
            note = notices.trouble(session.link, session.reads, view.key.namespace) or notices.sentence_of(view)
        side.rule("service").set(title=title)
        side.query_one("#sentence", Remark).show(note)

    def _show_crumbs(self) -> None:
        crumbs: list[str] = []
        if self._view is not None:
            crumbs = [self._view.key.namespace, self._view.key.name]
            panel = self._body.current
            if isinstance(panel, Panel):
                crumbs += [self._body.focused, panel.crumb] if panel.crumb else [self._body.focused]
        elif self._tree.row_id:
            crumbs = [self._tree.row_id]
        self._status.crumbs.show(tuple(crumbs), self._full_name())

    def _full_name(self) -> str:
        """The DNS name under the cursor, empty while no Service is selected."""
        if self._view is None:
            return ""
        panel = self._body.current
        own = panel.full_name if isinstance(panel, Panel) else notices.endpoint_name(self._view, self._tree.member)
        return own or service_name(self._view.key, self._view.config.zone)

    def on_screen_suspend(self) -> None:
        """Something lies on top: no key of this screen works."""
        self.query_one(Keys).show((), None)

    def on_screen_resume(self) -> None:
        """The keys work again."""
        self._show_keys()

    def _show_keys(self) -> None:
        if self.is_mounted and self.app.screen is self:
            self.query_one(Keys).show(*keys_of(self.active_bindings, self.focused if self._status.typing else None))

    # -- layout and focus --------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for the size."""
        layout = layout_for(event.size.width, event.size.height)
        self.set_class(layout.mode == "too-small", "-too-small")
        self.query_one("#too-small", Static).update(layout.too_small)
        self._body.resize_to(layout)
        self._show_sentence()

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

    def _focus_panel(self, name: PanelName) -> None:
        if name != "tree" and self._view is None:
            return
        # Shown first: what is not on the screen cannot take the focus.
        if self._body.mark_focus(name):
            self._show_crumbs()
        self.set_focus(self._body.list_of(name), scroll_visible=False)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The focus came somewhere, by key or mouse: tell it by the rules."""
        name = next((name for name in PANELS if self._body.list_of(name) is event.widget), None)
        if name is not None and self._body.mark_focus(name):
            self._show_crumbs()
        self._show_keys()

    # -- actions -----------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """``None`` for what cannot work here and now: absent in the keys row, grey in the help."""
        return None if reason_against(action, self._situation) else True

    @property
    def _situation(self) -> Situation:
        key, body = self._key, self._body
        return Situation(
            service=self._view is not None,
            readonly=self._session.readonly,
            offline=isinstance(self._session.link, Offline),
            no_right=key.namespace if key is not None and self._rights.refused(key.namespace) else "",
            one_panel=body.layout_now.mode == "single",
            empty=not self._catalog.size,
            blank=not body.current.rows,
        )

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
        panel = self._body.current
        return panel.selected_record if isinstance(panel, Panel) else None

    def action_next_panel(self) -> None:
        """On to the next panel."""
        self._focus_panel(self._body.next_panel(+1))

    def action_previous_panel(self) -> None:
        """Back to the panel before."""
        self._focus_panel(self._body.next_panel(-1))

    def action_zoom(self) -> None:
        """The focused panel alone, and back."""
        self._body.zoom()

    def action_resize_tree(self, columns: int) -> None:
        """Give the tree more or fewer columns."""
        self._body.widen_tree(columns)

    def action_filter(self) -> None:
        """Type which rows of the focused panel to show; within what is typed it is a slash."""
        if self._status.typing:
            self._status.insert("/")
            return
        self._left_at = self._body.current.row_id
        self._status.open(self._body.current.chosen.text)

    @on(StatusRow.Typed)
    def _on_typed(self, event: StatusRow.Typed) -> None:
        self._choose(Filter(event.text))

    @on(StatusRow.Done)
    def _on_typing_done(self, event: StatusRow.Done) -> None:
        self._status.close()
        if not event.keep:
            self._choose(ALL)
            if self._left_at is not None:
                self._body.current.move_to(self._left_at)
        self.set_focus(self._body.current, scroll_visible=False)

    def _choose(self, chosen: Filter) -> None:
        self._body.current.set_filter(chosen)
        self._body.show_tree_rule()
        if not self._tree.rows:
            self._select(None)

    def action_commands(self) -> None:
        """Show the commands that equal what is seen."""
        if self._view is None:
            return
        probe = self._view.last_probe
        equals = probe.finished[0].equals if probe is not None and probe.finished else ()
        context, zone = self._session.connection.context, self._view.config.zone
        commands = equivalents(self._view.service, context=context, zone=zone, probe=equals)
        self.app.push_screen(CommandsScreen(commands, self._signs), lambda chosen: self._copy(chosen or ""))

    def action_copy(self) -> None:
        """Send the full name to the terminal's clipboard."""
        self._copy(self._full_name())

    def _copy(self, text: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self._status.say(f"sent to the terminal's clipboard: {text}", GOOD)

    def action_reload(self) -> None:
        """Ask the API server now instead of waiting for the next try."""
        self._session.retry_now()
        self._rights.forget()
        if self._key is not None:
            self._ask_rights(self._key.namespace)
        self._status.say("reading again", TEXT)

    def action_help(self) -> None:
        """Show all keys."""
        bindings, now = self.active_bindings, self._situation
        actions = {active.binding.action for active in bindings.values()}
        reasons = {action: reason_against(action.partition("(")[0], now) for action in actions}
        groups = groups_of(bindings, self._body.focused, reasons)
        self.app.push_screen(HelpScreen(groups, self._body.focused, self._signs))

    def action_back(self) -> None:
        """One step back, never out."""
        self._back()

    async def action_leave(self) -> None:
        """One step back; from the tree, out."""
        if not self._back():
            await cast("HeadlessApp", self.app).leave()

    def _back(self) -> bool:
        if self._flow.cancel():
            self._status.say("cancelling the probe")
        elif self._body.current.chosen:
            self._choose(ALL)
        elif self._body.zoomed:
            self._body.zoom()
        elif self._body.focused != "tree":
            self._focus_panel("tree")
        else:
            return False
        return True
