"""Keeps a screen true: what the session knows and where the cursor is goes into the widgets, and nothing else does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from kheadless_tui.cluster.state import READ, Live, Offline, Polled, Reading
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.following.appointments import Appointments
from kheadless_tui.tui.following.beginning import Beginning
from kheadless_tui.tui.following.bridge import FAST, FOLLOW_FAST, FOLLOW_SLOW, SLOW, Bridge, SessionChanged
from kheadless_tui.tui.following.judging import Judge
from kheadless_tui.tui.following.permitted import Permitted
from kheadless_tui.tui.following.rights import ProbeRights
from kheadless_tui.tui.following.selection import Overtaken, Selection
from kheadless_tui.tui.following.tree_feed import TreeFeed
from kheadless_tui.tui.keys.places import Trail
from kheadless_tui.tui.known import notices
from kheadless_tui.tui.known.catalog import Catalog
from kheadless_tui.tui.known.levers import Levers, levers_on
from kheadless_tui.tui.known.refused import refused_namespaces
from kheadless_tui.tui.known.serving import ServedZone
from kheadless_tui.tui.known.view import ServiceView, build_view
from kheadless_tui.tui.probing.probe_flow import ProbeFlow
from kheadless_tui.tui.text.ages import until_ages_move
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.counters import until_header_changes
from kheadless_tui.tui.text.roles import UNKNOWN
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.body import Body
from kheadless_tui.tui.widgets.header import Header, HeaderFacts, facts_of
from kheadless_tui.tui.widgets.status import StatusRow

if TYPE_CHECKING:
    from textual.screen import Screen

    from kheadless_tui.cluster.session import ClusterSession

NEIGHBOURS_AFTER = 1.0
"""Seconds until the panels tell of a change in other Services of the namespace: while many change, once for all."""

MOST_OF_NAME = 16
"""Characters of the name of a refused namespace that the header has room for; of a longer one it says ``1 ns``."""

COUNT_REST = 20
"""How much longer than it took to show a count the next one waits, so that counting takes a twentieth of the time."""


class Parts(NamedTuple):
    """The widgets that are filled."""

    header: Header
    body: Body
    status: StatusRow


class Follower:
    """Follows one session and the cursor of one screen."""

    def __init__(
        self,
        screen: Screen[Any],
        session: ClusterSession,
        flow: ProbeFlow,
        catalog: Catalog,
        parts: Parts,
        *,
        signs: Signs,
        service: ObjectKey | None,
        namespace: str,
        levers: Levers | None,
        slow: bool,
        clock: Callable[[], float],
        trail: Trail,
        shown: Callable[[], None],
    ) -> None:
        """Set up; nothing is followed before :meth:`open`.

        Args:
            screen: Whose turn, timers and workers are used.
            session: The cluster.
            flow: The probes.
            catalog: What the tree shows.
            parts: What is filled.
            signs: What the terminal can show.
            service: Where the cursor begins.
            namespace: Where it begins if there is no such Service.
            levers: The cluster is the lab; the header says so, and how many are pulled.
            slow: The terminal is far away.
            clock: Unix time.
            trail: The places where one has been.
            shown: Called after the selected Service was shown anew.
        """
        self._screen = screen
        self._session = session
        self._catalog = catalog
        self._header, self._body, self._status = parts
        self._signs = signs
        self._levers = levers
        self._clock = clock
        self._trail = trail
        self._shown = shown
        self._follow_after = FOLLOW_SLOW if slow else FOLLOW_FAST
        self._next_count = 0.0
        """When the panels may next be shown for a count alone, by the monotonic clock."""
        self._neighbours = False
        """There is an appointment to show what changed around the selected Service."""
        self._bridge = Bridge(session, lambda: screen.post_message(SessionChanged()), SLOW if slow else FAST)
        self._later = Appointments(screen)
        self._beginning = Beginning(service, namespace, catalog)
        rights = ProbeRights(session)
        self.zone = ServedZone(session)
        """How the zone is served."""
        self.selection = Selection(session, flow, self.zone, rights, clock)
        """Which Service is selected."""
        self.permitted = Permitted(session, rights, self.selection, catalog, self._body)
        """What the keys may do."""
        self._feed = TreeFeed(session, catalog, Judge(catalog, flow, self.zone), self._body, self._later)

    def open(self) -> None:
        """Begin to follow."""
        self._bridge.open()
        self.take_in()

    def close(self) -> None:
        """Follow no more."""
        self._bridge.close()

    @property
    def _is_shown(self) -> bool:
        """An answer that comes while the program ends finds nothing any more that could show it."""
        return self._screen.is_running and self._screen.is_attached and self._body.is_attached

    # -- the session -------------------------------------------------------------------------------------------

    def take_in(self) -> None:
        """Pull what is true now."""
        snapshot = self._session.snapshot
        self._feed.take_in(snapshot)
        if not self._beginning.done:
            self._begin()
        if isinstance(self._session.link, READ):
            self._screen.run_worker(self._ask_zone(), group="zone")
        overtaken = self.selection.overtaken(snapshot)
        if overtaken is Overtaken.ITSELF:
            self.show_selected()
        elif overtaken is Overtaken.NEIGHBOURS and not self._neighbours:
            self._neighbours = True
            self._later.after("neighbours", NEIGHBOURS_AFTER, self._show_neighbours)
        self.show_header()
        self._body.show_tree_rule()

    def _begin(self) -> None:
        """Put the cursor where the user will want it, once there is something to put it on."""
        start = self._beginning.choose(self._session.link)
        if start is None:
            return
        if missing := self._beginning.missing(start):
            refusal = self._session.refusal_of(missing)
            self._status.say(refusal.message if refusal else f"there is no headless Service {missing}", UNKNOWN)
        self._beginning.done = self._body.services.go_to(start)
        self.select(start)

    async def _ask_zone(self) -> None:
        """Find out how the zone is served, where that is not known yet."""
        if await self.zone.ask() and self._is_shown:
            self._feed.served_differently()
            self.show_selected()

    def probed(self, key: ObjectKey, *, count_only: bool = False) -> None:
        """A probe of a Service came a step further.

        Args:
            key: The Service.
            count_only: Only the number of its answers has changed. The panels of a big Service cost too much to follow
                each count: they take a small part of the time, and the status row has the number.
        """
        if not count_only:
            self._feed.probed(key)
            self._screen.run_worker(self._ask_zone(), group="zone")
        began = time.monotonic()
        if key != self.selection.key or (count_only and began < self._next_count):
            return
        self.show_selected()
        ended = time.monotonic()
        self._next_count = ended + COUNT_REST * (ended - began)

    def read_again(self) -> None:
        """Ask the API server now, for everything that is asked for once."""
        self._session.retry_now()
        self.zone.forget()
        self.take_in()

    # -- the cursor --------------------------------------------------------------------------------------------

    def tree_moved(self) -> None:
        """The cursor of the tree came to another row: the panels follow once it rests."""
        self._later.after("follow", self._follow_after, self._follow_cursor)

    def _follow_cursor(self) -> None:
        if self._beginning.done:
            self.select(self._body.services.selected)
            self._body.point(self._body.services.member, None)

    def moved(self) -> None:
        """The cursor of some list came to another row."""
        self._later.after("crumbs", self._follow_after, self.show_crumbs)

    def select(self, key: ObjectKey | None) -> None:
        """Select a Service, or none."""
        if not self.selection.move_to(key):
            self.show_crumbs()
            return
        self.show_selected()

    # -- showing -----------------------------------------------------------------------------------------------

    def show_selected(self) -> None:
        """Show the selected Service as it is now."""
        self._body.show(self.selection.look())
        self.show_heading()
        self.show_crumbs()
        self._shown()
        if self.selection.view is not None:
            self._later.after("ages", until_ages_move(self._clock()), self._age)

    def _show_neighbours(self) -> None:
        self._neighbours = False
        if self._is_shown:
            self.show_selected()

    def _age(self) -> None:
        """Nothing happened for a while but that everything is a minute older."""
        if self._is_shown:
            self.show_selected()

    def view_of(self, key: ObjectKey) -> ServiceView | None:
        """Any Service as it is now; ``None`` when there is none."""
        return build_view(self._session, key, config=self.zone.config, now=self._clock())

    def facts(self) -> HeaderFacts:
        """What the first row tells now."""
        favourites = self._trail.favourites(self._trail.here.context)
        on = levers_on(self._levers)
        lab = "" if self._levers is None else f"lab {on} on" if on else "lab"
        facts = facts_of(self._session, favourites=favourites, lab=lab, now=self._clock(), signs=self._signs)
        refused = refused_namespaces(self._session.reads)
        if not refused or not isinstance(self._session.link, Live):
            return facts
        some = clean(refused[0]) if len(refused) == 1 and len(refused[0]) <= MOST_OF_NAME else f"{len(refused)} ns"
        return replace(facts, state=(f"{self._signs.attention} live, {some} forbidden", UNKNOWN))

    def show_header(self) -> None:
        """Tell of the session in the first row."""
        session, now = self._session, self._clock()
        self._header.show(self.facts())
        if isinstance(session.link, (Offline, Polled)):
            self._later.after("header", until_header_changes(session.link, now), self.show_header)

    def show_heading(self) -> None:
        """Tell of the selected Service above its panels, or why there is none."""
        side, view, tree = self._body.side, self.selection.view, self._body.services
        if view is not None:
            title, notes = notices.heading_of(view, self.zone.now, side.size.width - 6)
            side.say(title, *notes)
            return
        where, typed, gone = tree.row_id or "", tree.chosen.text, tree.selected
        when = self._catalog.deleted_at(gone) if gone is not None else None
        title, note = notices.without_view(self._session, where, typed, gone, when)
        last = self._trail.at(self._trail.to_last) if self._trail.to_last else None
        if last is not None and note.role == UNKNOWN and not isinstance(self._session.link, Reading):
            note = replace(note, more=(*note.more, f"- goes back: {last.words}."))
        side.say(title, note)

    def show_crumbs(self) -> None:
        """Tell in the status row where the cursor is."""
        self._status.crumbs.show(self._body.crumbs, self._body.full_name)
