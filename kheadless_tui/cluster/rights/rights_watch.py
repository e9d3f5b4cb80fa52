"""Knows which of the rights that are needed are missing, and notices at its next look what an admin has changed.

The authorizer is asked for the rules of each namespace in use; where it cannot list them all, where it lists what is
refused all the same, and for what holds in all namespaces, it is asked for each right by itself. What a list or watch
was answered counts for more than either.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from kheadless_tui.cluster.rights.access import Access
from kheadless_tui.cluster.rights.missing_rights import MissingRight
from kheadless_tui.cluster.rights.needs import Need
from kheadless_tui.cluster.rights.rules import Rules, read_rules, read_user
from kheadless_tui.errors import ClusterError

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

log = logging.getLogger(__name__)

SHORTEST = 0.5
"""Seconds between two looks at least, however often something is refused."""


REVIEWS_AT_ONCE = 8
"""Questions about rights that are under way together."""


class RightsWatch:
    """Asks for rights, the more often while some are missing. One task runs :meth:`run`."""

    def __init__(
        self,
        transport: Transport,
        *,
        needs: Callable[[], Sequence[Need]],
        wider: Callable[[], Sequence[Need]],
        refusals: Callable[[], Sequence[MissingRight]],
        changed: Callable[[frozenset[Need], frozenset[Need]], None],
        period: float,
        period_whole: float,
    ) -> None:
        """Nothing is asked yet.

        Args:
            transport: Where requests go.
            needs: What is needed now.
            wider: What would let more be read than is: the rights on all namespaces where they were refused.
            refusals: What the API server has refused of what was tried.
            changed: Called after a look that found something else than the one before, with what is newly allowed and
                what is so no longer.
            period: Seconds between two looks while something is missing.
            period_whole: Seconds between two looks while nothing is.
        """
        self.missing: tuple[MissingRight, ...] = ()
        self.user = ""
        """The user's name as the API server knows it; empty until it is known."""
        self.known = False
        """The authorizer has been asked."""
        self.asked: frozenset[Need] = frozenset()
        """What it has been asked for by now, whether it answered or not."""
        self.rules: dict[str, Rules] = {}
        """By namespace, as they were listed last."""
        self._transport = transport
        self._needs = needs
        self._wider = wider
        self._refusals = refusals
        self._changed = changed
        self._period = period
        self._period_whole = period_whole
        self._reviews = asyncio.Semaphore(REVIEWS_AT_ONCE)
        self._allowed: dict[Need, bool | None] = {}
        self._refused: set[tuple[str, ...]] = set()
        """What had been refused at the last look."""
        self._wake = asyncio.Event()

    def look_now(self) -> None:
        """Look soon: something was refused that had been allowed, or the other way round, or the scope changed."""
        self._wake.set()

    def readable(self) -> set[tuple[str, str]]:
        """Plural and namespace of what may be listed."""
        return rights_to_read(need for need, allowed in self._allowed.items() if allowed)

    async def run(self) -> None:
        """Look until cancelled, for the first time when :meth:`look_now` says so."""
        await self._wake.wait()
        while True:
            self._wake.clear()
            answered = True
            try:
                await self._look()
            except ClusterError as error:
                log.info("asking for rights: %s", error)
                answered = False
                self._note_asked(self._needs())
            await asyncio.sleep(min(SHORTEST, self._period))
            wider = any(self._allowed.get(need) is False for need in self._wider())
            waiting = wider or not answered or bool(self.missing)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._period if waiting else self._period_whole):
                    await self._wake.wait()

    async def _look(self) -> None:
        if not self.user:
            self.user = await read_user(self._transport)
        needs = [*self._needs(), *self._wider()]
        before = dict(self._allowed)
        namespaces = sorted({need.namespace for need in needs} - {""})
        read = await asyncio.gather(*map(self._rules_of, namespaces))
        rules = {name: found for name, found in zip(namespaces, read, strict=True) if found is not None}
        access = Access(self._transport)
        refused = {_right(one) for one in self._refusals()}
        answers = await asyncio.gather(
            *(self._is_allowed(need, rules.get(need.namespace), access, _right(need) in refused) for need in needs)
        )
        allowed = dict(zip(needs, answers, strict=True))
        rules_changed, self.rules, self._allowed = rules != self.rules, rules, allowed
        # What was refused a moment ago and is allowed now is tried once more; what then is refused again is not.
        late, self._refused = refused - self._refused, refused
        granted = frozenset(
            need for need, now in allowed.items() if now and (before.get(need) is False or _right(need) in late)
        )
        withdrawn = frozenset(need for need, now in allowed.items() if now is False and before.get(need))
        self.known = True
        if self._find_missing() or granted or withdrawn or rules_changed:
            self._changed(granted, withdrawn)
        self._note_asked(needs)

    def _note_asked(self, needs: Iterable[Need]) -> None:
        before, self.asked = self.asked, frozenset(needs)
        if before != self.asked:
            self._changed(frozenset(), frozenset())

    async def _rules_of(self, namespace: str) -> Rules | None:
        async with self._reviews:
            return await read_rules(self._transport, namespace)

    async def _is_allowed(self, need: Need, rules: Rules | None, access: Access, refused: bool) -> bool | None:
        """Whether it is allowed; ``None`` where the API server would not say.

        What is listed as allowed and was refused has been taken back by another authorizer, which lists nothing: only
        a question for this right tells when it no longer does so.
        """
        listed = rules is not None and rules.allow(need.verb, need.group, need.resource, need.subresource, need.name)
        if listed and not refused:
            return True
        if rules is not None and not rules.incomplete and not listed:
            return False
        async with self._reviews:
            right = await access.may(need.verb, need.resource, need.subresource, need.namespace, need.name, need.group)
        return right.allowed

    def _find_missing(self) -> bool:
        needs = self._needs()
        refused = {_right(one): one for one in self._refusals()}
        found = list(refused.values())
        found += [
            MissingRight(**_fields(need), cause=_cause(need))
            for need in dict.fromkeys(needs)
            if self._allowed.get(need) is False and _right(need) not in refused
        ]
        order = {_right(need): place for place, need in reversed(list(enumerate(needs)))}
        found.sort(key=lambda one: order.get(_right(one), len(order)))
        unchanged, self.missing = tuple(found) == self.missing, tuple(found)
        return not unchanged


def _right(one: Need | MissingRight) -> tuple[str, ...]:
    """What is allowed or not, whatever for."""
    return (one.verb, one.group, one.resource, one.subresource, one.namespace, one.name)


def _fields(need: Need) -> dict[str, str]:
    names = ("verb", "group", "resource", "subresource", "namespace", "needed_for", "name")
    return {name: getattr(need, name) for name in names}


def _cause(need: Need) -> str:
    where = f"in namespace {need.namespace}" if need.namespace else "for all namespaces"
    return f"the API server lists no such right {where}"


def rights_to_read(rights: Iterable[Need]) -> set[tuple[str, str]]:
    """Plural and namespace of what some of these rights allow to be listed or watched."""
    return {(need.resource, need.namespace) for need in rights if need.verb in ("list", "watch")}
