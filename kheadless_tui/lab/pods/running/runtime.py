"""The container runtime: starts programs in containers that run."""

from __future__ import annotations

import secrets
from collections import ChainMap

from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import ApiFailure, bad_request, internal_error
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.pods.images import Image, find_image
from kheadless_tui.lab.pods.network import Network
from kheadless_tui.lab.pods.process import Kept, Process, Surroundings, hostname_of
from kheadless_tui.lab.pods.programs.by_name import find_program
from kheadless_tui.lab.pods.running import container_files, service_links


class Runtime:
    """Containers and what is started in them.

    Args:
        network: What pods are connected to.
        clock: Lab time.
    """

    def __init__(self, network: Network, clock: Clock) -> None:
        self._network = network
        self.clock = clock
        """Lab time, by which lines of logs are dated."""
        self._kept: dict[tuple[str, str], tuple[int, Kept]] = {}

    def surroundings(self, pod: Object, container: str) -> Surroundings:
        """What a program in this container sees.

        Raises:
            ApiFailure: 500; the container does not run.
        """
        image = self._image_of_running(pod, container)
        kept, given = self._kept_by(pod, container, image), dict[str, bytes]()
        resolver = container_files.resolver_of(pod)
        around = Surroundings(pod, image, resolver, ChainMap(kept.files, given), self._network, self.clock, kept)
        given.update(container_files.files_of(around))
        return around

    def _kept_by(self, pod: Object, container: str, image: Image) -> Kept:
        """One that was started again begins anew."""
        key, starts = (pod["metadata"]["uid"], container), _restarts(pod, container)
        before, kept = self._kept.get(key, (-1, Kept()))
        if before != starts:
            spec = next(item for item in _containers(pod) if item["name"] == container)
            kept = Kept(running={1: image.argv(spec.get("command"), spec.get("args"))})
            self._kept[key] = (starts, kept)
        return kept

    def forget(self, uid: str) -> None:
        """A pod is gone."""
        for key in [key for key in self._kept if key[0] == uid]:
            del self._kept[key]

    def environment(self, pod: Object, container: str) -> dict[str, str]:
        """Variables of a container: its image's, the Services of its namespace, its own."""
        found = next((item for item in _containers(pod) if item["name"] == container), {})
        own = {item["name"]: item["value"] for item in found.get("env") or () if "value" in item}
        image = find_image(found.get("image", ""))
        variables = {"PATH": image.path if image is not None else ""}
        variables["HOSTNAME"] = hostname_of(pod)
        variables.update(service_links.variables(self._network, pod))
        return {**variables, "HOME": "/root", **own}

    async def run(self, process: Process) -> int:
        """Run a program to its end.

        Raises:
            ApiFailure: 500, when the image does not have it, worded as containerd and runc do.
        """
        if not process.argv or not process.argv[0]:
            raise _not_started("args must not be empty")
        program = find_program(process)
        if program is None:
            name = process.argv[0]
            why = f"stat {name}: no such file or directory" if "/" in name else "executable file not found in $PATH"
            raise _not_started(f'unable to start container process: exec: "{name}": {why}')
        with process.around.kept.process(process.argv):
            return await program(process)

    def starts(self, pod: Object) -> bool:
        """Whether what a pod's containers run stays when it is begun: a CoreDNS may refuse its Corefile."""
        return self._network.dns.starts(pod)

    def log(self, pod: Object, container: str) -> list[tuple[float, bytes]]:
        """The lines that a container has written, each with its time.

        Raises:
            ApiFailure: 400; there is no such container.
        """
        names = [item["name"] for item in _containers(pod)]
        if container and container not in names:
            raise bad_request(f"container {container} is not valid for pod {pod['metadata']['name']}")
        server = self._network.dns.server_in(pod)
        if server is None:
            return []
        return [(when, f"{line}\n".encode()) for when, line in zip(server.logged_at, server.log, strict=True)]

    def _image_of_running(self, pod: Object, container: str) -> Image:
        status = pod["status"]
        lists = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        states = {item["name"]: item.get("state") or {} for kind in lists for item in status.get(kind) or ()}
        found = next((item for item in _containers(pod) if item["name"] == container), None)
        image = find_image(found["image"]) if found else None
        if image is None or "running" not in states.get(container, {}):
            raise internal_error(f'unable to upgrade connection: container not found ("{container}")')
        return image


def _containers(pod: Object) -> list[Object]:
    kinds = ("containers", "initContainers", "ephemeralContainers")
    return [container for kind in kinds for container in pod["spec"].get(kind) or ()]


def _restarts(pod: Object, container: str) -> int:
    statuses = [one for one in pod["status"].get("containerStatuses") or () if one["name"] == container]
    return int(statuses[0].get("restartCount", 0)) if statuses else 0


def _not_started(why: str) -> ApiFailure:
    run = secrets.token_hex(32)
    return internal_error(
        "Internal error occurred: error executing command in container: failed to exec in container: "
        f'failed to start exec "{run}": OCI runtime exec failed: exec failed: {why}: unknown'
    )
