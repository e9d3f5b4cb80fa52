"""What the rules say of worlds seen on a real cluster: each fault is named, and a healthy world is left in peace."""

from __future__ import annotations

import pytest

from kheadless_tui.diagnose.catalogue import findings, sentence
from kheadless_tui.diagnose.finding import HINT
from kheadless_tui.zone.serving.config import ZoneConfig
from tests.unit.diagnose.worlds import NAMES, service_of, snapshot_of

EXPECTED = {
    # world, Service: findings, and the line above all panels
    ("orders-api-broken", "orders-api"): (
        "KH001 error",
        "no name of this Service exists: 0 of 3 pods ready, so DNS answers NXDOMAIN to all",
    ),
    ("raft-ordered-broken", "raft"): (
        "KH003 warning, KH047 warning",
        "1 of 1 pod is in DNS; the set waits for its first pods before it makes the others",
    ),
    ("invoices-label-broken", "invoices"): (
        "KH004 error",
        "no name of this Service exists: the selector matches no pod",
    ),
    ("legacy-mysql-broken", "legacy-mysql"): (
        "KH006 error",
        "no name of this Service exists: Endpoints mysql-legacy is not called like the Service",
    ),
    ("tutorial2", "mysql-svc"): (
        "KH006 error",
        "no name of this Service exists: Endpoints mysql-ep is not called like the Service",
    ),
    ("ldap-other-name-broken", "ldap"): (
        "KH007 error",
        "no name of this Service exists: EndpointSlice ldap-servers does not carry the Service's name",
    ),
    ("sap-skip-mirror-broken", "sap-gateway"): (
        "KH008 error",
        "no name of this Service exists: its Endpoints are not mirrored to an EndpointSlice",
    ),
    ("import-finished-broken", "import-stage"): (
        "KH011 error",
        "no name of this Service exists: its pods have finished",
    ),
    ("checkout-port-name-broken", "checkout"): (
        "KH013 warning, KH028 hint",
        "2 of 2 pods are in DNS; no SRV record _http._tcp: no container port is called http",
    ),
    ("reports-port-broken", "reports"): ("KH014 hint, KH028 hint", "2 of 2 pods are in DNS"),
    ("broker-unnamed-port-broken", "broker"): ("KH016 hint", "2 of 2 pods are in DNS"),
    ("variants", "mysql-svc"): (
        "KH017 warning, KH082 hint",
        "1 of 1 endpoint is in DNS; no SRV record _default-ep._tcp: the endpoints call the port otherwise",
    ),
    ("search-headless-broken", "search-headless"): ("KH018 warning", "not headless: its name leads to one address"),
    ("crm-address-broken", "crm"): ("KH020 error", "an alias of 10.50.0.12, which is no name"),
    ("etcd-headless-broken", "etcd-headless"): (
        "KH023 warning",
        "3 of 3 pods are in DNS; its pods have no names: there is no Service etcd",
    ),
    ("tutorial5", "nginx-headless"): (
        "KH023 warning",
        "3 of 3 pods are in DNS; its pods have no names: there is no Service nginx",
    ),
    ("minio-broken", "minio-svc"): (
        "KH001 error, KH023 warning",
        "no name of this Service exists: 0 of 2 pods ready, so DNS answers NXDOMAIN to all",
    ),
    ("neo-nodeport-broken", "neo"): ("KH026 warning", "governs StatefulSet neo and is not headless"),
    ("events-broken", "events"): (
        "KH027 error, KH016 hint",
        "no name of this Service exists: it does not select the pods of StatefulSet events",
    ),
    ("rabbitmq-selector-broken", "rabbitmq"): (
        "KH027 error, KH083 hint",
        "1 of 1 pod is in DNS; it does not select the pods of StatefulSet rabbitmq",
    ),
    ("encoder-hostname-broken", "media"): (
        "KH029 warning",
        "3 of 3 pods are in DNS; 3 pods share the hostname encoder",
    ),
    ("telemetry-long-name-broken", "telemetry"): (
        "KH036 error",
        "no name of this Service exists: the StatefulSet's name is too long for it to get pods",
    ),
    ("coupons-leaving-broken", "coupons"): ("KH047 hint", "2 of 2 pods are in DNS"),
    ("payments-unready-broken", "payments"): (
        "KH047 warning",
        "3 of 3 pods are in DNS; 1 pod published though not ready or leaving",
    ),
    ("journal-handover-broken", "journal"): ("KH048 hint", "2 of 3 pods are in DNS"),
    ("variants", "mixed"): (
        "KH030 warning, KH078 warning",
        "1 of 2 pods are in DNS; its pods have no names: there is no Service gone",
    ),
    ("variants", "pend"): ("KH079 error", "no name of this Service exists: 1 pod without an address"),
    ("variants", "zero"): ("KH080 hint", "no name of this Service exists: its StatefulSet is scaled to 0"),
    ("variants", "nothing"): (
        "KH081 warning",
        "no name of this Service exists: it has no selector and no EndpointSlice",
    ),
    ("tutorial3", "headless-svc"): (
        "KH004 error, KH016 hint",
        "no name of this Service exists: the selector matches no pod",
    ),
    ("tutorial3", "headless-svc-stateful"): ("KH016 hint, KH083 hint", "3 of 3 pods are in DNS"),
    ("edited", "nginx-headless"): ("KH084 hint", "2 of 2 pods are in DNS"),
    # Healthy worlds in which a rule might be tempted.
    ("archive-set-update", "archive"): ("KH048 hint", "2 of 3 pods are in DNS"),
    ("gateway-sidecar-port", "gateway"): ("KH028 hint", "2 of 2 pods are in DNS"),
    ("kubernetes-api", "kubernetes"): ("", "not headless: its name leads to 10.96.0.1"),
    ("mongo-client-and-peer", "mongo"): ("KH032 hint", "3 of 3 pods are in DNS"),
    ("mongo-client-and-peer", "mongo-peers"): ("", "3 of 3 pods are in DNS"),
    ("node-exporter", "node-exporter"): ("KH028 hint", "1 of 1 pod is in DNS"),
    ("partner-external-name", "exchange"): ("", "2 of 2 pods are in DNS"),
    ("partner-external-name", "partner-api"): ("", "an alias of api.partner.example.com (CNAME)"),
    ("portal-rolling-update", "portal"): ("KH028 hint, KH078 hint", "3 of 4 pods are in DNS"),
    ("crm-address-healthy", "crm"): ("KH082 hint", "1 of 1 endpoint is in DNS"),
    ("etcd-headless-healthy", "etcd-headless"): ("", "3 of 3 pods are in DNS"),
}
FAULTY = {world for world in NAMES if world.endswith("-broken")} | {"tutorial2", "tutorial3", "tutorial5", "variants"}


@pytest.mark.parametrize(("world", "service"), EXPECTED, ids=lambda part: part)
def test_each_world_gets_the_findings_that_it_deserves(world: str, service: str) -> None:
    found = findings(snapshot_of(world), service_of(world, service), ZoneConfig())
    told = sentence(snapshot_of(world), service_of(world, service), ZoneConfig())
    expected, line = EXPECTED[world, service]
    assert ", ".join(f"{finding.code} {finding.severity}" for finding in found) == expected
    assert told == (found[0].severity if found else "", line)


@pytest.mark.parametrize("world", [name for name in NAMES if name not in FAULTY])
def test_a_healthy_world_gets_no_warning_and_no_error(world: str) -> None:
    snapshot = snapshot_of(world)
    services = snapshot.services("shop")
    assert services, "the world is empty"
    for service in services:
        severe = [finding.code for finding in findings(snapshot, service, ZoneConfig()) if finding.severity != HINT]
        assert severe == [], service.key


def test_every_broken_world_is_in_the_table() -> None:
    assert {name for name in NAMES if name.endswith("-broken")} <= {world for world, _ in EXPECTED}


@pytest.mark.parametrize(("world", "service"), EXPECTED, ids=lambda part: part)
def test_a_finding_tells_what_where_why_and_what_to_do(world: str, service: str) -> None:
    for finding in findings(snapshot_of(world), service_of(world, service), ZoneConfig()):
        assert finding.subject == ("shop", service)
        assert service in finding.title or finding.subject.name in " ".join(map(str, finding.fields))
        assert not finding.title.endswith("."), "titles are headlines"
        assert finding.fields
        assert all(fact.source and fact.value for fact in finding.fields)
        assert finding.rule
        assert finding.cause
        assert finding.fix
        assert len(finding.brief) <= 75, "it stands in one line above all panels"
        assert finding.link.startswith("https://kubernetes.io/docs/")
        assert finding.command.startswith("kubectl -n shop ")
