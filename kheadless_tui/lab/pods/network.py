"""The network as a pod sees it: which address answers, which refuses, which says nothing.

kube-proxy in small: a cluster address leads to a ready endpoint of its Service; a Service without one refuses; an
address that nobody has says nothing at all, and one of the pods' range that nobody has is unreachable.
"""

from __future__ import annotations

import ipaddress

from kheadless_tui.lab.dns.cluster_dns import ClusterDns
from kheadless_tui.lab.dns.node_local import ADDRESS as NODE_LOCAL
from kheadless_tui.lab.dns.server import Replying
from kheadless_tui.lab.dns.upstream import ADDRESS as UPSTREAM
from kheadless_tui.lab.objects.resources import ENDPOINT_SLICES, NAMESPACES, NETWORK_POLICIES, NODES, PODS, SERVICES
from kheadless_tui.lab.objects.store import Change, Object, Store
from kheadless_tui.lab.pods import listeners
from kheadless_tui.lab.pods.images import Image, find_image
from kheadless_tui.lab.pods.listeners import Listener
from kheadless_tui.lab.pods.policies import Connection, Policies, Side

POD_RANGE = ipaddress.ip_network("10.244.0.0/16")
POD_RANGE_6 = ipaddress.ip_network("fd00:244::/64")
DNS_PORT = 53
API_PORT = 6443
KUBE_DNS = "10.96.0.10"


class Silence(Exception):  # named after what happens
    """Nobody answers: packets go nowhere."""


class NoRoute(Silence):
    """A neighbour was looked for and is not there: after some seconds the kernel says so."""


class Network:
    """Addresses and who listens there.

    Args:
        store: The cluster.
        dns: Its DNS servers.
    """

    def __init__(self, store: Store, dns: ClusterDns) -> None:
        self._store = store
        self.dns = dns
        """The cluster's DNS servers."""
        self._turn = 0
        self._by_address: dict[str, Object] | None = None
        self._services: dict[str, Object] | None = None
        self._policies: Policies | None = None
        self.lost: set[tuple[str, str]] = set()
        """Levers: protocol and address whose DNS packets are lost; an empty address for all of them."""
        store.subscribe(self._on_change)

    # -- what programs do --------------------------------------------------------------------------------------

    def connect(self, address: str, port: int, *, source: Object | None = None) -> Listener:
        """Open a TCP connection from a pod, or from a node when none is given.

        Raises:
            ConnectionRefusedError: the address is there, the port is not.
            NoRoute: nobody has the address.
            Silence: nothing answers.
        """
        server, pod, target = self._reach(address, port, "TCP", source)
        if server is not None:
            return lambda read, write: listeners.serve_dns(server, target, read, write)
        return self._listener(pod, target)

    async def ask(self, address: str, port: int, message: bytes, *, source: Object | None = None) -> bytes | None:
        """Send one UDP datagram to a DNS server; the reply, or ``None`` when there is none.

        Raises:
            ConnectionRefusedError: an ICMP error comes back.
            NoRoute: nobody has the address.
            Silence: nothing answers.
        """
        server, _, target = self._reach(address, port, "UDP", source)
        if server is None:
            raise ConnectionRefusedError(f"{address}:{port}")
        replies = await server.replies(message, udp=True, port=target)
        return replies[0] if replies else None

    async def ask_by_tcp(self, address: str, port: int, message: bytes) -> bytes | None:
        """Send one DNS message from a node over a connection of its own; the reply, or ``None`` without one.

        Raises:
            ConnectionRefusedError: the port is closed.
        """
        try:
            server, _, target = self._reach(address, port, "TCP", None)
        except Silence:
            return None
        if server is None:
            raise ConnectionRefusedError(f"{address}:{port}")
        replies = await server.replies(message, udp=False, port=target)
        return replies[0] if replies else None

    def is_reachable(self, address: str, *, source: Object) -> bool:
        """Whether somebody has an address, and the way to it is open; no cluster address answers a ping."""
        if ipaddress.ip_address(address).is_loopback:
            return True
        pod = self._pods().get(address)
        if pod is None and address not in self._node_addresses():
            return False
        own = Side(_source_address(source, address), source)
        return self._allowed(Connection(own, Side(address, pod), 0, "ICMP"))

    def services(self, namespace: str) -> list[Object]:
        """The Services of a namespace, for the variables of its containers."""
        return self._store.all(SERVICES, namespace)

    def forward(self, pod: Object, port: int) -> Listener:
        """Connect to a port inside a pod's own network, as port-forward does: no policy, no loss.

        Raises:
            ConnectionRefusedError: nobody listens.
        """
        server = self.dns.server_in(pod)
        if server is not None and _runs(pod) and port in server.serves:
            return lambda read, write: listeners.serve_dns(server, port, read, write)
        return self._listener(pod, port)

    # -- who is there ------------------------------------------------------------------------------------------

    def _reach(
        self, address: str, port: int, protocol: str, source: Object | None
    ) -> tuple[Replying | None, Object | None, int]:
        """Who gets it: a DNS server, or a pod, and at which port."""
        if source is not None and ipaddress.ip_address(address).is_loopback:
            return self._dns_at("", source, port, source), source, port
        if port == DNS_PORT and {(protocol, ""), (protocol, address)} & self.lost:
            raise Silence(address)
        pod, target = self._behind(address, port, protocol)
        reached = address
        if pod is not None:
            reached = next((a for a in _addresses(pod) if (":" in a) is (":" in address)), address)
        if target == DNS_PORT and (protocol, reached) in self.lost:
            raise Silence(reached)
        own = Side(_source_address(source, reached), source)
        if not self._allowed(Connection(own, Side(reached, pod), target, protocol)):
            raise Silence(reached)
        return self._dns_at(address, pod, target, source), pod, target

    def _dns_at(self, address: str, pod: Object | None, port: int, source: Object | None) -> Replying | None:
        if address == NODE_LOCAL:
            node = (source or {}).get("spec", {}).get("nodeName") or next(iter(self._node_names()), "")
            cache = self.dns.node_local(node, lambda wire: self.ask_by_tcp(KUBE_DNS, DNS_PORT, wire))
            if port != DNS_PORT or cache.stopped:
                raise ConnectionRefusedError(f"{address}:{port}")
            return cache
        if address == UPSTREAM and port == DNS_PORT:
            return self.dns.upstream
        server = self.dns.server_in(pod) if pod is not None else None
        return server if pod is not None and server is not None and _runs(pod) and port in server.serves else None

    def _behind(self, address: str, port: int, protocol: str) -> tuple[Object | None, int]:
        """The pod behind an address, ``None`` for a node, and the port there."""
        service = self._services_by_address().get(address)
        if service is not None:
            address, port = self._endpoint(service, address, port, protocol)
        pod = self._pods().get(address)
        if pod is not None:
            return pod, port
        if address in (NODE_LOCAL, UPSTREAM) or address in self._node_addresses():
            return None, port
        if ":" not in address and ipaddress.ip_address(address) in POD_RANGE:
            raise NoRoute(address)
        raise Silence(address)

    def _endpoint(self, service: Object, address: str, port: int, protocol: str) -> tuple[str, int]:
        wanted = next(
            (p for p in service["spec"].get("ports") or () if (p["port"], p["protocol"]) == (port, protocol)), None
        )
        if wanted is None:
            raise Silence(f"{address}:{port}")  # kube-proxy has no rule, and nobody owns the address
        family = "IPv6" if ":" in address else "IPv4"
        found = []
        for item in self._store.all(ENDPOINT_SLICES, service["metadata"]["namespace"]):
            labels = item["metadata"].get("labels") or {}
            if labels.get("kubernetes.io/service-name") != service["metadata"]["name"]:
                continue
            target = next(
                (p["port"] for p in item.get("ports") or () if p.get("name", "") == wanted.get("name", "")), None
            )
            if target is not None and item["addressType"] == family:
                ready = [e for e in item.get("endpoints") or () if e["conditions"].get("ready") is not False]
                found += [(endpoint["addresses"][0], target) for endpoint in ready]
        if not found:
            raise ConnectionRefusedError(f"{address}:{port}")
        self._turn += 1
        return found[self._turn % len(found)]

    def _listener(self, pod: Object | None, port: int) -> Listener:
        if pod is None:
            if port == API_PORT:
                return listeners.swallow
            raise ConnectionRefusedError(f"port {port} of a node")
        if port not in {port for image in _serving(pod) for port in image.listens}:
            raise ConnectionRefusedError(f"port {port} of {pod['metadata']['name']}")
        page = f"{pod['metadata']['name']}\n".encode()
        return lambda read, write: listeners.serve_page(page, read, write)

    def _allowed(self, connection: Connection) -> bool:
        if self._policies is None:
            self._policies = Policies(self._store.all(NETWORK_POLICIES), self._store.all(NAMESPACES))
        return self._policies.allow(connection)

    # -- what is known of the store ----------------------------------------------------------------------------

    def _on_change(self, change: Change) -> None:
        if change.resource is PODS:
            self._by_address = None
        elif change.resource is SERVICES:
            self._services = None
        elif change.resource in (NETWORK_POLICIES, NAMESPACES):
            self._policies = None

    def _pods(self) -> dict[str, Object]:
        if self._by_address is None:
            running = [pod for pod in self._store.all(PODS) if pod["status"].get("phase") == "Running"]
            self._by_address = {address: pod for pod in running for address in _addresses(pod)}
        return self._by_address

    def _services_by_address(self) -> dict[str, Object]:
        if self._services is None:
            self._services = {
                address: item for item in self._store.all(SERVICES) for address in item["spec"].get("clusterIPs") or ()
            }
        return self._services

    def _node_names(self) -> list[str]:
        return [node["metadata"]["name"] for node in self._store.all(NODES)]

    def _node_addresses(self) -> set[str]:
        return {
            item["address"] for node in self._store.all(NODES) for item in node.get("status", {}).get("addresses") or ()
        }


def _addresses(pod: Object) -> list[str]:
    return [str(ip["ip"]) for ip in pod["status"].get("podIPs") or ()]


def _source_address(source: Object | None, target: str) -> str:
    if source is None:
        return ""
    return next((address for address in _addresses(source) if (":" in address) is (":" in target)), "")


def _running(pod: Object) -> set[str]:
    return {item["name"] for item in pod["status"].get("containerStatuses") or () if "running" in item["state"]}


def _runs(pod: Object) -> bool:
    """Whether its containers run; one that has crashed listens nowhere."""
    return bool(_running(pod))


def _serving(pod: Object) -> list[Image]:
    """The images whose own program runs in the pod."""
    running = _running(pod)
    found = []
    for container in pod["spec"].get("containers") or ():
        image = find_image(container["image"])
        if image is None or container["name"] not in running:
            continue
        own = image.argv(None, None)[:1]
        if image.argv(container.get("command"), container.get("args"))[:1] == own:
            found.append(image)
    return found
