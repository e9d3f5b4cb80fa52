"""HTTP and WebSocket towards one API server, over one pool of connections.

Adds to aiohttp what an API client needs: the credential of the moment and its one renewal on 401, TLS by the
kubeconfig, proxies, bounds in time and size, and errors that a person understands.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from kheadless_tui import __version__
from kheadless_tui.cluster.bounds import MAX_LISTS
from kheadless_tui.cluster.connecting.connection import Connection
from kheadless_tui.cluster.connecting.credentials import Credential
from kheadless_tui.cluster.connecting.proxy import is_loopback
from kheadless_tui.cluster.wire import failures
from kheadless_tui.cluster.wire.answers import Response, error_of, nothing_served, retry_after, says_not_found
from kheadless_tui.cluster.wire.connector import new_connector
from kheadless_tui.cluster.wire.patience import outside
from kheadless_tui.errors import ClusterError, Unreachable

Params = Sequence[tuple[str, str]]

MAX_BODY = 64 * 2**20
"""Bytes of one answer; a page of 500 big pods is some 10 MB."""

MAX_ASKED_TO_WAIT = 3
"""How often :meth:`Transport.call` sends a request again that was answered with 429."""

MOST_LEFT = 4
"""Sets of connections that were left for new ones and may still be in use; an older one is closed."""

STREAM_BUFFER = 2**18
"""Bytes that are read ahead of us on one connection."""


class Transport:
    """Requests to one API server. Belongs to one event loop; :meth:`close` it."""

    def __init__(self, connection: Connection, *, request_timeout: float | None = None) -> None:
        self.connection = connection
        self.request_timeout = connection.request_timeout if request_timeout is None else request_timeout
        self._base = URL(connection.server)
        self._proxy = connection.proxy_url if connection.proxy_url.startswith("http") else None
        self._connector = new_connector(connection.proxy_url)
        self._left: list[tuple[aiohttp.ClientSession, aiohttp.TCPConnector]] = []
        """By which nothing is asked any more; some of their connections may be in use."""
        self._timeout = aiohttp.ClientTimeout(total=None)
        self.lists = asyncio.Semaphore(MAX_LISTS)
        """Taken by who reads a whole list, so that many namespaces are not read all at once."""
        self._session = self._new_session()
        # Compressing costs both ends more than it saves when the bytes never leave the machine.
        self._encoding = "identity" if is_loopback(urlsplit(connection.server).hostname or "") else "gzip"

    # -- requests ----------------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        body: bytes | None = None,
        content_type: str = "application/json",
        timeout: float | None = None,
        max_bytes: int = MAX_BODY,
    ) -> Response:
        """Send a request and read the answer, whatever its status.

        Args:
            method: GET, POST, PATCH, DELETE.
            path: With its leading slash, already quoted.
            params: The query.
            body: What is sent.
            content_type: Of the body; for PATCH it says which kind of patch.
            timeout: Seconds for all of it; the transport's own by default.
            max_bytes: More than this is an error.

        Raises:
            Unreachable: no answer, or not in time.
            NotAuthenticated: a credential plug-in failed. (A 401 is an answer.)
            ClusterError: the answer is too big.
        """
        timeout = self._allowed(timeout)
        with self._translated(timeout):
            async with asyncio.timeout(timeout) as limit:
                async with self._answered(limit, method, path, params, body, content_type) as answer:
                    return Response(answer.status, answer.headers, await self._body(answer, max_bytes))

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        body: bytes | None = None,
        content_type: str = "application/json",
        timeout: float | None = None,
        max_bytes: int = MAX_BODY,
    ) -> bytes:
        """Send a request and give the body of its success. Arguments as for :meth:`request`.

        A 429 is waited out as the server asks, within the time allowed: it says that nothing was done.

        Raises:
            Refused, NotFound, NotAuthenticated, ClusterError: by the answer's status, in the API server's words.
            Unreachable: no answer, not in time, or an error of the server itself (5xx).
        """
        allowed = self._allowed(timeout)
        loop = asyncio.get_running_loop()
        deadline = None if allowed is None else loop.time() + allowed
        for _ in range(MAX_ASKED_TO_WAIT):
            left = None if deadline is None else max(0.001, deadline - loop.time())
            answer = await self.request(
                method,
                path,
                params=params,
                body=body,
                content_type=content_type,
                timeout=left or 0,
                max_bytes=max_bytes,
            )
            pause = retry_after(answer.headers, answer.body)
            if answer.status != 429 or pause is None or (deadline is not None and loop.time() + pause >= deadline):
                break
            await asyncio.sleep(pause)
        if 200 <= answer.status < 300:
            return answer.body
        if method == "GET" and answer.status == 404 and not says_not_found(answer):
            raise nothing_served(self.connection.server)
        raise self.error(answer)

    def error(self, answer: Response, attempted: str = "") -> ClusterError:
        """The error that an answer without success amounts to; ``attempted`` says what was asked for."""
        return error_of(answer, self.connection.server, self.connection.user, attempted)

    @asynccontextmanager
    async def stream(
        self, path: str, params: Params = (), *, idle_timeout: float
    ) -> AsyncIterator[tuple[int, Any, AsyncIterator[bytes]]]:
        """GET something that is read while it arrives: a long list, or a watch that does not end.

        Args:
            path: With its leading slash, already quoted.
            params: The query.
            idle_timeout: Seconds without a byte after which the other end counts as gone. The head of the answer has
                to come within the request timeout.

        Yields:
            The status, the headers, and the body in chunks of no particular size.

        Raises:
            Unreachable: as for :meth:`request`, also out of the iterator.
        """
        timeout = self._allowed(None)
        async with contextlib.AsyncExitStack() as stack:
            with self._translated(timeout):
                async with asyncio.timeout(timeout) as limit:
                    answer = await stack.enter_async_context(
                        self._answered(limit, "GET", path, params, None, "", idle_timeout)
                    )
            yield answer.status, answer.headers, self._chunks(answer, idle_timeout)

    @asynccontextmanager
    async def websocket(
        self, path: str, params: Params, protocols: Sequence[str], *, heartbeat: float | None = None
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a WebSocket: exec, attach and port-forward.

        Args:
            path: With its leading slash, already quoted.
            params: The query.
            protocols: Subprotocols offered, the best first; ``socket.protocol`` says which was taken.
            heartbeat: Seconds between pings, to notice an other end that is gone; ``None`` sends none.

        Raises:
            Refused, NotFound, NotAuthenticated, ClusterError, Unreachable: the handshake came to nothing.
        """
        timeout = self._allowed(None)
        async with contextlib.AsyncExitStack() as stack:
            with self._translated(timeout):
                async with asyncio.timeout(timeout) as limit:
                    socket = await self._handshake(limit, stack, path, params, protocols, heartbeat)
            yield socket

    async def ping(self, timeout: float) -> Response:
        """Ask for /version, which everyone may, with the credential that is held: to see whether anybody answers.

        A 401 is an answer too, and asking often runs no plug-in; a token file that was replaced is read.

        Raises:
            Unreachable, NotAuthenticated: as for :meth:`request`.
        """
        credentials = self.connection.credentials
        credential = await credentials.at_hand()
        with self._translated(timeout):
            async with asyncio.timeout(timeout):
                answer = await self._version(credential)
                renewed = await credentials.renewed_cheaply(credential) if answer.status == 401 else credential
                return answer if renewed is credential else await self._version(renewed)

    async def _version(self, credential: Credential) -> Response:
        async with await self._send("GET", "/version", (), None, "", None, credential) as answer:
            return Response(answer.status, answer.headers, await self._body(answer, 2**16))

    async def take_new_connections(self) -> None:
        """For what is asked from now on: those that are kept may be dead without a word.

        After the machine has slept or the network was away, a request over one of them would wait out its time. Those
        in use go on.
        """
        self._left.append((self._session, self._connector))
        self._connector = new_connector(self.connection.proxy_url)
        self._session = self._new_session()
        while len(self._left) > MOST_LEFT:
            await _end(*self._left.pop(0))

    async def close(self) -> None:
        """Close all connections, also those in use; their users see Unreachable."""
        for session, connector in ((self._session, self._connector), *self._left):
            await _end(session, connector)

    # -- inside ------------------------------------------------------------------------------------------------

    def _allowed(self, timeout: float | None) -> float | None:
        """The time limit: ours when none was given, none at all for 0 (as ``kubectl --request-timeout=0``)."""
        return (self.request_timeout if timeout is None else timeout) or None

    @contextlib.contextmanager
    def _translated(self, timeout: float | None) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            server = self.connection.server
            if self._session.closed and not isinstance(error, ClusterError):
                raise Unreachable(f"the connection to {server} has been closed") from error
            if not failures.is_failure(error):
                raise
            raise failures.unreachable(error, server, self.connection.proxy_url, timeout) from error

    @asynccontextmanager
    async def _answered(
        self,
        limit: asyncio.Timeout,
        method: str,
        path: str,
        params: Params,
        body: bytes | None,
        content_type: str,
        idle_timeout: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer's head; on 401 once more with a renewed credential, if there is another one."""
        credential = await outside(limit, self.connection.credentials.current())
        answer = await self._send(method, path, params, body, content_type, idle_timeout, credential)
        try:
            if answer.status == 401:
                renewed = await outside(limit, self.connection.credentials.renewed(credential))
                if renewed is not credential:
                    answer.release()
                    answer = await self._send(method, path, params, body, content_type, idle_timeout, renewed)
            yield answer
        finally:
            answer.close() if not answer.content.is_eof() else answer.release()

    async def _send(
        self,
        method: str,
        path: str,
        params: Params,
        body: bytes | None,
        content_type: str,
        idle_timeout: float | None,
        credential: Credential,
    ) -> aiohttp.ClientResponse:
        headers = self._headers(credential)
        if body is not None:
            headers["Content-Type"] = content_type
        for attempt in (1, 2):
            try:
                return await self._session.request(
                    method,
                    self._url(path, params),
                    data=body,
                    headers=headers,
                    ssl=self._tls(credential),
                    proxy=self._proxy,
                    allow_redirects=False,  # a redirect would carry the credential elsewhere
                    timeout=aiohttp.ClientTimeout(total=None, sock_read=idle_timeout),
                )
            except failures.ERRORS as error:
                if attempt == 2 or method != "GET" or not failures.is_worth_another_connection(error):
                    raise
        raise AssertionError("unreachable")

    async def _handshake(
        self,
        limit: asyncio.Timeout,
        stack: contextlib.AsyncExitStack,
        path: str,
        params: Params,
        protocols: Sequence[str],
        heartbeat: float | None,
    ) -> aiohttp.ClientWebSocketResponse:
        credential = await outside(limit, self.connection.credentials.current())
        for attempt in (1, 2):
            refusals: list[Response] = []
            session = await stack.enter_async_context(self._new_session(_keep_refusal(refusals)))
            try:
                return await stack.enter_async_context(
                    session.ws_connect(
                        self._url(path, params),
                        protocols=protocols,
                        headers=self._headers(credential),
                        ssl=self._tls(credential),
                        proxy=self._proxy,
                        max_msg_size=0,
                        heartbeat=heartbeat,
                        timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                    )
                )
            except aiohttp.WSServerHandshakeError as error:
                refusal = refusals[-1] if refusals else Response(error.status, {}, b"")
                if refusal.status == 401 and attempt == 1:
                    renewed = await outside(limit, self.connection.credentials.renewed(credential))
                    if renewed is not credential:
                        credential = renewed
                        continue
                raise self.error(refusal) from error
        raise AssertionError("unreachable")

    def _new_session(self, trace: aiohttp.TraceConfig | None = None) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            read_bufsize=STREAM_BUFFER,
            trace_configs=[trace] if trace else None,
        )

    def _url(self, path: str, params: Params) -> URL:
        # The server's URL may have a path of its own (Rancher, a proxy in front of many clusters).
        url = self._base.with_path(self._base.raw_path.rstrip("/") + path, encoded=True)
        return url.with_query(list(params)) if params else url

    def _headers(self, credential: Credential) -> CIMultiDict[str]:
        headers = CIMultiDict(self.connection.impersonation)
        headers["Accept"] = "application/json, */*"  # port-forward answers 406 to JSON alone
        headers["Accept-Encoding"] = self._encoding
        headers["User-Agent"] = f"kheadless-tui/{__version__}"
        if credential.authorization:
            headers["Authorization"] = credential.authorization
        return headers

    def _tls(self, credential: Credential) -> Any:
        return self.connection.ssl_context(credential) or True

    async def _body(self, answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for chunk in answer.content.iter_any():
            size += len(chunk)
            if size > max_bytes:
                raise ClusterError(f"{self.connection.server} answered with more than {max_bytes >> 20} MB")
            parts.append(chunk)
        return b"".join(parts)

    async def _chunks(self, answer: aiohttp.ClientResponse, idle_timeout: float) -> AsyncIterator[bytes]:
        with self._translated(idle_timeout):
            async for chunk in answer.content.iter_any():
                yield chunk


async def _end(session: aiohttp.ClientSession, connector: aiohttp.TCPConnector) -> None:
    await session.close()
    await connector.close()


def _keep_refusal(into: list[Response]) -> aiohttp.TraceConfig:
    """Keep the body of a handshake that came to nothing: the API server's reason, which aiohttp throws away."""

    async def ended(_: aiohttp.ClientSession, __: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
        if params.response.status != 101:
            body = await params.response.content.read(MAX_BODY)
            into.append(Response(params.response.status, params.response.headers, body))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace
