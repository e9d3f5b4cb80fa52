"""Exit statuses of a command that did its work; those of errors are in :mod:`kheadless_tui.errors`."""

from __future__ import annotations

AS_PREDICTED = 0
DIFFERS = 1


def status_of(verdict: str) -> int:
    """0 for ``match``; 1 for ``differs`` and for ``unanswered``, since silence is not what was predicted."""
    return AS_PREDICTED if verdict == "match" else DIFFERS
