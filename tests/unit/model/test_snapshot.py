"""The snapshot: every index follows every change, and a frozen one never moves."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kheadless_tui.model.objects import (
    Endpoint,
    EndpointSlice,
    KubeObject,
    Meta,
    Namespace,
    ObjectKey,
    Service,
    ServiceSpec,
)
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder
from kheadless_tui.model.workloads import Pod, PodStatus

_SPACES = st.sampled_from(["a", "b"])
_NAMES = st.sampled_from(["x", "y"])
_ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1"])


@st.composite
def objects(draw: st.DrawFn) -> KubeObject:
    space, name = draw(_SPACES), draw(_NAMES)
    match draw(st.integers(0, 3)):
        case 0:
            return Service(Meta(name, space), ServiceSpec(cluster_ips=draw(st.lists(_ADDRESSES, max_size=2))))
        case 1:
            labels = draw(st.sampled_from([{"kubernetes.io/service-name": "x"}, {"kubernetes.io/service-name": "y"}, {},
                                           {"multicluster.kubernetes.io/service-name": "x"}]))  # fmt: skip
            endpoints = [Endpoint(draw(st.lists(_ADDRESSES, max_size=2)))]
            return EndpointSlice(Meta(name, space, labels=labels), endpoints=endpoints)
        case 2:
            return Pod(Meta(name, space), status=PodStatus(pod_ip=draw(_ADDRESSES)))
    return Namespace(Meta(space))


def view(snapshot: Snapshot) -> list[object]:
    keys = [ObjectKey(space, name) for space in "ab" for name in "xy"]
    addresses = ["10.0.0.1", "10.0.0.2", "fd00::1"]
    return [
        dict(snapshot.objects.items()),
        snapshot.namespaces,
        [snapshot.namespace_exists(space) for space in "abc"],
        [snapshot.services(space) for space in "ab"],
        [snapshot.slices_of(key) for key in keys],
        [snapshot.imported_slices_of(key) for key in keys],
        [snapshot.slices_at(address) for address in addresses],
        [snapshot.services_at(address) for address in addresses],
        [snapshot.pods_at(address) for address in addresses],
        [snapshot.names(kind, space) for kind in ("Service", "EndpointSlice", "Pod") for space in "ab"],
    ]


@settings(deadline=None)  # nothing is judged by how busy the machine is
@given(st.lists(st.tuples(st.booleans(), objects()), max_size=20))
def test_changes_lead_where_a_fresh_reading_leads(changes: list[tuple[bool, KubeObject]]) -> None:
    builder = SnapshotBuilder()
    held: dict[tuple[str, ObjectKey], KubeObject] = {}
    frozen: list[tuple[Snapshot, list[object]]] = []
    for put, item in changes:
        kind = type(item).__name__
        if put:
            assert builder.put(item) == held.get((kind, item.key))
            held[kind, item.key] = item
        else:
            assert builder.remove(kind, item.key) == held.pop((kind, item.key), None)
        snapshot = builder.freeze()
        assert view(snapshot) == view(Snapshot.of(held.values()))
        frozen.append((snapshot, view(snapshot)))
    for snapshot, before in frozen:
        assert view(snapshot) == before


def test_namespaces_without_the_right_to_list_them() -> None:
    service = Service(Meta("x", "a"))
    guessed = Snapshot.of([service])
    assert guessed.namespace_exists("a")
    assert not guessed.namespace_exists("b")
    known = Snapshot.of([service], namespaces_known=True)
    assert not known.namespace_exists("a")
