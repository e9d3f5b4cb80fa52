"""The last sieve before a terminal that shows ASCII alone: whatever else is drawn becomes one ASCII sign per cell."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from kheadless_tui.tui.text.signs import ascii_of

_UNKNOWN = "?"


class AsciiOnly(LineFilter):
    """Lets nothing but ASCII through; columns keep their width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII."""
        return [Segment(ascii_cells(text), style, control) for text, style, control in segments]


@lru_cache(4096)
def ascii_cells(text: str) -> str:
    """The text in ASCII and as many cells."""
    if text.isascii():
        return text
    return "".join(_twin(char) for char in text)


def _twin(char: str) -> str:
    if char.isascii():
        return char
    width = cell_len(char)
    twin = ascii_of(char)
    return (twin if twin.isascii() and twin else _UNKNOWN)[-1:] * width
