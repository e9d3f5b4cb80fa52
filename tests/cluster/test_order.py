"""Slices of one Service in any order, with what a watch may bring in between: the end is what there is in the end."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kheadless_tui.cluster.reading.reflector import Reflector
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.model.kinds import ENDPOINT_SLICE, SERVICE
from kheadless_tui.model.objects import ObjectKey
from tests.cluster.checker import inconsistencies
from tests.cluster.fake_api import endpoint_slice, service

KEY = ObjectKey("shop", "web")

SLICES = [endpoint_slice(f"web-{name}", "web", f"10.0.0.{number}") for number, name in enumerate("abcd")]
ADDRESSES = {item["metadata"]["name"]: item["endpoints"][0]["addresses"][0] for item in SLICES}


class Reading:
    """Services and slices of a fake watch each, into one store."""

    def __init__(self) -> None:
        self.store = Store()
        self.version = 10
        self._reflectors = {kind: Reflector(kind, now=0.0) for kind in (SERVICE, ENDPOINT_SLICE)}
        for kind, reflector in self._reflectors.items():
            change, _ = reflector.take_page(b'{"metadata":{"resourceVersion":"10"},"items":[]}', 0.0)
            self.store.apply(kind, "", change)
            reflector.list_taken(True, 0.0)
            reflector.watch_opened(0.0)

    def event(self, type_: str, item: dict[str, Any], size: int) -> None:
        """An event, in chunks of a size."""
        self.version += 1
        item = {**item, "metadata": {**item["metadata"], "resourceVersion": str(self.version)}}
        line = json.dumps({"type": type_, "object": item}).encode() + b"\n"
        kind = SERVICE if item["kind"] == "Service" else ENDPOINT_SLICE
        for start in range(0, len(line), size):
            for change in self._reflectors[kind].watch_data(line[start : start + size], 0.0):
                self.store.apply(kind, "", change)


@given(
    st.permutations([("ADDED", item) for item in SLICES] + [("ADDED", service("web"))]),
    st.lists(st.tuples(st.sampled_from(["MODIFIED", "DELETED", "ADDED"]), st.sampled_from([*SLICES, service("web")]))),
    st.integers(1, 300),
)
def test_any_order_comes_to_the_same(
    order: list[tuple[str, dict[str, Any]]], more: list[tuple[str, dict[str, Any]]], size: int
) -> None:
    reading = Reading()
    there: dict[tuple[str, str], bool] = {}
    for type_, item in [*order, *more]:
        reading.event(type_, item, size)
        there[item["kind"], item["metadata"]["name"]] = type_ != "DELETED"
        assert inconsistencies(reading.store.snapshot) == []
    snapshot = reading.store.snapshot
    expected = sorted(name for (kind, name), exists in there.items() if kind == "EndpointSlice" and exists)
    assert [item.name for item in snapshot.slices_of(KEY)] == expected
    assert (snapshot.service(KEY) is not None) is there["Service", "web"]
    for name, address in ADDRESSES.items():
        assert [item.name for item in snapshot.slices_at(address)] == ([name] if name in expected else [])
