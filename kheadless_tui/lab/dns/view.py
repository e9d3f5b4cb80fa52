"""The lab's objects as a :class:`Snapshot`: what one of its DNS servers knows of the API, and how late."""

from __future__ import annotations

from collections import deque

import msgspec

from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.resources import RESOURCES
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, key_of
from kheadless_tui.model.kinds import KINDS
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder

MAX_WAITING = 4000
"""Changes that wait to be looked at; with more, those that are due are taken in at once."""


class View:
    """Follows the store, some lab time behind it, and takes changes in when somebody asks.

    Args:
        store: What is followed.
        clock: Lab time.
        lag: Seconds from a write to its being known.
    """

    def __init__(self, store: Store, clock: Clock, lag: float = 0.0) -> None:
        self._store = store
        self._clock = clock
        self._builder = SnapshotBuilder()
        self._builder.namespaces_known = True
        self._snapshot: Snapshot | None = None
        self._listed = False
        self._waiting: deque[tuple[float, Change]] = deque()
        self._late: dict[tuple[str, Key], Change] = {}
        self._frozen = False
        self.lag = lag
        self._unsubscribe = store.subscribe(self._on_change)

    def close(self) -> None:
        """Follow no longer."""
        self._unsubscribe()

    @property
    def frozen(self) -> bool:
        """While true, changes are not seen, as by a server that has lost its watch; they are caught up with later."""
        return self._frozen

    @frozen.setter
    def frozen(self, value: bool) -> None:
        if value:
            self._take(all_of_them=False)
            self._frozen = True
            for _, change in self._waiting:
                self._set_aside(change)
            self._waiting.clear()
        elif self._frozen:
            self._frozen = False
            late, self._late = self._late, {}
            for change in late.values():
                self._apply(change)

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        self._take(all_of_them=False)
        if self._snapshot is None:
            self._snapshot = self._builder.freeze()
        return self._snapshot

    def catch_up(self) -> None:
        """Know everything at once, as after a start."""
        self._take(all_of_them=True)

    def _on_change(self, change: Change) -> None:
        if not self._listed:
            return
        if self._frozen:
            self._set_aside(change)
            return
        due = self._clock.now() + self.lag
        if self._waiting:
            due = max(due, self._waiting[-1][0])  # a watch keeps its order
        self._waiting.append((due, change))
        if len(self._waiting) > MAX_WAITING:
            self._take(all_of_them=False)

    def _set_aside(self, change: Change) -> None:
        key = (change.resource.kind, key_of(change.item))
        self._late.pop(key, None)
        self._late[key] = change

    def _take(self, *, all_of_them: bool) -> None:
        if self._frozen:
            return
        if not self._listed:
            self._list()
            return
        now = self._clock.now()
        newest: dict[tuple[str, Key], Change] = {}
        while self._waiting and (all_of_them or self._waiting[0][0] <= now):
            _, change = self._waiting.popleft()
            newest[(change.resource.kind, key_of(change.item))] = change
        for change in newest.values():
            self._apply(change)

    def _list(self) -> None:
        self._listed = True
        for resource in RESOURCES:
            for item in self._store.all(resource):
                self._put(resource.kind, item)

    def _apply(self, change: Change) -> None:
        kind = KINDS.get(change.resource.kind)
        if kind is None:
            return
        if change.type == "DELETED":
            meta = change.item["metadata"]
            self._builder.remove(kind.name, ObjectKey(meta.get("namespace", ""), meta["name"]))
            self._snapshot = None
        else:
            self._put(change.resource.kind, change.item)

    def _put(self, name: str, item: Object) -> None:
        kind = KINDS.get(name)
        if kind is not None:
            self._builder.put(msgspec.convert(item, kind.struct))
            self._snapshot = None
