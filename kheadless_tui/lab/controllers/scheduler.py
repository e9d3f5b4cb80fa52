"""The scheduler, and what deletes the pods of a Node that is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.controllers.events import NORMAL, WARNING, Events
from kheadless_tui.lab.controllers.pod_status import set_condition
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.resources import NODES, PODS
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, key_of

SCHEDULE_SECONDS = 0.05
_COMPONENT = "default-scheduler"


class Scheduler:
    """Gives every pod a Node, in turn, that fits."""

    def __init__(self, store: Store, objects: Objects, clock: Clock, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._events = events
        self._turn = 0

    def keys(self, change: Change) -> set[Key]:
        """A pod without a Node; all of them, when a Node comes or changes."""
        if change.resource is PODS:
            waits = change.type != "DELETED" and not change.item["spec"].get("nodeName")
            return {key_of(change.item)} if waits else set()
        if change.resource is NODES and change.type != "DELETED":
            return {key_of(pod) for pod in self._store.all(PODS) if not pod["spec"].get("nodeName")}
        return set()

    def reconcile(self, key: Key) -> None:
        """Schedule a pod a moment later."""
        pod = self._store.find(PODS, *key)
        if pod is not None:
            self._clock.call_later(SCHEDULE_SECONDS, lambda: self._schedule(key, pod["metadata"]["uid"]))

    def _schedule(self, key: Key, uid: str) -> None:
        pod = self._store.find(PODS, *key)
        if pod is None or pod["metadata"]["uid"] != uid or pod["spec"].get("nodeName"):
            return
        if "deletionTimestamp" in pod["metadata"]:
            return
        nodes = self._store.all(NODES)
        fitting = [node["metadata"]["name"] for node in nodes if not _why_not(node, pod)]
        if not fitting:
            self._say_unschedulable(pod, nodes)
            return
        self._turn += 1
        name = fitting[self._turn % len(fitting)]
        self._objects.change(PODS, *key, self._bind(name))
        message = f"Successfully assigned {key[0]}/{key[1]} to {name}"
        self._events.record(pod, NORMAL, "Scheduled", message, _COMPONENT)

    def _bind(self, node: str) -> Callable[[Object], None]:
        def edit(pod: Object) -> None:
            pod["spec"]["nodeName"] = node
            set_condition(pod, "PodScheduled", True, self._clock.timestamp())

        return edit

    def _say_unschedulable(self, pod: Object, nodes: list[Object]) -> None:
        if nodes:
            total = len(nodes)
            reasons = Counter(_why_not(node, pod) for node in nodes)
            why = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
            message = (
                f"0/{total} nodes are available: {why}. no new claims to deallocate, preemption: 0/{total} nodes are "
                f"available: {total} Preemption is not helpful for scheduling."
            )
        else:
            message = "no nodes available to schedule pods"

        def edit(item: Object) -> None:
            set_condition(item, "PodScheduled", False, self._clock.timestamp(), "Unschedulable", message)

        self._objects.change(PODS, *key_of(pod), edit)
        self._events.record(pod, WARNING, "FailedScheduling", message, _COMPONENT)


def _why_not(node: Object, pod: Object) -> str:
    """Why a pod does not go on a Node, in the scheduler's words; empty when it does."""
    spec, wanted = node.get("spec", {}), pod["spec"].get("nodeSelector") or {}
    labels = node["metadata"].get("labels") or {}
    if spec.get("unschedulable"):
        return "node(s) were unschedulable"
    if any(labels.get(key) != value for key, value in wanted.items()) or not _attracts(node, pod):
        return "node(s) didn't match Pod's node affinity/selector"
    tolerated = pod["spec"].get("tolerations") or ()
    for taint in spec.get("taints") or ():
        if taint["effect"] != "PreferNoSchedule" and not any(_tolerates(item, taint) for item in tolerated):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    return ""


def _attracts(node: Object, pod: Object) -> bool:
    """Whether a Node is one that the pod's affinity demands; one of its terms has to hold."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    demanded = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    fields = {"metadata.name": node["metadata"]["name"]}
    return demanded is None or any(
        bool(term.get("matchExpressions") or term.get("matchFields"))
        and _holds(term.get("matchExpressions"), node["metadata"].get("labels") or {})
        and _holds(term.get("matchFields"), fields)
        for term in demanded.get("nodeSelectorTerms") or ()
    )


def _holds(demands: list[Object] | None, values: Object) -> bool:
    """Whether all demands of a term hold for these labels or fields."""
    operators: dict[str, Callable[[str | None, list[str]], bool]] = {
        "In": lambda value, given: value in given,
        "NotIn": lambda value, given: value not in given,
        "Exists": lambda value, given: value is not None,
        "DoesNotExist": lambda value, given: value is None,
        "Gt": lambda value, given: value is not None and value.isdigit() and int(value) > int(given[0]),
        "Lt": lambda value, given: value is not None and value.isdigit() and int(value) < int(given[0]),
    }
    return all(
        operators[one["operator"]](values.get(one.get("key", "")), one.get("values") or []) for one in demands or ()
    )


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect", taint["effect"]) != taint["effect"]:
        return False
    if toleration.get("key", taint["key"]) != taint["key"]:
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", "")


class OrphanedPods:
    """Deletes pods whose Node is gone (pkg/controller/podgc); its keys are the names of Nodes."""

    QUARANTINE_SECONDS = 40.0
    """How long a Node has to be gone (gc_controller.go, nodeQuarantineTime)."""

    def __init__(self, store: Store, objects: Objects, clock: Clock) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock

    def keys(self, change: Change) -> set[Key]:
        """A Node that is deleted."""
        return {key_of(change.item)} if change.resource is NODES and change.type == "DELETED" else set()

    def reconcile(self, key: Key) -> None:
        """Wait, and then delete what was there without grace."""
        self._clock.call_later(self.QUARANTINE_SECONDS, lambda: self._collect(key))

    def _collect(self, key: Key) -> None:
        if self._store.find(NODES, *key) is not None:
            return
        for pod in self._store.all(PODS):
            if pod["spec"].get("nodeName") == key[1]:
                self._objects.delete(PODS, *key_of(pod), {"gracePeriodSeconds": 0})
