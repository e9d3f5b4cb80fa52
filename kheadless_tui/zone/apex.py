"""The top of the zone: SOA, NS, ns.dns and dns-version; reference sections 2.5 and 10.

Sources: plugin/kubernetes/ns.go, local.go, kubernetes.go Services, plugin/backend_lookup.go SOA and NS.
"""

from __future__ import annotations

from typing import NamedTuple

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.addresses import canonical
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.endpoints import Port, slice_addresses
from kheadless_tui.zone.names import service_name
from kheadless_tui.zone.pairs import Pair, is_headless
from kheadless_tui.zone.record import Record, Source
from kheadless_tui.zone.watched import Watched

SCHEMA_VERSION = "1.1.0"
"""What dns-version says: the specification that is served (kubernetes.go DNSSchemaVersion)."""
SCHEMA_TTL = 28800
"""Seconds (kubernetes.go Services)."""
SOA_TTL_MAX = 300
"""Seconds (backend_lookup.go SOA)."""
DNS_SERVICE = ObjectKey("kube-system", "kube-dns")
"""The Service in front of the DNS servers, by the name that kubeadm and most installers give it."""
_OPENSHIFT = ObjectKey("openshift-dns", "dns-default")
_LABEL = ("k8s-app", "kube-dns")


class NameServer(NamedTuple):
    """One address under one name-server name; the same may come several times."""

    name: str
    family: str
    address: str
    source: Source | None


def soa_record(zone: str, config: ZoneConfig) -> Record:
    """The SOA of a zone; its serial, a Unix time that each server keeps for itself, is given as 0."""
    ttl = min(config.ttl, SOA_TTL_MAX)
    return Record(zone, ttl, "SOA", f"ns.dns.{_dotted(zone)} hostmaster.{_dotted(zone)} 0 7200 1800 86400 {config.ttl}")


def version_record(owner: str) -> Record:
    """The TXT record dns-version."""
    return Record(owner, SCHEMA_TTL, "TXT", f'"{SCHEMA_VERSION}"')


def is_version_name(name: str, zone: str) -> bool:
    """Whether a name in lower case is ``dns-version.ZONE``."""
    return name == f"dns-version.{_dotted(zone)}".lower()


def dns_service(snapshot: Snapshot) -> ObjectKey:
    """The Service in front of the cluster's DNS servers.

    By the names that installers give it; else the Service of kube-system with a cluster address and the label that all
    of them carry (RKE2 and others name it after their chart). None found: the usual name.
    """
    for key in (DNS_SERVICE, _OPENSHIFT):
        if snapshot.service(key) is not None:
            return key
    for service in snapshot.services(DNS_SERVICE.namespace):
        named, value = _LABEL
        if service.labels.get(named) == value and service.cluster_ips and not is_headless(service):
            return service.key
    return DNS_SERVICE


def local_addresses(seen: Watched) -> tuple[str, ...] | None:
    """The server's own addresses; ``None`` when they are neither configured nor found.

    Without configuration they are those of one pod behind the cluster's DNS Service, the first by name: all
    replicas of it have the same name-server records as long as they are behind the same Services.
    """
    if seen.config.local_addresses is not None:
        return seen.config.local_addresses
    by_pod: dict[str, list[str]] = {}
    for item in seen.snapshot.slices_of(dns_service(seen.snapshot)):
        for place in slice_addresses(item, seen.config):
            by_pod.setdefault(place.ref.pod or place.address, []).append(place.address)
    return tuple(dict.fromkeys(by_pod[min(by_pod)])) if by_pod else None


def name_servers(seen: Watched, zone: str) -> list[NameServer] | None:
    """The name servers of a zone with their addresses (ns.go nsAddrs).

    For each own address that is a ready endpoint: the Services of those slices; a headless one gives a name for every
    ready address of the slice. No own address is an endpoint: ns.dns with the own addresses.

    Returns:
        ``None`` when the server's own addresses are not known.
    """
    own = local_addresses(seen)
    if own is None:
        return None
    found: list[NameServer] = []
    inside = False
    for address in own:
        for item in seen.slices_at(address):
            inside = True
            key = item.service_key
            service = seen.service(key) if key is not None else None
            if key is None or service is None:
                continue
            base = service_name(key, zone)
            if is_headless(service):
                for place in slice_addresses(item, seen.config):
                    found.append(_name_server(f"{place.name}.{base}", place.address, place.source))
            else:
                for number, cluster_ip in enumerate(service.cluster_ips):
                    found.append(_name_server(base, cluster_ip, Source("Service", key, f"spec.clusterIPs[{number}]")))
    if inside:
        return found
    return [_name_server(f"ns.dns.{_dotted(zone)}", address, None) for address in own]


def ns_records(servers: list[NameServer], zone: str, ttl: int) -> tuple[list[Record], list[Record]]:
    """The NS records of a zone, one per name, and all addresses of them."""
    answer = {item.name: Record(zone, ttl, "NS", item.name) for item in servers}
    return list(answer.values()), [Record(item.name, ttl, item.family, item.address) for item in servers]


def pair_of(server: NameServer) -> Pair:
    """A name server's address as what ns.dns stands for."""
    source = server.source or Source("Service", DNS_SERVICE)
    return Pair(server.address, Port(0), server.name, source, None)


def _name_server(name: str, address: str, source: Source | None) -> NameServer:
    family, text = canonical(address) or ("AAAA", address)
    return NameServer(name, family, text, source)


def _dotted(zone: str) -> str:
    return "" if zone == "." else zone
