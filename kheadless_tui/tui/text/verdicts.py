"""The verdict words: sign, role, and which is worse."""

from __future__ import annotations

from kheadless_tui.tui.text.roles import BAD, GOOD, MUTED, UNKNOWN, WARN
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.text.table import Cell

OLDER = "older"
"""In place of a verdict: another answer is right by now than when this was asked."""

_LOOKS: dict[str, tuple[str, str]] = {
    "wrong": ("wrong", BAD),
    "differs": ("wrong", BAD),
    "missing": ("missing", BAD),
    "extra": ("extra", BAD),
    "stale": ("stale", WARN),
    "unanswered": ("unanswered", UNKNOWN),
    "match": ("match", GOOD),
    "withheld": ("quiet", MUTED),
    "not asked": ("quiet", MUTED),
    "unjudged": ("quiet", MUTED),
    OLDER: ("quiet", MUTED),
}
"""Verdict, worst first, with the name of its sign and its role."""

WORD_WIDTH = 2 + max(len(word) for word in _LOOKS)
"""Cells of the verdict column: it does not move when the answers come in."""


def verdict_cell(verdict: str, signs: Signs) -> Cell:
    """Sign and word. Of a match only the sign is coloured, so that a healthy screen is quiet."""
    sign, role = _LOOKS.get(verdict, ("attention", UNKNOWN))
    return Cell(((getattr(signs, sign), role), (" ", MUTED), (verdict, MUTED if verdict == "match" else role)))


def rank(verdict: str) -> int:
    """0 for the worst; an unknown word counts as worst."""
    order = list(_LOOKS)
    return order.index(verdict) if verdict in order else 0


def is_problem(verdict: str) -> bool:
    """Whether ``ctrl-z`` leaves it on the screen."""
    return verdict not in ("match", "not asked", OLDER)
