"""The three kinds of patch that clients send: JSON merge patch, strategic merge patch, JSON patch.

RFC 7396, RFC 6902, and k8s.io/apimachinery pkg/util/strategicpatch for the kinds served here: lists of objects whose
items have a merge key are merged item by item, everything else is as in a JSON merge patch.
"""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.api.request.schemas import Schema, of_kind, property_of, resolve
from kheadless_tui.lab.api.request.typed import printed
from kheadless_tui.lab.objects.failure import ApiFailure, bad_request, patch_refused
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.objects.store import Object, clone

MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
PATCHES = (MERGE, STRATEGIC, JSON_PATCH)
"""The media types of the patches that are read here."""


def apply_patch(media_type: str, target: Object, patch: Any, resource: Resource) -> Object:
    """An object with a patch applied.

    Raises:
        ApiFailure: 400 when it is no patch, 422 when it does not apply.
    """
    if media_type == JSON_PATCH:
        result = json_patch(target, patch)
    elif not isinstance(patch, dict):
        kind = "array" if isinstance(patch, list) else "string"
        text = f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        raise bad_request(text if media_type == STRATEGIC else f"error decoding patch: {text}")
    elif media_type == MERGE:
        result = merge_patch(target, patch)
    else:
        schema = of_kind(resource.group, resource.version, resource.kind)
        result = strategic_merge_patch(target, patch, schema)
    if not isinstance(result, dict) or not isinstance(result.get("metadata"), dict):
        raise patch_refused()
    return result


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return clone(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def strategic_merge_patch(target: Any, patch: Any, schema: Schema) -> Any:
    """A strategic merge patch, with its directives ``$patch``, ``$retainKeys`` and ``$deleteFromPrimitiveList``.

    Raises:
        ApiFailure: 500, as the real server's: an item of a list has no merge key, or a directive is unknown.
    """
    if not isinstance(patch, dict):
        return clone(patch)
    schema = resolve(schema)
    if patch.get("$patch") is not None:
        return _directed(patch)
    result = _retained(target if isinstance(target, dict) else {}, patch)
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            result[name] = [item for item in result.get(name) or () if item not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, list) and not isinstance(result.get(key), list):
            result[key] = [clone(item) for item in value if not isinstance(item, dict) or "$patch" not in item]
        elif isinstance(value, list):
            result[key] = _merge_list(result.get(key), value, property_of(schema, key) or {})
        else:
            result[key] = strategic_merge_patch(result.get(key), value, property_of(schema, key) or {})
    for key, order in patch.items():
        name = key.removeprefix("$setElementOrder/")
        if name != key and isinstance(result.get(name), list):
            result[name] = _in_order(result[name], order, property_of(schema, name) or {})
    return result


def _retained(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """What ``$retainKeys`` leaves."""
    kept = patch.get("$retainKeys", target)
    if not isinstance(kept, (list, dict)):
        raise bad_request("invalid patch format of retainKeys")
    return {key: value for key, value in target.items() if key in kept}


def _directed(patch: dict[str, Any]) -> dict[str, Any]:
    """What a patch leaves whose directive says what becomes of the whole."""
    if patch["$patch"] == "replace":
        return {key: clone(value) for key, value in patch.items() if key != "$patch"}
    if patch["$patch"] == "delete":
        return {}
    raise _unknown_directive(patch)


def _unknown_directive(patch: dict[str, Any]) -> ApiFailure:
    return ApiFailure(500, "", f"unknown patch type: {printed(patch['$patch'])} in map: {printed(patch)}")


def _merge_key(schema: Schema) -> str:
    merges = "merge" in str(schema.get("x-kubernetes-patch-strategy", ""))
    return str(schema.get("x-kubernetes-patch-merge-key", "")) if merges else ""


def _merge_list(target: Any, patch: list[Any], schema: Schema) -> list[Any]:
    merge_key, merges = _merge_key(schema), "merge" in str(schema.get("x-kubernetes-patch-strategy", ""))
    if not merges or {"$patch": "replace"} in patch:
        return [clone(item) for item in patch if item != {"$patch": "replace"}]
    result = [clone(item) for item in target or ()]
    if len({_shape(item) for item in (*result, *patch)}) > 1:
        raise ApiFailure(500, "", f"list element types are not identical: {printed([result, patch])}")
    for item in patch:
        if not merge_key:
            result += [item] if item not in result else []
            continue
        _check_key(item, merge_key)
        position = next((i for i, old in enumerate(result) if old.get(merge_key) == item[merge_key]), None)
        if item.get("$patch") not in (None, "delete", "replace"):
            raise _unknown_directive(item)
        if item.get("$patch") == "delete":
            if position is not None:
                del result[position]
        elif position is None:
            result.append(clone(item))
        else:
            result[position] = strategic_merge_patch(result[position], item, schema["items"])
    return result


def _shape(item: Any) -> str:
    return "map" if isinstance(item, dict) else "list" if isinstance(item, list) else type(item).__name__


def _check_key(item: Any, merge_key: str) -> None:
    if not isinstance(item, dict) or merge_key not in item:
        shown = printed(item) if isinstance(item, dict) else f"map[{item}]"
        raise ApiFailure(500, "", f"map: {shown} does not contain declared merge key: {merge_key}")


def _in_order(items: list[Any], order: list[Any], schema: Schema) -> list[Any]:
    """Items that the order names come in it; the others keep their places behind."""
    merge_key = _merge_key(schema)
    for item in order if merge_key else ():
        _check_key(item, merge_key)

    def name(item: Any) -> Any:
        return item.get(merge_key) if isinstance(item, dict) else item

    wanted = [name(item) for item in order]
    known = sorted((item for item in items if name(item) in wanted), key=lambda item: wanted.index(name(item)))
    return [*known, *(item for item in items if name(item) not in wanted)]


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902.

    Raises:
        ApiFailure: 400 when it is no patch, 422 when it does not apply.
    """
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    result = clone(target)
    for operation in operations:
        try:
            result = _apply(result, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise patch_refused() from error
    return result


def _apply(target: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation["op"], _pointer(operation["path"])
    if kind in ("move", "copy"):
        source = _pointer(operation["from"])
        value = clone(_look_up(target, source))
        if kind == "move":
            target = _change(target, source, "remove", None)
        return _change(target, path, "add", value)
    if kind == "test":
        if _look_up(target, path) != operation["value"]:
            raise ValueError("test failed")
        return target
    if kind not in ("add", "replace", "remove"):
        raise ValueError(kind)
    return _change(target, path, kind, clone(operation.get("value")))


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise ValueError(text)
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]


def _look_up(target: Any, path: list[str]) -> Any:
    for step in path:
        target = target[int(step)] if isinstance(target, list) else target[step]
    return target


def _change(target: Any, path: list[str], kind: str, value: Any) -> Any:
    if not path:
        return value
    parent, step = _look_up(target, path[:-1]), path[-1]
    if isinstance(parent, list):
        if kind == "add":
            parent.insert(len(parent) if step == "-" else int(step), value)
        elif kind == "replace":
            parent[int(step)] = value
        else:
            del parent[int(step)]
    elif kind == "remove":
        del parent[step]
    else:
        parent[step] = value
    return target
