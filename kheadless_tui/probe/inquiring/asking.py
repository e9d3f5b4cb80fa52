"""Questions from one place to one server, by the program that suits, and each outcome as an observation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from kheadless_tui.probe.carriers.commands import FRAMED_UDP, stream_argv
from kheadless_tui.probe.carriers.datagram import ask_datagrams
from kheadless_tui.probe.carriers.stream import OpenStream, Outcome, Way, ask_stream, exec_stream
from kheadless_tui.probe.carriers.text import TextCarrier, asks_again_by_itself, text_carrier
from kheadless_tui.probe.choosing.tools import STREAM_TOOLS
from kheadless_tui.probe.inquiring.inquiry import Asked, Asking, OnObservation
from kheadless_tui.probe.inquiring.manners import with_manners
from kheadless_tui.probe.inquiring.printing import TextAsker
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import TCP, UDP
from kheadless_tui.zone.record import Question

__all__ = ["Asked", "Asking", "OnObservation", "ask", "ask_by_stream"]


async def ask(asking: Asking, questions: Sequence[Question], on_observation: OnObservation) -> Asked:
    """Ask every question, once more where no reply came, and over TCP where a reply over UDP was truncated.

    Raises:
        ClusterError: no exec could be opened in the container at all.
    """
    again = _over_tcp(asking)
    over_tcp = partial(_carried, again) if again is not None else None
    mixed = asking.manner.mixed_case
    return await with_manners(partial(_carried, asking), over_tcp, questions, on_observation, mixed=mixed)


def _over_tcp(asking: Asking) -> Asking | None:
    """How a truncated reply is asked for again; ``None`` where nothing can, or the program has done it by itself."""
    if asking.over != UDP or asks_again_by_itself(asking.carrier):
        return None
    tool = asking.toolbox.carrier(TCP)
    return None if tool is None else replace(asking, protocol=TCP, tool=tool)


async def _carried(asking: Asking, questions: Sequence[Question], settle: OnObservation) -> Asked:
    """Ask by the one program and the one transport."""
    tool = asking.carrier
    if tool in STREAM_TOOLS:
        quits = tool in asking.toolbox.quits
        stream = exec_stream(
            asking.transport, asking.permit, asking.target, tool, asking.server, asking.over, quits=quits
        )
        alone = asking.over == UDP and tool not in FRAMED_UDP
        seen = await _over(stream, asking, questions, settle, one_by_one=alone)
        return Asked(seen, stream_argv(tool, asking.server, asking.over, quits=quits), stdin=True)

    def carrier(timeout: float) -> TextCarrier:
        return text_carrier(tool, asking.toolbox, asking.server, asking.over, timeout, asking.manner)

    return await TextAsker(carrier, asking, settle)(questions)


async def ask_by_stream(
    stream: OpenStream,
    over_tcp: OpenStream | None,
    asking: Asking,
    questions: Sequence[Question],
    on_observation: OnObservation,
) -> Asked:
    """The same over streams that are no program in a pod; ``over_tcp`` for what was truncated.

    Raises:
        ClusterError: the first stream could not be opened.
    """

    async def first(asked: Sequence[Question], settle: OnObservation) -> Asked:
        return Asked(await _over(stream, asking, asked, settle), ())

    async def again(asked: Sequence[Question], settle: OnObservation) -> Asked:
        assert over_tcp is not None
        return Asked(await _over(over_tcp, replace(asking, protocol=TCP), asked, settle), ())

    retry = again if over_tcp is not None else None
    return await with_manners(first, retry, questions, on_observation, mixed=asking.manner.mixed_case)


async def _over(
    stream: OpenStream,
    asking: Asking,
    questions: Sequence[Question],
    on_observation: OnObservation,
    *,
    one_by_one: bool = False,
) -> list[Observation]:
    """Ask by whole messages over byte streams to the server.

    ``one_by_one`` where the stream knows no borders between messages, so that only one may be under way.
    """
    seen: dict[Question, Observation] = {}

    def settle(outcome: Outcome) -> None:
        observation = asking.observe(
            outcome.question,
            outcome.reply,
            ms=outcome.ms,
            error=outcome.error,
            started=outcome.started,
            edns=asking.manner.edns,
            unasked=outcome.unasked,
        )
        seen[outcome.question] = observation
        on_observation(observation)

    manner = asking.manner
    way = Way(asking.timeout, manner.edns, asking.pace, lossy=asking.over == UDP, aside=manner.aside)
    if one_by_one:
        await ask_datagrams(stream, questions, way, settle)
    else:
        await ask_stream(stream, questions, way, settle)
    return [seen[question] for question in questions]
