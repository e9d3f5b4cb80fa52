"""The command line: from words to an exit status. Everything heavy is imported when it is needed.

``--help``, ``--version`` and a wrong argument load neither textual nor kubernetes nor aiohttp.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from kheadless_tui.arguments import PROGRAM, parse
from kheadless_tui.errors import HeadlessError
from kheadless_tui.report.plain import printable

MODULES = {
    "explore": "terminal",
    "demo": "terminal",
    "lab": "lab",
    "records": "records",
    "predict": "predict",
    "probe": "probe",
}
"""Which module of ``commands`` runs a command."""

INTERRUPTED = 130
"""Exit status after SIGINT, as shells have it (128 + 2)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; both entry points call this."""
    try:
        status = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except HeadlessError as error:
        print(f"{PROGRAM}: {printable(str(error))}", file=sys.stderr)
        if error.hint:
            print(f"  {printable(error.hint)}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has gone (`| head`). Python flushes stdout once more at exit: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _run(words: Sequence[str]) -> int:
    arguments = parse(words)
    # Imported by name and only now, so that help and usage errors start at once.
    command = importlib.import_module(f"kheadless_tui.commands.{MODULES[arguments.command]}")
    status: int = command.run(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
