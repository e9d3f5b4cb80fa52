"""SPDY/3.1 as the API server speaks it for exec, attach and port-forward: bytes in, events out.

kubectl before 1.31 knows nothing else for these, and every kubectl's port-forward runs over it, newer ones inside a
WebSocket. Only what moby/spdystream uses is here: no flow control, no priorities.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

VERSION = 3
SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 0x01
CANCEL = 5
MAX_FRAME = 1 << 20
"""Bytes of a frame from a client; it is cut off beyond that (the frame's length has 24 bits)."""
MAX_HEADERS = 1 << 16
"""Bytes of a frame's headers, unpacked."""
_CHUNK = 32 * 1024

_WORDS = (
    *"options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status".split(),
    "200 OK",
    *"version HTTP/1.1 url public set-cookie keep-alive origin".split(),
)
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
    "Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 "
    "Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec "
    "00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8"
    "charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = b"".join(struct.pack(">I", len(word)) + word.encode() for word in _WORDS) + _TAIL.encode()
"""What both sides have compressed before the first header (SPDY Protocol, draft 3, 2.6.10.1)."""


class SpdyError(ValueError):
    """The peer does not keep to the protocol."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The peer opens a stream."""

    stream: int
    headers: dict[str, str]
    ended: bool


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes on a stream."""

    stream: int
    data: bytes
    ended: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """The peer gives a stream up."""

    stream: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes that have to be sent, whoever reads."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Leaving:
    """The peer opens no more streams."""


Event = Opened | Data | Reset | Answer | Leaving


class SpdyConnection:
    """The server's side of one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def receive(self, data: bytes) -> Iterator[Event]:
        """What these bytes mean.

        Raises:
            SpdyError: they mean nothing.
        """
        self._buffer += data
        while len(self._buffer) >= 8:
            word, rest = struct.unpack_from(">II", self._buffer)
            flags, size = rest >> 24, rest & 0xFFFFFF
            if size > MAX_FRAME:
                raise SpdyError(f"a frame of {size} bytes")
            if len(self._buffer) < 8 + size:
                return
            body = bytes(self._buffer[8 : 8 + size])
            del self._buffer[: 8 + size]
            if word >> 31:
                yield from self._control(word >> 16 & 0x7FFF, word & 0xFFFF, flags, body)
            else:
                yield Data(word, body, bool(flags & FIN))

    def _control(self, version: int, kind: int, flags: int, body: bytes) -> Iterator[Event]:
        if version != VERSION:
            raise SpdyError(f"version {version}")
        try:
            if kind == SYN_STREAM:
                headers = self._headers(body[10:])
                yield Opened(struct.unpack_from(">I", body)[0] & 0x7FFFFFFF, headers, bool(flags & FIN))
            elif kind == HEADERS:
                self._headers(body[4:])  # to keep the compression in step
            elif kind == RST_STREAM:
                yield Reset(struct.unpack_from(">I", body)[0] & 0x7FFFFFFF)
            elif kind == PING:
                yield Answer(_control_frame(PING, 0, body))
            elif kind == GOAWAY:
                yield Leaving()
        except struct.error as error:
            raise SpdyError("a frame that is too short") from error

    def _headers(self, packed: bytes) -> dict[str, str]:
        try:
            block = self._inflate.decompress(packed, MAX_HEADERS)
        except zlib.error as error:
            raise SpdyError("headers that cannot be unpacked") from error
        if self._inflate.unconsumed_tail:
            raise SpdyError("headers that are too long")
        found: dict[str, str] = {}
        (count,), position = struct.unpack_from(">I", block), 4
        for _ in range(count):
            words = []
            for _ in range(2):
                (size,) = struct.unpack_from(">I", block, position)
                words.append(block[position + 4 : position + 4 + size].decode("utf-8", "replace"))
                position += 4 + size
            found[words[0].lower()] = words[1]
        return found

    def accept(self, stream: int) -> bytes:
        """The answer to a stream that was opened."""
        block = struct.pack(">I", 0)
        packed = self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return _control_frame(SYN_REPLY, 0, struct.pack(">I", stream) + packed)


def data_frames(stream: int, data: bytes, *, end: bool = False) -> bytes:
    """Bytes on a stream; the last ones end our half of it."""
    chunks = [data[i : i + _CHUNK] for i in range(0, len(data), _CHUNK)] or [b""]
    frames = []
    for number, chunk in enumerate(chunks):
        flags = FIN if end and number == len(chunks) - 1 else 0
        frames.append(struct.pack(">II", stream, flags << 24 | len(chunk)) + chunk)
    return b"".join(frames)


def reset_frame(stream: int) -> bytes:
    """A stream is given up."""
    return _control_frame(RST_STREAM, 0, struct.pack(">II", stream, CANCEL))


def _control_frame(kind: int, flags: int, body: bytes) -> bytes:
    return struct.pack(">HHI", 0x8000 | VERSION, kind, flags << 24 | len(body)) + body
