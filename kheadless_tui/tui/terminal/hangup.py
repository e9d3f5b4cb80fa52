"""Notices that the terminal is gone, also where no signal tells of it.

When a terminal goes, the kernel sends SIGHUP to the leader of its session alone. A shell passes it on; a leader such as
make waits for its children instead, which hear nothing and would read an end of file for ever.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from contextlib import suppress


def on_hangup(terminal: int, act: Callable[[], None]) -> Callable[[], None]:
    """Act once when a terminal has been hung up; a system without epoll has the signal only.

    Args:
        terminal: A file descriptor of it.
        act: Called in the running loop.

    Returns:
        What ends the watch; it may be called more than once.
    """
    if not hasattr(select, "epoll"):
        return lambda: None
    loop, poll = asyncio.get_running_loop(), select.epoll()

    def stop() -> None:
        if not poll.closed:
            loop.remove_reader(poll.fileno())
            poll.close()

    def gone() -> None:
        stop()
        act()

    with suppress(OSError):  # no terminal: a file, as in tests
        poll.register(terminal, 0)  # no event but those that cannot be left out: EPOLLHUP and EPOLLERR
    loop.add_reader(poll.fileno(), gone)
    return stop
