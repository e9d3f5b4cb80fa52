"""Probes that are kept, and what differs between two of them."""

from __future__ import annotations

from kheadless_tui.probe.comparison.compare import Comparison, compare
from kheadless_tui.probe.comparison.history import GONE, NOT_ASKED, History, Probed, difference
from kheadless_tui.probe.observation import Observation
from tests.probe.dns_texts import observed, predicted

WEB = predicted("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2")


def judged(*observations: Observation) -> Comparison:
    return compare((), {WEB.question: WEB}, observations, ttl=30, ttl_known=True)


def kept(history: History, *observations: Observation, subject: str = "shop/web") -> Probed:
    return history.add(subject, "pod/web-0", observations, judged(*observations), started=1.0)


def told(before: Probed, after: Probed) -> list[tuple[str, str, str, str]]:
    return [(c.record.data, c.server, c.before, c.after) for c in difference(before, after)]


def test_the_oldest_are_forgotten_and_numbers_stay() -> None:
    history = History(most=2)
    for _ in range(3):
        kept(history, observed("web A", "web 30 IN A 10.0.0.1"))
    assert [probe.number for probe in history.probes] == [2, 3]
    assert history.number(1) is None
    assert history.number(3) is history.probes[-1]


def test_those_of_one_service_stand_by_themselves() -> None:
    history = History()
    kept(history, observed("web A", "web 30 IN A 10.0.0.1"))
    other = kept(history, observed("web A", "web 30 IN A 10.0.0.1"), subject="shop/db")
    assert history.of("shop/db") == (other,)


def test_a_ttl_that_runs_down_is_no_change() -> None:
    history = History()
    full = ("web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2")
    first = kept(history, observed("web A", *full))
    second = kept(history, observed("web A", *(record.replace(" 30 ", " 12 ") for record in full)))
    assert told(first, second) == []


def test_a_record_that_came_and_one_that_went() -> None:
    history = History()
    first = kept(history, observed("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.9"))
    second = kept(history, observed("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2"))
    assert told(first, second) == [
        ("10.0.0.2", "10.96.0.10", "missing", "match"),
        ("10.0.0.9", "10.96.0.10", "extra", GONE),
    ]


def test_servers_and_transports_are_held_apart_and_what_was_not_asked_is_said() -> None:
    history = History()
    first = kept(history, observed("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2"))
    second = kept(
        history,
        observed("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2"),
        observed("web A", "web 30 IN A 10.0.0.1", transport="udp"),
    )
    assert told(first, second) == [
        ("10.0.0.1", "10.96.0.10", NOT_ASKED, "match"),
        ("10.0.0.2", "10.96.0.10", NOT_ASKED, "missing"),
    ]
    assert [(before, after) for _, _, before, after in told(second, first)] == [
        ("match", NOT_ASKED),
        ("missing", NOT_ASKED),
    ]


def test_a_wrong_answer_that_became_another_one_is_a_change() -> None:
    history = History()
    one = predicted("db A", "db 30 IN A 10.0.0.1")

    def probe(data: str) -> Probed:
        seen = observed("db A", f"db 30 IN A {data}")
        comparison = compare((), {one.question: one}, [seen], ttl=30, ttl_known=True)
        return history.add("shop/db", "pod/web-0", [seen], comparison, started=1.0)

    (change,) = difference(probe("10.0.0.7"), probe("10.0.0.8"))
    assert (change.before, change.after, change.detail) == ("wrong", "wrong", "answered 10.0.0.8")


def test_a_cancelled_probe_says_how_far_it_came() -> None:
    history = History()
    whole = kept(history, observed("web A", "web 30 IN A 10.0.0.1"))
    seen = observed("web A", "web 30 IN A 10.0.0.1")
    cut = history.add("shop/web", "pod/web-0", [seen], judged(seen), started=2.0, cancelled_at=(1, 5179))
    assert (whole.cut, cut.cut) == ("", "cancelled, 1 of 5179 asked")
