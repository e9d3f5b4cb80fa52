"""When a Service and its EndpointSlices were written last, by the clock of the API server.

What is watched keeps no times, which nothing but a probe asks for, and it asks once. An object that was deleted leaves
no time behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from kheadless_tui.cluster.reading.decode import path_of
from kheadless_tui.cluster.wire.transport import Params, Transport
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.kinds import ENDPOINT_SLICE, SERVICE
from kheadless_tui.model.objects import SERVICE_NAME_LABEL, ObjectKey

_WHOLE = 1.0
"""Seconds: both clocks tell whole ones, so that a difference may be so much less."""


class _ManagedFields(msgspec.Struct):
    time: str | None = None


class _Meta(msgspec.Struct, rename="camel"):
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    managed_fields: list[_ManagedFields] | None = None


class _Object(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    items: list[_Object] | None = None


async def seconds_since_written(transport: Transport, service: ObjectKey) -> float | None:
    """Seconds since the last write to a Service or to one of its EndpointSlices, a second less at the most.

    Returns:
        ``None`` where neither may be read or neither is there.
    """
    one = path_of(SERVICE, service.namespace, service.name)
    slices = path_of(ENDPOINT_SLICE, service.namespace)
    ages = await asyncio.gather(
        _age(transport, one, ()),
        _age(transport, slices, (("labelSelector", f"{SERVICE_NAME_LABEL}={service.name}"),)),
    )
    return min((age for age in ages if age is not None), default=None)


async def _age(transport: Transport, path: str, params: Params) -> float | None:
    try:
        answer = await transport.request("GET", path, params=params)
        if answer.status != 200:
            return None
        found = msgspec.json.decode(answer.body, type=_Object)
        now = parsedate_to_datetime(answer.headers["Date"])
        times = [datetime.fromisoformat(text) for text in _times(found)]
        return max(0.0, (now - max(times)).total_seconds() - _WHOLE) if times else None
    except (
        ClusterError,
        msgspec.DecodeError,
        KeyError,
        ValueError,
        TypeError,
    ):  # it is a help, and nothing fails by it
        return None


def _times(found: _Object) -> Iterable[str]:
    for each in (found, *(found.items or ())):
        meta = each.metadata
        fields = [field.time for field in meta.managed_fields or ()]
        yield from (text for text in (meta.creation_timestamp, meta.deletion_timestamp, *fields) if text)
