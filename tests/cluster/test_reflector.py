"""The reflector as a machine: bytes in, requests, changes and states out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kheadless_tui.cluster.bounds import PAGE
from kheadless_tui.cluster.reading.decode import Decoder, token_in
from kheadless_tui.cluster.reading.listwatch import Check, List, Put, Remove, Replace, Wait, Watch
from kheadless_tui.cluster.reading.pauses import BACKOFF, FORBIDDEN_PAUSE
from kheadless_tui.cluster.reading.reflector import WATCH_SILENCE, Reflector
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Reading, Unauthorized
from kheadless_tui.errors import ClusterError, NotAuthenticated, Refused, Unreachable
from kheadless_tui.model.kinds import ENDPOINT_SLICE, NAMESPACE, POD, SERVICE
from kheadless_tui.model.objects import ObjectKey

NOW = 1000.0


def reflector(**options: Any) -> Reflector:
    return Reflector(SERVICE, "shop", now=NOW, spread=lambda: 1.0, **options)


def item(name: str, version: str = "1") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "resourceVersion": version}}


def page(*names: str, version: str = "10", token: str = "") -> bytes:
    meta = {"resourceVersion": version, **({"continue": token} if token else {})}
    return json.dumps({"metadata": meta, "items": [item(name) for name in names]}).encode()


def line(type_: str, body: Any) -> bytes:
    return json.dumps({"type": type_, "object": body}).encode() + b"\n"


def listed(*names: str, **options: Any) -> Reflector:
    made = reflector(**options)
    assert isinstance(made.step(NOW), List)
    take(made, page(*names), NOW)
    return made


def watching(*names: str) -> Reflector:
    made = listed(*names)
    made.watch_opened(NOW)
    return made


def take(made: Reflector, body: bytes, now: float = NOW, *, changed: bool = True) -> tuple[Put | Replace, str]:
    """A page, and the end of the list with the last one."""
    change, token = made.take_page(body, now)
    if not token:
        made.list_taken(changed, now)
    return change, token


def resumed(made: Reflector, now: float) -> Watch:
    """The watch that follows another one, after the server has said that it knows the version."""
    step = made.step(now)
    assert isinstance(step, Check)
    made.checked()
    watch = made.step(now)
    assert isinstance(watch, Watch)
    assert dict(step.params)["resourceVersion"] == dict(watch.params)["resourceVersion"]
    return watch


def test_the_requests() -> None:
    made = reflector(label_selector="app in (a,b)")
    step = made.step(NOW)
    assert step == List("/api/v1/namespaces/shop/services", (("limit", str(PAGE)), ("labelSelector", "app in (a,b)")))
    assert made.page("abc").params[-1] == ("continue", "abc")
    take(made, page("a", version="77"), NOW)
    watch = made.step(NOW)
    assert isinstance(watch, Watch)
    params = dict(watch.params)
    assert params["resourceVersion"] == "77"
    assert params["allowWatchBookmarks"] == params["watch"] == "true"
    assert params["timeoutSeconds"] == "360"
    assert params["labelSelector"] == "app in (a,b)"
    assert Reflector(ENDPOINT_SLICE, now=NOW).page().path == "/apis/discovery.k8s.io/v1/endpointslices"
    assert Reflector(NAMESPACE, now=NOW).page().path == "/api/v1/namespaces"
    assert Reflector(POD, "a/b", now=NOW).page().path == "/api/v1/namespaces/a%2Fb/pods"


def test_first_pages_are_shown_as_they_come_later_lists_only_as_a_whole() -> None:
    made = reflector()
    change, token = take(made, page("a", "b", token="t"), NOW)
    assert isinstance(change, Put)
    assert [one.name for one in change.objects] == ["a", "b"]
    assert token == "t"
    assert made.state == Reading(2, NOW)
    assert not made.synced
    change, token = take(made, page("c"), NOW + 1)
    assert isinstance(change, Replace)
    assert [one.name for one in change.objects] == ["c"]
    assert change.names == {"shop": {"a", "b", "c"}}
    assert token == ""
    after: object = made.state
    assert after == Live(NOW + 1)
    made.expired(NOW + 2)
    assert isinstance(made.step(NOW + 2), List)
    change, _ = take(made, page("a", token="t"), NOW + 2)
    assert change == Put(())
    assert isinstance(made.state, Live)
    change, _ = take(made, page("d"), NOW + 2)
    assert isinstance(change, Replace)
    assert [one.name for one in change.objects] == ["a", "d"]
    assert change.names == {"shop": {"a", "d"}}


def test_a_watch_cut_anywhere_says_the_same() -> None:
    stream = (
        line("ADDED", item("a", "11")) + b"\n" + line("MODIFIED", item("a", "12")) + line("DELETED", item("a", "13"))
    )
    whole = watching().watch_data(stream, NOW)
    assert [type(change) for change in whole] == [Put, Put, Remove]
    for size in (1, 2, 7, 64):
        made = watching()
        parts = [
            change
            for start in range(0, len(stream), size)
            for change in made.watch_data(stream[start : start + size], NOW)
        ]
        assert parts == whole
        made.watch_closed(NOW + 60)
        assert dict(resumed(made, NOW + 60).params)["resourceVersion"] == "13"


def test_a_bookmark_moves_the_version_and_nothing_else() -> None:
    made = watching("a")
    assert made.watch_data(line("BOOKMARK", {"metadata": {"resourceVersion": "99"}}), NOW) == []
    made.failed(Unreachable("gone"), NOW + 30)
    assert dict(resumed(made, NOW + 31).params)["resourceVersion"] == "99"


def test_410_by_either_way_lists_again_at_once_and_then_more_slowly() -> None:
    made = watching("a")
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    assert made.watch_data(line("ERROR", gone) + line("ADDED", item("never")), NOW) == []
    assert not made.watching
    assert isinstance(made.step(NOW), List)
    assert isinstance(made.state, Live)
    made.refused(ClusterError("gone"), 410, "list", NOW)
    assert isinstance(made.step(NOW), Wait)
    assert isinstance(made.step(NOW + 5), List)


def test_pauses_grow_and_are_bounded() -> None:
    made = reflector()
    pauses = []
    now = NOW
    for _ in range(9):
        made.failed(Unreachable("away"), now)
        assert isinstance(made.state, Offline)
        assert made.state.since == NOW
        assert made.state.cause == "away"
        pauses.append(made.state.next_try - now)
        assert made.step(now) == Wait(made.state.next_try)
        now = made.state.next_try
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert all(0.5 <= Reflector(SERVICE, now=0, spread=lambda: 0.0)._pause(1) <= pause for pause in pauses)


def test_a_watch_that_is_cut_is_opened_again_before_anything_is_said() -> None:
    made = watching("a")
    made.failed(Unreachable("reset"), NOW + 60)
    assert isinstance(made.state, Live)
    assert isinstance(made.step(NOW + 61), Check)
    made.failed(Unreachable("no answer"), NOW + 61)
    assert isinstance(made.state, Offline)
    assert made.state.since == NOW  # when it was last heard of
    made.watch_opened(NOW + 70)
    assert made.state == Live(NOW + 70)


def test_watches_that_end_at_once_are_not_opened_in_a_loop() -> None:
    made = watching()
    made.watch_closed(NOW + 0.1)
    assert isinstance(made.step(NOW + 0.1), Wait)
    assert isinstance(made.state, Live)
    made.watch_opened(NOW + 5)
    made.watch_closed(NOW + 300)
    resumed(made, NOW + 300)


def test_a_server_that_was_set_back_is_listed_again() -> None:
    made = watching("a")
    made.watch_closed(NOW + 60)
    step = made.step(NOW + 60)
    assert step == Check(
        "/api/v1/namespaces/shop/services",
        (("limit", "1"), ("resourceVersion", "10"), ("resourceVersionMatch", "NotOlderThan")),
    )
    made.expired(NOW + 60)  # what the driver makes of 504, "Too large resource version"
    assert isinstance(made.step(NOW + 60), List)
    take(made, page("b", version="3"), NOW + 60)
    assert isinstance(made.step(NOW + 60), Watch)


def test_a_server_that_was_away_is_listed_again_and_one_that_only_refused_is_not() -> None:
    made = watching("a")
    made.watch_closed(NOW + 60)
    made.failed(Unreachable("no connection"), NOW + 60)
    assert isinstance(made.state, Offline)
    assert made.state.whole
    assert isinstance(made.step(NOW + 90), List)
    for code, expected in ((429, Check), (500, Check), (502, List), (503, List)):
        made = watching("a")
        made.refused(Unreachable("not now"), code, "watch", NOW + 60)
        assert isinstance(made.step(NOW + 90), expected)


def test_an_hour_of_silence_is_thirty_new_watches_and_no_trouble() -> None:
    made = watching("a")
    now = NOW
    while now < NOW + 3600:
        now += 120
        made.failed(Unreachable("no answer"), now)  # the time without a byte is over
        now += 1
        assert resumed(made, now).idle_timeout == WATCH_SILENCE
        made.watch_opened(now)
        assert isinstance(made.state, Live)


@pytest.mark.parametrize("set_to", [-900.0, 3600.0])
def test_a_clock_that_is_set_delays_nothing(set_to: float) -> None:
    made = reflector()
    made.failed(Unreachable("away"), NOW)
    step = made.step(NOW)
    assert isinstance(step, Wait)
    made.waited(step.until)  # a second by a clock that is never set
    assert isinstance(made.step(NOW + set_to + 1), List)


def test_what_stood_before_a_broken_line_is_not_lost() -> None:
    made = watching("a")
    made.watch_data(line("ADDED", item("b", "11")) + b'{"type":"ADD', NOW)
    with pytest.raises(ClusterError):
        made.watch_data(b"<html>\n", NOW)
    made.failed(ClusterError("broken"), NOW + 60)
    assert dict(resumed(made, NOW + 61).params)["resourceVersion"] == "11"
    made.watch_opened(NOW + 61)
    with pytest.raises(ClusterError):
        made.watch_data(line("ADDED", item("c", "12")) + b"<html>\n", NOW + 80)
    made.failed(ClusterError("broken"), NOW + 80)
    # The event before it was not given to anybody: it is asked for again.
    assert dict(resumed(made, NOW + 81).params)["resourceVersion"] == "11"


def test_a_list_that_was_not_taken_in_whole_is_no_list() -> None:
    made = reflector()
    made.take_page(page("a", "b"), NOW)
    assert isinstance(made.state, Reading)
    assert not made.synced
    made.lost(Unreachable("no answer"), NOW)  # while its changes went into the store
    assert isinstance(made.step(NOW + 5), List)
    take(made, page("a", "b"), NOW + 5)
    assert made.synced


def test_watches_that_come_to_nothing_again_and_again_are_told() -> None:
    made = watching("a")
    now = NOW
    for _ in range(2):
        made.watch_closed(now + 0.1)
        assert isinstance(made.state, Live)
        step = made.step(now + 0.1)
        assert isinstance(step, Wait)
        assert step.until - now < 3
        now += 5
        made.watch_opened(now)
    made.watch_closed(now + 0.1)
    assert isinstance(made.state, Offline)
    assert made.state.whole
    assert made.state.cause == "the watches of services end as soon as they begin"
    made = watching("a")
    for _ in range(2):
        made.expired(NOW)
        assert isinstance(made.state, Live)
    made.expired(NOW)
    assert isinstance(made.state, Offline)
    assert made.failure_may_pass
    assert made.state.cause == "the lists of services expire again and again"


def test_403_is_a_state_that_is_seldom_asked_about() -> None:
    made = reflector()
    made.refused(Refused("may not", hint="services is forbidden"), 403, "list", NOW)
    assert made.state == Forbidden("list", "services", "shop", "services is forbidden")
    assert isinstance(made.failure, Refused)
    step = made.step(NOW)
    assert isinstance(step, Wait)
    assert step.until == NOW + FORBIDDEN_PAUSE * 1.25
    made.retry_now()
    assert made.failure is None
    assert isinstance(made.step(NOW), List)


def test_where_only_listing_is_allowed_it_lists() -> None:
    made = listed("a")
    made.refused(Refused("may not", hint="no watch"), 403, "watch", NOW + 3)
    refusal = Forbidden("watch", "services", "shop", "no watch")
    assert made.state == Polled(NOW, NOW + 8, refusal), "it is of when it was listed"
    assert made.synced
    assert made.failure is None
    now, pauses = NOW + 3, []
    for changed in (False, False, False, False, False, True, False):
        step = made.step(now)
        assert isinstance(step, Wait)
        pauses.append(step.until - now)
        now = step.until
        assert isinstance(made.step(now), List)
        take(made, page("a", "b"), now, changed=changed)
        assert isinstance(made.state, Polled)
        assert (made.state.listed, made.state.refusal) == (now, refusal)
    assert pauses == [5, 10, 20, 40, 60, 60, 5]


def test_a_list_that_is_not_found_leaves_what_was_read_and_is_asked_for_again() -> None:
    made = listed("a")
    made.refused(ClusterError("404"), 404, "watch", NOW + 5)
    made.refused(ClusterError("404"), 404, "list", NOW + 6)
    assert isinstance(made.state, Offline)
    assert (made.state.cause, made.state.whole, made.state.since) == ("404", True, NOW)
    assert made.failure is not None
    step = made.step(NOW + 6)
    assert isinstance(step, Wait)
    assert step.until <= NOW + 6 + BACKOFF[0] * 2


def test_a_kind_that_is_not_served_has_no_objects() -> None:
    made = reflector()
    made.not_served(NOW)
    assert made.state == Live(NOW)
    assert made.synced
    assert isinstance(made.step(NOW), Wait)


def test_401_keeps_its_beginning_and_slows_down() -> None:
    made = reflector()
    made.unauthorized(NotAuthenticated("no"), NOW)
    made.unauthorized(NotAuthenticated("still no"), NOW + 40)
    assert made.state == Unauthorized(NOW, "still no")
    step = made.step(NOW + 40)
    assert isinstance(step, Wait)
    assert step.until == NOW + 40 + 60 * 1.25


def test_the_server_says_how_long_to_wait() -> None:
    made = reflector()
    made.refused(Unreachable("busy"), 429, "list", NOW, retry_after=7.0)
    assert made.failure_may_pass
    assert made.step(NOW) == Wait(NOW + 8)  # and a second's spread


def test_an_error_event_of_another_sort_is_trouble() -> None:
    made = watching("a")
    made.watch_data(line("ERROR", {"kind": "Status", "code": 500, "message": "etcd is away"}), NOW)
    assert isinstance(made.state, Offline)
    assert "etcd is away" in made.state.cause
    assert isinstance(made.step(NOW + 10), List)


def test_undecodable_objects_are_counted_by_name() -> None:
    made = reflector()
    body = {"metadata": {"resourceVersion": "5"}, "items": [item("a"), {**item("b"), "spec": 7}, {"metadata": None}]}
    take(made, json.dumps(body).encode(), NOW)
    assert made.state == Live(NOW, undecodable=2)
    made.watch_opened(NOW)
    assert made.watch_data(line("MODIFIED", {**item("a"), "spec": 7}), NOW) == [Remove(ObjectKey("shop", "a"))]
    assert made.state == Live(NOW, undecodable=3)
    made.watch_data(line("MODIFIED", item("a")) + line("DELETED", {**item("b"), "spec": 7}), NOW)
    assert made.state == Live(NOW, undecodable=1)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"items": 5}', b'"x"'])
def test_what_is_no_list_is_an_error_in_words(body: bytes) -> None:
    with pytest.raises(ClusterError, match="not what an API server sends"):
        take(reflector(), body, NOW)


@pytest.mark.parametrize("body", [b"", b"{", page("a", "b")[:-30], page("a")[:-1]])
def test_a_list_that_breaks_off_is_said_to(body: bytes) -> None:
    with pytest.raises(Unreachable, match="the answer to a list of services broke off"):
        take(reflector(), body, NOW)


def test_what_is_no_watch_is_an_error_in_words() -> None:
    with pytest.raises(ClusterError, match="not what an API server sends"):
        watching().watch_data(b"<html>\n", NOW)


@pytest.mark.parametrize(
    ("head", "token"),
    [
        (b'{"kind":"L","metadata":{"resourceVersion":"5","continue":"abc","remainingItemCount":3},"items":[', "abc"),
        (b'{"kind":"L","metadata":{"resourceVersion":"5"},"items":[{"continue":"no"}', ""),
        (b'{"kind":"L","metadata":{"resourceVersion":"5"', None),
        (b'{"kind":"L","metadata":{"continue":"ab', None),
        (b'{"metadata":{},"items":[],"x":{"continue":"no"}', ""),
    ],
)
def test_the_token_of_the_next_page_is_seen_early(head: bytes, token: str | None) -> None:
    assert token_in(head) == token


@pytest.mark.parametrize("body", [b"{}", b"null", b"[]", b'"text"'])
def test_what_is_no_list_is_not_an_empty_one(body: bytes) -> None:
    with pytest.raises(ClusterError, match="a list of services"):
        Decoder(SERVICE).page(body)
