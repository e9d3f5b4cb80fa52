"""How far a probe has come, on one line of a terminal that is written anew; nothing where stderr is no terminal."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType

from kheadless_tui.probe.prober import Progress
from kheadless_tui.report.plain import printable

INTERVAL = 0.1
"""Seconds at least between two counts: more is not seen, and a slow line would be late by it."""
USUAL_WIDTH = 80
"""Columns of a terminal that does not tell."""


class ProgressLine:
    """Takes each step of a probe; the line is wiped at the end, so that what is printed next stands alone."""

    def __init__(self, what: str = "questions") -> None:
        self._what = what
        self._shown = ""
        self._doing = ""
        self._next = 0.0

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def __call__(self, progress: Progress) -> None:
        """Show it: what is being done at once, the count a few times a second."""
        now = time.monotonic()
        if not sys.stderr.isatty() or (progress.doing == self._doing and now < self._next):
            return
        self._doing, self._next = progress.doing, now + INTERVAL
        self._write(printable(f"{progress.done} of {progress.total} {self._what}, {progress.doing}"))

    def wipe(self) -> None:
        """Leave the line as if nothing had stood on it."""
        if self._shown:
            self._write("")
            print("\r", end="", file=sys.stderr, flush=True)

    def _write(self, text: str) -> None:
        """Blanks behind it in place of an escape code, which a dumb terminal would show."""
        room = _columns() - 1
        text = text[:room]
        print(f"\r{text.ljust(min(room, len(self._shown)))}", end="", file=sys.stderr, flush=True)
        self._shown = text


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or USUAL_WIDTH
    except OSError:
        return USUAL_WIDTH
