"""Asking DNS from inside a cluster: the place is planned and shown, then the questions go out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kheadless_tui.cluster.connecting.kubectl_flags import cluster_flags
from kheadless_tui.cluster.gate import Gate, Permit
from kheadless_tui.cluster.pods.debugpod import START_TIMEOUT, NoNamespace
from kheadless_tui.cluster.pods.podoptions import DEFAULT_OPTIONS, PodOptions
from kheadless_tui.cluster.rights.access import Access
from kheadless_tui.errors import ClusterError, NotAuthenticated, NotFound, Unreachable, UsageError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.places import Places
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.planning import Planner
from kheadless_tui.probe.choosing.standing import OpenPlace, open_place
from kheadless_tui.probe.choosing.vantage import DEFAULT_IMAGE, VantageSpec
from kheadless_tui.probe.choosing.wish import Making, Wish
from kheadless_tui.probe.inquiring.pace import MAX_QUESTIONS
from kheadless_tui.probe.inquiring.running import FollowUp, Progress, Run
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.server import AS_USUAL, Manner, Protocol, Server, parse_server
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

REPLY_TIMEOUT = 3.0
"""Seconds to wait for a reply; an unanswered question is asked again once."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came of a probe."""

    vantages: tuple[Vantage, ...]
    observations: tuple[Observation, ...]
    """One for each question, vantage point, server and transport; further ones for what was asked again."""
    plan: ProbePlan
    """As it was run: its equal commands are those of the programs that carried the questions."""
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
    ways: tuple[tuple[str, str, str], ...] = ()
    """Each way that every question goes: vantage point, server, transport; none where it was stopped before."""
    nameservers: tuple[str, ...] = ()
    """Of the place's own /etc/resolv.conf, where it was read."""


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
        pod: PodOptions = DEFAULT_OPTIONS,
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
            pod: How a temporary pod differs from the usual one.
        """
        if image_pull_policy not in ("IfNotPresent", "Always", "Never"):
            raise UsageError(
                f"{image_pull_policy!r} is not an image pull policy.", hint="One of IfNotPresent, Always, Never."
            )
        self._session = session
        self._gate = gate
        self._timeout = timeout
        self._start_timeout = start_timeout
        self._making = Making(image, image_pull_policy, pod)
        asked = session.connection.asked
        self._flags = cluster_flags(kubeconfig, context, asked.as_user or "", asked.as_groups)
        self._tools: tuple[Places, Planner] | None = None

    def _ready(self) -> tuple[Places, Planner]:
        """What needs the session's transport, which there is only once the session has been started."""
        if self._tools is None:
            places = Places(self._session.transport, self._gate)
            access = Access(self._session.transport)
            self._tools = places, Planner(self._session, self._gate, places, access, self._making, self._flags)
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
        every_server: bool = False,
        transports: Sequence[Protocol] = (),
        manner: Manner = AS_USUAL,
    ) -> ProbePlan:
        """Find the place and say what will be done; nothing is created. May exec in running pods to see what is there.

        Args:
            spec: Where from.
            namespace: Of the pod to ask from.
            questions: Each at most once.
            server: Address of the server, with a port if not 53; else that of kube-dns, else the pod's own.
            service: The Service that is asked for; its own pods are preferred.
            protocol: ``tcp``, ``udp``, or empty for whichever the place does best.
            every_server: Ask all: what the place's /etc/resolv.conf names, the node's cache, kube-dns by each of its
                addresses, each replica by its address; and ``server`` too, where one is given.
            transports: Ask each server over all of these, as far as the place can; ``protocol`` is not looked at then.
            manner: How the questions are put.

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
        if len(asked) > MAX_QUESTIONS:
            raise UsageError(
                f"{len(asked)} questions are more than one probe asks ({MAX_QUESTIONS}).",
                hint="Ask for less at a time.",
            )
        named = parse_server(server) if server else None
        _, planner = self._ready()
        wish = Wish(spec, namespace, asked, named, service, protocol, every_server, tuple(transports), manner)
        return await planner.plan(wish)

    async def run(
        self,
        plan: ProbePlan,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        follow_up: FollowUp | None = None,
        stop: asyncio.Event | None = None,
    ) -> ProbeResult:
        """Ask for permission, ask the questions, remove what was made.

        Args:
            plan: What is to be done.
            on_progress: Is told how far it has come, and each outcome as it comes.
            follow_up: Is given all that came while the place is still open; what it returns is asked again, until it
                returns nothing, three times at the most.
            stop: Once it is set, nothing more is asked, what was made is removed, and what came is returned.

        Raises:
            WriteRefused: the user did not confirm, or read-only mode.
            ClusterError: it could not be done; the hint names the next best place.
        """
        permit = await self._permit(plan)
        places, planner = self._ready()
        started, clock = time.time(), time.monotonic()
        run = Run(
            self._session.transport,
            places,
            plan,
            permit,
            timeout=self._timeout,
            start_timeout=self._start_timeout,
            on_progress=on_progress or (lambda _: None),
            follow_up=follow_up,
        )
        try:
            complete = await run.until(stop)
        except ClusterError as error:
            raise _advised(error, plan) from None
        came = run.came
        planner.heard(came.servers)
        return ProbeResult(
            came.vantages,
            came.in_order(plan.questions),
            plan.as_run(came.commands) if plan.kind not in ("coredns", "local") and complete else plan,
            started,
            (time.monotonic() - clock) * 1000,
            (*plan.notes, *came.warnings),
            came.servers,
            complete,
            came.ways,
            came.lines.nameservers,
        )

    async def _permit(self, plan: ProbePlan) -> Permit:
        """Nothing is done in the cluster by asking from here, so that read-only mode does not refuse it."""
        if plan.kind == "local":
            return await Gate(False, None).permit(plan.write_plan)
        return await self._gate.permit(plan.write_plan)

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


def _advised(error: ClusterError, plan: ProbePlan) -> ClusterError:
    """The error with the next best place; what is gone (the pod, the namespace) is no place to send anybody to."""
    best = "--from auto" if isinstance(error, NotFound) else plan.next_best
    if best and best not in error.hint and not isinstance(error, Unreachable | NotAuthenticated | NoNamespace):
        error.hint = f"{error.hint} Next best: {best}.".strip()
    return error


__all__ = ["DEFAULT_IMAGE", "FollowUp", "ProbePlan", "ProbeResult", "Prober", "Progress"]
