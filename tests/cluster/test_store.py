from __future__ import annotations

from kheadless_tui.cluster.decode import Decoder
from kheadless_tui.cluster.listwatch import Put, Remove, Replace
from kheadless_tui.cluster.store import Store, same
from kheadless_tui.model.kinds import ENDPOINT_SLICE, SERVICE
from kheadless_tui.model.objects import EndpointSlice, Meta, ObjectKey, Service, ServiceSpec


def service(name: str, namespace: str = "shop", version: str = "1", ip: str = "None") -> Service:
    meta = Meta(name=name, namespace=namespace, resource_version=version)
    return Service(metadata=meta, spec=ServiceSpec(cluster_ip=ip))


def test_a_replace_holds_for_its_scope_alone() -> None:
    store = Store()
    store.apply(SERVICE, "", Put([service("a"), service("b"), service("c", "other")]))
    assert store.apply(SERVICE, "shop", Replace([service("b", version="2"), service("d")]))
    assert {str(key) for _, key in store.snapshot.objects} == {"shop/b", "shop/d", "other/c"}
    assert store.apply(SERVICE, "", Replace([service("c", "other")]))
    assert {str(key) for _, key in store.snapshot.objects} == {"other/c"}


def test_nothing_new_is_no_generation() -> None:
    store = Store()
    store.apply(SERVICE, "", Replace([service("a")]))
    held = store.snapshot
    assert not store.apply(SERVICE, "", Put([service("a", version="2")]))
    assert not store.apply(SERVICE, "", Replace([service("a", version="3")]))
    assert not store.apply(SERVICE, "", Remove(ObjectKey("shop", "nosuch")))
    assert store.snapshot is held
    assert store.apply(SERVICE, "", Put([service("a", version="4", ip="10.0.0.1")]))
    assert store.snapshot.generation > held.generation
    assert held.services("shop")[0].headless


def test_clearing_a_namespace_leaves_the_others() -> None:
    store = Store()
    store.apply(SERVICE, "", Put([service("a"), service("b", "other")]))
    assert store.clear(SERVICE, "shop")
    assert not store.clear(SERVICE, "shop")
    assert [key.name for _, key in store.snapshot.objects] == ["b"]


def test_what_counts_as_the_same() -> None:
    assert same(service("a", version="1"), service("a", version="2"))
    assert not same(service("a"), service("a", ip="10.0.0.1"))
    assert not same(service("a"), EndpointSlice(metadata=Meta(name="a", namespace="shop")))


def test_words_that_repeat_are_kept_once() -> None:
    body = b'{"items":[%s]}' % b",".join(
        b'{"metadata":{"name":"s%d","namespace":"long-namespace"},"endpoints":[{"nodeName":"node-x","zone":"zone-y"}]}'
        % n
        for n in range(3)
    )
    decoder = Decoder(ENDPOINT_SLICE)
    objects = [one for one in decoder.page(body).objects + decoder.page(body).objects if isinstance(one, EndpointSlice)]
    assert len(objects) == 6
    assert len({id(one.metadata.namespace) for one in objects}) == 1
    assert len({id((one.endpoints or [])[0].node_name) for one in objects}) == 1
    assert len({id((one.endpoints or [])[0].zone) for one in objects}) == 1
