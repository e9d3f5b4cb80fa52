"""A probe that is ready to run: the place, why it and not another, and what it will do in the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kheadless_tui.cluster.gate import WritePlan
from kheadless_tui.cluster.pods.podspec import EphemeralOrder, PodOrder
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.places import Place
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.inquiring.replicas import Replica
from kheadless_tui.probe.server import AS_USUAL, Manner, Protocol, Server
from kheadless_tui.zone.record import Question


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """A probe that is ready to run."""

    spec: VantageSpec
    """As it was asked for."""
    kind: str
    """What it came to: ``pod``, ``debug``, ``new``, ``coredns`` or ``local``."""
    namespace: str
    questions: tuple[Question, ...]
    vantage: str
    """The place in words: ``pod/web-0, container nginx, by nc``."""
    why: str
    """Why this place."""
    rejected: tuple[tuple[str, str], ...]
    """What was passed over, and why."""
    server: Server | None
    """``None``: the one of the container's /etc/resolv.conf, known when it runs; of several the first."""
    write_plan: WritePlan
    protocol: str = ""
    place: Place | None = None
    order: PodOrder | EphemeralOrder | None = None
    """What will be created."""
    replicas: tuple[Replica, ...] = ()
    """Those that are asked by port-forward."""
    next_best: str = ""
    """Another place, for when this one fails."""
    removes: tuple[Pod, ...] = ()
    """Pods left by killed probes that are removed after the same confirmation."""
    leaves: tuple[Pod, ...] = ()
    """Such pods that stay, since this probe creates nothing or may not delete: they are only told."""
    flags: tuple[str, ...] = ()
    """By which kubectl reaches the same cluster."""
    servers: tuple[Server, ...] = ()
    """Every server that is asked, as far as it is known before the place is open."""
    transports: tuple[Protocol, ...] = ()
    """The transports by which each is asked; empty: :attr:`protocol`, or what the place does best."""
    every_server: bool = False
    """Those that the place's own /etc/resolv.conf names, and the node's cache, are asked too."""
    manner: Manner = AS_USUAL
    notes: tuple[str, ...] = ()
    """What could not be had of what was asked for, and why."""

    @property
    def equals(self) -> tuple[str, ...]:
        """The equal kubectl commands."""
        return self.write_plan.equals

    def as_run(self, commands: Sequence[str]) -> ProbePlan:
        """The plan with the commands that did carry the questions in place of the one that was expected to.

        ``commands`` is empty when no question could be put to a program, so that none was run.
        """
        equals = list(self.equals)
        equals[self.carries : self.carries + 1] = commands
        return replace(self, write_plan=replace(self.write_plan, equals=tuple(equals)))

    @property
    def equals_in_brief(self) -> tuple[str, ...]:
        """The equal commands with one for all servers: what creates the place, the first to ask, what removes it."""
        end = len(self.equals) - (1 if isinstance(self.order, PodOrder) else 0)
        runs = self.equals[self.carries : end]
        if len(runs) < 2:
            return self.equals
        first = f"{runs[0]}\n# and {len(runs) - 1} more, for the other servers and transports"
        return (*self.equals[: self.carries], first, *self.equals[end:])

    @property
    def carries(self) -> int:
        """Which of the equal commands carries the questions: the second where the first creates what it runs in."""
        return 1 if self.creates else 0

    @property
    def creates(self) -> bool:
        """Something is made in the cluster."""
        return self.order is not None
