"""The one screen: it follows the session and the cursor, and turns keys into actions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from kheadless_tui.cluster.state import Live, Offline
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui import notices
from kheadless_tui.tui.actions import ACTIONS, off_text
from kheadless_tui.tui.appointments import Appointments
from kheadless_tui.tui.beginning import Beginning
from kheadless_tui.tui.bridge import FAST, FOLLOW_FAST, FOLLOW_SLOW, SLOW, Bridge, SessionChanged
from kheadless_tui.tui.catalog import Catalog
from kheadless_tui.tui.counters import until_header_changes
from kheadless_tui.tui.dialogs import commands_dialog, why_dialog
from kheadless_tui.tui.filter_typing import FilterTyping
from kheadless_tui.tui.filtering import Filter
from kheadless_tui.tui.judging import Judge
from kheadless_tui.tui.layout import PANELS, PanelName, layout_for
from kheadless_tui.tui.permitted import Permitted
from kheadless_tui.tui.probe_flow import ProbeFlow
from kheadless_tui.tui.render.roles import GOOD, TEXT, UNKNOWN
from kheadless_tui.tui.render.signs import Signs
from kheadless_tui.tui.rights import ProbeRights
from kheadless_tui.tui.screens.help import HelpScreen, groups_of
from kheadless_tui.tui.screens.still import StillScreen
from kheadless_tui.tui.selection import Selection
from kheadless_tui.tui.serving import ServedZone
from kheadless_tui.tui.tree_feed import TreeFeed
from kheadless_tui.tui.widgets.body import Body
from kheadless_tui.tui.widgets.header import Header, facts_of
from kheadless_tui.tui.widgets.keys import Keys, keys_of
from kheadless_tui.tui.widgets.panel import Panel
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.status import StatusRow
from kheadless_tui.tui.widgets.tree import ServiceTree

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.tui.app import HeadlessApp


class MainScreen(StillScreen):
    """Header, body, status row, keys row."""

    AUTO_FOCUS = ""

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
        self._namespace = namespace
        self._lab = lab
        self._clock = clock
        self._follow_after = FOLLOW_SLOW if slow else FOLLOW_FAST
        self._catalog = catalog = Catalog(clock)
        self._rights = rights = ProbeRights(session)
        self._header = Header(signs=signs, id="header")
        self._body = Body(catalog, signs, id="body")
        self._status = StatusRow(id="status")
        self._keys = Keys(signs=signs, id="keys")
        self._bridge = Bridge(session, lambda: self.post_message(SessionChanged()), SLOW if slow else FAST)
        self._later = Appointments(self)
        self._zone = ServedZone(session)
        self._selection = Selection(session, flow, self._zone, rights, clock)
        self._beginning = Beginning(service, namespace, catalog)
        self._feed = TreeFeed(session, catalog, Judge(catalog, flow, self._zone), self._body, self._later)
        self._filter = FilterTyping(self._status, self._body)
        self._permitted = Permitted(session, rights, self._selection, catalog, self._body)

    def compose(self) -> ComposeResult:
        """Header, body, status, keys."""
        yield Static(id="too-small", markup=False)
        yield from (self._header, self._body, self._status, self._keys)

    @property
    def _is_shown(self) -> bool:
        """An answer that comes while the program ends finds nothing any more that could show it."""
        return self.is_running and self.is_attached and self._body.is_attached

    @property
    def _tree(self) -> ServiceTree:
        return self._body.services

    def on_mount(self) -> None:
        """Begin to follow the session."""
        self._bridge.open()
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())
        self.set_focus(self._tree)
        self._take_in()

    def on_unmount(self) -> None:
        """Follow it no more."""
        self._bridge.close()

    # -- the session -------------------------------------------------------------------------------------------

    def on_session_changed(self) -> None:
        """Something changed: pull what is true now."""
        self._take_in()

    @on(ProbeFlow.Changed)
    def _on_probe(self, event: ProbeFlow.Changed) -> None:
        self._feed.probed(event.key)
        self._status.say(event.state_text)
        if event.key == self._selection.key:
            self._show_selected()

    def _take_in(self) -> None:
        snapshot = self._session.snapshot
        self._feed.take_in(snapshot, self._namespace)
        if not self._beginning.done:
            self._begin()
        if isinstance(self._session.link, Live):
            self._ask_zone()
        if self._selection.overtaken(snapshot):
            self._show_selected()
        self._show_header()
        self._body.show_tree_rule()

    def _begin(self) -> None:
        """Put the cursor where the user will want it, once there is something to put it on."""
        start = self._beginning.choose(self._session.link)
        if start is None:
            return
        if missing := self._beginning.missing(start):
            self._status.say(f"there is no headless Service {missing}", UNKNOWN)
        self._beginning.done = self._tree.go_to(start)
        self._select(start)

    @work(group="zone")
    async def _ask_zone(self) -> None:
        """Find out how the zone is served, where that is not known yet."""
        if await self._zone.ask() and self._is_shown:
            self._feed.served_differently()
            self._show_selected()

    # -- selection ---------------------------------------------------------------------------------------------

    @on(RowList.Highlighted, "#tree")
    def _on_tree_moved(self) -> None:
        self._body.show_tree_rule()
        self._later.after("follow", self._follow_after, self._follow_cursor)

    def _follow_cursor(self) -> None:
        if self._beginning.done:
            self._select(self._tree.selected)
            self._body.point(self._tree.member, None)

    @on(Panel.Pointed)
    def _on_pointed(self, event: Panel.Pointed) -> None:
        """Mark everywhere else what belongs to the row under the cursor of a panel."""
        self._body.point(event.pod, event.question, origin=event.panel)
        self._tree.link(f"{self._selection.key}/{event.pod}" if event.pod else "")

    @on(RowList.Highlighted)
    def _on_moved(self) -> None:
        self._later.after("crumbs", self._follow_after, self._show_crumbs)

    @on(ServiceTree.Entered)
    def _on_entered(self) -> None:
        self._select(self._tree.selected)
        self._focus_panel(self._body.beside)

    @on(RowList.Selected)
    def _on_opened(self, event: RowList.Selected) -> None:
        if event.row_list is self._body.current and (onward := self._body.onward()) is not None:
            self._focus_panel(onward)

    def _select(self, key: ObjectKey | None) -> None:
        before = self._selection.namespace
        if not self._selection.move_to(key):
            self._show_crumbs()
            return
        if key is not None and key.namespace != before:
            self._ask_rights(key.namespace)
        self._show_selected()

    @work(exclusive=True, group="rights")
    async def _ask_rights(self, namespace: str) -> None:
        """Find out whether probing can be offered in a namespace."""
        if await self._rights.ask(namespace) and self._is_shown:
            self._show_selected()

    # -- showing -----------------------------------------------------------------------------------------------

    def _show_selected(self) -> None:
        """Show the selected Service as it is now."""
        view = self._selection.look()
        self._body.show(view)
        if view is None and self._body.focused != "tree":
            self._focus_panel("tree")
        self._show_heading()
        self._show_crumbs()
        self.refresh_bindings()

    def _show_header(self) -> None:
        session, now = self._session, self._clock()
        self._header.show(facts_of(session, lab=self._lab, now=now, signs=self._signs))
        if isinstance(session.link, Offline):
            self._later.after("header", until_header_changes(session.link, now), self._show_header)

    def _show_heading(self) -> None:
        """Tell of the selected Service above its panels, or why there is none."""
        side, view = self._body.side, self._selection.view
        if view is not None:
            title, notes = notices.heading_of(view, self._zone.now, side.size.width - 6)
            side.say(title, *notes)
            return
        where, typed = self._tree.row_id or "", self._tree.chosen.text
        gone = self._tree.selected
        when = self._catalog.deleted_at(gone) if gone is not None else None
        side.say(*notices.without_view(self._session, where, typed, gone, when))

    def _show_crumbs(self) -> None:
        self._status.crumbs.show(self._body.crumbs, self._body.full_name)

    def on_screen_suspend(self) -> None:
        """Something lies on top: no key of this screen works."""
        self._keys.show((), None)

    def on_screen_resume(self) -> None:
        """The keys work again."""
        self._show_keys()

    def _show_keys(self) -> None:
        if self.is_mounted and self.app.screen is self:
            typing = self.focused if self._status.typing else None
            self._keys.show(*keys_of(self.active_bindings, typing, self._permitted.reason_against))

    # -- layout and focus --------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for the size."""
        layout = layout_for(event.size.width, event.size.height)
        self.set_class(layout.mode == "too-small", "-too-small")
        self.query_one("#too-small", Static).update(layout.too_small)
        self._body.resize_to(layout)
        self._show_heading()

    def _focus_panel(self, name: PanelName) -> None:
        if name != "tree" and self._selection.view is None:
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

    def _may(self, action: str) -> bool:
        """Whether an action can work here and now. If not, it is said: a key does nothing without a word."""
        if reason := self._permitted.reason_against(action):
            self._status.say(off_text(action, reason), UNKNOWN)
        return not reason

    def action_probe(self) -> None:
        """Ask DNS about the selected Service, or about the record under the cursor."""
        if self._may("probe") and self._selection.key is not None:
            self._flow.start(self._selection.key, self._body.record)

    def action_vantage(self) -> None:
        """Choose where to ask from, and ask."""
        if self._may("vantage") and self._selection.key is not None:
            self._flow.choose(self._selection.key, self._body.record)

    def action_next_panel(self) -> None:
        """On to the next panel."""
        if self._may("next_panel"):
            self._focus_panel(self._body.next_panel(+1))

    def action_previous_panel(self) -> None:
        """Back to the panel before."""
        if self._may("previous_panel"):
            self._focus_panel(self._body.next_panel(-1))

    def action_zoom(self) -> None:
        """The focused panel alone, and back."""
        if self._may("zoom"):
            self._body.zoom()

    def action_resize_tree(self, columns: int) -> None:
        """Give the tree more or fewer columns."""
        if self._may("resize_tree"):
            self._body.widen_tree(columns)

    def action_filter(self) -> None:
        """Type which rows of the focused panel to show."""
        if self._status.typing or self._may("filter"):
            self._filter.begin()

    @on(StatusRow.Typed)
    def _on_typed(self, event: StatusRow.Typed) -> None:
        self._filter.choose(Filter(event.text))
        if not self._tree.rows:
            self._select(None)

    @on(StatusRow.Done)
    def _on_typing_done(self, event: StatusRow.Done) -> None:
        self._filter.end(keep=event.keep)
        self.set_focus(self._body.current, scroll_visible=False)

    def action_why(self) -> None:
        """Show why the record under the cursor exists, or does not."""
        view, record = self._selection.view, self._body.record
        if self._may("why") and view is not None and record is not None:
            self.app.push_screen(why_dialog(view, record, self._signs))

    def action_commands(self) -> None:
        """Show the commands that equal what is seen."""
        view = self._selection.view
        if self._may("commands") and view is not None:
            dialog = commands_dialog(self._session, view, self._signs)
            self.app.push_screen(dialog, lambda chosen: self._copy(chosen or ""))

    def action_copy(self) -> None:
        """Send the full name to the terminal's clipboard."""
        self._copy(self._body.full_name if self._may("copy") else "")

    def _copy(self, text: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self._status.say(f"sent to the terminal's clipboard: {text}", GOOD)

    def action_reload(self) -> None:
        """Ask the API server now instead of waiting for the next try."""
        self._session.retry_now()
        self._rights.forget()
        if self._selection.namespace:
            self._ask_rights(self._selection.namespace)
        self._zone.forget()
        self._take_in()
        self._status.say("reading again", TEXT)

    def action_help(self) -> None:
        """Show all keys."""
        panel = self._body.focused
        groups = groups_of(self.active_bindings, panel, self._permitted.reason_against)
        self.app.push_screen(HelpScreen(groups, panel, self._signs, facts=self._zone.now.facts()))

    async def action_leave(self) -> None:
        """One step back; from the tree, out."""
        if not self.action_back():
            await cast("HeadlessApp", self.app).leave()

    def action_back(self) -> bool:
        """One step back, never out; false where there is none."""
        if self._flow.cancel():
            self._status.say("cancelling the probe")
        elif self._body.current.chosen:
            self._filter.clear()
        elif self._body.zoomed:
            self._body.zoom()
        elif self._body.focused != "tree":
            self._focus_panel("tree")
        else:
            return False
        return True
