"""What is in a lab when it starts: objects from files, as someone would have applied them some time ago."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from kheadless_tui.errors import InputError
from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import BY_KIND, NAMESPACES, NODES, Resource
from kheadless_tui.lab.objects.store import Object, Store
from kheadless_tui.lab.objects.yaml_text import load_yaml

_PACKAGE = "kheadless_tui.lab.worlds"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of objects, in one namespace."""

    file: str
    namespace: str
    """Made when it is not there; empty for a file whose objects say themselves where they are."""
    age: float
    """Seconds before the start at which it was applied."""


CLUSTER = Part("cluster.yaml", "", 9 * 3600.0)
ODD_PODS = "odd-pods"
"""The namespace whose pods are not all ready."""
WORLDS: dict[str, tuple[Part, ...]] = {
    "empty": (CLUSTER,),
    "tutorials": (
        CLUSTER,
        Part("tutorial-1.yaml", "tutorial-1", 7200.0),
        Part("tutorial-2.yaml", "tutorial-2", 6600.0),
        Part("tutorial-2-mended.yaml", "tutorial-2-mended", 6300.0),
        Part("tutorial-3.yaml", "tutorial-3", 5400.0),
        Part("tutorial-3-mended.yaml", "tutorial-3-mended", 5200.0),
        Part("tutorial-4.yaml", "tutorial-4", 5000.0),
        Part("tutorial-5.yaml", "tutorial-5", 4800.0),
        Part("tutorial-5-mended.yaml", "tutorial-5-mended", 4500.0),
        Part("dual-stack.yaml", "dual-stack", 3000.0),
        Part("team-a.yaml", "team-a", 2400.0),
    ),
}
WORLDS["demo"] = (
    *WORLDS["tutorials"],
    Part("fleet.yaml", "fleet", 4000.0),
    Part("odd-pods.yaml", ODD_PODS, 300.0),
    Part("changing.yaml", "changing", 600.0),
)
"""By name: ``empty`` (only the cluster), ``tutorials``, and ``demo``, in which something changes all the time."""

_SETTLE_SECONDS = 60.0
"""Between the last part and the start, at least: by then every pod is what it will be."""


def load(world: str, store: Store, objects: Objects, clock: Clock) -> None:
    """Apply a world's parts, each at its time; the clock must not run yet.

    Raises:
        ValueError: there is no such world.
    """
    if world not in WORLDS:
        raise ValueError(f"no world is called {world}; there are {', '.join(sorted(WORLDS))}")
    parts = sorted(WORLDS[world], key=lambda part: -part.age)
    start = clock.now() + parts[0].age
    with _no_collection():
        for part in parts:
            clock.advance(max(start - part.age - clock.now(), 0.0))
            if part.namespace:
                objects.create(NAMESPACES, "", {"metadata": {"name": part.namespace}})
            for item in documents(read_part(part.file), part.file):
                apply(store, objects, item, part.namespace or "default")
        clock.advance(max(start - clock.now(), _SETTLE_SECONDS))


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Without looking for garbage: all that is made stays, and looking costs a third of the start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_part(file: str) -> str:
    """The text of a file of this package."""
    return resources.files(_PACKAGE).joinpath(file).read_text("utf-8")


def documents(text: str, where: str) -> Iterator[Object]:
    """The objects of a text of YAML or JSON, Lists taken apart.

    Raises:
        InputError: it cannot be read.
    """
    try:
        found = list(load_yaml(text))
    except yaml.YAMLError as error:
        raise InputError(f"not YAML: {error}", where=where) from error
    for document in found:
        if document is None:
            continue
        if not isinstance(document, dict) or "kind" not in document:
            raise InputError("a Kubernetes object was expected, with apiVersion and kind", where=where)
        if str(document["kind"]).endswith("List") and isinstance(document.get("items"), list):
            yield from document["items"]
        else:
            yield document


def apply(store: Store, objects: Objects, item: Object, namespace: str) -> Object:
    """Create an object, or put it in place of the one of its name.

    Raises:
        ApiFailure: as the API server refuses it.
    """
    resource = _resource_of(item)
    meta = item.setdefault("metadata", {})
    where = meta.get("namespace") or namespace if resource.namespaced else ""
    old = store.find(resource, where, meta.get("name", ""))
    if old is None:
        made = objects.create(resource, where, item)
        return _with_node_status(store, made, item) if resource is NODES else made
    body = {
        **item,
        "metadata": {**old["metadata"], **meta, "namespace": where} if where else {**old["metadata"], **meta},
    }
    return objects.update(resource, body)


def _resource_of(item: Object) -> Resource:
    kind = (str(item.get("apiVersion")), str(item.get("kind")))
    if kind not in BY_KIND:
        raise ApiFailure(404, "NotFound", f'no matches for kind "{kind[1]}" in version "{kind[0]}"')
    return BY_KIND[kind]


def _with_node_status(store: Store, made: Object, item: Object) -> Object:
    """A Node reports about itself; there is no kubelet here that would."""
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
    }
    status: dict[str, Any] = {
        "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
        "conditions": [condition],
        "nodeInfo": _NODE_INFO,
        **item.get("status", {}),
    }
    return store.update(NODES, {**made, "status": status})


_NODE_INFO = {
    "kubeletVersion": "v1.34.4",
    "containerRuntimeVersion": "containerd://2.1.4",
    "operatingSystem": "linux",
    "architecture": "amd64",
    "osImage": "the lab",
    "kernelVersion": "6.12",
}

CHANGE_SECONDS = 4.0
"""Between two changes in the namespace ``changing``."""
_NAMESPACE, _SET = "changing", "worker"


def keep_changing(
    clock: Clock, scale: Callable[[str, str, int], None], set_ready: Callable[[str, str, bool | None], None]
) -> None:
    """Grow, lose readiness, get it back, shrink; for as long as the clock runs."""
    steps: list[Callable[[], None]] = [
        lambda: scale(_NAMESPACE, _SET, 6),
        lambda: set_ready(_NAMESPACE, f"{_SET}-1", False),
        lambda: scale(_NAMESPACE, _SET, 3),
        lambda: set_ready(_NAMESPACE, f"{_SET}-1", None),
        lambda: scale(_NAMESPACE, _SET, 5),
        lambda: set_ready(_NAMESPACE, f"{_SET}-0", False),
        lambda: scale(_NAMESPACE, _SET, 4),
        lambda: set_ready(_NAMESPACE, f"{_SET}-0", None),
    ]

    def change(number: int) -> None:
        with contextlib.suppress(ApiFailure):  # someone has deleted what was to change
            steps[number % len(steps)]()
        clock.call_later(CHANGE_SECONDS, lambda: change(number + 1))

    clock.call_later(CHANGE_SECONDS, lambda: change(0))
