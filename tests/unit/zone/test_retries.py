"""What a name costs whose reply says nothing, and what is tried then: as counted at a server of glibc, musl and Go."""

from __future__ import annotations

import pytest

from kheadless_tui.model.objects import Meta
from kheadless_tui.model.workloads import DNSConfig, DNSConfigOption, Pod, PodSpec
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, parse_resolv_conf, resolv_conf_of
from kheadless_tui.zone.stub.search_list import Libc, resolve_by_search
from tests.unit.zone.test_asked_servers import WORLD

CONFIG = ZoneConfig()
TWO = "nameserver 10.96.0.10\nnameserver 10.96.0.53\nsearch a.test b.test\noptions ndots:5"
ONE = TWO.replace("nameserver 10.96.0.53\n", "")
SERVFAIL, OK, NXDOMAIN, NODATA = ("SERVFAIL",), ("NOERROR", "x"), ("NXDOMAIN",), ("NOERROR",)
Replies = dict[str, tuple[str, ...] | dict[str, tuple[str, ...]]]


def search(resolv: ResolvConf, libc: Libc, replies: Replies, name: str = "web", kind: str = "A") -> Answer:
    """A search where a server outside answers each name as it is told, and NXDOMAIN to all others."""

    def upstream(question: Question) -> Answer:
        told = replies.get(question.name, NXDOMAIN)
        rcode, *found = told[question.type] if isinstance(told, dict) else told
        data = {"A": "10.9.9.9", "AAAA": "fd00::9"}[question.type]
        records = tuple(Record(question.name, 30, question.type, data) for _ in found)
        return Answer(question, rcode, answer=records)

    return resolve_by_search(WORLD, name, kind, resolv, CONFIG, libc=libc, upstream=upstream)


def sent(answer: Answer) -> list[tuple[str, int, int | None]]:
    return [(step.name, step.questions, step.along) for step in answer.steps]


@pytest.mark.parametrize(
    ("text", "libc", "times"),
    [
        (ONE, "glibc", 2), (ONE, "go", 2), (ONE, "musl", 6),
        (TWO, "glibc", 4), (TWO, "go", 4), (TWO, "musl", 8),
        (f"{TWO} rotate", "glibc", 4), (f"{TWO} rotate", "go", 4),
        (f"{ONE} attempts:4", "glibc", 4), (f"{ONE} attempts:4", "go", 4), (f"{ONE} attempts:4", "musl", 12),
        (f"{ONE} attempts:1", "glibc", 1), (f"{ONE} attempts:1", "go", 1), (f"{ONE} attempts:1", "musl", 3),
        (f"{ONE} attempts:9", "glibc", 5), (f"{ONE} attempts:9", "go", 9),
    ],
)  # fmt: skip
def test_a_name_that_fails_is_asked_again(text: str, libc: Libc, times: int) -> None:
    answer = search(parse_resolv_conf(text), libc, {"web.a.test.": SERVFAIL, "web.b.test.": OK})
    assert sent(answer)[0] == ("web.a.test.", times, times)
    if libc == "musl":  # which stops there
        assert (answer.rcode, len(answer.steps)) == ("SERVFAIL", 1)
    else:
        assert (answer.rcode, sent(answer)[1:]) == ("NOERROR", [("web.b.test.", 1, 1)])
    assert not answer.unknown


@pytest.mark.parametrize(
    ("libc", "a", "aaaa", "own", "along", "rcode"),
    [
        ("glibc", OK, SERVFAIL, 1, 1, "NOERROR"),
        ("glibc", SERVFAIL, NODATA, 1, 1, "NOERROR"),
        ("go", OK, SERVFAIL, 1, 2, "NOERROR"),
        ("go", SERVFAIL, NXDOMAIN, 2, 1, "NOERROR"),
        ("musl", OK, SERVFAIL, 1, 10, "SERVFAIL"),
        ("musl", SERVFAIL, NXDOMAIN, 10, 1, "SERVFAIL"),
    ],
)
def test_one_family_that_fails(
    libc: Libc, a: tuple[str, ...], aaaa: tuple[str, ...], own: int, along: int, rcode: str
) -> None:
    """glibc is content with one reply that says something; musl gets nothing at all when one says nothing."""
    replies: Replies = {"web.a.test.": {"A": a, "AAAA": aaaa}, "web.b.test.": OK}
    answer = search(parse_resolv_conf(ONE), libc, replies)
    assert sent(answer)[0] == ("web.a.test.", own, along)
    assert (answer.rcode, bool(answer.answer)) == (rcode, rcode == "NOERROR")


@pytest.mark.parametrize(
    ("libc", "tried"),
    [
        ("glibc", [("web.a.test.", 2, 2), ("web.", 1, 1)]),
        ("go", [("web.a.test.", 2, 2), ("web.b.test.", 1, 1)]),
        ("musl", [("web.a.test.", 2, 2)]),
    ],
)
def test_after_refused_glibc_tries_the_name_as_it_is_and_no_more(libc: Libc, tried: list[tuple[str, int, int]]) -> None:
    replies: Replies = {"web.a.test.": ("REFUSED",), "web.b.test.": OK}
    assert sent(search(parse_resolv_conf(ONE), libc, replies)) == tried


@pytest.mark.parametrize(
    ("libc", "replies", "rcode"),
    [
        ("glibc", {"x.y.a.test.": NODATA}, "NXDOMAIN"),
        ("glibc", {"x.y.": SERVFAIL}, "SERVFAIL"),
        ("go", {"x.y.a.test.": SERVFAIL}, "NXDOMAIN"),
        ("go", {"x.y.": SERVFAIL, "x.y.a.test.": NODATA}, "SERVFAIL"),
    ],
)
def test_a_failure_is_that_of_the_name_as_it_is_where_that_was_tried_first(
    libc: Libc, replies: Replies, rcode: str
) -> None:
    resolv = parse_resolv_conf(ONE.replace("ndots:5", "ndots:1"))
    assert search(resolv, libc, replies, "x.y").rcode == rcode


def test_go_tells_the_failure_of_the_name_as_it_is_and_glibc_nodata_before() -> None:
    replies: Replies = {"web.a.test.": NODATA, "web.b.test.": SERVFAIL}
    resolv = parse_resolv_conf(ONE)
    assert search(resolv, "glibc", replies).rcode == "NOERROR"
    assert search(resolv, "go", replies).rcode == "NXDOMAIN"


@pytest.mark.parametrize("libc", ["glibc", "go"])
def test_the_next_server_is_asked_only_after_a_reply_that_says_nothing(libc: Libc) -> None:
    resolv = parse_resolv_conf(TWO.replace("10.96.0.53", "1.1.1.1"))
    failed = search(resolv, libc, {"web.a.test.": SERVFAIL})
    assert failed.unknown == f"after SERVFAIL {libc} asks 1.1.1.1, which is not the cluster's DNS"
    assert not search(resolv, libc, {"web.a.test.": NODATA}).unknown
    assert not search(parse_resolv_conf(TWO), libc, {"web.a.test.": SERVFAIL}).unknown


@pytest.mark.parametrize(
    ("libc", "kind", "first", "rest"), [("glibc", "A", (1, 0), 2), ("glibc", "AAAA", (0, 1), 2), ("go", "A", (1, 1), 2)]
)
def test_the_option_no_aaaa(libc: Libc, kind: str, first: tuple[int, int], rest: int) -> None:
    """Seen of glibc 2.36: of AF_UNSPEC only A is sent. musl and Go send AAAA all the same."""
    resolv = parse_resolv_conf(f"{ONE} no-aaaa")
    answer = search(resolv, libc, {"web.b.test.": OK}, kind=kind)
    assert [step[1:] for step in sent(answer)] == [first] * rest
    assert bool(answer.answer) == (kind == "A")
    if kind == "AAAA":
        assert "by options no-aaaa glibc asks A in its place" in answer.steps[0].why


@pytest.mark.parametrize(("length", "tried"), [(254, ["web.b.test."]), (255, ["web."])])
def test_a_search_line_that_musl_ignores(length: int, tried: list[str]) -> None:
    """musl 1.2.5 reads 254 characters of a line and its end (resolvconf.c __get_resolv_conf)."""
    line = f"search b.test {' '.join(['z' * 59] * 4)}"
    line += "z" * (length - len(line)) if len(line) < length else ""
    resolv = parse_resolv_conf(f"nameserver 10.96.0.10\n{line[:length]}\noptions ndots:5")
    answer = search(resolv, "musl", {"web.b.test.": OK})
    assert [step.name for step in answer.steps] == tried
    assert ("musl ignores the search line, which has 255 characters" in answer.steps[0].why) == (length == 255)


def test_options_of_a_pod() -> None:
    options = [DNSConfigOption("attempts", "4"), DNSConfigOption("no-aaaa", None), DNSConfigOption("timeout", "2")]
    pod = Pod(Meta("p", "shop"), PodSpec(dns_policy="ClusterFirst", dns_config=DNSConfig(None, None, options)))
    found = resolv_conf_of(pod, CONFIG)
    assert (found.attempts, found.no_aaaa, found.timeout) == (4, True, 2)
    plain = resolv_conf_of(Pod(Meta("p", "shop"), PodSpec(dns_policy="ClusterFirst")), CONFIG)
    assert (plain.attempts, plain.no_aaaa, plain.timeout) == (2, False, 5)


@pytest.mark.parametrize(
    ("options", "written", "patience"),
    [
        ("timeout:1 rotate attempts:1", ("ndots:1", "rotate", "timeout:1", "attempts:1"), 1),
        ("timeout:0", ("ndots:1", "timeout:0"), 1),
        ("timeout:90", ("ndots:1", "timeout:90"), 30),
        ("ndots:5", ("ndots:5",), 5),
    ],
)
def test_how_long_a_silent_server_is_waited_for(options: str, written: tuple[str, ...], patience: int) -> None:
    resolv = parse_resolv_conf(f"nameserver 10.96.0.10\noptions {options}")
    assert (resolv.options, resolv.patience) == (written, patience)


@pytest.mark.parametrize("own", [None, DNSConfig(None, ["shop.svc.cluster.local"], None)])
def test_a_pod_without_any_server_asks_nothing_of_the_cluster(own: DNSConfig | None) -> None:
    """The API server refuses it, a file of manifests may hold it."""
    pod = Pod(Meta("p", "shop"), PodSpec(dns_policy="None", dns_config=own))
    answer = resolve_by_search(WORLD, "db.shop.svc.cluster.local.", "A", resolv_conf_of(pod, CONFIG), CONFIG)
    assert answer.unknown.startswith("this pod does not ask the cluster's DNS: no server is named")
