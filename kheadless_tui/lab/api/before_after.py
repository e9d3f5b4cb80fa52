"""What an update keeps of the object before it, and what a deletion asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.objects.store import Object, clone


def carry_over(item: Object, before: Object) -> None:
    """A Service keeps the addresses that an update does not name (Service strategy, patchAllocatedValues)."""
    spec, old = item.setdefault("spec", {}), before["spec"]
    if spec.get("type") == "ExternalName":
        return
    for field in ("clusterIP", "clusterIPs"):
        if not spec.get(field):
            spec.pop(field, None)
    if spec.get("clusterIP", old.get("clusterIP")) != old.get("clusterIP") and spec.get("clusterIPs") == old.get(
        "clusterIPs"
    ):
        spec["clusterIPs"] = [spec["clusterIP"]]
    for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if field in old:
            spec.setdefault(field, clone(old[field]))


def slice_differs(item: Object, before: Object) -> bool:
    """Whether an EndpointSlice gets a new generation: its labels count, other metadata does not."""

    def counted(one: Object) -> list[Any]:
        return [{key: value for key, value in one.items() if key != "metadata"}, one["metadata"].get("labels") or {}]

    return counted(item) != counted(before)


def cluster_addresses(service: Object) -> list[tuple[str, str]]:
    """Family and address of each cluster address of a Service."""
    addresses = [address for address in service["spec"].get("clusterIPs") or () if address and address != "None"]
    return [("IPv6" if ":" in address else "IPv4", address) for address in addresses]


def check_preconditions(resource: Resource, item: Object, wanted: Mapping[str, Any]) -> None:
    """Refuse a deletion that was meant for another object or version.

    Raises:
        ApiFailure: 409.
    """
    for field, label, end in (
        ("uid", "UID", "The object might have been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "The object might have been modified"),
    ):
        value, stored = wanted.get(field), item["metadata"][field]
        if value and value != stored:
            text = f"the {label} in the precondition ({value}) does not match the {label} in record ({stored}). {end}"
            name = item["metadata"]["name"]
            details = {"name": name, "group": resource.group, "kind": resource.kind}
            raise ApiFailure(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {resource.qualified_kind} "{name}": {text}',
                details={key: value for key, value in details.items() if value},
            )
