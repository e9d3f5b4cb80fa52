"""Replies that were right when they were made, told from servers that are behind: sequences of changes and replies."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from kheadless_tui.probe.comparison.compare import compare
from kheadless_tui.probe.comparison.diagnosis import Diagnosis, diagnose
from kheadless_tui.probe.comparison.past import HEARD_LATER, Made, Moment, Past
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Answer
from tests.probe.dns_texts import START, observed, predicted, question, soa

ONE = Server("10.244.0.2", role="replica", pod="coredns-a")
TWO = Server("10.244.0.3", role="replica", pod="coredns-b")
VIP = Server("10.96.0.10", role="kube-dns")
CACHE = Server("169.254.20.10", role="node-local")
SERVERS = (CACHE, VIP, ONE, TWO)
REPLICAS = ("10.244.0.2", "10.244.0.3")
FRESH = Freshness(30, 30, zones=("cluster.local.",))

WEB = "web A"


def web(*addresses: str) -> Answer:
    """What is predicted for the name of the Service."""
    return predicted(WEB, *(f"web 30 IN A {each}" for each in addresses), rcode="NOERROR" if addresses else "NXDOMAIN")


def says(
    *addresses: str, left: int = 30, after: float = 0.0, server: str = REPLICAS[0], aside: bool = False, rcode: str = ""
) -> Observation:
    """A reply with so many seconds of its TTL left."""
    seen = observed(
        WEB,
        *(f"web {left} IN A {each}" for each in addresses),
        server=server,
        after=after,
        rcode=rcode or ("NOERROR" if addresses else "NXDOMAIN"),
        denial=soa(left),
    )
    return msgspec.structs.replace(seen, aside=aside)


def past(*states: tuple[float, Answer]) -> Past:
    """What was predicted, each from so many seconds after the first question on."""
    return Past([Moment(START + at, {answer.question: answer}) for at, answer in states])


def judged(known: Past, now: Iterable[Answer], *replies: Observation) -> Diagnosis:
    """A probe of every server, judged whole."""
    answers = {answer.question: answer for answer in now}
    last = [seen for seen in replies if not seen.aside]
    comparison = compare((), answers, last, ttl=30, ttl_known=True)
    return diagnose(comparison, replies, SERVERS, FRESH, past=known)


def verdicts(diagnosis: Diagnosis) -> set[str]:
    return {row.verdict for row in diagnosis.comparison.rows if row.verdict != "match"}


def kinds(diagnosis: Diagnosis) -> set[str]:
    return {finding.kind for finding in diagnosis.findings}


A, B, C, D = "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"


def test_a_rolling_restart_leaves_each_step_of_it_in_some_cache() -> None:
    """Each cache keeps the step at which it was asked for the first time; seen with three pods replaced one by one."""
    steps = past((-1, web(A, B)), (0.5, web(A, B, C)), (1.0, web(B, C)), (2.0, web(B, C, D)), (2.4, web(C, D)))
    seen = (
        says(A, B, C, left=29, after=2.5, server=REPLICAS[0]),
        says(B, C, left=28, after=3.8, server=REPLICAS[1]),
        says(B, C, D, left=29, after=3.5, server=str(VIP)),
        says(A, B, left=27, after=3.6, server=str(CACHE)),
    )
    diagnosis = judged(steps, [web(C, D)], *seen)
    assert verdicts(diagnosis) == {"stale"}
    assert kinds(diagnosis) == {"old-answer"}
    assert {finding.severity for finding in diagnosis.findings} == {"warning"}
    assert diagnosis.comparison.verdict == "differs"
    details = [row.detail for row in diagnosis.comparison.rows if row.server == REPLICAS[1] and row.verdict == "stale"]
    assert (
        details[0]
        == "an old answer from a cache, 28 s of its TTL left: right until a change 1 s before it was asked for"
    )


def test_a_step_that_nobody_saw_is_right_while_records_come_and_go() -> None:
    """Both pods went at once; a server that was asked in between knew of one of them."""
    diagnosis = judged(past((-1, web(A, B, C)), (0.5, web(C))), [web(C)], says(B, C, left=29, after=2.0))
    assert verdicts(diagnosis) == {"stale"}


def test_a_record_that_never_was_is_none_of_a_change() -> None:
    diagnosis = judged(past((-1, web(A, B)), (0.5, web(A))), [web(A)], says(A, "6.6.6.6", left=29, after=2.0))
    assert verdicts(diagnosis) == {"extra"}
    assert kinds(diagnosis) == {"replica-lags"}


def test_a_record_that_was_there_all_the_time_is_missing_whatever_else_changes() -> None:
    """A replica that has lost the API long ago, asked in the middle of a rolling restart."""
    diagnosis = judged(past((-1, web(A, B)), (0.5, web(A, C))), [web(A, C)], says(D, left=29, after=2.0))
    assert "missing" in verdicts(diagnosis)
    assert kinds(diagnosis) == {"replica-lags"}


@pytest.mark.parametrize(("after", "verdict"), [(HEARD_LATER - 0.5, "stale"), (HEARD_LATER + 0.5, "missing")])
def test_who_still_makes_old_replies_some_time_after_a_change_is_behind(after: float, verdict: str) -> None:
    diagnosis = judged(past((-1, web(A)), (0, web(A, B))), [web(A, B)], says(A, after=after))
    assert verdicts(diagnosis) == {verdict}
    assert kinds(diagnosis) == ({"old-answer"} if verdict == "stale" else {"replica-lags"})


def test_an_earlier_prediction_explains_no_reply_that_was_made_long_after_it() -> None:
    """The change was a minute ago, and the replica has not heard of it: that it is an earlier truth is its fault."""
    known = past((-60, web(A)), (-58, web(A, B)))
    diagnosis = judged(known, [web(A, B)], says(A, after=0.0), says(A, left=29, after=1.0))
    assert verdicts(diagnosis) == {"missing"}
    assert kinds(diagnosis) == {"replica-lags"}


def test_all_replicas_behind_while_a_change_goes_on_are_behind() -> None:
    known = past((-1, web(A, B)), (0.5, web(A, B, C)))
    replies = [says(left=30, after=0.1, server=each) for each in REPLICAS]
    assert kinds(judged(known, [web(A, B, C)], *replies)) == {"all-behind"}


def test_what_was_cached_before_the_probe_is_old_when_the_server_knows_better() -> None:
    """The change was before we began to look: what is asked past the cache tells."""
    known = past((-1, web(A, B)))
    old, knows = says(A, left=20, after=1.0), says(A, B, after=1.1, aside=True)
    diagnosis = judged(known, [web(A, B)], old, knows)
    assert verdicts(diagnosis) == {"stale"}
    assert kinds(diagnosis) == {"old-answer"}
    row = next(row for row in diagnosis.comparison.rows if row.verdict == "stale")
    assert row.detail == (
        "an old answer from a cache, 20 s of its TTL left; asked past it, the server answers as predicted"
    )


def test_what_was_cached_before_the_probe_and_is_still_said_past_the_cache_is_behind() -> None:
    known = past((-1, web(A, B)))
    for left in (20, 29):
        old, still = says(A, left=left, after=1.0), says(A, after=1.1, aside=True)
        diagnosis = judged(known, [web(A, B)], old, still, says(A, B, server=REPLICAS[1]))
        assert verdicts(diagnosis) == {"missing"}
        assert kinds(diagnosis) == {"replica-lags"}, "its cache is no excuse"


@pytest.mark.parametrize(("beside", "verdict", "kind"), [(9, "stale", "old-answer"), (29, "extra", "all-behind")])
def test_what_is_as_old_past_the_cache_is_no_fault_that_is_known(beside: int, verdict: str, kind: str) -> None:
    """An EndpointSlice was deleted, which leaves no time, a few seconds after another probe had asked for it."""
    known = past((-0.5, web(A)))
    each = [
        says(A, B, left=beside if aside else 8, after=1.5 if aside else 0.0, server=server, aside=aside)
        for server in REPLICAS
        for aside in (False, True)
    ]
    found = judged(known, [web(A)], *each)
    assert verdicts(found) == {verdict}
    assert kinds(found) == {kind}


def test_what_is_new_past_the_cache_counts_whatever_old_came_after_it() -> None:
    """A replica that lags was asked past its cache by another probe, too, and while changes went on."""
    new = says(A, B, left=30, after=1.5, server=REPLICAS[0], aside=True)
    old = says(A, B, left=5, after=3.0, server=REPLICAS[0], aside=True)
    for asides in ((new, old), (old, new)):
        replies = (says(A, B, left=6, after=2.0), says(A, server=REPLICAS[1]), *asides)
        found = judged(past((-0.5, web(A))), [web(A)], *replies)
        assert (verdicts(found), kinds(found)) == ({"extra"}, {"replica-lags"})


def test_a_reply_past_the_cache_is_no_reply_that_a_client_gets() -> None:
    diagnosis = judged(past((-1, web(A, B))), [web(A, B)], says(A, B), says(A, after=0.1, aside=True))
    assert diagnosis.comparison.verdict == "match"
    assert [seen.aside for seen in diagnosis.observations] == [False]


def test_what_a_program_tells_no_ttl_of_may_be_as_old_as_a_cache_keeps_it() -> None:
    known = past((-1, web(A)), (0.5, web(A, B)))
    for after, verdict in ((20.0, "stale"), (40.0, "missing")):
        unknown = msgspec.structs.replace(says(A, left=0, after=after), ttl_known=False)
        assert verdicts(judged(known, [web(A, B)], unknown)) == {verdict}


def test_what_stands_before_a_replica_hands_on_what_that_has_in_its_cache() -> None:
    known = past((-1, web(A, B)))
    old, knows = says(A, left=20, after=1.0), says(A, B, after=1.1, aside=True)
    handed = msgspec.structs.replace(says(A, left=0, server=str(VIP)), transport="udp", ttl_known=False)
    diagnosis = judged(known, [web(A, B)], handed, old, knows)
    assert verdicts(diagnosis) == {"stale"}
    assert [finding.layers[0].title for finding in diagnosis.findings] == ["coredns-a"]


def test_a_denial_of_what_came_and_an_answer_of_what_went() -> None:
    came = judged(past((-1, web()), (0.5, web(A))), [web(A)], says(left=28, after=2.0))
    assert (verdicts(came), kinds(came)) == ({"stale"}, {"old-denial"})
    went = judged(past((-1, web(A)), (0.5, web())), [web()], says(A, left=28, after=2.0))
    assert (verdicts(went), kinds(went)) == ({"stale"}, {"old-answer"})
    empty = judged(past((-1, web()), (0.5, web(A))), [web(A)], says(left=28, after=2.0, rcode="SERVFAIL"))
    assert verdicts(empty) == {"wrong"}


def test_weights_of_srv_follow_the_number_of_endpoints() -> None:
    """Of four endpoints three went one by one; a reply in between has weights that no prediction of ours had."""

    def srv(*pods: str, weight: int) -> Answer:
        return predicted("web SRV", *(f"web 30 IN SRV 0 {weight} 80 {pod}.web.shop.svc.cluster.local." for pod in pods))

    before, now = srv("a", "b", "c", "d", weight=25), srv("a", weight=100)
    records = [f"web 29 IN SRV 0 50 80 {pod}.web.shop.svc.cluster.local." for pod in "ab"]
    seen = observed("web SRV", *records, server=REPLICAS[0], after=2.0)
    assert verdicts(judged(past((-1, before), (0.5, now)), [now], seen)) == {"stale"}
    forged = observed("web SRV", "web 29 IN SRV 0 7 80 a.web.shop.svc.cluster.local.", server=REPLICAS[0], after=20.0)
    assert verdicts(judged(past((-1, before), (0.5, now)), [now], forged)) == {"wrong"}


def test_a_reverse_name_that_went() -> None:
    before = predicted("1.0.0.10.in-addr.arpa. PTR", "1.0.0.10.in-addr.arpa. 30 IN PTR a.web.shop.svc.cluster.local.")
    gone = predicted("1.0.0.10.in-addr.arpa. PTR", rcode="NXDOMAIN")
    seen = observed(
        "1.0.0.10.in-addr.arpa. PTR",
        "1.0.0.10.in-addr.arpa. 22 IN PTR a.web.shop.svc.cluster.local.",
        server=REPLICAS[0],
        after=2.0,
    )
    diagnosis = judged(past((-1, before), (0.5, gone)), [gone], seen)
    assert verdicts(diagnosis) == {"stale"}


def test_a_reverse_name_that_is_back_is_denied_by_the_word_of_another_server_until_its_cache_has_run_down() -> None:
    """A CoreDNS that does not know an address asks elsewhere, and keeps that denial; seen with a Service made anew."""
    name = "1.0.0.10.in-addr.arpa."
    there = predicted(f"{name} PTR", f"{name} 30 IN PTR a.web.shop.svc.cluster.local.")
    gone = predicted(f"{name} PTR", rcode="NXDOMAIN")
    upstream = msgspec.structs.replace(soa(28), name=".")
    seen = [observed(f"{name} PTR", server=each, after=3.0, rcode="NXDOMAIN", denial=upstream) for each in REPLICAS]
    diagnosis = judged(past((-5, there), (0.5, gone), (1.0, there)), [there], *seen)
    assert verdicts(diagnosis) == {"stale"}
    assert kinds(diagnosis) == {"old-denial"}
    lost = judged(past((-500, there)), [there], *seen)
    assert kinds(lost) == {"all-behind"}


@pytest.mark.parametrize(
    ("left", "replica", "earliest", "latest"),
    [
        (30, True, 0.0, 0.0),
        (20, True, -11.0, -9.0),
        (30, False, -6.0, 0.0),
        (20, False, -16.0, 0.0),
        (0, True, float("-inf"), -30.0),
    ],
)
def test_when_a_reply_was_made_is_read_off_its_ttl(left: int, replica: bool, earliest: float, latest: float) -> None:
    seen = msgspec.structs.replace(says(A, left=left), ms=None)
    made = Made.of(seen, FRESH, replica=replica)
    assert made is not None
    assert (made.earliest - START, made.latest - START) == (earliest, latest)


def test_what_is_denied_by_another_zone_was_made_by_nobody_of_ours() -> None:
    foreign = msgspec.structs.replace(
        says(), authority=(msgspec.structs.replace(soa(), name="example.com."),), question=question(WEB)
    )
    assert Made.of(foreign, FRESH, replica=True) is None


def test_a_write_before_the_probe_is_reason_enough_where_nothing_else_tells() -> None:
    """Two probes within seconds: what the first one asked past the cache is as old as what it asked of it."""
    for written, verdict in ((-5.0, "stale"), (-60.0, "missing")):
        moments = [Moment(START - 1, {question(WEB): web(A, B)})]
        known = Past(moments, written=START + written)
        replies = says(A, left=20, after=1.0), says(A, left=21, after=1.1, aside=True)
        diagnosis = judged(known, [web(A, B)], *replies)
        assert verdicts(diagnosis) == {verdict}


def test_a_write_before_the_probe_is_no_excuse_for_what_is_still_said_past_the_cache() -> None:
    known = Past([Moment(START - 1, {question(WEB): web(A, B)})], written=START - 1.5)
    replies = says(A, left=29, after=1.0), says(A, after=1.1, aside=True), says(A, B, server=REPLICAS[1])
    diagnosis = judged(known, [web(A, B)], *replies)
    assert verdicts(diagnosis) == {"missing"}
    assert kinds(diagnosis) == {"replica-lags"}
