"""Asking DNS from inside a cluster: the place is planned and shown, then the questions go out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kheadless_tui.cluster.access import Access
from kheadless_tui.cluster.debugpod import START_TIMEOUT, NoNamespace, ephemeral_container, temporary_pod
from kheadless_tui.cluster.exec import ExecTarget
from kheadless_tui.cluster.gate import Gate, Permit
from kheadless_tui.cluster.leftovers import remove_leftover
from kheadless_tui.cluster.podspec import EphemeralOrder, PodOrder
from kheadless_tui.errors import ClusterError, NotAuthenticated, NotFound, Unreachable, UsageError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.asking import Asking, ask, ask_over
from kheadless_tui.probe.equivalent import cluster_flags, ran_command, removal_line
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.places import Place, Places, server_of
from kheadless_tui.probe.plan import ProbePlan
from kheadless_tui.probe.planning import Planner
from kheadless_tui.probe.replicas import KUBE_DNS, Replica, forward_stream
from kheadless_tui.probe.server import Server, parse_server
from kheadless_tui.probe.standing import OpenPlace, open_place
from kheadless_tui.probe.vantage import VantageSpec
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

DEFAULT_IMAGE = "busybox:1.28"
"""Of what is created: small, on many nodes already, and its nc carries whole DNS messages."""
REPLY_TIMEOUT = 3.0
"""Seconds to wait for a reply; an unanswered question is asked again once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a probe has come."""

    doing: str
    """A few words: ``creating pod kheadless-probe-x``, ``asking``."""
    done: int
    """Outcomes so far: one for each question, server and protocol."""
    total: int
    observation: Observation | None = None
    """The outcome that was reported by this, if it is one: what came can be shown, and kept, before the end."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of a probe."""

    vantages: tuple[Vantage, ...]
    observations: tuple[Observation, ...]
    """One for each question, vantage point and server."""
    plan: ProbePlan
    """As it was run: its equal commands are those of the program that carried the questions."""
    started: float
    """Unix time."""
    ms: float
    """Milliseconds from the permission to the last reply, making and removing a pod included."""
    warnings: tuple[str, ...] = ()
    """What the user should know: an ephemeral container that stays, a pod that could not be removed."""
    servers: tuple[Server, ...] = ()
    """The servers that were asked, in the order of the layers, from the pod to the replicas."""
    complete: bool = True
    """False when it was stopped before every question had an outcome; what had come is here all the same."""


class Prober:
    """Plans and runs probes over one session."""

    def __init__(
        self,
        session: ClusterSession,
        gate: Gate,
        *,
        image: str = DEFAULT_IMAGE,
        image_pull_policy: str = "IfNotPresent",
        timeout: float = REPLY_TIMEOUT,
        start_timeout: float = START_TIMEOUT,
        context: str = "",
        kubeconfig: str = "",
    ) -> None:
        """Take the session that knows the cluster and the gate that guards it.

        Args:
            session: For its transport and what it has read.
            gate: Lets writes through.
            image: Of a temporary pod or an ephemeral container.
            image_pull_policy: ``IfNotPresent``, ``Always`` or ``Never``.
            timeout: Seconds to wait for a reply.
            start_timeout: Seconds to wait until what was created runs.
            context: Named in the equal commands; leave it empty where it is the current context.
            kubeconfig: Named in them too; leave it empty where kubectl finds the same one by itself.
        """
        if image_pull_policy not in ("IfNotPresent", "Always", "Never"):
            raise UsageError(
                f"{image_pull_policy!r} is not an image pull policy.", hint="One of IfNotPresent, Always, Never."
            )
        self._session = session
        self._gate = gate
        self._timeout = timeout
        self._start_timeout = start_timeout
        self._image = image
        self._pull_policy = image_pull_policy
        self._flags = cluster_flags(kubeconfig, context)
        self._tools: tuple[Places, Planner] | None = None

    def _ready(self) -> tuple[Places, Planner]:
        """What needs the session's transport, which there is only once the session has been started."""
        if self._tools is None:
            places = Places(self._session.transport, self._gate)
            access = Access(self._session.transport)
            planner = Planner(self._session, self._gate, places, access, self._image, self._pull_policy, self._flags)
            self._tools = places, planner
        return self._tools

    async def plan(
        self,
        spec: VantageSpec,
        namespace: str,
        questions: Sequence[Question],
        server: str | None = None,
        *,
        service: ObjectKey | None = None,
        protocol: str = "",
    ) -> ProbePlan:
        """Find the place and say what will be done; nothing is created. May exec in running pods to see what is there.

        Args:
            spec: Where from.
            namespace: Of the pod to ask from.
            questions: Each at most once.
            server: Address of the server, with a port if not 53; else that of kube-dns, else the pod's own.
            service: The Service that is asked for; its own pods are preferred.
            protocol: ``tcp``, ``udp``, or empty for whichever the place does best.

        Raises:
            UsageError: what was asked for does not go together.
            WriteRefused: read-only mode.
            ClusterError: there is no such place, no right, or no cluster; the hint names the next best.
        """
        if protocol not in ("", "tcp", "udp"):
            raise UsageError(f"{protocol!r} is not a transport of DNS.", hint="One of tcp, udp.")
        asked = tuple(dict.fromkeys(questions))
        if not asked:
            raise UsageError("There is no question to ask.")
        named = parse_server(server) if server else None
        _, planner = self._ready()
        return await planner.plan(spec, namespace, asked, named, service, protocol)

    async def run(self, plan: ProbePlan, on_progress: Callable[[Progress], None] | None = None) -> ProbeResult:
        """Ask for permission, ask the questions, remove what was made.

        Raises:
            WriteRefused: the user did not confirm, or read-only mode.
            ClusterError: it could not be done; the hint names the next best place.
        """
        permit = await self._gate.permit(plan.write_plan)
        places, _ = self._ready()
        return await _Run(self._session, places, plan, permit, self._timeout, self._start_timeout, on_progress)()

    @asynccontextmanager
    async def open(
        self, plan: ProbePlan, on_progress: Callable[[Progress], None] = lambda _: None
    ) -> AsyncIterator[OpenPlace]:
        """The place of a plan, kept open for other work than its questions; what was made for it is removed at the end.

        Raises:
            WriteRefused: the user did not confirm, or read-only mode.
            UsageError: the plan asks from no container.
            ClusterError: the place could not be made.
        """
        permit = await self._gate.permit(plan.write_plan)
        places, _ = self._ready()

        def say(doing: str) -> None:
            on_progress(Progress(doing, 0, len(plan.questions)))

        transport = self._session.transport
        async with open_place(transport, places, plan, permit, start_timeout=self._start_timeout, say=say) as place:
            yield place


class _Run:
    """One probe under way."""

    def __init__(
        self,
        session: ClusterSession,
        places: Places,
        plan: ProbePlan,
        permit: Permit,
        timeout: float,
        start_timeout: float,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._transport = session.transport
        self._places = places
        self._plan = plan
        self._permit = permit
        self._timeout = timeout
        self._start_timeout = start_timeout
        self._on_progress = on_progress or (lambda _: None)
        self._total = len(plan.questions) * max(1, len(plan.replicas))
        self._done = 0
        self._doing = "asking"
        self._vantages: list[Vantage] = []
        self._observations: list[Observation] = []
        self._warnings: list[str] = []

    async def __call__(self) -> ProbeResult:
        started, clock = time.time(), time.monotonic()
        await self._remove_leftovers()
        self._say("asking")
        try:
            await self._way()
        except ClusterError as error:
            # what is gone (the pod, the namespace) is no place to send anybody to
            best = "--from auto" if isinstance(error, NotFound) else self._plan.next_best
            if isinstance(error, NoNamespace):
                raise
            if best and best not in error.hint and not isinstance(error, Unreachable | NotAuthenticated):
                error.hint = f"{error.hint} Next best: {best}.".strip()
            raise
        return ProbeResult(
            tuple(self._vantages),
            tuple(self._observations),
            self._plan,
            started,
            (time.monotonic() - clock) * 1000,
            tuple(self._warnings),
        )

    async def _remove_leftovers(self) -> None:
        """Remove what was confirmed to be removed; what stays is told with the command."""
        stay = list(self._plan.leaves)
        for pod in self._plan.removes:
            try:
                await remove_leftover(self._transport, self._permit, pod)
            except ClusterError:
                stay.append(pod)
        for pod in stay:
            self._warnings.append(
                f"Pod {pod.key} was left by a probe that was killed; remove it by: "
                + removal_line(pod, self._plan.flags)
            )

    def _way(self) -> Awaitable[None]:
        return {
            "pod": self._from_pod,
            "new": self._from_new,
            "debug": self._from_debug,
            "coredns": self._from_replicas,
        }[self._plan.kind]()

    async def _from_pod(self) -> None:
        place = self._plan.place
        assert place is not None
        await self._ask(place, kind="pod", created=False)

    async def _from_new(self) -> None:
        order = self._plan.order
        assert isinstance(order, PodOrder)
        pod = temporary_pod(
            self._transport, self._permit, order, timeout=self._start_timeout, report=self._say, flags=self._plan.flags
        )
        async with pod as handle:
            await self._ask(await self._place(handle.target, order.image), kind="new", created=True)
        if handle.left_behind:
            self._warnings.append(handle.left_behind)

    async def _from_debug(self) -> None:
        order = self._plan.order
        created = isinstance(order, EphemeralOrder)
        if isinstance(order, EphemeralOrder):
            target = await ephemeral_container(
                self._transport, self._permit, order, timeout=self._start_timeout, report=self._say
            )
            self._warnings.append(
                f"Ephemeral container {order.name} stays in pod {order.pod} until the pod goes; "
                "later probes use it again."
            )
            place = await self._place(target, order.image)
        else:
            assert self._plan.place is not None
            place = self._plan.place
        await self._ask(place, kind="debug", created=created)

    async def _from_replicas(self) -> None:
        failures: list[ClusterError] = []
        for replica in self._plan.replicas:
            try:
                await self._ask_replica(replica)
            except ClusterError as error:
                failures.append(error)
                self._fail(replica, error)
        if len(failures) == len(self._plan.replicas):
            raise failures[0]

    async def _ask_replica(self, replica: Replica) -> None:
        vantage = _replica_vantage(replica, self._plan.flags)
        target = ExecTarget(KUBE_DNS.namespace, replica.pod)
        server = Server(replica.address, replica.port, f"CoreDNS replica {replica.pod}")
        asking = Asking(self._transport, self._permit, target, vantage, server, "tcp", self._timeout)
        stream = forward_stream(self._transport, self._permit, replica)
        self._say(f"asking {vantage.name}")
        seen = await ask_over(stream, asking, self._plan.questions, self._count)
        self._vantages.append(vantage)
        self._observations += seen

    def _fail(self, replica: Replica, error: ClusterError) -> None:
        vantage = _replica_vantage(replica, self._plan.flags)
        self._vantages.append(vantage)
        server = str(Server(replica.address, replica.port))
        for question in self._plan.questions:
            observation = Observation(vantage.name, server, "tcp", question, error=error.message)
            self._observations.append(observation)
            self._count(observation)

    async def _place(self, target: ExecTarget, image: str) -> Place:
        """What the image of a container that we made can do."""
        toolbox = await self._places.look(target, image)
        tool = toolbox.carrier(self._plan.protocol)
        if tool is None:
            raise ClusterError(
                f"Image {image} cannot ask DNS: {toolbox.why_not(self._plan.protocol)}.",
                hint="Choose one by --image that has nc, dig or nslookup, such as busybox:1.28.",
            )
        return Place(target, tool, toolbox, image)

    async def _ask(self, place: Place, *, kind: str, created: bool) -> None:
        plan = self._plan
        target = place.target
        name = {"pod": str(target), "debug": f"debug/{target.pod}", "new": "new"}[kind]
        vantage = Vantage(
            name,
            kind,
            target.namespace,
            target.pod,
            target.container or "",
            place.tool,
            place.image,
            created,
            tuple(sorted(place.toolbox.tools)),
            plan.flags,
        )
        server = plan.server or server_of(place)
        asking = Asking(self._transport, self._permit, target, vantage, server, plan.protocol, self._timeout)
        self._say(f"asking from {target} by {place.tool}")
        asked = await ask(asking, plan.questions, self._count)
        self._vantages.append(vantage)
        self._observations += asked.observations
        ran = ran_command(target, asked.argv, asked.runs, stdin=asked.stdin, flags=plan.flags) if asked.argv else ""
        self._plan = plan.as_run(ran)

    def _count(self, _: Observation) -> None:
        self._done += 1
        self._say(self._doing)

    def _say(self, doing: str) -> None:
        self._doing = doing
        self._on_progress(Progress(doing, self._done, self._total))


def _replica_vantage(replica: Replica, flags: tuple[str, ...]) -> Vantage:
    name = f"coredns/{replica.pod}"
    return Vantage(name, "coredns", KUBE_DNS.namespace, replica.pod, "", "port-forward", flags=flags)


__all__ = ["DEFAULT_IMAGE", "ProbePlan", "ProbeResult", "Prober", "Progress"]
