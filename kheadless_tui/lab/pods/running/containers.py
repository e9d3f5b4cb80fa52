"""The programs that containers run: those whose output or input somebody may want.

A server like nginx only looks as if it ran (its port answers, :mod:`kheadless_tui.lab.pods.network`). A container that
is made to run one command, or that keeps its standard input open, has its program run for real: ``kubectl run -it``
attaches to it, and ``kubectl logs`` shows what it has written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.pods.images import find_image
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe, Process, no_input
from kheadless_tui.lab.pods.programs.by_name import find_program
from kheadless_tui.lab.pods.running.runtime import Runtime

MAX_LOG = 256 * 1024
"""Bytes of a container's log that are kept, the last ones (containerLogMaxSize, much smaller here)."""
KILLED, NOT_STARTED = 137, 128
REFUSED_SECONDS = 0.2
"""Until a CoreDNS that refuses its Corefile has ended."""
_LOG = logging.getLogger(__name__)


class MainProgram:
    """The program of one container."""

    def __init__(self, clock: Clock, *, stdin: bool, tty: bool) -> None:
        self._clock = clock
        self.stdin = Pipe() if stdin else None
        self.tty = tty
        self.log = bytearray()
        self._begun: list[float] = []
        """Lab time of each line's first byte."""
        self.ended = asyncio.Event()
        self.interrupted = asyncio.Event()
        self._listeners: list[Pipe] = []
        self._seen = False

    async def write(self, data: bytes) -> None:
        """What the program writes: to its log and to those who are attached."""
        goes_on = bool(self.log) and not self.log.endswith(b"\n")
        self._begun += [self._clock.now()] * (len(lines_of(data)) - (goes_on and bool(data)))
        self.log += data
        if len(self.log) > MAX_LOG:
            del self.log[: len(self.log) - MAX_LOG]
            del self._begun[: len(self._begun) - len(lines_of(self.log))]
        for listener in tuple(self._listeners):
            try:
                await listener.write(data)
            except BrokenPipe:
                self.leave(listener)

    def lines(self) -> list[tuple[float, bytes]]:
        """The lines of the log, each with its time; the last one may not be ended."""
        return list(zip(self._begun, lines_of(self.log), strict=True))

    def first_sight(self) -> bytes:
        """What somebody who attaches sees at once: the first one all, others the line that is not ended, a prompt.

        A real runtime shows the first one nothing of before either; but there a program takes longer to start than a
        client to attach, and here not.
        """
        first, self._seen = not self._seen, True
        return bytes(self.log) if first else bytes(self.log).rpartition(b"\n")[2]

    def listen(self) -> Pipe:
        """Its output from now on."""
        pipe = Pipe()
        self._listeners.append(pipe)
        if self.ended.is_set():
            pipe.end()
        return pipe

    def leave(self, listener: Pipe) -> None:
        """Listen no more."""
        with contextlib.suppress(ValueError):
            self._listeners.remove(listener)
        listener.break_off()

    def end(self) -> None:
        """The program has ended."""
        self.ended.set()
        for listener in self._listeners:
            listener.end()


def lines_of(text: bytes | bytearray) -> list[bytes]:
    """The lines of a text with their ends; only a newline ends one."""
    *whole, rest = bytes(text).split(b"\n")
    return [*(line + b"\n" for line in whole), *([rest] if rest else [])]


class Containers:
    """All programs that run for real.

    Args:
        runtime: Starts them.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._programs: dict[tuple[str, str], MainProgram] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    def find(self, pod: Object, container: str) -> MainProgram | None:
        """The program of a container, when it is one that is run; also after its end."""
        return self._programs.get((pod["metadata"]["uid"], container))

    def launch(self, pod: Object, container: Object, ended: Callable[[int], None]) -> bool:
        """Run a container's program; whether it is run, and ``ended`` will be called with its exit status."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False  # a world is being made: nobody watches yet
        if not self._runtime.starts(pod):
            self._runtime.clock.call_later(REFUSED_SECONDS, lambda: ended(1))
            return True
        ephemeral = container in (pod["spec"].get("ephemeralContainers") or ())
        once = pod["spec"].get("restartPolicy") in ("Never", "OnFailure")
        initial = container in (pod["spec"].get("initContainers") or ())
        if not (container.get("stdin") or once or ephemeral or initial):
            return False
        image = find_image(container["image"])
        assert image is not None  # the kubelet has pulled it
        main = MainProgram(self._runtime.clock, stdin=bool(container.get("stdin")), tty=bool(container.get("tty")))
        process = Process(
            image.argv(container.get("command"), container.get("args")),
            self._runtime.surroundings(pod, container["name"]),
            main.stdin.read if main.stdin is not None else no_input,
            main.write,
            main.write,
            self._runtime.environment(pod, container["name"]),
            tty=main.tty,
        )
        if not process.argv or find_program(process) is None:
            return False
        key = (pod["metadata"]["uid"], container["name"])
        self._programs[key] = main
        self._tasks[key] = loop.create_task(self._run(process, main, ended))
        return True

    async def _run(self, process: Process, main: MainProgram, ended: Callable[[int], None]) -> None:
        code = KILLED
        running = asyncio.ensure_future(self._runtime.run(process))
        interrupted = asyncio.ensure_future(main.interrupted.wait())
        try:
            await asyncio.wait((running, interrupted), return_when=asyncio.FIRST_COMPLETED)
            code = await running if running.done() else 130
        except (ApiFailure, BrokenPipe):
            code = NOT_STARTED
        except Exception:
            _LOG.exception("the program %s", process.argv)
            code = NOT_STARTED
        finally:
            for task in (running, interrupted):
                task.cancel()
            await asyncio.gather(running, interrupted, return_exceptions=True)
            main.end()
        ended(code)

    def forget(self, uid: str) -> None:
        """A pod is gone, and its programs with it."""
        self._runtime.forget(uid)
        for key in [key for key in self._programs if key[0] == uid]:
            del self._programs[key]
            self._tasks.pop(key).cancel()

    async def close(self) -> None:
        """End all programs."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._programs.clear()
        self._tasks.clear()
