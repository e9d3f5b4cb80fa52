"""From the cluster session to the screen: a change is told by one message that carries nothing, and seldom.

The session calls back for every change; the screen is told at most a few times a second, and pulls what is true then.
While nothing changes no timer runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textual.message import Message

from kheadless_tui.cluster.state import Reading

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

FAST, SLOW = 0.2, 0.5
"""Seconds between two updates of the screen: locally, and over SSH."""

WHILE_READING = 0.5
"""Seconds between two updates while lists are read: each is of more than the one before, and takes its time from the
reading. The end of it is shown at once."""

FOLLOW_FAST, FOLLOW_SLOW = 0.15, 0.3
"""Seconds after the last cursor key until the panels follow: locally, and over SSH."""


def slow_link(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is at the other end of an SSH connection."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


class SessionChanged(Message):
    """Something in the session changed; look."""

    def can_replace(self, message: Message) -> bool:
        """One of them is as good as many."""
        return isinstance(message, SessionChanged)


class Bridge:
    """Turns calls of the session into messages, the first at once and then one per interval."""

    def __init__(self, session: ClusterSession, tell: Callable[[], object], interval: float) -> None:
        """Set up; nothing runs yet.

        Args:
            session: What is followed.
            tell: Called in the loop when the screen should look.
            interval: Seconds from one call to the next at least.
        """
        self._session = session
        self._tell = tell
        self._interval = interval
        self._armed: asyncio.TimerHandle | None = None
        self._patient = False
        """Lists were being read when the next update was set."""
        self._told = 0.0
        self._unsubscribe: Callable[[], None] = lambda: None

    def open(self) -> None:
        """Begin to follow the session."""
        self._unsubscribe = self._session.subscribe(self._changed)

    def _changed(self) -> None:
        if self._armed is not None and not self._patient:
            return
        reading = isinstance(self._session.link, Reading)
        if self._armed is not None:
            if reading:
                return
            self._armed.cancel()
        loop = asyncio.get_running_loop()
        interval = max(self._interval, WHILE_READING) if reading else 0.0 if self._patient else self._interval
        self._patient = reading
        wait = max(0.0, self._told + interval - loop.time()) if self._told else 0.0
        self._armed = loop.call_later(wait, self._fire)

    def _fire(self) -> None:
        self._armed = None
        self._told = asyncio.get_running_loop().time()
        self._tell()

    def close(self) -> None:
        """Tell nothing any more."""
        self._unsubscribe()
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
