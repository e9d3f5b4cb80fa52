"""Sets of fields, as ``managedFields`` keeps them, and what can be done with them.

A set is the tree of FieldsV1 (sigs.k8s.io/structured-merge-diff, fieldpath): ``f:NAME`` a field, ``k:{..}`` an item of
a list by its key, ``v:..`` an item by its value, ``.`` the node itself; an empty tree is a leaf.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab.api.request.schemas import (
    Schema,
    is_atomic,
    is_map,
    item_key,
    list_type,
    property_of,
    resolve,
)

Tree = dict[str, Any]
Path = tuple[str, ...]

_UNOWNED = (
    ("f:apiVersion",),
    ("f:kind",),
    *(
        ("f:metadata", f"f:{name}")
        for name in (
            "name",
            "namespace",
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "resourceVersion",
            "generation",
            "managedFields",
            "selfLink",
        )
    ),
)
"""Fields that nobody owns (fieldmanager, stripMeta)."""


def fields_of(value: Any, schema: Schema, *, whole: bool = True) -> Tree:
    """The fields that an object has.

    Args:
        value: The object.
        schema: Its schema.
        whole: Whether maps themselves are in the set, as they are in that of an update.
    """
    tree = _tree(value, schema, whole)
    for path in _UNOWNED:
        _discard(tree, path)
    return tree


def _tree(value: Any, schema: Schema, whole: bool) -> Tree:
    target = resolve(schema)
    if isinstance(value, dict) and not is_atomic(target) and not is_atomic(schema):
        found: Tree = {".": {}} if whole and is_map(target) and value else {}
        for field, item in value.items():
            inner = property_of(target, field)
            if inner is not None:
                found[f"f:{field}"] = _tree(item, inner, whole)
        return found
    if isinstance(value, list):
        found = {".": {}} if whole and value else {}
        for item in value:
            step = step_of(item, target)
            if step is None:
                return {}
            found[step] = {".": {}, **_tree(item, target["items"], whole)} if step[0] == "k" else {}
        return found
    return {}


def step_of(item: Any, schema: Schema) -> str | None:
    """How an item of a list is called; ``None`` in a list that is one value."""
    kind = list_type(schema)
    if kind == "map":
        key = item_key(item, schema)
        return None if key is None else f"k:{_json(dict(sorted(key.items())))}"
    return f"v:{_json(item)}" if kind == "set" else None


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _discard(tree: Tree, path: Path) -> None:
    parents = [tree]
    for step in path[:-1]:
        if step not in parents[-1]:
            return
        parents.append(parents[-1][step])
    parents[-1].pop(path[-1], None)
    for parent, step in zip(reversed(parents[:-1]), reversed(path[:-1]), strict=True):
        if not parent[step]:
            del parent[step]


def paths(tree: Tree, start: Path = ()) -> Iterator[Path]:
    """Every path in a set; a node that is in it itself comes before what is below it."""
    if not tree and start:
        yield start
    for step, below in tree.items():
        if step == ".":
            yield start
        else:
            yield from paths(below, (*start, step))


def from_paths(found: Iterator[Path] | set[Path]) -> Tree:
    """The set of these paths."""
    tree: Tree = {}
    everything = sorted(found)
    for path in everything:
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    for path in everything:
        node = tree
        for step in path:
            node = node[step]
        if node and path:
            node["."] = {}
    return tree


def look_up(value: Any, path: Path, schema: Schema) -> Any:
    """What an object has at a path; ``None`` when nothing."""
    for step in path:
        target = resolve(schema)
        if step[0] == "f":
            value = value.get(step[2:]) if isinstance(value, dict) else None
            schema = property_of(target, step[2:]) or {}
        else:
            items = value if isinstance(value, list) else []
            value = next((item for item in items if step_of(item, target) == step), None)
            schema = target.get("items", {})
        if value is None:
            return None
    return value


def merge(live: Any, applied: Any, schema: Schema) -> Any:
    """An object with what was applied put into it, by the rules of its schema."""
    target = resolve(schema)
    atomic = is_atomic(target) or is_atomic(schema)
    if isinstance(live, dict) and isinstance(applied, dict) and not atomic:
        result = dict(live)
        for field, value in applied.items():
            inner = property_of(target, field) or {}
            result[field] = merge(live.get(field), value, inner)
        return result
    if isinstance(live, list) and isinstance(applied, list) and list_type(target) in ("map", "set"):
        steps = [step_of(item, target) for item in live]
        result_list = list(live)
        for item in applied:
            step = step_of(item, target)
            if step is not None and step in steps:
                position = steps.index(step)
                result_list[position] = merge(live[position], item, target["items"])
            else:
                result_list.append(item)
        return result_list
    return applied


def without(value: Any, gone: Tree, kept: Tree, schema: Schema) -> Any:
    """An object without the fields of one set, but for those that are in another set too."""
    target = resolve(schema)
    if isinstance(value, dict):
        result = dict(value)
        for step, below in gone.items():
            field = step[2:]
            if step[0] != "f" or field not in result:
                continue
            if step not in kept and (not below or "." in below):
                del result[field]
            elif below:
                inner = without(result[field], below, kept.get(step, {}), property_of(target, field) or {})
                if inner in ({}, []) and step not in kept:
                    del result[field]
                else:
                    result[field] = inner
        return result
    if isinstance(value, list):
        items = []
        for item in value:
            step = step_of(item, target) or ""
            if step not in gone:
                items.append(item)
            elif step in kept:
                items.append(without(item, gone[step], kept[step], target["items"]))
        return items
    return value


def written(path: Path) -> str:
    """A path as conflicts name it: ``.spec.ports[port=80,protocol="TCP"].name``."""
    text = ""
    for step in path:
        if step[0] == "f":
            text += f".{step[2:]}"
        elif step[0] == "v":
            text += f"[={step[2:]}]"
        else:
            pairs = ",".join(f"{name}={_json(value)}" for name, value in json.loads(step[2:]).items())
            text += f"[{pairs}]"
    return text
