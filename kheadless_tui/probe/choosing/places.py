"""Finding the place to ask from: what the user named, or the best that rights and images allow, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from kheadless_tui.cluster.gate import Action, Permit, WritePlan
from kheadless_tui.cluster.pods.exec import ExecTarget, exec_in
from kheadless_tui.cluster.pods.leftovers import is_ours
from kheadless_tui.errors import ClusterError, NotFound, Refused, UsageError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.candidates import Candidate, candidates_in, not_usable
from kheadless_tui.probe.choosing.tools import FIND_TOOLS, NO_SHELL, Toolbox, printable, read_toolbox
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.server import Server, parse_server

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Gate
    from kheadless_tui.cluster.wire.transport import Transport
    from kheadless_tui.model.snapshot import Snapshot

MAX_LOOKS = 8
"""Containers that are looked into for one probe; each look is one exec of some 50 ms."""
OWN_PODS = 6
"""Pods of the Service itself that are considered before the rest of the namespace is listed."""
LISTED_PODS = 500
"""Pods of the namespace that are considered: one page."""
LOOK_TIMEOUT = 5.0
"""Seconds for one look into a container."""

Rejected = list[tuple[str, str]]
"""What was not chosen, as the user would name it, and why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A running container and the program in it that will carry the questions."""

    target: ExecTarget
    tool: str
    toolbox: Toolbox
    image: str = ""
    why: str = ""


class PodNotUsable(ClusterError):
    """Nothing runs in the pod, so that nothing can be asked from it and no container can be added to it."""


class Places:
    """Looks for places over one transport; what was seen in an image's container is remembered."""

    def __init__(self, transport: Transport, gate: Gate) -> None:
        self._transport = transport
        self._gate = gate
        self._seen: dict[tuple[ExecTarget, str], Toolbox] = {}
        self._images: dict[str, Toolbox] = {}

    async def look(self, target: ExecTarget, image: str = "", *, servers: bool = False) -> Toolbox:
        """What a container holds to carry questions: found by one exec, and remembered for its image.

        Args:
            target: The container.
            image: Of which it was made; empty when it is not known.
            servers: The nameservers of this very container are needed too.

        Raises:
            WriteRefused: read-only mode, in which nothing is run in the cluster.
            ClusterError: the exec was refused, or the API server is gone.
        """
        known = self._seen.get((target, image)) or (None if servers else self._images.get(image))
        if known is not None and (known.nameservers or known.carrier("udp") != "getent"):  # it asks them alone
            return known
        permit = await self._permit(target)
        result = await exec_in(
            self._transport,
            permit,
            target.namespace,
            target.pod,
            target.container,
            FIND_TOOLS,
            timeout=LOOK_TIMEOUT,
            max_bytes=64 * 1024,
        )
        toolbox = read_toolbox(result)
        if toolbox.tools:
            self._seen[(target, image)] = toolbox
        if image and (toolbox.tools or toolbox.problem == NO_SHELL):
            self._images[image] = toolbox.of_image()
        return toolbox

    def forget(self, image: str) -> None:
        """Look anew into containers of an image: another build of the same name has other programs."""
        self._images.pop(image, None)
        self._seen = {key: toolbox for key, toolbox in self._seen.items() if key[1] != image}

    async def _permit(self, target: ExecTarget) -> Permit:
        return await self._gate.permit(
            WritePlan(
                f"Look for programs in {target} in {target.namespace}?",
                (Action("then", "exec sh in it: list the programs that can ask DNS, and /etc/resolv.conf"),),
                needs_confirmation=False,
            )
        )

    async def named(self, spec: VantageSpec, namespace: str, protocol: str, *, servers: bool = False) -> Place:
        """The place in the pod that the user named.

        Raises:
            NotFound: there is no such pod or container.
            ClusterError: nothing runs in it, or nothing in it can carry questions; the hint says what can.
        """
        pod = await self.pod(namespace, spec.pod)
        if pod is None:  # it may not be read; whether it can be used shows when it is used
            candidates = [Candidate(ExecTarget(namespace, spec.pod, spec.container or None), "", False, True, False)]
        else:
            if reason := not_usable(pod):
                raise PodNotUsable(f"Pod {namespace}/{spec.pod} {reason}.")
            candidates, _ = candidates_in([pod], ())
            if spec.container:
                candidates = [item for item in candidates if item.target.container == spec.container]
                if not candidates:
                    raise _no_container(pod, spec.container)
        rejected: Rejected = []
        for candidate in candidates:
            place = await self._try(candidate, protocol, rejected, "as you asked", servers)
            if place is not None:
                return place
        reasons = "; ".join(dict.fromkeys(reason for _, reason in rejected))
        raise ClusterError(f"Pod {namespace}/{spec.pod} cannot ask DNS: {reasons}.")

    async def best(
        self,
        snapshot: Snapshot,
        namespace: str,
        service: ObjectKey | None,
        protocol: str,
        looks: int = MAX_LOOKS,
        *,
        servers: bool = False,
    ) -> tuple[Place | None, Rejected]:
        """The best running container of a namespace, if any can carry questions, and what was passed over.

        The Service's own pods come first, ready ones before others; temporary pods of probes are never taken, for they
        may go at any moment. Containers of an image that was found unfit are
        not looked into again.

        Raises:
            WriteRefused: read-only mode.
            ClusterError: the API server is gone, or there is no such namespace.
        """
        own = own_pods(snapshot, service) if service is not None and service.namespace == namespace else []
        rejected: Rejected = []
        readable = [pod for pod in await self._pods(namespace, own[:OWN_PODS]) if pod is not None and not is_ours(pod)]
        first, passed = candidates_in(readable, own)
        tried: set[ExecTarget] = set()
        unfit: dict[str, str] = {}
        place = await self._first([c for c in first if c.ready], protocol, rejected, tried, unfit, looks, servers)
        if place is not None:
            return place, rejected
        listed = await self._list(namespace)
        if listed is None:
            blind = [Candidate(ExecTarget(namespace, name), "", True, True, False) for name in own[:OWN_PODS]]
            rest = [] if readable else blind
            rejected.append((f"pods of {namespace}", "you may not list them, so only the Service's own are tried"))
        else:
            rest, passed = candidates_in([pod for pod in listed if not is_ours(pod)], own)
            passed += [(f"pod/{pod.name}", "is the temporary pod of a probe") for pod in listed if is_ours(pod)]
        rejected += passed
        place = await self._first(rest, protocol, rejected, tried, unfit, looks, servers)
        return place, rejected

    async def _first(
        self,
        candidates: Sequence[Candidate],
        protocol: str,
        rejected: Rejected,
        tried: set[ExecTarget],
        unfit: dict[str, str],
        looks: int,
        servers: bool,
    ) -> Place | None:
        for candidate in candidates:
            if candidate.target in tried:
                continue
            if candidate.image in unfit:
                rejected.append((str(candidate.target), unfit[candidate.image]))
                continue
            if len(tried) >= looks:
                rejected.append((str(candidate.target), f"not tried: {looks} containers were looked into already"))
                break
            tried.add(candidate.target)
            before = len(rejected)
            place = await self._try(candidate, protocol, rejected, candidate.why, servers)
            if place is not None:
                return place
            if candidate.image and len(rejected) > before:
                unfit[candidate.image] = rejected[-1][1]
        return None

    async def _try(
        self, candidate: Candidate, protocol: str, rejected: Rejected, why: str, servers: bool
    ) -> Place | None:
        target = candidate.target
        try:
            toolbox = await self.look(target, candidate.image, servers=servers)
        except NotFound:
            rejected.append((str(target), "is gone"))
            return None
        except Refused as error:
            rejected.append((str(target), f"exec is refused: {printable(error.message)}"))
            return None
        tool = toolbox.carrier(protocol)
        if tool is None:
            rejected.append((str(target), toolbox.why_not(protocol)))
            return None
        return Place(target, tool, toolbox, candidate.image, why)

    async def pod(self, namespace: str, name: str) -> Pod | None:
        """A pod by name; ``None`` when it may not be read.

        Raises:
            NotFound: there is none.
        """
        try:
            answer = await self._transport.call("GET", f"{pods_path(namespace)}/{quote(name, safe='')}")
        except Refused:
            return None
        except NotFound as error:
            raise NotFound(f"There is no pod {name} in {namespace}.", hint=error.hint) from error
        return msgspec.json.decode(answer, type=Pod)

    async def _pods(self, namespace: str, names: Sequence[str]) -> list[Pod | None]:
        async def one(name: str) -> Pod | None:
            try:
                return await self.pod(namespace, name)
            except NotFound:
                return None

        return list(await asyncio.gather(*(one(name) for name in names)))

    async def _list(self, namespace: str) -> list[Pod] | None:
        """The pods of a namespace, one page of them; ``None`` when they may not be listed."""
        try:
            answer = await self._transport.call("GET", pods_path(namespace), params=[("limit", str(LISTED_PODS))])
        except Refused:
            return None
        return msgspec.json.decode(answer, type=_PodList).items or []


class _PodList(msgspec.Struct):
    items: list[Pod] | None = None


def own_pods(snapshot: Snapshot, service: ObjectKey) -> list[str]:
    """Names of the pods behind a Service, from its EndpointSlices; ready ones first."""
    found: dict[str, bool] = {}
    for item in snapshot.slices_of(service):
        for endpoint in item.endpoints or ():
            if endpoint.pod_name is not None:
                found[endpoint.pod_name] = found.get(endpoint.pod_name, False) or endpoint.ready
    return sorted(found, key=lambda name: (not found[name], name))


def pods_path(namespace: str) -> str:
    """The URL path of a namespace's pods."""
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods"


def _no_container(pod: Pod, container: str) -> ClusterError:
    names: Collection[str] = [item.name for item in pod.spec.containers or ()]
    if container in names:
        return ClusterError(f"Container {container} of pod {pod.key} does not run.")
    return NotFound(f"Pod {pod.key} has no container {container}; it has {', '.join(names)}.")


def server_of(place: Place) -> Server:
    """The server that the container itself would ask, where kube-dns's address may not be read.

    Raises:
        ClusterError: its /etc/resolv.conf names none.
    """
    for nameserver in place.toolbox.nameservers:
        try:
            return parse_server(nameserver, f"/etc/resolv.conf of {place.target}")
        except UsageError:
            continue
    raise ClusterError(
        "Which DNS server to ask is not known: the Service of the cluster's DNS cannot be read, and "
        f"/etc/resolv.conf of {place.target} names none.",
        hint="Name it by --server.",
    )
