"""The kubelets in small: a pod that has a Node gets addresses, running containers, an end."""

from __future__ import annotations

from collections.abc import Callable

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.controllers.container_start import ContainerStarter, Launcher
from kheadless_tui.lab.controllers.events import NORMAL, WARNING, Events
from kheadless_tui.lab.controllers.init_containers import has_to_wait, is_unbegun, next_to_start, set_initialized
from kheadless_tui.lab.controllers.pod_status import (
    back_off,
    find_container,
    find_state,
    held_unready,
    is_sidecar,
    patience,
    probe_failure,
    readiness_delay,
    set_condition,
    set_readiness,
    terminated,
    waiting,
)
from kheadless_tui.lab.controllers.pod_writer import PodWriter
from kheadless_tui.lab.objects.clock import Clock, Timer, parse_rfc3339
from kheadless_tui.lab.objects.defaults import Addresses
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import NODES, PODS
from kheadless_tui.lab.objects.store import Change, Key, Object, Store, key_of
from kheadless_tui.lab.pods.network import POD_RANGE, POD_RANGE_6

START_SECONDS = 0.25
"""From being scheduled to running, with the image on the node."""
KILLED = 137
"""Exit status of what SIGKILL has ended."""
STOP_SECONDS = 0.5
"""A server that heeds SIGTERM."""


class Kubelet:
    """All nodes' kubelets."""

    def __init__(self, store: Store, objects: Objects, clock: Clock, events: Events) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._addresses = {"IPv4": Addresses(POD_RANGE, 2), "IPv6": Addresses(POD_RANGE_6, 2)}
        self._begun: set[str] = set()
        self._ending: dict[str, Timer] = {}
        self._held: dict[str, bool] = {}
        self._ephemeral: set[tuple[str, str]] = set()
        self._pods = PodWriter(store, objects, clock, events)
        self._starter = ContainerStarter(clock, self._pods, self._ended)

    @property
    def launcher(self) -> Launcher | None:
        """Who runs programs for real; without one, containers only look as if they ran."""
        return self._starter.launcher

    @launcher.setter
    def launcher(self, launcher: Launcher) -> None:
        self._starter.launcher = launcher

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
            self._pods.change(key, uid, self._creating)
            self._pods.later(START_SECONDS, key, uid, self._start)
            deadline = pod["spec"].get("activeDeadlineSeconds")
            if deadline is not None:
                self._pods.later(deadline, key, uid, self._exceed)
        else:
            for container in pod["spec"].get("ephemeralContainers") or ():
                self._begin_ephemeral(key, uid, container)

    # -- steps -------------------------------------------------------------------------------------------------

    def _creating(self, pod: Object) -> None:
        status = pod["status"]
        node = self._store.find(NODES, "", pod["spec"]["nodeName"]) or {}
        addresses = [a["address"] for a in node.get("status", {}).get("addresses") or () if a["type"] == "InternalIP"]
        status["hostIP"] = addresses[0] if addresses else ""
        status["hostIPs"] = [{"ip": address} for address in addresses]
        status["startTime"] = self._clock.timestamp()
        initial = pod["spec"].get("initContainers") or ()
        reason = "PodInitializing" if initial else "ContainerCreating"
        status["containerStatuses"] = [waiting(container, reason) for container in pod["spec"]["containers"]]
        if initial:
            status["initContainerStatuses"] = [waiting(container, reason) for container in initial]
        set_condition(pod, "PodReadyToStartContainers", False, self._clock.timestamp())
        set_initialized(pod, self._clock.timestamp())
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
        self._go_on(pod)

    def _go_on(self, pod: Object) -> None:
        """Start the init container whose turn it is; when all have done their work, the others."""
        while (turn := next_to_start(pod)) is not None:
            container, state = turn
            self._start_container(pod, container, state)
            state["ready"] = is_sidecar(container) and "running" in state["state"]
            if not state["ready"]:
                self._restart_if_ended(pod, state)
                break
        set_initialized(pod, self._clock.timestamp())
        status = pod["status"]
        if has_to_wait(pod) or not all(is_unbegun(state) for state in status["containerStatuses"]):
            return
        for container, state in zip(pod["spec"]["containers"], status["containerStatuses"], strict=True):
            self._start_container(pod, container, state)
        if not any("waiting" in state["state"] for state in status["containerStatuses"]):
            status["phase"] = "Running"
        self._end_if_all_ended(pod)
        self._probe_later(key_of(pod), pod["metadata"]["uid"], pod)

    def _start_container(self, pod: Object, container: Object, state: Object) -> None:
        self._starter.start(pod, container, state)
        if "running" in state["state"]:
            self._watch_life(pod, container, state["containerID"])

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
            if state in (pod["status"].get("initContainerStatuses") or ()):
                state["ready"] = code == 0
                self._restart_if_ended(pod, state)
                self._go_on(pod)
                return
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

    def _restart_if_ended(self, pod: Object, state: Object) -> None:
        """An init container that fails is tried again, or is the end of its pod; a sidecar always is."""
        code = (state["state"].get("terminated") or {}).get("exitCode")
        sidecar = is_sidecar(find_container(pod, state["name"]))
        if code is None or (code == 0 and not sidecar):
            return
        if pod["spec"].get("restartPolicy", "Always") == "Never" and not sidecar:
            pod["status"]["phase"] = "Failed"
            set_readiness(pod, self._clock.timestamp())
        else:
            self._restart_later(pod, state)

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
            self._pods.say(pod, WARNING, "BackOff", said, name)

        def restart(item: Object) -> None:
            found = find_state(item, name)
            if found is None or "waiting" not in found["state"] or "deletionTimestamp" in item["metadata"]:
                return
            found["restartCount"] += 1
            self._start_container(item, find_container(item, name), found)
            if found in (item["status"].get("initContainerStatuses") or ()):
                self._restart_if_ended(item, found)
                self._go_on(item)
                return
            self._end_if_all_ended(item)
            self._probe_later(key, uid, item)

        self._pods.later(seconds, key, uid, restart)

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
        self._pods.say(pod, NORMAL, "DeadlineExceeded", message)

    # -- liveness ----------------------------------------------------------------------------------------------

    def _watch_life(self, pod: Object, container: Object, number: str) -> None:
        """Kill a container whose startup or liveness probe fails as often as it may."""
        for which in ("startupProbe", "livenessProbe"):
            if not probe_failure(pod, container, which):
                continue
            kind, probe = which.removesuffix("Probe"), container[which]

            def kill(item: Object, kind: str = kind, which: str = which) -> None:
                state = find_state(item, container["name"])
                failure = probe_failure(item, container, which).strip()
                if state is None or state.get("containerID") != number or "running" not in state["state"]:
                    return
                said = f"{kind.capitalize()} probe failed: {failure}"
                self._pods.say(item, WARNING, "Unhealthy", said, container["name"])
                told = f"Container {container['name']} failed {kind} probe, will be restarted"
                self._pods.say(item, NORMAL, "Killing", told, container["name"])
                code = KILLED if _ignores_sigterm(container) else 0
                self._ended(container["name"], number, code)(item)

            self._pods.later(patience(probe), key_of(pod), pod["metadata"]["uid"], kill)

    # -- readiness ---------------------------------------------------------------------------------------------

    def _probe_later(self, key: Key, uid: str, pod: Object) -> None:
        delay = max((readiness_delay(container) for container in pod["spec"]["containers"]), default=0.0)
        if delay:
            self._clock.call_later(delay, lambda: self._probe(key, uid))
        else:
            self._set_ready(pod)

    def _probe(self, key: Key, uid: str) -> None:
        self._pods.change(key, uid, self._set_ready)

    def _set_ready(self, pod: Object) -> None:
        held = self._held.get(pod["metadata"]["uid"])
        containers = {container["name"]: container for container in pod["spec"]["containers"]}
        for state in pod["status"].get("containerStatuses") or ():
            running, container = "running" in state["state"], containers[state["name"]]
            failure = "" if held else held_unready(container)
            if held is None:
                failure = probe_failure(pod, container)
            if probe_failure(pod, container, "startupProbe"):
                state["ready"] = state["started"] = False  # the others wait for it
                continue
            state["ready"] = running and not failure
            if running and failure:
                self._pods.say(pod, WARNING, "Unhealthy", f"Readiness probe failed: {failure.strip()}", state["name"])
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
            self._starter.start(pod, container, state)
            state.pop("started", None)
            pod["status"].setdefault("ephemeralContainerStatuses", []).append(state)

        self._pods.later(START_SECONDS, key, uid, start)

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
                self._pods.say(pod, NORMAL, "Killing", f"Stopping container {container['name']}", container["name"])
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
