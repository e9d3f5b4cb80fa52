"""Events of slices that are decoded only where they differ say what decoding all of them says."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest

from kheadless_tui.cluster.reading.decode import Decoder
from kheadless_tui.model.kinds import ENDPOINT_SLICE
from kheadless_tui.model.objects import EndpointSlice


def endpoint(number: int, ready: bool | None = True) -> dict[str, Any]:
    return {
        "addresses": [f"10.0.0.{number}"],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "targetRef": {"kind": "Pod", "namespace": "shop", "name": f"db-{number}", "uid": f"u{number}"},
        "nodeName": f"node-{number % 3}",
    }


def body(*endpoints: Any, version: int = 1, name: str = "db-x", **more: Any) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": name, "namespace": "shop", "uid": "u", "resourceVersion": str(version)}
    meta["labels"] = {"kubernetes.io/service-name": "db"}
    meta["annotations"] = {"changed": str(version)}
    return {
        "kind": "EndpointSlice",
        "metadata": {**meta, **more.pop("metadata", {})},
        "addressType": "IPv4",
        "endpoints": list(endpoints),
        "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}],
        **more,
    }


def line(type_: str, item: dict[str, Any]) -> bytes:
    return json.dumps({"type": type_, "object": item}).encode()


def whole(item: dict[str, Any]) -> EndpointSlice:
    """All of it decoded, without the version, which no object keeps."""
    stripped = {**item, "metadata": {**item["metadata"], "resourceVersion": ""}}
    return msgspec.convert(stripped, EndpointSlice)


CHANGES: tuple[dict[str, Any], ...] = (
    {"metadata": {"labels": {"kubernetes.io/service-name": "other"}}},
    {"metadata": {"labels": None}},
    {"metadata": {"uid": "made-again"}},
    {"metadata": {"namespace": "bank"}},
    {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
    {"metadata": {"ownerReferences": [{"kind": "Service", "name": "db", "uid": "s"}]}},
    {"ports": [{"port": 1}]},
    {"ports": None},
    {"addressType": "IPv6"},
    {"endpoints": None},
    {"endpoints": []},
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_beside_the_endpoints_is_seen_and_so_is_its_return(change: dict[str, Any]) -> None:
    decoder = Decoder(ENDPOINT_SLICE)
    plain, changed = body(endpoint(1), endpoint(2)), body(endpoint(1), endpoint(2), **change)
    for version, item in enumerate((plain, changed, plain, changed, changed), 1):
        item["metadata"]["resourceVersion"] = str(version)
        event = decoder.event(line("MODIFIED", item))
        assert event.object == whole(item)
        assert (event.type, event.version, event.key) == ("MODIFIED", str(version), whole(item).key)


def test_any_row_of_changes_says_the_same_as_decoding_each() -> None:
    chance = random.Random(7)
    decoder = Decoder(ENDPOINT_SLICE)
    shown: dict[str, list[dict[str, Any]]] = {"a": [], "b": []}
    for version in range(400):
        name = chance.choice(list(shown))
        held = list(shown[name])
        for _ in range(chance.randrange(3)):
            held.insert(
                chance.randrange(len(held) + 1), endpoint(chance.randrange(6), chance.choice((True, False, None)))
            )
        if held and chance.random() < 0.4:
            held.pop(chance.randrange(len(held)))
        if held and chance.random() < 0.5:
            held[chance.randrange(len(held))] = endpoint(chance.randrange(6), chance.choice((True, False, None)))
        shown[name] = held
        item = body(*held, version=version, name=name)
        type_ = chance.choice(("ADDED", "MODIFIED", "MODIFIED", "DELETED"))
        assert decoder.event(line(type_, item)).object == whole(item)


def test_what_has_not_changed_is_the_same_object_and_what_was_given_out_stays_as_it_was() -> None:
    decoder = Decoder(ENDPOINT_SLICE)
    first = decoder.event(line("ADDED", body(endpoint(1), endpoint(2), version=1))).object
    second = decoder.event(line("MODIFIED", body(endpoint(1), endpoint(2, ready=False), version=2))).object
    assert isinstance(first, EndpointSlice)
    assert isinstance(second, EndpointSlice)
    assert first.endpoints and second.endpoints  # noqa: PT018 - for the type checker
    assert second.metadata is first.metadata
    assert second.endpoints[0] is first.endpoints[0]
    assert (first.endpoints[1].ready, second.endpoints[1].ready) == (True, False)


def test_an_endpoint_that_does_not_fit_spoils_its_event_alone() -> None:
    decoder = Decoder(ENDPOINT_SLICE)
    good, bad = body(endpoint(1)), body({"addresses": 7})
    assert decoder.event(line("MODIFIED", good)).object == whole(good)
    assert decoder.event(line("MODIFIED", bad)).object is None
    later = body(endpoint(1, ready=False), version=3)
    assert decoder.event(line("MODIFIED", later)).object == whole(later)


def test_after_a_list_events_are_decoded_anew() -> None:
    decoder = Decoder(ENDPOINT_SLICE)
    item = body(endpoint(1))
    before = decoder.event(line("MODIFIED", item)).object
    decoder.page(b'{"items":[]}')
    after = decoder.event(line("MODIFIED", item)).object
    assert after == before
    assert after is not None and before is not None and after.metadata is not before.metadata  # noqa: PT018
