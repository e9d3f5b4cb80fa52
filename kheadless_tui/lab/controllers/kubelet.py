"""Scheduler and kubelet in small: a pod gets a node, addresses, running containers, an end."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable
from typing import Any

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.clock import Clock, Timer, parse_rfc3339
from kheadless_tui.lab.defaults import Addresses
from kheadless_tui.lab.failure import ApiFailure
from kheadless_tui.lab.pods.images import FOREVER, Run, find_image, full_reference, run_of
from kheadless_tui.lab.resources import NODES, PODS
from kheadless_tui.lab.store import Change, Key, Object, Store, key_of

POD_RANGE = ipaddress.ip_network("10.244.0.0/16")
POD_RANGE_6 = ipaddress.ip_network("fd00:244::/64")

SCHEDULE_SECONDS = 0.05
START_SECONDS = 0.25
"""From being scheduled to running, with the image on the node."""
PULL_FAILED_SECONDS = 1.0
BACK_OFF_SECONDS = 10.0
"""From a failed pull to ImagePullBackOff (kubelet, backOffPeriod)."""
STOP_SECONDS = 0.5
"""A server that heeds SIGTERM."""


class Kubelet:
    """All nodes' kubelets, and the scheduler."""

    def __init__(self, store: Store, objects: Objects, clock: Clock) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._addresses = {"IPv4": Addresses(POD_RANGE, 2), "IPv6": Addresses(POD_RANGE_6, 2)}
        self._begun: set[str] = set()
        self._ending: dict[str, Timer] = {}
        self._held: dict[str, bool] = {}
        self._ephemeral: set[tuple[str, str]] = set()
        self._turn = 0

    def keys(self, change: Change) -> set[Key]:
        """Every pod."""
        if change.resource is not PODS:
            return set()
        if change.type == "DELETED":
            self._forget(change.item)
            return set()
        return {key_of(change.item)}

    def hold_readiness(self, namespace: str, name: str, *, ready: bool | None) -> None:
        """A lever: the readiness probe of a pod answers that from now on; ``None`` lets it be as it was."""
        pod = self._store.get(PODS, namespace, name)
        uid = pod["metadata"]["uid"]
        if ready is None:
            self._held.pop(uid, None)
        else:
            self._held[uid] = ready
        if pod["status"].get("phase") == "Running":
            self._change(key_of(pod), uid, self._set_ready(True if ready is None else ready))

    def reconcile(self, key: Key) -> None:
        """Begin what has to be begun for this pod."""
        pod = self._store.find(PODS, *key)
        if pod is None:
            return
        uid = pod["metadata"]["uid"]
        if "deletionTimestamp" in pod["metadata"]:
            self._terminate(pod)
        elif not pod["spec"].get("nodeName"):
            self._later(SCHEDULE_SECONDS, key, uid, self._schedule)
        elif uid not in self._begun:
            self._begun.add(uid)
            self._change(key, uid, self._creating)
            self._later(START_SECONDS, key, uid, self._start)
            deadline = pod["spec"].get("activeDeadlineSeconds")
            if deadline is not None:
                self._clock.call_later(deadline, lambda: self._change(key, uid, self._exceed))
        else:
            for container in pod["spec"].get("ephemeralContainers") or ():
                self._begin_ephemeral(key, uid, container)

    # -- steps -------------------------------------------------------------------------------------------------

    def _later(self, seconds: float, key: Key, uid: str, edit: Callable[[Object], None]) -> None:
        self._clock.call_later(seconds, lambda: self._change(key, uid, edit))

    def _change(self, key: Key, uid: str, edit: Callable[[Object], None]) -> None:
        """Change the pod, if it is still that one."""
        found = self._store.find(PODS, *key)
        if found is not None and found["metadata"]["uid"] == uid:
            self._objects.change(PODS, *key, edit)

    def _schedule(self, pod: Object) -> None:
        if pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            return
        nodes = [node["metadata"]["name"] for node in self._store.all(NODES) if _fits(node, pod)]
        if not nodes:
            count = len(self._store.all(NODES))
            message = (
                f"0/{count} nodes are available: {count} node(s) didn't match Pod's node affinity/selector. "
                "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
            )
            self._condition(pod, "PodScheduled", False, "Unschedulable", message)
            return
        self._turn += 1
        pod["spec"]["nodeName"] = nodes[self._turn % len(nodes)]
        self._condition(pod, "PodScheduled", True)

    def _creating(self, pod: Object) -> None:
        status = pod["status"]
        node = self._store.find(NODES, "", pod["spec"]["nodeName"]) or {}
        addresses = [a["address"] for a in node.get("status", {}).get("addresses") or () if a["type"] == "InternalIP"]
        status["hostIP"] = addresses[0] if addresses else ""
        status["hostIPs"] = [{"ip": address} for address in addresses]
        status["startTime"] = self._clock.timestamp()
        status["containerStatuses"] = [
            _container_status(c, {"waiting": {"reason": "ContainerCreating"}}) for c in pod["spec"]["containers"]
        ]
        self._condition(pod, "PodReadyToStartContainers", False)
        self._condition(pod, "Initialized", True)
        self._set_conditions_of_readiness(pod)

    def _start(self, pod: Object) -> None:
        if pod["status"].get("phase") != "Pending" or "deletionTimestamp" in pod["metadata"]:
            return
        status = pod["status"]
        if pod["spec"].get("hostNetwork"):
            ips = [ip["ip"] for ip in status.get("hostIPs") or ()]
        else:
            ips = [addresses.allocate() for addresses in self._addresses.values()]
        status["podIP"], status["podIPs"] = ips[0], [{"ip": ip} for ip in ips]
        self._condition(pod, "PodReadyToStartContainers", True)
        key, uid = key_of(pod), pod["metadata"]["uid"]
        for container, state in zip(pod["spec"]["containers"], status["containerStatuses"], strict=True):
            self._start_container(key, uid, container, state)
        if not any("waiting" in state["state"] for state in status["containerStatuses"]):
            status["phase"] = "Running"
        delay = max((_readiness_delay(c) for c in pod["spec"]["containers"]), default=0.0)
        if delay:
            self._later(delay, key, uid, self._set_ready(self._held.get(uid, True)))
        else:
            self._set_ready(self._held.get(uid, True))(pod)
        self._end_if_all_ended(pod)

    def _start_container(self, key: Key, uid: str, container: Object, state: Object) -> None:
        image = find_image(container["image"])
        if image is None:
            self._fail_pull(key, uid, container, state)
            return
        run = run_of(
            image, image.argv(container.get("command"), container.get("args")), stdin=bool(container.get("stdin"))
        )
        now = self._clock.timestamp()
        state.update(_identity(container))
        if run.missing:
            message = (
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
                f'runc create failed: unable to start container process: exec: "{run.missing}": '
                "executable file not found in $PATH: unknown"
            )
            ended = {"exitCode": 128, "reason": "StartError", "message": message, "startedAt": "1970-01-01T00:00:00Z"}
            state["state"] = {"terminated": {**ended, "finishedAt": now, "containerID": state["containerID"]}}
            return
        state["state"] = {"running": {"startedAt": now}}
        state["started"] = True
        if run.seconds != FOREVER:
            self._later(run.seconds, key, uid, self._ended(container["name"], run))

    def _fail_pull(self, key: Key, uid: str, container: Object, state: Object) -> None:
        name, policy = container["image"], container.get("imagePullPolicy")
        if policy == "Never":
            message = f'Container image "{name}" is not present with pull policy of Never'
            state["state"] = {"waiting": {"reason": "ErrImageNeverPull", "message": message}}
            return
        full = full_reference(name)
        cause = (
            f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": pull access denied, '
            "repository does not exist or may require authorization: server message: insufficient_scope: "
            "authorization failed"
        )

        def waiting(reason: str, message: str) -> Callable[[Object], None]:
            def edit(pod: Object) -> None:
                for field in ("containerStatuses", "ephemeralContainerStatuses"):
                    for item in pod["status"].get(field) or ():
                        if item["name"] == container["name"] and "waiting" in item["state"]:
                            item["state"] = {"waiting": {"reason": reason, "message": message}}

            return edit

        self._later(PULL_FAILED_SECONDS, key, uid, waiting("ErrImagePull", cause))
        backing_off = f'Back-off pulling image "{name}": ErrImagePull: {cause}'
        self._later(PULL_FAILED_SECONDS + BACK_OFF_SECONDS, key, uid, waiting("ImagePullBackOff", backing_off))

    def _ended(self, name: str, run: Run) -> Callable[[Object], None]:
        def edit(pod: Object) -> None:
            for state in pod["status"].get("containerStatuses") or ():
                if state["name"] == name and "running" in state["state"]:
                    state["state"] = {"terminated": self._terminated(state, run.exit_code)}
                    state["ready"] = state["started"] = False
            self._set_conditions_of_readiness(pod)
            self._end_if_all_ended(pod)

        return edit

    def _terminated(self, state: Object, code: int) -> Object:
        return {
            "exitCode": code,
            "reason": "Completed" if code == 0 else "Error",
            "startedAt": state["state"]["running"]["startedAt"],
            "finishedAt": self._clock.timestamp(),
            "containerID": state["containerID"],
        }

    def _end_if_all_ended(self, pod: Object) -> None:
        states = pod["status"].get("containerStatuses") or ()
        codes = [item["state"]["terminated"]["exitCode"] for item in states if "terminated" in item["state"]]
        if len(codes) < len(states):
            return
        policy = pod["spec"].get("restartPolicy", "Always")
        if policy == "Always" or (policy == "OnFailure" and any(codes)):
            for state in states:
                message = f"back-off 5m0s restarting failed container={state['name']} pod={pod['metadata']['name']}"
                state["lastState"] = state["state"]
                state["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
                state["restartCount"] += 1
        else:
            pod["status"]["phase"] = "Failed" if any(codes) else "Succeeded"
        self._set_conditions_of_readiness(pod)

    def _exceed(self, pod: Object) -> None:
        """ActiveDeadlineSeconds has passed."""
        if pod["status"].get("phase") not in ("Pending", "Running"):
            return
        message = "Pod was active on the node longer than the specified deadline"
        pod["status"].update({"phase": "Failed", "reason": "DeadlineExceeded", "message": message})
        for state in pod["status"].get("containerStatuses") or ():
            if "running" in state["state"]:
                state["state"] = {"terminated": self._terminated(state, 137)}
            state["ready"] = state["started"] = False
        self._set_conditions_of_readiness(pod)

    # -- readiness ---------------------------------------------------------------------------------------------

    def _set_ready(self, ready: bool) -> Callable[[Object], None]:
        def edit(pod: Object) -> None:
            for state in pod["status"].get("containerStatuses") or ():
                state["ready"] = ready and "running" in state["state"]
            self._set_conditions_of_readiness(pod)

        return edit

    def _set_conditions_of_readiness(self, pod: Object) -> None:
        states = pod["status"].get("containerStatuses") or ()
        unready = [state["name"] for state in states if not state["ready"]]
        phase = pod["status"].get("phase")
        reason, message = "", ""
        if phase in ("Succeeded", "Failed"):
            reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        elif unready:
            reason, message = "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
        for kind in ("Ready", "ContainersReady"):
            self._condition(pod, kind, not reason, reason, message)

    def _condition(self, pod: Object, kind: str, holds: bool, reason: str = "", message: str = "") -> None:
        conditions = pod["status"].setdefault("conditions", [])
        wanted: dict[str, Any] = {"type": kind, "status": "True" if holds else "False", "lastProbeTime": None}
        old = next((item for item in conditions if item["type"] == kind), None)
        same = old is not None and old["status"] == wanted["status"]
        wanted["lastTransitionTime"] = old["lastTransitionTime"] if same and old else self._clock.timestamp()
        if reason:
            wanted["reason"] = reason
        if message:
            wanted["message"] = message
        if old is not None:
            conditions[conditions.index(old)] = wanted
        else:
            conditions.append(wanted)

    # -- ephemeral containers ----------------------------------------------------------------------------------

    def _begin_ephemeral(self, key: Key, uid: str, container: Object) -> None:
        if (uid, container["name"]) in self._ephemeral:
            return
        self._ephemeral.add((uid, container["name"]))

        def start(pod: Object) -> None:
            if pod["status"].get("phase") != "Running":
                return
            state = _container_status(container, {"waiting": {"reason": "ContainerCreating"}})
            self._start_container(key, uid, container, state)
            state.pop("started", None)
            pod["status"].setdefault("ephemeralContainerStatuses", []).append(state)

        self._later(START_SECONDS, key, uid, start)

    # -- the end -----------------------------------------------------------------------------------------------

    def _terminate(self, pod: Object) -> None:
        key, uid = key_of(pod), pod["metadata"]["uid"]
        grace = pod["metadata"].get("deletionGracePeriodSeconds", 0)
        left = parse_rfc3339(pod["metadata"]["deletionTimestamp"]) - self._clock.now()
        stubborn = any(_ignores_sigterm(container) for container in pod["spec"]["containers"])
        seconds = min(grace, max(left, 0.0)) if stubborn else min(STOP_SECONDS, grace)
        if uid in self._ending:
            if self._ending[uid].due <= self._clock.now() + seconds:
                return
            self._ending[uid].cancel()
        self._ending[uid] = self._clock.call_later(seconds, lambda: self._gone(key, uid))

    def _gone(self, key: Key, uid: str) -> None:
        found = self._store.find(PODS, *key)
        if found is None or found["metadata"]["uid"] != uid:
            return
        try:
            self._store.delete(PODS, *key)
        except ApiFailure:
            return

    def _forget(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        self._begun.discard(uid)
        self._held.pop(uid, None)
        timer = self._ending.pop(uid, None)
        if timer is not None:
            timer.cancel()
        self._ephemeral = {entry for entry in self._ephemeral if entry[0] != uid}
        if not pod["spec"].get("hostNetwork"):
            for ip in pod["status"].get("podIPs") or ():
                self._addresses["IPv6" if ":" in ip["ip"] else "IPv4"].release(ip["ip"])


def _fits(node: Object, pod: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    wanted = pod["spec"].get("nodeSelector") or {}
    return not node.get("spec", {}).get("unschedulable") and all(labels.get(k) == v for k, v in wanted.items())


def _readiness_delay(container: Object) -> float:
    probe = container.get("readinessProbe")
    if not probe:
        return 0.0
    return float(probe.get("initialDelaySeconds", 0)) + float(probe.get("periodSeconds", 10)) / 2


def _ignores_sigterm(container: Object) -> bool:
    """``sleep`` as the first process of a container has no handler, so that the kernel keeps the signal from it."""
    command = container.get("command") or container.get("args") or ()
    first: str = command[0] if command else ""
    return first.rpartition("/")[2] in ("sleep", "sh", "bash")


def _container_status(container: Object, state: Object) -> Object:
    return {
        "name": container["name"],
        "state": state,
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": container["image"],
        "imageID": "",
        "started": False,
    }


def _identity(container: Object) -> Object:
    return {
        "image": full_reference(container["image"]),
        "imageID": f"sha256:{secrets.token_hex(32)}",
        "containerID": f"containerd://{secrets.token_hex(32)}",
    }
