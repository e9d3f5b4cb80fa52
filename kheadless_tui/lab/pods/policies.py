"""NetworkPolicies: which connection they let through (the API documentation of networking.k8s.io/v1).

A pod that a policy selects for a direction takes part only in what some policy lists for that direction; policies add
up; a pod that none selects is open. Connections of the pod's own node are always let in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.validation import selectors


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a connection."""

    address: str
    """Empty for a node that connects: it is always let in."""
    pod: Object | None = None
    """``None`` for what is no pod: a node, or something outside."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What is to be let through, after kube-proxy has chosen an endpoint."""

    source: Side
    target: Side
    port: int
    protocol: str


class Policies:
    """All policies, and the labels of the namespaces that they may name."""

    def __init__(self, policies: Iterable[Object], namespaces: Iterable[Object]) -> None:
        self._policies = list(policies)
        self._namespaces = {item["metadata"]["name"]: item["metadata"].get("labels") or {} for item in namespaces}

    def allow(self, connection: Connection) -> bool:
        """Whether a connection is let through, out of its source and into its target."""
        if not self._policies or connection.source.address == connection.target.address:
            return True
        return self._allowed(connection, connection.source, connection.target, "Egress", "egress", "to") and (
            self._allowed(connection, connection.target, connection.source, "Ingress", "ingress", "from")
        )

    def _allowed(self, connection: Connection, own: Side, other: Side, direction: str, rules: str, peers: str) -> bool:
        if own.pod is None or not other.address:
            return True
        selecting = [policy for policy in self._policies if _selects(policy, own.pod, direction)]
        if not selecting:
            return True
        return any(
            self._listed(connection, other, rule, peers, policy["metadata"]["namespace"])
            for policy in selecting
            for rule in policy["spec"].get(rules) or ()
        )

    def _listed(self, connection: Connection, other: Side, rule: Mapping[str, Any], peers: str, namespace: str) -> bool:
        listed = rule.get(peers)
        if listed and not any(self._is_peer(other, peer, namespace) for peer in listed):
            return False
        ports = rule.get("ports")
        return not ports or any(_is_port(connection, port) for port in ports)

    def _is_peer(self, side: Side, peer: Mapping[str, Any], namespace: str) -> bool:
        block = peer.get("ipBlock")
        if block is not None:
            return _within(side.address, block["cidr"]) and not any(
                _within(side.address, cidr) for cidr in block.get("except") or ()
            )
        if side.pod is None:
            return False
        meta = side.pod["metadata"]
        spaces = peer.get("namespaceSelector")
        if spaces is None:
            if meta["namespace"] != namespace:
                return False
        elif not _matches(spaces, self._namespaces.get(meta["namespace"], {})):
            return False
        pods = peer.get("podSelector")
        return pods is None or _matches(pods, meta.get("labels") or {})


def _selects(policy: Object, pod: Object, direction: str) -> bool:
    spec, meta = policy["spec"], pod["metadata"]
    if policy["metadata"]["namespace"] != meta["namespace"] or pod["spec"].get("hostNetwork"):
        return False
    kinds = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") is not None else [])]
    return direction in kinds and _matches(spec.get("podSelector") or {}, meta.get("labels") or {})


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """An empty selector matches all, as it does in policies."""
    return selectors.matches(selectors.of_workload(dict(selector)), labels) if selector else True


def _is_port(connection: Connection, listed: Mapping[str, Any]) -> bool:
    if listed.get("protocol", "TCP") != connection.protocol:
        return False
    port = listed.get("port")
    if port is None:
        return True
    if isinstance(port, str):
        return connection.port in _named_ports(connection.target.pod, port, connection.protocol)
    return int(port) <= connection.port <= int(listed.get("endPort", port))


def _named_ports(pod: Object | None, name: str, protocol: str) -> set[int]:
    if pod is None:
        return set()
    return {
        item["containerPort"]
        for container in pod["spec"].get("containers") or ()
        for item in container.get("ports") or ()
        if item.get("name") == name and item.get("protocol", "TCP") == protocol
    }


def _within(address: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
