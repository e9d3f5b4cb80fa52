"""Objects that may be got by their names where listing is refused: got again and again, while that is so.

Their names are those that the authorizer lists (``resourceNames`` of a rule) and those that the user gave.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kheadless_tui.cluster.reading import once
from kheadless_tui.cluster.reading.listwatch import Put, Remove, Replace
from kheadless_tui.cluster.reading.named_namespaces import AT_ONCE
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.rights.rules import Rules
from kheadless_tui.cluster.state import Forbidden, Polled
from kheadless_tui.errors import ClusterError, NotFound, Refused
from kheadless_tui.model.kinds import Kind
from kheadless_tui.model.objects import KubeObject, ObjectKey

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

log = logging.getLogger(__name__)

MOST = 200
"""Objects of one kind and namespace that are got one by one; a rule with more names is nothing a person reads."""

Collection = tuple[Kind, str]
"""A kind in a namespace."""


class ByName:
    """Reads by name what may not be listed. One task runs :meth:`run`."""

    def __init__(
        self,
        transport: Transport,
        store: Store,
        rules: Callable[[], Mapping[str, Rules]],
        changed: Callable[[], None],
        *,
        period: float,
    ) -> None:
        """Nothing is asked yet.

        Args:
            transport: Where requests go.
            store: What is found goes there.
            rules: The rights by namespace.
            changed: Called when something is known that was not.
            period: Seconds between two looks.
        """
        self._transport = transport
        self._store = store
        self._rules = rules
        self._changed = changed
        self._period = period
        self._given: dict[Collection, set[str]] = defaultdict(set)
        self._found: dict[Collection, dict[str, KubeObject]] = {}
        self._refused: set[tuple[Collection, str]] = set()
        """What is not asked for again until the rights may have changed."""
        self._refusals: dict[tuple[Collection, str], Refused] = {}
        """By what was asked for, what came of it the last time."""
        self._looked: dict[Collection, float] = {}
        """When all that may be got was last got; Unix time."""
        self._wake = asyncio.Event()

    def give(self, kind: Kind, key: ObjectKey) -> None:
        """A name that the user gave."""
        self._given[kind, key.namespace].add(key.name)
        self._wake.set()

    def begin(self, kind: Kind, namespace: str) -> None:
        """Listing was refused: the store holds from now on what can be got by name."""
        found = self._found.setdefault((kind, namespace), {})
        self._store.apply(kind, namespace, Replace(list(found.values())))
        self._wake.set()

    def end(self, kind: Kind, namespace: str) -> None:
        """Listing is allowed, or nothing is to be read there any more."""
        self._found.pop((kind, namespace), None)
        self._looked.pop((kind, namespace), None)

    def state(self, kind: Kind, namespace: str, refusal: Forbidden) -> Forbidden | Polled:
        """What reading has come to where listing is refused: some objects are there all the same, or none is."""
        looked = self._looked.get((kind, namespace))
        if looked is None or not self.has_found(kind, namespace):
            return refusal
        return Polled(looked, looked + self._period, refusal)

    def has_found(self, kind: Kind, namespace: str) -> bool:
        """At least one object was got by its name."""
        return bool(self._found.get((kind, namespace)))

    def is_looking(self, kind: Kind, namespace: str) -> bool:
        """Names that the user gave have not been looked for yet, now that they may not be listed."""
        where = (kind, namespace)
        return where not in self._looked and bool(self._given.get(where))

    def refusal(self, kind: Kind, key: ObjectKey) -> Refused | None:
        """Why an object may not be got, where that was tried: it may be there all the same."""
        where = (kind, key.namespace)
        return self._refusals.get((where, key.name)) if where in self._found else None

    def look_now(self) -> None:
        """Look at once, also at what was refused."""
        self._refused.clear()
        self._wake.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._wake.clear()
            looking = set(self._found)
            wanted = [(where, name) for where in looking for name in self._names(where)]
            began, failed = time.time(), set[Collection]()
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                answered = await asyncio.gather(*(self._look(where, name) for where, name in some))
                failed |= {where for (where, _), was in zip(some, answered, strict=True) if not was}
            self._looked |= dict.fromkeys((looking & set(self._found)) - failed, began)
            if looking:
                self._changed()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._period if self._found else None):
                    await self._wake.wait()

    def _names(self, where: Collection) -> list[str]:
        kind, namespace = where
        rules = self._rules().get(namespace)
        listed = rules.names("get", kind.group, kind.plural) if rules else frozenset()
        names = sorted(self._given.get(where, set()) | listed)
        return [name for name in names if (where, name) not in self._refused][:MOST]

    async def _look(self, where: Collection, name: str) -> bool:
        """Get one object; whether there was an answer."""
        kind, namespace = where
        try:
            found = await once.fetch(self._transport, kind, ObjectKey(namespace, name))
        except NotFound:
            self._refusals.pop((where, name), None)
            self._become(where, name, None)
        except Refused as error:
            self._refused.add((where, name))
            self._refusals[where, name] = error
            self._become(where, name, None)
        except ClusterError as error:
            log.info("get %s %s/%s: %s", kind.plural, namespace, name, error)  # the heartbeat tells that it is away
            return False
        else:
            self._refusals.pop((where, name), None)
            self._become(where, name, found)
        return True

    def _become(self, where: Collection, name: str, item: KubeObject | None) -> None:
        held = self._found.get(where)
        if held is None:
            return  # may be listed meanwhile
        kind, namespace = where
        if item is None:
            held.pop(name, None)
        else:
            held[name] = item
        change = Put((item,)) if item is not None else Remove(ObjectKey(namespace, name))
        if self._store.apply(kind, namespace, change):
            self._changed()
