"""How bad it stands with each Service of the tree: from findings, from what was read, and from the last probe."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kheadless_tui.cluster.state import unread_kinds
from kheadless_tui.model.objects import EndpointSlice, ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.known.catalog import Catalog
from kheadless_tui.tui.known.notices import severity
from kheadless_tui.tui.known.refused import Reads
from kheadless_tui.tui.known.serving import ServedZone
from kheadless_tui.zone.serving.config import ZoneConfig

if TYPE_CHECKING:
    from kheadless_tui.tui.probing.probe_flow import ProbeFlow

TURN = 0.002
"""Seconds spent on it at a stretch, before keys get their turn again."""
PAUSE = 0.01
"""Seconds until the next stretch."""

_NONE: frozenset[str] = frozenset()

_ON_SHOW = frozenset({"Pod", "StatefulSet", "Endpoints"})
"""Kinds that are read only while their namespace is looked at."""


class _Judged(NamedTuple):
    """What was found of a Service, and by what."""

    known: str
    unread: frozenset[str]
    service: Service
    slices: list[EndpointSlice]
    config: ZoneConfig


class Judge:
    """Fills in the severities of a catalogue, a little at a time."""

    def __init__(self, catalog: Catalog, flow: ProbeFlow, zone: ServedZone) -> None:
        self._catalog = catalog
        self._flow = flow
        self._zone = zone
        self._unread: dict[str, frozenset[str]] = {}
        """By namespace, the kinds that are not read, or not whole."""
        self._seen: tuple[Reads, list[str]] = ({}, [])
        self._judged: dict[ObjectKey, _Judged] = {}
        """Of the Services that were looked at, by all that was read then."""

    def note_reads(self, reads: Reads, selector: str) -> None:
        """Judge anew the namespaces of which more or less is read than before; Services are chosen by ``selector``."""
        seen = (dict(reads), self._catalog.namespaces)
        if seen == self._seen:
            return
        self._seen = seen
        for namespace in self._catalog.namespaces:
            unread = unread_kinds(reads, namespace, selector)
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
        config = self._zone.config
        known = self._known(snapshot, service, config)
        probe = self._flow.last(service.key)
        if probe is None:
            return severity(known, None, ())
        from kheadless_tui.zone.zone_records import service_records  # noqa: PLC0415 - the tree is painted without

        return severity(known, probe, service_records(snapshot, service, config))

    def _known(self, snapshot: Snapshot, service: Service, config: ZoneConfig) -> str:
        """What the findings say.

        Pods, StatefulSets and Endpoints are read only while their namespace is looked at. What they told stands when
        they are put away again, as long as what goes on being read is the same: a sign that fell back to what can be
        said without them would be another truth for the same Service.
        """
        unread = self._unread.get(service.namespace, _NONE)
        slices = snapshot.slices_of(service.key)
        before = self._judged.get(service.key)
        if before is not None and before.unread < unread and before[2:] == (service, slices, config):
            return before.known
        # The rules, 0.05 s: the tree is painted before the first Service is judged.
        from kheadless_tui.diagnose.catalogue import sentence  # noqa: PLC0415

        known, _ = sentence(snapshot, service, config, unread=unread)
        if unread >= _ON_SHOW:
            self._judged.pop(service.key, None)
        else:
            self._judged[service.key] = _Judged(known, unread, service, slices, config)
        return known
