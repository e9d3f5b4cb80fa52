"""The lab's objects as a :class:`Snapshot`: what its DNS servers know of the API."""

from __future__ import annotations

import msgspec

from kheadless_tui.lab.store import Change, Store
from kheadless_tui.model.kinds import KINDS
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder


class View:
    """Follows the store; lags behind it while :attr:`frozen` is true, as a server does that has lost its watch."""

    def __init__(self, store: Store) -> None:
        self._builder = SnapshotBuilder()
        self._builder.namespaces_known = True
        self._snapshot: Snapshot | None = None
        self._late: list[Change] = []
        self._frozen = False
        store.subscribe(self._on_change)

    @property
    def frozen(self) -> bool:
        """While true, changes are not seen; they are caught up with afterwards."""
        return self._frozen

    @frozen.setter
    def frozen(self, value: bool) -> None:
        self._frozen = value
        if not value:
            late, self._late = self._late, []
            for change in late:
                self._apply(change)

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        if self._snapshot is None:
            self._snapshot = self._builder.freeze()
        return self._snapshot

    def _on_change(self, change: Change) -> None:
        if self._frozen:
            self._late.append(change)
        else:
            self._apply(change)

    def _apply(self, change: Change) -> None:
        kind = KINDS.get(change.resource.kind)
        if kind is None:
            return
        meta = change.item["metadata"]
        if change.type == "DELETED":
            self._builder.remove(kind.name, ObjectKey(meta.get("namespace", ""), meta["name"]))
        else:
            self._builder.put(msgspec.convert(change.item, kind.struct))
        self._snapshot = None
