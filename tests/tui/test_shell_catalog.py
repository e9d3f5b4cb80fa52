"""The catalogue behind the tree: what it takes from snapshots, and what rows it makes of it."""

from __future__ import annotations

from kheadless_tui.model.objects import Endpoint, EndpointSlice, ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder
from kheadless_tui.tui.keys.filtering import Filter
from kheadless_tui.tui.known.catalog import GONE_AFTER, TOGETHER, Catalog, TreeItem, key_of, members_of
from tests.tui.conftest import endpoint, pod, service, shop, slice_of

WEB = ObjectKey("shop", "nginx-headless")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def catalog_of(*snapshots: Snapshot, clock: Clock | None = None) -> Catalog:
    catalog = Catalog(clock or Clock())
    for snapshot in snapshots:
        catalog.update(snapshot)
    return catalog


def labels(items: list[TreeItem]) -> list[str]:
    return [f"{'  ' * item.depth}{item.label} {item.tally}".rstrip() for item in items]


def test_namespaces_services_and_endpoints_with_their_counts() -> None:
    items, hits = catalog_of(Snapshot.of(shop())).items({"shop", "shop/nginx-headless"})
    assert labels(items) == [
        "billing 2",
        "kube-system 1",
        "monitoring 2",
        "shop 5",
        "  cart-db-hl 3/3",
        "  inventory-cache-hl-v2 6/6",
        "  mysql-ep 1/1",
        "  nginx-headless 2/4",
        "    web-0",
        "    web-1",
        "    web-2",
        "    web-3",
        "  orders-queue 3/3",
    ]
    assert hits == 10
    signs = {item.label: item.sign for item in items}
    assert (signs["web-1"], signs["web-2"], signs["web-3"]) == ("", "not_ready", "terminating")


def test_the_families_of_a_pod_are_one_endpoint_and_numbers_count() -> None:
    owner = service("web")
    four = slice_of(owner, endpoint("web-10", "10.0.0.10"), endpoint("web-2", "10.0.0.2"))
    six = slice_of(owner, endpoint("web-10", "fd00::10"), endpoint("web-2", "fd00::2", ready=False), suffix="v6")
    found = members_of(Snapshot.of([owner, four, six]), owner.key)
    assert [member.name for member in found] == ["web-2", "web-10"]
    assert all(member.in_dns for member in found), "ready in one slice is in DNS"


def test_an_address_without_a_pod_is_called_by_its_address() -> None:
    owner = service("mysql", selector=None)
    outside = slice_of(owner, Endpoint(addresses=["114.32.146.154"]), endpoint("a-0", "10.0.0.1"))
    found = members_of(Snapshot.of([owner, outside]), owner.key)
    assert [(member.name, member.pod) for member in found] == [("a-0", True), ("114.32.146.154", False)]


def test_a_service_that_gets_a_cluster_address_leaves_the_tree() -> None:
    builder = SnapshotBuilder()
    builder.put(service("web"))
    catalog = catalog_of(builder.freeze())
    assert catalog.size == 1
    builder.put(service("web", cluster_ip="10.96.0.5"))
    assert catalog.update(builder.freeze())
    assert catalog.size == 0
    assert catalog.items(set())[0] == []


def test_what_does_not_concern_the_tree_changes_nothing() -> None:
    builder = SnapshotBuilder()
    owner = service("web")
    builder.put(owner)
    builder.put(slice_of(owner, endpoint("web-0", "10.0.0.1")))
    catalog = catalog_of(builder.freeze())
    assert len(catalog.items({"shop"})[0]) == 2
    builder.put(pod("web-0", "10.0.0.1", app="web"))
    assert not catalog.update(builder.freeze())
    builder.put(slice_of(owner, endpoint("web-0", "10.0.0.99")))
    assert not catalog.update(builder.freeze()), "another address of the same pod shows nothing new in the tree"


def test_changes_are_marked_for_a_while_and_forgotten_together() -> None:
    clock, builder, owner = Clock(), SnapshotBuilder(), service("web")
    builder.put(owner)
    builder.put(slice_of(owner, endpoint("web-0", "10.0.0.1")))
    catalog = catalog_of(builder.freeze(), clock=clock)
    opened = {"shop", "shop/web"}
    assert not any(item.change for item in catalog.items(opened)[0]), "the first reading is not news"
    catalog.settled = True
    builder.put(slice_of(owner, endpoint("web-1", "10.0.0.2")))
    builder.put(service("api"))
    assert catalog.update(builder.freeze())
    changes = {item.label: item.change for item in catalog.items(opened)[0] if item.change}
    assert changes == {"web-1": "new", "web-0": "gone", "api": "new"}
    assert set(catalog.marks) == {"shop/web/web-1", "shop/web/web-0", "shop/api"}
    clock.now += GONE_AFTER / 2
    assert catalog.forget_changes() == GONE_AFTER / 2
    clock.now += GONE_AFTER / 2
    assert catalog.forget_changes() is None
    assert [item.label for item in catalog.items(opened)[0]] == ["shop", "api", "web", "web-1"]


def test_marks_go_also_while_there_are_always_new_ones() -> None:
    clock, builder, owner = Clock(), SnapshotBuilder(), service("web")
    builder.put(owner)
    catalog = catalog_of(builder.freeze(), clock=clock)
    catalog.settled = True
    marked = []
    for number in range(30):
        builder.put(service(f"svc-{number}"))
        catalog.update(builder.freeze())
        catalog.forget_changes()
        marked.append(len(catalog.marks))
        clock.now += 1
    assert max(marked) <= GONE_AFTER + TOGETHER + 1


def test_what_changed_where_nobody_looked_is_marked_when_it_is_shown_in_time() -> None:
    clock, builder, owner = Clock(), SnapshotBuilder(), service("web")
    builder.put(owner)
    builder.put(slice_of(owner, endpoint("web-0", "10.0.0.1")))
    catalog = catalog_of(builder.freeze(), clock=clock)
    catalog.settled = True
    for name in ("web-1", "web-2"):
        builder.put(slice_of(owner, endpoint(name, "10.0.0.2")))
        assert not catalog.update(builder.freeze()), "its namespace is closed"
    opened = {"shop", "shop/web"}
    changes = {item.label: item.change for item in catalog.items(opened)[0] if item.change}
    assert changes == {"web-2": "new", "web-0": "gone"}, "as of the first of the changes that were not seen"
    catalog.items(set())
    builder.put(slice_of(owner, endpoint("web-3", "10.0.0.3")))
    catalog.update(builder.freeze())
    clock.now += GONE_AFTER + TOGETHER
    assert catalog.forget_changes() is None
    assert not catalog.changing
    assert [(item.label, item.change) for item in catalog.items(opened)[0]] == [
        ("shop", ""),
        ("web", ""),
        ("web-3", ""),
    ]


def test_a_service_that_comes_back_is_not_told_twice() -> None:
    builder = SnapshotBuilder()
    builder.put(service("web"))
    catalog = catalog_of(builder.freeze())
    catalog.settled = True
    builder.remove("Service", ObjectKey("shop", "web"))
    catalog.update(builder.freeze())
    assert [item.change for item in catalog.items({"shop"})[0]] == ["gone", "gone"]
    builder.put(service("web"))
    catalog.update(builder.freeze())
    assert [(item.label, item.change) for item in catalog.items({"shop"})[0]] == [("shop", ""), ("web", "new")]


def test_a_filter_opens_what_it_finds_and_counts_it() -> None:
    items, hits = catalog_of(Snapshot.of(shop())).items(set(), Filter("svc-1"))
    assert labels(items) == ["billing 1", "  svc-1 1/1", "monitoring 1", "  svc-1 1/1"]
    assert hits == 2
    items, hits = catalog_of(Snapshot.of(shop())).items(set(), Filter("-l app=mysql-ep"))
    assert [item.label for item in items] == ["shop", "mysql-ep"]


def test_judging_is_done_a_little_at_a_time_and_only_for_what_changed() -> None:
    judged: list[str] = []

    def severity(snapshot: Snapshot, item: Service) -> str:
        judged.append(item.name)
        return "error" if item.name == "nginx-headless" else "ok"

    builder = SnapshotBuilder()
    for item in shop():
        builder.put(item)
    catalog = catalog_of(builder.freeze())
    catalog.judge(severity, budget=0.0)
    assert len(judged) == 1
    assert catalog.judging
    while catalog.judging:
        catalog.judge(severity, budget=0.001)
    assert len(judged) == 10
    signs = {item.label: item.sign for item in catalog.items({"shop"})[0]}
    assert (signs["shop"], signs["nginx-headless"], signs["orders-queue"], signs["billing"]) == (
        "error",
        "error",
        "ok",
        "",
    )
    judged.clear()
    builder.put(pod("web-0", "10.244.1.17", app="nginx-headless", ready=False))
    catalog.update(builder.freeze())
    catalog.judge(severity, budget=1.0)
    assert judged == ["nginx-headless"], "a pod concerns the Services whose slices list its address"


def test_counts_are_not_invented_where_slices_may_not_be_read() -> None:
    catalog = catalog_of(Snapshot.of(shop()))
    for where in ("shop", ""):
        items, _ = catalog.items({"shop"}, uncounted={where: "?"})
        assert {item.tally for item in items if item.depth == 1} == {"?"}
    items, _ = catalog.items({"shop"}, uncounted={"another": "?"})
    assert "?" not in {item.tally for item in items}


def test_what_may_be_read_no_more_is_not_gone_and_what_may_be_read_again_is_not_new() -> None:
    whole, less = Snapshot.of(shop()), Snapshot.of(item for item in shop() if not isinstance(item, EndpointSlice))
    catalog, all_of_them = catalog_of(whole), set(whole.namespaces)
    catalog.settled = True
    catalog.items(all_of_them)
    for snapshot in (less, whole, Snapshot(), whole):
        assert catalog.update(snapshot, {""})
        catalog.items(all_of_them)
        assert catalog.marks == {}
    catalog.update(less, {"billing"})
    assert {row.partition("/")[0] for row in catalog.marks} == {"shop", "monitoring", "kube-system"}


def test_the_service_of_a_row() -> None:
    assert key_of("shop") is None
    assert key_of(None) is None
    assert key_of("shop/nginx-headless") == WEB
    assert key_of("shop/nginx-headless/web-0") == WEB
