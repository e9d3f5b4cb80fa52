"""The one screen: it follows the session and the cursor, and turns keys into actions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.actions import ACTIONS, off_text
from kheadless_tui.tui.catalog import Catalog
from kheadless_tui.tui.dialogs import commands_dialog, why_dialog
from kheadless_tui.tui.filter_typing import FilterTyping
from kheadless_tui.tui.filtering import Filter
from kheadless_tui.tui.following import Follower, Parts
from kheadless_tui.tui.layout import PANELS, PanelName, layout_for
from kheadless_tui.tui.probe_flow import ProbeFlow
from kheadless_tui.tui.render.roles import GOOD, TEXT, UNKNOWN
from kheadless_tui.tui.render.signs import Signs
from kheadless_tui.tui.screens.help import HelpScreen, groups_of
from kheadless_tui.tui.screens.still import StillScreen
from kheadless_tui.tui.widgets.body import Body
from kheadless_tui.tui.widgets.header import Header
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
        catalog = Catalog(clock)
        self._header = Header(signs=signs, id="header")
        self._body = Body(catalog, signs, id="body")
        self._status = StatusRow(id="status")
        self._keys = Keys(signs=signs, id="keys")
        self._filter = FilterTyping(self._status, self._body)
        self._follower = Follower(
            self,
            session,
            flow,
            catalog,
            Parts(self._header, self._body, self._status),
            signs=signs,
            service=service,
            namespace=namespace,
            lab=lab,
            slow=slow,
            clock=clock,
            shown=self._on_shown,
        )
        self._selection = self._follower.selection

    def compose(self) -> ComposeResult:
        """Header, body, status, keys."""
        yield Static(id="too-small", markup=False)
        yield from (self._header, self._body, self._status, self._keys)

    @property
    def _tree(self) -> ServiceTree:
        return self._body.services

    def on_mount(self) -> None:
        """Begin to follow the session."""
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())
        self.set_focus(self._tree)
        self._follower.open()

    def on_unmount(self) -> None:
        """Follow it no more."""
        self._follower.close()

    # -- what happens ------------------------------------------------------------------------------------------

    def on_session_changed(self) -> None:
        """Something in the session changed: pull what is true now."""
        self._follower.take_in()

    @on(ProbeFlow.Changed)
    def _on_probe(self, event: ProbeFlow.Changed) -> None:
        self._status.say(event.state_text)
        self._follower.probed(event.key)

    @on(RowList.Highlighted, "#tree")
    def _on_tree_moved(self) -> None:
        self._follower.tree_moved()

    @on(RowList.Highlighted)
    def _on_moved(self) -> None:
        self._follower.moved()

    @on(Panel.Pointed)
    def _on_pointed(self, event: Panel.Pointed) -> None:
        """Mark everywhere else what belongs to the row under the cursor of a panel."""
        self._body.point(event.pod, event.question, origin=event.panel)
        self._tree.link(f"{self._selection.key}/{event.pod}" if event.pod else "")

    @on(ServiceTree.Entered)
    def _on_entered(self) -> None:
        self._follower.select(self._tree.selected)
        self._focus_panel(self._body.beside)

    @on(RowList.Selected)
    def _on_opened(self, event: RowList.Selected) -> None:
        if event.row_list is self._body.current and (onward := self._body.onward()) is not None:
            self._focus_panel(onward)

    def _on_shown(self) -> None:
        """The selected Service was shown anew; without one there is only the tree."""
        if self._selection.view is None and self._body.focused != "tree":
            self._focus_panel("tree")
        self.refresh_bindings()

    def on_screen_suspend(self) -> None:
        """Something lies on top: no key of this screen works."""
        self._keys.show((), None)

    def on_screen_resume(self) -> None:
        """The keys work again."""
        self._show_keys()

    def _show_keys(self) -> None:
        if self.is_mounted and self.app.screen is self:
            typing = self.focused if self._status.typing else None
            self._keys.show(*keys_of(self.active_bindings, typing, self._follower.permitted.reason_against))

    # -- layout and focus --------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for the size."""
        layout = layout_for(event.size.width, event.size.height)
        self.set_class(layout.mode == "too-small", "-too-small")
        self.query_one("#too-small", Static).update(layout.too_small)
        self._body.resize_to(layout)
        self._follower.show_heading()

    def _focus_panel(self, name: PanelName) -> None:
        if name != "tree" and self._selection.view is None:
            return
        # Shown first: what is not on the screen cannot take the focus.
        if self._body.mark_focus(name):
            self._follower.show_crumbs()
        self.set_focus(self._body.list_of(name), scroll_visible=False)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The focus came somewhere, by key or mouse: tell it by the rules."""
        name = next((name for name in PANELS if self._body.list_of(name) is event.widget), None)
        if name is not None and self._body.mark_focus(name):
            self._follower.show_crumbs()
        self._show_keys()

    # -- actions -----------------------------------------------------------------------------------------------

    def _may(self, action: str) -> bool:
        """Whether an action can work here and now. If not, it is said: a key does nothing without a word."""
        if reason := self._follower.permitted.reason_against(action):
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
            self._follower.select(None)

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
        self._follower.read_again()
        self._status.say("reading again", TEXT)

    def action_help(self) -> None:
        """Show all keys."""
        panel = self._body.focused
        groups = groups_of(self.active_bindings, panel, self._follower.permitted.reason_against)
        self.app.push_screen(HelpScreen(groups, panel, self._signs, facts=self._follower.zone.now.facts()))

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
