"""Objects by hand in which every rule of the zone finds something to decide on, and questions about all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kheadless_tui.model.objects import KubeObject, ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.naming.reverse_names import reverse_name
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.serving.config import ZoneConfig

Object = dict[str, Any]

SERVICE_NAME = "kubernetes.io/service-name"
IMPORT_NAME = "multicluster.kubernetes.io/service-name"
SOURCE_CLUSTER = "multicluster.kubernetes.io/source-cluster"
CROWD = "crowd"
"""A Service in the second namespace whose endpoints do not fit into one datagram."""
RARE_TYPES = ("TXT", "CNAME", "MX", "NS", "SOA", "PTR", "HTTPS", "ANY", "DS", "HINFO")


class World:
    """The objects of one run: two namespaces, everything in the first and a little in the second."""

    def __init__(self, mark: str, block: int) -> None:
        self.mark = mark
        """Value of the label ``kheadless-test`` on all but the objects that test its absence."""
        self.first, self.second = f"{mark}-a", f"{mark}-b"
        self.v4 = f"10.77.{block}"
        self.v6 = f"fd00:77:{block:x}:"

    # -- documents -------------------------------------------------------------------------------------------------

    def namespaces(self) -> list[Object]:
        """The namespaces, told apart by the label team."""
        return [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": self._labels(team=team)}}
            for name, team in ((self.first, "a"), (self.second, "b"))
        ]

    def objects(self) -> list[Object]:
        """Services, slices and pods."""
        return [*self._headless(), *self._with_address(), *self._aliases(), *self._odd(), *self._pods()]

    def imports(self) -> list[Object]:
        """ServiceImports and their slices."""
        ports = [{"name": "http", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}]
        v4, vip = self.v4, {"type": "ClusterSetIP", "ips": [f"{self.v4}.200"]}
        return [
            self._import("imp", {"type": "Headless", "ports": ports}),
            self._import("vip", {**vip, "ports": ports}),
            self._import("vip-noports", {**vip, "ports": []}),
            self._import("imp-empty", {"type": "Headless", "ports": ports}),
            self._import("foreign", {"type": "Headless", "ports": ports}, team="b"),
            self._imported("imp-0", "imp", "c1", [self._end(f"{v4}.201", hostname="e-0"), self._end(f"{v4}.202")]),
            self._imported("imp-1", "imp", "c2", [self._end(f"{v4}.203", hostname="e-0")], ports=[]),
            self._imported("imp-2", "imp", None, [self._end(f"{v4}.204", hostname="homeless")]),
            self._imported("vip-0", "vip", "c1", [self._end(f"{v4}.205", target="pod-i")]),
        ]

    def _headless(self) -> Iterator[Object]:
        v4, v6 = self.v4, self.v6
        ports = [self._port("http", 8080), self._port("metrics", 9100), {"name": "nonum", "protocol": "TCP"}]
        yield self._service("web", [self._port("http", 80), self._port("gone", 81)])
        yield self._slice(
            "web-0", "web", ports,
            self._end(f"{v4}.1", hostname="web-0", target="web-0", zone="eu-a"),
            self._end(f"{v4}.2", target="pod-two", zone="EU-B.x"),
            self._end(f"{v4}.3", target="pod.with.dots", zone="eu-a"),
            self._end(f"{v4}.4", target="p" * 64),
            self._end(f"{v4}.5", ready=False, serving=True, terminating=True, target="leaving"),
            self._end(f"{v4}.6", f"{v4}.7", hostname="same", zone="eu-c"),
            self._end(f"{v4}.6", zone="eu-a"),
        )  # fmt: skip
        yield self._slice(
            "web-1", "web", [], self._end(f"{v6}:1", hostname="web-0"), self._end(f"{v6}1::"), family="IPv6"
        )
        yield self._slice(
            "web-2", "web", [{"name": "", "port": 53, "protocol": "UDP"}],
            self._end(f"{v4}.2", hostname="two"), self._end(f"{v4}.5", zone="eu-a"),
        )  # fmt: skip
        yield self._service("unready", [self._port("http", 80)], publishNotReadyAddresses=True)
        yield self._slice("unready-0", "unready", ports, self._end(f"{v4}.20", ready=False, hostname="u-0"))
        yield self._service("bare", [])
        yield self._slice("bare-0", "bare", [], self._end(f"{v4}.21"))
        yield self._service("nobody", [self._port("http", 80)])
        yield self._service("web-0", [self._port("http", 80)])
        yield self._slice("like-a-pod", "web-0", ports, self._end(f"{v4}.22", hostname="web"))
        yield self._service("names", [])
        yield self._slice(
            "names-0", "names", ports, self._end("a.example.test"), self._end(f"web.{self.first}.svc.cluster.local"),
            family="FQDN",
        )  # fmt: skip
        yield self._service("web", [self._port("http", 80)], namespace=self.second)
        yield self._slice("web-0", "web", ports, self._end(f"{v4}.1", hostname="other"), namespace=self.second)
        yield self._service(CROWD, [self._port("http", 80)], namespace=self.second)
        many = [self._end(f"{v4}.{100 + number}", hostname=f"{CROWD}-{number:02}") for number in range(99)]
        yield self._slice(CROWD, CROWD, ports[:1], *many, namespace=self.second)

    def _with_address(self) -> Iterator[Object]:
        v4 = self.v4
        ports = [self._port("https", 443), self._port("dns", 53, "UDP"), self._port("dns-tcp", 53)]
        yield self._service("api", ports, clusterIP=None)
        yield self._slice(
            "api-0", "api", [self._port("https", 8443), self._port("dns", 5353, "UDP")],
            self._end(f"{v4}.30", hostname="api-0", zone="eu-a"), self._end(f"{v4}.31", target="api-pod"),
        )  # fmt: skip
        yield self._service("idle", ports[:1], clusterIP=None)
        yield self._slice("idle-0", "idle", ports[:1], self._end(f"{v4}.32", ready=False))
        yield self._service("lone", [{"port": 80, "protocol": "TCP"}], clusterIP=None)

    def _aliases(self) -> Iterator[Object]:
        inside = f"{self.first}.svc.cluster.local"
        targets = {
            "alias": f"web.{inside}", "alias-out": "outside.example.test", "alias-address": "10.1.2.3",
            "alias-self": f"alias-self.{inside}", "alias-below": f"x.alias-below.{inside}",
            "alias-a": f"alias-b.{inside}", "alias-b": f"alias-a.{inside}", "alias-nowhere": f"nowhere.{inside}",
            "alias-api": f"api.{inside}.", "alias-zone": "cluster.local",
            "alias-pod": f"10-1-2-3.{self.first}.pod.cluster.local",
        }  # fmt: skip
        targets |= {f"chain-{number}": f"chain-{number - 1}.{inside}" for number in range(1, 14)}
        targets["chain-0"] = f"web.{inside}"
        for name, target in targets.items():
            yield self._service(
                name, [self._port("http", 80)], type="ExternalName", externalName=target, clusterIP=None
            )

    def _odd(self) -> Iterator[Object]:
        v4, ports = self.v4, [self._port("http", 80)]
        yield self._slice("orphan", "left-over", ports, self._end(f"{v4}.40", hostname="alone"))
        yield self._slice("stray", None, ports, self._end(f"{v4}.41"))
        yield self._marked(self._service("unmarked", ports), False)
        yield self._marked(self._slice("unmarked-0", "unmarked", ports, self._end(f"{v4}.42")), False)
        yield self._service("half", ports)
        yield self._marked(self._slice("half-0", "half", ports, self._end(f"{v4}.43", hostname="h-0")), False)

    def _pods(self) -> Iterator[Object]:
        for name, namespace in (("pod-v", self.first), ("pod-done", self.first), ("pod-w", self.second)):
            yield {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": namespace, "labels": self._labels()},
                "spec": {
                    "schedulingGates": [{"name": "kheadless.test/never"}],
                    "containers": [{"name": "a", "image": "a"}],
                },
            }  # fmt: skip

    def pod_status(self) -> dict[tuple[str, str], Object]:
        """What the pods, which no node runs, are said to be: by namespace and name."""
        v4, v6 = self.v4, self.v6
        running = {"phase": "Running", "podIP": f"{v4}.50", "podIPs": [{"ip": f"{v4}.50"}, {"ip": f"{v6}:50"}]}
        done = {"phase": "Succeeded", "podIP": f"{v4}.51", "podIPs": [{"ip": f"{v4}.51"}]}
        six = {"phase": "Running", "podIP": f"{v6}:52", "podIPs": [{"ip": f"{v6}:52"}]}
        return {(self.first, "pod-v"): running, (self.first, "pod-done"): done, (self.second, "pod-w"): six}

    # -- parts -----------------------------------------------------------------------------------------------------

    def _labels(self, **more: str) -> dict[str, str]:
        return {"kheadless-test": self.mark, **more}

    def _meta(self, name: str, namespace: str = "", **labels: str) -> Object:
        return {"name": name, "namespace": namespace or self.first, "labels": self._labels(**labels)}

    def _marked(self, item: Object, marked: bool) -> Object:
        if not marked:
            del item["metadata"]["labels"]["kheadless-test"]
        return item

    def _port(self, name: str, number: int, protocol: str = "TCP") -> Object:
        return {"name": name, "port": number, "protocol": protocol}

    def _service(self, name: str, ports: list[Object], namespace: str = "", **spec: Any) -> Object:
        found = {"clusterIP": "None", "ports": ports, **spec}
        kept = {key: value for key, value in found.items() if value is not None}
        return {"apiVersion": "v1", "kind": "Service", "metadata": self._meta(name, namespace), "spec": kept}

    def _slice(
        self,
        name: str,
        service: str | None,
        ports: list[Object],
        *ends: Object,
        family: str = "IPv4",
        namespace: str = "",
    ) -> Object:
        meta = self._meta(name, namespace)
        if service is not None:
            meta["labels"][SERVICE_NAME] = service
        return {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta,
            "addressType": family, "ports": ports, "endpoints": list(ends),
        }  # fmt: skip

    def _end(
        self, *addresses: str, ready: bool | None = None, serving: bool | None = None, terminating: bool | None = None,
        hostname: str | None = None, target: str | None = None, zone: str | None = None,
    ) -> Object:  # fmt: skip
        conditions = {"ready": ready, "serving": serving, "terminating": terminating}
        found: Object = {"addresses": list(addresses)}
        found["conditions"] = {key: value for key, value in conditions.items() if value is not None}
        named = {"hostname": hostname, "zone": zone, "targetRef": {"kind": "Pod", "name": target} if target else None}
        return found | {key: value for key, value in named.items() if value is not None}

    def _import(self, name: str, spec: Object, **labels: str) -> Object:
        meta = self._meta(name, **labels)
        return {"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport", "metadata": meta, "spec": spec}

    def _imported(
        self, name: str, service: str, cluster: str | None, ends: list[Object], ports: list[Object] | None = None
    ) -> Object:
        ported = [self._port("http", 8080), self._port("dns", 5353, "UDP")] if ports is None else ports
        found = self._slice(name, None, ported, *ends)
        found["metadata"]["labels"][IMPORT_NAME] = service
        if cluster is not None:
            found["metadata"]["labels"][SOURCE_CLUSTER] = cluster
        return found


# -- questions -----------------------------------------------------------------------------------------------------

_SHAPES = (
    "", "*.", "_tcp.", "_http._tcp.", "http.tcp.", "_HTTP._Tcp.", "_http._udp.", "_._tcp.", "_._udp.", "_http._.",
    "_._.", "__http._tcp.", "_dns._udp.", "_dns-tcp._tcp.", "_https._tcp.", "_nonum._tcp.", "_gone._tcp.",
    "_metrics._tcp.", "_http._tcp.web-0.", "web-0.", "WEB-0.", "two.", "same.", "other.", "api-0.", "pod-two.",
    "pod.with.dots.", "with.dots.", "u-0.", "h-0.", "alone.", "nosuch.", "e-0.", "e-0.c1.", "E-0.C2.", "e-0.c3.",
    "homeless.", "homeless._.", "pod-i.c1.", "_http._tcp.c1.", "eu-a.pin._zone.", "EU-a.prefer._zone.",
    "eu-b.x.pin._zone.", "eu-c.pin._zone.", "nowhere.pin._zone.", "nowhere.prefer._zone.", "eu-a.other._zone.",
    "pin._zone.", "_zone.", "x._http._tcp.",
)  # fmt: skip


def questions(world: World, snapshot: Snapshot, config: ZoneConfig) -> Iterator[Question]:
    """Every shape of name of every object, each at least for A, AAAA and SRV."""
    for zone in config.zones:
        if zone.endswith(".arpa."):
            continue
        yield from _of_zone(zone)
        for space in (world.first, world.second, f"{world.mark}-gone", world.first.upper()):
            yield from _of_namespace(f"{space}.svc.{zone}", f"{space}.pod.{zone}", world)
            names = {*snapshot.names("Service", space), *snapshot.names("ServiceImport", space)} - {CROWD}
            for name in sorted(names | {"left-over", "missing"} if names else {"web"}):
                key = ObjectKey(space, name)
                addresses = _addresses([*snapshot.slices_of(key), *snapshot.imported_slices_of(key)])
                yield from _of_service(f"{name}.{space}.svc.{zone}", name, addresses)
    for address in _addresses(snapshot.objects.values()):
        for kind in ("PTR", "A", "TXT", "SOA", "SRV", "ANY"):
            yield Question(reverse_name(address), kind)
        yield Question(reverse_name(address).upper(), "PTR")


def _of_zone(zone: str) -> Iterator[Question]:
    for head in ("", "svc.", "pod.", "dns.", "ns.dns.", "NS.dns.", "dns-version.", "DNS-Version.", "apex.dns.", "x."):
        for kind in ("A", "AAAA", "SRV", *RARE_TYPES):
            yield Question(f"{head}{zone}", kind)
    yield Question(zone.upper(), "NS")
    yield Question(zone.upper(), "SOA")
    yield Question(f"ns.dns.{zone}default.svc.{zone}", "A")


def _of_namespace(services: str, pods: str, world: World) -> Iterator[Question]:
    for name in (services, pods):
        for kind in ("A", "AAAA", "SRV", *RARE_TYPES):
            yield Question(name, kind)
    dashes = world.v4.replace(".", "-")
    six = world.v6.replace(":", "-")
    heads = [f"{dashes}-{host}" for host in (1, 50, 51, 99)] + [f"{six}-50", f"{six}-52", f"{six.upper()}-52"]
    heads += [
        "1-2-3-04",
        "1-2-3",
        "1--2-3-4",
        "--1",
        "1-2-3-400",
        "web-0",
        "0-0-0-0",
        f"x.{dashes}-50",
        f"x.y.{dashes}-50",
    ]
    for head in heads:
        for kind in ("A", "AAAA", "SRV", "TXT"):
            yield Question(f"{head}.{pods}", kind)
    yield Question(f"x.y.z.{dashes}-50.{pods}", "A")


def _of_service(base: str, name: str, addresses: list[str]) -> Iterator[Question]:
    aliased = name.startswith(("alias", "chain"))
    for number, shape in enumerate(_SHAPES[:4] if aliased else _SHAPES):
        for kind in ("A", "SRV") if number % 4 else ("A", "AAAA", "SRV"):
            yield Question(f"{shape}{base}", kind)
    for shape in ("", "_http._tcp.") if aliased else ("", "nosuch.", "web-0.", "_http._tcp.", "nowhere.pin._zone."):
        for kind in RARE_TYPES:
            yield Question(f"{shape}{base}", kind)
    for address in addresses:
        dashed = address.replace(".", "-").replace(":", "-")
        yield from (Question(f"{dashed}.{base}", kind) for kind in ("A", "AAAA", "SRV"))
        yield Question(f"{dashed}0.{base}", "AAAA")


def _addresses(items: Iterable[KubeObject]) -> list[str]:
    """All addresses of Services, endpoints and pods."""
    found: dict[str, None] = {}
    for item in items:
        if item.name.startswith(CROWD):
            continue
        text = [*getattr(item, "cluster_ips", ()), *getattr(item, "addresses", ())]
        for endpoint in getattr(item, "endpoints", None) or ():
            text += endpoint.addresses or ()
        found |= dict.fromkeys(each for each in text if each[:1].isdigit() or each[:2] == "fd")
    return list(found)
