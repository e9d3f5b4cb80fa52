"""Bytes of the API into our slim objects; an object that does not fit is set aside, never fatal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec
from msgspec.structs import force_setattr as put

from kheadless_tui.cluster.reading.slice_events import SliceEvents
from kheadless_tui.cluster.wire.answers import Status
from kheadless_tui.errors import ClusterError, Unreachable
from kheadless_tui.model.kinds import ENDPOINT_SLICE, Kind
from kheadless_tui.model.objects import EndpointSlice, KubeObject, ObjectKey
from kheadless_tui.model.sharing import share_words

T = TypeVar("T")


def path_of(kind: Kind, namespace: str = "", name: str = "") -> str:
    """The URL path of a kind's collection (in a namespace, or in all), or of one object of it."""
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    where = f"/namespaces/{quote(namespace, safe='')}" if namespace and kind.namespaced else ""
    return f"{root}{where}/{kind.plural}" + (f"/{quote(name, safe='')}" if name else "")


@dataclass(slots=True)
class Page:
    """One page of a list."""

    version: str
    """resourceVersion of the whole list: the watch starts there."""
    token: str
    """``continue`` of the next page, empty on the last one."""
    objects: list[KubeObject]
    undecodable: list[ObjectKey] = field(default_factory=list)
    """Objects that were left out; one without a readable name has a number for it."""


class WatchEvent(msgspec.Struct, frozen=True, gc=False):
    """One line of a watch."""

    type: str
    """ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."""
    key: ObjectKey
    version: str
    object: KubeObject | None
    """``None`` when it could not be decoded, and for ERROR."""
    status: Status | None = None
    """Of an ERROR."""


class _ListMeta(msgspec.Struct):
    resource_version: str | None = msgspec.field(default=None, name="resourceVersion")
    token: str | None = msgspec.field(default=None, name="continue")


class _List(msgspec.Struct, Generic[T]):
    metadata: _ListMeta | None = None
    items: list[T] | None = None


class _Event(msgspec.Struct, Generic[T]):
    type: str
    object: T


class _Name(msgspec.Struct):
    name: str | None = None
    namespace: str | None = None
    resource_version: str | None = msgspec.field(default=None, name="resourceVersion")


class _Named(msgspec.Struct):
    metadata: _Name | None = None


class Decoder:
    """Decodes pages, watch lines and single objects of one kind."""

    def __init__(self, kind: Kind) -> None:
        struct: Any = kind.struct
        self.kind = kind
        self._page: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_List[struct])
        self._raw_page = msgspec.json.Decoder(_List[msgspec.Raw])
        self._event: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_Event[struct])
        self._raw_event = msgspec.json.Decoder(_Event[msgspec.Raw])
        self._one: msgspec.json.Decoder[Any] = msgspec.json.Decoder(struct)
        self._words: dict[Any, Any] = {}
        self._slices = SliceEvents(self._words) if kind is ENDPOINT_SLICE else None

    def page(self, body: bytes) -> Page:
        """A page of a list.

        Raises:
            ClusterError: the body is no list at all.
        """
        if self._slices is not None:
            self._slices.forget()
        try:
            decoded = self._page.decode(body)
        except msgspec.ValidationError:
            return self._page_by_item(body)
        except msgspec.DecodeError as error:
            raise self._not_json(error) from error
        if decoded.metadata is None and decoded.items is None:
            # An empty list has a version all the same: without either it is the answer of something in between.
            raise self._no_list()
        objects = decoded.items or []
        if not all(item.metadata.name for item in objects):
            return self._page_by_item(body)
        self._share(objects)
        meta = decoded.metadata or _ListMeta()
        return Page(meta.resource_version or "", meta.token or "", objects)

    def event(self, line: bytes) -> WatchEvent:
        """A line of a watch.

        Raises:
            ClusterError: the line is no event at all.
        """
        try:
            if self._slices is not None:
                told = self._slices.decode(line)
                if told is not None:
                    return WatchEvent(*told)
            decoded = self._event.decode(line)
        except msgspec.ValidationError:
            return self._event_by_part(line)
        except msgspec.DecodeError as error:
            raise self._not_json(error) from error
        if decoded.type == "ERROR" or (decoded.type != "BOOKMARK" and not decoded.object.metadata.name):
            return self._event_by_part(line)
        item = decoded.object
        version = item.metadata.resource_version
        put(item.metadata, "resource_version", "")
        return WatchEvent(decoded.type, item.key, version, item)

    def one(self, body: bytes) -> KubeObject:
        """A single object.

        Raises:
            ClusterError: it cannot be decoded.
        """
        found = self._mended(body)
        if found is None:
            raise ClusterError(f"the API server's {self.kind.name} is not in the form that was expected")
        return found

    def _page_by_item(self, body: bytes) -> Page:
        try:
            decoded = self._raw_page.decode(body)
        except msgspec.DecodeError as error:
            raise self._not_json(error) from error
        meta = decoded.metadata or _ListMeta()
        page = Page(meta.resource_version or "", meta.token or "", [])
        for number, raw in enumerate(decoded.items or ()):
            item = self._mended(raw)
            if item is not None:
                page.objects.append(item)
            else:
                name = _name_in(raw)
                page.undecodable.append(ObjectKey(name.namespace or "", name.name or f"#{number}"))
        return page

    def _event_by_part(self, line: bytes) -> WatchEvent:
        try:
            decoded = self._raw_event.decode(line)
        except msgspec.DecodeError as error:
            raise self._not_json(error) from error
        if decoded.type == "ERROR":
            try:
                status = msgspec.json.decode(decoded.object, type=Status)
            except msgspec.DecodeError:
                status = Status(message="the watch ended with an error")
            return WatchEvent("ERROR", ObjectKey("", ""), "", None, status)
        name = _name_in(decoded.object)
        key = ObjectKey(name.namespace or "", name.name or "#")
        return WatchEvent(decoded.type, key, name.resource_version or "", self._mended(decoded.object))

    def _mended(self, raw: bytes | msgspec.Raw) -> KubeObject | None:
        """An object from its bytes, if need be without the nulls that stand where a value should; else ``None``."""
        try:
            found: KubeObject = self._one.decode(raw)
        except msgspec.ValidationError:
            try:
                found = msgspec.convert(_without_nulls(msgspec.json.decode(raw)), self.kind.struct)
            except (msgspec.ValidationError, RecursionError):
                return None
        except msgspec.DecodeError:
            return None
        if not found.metadata.name:
            return None
        self._share((found,))
        return found

    def _share(self, objects: Iterable[KubeObject]) -> None:
        """Keep one copy of the words that a big cluster repeats by the ten thousand: namespaces, nodes, zones.

        And no version: it differs with every heartbeat, so without it two objects are equal when all that we keep is.
        """
        word = self._words.setdefault
        for item in objects:
            meta = item.metadata
            put(meta, "resource_version", "")
            if meta.namespace:
                put(meta, "namespace", word(meta.namespace, meta.namespace))
            if isinstance(item, EndpointSlice):
                for endpoint in item.endpoints or ():
                    share_words(endpoint, self._words)

    def _not_json(self, error: msgspec.DecodeError) -> ClusterError:
        if "truncated" in str(error):
            return Unreachable(
                f"the answer to a list of {self.kind.plural} broke off", hint="is there a proxy in between?"
            )
        return self._no_list()

    def _no_list(self) -> ClusterError:
        return ClusterError(
            f"the answer to a list of {self.kind.plural} is not what an API server sends",
            hint="check the server's URL; is there a proxy in between?",
        )


def _name_in(raw: bytes | msgspec.Raw) -> _Name:
    try:
        return msgspec.json.decode(raw, type=_Named).metadata or _Name()
    except msgspec.DecodeError:
        return _Name()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def token_in(head: bytes) -> str | None:
    """The ``continue`` token, from the first bytes of a page; the API server writes it before the items.

    Returns:
        The token, empty when there is none, ``None`` when these bytes do not tell.
    """
    items = head.find(b'"items":')
    start = head.find(b'"continue":"')
    if start < 0 or (0 <= items < start):
        return "" if items >= 0 else None
    start += len(b'"continue":"')
    end = head.find(b'"', start)
    return None if end < 0 else head[start:end].decode("ascii", "replace")
