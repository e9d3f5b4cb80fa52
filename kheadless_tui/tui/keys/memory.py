"""What the program remembers from one run to the next: ``$XDG_STATE_HOME/kheadless-tui/state.json``.

The command lines that were typed, the namespaces that have a digit, and by what records are sorted. Nothing that hides
anything is among it, for a start must show all. The file is ours and no user's writing: one that cannot be understood
is as good as none, and one that cannot be written costs a user no more than what would have been remembered.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

import msgspec

from kheadless_tui.settings import NAMESPACE_NAME
from kheadless_tui.tui.keys.places import MOST_FAVOURITES

MOST_BYTES = 1 << 20
"""Of the file; a longer one is not ours."""
MOST_LINES = 100
"""Command lines that are remembered."""


class Memory(msgspec.Struct):
    """What is remembered; changed in place while the program runs."""

    typed: list[str] = msgspec.field(default_factory=list)
    """Command lines, the oldest first."""
    favourites: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """By context, the namespaces that have a digit, the first from 1."""
    sorted_by: str = ""
    """The column that records are sorted by; empty: in the order of the zone."""


def state_path(environ: Mapping[str, str] | None = None) -> Path:
    """Where the file is, or would be (XDG Base Directory Specification: a relative XDG_STATE_HOME does not count)."""
    environ = os.environ if environ is None else environ
    home = environ.get("XDG_STATE_HOME", "")
    base = Path(home) if os.path.isabs(home) else Path(environ.get("HOME") or Path.home(), ".local", "state")
    return base / "kheadless-tui" / "state.json"


def recall(path: Path) -> Memory:
    """What was remembered; nothing where there is no file, or none that is ours."""
    try:
        with path.open("rb") as file:
            memory = msgspec.json.decode(file.read(MOST_BYTES), type=Memory)
    except (OSError, msgspec.DecodeError):
        return Memory()
    typed = [line for line in memory.typed if line.isprintable()][-MOST_LINES:]
    favourites = {
        context: [name for name in names if NAMESPACE_NAME.fullmatch(name)][:MOST_FAVOURITES]
        for context, names in memory.favourites.items()
    }
    return Memory(typed, favourites, memory.sorted_by)


def remember(path: Path, memory: Memory) -> None:
    """Write it: whole or not at all, for two programs may end at once, and for the user's eyes alone."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = mkstemp(dir=path.parent, prefix=".state-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(memory)))
            os.replace(name, path)
        except OSError:
            os.unlink(name)
            raise
