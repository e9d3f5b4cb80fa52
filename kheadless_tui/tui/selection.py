"""Which Service is selected, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.probe_flow import ProbeFlow
from kheadless_tui.tui.render.view import ServiceView, build_view
from kheadless_tui.tui.rights import ProbeRights
from kheadless_tui.tui.serving import ServedZone

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


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
                self._flow,
                config=self._zone.config,
                now=self._clock(),
                cannot_probe=self._rights.cannot_probe(self.key.namespace),
            )
        if before is not None and self.view is not None:
            self.view.take_over(before)
        return self.view

    def overtaken(self, snapshot: Snapshot) -> bool:
        """Whether anything in the Service's namespace, or how reading stands, changed since this was asked last."""
        states = (self._session.link, tuple(self._session.reads.items()), self._session.missing_rights)
        seen, self._seen = self._seen, snapshot
        same_states, self._seen_states = states == self._seen_states, states
        if not same_states or seen is None or self.key is None:
            return True
        near = (self.key.namespace, "")
        return any(key.namespace in near for _, key in snapshot.objects.changed_since(seen.objects))
