"""Events of EndpointSlices, decoded only where they differ from the last event of the same slice.

A slice tells all of its endpoints, a hundred of them, whenever one of them becomes ready. Most of an event is what the
event before it said, byte for byte; that part is recognized by its digest and not made into objects a second time.
"""

from __future__ import annotations

from array import array
from itertools import compress, count
from operator import ne
from typing import Any

import msgspec
from msgspec.structs import force_setattr as put

from kheadless_tui.model.objects import Endpoint, EndpointSlice, ObjectKey, new_key
from kheadless_tui.model.sharing import share_words

MOST = 100_000
"""Slices that are remembered; each takes half a kilobyte beside its objects."""

_ABSENT = msgspec.Raw(b"null")


class _Meta(msgspec.Struct, rename="camel", gc=False):
    """metadata, with the parts that seldom change left as bytes."""

    name: str = ""
    namespace: str | None = None
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: msgspec.Raw = _ABSENT
    owner_references: msgspec.Raw = _ABSENT


class _Slice(msgspec.Struct, rename="camel", gc=False):
    """All that we keep of a slice, with each endpoint left as bytes."""

    metadata: _Meta
    address_type: str = ""
    endpoints: list[msgspec.Raw] | None = None
    ports: msgspec.Raw = _ABSENT

    def digest_but_endpoints(self) -> int:
        """Of all that is kept but for the endpoints and the version."""
        meta = self.metadata
        parts = (bytes(meta.labels), bytes(meta.owner_references), bytes(self.ports))
        return hash((meta.uid, meta.creation_timestamp, meta.deletion_timestamp, self.address_type, parts))


class _Parts(msgspec.Struct, gc=False):
    """A line of the watch."""

    type: str
    object: _Slice


class _Whole(msgspec.Struct, gc=False):
    """The same line with all of it decoded."""

    type: str
    object: EndpointSlice


class _Last(msgspec.Struct, gc=False):
    """What an event said."""

    rest: int
    """Digest of all but the endpoints."""
    digests: array[int]
    """Of each endpoint."""
    item: EndpointSlice


class SliceEvents:
    """Decodes the lines of one watch of EndpointSlices, and remembers the last of each slice.

    The digests are Python's own of bytes: 64 bits of a keyed hash, so that no sender can make two parts look alike.
    """

    def __init__(self, words: dict[Any, Any]) -> None:
        """Nothing has come yet.

        Args:
            words: What endpoints have in common, each under itself; new ones are added.
        """
        self._parts = msgspec.json.Decoder(_Parts)
        self._whole = msgspec.json.Decoder(_Whole)
        self._endpoint = msgspec.json.Decoder(Endpoint)
        self._last: dict[ObjectKey, _Last] = {}
        self._words = words

    def decode(self, line: bytes) -> tuple[str, ObjectKey, str, EndpointSlice] | None:
        """Type, key, version and object of an event that adds or modifies a slice; ``None`` for any other.

        Raises:
            msgspec.DecodeError: it is no such event, or a part of it has a wrong type.
        """
        event = self._parts.decode(line)
        parts = event.object
        meta = parts.metadata
        key = new_key(ObjectKey, (meta.namespace or "", meta.name))
        if event.type not in ("ADDED", "MODIFIED") or not meta.name:
            self._last.pop(key, None)
            return None
        rest = parts.digest_but_endpoints()
        raws = parts.endpoints or ()
        digests = array("q", map(hash, map(bytes, raws)))
        last = self._last.get(key)
        if last is None or last.rest != rest or len(last.digests) != len(digests) or not digests:
            item = self._whole.decode(line).object
            put(item.metadata, "resource_version", "")
            if len(self._last) >= MOST:
                self._last.clear()
            self._last[key] = _Last(rest, digests, item)
        else:
            held = last.item
            endpoints = list(held.endpoints or ())
            for place in compress(count(), map(ne, last.digests, digests)):
                endpoints[place] = self._new(raws[place])
            item = EndpointSlice(held.metadata, held.address_type, endpoints, held.ports)
            last.digests, last.item = digests, item
        return event.type, key, meta.resource_version, item

    def forget(self) -> None:
        """A list begins anew: what events said before it is not needed any longer."""
        self._last.clear()

    def _new(self, raw: msgspec.Raw) -> Endpoint:
        endpoint = self._endpoint.decode(raw)
        share_words(endpoint, self._words)
        return endpoint
