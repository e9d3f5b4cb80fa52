"""Generated sets of Services and EndpointSlices, as an API server takes them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Object = dict[str, Any]

_NAMES = st.sampled_from(["web", "db", "api", "a", "peer-0", "x" * 63, "n-1"])
_HOSTNAMES = st.sampled_from([None, None, "web-0", "web-1", "same", "10-1-2-3", "h" * 63, "tcp"])
_PORT_NAMES = st.sampled_from(["http", "pg", "metrics", "dns-tcp", "a-very-long-nam", "p0"])
_PROTOCOLS = st.sampled_from(["TCP", "UDP", "SCTP"])
_BOOLS = st.sampled_from([None, True, False])
_READY = st.sampled_from([None, True, True, True, False])


@st.composite
def slice_ports(draw: st.DrawFn) -> list[Object]:
    """Named ports, or one without a name, or none; a few without a number."""
    names = draw(st.lists(_PORT_NAMES, max_size=3, unique=True))
    if not names and draw(st.booleans()):
        return [{"name": "", "port": draw(st.integers(1, 65535)), "protocol": draw(_PROTOCOLS)}]
    found = []
    for name in names:
        port: Object = {"name": name, "protocol": draw(_PROTOCOLS)}
        if draw(st.integers(0, 9)):
            port["port"] = draw(st.sampled_from([80, 443, 5432, 53, 65535]))
        found.append(port)
    return found


@st.composite
def endpoint(draw: st.DrawFn, addresses: list[str]) -> Object:
    """An endpoint with one or several of the addresses."""
    found: Object = {"addresses": draw(st.lists(st.sampled_from(addresses), min_size=1, max_size=2, unique=True))}
    conditions = {"ready": draw(_READY), "serving": draw(_BOOLS), "terminating": draw(_BOOLS)}
    found["conditions"] = {key: value for key, value in conditions.items() if value is not None}
    hostname = draw(_HOSTNAMES)
    if hostname is not None:
        found["hostname"] = hostname
    if draw(st.booleans()):
        found["targetRef"] = {"kind": "Pod", "name": draw(st.sampled_from(["pod-a", "pod.b", "p" * 64]))}
    if draw(st.booleans()):
        found["zone"] = draw(st.sampled_from(["eu-a", "EU-B"]))
    return found


@st.composite
def slices_of(draw: st.DrawFn, service: str, block: int) -> list[Object]:
    """Slices of one Service, which may overlap; some belong to nobody."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        family = draw(st.sampled_from(["IPv4", "IPv4", "IPv6"]))
        pool = [f"10.{100 + block // 250}.{block % 250}.{host}" for host in range(1, 7)]
        if family == "IPv6":
            pool = [f"fd00:aa:{block:x}::{host:x}" for host in (1, 2, 16)] + [f"fd00:aa:{block:x}:1::"]
        label = {"kubernetes.io/service-name": service} if draw(st.integers(0, 9)) else {"other": service}
        found.append(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": f"{service[:40]}-{number}", "labels": label},
                "addressType": family,
                "ports": draw(slice_ports()),
                "endpoints": draw(st.lists(endpoint(pool), max_size=5)),
            }
        )
    return found


@st.composite
def service(draw: st.DrawFn, name: str) -> Object:
    """A headless Service most of the time, else one with an address or an alias; none has a selector."""
    kind = draw(st.sampled_from(["headless", "headless", "headless", "cluster", "external"]))
    ports = [
        {"name": port, "port": 1000 + number, "protocol": draw(_PROTOCOLS)}
        for number, port in enumerate(draw(st.lists(_PORT_NAMES, max_size=3, unique=True)))
    ]
    spec: Object = {"ports": ports}
    if kind == "headless":
        spec |= {"clusterIP": "None", "publishNotReadyAddresses": draw(st.booleans())}
    elif kind == "cluster":
        spec |= {
            "ports": ports or [{"port": 80}],
            "ipFamilyPolicy": draw(st.sampled_from(["SingleStack", "PreferDualStack"])),
        }
    else:
        target = draw(
            st.sampled_from(["web.{ns}.svc.cluster.local", "db.{ns}.svc.cluster.local", "outside.example.test"])
        )
        spec |= {"type": "ExternalName", "externalName": target}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


class ObjectSet:
    """One to three Services with their slices; names and addresses are told apart once the set has its place."""

    def __init__(self, objects: list[Object]) -> None:
        self.objects = objects

    def __repr__(self) -> str:
        return f"{len(self.objects)} objects"

    def placed(self, namespace: str, block: int) -> list[Object]:
        """The set in a namespace, with addresses that no other set has."""
        found: list[Object] = [_replaced(item, namespace, block) for item in self.objects]
        for item in found:
            item["metadata"]["namespace"] = namespace
        return found


@st.composite
def object_set(draw: st.DrawFn) -> ObjectSet:
    """A set of objects of one namespace."""
    found: list[Object] = []
    for name in draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True)):
        found.append(draw(service(name)))
        found += draw(slices_of(name, 0))
    return ObjectSet(found)


def _replaced(value: Any, namespace: str, block: int) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(child, namespace, block) for key, child in value.items()}
    if isinstance(value, list):
        return [_replaced(child, namespace, block) for child in value]
    if isinstance(value, str):
        text = value.replace("{ns}", namespace).replace("fd00:aa:0:", f"fd00:aa:{block:x}:")
        return text.replace("10.100.0.", f"10.{100 + block // 250}.{block % 250}.")
    return value
