"""The three kinds of patch that clients send: JSON merge patch, strategic merge patch, JSON patch.

RFC 7396, RFC 6902, and k8s.io/apimachinery pkg/util/strategicpatch for the kinds served here: lists of objects whose
items have a merge key are merged item by item, everything else is as in a JSON merge patch.
"""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.failure import ApiFailure, bad_request
from kheadless_tui.lab.store import clone

MERGE_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
    "ownerReferences": ("uid",),
    "conditions": ("type",),
    "hostAliases": ("ip",),
    "podIPs": ("ip",),
    "ports": ("containerPort", "port"),
}
"""patchMergeKey of the lists of Pods, Services and workloads; of ``ports`` the one that the items have."""


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


def strategic_merge_patch(target: Any, patch: Any) -> Any:
    """A strategic merge patch, with its directives ``$patch``, ``$retainKeys`` and ``$deleteFromPrimitiveList``."""
    if not isinstance(patch, dict):
        return clone(patch)
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: clone(value) for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return {}
    result = dict(target) if isinstance(target, dict) else {}
    if "$retainKeys" in patch:
        result = {key: value for key, value in result.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            result[name] = [item for item in result.get(name) or () if item not in value]
        elif key.startswith("$"):
            continue  # $setElementOrder: the order of items is of no consequence here
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            result[key] = _merge_list(key, result.get(key), value)
        else:
            result[key] = strategic_merge_patch(result.get(key), value)
    return result


def _merge_list(field: str, target: Any, patch: list[Any]) -> list[Any]:
    keys = MERGE_KEYS.get(field, ())
    merge_key = next(
        (key for key in keys if all(isinstance(item, dict) and key in item for item in patch if item)), None
    )
    if merge_key is None or not isinstance(target, list) or {"$patch": "replace"} in patch:
        return [clone(item) for item in patch if item != {"$patch": "replace"}]
    result = [clone(item) for item in target]
    for item in patch:
        position = next((i for i, old in enumerate(result) if old.get(merge_key) == item[merge_key]), None)
        if item.get("$patch") == "delete":
            if position is not None:
                del result[position]
        elif position is None:
            result.append(clone(item))
        else:
            result[position] = strategic_merge_patch(result[position], item)
    return result


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902.

    Raises:
        ApiFailure: 400 when it is no patch, 422 when it does not apply.
    """
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    result = clone(target)
    for operation in operations:
        try:
            result = _apply(result, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            path = operation.get("path") if isinstance(operation, dict) else None
            raise ApiFailure(
                422, "Invalid", f"the server rejected our request due to an error in our request: {path}"
            ) from error
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
    elif kind == "remove" or (kind == "replace" and step not in parent):
        del parent[step]
    else:
        parent[step] = value
    return target
