"""Differences made with the cluster's levers come out as the right verdict and the right layer."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.both.documents import verdicts
from tests.e2e.conftest import KUBECONFIG, Done, Kubectl, Levers, Run, run_program

FROM = ("--from", "pod/tools")
UNUSED_TYPES = itertools.cycle(range(65_280, 65_535))
"""The range for private use (RFC 6895 section 3.1)."""
MOST_CHANGES = 30
"""That a server may still hear of whose way to the API was cut."""
ARRIVES_WITHIN = 1.0
"""Seconds in which a server hears of a change, or does not; usually it takes a few milliseconds."""


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """One namespace for all: the StatefulSet of tutorial 1, and a pod that has every program.

    Who needs names that nobody has asked for, and no cache holds, makes a Service of its own.
    """
    kubectl = Kubectl(f"e2e-{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp("layers"))
    kubectl("create", "namespace", kubectl.namespace)
    try:
        kubectl.apply("1-statefulset.yaml")
        words = ("--image=tutum/dnsutils", "--image-pull-policy=IfNotPresent", "--command", "--", "sleep", "1800")
        kubectl("run", "tools", *words)
        kubectl.rollout("web")
        kubectl("wait", "--for=condition=Ready", "pod/tools", "--timeout=60s")
        wait_until_served(kubectl, "web-2.nginx-headless")
        yield kubectl
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture
def run(tools: Kubectl) -> Run:
    """The program, in that namespace."""

    def in_namespace(*words: str, **settings: Any) -> Done:
        return run_program(words[0], "-n", tools.namespace, *words[1:], **settings)

    return in_namespace


@contextmanager
def dropping(levers: Levers, rule: str) -> Iterator[None]:
    """Packets are lost for so long."""
    levers("drop", rule)
    try:
        yield
    finally:
        levers("undrop", rule)


def replicas() -> dict[str, str]:
    """The address of each CoreDNS pod."""
    words = ("-n", "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", "-o", "json")
    done = subprocess.run(
        ["kubectl", "--kubeconfig", KUBECONFIG, *words], capture_output=True, timeout=30, check=True
    )  # fmt: skip
    return {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in msgspec.json.decode(done.stdout)["items"]}


def kinds(document: dict[str, Any]) -> dict[str, list[str]]:
    """The findings of the layers, each with the servers to blame; reverse names aside, which the cache of some clusters
    asks elsewhere for."""
    found: dict[str, list[str]] = {}
    for layer in document["layers"]:
        if layer["kind"] != "asks-elsewhere":
            found.setdefault(layer["kind"], []).extend(layer["servers"])
    return found


def own_service(kubectl: Kubectl, name: str) -> None:
    """A headless Service whose names nobody has asked for, with an address of its own: those of pods have names that
    change with each Service of the same pods."""
    spec = {"clusterIP": "None", "ports": [{"name": "web", "port": 80}]}
    labels = {"kubernetes.io/service-name": name}
    address = f"192.0.2.{zlib.crc32(name.encode()) % 254 + 1}"
    items = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-1", "labels": labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "hostname": "only"}],
            "ports": [{"name": "web", "port": 80}],
        },
    ]
    path = kubectl.folder / f"{name}.json"
    path.write_bytes(msgspec.json.encode({"apiVersion": "v1", "kind": "List", "items": items}))
    kubectl("apply", "-f", str(path))


def cut_off(kubectl: Kubectl, name: str, *servers: str) -> None:
    """Make changes until none of them arrives at these servers, whose acknowledgements are lost, and then a Service.

    Unacknowledged only so much is sent: changes that are big enough keep all that come after them. How much that is
    depends on what the connection has carried before, so each round brings one more.
    """
    spec = {"clusterIP": "None", "ports": [{"name": "web", "port": 80}]}
    for number in range(MOST_CHANGES):
        metadata = {"name": f"{name}-big-{number}", "annotations": {"e2e": "x" * 240_000}}
        path = kubectl.folder / f"{name}-big.json"
        path.write_bytes(
            msgspec.json.encode({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
        )
        kubectl("create", "-f", str(path))
        own_service(kubectl, f"{name}-{number}")
        end = time.monotonic() + ARRIVES_WITHIN
        left = set(servers)
        while left == set(servers) and time.monotonic() < end:
            left = {server for server in left if not has_heard(kubectl, server, f"{name}-{number}")}
        if left == set(servers):
            return own_service(kubectl, name)
    raise AssertionError(f"{servers} still hear of everything")


def wait_until_served(kubectl: Kubectl, name: str) -> None:
    """Until every replica has heard of a name."""
    for server in replicas().values():
        kubectl.until(partial(has_heard, kubectl, server, name), f"{name} at {server}")


def has_heard(kubectl: Kubectl, server: str, name: str) -> bool:
    """Whether a replica knows a name of the namespace.

    It is asked for under a type that nobody uses, another one each time: what a cache keeps of that is asked by nobody.
    """
    words = ("-t", f"TYPE{next(UNUSED_TYPES)}", f"{name}.{kubectl.namespace}.svc.cluster.local.")
    return "status: NOERROR" in kubectl("exec", "tools", "--", "dig", f"@{server}", *words)


def one_name(kubectl: Kubectl) -> tuple[str, str]:
    """A question that is answered everywhere: where replies are waited for in vain, each further one takes seconds."""
    return f"web-0.nginx-headless.{kubectl.namespace}.svc.cluster.local.", "A"


def test_a_node_cache_without_udp_is_not_passed_over(tools: Kubectl, run: Run, levers: Levers) -> None:
    cache = "169.254.20.10"
    with dropping(levers, f"-d {cache} -p udp --dport 53"):
        done = run("probe", *one_name(tools), "--servers", *FROM, "-o", "json")
    assert done.status == 1
    assert kinds(done.json) == {"udp-lost": [cache]}, done.json["layers"]
    assert verdicts(done.json, cache, "udp") == {"unanswered"}
    assert verdicts(done.json, cache, "tcp") == {"match"}
    with dropping(levers, f"-d {cache}"):
        done = run("probe", *one_name(tools), "--servers", *FROM, "-o", "json")
    assert f"{cache} did not answer: no node-local cache there, or it is down." in done.err


def test_the_path_is_asked_as_the_pods_own_resolver_asks(tools: Kubectl, run: Run, levers: Levers) -> None:
    with dropping(levers, "-p udp --dport 53"):
        done = run("probe", one_name(tools)[0], "--path", *FROM, "-o", "json")
    assert done.status == 1
    assert (done.json["transports"], done.json["addresses"]) == (["udp"], [])


def test_a_name_that_cannot_be_asked_is_no_fault_of_dns(tools: Kubectl, run: Run) -> None:
    tools("run", "box", "--image=busybox:1.28", "--image-pull-policy=IfNotPresent", "--command", "--", "sleep", "600")
    tools("wait", "--for=condition=Ready", "pod/box", "--timeout=60s")
    name = f"a\\046b.nginx-headless.{tools.namespace}.svc.cluster.local."
    done = run("probe", name, "--udp", "--from", "pod/box", "-o", "json")
    assert (done.status, done.json["verdict"], done.json["layers"]) == (1, "not asked", [])


def test_a_stopped_replica_is_that_replica(tools: Kubectl, run: Run, levers: Levers) -> None:
    name, address = sorted(replicas().items())[0]
    with dropping(levers, f"-d {address}"):
        done = run("probe", *one_name(tools), "--servers", *FROM, "-o", "json")
    assert done.status == 1
    found = kinds(done.json)
    assert found.pop("server-silent") == [address], done.json["layers"]
    for layer in done.json["layers"]:  # kube-dns and the cache lose their share of the questions, by chance all of it
        assert layer["kind"] in ("server-silent", "replies-lost", "vip-silent", "asks-elsewhere"), layer
        assert layer["kind"] == "asks-elsewhere" or name in layer["title"] + layer["evidence"]
    assert verdicts(done.json, address) == {"unanswered"}
    assert any(name in layer["title"] for layer in done.json["layers"])


def test_a_replica_that_is_cut_off_from_the_api_lags(tools: Kubectl, run: Run, levers: Levers) -> None:
    (_, behind), (_, right) = sorted(replicas().items())
    with dropping(levers, f"-s {behind} -p tcp --dport 6443"):
        cut_off(tools, "late", behind)
        done = run("probe", "late", "--servers", *FROM, "-o", "json")
    assert done.status == 1
    found = kinds(done.json)
    assert found.get("replica-lags") == [behind], done.json["layers"]
    blamed = {server for servers in found.values() for server in servers}
    assert blamed <= {behind, right}, "neither kube-dns nor the cache is blamed for what a replica behind it says"
    assert verdicts(done.json, right) == {"match"}
    assert "missing" in verdicts(done.json, behind)
    wait_until_served(tools, "late")


def test_replicas_that_have_all_lost_the_api_are_behind(tools: Kubectl, run: Run, levers: Levers) -> None:
    rules = [f"-s {address} -p tcp --dport 6443" for address in sorted(replicas().values())]
    assert len(rules) == 2
    with dropping(levers, rules[0]), dropping(levers, rules[1]):
        cut_off(tools, "behind", *replicas().values())
        done = run("probe", "behind", "--servers", *FROM, "-o", "json")
    assert done.status == 1
    assert "all-behind" in kinds(done.json), done.json["layers"]
    wait_until_served(tools, "behind")


def test_a_cached_denial_is_stale_and_tells_how_long_it_stays(tools: Kubectl, run: Run) -> None:
    name = f"later.{tools.namespace}.svc.cluster.local."

    def left(server: str) -> int:
        out = tools("exec", "tools", "--", "dig", f"@{server}", "+noall", "+authority", name, "A")
        return int(out.split()[1]) if "SOA" in out else 0

    servers = sorted(replicas().values())
    for server in servers:
        tools("exec", "tools", "--", "dig", f"@{server}", "-q", name, "-t", "A", "-q", name, "-t", "AAAA")
    own_service(tools, "later")
    tools.until(lambda: all(left(server) <= 27 for server in servers), "denials that have run down a little")
    done = run("probe", "later", "--servers", *FROM, "-o", "json")
    assert done.status == 1
    assert set(servers) <= set(kinds(done.json)["old-denial"]), done.json["layers"]
    assert "replica-lags" not in kinds(done.json)
    stale = [row for row in done.json["comparison"] if row["server"] in servers and row["verdict"] == "stale"]
    assert {row["record"].split()[0] for row in stale} == {name}
    assert all("an old denial from a cache" in row["detail"] for row in stale)


def test_a_resolv_conf_that_points_elsewhere(tools: Kubectl, run: Run) -> None:
    spec = {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.200.0.1"]}}
    overrides = msgspec.json.encode({"apiVersion": "v1", "spec": spec}).decode()
    words = ("--image-pull-policy=IfNotPresent", f"--overrides={overrides}", "--command", "--", "sleep", "600")
    tools("run", "elsewhere", "--image=tutum/dnsutils", *words)
    tools("wait", "--for=condition=Ready", "pod/elsewhere", "--timeout=60s")
    done = run("probe", "nginx-headless", "--servers", "--from", "pod/elsewhere", "-o", "json")
    assert done.status == 1
    found = kinds(done.json)
    assert found["resolver-elsewhere"] == ["10.200.0.1"], done.json["layers"]
    assert set(found) <= {"resolver-elsewhere", "server-silent"}


def test_a_connect_tells_a_wrong_target_port_from_lost_packets(tools: Kubectl, run: Run, levers: Levers) -> None:
    reached = run("probe", "nginx-headless", "--connect", *FROM, "-o", "json")
    assert reached.status == 0, reached
    assert {one["http"]["status"] for one in reached.json["connects"]} == {200}
    tools.apply("3-ephemeral.yaml")
    tools.rollout("app-stateful")
    refused = run("probe", "headless-svc-stateful", "--connect", *FROM, "-o", "json")
    assert refused.status == 1
    assert {(one["outcome"], one["port"]) for one in refused.json["connects"]} == {("refused", 8080)}
    assert all("the pod declares 80" in one["cause"] for one in refused.json["connects"])
    with dropping(levers, "-p tcp --dport 80"):
        lost = run("probe", "nginx-headless", "--connect", *FROM, "-o", "json")
    assert lost.status == 1
    assert {one["outcome"] for one in lost.json["connects"]} == {"no answer"}


def test_a_scale_up_is_followed_from_the_api_to_the_application(tools: Kubectl) -> None:
    """Beside another Service of the same pods, with which it shares the names of their addresses."""
    tools("expose", "service/nginx-headless", "--name=followed", "--cluster-ip=None")
    wait_until_served(tools, "followed")
    program = Path(sys.executable).with_name("kheadless-tui")
    words = ("probe", "-n", tools.namespace, "followed", "--converge", "--timeout", "60s", *FROM, "-o", "json")
    with subprocess.Popen(
        [program, *words, "--kubeconfig", KUBECONFIG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as following:
        try:
            assert following.stderr is not None
            for line in following.stderr:
                if "waiting for a change" in line:
                    break
            tools("scale", "statefulset/web", "--replicas=4")
            out, err = following.communicate(timeout=90)
        finally:
            following.kill()
    document = msgspec.json.decode(out.encode())
    assert following.returncode == 0, (document, err)
    layers = {layer["kind"]: layer for layer in document["timeline"]["layers"]}
    assert set(layers) >= {"api", "replica", "kube-dns", "application"}
    assert all(layer["newAtMs"] is not None for layer in layers.values())
    assert " gains " in document["timeline"]["change"]


def test_without_the_right_to_exec_nothing_is_asked(tools: Kubectl, levers: Levers) -> None:
    viewer = levers.kubeconfig("viewer")
    for mode in ("--servers", "--connect", "--converge"):
        done = run_program("probe", "-n", tools.namespace, "nginx-headless", mode, *FROM, "--kubeconfig", viewer)
        assert (done.status, done.out) == (3, ""), done
        assert "pods/exec" in done.err
