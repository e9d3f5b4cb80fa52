"""Questions through one carrier in one container, and each outcome as an observation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from kheadless_tui.cluster.exec import ExecResult, ExecTarget, exec_in
from kheadless_tui.probe.carriers.dig import BATCH, dig_argv, match_replies, parse_dig
from kheadless_tui.probe.carriers.nslookup import BIND, VERSION_ARGV, nslookup_argv, parse_nslookup, variant
from kheadless_tui.probe.carriers.stream import OpenStream, Outcome, ask_stream, exec_stream, stream_argv
from kheadless_tui.probe.dnsmessage import Reply, Unaskable, may_be_cut
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.server import Server
from kheadless_tui.probe.tools import STREAM_TOOLS, printable
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.transport import Transport

PARALLEL = 4
"""Execs at one time for carriers that need several."""
PATIENCE = 4
"""Times the reply timeout after which one run of dig or nslookup is given up, whatever it still has to ask."""
TEXT_LIMIT = 512 * 1024
"""Bytes taken from one run of dig or nslookup."""

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

    def observe(
        self,
        question: Question,
        reply: Reply | None,
        *,
        protocol: str,
        ms: float | None = None,
        error: str = "",
        ttl_known: bool = True,
    ) -> Observation:
        """The observation of one outcome."""
        base = Observation(self.vantage.name, str(self.server), protocol, question)
        if reply is None:
            return msgspec.structs.replace(base, error=error or "no reply")
        return msgspec.structs.replace(
            base,
            rcode=reply.rcode,
            flags=reply.flags,
            answer=reply.answer,
            authority=reply.authority,
            additional=reply.additional,
            ms=ms,
            ttl_known=ttl_known,
        )


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


async def ask(asking: Asking, questions: Sequence[Question], on_observation: OnObservation) -> Asked:
    """Ask every question, once more where no reply came.

    Raises:
        ClusterError: no exec could be opened in the container at all.
    """
    tool = asking.vantage.tool
    if tool in STREAM_TOOLS:
        stream = exec_stream(asking.transport, asking.permit, asking.target, tool, asking.server)
        seen = await ask_over(stream, asking, questions, on_observation)
        return Asked(seen, stream_argv(tool, asking.server), stdin=True)
    carrier: TextCarrier = Dig(asking) if tool == "dig" else await Nslookup.in_container(asking)
    return await _ask_by_text(carrier, asking, questions, on_observation)


async def ask_over(
    stream: OpenStream, asking: Asking, questions: Sequence[Question], on_observation: OnObservation
) -> list[Observation]:
    """Ask over byte streams to the server, which carry DNS over TCP."""
    seen: dict[Question, Observation] = {}

    def settle(outcome: Outcome) -> None:
        observation = asking.observe(
            outcome.question, outcome.reply, protocol="tcp", ms=outcome.ms, error=outcome.error
        )
        seen[outcome.question] = observation
        on_observation(observation)

    await ask_stream(stream, questions, timeout=asking.timeout, on_outcome=settle)
    return [seen[question] for question in questions]


class TextCarrier(Protocol):
    """A program that is run anew for each batch of questions and prints what it was told."""

    batch: int
    """Questions for one run."""
    protocol: str
    """``tcp`` or ``udp``."""

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        """The command; raises Unaskable."""

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Observation]:
        """One observation per question."""


class Dig:
    """dig, with several questions a run."""

    batch = BATCH

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.protocol = asking.protocol or "tcp"

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        return dig_argv(self._asking.server, questions, transport=self.protocol, timeout=self._asking.timeout)

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Observation]:
        output = parse_dig(result.stdout.decode("utf-8", "replace"))
        found = match_replies(output, questions)
        error = printable(output.errors[-1]) if output.errors else _failure("dig", result)
        observations = []
        for question in questions:
            reply, ms = found.get(question, (None, None))
            observations.append(self._asking.observe(question, reply, protocol=self.protocol, ms=ms, error=error))
        return observations


class Nslookup:
    """nslookup of either make, one question a run."""

    batch = 1

    def __init__(self, asking: Asking, kind: str) -> None:
        self._asking = asking
        self._kind = kind
        self.protocol = asking.protocol or ("tcp" if kind == BIND else "udp")

    @classmethod
    async def in_container(cls, asking: Asking) -> Nslookup:
        """Find out by one exec which nslookup the container has."""
        target = asking.target
        result = await exec_in(
            asking.transport,
            asking.permit,
            target.namespace,
            target.pod,
            target.container,
            VERSION_ARGV,
            timeout=asking.timeout * PATIENCE,
            max_bytes=TEXT_LIMIT,
        )
        return cls(asking, variant((result.stdout + result.stderr).decode("utf-8", "replace")))

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        asking = self._asking
        return nslookup_argv(self._kind, asking.server, questions[0], transport=self.protocol, timeout=asking.timeout)

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Observation]:
        text = (result.stdout + b"\n" + result.stderr).decode("utf-8", "replace")
        output = parse_nslookup(text, questions[0])
        reply = output.reply
        if reply is not None and self._kind != BIND and may_be_cut(reply):
            reply = replace(reply, flags=("tc",))
        error = _failure("nslookup", result) if result.exit_code is None else printable(output.error)
        return [
            self._asking.observe(
                questions[0],
                reply,
                protocol=self.protocol,
                ms=output.ms,
                error=error,
                ttl_known=output.ttl_known,
            )
        ]


async def _ask_by_text(
    carrier: TextCarrier, asking: Asking, questions: Sequence[Question], on_observation: OnObservation
) -> Asked:
    """Run the carrier over all questions, some runs at a time, and again once over those without a reply."""
    seen: dict[Question, Observation] = {}
    left: list[Question] = []
    for question in questions:
        try:
            carrier.argv([question])
            left.append(question)
        except Unaskable as error:
            seen[question] = asking.observe(question, None, protocol=carrier.protocol, error=str(error))
            on_observation(seen[question])
    first, runs_needed = left[: carrier.batch], -(-len(left) // carrier.batch)
    for last in (False, True):
        batches = [left[at : at + carrier.batch] for at in range(0, len(left), carrier.batch)]
        gate = asyncio.Semaphore(PARALLEL)
        try:
            async with asyncio.TaskGroup() as group:
                runs = [group.create_task(_run(carrier, asking, batch, gate)) for batch in batches]
        except ExceptionGroup as failures:  # all runs fail for one reason: the pod, the rights or the connection
            raise failures.exceptions[0] from None
        left = []
        for observation in (item for run in runs for item in run.result()):
            if observation.error and not last:
                left.append(observation.question)
                continue
            if observation.error:
                observation = msgspec.structs.replace(observation, error=f"{observation.error} (asked twice)")
            seen[observation.question] = observation
            on_observation(observation)
    argv = carrier.argv(first) if first else ()
    return Asked([seen[question] for question in questions], argv, runs=runs_needed)


async def _run(
    carrier: TextCarrier, asking: Asking, batch: Sequence[Question], gate: asyncio.Semaphore
) -> list[Observation]:
    async with gate:
        target = asking.target
        result = await exec_in(
            asking.transport,
            asking.permit,
            target.namespace,
            target.pod,
            target.container,
            carrier.argv(batch),
            timeout=asking.timeout * PATIENCE,
            max_bytes=TEXT_LIMIT,
        )
    return carrier.read(result, batch)


def _failure(tool: str, result: ExecResult) -> str:
    """Why a run gave no reply, as far as it can be told from outside."""
    if result.exit_code is None:
        return printable(result.finished.cause)
    said = printable(result.stderr or result.stdout[-200:])
    return said or f"{tool} ended with status {result.exit_code} and said nothing"
