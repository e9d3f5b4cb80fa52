"""The terminal's input, so that it ends the moment the program does; and its output, also when the terminal is gone.

Textual's own thread for the input looks every tenth of a second whether it shall end, and then waits for another one:
two tenths in which the prompt does not come back, at the end and whenever it is stopped (SIGTSTP). Its thread for the
output ends with its first error, and whatever is written then waits for it for ever.
"""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import IO, Any, ClassVar

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

PIECE = 4096
"""Bytes that are read at once."""


class Output:
    """What is written to a terminal; one that is gone takes everything, as nobody can be told.

    Args:
        file: The terminal, opened for writing.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.fileno, self.isatty = file.fileno, file.isatty

    def write(self, text: str) -> None:
        """Write a piece."""
        with suppress(OSError):  # EIO: the terminal was hung up
            self._file.write(text)

    def flush(self) -> None:
        """Write what waits."""
        with suppress(OSError):
            self._file.flush()


class PromptDriver(LinuxDriver):
    """Textual's driver for terminals, with an input that can be woken."""

    TICK: ClassVar[float] = 0.1
    """Seconds after which the parser is asked whether an escape that nothing follows was a key; textual's own."""

    _end: int | None = None
    """Writing end of a pipe; closing it ends the input."""
    _ended: int | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        assert self._file is not None
        # Of a file, textual uses no more than an Output has.
        self._file = Output(self._file)  # type: ignore[assignment]

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop.

        The kernel sends SIGCONT also with the SIGHUP of a terminal that is gone (setpgid(2), orphaned process groups),
        and after a SIGSTOP that nobody could prepare for: the threads of before run on then.
        """
        if not os.isatty(self.fileno):
            return
        if self._auto_restart and not self._must_signal_resume:
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application()

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
