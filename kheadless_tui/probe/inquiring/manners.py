"""Asking as a resolver does: in mixed case where that is wanted, and again over TCP what was truncated over UDP."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from kheadless_tui.probe.inquiring.dnsmessage import mixed_case
from kheadless_tui.probe.inquiring.inquiry import Ask, Asked, OnObservation
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question


async def with_manners(
    first: Ask, over_tcp: Ask | None, questions: Sequence[Question], on_observation: OnObservation, *, mixed: bool
) -> Asked:
    """Ask by ``first``, in mixed case if wanted, and by ``over_tcp`` again for what was truncated."""
    rng = random.SystemRandom()
    sent = {Question(mixed_case(each.name, rng), each.type) if mixed else each: each for each in questions}
    truncated: dict[Question, Observation] = {}
    whole: dict[Question, Observation] = {}

    def tell(observation: Observation) -> None:
        on_observation(msgspec.structs.replace(observation, question=sent[observation.question]))

    def settle(observation: Observation) -> None:
        if over_tcp is not None and "tc" in observation.flags:
            truncated[observation.question] = observation
        else:
            tell(observation)

    def complete(observation: Observation) -> None:
        cut = truncated[observation.question]
        whole[observation.question] = cut if observation.error else _completed(cut, observation)
        tell(whole[observation.question])

    asked = await first(list(sent), settle)
    if over_tcp is not None and truncated:
        await over_tcp(list(truncated), complete)
    observations = [
        msgspec.structs.replace(whole.get(seen.question, seen), question=sent[seen.question])
        for seen in asked.observations
    ]
    return replace(asked, observations=observations)


def _completed(cut: Observation, whole: Observation) -> Observation:
    """The reply over UDP with the sections that it had no room for."""
    times = [seen.ms if seen.ms is not None else seen.within for seen in (cut, whole)]
    total = sum(time for time in times if time is not None)
    # That the first was below a millisecond (dig counts whole ones) makes no bound of a time that is known.
    known = whole.ms is not None and (cut.ms is not None or cut.within == 1)
    return msgspec.structs.replace(
        whole,
        transport=cut.transport,
        started=cut.started,
        ms=total if known else None,
        within=None if known else total,
        cut=len(cut.answer),
        edns=cut.edns,
    )
