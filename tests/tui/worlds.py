"""Snapshots of small clusters, written as the API would send them, and text snapshots of what is drawn of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from kheadless_tui.model.kinds import KINDS
from kheadless_tui.model.objects import KubeObject, ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.text.row import Row, RowLayout

NOW = 1_795_235_391.0
"""Every age is counted from here: 2026-11-21T04:29:51Z."""

PANEL_WIDTHS = {80: 52, 120: 88, 200: 164}
"""Terminal columns, and cells of a panel's lines in it: without tree, divider and gutter."""

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "KHEADLESS_UPDATE_SNAPSHOTS"


def check_text(name: str, text: str) -> None:
    """Hold a text against the stored one; with KHEADLESS_UPDATE_SNAPSHOTS=1 store it instead."""
    stored = SNAPSHOTS / f"{name}.txt"
    if os.environ.get(UPDATE) == "1":
        SNAPSHOTS.mkdir(exist_ok=True)
        stored.write_text(text, encoding="utf-8")
    assert text == stored.read_text(encoding="utf-8"), f"differs from {stored.name}; {UPDATE}=1 stores it anew"


def drawn(layout: RowLayout, rows: Sequence[Row]) -> str:
    """All lines of a list as text."""
    lines = [] if layout.heading is None else [layout.heading.plain]
    heights = layout.heights(rows)
    for number, row in enumerate(rows):
        texts = [text.plain for text in layout.lines(row)]
        height = 1 if heights is None else heights[number]
        assert len(texts) == height, f"{row.id}: {height} lines announced, {len(texts)} drawn"
        lines += texts
    return "".join(f"{line.rstrip()}\n" for line in lines)


def decode(document: dict[str, object]) -> KubeObject:
    """An object of the API as we keep it."""
    return msgspec.convert(document, KINDS[str(document["kind"])].struct)


def world(*documents: dict[str, object]) -> Snapshot:
    return Snapshot.of(decode(document) for document in documents)


def service(name: str, namespace: str = "shop", **spec: object) -> dict[str, object]:
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "clusterIP": "None",
            "clusterIPs": ["None"],
            "ports": [{"name": "web", "port": 80}],
            "selector": {"app": "web"},
            **spec,
        },
    }


def endpoint(
    address: str,
    pod: str | None,
    *,
    hostname: bool = True,
    ready: bool = True,
    terminating: bool = False,
    node: str = "node-a",
) -> dict[str, object]:
    return {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": ready or terminating, "terminating": terminating},
        "nodeName": node,
        "zone": f"eu-west-1{node[-1]}",
        **({"hostname": pod} if pod and hostname else {}),
        **({"targetRef": {"kind": "Pod", "name": pod, "namespace": "shop"}} if pod else {}),
    }


def slice_of(
    service_name: str,
    name: str,
    endpoints: Iterable[dict[str, object]],
    family: str = "IPv4",
    namespace: str = "shop",
    manager: str = "endpointslice-controller.k8s.io",
) -> dict[str, object]:
    return {
        "kind": "EndpointSlice",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {
                "kubernetes.io/service-name": service_name,
                "endpointslice.kubernetes.io/managed-by": manager,
            },
        },
        "addressType": family,
        "endpoints": list(endpoints),
        "ports": [{"name": "web", "port": 80, "protocol": "TCP"}],
    }


def pod(
    name: str,
    *addresses: str,
    ready: bool = True,
    node: str = "node-a",
    created: str = "2026-11-12T04:00:00Z",
    terminating: bool = False,
    phase: str = "Running",
    waiting: str = "",
    restarts: int = 0,
) -> dict[str, object]:
    state: dict[str, object] = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": {"app": "web"},
            "creationTimestamp": created,
            **({"deletionTimestamp": "2026-11-21T04:29:50Z"} if terminating else {}),
        },
        "spec": {"nodeName": node, "containers": [{"name": "nginx", "image": "nginx"}]},
        "status": {
            "phase": phase,
            "podIP": addresses[0] if addresses else None,
            "podIPs": [{"ip": address} for address in addresses],
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [{"name": "nginx", "ready": ready, "restartCount": restarts, "state": state}],
        },
    }


KEY = ObjectKey("shop", "nginx-headless")

_PLACES = [
    ("web-0", "10.244.1.17", "fd00:10:244:1::11", "node-a"),
    ("web-1", "10.244.2.18", "fd00:10:244:2::12", "node-b"),
    ("web-2", "10.244.3.19", "fd00:10:244:3::13", "node-c"),
]


def healthy() -> Snapshot:
    """Three ready pods of a StatefulSet, dual stack."""
    return world(
        service("nginx-headless"),
        slice_of("nginx-headless", "nginx-headless-x7k2p", [endpoint(v4, name, node=n) for name, v4, _, n in _PLACES]),
        slice_of(
            "nginx-headless", "nginx-headless-9vdqm", [endpoint(v6, name, node=n) for name, _, v6, n in _PLACES], "IPv6"
        ),
        *(pod(name, v4, v6, node=n) for name, v4, v6, n in _PLACES),
    )


def troubled() -> Snapshot:
    """One pod not ready, one terminating, one crashing without address, one published by hand."""
    conditions = {"web-0": {}, "web-1": {"ready": False}, "web-2": {"ready": False, "terminating": True}}
    return world(
        service("nginx-headless"),
        slice_of(
            "nginx-headless",
            "nginx-headless-x7k2p",
            [endpoint(v4, name, node=n, **conditions[name]) for name, v4, _, n in _PLACES],
        ),
        slice_of("nginx-headless", "by-hand", [endpoint("114.32.146.154", None)], manager="someone.example"),
        pod("web-0", "10.244.1.17"),
        pod("web-1", "10.244.2.18", ready=False, node="node-b", restarts=12),
        pod("web-2", "10.244.3.19", node="node-c", terminating=True),
        pod("web-10", ready=False, phase="Pending", waiting="ImagePullBackOff", created="2026-11-21T04:29:11Z"),
    )
