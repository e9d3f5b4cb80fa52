"""What is to be reached, what the programs in a pod say, and what their failure means."""

from __future__ import annotations

import pytest

from kheadless_tui.model.objects import (
    SERVICE_NAME_LABEL,
    Conditions,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Meta,
    Service,
    ServicePort,
    ServiceSpec,
    TargetRef,
)
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Container, ContainerPort, Pod, PodSpec
from kheadless_tui.probe.connecting import names_astray
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.reachability import (
    FAILED,
    OPEN,
    REFUSED,
    SILENT,
    UNREACHABLE,
    UNRESOLVED,
    Astray,
    Goal,
    Http,
    Reach,
    all_reached,
    goals,
    http_of,
    outcome_of,
    reached,
    request,
    with_name,
)
from kheadless_tui.report import reachability as report
from kheadless_tui.report.medium import Medium
from kheadless_tui.zone.serving.config import ZoneConfig
from tests.probe.dns_texts import START, observed

WEB = Goal("10.0.0.1", 8080, "web", "web-0.web.shop.svc.cluster.local.", "web-0", declared=(80,))
DB = Goal("10.0.0.2", 5432, "", "db-0.web.shop.svc.cluster.local.", "db-0")
POD = Vantage("pod/web-0:nginx", "pod", "shop", "web-0", "nginx", "nc")


def world(*endpoints: Endpoint, ports: list[EndpointPort]) -> tuple[Snapshot, Service]:
    service = Service(Meta("web", "shop"), ServiceSpec(cluster_ip="None", ports=[ServicePort(80, "web")]))
    listed = EndpointSlice(Meta("web-x", "shop", labels={SERVICE_NAME_LABEL: "web"}), "IPv4", list(endpoints), ports)
    pod = Pod(Meta("web-0", "shop"), PodSpec(containers=[Container("c", ports=[ContainerPort(container_port=80)])]))
    return Snapshot.of([service, listed, pod]), service


def endpoint(pod: str, address: str, *, ready: bool = True) -> Endpoint:
    return Endpoint(
        addresses=[address], conditions=Conditions(ready=ready), hostname=pod, target_ref=TargetRef("Pod", pod, "shop")
    )


# -- what is to be reached -------------------------------------------------------------------------------------


def test_every_tcp_port_of_every_endpoint_those_in_dns_first() -> None:
    ports = [EndpointPort("web", 80, "TCP"), EndpointPort("admin", 81, None), EndpointPort("dns", 53, "UDP")]
    snapshot, service = world(endpoint("web-1", "10.0.0.2", ready=False), endpoint("web-0", "10.0.0.1"), ports=ports)
    found = goals(snapshot, service, ZoneConfig())
    assert [(goal.pod, goal.address, goal.port, goal.ready, goal.declared) for goal in found] == [
        ("web-0", "10.0.0.1", 80, True, (80,)),
        ("web-0", "10.0.0.1", 81, True, (80,)),
        ("web-1", "10.0.0.2", 80, False, ()),
        ("web-1", "10.0.0.2", 81, False, ()),
    ]
    assert found[0].name == "web-0.web.shop.svc.cluster.local."
    assert found[2].name == "", "it is in no record"


@pytest.mark.parametrize(
    ("name", "http"),
    [
        ("http", True),
        ("http-admin", True),
        ("HTTP2", True),
        ("web", True),
        ("https", False),
        ("mysql", False),
        ("", False),
    ],
)
def test_only_a_port_whose_name_says_http_is_asked_for_a_page(name: str, http: bool) -> None:
    assert Goal("10.0.0.1", 80, name).speaks_http is http


# -- what the programs say -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("nc: can't connect to remote host (10.244.0.93): Connection refused", REFUSED),
        ("bash: connect: Connection refused", REFUSED),
        ("curl: (7) Failed to connect to 10.0.0.1 port 80 after 0 ms: Couldn't connect: Connection refused", REFUSED),
        ("ConnectionRefusedError: [Errno 111] Connection refused", REFUSED),
        ("nc: can't connect to remote host (10.0.0.9): No route to host", UNREACHABLE),
        ("bash: connect: Network is unreachable", UNREACHABLE),
        ("wget: bad address 'nosuch'", UNRESOLVED),
        ("curl: (28) Connection timed out after 3001 milliseconds", SILENT),
        ("OCI runtime exec failed: permission denied", FAILED),
    ],
)
def test_what_programs_say_in_the_words_of_the_c_library(said: str, outcome: str) -> None:
    assert outcome_of(1, said, timed_out=False) == outcome
    assert outcome_of(0, said, timed_out=False) == OPEN


def test_a_program_that_was_given_up_got_no_answer() -> None:
    assert outcome_of(None, "", timed_out=True) == SILENT
    assert outcome_of(None, "", timed_out=False) == FAILED


def test_the_page_is_asked_for_by_the_endpoints_own_name() -> None:
    lines = request(WEB).decode().split("\r\n")
    assert lines[:2] == ["GET / HTTP/1.1", "Host: web-0.web.shop.svc.cluster.local:8080"]
    assert lines[-2:] == ["", ""]
    assert b"Host: [fd00::1]:80" in request(Goal("fd00::1", 80, "web"))


def test_the_first_line_of_a_reply() -> None:
    assert http_of(b"HTTP/1.1 404 Not Found\r\nServer: x\r\n", 2.0) == Http(404, "HTTP/1.1 404 Not Found", 2.0)
    assert http_of(b"SSH-2.0-OpenSSH_9\x1b[2J\r\n").status is None
    assert "\x1b" not in http_of(b"SSH-2.0-OpenSSH_9\x1b[2J\r\n").line


# -- what it means ---------------------------------------------------------------------------------------------


def test_a_refusal_names_the_target_port_and_what_the_pod_declares() -> None:
    cause = reached(WEB, REFUSED).cause
    assert cause.startswith("nothing listens on port 8080 there: the Service's targetPort is wrong")
    assert cause.endswith("the pod declares 80")
    assert "declares" not in reached(DB, REFUSED).cause


def test_no_answer_is_told_from_a_refusal() -> None:
    assert "NetworkPolicy" in reached(DB, SILENT).cause
    assert "no route" in reached(DB, UNREACHABLE, said="No route to host").cause
    assert reached(DB, UNRESOLVED, said="bad address").cause == "bad address"


def test_an_open_port_is_reached_and_an_error_of_the_program_is_not() -> None:
    assert reached(DB, OPEN).reached
    assert reached(WEB, OPEN, http=Http(404, "HTTP/1.1 404 Not Found")).reached
    broken = reached(WEB, OPEN, http=Http(503, "HTTP/1.1 503 Service Unavailable"))
    assert (broken.reached, broken.cause) == (False, "the program answers 503")
    assert reached(WEB, OPEN, http=Http(None, "SSH-2.0")).cause == "what answers is no HTTP: SSH-2.0"


def test_what_is_not_in_dns_need_not_be_reached() -> None:
    away = Goal("10.0.0.9", 80, pod="web-9", ready=False)
    results = [reached(DB, OPEN), reached(away, REFUSED)]
    assert all_reached(results)
    assert report.summary(results) == "match: 1 of 1 port in DNS reached, 1 more not in DNS"
    assert not all_reached([reached(DB, SILENT)])


def reply(goal: Goal, *addresses: str, ttl: int = 20) -> Observation:
    """Of kube-dns, of a reply that was made 10 s ago when 20 s are left of it."""
    name = goal.name.removesuffix(".shop.svc.cluster.local.")
    return observed(f"{name} A", *(f"{name} {ttl} IN A {address}" for address in addresses))


@pytest.mark.parametrize(
    ("ttl", "changed", "left"),
    [(20, START - 5, 20), (20, START - 60, None), (30, START - 60, None), (20, None, None)],
)
def test_an_old_address_out_of_a_cache_is_told_from_a_wrong_one(
    ttl: int, changed: float | None, left: int | None
) -> None:
    replies = {WEB: reply(WEB, "10.0.0.8", ttl=ttl), DB: reply(DB, DB.address)}
    assert names_astray(replies, Freshness(30, 30), changed, replica=False) == {WEB: Astray(("10.0.0.8",), left)}


def test_what_was_connected_to_is_reached_wherever_its_name_leads() -> None:
    page = reached(WEB, OPEN, http=Http(200, "HTTP/1.1 200 OK"))
    old = with_name(page, Astray(("10.0.0.8",), 24))
    assert (old.reached, old.found, old.outcome) == (True, False, OPEN)
    assert old.cause == "the name still leads to an old address: a cache, for at most 24 s more"
    assert report.summary([old, reached(DB, OPEN)]) == (
        "differs: 2 of 2 ports in DNS reached, 1 whose name is still as before a change"
    )
    wrong = with_name(reached(DB, SILENT), Astray(("10.0.0.8",)))
    assert wrong.cause.endswith("db-0.web.shop.svc.cluster.local. does not lead to this address here, but to 10.0.0.8")
    assert report.summary([wrong]) == "differs: 0 of 1 port in DNS reached, 1 no answer, 1 whose name leads elsewhere"


# -- as it is told ---------------------------------------------------------------------------------------------


def results() -> list[Reach]:
    return [reached(WEB, REFUSED, ms=3.0, said="refused"), reached(DB, OPEN, ms=2.0)]


def test_the_document_has_the_keys_of_its_schema() -> None:
    document = report.document("shop/web", POD, results())
    assert list(document) == ["schema", "service", "vantage", "connects", "complete", "verdict"]
    assert (document["schema"], document["verdict"]) == ("kheadless/connect/1", "differs")
    assert list(document["connects"][0]) == [
        "name", "pod", "address", "port", "portName", "inDNS", "outcome", "reached", "nameLeadsTo", "cause",
        "ms", "http", "said",
    ]  # fmt: skip


def test_the_table_fits_80_columns_and_says_each_cause_once() -> None:
    text = report.render("shop/web", POD, [*results(), results()[0]], "table", Medium(width=80))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.count("nothing listens") == 1
    assert "(2 ports)" in text


def test_what_ctrl_c_left_unconnected_is_counted_and_never_a_match() -> None:
    good = [reached(DB, OPEN, ms=2.0)]
    assert report.summary(good, 2) == "not asked: 1 of 1 port in DNS reached, stopped before 2 more ports"
    document = report.document("shop/web", POD, good, 2)
    assert (document["complete"], document["verdict"]) == (False, "not asked")
    assert report.verdict(results(), 2) == "differs"
