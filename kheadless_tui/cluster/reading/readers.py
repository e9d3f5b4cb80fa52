"""The readers of a session: one for each kind and namespace that is read now, and the store that they fill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from kheadless_tui.cluster.reading.reader import Reader
from kheadless_tui.cluster.reading.reflector import Reflector
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.state import Offline, Unauthorized
from kheadless_tui.cluster.tasks import Tasks
from kheadless_tui.errors import Unreachable
from kheadless_tui.model.kinds import ENDPOINT_SLICE, SERVICE, Kind

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

CORE = (SERVICE, ENDPOINT_SLICE)
"""What records are predicted from; nothing is loaded before these are."""

ReadKey = tuple[str, str]
"""Plural and namespace; an empty namespace means all."""


class Readers:
    """Starts and stops readers. Belongs to one event loop."""

    def __init__(self, transport: Transport, store: Store, tasks: Tasks, changed: Callable[[Reader], None]) -> None:
        """Nothing is read yet.

        Args:
            transport: Where requests go.
            store: What is read goes there.
            tasks: Hold the tasks of readers that are being stopped.
            changed: Called after every change and every new state of a reader that has not been stopped.
        """
        self._transport = transport
        self._store = store
        self._tasks = tasks
        self._changed = changed
        self._readers: dict[ReadKey, Reader] = {}

    def read(self, kind: Kind, namespace: str, selector: str = "") -> None:
        """Begin to read a kind in a namespace, or in all; what is being read already goes on."""
        if (kind.plural, namespace) in self._readers:
            return
        reflector = Reflector(kind, namespace, now=time.time(), label_selector=selector)
        reader = Reader(self._transport, reflector, partial(self._store.apply, kind, namespace), self._on_change)
        self._readers[kind.plural, namespace] = reader
        reader.start()

    def stop(self, kind: Kind, namespace: str, *, forget: bool = True) -> None:
        """End it; with ``forget`` the store does not hold any longer what was read, as nothing keeps it true."""
        reader = self._readers.pop((kind.plural, namespace), None)
        task = reader.stop() if reader else None
        if task is not None:
            self._tasks.keep(task)
        if forget:
            self._store.clear(kind, namespace)

    def stop_all(self) -> None:
        """End all, at once; the store is left as it is."""
        for reader in self._readers.values():
            task = reader.stop()
            if task is not None:
                self._tasks.keep(task)
        self._readers.clear()

    # -- what they have come to --------------------------------------------------------------------------------

    def get(self, kind: Kind, namespace: str) -> Reader | None:
        """The reader of a kind in exactly this scope."""
        return self._readers.get((kind.plural, namespace))

    def core(self) -> list[Reader]:
        """The readers of what records are predicted from."""
        plurals = {kind.plural for kind in CORE}
        return [reader for (plural, _), reader in self._readers.items() if plural in plurals]

    def all(self) -> Iterable[Reader]:
        """All of them, as they are now."""
        return list(self._readers.values())

    def last_heard(self) -> float:
        """When anything was last heard of the server, by a clock that is never set; minus infinity for never."""
        return max((reader.last_heard for reader in self._readers.values()), default=float("-inf"))

    def progress(self) -> object:
        """Something that differs when more has been read; answers that refuse are no progress."""
        return [(reader.received, reader.reflector.synced) for reader in self._readers.values()]

    # -- what is known from elsewhere --------------------------------------------------------------------------

    def answered(self, now: float, accepted: bool) -> None:
        """The API server is there: what waits because it was not, or did not accept us, is tried at once."""
        for reader in self.all():
            reader.reflector.alive(now)
            state = reader.reflector.state
            away = isinstance(state, Offline) and not reader.reflector.failure_may_pass
            if away or (accepted and isinstance(state, Unauthorized)):
                reader.retry_now()

    def back(self) -> None:
        """One of them is live again: the others are tried at once, so that what is shown is all of one time."""
        for reader in self.all():
            if isinstance(reader.reflector.state, Offline) and not reader.reflector.asked_to_wait:
                reader.retry_now()

    def silent(self, error: Unreachable, asked: float) -> None:
        """The API server has not answered since then, by a clock that is never set."""
        for reader in self.all():
            if reader.last_heard < asked:
                reader.lost(error)

    def woken(self) -> None:
        """This machine has slept: connections may be dead without a word."""
        for reader in self.all():
            reader.reopen()

    def retry_now(self) -> None:
        """Try at once whatever waits, and ask anew for what is watched.

        A server that has come to refuse everything leaves the watches open that there are.
        """
        for reader in self.all():
            reader.retry_now()
            reader.reopen()

    def _on_change(self, reader: Reader) -> None:
        reflector = reader.reflector
        if self._readers.get((reflector.kind.plural, reflector.namespace)) is reader:  # else it is being stopped
            self._changed(reader)
