"""Random changes of Services and EndpointSlices in some namespaces, as a busy cluster makes them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from kheadless_tui.cluster.reading.decode import path_of
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.kinds import ENDPOINT_SLICE, NAMESPACE, SERVICE, Kind

NAMES = 30
"""Services of a namespace at most."""
SLICES = 3
"""Slices of a Service at most."""


class Changes:
    """Makes one change after the other by a connection that is not disturbed."""

    def __init__(self, transport: Transport, namespaces: Sequence[str], random_: random.Random) -> None:
        self.done: Counter[str] = Counter()
        self._transport = transport
        self._namespaces = namespaces
        self._random = random_

    async def prepare(self) -> None:
        """Make the namespaces."""
        for name in self._namespaces:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            await self._send("POST", path_of(NAMESPACE), body)

    async def remove(self) -> None:
        """Remove them again, with all that is in them."""
        for name in self._namespaces:
            await self._send("DELETE", path_of(NAMESPACE, "", name))

    async def one(self) -> None:
        """Make one change; one that the API server refuses (it is there, or is not) is none."""
        namespace = self._random.choice(self._namespaces)
        service = f"s{self._random.randrange(NAMES)}"
        slice_ = f"{service}-{self._random.randrange(SLICES)}"
        change = self._random.choice(
            ("put", "put", "put slice", "put slice", "put slice", "delete", "delete slice", "again")
        )
        if change == "put":
            await self._put(SERVICE, namespace, service, _service(service, self._random.randrange(1, 60000)))
        elif change == "put slice":
            await self._put(ENDPOINT_SLICE, namespace, slice_, self._slice(slice_, service))
        elif change == "delete slice":
            await self._send("DELETE", path_of(ENDPOINT_SLICE, namespace, slice_))
        else:
            await self._send("DELETE", path_of(SERVICE, namespace, service))
            if change == "again":
                await self._send("POST", path_of(SERVICE, namespace), _service(service, 80))
        self.done[change] += 1

    async def _put(self, kind: Kind, namespace: str, name: str, body: dict[str, Any]) -> None:
        if not await self._send("POST", path_of(kind, namespace), body):
            await self._send("PATCH", path_of(kind, namespace, name), body)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> bool:
        content_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = msgspec.json.encode(body) if body is not None else None
        try:
            await self._transport.call(method, path, body=data, content_type=content_type)
        except ClusterError:
            return False
        return True

    def _slice(self, name: str, service: str) -> dict[str, Any]:
        some = self._random.sample(range(1, 250), self._random.randrange(0, 12))
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4",
            "endpoints": [
                {"addresses": [f"10.9.8.{number}"], "conditions": {"ready": self._random.random() < 0.8}}
                for number in some
            ],
            "ports": [{"name": "p", "port": 80, "protocol": "TCP"}],
        }


def _service(name: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"clusterIP": "None", "ports": [{"name": "p", "port": port, "protocol": "TCP"}]},
    }
