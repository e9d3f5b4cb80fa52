"""A change on its way through the layers: what is asked when, and when each layer is believed."""

from __future__ import annotations

from kheadless_tui.probe.comparison.changes import ExpectedChange, change_between, difference
from kheadless_tui.probe.convergence import (
    APPLICATION,
    PATIENCE,
    SERIAL,
    STEADY,
    STEADY_IN_TURN,
    TRUTH,
    Convergence,
    Point,
    Timeline,
)
from kheadless_tui.probe.matrix.layers import KUBE_DNS, NODE_LOCAL, REPLICA, Layer
from kheadless_tui.probe.observation import Observation
from kheadless_tui.report import convergence as report
from kheadless_tui.zone.record import Answer
from tests.probe.dns_texts import ZONE, observed, predicted

ONE, TWO = Layer("10.244.0.2", REPLICA, "coredns-a"), Layer("10.244.0.3", REPLICA, "coredns-b")
VIP, CACHE = Layer("10.96.0.10", KUBE_DNS, "kube-dns"), Layer("169.254.20.10", NODE_LOCAL, "node-local cache")
POD = Layer("pod/web-0, getent", APPLICATION, "pod/web-0, getent")
NAME = f"web.{ZONE}"
BEFORE = {
    answer.question: answer
    for answer in (
        predicted("web A", "web 30 IN A 10.0.0.1"),
        predicted("web AAAA"),
        predicted("web-1.web A", rcode="NXDOMAIN"),
    )
}
AFTER = {
    answer.question: answer
    for answer in (
        predicted("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2"),
        predicted("web AAAA"),
        predicted("web-1.web A", "web-1.web 30 IN A 10.0.0.2"),
    )
}
OLD_ONLY, NEW_ONLY = predicted("web A", "web 30 IN A 10.0.0.1"), predicted("web A", "web 30 IN A 10.0.0.2")
OLD = ("web 30 IN A 10.0.0.1",)
NEW = ("web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2")


def change() -> ExpectedChange:
    found = change_between(BEFORE, AFTER, NAME)
    assert found is not None
    return found


def replies(*addresses: str, endpoint: str = "", **fields: object) -> list[Observation]:
    denied = {"rcode": "NXDOMAIN"} if not endpoint else {}
    return [
        observed("web A", *addresses, **fields),  # type: ignore[arg-type]
        observed("web AAAA", **fields),  # type: ignore[arg-type]
        observed("web-1.web A", *([f"web-1.web 30 IN A {endpoint}"] if endpoint else []), **{**denied, **fields}),  # type: ignore[arg-type]
    ]


def new(**fields: object) -> list[Observation]:
    return replies(*NEW, endpoint="10.0.0.2", **fields)


def old(ttl: int = 30) -> list[Observation]:
    return replies(*(record.replace(" 30 ", f" {ttl} ") for record in OLD))


def begun(*layers: Layer) -> Convergence:
    convergence = Convergence(layers, interval=200)
    for layer in layers:
        if layer.kind == REPLICA:
            convergence.baseline(layer, 1000)
    convergence.begin(change(), now=100.0, at=1005.5, note="watch event")
    return convergence


def timeline(convergence: Convergence) -> Timeline:
    found = convergence.timeline()
    assert found is not None
    return found


def point(convergence: Convergence, layer: Layer) -> Point:
    return next(each for each in timeline(convergence).points if each.layer == layer)


# -- what changed ----------------------------------------------------------------------------------------------


def test_a_change_is_told_by_the_name_of_the_service_first() -> None:
    found = change()
    assert found.text == f"A of {NAME} gains 10.0.0.2, and 1 more answer with it"
    assert [(q.name, q.type) for q in found.questions] == [(NAME, "A"), (NAME, "AAAA"), (f"web-1.{NAME}", "A")]
    assert found.addresses(NAME, new=False) == frozenset({"10.0.0.1"})
    assert found.addresses(NAME, new=True) == frozenset({"10.0.0.1", "10.0.0.2"})


def test_a_name_that_comes_to_be_and_one_that_goes() -> None:
    nothing = {q: Answer(q, "NXDOMAIN") for q in BEFORE}
    came, went = change_between(nothing, BEFORE, NAME), change_between(BEFORE, nothing, NAME)
    assert came is not None
    assert came.text.startswith(f"A of {NAME} gains 10.0.0.1 (NXDOMAIN before)")
    assert went is not None
    assert went.text.startswith(f"A of {NAME} loses 10.0.0.1 (now NXDOMAIN)")


def test_a_name_that_comes_or_goes_is_the_witness_of_a_change() -> None:
    assert change().witness == (f"web-1.{NAME}", True)
    back = change_between(AFTER, BEFORE, NAME)
    assert back is not None
    assert back.witness == (f"web-1.{NAME}", False)
    moved = change_between({NEW_ONLY.question: NEW_ONLY}, {OLD_ONLY.question: OLD_ONLY}, NAME)
    assert moved is not None
    assert moved.witness is None, "no name tells of it"


def test_the_reverse_name_of_a_shared_address_is_no_change_of_the_service() -> None:
    shared = predicted("1.0.0.10.in-addr.arpa. PTR", f"1.0.0.10.in-addr.arpa. 30 IN PTR web-0.{NAME}")
    with_other = predicted("1.0.0.10.in-addr.arpa. PTR", f"1.0.0.10.in-addr.arpa. 30 IN PTR web-0.other.{ZONE}")
    assert change_between({shared.question: shared}, {shared.question: with_other}, NAME) is None
    found = change_between({**BEFORE, shared.question: shared}, {**AFTER, shared.question: with_other}, NAME)
    assert found is not None
    assert {question.type for question in found.questions} == {"A", "AAAA"}


def test_a_change_without_addresses_is_none_of_the_applications() -> None:
    ports = [predicted("web SRV", f"web 30 IN SRV 0 100 {port} web-0.{NAME}") for port in (80, 81)]
    before, after = ({answer.question: answer} for answer in ports)
    found = change_between(before, after, NAME)
    assert found is not None
    assert not found.reaches_applications
    convergence = Convergence([ONE, POD], interval=200)
    convergence.begin(found, now=100.0, at=1005.5)
    assert (convergence.next(POD, 104.0), convergence.next(ONE, 104.0)) == ("", TRUTH)
    for number in range(STEADY):
        convergence.told(ONE, [observed("web SRV", f"web 30 IN SRV 0 100 81 web-0.{NAME}")], 100.1 + number)
    assert timeline(convergence).done
    assert change().reaches_applications


def test_what_cannot_be_predicted_is_no_change() -> None:
    unknown = {q: Answer(q, "NOERROR", unknown="the Corefile") for q in BEFORE}
    assert change_between(BEFORE, unknown, NAME) is None
    assert change_between(BEFORE, BEFORE, NAME) is None


def test_what_a_server_says_otherwise_now_is_a_change_that_it_has_not_followed() -> None:
    found = difference(NAME, old(), AFTER)
    assert found is not None
    assert found.text.startswith(f"A of {NAME} gains 10.0.0.2")
    assert difference(NAME, new(), AFTER) is None
    assert difference(NAME, [observed("web A", error="no reply")], AFTER) is None


# -- what is asked when ----------------------------------------------------------------------------------------


def test_nothing_is_asked_before_a_change() -> None:
    convergence = Convergence([ONE, VIP], interval=200)
    assert [convergence.next(layer, 1.0) for layer in (ONE, VIP)] == ["", ""]
    assert convergence.timeline() is None


def test_the_questions_are_asked_only_when_every_replica_has_heard_of_the_change() -> None:
    convergence = begun(ONE, TWO, VIP, CACHE)
    assert [convergence.next(each, 100.0) for each in (ONE, TWO, VIP, CACHE)] == [SERIAL, SERIAL, "", ""]
    convergence.serial(ONE, 1000, 100.1)
    assert convergence.next(ONE, 100.1) == SERIAL, "the serial of before the change proves nothing"
    convergence.serial(ONE, 1005, 100.2)
    assert [convergence.next(each, 100.2) for each in (ONE, TWO, VIP, CACHE)] == [TRUTH, SERIAL, "", ""]
    convergence.serial(TWO, 1006, 100.9)
    assert [convergence.next(each, 100.9) for each in (ONE, TWO, VIP, CACHE)] == [TRUTH] * 4


def test_a_server_that_tells_no_serial_is_asked_after_a_while_all_the_same() -> None:
    convergence = begun(ONE, VIP)
    convergence.serial(ONE, 0, 101.0)
    late = 100.0 + PATIENCE / 1000
    assert [convergence.next(each, late - 0.1) for each in (ONE, VIP)] == [SERIAL, ""]
    assert [convergence.next(each, late + 0.1) for each in (ONE, VIP)] == [TRUTH, TRUTH]


def test_without_replicas_kube_dns_must_tell_the_new_serial_several_times() -> None:
    convergence = Convergence([VIP, CACHE], interval=200)
    convergence.begin(change(), now=100.0, at=1005.5)
    for number in range(STEADY_IN_TURN):
        assert convergence.next(VIP, 100.0 + number / 10) == SERIAL
        assert convergence.next(CACHE, 100.0 + number / 10) == ""
        convergence.serial(VIP, 1005, 100.0 + number / 10)
    assert convergence.next(VIP, 101.0) == TRUTH


# -- when a layer is believed ----------------------------------------------------------------------------------


def test_a_replica_whose_first_answer_is_new_has_had_it_since_it_heard() -> None:
    convergence = begun(ONE)
    convergence.serial(ONE, 1006, 100.118)
    convergence.told(ONE, new(), 100.4)
    assert round(point(convergence, ONE).new_at or 0) == 118


def test_it_is_done_when_every_layer_has_said_the_new_answer_often_enough() -> None:
    convergence = begun(ONE, VIP)
    for number in range(STEADY_IN_TURN + 2):
        assert timeline(convergence).done is (number >= STEADY)
        convergence.told(ONE, new(), 100.0 + number)
        convergence.told(VIP, new(), 100.0 + number)
    assert timeline(convergence).worst is not None
    both = begun(ONE, TWO, VIP)
    for number in range(STEADY_IN_TURN):
        assert not timeline(both).done, "kube-dns leads to another replica each time"
        for layer in (ONE, TWO, VIP):
            both.told(layer, new(), 100.0 + number)
    assert timeline(both).done


def test_an_old_answer_of_a_cache_is_told_with_its_ttl() -> None:
    convergence = begun(CACHE)
    convergence.told(CACHE, old(ttl=15), 100.3)
    convergence.told(CACHE, old(ttl=14), 101.3)
    convergence.told(CACHE, new(), 114.87)
    found = point(convergence, CACHE)
    assert (round(found.new_at or 0), [said.state for said in found.said]) == (14870, ["old", "new"])
    assert found.note == "kept an old answer: 15 s of its TTL were left"


def test_one_question_that_is_answered_as_before_keeps_the_layer_old() -> None:
    convergence = begun(VIP)
    convergence.told(VIP, replies(*NEW), 100.3)
    assert [said.state for said in point(convergence, VIP).said] == ["old"]


def test_old_and_new_in_turn_is_not_believed() -> None:
    convergence = begun(ONE, TWO, VIP)
    for replica in (ONE, TWO):
        convergence.told(replica, new(), 100.0)
    for number, said in enumerate((new(), old(), new(), old(), new())):
        convergence.told(VIP, said, 100.0 + number)
    found = point(convergence, VIP)
    assert (found.first_new, found.new_at) == (0.0, 4000.0)
    assert found.note == "old and new in turn from 1,000 ms on"
    assert not timeline(convergence).done


def test_kube_dns_is_new_for_good_with_the_last_replica_behind_it() -> None:
    convergence = begun(ONE, TWO, VIP)
    for number in range(STEADY_IN_TURN + 2):
        convergence.told(ONE, new(), 100.1 + number)
        convergence.told(TWO, old(), 100.1 + number)
        convergence.told(VIP, new(), 100.3 + number)
    found = point(convergence, VIP)
    assert (found.new_at, round(found.first_new or 0)) == (None, 300)
    assert found.note == "new to us from 300 ms on, but it leads to coredns-b too"
    assert not timeline(convergence).done
    for number in range(STEADY):
        convergence.told(TWO, new(), 111.6 + number)
    assert round(point(convergence, VIP).new_at or 0) == 11_600
    assert timeline(convergence).done


def test_a_replica_that_is_silent_keeps_kube_dns_from_nothing() -> None:
    convergence = begun(ONE, TWO, VIP)
    convergence.told(TWO, [observed("web A", error="no reply within 1 s")], 100.1)
    convergence.told(ONE, new(), 100.1)
    convergence.told(VIP, new(), 100.3)
    assert round(point(convergence, VIP).new_at or 0) == 300


def test_from_old_to_new_over_something_else_is_not_in_turn() -> None:
    convergence = begun(CACHE)
    other = replies("web 30 IN A 10.0.0.9", endpoint="10.0.0.9")
    for number, said in enumerate((old(), other, new())):
        convergence.told(CACHE, said, 100.0 + number)
    assert point(convergence, CACHE).note == "neither the old nor the new answer from 1,000 ms on"


def test_a_silent_layer_says_so() -> None:
    convergence = begun(ONE)
    convergence.told(ONE, [observed("web A", error="no reply within 1 s")], 101.0)
    found = point(convergence, ONE)
    assert (found.new_at, found.note) == (None, "does not answer: no reply within 1 s")
    assert timeline(convergence).waiting() == ("coredns-a",)


def test_the_application_may_see_one_family_only() -> None:
    convergence = begun(POD)
    convergence.told_addresses(POD, NAME, frozenset({"10.0.0.1"}), 100.5)
    convergence.told_addresses(POD, NAME, frozenset({"10.0.0.2", "10.0.0.1"}), 101.0)
    found = point(convergence, POD)
    assert ([said.state for said in found.said], found.new_at) == (["old", "new"], 1000.0)
    assert POD not in {each.layer for each in timeline(begun(ONE)).points}


def test_the_next_change_overtakes_the_one_before() -> None:
    convergence = begun(ONE)
    convergence.told(ONE, new(), 100.2)
    back = change_between(AFTER, BEFORE, NAME)
    assert back is not None
    convergence.begin(back, now=103.0, at=1008.5)
    assert [(each.superseded, round(each.points[1].new_at or 0)) for each in convergence.earlier] == [(True, 200)]
    assert point(convergence, ONE).asked == 0
    convergence.told(ONE, old(), 103.1)
    assert point(convergence, ONE).said[0].state == "new", "what was old is the truth now"


# -- as it is told ---------------------------------------------------------------------------------------------


def test_the_document_names_every_layer_with_its_milliseconds() -> None:
    convergence = begun(ONE)
    for number in range(STEADY):
        convergence.told(ONE, new(), 100.2 + number)
    document = report.document("shop/web", timeline(convergence), convergence.earlier)
    assert list(document) == ["schema", "service", "timeline", "earlier", "complete", "verdict"]
    assert (document["schema"], document["verdict"]) == ("kheadless/convergence/1", "match")
    assert [(layer["layer"], layer["newAtMs"]) for layer in document["timeline"]["layers"]] == [
        ("API, EndpointSlice", 0.0),
        ("coredns-a", 200.0),
    ]
    assert document["timeline"]["layers"][1]["said"] == [{"state": "new", "fromMs": 200.0, "untilMs": 2200.0}]
    assert "match: every layer has it 0.2 s after the API; coredns-a was last" in report.render(
        "shop/web", timeline(convergence), (), "table"
    )


def test_what_did_not_come_in_time_is_named_and_no_change_is_no_success() -> None:
    convergence = begun(ONE, CACHE)
    convergence.told(CACHE, old(), 101.0)
    assert report.verdict(timeline(convergence)) == "differs"
    assert "not yet: coredns-a, node-local cache" in report.summary(timeline(convergence))
    assert report.verdict(None) == "unanswered"
    assert report.document("shop/web", None, ())["timeline"] is None
