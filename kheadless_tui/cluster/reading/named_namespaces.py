"""The namespaces that the scope names: got one by one, as the right to watch them would be one on all namespaces."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kheadless_tui.cluster.reading import once
from kheadless_tui.cluster.reading.listwatch import Put, Remove
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Reading, ReadState
from kheadless_tui.errors import ClusterError, NotFound, Refused
from kheadless_tui.model.kinds import NAMESPACE
from kheadless_tui.model.objects import ObjectKey

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

AT_ONCE = 8
"""Requests that are under way together."""


class NamedNamespaces:
    """Keeps an eye on some namespaces. One task runs :meth:`run`."""

    def __init__(self, transport: Transport, store: Store, changed: Callable[[], None], *, period: float) -> None:
        """Nothing is asked yet.

        Args:
            transport: Where requests go.
            store: Namespaces that are there are put into it.
            changed: Called when something is known that was not.
            period: Seconds between two looks.
        """
        self.states: dict[str, ReadState] = {}
        """What getting each has come to."""
        self.gone: dict[str, float] = {}
        """Those that do not exist, with the Unix time since when that is known."""
        self._transport = transport
        self._store = store
        self._changed = changed
        self._period = period
        self._refused: set[str] = set()
        self._wake = asyncio.Event()

    def name(self, namespaces: Iterable[str]) -> None:
        """Look at these from now on, at no others."""
        wanted = set(namespaces)
        for known in set(self.states) - wanted:
            self.states.pop(known)
            self.gone.pop(known, None)
        for new in wanted - set(self.states):
            self.states[new] = Reading(0, time.time())
        self._refused.clear()
        self._wake.set()

    def look_now(self) -> None:
        """Look at once, also at what was refused."""
        self._refused.clear()
        self._wake.set()

    def look_again(self) -> None:
        """Look at once at what could not be reached."""
        if any(isinstance(state, Offline) for state in self.states.values()):
            self._wake.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._wake.clear()
            names = [name for name in self.states if name not in self._refused]
            for start in range(0, len(names), AT_ONCE):
                await asyncio.gather(*(self._look(name) for name in names[start : start + AT_ONCE]))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._period):
                    await self._wake.wait()

    async def _look(self, name: str) -> None:
        key = ObjectKey("", name)
        try:
            found = await once.fetch(self._transport, NAMESPACE, key)
        except NotFound:
            self._become(name, Live(time.time()), gone=True)
            if self._store.apply(NAMESPACE, "", Remove(key)):
                self._changed()
        except Refused as error:
            self._refused.add(name)
            self._become(name, Forbidden("get", NAMESPACE.plural, name, error.message), gone=False)
        except ClusterError as error:
            # The readers of this namespace fail in the same way, and theirs is the state that is shown.
            now = time.time()
            self._become(name, Offline(now, now + self._period, error.message), gone=name in self.gone)
        else:
            self._become(name, Live(time.time()), gone=False)
            if self._store.apply(NAMESPACE, "", Put((found,))):
                self._changed()

    def _become(self, name: str, state: ReadState, *, gone: bool) -> None:
        before = self.states.get(name)
        if before is None:
            return  # not looked at any more
        if type(before) is type(state) and gone == (name in self.gone):
            return
        self.states[name] = state
        if gone:
            self.gone.setdefault(name, time.time())
        else:
            self.gone.pop(name, None)
        self._changed()
