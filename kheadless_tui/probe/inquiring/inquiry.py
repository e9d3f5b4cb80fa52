"""What a carrier is told, and what comes of it: the order to put questions to one server, and its observations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.probe.choosing.tools import Toolbox
from kheadless_tui.probe.inquiring.dnsmessage import Reply, Unaskable, presentation_name
from kheadless_tui.probe.inquiring.pace import Pace
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.server import AS_USUAL, TCP, UDP, Manner, Protocol, Server
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport

OnObservation = Callable[[Observation], None]


@dataclass(frozen=True, slots=True)
class Asking:
    """Everything that a carrier needs to know."""

    transport: Transport
    permit: Permit
    target: ExecTarget
    vantage: Vantage
    server: Server
    protocol: str = ""
    """``tcp``, ``udp``, or empty for what the carrier does best."""
    timeout: float = 3.0
    """Seconds to wait for a reply."""
    toolbox: Toolbox = Toolbox()  # noqa: RUF009 - it is frozen
    """What the container holds; empty: only the vantage point's own tool is known."""
    tool: str = ""
    """The program; empty for the best of the toolbox."""
    manner: Manner = AS_USUAL
    pace: Pace = field(default_factory=Pace)

    @property
    def carrier(self) -> str:
        """The program that asks."""
        return self.tool or self.toolbox.carrier(self.protocol) or self.vantage.tool

    @property
    def over(self) -> Protocol:
        """The transport that the carrier uses."""
        return UDP if self.protocol == UDP or (not self.protocol and self.toolbox.asks_udp_alone(self.carrier)) else TCP

    def observe(
        self,
        question: Question,
        reply: Reply | None,
        *,
        ms: float | None = None,
        error: str = "",
        started: float = 0.0,
        unknown: Sequence[str] = (),
        text: str = "",
        edns: int | None = None,
        unasked: bool = False,
        within: float | None = None,
    ) -> Observation:
        """The observation of one outcome."""
        base = Observation(
            self.vantage.name,
            str(self.server),
            self.over,
            question,
            started=started,
            said=text,
            carrier=self.carrier,
            aside=self.manner.aside,
        )
        if reply is None:
            return msgspec.structs.replace(base, error=error or "no reply", unasked=unasked)
        return msgspec.structs.replace(
            base,
            rcode=reply.rcode,
            flags=reply.flags,
            answer=reply.answer,
            authority=reply.authority,
            additional=reply.additional,
            ms=ms,
            within=within if ms is None else None,
            ttl_known="ttl" not in unknown,
            wire=reply.wire,
            unknown=tuple(unknown),
            edns=edns,
            case_kept=_case_kept(question, reply) if self.manner.mixed_case else None,
        )


def _case_kept(sent: Question, reply: Reply) -> bool | None:
    if not reply.echo:
        return None
    try:
        return presentation_name(sent.name) == reply.echo
    except Unaskable:
        return None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of the questions, and the program that was run for them."""

    observations: list[Observation]
    """One for each question, in their order."""
    argv: tuple[str, ...]
    """The first command that was run; empty when no question could be put to the program."""
    stdin: bool = False
    """It was given the questions on its stdin."""
    runs: int = 1
    """How often it was run, a command for each batch of questions; a question that is repeated is not counted."""


Ask = Callable[[Sequence[Question], OnObservation], Awaitable[Asked]]
"""Puts questions to one server over one transport."""
