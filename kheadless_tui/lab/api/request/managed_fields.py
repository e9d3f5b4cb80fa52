"""Who owns which field (k8s.io/apimachinery pkg/util/managedfields): ``managedFields``, and server-side apply."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from kheadless_tui.lab.api.request import field_sets
from kheadless_tui.lab.api.request.field_sets import Path, Tree, fields_of, from_paths, look_up, paths, written
from kheadless_tui.lab.api.request.schemas import Schema, of_kind
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.objects.store import Object, clone

APPLY, UPDATE = "Apply", "Update"
BEFORE_FIRST = "before-first-apply"
"""Owner of what was there before anybody was written down."""
MAX_NAME = 128
"""Letters of a manager's name (ValidateFieldManager)."""


@dataclass(frozen=True, slots=True)
class Manager:
    """Who writes."""

    name: str
    operation: str = UPDATE
    subresource: str = ""

    def owns(self, entry: Object) -> bool:
        """Whether an entry of ``managedFields`` is about this one."""
        return (entry.get("manager"), entry.get("operation"), entry.get("subresource", "")) == (
            self.name,
            self.operation,
            self.subresource,
        )


def manager_of(query_name: str, user_agent: str, subresource: str) -> Manager:
    """The manager of an update: the one that is named, or the program that asks."""
    return Manager((query_name or user_agent.partition("/")[0])[:MAX_NAME] or "unknown", UPDATE, subresource)


_CHOSEN = {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}
"""Fields of a new Service that the server fills in after the owners are written down."""


def after_update(
    resource: Resource,
    before: Object | None,
    item: Object,
    manager: Manager,
    now: str,
    given: Collection[str] = _CHOSEN,
) -> None:
    """Write down what an update has changed.

    Args:
        resource: What it is.
        before: The stored object; ``None`` for a new one.
        item: As it will be stored, with the ``managedFields`` that hold so far; it is changed.
        manager: Who writes.
        now: The time.
        given: The fields that the ``spec`` of a new object had as it was sent.
    """
    schema = of_kind(resource.group, resource.version, resource.kind)
    old = _relevant(before or {}, manager.subresource)
    new = _relevant(item, manager.subresource)
    if chosen := _CHOSEN.difference(given) & (new.get("spec") or {}).keys():
        new["spec"] = {key: value for key, value in new["spec"].items() if key not in chosen}
    old_paths, new_paths = set(paths(fields_of(old, schema))), set(paths(fields_of(new, schema)))
    changed = {path for path in new_paths & old_paths if _differs(old, new, path, schema)}
    gained, lost = new_paths - old_paths, old_paths - new_paths
    entries: list[Object] = []
    found = False
    for entry in item["metadata"].get("managedFields") or ():
        owned = set(paths(entry.get("fieldsV1") or {}))
        if manager.owns(entry):
            found = True
            entries += _renewed(resource, manager, entry, (owned - lost) | gained | changed, now, written=bool(changed))
        elif left := owned - changed - lost:
            entries.append({**entry, "fieldsV1": from_paths(left)} if left != owned else entry)
    if not found and (gained or changed):
        entries.append(_entry(resource, manager, gained | changed, now))
    _put(item, entries)


def _renewed(
    resource: Resource, manager: Manager, entry: Object, owned: set[Path], now: str, *, written: bool
) -> list[Object]:
    """An entry with what its manager owns now; untouched when that is what it owned and nothing in it was written."""
    if not written and owned == set(paths(entry.get("fieldsV1") or {})):
        return [entry]
    return [_entry(resource, manager, owned, now)] if owned else []


def _relevant(item: Object, subresource: str) -> Object:
    """The part of an object that a write of this kind is about."""
    if subresource == "status":
        return {"status": item["status"]} if item.get("status") is not None else {}
    return {key: value for key, value in item.items() if key != "status"}


def _differs(old: Object, new: Object, path: Path, schema: Schema) -> bool:
    first, second = look_up(old, path, schema), look_up(new, path, schema)
    if isinstance(first, dict) and isinstance(second, dict) and first and second:
        return False  # what is in them is compared by itself
    return bool(first != second)


def apply(
    resource: Resource, live: Object | None, applied: Object, manager: Manager, now: str, *, force: bool
) -> Object:
    """The object after a server-side apply.

    Args:
        resource: What it is.
        live: The stored object; ``None`` when there is none.
        applied: What was sent.
        manager: Who applies.
        now: The time.
        force: Take over what others own.

    Raises:
        ApiFailure: 409 when others own fields that are to become different.
    """
    schema = of_kind(resource.group, resource.version, resource.kind)
    wanted = _relevant(applied, "status" if manager.subresource == "status" else "")
    tree = fields_of(wanted, schema, whole=False)
    if live is None:
        item: Object = clone(applied)
        item["metadata"]["managedFields"] = [_entry(resource, manager, set(paths(tree)), now)]
        return item
    entries = _entries(resource, live, schema)
    others = [entry for entry in entries if not manager.owns(entry)]
    mine: Tree = next((entry["fieldsV1"] for entry in entries if manager.owns(entry)), {})
    different = {
        path for path in paths(tree) if _differs(live, wanted, path, schema) and look_up(live, path, schema) is not None
    }
    clashes = [(entry, path) for entry in others for path in sorted(different & set(paths(entry["fieldsV1"])))]
    if clashes and not force:
        raise _conflict(clashes)
    item = field_sets.merge(clone(live), clone(wanted), schema)
    others = [_less(entry, different) for entry in others] if force else others
    kept = from_paths({path for entry in others for path in paths(entry["fieldsV1"])} | set(paths(tree)))
    gone = from_paths(set(paths(mine)) - set(paths(tree)))
    item = field_sets.without(item, gone, kept, schema)
    own = [entry for entry in entries if manager.owns(entry)]
    renewed = _renewed(resource, manager, own[0] if own else {}, set(paths(tree)), now, written=bool(different))
    places = [*(entry for entry in others if entry["fieldsV1"]), *renewed]
    item["metadata"]["managedFields"] = sorted(
        places, key=lambda entry: (entry.get("operation", ""), entry.get("time", ""))
    )
    return dict(item)


def _entries(resource: Resource, live: Object, schema: Schema) -> list[Object]:
    entries = [entry for entry in live["metadata"].get("managedFields") or () if entry.get("fieldsV1")]
    if entries:
        return entries
    everything = set(paths(fields_of(_relevant(live, ""), schema)))
    made = live["metadata"].get("creationTimestamp", "")
    return [_entry(resource, Manager(BEFORE_FIRST), everything, made)] if everything else []


def _less(entry: Object, taken: set[Path]) -> Object:
    return {**entry, "fieldsV1": from_paths(set(paths(entry["fieldsV1"])) - taken)}


def _entry(resource: Resource, manager: Manager, owned: set[Path], now: str) -> Object:
    entry: dict[str, Any] = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": resource.api_version,
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": from_paths(owned),
    }
    if manager.subresource:
        entry["subresource"] = manager.subresource
    return entry


def _put(item: Object, entries: list[Object]) -> None:
    if entries:
        item["metadata"]["managedFields"] = entries
    else:
        item["metadata"].pop("managedFields", None)


def _conflict(clashes: list[tuple[Object, Path]]) -> ApiFailure:
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {_called(entry)}", "field": written(path)}
        for entry, path in clashes
    ]
    if len(clashes) == 1:
        told = f"1 conflict: conflict with {_called(clashes[0][0])}: {written(clashes[0][1])}"
    else:
        lines = []
        for who in sorted({_called(entry) for entry, _ in clashes}):
            lines.append(f"conflicts with {who}:")
            lines += [f"- {written(path)}" for entry, path in clashes if _called(entry) == who]
        told = f"{len(clashes)} conflicts: " + "\n".join(lines)
    return ApiFailure(409, "Conflict", f"Apply failed with {told}", details={"causes": causes})


def _called(entry: Object) -> str:
    name = f'"{entry["manager"]}"'
    if entry.get("subresource"):
        name += f' with subresource "{entry["subresource"]}"'
    return f"{name} using {entry['apiVersion']}" if entry["operation"] == UPDATE else name
