"""Services (pkg/apis/core/validation ValidateService, and the address allocator)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab.objects.defaults import SERVICE_RANGE, SERVICE_RANGE_6, Addresses
from kheadless_tui.lab.objects.failure import Cause
from kheadless_tui.lab.validation.fields import (
    NO_ADDRESS,
    PROTOCOLS,
    address_of,
    duplicate,
    forbidden,
    invalid,
    label_errors,
    labels,
    named,
    one_of,
    port_name,
    port_number,
    required,
    subdomain_errors,
)

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")


def new_service(spec: dict[str, Any], addresses: dict[str, Addresses]) -> Iterator[Cause]:
    """A Service that is created; its addresses must be free."""
    if spec.get("type") != "ExternalName" and not [*_families(spec)]:
        given = [address for address in spec.get("clusterIPs") or [spec.get("clusterIP")] if address]
        refused = [cause for one in given if one != "None" for cause in _allocation(one, given, addresses)]
        if refused:  # addresses are allocated before anything else is looked at (Store.BeginCreate)
            yield from refused
            return
    yield from _service(spec)


def changed_service(spec: dict[str, Any], before: dict[str, Any]) -> Iterator[Cause]:
    """A Service that is changed; its first address stays."""
    if "ExternalName" not in (spec.get("type"), before.get("type")):
        old = (before.get("clusterIPs") or [None])[0]
        new = spec.get("clusterIP")
        if old and new != old:
            yield invalid("spec.clusterIPs[0]", [new], "may not change once set")
            return
    yield from _service(spec)


def _service(spec: dict[str, Any]) -> Iterator[Cause]:
    kind, ports = spec.get("type") or "ClusterIP", spec.get("ports") or []
    headless = spec.get("clusterIP") == "None"
    if not ports and not headless and kind != "ExternalName":
        yield required("spec.ports")
    if headless and kind in ("LoadBalancer", "NodePort"):
        yield invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    if kind == "ExternalName":
        yield from _external(spec)
    yield from _ports(ports, kind)
    yield from labels("spec.selector", spec.get("selector"))
    yield from one_of("spec.sessionAffinity", spec.get("sessionAffinity") or "None", ("ClientIP", "None"))
    yield from one_of("spec.type", kind, _TYPES)
    if kind != "ExternalName":
        yield from one_of(
            "spec.internalTrafficPolicy", spec.get("internalTrafficPolicy") or "Cluster", ("Cluster", "Local")
        )
        yield from _families(spec)


def _external(spec: dict[str, Any]) -> Iterator[Cause]:
    if spec.get("clusterIP") or spec.get("clusterIPs"):
        yield forbidden("spec.clusterIPs", "may not be set for ExternalName services")
    name = spec.get("externalName") or ""
    if name:
        yield from named("spec.externalName", name, subdomain_errors(name.removesuffix(".")))
    else:
        yield required("spec.externalName")


def _ports(ports: list[dict[str, Any]], kind: str) -> Iterator[Cause]:
    names: set[str] = set()
    for number, port in enumerate(ports):
        where, name = f"spec.ports[{number}]", port.get("name") or ""
        if len(ports) > 1 and not name:
            yield required(f"{where}.name")
        elif name:
            yield from named(f"{where}.name", name, label_errors(name))
            if name in names:
                yield duplicate(f"{where}.name", name)
            names.add(name)
        yield from port_number(f"{where}.port", port.get("port"))
        yield from one_of(f"{where}.protocol", port.get("protocol") or "TCP", PROTOCOLS)
        target = port.get("targetPort", port.get("port"))
        if isinstance(target, str):
            yield from port_name(f"{where}.targetPort", target)
        elif kind != "ExternalName":
            yield from port_number(f"{where}.targetPort", target)
        if port.get("nodePort") and kind in ("ClusterIP", "ExternalName"):
            yield forbidden(f"{where}.nodePort", f"may not be used when `type` is '{kind}'")
    seen: set[tuple[str, Any]] = set()
    for number, port in enumerate(ports):
        key = (port.get("protocol") or "TCP", port.get("port"))
        if key in seen:
            shown = {
                "Name": "",
                "Protocol": key[0],
                "AppProtocol": None,
                "Port": key[1],
                "TargetPort": 0,
                "NodePort": 0,
            }
            yield duplicate(f"spec.ports[{number}]", shown)
        seen.add(key)


def _families(spec: dict[str, Any]) -> Iterator[Cause]:
    """The fields about addresses, together (ValidateServiceClusterIPsRelatedFields)."""
    one, several = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    if several and not one:
        yield invalid("spec.clusterIPs", several, "must be empty when `clusterIP` is not specified")
    elif several and several[0] != one:
        yield invalid("spec.clusterIPs", several, "first value must match `clusterIP`")
    families = spec.get("ipFamilies") or []
    for number, family in enumerate(families):
        yield from one_of(f"spec.ipFamilies[{number}]", family, _FAMILIES)
        if family in families[:number]:
            yield duplicate(f"spec.ipFamilies[{number}]", family)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None:
        yield from one_of("spec.ipFamilyPolicy", policy, _POLICIES)
    addresses = several or ([one] if one else [])
    if policy == "SingleStack" and len(families) > 1:
        why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"
        yield invalid("spec.ipFamilyPolicy", policy, why)
    if "None" in addresses and len(addresses) > 1:
        yield invalid("spec.clusterIPs", addresses, "'None' must be the first and only value")
        return
    for number, text in enumerate(addresses):
        address = address_of(text)
        if text == "None":
            continue
        if address is None:
            yield invalid(f"spec.clusterIPs[{number}]", text, NO_ADDRESS)
        elif number < len(families) and families[number] != f"IPv{address.version}":
            why = f"expected an {families[number]} value as indicated by `ipFamilies[{number}]`"
            yield invalid(f"spec.clusterIPs[{number}]", text, why)


def _allocation(text: str, given: list[str], addresses: dict[str, Addresses]) -> Iterator[Cause]:
    address = address_of(text)
    if address is None:
        return
    if address not in (SERVICE_RANGE if address.version == 4 else SERVICE_RANGE_6):
        why = "the provided network does not match the current range"
    elif addresses[f"IPv{address.version}"].taken(text):
        why = "provided IP is already allocated"
    else:
        return
    yield invalid("spec.clusterIPs", given, f"failed to allocate IP {text}: {why}")
