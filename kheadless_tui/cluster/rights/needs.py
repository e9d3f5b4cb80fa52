"""Which rights the program needs, and what for: what is looked for among the rights that the user has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kheadless_tui.cluster.state import Scope
from kheadless_tui.model.kinds import CONFIG_MAP, ENDPOINT_SLICE, ENDPOINTS, NAMESPACE, POD, SERVICE, STATEFUL_SET, Kind

DNS_NAMESPACE = "kube-system"
"""Where CoreDNS, its Service and its Corefile are."""

SHOWN = (POD, STATEFUL_SET, ENDPOINTS)
"""What is read of a namespace while its pods are shown."""

READ_FOR = {
    SERVICE.plural: "the tree of Services and their records",
    ENDPOINT_SLICE.plural: "the records of a headless Service: its endpoints",
    NAMESPACE.plural: "the list of namespaces",
    POD.plural: "the pods behind a Service",
    STATEFUL_SET.plural: "the StatefulSet that a Service governs",
    ENDPOINTS.plural: "what is said of Endpoints without EndpointSlices",
}
"""What each kind is read for, by its plural."""


@dataclass(frozen=True, slots=True)
class Need:
    """A right that something depends on."""

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    """Empty for all namespaces, and for what is in none."""
    needed_for: str
    name: str = ""
    """The one object that is meant; empty for every object."""


def needs_of(scope: Scope, shown: Iterable[str]) -> list[Need]:
    """What is needed, the most important first.

    Args:
        scope: Which namespaces are read.
        shown: The namespaces whose pods are shown, or would be: probes are made from there.
    """
    found: list[Need] = []
    for namespace in scope.namespaces or ("",):
        found += _reading(SERVICE, namespace) + _reading(ENDPOINT_SLICE, namespace)
    if scope.all or scope.only:
        found += _reading(NAMESPACE, "")
    for namespace in sorted(shown):
        for kind in SHOWN:
            found += _reading(kind, namespace)
        found += _probing(namespace)
    served = "how the zone is served: the cluster's Corefile"
    found.append(Need("get", "", CONFIG_MAP.plural, "", DNS_NAMESPACE, served, "coredns"))
    return found


def _reading(kind: Kind, namespace: str) -> list[Need]:
    purpose = READ_FOR[kind.plural]
    return [Need(verb, kind.group, kind.plural, "", namespace, purpose) for verb in ("list", "watch")]


def _probing(namespace: str) -> list[Need]:
    """What a probe from this namespace may use, whatever its carrier."""
    ways = (
        ("get", "exec", "asking DNS from inside a pod (--from pod/NAME)"),
        ("patch", "ephemeralcontainers", "asking DNS from a debug container (--from debug/POD)"),
        ("create", "", "asking DNS from a temporary pod (--from new)"),
        ("get", "", "seeing that a pod or container made for a probe runs (--from new, --from debug/POD)"),
        ("delete", "", "removing the temporary pod of a probe (--from new)"),
    )
    replicas = "asking each CoreDNS replica (--from coredns)"
    return [
        *(Need(verb, "", POD.plural, subresource, namespace, purpose) for verb, subresource, purpose in ways),
        Need("list", "", POD.plural, "", DNS_NAMESPACE, replicas),
        Need("get", "", POD.plural, "portforward", DNS_NAMESPACE, replicas),
    ]
