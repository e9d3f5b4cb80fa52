"""The terminal's input, so that it ends the moment the program does.

Textual's own thread for the input looks every tenth of a second whether it shall end, and then waits for another one:
two tenths in which the prompt does not come back, at the end and whenever it is stopped (SIGTSTP).
"""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from typing import ClassVar

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

PIECE = 4096
"""Bytes that are read at once."""


class PromptDriver(LinuxDriver):
    """Textual's driver for terminals, with an input that can be woken."""

    TICK: ClassVar[float] = 0.1
    """Seconds after which the parser is asked whether an escape that nothing follows was a key; textual's own."""

    _end: int | None = None
    """Writing end of a pipe; closing it ends the input."""
    _ended: int | None = None

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._let_go()
        self._ended, self._end = os.pipe()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def disable_input(self) -> None:
        """End the input, if there is one, and wait for its thread."""
        if self._end is not None:
            os.close(self._end)
            self._end = None
        super().disable_input()
        self._let_go()

    def _let_go(self) -> None:
        """Close what is open of the pipe; no thread listens to it."""
        for file in (self._ended, self._end):
            if file is not None:
                os.close(file)
        self._ended = self._end = None

    def run_input_thread(self) -> None:
        """Hand on what is typed until the input is ended."""
        ended = self._ended
        assert ended is not None
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode  # what is no UTF-8 is no reason to end
        listened_to = [ended, self.fileno]
        while ended not in (ready := select.select(listened_to, [], [], self.TICK)[0]):
            if ready:
                typed = self._read()
                if not typed:
                    listened_to.remove(self.fileno)  # the terminal is gone: there is only the end to wait for
                elif text := decode(typed):  # nothing yet of a character that is cut; no text would end the parser
                    for message in parser.feed(text):
                        self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, PIECE)
        except OSError:  # EIO: the terminal was hung up
            return b""
