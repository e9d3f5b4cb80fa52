"""EndpointSlices, Endpoints and NetworkPolicies (pkg/apis/discovery, core and networking validation)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab.objects.failure import Cause
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.validation.fields import (
    NO_ADDRESS,
    PROTOCOLS,
    address_of,
    duplicate,
    endpoint_address,
    invalid,
    label_errors,
    named,
    one_of,
    port_name,
    port_number,
    required,
)

_TYPES = ("FQDN", "IPv4", "IPv6")
MAX_ADDRESSES = 100
"""Addresses of one endpoint."""


def endpoint_slice(item: Object) -> Iterator[Cause]:
    """An EndpointSlice, new or changed."""
    kind = item.get("addressType") or ""
    if not kind:
        yield required("addressType")
    else:
        yield from one_of("addressType", kind, _TYPES)
    for number, endpoint in enumerate(item.get("endpoints") or ()):
        where = f"endpoints[{number}]"
        addresses = endpoint.get("addresses") or []
        if not addresses:
            yield required(f"{where}.addresses", "must contain at least 1 address")
        for place, text in enumerate(addresses):
            yield from _slice_address(f"{where}.addresses", place, text, kind)
        if endpoint.get("hostname"):
            yield from named(f"{where}.hostname", endpoint["hostname"], label_errors(endpoint["hostname"]))
    names: set[str] = set()
    for number, port in enumerate(item.get("ports") or ()):
        name = port.get("name") or ""
        if name in names:
            yield duplicate(f"ports[{number}].name", name)
        names.add(name)
        if name:
            yield from named(f"ports[{number}].name", name, label_errors(name))
        yield from one_of(f"ports[{number}].protocol", port.get("protocol") or "TCP", PROTOCOLS)


def _slice_address(field: str, place: int, text: str, kind: str) -> Iterator[Cause]:
    address = address_of(text)
    if kind not in ("IPv4", "IPv6"):
        return
    if address is None or f"IPv{address.version}" != kind:
        yield invalid(field, text, f"must be an {kind} address")
    else:
        yield from endpoint_address(f"{field}[{place}]", text)


def changed_slice(item: Object, before: Object) -> Iterator[Cause]:
    """An EndpointSlice that is changed keeps its type."""
    if item.get("addressType") != before.get("addressType"):
        yield invalid("addressType", item.get("addressType"), "field is immutable")
        return
    yield from endpoint_slice(item)


def endpoints(item: Object) -> Iterator[Cause]:
    """Endpoints, new or changed."""
    for number, subset in enumerate(item.get("subsets") or ()):
        where, ports = f"subsets[{number}]", subset.get("ports") or []
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            yield required(where, "must specify `addresses` or `notReadyAddresses`")
        for field in ("addresses", "notReadyAddresses"):
            for place, address in enumerate(subset.get(field) or ()):
                at, text = f"{where}.{field}[{place}].ip", address.get("ip") or ""
                if address_of(text) is None:
                    yield invalid(at, text, NO_ADDRESS)
                yield from endpoint_address(at, text)
                if address.get("hostname"):
                    host = address["hostname"]
                    yield from named(f"{where}.{field}[{place}].hostname", host, label_errors(host))
        for place, port in enumerate(ports):
            at = f"{where}.ports[{place}]"
            if len(ports) > 1 and not port.get("name"):
                yield required(f"{at}.name")
            elif port.get("name"):
                yield from named(f"{at}.name", port["name"], label_errors(port["name"]))
            yield from port_number(f"{at}.port", port.get("port"))
            yield from one_of(f"{at}.protocol", port.get("protocol") or "TCP", PROTOCOLS)


def network_policy(spec: dict[str, Any]) -> Iterator[Cause]:
    """A NetworkPolicy, new or changed."""
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for number, rule in enumerate(spec.get(direction) or ()):
            for place, port in enumerate(rule.get("ports") or ()):
                at = f"spec.{direction}[{number}].ports[{place}]"
                if isinstance(port.get("port"), str):
                    yield from port_name(f"{at}.port", port["port"])
                elif "port" in port:
                    yield from port_number(f"{at}.port", port["port"])
                yield from one_of(f"{at}.protocol", port.get("protocol") or "TCP", PROTOCOLS)
            for place, peer in enumerate(rule.get(side) or ()):
                yield from _peer(peer, f"spec.{direction}[{number}].{side}[{place}]")
    for number, kind in enumerate(spec.get("policyTypes") or ()):
        yield from one_of(f"spec.policyTypes[{number}]", kind, ("Ingress", "Egress"))


def _peer(peer: dict[str, Any], where: str) -> Iterator[Cause]:
    if not any(peer.get(field) is not None for field in ("podSelector", "namespaceSelector", "ipBlock")):
        yield required(where, "must specify a peer")
    block = peer.get("ipBlock")
    if block is not None:
        try:
            ipaddress.ip_network(block.get("cidr") or "", strict=False)
        except ValueError:
            why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            yield invalid(f"{where}.ipBlock.cidr", block.get("cidr") or "", why)
