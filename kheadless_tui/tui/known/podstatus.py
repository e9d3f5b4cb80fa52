"""READY, STATUS and RESTARTS of a pod, word for word as ``kubectl get pods`` writes them.

Source: pkg/printers/internalversion/printers.go printPod.
"""

from __future__ import annotations

from typing import NamedTuple

from kheadless_tui.model.workloads import Container, ContainerStatus, Pod, StateDetail


class PodStatusText(NamedTuple):
    """The three columns."""

    ready: str
    status: str
    restarts: int


def pod_status_text(pod: Pod) -> PodStatusText:
    """What kubectl would print for this pod."""
    spec, status = pod.spec, pod.status
    sidecars = {item.name for item in spec.init_containers or () if _is_sidecar(item)}
    total = len(spec.containers or ()) + len(sidecars)
    reason = status.reason or status.phase or "Unknown"
    if any(c.type == "PodScheduled" and c.reason == "SchedulingGated" for c in status.conditions or ()):
        reason = "SchedulingGated"
    initializing, ready, restarts = _init_reason(pod, sidecars)
    if initializing and not _has_condition(pod, "Initialized"):
        reason = initializing
    else:
        reason = _container_reason(pod, initializing or reason)
        restarts = sum(item.restart_count for item in status.init_container_statuses or () if item.name in sidecars)
        restarts += sum(item.restart_count for item in pod.container_statuses)
        ready += sum(1 for item in pod.container_statuses if item.ready and item.state and item.state.running)
    if pod.terminating and status.reason == "NodeLost":
        reason = "Unknown"
    elif pod.terminating and status.phase not in ("Succeeded", "Failed"):
        reason = "Terminating"
    return PodStatusText(f"{ready}/{total}", reason, restarts)


def _is_sidecar(container: Container) -> bool:
    return container.restart_policy == "Always"


def _has_condition(pod: Pod, name: str) -> bool:
    return any(c.type == name and c.status == "True" for c in pod.status.conditions or ())


def _init_reason(pod: Pod, sidecars: set[str]) -> tuple[str, int, int]:
    """The reason while init containers run (empty when they are done), ready sidecars, restarts."""
    ready = restarts = 0
    total = len(pod.spec.init_containers or ())
    for number, item in enumerate(pod.status.init_container_statuses or ()):
        restarts += item.restart_count
        state = item.state
        if state and state.terminated and (state.terminated.exit_code or 0) == 0:
            continue
        if item.name in sidecars and state and state.running:
            ready += 1 if item.ready else 0
            continue
        if state and state.terminated:
            return f"Init:{_ended(state.terminated)}", ready, restarts
        if state and state.waiting and state.waiting.reason not in (None, "", "PodInitializing"):
            return f"Init:{state.waiting.reason}", ready, restarts
        return f"Init:{number}/{total}", ready, restarts
    return "", ready, restarts


def _container_reason(pod: Pod, reason: str) -> str:
    running = False
    for item in reversed(pod.container_statuses):
        reason, runs = _one_reason(item, reason)
        running = running or runs
    if reason == "Completed" and running:
        return "Running" if _has_condition(pod, "Ready") else "NotReady"
    return reason


def _one_reason(item: ContainerStatus, reason: str) -> tuple[str, bool]:
    state = item.state
    if state is None:
        return reason, False
    if state.waiting and state.waiting.reason:
        return state.waiting.reason, False
    if state.terminated:
        return _ended(state.terminated), False
    return reason, bool(item.ready and state.running)


def _ended(detail: StateDetail) -> str:
    return detail.reason or f"ExitCode:{detail.exit_code or 0}"
