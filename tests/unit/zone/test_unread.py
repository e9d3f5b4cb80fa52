"""What was not read is not known: an answer that depends on it says so, and never that something is not there."""

from __future__ import annotations

import msgspec
import pytest

from kheadless_tui.model.objects import EndpointSlice, KubeObject, Meta, Service
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig

SERVICES, SLICES = ("Service", "shop"), ("EndpointSlice", "shop")


def snapshot(*whole: tuple[str, str], slices: bool = False) -> Snapshot:
    builder = SnapshotBuilder()
    for item in _objects(slices=slices):
        builder.put(item)
    builder.whole = frozenset(whole)
    return builder.freeze()


def _objects(*, slices: bool) -> list[KubeObject]:
    web = msgspec.convert({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "None"}}, Service)
    other = {"metadata": {"name": "api", "namespace": "shop"}, "spec": {"clusterIP": "10.96.0.9"}}
    meta = Meta(name="web-1", namespace="shop", labels={"kubernetes.io/service-name": "web"})
    piece = {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"], "hostname": "a"}]}
    found: list[KubeObject] = [web, msgspec.convert(other, Service)]
    return [*found, msgspec.structs.replace(msgspec.convert(piece, EndpointSlice), metadata=meta)] if slices else found


def answer(held: Snapshot, name: str, type_: str = "A", config: ZoneConfig | None = None) -> Answer:
    return resolve(held, Question(name, type_), config or ZoneConfig())


@pytest.mark.parametrize("name", ["web.shop.svc.cluster.local.", "a.web.shop.svc.cluster.local."])
@pytest.mark.parametrize("type_", ["A", "SRV", "TXT"])
def test_endpoints_that_were_not_read(name: str, type_: str) -> None:
    found = answer(snapshot(SERVICES), name, type_)
    assert found.unknown == "which endpoints Service shop/web has: the EndpointSlices of shop were not read"
    assert found.steps[0].rule == "slices-unread"
    assert "is not known" in found.steps[0].why


@pytest.mark.parametrize("whole", [(SERVICES, SLICES), (("Service", ""), ("EndpointSlice", "")), None])
def test_where_all_was_read_nothing_is_unknown(whole: tuple[tuple[str, str], ...] | None) -> None:
    held = Snapshot.of(_objects(slices=True)) if whole is None else snapshot(*whole, slices=True)
    for name in ("web.shop.svc.cluster.local.", "b.web.shop.svc.cluster.local.", "nope.shop.svc.cluster.local."):
        assert answer(held, name).unknown == ""
    assert answer(held, "web.shop.svc.cluster.local.").rcode == "NOERROR"


def test_what_does_not_depend_on_it_is_known() -> None:
    assert answer(snapshot(SERVICES), "api.shop.svc.cluster.local.").unknown == ""
    assert answer(snapshot(SERVICES), "nope.shop.svc.cluster.local.").unknown == ""
    hiding = ZoneConfig(noendpoints=True)
    assert answer(snapshot(SERVICES), "web.shop.svc.cluster.local.", config=hiding).unknown == ""


def test_a_service_that_may_be_there() -> None:
    found = answer(snapshot(SLICES), "nope.shop.svc.cluster.local.")
    assert found.unknown == "whether there is a Service shop/nope: not all Services of shop were read"
    assert found.steps[0].why.startswith("no Service nope is known in namespace shop, not all of whose Services")
    assert answer(snapshot(SLICES, slices=True), "web.shop.svc.cluster.local.").unknown == ""


def test_an_address_that_may_be_in_another_namespace() -> None:
    reverse = ZoneConfig(zones=("cluster.local.", "in-addr.arpa."))
    held = snapshot(SERVICES, SLICES, slices=True)
    assert answer(held, "1.0.0.10.in-addr.arpa.", "PTR", reverse).unknown == ""
    assert "not read" in answer(held, "2.0.0.10.in-addr.arpa.", "PTR", reverse).unknown
    whole = snapshot(("Service", ""), ("EndpointSlice", ""), slices=True)
    assert answer(whole, "2.0.0.10.in-addr.arpa.", "PTR", reverse).unknown == ""


PODS = ("Pod", "shop")
VERIFIED = ZoneConfig(pods="verified")
POD_NAME = "10-1-2-3.shop.pod.cluster.local."
ALIAS = "to.shop.svc.cluster.local."


def pods(*whole: tuple[str, str], alias: bool = False) -> Snapshot:
    builder = SnapshotBuilder()
    spec = {"type": "ExternalName", "externalName": POD_NAME} if alias else {"clusterIP": "10.96.0.9"}
    builder.put(msgspec.convert({"metadata": {"name": "to", "namespace": "shop"}, "spec": spec}, Service))
    builder.whole = frozenset(whole)
    return builder.freeze()


def test_a_pod_that_was_not_looked_for() -> None:
    found = answer(pods(SERVICES), POD_NAME, config=VERIFIED)
    assert found.unknown == "whether a pod of shop has this address: the Pods of shop were not read"
    assert found.steps[0].rule == "pods-unread"
    for whole in (PODS, ("Pod", "")):
        known = answer(pods(SERVICES, whole), POD_NAME, config=VERIFIED)
        assert (known.rcode, known.unknown, known.steps[0].rule) == ("NXDOMAIN", "", "pod-missing")


def test_a_pod_that_is_the_target_of_an_alias() -> None:
    assert "Pods of shop were not read" in answer(pods(SERVICES, alias=True), ALIAS, config=VERIFIED).unknown
    assert answer(pods(SERVICES, PODS, alias=True), ALIAS, config=VERIFIED).unknown == ""
    assert answer(pods(SERVICES, alias=True), ALIAS, "CNAME", VERIFIED).unknown == ""


def test_a_service_that_is_the_target_of_an_alias() -> None:
    builder = SnapshotBuilder()
    for name, namespace, target in (("to", "shop", "web.other.svc.cluster.local"), ("here", "other", "x.test")):
        spec = {"type": "ExternalName", "externalName": target}
        builder.put(msgspec.convert({"metadata": {"name": name, "namespace": namespace}, "spec": spec}, Service))
    builder.whole = frozenset({SERVICES})
    found = answer(builder.freeze(), ALIAS)
    assert found.unknown == "whether there is a Service other/web: not all Services of other were read"
