"""What ``kubectl get pods`` shows of a pod (pkg/printers/internalversion/printers.go, printPod)."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.lab.objects.clock import parse_rfc3339
from kheadless_tui.lab.objects.store import Object


def human_duration(seconds: float) -> str:
    """As kubectl writes ages (k8s.io/apimachinery pkg/util/duration, HumanDuration)."""
    whole = max(int(seconds), 0)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    return f"{days // 365}y"


def _states(pod: Object, kind: str = "containerStatuses") -> list[Object]:
    return pod.get("status", {}).get(kind) or []


def _sidecars(pod: Object) -> Iterator[Object]:
    names = {item["name"] for item in pod["spec"].get("initContainers") or () if item.get("restartPolicy") == "Always"}
    return (state for state in _states(pod, "initContainerStatuses") if state["name"] in names)


def pod_ready(pod: Object, now: float) -> str:
    """Containers that are ready, of how many; sidecars are among them."""
    sidecars = [*_sidecars(pod)]
    ready = sum(bool(state.get("ready")) for state in (*_states(pod), *sidecars))
    return f"{ready}/{len(pod['spec'].get('containers') or ()) + len(sidecars)}"


def pod_status(pod: Object, now: float = 0.0) -> str:
    """The STATUS of a pod: its phase, or the reason of a container that waits or has ended."""
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    initializing = _initializing(pod)
    if initializing:
        return initializing
    reason = pod.get("status", {}).get("reason") or pod.get("status", {}).get("phase") or "Pending"
    running = False
    for state in reversed(_states(pod)):
        now_in = state.get("state") or {}
        waiting, terminated = now_in.get("waiting") or {}, now_in.get("terminated") or {}
        reason = waiting.get("reason") or terminated.get("reason") or reason
        running = running or bool(state.get("ready") and "running" in now_in)
    if reason == "Completed" and running:
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())
        return "Running" if ready else "NotReady"
    return str(reason)


def _initializing(pod: Object) -> str:
    """How far the init containers are; empty when they have done their work."""
    sidecars = {state["name"] for state in _sidecars(pod)}
    states = _states(pod, "initContainerStatuses")
    for number, state in enumerate(states):
        now_in = state.get("state") or {}
        waiting, terminated = now_in.get("waiting") or {}, now_in.get("terminated")
        if (terminated or {}).get("exitCode") == 0 or (state["name"] in sidecars and state.get("started")):
            continue
        if terminated is not None:
            return f"Init:{terminated.get('reason', '')}"
        if waiting.get("reason") not in (None, "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{number}/{len(states)}"
    return ""


def pod_restarts(pod: Object, now: float) -> str:
    """How often containers were started again, and when last; while init containers are at work, theirs."""
    states = _states(pod, "initContainerStatuses") if _initializing(pod) else [*_states(pod), *_sidecars(pod)]
    count = sum(state.get("restartCount", 0) for state in states)
    ended = [((state.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for state in states]
    last = max(filter(None, ended), default="")
    return f"{count} ({human_duration(now - parse_rfc3339(last))} ago)" if count and last else str(count)
