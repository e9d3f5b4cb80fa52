"""How a container starts: its image is pulled, it is created, its program runs; or what keeps it from that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kheadless_tui.lab.controllers.events import NORMAL, WARNING
from kheadless_tui.lab.controllers.pod_status import BACK_OFF_SECONDS, find_state, identity
from kheadless_tui.lab.controllers.pod_writer import PodWriter
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.store import Object, key_of
from kheadless_tui.lab.pods.images import FOREVER, find_image, full_reference, run_of

PULL_FAILED_SECONDS = 1.0


class Launcher(Protocol):
    """Runs the programs of containers whose output somebody will want to see."""

    def launch(self, pod: Object, container: Object, ended: Callable[[int], None]) -> bool:
        """Run a container's program; whether it is run, and ``ended`` will be called with its exit status."""

    def forget(self, uid: str) -> None:
        """A pod is gone."""


class ContainerStarter:
    """Starts containers.

    Args:
        clock: Lab time.
        pods: Writes what becomes of them.
        ended: Name, id and exit status of a container that has run; what that makes of the pod.
    """

    def __init__(
        self, clock: Clock, pods: PodWriter, ended: Callable[[str, str, int], Callable[[Object], None]]
    ) -> None:
        self._clock = clock
        self._pods = pods
        self._ended = ended
        self.launcher: Launcher | None = None
        """Who runs programs for real; without one, containers only look as if they ran."""

    def start(self, pod: Object, container: Object, state: Object) -> None:
        """Pull, create and start one; its status tells how far that came."""
        image = find_image(container["image"])
        name = container["name"]
        if secrets := [one["name"] for one in pod["spec"].get("imagePullSecrets") or () if one.get("name")]:
            found = f"Unable to retrieve some image pull secrets ({', '.join(secrets)})"
            message = f"{found}; attempting to pull the image may not succeed."  # there are no Secrets here
            self._pods.say(pod, WARNING, "FailedToRetrieveImagePullSecret", message)
        if image is None:
            self._fail_pull(pod, container, state)
            return
        policy = container.get("imagePullPolicy")
        if policy == "Always":
            self._pods.say(pod, NORMAL, "Pulling", f'Pulling image "{container["image"]}"', name)
            took = "12ms (12ms including waiting). Image size: 4167000 bytes."
            self._pods.say(pod, NORMAL, "Pulled", f'Successfully pulled image "{container["image"]}" in {took}', name)
        else:
            already = f'Container image "{container["image"]}" already present on machine'
            self._pods.say(pod, NORMAL, "Pulled", already, name)
        self._pods.say(pod, NORMAL, "Created", f"Created container: {name}", name)
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
            self._pods.say(pod, WARNING, "Failed", f"Error: {message}", name)
            return
        self._pods.say(pod, NORMAL, "Started", f"Started container {name}", name)
        state["state"] = {"running": {"startedAt": now}}
        state["started"] = True
        key, uid, number = key_of(pod), pod["metadata"]["uid"], state["containerID"]

        def ended_with(code: int) -> None:
            self._pods.change(key, uid, self._ended(name, number, code))

        def begin() -> None:
            found = self._pods.find(key, uid)
            if found is None:
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
            self._pods.say(pod, WARNING, "ErrImageNeverPull", message, container["name"])
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
                    self._pods.say(item, kind, why, text, container["name"])
                    self._pods.say(item, WARNING, "Failed", f"Error: {reason}", container["name"])

            return edit

        key, uid = key_of(pod), pod["metadata"]["uid"]
        self._pods.say(pod, NORMAL, "Pulling", f'Pulling image "{name}"', container["name"])
        self._pods.later(PULL_FAILED_SECONDS, key, uid, say_waiting("ErrImagePull", cause))
        backing_off = f'Back-off pulling image "{name}": ErrImagePull: {cause}'
        self._pods.later(PULL_FAILED_SECONDS + BACK_OFF_SECONDS, key, uid, say_waiting("ImagePullBackOff", backing_off))
