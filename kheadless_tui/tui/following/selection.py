"""Which Service is selected, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

from kheadless_tui.model.objects import EndpointSlice, ObjectKey, Service
from kheadless_tui.model.snapshot import Ref, Snapshot
from kheadless_tui.tui.following.rights import ProbeRights
from kheadless_tui.tui.known.serving import ServedZone
from kheadless_tui.tui.known.view import ServiceView, build_view
from kheadless_tui.tui.probing.probe_flow import ProbeFlow

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


class Overtaken(Enum):
    """What of a view is not as it was."""

    NOT = auto()
    ITSELF = auto()
    NEIGHBOURS = auto()
    """Other Services of the namespace, or their slices: seldom does what is told of this one depend on them."""


class Selection:
    """Owner of the selected Service and its view; the pods of its namespace are read as long as it is selected."""

    def __init__(
        self,
        session: ClusterSession,
        flow: ProbeFlow,
        zone: ServedZone,
        rights: ProbeRights,
        clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._flow = flow
        self._zone = zone
        self._rights = rights
        self._clock = clock
        self._seen: Snapshot | None = None
        self._seen_states: object = None
        self.key: ObjectKey | None = None
        self.view: ServiceView | None = None
        """``None`` while nothing is selected, or what was selected is gone."""

    @property
    def namespace(self) -> str:
        """Where the selected Service is; empty while there is none."""
        return self.key.namespace if self.key is not None else ""

    def move_to(self, key: ObjectKey | None) -> bool:
        """Select a Service, or none.

        Returns:
            Whether it is another one, so that it must be looked at.
        """
        if key == self.key and self.view is not None:
            return False
        before, self.key = self.namespace, key
        if before != self.namespace:
            if before:
                self._session.hide_pods(before)
            if self.namespace:
                self._session.show_pods(self.namespace)
        return True

    def look(self) -> ServiceView | None:
        """Take the view of this moment; what only a probe has changed is not worked out anew."""
        before, self.view = self.view, None
        if self.key is not None:
            self.view = build_view(
                self._session,
                self.key,
                config=self._zone.config,
                now=self._clock(),
                last_probe=self._flow.last(self.key),
                cannot_probe=self._rights.cannot_probe(self.key.namespace),
            )
        if before is not None and self.view is not None:
            self.view.take_over(before)
        return self.view

    def overtaken(self, snapshot: Snapshot) -> Overtaken:
        """What changed since this was asked last that the view may tell of."""
        session = self._session
        states = (session.link, tuple(session.reads.items()), session.missing_rights, session.asked_rights)
        seen, self._seen = self._seen, snapshot
        same_states, self._seen_states = states == self._seen_states, states
        if not same_states or seen is None or self.key is None:
            return Overtaken.ITSELF
        near = (self.key.namespace, "")
        changed = [ref for ref in snapshot.objects.changed_since(seen.objects) if ref[1].namespace in near]
        if any(self._owns(seen, ref) or self._owns(snapshot, ref) for ref in changed):
            return Overtaken.ITSELF
        return Overtaken.NEIGHBOURS if changed else Overtaken.NOT

    def _owns(self, snapshot: Snapshot, ref: Ref) -> bool:
        """Whether an object is not one of another Service: pods and all that is read for this namespace alone are."""
        item = snapshot.objects.get(ref)
        if isinstance(item, EndpointSlice):
            return item.service_key == self.key
        return item is not None and (not isinstance(item, Service) or item.key == self.key)
