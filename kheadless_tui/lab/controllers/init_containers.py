"""Init containers: one after the other, before all others (kubelet, kuberuntime computeInitContainerActions)."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.lab.controllers.pod_status import is_sidecar, set_condition
from kheadless_tui.lab.objects.store import Object


def _unfinished(pod: Object) -> Iterator[tuple[Object, Object]]:
    """Those that have not done their work, each with its status."""
    containers, states = pod["spec"].get("initContainers") or (), pod["status"].get("initContainerStatuses") or ()
    for container, state in zip(containers, states, strict=True):
        if is_sidecar(container):
            done = "running" in state["state"]
        else:
            done = (state["state"].get("terminated") or {}).get("exitCode") == 0
        if not done:
            yield container, state


def next_to_start(pod: Object) -> tuple[Object, Object] | None:
    """The first of them that has not done its work, when it has not been begun; else nothing is to be started."""
    container, state = next(_unfinished(pod), (None, None))
    if container is None or state is None:
        return None
    return (container, state) if is_unbegun(state) else None


def is_unbegun(state: Object) -> bool:
    """Whether nobody has tried to start this container yet."""
    return (state["state"].get("waiting") or {}).get("reason") in ("PodInitializing", "ContainerCreating")


def has_to_wait(pod: Object) -> bool:
    """Whether the other containers may not start yet."""
    return next(_unfinished(pod), None) is not None


def set_initialized(pod: Object, now: str) -> None:
    """The condition Initialized."""
    missing = [container["name"] for container, _ in _unfinished(pod)]
    if missing:
        message = f"containers with incomplete status: [{' '.join(missing)}]"
        set_condition(pod, "Initialized", False, now, "ContainersNotInitialized", message)
    else:
        set_condition(pod, "Initialized", True, now)
