"""A place to ask from that is kept open for as long as the caller needs it, and removed or left as it was found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kheadless_tui.cluster.pods.debugpod import START_TIMEOUT, TemporaryPod, ephemeral_container, temporary_pod
from kheadless_tui.cluster.pods.exec import MAX_BYTES, ExecResult, ExecTarget, exec_in
from kheadless_tui.cluster.pods.podspec import EphemeralOrder, PodOrder
from kheadless_tui.errors import ClusterError, UsageError
from kheadless_tui.probe.choosing.places import Place, Places
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.tools import Toolbox
from kheadless_tui.probe.observation import Vantage

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A running container in which programs may be run, and what is known of it."""

    transport: Transport
    permit: Permit
    target: ExecTarget
    tool: str
    """The program of its image that carries DNS best."""
    toolbox: Toolbox
    image: str
    vantage: Vantage
    warnings: list[str] = field(default_factory=list)
    """What the user should know afterwards: an ephemeral container that stays, a pod that could not be removed."""

    async def run(self, argv: Sequence[str], *, timeout: float, max_bytes: int = MAX_BYTES) -> ExecResult:
        """Run a program in it to its end.

        Args:
            argv: The program and its arguments.
            timeout: Seconds after which it is given up.
            max_bytes: Of what it prints.

        Raises:
            ClusterError: the exec could not be opened.
        """
        target = self.target
        return await exec_in(
            self.transport,
            self.permit,
            target.namespace,
            target.pod,
            target.container,
            argv,
            timeout=timeout,
            max_bytes=max_bytes,
        )


@asynccontextmanager
async def open_place(
    transport: Transport,
    places: Places,
    plan: ProbePlan,
    permit: Permit,
    *,
    start_timeout: float = START_TIMEOUT,
    say: Callable[[str], None] = lambda _: None,
    warnings: list[str] | None = None,
) -> AsyncIterator[OpenPlace]:
    """The place of a plan; a temporary pod is made for it and removed at the end, whatever happens.

    Args:
        transport: To the cluster.
        places: Knows what images can do.
        plan: Which place.
        permit: From the gate.
        start_timeout: Seconds until what is made must run.
        say: Is told how far it has come.
        warnings: Takes what the user should know afterwards, also when the place is given up before it is open.

    Raises:
        UsageError: the plan asks from no container (``coredns``, ``local``).
        ClusterError: the place could not be made, or its image cannot ask DNS.
    """
    warnings = [] if warnings is None else warnings
    if plan.place is not None:
        yield _opened(transport, permit, plan, plan.place, warnings)
    elif isinstance(plan.order, PodOrder):
        pod = temporary_pod(transport, permit, plan.order, timeout=start_timeout, report=say, flags=plan.flags)
        handle: TemporaryPod | None = None
        try:
            async with pod as handle:
                place = await _look(places, handle.target, plan, plan.order.image)
                yield _opened(transport, permit, plan, place, warnings)
        finally:
            if handle is not None and handle.left_behind:
                warnings.append(handle.left_behind)
    elif isinstance(plan.order, EphemeralOrder):
        target = await ephemeral_container(
            transport, permit, plan.order, timeout=start_timeout, report=say, warn=warnings.append
        )
        place = await _look(places, target, plan, plan.order.image)
        yield _opened(transport, permit, plan, place, warnings)
    else:
        raise UsageError(
            f"--from {plan.spec} is no container, and this can be done from inside one only.",
            hint="--from pod/NAME, debug/POD, new or auto",
        )


async def _look(places: Places, target: ExecTarget, plan: ProbePlan, image: str) -> Place:
    """What the image of a container that we made can do."""
    toolbox = await places.look(target, image, servers=plan.every_server or plan.server is None)
    tool = toolbox.carrier(plan.protocol)
    if tool is None:
        raise ClusterError(
            f"Image {image} cannot ask DNS: {toolbox.why_not(plan.protocol)}.",
            hint="Choose one by --image that has nc, dig or nslookup, such as busybox:1.28.",
        )
    return Place(target, tool, toolbox, image)


def _opened(transport: Transport, permit: Permit, plan: ProbePlan, place: Place, warnings: list[str]) -> OpenPlace:
    target = place.target
    created = plan.creates
    name = {"debug": f"debug/{target.pod}", "new": "new"}.get(plan.kind, str(target))
    vantage = Vantage(
        name,
        plan.kind,
        target.namespace,
        target.pod,
        target.container or "",
        place.tool,
        place.image,
        created,
        tuple(sorted(place.toolbox.tools)),
        plan.flags,
    )
    return OpenPlace(transport, permit, target, place.tool, place.toolbox, place.image, vantage, warnings)
