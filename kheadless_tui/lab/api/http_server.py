"""The HTTP below the API server: what its parser does not take is answered as Go's net/http answers it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod, LineTooLong

from kheadless_tui.lab.api.documents import is_document
from kheadless_tui.lab.api.request import paths
from kheadless_tui.lab.api.server import refused
from kheadless_tui.lab.objects.failure import ApiFailure, PlainFailure, method_not_allowed

_LINE = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ (/\S*) HTTP/1\.[01]\b")
"""A request line that is one, whatever its method."""
_TOLD = (
    ("Missing 'Host' header", PlainFailure(400, "400 Bad Request: missing required Host header")),
    ("Invalid HTTP version", PlainFailure(505, "505 HTTP Version Not Supported: unsupported protocol version")),
)
"""What aiohttp's parser says, and what net/http makes of that."""


class HttpServer(web.Server):
    """Makes a protocol for each connection; a request whose client has gone is cancelled.

    Args:
        handler: Answers requests.
        options: Of the protocol.
    """

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], **options: Any) -> None:
        super().__init__(handler, handler_cancellation=True, **options)
        self._options = options

    def __call__(self) -> web.RequestHandler:
        """A protocol."""
        return _Connection(self, loop=asyncio.get_running_loop(), **self._options)


class _Connection(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what cannot be read; the connection ends with it."""
        failure = _failure(exc, message or "") if status == 400 else None
        if failure is None or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        response = refused(request, failure)
        response.force_close()
        return response


def _failure(error: BaseException | None, message: str) -> ApiFailure:
    line = _LINE.search(message)
    if isinstance(error, BadHttpMethod) and line is not None:
        return unknown_method(line[1].partition("?")[0])
    if isinstance(error, LineTooLong):
        return PlainFailure(431, "431 Request Header Fields Too Large")
    return next((failure for said, failure in _TOLD if said in message), PlainFailure(400, "400 Bad Request"))


def unknown_method(path: str) -> ApiFailure:
    """The refusal of a method that no path has: 405, or 404 where nothing is."""
    if not is_document(path):
        try:
            paths.parse(path)
        except ApiFailure as failure:
            return failure
    return method_not_allowed()
