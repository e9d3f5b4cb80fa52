"""The HTTP server: who asks, may they, what do they want, and the answer in the real server's form."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from kheadless_tui.lab import patching
from kheadless_tui.lab.api import discovery, paths, protobuf, reviews, tables
from kheadless_tui.lab.api.bodies import decode, from_protobuf, headers, json_reply, read_body, read_object, reply
from kheadless_tui.lab.api.listing import Scope, list_page
from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.api.streams import Streams
from kheadless_tui.lab.api.watching import Watch
from kheadless_tui.lab.clock import Clock
from kheadless_tui.lab.failure import (
    ApiFailure,
    bad_request,
    expired,
    internal_error,
    unauthorized,
    unsupported_patch,
)
from kheadless_tui.lab.resources import ENDPOINTS, NAMESPACES, PODS, SERVICES, Resource
from kheadless_tui.lab.rights import ROLES, Attributes, Rights
from kheadless_tui.lab.store import Object, Store
from kheadless_tui.lab.validation import check_scale

PATCHES = {
    "application/merge-patch+json": patching.merge_patch,
    "application/strategic-merge-patch+json": patching.strategic_merge_patch,
    "application/json-patch+json": patching.json_patch,
}

_ENDPOINTS_WARNING = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a resource."""

    request: web.BaseRequest
    target: paths.Target
    resource: Resource
    verb: str
    user: str

    @property
    def query(self) -> Mapping[str, str]:
        """Parameters, the first of each name."""
        return self.request.query

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be stored."""
        return self.query.get("dryRun") == "All"


class ApiServer:
    """Handles requests; holds no socket.

    Args:
        store: The objects.
        objects: Writes them.
        clock: Lab time.
        rights: Who may do what.
        streams: exec and port-forward.
    """

    def __init__(self, store: Store, objects: Objects, clock: Clock, rights: Rights, streams: Streams) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._rights = rights
        self._streams = streams
        self._watches: set[Watch] = set()
        self.tokens = {secrets.token_urlsafe(32): user for user in ROLES}
        """Token to user; nobody else gets in."""
        self.delay = 0.0
        """Seconds of real time that every answer is held back."""
        self.hanging: asyncio.Event | None = None
        """While set to an event, requests wait for it: a server that accepts and does not answer."""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whatever it is."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.hanging is not None:
            await self.hanging.wait()
        try:
            return await self._answer(request)
        except ApiFailure as failure:
            if not failure.reason and failure.code == 404:
                return reply(
                    request, failure.message.encode() + b"\n", status=404, content_type="text/plain; charset=utf-8"
                )
            return self._failed(request, failure)
        except (web.HTTPException, ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            _LOG.exception("%s %s", request.method, request.path)
            return self._failed(request, internal_error("the lab could not handle this request; see its log"))

    # -- levers ------------------------------------------------------------------------------------------------

    @property
    def open_watches(self) -> int:
        """How many watches are open now."""
        return len(self._watches)

    def close_watches(self) -> None:
        """End every open watch, as a restarted server does."""
        for watch in tuple(self._watches):
            watch.close()

    def expire_watches(self) -> None:
        """Tell every open watch that its version is too old, and let none resume at an older one."""
        version = self._store.version
        self._store.forget_history()
        for watch in tuple(self._watches):
            watch.expire(expired(f"too old resource version: {version} ({self._store.version})"))

    # -- requests ----------------------------------------------------------------------------------------------

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        user = self._user(request)
        plain = self._without_resource(request)
        if plain is not None:
            return plain
        target = paths.parse(request.path)
        watching = request.query.get("watch", "") in ("1", "true", "True")
        verb = paths.verb_of(request.method, target, watch=watching)
        self._rights.check(user, target.attributes(verb))
        if target.resource is None:
            review = reviews.answer(target.plural, user, self._rights, await read_object(request))
            return json_reply(request, review, status=201)
        call = Call(request, target, target.resource, verb, user)
        if target.subresource in ("exec", "portforward", "log"):
            return await self._streams.handle(call.request, target)
        return await self._dispatch(call)

    async def _dispatch(self, call: Call) -> web.StreamResponse:
        if call.verb == "watch":
            return await self._watch(call)
        if call.verb == "list":
            return self._list(call)
        if call.verb == "get":
            return self._one(call, self._get(call))
        if call.verb == "create":
            body = await read_object(call.request, call.resource)
            created = self._objects.create(call.resource, call.target.namespace, body, dry_run=call.dry_run)
            return self._one(call, created, status=201)
        if call.verb == "update":
            return self._one(call, self._put(call, await read_object(call.request, call.resource)))
        if call.verb == "patch":
            return await self._patch(call)
        if call.verb == "deletecollection":
            return await self._delete_collection(call)
        return await self._delete(call)

    def _user(self, request: web.BaseRequest) -> str:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if not kind:
            return "system:anonymous"
        user = self.tokens.get(token.strip()) if kind.lower() == "bearer" else None
        if user is None:
            raise unauthorized()
        impersonated = request.headers.get("Impersonate-User")
        if impersonated:
            self._rights.check(user, Attributes("impersonate", "", "users", "", impersonated))
            return impersonated
        return user

    def _without_resource(self, request: web.BaseRequest) -> web.Response | None:
        """Discovery and health, which everybody may read."""
        path = request.path.rstrip("/")
        if request.method not in ("GET", "HEAD"):
            return None
        if path in ("/healthz", "/livez", "/readyz"):
            return reply(request, b"ok", content_type="text/plain; charset=utf-8")
        if path in ("/api", "/apis") and discovery.AGGREGATED[0] in request.headers.get("Accept", ""):
            document = discovery.aggregated(core=path == "/api")
            return reply(request, msgspec.json.encode(document), content_type=discovery.AGGREGATED[0])
        document_or_none = self._document(path, request.host)
        return None if document_or_none is None else json_reply(request, document_or_none)

    def _document(self, path: str, host: str) -> dict[str, Any] | None:
        fixed = {
            "/version": lambda: discovery.VERSION,
            "/api": lambda: discovery.api_versions(host),
            "/apis": discovery.group_list,
            "/openapi/v3": discovery.openapi_index,
        }
        if path in fixed:
            return fixed[path]()
        for group, version in paths.GROUP_VERSIONS.items():
            prefix = f"/apis/{group}/{version}" if group else "/api/v1"
            if path == prefix:
                return discovery.resource_list(group)
            if path == f"/openapi/v3{prefix}":
                return discovery.openapi(group)
            if group and path == f"/apis/{group}":
                return discovery.group(group)
        return None

    # -- verbs -------------------------------------------------------------------------------------------------

    def _list(self, call: Call) -> web.Response:
        scope = self._scope(call)
        page = list_page(self._store, scope, call.query)
        if tables.MEDIA_TYPE in call.request.headers.get("Accept", ""):
            shown = tables.table(call.resource, page.items, page.metadata(), self._clock.now())
            return json_reply(call.request, shown, warning=_warning(call))
        items = [
            {key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in page.items
        ]
        document = {
            "kind": f"{call.resource.kind}List",
            "apiVersion": call.resource.api_version,
            "metadata": page.metadata(),
            "items": items,
        }
        return json_reply(call.request, document, warning=_warning(call))

    async def _watch(self, call: Call) -> web.StreamResponse:
        watch = Watch(self._store, self._clock, self._scope(call), call.query)
        response = web.StreamResponse(headers=headers())
        response.content_type = "application/json"
        response.enable_chunked_encoding()
        await response.prepare(call.request)
        self._watches.add(watch)
        try:
            async for line in watch.events():
                await response.write(line)
            await response.write_eof()
        except ConnectionError:
            pass  # the client has gone
        finally:
            self._watches.discard(watch)
        return response

    def _scope(self, call: Call) -> Scope:
        scope = Scope.of(call.resource, call.target.namespace if call.resource.namespaced else "", call.query)
        if call.target.name and call.resource is not NAMESPACES:
            raise bad_request("watching one object by its path is not served; use fieldSelector=metadata.name")
        return scope

    def _get(self, call: Call) -> Object:
        found = self._store.get(call.resource, self._namespace(call), call.target.name)
        return _scale_of(found) if call.target.subresource == "scale" else found

    def _put(self, call: Call, item: Object) -> Object:
        meta = item.setdefault("metadata", {})
        if meta.get("name", call.target.name) != call.target.name:
            raise bad_request(
                f"the name of the object ({meta['name']}) does not match the name on the URL ({call.target.name})"
            )
        if call.target.subresource == "scale":
            return self._scale(call, item)
        meta["name"] = call.target.name
        if call.resource.namespaced:
            meta["namespace"] = call.target.namespace
        item = {"kind": call.resource.kind, "apiVersion": call.resource.api_version, **item}
        return self._objects.update(call.resource, item, subresource=call.target.subresource, dry_run=call.dry_run)

    async def _patch(self, call: Call) -> web.Response:
        apply = PATCHES.get(call.request.content_type)
        if apply is None:
            raise unsupported_patch()
        patch = decode(await read_body(call.request), call.resource)
        before = self._get(call)
        changed = apply(before, patch)
        if not isinstance(changed, dict) or not isinstance(changed.get("metadata"), dict):
            raise bad_request("the patch does not leave an object")
        return self._one(call, self._put(call, changed))

    def _scale(self, call: Call, scale: Object) -> Object:
        replicas = (scale.get("spec") or {}).get("replicas", 0)
        if not isinstance(replicas, int) or isinstance(replicas, bool):
            raise bad_request(
                'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal into replicas'
            )

        def set_replicas(item: Object) -> None:
            item["spec"]["replicas"] = replicas

        check_scale(call.target.name, replicas)
        if call.dry_run:
            return scale
        return _scale_of(self._objects.change(call.resource, self._namespace(call), call.target.name, set_replicas))

    async def _delete(self, call: Call) -> web.Response:
        options = await self._delete_options(call)
        if call.dry_run:
            return self._one(call, self._get(call))
        item, gone = self._objects.delete(call.resource, self._namespace(call), call.target.name, options)
        if call.resource in (PODS, SERVICES, NAMESPACES) or not gone:
            return self._one(call, item)
        details = {
            "name": call.target.name,
            "group": call.resource.group,
            "kind": call.resource.plural,
            "uid": item["metadata"]["uid"],
        }
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {key: value for key, value in details.items() if value},
        }
        return json_reply(call.request, status)

    async def _delete_collection(self, call: Call) -> web.Response:
        options = await self._delete_options(call)
        scope = self._scope(call)
        items = [item for item in self._store.all(call.resource, call.target.namespace) if scope.holds(item)]
        for item in items:
            meta = item["metadata"]
            self._objects.delete(call.resource, meta.get("namespace", ""), meta["name"], options)
        metadata = {"resourceVersion": str(self._store.version)}
        document = {
            "kind": f"{call.resource.kind}List",
            "apiVersion": call.resource.api_version,
            "metadata": metadata,
            "items": items,
        }
        return json_reply(call.request, document)

    async def _delete_options(self, call: Call) -> dict[str, Any]:
        body = await read_body(call.request)
        if body.startswith(protobuf.MAGIC):
            options = from_protobuf(body)
        else:
            options = decode(body, call.resource) if body.strip() else {}
        if not isinstance(options, dict):
            raise bad_request("DeleteOptions were expected")
        if "gracePeriodSeconds" in call.query:
            options["gracePeriodSeconds"] = int(call.query["gracePeriodSeconds"])
        if "propagationPolicy" in call.query:
            options["propagationPolicy"] = call.query["propagationPolicy"]
        return options

    # -- answers -----------------------------------------------------------------------------------------------

    def _namespace(self, call: Call) -> str:
        return call.target.namespace if call.resource.namespaced else ""

    def _one(self, call: Call, item: Object, *, status: int = 200) -> web.Response:
        if tables.MEDIA_TYPE in call.request.headers.get("Accept", "") and not call.target.subresource:
            metadata = {"resourceVersion": item["metadata"].get("resourceVersion", "")}
            return json_reply(
                call.request, tables.table(call.resource, [item], metadata, self._clock.now()), status=status
            )
        return json_reply(call.request, item, status=status, warning=_warning(call))

    def _failed(self, request: web.BaseRequest, failure: ApiFailure) -> web.Response:
        response = json_reply(request, failure.status(), status=failure.code)
        retry = (failure.details or {}).get("retryAfterSeconds")
        if retry:
            response.headers["Retry-After"] = str(retry)
        return response


def _scale_of(item: Object) -> Object:
    meta = {key: item["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    labels = (item["spec"].get("selector") or {}).get("matchLabels") or {}
    status = {
        "replicas": item.get("status", {}).get("replicas", 0),
        "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
    }
    spec = {"replicas": item["spec"].get("replicas", 0)}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}


def _warning(call: Call) -> str:
    return _ENDPOINTS_WARNING if call.resource is ENDPOINTS else ""
