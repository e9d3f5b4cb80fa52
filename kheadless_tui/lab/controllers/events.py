"""Events as controllers report them (client-go tools/record): one object for equal reports, with a count."""

from __future__ import annotations

import contextlib
from collections import OrderedDict

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.objects.clock import Clock, Timer
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import EVENTS
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, key_of

NORMAL, WARNING = "Normal", "Warning"
TTL_SECONDS = 3600.0
"""How long an event is kept after it was last reported (kube-apiserver --event-ttl)."""
MAX_EVENTS = 2000
"""Events that are kept at most, the oldest go first: a lab may run for days."""

_Report = tuple[str, str, str, str, str]
"""uid, field path, type, reason, message: reports that are equal in these are counted."""


class Events:
    """Records what happens to objects."""

    def __init__(self, store: Store, objects: Objects, clock: Clock) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._known: OrderedDict[_Report, tuple[Key, float]] = OrderedDict()
        """By report: the Event, and when it was last made; the oldest first."""
        self._timer: Timer | None = None
        self._number = 0
        self.since = 0.0
        """Reports before this time are not kept: a lab whose clusters are hours old starts without what has expired."""
        store.subscribe(self._on_change)

    def record(
        self,
        about: Object,
        kind: str,
        reason: str,
        message: str,
        component: str,
        *,
        host: str = "",
        container: str = "",
    ) -> None:
        """Report something about an object.

        Args:
            about: The object, as it is now.
            kind: :data:`NORMAL` or :data:`WARNING`.
            reason: One word in capitals and small letters.
            message: A sentence.
            component: Who reports.
            host: The node of the one who reports.
            container: The container that it is about.
        """
        meta = about["metadata"]
        path = f"spec.containers{{{container}}}" if container else ""
        report = (meta["uid"], path, kind, reason, message)
        now = self._clock.now()
        if now < self.since:
            return
        known = self._known.pop(report, None)
        if known is not None and self._store.find(EVENTS, *known[0]) is not None:
            self._objects.change(EVENTS, *known[0], self._again)
            self._known[report] = (known[0], now)
            return
        with contextlib.suppress(ApiFailure):  # its namespace is going
            made = self._objects.create(
                EVENTS, meta.get("namespace") or "default", self._event(about, report, component, host)
            )
            self._known[report] = (key_of(made), now)
        self._expire()

    def _event(self, about: Object, report: _Report, component: str, host: str) -> Object:
        meta = about["metadata"]
        uid, path, kind, reason, message = report
        self._number += 1
        involved = {
            "kind": about["kind"],
            "namespace": meta.get("namespace", ""),
            "name": meta["name"],
            "uid": uid,
            "apiVersion": about["apiVersion"],
            "resourceVersion": meta["resourceVersion"],
            "fieldPath": path,
        }
        now = self._clock.timestamp()
        return {
            "metadata": {"name": f"{meta['name']}.{int(self._clock.now() * 1e9) + self._number:x}"},
            "involvedObject": {key: value for key, value in involved.items() if value},
            "reason": reason,
            "message": message,
            "source": {"component": component, "host": host} if host else {"component": component},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }

    def _again(self, event: Object) -> None:
        event["count"] += 1
        event["lastTimestamp"] = self._clock.timestamp()

    def _expire(self) -> None:
        """Delete what is too old or too many, and come back for the next."""
        now = self._clock.now()
        while self._known:
            key, last = next(iter(self._known.values()))
            if len(self._known) <= MAX_EVENTS and now - last < TTL_SECONDS:
                break
            self._known.popitem(last=False)
            with contextlib.suppress(ApiFailure):  # someone was faster
                self._store.delete(EVENTS, *key)
        if self._timer is None and self._known:
            oldest = next(iter(self._known.values()))[1]
            self._timer = self._clock.call_later(oldest + TTL_SECONDS - now, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._expire()

    def _on_change(self, change: Change) -> None:
        """A namespace that goes takes its events along: they need not be remembered."""
        if change.resource is EVENTS and change.type == "DELETED":
            gone = key_of(change.item)
            item = change.item
            path = item["involvedObject"].get("fieldPath", "")
            report = (
                item["involvedObject"].get("uid", ""),
                path,
                item.get("type", ""),
                item.get("reason", ""),
                item.get("message", ""),
            )
            if self._known.get(report, (None, 0.0))[0] == gone:
                del self._known[report]
