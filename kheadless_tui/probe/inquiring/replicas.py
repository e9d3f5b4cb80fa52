"""The CoreDNS replicas themselves, each asked by a port-forward to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from kheadless_tui.cluster.pods.portforward import Forward, open_forward
from kheadless_tui.errors import NotFound, Refused
from kheadless_tui.model.objects import SERVICE_NAME_LABEL, EndpointSlice, ObjectKey
from kheadless_tui.probe.carriers.stream import MAX_BYTES, ByteStream, OpenStream
from kheadless_tui.probe.choosing.tools import printable
from kheadless_tui.probe.server import DNS_PORT, Server

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport


@dataclass(frozen=True, slots=True)
class Replica:
    """One pod behind the cluster's DNS Service."""

    namespace: str
    pod: str
    address: str
    port: int
    """Where it takes DNS over TCP."""
    ready: bool
    node: str

    def server(self, *, forwarded: bool = False) -> Server:
        """It as a server that is asked by its address, or by a port-forward to its pod."""
        source = f"CoreDNS replica {self.pod}"
        return Server(self.address, self.port, source, "replica", self.pod, forwarded=forwarded, ready=self.ready)


class _SliceList(msgspec.Struct):
    items: list[EndpointSlice] | None = None


async def replicas(transport: Transport, service: ObjectKey) -> list[Replica]:
    """The pods behind the cluster's DNS Service, from its EndpointSlices, one for each pod, by name.

    Raises:
        Refused: the EndpointSlices of its namespace may not be read.
        NotFound: the Service has no pods, or there is no such Service.
    """
    path = f"/apis/discovery.k8s.io/v1/namespaces/{quote(service.namespace, safe='')}/endpointslices"
    selector = f"{SERVICE_NAME_LABEL}={service.name}"
    try:
        answer = await transport.call("GET", path, params=[("labelSelector", selector)])
    except Refused as error:
        raise Refused(
            f"You may not list the EndpointSlices of {service.namespace}, which tell the CoreDNS replicas.",
            hint="Ask from a pod (--from auto); kube-dns is then asked by its cluster address.",
        ) from error
    found: dict[str, Replica] = {}
    for item in msgspec.json.decode(answer, type=_SliceList).items or ():
        port = next((p.port for p in item.ports or () if p.name == "dns-tcp" and p.port), DNS_PORT)
        for endpoint in item.endpoints or ():
            if endpoint.pod_name and endpoint.addresses and endpoint.pod_name not in found:
                found[endpoint.pod_name] = Replica(
                    service.namespace,
                    endpoint.pod_name,
                    endpoint.addresses[0],
                    port,
                    endpoint.ready,
                    endpoint.node_name or "",
                )
    if not found:
        raise NotFound(
            f"No pod stands behind Service {service}: the cluster's DNS is down or has another name.",
            hint="Name a server by --server and ask from a pod.",
        )
    return [found[name] for name in sorted(found)]


class ForwardStream:
    """A port-forward as a byte stream."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward

    async def send(self, data: bytes) -> None:
        await self._forward.send(data)

    async def receive(self) -> bytes | None:
        return await self._forward.receive()

    def ending(self) -> str:
        return printable(self._forward.error)


def forward_stream(transport: Transport, permit: Permit, replica: Replica) -> OpenStream:
    """Streams to one replica."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[ByteStream]:
        forward = open_forward(transport, permit, replica.namespace, replica.pod, replica.port, max_bytes=MAX_BYTES)
        async with forward as open_one:
            yield ForwardStream(open_one)

    return opened
