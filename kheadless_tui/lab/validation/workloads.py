"""StatefulSets, Deployments and ReplicaSets (pkg/apis/apps/validation)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab.objects.failure import Cause
from kheadless_tui.lab.validation import selectors
from kheadless_tui.lab.validation.fields import forbidden, invalid, labels, one_of, required
from kheadless_tui.lab.validation.pods import pod_spec

_MUTABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_SET_UPDATES = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def _internal(strategy: dict[str, Any]) -> dict[str, Any]:
    """A strategy as messages show it: the internal type, whose fields have Go's names."""
    return {"Type": strategy.get("type", ""), "RollingUpdate": strategy.get("rollingUpdate")}


def stateful_set(spec: dict[str, Any]) -> Iterator[Cause]:
    """A StatefulSet, new or changed."""
    if spec.get("podManagementPolicy") not in ("OrderedReady", "Parallel"):
        yield invalid(
            "spec.podManagementPolicy", spec.get("podManagementPolicy"), "must be 'OrderedReady' or 'Parallel'"
        )
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") not in ("RollingUpdate", "OnDelete"):
        yield invalid("spec.updateStrategy", _internal(strategy), "must be 'RollingUpdate' or 'OnDelete'")
    yield from _replicas(spec)
    yield from _selector_and_template(spec, "statefulset")
    for number, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        yield from volume_claim(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{number}].spec")


def changed_stateful_set(spec: dict[str, Any], before: dict[str, Any]) -> Iterator[Cause]:
    """A StatefulSet that is changed."""
    yield from stateful_set(spec)
    if {k: v for k, v in spec.items() if k not in _MUTABLE} != {k: v for k, v in before.items() if k not in _MUTABLE}:
        yield forbidden("spec", _SET_UPDATES)


def deployment(spec: dict[str, Any]) -> Iterator[Cause]:
    """A Deployment, new or changed."""
    yield from _replicas(spec)
    yield from _selector_and_template(spec, "deployment")
    strategy = spec.get("strategy") or {}
    if strategy.get("type") not in ("Recreate", "RollingUpdate"):
        yield from one_of("spec.strategy", _internal(strategy), ("Recreate", "RollingUpdate"))
    rolling = strategy.get("rollingUpdate") or {}
    if rolling and rolling.get("maxSurge") in (0, "0%") and rolling.get("maxUnavailable") in (0, "0%"):
        value = rolling["maxUnavailable"]
        yield invalid("spec.strategy.rollingUpdate.maxUnavailable", value, "may not be 0 when `maxSurge` is 0")


def replica_set(spec: dict[str, Any]) -> Iterator[Cause]:
    """A ReplicaSet, new or changed."""
    yield from _replicas(spec)
    yield from _selector_and_template(spec, "replica set")


def volume_claim(spec: dict[str, Any], field: str = "spec") -> Iterator[Cause]:
    """A PersistentVolumeClaim."""
    if not spec.get("accessModes"):
        yield required(f"{field}.accessModes", "at least 1 access mode is required")
    if "storage" not in ((spec.get("resources") or {}).get("requests") or {}):
        yield required(f"{field}.resources[storage]")


def same_selector(spec: dict[str, Any], before: dict[str, Any]) -> Iterator[Cause]:
    """A Deployment or ReplicaSet that is changed keeps its selector."""
    if spec.get("selector") != before.get("selector"):
        yield invalid("spec.selector", spec.get("selector"), "field is immutable")


def _replicas(spec: dict[str, Any]) -> Iterator[Cause]:
    if isinstance(spec.get("replicas"), int) and spec["replicas"] < 0:
        yield invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")


def _selector_and_template(spec: dict[str, Any], kind: str) -> Iterator[Cause]:
    template = spec.get("template") or {}
    own = (template.get("metadata") or {}).get("labels")
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid("spec.selector", {}, f"empty selector is invalid for {kind}")
    else:
        yield from labels("spec.selector.matchLabels", selector.get("matchLabels"))
    empty = selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions")
    if selector is None or (not empty and not selectors.matches(selectors.of_workload(selector), own)):
        yield invalid("spec.template.metadata.labels", own, "`selector` does not match template `labels`")
    yield from labels("spec.template.labels", own)
    inner = template.get("spec") or {}
    if claimed := [
        {"name": (claim.get("metadata") or {}).get("name")} for claim in spec.get("volumeClaimTemplates") or ()
    ]:
        inner = {**inner, "volumes": [*(inner.get("volumes") or ()), *claimed]}
    yield from pod_spec(inner, "spec.template.spec")
    if inner.get("restartPolicy") in ("Never", "OnFailure"):
        yield from one_of("spec.template.spec.restartPolicy", inner["restartPolicy"], ("Always",))
