"""The apex, the top of the zone: NS, ns.dns and dns-version; its SOA is in soa.py.

Sources: plugin/kubernetes/ns.go, local.go, kubernetes.go Services, plugin/backend_lookup.go NS.
"""

from __future__ import annotations

from typing import NamedTuple

from kheadless_tui.zone.answering.ttl import VERSION_TTL
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.objects.endpoint_slices import Port, slice_addresses
from kheadless_tui.zone.objects.pairs import Pair
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import Record, Source
from kheadless_tui.zone.serving.dns_service import DNS_SERVICE, dns_service

SCHEMA_VERSION = "1.1.0"
"""What dns-version says: the specification that is served (kubernetes.go DNSSchemaVersion)."""
_DEFAULT_NS = "ns.dns."


class NameServer(NamedTuple):
    """One address under one name-server name; the same may come several times."""

    name: str
    family: str
    address: str
    source: Source | None


def version_record(owner: str) -> Record:
    """The TXT record dns-version."""
    return Record(owner, VERSION_TTL, "TXT", f'"{SCHEMA_VERSION}"')


def is_version_name(name: str, zone: str) -> bool:
    """Whether a name in lower case is ``dns-version.ZONE``."""
    return name == f"dns-version.{_dotted(zone)}".lower()


def is_default_ns(name: str, zone: str) -> bool:
    """Whether a name in lower case is taken for ``ns.dns.ZONE``; the zone is compared as the question writes it.

    The plugin looks for the zone's text behind ``ns.dns.`` and not for the end of the name, so that every longer name
    of the zone counts as well, such as ns.dns.cluster.local.default.svc.cluster.local (plugin/kubernetes/ns.go
    isDefaultNS; measured). In the root zone none does: the first dot is too early.
    """
    return name.startswith(_DEFAULT_NS) and name.find(zone) == len(_DEFAULT_NS)


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


def differs_by_replica(seen: Watched) -> bool:
    """Whether each replica answers for the name servers with the addresses of its own interfaces.

    So it is where none of them is an endpoint, as ``noendpoints`` or ``labels`` hide the slices (ns.go nsAddrs). Of
    these addresses only those of a pod's slices are known: there may be link-local ones besides (local.go boundIPs).
    """
    own = None if seen.config.local_addresses is not None else local_addresses(seen)
    return own is not None and not any(seen.slices_at(address) for address in own)


def own_address_unknown(seen: Watched) -> str:
    """What is not known of the name servers' addresses; empty where all of it is."""
    service = dns_service(seen.snapshot)
    if differs_by_replica(seen):
        return f"each replica of {service} answers with all addresses of its own, as the server sees no endpoint of it"
    if local_addresses(seen) is not None:
        return ""
    return f"the DNS server's own addresses: no endpoint of Service {service} is known"


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
            if service.headless:
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
