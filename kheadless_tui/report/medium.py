"""Where a report goes: a terminal of some width, or a pipe, a file, a log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Medium:
    """What decides the look of a table, and nothing else: the data are the same everywhere."""

    width: int | None = None
    """Columns of the terminal; ``None`` when it is no terminal: then nothing is folded, grouped or shortened."""
    colour: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str] = os.environ) -> Medium:
        """The medium behind a stream; NO_COLOR (https://no-color.org) and TERM=dumb are obeyed."""
        if not stream.isatty():
            return PIPE
        colour = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(width=max(shutil.get_terminal_size().columns, 20), colour=colour)


PIPE = Medium()
"""No terminal: plain lines that grep, awk and diff can read."""
