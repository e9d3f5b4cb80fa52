"""The way of a name through a pod's own resolver: what is read, what is asked, which step wins, what differs."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from kheadless_tui.cluster.pods.exec import ExecResult
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.resolver.resolver_files import Getent, PodFiles, read_files, read_getent
from kheadless_tui.probe.resolver.resolver_path import Predicted, ResolverPath, Walk, resolver_path
from kheadless_tui.probe.resolver.resolver_times import of_one
from kheadless_tui.probe.resolver.resolver_walk import hidden_note, libc_notes, silent_server
from kheadless_tui.report import resolver_path as report
from kheadless_tui.report.medium import Medium
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, parse_resolv_conf
from tests.probe.dns_texts import observed, predicted

SEARCH = ("billing.svc.cluster.local", "svc.cluster.local", "cluster.local")
RESOLV = ResolvConf(("10.96.0.10",), SEARCH, 5, unknown="the search domains of the node")
SHORT = "web.shop"
NAMES = (*(f"{SHORT}.{domain}." for domain in SEARCH), f"{SHORT}.")
WINNER = f"{SHORT}.svc.cluster.local."
ANSWERS = {
    answer.question: answer
    for answer in (
        *(predicted(f"{name} {rdtype}", rcode="NXDOMAIN") for name in NAMES[:3:2] for rdtype in ("A", "AAAA")),
        predicted(f"{WINNER} A", f"{WINNER} 30 IN A 10.0.0.1", f"{WINNER} 30 IN A 10.0.0.2"),
        predicted(f"{WINNER} AAAA"),
        *(Answer(Question(NAMES[3], rdtype), "", fallthrough=True) for rdtype in ("A", "AAAA")),
    )
}  # fmt: skip
GLIBC = PodFiles(RESOLV, ("files", "dns"), (("127.0.0.1", ("localhost",)),), "glibc", "2.36", has_getent=True)
PREDICTED = Predicted(RESOLV, ANSWERS, {"localhost": ("127.0.0.1", "::1")})

OUTPUT = """\
there /etc/nsswitch.conf
line /etc/nsswitch.conf # a comment
line /etc/nsswitch.conf hosts: files mdns4_minimal [NOTFOUND=return] dns
there /etc/hosts
line /etc/hosts 127.0.0.1 localhost localhost.localdomain
line /etc/hosts fd00::7 db.example.com db # by hostAliases
there /etc/resolv.conf
line /etc/resolv.conf nameserver 10.96.0.10
line /etc/resolv.conf search billing.svc.cluster.local svc.cluster.local cluster.local
line /etc/resolv.conf options ndots:5
libc glibc
tool getent
libc glibc 2.36
"""


def result(out: str = "", err: str = "", code: int | None = 0, reason: str = "", message: str = "") -> ExecResult:
    return ExecResult(out.encode(), err.encode(), code, reason, message)


def replies(*names: str, wins: str = WINNER, address: str = "10.0.0.1", transport: str = "udp") -> list[Observation]:
    """What a server says to A and AAAA of some names."""
    seen = []
    for name in names:
        if name == wins:
            seen.append(observed(f"{name} A", f"{name} 30 IN A 10.0.0.2", f"{name} 30 IN A {address}"))
            seen.append(observed(f"{name} AAAA"))
        else:
            seen += [observed(f"{name} {rdtype}", rcode="NXDOMAIN") for rdtype in ("A", "AAAA")]
    return [msgspec.structs.replace(each, transport=transport) for each in seen]


def walked(files: PodFiles = GLIBC, **options: object) -> tuple[Walk, list[list[str]]]:
    """A walk to its end; the names of each go."""
    walk, asked = Walk(SHORT, files, ANSWERS), []
    while due := walk.next():
        names = list(dict.fromkeys(question.name for question in due))
        asked.append(names)
        walk.feed(replies(*names, **options))  # type: ignore[arg-type]
    return walk, asked


def path(files: PodFiles = GLIBC, getent: Getent | None = None, **options: object) -> ResolverPath:
    walk, _ = walked(files, **options)
    return resolver_path(SHORT, "pod/x", "debian:12", files, PREDICTED, walk, server="10.96.0.10", getent=getent)


# -- what is worth knowing -------------------------------------------------------------------------------------


def test_an_entry_of_etc_hosts_that_hides_a_name_is_told() -> None:
    def notes(*addresses: str) -> list[str]:
        hosts = tuple((address, (SHORT,)) for address in addresses)
        return list(hidden_note(SHORT, dataclasses.replace(GLIBC, hosts=hosts), PREDICTED))

    assert notes("10.1.1.1") == [
        f"/etc/hosts (hostAliases?) hides {WINNER}, which DNS must answer with 10.0.0.1, 10.0.0.2"
    ]
    assert notes("10.0.0.2", "10.0.0.1") == []
    assert notes() == []


def test_without_dns_in_nsswitch_only_musl_would_ask() -> None:
    files_only = dataclasses.replace(GLIBC, nsswitch=("files",))
    first, second = libc_notes(SHORT, files_only, Snapshot.of([]), ZoneConfig())
    assert first == "nsswitch.conf asks files for hosts, and so no DNS server"
    assert second.startswith("musl (Alpine) reads no nsswitch.conf, and would ask web.shop.")


def test_a_time_that_the_carrier_does_not_tell_is_never_a_number_of_its_own() -> None:
    def timed(ms: float | None, within: float | None) -> ResolverPath:
        def seen(each: Observation) -> Observation:
            return msgspec.structs.replace(each, ms=ms, within=within, carrier="nslookup", started=1.0)

        walk = Walk(SHORT, GLIBC, ANSWERS)
        while due := walk.next():
            walk.feed([seen(each) for each in replies(*dict.fromkeys(question.name for question in due))])
        return resolver_path(SHORT, "pod/x", "", GLIBC, PREDICTED, walk, server="10.96.0.10")

    assert timed(1.5, None).took == "3.0 ms", "A and AAAA of one name go out together"
    bound = timed(None, 56.2)
    assert bound.took == "within 57 ms, with the exec", "one run of the program"
    assert {of_one(ask.observation) for step in bound.steps for ask in step.asks if ask.observation} == {"<57"}
    assert timed(None, None).took == "no time told by nslookup"
    assert "4 questions to 10.96.0.10 over UDP by nslookup, within 57 ms" in report.render(bound, "table")


# -- what is read ----------------------------------------------------------------------------------------------


def test_the_files_of_a_container_are_read_with_one_exec() -> None:
    files = read_files(result(OUTPUT), "pod/x")
    assert files.resolv.nameservers == ("10.96.0.10",)
    assert (files.resolv.search, files.resolv.ndots) == (SEARCH, 5)
    assert files.nsswitch == ("files", "mdns4_minimal", "dns")
    assert files.in_hosts("DB") == ("fd00::7",)
    assert files.in_hosts("db.example.com.") == ("fd00::7",)
    assert files.in_hosts("web") == ()
    assert (files.libc, files.libc_version, files.has_getent) == ("glibc", "2.36", True)


def test_an_image_without_nsswitch_conf_and_one_with_musl_ask_files_first() -> None:
    plain = read_files(result("there /etc/resolv.conf\nline /etc/resolv.conf nameserver 10.96.0.10\n"), "pod/x")
    assert (plain.libc, plain.sources, plain.has_getent) == ("", ("files", "dns"), False)
    assert PodFiles(RESOLV, ("dns",), (), "musl").sources == ("files", "dns")
    assert PodFiles(RESOLV, ("dns", "files"), (), "glibc").sources == ("dns", "files")


def test_without_a_shell_or_a_resolv_conf_it_says_so() -> None:
    missing = result(code=None, reason="InternalError", message='exec: "sh": executable file not found in $PATH')
    with pytest.raises(ClusterError, match="no shell"):
        read_files(missing, "pod/x")
    with pytest.raises(ClusterError, match=r"/etc/resolv.conf of pod/x cannot be read"):
        read_files(result("there /etc/hosts\n"), "pod/x")


def test_getent_names_each_address_once() -> None:
    out = "10.0.0.1  STREAM web.shop\n10.0.0.1  DGRAM\n10.0.0.1  RAW\nfd00::1  STREAM\nfd00::1  DGRAM\n"
    assert read_getent(result(out), 50.0) == Getent(("10.0.0.1", "fd00::1"), 50.0)
    assert read_getent(result(code=2), 50.0) == Getent(ms=50.0)
    assert read_getent(result(err="no\x1b[2J", code=1), 1.0).error == "no [2J"


# -- what is asked ---------------------------------------------------------------------------------------------


def test_as_long_as_answers_are_as_predicted_one_go_suffices_and_nothing_is_asked_beyond_the_winner() -> None:
    walk, asked = walked()
    assert walk.names == list(NAMES)
    assert asked == [list(NAMES[:2])]


def test_where_the_predicted_winner_denies_the_next_names_are_asked() -> None:
    _, asked = walked(wins="nothing")
    assert asked == [list(NAMES[:2]), list(NAMES[2:])]


def test_a_name_in_hosts_is_not_asked_for() -> None:
    files = PodFiles(RESOLV, ("files", "dns"), (("10.1.1.1", (SHORT,)),), "glibc")
    _, asked = walked(files)
    assert asked == []


def test_musl_stops_at_a_name_that_exists_without_the_record() -> None:
    walk = Walk(SHORT, PodFiles(RESOLV, (), (), "musl"), ANSWERS)
    first = walk.next()
    walk.feed([observed(f"{q.name} {q.type}") for q in first])
    assert walk.next() == ()
    glibc = Walk(SHORT, GLIBC, ANSWERS)
    glibc.feed([observed(f"{q.name} {q.type}") for q in glibc.next()])
    assert glibc.next()


# -- what it comes to ------------------------------------------------------------------------------------------


def test_each_step_says_what_was_predicted_and_what_was_answered() -> None:
    found = path(getent=Getent(("10.0.0.1", "10.0.0.2"), 50.0))
    assert (found.verdict, found.differences) == ("match", ())
    assert [(step.number, step.name, step.won) for step in found.steps] == [
        (1, "/etc/hosts", False),
        (2, NAMES[0], False),
        (3, WINNER, True),
        (4, NAMES[2], False),
        (5, NAMES[3], False),
    ]
    assert [(ask.type, ask.predicted, ask.answered, ask.verdict) for ask in found.steps[2].asks] == [
        ("A", "10.0.0.1, 10.0.0.2", "10.0.0.2, 10.0.0.1", "match"),
        ("AAAA", "NODATA", "NODATA", "match"),
    ]
    assert {ask.verdict for step in found.steps[3:] for ask in step.asks} == {"not asked"}
    assert found.steps[4].asks[0].predicted == "elsewhere"
    assert found.steps[3].note == "step 3 answered"
    assert sorted(found.addresses) == ["10.0.0.1", "10.0.0.2"]
    assert (len(found.questions), found.took) == (4, "3.0 ms")


def test_an_address_that_is_not_the_predicted_one_is_a_difference() -> None:
    found = path(address="10.0.0.9")
    assert found.verdict == "differs"
    assert found.differences == ("step 3, A: 10.0.0.2, 10.0.0.9, predicted 10.0.0.1, 10.0.0.2",)


def test_an_entry_of_hosts_that_nobody_predicted_is_a_difference_and_wins() -> None:
    files = PodFiles(RESOLV, ("files", "dns"), (("10.1.1.1", (SHORT,)),), "glibc")
    found = path(files)
    assert found.addresses == ("10.1.1.1",)
    assert found.differences == ("step 1: 10.1.1.1, predicted no entry",)
    assert found.steps[0].note == "this one wins, DNS is not asked"


def test_what_the_kubelet_writes_into_hosts_is_predicted() -> None:
    files = PodFiles(RESOLV, ("files", "dns"), (("127.0.0.1", ("localhost",)), ("::1", ("localhost",))), "glibc")
    walk = Walk("localhost", files, {})
    found = resolver_path("localhost", "pod/x", "", files, PREDICTED, walk)
    assert (found.verdict, found.addresses) == ("match", ("127.0.0.1", "::1"))


@pytest.mark.parametrize(
    ("resolv", "said"),
    [
        (ResolvConf(("8.8.8.8",), SEARCH, 5), "resolv.conf points elsewhere: nameserver 8.8.8.8, predicted 10.96.0.10"),
        (ResolvConf(("10.96.0.10",), SEARCH[1:], 5), "resolv.conf: search svc.cluster.local cluster.local, predicted"),
        (ResolvConf(("10.96.0.10",), SEARCH, 2), "resolv.conf: ndots 2, predicted 5"),
    ],
)
def test_a_resolv_conf_that_is_not_as_the_kubelet_writes_it_is_a_difference(resolv: ResolvConf, said: str) -> None:
    found = path(PodFiles(resolv, ("files", "dns"), (), "glibc"))
    assert any(text.startswith(said) for text in found.differences), found.differences


def test_a_cache_on_the_node_is_not_elsewhere() -> None:
    """The kubelets of NodeLocal DNSCache name 169.254.20.10 alone."""
    files = dataclasses.replace(GLIBC, resolv=msgspec.structs.replace(GLIBC.resolv, nameservers=("169.254.20.10",)))
    assert path(files).differences == ()


def test_the_nodes_own_search_domains_may_follow() -> None:
    resolv = ResolvConf(("10.96.0.10",), (*SEARCH, "corp.example.com"), 5)
    assert path(PodFiles(resolv, ("files", "dns"), (), "glibc")).differences == ()


def test_the_nodes_own_search_domains_stand_in_front_of_those_of_dns_config() -> None:
    predicted = msgspec.structs.replace(RESOLV, search=(*SEARCH, "own.test"), unknown_at=len(SEARCH))
    between = ResolvConf(("10.96.0.10",), (*SEARCH, "corp.example.com", "own.test"), 5)
    behind = ResolvConf(("10.96.0.10",), (*SEARCH, "own.test", "corp.example.com"), 5)
    files = [PodFiles(resolv, ("files", "dns"), (), "glibc") for resolv in (between, behind)]
    found = [
        resolver_path(
            SHORT, "a", "", each, Predicted(predicted, ANSWERS, PREDICTED.own), Walk(SHORT, each, ANSWERS)
        ).differences
        for each in files
    ]
    assert not any("search" in text for text in found[0])
    assert any(text.startswith("resolv.conf: search") for text in found[1])


def test_musl_is_asked_no_further_than_a_name_that_is_predicted_to_be_empty() -> None:
    empty = {Question(NAMES[0], rdtype): predicted(f"{NAMES[0]} {rdtype}") for rdtype in ("A", "AAAA")}
    files = dataclasses.replace(GLIBC, libc="musl")
    assert {question.name for question in Walk(SHORT, files, ANSWERS | empty).next()} == {NAMES[0]}
    assert {question.name for question in Walk(SHORT, GLIBC, ANSWERS | empty).next()} == set(NAMES[:2])


def test_a_container_that_does_not_ask_dns_at_all_is_told() -> None:
    found = path(PodFiles(RESOLV, ("files",), (), "glibc"))
    assert found.differences == ("nsswitch.conf: dns is not among the sources of hosts (files)",)


def test_getent_that_says_otherwise_is_a_difference_but_not_for_a_family_that_the_pod_lacks() -> None:
    assert path(getent=Getent(("10.0.0.1",), 1.0)).differences == (
        "getent says 10.0.0.1, the steps say 10.0.0.2, 10.0.0.1",
    )
    assert path(getent=Getent((), 1.0)).verdict == "differs"
    assert path(getent=Getent(("10.0.0.1", "10.0.0.2"), 1.0)).verdict == "match"


def test_a_silent_server_costs_what_options_timeout_says() -> None:
    own = parse_resolv_conf("nameserver 10.96.0.10\noptions timeout:1")
    assert silent_server("10.96.0.10", "no reply", own).endswith("a resolver waits 1 s for it at each name")
    assert "waits 5 s" in silent_server("10.96.0.10", "no reply", ResolvConf(("10.96.0.10",)))


def test_silence_is_neither_match_nor_difference() -> None:
    walk = Walk(SHORT, GLIBC, ANSWERS)
    walk.feed([observed(f"{q.name} {q.type}", error="no reply within 3 s") for q in walk.next()])
    found = resolver_path(SHORT, "pod/x", "", GLIBC, PREDICTED, walk)
    assert (found.verdict, found.differences) == ("unanswered", ())


# -- as it is told ---------------------------------------------------------------------------------------------


def test_what_was_asked_over_tcp_is_no_match_unless_the_resolver_itself_says_so() -> None:
    heard = Getent(("10.0.0.1", "10.0.0.2"), 50.0)
    for transport, getent, verdict in (
        ("udp", None, "match"),
        ("tcp", None, "unjudged"),
        ("tcp", heard, "match"),
        ("tcp", Getent(error="did not end"), "differs"),
    ):
        walk, _ = walked(transport=transport)
        way = resolver_path(SHORT, "pod/x", "", GLIBC, PREDICTED, walk, server="10.96.0.10", getent=getent)
        assert (way.verdict, way.transports) == (verdict, (transport,))
        assert f"to 10.96.0.10 over {transport.upper()}" in report.render(way, "table")


def test_a_carrier_that_tells_no_rcode_denies_as_predicted() -> None:
    walk = Walk(SHORT, GLIBC, ANSWERS)
    while due := walk.next():
        seen = replies(*dict.fromkeys(question.name for question in due))
        walk.feed([msgspec.structs.replace(each, rcode="", unknown=("rcode",)) for each in seen])
    way = resolver_path(SHORT, "pod/x", "", GLIBC, PREDICTED, walk)
    assert (way.verdict, way.differences) == ("match", ())
    assert {ask.answered for ask in way.steps[1].asks} == {"no record"}


def test_the_document_has_the_keys_of_its_schema() -> None:
    document = report.document(path(getent=Getent(("10.0.0.1", "10.0.0.2"), 50.0)))
    assert list(document) == [
        "schema", "name", "vantage", "image", "libc", "nsswitch", "resolvConf", "predictedResolvConf", "server",
        "transports", "carriers", "steps", "addresses", "getent", "differences", "notes", "complete", "verdict",
    ]  # fmt: skip
    assert document["schema"] == "kheadless/path/1"
    assert document["steps"][2]["asks"][0]["answer"][0] == f"{WINNER} 30 IN A 10.0.0.2"


def test_on_80_columns_what_all_names_begin_with_is_said_once() -> None:
    lines = report.render(path(), "table", Medium(width=80)).splitlines()
    assert lines[0] == f"… stands for {SHORT}"
    assert any(line.split()[:2] == ["3", "….svc.cluster.local."] for line in lines)
    assert all(len(line) <= 80 for line in lines)


def test_nothing_of_a_pod_reaches_a_terminal_unescaped() -> None:
    evil = read_files(result(OUTPUT.replace("svc.cluster.local cluster.local", "\x1b[2Jevil")), "pod/x")
    for medium in (Medium(), Medium(width=80)):
        text = report.render(path(evil), "table", medium)
        assert all(sign.isprintable() or sign == "\n" for sign in text)


def test_a_way_that_was_stopped_is_as_far_as_it_came() -> None:
    way = resolver_path(SHORT, "pod/x", "", GLIBC, PREDICTED, Walk(SHORT, GLIBC, ANSWERS), complete=False)
    assert (way.verdict, way.addresses, way.complete) == ("not asked", (), False)
    assert {step.note for step in way.steps if step.kind == "dns"} == {"stopped before it was asked"}
    text = report.render(way, "table", Medium())
    assert f"not asked: {SHORT} was not found until it was stopped" in text
    assert "stopped before it had answered" in text
