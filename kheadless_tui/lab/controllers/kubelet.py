"""The kubelets in small: a pod that has a Node gets addresses, running containers, an end."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Protocol

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.clock import Clock, Timer, parse_rfc3339
from kheadless_tui.lab.controllers.events import NORMAL, WARNING, Events
from kheadless_tui.lab.controllers.pod_status import (
    BACK_OFF_SECONDS,
    back_off,
    find_state,
    held_unready,
    identity,
    readiness_delay,
    readiness_failure,
    set_condition,
    set_readiness,
    terminated,
    waiting,
)
from kheadless_tui.lab.defaults import Addresses
from kheadless_tui.lab.failure import ApiFailure
from kheadless_tui.lab.pods.images import FOREVER, find_image, full_reference, run_of
from kheadless_tui.lab.resources import NODES, PODS
from kheadless_tui.lab.store import Change, Key, Object, Store, key_of

POD_RANGE = ipaddress.ip_network("10.244.0.0/16")
POD_RANGE_6 = ipaddress.ip_network("fd00:244::/64")

START_SECONDS = 0.25
"""From being scheduled to running, with the image on the node."""
PULL_FAILED_SECONDS = 1.0
STOP_SECONDS = 0.5
"""A server that heeds SIGTERM."""


class Launcher(Protocol):
    """Runs the programs of containers whose output somebody will want to see."""

    def launch(self, pod: Object, container: Object, ended: Callable[[int], None]) -> bool:
        """Run a container's program; whether it is run, and ``ended`` will be called with its exit status."""

    def forget(self, uid: str) -> None:
        """A pod is gone."""


class Kubelet:
    """All nodes' kubelets."""

    def __init__(self, store: Store, objects: Objects, clock: Clock, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._events = events
        self._addresses = {"IPv4": Addresses(POD_RANGE, 2), "IPv6": Addresses(POD_RANGE_6, 2)}
        self._begun: set[str] = set()
        self._ending: dict[str, Timer] = {}
        self._held: dict[str, bool] = {}
        self._ephemeral: set[tuple[str, str]] = set()
        self.launcher: Launcher | None = None
        """Who runs programs for real; without one, containers only look as if they ran."""

    def keys(self, change: Change) -> set[Key]:
        """Every pod."""
        if change.resource is not PODS:
            return set()
        if change.type == "DELETED":
            self._forget(change.item)
            return set()
        return {key_of(change.item)} if change.item["spec"].get("nodeName") else set()

    def hold_readiness(self, namespace: str, name: str, *, ready: bool | None) -> None:
        """A lever: the readiness probe of a pod answers that from now on; ``None`` lets it be as it was."""
        pod = self._store.get(PODS, namespace, name)
        uid = pod["metadata"]["uid"]
        if ready is None:
            self._held.pop(uid, None)
        else:
            self._held[uid] = ready
        if pod["status"].get("phase") == "Running":
            self._probe(key_of(pod), uid)

    def reconcile(self, key: Key) -> None:
        """Begin what has to be begun for this pod."""
        pod = self._store.find(PODS, *key)
        if pod is None:
            return
        uid = pod["metadata"]["uid"]
        if "deletionTimestamp" in pod["metadata"]:
            self._terminate(pod)
        elif uid not in self._begun:
            self._begun.add(uid)
            self._change(key, uid, self._creating)
            self._later(START_SECONDS, key, uid, self._start)
            deadline = pod["spec"].get("activeDeadlineSeconds")
            if deadline is not None:
                self._later(deadline, key, uid, self._exceed)
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

    def _say(self, pod: Object, kind: str, reason: str, message: str, container: str = "") -> None:
        node = pod["spec"].get("nodeName", "")
        self._events.record(pod, kind, reason, message, "kubelet", host=node, container=container)

    def _creating(self, pod: Object) -> None:
        status = pod["status"]
        node = self._store.find(NODES, "", pod["spec"]["nodeName"]) or {}
        addresses = [a["address"] for a in node.get("status", {}).get("addresses") or () if a["type"] == "InternalIP"]
        status["hostIP"] = addresses[0] if addresses else ""
        status["hostIPs"] = [{"ip": address} for address in addresses]
        status["startTime"] = self._clock.timestamp()
        status["containerStatuses"] = [waiting(container) for container in pod["spec"]["containers"]]
        set_condition(pod, "PodReadyToStartContainers", False, self._clock.timestamp())
        set_condition(pod, "Initialized", True, self._clock.timestamp())
        set_readiness(pod, self._clock.timestamp())

    def _start(self, pod: Object) -> None:
        if pod["status"].get("phase") != "Pending" or "deletionTimestamp" in pod["metadata"]:
            return
        status = pod["status"]
        if pod["spec"].get("hostNetwork"):
            ips = [ip["ip"] for ip in status.get("hostIPs") or ()]
        else:
            ips = [addresses.allocate() for addresses in self._addresses.values()]
        status["podIP"], status["podIPs"] = ips[0], [{"ip": ip} for ip in ips]
        set_condition(pod, "PodReadyToStartContainers", True, self._clock.timestamp())
        key, uid = key_of(pod), pod["metadata"]["uid"]
        for container, state in zip(pod["spec"]["containers"], status["containerStatuses"], strict=True):
            self._start_container(pod, container, state)
        if not any("waiting" in state["state"] for state in status["containerStatuses"]):
            status["phase"] = "Running"
        self._end_if_all_ended(pod)
        self._probe_later(key, uid, pod)

    def _start_container(self, pod: Object, container: Object, state: Object) -> None:
        """Pull, create and start one; its status tells how far that came."""
        image = find_image(container["image"])
        name = container["name"]
        if image is None:
            self._fail_pull(pod, container, state)
            return
        policy = container.get("imagePullPolicy")
        if policy == "Always":
            self._say(pod, NORMAL, "Pulling", f'Pulling image "{container["image"]}"', name)
            took = "12ms (12ms including waiting). Image size: 4167000 bytes."
            self._say(pod, NORMAL, "Pulled", f'Successfully pulled image "{container["image"]}" in {took}', name)
        else:
            already = f'Container image "{container["image"]}" already present on machine'
            self._say(pod, NORMAL, "Pulled", already, name)
        self._say(pod, NORMAL, "Created", f"Created container: {name}", name)
        run = run_of(
            image, image.argv(container.get("command"), container.get("args")), stdin=bool(container.get("stdin"))
        )
        now = self._clock.timestamp()
        state.update(identity(container))
        if run.missing:
            message = (
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
                f'runc create failed: unable to start container process: exec: "{run.missing}": '
                "executable file not found in $PATH: unknown"
            )
            ended = {"exitCode": 128, "reason": "StartError", "message": message, "startedAt": "1970-01-01T00:00:00Z"}
            state["state"] = {"terminated": {**ended, "finishedAt": now, "containerID": state["containerID"]}}
            self._say(pod, WARNING, "Failed", f"Error: {message}", name)
            return
        self._say(pod, NORMAL, "Started", f"Started container {name}", name)
        state["state"] = {"running": {"startedAt": now}}
        state["started"] = True
        key, uid, number = key_of(pod), pod["metadata"]["uid"], state["containerID"]

        def ended_with(code: int) -> None:
            self._change(key, uid, self._ended(name, number, code))

        def begin() -> None:
            found = self._store.find(PODS, *key)
            if found is None or found["metadata"]["uid"] != uid:
                return
            if self.launcher is not None and self.launcher.launch(found, container, ended_with):
                return
            if run.seconds != FOREVER:
                self._clock.call_later(run.seconds, lambda: ended_with(run.exit_code))

        self._clock.call_later(0.0, begin)  # once the store says that it runs

    def _fail_pull(self, pod: Object, container: Object, state: Object) -> None:
        name, policy = container["image"], container.get("imagePullPolicy")
        if policy == "Never":
            message = f'Container image "{name}" is not present with pull policy of Never'
            state["state"] = {"waiting": {"reason": "ErrImageNeverPull", "message": message}}
            self._say(pod, WARNING, "ErrImageNeverPull", message, container["name"])
            return
        full = full_reference(name)
        cause = (
            f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": pull access denied, '
            "repository does not exist or may require authorization: server message: insufficient_scope: "
            "authorization failed"
        )

        def say_waiting(reason: str, message: str) -> Callable[[Object], None]:
            def edit(item: Object) -> None:
                found = find_state(item, container["name"])
                if found is not None and "waiting" in found["state"]:
                    found["state"] = {"waiting": {"reason": reason, "message": message}}
                    kind, why = (WARNING, "Failed") if reason == "ErrImagePull" else (NORMAL, "BackOff")
                    text = f'Failed to pull image "{name}": {cause}' if kind == WARNING else message.partition(": ")[0]
                    self._say(item, kind, why, text, container["name"])
                    self._say(item, WARNING, "Failed", f"Error: {reason}", container["name"])

            return edit

        key, uid = key_of(pod), pod["metadata"]["uid"]
        self._say(pod, NORMAL, "Pulling", f'Pulling image "{name}"', container["name"])
        self._later(PULL_FAILED_SECONDS, key, uid, say_waiting("ErrImagePull", cause))
        backing_off = f'Back-off pulling image "{name}": ErrImagePull: {cause}'
        self._later(PULL_FAILED_SECONDS + BACK_OFF_SECONDS, key, uid, say_waiting("ImagePullBackOff", backing_off))

    # -- containers that end -----------------------------------------------------------------------------------

    def _ended(self, name: str, container_id: str, code: int) -> Callable[[Object], None]:
        def edit(pod: Object) -> None:
            state = find_state(pod, name)
            if state is None or "running" not in state["state"] or state["containerID"] != container_id:
                return
            state["state"] = {"terminated": terminated(state, code, self._clock.timestamp())}
            state["ready"] = False
            if "started" in state:
                state["started"] = False
            self._end_if_all_ended(pod)
            set_readiness(pod, self._clock.timestamp())

        return edit

    def _end_if_all_ended(self, pod: Object) -> None:
        states = pod["status"].get("containerStatuses") or ()
        policy = pod["spec"].get("restartPolicy", "Always")
        codes = [item["state"]["terminated"]["exitCode"] for item in states if "terminated" in item["state"]]
        for state in states:
            code = (state["state"].get("terminated") or {}).get("exitCode")
            if code is not None and (policy == "Always" or (policy == "OnFailure" and code)):
                self._restart_later(pod, state)
        if len(codes) == len(states) and all("terminated" in state["state"] for state in states):
            pod["status"]["phase"] = "Failed" if any(codes) else "Succeeded"
        set_readiness(pod, self._clock.timestamp())

    def _restart_later(self, pod: Object, state: Object) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            return
        key, uid, name = key_of(pod), pod["metadata"]["uid"], state["name"]
        seconds = back_off(state["restartCount"])
        state["lastState"], reason = state["state"], "CrashLoopBackOff"
        where = f"{name} pod={key[1]}_{key[0]}({uid})"
        message = f"back-off {_minutes(seconds)} restarting failed container={where}"
        state["state"] = {"waiting": {"reason": reason, "message": message}}
        if state["restartCount"]:
            said = f"Back-off restarting failed container {name} in pod {key[1]}_{key[0]}({uid})"
            self._say(pod, WARNING, "BackOff", said, name)

        def restart(item: Object) -> None:
            found = find_state(item, name)
            if found is None or "waiting" not in found["state"] or "deletionTimestamp" in item["metadata"]:
                return
            container = next(c for c in item["spec"]["containers"] if c["name"] == name)
            found["restartCount"] += 1
            self._start_container(item, container, found)
            self._end_if_all_ended(item)
            self._probe_later(key, uid, item)

        self._later(seconds, key, uid, restart)

    def _exceed(self, pod: Object) -> None:
        """ActiveDeadlineSeconds has passed."""
        if pod["status"].get("phase") not in ("Pending", "Running"):
            return
        message = "Pod was active on the node longer than the specified deadline"
        pod["status"].update({"phase": "Failed", "reason": "DeadlineExceeded", "message": message})
        for state in pod["status"].get("containerStatuses") or ():
            if "running" in state["state"]:
                state["state"] = {"terminated": terminated(state, 137, self._clock.timestamp())}
            state["ready"] = state["started"] = False
        set_readiness(pod, self._clock.timestamp())
        if self.launcher is not None:
            self.launcher.forget(pod["metadata"]["uid"])
        self._say(pod, NORMAL, "DeadlineExceeded", message)

    # -- readiness ---------------------------------------------------------------------------------------------

    def _probe_later(self, key: Key, uid: str, pod: Object) -> None:
        delay = max((readiness_delay(container) for container in pod["spec"]["containers"]), default=0.0)
        if delay:
            self._clock.call_later(delay, lambda: self._probe(key, uid))
        else:
            self._set_ready(pod)

    def _probe(self, key: Key, uid: str) -> None:
        self._change(key, uid, self._set_ready)

    def _set_ready(self, pod: Object) -> None:
        held = self._held.get(pod["metadata"]["uid"])
        containers = {container["name"]: container for container in pod["spec"]["containers"]}
        for state in pod["status"].get("containerStatuses") or ():
            running, container = "running" in state["state"], containers[state["name"]]
            failure = "" if held else held_unready(container)
            if held is None:
                failure = readiness_failure(pod, container)
            state["ready"] = running and not failure
            if running and failure:
                self._say(pod, WARNING, "Unhealthy", f"Readiness probe failed: {failure.strip()}", state["name"])
        set_readiness(pod, self._clock.timestamp())

    # -- ephemeral containers ----------------------------------------------------------------------------------

    def _begin_ephemeral(self, key: Key, uid: str, container: Object) -> None:
        if (uid, container["name"]) in self._ephemeral:
            return
        self._ephemeral.add((uid, container["name"]))

        def start(pod: Object) -> None:
            if pod["status"].get("phase") != "Running":
                return
            state = waiting(container)
            self._start_container(pod, container, state)
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
        else:
            for container in pod["spec"]["containers"]:
                self._say(pod, NORMAL, "Killing", f"Stopping container {container['name']}", container["name"])
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
        if self.launcher is not None:
            self.launcher.forget(uid)
        self._ephemeral = {entry for entry in self._ephemeral if entry[0] != uid}
        if not pod["spec"].get("hostNetwork"):
            for ip in pod["status"].get("podIPs") or ():
                self._addresses["IPv6" if ":" in ip["ip"] else "IPv4"].release(ip["ip"])


def _minutes(seconds: float) -> str:
    """As Go writes a duration: 10s, 1m20s, 5m0s."""
    whole = int(seconds)
    return f"{whole // 60}m{whole % 60}s" if whole >= 60 else f"{whole}s"


def _ignores_sigterm(container: Object) -> bool:
    """``sleep`` as the first process of a container has no handler, so that the kernel keeps the signal from it."""
    command = container.get("command") or container.get("args") or ()
    first: str = command[0] if command else ""
    return first.rpartition("/")[2] in ("sleep", "sh", "bash")
