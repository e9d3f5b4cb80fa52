"""The program in a terminal of its own: quiet when nothing happens, and the terminal as it was after a signal."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kheadless_tui.lab.lab import Lab

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys
from tests.tui.conftest import FakeSession, shop
from kheadless_tui.tui.app import HeadlessApp
app = HeadlessApp(FakeSession(shop()), service="nginx-headless")
app.run()
sys.exit(app.return_code or 0)
"""

LEFT = b"\x1b[?1049l"
"""The terminal's main screen again (xterm control sequences, DECRST 1049)."""

READY = b"2 of 4 pods are in DNS"
"""The sentence on the Service that the program begins with: then all panels are there."""


class Terminal:
    """A pseudo terminal with the program in it."""

    def __init__(self, columns: int, rows: int, *arguments: str, state: str = os.devnull) -> None:
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.environ.update(LANG="C.UTF-8", TERM="xterm-256color", PYTHONPATH=str(ROOT), XDG_STATE_HOME=state)
            os.execv(sys.executable, [sys.executable, *(arguments or ("-c", PROGRAM))])
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.output = b""

    def read(self, seconds: float, until: bytes = b"\x00never") -> bytes:
        """What is written until a text appears, the program ends, or the time is over."""
        start, end = len(self.output), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and until not in self.output[start:]:
            if not select.select([self.file], [], [], left)[0]:
                continue
            try:
                piece = os.read(self.file, 1 << 16)
            except OSError:  # EIO: the other end is closed
                break
            if not piece:
                break
            self.output += piece
        return self.output[start:]

    def status(self) -> int:
        """Read to the program's end, and tell how it ended."""
        self.read(30)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def settle(self) -> None:
        """Wait until nothing has been written for a while."""
        while self.read(0.5):
            pass

    def shows(self, text: bytes) -> None:
        """Wait until a text was written, be it before this was asked for."""
        assert text in self.output or text in self.read(60, until=text)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal(120, 40)
    try:
        opened.shows(b"help")  # the last item of the last row; its key is painted apart
        opened.shows(READY)
        yield opened
    finally:
        try:
            os.kill(opened.pid, signal.SIGKILL)
            os.waitpid(opened.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(opened.file)


def test_nothing_is_written_without_need(terminal: Terminal) -> None:
    terminal.settle()
    assert terminal.read(1.5) == b"", "while nothing happens"
    os.write(terminal.file, b"j")
    moved = terminal.read(0.1)
    assert 0 < len(moved) < 2000, "two rows for a move of the cursor"
    terminal.settle()
    os.write(terminal.file, b"\t")
    assert 0 < len(terminal.read(1.0)) < 12_000, "a whole screen of this size takes more than 30,000"


def test_what_is_typed_in_one_go_with_the_slash_is_not_lost(terminal: Terminal) -> None:
    os.write(terminal.file, b"/jjkk")
    assert b"No Service matches /jjkk." in terminal.read(20, until=b"No Service matches /jjkk.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_and_gives_the_terminal_back(terminal: Terminal, number: signal.Signals) -> None:
    os.kill(terminal.pid, number)
    assert LEFT in terminal.read(20, until=LEFT)
    assert terminal.status() == 128 + number


@pytest.mark.parametrize(
    ("before", "opens"), [(b"", READY), (b"?", b"find a key"), (b"e", b"the records that must exist"), (b":", b"ctx")]
)
def test_ctrl_c_ends_the_program_wherever_one_is(terminal: Terminal, before: bytes, opens: bytes) -> None:
    os.write(terminal.file, before)
    terminal.shows(opens)
    os.write(terminal.file, b"\x03")
    assert LEFT in terminal.read(20, until=LEFT)


LEADER = """
import os, signal, subprocess, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-c", os.environ["PROGRAM"]], restore_signals=False,
    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)).wait(), file=open(os.environ["SAID"], "w"))
"""
"""Leads the session of a terminal as make does: it waits for its child and passes no signal on."""


def test_a_terminal_that_goes_without_a_signal_ends_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "status"
    monkeypatch.setenv("PROGRAM", PROGRAM)
    monkeypatch.setenv("SAID", str(said))
    terminal = Terminal(80, 24, "-c", LEADER)
    assert READY in terminal.read(20, until=READY)
    os.close(terminal.file)
    os.waitpid(terminal.pid, 0)
    assert said.read_text() == f"{128 + signal.SIGHUP}\n"


def test_a_terminal_that_nobody_reads_holds_nothing_up(terminal: Terminal) -> None:
    terminal.settle()
    waiting, before, end = 0, -1, time.monotonic() + 30
    while waiting > before and time.monotonic() < end:  # until there is no room for what one more key makes
        before = waiting
        os.write(terminal.file, b"?")
        os.write(terminal.file, b"\x1b")
        settled = -1
        while settled != waiting:
            settled = waiting
            select.select([], [], [], 0.5)
            waiting = struct.unpack("i", fcntl.ioctl(terminal.file, termios.FIONREAD, b"\0" * 4))[0]
    assert waiting == before
    os.kill(terminal.pid, signal.SIGTERM)
    _, status = os.waitpid(terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGTERM


def _unknown_namespace(_: dict[str, Any]) -> list[str]:
    return ["-n", "nope"]


def _wrong_certificate(config: dict[str, Any]) -> list[str]:
    del config["clusters"][0]["cluster"]["certificate-authority-data"]
    return []


def _nobody_there(config: dict[str, Any]) -> list[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{free.getsockname()[1]}"
    return []


def _arguments(kubeconfig: str, path: Path, spoil: Callable[[dict[str, Any]], list[str]]) -> list[str]:
    """With a copy of the kubeconfig in which something is not as it should be."""
    config = json.loads(Path(kubeconfig).read_text(encoding="utf-8"))
    more = spoil(config)
    path.write_text(json.dumps(config), encoding="utf-8")
    return ["--kubeconfig", str(path), *more]


@pytest.mark.parametrize(
    ("spoil", "status", "said"),
    [
        (_unknown_namespace, 2, ["there is no namespace 'nope'", "kubectl get namespaces"]),
        (_wrong_certificate, 3, ["is not trusted", "check certificate-authority"]),
        (_nobody_there, 3, ["refused the connection", "is the API server up"]),
    ],
)
async def test_what_can_never_be_shown_ends_the_program_with_its_sentence(
    spoil: Callable[[dict[str, Any]], list[str]], status: int, said: list[str], tmp_path: Path
) -> None:
    async with Lab.start(world="tutorials") as lab:
        opened = Terminal(120, 40, "-m", "kheadless_tui", *_arguments(lab.kubeconfig, tmp_path / "kubeconfig", spoil))
        try:
            ended = await asyncio.to_thread(opened.status)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(opened.pid, signal.SIGKILL)
            os.close(opened.file)
    _, _, after = opened.output.rpartition(LEFT)
    told = after.decode()
    assert ended == status, told
    assert "Traceback" not in told, told
    assert all(words in told for words in said), told
