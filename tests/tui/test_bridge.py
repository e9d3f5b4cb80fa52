"""From the session to the screen: how often the screen is told, and that the end of a list is told at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Live, Reading, ReadState
from kheadless_tui.tui.following.bridge import Bridge

AGES = 3600.0
"""Seconds from one update to the next: none of a test waits for it."""


class Session:
    """As much of one as is followed."""

    def __init__(self) -> None:
        self.link: ReadState = Reading(0, 0.0)
        self.changed: Callable[[], None] = lambda: None

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self.changed = callback
        return lambda: None


def following(session: Session, told: asyncio.Queue[ReadState]) -> Bridge:
    bridge = Bridge(cast("ClusterSession", session), lambda: told.put_nowait(session.link), AGES)
    bridge.open()
    return bridge


async def test_the_end_of_the_first_lists_is_told_at_once() -> None:
    session, told = Session(), asyncio.Queue[ReadState]()
    bridge = following(session, told)
    session.changed()
    assert isinstance(await asyncio.wait_for(told.get(), 10), Reading)
    session.changed()
    session.changed()
    session.link = Live(0.0)
    session.changed()
    assert isinstance(await asyncio.wait_for(told.get(), 10), Live)
    assert told.empty(), "what was set for later gave way to it"
    bridge.close()


async def test_changes_after_it_wait_for_their_interval() -> None:
    session, told = Session(), asyncio.Queue[ReadState]()
    session.link = Live(0.0)
    bridge = following(session, told)
    session.changed()
    await asyncio.wait_for(told.get(), 10)
    session.changed()
    await asyncio.sleep(0)
    assert told.empty()
    bridge.close()
