"""The few objects that kubectl sends in protobuf, whatever is on offer: ``create namespace``, ``auth can-i`` ...

An envelope (``k8s`` and a zero byte, then runtime.Unknown), in it the object; field numbers are those of the
``generated.proto`` files in k8s.io/api and k8s.io/apimachinery. Only what is read is listed; other kinds are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

MAGIC = b"k8s\x00"
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"


class _Field(NamedTuple):
    name: str
    kind: str
    """``text``, ``number``, ``flag``, ``map`` (of text to text), or the name of a message."""


_MESSAGES: dict[str, dict[int, _Field]] = {
    "TypeMeta": {1: _Field("apiVersion", "text"), 2: _Field("kind", "text")},
    "ObjectMeta": {
        1: _Field("name", "text"),
        2: _Field("generateName", "text"),
        3: _Field("namespace", "text"),
        5: _Field("uid", "text"),
        6: _Field("resourceVersion", "text"),
        11: _Field("labels", "map"),
        12: _Field("annotations", "map"),
    },
    "Namespace": {1: _Field("metadata", "ObjectMeta")},
    "ConfigMap": {1: _Field("metadata", "ObjectMeta"), 2: _Field("data", "map")},
    "SelfSubjectAccessReview": {1: _Field("metadata", "ObjectMeta"), 2: _Field("spec", "AccessSpec")},
    "AccessSpec": {
        1: _Field("resourceAttributes", "ResourceAttributes"),
        2: _Field("nonResourceAttributes", "NonResourceAttributes"),
    },
    "ResourceAttributes": {
        1: _Field("namespace", "text"),
        2: _Field("verb", "text"),
        3: _Field("group", "text"),
        4: _Field("version", "text"),
        5: _Field("resource", "text"),
        6: _Field("subresource", "text"),
        7: _Field("name", "text"),
    },
    "NonResourceAttributes": {1: _Field("path", "text"), 2: _Field("verb", "text")},
    "SelfSubjectRulesReview": {1: _Field("metadata", "ObjectMeta"), 2: _Field("spec", "RulesSpec")},
    "RulesSpec": {1: _Field("namespace", "text")},
    "DeleteOptions": {
        1: _Field("gracePeriodSeconds", "number"),
        2: _Field("preconditions", "Preconditions"),
        4: _Field("propagationPolicy", "text"),
    },
    "Preconditions": {1: _Field("uid", "text"), 2: _Field("resourceVersion", "text")},
}
_KINDS = ("Namespace", "ConfigMap", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "DeleteOptions")


class NotUnderstoodError(ValueError):
    """Not protobuf, or of a kind that is not read here."""


def decode(body: bytes) -> dict[str, Any]:
    """The object in an envelope, as JSON.

    Raises:
        NotUnderstoodError: it cannot be read.
    """
    if not body.startswith(MAGIC):
        raise NotUnderstoodError("the envelope of Kubernetes is missing")
    envelope = dict(_fields(body[len(MAGIC) :]))
    meta = _message("TypeMeta", _as_bytes(envelope.get(1, b"")))
    kind = meta.get("kind", "")
    if kind not in _KINDS:
        raise NotUnderstoodError(f"objects of kind {kind} are read as JSON only")
    return {**meta, **_message(kind, _as_bytes(envelope.get(2, b"")))}


def _message(name: str, data: bytes) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for number, value in _fields(data):
        field = _MESSAGES[name].get(number)
        if field is None:
            continue
        if field.kind == "map":
            pair = dict(_fields(_as_bytes(value)))
            result.setdefault(field.name, {})[_text(pair.get(1, b""))] = _text(pair.get(2, b""))
        elif field.kind == "text":
            result[field.name] = _text(value)
        elif field.kind == "number":
            result[field.name] = value
        else:
            result[field.name] = _message(field.kind, _as_bytes(value))
    # Go writes empty texts out; in JSON they would be left away
    return {key: value for key, value in result.items() if value != ""}


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, position = _varint(data, position)
            yield number, value
            continue
        size = {1: 8, 5: 4}.get(wire)
        if wire == 2:
            size, position = _varint(data, position)
        if size is None or position + size > len(data):
            raise NotUnderstoodError("not a message of protobuf")
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


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise NotUnderstoodError("not a message of protobuf")
    return value


def _text(value: int | bytes) -> str:
    return _as_bytes(value).decode("utf-8", "replace")
