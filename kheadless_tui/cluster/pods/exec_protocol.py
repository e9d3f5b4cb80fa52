"""The channel protocol of exec over WebSocket, without I/O: frames in, events out.

Source: the Kubernetes streaming protocol ``v5.channel.k8s.io`` and ``v4.channel.k8s.io``
(apimachinery/pkg/util/remotecommand/constants.go). Every frame is binary and starts with the number of its channel; the
end of the program comes as one JSON ``Status`` on the status channel. Only version 5 can close stdin.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

STDIN = 0
STDOUT = 1
STDERR = 2
STATUS = 3
CLOSE = 0xFF
"""Version 5 alone: a frame of this byte and a channel number closes that channel."""

V5 = "v5.channel.k8s.io"
V4 = "v4.channel.k8s.io"
PROTOCOLS = (V5, V4)
"""In the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that the program wrote."""

    stderr: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """How the program ended, or why it never ran."""

    exit_code: int | None
    """0 on success; ``None`` when it never ran or its end is not known."""
    reason: str = ""
    """``NonZeroExitCode``, ``InternalError`` ..., empty on success."""
    message: str = ""
    """The API server's or the container runtime's own words, empty on success."""

    @property
    def program_missing(self) -> bool:
        """The program is not in the image (or is a directory, or may not be executed).

        containerd and runc say ``executable file not found in $PATH`` or ``no such file or directory``; CRI-O passes
        the words of runc or crun on (crun: ``executable file `nc` not found in $PATH``).
        """
        if self.exit_code is not None:
            return False
        text = self.message.lower()
        return "not found in $path" in text or ("exec" in text and "no such file or directory" in text)

    @property
    def container_gone(self) -> bool:
        """The container does not run: it has ended, or has not started yet (kubelet: ``container not found``)."""
        return self.exit_code is None and "container not found (" in self.message

    @property
    def cause(self) -> str:
        """The innermost cause of a failure: what follows the runtime's chain of wrappings, without ids."""
        text = self.message.strip()
        for marker in ("unable to start container process: ", "error executing command in container: "):
            if marker in text:
                text = text.rpartition(marker)[2]
                break
        return text.removesuffix(": unknown")


Event = Output | Finished


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    status: str = ""
    message: str = ""
    reason: str = ""
    details: _Details | None = None


def parse_status(data: bytes) -> Finished:
    """Read the frame of the status channel.

    The exit code is ``details.causes[reason=ExitCode].message`` and absent on success.
    What is not a Status becomes a failure that says so, never an exception.
    """
    try:
        status = msgspec.json.decode(data, type=_Status)
    except msgspec.DecodeError:
        return Finished(None, "InternalError", data[:500].decode("utf-8", "replace") or "an empty status")
    if status.status == "Success":
        return Finished(0)
    for cause in (status.details and status.details.causes) or ():
        if cause.reason == "ExitCode" and cause.message.isdigit():
            return Finished(int(cause.message), status.reason or "NonZeroExitCode", status.message)
    return Finished(None, status.reason or "InternalError", status.message or "the exec failed without a word")


class ExecProtocol:
    """One exec session: what was received becomes events, what is to be sent becomes frames."""

    def __init__(self, version: str) -> None:
        """``version`` is the sub-protocol that the server chose; an empty one is taken as version 4."""
        self.version = version or V4
        self.finished: Finished | None = None
        """Set once the status has come."""

    def receive(self, frame: bytes) -> Event | None:
        """Take one WebSocket frame; ``None`` for frames that say nothing (empty, resize, close of a channel)."""
        if not frame:
            return None
        channel = frame[0]
        if channel in (STDOUT, STDERR):
            return Output(channel == STDERR, frame[1:]) if len(frame) > 1 else None
        if channel == STATUS and len(frame) > 1:
            self.finished = parse_status(frame[1:])
            return self.finished
        return None

    def stdin(self, data: bytes) -> bytes:
        """The frame that carries ``data`` to the program."""
        return bytes([STDIN]) + data

    def close_stdin(self) -> bytes | None:
        """The frame that closes stdin; ``None`` in version 4, which cannot."""
        return bytes([CLOSE, STDIN]) if self.version == V5 else None
