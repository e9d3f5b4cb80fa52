"""A program that runs in a container: its arguments, its streams, and what it sees of the pod."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.pods.images import Image
from kheadless_tui.lab.pods.network import Network
from kheadless_tui.zone.stub.resolv_conf import ResolvConf

PIPE_BYTES = 65536
"""What a pipe holds before its writer has to wait, as on Linux."""


class BrokenPipe(Exception):  # what the writer is told
    """Nobody reads any more."""


class Pipe:
    """Bytes from one task to another, bounded."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._broken = False
        self._wake = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Put bytes in, waiting while too many are in.

        Raises:
            BrokenPipe: the reader has gone.
        """
        while self._held >= PIPE_BYTES and not self._broken:
            self._wake.clear()
            await self._wake.wait()
        if self._broken:
            raise BrokenPipe
        if data and not self._ended:
            self._chunks.append(data)
            self._held += len(data)
            self._wake.set()

    def end(self) -> None:
        """No more comes."""
        self._ended = True
        self._wake.set()

    def break_off(self) -> None:
        """No more is read."""
        self._broken = True
        self._wake.set()

    async def read(self, most: int = PIPE_BYTES) -> bytes:
        """The next bytes, so many at most; empty at the end."""
        while not self._chunks:
            if self._ended or self._broken:
                return b""
            self._wake.clear()
            await self._wake.wait()
        data = self._chunks.popleft()
        if len(data) > most:
            self._chunks.appendleft(data[most:])
            data = data[:most]
        self._held -= len(data)
        self._wake.set()
        return data


@dataclass(frozen=True, slots=True)
class Kept:
    """What a container keeps from one program to the next."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Written by its programs."""
    running: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Arguments by process id; 1 is the container's own program."""

    @contextmanager
    def process(self, argv: tuple[str, ...]) -> Iterator[None]:
        """A program that runs as long as the block."""
        number = max(self.running, default=0) + 1
        self.running[number] = argv
        try:
            yield
        finally:
            del self.running[number]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every program in a container shares."""

    pod: Object
    image: Image
    resolv: ResolvConf
    files: MutableMapping[str, bytes]
    """Contents by path: those that a program may read; what is put in is kept."""
    network: Network
    clock: Clock
    kept: Kept

    @property
    def hostname(self) -> str:
        """The pod's name for itself."""
        return hostname_of(self.pod)


def hostname_of(pod: Object) -> str:
    """As the kubelet sets it: spec.hostname, or the pod's name (pkg/kubelet/util GetHostname)."""
    return str(pod["spec"].get("hostname") or pod["metadata"]["name"])[:63].rstrip("-.")


Reader = Callable[[], Awaitable[bytes]]
"""The next bytes; empty at their end."""
Writer = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class Process:
    """One run of one program."""

    argv: tuple[str, ...]
    around: Surroundings
    stdin: Reader
    out: Writer
    err: Writer
    environment: dict[str, str] = field(default_factory=dict)
    tty: bool = False
    """Whether a terminal is at its other end."""
    folder: str = "/"
    """Where it runs: relative paths begin there."""

    async def say(self, text: str) -> None:
        """Text to standard output."""
        await self.out(text.encode())

    async def complain(self, text: str) -> None:
        """Text to standard error."""
        await self.err(text.encode())


Program = Callable[[Process], Awaitable[int]]
"""Runs to its end; the result is the exit status."""


async def no_input() -> bytes:
    """Standard input of a program that is given none."""
    return b""
