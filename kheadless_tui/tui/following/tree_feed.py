"""Keeps the tree true: its rows follow the session, its signs are found out in the background, its marks fade."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kheadless_tui.cluster.state import READ, Polled, Reading, ReadState, is_whole
from kheadless_tui.model.kinds import ENDPOINT_SLICE, SERVICE
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.following.appointments import Appointments
from kheadless_tui.tui.following.judging import PAUSE, Judge
from kheadless_tui.tui.known.catalog import Catalog
from kheadless_tui.tui.widgets.body import Body

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


_COUNTED = (ENDPOINT_SLICE.plural, SERVICE.plural)
"""What the tree counts: endpoints in slices, and Services."""

SIGNS_EVERY = 0.2
"""Seconds from one time that signs are shown to the next, while there are more Services to be judged."""


class TreeFeed:
    """Takes in what the session knows, and fills the tree from the catalogue."""

    def __init__(
        self, session: ClusterSession, catalog: Catalog, judge: Judge, body: Body, later: Appointments
    ) -> None:
        self._session = session
        self._catalog = catalog
        self._judge = judge
        self._body = body
        self._later = later
        self._unread: dict[tuple[str, str], str] = {}
        """Plural and namespace (empty: all) of what is not read whole, with what stands in place of its counts."""
        self._read: frozenset[tuple[str, str]] = frozenset()
        """Plural and namespace (empty: all) of what is read at all."""
        self._fading = False
        """There is an appointment to take marks away."""
        self._untold = False
        """A sign changed that the tree does not show yet."""
        self._tell_at = 0.0
        """When it may show the next while Services are judged, by the monotonic clock."""

    def take_in(self, snapshot: Snapshot) -> None:
        """Take in what the session knows now."""
        session, catalog, reads = self._session, self._catalog, self._session.reads
        before, read_before = self._unread, self._read
        self._read = frozenset(key for key in reads if key[0] in _COUNTED)
        self._unread = {
            key: text for key, state in reads.items() if key[0] in _COUNTED and (text := _in_place_of_counts(state))
        }
        tree = self._body.services
        tree.uncounted = {key[1]: self._unread.get(key, "") for key in self._read if key[0] == _COUNTED[0]}
        # What is not read any more (a scope that became narrower, as a right was taken away) is not gone for that.
        unsure = {namespace for _, namespace in {*before, *self._unread, *(read_before - self._read)}}
        changed = catalog.update(snapshot, unsure) or self._unread != before
        if isinstance(session.link, READ):
            catalog.settled = True
        self._judge.note_reads(reads, session.selector)
        if not isinstance(session.link, Reading):
            changed = self._judge_some() or changed
        if changed:
            tree.refill()
        if catalog.changing and not self._fading:
            self._fade()

    def probed(self, key: ObjectKey) -> None:
        """A probe said something of a Service."""
        self._catalog.judge_again(key)
        self.judge()

    def served_differently(self) -> None:
        """Other records must exist than was thought: judge all Services anew."""
        for namespace in self._catalog.namespaces:
            self._catalog.judge_all(namespace)
        self.judge()

    def judge(self) -> None:
        """Find out about Services, a little at a time, until all are judged."""
        if self._judge_some():
            self._body.services.refill()

    def _judge_some(self) -> bool:
        """Find out about some Services, and about the others later.

        Returns:
            Whether there are signs to be shown now: those of a while are shown together.
        """
        self._untold = self._judge.work() or self._untold
        now, unfinished = time.monotonic(), self._catalog.judging
        if unfinished:
            self._later.after("judge", PAUSE, self.judge)
        if not self._untold or (unfinished and now < self._tell_at):
            return False
        self._untold, self._tell_at = False, now + SIGNS_EVERY
        return True

    def _fade(self) -> None:
        """Take the marks of changes away when they have been seen long enough."""
        marks = self._catalog.marks
        left = self._catalog.forget_changes()
        if self._catalog.marks != marks:
            self._body.services.refill()
        self._fading = left is not None
        if left is not None:
            self._later.after("fade", left, self._fade)


def _in_place_of_counts(state: ReadState) -> str:
    """What the tree says in place of endpoints of which not all are known; empty where they are."""
    if isinstance(state, Reading):
        return "…"
    by_name = isinstance(state, Polled) and state.by_name
    return "" if is_whole(state) or (isinstance(state, READ) and not by_name) else "?"
