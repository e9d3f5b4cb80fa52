"""The program in a terminal of its own: started, typed into, and listened to, as a person does it."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import os
import pty
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.standin import StandIn

SIZE = (40, 120)
"""Rows and columns."""

_CONTROL = re.compile(rb"\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>])")


@functools.cache
def compiled() -> dict[str, str]:
    """The environment, with bytecode as an installed program has it: compiling takes longer than a start.

    It is kept in a folder of the bench's own; the first start with it fills it, and does not count.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    folder = tempfile.mkdtemp(prefix="kheadless-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return {**environ, "PYTHONPYCACHEPREFIX": folder}


class Program:
    """One that runs; what it paints is kept until it is asked for."""

    def __init__(self, *arguments: str, environ: dict[str, str] | None = None) -> None:
        self.began = time.perf_counter()
        command = [sys.executable, "-m", "kheadless_tui", *arguments]
        env = {**compiled(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(environ or {})}
        self.pid, self._terminal = pty.fork()
        if not self.pid:
            os.execvpe(command[0], command, env)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        self.painted = b""
        """Since the last :meth:`type`."""

    def listen(self, seconds: float) -> bytes:
        """What comes within so many seconds; at once when something comes."""
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, seconds))
        if not ready:
            return b""
        try:
            data = os.read(self._terminal, 2**16)
        except OSError:  # it has ended
            return b""
        self.painted += data
        return data

    @property
    def text(self) -> str:
        """What was painted since the last key, without the controls."""
        return _CONTROL.sub(b"", self.painted).decode("utf-8", "replace")

    def until(self, words: str, timeout: float = 30.0) -> float:
        """Wait until a pattern is painted; when that was, as of ``time.perf_counter``."""
        pattern, end = re.compile(words), time.perf_counter() + timeout
        while not pattern.search(self.text):
            if time.perf_counter() > end:
                raise TimeoutError(f"{words!r} was not painted in {timeout:g} s, but: {self.text[-2000:]!r}")
            self.listen(0.05)
        return time.perf_counter()

    def quiet(self, seconds: float) -> bytes:
        """Listen for so many seconds; what came."""
        end, heard = time.perf_counter() + seconds, b""
        while (left := end - time.perf_counter()) > 0:
            heard += self.listen(left)
        return heard

    def settle(self, silence: float = 1.0, timeout: float = 60.0) -> None:
        """Wait until nothing has been painted for a while."""
        end = time.perf_counter() + timeout
        while self.quiet(silence) and time.perf_counter() < end:
            pass

    def calm(self, seconds: float = 3.0, timeout: float = 120.0) -> None:
        """Wait until the program has next to nothing to do: findings are found out in the background after a start."""
        end, before = time.perf_counter() + timeout, float("-inf")
        while self.cpu - before > seconds * 0.02 and time.perf_counter() < end:
            before = self.cpu
            self.quiet(seconds)

    def type(self, keys: str) -> float:
        """Press keys; what was painted before is forgotten. When that was."""
        self.painted = b""
        now = time.perf_counter()
        os.write(self._terminal, keys.encode())
        return now

    def ended(self, timeout: float = 10.0) -> float:
        """Wait until the process is gone; when that was."""
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            self.listen(0.002)
            pid, _ = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return time.perf_counter()
        raise TimeoutError("it has not ended")

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, which: str = "VmRSS") -> float:
        """Resident memory in MB; ``VmHWM`` for the most there ever was."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(which + ":"):
                return int(line.split()[1]) / 1024
        return 0.0

    def kill(self) -> None:
        """End it, whatever it does."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._terminal)


@contextlib.contextmanager
def running(stand_in: StandIn, *arguments: str) -> Iterator[Program]:
    """The program on a stand-in, while the block runs."""
    program = Program("--kubeconfig", stand_in.kubeconfig, *arguments)
    try:
        yield program
    finally:
        program.kill()
