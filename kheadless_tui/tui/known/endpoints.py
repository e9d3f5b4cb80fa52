"""The endpoints of one Service as people think of them: a pod with all its addresses, and whether DNS knows it.

EndpointSlices hold one address family each, and one Service may have many; here their endpoints are put together by
pod. Pods that the Service selects but that no slice lists are told too, with what keeps them out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kheadless_tui.model.objects import Endpoint, EndpointSlice, ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod
from kheadless_tui.tui.known.podstatus import pod_status_text
from kheadless_tui.tui.text.ages import age_since
from kheadless_tui.tui.text.cells import clean, natural
from kheadless_tui.zone.naming.endpoint_names import endpoint_hostname
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.serving.config import ZoneConfig

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
"""Label that says who writes a slice (discovery.k8s.io/v1 LabelManagedBy)."""
_CONTROLLER = "endpointslice-controller.k8s.io"
_MIRRORING = "endpointslicemirroring-controller.k8s.io"


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """One endpoint, cleaned for the terminal. Texts are ``–`` where something is not known."""

    id: str
    pod: str
    """Name of the pod, empty when there is none behind the address."""
    in_dns: bool
    reason: str
    """Why it is not in DNS, or what is peculiar about its being there; empty for a plain yes."""
    terminating: bool
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    ready: str
    status: str
    restarts: str
    node: str
    zone: str
    age: str
    dns_names: tuple[str, ...]
    """Its names below the Service, in DNS or not."""
    slices: tuple[str, ...]
    known: bool = True
    """Whether it is in DNS is known: all slices were read, or one that lists it."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses, IPv4 first."""
        return self.ipv4 + self.ipv6

    @property
    def name(self) -> str:
        """What stands in the first column."""
        return self.pod or "(no pod)"

    @property
    def verdict(self) -> str:
        """The answer to the question of the second column."""
        if not self.known:
            return "not known"
        word = "yes" if self.in_dns else "no"
        return f"{word}: {self.reason}" if self.reason else word


UNKNOWN_TEXT = "–"


class _Group:
    """What the slices say of one pod or bare endpoint, while they are read."""

    def __init__(self, key: str, pod: str) -> None:
        self.key = key
        self.pod = pod
        self.parts: list[tuple[EndpointSlice, Endpoint]] = []


def endpoint_entries(
    snapshot: Snapshot, service: Service, config: ZoneConfig, now: float, *, known: bool = True
) -> list[EndpointEntry]:
    """All endpoints of a Service and the pods it selects in vain, sorted by pod, those without pod last.

    Args:
        snapshot: What is known.
        service: The Service.
        config: How the zone is served: decides names, and which slices count.
        now: Unix time, for ages.
        known: All slices were read: a pod that is in none is not in DNS.
    """
    groups: dict[str, _Group] = {}
    for item in snapshot.slices_of(service.key):
        for endpoint in item.endpoints or ():
            key, pod = _identity(endpoint)
            groups.setdefault(key, _Group(key, pod)).parts.append((item, endpoint))
    watched = Watched(snapshot, config)
    served = {item.key for item in watched.slices_of(service.key)} if _is_served(watched, service) else set()
    entries = [_from_slices(snapshot, service, config, group, served, now) for group in groups.values()]
    listed = {group.pod for group in groups.values() if group.pod}
    entries += [
        replace(_unlisted(pod, now), known=known) for pod in _selected(snapshot, service) if pod.name not in listed
    ]
    return sorted(entries, key=lambda entry: (not entry.pod, natural(entry.pod), entry.addresses))


def _is_served(watched: Watched, service: Service) -> bool:
    return watched.namespace(service.namespace) and watched.service(service.key) is not None


def _identity(endpoint: Endpoint) -> tuple[str, str]:
    """A key that is the same for both families of one pod, and the pod's name."""
    if endpoint.pod_name:
        return f"pod/{endpoint.pod_name}", endpoint.pod_name
    if endpoint.hostname:
        return f"host/{endpoint.hostname}", ""
    return f"address/{','.join(endpoint.addresses or ())}", ""


def _selected(snapshot: Snapshot, service: Service) -> Iterable[Pod]:
    selector = service.selector
    if not selector:
        return ()
    return [
        pod
        for pod in snapshot.pods(service.namespace)
        if all(pod.labels.get(label) == value for label, value in selector.items())
    ]


def _from_slices(
    snapshot: Snapshot, service: Service, config: ZoneConfig, group: _Group, served: set[ObjectKey], now: float
) -> EndpointEntry:
    pod = snapshot.pod(ObjectKey(service.namespace, group.pod)) if group.pod else None
    endpoints = [endpoint for _, endpoint in group.parts]
    addresses = _unique(address for endpoint in endpoints for address in endpoint.addresses or ())
    in_dns = any(endpoint.ready and item.key in served for item, endpoint in group.parts)
    terminating = any(endpoint.terminating for endpoint in endpoints)
    names = _unique(
        endpoint_hostname(endpoint, address, config) for endpoint in endpoints for address in endpoint.addresses or ()
    )
    columns = pod_status_text(pod) if pod else None
    return EndpointEntry(
        id=group.key,
        pod=clean(group.pod),
        in_dns=in_dns,
        reason=_reason(group, pod, in_dns, terminating, bool(served)),
        terminating=terminating,
        ipv4=tuple(clean(address) for address in addresses if not _is_ipv6(address)),
        ipv6=tuple(clean(address) for address in addresses if _is_ipv6(address)),
        ready=columns.ready if columns else UNKNOWN_TEXT,
        status=clean(columns.status) if columns else UNKNOWN_TEXT,
        restarts=str(columns.restarts) if columns else UNKNOWN_TEXT,
        node=clean(next((end.node_name for end in endpoints if end.node_name), UNKNOWN_TEXT)),
        zone=clean(next((end.zone for end in endpoints if end.zone), UNKNOWN_TEXT)),
        age=age_since(pod.metadata.creation_timestamp, now) if pod else UNKNOWN_TEXT,
        dns_names=tuple(clean(name) for name in names if name),
        slices=_unique(clean(item.name) for item, _ in group.parts),
    )


def _reason(group: _Group, pod: Pod | None, in_dns: bool, terminating: bool, served: bool) -> str:
    if not in_dns:
        if not served:
            return "not served"
        return "terminating" if terminating else "not ready"
    # The endpoint counts as ready though its pod is not: publishNotReadyAddresses.
    if terminating:
        return "terminating"
    if pod is not None and not pod.ready:
        return "not ready"
    managers = {item.labels.get(MANAGED_BY, "") for item, _ in group.parts}
    if not group.pod and _MIRRORING in managers:
        return "from Endpoints"
    if not group.pod and _CONTROLLER not in managers:
        return "hand-made slice"
    return ""


def _unlisted(pod: Pod, now: float) -> EndpointEntry:
    columns = pod_status_text(pod)
    if pod.status.phase in ("Succeeded", "Failed"):
        reason = "has ended"
    elif not pod.addresses:
        reason = "no address"
    else:
        reason = "in no slice"
    return EndpointEntry(
        id=f"pod/{pod.name}",
        pod=clean(pod.name),
        in_dns=False,
        reason=reason,
        terminating=pod.terminating,
        ipv4=tuple(clean(address) for address in pod.addresses if not _is_ipv6(address)),
        ipv6=tuple(clean(address) for address in pod.addresses if _is_ipv6(address)),
        ready=columns.ready,
        status=clean(columns.status),
        restarts=str(columns.restarts),
        node=clean(pod.spec.node_name or UNKNOWN_TEXT),
        zone=UNKNOWN_TEXT,
        age=age_since(pod.metadata.creation_timestamp, now),
        dns_names=(),
        slices=(),
    )


def _is_ipv6(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).version == 6
    except ValueError:
        return ":" in address


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
