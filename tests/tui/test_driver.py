"""The driver of the terminal: an input that ends at once, and a terminal that is as it was."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
import threading
from contextlib import suppress
from typing import IO, cast

from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

from kheadless_tui.tui.terminal.driver import Output
from tests.tui.test_shell_terminal import LEFT, READY, Terminal

PROGRAM = """
import sys
from tests.tui.conftest import FakeSession, shop
from kheadless_tui.tui.app import HeadlessApp
from kheadless_tui.tui.terminal.driver import PromptDriver

class Patient(PromptDriver):
    TICK = 3600.0

class Program(HeadlessApp):
    def get_driver_class(self):
        assert super().get_driver_class() is PromptDriver
        return Patient

app = Program(FakeSession(shop()), service="nginx-headless")
app.run()
sys.exit(app.return_code or 0)
"""
"""Its input looks by itself once an hour: it has to be woken."""

UNDONE = re.compile(rb"\x1b\[\?(1000|1003|1004|1006|1015|1049|2004)([hl])|\x1b\[(>|<)\d*u|\x1b\[\?(7|25)([hl])")
"""Mouse, focus, alternate screen, bracketed paste (xterm control sequences, DECSET), kitty's keys, wrapping, cursor."""


def modes(written: bytes) -> dict[bytes, bool]:
    """What was switched, and whether it is as before: those that a program takes off, line wrap and cursor, on."""
    found: dict[bytes, bool] = {}
    for mode, way, kitty, shown, on in UNDONE.findall(written):
        found[mode or shown or b"kitty"] = way == b"l" or kitty == b"<" or on == b"h"
    return found


def test_the_terminal_is_given_back_when_stopped_and_at_the_end_without_waiting() -> None:
    terminal = Terminal(120, 40, "-c", PROGRAM)
    try:
        before = termios.tcgetattr(terminal.file)
        assert READY in terminal.read(20, until=READY)
        assert termios.tcgetattr(terminal.file) != before
        assert set(modes(terminal.output).values()) == {False}
        os.kill(terminal.pid, signal.SIGTSTP)
        assert LEFT in terminal.read(30, until=LEFT)
        _, status = os.waitpid(terminal.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert termios.tcgetattr(terminal.file) == before
        os.kill(terminal.pid, signal.SIGCONT)
        assert READY in terminal.read(20, until=READY)
        os.write(terminal.file, b"/\xffz\xc3")
        terminal.read(30, until=b"z.")
        os.write(terminal.file, b"\xb6")
        assert "zö." in terminal.read(30, until="zö.".encode()).decode(), "a character that came in two pieces"
        os.write(terminal.file, b"\x11")
        assert terminal.status() == 0
        assert termios.tcgetattr(terminal.file) == before
        assert set(modes(terminal.output).values()) == {True}
        assert set(modes(terminal.output)) >= {b"1000", b"1003", b"1006", b"1049", b"2004", b"25", b"kitty"}
    finally:
        try:
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(terminal.file)


def test_a_program_that_was_stopped_without_warning_goes_on_as_before() -> None:
    terminal = Terminal(120, 40, "-c", PROGRAM)
    try:
        terminal.shows(READY)
        for _ in range(2):
            os.kill(terminal.pid, signal.SIGSTOP)
            _, status = os.waitpid(terminal.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            os.kill(terminal.pid, signal.SIGCONT)
            assert READY in terminal.read(20, until=READY)
        os.write(terminal.file, b"/once")
        assert b"No Service matches /once." in terminal.read(30, until=b"No Service matches /once.")
        os.write(terminal.file, b"\x11")
        assert terminal.status() == 0
        assert set(modes(terminal.output).values()) == {True}
    finally:
        try:
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(terminal.file)


def test_what_is_written_to_a_terminal_that_is_gone_waits_for_nobody() -> None:
    ours, theirs = os.openpty()
    with open(theirs, "w", encoding="utf-8") as gone:
        os.close(ours)
        writer = WriterThread(cast("IO[str]", Output(gone)))
        writer.start()

        def write() -> None:
            for _ in range(MAX_QUEUED_WRITES * 3):
                writer.write("x" * 9999)

        many = threading.Thread(target=write, daemon=True)
        many.start()
        many.join(20)
        assert not many.is_alive()
        writer.stop()
        with suppress(OSError):  # what the file itself still keeps
            gone.flush()


THREAD = """
import asyncio, threading
from kheadless_tui.commands import running, terminal

async def program():
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    return 7

running.run(terminal._to_the_end(program()))
"""


def test_a_thread_that_waits_for_ever_holds_nothing_up() -> None:
    assert subprocess.run([sys.executable, "-c", THREAD], check=False, timeout=60).returncode == 7
