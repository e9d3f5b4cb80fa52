"""Objects in protobuf: what typed clients send, kubectl from 1.33 on in ``create deployment`` or ``create service``.

An envelope (``k8s`` and a zero byte, then runtime.Unknown), in it the object; ``messages.json`` has the fields of the
messages, taken from the ``generated.proto`` files of Kubernetes (``scripts/lab_messages.py``). Answers are JSON, which
every client takes too.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import msgspec

MAGIC = b"k8s\x00"
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

_META = "k8s.io.apimachinery.pkg.apis.meta.v1"
_TIMES = (f"{_META}.Time", f"{_META}.MicroTime")
_QUANTITY, _INT_OR_STRING = (
    "k8s.io.apimachinery.pkg.api.resource.Quantity",
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString",
)
_ENVELOPE = {1: ("typeMeta", "message"), 2: ("raw", "bytes")}
_TYPE_META = {1: ("apiVersion", "string"), 2: ("kind", "string")}
_INLINE = ("handler", "volumeSource", "ephemeralContainerCommon", "localObjectReference")
"""Messages whose fields are, in JSON, those of the message that they are in."""
_ZERO_COUNTS = (
    "replicas",
    "partition",
    "gracePeriodSeconds",
    "terminationGracePeriodSeconds",
    "maxUnavailable",
    "maxSurge",
    "defaultMode",
    "runAsUser",
    "runAsGroup",
    "fsGroup",
    "revisionHistoryLimit",
    "weight",
)
"""Numbers that are pointers in Go: a zero was given. Of others a zero says that they were not."""
_FALSE_COUNTS = ("automountServiceAccountToken", "enableServiceLinks", "allowPrivilegeEscalation", "optional")
MAX_DEPTH = 40


class NotUnderstoodError(ValueError):
    """Not protobuf, or of a kind that is not read here."""


class BrokenError(NotUnderstoodError):
    """No message of protobuf, in the words of Go's package."""


class BrokenObjectError(BrokenError):
    """The envelope can be read, and what is in it cannot: the message says of what kind that is."""


@functools.cache
def _messages() -> dict[str, dict[int, tuple[str, str]]]:
    raw = resources.files("kheadless_tui.lab.api").joinpath("messages.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, dict[int, tuple[str, str]]])


def decode(body: bytes) -> dict[str, Any]:
    """The object in an envelope, as JSON.

    Raises:
        NotUnderstoodError: it cannot be read.
        BrokenError: it is empty, ends too early, or a field is of another type.
    """
    if not body.startswith(MAGIC):
        raise NotUnderstoodError("the envelope of Kubernetes is missing")
    if len(body) == len(MAGIC):
        raise BrokenError("empty body")
    envelope = dict(_fields(body[len(MAGIC) :], _ENVELOPE, "Unknown"))
    meta = _message(_TYPE_META, _as_bytes(envelope.get(1, b"")), 0, "TypeMeta")
    name = _name_of(meta.get("apiVersion", ""), meta.get("kind", ""))
    if name not in _messages():
        raise NotUnderstoodError(f"objects of kind {meta.get('kind')} are read as JSON only")
    kind = name.rpartition(".")[2]
    try:
        return {**meta, **_message(_messages()[name], _as_bytes(envelope.get(2, b"")), 0, kind)}
    except BrokenError as error:
        version = meta["apiVersion"].rpartition("/")[2]
        raise BrokenObjectError(f'{kind} in version "{version}" cannot be handled as a {kind}: {error}') from error


def _name_of(api_version: str, kind: str) -> str:
    if kind == "DeleteOptions":
        return f"{_META}.{kind}"
    group, _, version = api_version.rpartition("/")
    return f"k8s.io.api.{group.partition('.')[0] or 'core'}.{version}.{kind}"


def _message(fields: dict[int, tuple[str, str]], data: bytes, depth: int, called: str) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise NotUnderstoodError("messages in messages without end")
    result: dict[str, Any] = {}
    for number, value in _fields(data, fields, called):
        if number not in fields:
            continue
        name, kind = fields[number]
        if kind.startswith("map "):
            pair = dict(_fields(_as_bytes(value)))
            found = _value(kind[4:], pair.get(2, b""), depth)
            result.setdefault(name, {})[_text(pair.get(1, b""))] = found
        elif kind.startswith("repeated "):
            result.setdefault(name, []).append(_value(kind[9:], value, depth))
        elif name in _INLINE:
            result.update(_value(kind, value, depth))
        else:
            found = _value(kind, value, depth)
            if _is_given(name, found):
                result[name] = found
    return result


def _is_given(name: str, value: Any) -> bool:
    """Whether Go would write it in JSON: protobuf has everything, JSON leaves away what is empty."""
    if value is False:
        return name in _FALSE_COUNTS
    if isinstance(value, int) and value == 0:
        return name in _ZERO_COUNTS
    return value is not None and value != ""


def _value(kind: str, value: int | bytes, depth: int) -> Any:
    if kind == "string":
        return _text(value)
    if kind in ("int32", "int64"):
        number = _as_number(value)
        return number - (1 << 64) if number >> 63 else number
    if kind == "bool":
        return bool(_as_number(value))
    data = _as_bytes(value)
    if kind == "bytes":
        return None
    if kind in _TIMES:
        return _time(data)
    if kind == _QUANTITY:
        return _text(dict(_fields(data)).get(1, b""))
    if kind == _INT_OR_STRING:
        parts = dict(_fields(data))
        return _text(parts.get(3, b"")) if parts.get(1, 0) else _value("int32", parts.get(2, 0), depth)
    return _message(_messages()[kind], data, depth + 1, kind.rpartition(".")[2])


def _time(data: bytes) -> str | None:
    seconds = dict(_fields(data)).get(1)
    if seconds is None:
        return None
    number = _value("int64", seconds, 0)
    if not 0 < number < 1 << 36:
        return None
    return datetime.fromtimestamp(number, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_VARINTS = ("int32", "int64", "bool")
_IN_GO = {"metadata": "ObjectMeta", "uid": "UID"}
"""Fields whose name in Go is not that of JSON with a capital."""


def _fields(
    data: bytes, known: dict[int, tuple[str, str]] | None = None, called: str = ""
) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a message; those that are ``known`` have to be of the type that they have."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise BrokenError(f"proto: {called}: illegal tag 0 (wire type {wire})")
        name, kind = (known or {}).get(number, ("", ""))
        if name and wire != (0 if kind.removeprefix("repeated ") in _VARINTS else 2):
            shown = _IN_GO.get(name, name[0].upper() + name[1:])
            raise BrokenError(f"proto: wrong wireType = {wire} for field {shown}")
        if wire == 0:
            value, position = _varint(data, position)
            yield number, value
            continue
        size = {1: 8, 5: 4}.get(wire)
        if wire == 2:
            size, position = _varint(data, position)
        if size is None:
            raise NotUnderstoodError("not a message of protobuf")
        if position + size > len(data):
            raise BrokenError("unexpected EOF")
        yield number, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 64:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise NotUnderstoodError("not a message of protobuf")


def _as_number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise NotUnderstoodError("not a message of protobuf")
    return value


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise NotUnderstoodError("not a message of protobuf")
    return value


def _text(value: int | bytes) -> str:
    return _as_bytes(value).decode("utf-8", "replace")
