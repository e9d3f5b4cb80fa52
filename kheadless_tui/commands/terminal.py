"""The terminal program, on a cluster or on the lab: opens it, ends it, and says why when it could not be."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

from kheadless_tui.commands import running
from kheadless_tui.commands.handover import go_on_behind_the_prompt
from kheadless_tui.commands.serving import given_config
from kheadless_tui.commands.source import connect
from kheadless_tui.errors import ClusterError, NotAuthenticated, Refused, UsageError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.settings import namespaces_written_for

if TYPE_CHECKING:
    from kheadless_tui.cluster.connecting.connection import Connection
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.tui.app import HeadlessApp
    from kheadless_tui.tui.known.levers import Levers


def run(arguments: argparse.Namespace) -> int:
    """Open the terminal program, and end the process when the user leaves it.

    Raises:
        ClusterError: the cluster did not answer at all.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the terminal program needs a terminal, and standard input or output is none",
            hint="kheadless-tui records, predict and probe do the same for scripts",
        )
    parse_vantage(arguments.vantage)
    far = os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY")
    # Textual reads it when it is imported, and waits for up to two pictures' time after one. Over SSH a few whole
    # pictures beat many small ones; here a key waits for none that an event has just made.
    os.environ.setdefault("TEXTUAL_FPS", "15" if far else "120")
    running.collect_seldom()  # before the imports: all that they make stays
    if arguments.command == "demo":
        # Before signals are caught and anything is there to be put away: ctrl-c then ends a slow start at once.
        importlib.import_module("kheadless_tui.tui.app")
    return running.run(_to_the_end(_demo(arguments) if arguments.command == "demo" else _explore(arguments)))


async def _to_the_end(program: Coroutine[Any, Any, int]) -> NoReturn:
    """Run the program and end the process: all is closed and put away by then.

    asyncio would now wait for every thread, one that looks up a name for half a minute among them, and the interpreter
    would walk a whole cluster of objects and free them one by one: so long the prompt would not come back.
    """
    status = await program
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


async def _explore(arguments: argparse.Namespace) -> int:
    return await _open(arguments, await connect(arguments))


async def _demo(arguments: argparse.Namespace) -> int:
    from kheadless_tui.commands.demo import DEMO_NAMESPACE, demo  # noqa: PLC0415 - no other command needs a lab

    arguments.namespace = arguments.namespace or DEMO_NAMESPACE
    async with demo() as lab:
        return await _open(arguments, lab.connection, lab.levers)


async def _open(arguments: argparse.Namespace, connection: Connection, levers: Levers | None = None) -> int:
    from kheadless_tui.cluster.session import ClusterSession  # noqa: PLC0415 - lazy start-up
    from kheadless_tui.tui.app import CLOSE_WITHIN, HeadlessApp  # noqa: PLC0415 - lazy start-up
    from kheadless_tui.tui.keys.memory import Memory, recall, remember, state_path  # noqa: PLC0415 - lazy start-up

    lab = levers is not None
    session = ClusterSession(
        connection,
        namespaces=(arguments.namespace,) if arguments.namespace and not lab else (),
        readonly=arguments.readonly,
        selector=getattr(arguments, "selector", ""),
        fallback_namespaces=() if lab else namespaces_written_for(connection.context),
        served=None if lab else given_config(arguments),
        zone="" if lab else arguments.zone or "",
        services=_named(arguments, connection),
    )
    # A lab is another cluster every time: there is nothing to remember of it.
    state = state_path()
    memory = Memory() if lab else recall(state)
    app = HeadlessApp(
        session,
        service=arguments.service,
        image=arguments.image,
        vantage=arguments.vantage,
        image_pull_policy=getattr(arguments, "image_pull_policy", "IfNotPresent"),
        levers=levers,
        target_namespace=arguments.namespace or connection.namespace,
        memory=memory,
    )
    watching = asyncio.create_task(_follow_the_first_reading(app, session, lab=lab))
    try:
        await app.run_async()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        if not lab and memory != recall(state):
            remember(state, memory)
        if not await app.put_away(0) and not lab:  # with a lab, what was made in it goes
            go_on_behind_the_prompt(app.return_code or 0, CLOSE_WITHIN)
            await app.put_away(CLOSE_WITHIN)
        await session.close()
    if watching.done() and not watching.cancelled() and (error := watching.exception()) is not None:
        raise error
    return app.return_code or 0


def _named(arguments: argparse.Namespace, connection: Connection) -> tuple[ObjectKey, ...]:
    """The Service that was asked for: got by its name where Services may not be listed."""
    if not arguments.service:
        return ()
    head, _, tail = arguments.service.rpartition("/")
    return (ObjectKey(head or arguments.namespace or connection.namespace, tail),)


async def _follow_the_first_reading(app: HeadlessApp, session: ClusterSession, *, lab: bool) -> None:
    """End the program with the error when there was never anything to show; what may be mended is shown instead.

    A right may be granted while we wait, and the user may log in elsewhere. A lab answers once it is built, however
    long that takes on a busy machine: it is waited for, by trying again.
    """
    try:
        await session.loaded(session.connection.request_timeout)
    except (Refused, NotAuthenticated):
        pass
    except ClusterError as error:
        if lab or app.session is not session:  # then the user looks at something else by now
            return  # what becomes of it is on the screen
        app.exit(return_code=error.exit_status)
        raise
    running.collect_a_little()
