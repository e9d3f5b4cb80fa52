"""What objects share is never seen in them, only in memory."""

from __future__ import annotations

from typing import Any

import msgspec

from kheadless_tui.model.objects import EndpointSlice
from kheadless_tui.model.sharing import keep_what_is_same, share_words

WIRE = """{"metadata":{"name":"s","namespace":"shop","labels":{"kubernetes.io/service-name":"db"}},"addressType":"IPv4",
"ports":[{"name":"sql","port":5432}],"endpoints":[
{"addresses":["10.0.0.1"],"conditions":{"ready":true},"hostname":"db-0","nodeName":"n-1","zone":"z-1",
 "targetRef":{"kind":"Pod","namespace":"shop","name":"db-0"}},
{"addresses":["10.0.0.2"],"conditions":{"ready":READY},"hostname":"other","nodeName":"n-1","zone":"z-1",
 "targetRef":{"kind":"Pod","namespace":"shop","name":"db-1"}}]}"""


def decoded(ready: str = "true") -> EndpointSlice:
    return msgspec.json.decode(WIRE.replace("READY", ready), type=EndpointSlice)


def test_words_are_shared_and_nothing_else_is_different() -> None:
    words: dict[Any, Any] = {}
    shared = [decoded(), decoded()]
    for item in shared:
        for endpoint in item.endpoints or ():
            share_words(endpoint, words)
    assert shared == [decoded(), decoded()]
    first, last = (item.endpoints[-1] for item in shared if item.endpoints)
    assert first.node_name is last.node_name
    assert first.conditions is last.conditions
    assert first.hostname == "other"


def test_a_slice_keeps_what_it_was_but_for_what_changed() -> None:
    held, fresh = decoded(), decoded("false")
    assert keep_what_is_same(held, decoded())
    assert not keep_what_is_same(held, fresh)
    assert fresh == decoded("false")
    assert held == decoded()
    assert held.endpoints
    assert fresh.endpoints
    assert fresh.metadata is held.metadata
    assert fresh.ports is held.ports
    assert [new is old for new, old in zip(fresh.endpoints, held.endpoints, strict=True)] == [True, False]


def test_endpoints_that_came_or_went_are_taken_as_they_are() -> None:
    held, fresh = decoded(), decoded()
    assert fresh.endpoints
    del fresh.endpoints[0]
    assert not keep_what_is_same(held, fresh)
    assert [endpoint.addresses for endpoint in fresh.endpoints] == [["10.0.0.2"]]
    empty = msgspec.json.decode(b'{"metadata":{"name":"s"},"endpoints":null}', type=EndpointSlice)
    assert not keep_what_is_same(held, empty)
    assert empty.endpoints is None
    fresh = decoded()
    assert fresh.endpoints
    fresh.endpoints.pop()
    assert not keep_what_is_same(held, fresh)
