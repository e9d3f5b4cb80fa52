"""What the user asked for: where from, what, which servers, and of what kind a pod that is made for it is."""

from __future__ import annotations

from dataclasses import dataclass

from kheadless_tui.cluster.pods.podoptions import PodOptions
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.server import AS_USUAL, Manner, Protocol, Server
from kheadless_tui.zone.record import Question


@dataclass(frozen=True, slots=True)
class Making:
    """How what is made for a probe is made."""

    image: str
    pull_policy: str
    options: PodOptions


@dataclass(frozen=True, slots=True)
class Wish:
    """A probe as it was asked for."""

    spec: VantageSpec
    namespace: str
    questions: tuple[Question, ...]
    server: Server | None = None
    """The one that the user named; ``None``: that of the cluster."""
    service: ObjectKey | None = None
    protocol: str = ""
    every_server: bool = False
    transports: tuple[Protocol, ...] = ()
    manner: Manner = AS_USUAL
    servers: tuple[Server, ...] = ()
    """The servers that are known to be asked; filled in while it is planned."""
    notes: tuple[str, ...] = ()
    """What could not be had of it."""

    @property
    def reaches(self) -> str:
        """The transport that a place must be able to do; with several any one is enough."""
        return "" if self.transports else self.protocol

    @property
    def beyond(self) -> str:
        """What is asked beyond one server over one transport, in words; empty when it is that alone."""
        how = f" over {' and '.join(over.upper() for over in self.transports)}" if self.transports else ""
        return f" to every server of the cluster's DNS{how}" if self.every_server else how

    @property
    def first(self) -> Server | None:
        """The server that the shown commands name."""
        return next(iter(self.servers), self.server)
