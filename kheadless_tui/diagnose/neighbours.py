"""The pods and StatefulSets of one namespace, found by label or by serviceName instead of one by one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod, StatefulSet

REMEMBERED = 4
"""Namespaces kept: a screen looks at many Services of few namespaces, of one snapshot."""

Label = tuple[str, str]


class Neighbours:
    """What rules look up for each Service of a namespace; made once for all of them, and only as far as asked for."""

    def __init__(self, snapshot: Snapshot, namespace: str) -> None:
        self.snapshot = snapshot
        self._namespace = namespace
        self._pods_by: dict[str, dict[str, list[Pod]]] = {}

    @cached_property
    def pods(self) -> list[Pod]:
        """All known pods, by name."""
        return self.snapshot.pods(self._namespace)

    @cached_property
    def sets(self) -> list[StatefulSet]:
        """All known StatefulSets, by name."""
        return self.snapshot.stateful_sets(self._namespace)

    def selected_pods(self, selector: Mapping[str, str]) -> list[Pod]:
        """The pods that carry all labels; none for an empty selector."""
        found = (self._pods_with(key).get(value, []) for key, value in selector.items())
        return [pod for pod in min(found, key=len, default=[]) if selector.items() <= pod.labels.items()]

    def near_pods(self, selector: Mapping[str, str]) -> list[Pod]:
        """The pods that carry one of the label keys at least, whatever the value; by name."""
        names = {pod.name: pod for key in selector for pods in self._pods_with(key).values() for pod in pods}
        return [names[name] for name in sorted(names)]

    def selected_sets(self, selector: Mapping[str, str]) -> list[StatefulSet]:
        """The sets whose pods will carry all labels; none for an empty selector."""
        found = (self._sets_with.get(label, []) for label in selector.items())
        wanted = selector.items()
        return [item for item in min(found, key=len, default=[]) if wanted <= template_labels(item).items()]

    def governed_by(self, service: str) -> list[StatefulSet]:
        """The sets whose spec.serviceName it is."""
        return self._sets_by_service.get(service, [])

    def _pods_with(self, key: str) -> dict[str, list[Pod]]:
        """The pods by their value of one label; selectors of a namespace use few keys."""
        if key not in self._pods_by:
            carrying = (pod for pod in self.pods if key in pod.labels)
            self._pods_by[key] = _indexed((pod, [pod.labels[key]]) for pod in carrying)
        return self._pods_by[key]

    @cached_property
    def _sets_with(self) -> dict[Label, list[StatefulSet]]:
        return _indexed((item, template_labels(item).items()) for item in self.sets)

    @cached_property
    def _sets_by_service(self) -> dict[str, list[StatefulSet]]:
        return _indexed((item, [item.spec.service_name or ""]) for item in self.sets)


def template_labels(item: StatefulSet) -> dict[str, str]:
    """Labels that the set's pods get; its selector's where the template was not read."""
    if item.spec.template is not None:
        return item.spec.template.metadata.labels or {}
    selector = item.spec.selector
    return (selector.match_labels or {}) if selector is not None else {}


_remembered: OrderedDict[str, Neighbours] = OrderedDict()


def neighbours(snapshot: Snapshot, namespace: str) -> Neighbours:
    """The neighbours in a namespace, remembered as long as the same snapshot is looked at."""
    known = _remembered.get(namespace)
    if known is None or known.snapshot is not snapshot:
        known = _remembered[namespace] = Neighbours(snapshot, namespace)
    _remembered.move_to_end(namespace)
    while len(_remembered) > REMEMBERED:
        _remembered.popitem(last=False)
    return known


T = TypeVar("T")
K = TypeVar("K")


def _indexed(entries: Iterable[tuple[T, Iterable[K]]]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = {}
    for item, keys in entries:
        for key in keys:
            found.setdefault(key, []).append(item)
    return found
