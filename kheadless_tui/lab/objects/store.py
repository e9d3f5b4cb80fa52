"""Where the lab's objects live: versions, history, and who is told of changes.

Objects are the plain JSON of the API. A stored object is never changed: a writer makes a copy (:func:`clone`), changes
that and puts it back, so that whoever holds an older one keeps what it was.

The history of changes serves watches that resume, and lists that continue at an older version; what has been forgotten
is answered with 410, like the real server's.
"""

from __future__ import annotations

import bisect
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import NoneType
from typing import Any

from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import already_exists, conflict, expired, not_found, too_large_version
from kheadless_tui.lab.objects.resources import RESOURCES, Resource

Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace (empty for cluster-wide kinds) and name."""

HISTORY = 5000
"""Changes of one resource that are remembered at least."""

HISTORY_BYTES = 64 * 1024 * 1024
"""And no more than about so many bytes of one resource, however few changes that is."""

MODIFIED_MESSAGE = "the object has been modified; please apply your changes to the latest version and try again"


@dataclass(frozen=True, slots=True)
class Change:
    """One write."""

    type: str
    """``ADDED``, ``MODIFIED`` or ``DELETED``."""
    resource: Resource
    item: Object
    """As it is now; for ``DELETED`` as it was last, with the version of its deletion."""
    before: Object | None
    version: int


Listener = Callable[[Change], None]


class _Table:
    """The objects and the history of one resource."""

    def __init__(self) -> None:
        self.items: dict[Key, Object] = {}
        self.changes: list[Change] = []
        self.forgotten = 0
        """The newest version whose change is not remembered."""
        self._bytes = 0

    def remember(self, change: Change) -> None:
        self.changes.append(change)
        self._bytes += _weight(change.item)
        if len(self.changes) > 2 * HISTORY:
            self.forget(len(self.changes) - HISTORY)
        while self._bytes > HISTORY_BYTES and len(self.changes) > 1:
            self.forget((len(self.changes) + 1) // 2)

    def forget(self, count: int) -> None:
        if count:
            self.forgotten = self.changes[count - 1].version
            self._bytes -= sum(_weight(change.item) for change in self.changes[:count])
            del self.changes[:count]

    def since(self, version: int) -> list[Change]:
        return self.changes[bisect.bisect_right(self.changes, version, key=lambda change: change.version) :]


_PLAIN_BYTES = 4096
"""Of an object without its texts, roughly."""


def _weight(item: Object) -> int:
    """About how many bytes an object takes: its data and annotations are all of it that can be long."""
    texts = [*(item.get("data") or {}).values(), *(item["metadata"].get("annotations") or {}).values()]
    return _PLAIN_BYTES + sum(len(text) for text in texts if isinstance(text, str))


class Store:
    """All objects, at one version. Not for several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tables = {resource: _Table() for resource in RESOURCES}
        self._listeners: list[Listener] = []
        self.version = 1
        """Grows with every write, whatever the resource."""

    # -- reading -----------------------------------------------------------------------------------------------

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """The object, or ``None``."""
        return self._tables[resource].items.get((namespace, name))

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """The object.

        Raises:
            ApiFailure: 404.
        """
        found = self.find(resource, namespace, name)
        if found is None:
            raise not_found(resource, name)
        return found

    def all(self, resource: Resource, namespace: str = "") -> list[Object]:
        """The objects of a namespace, or of all, in the order of their keys."""
        items = self._tables[resource].items
        return [items[key] for key in sorted(items) if not namespace or key[0] == namespace]

    def at(self, resource: Resource, namespace: str, version: int) -> list[Object]:
        """The objects as they were at an older version.

        Raises:
            ApiFailure: 410; that version is forgotten.
        """
        table = self._tables[resource]
        if version < table.forgotten:
            raise expired(f"The provided resource version is too old: {version} ({table.forgotten})")
        items = dict(table.items)
        for change in reversed(table.since(version)):
            key = key_of(change.item)
            if change.before is None:
                items.pop(key, None)
            else:
                items[key] = change.before
        return [items[key] for key in sorted(items) if not namespace or key[0] == namespace]

    def since(self, resource: Resource, version: int) -> list[Change]:
        """What has changed after a version.

        Raises:
            ApiFailure: 410, worded as a watch is told.
        """
        table = self._tables[resource]
        if version < table.forgotten:
            raise expired(f"too old resource version: {version} ({table.forgotten})")
        return table.since(version)

    def check_version(self, version: int) -> None:
        """Refuse a version of the future.

        Raises:
            ApiFailure: 504.
        """
        if version > self.version:
            raise too_large_version(version, self.version)

    # -- writing -----------------------------------------------------------------------------------------------

    def create(self, resource: Resource, item: Object) -> Object:
        """Put a new object in; gives it uid, version and creation time.

        Raises:
            ApiFailure: 409; the name is taken.
        """
        item = clone(item)
        key = key_of(item)
        if key in self._tables[resource].items:
            raise already_exists(resource, key[1])
        meta = item["metadata"]
        meta["uid"] = str(uuid.uuid4())
        meta.setdefault("creationTimestamp", self._clock.timestamp())
        return self._write("ADDED", resource, item, None)

    def update(self, resource: Resource, item: Object) -> Object:
        """Put an object in place of the older one; a version in it must be the newest. Equal content is no write.

        Raises:
            ApiFailure: 404, or 409 when it has been changed since.
        """
        namespace, name = key_of(item)
        before = self.get(resource, namespace, name)
        version = item["metadata"].get("resourceVersion")
        if version and version != before["metadata"]["resourceVersion"]:
            raise conflict(resource, name, MODIFIED_MESSAGE)
        uid = item["metadata"].get("uid")
        if uid and uid != before["metadata"]["uid"]:
            raise conflict(
                resource,
                name,
                f"Precondition failed: UID in precondition: {uid}, UID in object meta: {before['metadata']['uid']}",
            )
        item = clone(item)
        for field in ("uid", "creationTimestamp", "resourceVersion"):
            item["metadata"][field] = before["metadata"][field]
        if item == before:
            return before
        if "generation" in before["metadata"] and _intent(item) != _intent(before):
            item["metadata"]["generation"] = before["metadata"]["generation"] + 1
        return self._write("MODIFIED", resource, item, before)

    def delete(self, resource: Resource, namespace: str, name: str) -> Object:
        """Take an object out.

        Raises:
            ApiFailure: 404.
        """
        before = self.get(resource, namespace, name)
        return self._write("DELETED", resource, clone(before), before)

    def forget_history(self) -> None:
        """From now on, resuming at any older version is answered with 410."""
        self.version += 1
        for table in self._tables.values():
            table.forget(len(table.changes))
            table.forgotten = self.version

    # -- listening ---------------------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of every write, in order, before the writer goes on; the result ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _write(self, kind: str, resource: Resource, item: Object, before: Object | None) -> Object:
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        table = self._tables[resource]
        if kind == "DELETED":
            del table.items[key_of(item)]
        else:
            table.items[key_of(item)] = item
        change = Change(kind, resource, item, before, self.version)
        table.remember(change)
        for listener in tuple(self._listeners):
            listener(change)
        return item


def key_of(item: Object) -> Key:
    """Namespace and name of an object."""
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _intent(item: Object) -> Object | None:
    """What somebody wants of an object: binding a pod to a Node is no new generation of it."""
    spec = item.get("spec")
    return spec and {key: value for key, value in spec.items() if key != "nodeName"}


def clone(value: Any) -> Any:
    """A copy of JSON that shares nothing that can be changed."""
    # A third of a lab's start is spent here: most of what an object holds is text, and is not looked into.
    if isinstance(value, dict):
        copy = value.copy()
        for key, inner in value.items():
            if type(inner) not in _PLAIN:
                copy[key] = clone(inner)
        return copy
    if isinstance(value, list):
        return [inner if type(inner) in _PLAIN else clone(inner) for inner in value]
    return value


_PLAIN = frozenset({str, int, float, bool, NoneType})


def disowned(item: Object, uid: str) -> None:
    """Take the reference to an owner out of an object that may be changed."""
    references = item["metadata"].get("ownerReferences") or []
    kept = [reference for reference in references if reference.get("uid") != uid]
    if kept:
        item["metadata"]["ownerReferences"] = kept
    else:
        item["metadata"].pop("ownerReferences", None)


def owned_by(items: Iterable[Object], uid: str) -> list[Object]:
    """Those that the object of this uid controls."""
    return [
        item
        for item in items
        if any(
            owner.get("uid") == uid and owner.get("controller")
            for owner in item["metadata"].get("ownerReferences") or ()
        )
    ]
