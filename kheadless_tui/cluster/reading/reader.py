"""Drives one reflector over a transport: one task that never dies by itself, and ends at once when it is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from kheadless_tui.cluster.bounds import MAX_PAGE, PAGE, TooLarge
from kheadless_tui.cluster.reading.decode import token_in
from kheadless_tui.cluster.reading.listwatch import Change, Check, List, Replace, Wait, Watch, pieces
from kheadless_tui.cluster.reading.reflector import Reflector
from kheadless_tui.cluster.wire.answers import Response, nothing_served, retry_after, says_not_found, status_of
from kheadless_tui.errors import ClusterError, HeadlessError, NotAuthenticated, Unreachable
from kheadless_tui.model.kinds import ENDPOINT_SLICE, NAMESPACE, POD, SERVICE

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

log = logging.getLogger(__name__)

HEAD = 4096
"""Bytes of a page within which the token of the next one is looked for."""

AT_ONCE = 100
"""Objects that go into the store before the screen gets its turn."""

SERVED_EVERYWHERE = (SERVICE, ENDPOINT_SLICE, NAMESPACE, POD)
"""Kinds that every API server serves: a list of them that is not found was asked for in the wrong place."""

Apply = Callable[[Change], object]
"""Takes a change into the store."""


class Reader:
    """Keeps one kind of one scope up to date until it is stopped."""

    def __init__(
        self,
        transport: Transport,
        reflector: Reflector,
        apply: Apply,
        changed: Callable[[Reader], None],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Not started yet.

        Args:
            transport: Where requests go.
            reflector: What it keeps up to date.
            apply: Called with every change.
            changed: Called after every change and every new state.
            clock: Unix time.
        """
        self.reflector = reflector
        self.last_heard = float("-inf")
        """When the last bytes came, by a clock that is never set."""
        self.received = 0
        """Bytes of lists so far: it grows while a long one arrives over a slow link."""
        self._transport = transport
        self._apply = apply
        self._changed = changed
        self._clock = clock
        self._wake = asyncio.Event()
        self._lost: Unreachable | None = None
        self._reopening = False
        self._watch_asked = False
        """What is under way is a watch, open or about to be."""
        self._midway = False
        self._listed_news = False
        self._task: asyncio.Task[None] | None = None
        self._doing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running loop."""
        name = f"read {self.reflector.kind.plural} {self.reflector.namespace or '(all)'}"
        self._task = asyncio.create_task(self._run(), name=name)

    def stop(self) -> asyncio.Task[None] | None:
        """Cancel; the task is given back for whoever wants to wait for its end."""
        if self._task is not None:
            self._task.cancel()
        return self._task

    def retry_now(self) -> None:
        """Try at once instead of after the pause; without effect on what is live."""
        # Not while a list is under way: a step begins it anew, and what has come of it would be lost.
        if self._doing is None and isinstance(self.reflector.step(self._clock()), Wait):
            self.reflector.retry_now()
            self._wake.set()

    def lost(self, error: Unreachable) -> None:
        """Give up the request that is under way: the API server is known not to answer."""
        if self._doing is not None and not self._doing.done():
            self._lost = error
            self._doing.cancel()

    def reopen(self) -> None:
        """Open the watch anew, if one is open or about to be: its connection may be dead, or nothing else let in."""
        if self._watch_asked and self._doing is not None and not self._doing.done():
            self._reopening = True
            self._doing.cancel()

    async def _run(self) -> None:
        while True:
            step = self.reflector.step(self._clock())
            if isinstance(step, Wait):
                await self._pause(step.until)
                continue
            self._midway = False
            self._watch_asked = isinstance(step, Watch)
            self._doing = asyncio.create_task(self._do(step))
            try:
                await self._doing
            except asyncio.CancelledError:
                error, self._lost = self._lost, None
                reopening, self._reopening = self._reopening, False
                current = asyncio.current_task()
                if (error is None and not reopening) or (current is not None and current.cancelling()):
                    raise
                if error is not None:
                    self.reflector.lost(error, self._clock())
                else:
                    self.reflector.end_watch(self._clock())
            except TooLarge as error:
                self.reflector.page_too_large(error, self._clock())
            except NotAuthenticated as error:
                self.reflector.unauthorized(error, self._clock())
            except HeadlessError as error:
                told = error if isinstance(error, ClusterError) else ClusterError(error.message, hint=error.hint)
                self.reflector.failed(told, self._clock(), midway=self._midway)
            except Exception as error:  # a fault of ours must not end the reading in silence
                log.exception("reading %s", self.reflector.kind.plural)
                told = ClusterError(f"reading {self.reflector.kind.plural} failed inside this program: {error!r}")
                self.reflector.failed(told, self._clock())
                self.reflector.distrust()
            finally:
                self._doing = None
            self._changed(self)

    async def _pause(self, until: float) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - self._clock())):
                await self._wake.wait()
        self.reflector.waited(until)

    async def _do(self, step: List | Check | Watch) -> None:
        if isinstance(step, List):
            if self._transport.lists.locked():
                self.reflector.queued(True)
                self._changed(self)
            async with self._transport.lists:
                self.reflector.queued(False)
                await self._list(step)
        elif isinstance(step, Check):
            await self._check(step)
        else:
            await self._watch(step)

    async def _check(self, step: Check) -> None:
        answer = await self._transport.request("GET", step.path, params=step.params)
        self.last_heard = time.monotonic()
        if answer.status == 200:
            self.reflector.checked()
        else:
            self._refuse(answer, "list")

    # -- list --------------------------------------------------------------------------------------------------

    async def _list(self, first: List) -> None:
        """All pages, each asked for as soon as the one before has told its token; one page ahead at most."""
        self._listed_news = False
        page: _Download | None = _Download(self._transport, first, self._receive)
        ahead: _Download | None = None
        try:
            while page is not None:
                token = await page.token
                if token:
                    ahead = _Download(self._transport, self.reflector.page(token), self._receive)
                answer = await page.answer
                if answer.status != 200:
                    self._refuse(answer, "list")
                    return
                token = await self._take(answer.body)
                if token and ahead is None:
                    ahead = _Download(self._transport, self.reflector.page(token), self._receive)
                page, ahead = ahead if token else None, None
        finally:
            for download in (page, ahead):
                if download is not None:
                    await download.end()

    def _receive(self, size: int) -> None:
        self._midway = True
        self.last_heard = time.monotonic()
        self.received += size

    async def _take(self, body: bytes) -> str:
        self.last_heard = time.monotonic()
        change, token = self.reflector.take_page(body, self._clock())
        for piece in pieces(change, AT_ONCE):
            self._listed_news = bool(self._apply(piece)) or self._listed_news
            await asyncio.sleep(0)  # here the reading may end: then the list was not taken in
        if len(change.objects) >= PAGE:
            # They stay, and hold no cycles: the garbage collector walks through them no more, a tenth of the time.
            gc.freeze()
        if not token:
            self.reflector.list_taken(self._listed_news, self._clock())
        self._changed(self)
        return token

    # -- watch -------------------------------------------------------------------------------------------------

    async def _watch(self, request: Watch) -> None:
        async with self._transport.stream(request.path, request.params, idle_timeout=request.idle_timeout) as answer:
            status, headers, chunks = answer
            if status != 200:
                self._refuse(Response(status, headers, await _joined(chunks, MAX_PAGE)), "watch")
                return
            self.last_heard = time.monotonic()
            self.reflector.watch_opened(self._clock())
            self._changed(self)
            async for chunk in chunks:
                self._hear(chunk)
                if not self.reflector.watching:
                    return
                await asyncio.sleep(0)  # a burst of events must not hold the loop
            self.reflector.watch_closed(self._clock())

    def _hear(self, chunk: bytes) -> None:
        self.last_heard = time.monotonic()
        before = self.reflector.state
        changes = self.reflector.watch_data(chunk, self._clock())
        for change in changes:
            self._apply(change)
        if changes or self.reflector.state is not before:
            self._changed(self)

    def _refuse(self, answer: Response, verb: str) -> None:
        self.last_heard, now = time.monotonic(), self._clock()
        attempted = self.reflector.attempted(verb)
        error = self._transport.error(answer, attempted)
        if answer.status == 504 and _version_too_large(answer):
            self.reflector.expired(now)
            return
        if answer.status == 404:  # never the answer of a list for want of objects
            if verb == "list" and self.reflector.kind not in SERVED_EVERYWHERE and says_not_found(answer):
                self._apply(Replace(()))
                self.reflector.not_served(now)
                return
            error = nothing_served(self._transport.connection.server)
        pause = retry_after(answer.headers, answer.body)
        self.reflector.refused(error, answer.status, verb, now, pause)


class _Download:
    """One page on its way: first its token is known, then all of it."""

    def __init__(self, transport: Transport, request: List, received: Callable[[int], None]) -> None:
        self._received = received
        self._head: bytes | None = b""
        self.token: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Of the next page; empty for none, or when the head does not tell."""
        self.answer = asyncio.create_task(self._read(transport, request))

    async def end(self) -> None:
        """Stop, whatever has been read."""
        self.answer.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):  # who waited for the answer has been told
            await self.answer

    async def _read(self, transport: Transport, request: List) -> Response:
        try:
            timeout = transport.request_timeout or 300.0
            async with transport.stream(request.path, request.params, idle_timeout=timeout) as (
                status,
                headers,
                chunks,
            ):
                if status == 200:
                    self._received(0)
                body = await _joined(chunks, MAX_PAGE, self._hear if status == 200 else None)
                return Response(status, headers, body)
        finally:
            self._tell("")

    def _hear(self, chunk: bytes) -> None:
        self._received(len(chunk))
        if self._head is None:
            return
        self._head += chunk
        token = token_in(self._head)
        if token is not None or len(self._head) >= HEAD:
            self._head = None
            self._tell(token or "")

    def _tell(self, token: str) -> None:
        if not self.token.done():
            self.token.set_result(token)


async def _joined(chunks: AsyncIterator[bytes], most: int, hear: Callable[[bytes], None] | None = None) -> bytes:
    """The whole body; ``hear`` gets each chunk as it comes."""
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > most:
            raise TooLarge(most)
        if hear is not None:
            hear(chunk)
    return b"".join(parts)


def _version_too_large(answer: Response) -> bool:
    """The server asked is behind the one that gave our version (several servers behind one address)."""
    return "Too large resource version" in (status_of(answer.body).message or "")
