"""The watch verb: what has changed since a version, then what changes, as lines of JSON.

A watch keeps only the version that it has told; what comes next is read from the store's history. So a client that
does not read costs nothing but its place, and is cut off when the history has moved past it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec

from kheadless_tui.lab.api.request.listing import Scope, number
from kheadless_tui.lab.api.request.options import is_true
from kheadless_tui.lab.api.request.schemas import of_kind
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.store import Change, Object, Store

BOOKMARK_SECONDS = 60.0
"""A bookmark at least that often, for those who ask for them (k8s.io/apiserver cacher, defaultBookmarkFrequency)."""

BOOKMARK_BEFORE_END_SECONDS = 2.0
"""And one so long before the watch ends (cacher, bookmarkFrequency and nextBookmarkTime)."""

MAX_SECONDS = 3600.0
"""A watch that does not say how long it wants lasts that long."""

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Watch:
    """One watch; iterate :meth:`events`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        scope: Scope,
        query: Mapping[str, str],
        shape: Callable[[Object], Object] | None = None,
    ) -> None:
        self._shape = shape or (lambda item: item)
        self._store = store
        self._clock = clock
        self._scope = scope
        self._changed = asyncio.Event()
        self._failure: ApiFailure | None = None
        self._closed = False
        self._bookmarks = is_true(query, "allowWatchBookmarks")
        self._initial = is_true(query, "sendInitialEvents")
        self._start = self._start_version(query.get("resourceVersion", ""))
        if "sendInitialEvents" in query and not self._initial and not self._start:
            self._start = store.version
        self._initial_end = self._initial or self._start == 0
        """Whether the next bookmark says that all that was there has been told."""
        asked = number(query.get("timeoutSeconds", "0") or "0", "timeoutSeconds")
        self._end = clock.now() + (min(asked, MAX_SECONDS * 2) or MAX_SECONDS)

    def close(self) -> None:
        """End it as a server does that goes away."""
        self._closed = True
        self._changed.set()

    def expire(self, failure: ApiFailure) -> None:
        """End it with an ERROR event."""
        self._failure = failure
        self._changed.set()

    async def events(self) -> AsyncIterator[bytes]:
        """Its lines, each with its newline, until it ends."""
        unsubscribe = self._store.subscribe(self._on_change)
        timers = [self._clock.call_later(max(self._end - self._clock.now(), 0), self.close)]
        last = self._end - BOOKMARK_BEFORE_END_SECONDS
        if self._bookmarks:
            timers.append(self._clock.call_later(BOOKMARK_SECONDS, self._changed.set))
            timers.append(self._clock.call_later(max(last - self._clock.now(), 0), self._changed.set))
        try:
            told = self._start
            if told == 0 or self._initial:
                told = self._store.version
                for item in self._store.all(self._scope.resource, self._scope.namespace):
                    if self._scope.holds(item):
                        yield _line("ADDED", self._shape(item))
                if self._initial and self._bookmarks:
                    yield self._bookmark(told)
            bookmarked = self._clock.now()
            while True:
                lines, told = self._news(told)
                for line in lines:
                    yield line
                if self._closed or self._failure:
                    break
                now = self._clock.now()
                if self._bookmarks and (now - bookmarked >= BOOKMARK_SECONDS or now >= last):
                    bookmarked, last = now, last if now < last else float("inf")
                    timers.append(self._clock.call_later(BOOKMARK_SECONDS, self._changed.set))
                    yield self._bookmark(told)
                self._changed.clear()
                await self._changed.wait()
            if self._failure:
                yield _line("ERROR", self._failure.status())
        finally:
            unsubscribe()
            for timer in timers:
                timer.cancel()

    def _start_version(self, text: str) -> int:
        if not text:
            return 0
        if not text.isdigit():
            message = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
            raise ApiFailure(500, "", message)
        return int(text)

    def _on_change(self, change: Change) -> None:
        if change.resource is self._scope.resource:
            self._changed.set()

    def _news(self, told: int) -> tuple[list[bytes], int]:
        version = self._store.version
        try:
            changes = self._store.since(self._scope.resource, told)
        except ApiFailure as failure:
            self._failure = self._failure or failure
            return [], told
        return [line for change in changes if (line := self._told(change)) is not None], max(version, told)

    def _told(self, change: Change) -> bytes | None:
        """How a change looks to someone who sees only the scope: a thing that leaves it is DELETED."""
        is_in = change.type != "DELETED" and self._scope.holds(change.item)
        was_in = change.before is not None and self._scope.holds(change.before)
        if is_in:
            return _line("MODIFIED" if was_in else "ADDED", self._shape(change.item))
        if not was_in:
            return None
        gone = change.item
        if change.type != "DELETED":
            assert change.before is not None
            meta = {**change.before["metadata"], "resourceVersion": str(change.version)}
            gone = {**change.before, "metadata": meta}
        return _line("DELETED", self._shape(gone))

    def _bookmark(self, version: int) -> bytes:
        meta: dict[str, Any] = {"resourceVersion": str(version)}
        if self._initial_end:
            meta["annotations"] = {INITIAL_EVENTS_END: "true"}
            self._initial_end = False
        resource = self._scope.resource
        bookmark: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
        fields = of_kind(resource.group, resource.version, resource.kind).get("properties", {})
        bookmark |= {field: {} for field in ("spec", "status") if field in fields}  # an object of Go, otherwise empty
        return _line("BOOKMARK", self._shape(bookmark))


def _line(kind: str, item: Object) -> bytes:
    return msgspec.json.encode({"type": kind, "object": item}) + b"\n"
