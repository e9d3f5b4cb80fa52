"""Each vantage point with each carrier: what comes back is what was predicted, and nothing of ours stays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.both.clusters import Cluster, Run
from tests.both.conftest import own_namespace
from tests.e2e.conftest import Done, Kubectl

BUSYBOX = "localhost/busybox:1"
"""The same in both; a true 1.28, as the lab has it, has an nslookup that can ask for no type."""
OURS = ("get", "pods", "-l", "app.kubernetes.io/managed-by=kheadless-tui")


def pod(name: str, image: str, command: Sequence[str] = ("sleep", "3600"), **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "image": image, "imagePullPolicy": "IfNotPresent", "command": command}
    whole = {"terminationGracePeriodSeconds": 0, "containers": [container], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name[:3]}}, "spec": whole}


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {
        "clusterIP": "None",
        "selector": {"app": "web"},
        "ipFamilyPolicy": "PreferDualStack",
        "ports": [{"name": "http", "port": 80}],
    },
}
WORLD = [
    SERVICE,
    *(pod(name, BUSYBOX, hostname=name, subdomain="web") for name in ("web-0", "web-1")),
    pod("tools", "tutum/dnsutils"),
    pod("shell-less", "localhost/distroless:1", command=()),
]


@pytest.fixture(scope="module")
def world(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """A headless Service of two pods, a pod with BIND's tools and one without a shell."""
    folder = tmp_path_factory.mktemp("vantages")
    path = folder / "world.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": WORLD}), encoding="utf-8")
    with own_namespace(cluster, folder) as kubectl:
        kubectl("apply", "-f", str(path))
        kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
        yield kubectl


@pytest.fixture
def run(cluster: Cluster, world: Kubectl) -> Run:
    """The program, in that namespace."""

    def in_namespace(*words: str, **settings: Any) -> Done:
        return cluster.program(words[0], "-n", world.namespace, *words[1:], **settings)

    return in_namespace


@pytest.mark.parametrize(
    ("vantage", "options", "tool"),
    [
        ("auto", (), "nc"),
        ("pod/web-0", ("--tcp",), "nc"),
        ("pod/web-1:c", ("--udp",), "nslookup"),
        ("pod/tools", ("--udp",), "dig"),
        ("debug/shell-less", (), "nc"),
        ("new", (), "nc"),
        ("new", ("--udp",), "nslookup"),
        ("coredns", (), "port-forward"),
    ],
)
def test_all_is_as_predicted(world: Kubectl, run: Run, vantage: str, options: tuple[str, ...], tool: str) -> None:
    words = ("probe", "web", "--from", vantage, *options, "--image", BUSYBOX, "--yes", "-o", "json")
    done = run(*words)
    while '"stale"' in done.out:  # asked before all replicas knew: what they keep of it runs out
        done = run(*words)
    assert (done.status, done.json["verdict"]) == (0, "match"), done
    assert {row["verdict"] for row in done.json["comparison"]} == {"match"}
    assert {one["tool"] for one in done.json["vantages"]} == {tool}
    pods = {item["metadata"]["name"]: item["status"]["podIP"] for item in world.json("get", "pods")["items"]}
    own = f"web.{world.namespace}.svc.cluster.local."
    seen = {
        record.split()[-1]
        for answer in done.json["answers"]
        if answer["question"] == {"name": own, "type": "A"}
        for record in answer["answer"]
    }
    assert seen == {pods["web-0"], pods["web-1"]}
    assert world(*OURS, "-o", "name") == ""


@pytest.mark.parametrize(
    ("vantage", "says", "status"),
    [
        ("pod/shell-less", "no shell", 3),
        ("pod/nobody", "no pod nobody", 2),
        ("new", "cannot be pulled (ErrImageNeverPull)", 3),
    ],
)
def test_where_nothing_can_be_asked_the_sentence_says_why(run: Run, vantage: str, says: str, status: int) -> None:
    image = ("--image", "localhost/no-such-image:1", "--image-pull-policy", "Never")
    done = run("probe", "web", "--from", vantage, *image, "--yes", "-o", "json")
    assert (done.status, done.out) == (status, ""), done
    assert says in done.err


def test_read_only_creates_nothing_and_runs_nothing(run: Run) -> None:
    for vantage in ("auto", "new", "pod/web-0", "debug/web-0", "coredns"):
        done = run("probe", "web", "--from", vantage, "--readonly", "--yes")
        assert (done.status, done.out) == (3, ""), done
