"""Facts, one a line, each behind its word: ``status    NOERROR aa``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from kheadless_tui.report.medium import Medium
from kheadless_tui.report.plain import printable

NARROWEST = 20
"""Columns that a text keeps beside its word, however narrow the terminal is."""


def fields(rows: Iterable[Sequence[str]], medium: Medium) -> str:
    """Pairs of word and text; on a terminal long texts wrap below themselves, in a pipe one fact is one line."""
    pairs = [(word, printable(text)) for word, text in rows]
    indent = max((len(word) for word, _ in pairs), default=0) + 2
    lines: list[str] = []
    for word, text in pairs:
        first, *rest = _wrapped(text, medium, indent)
        lines.append(f"{word:<{indent}}{first}".rstrip())
        lines += [" " * indent + more for more in rest]
    return "".join(f"{line}\n" for line in lines)


def verbatim(word: str, texts: Iterable[str], beside: Iterable[Sequence[str]] = ()) -> str:
    """Texts of several lines that must not be wrapped, such as commands, behind one word.

    Args:
        word: the word.
        texts: the texts; the lines of each stand under each other.
        beside: the pairs of :func:`fields` that it stands with, so that the texts begin in the same column.
    """
    indent = max(len(other) for other in (word, *(pair[0] for pair in beside))) + 2
    lines: list[str] = []
    for text in texts:
        first, *rest = [printable(part) for part in text.split("\n")] or [""]
        lines.append(f"{word:<{indent}}{first}".rstrip())
        lines += [" " * indent + more for more in rest]
    return "".join(f"{line}\n" for line in lines)


def _wrapped(text: str, medium: Medium, indent: int) -> list[str]:
    if medium.width is None:
        return [text]
    room = max(medium.width - indent, NARROWEST)
    return textwrap.wrap(text, room, break_on_hyphens=False) or [""]
