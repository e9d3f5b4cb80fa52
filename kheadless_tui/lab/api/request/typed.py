"""What is wrong with the types of an applied configuration, in the words of structured-merge-diff.

Server-side apply holds what it is given against the schema first (sigs.k8s.io/structured-merge-diff,
typed/validate.go), and tells the fields by the keys of their lists' items.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab.api.request.field_sets import step_of, written
from kheadless_tui.lab.api.request.schemas import Schema, is_map, list_type, property_of, reference, resolve
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import Resource

_UNTYPED = ("int-or-string", "io.k8s.apimachinery.pkg.api.resource.Quantity")


def check(item: dict[str, Any], resource: Resource, schema: Schema) -> None:
    """Refuse a configuration whose fields are not of their types, or are none of the kind's.

    Raises:
        ApiFailure: 500, as the real server's.
    """
    found = sorted(_errors(item, schema, ""))
    if not found:
        return
    why = found[0] if len(found) == 1 else "errors:" + "".join(f"\n  {line}" for line in found)
    meta = item["metadata"] if isinstance(item.get("metadata"), dict) else {}
    subject = f"{meta.get('namespace', '')}/{meta.get('name', '')}"
    kind = f"{resource.group}/{resource.version}, Kind={resource.kind}"
    raise ApiFailure(500, "", f"failed to create typed patch object ({subject}; {kind}): {why}")


def _errors(value: Any, schema: Schema, place: str) -> Iterator[str]:
    target, name = resolve(schema), reference(schema)
    kind = target.get("type")
    if value is None or kind is None or target.get("format") in _UNTYPED or name in _UNTYPED:
        return
    if kind == "object":
        yield from _of_object(value, target, place)
    elif kind == "array":
        yield from _of_list(value, target, place)
    elif kind == "boolean" and not isinstance(value, bool):
        yield f"{place}: expected boolean, got &{{{printed(value)}}}"
    elif kind == "string" and not isinstance(value, str):
        yield f"{place}: expected string, got &value.valueUnstructured{{Value:{_in_go(value)}}}"
    elif kind in ("integer", "number") and (isinstance(value, bool) or not isinstance(value, (int, float))):
        yield f"{place}: expected numeric (int or float), got {_type(value)}"


def _of_object(value: Any, schema: Schema, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: expected map, got &{{{printed(value)}}}"
        return
    if "properties" not in schema and not is_map(schema):
        return  # any object at all
    for field, inner in value.items():
        below = property_of(schema, field)
        if below is None:
            yield f"{place}.{field}: field not declared in schema"
        else:
            yield from _errors(inner, below, f"{place}.{field}")


def _of_list(value: Any, schema: Schema, place: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{place}: expected list, got &{{{printed(value)}}}"
        return
    keyed = list_type(schema) in ("map", "set")
    steps: list[str] = []
    for number, item in enumerate(value):
        step = step_of(item, schema) if keyed else None
        where = f"[{number}]" if step is None else written((step,))
        if step is not None and steps.count(step) == 1:
            yield f"{place}: duplicate entries for key {where}"
        steps += [] if step is None else [step]
        yield from _errors(item, schema["items"], f"{place}{where}")


def printed(value: Any) -> str:
    """As Go's ``%v``."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{printed(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(printed, value))}]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "<nil>"}[value]
    return str(value)


def _in_go(value: Any) -> str:
    """As Go's ``%#v``."""
    if isinstance(value, dict):
        return f"map[string]interface {{}}{{{', '.join(f'{json.dumps(k)}:{_in_go(value[k])}' for k in sorted(value))}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_in_go, value))}}}"
    return "interface {}(nil)" if value is None else json.dumps(value)


def _type(value: Any) -> str:
    if isinstance(value, dict):
        return "map[string]interface {}"
    return {str: "string", bool: "bool", list: "[]interface {}"}[type(value)]
