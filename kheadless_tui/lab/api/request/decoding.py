"""Bodies against their schema: wrong types are refused, unknown fields dropped and reported (fieldValidation).

The words are those of sigs.k8s.io/json and k8s.io/apimachinery's strict decoding.
"""

from __future__ import annotations

import json
import re
from typing import Any

from kheadless_tui.lab.api.request.schemas import Schema, is_map, name_of_kind, reference, resolve
from kheadless_tui.lab.objects.failure import ApiFailure, bad_request, invalid_options
from kheadless_tui.lab.objects.resources import Resource

STRICT, WARN, IGNORE = "Strict", "Warn", "Ignore"
_TEXT_FORMATS = ("date-time", "byte")
_ANY_SCALAR = ("int-or-string", "io.k8s.apimachinery.pkg.api.resource.Quantity")
MAX_DEPTH = 10_000
"""Levels of nesting that Go's decoder takes (encoding/json scanner.go maxNestingDepth)."""
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)

_KEPT = (("EndpointSlice", "endpoints"), ("EndpointSlice", "ports"))
"""Lists that the API writes even when there is nothing in them."""


class WrongTypeError(ValueError):
    """A field has a value of another type; worded as Go's decoder does."""

    def __init__(self, message: str, merged: str = "") -> None:
        super().__init__(message)
        self.merged = merged
        """The same in the words for what a strategic merge patch has left (runtime/converter.go, fromUnstructured)."""


class _Pairs(dict[str, Any]):
    """A JSON object that remembers which of its fields came twice."""

    twice: tuple[str, ...] = ()


_META_FIELDS = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
"""The fields of ObjectMeta in the order of its declaration (apimachinery pkg/apis/meta/v1/types.go)."""


def load_json(body: bytes) -> Any:
    """JSON; objects with a field twice keep the last, and remember.

    Raises:
        ValueError: it is none.
    """
    return json.loads(body.decode("utf-8", "surrogateescape"), object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> _Pairs:
    found = _Pairs(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found.twice = tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
    return found


def conform(item: dict[str, Any], resource: Resource, kind: str = "") -> tuple[dict[str, Any], list[str]]:
    """An object with the fields that its kind has.

    Args:
        item: As it was sent.
        resource: What it should be.
        kind: The kind when it is not the resource's own, as of a subresource.

    Returns:
        The object, and what is wrong with its fields.

    Raises:
        WrongTypeError: a value has another type.
    """
    group = "autoscaling" if kind == "Scale" else resource.group
    name = name_of_kind(group, "v1" if kind == "Scale" else resource.version, kind or resource.kind)
    problems: list[str] = []
    if name is None:
        return item, problems
    found = _value(item, {"$ref": f"#/components/schemas/{name}"}, _Place("", (), ""), problems)
    return found, problems


class _Place:
    """Where in a document: for messages."""

    __slots__ = ("names", "path", "struct")

    def __init__(self, struct: str, names: tuple[str, ...], path: str) -> None:
        self.struct = struct
        self.names = names
        self.path = path

    def field(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _value(value: Any, schema: Schema, place: _Place, problems: list[str]) -> Any:
    name, target = reference(schema), resolve(schema)
    if value is None or target.get("format") in _ANY_SCALAR or name in _ANY_SCALAR:
        return value
    kind = target.get("type")
    if kind == "object" and isinstance(value, dict):
        return _fields(value, name, target, place, problems)
    if kind == "array" and isinstance(value, list):
        return [
            _value(
                _zero(target["items"]) if item is None else item,
                target["items"],
                _Place(place.struct, place.names, f"{place.path}[{number}]"),
                problems,
            )
            for number, item in enumerate(value)
        ]
    if kind is None or _fits(value, kind):
        return value
    go = _go_type(schema)
    raise WrongTypeError(
        f"json: cannot unmarshal {json_type(value)} into Go struct field "
        f"{place.struct}.{'.'.join(place.names)} of type {go}",
        _not_restored(value, target),
    )


def _zero(schema: Schema) -> Any:
    """What Go reads ``null`` as in a list or a map: the zero of the type."""
    target = resolve(schema)
    zeros = {"string": "", "integer": 0, "number": 0, "boolean": False}
    return {} if "properties" in target else zeros.get(str(target.get("type")))


def _not_restored(value: Any, schema: Schema) -> str:
    kind, given = schema.get("type"), _GO_KINDS.get(type(value), "map")
    if kind == "object":
        return f"cannot restore map from {given}" if is_map(schema) else f"cannot restore struct from: {given}"
    if kind == "array":
        return f"cannot restore slice from {given}"
    if (kind, given) == ("string", "int64"):
        return "cannot convert int64 to string"
    return f"unrecognized type: {_go_type(schema)}"


_GO_KINDS = {bool: "bool", int: "int64", float: "float64", str: "string", list: "slice"}


def _fields(value: dict[str, Any], name: str, schema: Schema, place: _Place, problems: list[str]) -> dict[str, Any]:
    for field in getattr(value, "twice", ()):
        problems.append(f'duplicate field "{place.field(field)}"')
    if is_map(schema):
        inner = schema["additionalProperties"]
        below = _Place(place.struct, place.names, place.path)
        return {
            key: _value(_zero(inner) if item is None else item, inner, below, problems) for key, item in value.items()
        }
    known = schema.get("properties")
    if known is None:
        return value  # any object at all
    struct, result = name.rpartition(".")[2], {}
    for field, item in value.items():
        if field not in known:
            problems.append(f'unknown field "{place.field(field)}"')
            continue
        found = _value(item, known[field], _Place(struct, (*place.names, field), place.field(field)), problems)
        if found is not None or (struct, field) in _KEPT:
            result[field] = found
    return result


def without_empty(item: dict[str, Any], resource: Resource) -> dict[str, Any]:
    """An object without the empty maps and lists that Go leaves away in JSON."""
    name = name_of_kind(resource.group, resource.version, resource.kind)
    if name is None:
        return item
    found: dict[str, Any] = _compact(item, {"$ref": f"#/components/schemas/{name}"})
    return found


def _compact(value: Any, schema: Schema) -> Any:
    name, target = reference(schema), resolve(schema)
    if isinstance(value, list) and "items" in target:
        return [_compact(item, target["items"]) for item in value]
    known = target.get("properties")
    if not isinstance(value, dict) or known is None:
        return value
    struct, result = name.rpartition(".")[2], {}
    for field, item in value.items():
        inner = known.get(field, {})
        optional = field not in target.get("required", ()) and (struct, field) not in _KEPT
        if optional and (item == [] or (item == {} and is_map(resolve(inner)))):
            continue
        result[field] = _compact(item, inner)
    return result


def _fits(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return kind == "number" and isinstance(value, (int, float)) and not isinstance(value, bool)


def json_type(value: Any) -> str:
    """What Go's decoder calls the type of a value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _go_type(schema: Schema) -> str:
    name, target = reference(schema), resolve(schema)
    kind = target.get("type")
    if name:
        parts = name.split(".")
        return f"{parts[-2]}.{parts[-1]}"
    if kind == "array":
        return f"[]{_go_type(target['items'])}"
    if kind == "object" and is_map(target):
        return f"map[string]{_go_type(target['additionalProperties'])}"
    if kind == "integer":
        return str(target.get("format", "int64"))
    return {"boolean": "bool", "string": "string"}.get(str(kind), "float64")


def read_as(
    item: dict[str, Any], resource: Resource, validation: str, kind: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """An object of a create or update, by the rules of ``fieldValidation``.

    Returns:
        The object, and the warnings to send.

    Raises:
        ApiFailure: 400.
    """
    name = kind or resource.kind
    version = resource.version
    head = f'{name} in version "{version}" cannot be handled as a {name}: '
    try:
        found, problems = conform(item, resource, kind)
    except WrongTypeError as error:
        raise bad_request(head + str(error)) from error
    if problems and validation == STRICT:
        raise bad_request(f"{head}strict decoding error: {', '.join(problems)}")
    return found, [] if validation == IGNORE else problems


def read_patched(
    item: dict[str, Any], resource: Resource, validation: str, kind: str = "", *, merged: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """What a patch has left, by the same rules; the real server words these failures in another way.

    Args:
        item: It.
        resource: What it should be.
        validation: What becomes of unknown fields.
        kind: As of :func:`conform`.
        merged: The patch as messages quote it, when it was a strategic merge patch.

    Raises:
        ApiFailure: 422.
    """
    try:
        found, problems = conform(item, resource, kind)
        why = f"strict decoding error: {', '.join(problems)}" if problems and validation == STRICT else ""
    except WrongTypeError as error:
        if merged:
            raise patch_invalid(json.dumps(merged, ensure_ascii=False), error.merged) from error
        found, problems, why = {}, [], str(error)
    if why:
        text = json.dumps(
            json.dumps(_in_gos_order(item), separators=(",", ":"), ensure_ascii=False), ensure_ascii=False
        )
        raise patch_invalid(text, why)
    return found, [] if validation == IGNORE else problems


def _in_gos_order(item: dict[str, Any]) -> dict[str, Any]:
    """An object as a patched one is quoted: its own fields by name, those of its metadata as they are declared."""
    meta = item.get("metadata")
    if isinstance(meta, dict):
        ordered = {key: meta[key] for key in _META_FIELDS if key in meta}
        item = {**item, "metadata": {**ordered, **meta}}
    return dict(sorted(item.items()))


def patch_invalid(shown: str, why: str) -> ApiFailure:
    """422 for the object that a patch has left."""
    return invalid_options("", "patch", "FieldValueInvalid", f"Invalid value: {shown}: {why}")


def json_error(body: bytes, error: Exception) -> str:
    """What Go's decoder says of a text that is no JSON."""
    if isinstance(error, RecursionError):
        return f"invalid character '{_deepest(body)}' exceeded max depth"
    if not isinstance(error, json.JSONDecodeError):
        return "invalid character in literal"
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated"):
        return "unexpected end of JSON input"
    sign = shown_byte(error.doc[error.pos].encode("utf-8", "surrogateescape")[0])
    where = {
        "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
        "Expecting value": "looking for beginning of value",
        "Expecting ':' delimiter": "after object key",
        "Extra data": "after top-level value",
        "Expecting ',' delimiter": "after object key:value pair",
    }.get(error.msg, "in literal")
    return f"invalid character '{sign}' {where}"


def shown_byte(byte: int) -> str:
    """A byte as Go's decoder quotes it, to which it is a letter of Latin-1 (encoding/json, quoteChar)."""
    sign = chr(byte)
    return sign if sign.isprintable() else f"\\u{byte:04x}"


def _deepest(body: bytes) -> str:
    """The sign that opens the level which is one too many."""
    depth = deepest = 0
    sign = b"["
    for found in _BRACKETS.finditer(body):
        if found[0] in (b"[", b"{"):
            depth += 1
            if depth > deepest:
                deepest, sign = depth, found[0]
            if depth > MAX_DEPTH:
                break
        elif found[0] in (b"]", b"}"):
            depth -= 1
    return sign.decode()


def shown(body: bytes) -> str:
    """The head of a body, as messages quote it."""
    if not body:
        return "<empty>"
    head = body[:30]
    text = head.decode("utf-8", "replace") if body[:1] == b"{" else head.hex()
    return f"{text} ..." if len(body) > len(head) else text
