"""The servers of the cluster's DNS: its Service with its addresses, the pods behind it, the cache on the node."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from kheadless_tui.errors import NotFound, Refused, UsageError
from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.probe.inquiring.replicas import Replica, replicas
from kheadless_tui.probe.server import Server, is_on_node, parse_server
from kheadless_tui.zone.serving.dns_service import (
    DNS_NAMESPACES,
    DNS_SERVICE,
    NODE_LOCAL,
    choose_dns_service,
    dns_service,
)

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

KEPT_FOR = 30.0
"""Seconds for which the Service that was read, or could not be, is believed: it hardly ever changes."""


_NODE_CACHE = (
    ("/apis/apps/v1/namespaces/kube-system/daemonsets/node-local-dns", "DaemonSet kube-system/node-local-dns"),
    ("/api/v1/namespaces/kube-system/services/kube-dns-upstream", "Service kube-system/kube-dns-upstream"),
)
"""What says that there is a cache on each node, with its name."""


class _ServiceList(msgspec.Struct):
    items: list[Service] | None = None


class DnsServers:
    """Finds them over one session; what may not be read is left out."""

    def __init__(self, session: ClusterSession, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._kept: tuple[float, Service | None] | None = None
        self._cache: Server | None = None

    async def service(self) -> Service | None:
        """The Service in front of the cluster's DNS servers; ``None`` when it may not be read or is not found."""
        snapshot = self._session.snapshot
        known = snapshot.service(dns_service(snapshot))
        if known is not None:
            return known
        if self._kept is None or self._clock() - self._kept[0] > KEPT_FOR:
            self._kept = (self._clock(), await self._read())
        return self._kept[1]

    async def _read(self) -> Service | None:
        """Read it, since it is out of the session's scope."""
        transport = self._session.transport
        try:
            return msgspec.json.decode(await transport.call("GET", _path(DNS_SERVICE)), type=Service)
        except (Refused, NotFound):
            pass
        found: list[Service] = []
        for namespace in sorted(DNS_NAMESPACES):
            try:
                answer = await transport.call("GET", f"/api/v1/namespaces/{namespace}/services")
            except (Refused, NotFound):
                continue
            found += msgspec.json.decode(answer, type=_ServiceList).items or []
        return choose_dns_service(found)

    async def node_cache(self) -> Server | None:
        """The cache on the node where something tells of it; ``None`` when nothing does, or it may not be read.

        It answered before, or its DaemonSet or the Service in front of its upstream is there.

        Source: cluster/addons/dns/nodelocaldns/nodelocaldns.yaml of Kubernetes.
        """
        if self._cache is None:
            for path, source in _NODE_CACHE:
                try:
                    await self._session.transport.call("GET", path)
                except (Refused, NotFound):
                    continue
                self._cache = Server(NODE_LOCAL, source=source, role="node-local")
                break
        return self._cache

    def heard(self, servers: Sequence[Server]) -> None:
        """Remember of servers that answered: a cache that was only presumed is known to be there."""
        if self._cache is None and any(server.presumed for server in servers):
            self._cache = Server(NODE_LOCAL, source="it answered before", role="node-local")

    async def key(self) -> ObjectKey:
        """Its key; the usual one when it may not be read."""
        service = await self.service()
        return DNS_SERVICE if service is None else service.key

    async def addresses(self) -> list[Server]:
        """Its cluster addresses, the one of its first family first."""
        service = await self.service()
        if service is None:
            return []
        addresses = [address for address in service.cluster_ips if address not in ("", "None")]
        return [Server(address, source=f"Service {service.key}", role="kube-dns") for address in addresses]

    async def replicas(self) -> list[Replica]:
        """The pods behind it, ready or not.

        Raises:
            Refused: they may not be read.
            NotFound: there are none.
        """
        return await replicas(self._session.transport, await self.key())


def servers_of_pod(nameservers: Sequence[str], known: Sequence[Server], source: str) -> list[Server]:
    """The servers that a pod's /etc/resolv.conf names, those that are known already by what they are."""
    by_address = {server.address: server for server in known}
    found = []
    for word in nameservers:
        try:
            server = parse_server(word, source)
        except UsageError:  # a scoped address or a slip
            continue
        role: Server = by_address.get(server.address) or Server(
            server.address, server.port, source, "node-local" if is_on_node(server.address) else "resolv.conf"
        )
        found.append(role)
    return list(dict.fromkeys(found))


def every_server(of_pod: Sequence[Server], known: Sequence[Server]) -> list[Server]:
    """All servers in the order of the layers: what the pod asks, the node's cache, the Service, the pods behind it.

    Where nothing names a cache on the node, the usual address is tried.
    """
    caches = [server for server in (*of_pod, *known) if server.role == "node-local"]
    presumed = Server(NODE_LOCAL, source="the usual address of NodeLocal DNSCache", role="node-local", presumed=True)
    odd = [server for server in of_pod if server.role == "resolv.conf"]
    given = [server for server in known if server.role == "given"]
    inner = [server for role in ("kube-dns", "replica") for server in known if server.role == role]
    return list(dict.fromkeys([*given, *odd, *(caches or [presumed]), *inner]))


def _path(key: ObjectKey) -> str:
    return f"/api/v1/namespaces/{quote(key.namespace, safe='')}/services/{quote(key.name, safe='')}"
