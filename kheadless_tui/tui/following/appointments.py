"""What is to be done a little later, once, however often it is asked for meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from textual.message_pump import MessagePump
from textual.timer import Timer


class Appointments:
    """Owner of timers by name: a new appointment takes the place of an earlier one of the same name."""

    def __init__(self, pump: MessagePump) -> None:
        """Set up.

        Args:
            pump: In whose turn the calls are made.
        """
        self._pump = pump
        self._timers: dict[str, Timer] = {}

    def after(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call once, that many seconds from now."""
        if name in self._timers:
            self._timers.pop(name).stop()
        self._timers[name] = self._pump.set_timer(seconds, call)
