"""How bad it stands with each Service of the tree: from findings, from what was read, and from the last probe."""

from __future__ import annotations

from kheadless_tui.cluster.state import Live
from kheadless_tui.diagnose.catalogue import sentence
from kheadless_tui.model.kinds import KINDS
from kheadless_tui.model.objects import Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.catalog import Catalog
from kheadless_tui.tui.notices import Reads, severity, state_of
from kheadless_tui.tui.probe_flow import ProbeFlow
from kheadless_tui.tui.serving import ServedZone
from kheadless_tui.zone.zone_records import service_records

TURN = 0.01
"""Seconds spent on it at a stretch, before keys get their turn again."""
PAUSE = 0.03
"""Seconds until the next stretch."""

_NONE: frozenset[str] = frozenset()


class Judge:
    """Fills in the severities of a catalogue, a little at a time."""

    def __init__(self, catalog: Catalog, flow: ProbeFlow, zone: ServedZone) -> None:
        self._catalog = catalog
        self._flow = flow
        self._zone = zone
        self._unread: dict[str, frozenset[str]] = {}
        """By namespace, the kinds that are not read, or not whole."""
        self._seen: tuple[Reads, list[str]] = ({}, [])

    def note_reads(self, reads: Reads) -> None:
        """Judge anew the namespaces of which more or less is read than before."""
        seen = (dict(reads), self._catalog.namespaces)
        if seen == self._seen:
            return
        self._seen = seen
        for namespace in self._catalog.namespaces:
            unread = frozenset(
                name for name, kind in KINDS.items() if not isinstance(state_of(reads, kind.plural, namespace), Live)
            )
            if unread != self._unread.get(namespace, _NONE):
                self._unread[namespace] = unread
                self._catalog.judge_all(namespace)

    def work(self) -> bool:
        """Judge for one stretch.

        Returns:
            Whether a sign in the tree changed.
        """
        return self._catalog.judge(self._severity, TURN)

    def _severity(self, snapshot: Snapshot, service: Service) -> str:
        unread = self._unread.get(service.namespace, _NONE)
        config = self._zone.config
        known, _ = sentence(snapshot, service, config, unread=unread)
        probe = self._flow.last(service.key)
        predicted = service_records(snapshot, service, config) if probe is not None else ()
        return severity(known, probe, predicted)
