"""How the kubelets write: into a pod that may have gone or been made again meanwhile, and into its Events."""

from __future__ import annotations

from collections.abc import Callable

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.controllers.events import Events
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.resources import PODS
from kheadless_tui.lab.objects.store import Key, Object, Store


class PodWriter:
    """Changes pods by their keys and uids."""

    def __init__(self, store: Store, objects: Objects, clock: Clock, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._events = events

    def find(self, key: Key, uid: str) -> Object | None:
        """The pod, if it is still that one."""
        found = self._store.find(PODS, *key)
        return found if found is not None and found["metadata"]["uid"] == uid else None

    def change(self, key: Key, uid: str, edit: Callable[[Object], None]) -> None:
        """Change the pod, if it is still that one."""
        if self.find(key, uid) is not None:
            self._objects.change(PODS, *key, edit)

    def later(self, seconds: float, key: Key, uid: str, edit: Callable[[Object], None]) -> None:
        """Change it after so many seconds of lab time."""
        self._clock.call_later(seconds, lambda: self.change(key, uid, edit))

    def say(self, pod: Object, kind: str, reason: str, message: str, container: str = "") -> None:
        """An Event of the pod, from its kubelet."""
        node = pod["spec"].get("nodeName", "")
        self._events.record(pod, kind, reason, message, "kubelet", host=node, container=container)
