"""What the levers break comes out as the right verdict at the right server, in the lab as in the real cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.both.clusters import Cluster, Levers, Run
from tests.both.conftest import own_namespace
from tests.both.documents import verdicts
from tests.e2e.conftest import Done, Kubectl

FROM = ("--from", "pod/tools")


@pytest.fixture(scope="module")
def tools(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """The StatefulSet of tutorial 1, and a pod that has every program."""
    with own_namespace(cluster, tmp_path_factory.mktemp("layers")) as kubectl:
        kubectl.apply("1-statefulset.yaml")
        words = ("--image=tutum/dnsutils", "--image-pull-policy=IfNotPresent", "--command", "--", "sleep", "1800")
        kubectl("run", "tools", *words)
        kubectl.rollout("web")
        kubectl("wait", "--for=condition=Ready", "pod/tools", "--timeout=60s")
        yield kubectl


@pytest.fixture
def run(cluster: Cluster, tools: Kubectl) -> Run:
    """The program, in that namespace."""

    def in_namespace(*words: str, **settings: Any) -> Done:
        return cluster.program(words[0], "-n", tools.namespace, *words[1:], **settings)

    return in_namespace


def replicas(kubectl: Kubectl) -> dict[str, str]:
    """Address by name of each CoreDNS pod."""
    items = kubectl.json("get", "pods", "--namespace=kube-system", "-l", "k8s-app=kube-dns")["items"]
    return {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in items}


def kinds(document: dict[str, Any]) -> set[str]:
    """The findings of the layers; reverse names aside, which a cache may ask elsewhere for."""
    return {layer["kind"] for layer in document["layers"]} - {"asks-elsewhere"}


def test_every_server_agrees_where_nothing_is_broken(tools: Kubectl, run: Run) -> None:
    document = run("probe", "nginx-headless", "--servers", *FROM, "-o", "json").json
    roles = {server["server"]: server["role"] for server in document["servers"]}
    assert set(replicas(tools).values()) <= set(roles)
    assert {"node-local", "kube-dns", "replica"} == set(roles.values())
    assert kinds(document) == set(), document["layers"]
    for server in roles:
        assert verdicts(document, server) == {"match"}, server


def test_lost_udp_is_seen_by_who_asks_over_udp(tools: Kubectl, run: Run, levers: Levers) -> None:
    with levers.lost_udp():
        by_default = run("probe", "nginx-headless", *FROM, "-o", "json")
        over_udp = run("probe", "nginx-headless", "--udp", *FROM, "-o", "json")
        everywhere = run("probe", "nginx-headless", "--servers", *FROM, "-o", "json")
    assert by_default.status == 0, "it asks over TCP"
    assert (over_udp.status, over_udp.json["verdict"]) == (1, "unanswered")
    assert kinds(everywhere.json) == {"udp-lost"}, everywhere.json["layers"]
    for address in replicas(tools).values():
        assert verdicts(everywhere.json, address, "udp") == {"unanswered"}
        assert verdicts(everywhere.json, address, "tcp") == {"match"}


def new_service(kubectl: Kubectl, name: str) -> None:
    """A headless Service of the same pods, whose names nobody has asked for; back when its endpoints are there."""
    spec = {"clusterIP": "None", "selector": {"app": "nginx"}, "ports": [{"name": "web", "port": 80}]}
    path = kubectl.folder / f"{name}.json"
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    kubectl("apply", "-f", str(path))
    words = ("get", "endpointslices", "-l", f"kubernetes.io/service-name={name}", "-o", "jsonpath={..addresses}")
    kubectl.until(lambda: kubectl(*words).strip(), f"the endpoints of {name}")


def test_a_replica_that_hears_of_nothing_lags(tools: Kubectl, run: Run, levers: Levers) -> None:
    (name, behind), (_, right) = sorted(replicas(tools).items())
    with levers.stale(name):
        for number in range(3):  # what is under way still arrives at a server that is cut off
            new_service(tools, f"under-way-{number}")
        new_service(tools, "late")
        done = run("probe", "late", "--servers", *FROM, "-o", "json")
    assert done.status == 1
    assert "replica-lags" in kinds(done.json), done.json["layers"]
    assert verdicts(done.json, right) == {"match"}
    assert "missing" in verdicts(done.json, behind)


def test_an_api_server_that_hangs_is_told_and_no_verdict_is_made_up(tools: Kubectl, run: Run, levers: Levers) -> None:
    with levers.hanging_api():
        done = run("probe", "nginx-headless", *FROM, "--request-timeout", "1s", "-o", "json")
    assert (done.status, done.out) == (3, "")


def test_the_path_of_a_name_is_what_getent_says(tools: Kubectl, run: Run) -> None:
    document = run("probe", "web-0.nginx-headless", "--path", *FROM, "-o", "json").json
    assert document["getent"]["addresses"] == document["addresses"] != []
    won = next(step for step in document["steps"] if step["won"])
    assert won["name"] == f"web-0.nginx-headless.{tools.namespace}.svc.cluster.local."
    missing = run("probe", "web-9.nginx-headless", "--path", *FROM, "-o", "json")
    assert (missing.status, missing.json["addresses"]) == (0, []), "a name that must not be found is as predicted"


def test_a_connect_tells_a_port_that_nobody_listens_on(tools: Kubectl, run: Run) -> None:
    reached = run("probe", "nginx-headless", "--connect", *FROM, "-o", "json")
    assert reached.status == 0, reached
    assert {one["http"]["status"] for one in reached.json["connects"]} == {200}
    tools.apply("3-ephemeral.yaml")
    tools.rollout("app-stateful")
    refused = run("probe", "headless-svc-stateful", "--connect", *FROM, "-o", "json")
    assert refused.status == 1
    assert {(one["outcome"], one["port"]) for one in refused.json["connects"]} == {("refused", 8080)}
