"""The one screen: it follows the session and the cursor, and turns keys into actions."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import Binding, BindingType

from kheadless_tui.cluster.state import READ
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.following.following import Follower, Parts
from kheadless_tui.tui.keys.actions import ACTIONS
from kheadless_tui.tui.keys.command_line import PATH, Order
from kheadless_tui.tui.keys.memory import Memory
from kheadless_tui.tui.keys.places import MOST_FAVOURITES, Trail
from kheadless_tui.tui.known.catalog import Catalog
from kheadless_tui.tui.known.levers import Levers
from kheadless_tui.tui.known.probed import ProbeRecord
from kheadless_tui.tui.main.commanding import CommandScreen
from kheadless_tui.tui.probing.probe_flow import ProbeFlow
from kheadless_tui.tui.sheets.sheet import Frame
from kheadless_tui.tui.text.names import relative
from kheadless_tui.tui.text.roles import GOOD, TEXT, UNKNOWN
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.answers_panel import AnswersPanel
from kheadless_tui.tui.widgets.panel import Panel
from kheadless_tui.tui.widgets.records_panel import RecordsPanel
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.tree import ServiceTree

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.tui.app import HeadlessApp
    from kheadless_tui.tui.probing.leftovers import Leftovers


class MainScreen(CommandScreen):
    """The screen of one session."""

    AUTO_FOCUS = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(action.binding() for action in ACTIONS),
        *(Binding(str(digit), f"favourite({digit})", show=False) for digit in range(1, MOST_FAVOURITES + 1)),
    ]

    def __init__(
        self,
        session: ClusterSession,
        flow: ProbeFlow,
        *,
        signs: Signs,
        service: ObjectKey | None,
        namespace: str,
        levers: Levers | None,
        slow: bool,
        trail: Trail,
        memory: Memory,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Set up.

        Args:
            session: The cluster.
            flow: The probes.
            signs: What the terminal can show.
            service: Where the cursor begins.
            namespace: Where it begins if there is no such Service.
            levers: What the lab's menu pulls; ``None`` for a cluster that is no lab.
            slow: The terminal is far away.
            trail: The places where one has been.
            memory: What is remembered of earlier runs, and what will be of this one.
            clock: Unix time.
        """
        catalog = Catalog(clock)
        super().__init__(session, catalog, signs, trail=trail, typed=memory.typed)
        self._memory = memory
        self._flow = flow
        self._levers = levers
        self._follower = Follower(
            self,
            session,
            flow,
            catalog,
            Parts(self._header, self._body, self._status),
            signs=signs,
            service=service,
            namespace=namespace,
            levers=levers,
            slow=slow,
            clock=clock,
            trail=trail,
            shown=self._on_shown,
        )
        self._selection = self._follower.selection
        self._clock = clock

    @property
    def _tree(self) -> ServiceTree:
        return self._body.services

    def on_mount(self) -> None:
        """Begin to follow the session."""
        self._body.sort_records(self._memory.sorted_by)
        self._follower.open()
        self._look_for_leftovers()

    def on_unmount(self) -> None:
        """Follow it no more."""
        self._follower.close()

    def reason_against(self, action: str) -> str:
        """As of the session, the user's rights and what is selected."""
        return self._follower.permitted.reason_against(action)

    def reason_to_hide(self, action: str) -> str:
        """The same, and what is not known yet."""
        return self._follower.permitted.reason_to_hide(action)

    @property
    def has_service(self) -> bool:
        """A Service is shown."""
        return self._selection.view is not None

    @property
    def selected(self) -> ObjectKey | None:
        """The Service that is shown."""
        return self._selection.key

    def panels_changed(self) -> None:
        """What is said of the Service depends on the room, and the crumbs on the panel."""
        self._follower.show_heading()
        self._follower.show_crumbs()

    def filtered(self) -> None:
        """Without a row in the tree no Service is selected."""
        if not self._tree.rows:
            self._follower.select(None)

    # -- what happens ------------------------------------------------------------------------------------------

    def on_session_changed(self) -> None:
        """Something in the session changed: pull what is true now."""
        self._follower.take_in()
        self._look_for_leftovers()
        cast("HeadlessApp", self.app).tell_warnings()

    @on(ProbeFlow.Changed)
    def _on_probe(self, event: ProbeFlow.Changed) -> None:
        self._status.say(event.state_text)
        self._follower.probed(event.key, count_only=event.count_only)

    @on(RowList.Highlighted, "#tree")
    def _on_tree_moved(self) -> None:
        self._follower.tree_moved()

    @on(RowList.Highlighted)
    def _on_moved(self) -> None:
        self._follower.moved()

    @on(Panel.Pointed)
    def _on_pointed(self, event: Panel.Pointed) -> None:
        """Mark everywhere else what belongs to the row under the cursor of a panel."""
        self._body.point(event.pod, event.question, event.way, origin=event.panel)
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

    # -- actions -----------------------------------------------------------------------------------------------

    def action_probe(self) -> None:
        """Ask DNS about the selected Service, or about the record under the cursor."""
        if self._may("probe") and self._selection.key is not None:
            every = self._body.servers_wanted
            self._flow.start(self._selection.key, None if every else self._body.record, every_server=every)

    def action_servers(self) -> None:
        """Every server as a column of the records, and back; all are asked, if they were not yet."""
        if self._may("servers"):
            self._focus_panel("records")
            self._body.show_servers()

    @on(RecordsPanel.Sorted)
    def _on_sorted(self, event: RecordsPanel.Sorted) -> None:
        self._memory.sorted_by = event.column

    @on(RecordsPanel.ServersWanted)
    def _on_servers_wanted(self) -> None:
        if self._may("probe") and self._selection.key is not None:
            self._flow.start(self._selection.key, every_server=True)
        else:
            self._body.show_servers()

    def action_vantage(self) -> None:
        """Choose where to ask from, and ask."""
        if self._may("vantage") and self._selection.key is not None:
            self._flow.choose(self._selection.key, self._body.record)

    def action_why(self) -> None:
        """Show why the record or the name under the cursor exists, or does not."""
        from kheadless_tui.tui.main.dialogs import why_dialog  # noqa: PLC0415 - the first picture comes sooner

        view = self._selection.view
        if self._may("why") and view is not None:
            self.app.push_screen(why_dialog(view, self._body.record, self._body.full_name, self._signs))

    def action_rights(self) -> None:
        """Show which rights are missing, and the rule that an admin would add."""
        from kheadless_tui.tui.dialogs.rights import RightsScreen  # noqa: PLC0415 - as above

        if self._may("rights"):
            self.app.push_screen(RightsScreen(self._session, self._signs), lambda text: self._copy(text or ""))

    def action_commands(self) -> None:
        """Show the commands that equal what is seen."""
        from kheadless_tui.tui.main.dialogs import commands_dialog  # noqa: PLC0415 - as above

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
            first, *more = text.splitlines()
            self.say(f"sent to the terminal's clipboard: {f'{len(more) + 1} lines' if more else first}", GOOD)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The lab's menu is no key where there is no lab."""
        return self._levers is not None if action == "levers" else super().check_action(action, parameters)

    def action_levers(self) -> None:
        """Break something in the lab, or mend it."""
        from kheadless_tui.tui.dialogs.levers import LeversScreen  # noqa: PLC0415 - as above

        if self._levers is not None:
            self.app.push_screen(LeversScreen(self._levers, self._signs), self._lever_pulled)

    def _lever_pulled(self, said: str | None) -> None:
        self._follower.show_header()
        if said:
            self.say(said)

    def carry_out(self, order: Order) -> None:
        """Do what a command with words says; the way of a name is one of this screen's own."""
        if order.verb.name != PATH:
            super().carry_out(order)
        elif self._may("path") and (key := self._selection.key) is not None:
            self._show_path(key, order.words[0])

    def action_path(self) -> None:
        """The way of the name under the cursor through a pod's resolver."""
        view = self._selection.view
        if self._may("path") and view is not None:
            name = relative(self._body.full_name, view.origin)
            below = self._body.full_name.endswith(f".{view.origin}")
            short = f"{name}.{view.key.name}" if below else view.key.name
            self._show_path(view.key, short)

    def _show_path(self, key: ObjectKey, name: str) -> None:
        from kheadless_tui.tui.sheets.excursions import PathScreen  # noqa: PLC0415 - as above

        self.app.push_screen(PathScreen(self._frame, self._flow.asker, key, name))

    def action_reach(self) -> None:
        """A connect to each endpoint."""
        from kheadless_tui.tui.sheets.excursions import ReachScreen  # noqa: PLC0415 - as above

        if self._may("reach") and (key := self._selection.key) is not None:
            self.app.push_screen(ReachScreen(self._frame, self._flow.asker, key))

    def action_timeline(self) -> None:
        """Follow the next change of the records through every layer."""
        from kheadless_tui.tui.sheets.excursions import TimelineScreen  # noqa: PLC0415 - as above

        if self._may("timeline") and (key := self._selection.key) is not None:
            self.app.push_screen(TimelineScreen(self._frame, self._flow.asker, key))

    @cached_property
    def _leftovers(self) -> Leftovers:
        """Pods that killed probes have left."""
        from kheadless_tui.tui.probing.leftovers import Leftovers  # noqa: PLC0415 - as above

        return Leftovers(self._flow.asker, self._session, self._status, self._clock)

    def _look_for_leftovers(self) -> None:
        """Look for them once Services are read, and the tree of them is painted."""
        if isinstance(self._session.link, READ):
            self.call_after_refresh(self._look_once)

    def _look_once(self) -> None:
        self._leftovers.look_once()

    def action_leftovers(self) -> None:
        """Remove what killed probes have left."""
        self._leftovers.remove()

    def action_history(self) -> None:
        """The probes that were made."""
        from kheadless_tui.tui.sheets.history import HistoryScreen  # noqa: PLC0415 - as above

        self.app.push_screen(HistoryScreen(self._frame, self._flow, self._open_probe))

    def _open_probe(self, record: ProbeRecord) -> None:
        from kheadless_tui.tui.sheets.answers import ProbeScreen  # noqa: PLC0415 - as above

        view = self._follower.view_of(record.key)
        if view is None:
            self.say(f"Service {record.key} is not there any more", UNKNOWN)
        else:
            self.app.push_screen(ProbeScreen(self._frame, view, record))

    @property
    def _frame(self) -> Frame:
        return Frame(self._signs, self._follower.facts, self._session.subscribe)

    @on(AnswersPanel.Raw)
    def _on_raw(self, event: AnswersPanel.Raw) -> None:
        from kheadless_tui.tui.sheets.answers import raw_screen  # noqa: PLC0415 - as above

        self.app.push_screen(raw_screen(self._frame, event.head))

    def action_raw(self) -> None:
        """The reply that is open among the answers, as it came, from wherever the focus is."""
        if self._may("raw"):
            self._body.answers.action_raw()

    def action_copy_command(self) -> None:
        """The command that asks for it again."""
        if self._may("copy_command") and not self._body.answers.action_copy_command():
            self.say("no command asks the same", UNKNOWN)

    @on(AnswersPanel.Copied)
    def _on_copied(self, event: AnswersPanel.Copied) -> None:
        self._copy(event.text)

    def action_reload(self) -> None:
        """Ask the API server now instead of waiting for the next try."""
        self._follower.read_again()
        self._status.say("reading again", TEXT)

    def action_help(self) -> None:
        """Show all keys."""
        from kheadless_tui.tui.dialogs.help import HelpScreen, groups_of  # noqa: PLC0415 - as above

        panel = self._body.focused
        groups = groups_of(self.active_bindings, panel, self.reason_against)
        facts = (self._body.current.HELP, *self._follower.zone.now.facts())
        self.app.push_screen(HelpScreen(groups, panel, self._signs, facts=facts))

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
