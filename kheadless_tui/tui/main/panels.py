"""The frame of the main screen: three rows of chrome, the panels, where the focus is, and the filter."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from kheadless_tui.tui.keys.actions import off_text
from kheadless_tui.tui.keys.filtering import Filter
from kheadless_tui.tui.known.catalog import Catalog
from kheadless_tui.tui.main.filter_typing import FilterTyping
from kheadless_tui.tui.main.still import StillScreen
from kheadless_tui.tui.terminal.layout import PANELS, PanelName, layout_for
from kheadless_tui.tui.text.roles import TEXT, UNKNOWN
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.body import Body
from kheadless_tui.tui.widgets.header import Header
from kheadless_tui.tui.widgets.keys import Keys, keys_of
from kheadless_tui.tui.widgets.side import Tabs
from kheadless_tui.tui.widgets.status import FILTER, StatusRow


class PanelsScreen(StillScreen):
    """Header, body, status row, keys row."""

    def __init__(self, catalog: Catalog, signs: Signs) -> None:
        super().__init__()
        self._signs = signs
        self._header = Header(signs=signs, id="header")
        self._body = Body(catalog, signs, id="body")
        self._status = StatusRow(id="status")
        self._keys = Keys(signs=signs, id="keys")
        self._filter = FilterTyping(self._status, self._body)

    def compose(self) -> ComposeResult:
        """Header, body, status, keys."""
        yield Static(id="too-small", markup=False)
        yield from (self._header, self._body, self._status, self._keys)

    def on_mount(self) -> None:
        """The tree has the focus first."""
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())
        self.set_focus(self._body.services)

    # -- what the screens made of this one know ----------------------------------------------------------------

    def reason_against(self, action: str) -> str:
        """Why an action cannot work now, in a few words; empty when it can."""
        return ""

    def reason_to_hide(self, action: str) -> str:
        """Why the key of an action is not offered, in a few words; empty when it is."""
        return self.reason_against(action)

    @property
    def has_service(self) -> bool:
        """A Service is shown, so that there are panels to go to."""
        return False

    def panels_changed(self) -> None:
        """The size is another one, or the focus is in another panel."""

    def say(self, text: str, role: str = TEXT) -> None:
        """Tell something in the status row."""
        self._status.say(text, role)

    def on_screen_suspend(self) -> None:
        """Something lies on top: no key of this screen works."""
        self._keys.show((), None)

    def on_screen_resume(self) -> None:
        """The keys work again."""
        self._show_keys()

    def _show_keys(self) -> None:
        if self.is_mounted and self.app.screen is self:
            typing = self.focused if self._status.typing else None
            self._keys.show(*keys_of(self.active_bindings, typing, self.reason_to_hide))

    # -- layout and focus --------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for the size."""
        layout = layout_for(event.size.width, event.size.height)
        self.set_class(layout.mode == "too-small", "-too-small")
        self.query_one("#too-small", Static).update(layout.too_small)
        self._body.resize_to(layout)
        self.panels_changed()

    def _focus_panel(self, name: PanelName) -> None:
        if name != "tree" and not self.has_service:
            return
        # Shown first: what is not on the screen cannot take the focus.
        if self._body.mark_focus(name):
            self.panels_changed()
        self.set_focus(self._body.list_of(name), scroll_visible=False)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The focus came somewhere, by key or mouse: tell it by the rules."""
        name = next((name for name in PANELS if self._body.list_of(name) is event.widget), None)
        if name is not None and self._body.mark_focus(name):
            self.panels_changed()
        self._show_keys()

    @on(Tabs.Clicked)
    def _on_tab_clicked(self, event: Tabs.Clicked) -> None:
        self._focus_panel(event.panel)

    # -- actions -----------------------------------------------------------------------------------------------

    def _may(self, action: str) -> bool:
        """Whether an action can work here and now. If not, it is said: a key does nothing without a word."""
        if reason := self.reason_against(action):
            self.say(off_text(action, reason), UNKNOWN)
        return not reason

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
    def _on_filter_typed(self, event: StatusRow.Typed) -> None:
        if event.prompt == FILTER:
            self._filter.choose(Filter(event.text))
            self.filtered()

    def filtered(self) -> None:
        """Other rows are shown."""

    @on(StatusRow.Done)
    def _on_filter_done(self, event: StatusRow.Done) -> None:
        if event.prompt == FILTER:
            self._filter.end(keep=event.keep)
            self.set_focus(self._body.current, scroll_visible=False)
