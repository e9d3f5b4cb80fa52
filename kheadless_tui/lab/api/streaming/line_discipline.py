"""What the kernel's terminal does between a client's keys and a program: echo, editing of a line, signals.

The client's own terminal is raw, so that this is the only echo there is (termios: ICANON, ECHO, ICRNL, ONLCR).
"""

from __future__ import annotations

from dataclasses import dataclass

INTERRUPT, END_OF_FILE, ERASE_LINE, REDRAW = 0x03, 0x04, 0x15, 0x0C
_ERASE = (0x08, 0x7F)
MAX_LINE = 4096
"""Bytes of one line; what comes beyond is lost, as in Linux."""


@dataclass(slots=True)
class Typed:
    """What became of some keys."""

    program: bytes = b""
    """Whole lines for the program."""
    echo: bytes = b""
    """What the terminal shows."""
    ended: bool = False
    """Whether the end of the input was typed."""
    interrupted: bool = False
    """Whether the program was interrupted."""


class LineDiscipline:
    """One terminal."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._escape = False

    def type(self, keys: bytes) -> Typed:
        """Keys that were pressed."""
        typed = Typed()
        for key in keys:
            self._press(key, typed)
        return typed

    def _press(self, key: int, typed: Typed) -> None:
        if key in (0x0A, 0x0D):
            typed.program += bytes(self._line) + b"\n"
            typed.echo += b"\r\n"
            self._line.clear()
        elif key in _ERASE:
            if self._line:
                while len(self._line) > 1 and self._line[-1] & 0xC0 == 0x80:
                    del self._line[-1]
                del self._line[-1]
                typed.echo += b"\b \b"
        elif key == ERASE_LINE:
            typed.echo += b"\b \b" * len(self._line)
            self._line.clear()
        elif key == INTERRUPT:
            self._line.clear()
            typed.echo += b"^C\r\n"
            typed.interrupted = True
        elif key == END_OF_FILE:
            if self._line:
                typed.program += bytes(self._line)
                self._line.clear()
            else:
                typed.ended = True
        elif len(self._line) < MAX_LINE and (key >= 0x20 or key == 0x09):
            self._line.append(key)
            typed.echo += bytes([key])


def to_terminal(data: bytes) -> bytes:
    """A program's output as the terminal gets it."""
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
