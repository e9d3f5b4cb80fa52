"""Keeps the tree true: its rows follow the session, its signs are found out in the background, its marks fade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kheadless_tui.cluster.state import Forbidden, Live
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.appointments import Appointments
from kheadless_tui.tui.catalog import Catalog
from kheadless_tui.tui.judging import PAUSE, Judge
from kheadless_tui.tui.notices import state_of
from kheadless_tui.tui.widgets.body import Body

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


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

    def take_in(self, snapshot: Snapshot, namespace: str) -> None:
        """Take in what the session knows now.

        Args:
            snapshot: All objects.
            namespace: Where counts must be known to be told.
        """
        session, catalog = self._session, self._catalog
        self._body.services.counts_known = not isinstance(
            state_of(session.reads, "endpointslices", namespace), Forbidden
        )
        if catalog.update(snapshot):
            self._body.services.refill()
        if isinstance(session.link, Live):
            catalog.settled = True
        if catalog.marks:
            self._fade()
        self._judge.note_reads(session.reads)
        self.judge()

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
        if self._judge.work():
            self._body.services.refill()
        if self._catalog.judging:
            self._later.after("judge", PAUSE, self.judge)

    def _fade(self) -> None:
        """Take the marks of changes away when they have been seen long enough."""
        left = self._catalog.forget_changes()
        if left is None:
            self._body.services.refill()
        else:
            self._later.after("fade", left, self._fade)
