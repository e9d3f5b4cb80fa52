"""Asking before a write: once, on the terminal, with the whole plan; without a terminal it takes ``--yes``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace

from kheadless_tui.cluster.gate import Confirm, WritePlan
from kheadless_tui.errors import UsageError
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.report.plain import printable

MOST_LINES = 6
"""Lines of one equal command that the question shows."""


def check_writes(arguments: argparse.Namespace, spec: VantageSpec) -> None:
    """Refuse at once, before anything is connected, what the gate would have to refuse later for want of an answer.

    Whether an ephemeral container has to be added is seen in the cluster alone: one of ours may be there.
    """
    if spec.kind == "new" and not arguments.readonly and confirm_for(arguments) is None:
        raise UsageError(
            f"--from {spec} writes to the cluster, and there is no terminal to ask on",
            hint="say --yes, or --from pod/NAME, which creates nothing",
        )


def confirm_for(arguments: argparse.Namespace) -> Confirm | None:
    """How the user is asked; ``None`` when nobody can be asked."""
    if arguments.yes:
        return _yes
    return _ask if sys.stdin.isatty() and sys.stderr.isatty() else None


async def _yes(_: WritePlan) -> bool:
    return True


async def _ask(plan: WritePlan) -> bool:
    """Show the plan on stderr and read one line; only y or yes goes on."""
    shown = replace(plan, equals=tuple(_shortened(command) for command in plan.equals))
    print("\n".join(printable(line) for line in shown.text().splitlines()), file=sys.stderr)
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        if not answered.done():
            answered.set_result(sys.stdin.readline())

    # Not in a thread: a thread that waits for a key cannot be cancelled, and ctrl-c would wait for it.
    loop.add_reader(sys.stdin.fileno(), read)
    try:
        return (await answered).strip().lower() in ("y", "yes")
    finally:
        loop.remove_reader(sys.stdin.fileno())


def _shortened(command: str) -> str:
    """A command without the middle of a manifest: what is created stands above, and must stay on the screen."""
    lines = command.splitlines()
    if len(lines) <= MOST_LINES:
        return command
    end = next(number for number, line in enumerate(lines) if number and "' |" in line)
    return "\n".join([f"{lines[0]} ... {end - 1} lines of manifest ... {lines[end].strip()}", *lines[end + 1 :]])
