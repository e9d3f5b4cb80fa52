"""Regular expressions of POSIX, by Python's: those that cannot take for ever."""

from __future__ import annotations

import re

MAX_REPEATS = 4
"""``*``, ``+`` and ``{`` in one expression: what each costs is multiplied."""
_REPEATS = re.compile(r"(?<!\\)[*+{]")
_REPEATED_GROUP = re.compile(r"(?<!\\)\)[*+{]")


def compiled(text: str, *, extended: bool, ignoring_case: bool = False) -> re.Pattern[str]:
    """An expression, ready.

    Args:
        text: It.
        extended: Whether it is one of ``grep -E``; else a basic one.
        ignoring_case: As ``grep -i``.

    Raises:
        re.error: it is none, or one that a line could keep busy for ever.
    """
    pattern = text if extended else _as_extended(text)
    if _REPEATED_GROUP.search(pattern) or len(_REPEATS.findall(pattern)) > MAX_REPEATS:
        raise re.error("too much that repeats")
    return re.compile(pattern, re.IGNORECASE if ignoring_case else 0)


def _as_extended(basic: str) -> str:
    """In a basic expression these signs mean themselves, unless a backslash is before them."""
    return re.sub(r"\\?([+?(){}|])", lambda sign: sign[1] if len(sign[0]) == 2 else f"\\{sign[1]}", basic)
