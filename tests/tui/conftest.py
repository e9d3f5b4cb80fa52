"""A cluster session made of a snapshot: the same face as the real one, and levers in place of an API server."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

from textual import events
from textual.keys import KEY_NAME_REPLACEMENTS, REPLACED_KEYS
from textual.pilot import Pilot

from kheadless_tui.cluster.connecting.connection import Asked
from kheadless_tui.cluster.rights.missing_rights import MissingRight
from kheadless_tui.cluster.rights.needs import Need, needs_of
from kheadless_tui.cluster.state import Live, ReadState, Scope
from kheadless_tui.model.objects import (
    SERVICE_NAME_LABEL,
    ConfigMap,
    ConfigMapMeta,
    Endpoint,
    EndpointSlice,
    KubeObject,
    Meta,
    ObjectKey,
    Service,
    ServicePort,
    ServiceSpec,
    TargetRef,
)
from kheadless_tui.model.objects import Conditions as EndpointConditions
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder
from kheadless_tui.model.workloads import Pod, PodCondition, PodSpec, PodStatus
from kheadless_tui.zone.serving.config import ZoneConfig


def _all_live() -> dict[tuple[str, str], ReadState]:
    return {(plural, ""): Live(0) for plural in ("services", "endpointslices", "namespaces")}


@dataclass
class FakeSession:
    """What the terminal program needs of a ClusterSession."""

    objects: Sequence[KubeObject] = ()
    scope: Scope = field(default_factory=Scope)
    readonly: bool = False
    link: ReadState = field(default_factory=lambda: Live(time.time()))
    reads: dict[tuple[str, str], ReadState] = field(default_factory=_all_live)
    server_version: str | None = "v1.34.4"
    selector: str = ""
    missing_rights: tuple[MissingRight, ...] = ()
    asked_rights: frozenset[Need] = frozenset(needs_of(Scope(), ("shop",)))
    user: str = "oncall"
    gone_namespaces: Mapping[str, float] = field(default_factory=dict)
    waiting_for: str = ""

    def __post_init__(self) -> None:
        self.connection = SimpleNamespace(
            context="prod-eu1",
            cluster="prod-eu1",
            server="https://10.0.0.1",
            user="oncall",
            namespace="shop",
            kubeconfig="",
            in_cluster=False,
            asked=Asked(kubeconfig="/nonexistent/kubeconfig", environ={}),
            warnings=[],
        )
        self.builder = SnapshotBuilder()
        for item in self.objects:
            self.builder.put(item)
        self._frozen = self.builder.freeze()
        self._callbacks: list[Callable[[], None]] = []
        self.shown: list[str] = []
        self.retries = 0
        self.looked: Callable[[], object] = lambda: None
        """Called whenever the program looks at the snapshot."""
        self.transport: object = None
        self.started = self.closed = 0

    @property
    def snapshot(self) -> Snapshot:
        self.looked()
        if self._frozen.generation != self.builder.generation:
            self._frozen = self.builder.freeze()
        return self._frozen

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def refusal_of(self, service: ObjectKey) -> None:
        """Nothing is refused by its name."""

    async def start(self) -> None:
        self.started += 1

    async def close(self) -> None:
        self.closed += 1

    def rescoped(
        self,
        *,
        connection: object = None,
        namespaces: tuple[str, ...] = (),
        selector: str = "",
        fallback_namespaces: Sequence[str] = (),
    ) -> FakeSession:
        """The same objects, as far as they are in the scope."""
        session = FakeSession(self.objects, Scope(namespaces), self.readonly, selector=selector)
        session.connection = self.connection
        for item in self.objects:
            if namespaces and item.key.namespace not in namespaces:
                session.builder.remove(type(item).__name__, item.key)
        return session

    def show_pods(self, namespace: str) -> None:
        self.shown.append(namespace)
        for plural in ("pods", "statefulsets", "endpoints"):
            self.reads.setdefault((plural, namespace), Live(0))
        self.tell()

    def hide_pods(self, namespace: str) -> None:
        self.shown.remove(namespace)

    async def zone_config(self, *, again: bool = False) -> ZoneConfig:
        return ZoneConfig(ttl=30, ttl_known=True, source="ConfigMap kube-system/coredns")

    def retry_now(self) -> None:
        self.retries += 1

    # -- levers ------------------------------------------------------------------------------------------------

    def put(self, *items: KubeObject) -> None:
        for item in items:
            self.builder.put(item)
        self.tell()

    def remove(self, kind: str, key: ObjectKey) -> None:
        self.builder.remove(kind, key)
        self.tell()

    def tell(self) -> None:
        for callback in list(self._callbacks):
            callback()


def service(name: str, namespace: str = "shop", **spec: object) -> Service:
    """A headless Service that selects app=NAME."""
    settings: dict[str, object] = {
        "cluster_ip": "None",
        "selector": {"app": name},
        "ports": [ServicePort(port=80, name="web", protocol="TCP")],
        "ip_families": ["IPv4"],
    }
    return Service(Meta(name=name, namespace=namespace, labels={"app": name}), ServiceSpec(**{**settings, **spec}))  # type: ignore[arg-type]


def endpoint(pod: str, address: str, *, ready: bool = True, terminating: bool = False) -> Endpoint:
    """An endpoint of a StatefulSet's pod."""
    return Endpoint(
        addresses=[address],
        conditions=EndpointConditions(ready=ready, serving=ready, terminating=terminating),
        hostname=pod,
        node_name="node-a",
        target_ref=TargetRef(kind="Pod", name=pod, namespace="shop"),
    )


def slice_of(owner: Service, *endpoints: Endpoint, suffix: str = "x7k2p", family: str = "IPv4") -> EndpointSlice:
    """An EndpointSlice of a Service."""
    return EndpointSlice(
        Meta(name=f"{owner.name}-{suffix}", namespace=owner.namespace, labels={SERVICE_NAME_LABEL: owner.name}),
        address_type=family,
        endpoints=list(endpoints),
    )


def pod(name: str, address: str, *, app: str, namespace: str = "shop", ready: bool = True) -> Pod:
    """A running pod."""
    return Pod(
        Meta(name=name, namespace=namespace, labels={"app": app}),
        PodSpec(node_name="node-a"),
        PodStatus(
            phase="Running",
            pod_ip=address,
            conditions=[PodCondition(type="Ready", status="True" if ready else "False")],
        ),
    )


def shop() -> list[KubeObject]:
    """The world of the screens' sketches: ten Services in four namespaces, one of them with two pods out of DNS."""
    web = service("nginx-headless")
    addresses = [f"10.244.1.{17 + number}" for number in range(4)]
    items: list[KubeObject] = [
        web,
        slice_of(
            web,
            endpoint("web-0", addresses[0]),
            endpoint("web-1", addresses[1]),
            endpoint("web-2", addresses[2], ready=False),
            endpoint("web-3", addresses[3], ready=False, terminating=True),
        ),
        *(pod(f"web-{n}", addresses[n], app="nginx-headless", ready=n < 2) for n in range(4)),
    ]
    for name, count in (("cart-db-hl", 3), ("inventory-cache-hl-v2", 6), ("orders-queue", 3)):
        owner = service(name)
        items += [owner, slice_of(owner, *(endpoint(f"{name}-{n}", f"10.244.9.{len(items)}{n}") for n in range(count)))]
    database = service("mysql-ep", selector=None)
    items += [database, slice_of(database, Endpoint(addresses=["114.32.146.154"]))]
    for namespace, count in (("billing", 2), ("kube-system", 1), ("monitoring", 2)):
        for number in range(count):
            other = service(f"svc-{number}", namespace)
            items += [other, slice_of(other, endpoint(f"svc-{number}-0", f"10.244.8.{len(items)}"))]
    items.append(ConfigMap(ConfigMapMeta(name="coredns", namespace="kube-system")))
    return items


class Keys(Pilot[int]):
    """A pilot whose keys are done once all messages are worked off.

    Textual's own waits after each key, several times, until the whole process has been idle for a while: that is most
    of the time of a test, and longest on a busy machine. What comes later, a test waits for by a condition.
    """

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.app.post_message(_key_event(key))
            for _ in range(3):  # to the app, from there to the widget with the focus, and what that tells others
                await self.pause(0)


def _key_event(key: str) -> events.Key:
    """The event of a key, named as textual names it or by its own sign."""
    if len(key) == 1:
        name = unicodedata.name(key).lower().replace("-", "_").replace(" ", "_")
        return events.Key(key if key.isalnum() else KEY_NAME_REPLACEMENTS.get(name, name), key)
    name = REPLACED_KEYS.get(key, key)
    names = {short: long for long, short in KEY_NAME_REPLACEMENTS.items()}
    try:
        return events.Key(key, unicodedata.lookup(names.get(name, name).replace("_", " ")))
    except KeyError:
        return events.Key(key, None)


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    """Wait for a condition, not for a time; give up after some seconds."""
    async with asyncio.timeout(20):
        while not condition():
            await pilot.pause(0.01)
