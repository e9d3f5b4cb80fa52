"""Which server a pod asks: the cluster's DNS, whose answers are predicted, or another one.

glibc and Go ask the servers of resolv.conf in order and the next one when there is no reply, with the option rotate
each first in turn; musl asks all at once and takes the reply that comes first (src/network/res_msend.c).
"""

from __future__ import annotations

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.serving.dns_service import NODE_LOCAL, dns_service
from kheadless_tui.zone.stub.resolv_conf import MAX_NAMESERVERS, ResolvConf


def other_server(resolv: ResolvConf, snapshot: Snapshot, libc: str) -> str:
    """What is not certain since a server is asked that may not be the cluster's DNS; empty when that answers.

    A resolv.conf without servers, such as a search list alone, is taken to mean the cluster's DNS.

    Args:
        resolv: the pod's.
        snapshot: for the Service in front of the cluster's DNS.
        libc: ``glibc``, ``musl`` or ``go``.
    """
    if resolv.servers_before == "none":
        return "this pod does not ask the cluster's DNS: no server is named, so that resolvers ask 127.0.0.1"
    if resolv.servers_before == "node":
        return "this pod does not ask the cluster's DNS but the servers of its node's /etc/resolv.conf"
    servers = resolv.nameservers[:MAX_NAMESERVERS]
    others = [server for server in servers if not _is_clusters(server, snapshot)]
    if not others:
        return ""
    told = ", ".join(others)
    after_clusters = resolv.servers_before == "cluster" or servers[0] not in others
    if after_clusters and libc != "musl" and not resolv.rotate:
        return ""
    if not _is_known(snapshot):
        return f"whether {told} is the cluster's DNS: Service {dns_service(snapshot)} was not read"
    if not after_clusters and len(others) == len(servers):
        return f"this pod does not ask the cluster's DNS but {told}"
    if libc == "musl":
        return f"musl asks all servers at once, and {told}, which is not the cluster's DNS, may be first to reply"
    if resolv.rotate:
        return f"by options rotate {told} is asked in turn with the cluster's DNS"
    return f"this pod asks {servers[0]} first, which is not the cluster's DNS"


def server_after(rcode: str, resolv: ResolvConf, snapshot: Snapshot, libc: str) -> str:
    """What is not certain since glibc or Go goes on from the cluster's DNS to a server that may not be it.

    Args:
        rcode: of the reply that said nothing.
        resolv: the pod's.
        snapshot: for the Service in front of the cluster's DNS.
        libc: ``glibc`` or ``go``; musl asks all servers at once in any case.
    """
    others = [server for server in resolv.nameservers[:MAX_NAMESERVERS] if not _is_clusters(server, snapshot)]
    if not others or other_server(resolv, snapshot, libc):
        return ""
    told = ", ".join(others)
    if not _is_known(snapshot):
        return f"whether {told} is the cluster's DNS: Service {dns_service(snapshot)} was not read"
    return f"after {rcode} {libc} asks {told}, which is not the cluster's DNS"


def _is_known(snapshot: Snapshot) -> bool:
    return snapshot.service(dns_service(snapshot)) is not None


def _is_clusters(address: str, snapshot: Snapshot) -> bool:
    """The address of the DNS Service or of another one over the same pods, of one of its pods, or of a node's cache."""
    found = canonical(address)
    text = found[1] if found is not None else address
    if text == NODE_LOCAL:
        return True
    key = dns_service(snapshot)
    service = snapshot.service(key)
    if service is None:
        return False
    alike = (each for each in snapshot.services_at(text) if each.namespace == key.namespace)
    if text in service.cluster_ips or any(each.selector and each.selector == service.selector for each in alike):
        return True
    return any(item.service_key == key for item in snapshot.slices_at(text))
