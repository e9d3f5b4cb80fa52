"""The one writer of what is known of the cluster: takes changes in, hands out one frozen snapshot per generation."""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.cluster.listwatch import Change, Put, Remove
from kheadless_tui.model.kinds import Kind
from kheadless_tui.model.objects import KubeObject, ObjectKey
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder


class Store:
    """Owner of the :class:`SnapshotBuilder`. An update that changes nothing we keep makes no new generation."""

    def __init__(self) -> None:
        self._builder = SnapshotBuilder()
        self._names: dict[str, dict[str, set[str]]] = {}
        self._frozen = self._builder.freeze()

    @property
    def snapshot(self) -> Snapshot:
        """What is known now; the same object as long as nothing changes."""
        if self._frozen.generation != self._builder.generation:
            self._frozen = self._builder.freeze()
        return self._frozen

    @property
    def generation(self) -> int:
        """Of what is known now."""
        return self._builder.generation

    def know_namespaces(self, known: bool) -> None:
        """Whether the list of Namespaces was read, so that one that is not in it does not exist."""
        if self._builder.namespaces_known != known:
            self._builder.namespaces_known = known
            self._builder.generation += 1

    def apply(self, kind: Kind, namespace: str, change: Change) -> bool:
        """Take a change in.

        Args:
            kind: Of the objects.
            namespace: In which they were read; empty for all. A Replace holds for this scope.
            change: What happened.

        Returns:
            Whether anything that we keep is now different.
        """
        before = self._builder.generation
        if isinstance(change, Put):
            self._put(kind, change.objects)
        elif isinstance(change, Remove):
            self._remove(kind, change.key)
        else:
            gone = self._keys(kind, namespace)
            gone.difference_update(item.key for item in change.objects)
            self._put(kind, change.objects)
            for key in gone:
                self._remove(kind, key)
        return self._builder.generation != before

    def clear(self, kind: Kind, namespace: str) -> bool:
        """Forget all objects of a kind in a namespace, or in all; they are not read any more."""
        gone = self._keys(kind, namespace)
        for key in gone:
            self._remove(kind, key)
        return bool(gone)

    def _put(self, kind: Kind, objects: Iterable[KubeObject]) -> None:
        names = self._names.setdefault(kind.name, {})
        for item in objects:
            held = self._builder.get(kind.name, item.key)
            if held is not None and same(held, item):
                continue
            self._builder.put(item)
            if held is None:
                names.setdefault(item.namespace, set()).add(item.name)

    def _remove(self, kind: Kind, key: ObjectKey) -> None:
        if self._builder.remove(kind.name, key) is not None:
            self._names[kind.name][key.namespace].discard(key.name)

    def _keys(self, kind: Kind, namespace: str) -> set[ObjectKey]:
        by_namespace = self._names.get(kind.name, {})
        scope = [namespace] if namespace and kind.namespaced else list(by_namespace)
        return {ObjectKey(where, name) for where in scope for name in by_namespace.get(where, ())}


def same(one: KubeObject, other: KubeObject) -> bool:
    """Equal in all that we keep; resourceVersion alone, which every heartbeat raises, is no difference."""
    if one is other:
        return True
    return _equal(one, other, but="metadata") and _equal(one.metadata, other.metadata, but="resource_version")


def _equal(one: object, other: object, *, but: str) -> bool:
    fields: tuple[str, ...] = type(one).__struct_fields__  # type: ignore[attr-defined]
    return type(one) is type(other) and all(
        getattr(one, name) == getattr(other, name) for name in fields if name != but
    )
