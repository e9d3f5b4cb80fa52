"""What the kubelet writes into a pod's status."""

from __future__ import annotations

import secrets
from typing import Any

from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.pods.images import find_image, full_reference

RESTART_SECONDS = 0.3
"""To the first restart of a container that has ended; later ones wait for the back-off."""
BACK_OFF_SECONDS, MAX_BACK_OFF_SECONDS = 10.0, 300.0
"""The first back-off of a container or an image, and the longest (kubelet, MaxContainerBackOff)."""


_ORDER = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
"""Of the conditions, as the kubelet writes them."""


def set_condition(pod: Object, kind: str, holds: bool, now: str, reason: str = "", message: str = "") -> None:
    """Write one condition; its time stays when its status does."""
    conditions = pod["status"].setdefault("conditions", [])
    wanted: dict[str, Any] = {"type": kind, "status": "True" if holds else "False", "lastProbeTime": None}
    if "generation" in pod["metadata"]:
        wanted["observedGeneration"] = pod["metadata"]["generation"]
    old = next((item for item in conditions if item["type"] == kind), None)
    same = old is not None and old["status"] == wanted["status"]
    wanted["lastTransitionTime"] = old["lastTransitionTime"] if same and old else now
    if reason:
        wanted["reason"] = reason
    if message:
        wanted["message"] = message
    if old is not None:
        conditions[conditions.index(old)] = wanted
    else:
        conditions.append(wanted)
        conditions.sort(key=lambda item: _ORDER.index(item["type"]) if item["type"] in _ORDER else len(_ORDER))


def set_readiness(pod: Object, now: str) -> None:
    """Ready and ContainersReady, from the containers' status."""
    if "generation" in pod["metadata"]:
        pod["status"]["observedGeneration"] = pod["metadata"]["generation"]
    states = pod["status"].get("containerStatuses") or ()
    unready = [state["name"] for state in states if not state["ready"]]
    phase = pod["status"].get("phase")
    reason, message = "", ""
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
    elif unready:
        reason, message = "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    for kind in ("Ready", "ContainersReady"):
        set_condition(pod, kind, not reason, now, reason, message)


def waiting(container: Object, reason: str = "ContainerCreating") -> Object:
    """The status of a container that is being created, or has to wait for init containers."""
    return {
        "name": container["name"],
        "state": {"waiting": {"reason": reason}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": container["image"],
        "imageID": "",
        "started": False,
    }


def identity(container: Object) -> Object:
    """What a container has once it has been created."""
    return {
        "image": full_reference(container["image"]),
        "imageID": f"sha256:{secrets.token_hex(32)}",
        "containerID": f"containerd://{secrets.token_hex(32)}",
        "resources": {},
    }


def terminated(state: Object, code: int, now: str) -> Object:
    """The state of a container that has run."""
    return {
        "exitCode": code,
        "reason": "Completed" if code == 0 else "Error",
        "startedAt": state["state"]["running"]["startedAt"],
        "finishedAt": now,
        "containerID": state["containerID"],
    }


def find_state(pod: Object, name: str) -> Object | None:
    """The status of a container, of whatever sort."""
    for field in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for state in pod["status"].get(field) or ():
            if state["name"] == name:
                found: Object = state
                return found
    return None


def back_off(restarts: int) -> float:
    """Seconds to wait before the next start of a container that has been restarted so often."""
    return RESTART_SECONDS if not restarts else min(BACK_OFF_SECONDS * 2 ** (restarts - 1), MAX_BACK_OFF_SECONDS)


def find_container(pod: Object, name: str) -> Object:
    """The container of a pod that has this name, of whatever sort but ephemeral."""
    spec = pod["spec"]
    found: Object = next(c for c in [*(spec.get("initContainers") or ()), *spec["containers"]] if c["name"] == name)
    return found


def is_sidecar(container: Object) -> bool:
    """Whether an init container goes on running while the others start."""
    return container.get("restartPolicy") == "Always"


def probe_failure(pod: Object, container: Object, which: str = "readinessProbe") -> str:
    """What a probe of a container that runs would report; empty when it passes, or there is none.

    A probe over HTTP or TCP passes where the image's own program listens; one that runs a command passes, but for
    ``false``.
    """
    probe = container.get(which) or {}
    address = pod["status"].get("podIP", "")
    image = find_image(container["image"])
    for kind in ("httpGet", "tcpSocket"):
        if kind not in probe:
            continue
        port = _number(container, probe[kind].get("port"))
        if image is not None and port in image.listens:
            return ""
        refused = f"dial tcp {address}:{port}: connect: connection refused"
        if kind == "tcpSocket":
            return refused
        scheme, path = probe[kind].get("scheme", "HTTP").lower(), probe[kind].get("path", "/")
        return f'Get "{scheme}://{address}:{port}{path}": {refused}'
    command = (probe.get("exec") or {}).get("command") or ()
    return " " if tuple(command[:1]) in (("false",), ("/bin/false",)) else ""


def held_unready(container: Object) -> str:
    """What a readiness probe reports that a lever has made fail."""
    return " " if (container.get("readinessProbe") or {}).get("exec") else "HTTP probe failed with statuscode: 503"


def _number(container: Object, port: Any) -> int:
    if isinstance(port, int):
        return port
    named = (item["containerPort"] for item in container.get("ports") or () if item.get("name") == port)
    return int(next(named, 0))


def patience(probe: Object) -> float:
    """Seconds from a container's start until a probe that never passes has failed often enough."""
    tries = int(probe.get("failureThreshold", 3))
    return float(probe.get("initialDelaySeconds", 0)) + float(probe.get("periodSeconds", 10)) * tries


def readiness_delay(container: Object) -> float:
    """Seconds from a container's start to the first answer of its readiness probe."""
    probe = container.get("readinessProbe")
    if not probe:
        return 0.0
    return float(probe.get("initialDelaySeconds", 0)) + float(probe.get("periodSeconds", 10)) / 2
