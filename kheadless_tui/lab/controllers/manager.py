"""Runs controllers: a change of the store makes keys dirty, a short time later each is reconciled once."""

from __future__ import annotations

import logging
from typing import Protocol

from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.store import Change, Key, Store

REACTION_SECONDS = 0.02
"""From a change to the controllers that care: a watch and a queue lie between."""
RETRY_SECONDS = 0.1

_LOG = logging.getLogger(__name__)


class Controller(Protocol):
    """Brings the world of one key to what is asked for."""

    def keys(self, change: Change) -> set[Key]:
        """What this change may concern."""

    def reconcile(self, key: Key) -> None:
        """Make it so; called again when nothing was left to do, it does nothing."""


class Manager:
    """All controllers."""

    def __init__(self, store: Store, clock: Clock, controllers: list[Controller]) -> None:
        self._clock = clock
        self._controllers = controllers
        self._dirty: set[tuple[int, Key]] = set()
        store.subscribe(self._on_change)

    def _on_change(self, change: Change) -> None:
        for number, controller in enumerate(self._controllers):
            for key in sorted(controller.keys(change)):
                self._mark(number, key, REACTION_SECONDS)

    def _mark(self, number: int, key: Key, delay: float) -> None:
        if (number, key) not in self._dirty:
            self._dirty.add((number, key))
            self._clock.call_later(delay, lambda: self._run(number, key))

    def _run(self, number: int, key: Key) -> None:
        self._dirty.discard((number, key))
        try:
            self._controllers[number].reconcile(key)
        except ApiFailure as failure:
            if failure.code == 409:
                self._mark(number, key, RETRY_SECONDS)
            elif failure.code not in (403, 404):  # gone, or its namespace is going
                _LOG.exception("%s %s", type(self._controllers[number]).__name__, key)
