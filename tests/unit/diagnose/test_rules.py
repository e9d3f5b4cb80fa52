"""Rules one by one: what they say in full, and when they had better say nothing."""

from __future__ import annotations

import shlex

import msgspec
import pytest

from kheadless_tui.diagnose.catalogue import RULES, findings, sentence
from kheadless_tui.diagnose.finding import Finding, counted, listed
from kheadless_tui.model.objects import (
    SERVICE_NAME_LABEL,
    Conditions,
    Endpoint,
    EndpointPort,
    Endpoints,
    EndpointsAddress,
    EndpointSlice,
    EndpointsSubset,
    KubeObject,
    Meta,
    ObjectKey,
    OwnerReference,
    Service,
    ServicePort,
    ServiceSpec,
    TargetRef,
)
from kheadless_tui.model.snapshot import Snapshot, SnapshotBuilder
from kheadless_tui.model.workloads import ContainerState, ContainerStatus, Pod, PodSpec, PodStatus, StateDetail
from kheadless_tui.zone.serving.config import ZoneConfig
from tests.unit.diagnose.worlds import service_of, snapshot_of


def finding(world: str, service: str, code: str) -> Finding:
    (found,) = [
        one for one in findings(snapshot_of(world), service_of(world, service), ZoneConfig()) if one.code == code
    ]
    return found


def codes(*objects: KubeObject, unread: tuple[str, ...] = ()) -> list[str]:
    """What is found for the first Service among the objects."""
    snapshot = Snapshot.of(objects)
    service = next(item for item in objects if isinstance(item, Service))
    return [one.code for one in findings(snapshot, service, ZoneConfig(), unread=unread)]


def service(**spec: object) -> Service:
    fields: dict[str, object] = {"cluster_ip": "None", "ports": [ServicePort(80, "web")], **spec}
    return Service(Meta("web", "shop"), ServiceSpec(**fields))  # type: ignore[arg-type]


def slice_of(*endpoints: Endpoint, label: str = "web", ports: list[EndpointPort] | None = None) -> EndpointSlice:
    labels = {SERVICE_NAME_LABEL: label} if label else None
    return EndpointSlice(
        Meta("web-1", "shop", labels=labels), "IPv4", list(endpoints), ports or [EndpointPort("web", 80, "TCP")]
    )


def endpoint(pod: str, address: str, *, ready: bool | None = True, hostname: str | None = None) -> Endpoint:
    return Endpoint([address], Conditions(ready), hostname, target_ref=TargetRef("Pod", pod))


def pod(name: str, address: str, labels: dict[str, str] | None = None, **spec: object) -> Pod:
    return Pod(
        Meta(name, "shop", labels=labels or {"app": "web"}),
        PodSpec(**spec),  # type: ignore[arg-type]
        PodStatus(phase="Running", pod_ip=address),
    )


# -- what is said ----------------------------------------------------------------------------------------------


def test_nothing_ready_shows_the_pods_own_words() -> None:
    found = finding("orders-api-broken", "orders-api", "KH001")
    assert found.title == "No name of Service shop/orders-api exists: 0 of 3 pods are ready"
    facts = {(fact.source, fact.field): fact.value for fact in found.fields}
    assert facts["Service shop/orders-api", "spec.publishNotReadyAddresses"] == "false"
    assert facts["EndpointSlice shop/orders-api-g6jbj", "endpoints[0,1,2].conditions.ready"] == "false x3"
    assert (
        "containers with unready status: [orders-api]"
        in facts["Pod shop/orders-api-5bbd7786f7-6tbtv", "status.conditions[Ready]"]
    )


def test_a_selector_that_misses_shows_the_pod_that_was_nearly_meant() -> None:
    found = finding("invoices-label-broken", "invoices", "KH004")
    assert "app.kubernetes.io/instance=billing (wanted billing-v2)" in found.title
    assert any(fact.source.startswith("Pod shop/invoices-") for fact in found.fields)


def test_tutorial_2_is_told_both_names_and_both_port_names() -> None:
    found = finding("tutorial2", "mysql-svc", "KH006")
    assert "mysql-ep" in found.title
    assert "only Endpoints called mysql-svc would be its own" in found.title
    assert ("Endpoints shop/mysql-ep", "subsets[].addresses[]", "114.32.146.154") in found.fields
    assert "call its port default-ep as the Service does, not mysql" in found.fix[1]


def test_tutorial_3_is_told_8080_and_80() -> None:
    found = finding("tutorial3", "headless-svc-stateful", "KH083")
    assert found.title == (
        "Port 80 of Service shop/headless-svc-stateful leads to port 8080, which no container of app-stateful-0, "
        "app-stateful-1, app-stateful-2 declares: they declare 80"
    )
    assert found.fix[1] == "if it is refused: targetPort 80"


def test_tutorial_5_is_told_which_service_is_missing() -> None:
    found = finding("tutorial5", "nginx-headless", "KH023")
    assert found.title == (
        "nginx-0.nginx-headless does not exist: serviceName of StatefulSet nginx is nginx, "
        "and there is no Service nginx"
    )
    assert found.fix[0] == "create a headless Service nginx with the same selector: the pods need no restart"
    assert "--cascade=orphan" in found.fix[1]


def test_names_under_another_service_give_an_example_that_works() -> None:
    found = finding("mongo-client-and-peer", "mongo", "KH032")
    assert "mongo-0.mongo-peers exists, mongo-0.mongo does not" in found.title


def test_a_crashing_container_is_named_and_makes_it_a_warning() -> None:
    found = finding("variants", "mixed", "KH078")
    assert found.severity == "warning"
    assert any(fact.value.startswith("c: CrashLoopBackOff") for fact in found.fields)
    assert found.fix == ("repair container c: kubectl describe pod mixed-bad shows its events",)


def test_endpoints_with_another_port_name_say_which_srv_exists_instead() -> None:
    found = finding("variants", "mysql-svc", "KH017")
    assert found.title == (
        "There is no SRV record _default-ep._tcp of Service shop/mysql-svc, but _mysql._tcp: "
        "Endpoints shop/mysql-svc calls the port mysql"
    )


# -- when nothing is said --------------------------------------------------------------------------------------


def test_without_pods_nothing_is_concluded_from_their_absence() -> None:
    bare = service(selector={"app": "web"})
    assert codes(bare) == ["KH085"], "a manifest alone: no slice, no pod"
    assert codes(bare, pod("other", "10.0.0.1", {"app": "other"}), unread=("Pod",)) == ["KH085"]
    assert codes(bare, pod("other", "10.0.0.1", {"app": "other"})) == ["KH004"]


def test_of_pods_that_were_not_read_nothing_is_said_but_that() -> None:
    """One that matches and is Pending without an address is in no slice either."""
    empty = service(selector={"app": "web"}), slice_of()
    for unread in ((), ("Pod",)):
        snapshot = Snapshot.of(empty)
        (found,) = findings(snapshot, empty[0], ZoneConfig(), unread=unread)
        assert found.code == "KH086"
        assert found.severity == "error", "an empty slice is proof that its names are denied"
        line = "no name of this Service exists: no slice lists an endpoint; pods were not read"
        assert sentence(snapshot, empty[0], ZoneConfig(), unread=unread) == ("error", line)


def test_pods_of_a_cluster_that_were_read_and_are_none_match_nothing() -> None:
    builder = SnapshotBuilder()
    owner = service(selector={"app": "web"})
    for item in (owner, slice_of()):
        builder.put(item)
    builder.whole = frozenset({("Service", ""), ("EndpointSlice", ""), ("Pod", "shop")})
    assert [one.code for one in findings(builder.freeze(), owner, ZoneConfig())] == ["KH004"]
    assert [one.code for one in findings(builder.freeze(), owner, ZoneConfig(), unread=("Pod",))] == ["KH086"]


def test_a_finished_pod_that_was_dropped_from_the_slice_is_not_a_selector_that_misses() -> None:
    done = Pod(Meta("web-1", "shop", labels={"app": "web"}), PodSpec(), PodStatus(phase="Succeeded", pod_ip="10.0.0.1"))
    assert codes(service(selector={"app": "web"}), slice_of(), done) == ["KH011"]


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_is_deleted_or_made_anew_has_not_finished_for_good(phase: str) -> None:
    """A deleted pod is Failed for some tenths of a second, and one of a StatefulSet comes back under its name."""

    def found(pod_of: Meta) -> list[str]:
        leaving = Endpoint(["10.0.0.1"], Conditions(False, False, True), target_ref=TargetRef("Pod", "web-1"))
        ended = Pod(pod_of, PodSpec(), PodStatus(phase=phase, pod_ip="10.0.0.1"))
        return codes(service(selector={"app": "web"}), slice_of(leaving), ended)

    plain = Meta("web-1", "shop", labels={"app": "web"})
    owner = OwnerReference(kind="StatefulSet", name="web", controller=True)
    assert "KH011" in found(plain)
    assert "KH011" not in found(msgspec.structs.replace(plain, deletion_timestamp="2026-01-01T00:00:00Z"))
    assert "KH011" not in found(msgspec.structs.replace(plain, owner_references=[owner]))


def test_services_that_were_filtered_are_not_called_missing() -> None:
    objects = (
        service(selector={"app": "web"}),
        slice_of(endpoint("web-0", "10.0.0.1")),
        pod("web-0", "10.0.0.1", hostname="web-0", subdomain="peers"),
    )
    assert codes(*objects) == ["KH030"]
    assert codes(*objects, unread=("Service",)) == []


def test_slices_that_were_not_read_leave_the_state_unknown() -> None:
    bare = service()
    snapshot = Snapshot.of([bare])
    assert findings(snapshot, bare, ZoneConfig(), unread=("EndpointSlice",)) == ()
    severity, line = sentence(snapshot, bare, ZoneConfig(), unread=("EndpointSlice",))
    assert severity == "unknown"
    assert "not read" in line


def test_an_endpoint_without_conditions_is_ready() -> None:
    objects = (service(selector={"app": "web"}), slice_of(endpoint("web-0", "10.0.0.1", ready=None)))
    assert codes(*objects) == []


def test_endpoints_of_an_existing_service_are_nobody_elses() -> None:
    other = Service(Meta("other", "shop"), ServiceSpec(cluster_ip="None"))
    theirs = Endpoints(Meta("other", "shop"), [EndpointsSubset([EndpointsAddress("192.0.2.1")])])
    assert codes(service(), other, theirs) == ["KH081"]


def test_endpoints_that_wait_for_their_copy_are_a_warning_only_where_copies_are_made() -> None:
    own = Endpoints(Meta("web", "shop"), [EndpointsSubset([EndpointsAddress("192.0.2.1")])])
    other = EndpointSlice(Meta("other", "shop", labels={SERVICE_NAME_LABEL: "other"}), "IPv4")
    for objects, severity in (((own,), "hint"), ((own, other), "warning")):
        web = service()
        (found,) = findings(Snapshot.of([web, *objects]), web, ZoneConfig())
        assert (found.code, found.severity) == ("KH008", severity)


def test_a_leader_lock_without_addresses_is_not_taken_for_endpoints() -> None:
    assert codes(service(), Endpoints(Meta("lock", "shop"))) == ["KH081"]


def test_a_slice_of_another_namespace_is_not_offered() -> None:
    stray = EndpointSlice(Meta("stray", "elsewhere"), "IPv4", [Endpoint(["192.0.2.1"])])
    assert codes(service(), stray) == ["KH081"]


def test_a_pod_that_is_replaced_under_its_name_does_not_share_it() -> None:
    old = Endpoint(["10.0.0.1"], Conditions(False, True, True), "web-0", target_ref=TargetRef("Pod", "web-0"))
    objects = (service(selector={"app": "web"}), slice_of(old, endpoint("web-0", "10.0.0.2", hostname="web-0")))
    assert codes(*objects) == []


def test_dual_stack_endpoints_of_one_pod_are_one_pod() -> None:
    six = EndpointSlice(
        Meta("web-2", "shop", labels={SERVICE_NAME_LABEL: "web"}),
        "IPv6",
        [endpoint("web-0", "fd00::1", hostname="web-0")],
        [EndpointPort("web", 80, "TCP")],
    )
    objects = [
        service(selector={"app": "web"}, ip_families=["IPv4", "IPv6"]),
        slice_of(endpoint("web-0", "10.0.0.1", hostname="web-0")),
        six,
    ]
    assert codes(*objects) == []
    assert sentence(Snapshot.of(objects), objects[0], ZoneConfig()) == ("", "1 of 1 pod is in DNS")  # type: ignore[arg-type]


def test_a_family_that_no_pod_has_is_told() -> None:
    objects = (
        service(selector={"app": "web"}, ip_families=["IPv4", "IPv6"]),
        slice_of(endpoint("web-0", "10.0.0.1", hostname="web-0")),
    )
    assert codes(*objects) == ["KH059"]


def test_peers_may_be_published_while_clients_have_a_service_of_their_own() -> None:
    unready = Endpoint(["10.0.0.1"], Conditions(True, False), "web-0", target_ref=TargetRef("Pod", "web-0"))
    peers = service(selector={"app": "web"}, publish_not_ready_addresses=True)
    clients = Service(Meta("clients", "shop"), ServiceSpec(cluster_ip="10.96.0.9", selector={"app": "web"}))
    member = pod("web-0", "10.0.0.1", hostname="web-0", subdomain="web")
    for objects, severity in (((peers,), "warning"), ((peers, clients), "hint")):
        snapshot = Snapshot.of([*objects, slice_of(unready), member])
        (found,) = findings(snapshot, peers, ZoneConfig())
        assert (found.code, found.severity) == ("KH047", severity)


# -- the frame -------------------------------------------------------------------------------------------------


def test_the_catalogue_is_sorted_and_each_rule_is_told_apart() -> None:
    assert [rule.code for rule in RULES] == sorted(rule.code for rule in RULES)
    assert len({rule.title for rule in RULES}) == len(RULES)
    assert {rule.module for rule in RULES} == {
        "addresses",
        "governing",
        "handmade",
        "naming",
        "ports",
        "readiness",
        "selection",
    }
    assert all(rule.check.__doc__ for rule in RULES)


@pytest.mark.parametrize("name", ["$(reboot)", "a; rm -rf b", "it's"])
def test_a_command_cannot_be_made_to_run_anything_else(name: str) -> None:
    hostile = Service(Meta(name, "shop"), ServiceSpec(cluster_ip="None", selector={"app": name}))
    unready = EndpointSlice(
        Meta("x", "shop", labels={SERVICE_NAME_LABEL: name}), "IPv4", [endpoint("p", "10.0.0.1", ready=False)]
    )
    (found,) = findings(Snapshot.of([hostile, unready]), hostile, ZoneConfig())
    assert found.subject == ObjectKey("shop", name)
    assert f"kubernetes.io/service-name={name}" in shlex.split(found.command)


def test_numbers_and_lists_read_well() -> None:
    assert [counted(1, "pod"), counted(2, "pod"), counted(0, "address")] == ["1 pod", "2 pods", "0 addresses"]
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(9)], 3) == "0, 1, 2 and 6 more"


# -- how bad it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("world", "service"),
    [
        ("invoices-label-broken", "invoices"),
        ("tutorial3", "headless-svc"),
        ("orders-api-broken", "orders-api"),
        ("events-broken", "events"),
        ("variants", "pend"),
    ],
)
def test_a_service_without_names_is_as_bad_before_its_pods_are_read_as_after(world: str, service: str) -> None:
    whole = snapshot_of(world)
    read_first = [item for (kind, _), item in whole.objects.items() if kind not in ("Pod", "StatefulSet", "Endpoints")]
    asked = service_of(world, service)
    unread = ("Pod", "StatefulSet", "Endpoints", "ConfigMap", "ServiceImport")
    before, _ = sentence(Snapshot.of(read_first), asked, ZoneConfig(), unread=unread)
    after, _ = sentence(whole, asked, ZoneConfig())
    assert before == after == "error"


def test_a_selector_without_any_slice_is_a_warning_whatever_is_known_of_pods() -> None:
    bare = service(selector={"app": "web"})
    apart, like = pod("other", "10.0.0.1", {"app": "other"}), pod("web-0", "10.0.0.1")
    for objects, unread in (((), ("Pod",)), ((), ()), ((apart,), ()), ((like,), ())):
        severity, line = sentence(Snapshot.of([bare, *objects]), bare, ZoneConfig(), unread=unread)
        assert severity == "warning", line
        assert line.startswith("no name of this Service exists")


def test_a_cluster_address_has_its_name_without_endpoints() -> None:
    plain = Service(Meta("web", "shop"), ServiceSpec(cluster_ip="10.96.0.7", selector={"app": "web"}))
    for item in (slice_of(), slice_of(endpoint("web-0", "10.0.0.1", ready=False))):
        said = " ".join(found.title for found in findings(Snapshot.of([plain, item]), plain, ZoneConfig()))
        assert "exists" not in said


def test_of_pods_that_nearly_match_only_what_is_selected_is_shown() -> None:
    labels = {"app": "web-stateful", "pod-index": "0", "controller-revision-hash": "web-6d5f"}
    pods = [pod(f"web-{number}", f"10.0.0.{number}", labels) for number in range(5)]
    asked = service(selector={"app": "web"})
    (found,) = (
        found
        for found in findings(Snapshot.of([asked, slice_of(), *pods]), asked, ZoneConfig())
        if found.code == "KH004"
    )
    shown = [(fact.source, fact.value) for fact in found.fields if fact.field == "metadata.labels"]
    assert shown[:3] == [(f"Pod shop/web-{number}", "app=web-stateful") for number in range(3)]
    assert [source for source, _ in shown[3:]] == ["and 2 more pods"]


@pytest.mark.parametrize(
    ("revision", "state", "severity"),
    [
        ("one", ContainerState(running=StateDetail()), "warning"),
        ("two", ContainerState(running=StateDetail()), "hint"),
        ("one", ContainerState(waiting=StateDetail("ContainerCreating")), "hint"),
        ("two", ContainerState(waiting=StateDetail("ImagePullBackOff")), "warning"),
    ],
    ids=["fails among its like", "new revision", "still starting", "cannot start"],
)
def test_a_pod_that_is_missed_is_a_warning_and_a_newcomer_is_not(
    revision: str, state: ContainerState, severity: str
) -> None:
    good = pod("web-0", "10.0.0.1", {"app": "web", "pod-template-hash": "one"})
    bad = Pod(
        Meta("web-1", "shop", labels={"app": "web", "pod-template-hash": revision}),
        PodSpec(),
        PodStatus(phase="Running", pod_ip="10.0.0.2", container_statuses=[ContainerStatus("web", state=state)]),
    )
    item = slice_of(endpoint("web-0", "10.0.0.1"), endpoint("web-1", "10.0.0.2", ready=False))
    asked = service(selector={"app": "web"})
    found = {one.code: one.severity for one in findings(Snapshot.of([asked, item, good, bad]), asked, ZoneConfig())}
    assert found["KH078"] == severity
    unread = {
        one.code: one.severity for one in findings(Snapshot.of([asked, item]), asked, ZoneConfig(), unread=("Pod",))
    }
    assert unread["KH078"] == "hint", "slices do not tell a newcomer from one that fails"


def test_what_a_handmade_slice_calls_not_ready_is_not_published() -> None:
    """publishNotReadyAddresses is read by the EndpointSlice controller and not by DNS (object/endpoint.go)."""
    peers = service(publish_not_ready_addresses=True)
    assert "KH047" not in codes(peers, slice_of(endpoint("web-0", "10.0.0.1", ready=False)))


def test_the_srv_records_of_a_cluster_address_are_named_after_the_ports_of_the_service() -> None:
    named_otherwise = slice_of(endpoint("web-0", "10.0.0.1"), ports=[EndpointPort("http", 80, "TCP")])
    assert "KH017" in codes(service(), named_otherwise)
    assert "KH017" not in codes(service(cluster_ip="10.96.0.7"), named_otherwise)


def test_stray_slices_are_not_said_to_share_a_label_that_only_one_carries() -> None:
    first, second = slice_of(endpoint("a", "10.0.0.1"), label=""), slice_of(endpoint("b", "10.0.0.2"), label="nosuch")
    objects = (service(), first, msgspec.structs.replace(second, metadata=Meta("web-2", "shop", labels=second.labels)))
    (found,) = findings(Snapshot.of(objects), service(), ZoneConfig())
    assert found.code == "KH007"
    assert "carry no label kubernetes.io/service-name=web" in found.title


def test_an_address_of_two_slices_is_named_once() -> None:
    alone = Endpoint(["10.0.0.9"], Conditions(True), None)
    again = msgspec.structs.replace(slice_of(alone), metadata=Meta("web-2", "shop", labels={SERVICE_NAME_LABEL: "web"}))
    snapshot = Snapshot.of((service(), slice_of(alone), again))
    owner = snapshot.service(ObjectKey("shop", "web"))
    assert owner is not None
    (found,) = [each for each in findings(snapshot, owner, ZoneConfig()) if each.code == "KH082"]
    assert found.title.startswith("The slices of Service shop/web name no pod for 10.0.0.9: DNS serves it")


def test_an_address_that_a_pod_has_is_not_said_to_have_none_though_its_slice_names_none() -> None:
    alone = Endpoint(["10.0.0.9"], Conditions(True), None)
    objects = service(), slice_of(alone), pod("db-0", "10.0.0.9")
    (found,) = [each for each in findings(Snapshot.of(objects), service(), ZoneConfig()) if each.code == "KH082"]
    assert "there is no pod" not in found.title
    assert found.brief == "its slices name no pods"
    assert "Pod shop/db-0" in [fact.source for fact in found.fields]
