"""What a request for a resource does, by its verb."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from kheadless_tui.lab.api import tables
from kheadless_tui.lab.api.call import Call
from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.api.request import decoding, patching, typed
from kheadless_tui.lab.api.request.bodies import decode_apply, decode_options, headers, read_body, read_object
from kheadless_tui.lab.api.request.listing import Scope, list_page
from kheadless_tui.lab.api.request.managed_fields import APPLY, Manager
from kheadless_tui.lab.api.request.options import is_true, unsupported
from kheadless_tui.lab.api.request.schemas import of_kind
from kheadless_tui.lab.api.watching import Watch
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import bad_request, expired, invalid_options, unsupported_patch
from kheadless_tui.lab.objects.resources import ENDPOINTS, EVENTS, NAMESPACES, PODS, SERVICES
from kheadless_tui.lab.objects.store import Object, Store
from kheadless_tui.lab.validation.checks import check_scale

APPLY_PATCH = "application/apply-patch+yaml"
_MADE_BY_PUT = (ENDPOINTS, EVENTS, SERVICES)
_PROPAGATION = ("Foreground", "Background", "Orphan", "nil")


class Verbs:
    """Serves every verb but those that stream to and from a pod.

    Args:
        store: The objects.
        objects: Writes them.
        clock: Lab time.
    """

    def __init__(self, store: Store, objects: Objects, clock: Clock) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock
        self._watches: set[Watch] = set()
        self.hanging: asyncio.Event | None = None
        """While set to an event, open watches tell nothing until it is set."""

    async def serve(self, call: Call) -> web.StreamResponse:
        """Do what is wanted.

        Raises:
            ApiFailure: in the real server's words.
        """
        if call.verb == "watch":
            return await self._watch(call)
        if call.verb == "list":
            return self._list(call)
        if call.verb == "get":
            return self._one(call, self._get(call))
        if call.verb == "create":
            return self._one(call, await self._create(call), status=201)
        if call.verb == "update":
            body = await read_object(call.request, call.resource)
            item, warnings = self._read(call, body)
            call.warnings.extend(warnings)
            return self._update_or_create(call, item)
        if call.verb == "patch":
            return await self._patch(call)
        if call.verb == "deletecollection":
            return await self._delete_collection(call)
        return await self._delete(call)

    # -- watches -----------------------------------------------------------------------------------------------

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

    async def _watch(self, call: Call) -> web.StreamResponse:
        watch = Watch(self._store, self._clock, self._scope(call), call.query, self._shape(call))
        response = web.StreamResponse(headers=headers())
        response.content_type = "application/json"
        response.enable_chunked_encoding()
        await response.prepare(call.request)
        self._watches.add(watch)
        try:
            async for line in watch.events():
                if self.hanging is not None:
                    await self.hanging.wait()
                await response.write(line)
            await response.write_eof()
        except ConnectionError:
            pass  # the client has gone
        except asyncio.CancelledError:
            watch.close()
            raise
        finally:
            self._watches.discard(watch)
        return response

    # -- reading -----------------------------------------------------------------------------------------------

    def _shape(self, call: Call) -> Any:
        """How a watch shows an object: whole, as a row, or its metadata."""
        if call.as_table:
            include = call.query.get("includeObject", "")

            def row(item: Object) -> Object:
                metadata = {"resourceVersion": item["metadata"].get("resourceVersion", "")}
                items = [item] if "name" in item["metadata"] else []
                return tables.table(call.resource, items, metadata, self._clock.now(), include=include)

            return row
        return _metadata_only if call.as_metadata else None

    def _list(self, call: Call) -> web.Response:
        page = list_page(self._store, self._scope(call), call.query)
        if call.as_table:
            include = call.query.get("includeObject", "")
            return call.json(
                tables.table(call.resource, page.items, page.metadata(), self._clock.now(), include=include)
            )
        kind, api_version, items = f"{call.resource.kind}List", call.resource.api_version, page.items
        if call.as_metadata:
            kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
            items = [_metadata_only(item) for item in items]
        else:
            items = [{key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in items]
        return call.json({"kind": kind, "apiVersion": api_version, "metadata": page.metadata(), "items": items})

    def _scope(self, call: Call) -> Scope:
        query = dict(call.query)
        if call.target.watched and call.target.name:
            query["fieldSelector"] = f"metadata.name={call.target.name}"
        return Scope.of(call.resource, call.namespace, query)

    def _get(self, call: Call) -> Object:
        version = call.query.get("resourceVersion", "")
        if version.isdigit():
            self._store.check_version(int(version))
        found = self._store.get(call.resource, call.namespace, call.target.name)
        return _scale_of(found) if call.target.subresource == "scale" else found

    # -- writing -----------------------------------------------------------------------------------------------

    def _read(self, call: Call, body: Object) -> tuple[Object, list[str]]:
        kind = "Scale" if call.target.subresource == "scale" else ""
        if not kind:
            self._objects.check_kind(call.resource, body)
        item, warnings = decoding.read_as(body, call.resource, call.validation, kind)
        return item, warnings

    async def _create(self, call: Call) -> Object:
        body = await read_object(call.request, call.resource)
        item, warnings = self._read(call, body)
        call.warnings.extend(warnings)
        return self._objects.create(
            call.resource, call.target.namespace, item, dry_run=call.dry_run, manager=call.manager
        )

    def _update_or_create(self, call: Call, item: Object) -> web.Response:
        """A PUT; of some kinds it makes what is not there (AllowCreateOnUpdate)."""
        absent = self._store.find(call.resource, call.namespace, call.target.name) is None
        if not absent or call.target.subresource or call.resource not in _MADE_BY_PUT:
            return self._one(call, self._put(call, item))
        self._check_identity(call, item)
        item["metadata"].pop("resourceVersion", None)
        made = self._objects.create(
            call.resource, call.target.namespace, item, dry_run=call.dry_run, manager=call.manager
        )
        return self._one(call, made, status=201)

    def _put(self, call: Call, item: Object, manager: Manager | None = None) -> Object:
        self._check_identity(call, item)
        if call.target.subresource == "scale":
            return self._scale(call, item)
        item = {"kind": call.resource.kind, "apiVersion": call.resource.api_version, **item}
        return self._objects.update(
            call.resource,
            item,
            subresource=call.target.subresource,
            dry_run=call.dry_run,
            manager=manager or call.manager,
        )

    def _check_identity(self, call: Call, item: Object) -> None:
        """Refuse what is not the object on the URL; its namespace may be left out, its name may not."""
        meta = item.setdefault("metadata", {})
        if not meta.get("name"):
            on_url = f"{call.target.name} based on URL"
            raise bad_request(f"the name of the object ({on_url}) was undeterminable: name must be provided")
        self._check_name(call, meta)
        if call.resource.namespaced:
            if (meta.get("namespace") or call.target.namespace) != call.target.namespace:
                raise bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request"
                )
            meta["namespace"] = call.target.namespace

    def _check_name(self, call: Call, meta: Object) -> None:
        if meta.get("name", call.target.name) != call.target.name:
            raise bad_request(
                f"the name of the object ({meta['name']}) does not match the name on the URL ({call.target.name})"
            )

    async def _patch(self, call: Call) -> web.Response:
        kind = call.request.content_type
        if kind == APPLY_PATCH:
            return await self._apply(call)
        if kind not in patching.PATCHES:
            raise unsupported_patch()
        body = await read_body(call.request)
        try:
            patch = decoding.load_json(body)
        except (ValueError, RecursionError) as error:
            head = "" if kind == patching.STRATEGIC else "error decoding patch: "
            raise bad_request(f"{head}{decoding.json_error(body, error)}") from error
        before = self._get(call)
        changed = patching.apply_patch(kind, before, patch, call.resource)
        scale = "Scale" if call.target.subresource == "scale" else ""
        merged = typed.printed(patch) if kind == patching.STRATEGIC else ""
        changed, warnings = decoding.read_patched(changed, call.resource, call.validation, scale, merged=merged)
        call.warnings.extend(warnings)
        return self._one(call, self._put(call, changed))

    async def _apply(self, call: Call) -> web.Response:
        """Server-side apply; it makes what is not there."""
        body = decode_apply(await read_body(call.request))
        given = (body.get("apiVersion", ""), body.get("kind", ""))
        if given != (call.resource.api_version, call.resource.kind) and call.target.subresource != "scale":
            group, _, version = given[0].rpartition("/")
            raise bad_request(f"invalid object type: {group}/{version}, Kind={given[1]}")
        meta = body.setdefault("metadata", {})
        if isinstance(meta, dict):
            if meta.get("managedFields"):
                raise bad_request("metadata.managedFields must be nil")
            self._check_name(call, meta)
        if call.target.subresource != "scale":
            typed.check(body, call.resource, of_kind(call.resource.group, call.resource.version, call.resource.kind))
        scale = "Scale" if call.target.subresource == "scale" else ""
        item, _ = decoding.read_as(body, call.resource, decoding.IGNORE, scale)
        meta = item.setdefault("metadata", {})
        meta["name"] = call.target.name
        if call.resource.namespaced:
            meta["namespace"] = call.target.namespace
        manager = Manager(call.query["fieldManager"], APPLY, call.target.subresource)
        made, created = self._objects.apply(
            call.resource,
            item,
            manager,
            force=is_true(call.query, "force"),
            dry_run=call.dry_run,
            subresource=call.target.subresource,
        )
        return self._one(call, made, status=201 if created else 200)

    def _scale(self, call: Call, scale: Object) -> Object:
        replicas = (scale.get("spec") or {}).get("replicas", 0)

        def set_replicas(item: Object) -> None:
            item["spec"]["replicas"] = replicas

        check_scale(call.target.name, replicas)
        found = self._store.get(call.resource, call.namespace, call.target.name)
        version = (scale.get("metadata") or {}).get("resourceVersion")
        if version and version != found["metadata"]["resourceVersion"]:
            raise self._objects.modified(call.resource, call.target.name)
        if call.dry_run:
            return scale
        return _scale_of(
            self._objects.change(call.resource, call.namespace, call.target.name, set_replicas, manager=call.manager)
        )

    # -- deleting ----------------------------------------------------------------------------------------------

    async def _delete(self, call: Call) -> web.Response:
        options = await self._delete_options(call)
        if call.dry_run:
            return self._one(call, self._get(call))
        item, gone = self._objects.delete(call.resource, call.namespace, call.target.name, options)
        if call.resource in (PODS, SERVICES, NAMESPACES) or not gone:
            return self._one(call, item)
        details = {
            "name": call.target.name,
            "group": call.resource.group,
            "kind": call.resource.plural,
            "uid": item["metadata"]["uid"],
        }
        return call.json(
            {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": {key: value for key, value in details.items() if value},
            }
        )

    async def _delete_collection(self, call: Call) -> web.Response:
        options = await self._delete_options(call)
        scope = self._scope(call)
        items = [item for item in self._store.all(call.resource, call.target.namespace) if scope.holds(item)]
        for item in () if call.dry_run else items:
            meta = item["metadata"]
            self._objects.delete(call.resource, meta.get("namespace", ""), meta["name"], options)
        metadata = {"resourceVersion": str(self._store.version)}
        return call.json(
            {
                "kind": f"{call.resource.kind}List",
                "apiVersion": call.resource.api_version,
                "metadata": metadata,
                "items": items,
            }
        )

    async def _delete_options(self, call: Call) -> dict[str, Any]:
        options = decode_options(await read_body(call.request))
        if "gracePeriodSeconds" in call.query:
            options["gracePeriodSeconds"] = _whole_number(call.query["gracePeriodSeconds"])
        if "propagationPolicy" in call.query:
            options["propagationPolicy"] = call.query["propagationPolicy"]
        policy = options.get("propagationPolicy")
        if policy and policy not in _PROPAGATION[:3]:
            raise invalid_options(
                "DeleteOptions", "propagationPolicy", "FieldValueNotSupported", unsupported(policy, _PROPAGATION)
            )
        return options

    def _one(self, call: Call, item: Object, *, status: int = 200) -> web.Response:
        return call.one(item, self._clock.now(), status=status)


def _metadata_only(item: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _scale_of(item: Object) -> Object:
    meta = {key: item["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    labels = (item["spec"].get("selector") or {}).get("matchLabels") or {}
    status = {
        "replicas": item.get("status", {}).get("replicas", 0),
        "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
    }
    spec = {"replicas": item["spec"].get("replicas", 0)}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}
