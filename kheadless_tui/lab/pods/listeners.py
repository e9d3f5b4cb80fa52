"""What answers at an open TCP port."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

from kheadless_tui.lab.dns.server import Replying

Read = Callable[[], Awaitable[bytes]]
"""The next bytes from the client; empty at their end."""
Write = Callable[[bytes], Awaitable[None]]
Listener = Callable[[Read, Write], Awaitable[None]]
"""What serves one TCP connection, until it closes it."""

MAX_REQUEST = 65536
"""Octets of an HTTP request's head."""


async def serve_dns(server: Replying, port: int, read: Read, write: Write) -> None:
    """DNS over TCP (RFC 1035 section 4.2.2) until the client has said its last."""
    buffer = b""
    while data := await read():
        buffer += data
        while len(buffer) >= 2:
            (size,) = struct.unpack("!H", buffer[:2])
            if len(buffer) < size + 2:
                break
            message, buffer = buffer[2 : size + 2], buffer[size + 2 :]
            replies = await server.replies(message, udp=False, port=port)
            if not replies and not server.hanging:
                return  # a server that cannot answer over TCP hangs up
            for reply in replies:
                await write(struct.pack("!H", len(reply)) + reply)
            await asyncio.sleep(0)  # a hundred questions at once do not stop the rest of the lab


async def serve_page(page: bytes, read: Read, write: Write) -> None:
    """One HTTP request: the page at ``/``, 404 elsewhere."""
    request = b""
    while b"\r\n\r\n" not in request:
        data = await read()
        if not data or len(request) > MAX_REQUEST:
            return
        request += data
    method, _, rest = request.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    found = path in (b"/", b"/index.html")
    body = page if found else b"<html>\r\n<head><title>404 Not Found</title></head>\r\n</html>\r\n"
    fields = (
        "HTTP/1.1 200 OK" if found else "HTTP/1.1 404 Not Found",
        "Server: nginx",
        "Content-Type: text/html",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    await write("\r\n".join((*fields, "", "")).encode() + (b"" if method == b"HEAD" else body))


async def swallow(read: Read, write: Write) -> None:
    """Take what comes and say nothing: TLS whose other side is not played."""
    while await read():
        pass
