"""The DNS servers that are asked: addresses and ports, never names (a name would need DNS to be found)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from kheadless_tui.errors import UsageError

DNS_PORT = 53

Role = Literal["kube-dns", "replica", "node-local", "resolv.conf", "given"]
"""What a server is to the cluster: the DNS Service by one of its cluster addresses, one pod behind it, the cache on the
node, whatever else a pod's /etc/resolv.conf names, and an address that the user gave."""
Protocol = Literal["udp", "tcp"]
UDP: Protocol = "udp"
TCP: Protocol = "tcp"


def is_on_node(nameserver: str) -> bool:
    """Whether a nameserver of a pod is a cache on its node: nothing else in a cluster has a link-local address.

    Source: cluster/addons/dns/nodelocaldns of Kubernetes, whose kubelets name 169.254.20.10 alone.
    """
    try:
        return ipaddress.ip_address(nameserver).is_link_local and "%" not in nameserver
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Server:
    """An address that answers DNS."""

    address: str
    port: int = DNS_PORT
    source: str = ""
    """Where the address comes from: ``Service kube-system/kube-dns``, ``--server``, a pod's /etc/resolv.conf."""
    role: Role = "given"
    pod: str = ""
    """Of a replica: its pod."""
    forwarded: bool = False
    """Of a replica: it is asked by a port-forward to its pod instead of by its address."""
    presumed: bool = False
    """Only custom says that it is there; when it does not answer at all, it is left out of the result."""
    ready: bool = True
    """False of a replica that its EndpointSlice calls not ready, so that kube-dns does not lead to it."""

    @property
    def name(self) -> str:
        """What people call it: ``kube-dns``, ``kube-dns IPv6``, a replica's pod, ``node-local cache``, its address."""
        family = " IPv6" if ":" in self.address else ""
        if self.role == "replica":
            return self.pod + family
        if self.role in ("kube-dns", "node-local"):
            return {"kube-dns": "kube-dns", "node-local": "node-local cache"}[self.role] + family
        return str(self)

    @property
    def caches(self) -> bool:
        """It answers for other servers from a cache of its own, and so may be behind them."""
        return self.role == "node-local"

    def __str__(self) -> str:
        """The address, with ``:port`` when it is not 53."""
        if self.port == DNS_PORT:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a server."""

    server: Server
    protocol: Protocol

    def __str__(self) -> str:
        return f"{self.server.name} over {self.protocol.upper()}"


MOST_ASIDE = 2
"""Places beside that of clients in which a cache is asked."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is put, where the carrier leaves the choice."""

    edns: int = 1232
    """Octets of a reply over UDP that are offered by EDNS (RFC 6891); 0: asked without EDNS."""
    mixed_case: bool = False
    """The letters of names are sent in random case (draft-vixie-dnsext-dns0x20), which a reply must repeat."""
    aside: int = 0
    """1: asked with the CD bit (RFC 4035 section 3.2.2), 2: and with the DO bit of EDNS (RFC 3225), which is not sent
    without EDNS. CoreDNS keeps what is asked so apart in its cache, each apart from the other, so that the reply is not
    the one that clients get of it (plugin/cache/cache.go hash)."""


AS_USUAL = Manner()
"""As dig and most resolvers ask."""

_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::(\d+))?\Z")


def parse_server(text: str, source: str = "--server") -> Server:
    """Read ``ADDRESS``, ``ADDRESS:PORT``, ``ADDRESS#PORT``, ``[IPV6]:PORT``.

    Raises:
        UsageError: it is none of these.
    """
    address, port = text, str(DNS_PORT)
    if match := _BRACKETED.match(text):
        address, port = match[1], match[2] or port
    elif text.count("#") == 1:
        address, _, port = text.partition("#")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    try:
        parsed = ipaddress.ip_address(address)
        number = int(port)
    except ValueError:
        number, parsed = 0, None
    if parsed is None or not 0 < number < 65536 or getattr(parsed, "scope_id", None):
        raise UsageError(
            f"{text!r} is not the address of a DNS server.",
            hint="Give an IP address, with a port if it is not 53: 10.96.0.10, 10.244.0.3:1053, [fd00::a]:1053.",
        )
    return Server(str(parsed), number, source)
