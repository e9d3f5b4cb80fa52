"""The network as a pod sees it: which address answers, which refuses, which says nothing.

kube-proxy in small: a cluster address leads to a ready endpoint of its Service; a Service without one refuses; an
address that nobody has says nothing at all.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

from kheadless_tui.lab.dns_server import DnsServer
from kheadless_tui.lab.pods.images import Image, find_image
from kheadless_tui.lab.resources import ENDPOINT_SLICES, PODS, SERVICES
from kheadless_tui.lab.store import Object, Store

Read = Callable[[], Awaitable[bytes]]
"""The next bytes from the client; empty at their end."""
Write = Callable[[bytes], Awaitable[None]]
Listener = Callable[[Read, Write], Awaitable[None]]
"""What serves one TCP connection, until it closes it."""

DNS_PORT = 53


class Silence(Exception):  # named after what happens
    """Nobody answers: packets go nowhere."""


class Network:
    """Addresses and who listens there.

    Args:
        store: The cluster.
        dns: The DNS server in each pod that is one, by the pod's uid.
    """

    def __init__(self, store: Store, dns: Callable[[Object], DnsServer | None]) -> None:
        self._store = store
        self._dns = dns
        self._turn = 0

    def connect(self, address: str, port: int) -> Listener:
        """Open a TCP connection.

        Raises:
            ConnectionRefusedError: the address is there, the port is not.
            Silence: nothing answers.
        """
        pod, target = self._behind(address, port, "TCP")
        server = self._dns(pod)
        if server is not None and target == DNS_PORT:
            return lambda read, write: serve_dns(server, read, write)
        listens = {port for image in _images(pod) for port in image.listens}
        if target not in listens:
            raise ConnectionRefusedError(f"{address}:{port}")
        page = f"{pod['metadata']['name']}\n".encode()
        return lambda read, write: _serve_page(page, read, write)

    def ask(self, address: str, port: int, message: bytes) -> bytes | None:
        """Send one UDP datagram to a DNS server; the reply, or ``None`` when there is none.

        Raises:
            ConnectionRefusedError: an ICMP error comes back.
            Silence: nothing answers.
        """
        pod, target = self._behind(address, port, "UDP")
        server = self._dns(pod)
        if server is None or target != DNS_PORT:
            raise ConnectionRefusedError(f"{address}:{port}")
        return server.reply(message, udp=True)

    def _behind(self, address: str, port: int, protocol: str) -> tuple[Object, int]:
        for service in self._store.all(SERVICES):
            if address in (service["spec"].get("clusterIPs") or ()):
                return self._endpoint(service, address, port, protocol)
        pod = self._pod_at(address)
        if pod is None:
            raise Silence(address)
        return pod, port

    def _endpoint(self, service: Object, address: str, port: int, protocol: str) -> tuple[Object, int]:
        wanted = next(
            (p for p in service["spec"].get("ports") or () if (p["port"], p["protocol"]) == (port, protocol)), None
        )
        if wanted is None:
            raise Silence(f"{address}:{port}")  # kube-proxy has no rule, and nobody owns the address
        found = []
        for item in self._store.all(ENDPOINT_SLICES, service["metadata"]["namespace"]):
            labels = item["metadata"].get("labels") or {}
            if labels.get("kubernetes.io/service-name") != service["metadata"]["name"]:
                continue
            target = next(
                (p["port"] for p in item.get("ports") or () if p.get("name", "") == wanted.get("name", "")), None
            )
            for endpoint in item.get("endpoints") or ():
                pod = self._pod_at(endpoint["addresses"][0]) if endpoint["conditions"].get("ready") else None
                if pod is not None and target is not None:
                    found.append((pod, target))
        if not found:
            raise ConnectionRefusedError(f"{address}:{port}")
        self._turn += 1
        return found[self._turn % len(found)]

    def _pod_at(self, address: str) -> Object | None:
        for pod in self._store.all(PODS):
            if (
                any(ip["ip"] == address for ip in pod["status"].get("podIPs") or ())
                and pod["status"]["phase"] == "Running"
            ):
                return pod
        return None


def _images(pod: Object) -> list[Image]:
    found = [find_image(container["image"]) for container in pod["spec"].get("containers") or ()]
    return [image for image in found if image is not None]


async def serve_dns(server: DnsServer, read: Read, write: Write) -> None:
    """DNS over TCP (RFC 1035 section 4.2.2) until the client has said its last."""
    buffer = b""
    while data := await read():
        buffer += data
        while len(buffer) >= 2:
            (size,) = struct.unpack("!H", buffer[:2])
            if len(buffer) < size + 2:
                break
            message, buffer = buffer[2 : size + 2], buffer[size + 2 :]
            reply = server.reply(message, udp=False)
            if reply is None:
                return  # a server that cannot answer over TCP hangs up
            await write(struct.pack("!H", len(reply)) + reply)
            await asyncio.sleep(0)  # a hundred questions at once do not stop the rest of the lab


async def _serve_page(page: bytes, read: Read, write: Write) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        data = await read()
        if not data:
            return
        request += data
        if len(request) > 65536:
            return
    fields = (
        "HTTP/1.1 200 OK",
        "Server: nginx",
        "Content-Type: text/html",
        f"Content-Length: {len(page)}",
        "Connection: close",
    )
    await write("\r\n".join((*fields, "", "")).encode() + page)
