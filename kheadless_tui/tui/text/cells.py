"""Text in terminal cells: cleaned, measured, padded and shortened.

Widths are cells, not characters: a wide character takes two (rich.cells). Whatever comes from a cluster goes through
:func:`clean` before it is measured or drawn.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"

_DANGEROUS = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories that move the cursor, turn the writing direction, hide, or break a line."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """The text on one line, without anything that a terminal would obey or that would not be seen.

    Tabs and line ends become a blank; every other control, format, surrogate or private character a visible mark.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if sign in "\t\n\r\v\f" else _REPLACEMENT if unicodedata.category(sign) in _DANGEROUS else sign
        for sign in text
    )


def width_of(text: str) -> int:
    """Cells that the text takes."""
    return len(text) if text.isascii() else cell_len(text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text filled up with blanks; a longer one is left as it is."""
    gap = " " * max(0, width - width_of(text))
    return gap + text if right else text + gap


def cut(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """A sentence shortened at its end; for names there is :func:`shorten`."""
    if width_of(text) <= width:
        return text
    if width < 1:
        return ""
    return set_cell_size(text, width - 1).rstrip() + ellipsis


def shorten(name: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """A name with one ellipsis in the middle; its last dash part (an ordinal, a hash, a version) survives whole.

    The cut is put between dash parts where that wastes little of the width.
    """
    if width_of(name) <= width:
        return name
    if width < 3:
        return set_cell_size(name, max(0, width))
    whole = _at_dashes(name, width, ellipsis)
    if whole:
        return whole
    tail = name[name.rfind("-") :] if "-" in name else name[-(width // 2) :]
    if len(tail) > width - 2:
        tail = tail[-(width - 2) :]
    return name[: width - 1 - len(tail)] + ellipsis + tail


_NUMBERS = re.compile(r"(\d+)")

_WASTE = 4
"""Cells that a cut between dash parts may leave unused."""


def _at_dashes(name: str, width: int, ellipsis: str) -> str:
    dashes = [found.start() for found in re.finditer("-", name)]
    best = ""
    for left in dashes:
        for right in dashes:
            if right <= left:
                continue
            short = name[: left + 1] + ellipsis + name[right:]
            if len(best) < len(short) <= width:
                best = short
    return best if len(best) >= width - _WASTE else ""


def shorten_all(names: Iterable[str], width: int, ellipsis: str = ELLIPSIS) -> dict[str, str]:
    """Short forms of sibling names that stay different from one another.

    Names whose short forms fall together are cut elsewhere: further left, into what they have in common.

    Returns:
        Each name with its short form, at most ``width`` cells.
    """
    siblings = sorted(set(names))
    short = {name: shorten(name, width, ellipsis) for name in siblings}
    groups: dict[str, list[str]] = {}
    for name, form in short.items():
        groups.setdefault(form, []).append(name)
    for group in groups.values():
        if len(group) > 1:
            short |= _apart(group, width, ellipsis)
    return short


def _apart(group: Sequence[str], width: int, ellipsis: str) -> dict[str, str]:
    for head in range(width - 2, 0, -1):
        tail = width - 1 - head
        forms = {name: f"{name[:head]}{ellipsis}{name[-tail:]}" for name in group}
        if len(set(forms.values())) == len(group):
            return forms
    # They differ only in the middle: that part is shown, and what follows it is what the ellipsis leaves out.
    first = min(index for index in range(len(min(group, key=len))) if len({name[index] for name in group}) > 1)
    return {name: f"{name[first : first + width - 1]}{ellipsis}" for name in group}


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key by which ``web-2`` comes before ``web-10``."""
    parts: list[tuple[int, int | str]] = []
    for part in _NUMBERS.split(name):
        if part:
            parts.append((0, int(part)) if part.isdecimal() and part.isascii() else (1, part))
    return tuple(parts)


def wrap(text: str, width: int, *, indent: str = "") -> list[str]:
    """A sentence in lines of at most ``width`` cells, broken at blanks; a longer word is broken where it must be.

    Args:
        text: One paragraph, cleaned.
        width: Cells of a line.
        indent: What the second line and those after it begin with.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        candidate = f"{line} {word}" if line.strip() else line + word
        if width_of(candidate) <= width:
            line = candidate
            continue
        if line.strip():
            lines.append(line)
            line = indent
        while width_of(line + word) > width:
            room = max(1, width - width_of(line))
            piece = _prefix(word, room)
            lines.append(line + piece)
            word = word[len(piece) :]
            line = indent
        line += word
    if line.strip() or not lines:
        lines.append(line)
    return lines


def _prefix(word: str, room: int) -> str:
    used = 0
    for index, sign in enumerate(word):
        used += width_of(sign)
        if used > room:
            return word[: max(1, index)]
    return word
