"""The one writer of what is known of the cluster: takes changes in, hands out one frozen snapshot per generation."""

from __future__ import annotations

from kheadless_tui.cluster.reading.listwatch import Change, Names, Remove, Replace, names_of
from kheadless_tui.model.kinds import Kind
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder


class Store:
    """Owner of the :class:`SnapshotBuilder`. An update that changes nothing we keep makes no new generation."""

    def __init__(self) -> None:
        self._builder = SnapshotBuilder()
        self._builder.whole = frozenset()
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

    def know_whole(self, whole: frozenset[tuple[str, str]]) -> None:
        """Of which kinds, in which namespace (empty: all), there are no others than those that were read."""
        if self._builder.whole != whole:
            self._builder.whole = whole
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
        builder = self._builder
        before = builder.generation
        if isinstance(change, Remove):
            builder.remove(kind.name, change.key)
        else:
            for item in change.objects:
                builder.put(item)
            if isinstance(change, Replace):
                names = names_of(change.objects) if change.names is None else change.names
                self._keep_only(kind, namespace, names)
        return builder.generation != before

    def clear(self, kind: Kind, namespace: str) -> bool:
        """Forget all objects of a kind in a namespace, or in all; they are not read any more."""
        before = self._builder.generation
        self._keep_only(kind, namespace, {})
        return self._builder.generation != before

    def _keep_only(self, kind: Kind, namespace: str, names: Names) -> None:
        """Forget the objects of a kind that are not named, in a namespace or in all."""
        held = self._builder.names
        scope = [namespace] if namespace and kind.namespaced else self._builder.namespaces_of(kind.name)
        for where in scope:
            for name in held(kind.name, where) - names.get(where, frozenset()):
                self._builder.remove(kind.name, ObjectKey(where, name))
