"""Exit statuses of a command that did its work; those of errors are in :mod:`kheadless_tui.errors`."""

from __future__ import annotations

AS_PREDICTED = 0
DIFFERS = 1


def status_of(verdict: str) -> int:
    """0 for ``match``; 1 for all else: silence was not predicted, and what could not be predicted is no match."""
    return AS_PREDICTED if verdict == "match" else DIFFERS
