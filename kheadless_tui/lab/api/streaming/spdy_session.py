"""Streams over SPDY, for those who serve them."""

from __future__ import annotations

import asyncio
import contextlib

from kheadless_tui.lab.api.streaming.byte_channels import ByteChannel
from kheadless_tui.lab.api.streaming.spdy import (
    Answer,
    Data,
    Opened,
    Reset,
    SpdyConnection,
    SpdyError,
    data_frames,
    reset_frame,
)
from kheadless_tui.lab.pods.process import BrokenPipe, Pipe

MAX_STREAMS = 256
"""Streams that one client may have open."""


class Stream:
    """One stream that the client has opened."""

    def __init__(self, session: SpdySession, number: int, headers: dict[str, str]) -> None:
        self._session = session
        self.number = number
        self.headers = headers
        self.incoming = Pipe()
        """What the client sends; it ends when the client ends its half."""
        self._ended = False

    async def send(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            ConnectionError: the client has gone.
        """
        if data and not self._ended:
            await self._session.write(data_frames(self.number, data))

    async def end(self) -> None:
        """End our half.

        Raises:
            ConnectionError: the client has gone.
        """
        if not self._ended:
            self._ended = True
            await self._session.write(data_frames(self.number, b"", end=True))

    async def reset(self) -> None:
        """Give the whole of it up.

        Raises:
            ConnectionError: the client has gone.
        """
        self._ended = True
        self.incoming.break_off()
        await self._session.write(reset_frame(self.number))


class SpdySession:
    """All streams of one connection; :meth:`run` reads it, :attr:`opened` tells of new streams."""

    def __init__(self, channel: ByteChannel) -> None:
        self._channel = channel
        self._connection = SpdyConnection()
        self._streams: dict[int, Stream] = {}
        self.opened: asyncio.Queue[Stream | None] = asyncio.Queue(MAX_STREAMS)
        """New streams as they come, ``None`` when the client has gone."""

    async def write(self, data: bytes) -> None:
        """Send frames.

        Raises:
            ConnectionError: the client has gone.
        """
        await self._channel.write(data)

    async def run(self) -> None:
        """Read until the client goes or says what it must not."""
        try:
            while data := await self._channel.read():
                for event in self._connection.receive(data):
                    await self._on_event(event)
        except (SpdyError, ConnectionError):
            pass
        finally:
            for stream in self._streams.values():
                stream.incoming.end()
            if self.opened.full():
                self.opened.get_nowait()
            self.opened.put_nowait(None)

    def forget(self, stream: Stream) -> None:
        """Its work is done."""
        self._streams.pop(stream.number, None)

    async def _on_event(self, event: object) -> None:
        if isinstance(event, Opened):
            if len(self._streams) >= MAX_STREAMS or self.opened.full():
                await self.write(reset_frame(event.stream))
                return
            stream = self._streams[event.stream] = Stream(self, event.stream, event.headers)
            if event.ended:
                stream.incoming.end()
            await self.write(self._connection.accept(event.stream))
            self.opened.put_nowait(stream)
        elif isinstance(event, Data):
            found = self._streams.get(event.stream)
            if found is None:
                return
            with contextlib.suppress(BrokenPipe):  # nobody wants it any more
                await found.incoming.write(event.data)
            if event.ended:
                found.incoming.end()
        elif isinstance(event, Reset):
            gone = self._streams.pop(event.stream, None)
            if gone is not None:
                gone.incoming.break_off()
        elif isinstance(event, Answer):
            await self.write(event.data)
