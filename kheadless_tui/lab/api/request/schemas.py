"""The schemas of the kinds that are served: what fields there are, of which type, and how lists are merged.

``schemas.json`` is taken from the OpenAPI of a real API server (``scripts/lab_schemas.py``); it is read when it is
first needed.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import msgspec

Schema = dict[str, Any]

_KINDS = "x-kubernetes-group-version-kind"


@functools.cache
def all_schemas() -> dict[str, Schema]:
    """By name, as ``io.k8s.api.core.v1.Pod``."""
    raw = resources.files("kheadless_tui.lab.api").joinpath("schemas.json").read_bytes()
    found: dict[str, Schema] = msgspec.json.decode(raw)
    return found


@functools.cache
def name_of_kind(group: str, version: str, kind: str) -> str | None:
    """The name of a kind's schema."""
    wanted = {"group": group, "version": version, "kind": kind}
    for name, schema in all_schemas().items():
        if ".api." in name and wanted in schema.get(_KINDS, ()):
            return name
    return None


def of_kind(group: str, version: str, kind: str) -> Schema:
    """The schema of a kind; one that says nothing for a kind that is not known."""
    name = name_of_kind(group, version, kind)
    return all_schemas()[name] if name else {}


def reference(schema: Schema) -> str:
    """The name of the schema that this one stands for; empty when it stands for itself."""
    target = schema.get("$ref") or next((part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part), "")
    return str(target).rpartition("/")[2]


def resolve(schema: Schema) -> Schema:
    """The schema behind a reference."""
    name = reference(schema)
    return all_schemas().get(name, {}) if name else schema


def property_of(schema: Schema, field: str) -> Schema | None:
    """The schema of a field of an object, or of a value of a map; ``None`` when there is no such field."""
    fields = schema.get("properties")
    if fields is not None:
        found: Schema | None = fields.get(field)
        return found
    return schema.get("additionalProperties", {} if schema.get("type") in (None, "object") else None)


def is_map(schema: Schema) -> bool:
    """Whether an object has free keys."""
    return "additionalProperties" in schema


def list_keys(schema: Schema) -> tuple[str, ...]:
    """The fields by which the items of a list are told apart, where they are."""
    return tuple(schema.get("x-kubernetes-list-map-keys", ())) if list_type(schema) == "map" else ()


def list_type(schema: Schema) -> str:
    """``atomic``, ``set`` or ``map``; of a schema that stands beside a reference as well."""
    return str(schema.get("x-kubernetes-list-type", "atomic"))


def is_atomic(schema: Schema) -> bool:
    """Whether an object is owned and replaced as a whole."""
    return schema.get("x-kubernetes-map-type") == "atomic"


def item_key(item: Any, schema: Schema) -> dict[str, Any] | None:
    """The key of an item of a list that is a map; ``None`` when it has none."""
    if not isinstance(item, dict):
        return None
    fields = resolve(schema.get("items", {})).get("properties", {})
    key = {}
    for name in list_keys(schema):
        value = item.get(name, fields.get(name, {}).get("default"))
        if value is None:
            continue  # a part of the key that is left out, as an optional one is
        key[name] = value
    return key or None
