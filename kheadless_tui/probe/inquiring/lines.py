"""Lines to servers: from one place to one server over one transport, each ready to be asked.

Whatever carries the questions (a program in a container, a port-forward, a socket of this machine), a line is asked in
the same way and gives observations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.probe.carriers.stream import OpenStream
from kheadless_tui.probe.choosing.dnsservers import every_server, servers_of_pod
from kheadless_tui.probe.choosing.equivalent import ran_command
from kheadless_tui.probe.choosing.places import Place, server_of
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.standing import OpenPlace
from kheadless_tui.probe.choosing.tools import FLAG_TOOLS
from kheadless_tui.probe.inquiring.asking import ask, ask_by_stream
from kheadless_tui.probe.inquiring.inquiry import Ask, Asked, Asking
from kheadless_tui.probe.inquiring.local import local_stream
from kheadless_tui.probe.inquiring.pace import Pace
from kheadless_tui.probe.inquiring.replicas import Replica, forward_stream
from kheadless_tui.probe.observation import Vantage
from kheadless_tui.probe.server import MOST_ASIDE, TCP, UDP, Protocol, Server

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport


@dataclass(frozen=True, slots=True)
class Line:
    """One server over one transport from one place."""

    vantage: Vantage
    server: Server
    transport: Protocol
    ask: Ask
    tool: str
    command: Callable[[Asked], str] = lambda _: ""
    """The kubectl command that equals what was run; empty where the plan says it already."""
    asides: tuple[Ask, ...] = ()
    """The same past what caches keep for clients, in several ways; none where its program cannot."""

    @property
    def id(self) -> tuple[str, str, str]:
        """As its observations name it: vantage, server, transport."""
        return (self.vantage.name, str(self.server), self.transport)


@dataclass(frozen=True, slots=True)
class LineSet:
    """All lines of a probe."""

    lines: tuple[Line, ...]
    nameservers: tuple[str, ...] = ()
    """Of the place's /etc/resolv.conf, where it was read."""
    notes: tuple[str, ...] = ()
    """Transports that the place cannot do."""


def lines_from_place(place: OpenPlace, plan: ProbePlan, timeout: float, pace: Pace) -> LineSet:
    """The lines from a container.

    Raises:
        ClusterError: no server is known to ask.
    """
    toolbox = place.toolbox
    source = f"/etc/resolv.conf of {place.target}"
    if plan.every_server:
        servers = every_server(servers_of_pod(toolbox.nameservers, plan.servers, source), plan.servers)
    else:
        known = plan.servers or ((plan.server,) if plan.server else ())
        servers = list(known) or [server_of(Place(place.target, place.tool, toolbox, place.image))]
    notes = []
    lines = []
    for transport in plan.transports or (plan.protocol,):
        tool = toolbox.carrier(transport) or ("" if toolbox.tools else place.tool)
        if not tool:
            notes.append(f"Nothing was asked over {transport.upper()}: {toolbox.why_not(transport)}.")
            continue
        lines += [_container_line(place, plan, server, transport, tool, timeout, pace) for server in servers]
    return LineSet(tuple(lines), toolbox.nameservers, tuple(notes))


def _container_line(
    place: OpenPlace, plan: ProbePlan, server: Server, transport: str, tool: str, timeout: float, pace: Pace
) -> Line:
    asking = Asking(
        place.transport,
        place.permit,
        place.target,
        place.vantage,
        server,
        transport,
        timeout,
        place.toolbox,
        tool,
        plan.manner,
        pace,
    )

    def command(asked: Asked) -> str:
        if not asked.argv:
            return ""
        return ran_command(place.target, asked.argv, asked.runs, stdin=asked.stdin, flags=plan.flags)

    asides = tuple(partial(ask, each) for each in _asides(asking)) if tool in FLAG_TOOLS else ()
    return Line(place.vantage, server, asking.over, partial(ask, asking), tool, command, asides)


def _asides(asking: Asking) -> list[Asking]:
    return [replace(asking, manner=replace(asking.manner, aside=number + 1)) for number in range(MOST_ASIDE)]


def lines_by_forward(transport: Transport, permit: Permit, plan: ProbePlan, timeout: float, pace: Pace) -> LineSet:
    """A line to each replica by port-forward, over TCP."""
    lines = []
    for replica in plan.replicas:
        vantage = replica_vantage(replica, plan.flags)
        target = ExecTarget(replica.namespace, replica.pod)
        asking = Asking(
            transport,
            permit,
            target,
            vantage,
            replica.server(forwarded=True),
            TCP,
            timeout,
            manner=plan.manner,
            pace=pace,
        )
        lines.append(_stream_line(asking, forward_stream(transport, permit, replica)))
    return LineSet(tuple(lines))


def lines_from_here(transport: Transport, permit: Permit, plan: ProbePlan, timeout: float, pace: Pace) -> LineSet:
    """Lines from the user's own machine, over UDP unless TCP is asked for."""
    vantage = local_vantage(plan.flags)
    lines = []
    for over in plan.transports or (UDP if plan.protocol == UDP else TCP,):
        for server in plan.servers or ((plan.server,) if plan.server else ()):
            asking = Asking(
                transport,
                permit,
                ExecTarget("", ""),
                vantage,
                server,
                over,
                timeout,
                manner=plan.manner,
                pace=pace,
            )
            over_tcp = local_stream(server, TCP) if over == UDP else None
            lines.append(_stream_line(asking, local_stream(server, over), over_tcp))
    return LineSet(tuple(lines))


def _stream_line(asking: Asking, stream: OpenStream, over_tcp: OpenStream | None = None) -> Line:
    """A line that carries whole messages; ``over_tcp`` is for what was truncated."""
    run = partial(ask_by_stream, stream, over_tcp, asking)
    asides = tuple(partial(ask_by_stream, stream, over_tcp, each) for each in _asides(asking))
    return Line(asking.vantage, asking.server, asking.over, run, asking.vantage.tool, asides=asides)


def local_vantage(flags: tuple[str, ...]) -> Vantage:
    """The user's own machine as a vantage point."""
    return Vantage("local", "local", "", "", "", "this machine", flags=flags)


def replica_vantage(replica: Replica, flags: tuple[str, ...]) -> Vantage:
    """A CoreDNS replica that is asked by port-forward, as a vantage point."""
    name = f"coredns/{replica.pod}"
    return Vantage(name, "coredns", replica.namespace, replica.pod, "", "port-forward", flags=flags)
