"""What was right when: a reply is held against all that was predicted at the time at which it was made. Pure.

Every CoreDNS has a cache, and a cache on the node is another one: what was asked for in the middle of a change is
answered so for as long as its TTL runs. How much of the TTL is left tells when a reply was made. It is right for that
time when each of its records was predicted at some moment of it, and each record that was predicted all the time is
there: the Service and its EndpointSlices reach a server by several watches, and so in any order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kheadless_tui.probe.comparison.canonical import RecordId, identity, same_name
from kheadless_tui.probe.comparison.compare import Answers
from kheadless_tui.probe.matrix.layer_elsewhere import is_reverse_denial
from kheadless_tui.probe.matrix.layer_findings import Freshness, remaining
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Answer, Question, Record

HEARD_LATER = 3.0
"""Seconds within which a server hears of a change that we have heard of; usually 20 to 400 ms, more where the machine
is busy. What it has not heard of by then it is behind with."""
HEARD_SOONER = 2.0
"""Seconds by which a server may have heard of a change before us."""
RAISED = 5.0
"""Seconds to which a cache raises a TTL that is below (plugin/cache/setup.go minTTL): a cache in front of another one
keeps a reply for so much longer."""
MOST_CACHED = 30.0
"""Seconds for which a reply may be in a cache whose setting is not known: the Corefile of kubeadm and of most others
says so, and the TTL is no longer."""
_ROUNDING = 1.0
"""Seconds: a TTL is counted in whole ones."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was predicted from some time on."""

    at: float
    """Unix time at which we knew it."""
    answers: Answers


@dataclass(frozen=True, slots=True)
class Made:
    """When a reply was made by the server that knows it, whatever caches it came through since: Unix times."""

    earliest: float
    latest: float

    @classmethod
    def of(cls, seen: Observation, freshness: Freshness, *, replica: bool) -> Made | None:
        """By the TTL that is left of a reply; ``None`` where it is none of the cluster's.

        Args:
            seen: The reply.
            freshness: The TTLs of replies that come from no cache.
            replica: It came from a CoreDNS itself, so that it has been in no more than one cache.
        """
        foreign = bool(freshness.foreign(seen))
        if seen.error or (foreign and not is_reverse_denial(seen)):
            return None
        full = freshness.ttl if seen.answer else freshness.denial_ttl
        # a CoreDNS that does not know an address hands its name on, and keeps a denial whose whole TTL is not known
        rest = None if foreign else remaining(seen)
        further = _ROUNDING if replica else RAISED + _ROUNDING
        youngest, oldest = 0.0, 0.0 if replica else further
        if rest is None or not freshness.known:
            oldest = max(float(full), MOST_CACHED) + further
        elif rest == 0 < full:  # run down, and kept all the same: serve_stale gives it for an hour
            youngest, oldest = (float(full), math.inf) if replica else (0.0, math.inf)
        elif rest < full:
            oldest = full - rest + further
            youngest = full - rest - _ROUNDING if replica else 0.0
        answered = seen.started + (seen.ms or seen.within or 0.0) / 1000
        return cls(seen.started - oldest, answered - youngest)


class Past:
    """What was predicted while a probe ran, and as far back before it as is known."""

    def __init__(self, moments: Sequence[Moment], *, written: float | None = None) -> None:
        """Take the moments, the oldest first and at least one; the last is what is predicted now.

        Args:
            moments: When what was predicted.
            written: Unix time of the last write before the first of them, where it is known.
        """
        self._moments = tuple(moments)
        self.written = written
        self._known: dict[Question, tuple[_State, ...]] = {}

    @property
    def since(self) -> float:
        """Unix time from which on it is known."""
        return self._moments[0].at

    def fits_now(self, seen: Observation) -> bool:
        """The reply is what is predicted now."""
        states = self._states(seen.question)
        return bool(states) and states[-1].is_said_by(_Reply.of(seen))

    def explains(self, seen: Observation, made: Made) -> float | None:
        """Unix time of the last change of what was predicted, when the reply was right before it or in the midst of it.

        ``None``: the reply was not right at any time at which it may have been made, as far as is known.
        """
        states, said = self._states(seen.question), _Reply.of(seen)
        if len(states) < 2 or states[-1].is_said_by(said):
            return None
        first, last = made.earliest - HEARD_LATER, made.latest + HEARD_SOONER
        ends = [*(state.at for state in states[1:]), math.inf]
        some = [state for state, end in zip(states, ends, strict=True) if state.at <= last and end >= first]
        if not some or not _right_in(some, said, truncated="tc" in seen.flags):
            return None
        return states[-1].at

    def before_written(self, made: Made) -> float | None:
        """Unix time of the last write that is known of before all moments, when the reply may have been made before it.

        What was right then is not known.
        """
        known = self.written is not None and made.earliest - HEARD_LATER < self.written
        return self.written if known else None

    def deletion_explains(self, seen: Observation) -> bool:
        """The reply has all that is predicted now, and more: it may be of before something was deleted.

        What is deleted leaves no time of a write behind, unlike all that was added.
        """
        states, said = self._states(seen.question), _Reply.of(seen)
        return bool(states) and bool(said.records) and states[-1].records < said.records

    def _states(self, question: Question) -> tuple[_State, ...]:
        """What was predicted for a question, one after the other."""
        known = self._known.get(question)
        if known is None:
            states: list[_State] = []
            for moment in self._moments:
                answer = moment.answers.get(question)
                if answer is None or answer.unknown or answer.fallthrough or answer.unsendable:
                    continue
                # what was true when we began to look was so before, for all that is known
                state = _State.of(moment.at if states else -math.inf, answer)
                if not states or (state.outcome, state.exact) != (states[-1].outcome, states[-1].exact):
                    states.append(state)
            known = self._known[question] = tuple(states)
        return known


@dataclass(frozen=True, slots=True)
class _Reply:
    """What an answer comes to."""

    outcome: str
    """The rcode, ``NODATA`` for one without records; empty when the carrier cannot tell."""
    exact: frozenset[RecordId]
    records: frozenset[RecordId]
    """The same whatever the weights of SRV, which are made of the number of endpoints."""

    @classmethod
    def of(cls, seen: Observation | Answer) -> _Reply:
        """Of a reply or a prediction; what an alias leads to is another zone's."""
        name = same_name(seen.question.name)
        own = [record for record in seen.answer if same_name(record.name) == name and record.type != "RRSIG"]
        outcome = "NODATA" if seen.rcode == "NOERROR" and not own else seen.rcode
        return cls(outcome, frozenset(map(identity, own)), frozenset(map(_weightless, own)))


@dataclass(frozen=True, slots=True)
class _State(_Reply):
    """What was predicted for one question for some time."""

    at: float = 0.0

    @classmethod
    def of(cls, at: float, answer: Answer) -> _State:  # type: ignore[override]
        """A prediction, from a time on."""
        said = _Reply.of(answer)
        return cls(said.outcome, said.exact, said.records, at)

    def is_said_by(self, said: _Reply) -> bool:
        """The reply is this, as far as its carrier can tell."""
        return said.exact == self.exact and said.outcome in ("", self.outcome)


def _right_in(states: Sequence[_State], said: _Reply, *, truncated: bool) -> bool:
    """The reply can have been right while these followed each other."""
    if said.outcome not in ("", "NOERROR", "NODATA", "NXDOMAIN"):
        return False
    if any(state.is_said_by(said) for state in states):
        return True
    ever = frozenset[RecordId]().union(*(state.records for state in states))
    always = states[0].records.intersection(*(state.records for state in states))
    if ever == always:  # nothing has come or gone meanwhile
        return False
    return said.records <= ever and (truncated or always <= said.records)


def _weightless(record: Record) -> RecordId:
    name, rdtype, data = identity(record)
    words = data.split()
    if rdtype == "SRV" and len(words) == 4:
        data = " ".join((words[0], *words[2:]))
    return name, rdtype, data
