"""CoreDNS's plugin cache: replies are kept, their TTLs counted down, denials too.

Sources: plugin/cache/cache.go, handler.go, item.go. The bounds on TTLs are applied in ``zone``; here replies are kept
for as long as they say. A kept reply comes with AA set and with its names in the case of the first question.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.serving.config import CacheBounds

CAPACITY = 9984
"""Replies that are kept, of each sort (plugin/cache/cache.go defaultCap)."""

HELD_AGE = 3
"""Seconds since which a reply that is held has been there: its TTL tells that it comes from a cache."""

Bits = tuple[bool, bool]
"""DO and CD of the question."""
_Key = tuple[str, str, Bits]


@dataclass(slots=True)
class _Item:
    answer: Answer
    stored: float
    ttl: int
    held: bool = False
    """Put in anew when its time is over: somebody keeps asking a server that knows no better."""


class Cache:
    """What one server keeps.

    Args:
        clock: Lab time.
        bounds: Which sorts are kept.
    """

    def __init__(self, clock: Clock, bounds: CacheBounds) -> None:
        self._clock = clock
        self._bounds = bounds
        self._items: dict[_Key, _Item] = {}

    def find(self, question: Question, bits: Bits = (False, False)) -> Answer | None:
        """The kept reply, its TTLs counted down; ``None`` when there is none or its time is over."""
        key = _key(question, bits)
        item = self._items.get(key)
        if item is None:
            return None
        left = item.ttl - int(self._clock.now() - item.stored)
        if left <= 0 and item.held:
            item.stored, left = self._clock.now() - HELD_AGE, item.ttl - HELD_AGE
        if left <= 0:
            del self._items[key]
            return None
        return _timed(item.answer, left)

    def keep(self, answer: Answer, bits: Bits = (False, False)) -> None:
        """Keep a reply, if its sort is kept at all."""
        ttl = _ttl(answer, self._bounds)
        good = bool(answer.answer) and answer.rcode == "NOERROR"
        if ttl <= 0 or not (self._bounds.keeps_success if good else self._bounds.keeps_denial):
            return
        if answer.rcode not in ("NOERROR", "NXDOMAIN", "SERVFAIL"):
            return
        if len(self._items) >= CAPACITY:
            del self._items[next(iter(self._items))]
        self._items[_key(answer.question, bits)] = _Item(answer, self._clock.now(), ttl)

    def hold(self, answer: Answer) -> None:
        """Keep a reply until :meth:`release`, its TTL counted down again and again, never that of a new one."""
        ttl = max(_ttl(answer, self._bounds), HELD_AGE + 1)
        for bits in ((False, False), (True, False), (False, True), (True, True)):
            self._items[_key(answer.question, bits)] = _Item(answer, self._clock.now() - HELD_AGE, ttl, held=True)

    def release(self) -> None:
        """Forget what was held."""
        self._items = {key: item for key, item in self._items.items() if not item.held}


def _key(question: Question, bits: Bits) -> _Key:
    return question.name.lower(), question.type, bits


def _ttl(answer: Answer, bounds: CacheBounds) -> int:
    records = (*answer.answer, *answer.authority, *answer.additional)
    return min((record.ttl for record in records), default=bounds.server_failure)


def _timed(answer: Answer, ttl: int) -> Answer:
    def timed(section: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(msgspec.structs.replace(record, ttl=ttl) for record in section)

    return msgspec.structs.replace(
        answer,
        aa=True,
        answer=timed(answer.answer),
        authority=timed(answer.authority),
        additional=timed(answer.additional),
    )
