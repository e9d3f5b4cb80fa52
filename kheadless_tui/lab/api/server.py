"""The HTTP server: who asks, may they, what do they want, and the answer in the real server's form."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from aiohttp import HttpVersion10, web

from kheadless_tui.lab.api import reviews
from kheadless_tui.lab.api.call import Call
from kheadless_tui.lab.api.documents import document_for
from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.api.request import options, paths
from kheadless_tui.lab.api.request.bodies import check_accept, json_reply, read_object, reply
from kheadless_tui.lab.api.streaming.streams import Streams
from kheadless_tui.lab.api.verbs import Verbs
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import ApiFailure, PlainFailure, bad_request, internal_error, unauthorized
from kheadless_tui.lab.objects.rights import (
    ANONYMOUS,
    Attributes,
    Rights,
    User,
    impersonated,
    of_token,
    service_account,
)
from kheadless_tui.lab.objects.store import Store

_TEXT = "text/plain; charset=utf-8"
_STREAMED = ("attach", "exec", "portforward", "log")
_LOG = logging.getLogger(__name__)
HTTP_LOG = logging.getLogger("kheadless_tui.lab.http")
"""What aiohttp says of clients that speak no HTTP: not printed unless someone listens."""
HTTP_LOG.addHandler(logging.NullHandler())
HTTP_LOG.propagate = False


class ApiServer:
    """Handles requests; holds no socket.

    Args:
        store: The objects.
        objects: Writes them.
        clock: Lab time.
        rights: Who may do what.
        streams: exec, attach, port-forward and log.
        tokens: Token to user, as they are at each request; nobody else gets in.
    """

    def __init__(
        self,
        store: Store,
        objects: Objects,
        clock: Clock,
        rights: Rights,
        streams: Streams,
        tokens: Mapping[str, str],
    ) -> None:
        self._rights = rights
        self._clock = clock
        self._streams = streams
        self._verbs = Verbs(store, objects, clock)
        self._tokens = tokens
        self.delay = 0.0
        """Seconds of real time that every answer is held back."""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whatever it is."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.hanging is not None:
            await self.hanging.wait()
        try:
            return await self._answer(request)
        except ApiFailure as failure:
            return refused(request, failure)
        except RecursionError:
            return refused(request, bad_request("exceeded max depth"))
        except (web.HTTPException, ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            _LOG.exception("%s %s", request.method, request.path)
            return refused(request, internal_error("the lab could not handle this request; see its log"))

    # -- levers ------------------------------------------------------------------------------------------------

    @property
    def hanging(self) -> asyncio.Event | None:
        """While there is an event, requests and open watches wait for it: a server that accepts and does not answer."""
        return self._verbs.hanging

    @hanging.setter
    def hanging(self, until: asyncio.Event | None) -> None:
        self._verbs.hanging = until

    @property
    def open_watches(self) -> int:
        """How many watches are open now."""
        return self._verbs.open_watches

    def close_watches(self) -> None:
        """End every open watch, as a restarted server does."""
        self._verbs.close_watches()

    def expire_watches(self) -> None:
        """Tell every open watch that its version is too old, and let none resume at an older one."""
        self._verbs.expire_watches()

    # -- requests ----------------------------------------------------------------------------------------------

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.version < HttpVersion10:
            raise PlainFailure(400, "400 Bad Request")
        user = self._user(request)
        if not paths.is_resource(request.path):
            self._rights.check_path(user, request.method.lower(), request.path)
        document = document_for(request)
        if document is not None:
            return document
        target = paths.parse(request.path)
        verb = paths.verb_of(request.method, target, watch=options.is_true(request.query, "watch"))
        self._rights.check(user, target.attributes(verb, request.query))
        if target.resource is None:
            body, now = await read_object(request), self._clock.timestamp()
            review = reviews.answer(target.group, target.plural, user, self._rights, body, now)
            return json_reply(request, review, status=201)
        if target.subresource in _STREAMED:
            return await self._streams.handle(request, target)
        check_accept(request)
        options.check(verb, request.query, request.content_type)
        return await self._verbs.serve(Call(request, target, target.resource, verb))

    def _user(self, request: web.BaseRequest) -> User:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return ANONYMOUS
        name = self._tokens.get(token.strip())
        if name is None:
            raise unauthorized()
        user = of_token(name)
        other = request.headers.get("Impersonate-User")
        return self._acting_as(user, other, request.headers.getall("Impersonate-Group", [])) if other else user

    def _acting_as(self, user: User, other: str, groups: list[str]) -> User:
        account = service_account(other)
        wanted = [Attributes("impersonate", "", "serviceaccounts" if account else "users", *(account or ("", other)))]
        wanted += [Attributes("impersonate", "", "groups", "", group) for group in groups]
        for one in wanted:
            self._rights.check(user, one)
        return impersonated(other, tuple(groups))


def refused(request: web.BaseRequest, failure: ApiFailure) -> web.Response:
    """The answer that is a refusal."""
    if isinstance(failure, PlainFailure):
        response = reply(request, failure.message.encode(), status=failure.code, content_type=_TEXT)
        if failure.code != 404:
            response.force_close()
        return response
    warnings = paths.warnings_of(request.path)
    response = json_reply(request, failure.status(), status=failure.code, warnings=warnings)
    retry = (failure.details or {}).get("retryAfterSeconds")
    if retry:
        response.headers["Retry-After"] = str(retry)
    return response
