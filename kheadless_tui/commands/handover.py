"""Giving the prompt back while something is still to be removed from the cluster: a child goes on with it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor


def go_on_behind_the_prompt(status: int, within: float) -> None:
    """End the process and return in a child of it, which has everything: connections, tokens, what is under way.

    The child leads a session of its own and holds no terminal and no pipe, so that nobody waits for it. Of the threads
    only this one is in it. Where the system makes no child, the process itself returns and goes on.

    Args:
        status: The exit status of the process.
        within: Seconds after which the child is ended whatever it is at; what it leaves has a deadline of its own.
    """
    loop = asyncio.get_running_loop()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        child = os.fork()
    except OSError:
        return
    if child:
        os._exit(status)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for file in (0, 1, 2):
        os.dup2(nowhere, file)
    signal.alarm(int(within) + 1)
    # A loop runs in the process that started it (asyncio.events.on_fork), and its threads have stayed there.
    asyncio._set_running_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor())
