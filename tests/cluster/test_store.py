from __future__ import annotations

from kheadless_tui.cluster.reading.decode import Decoder
from kheadless_tui.cluster.reading.listwatch import Put, Remove, Replace, pieces
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.model.kinds import ENDPOINT_SLICE, SERVICE
from kheadless_tui.model.objects import EndpointSlice, Meta, ObjectKey, Service, ServiceSpec


def service(name: str, namespace: str = "shop", ip: str = "None") -> Service:
    return Service(metadata=Meta(name=name, namespace=namespace), spec=ServiceSpec(cluster_ip=ip))


def test_a_replace_holds_for_its_scope_alone() -> None:
    store = Store()
    store.apply(SERVICE, "", Put([service("a"), service("b"), service("c", "other")]))
    assert store.apply(SERVICE, "shop", Replace([service("b"), service("d")]))
    assert {str(key) for _, key in store.snapshot.objects} == {"shop/b", "shop/d", "other/c"}
    assert store.apply(SERVICE, "", Replace([service("c", "other")]))
    assert {str(key) for _, key in store.snapshot.objects} == {"other/c"}


def test_nothing_new_is_no_generation() -> None:
    store = Store()
    store.apply(SERVICE, "", Replace([service("a")]))
    held = store.snapshot
    assert not store.apply(SERVICE, "", Put([service("a")]))
    assert not store.apply(SERVICE, "", Replace([service("a")]))
    assert not store.apply(SERVICE, "", Remove(ObjectKey("shop", "nosuch")))
    assert store.snapshot is held
    assert store.apply(SERVICE, "", Put([service("a", ip="10.0.0.1")]))
    assert store.snapshot.generation > held.generation
    assert held.services("shop")[0].headless


def test_clearing_a_namespace_leaves_the_others() -> None:
    store = Store()
    store.apply(SERVICE, "", Put([service("a"), service("b", "other")]))
    assert store.clear(SERVICE, "shop")
    assert not store.clear(SERVICE, "shop")
    assert [key.name for _, key in store.snapshot.objects] == ["b"]


def test_a_new_version_alone_is_no_difference() -> None:
    decoder = Decoder(SERVICE)
    body = '{"metadata":{"name":"a","namespace":"shop","resourceVersion":"%d"},"spec":{"clusterIP":"%s"}}'
    store = Store()
    store.apply(SERVICE, "", Put([decoder.one((body % (1, "None")).encode())]))
    held = store.snapshot
    event = decoder.event(b'{"type":"MODIFIED","object":%s}' % (body % (2, "None")).encode())
    assert event.version == "2"
    assert event.object is not None
    assert not store.apply(SERVICE, "", Put([event.object]))
    page = decoder.page(b'{"items":[%s]}' % (body % (3, "None")).encode())
    assert not store.apply(SERVICE, "", Replace(page.objects))
    assert store.snapshot is held
    assert store.apply(SERVICE, "", Put([decoder.one((body % (3, "10.0.0.1")).encode())]))


def test_a_change_comes_in_parts_and_what_it_removes_last() -> None:
    store = Store()
    store.apply(SERVICE, "", Put([service("gone"), service("b")]))
    parts = list(pieces(Replace([service(name) for name in "abc"]), 2))
    assert [len(part.objects) for part in parts if not isinstance(part, Remove)] == [2, 1]
    for part in parts[:-1]:
        store.apply(SERVICE, "", part)
    assert {key.name for _, key in store.snapshot.objects} == {"gone", "a", "b"}
    store.apply(SERVICE, "", parts[-1])
    assert {key.name for _, key in store.snapshot.objects} == {"a", "b", "c"}


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
