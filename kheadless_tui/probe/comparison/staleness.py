"""Verdicts ``stale``: what differs and was right before, as far as the time of each reply and other replies tell. Pure.

Told by, in this order:

1. what was predicted when the reply was made (:mod:`kheadless_tui.probe.comparison.past`);
2. the same question asked past the server's cache: where that is answered as predicted, the server has heard of every
   change, and its cache alone keeps what was before; where it is not, the server is behind;
3. where nothing could be asked so, a write to the Service after the reply was made, before we began to look;
4. its TTL and that of all that was asked past the cache, where both were made before we began to look, and it has more
   than is predicted: what was deleted leaves no time, and whether the server has heard of it is not known until the
   replies that an earlier probe has put there have run down;
5. the TTL of a reply that has been in a cache since before the probe, where another server is right, or it is a denial:
   before its object was there, every name was denied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import msgspec

from kheadless_tui.probe.comparison.canonical import RecordId, identity
from kheadless_tui.probe.comparison.compare import EXTRA, MATCH, MISSING, STALE, WRONG, Comparison, Row
from kheadless_tui.probe.comparison.past import Made, Past
from kheadless_tui.probe.matrix.layer_findings import Freshness, remaining
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question

DOUBTED = (MISSING, WRONG, EXTRA)
"""Verdicts that an old reply gets by what is right now."""

_Way = tuple[str, str, str, Question]
_Said = tuple[Question, str, frozenset[RecordId]]


def by_time(
    comparison: Comparison,
    observations: Sequence[Observation],
    asides: Sequence[Observation],
    past: Past,
    freshness: Freshness,
    caches: Collection[str],
    replicas: Collection[str],
) -> Comparison:
    """The verdicts, with ``stale`` for what was right when its reply was made, or is in a cache alone.

    Args:
        comparison: The verdicts on the last replies.
        observations: Those replies.
        asides: All replies that were asked past caches.
        past: What was predicted when.
        freshness: The TTLs of replies that come from no cache.
        caches: Addresses of caches on nodes, whose own bounds of TTLs are not known, as observations name them.
        replicas: Addresses of servers that are a CoreDNS themselves.
    """
    ways = {_way_of(row) for row in comparison.rows if row.verdict in DOUBTED}
    beside: dict[tuple[str, str, Question], list[Observation]] = {}
    for seen in asides:
        beside.setdefault((seen.vantage, seen.server, seen.question), []).append(seen)
    told: dict[_Way, str] = {}
    passed_on: dict[_Said, str] = {}
    for seen in observations:
        made = Made.of(seen, freshness, replica=seen.server in replicas)
        if made is None or (way := _way(seen)) not in ways:
            continue
        others = beside.get((seen.vantage, seen.server, seen.question), ())
        heard = _has_heard(others, past, freshness, seen.server in replicas)
        if (change := past.explains(seen, made)) is not None:
            told[way] = _words(seen, freshness) + _since(seen, change)
        elif heard and made.earliest < seen.started:
            told[way] = _words(seen, freshness) + "; asked past it, the server answers as predicted"
        elif heard is None and (change := past.before_written(made)) is not None:
            told[way] = _words(seen, freshness) + _written(seen, change)
        elif (
            heard is None
            and others
            and seen.server not in caches
            and past.deletion_explains(seen)
            and _all_old((seen, *others), freshness, past)
        ):
            told[way] = _words(seen, freshness) + "; older than this probe, as what was asked past it"
        if way in told and seen.server in replicas:
            passed_on[_said(seen)] = told[way]
    for seen in observations:  # what stands before a replica hands on what that has in its cache
        if _way(seen) in ways and seen.server not in replicas and (words := passed_on.get(_said(seen))):
            told.setdefault(_way(seen), words)
    return _with(comparison, told)


def _has_heard(asides: Sequence[Observation], past: Past, freshness: Freshness, replica: bool) -> bool | None:
    """Asked past its cache, the server has said what is right, and never what was not right at its time.

    What an earlier probe has put where it is asked past the cache is of before this one, and tells nothing: ``None``
    where nothing else came.
    """
    right = None
    for seen in asides:
        made = Made.of(seen, freshness, replica=replica)
        if past.fits_now(seen) or (made is not None and past.explains(seen, made) is not None):
            right = True
        elif made is not None and made.earliest >= past.since:
            return False
    return right


def _all_old(replies: Sequence[Observation], freshness: Freshness, past: Past) -> bool:
    """All of them were made before we began to look."""
    return all(freshness.left(seen, past.since) is not None for seen in replies)


def as_fresh(
    comparison: Comparison, observations: Sequence[Observation], asides: Sequence[Observation]
) -> list[Observation]:
    """The replies, those that differ with the TTL and the time of the same one that came past the cache.

    For judging alone: what a server still says past its cache is no fault of the cache, however long it is in it.
    """
    ways = {_way_of(row) for row in comparison.rows if row.verdict in DOUBTED}
    # what another probe has put there does not count beside what is new, whichever of them came last
    newest = sorted(asides, key=lambda seen: remaining(seen) or 0)
    said = {(seen.vantage, seen.server, _said(seen)): seen for seen in newest}

    def lent(seen: Observation) -> Observation:
        same = said.get((seen.vantage, seen.server, _said(seen))) if _way(seen) in ways else None
        if same is None:
            return seen
        return msgspec.structs.replace(seen, answer=same.answer, authority=same.authority, started=same.started)

    return [lent(seen) for seen in observations]


def _words(seen: Observation, freshness: Freshness) -> str:
    what, left = "answer" if seen.answer else "denial", remaining(seen)
    if left is None:
        most = freshness.ttl if seen.answer else freshness.denial_ttl
        return f"an old {what} from a cache, which keeps it for {most} s at the most"
    return f"an old {what} from a cache, {left} s of its TTL left"


def _since(seen: Observation, change: float) -> str:
    seconds = round(seen.started - change)
    if seconds < 0:
        return f": right when it was asked for, until a change {-seconds} s later"
    return f": right until a change {seconds} s before it was asked for"


def _written(seen: Observation, change: float) -> str:
    return f"; the Service or its EndpointSlices were written {max(0, round(seen.started - change))} s before"


def by_ttl(
    comparison: Comparison,
    observations: Sequence[Observation],
    freshness: Freshness,
    began: float,
    caches: Collection[str],
    replicas: Collection[str],
) -> Comparison:
    """The verdicts, with ``stale`` for what a cache has held since before the probe.

    An old denial needs no memory of ours. An old answer is told by another server that gives the new one, and so is
    whatever a cache on the node says, which has bounds of its own. Where all replicas keep an old denial, one that a
    cache on the node has is no younger; and one whose TTL its carrier does not tell is the same.
    """
    seen = {_way(each): each for each in observations}
    verdicts: dict[Question, dict[tuple[str, str], set[str]]] = {}
    for row in comparison.rows:
        verdicts.setdefault(row.question, {}).setdefault((row.server, row.transport), set()).add(row.verdict)
    right = {question for question, said in verdicts.items() if {MATCH} in said.values()}

    denials: dict[Question, list[int | None]] = {}
    for (_, server, _, question), reply in seen.items():
        if server in replicas and not reply.error and not reply.answer and reply.ttl_known:
            denials.setdefault(question, []).append(freshness.left(reply, began))
    aged = {question for question, left in denials.items() if None not in left}

    def judged(row: Row) -> str:
        """Why a row is stale; empty when it is not."""
        reply = seen.get(_way_of(row))
        if row.verdict not in DOUBTED or reply is None or freshness.foreign(reply):
            return ""
        told = right if reply.answer else right | aged
        if row.question not in told and (reply.answer or row.server in caches):
            return ""
        if not reply.ttl_known and not reply.answer and row.question in aged:
            return "an old denial, which a replica keeps in its cache"
        left = remaining(reply) if row.server in caches else freshness.left(reply, began)
        return "" if left is None else _words(reply, freshness)

    told: dict[_Way, str] = {}
    for row in comparison.rows:
        if words := judged(row):
            told[_way_of(row)] = words
    return _with(comparison, told)


def _with(comparison: Comparison, told: Mapping[_Way, str]) -> Comparison:
    rows = [
        replace(row, verdict=STALE, detail=told[_way_of(row)])
        if row.verdict in DOUBTED and not row.ttl_above and _way_of(row) in told
        else row
        for row in comparison.rows
    ]
    return Comparison.of(rows, comparison.unjudged)


def _way(seen: Observation) -> _Way:
    return seen.vantage, seen.server, seen.transport, seen.question


def _said(seen: Observation) -> _Said:
    return seen.question, seen.rcode, frozenset(map(identity, seen.answer))


def _way_of(row: Row) -> _Way:
    return row.vantage, row.server, row.transport, row.question
