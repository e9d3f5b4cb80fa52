"""Probes from every place, of every server, and what they leave behind."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest

from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.cluster.pods.podoptions import PodOptions
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.errors import ClusterError, Refused
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.comparison.judging import judge, service_questions
from kheadless_tui.probe.prober import Prober, ProbeResult, Progress
from kheadless_tui.probe.server import Manner, Protocol
from kheadless_tui.zone.record import Question
from tests.both.clusters import Cluster
from tests.both.conftest import REAL
from tests.both.sessions import kubectl
from tests.both.sessions import session as opened

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {app}}}}}
spec:
  hostname: {name}
  subdomain: web
  terminationGracePeriodSeconds: 0
  securityContext: {{runAsNonRoot: true, runAsUser: 65534, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
  - name: c
    image: {image}
    imagePullPolicy: IfNotPresent
    command: [sleep, "3600"]
    securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"""
SLEEPS = '    command: [sleep, "3600"]\n'
OBJECTS = "---".join(
    [
        """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ipFamilyPolicy: PreferDualStack, ports: [{name: http, port: 80}]}
""",
        POD.format(name="web-0", app="web", image="localhost/busybox:1"),
        POD.format(name="web-1", app="web", image="localhost/busybox:1"),
        POD.format(name="tools", app="tools", image="tutum/dnsutils"),
        POD.format(name="shell-less", app="none", image="localhost/distroless:1").replace(SLEEPS, ""),
    ]
)


SENTINELS = 60
"""Names that are asked for once each, while a server does not serve what was written before them."""
SENTINEL = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "written-last"}, "spec": {"clusterIP": "None"}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "written-last-1", "labels": {"kubernetes.io/service-name": "written-last"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["192.0.2.1"], "hostname": f"s{number}"} for number in range(SENTINELS)],
        },
    ],
}


def wait_until_served(cluster: Cluster, namespace: str) -> None:
    """Wait until every replica serves the slices of ``web``, without a question that would leave an old answer in a
    cache: slices come to a server in the order of their writing, so that a later one tells of the earlier ones."""
    ready = "jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].targetRef.name}"
    families = len(
        kubectl(cluster, "-n", namespace, "get", "service", "web", "-o", "jsonpath={.spec.ipFamilies[*]}").split()
    )
    pods, end = ["web-0"] * families + ["web-1"] * families, time.monotonic() + 30
    while sorted(kubectl(cluster, "-n", namespace, "get", "endpointslices", "-o", ready).split()) != pods:
        assert time.monotonic() < end, "the EndpointSlices are not complete"
    kubectl(cluster, "-n", namespace, "apply", "-f", "-", given=json.dumps(SENTINEL))
    dns = ("-l", "kubernetes.io/service-name=kube-dns", "-o", "jsonpath={.items[*].endpoints[*].addresses[0]}")
    for server in kubectl(cluster, "-n", "kube-system", "get", "endpointslices", *dns).split():
        names = (f"s{number}.written-last.{namespace}.svc.cluster.local." for number in range(SENTINELS))
        said = (
            kubectl(cluster, "-n", namespace, "exec", "tools", "--", "dig", "+short", f"@{server}", name)
            for name in names
        )
        assert any("192.0.2.1" in line for line in said), f"{server} lags"


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    """A restricted namespace with a headless Service of two pods, one pod with BIND's tools and one without a shell."""
    name = f"probe-{uuid.uuid4().hex[:8]}"
    kubectl(cluster, "-n", name, "create", "namespace", name)
    try:
        kubectl(cluster, "-n", name, "label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
        kubectl(cluster, "-n", name, "apply", "-f", "-", given=OBJECTS)
        kubectl(cluster, "-n", name, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
        wait_until_served(cluster, name)
        yield name
    finally:
        kubectl(cluster, "-n", name, "delete", "namespace", name, "--wait=false")


@pytest.fixture
async def session(cluster: Cluster, namespace: str) -> AsyncIterator[ClusterSession]:
    async with opened(cluster.kubeconfig, namespaces=(namespace,)) as live:
        await live.loaded(10)
        yield live


async def yes(_: WritePlan) -> bool:
    return True


async def probe(
    session: ClusterSession, namespace: str, vantage: str, protocol: str = "", server: str | None = None, **options: str
) -> ProbeResult:
    """All questions of the Service, and every answer as predicted."""
    key = ObjectKey(namespace, "web")
    config = await session.zone_config()
    service = session.snapshot.service(key)
    assert service is not None
    prober = Prober(session, Gate(False, yes), **options)  # type: ignore[arg-type]
    questions = service_questions(session.snapshot, service, config)
    plan = await prober.plan(parse_vantage(vantage), namespace, questions, server, service=key, protocol=protocol)
    result = await prober.run(plan)
    comparison = judge(session.snapshot, config, result.observations, service=key)
    assert [(row.verdict, row.record, row.detail) for row in comparison.rows if row.verdict != "match"] == []
    assert len(comparison.rows) >= len(questions)
    assert {row.pod for row in comparison.rows if row.record.type == "A" and row.record.data[0].isdigit()} == {
        "web-0",
        "web-1",
    }
    return result


def ours(cluster: Cluster, namespace: str) -> list[str]:
    names = "jsonpath={.items[*].metadata.name}"
    return kubectl(
        cluster, "-n", namespace, "get", "pods", "-l", "app.kubernetes.io/managed-by=kheadless-tui", "-o", names
    ).split()


async def test_auto_prefers_the_services_own_pods(session: ClusterSession, namespace: str) -> None:
    result = await probe(session, namespace, "auto")
    assert result.vantages[0].pod == "web-0"
    assert "pod of the Service itself" in result.plan.why
    assert not result.plan.creates


async def test_an_ephemeral_container_is_used_again(session: ClusterSession, namespace: str) -> None:
    first = await probe(session, namespace, "debug/web-1")
    second = await probe(session, namespace, "debug/web-1")
    assert first.vantages[0].created
    assert "stays in pod web-1" in first.warnings[0]
    assert not second.vantages[0].created
    assert second.vantages[0].container == first.vantages[0].container
    assert second.warnings == ()


async def test_cancelled_at_many_moments_nothing_stays(
    cluster: Cluster, session: ClusterSession, namespace: str
) -> None:
    prober = Prober(session, Gate(False, yes))
    questions = [Question(f"web.{namespace}.svc.cluster.local.", "A")]
    cancelled = 0
    for moment in range(14):
        plan = await prober.plan(parse_vantage("new"), namespace, questions)
        task = asyncio.ensure_future(prober.run(plan))
        await asyncio.sleep(moment * 0.1 / cluster.haste)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            cancelled += 1
    assert cancelled > 5
    assert ours(cluster, namespace) == []


async def test_a_shell_less_image_names_the_next_best_place(session: ClusterSession, namespace: str) -> None:
    prober = Prober(session, Gate(False, yes))
    with pytest.raises(ClusterError, match="no shell") as error:
        await prober.plan(parse_vantage("pod/shell-less"), namespace, [Question("x.", "A")])
    assert "--from debug/shell-less" in error.value.hint


async def test_without_rights_the_sentence_says_which(cluster: Cluster, namespace: str) -> None:
    async with opened(cluster.kubeconfig, as_user="nobody-at-all", namespaces=(namespace,)) as live:
        prober = Prober(live, Gate(False, yes))
        with pytest.raises(Refused, match="get pods/exec") as error:
            await prober.plan(parse_vantage("auto"), namespace, [Question("x.", "A")])
        assert "create pods" in str(error.value)
        with pytest.raises(Refused, match="create pods"):
            await prober.plan(parse_vantage("new"), namespace, [Question("x.", "A")])


MATRIX: tuple[Protocol, ...] = ("udp", "tcp")


@pytest.fixture(scope="module")
def ipv6_server(cluster: Cluster) -> Iterator[str]:
    """A cluster address of the other family in front of the same DNS pods."""
    name = f"probe-dns6-{uuid.uuid4().hex[:6]}"
    ports = [{"name": f"dns-{over}", "port": 53, "protocol": over.upper()} for over in MATRIX]
    spec = {"ipFamilies": ["IPv6"], "selector": {"k8s-app": "kube-dns"}, "ports": ports}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
    kubectl(cluster, "-n", "kube-system", "create", "-f", "-", given=json.dumps(service))
    try:
        yield kubectl(cluster, "-n", "kube-system", "get", "service", name, "-o", "jsonpath={.spec.clusterIP}")
    finally:
        kubectl(cluster, "-n", "kube-system", "delete", "service", name)


@pytest.mark.parametrize("vantage", ["pod/web-0", "pod/tools"])
async def test_every_server_over_both_transports(session: ClusterSession, namespace: str, vantage: str) -> None:
    service = session.snapshot.service(ObjectKey(namespace, "web"))
    assert service is not None
    forward = [
        question
        for question in service_questions(session.snapshot, service, await session.zone_config())
        if question.type != "PTR"  # the cache on the node is not asked to hand these to kube-dns
    ]
    prober = Prober(session, Gate(False, yes))
    plan = await prober.plan(parse_vantage(vantage), namespace, forward, every_server=True, transports=MATRIX)
    result = await prober.run(plan)
    roles = [server.role for server in result.servers]
    assert roles == ["node-local", "kube-dns", "replica", "replica"]
    assert {(seen.server, seen.transport) for seen in result.observations} == {
        (str(server), over) for server in result.servers for over in MATRIX
    }
    config = await session.zone_config()
    comparison = judge(session.snapshot, config, result.observations, service=service.key)
    assert [row for row in comparison.rows if row.verdict not in ("match", "stale")] == []
    assert result.nameservers == ("10.96.0.10",)


@pytest.mark.parametrize("over", MATRIX)
@pytest.mark.parametrize("vantage", ["pod/web-0", "pod/tools", "local"])
async def test_a_server_of_the_other_family(
    cluster: Cluster, session: ClusterSession, namespace: str, ipv6_server: str, vantage: str, over: Protocol
) -> None:
    if vantage == "local" and cluster.name == "lab":
        pytest.skip("on this machine a lab has no addresses of Services")
    prober = Prober(session, Gate(vantage == "local", yes))
    questions = [Question(f"web.{namespace}.svc.cluster.local.", rdtype) for rdtype in ("A", "AAAA", "SRV")]
    plan = await prober.plan(parse_vantage(vantage), namespace, questions, ipv6_server, protocol=over)
    result = await prober.run(plan)
    assert [(seen.rcode, seen.error, seen.transport) for seen in result.observations] == [("NOERROR", "", over)] * 3
    assert {seen.server for seen in result.observations} == {ipv6_server}


@pytest.mark.parametrize("over", MATRIX)
async def test_from_this_machine(cluster: Cluster, session: ClusterSession, namespace: str, over: Protocol) -> None:
    result = await probe(session, namespace, "local", over, server=cluster.dns)
    assert {seen.transport for seen in result.observations} == {over}


@pytest.mark.parametrize("vantage", ["pod/tools", "local"])
async def test_a_truncated_reply_is_completed_over_tcp_and_letters_keep_their_case(
    cluster: Cluster, session: ClusterSession, namespace: str, vantage: str
) -> None:
    endpoints = [{"addresses": [f"10.197.0.{number}"]} for number in range(1, 61)]
    many = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "many-1", "labels": {"kubernetes.io/service-name": "many"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        "endpoints": endpoints,
    }
    spec = {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "many"}, "spec": spec}
    kubectl(
        cluster,
        "-n",
        namespace,
        "apply",
        "-f",
        "-",
        given=json.dumps({"apiVersion": "v1", "kind": "List", "items": [service, many]}),
    )
    prober = Prober(session, Gate(False, yes))
    question = Question(f"many.{namespace}.svc.cluster.local.", "A")
    manner = Manner(edns=0, mixed_case=True)
    server = cluster.dns if vantage == "local" else "10.96.0.10"
    async with asyncio.timeout(20):
        while True:  # until CoreDNS has heard of it; a denial that it gave before is kept for some seconds
            plan = await prober.plan(
                parse_vantage(vantage), namespace, [question], server, protocol="udp", manner=manner
            )
            seen = (await prober.run(plan)).observations[0]
            if seen.rcode == "NOERROR":
                break
    assert len(seen.answer) == 60
    assert seen.cut is not None
    assert 0 < seen.cut < 60
    assert seen.case_kept is True
    assert seen.edns == 0 or vantage == "pod/tools"


async def test_stopped_in_the_middle_what_came_is_kept(
    cluster: Cluster, session: ClusterSession, namespace: str
) -> None:
    prober = Prober(session, Gate(False, yes))
    questions = [Question(f"web-{number}.web.{namespace}.svc.cluster.local.", "A") for number in range(3000)]
    plan = await prober.plan(parse_vantage("new"), namespace, questions)
    stop = asyncio.Event()

    def watch(progress: Progress) -> None:
        if progress.done >= 100:
            stop.set()

    result = await prober.run(plan, watch, stop=stop)
    assert not result.complete
    assert 100 <= len(result.observations) < 3000
    assert ours(cluster, namespace) == []


async def test_a_pod_on_a_node_with_the_dns_settings_of_a_workload(
    cluster: Cluster, session: ClusterSession, namespace: str
) -> None:
    node = kubectl(cluster, "-n", namespace, "get", "pod", "web-0", "-o", "jsonpath={.spec.nodeName}")
    prober = Prober(session, Gate(False, yes), pod=PodOptions(node, dns_like="pod/web-0"))
    plan = await prober.plan(parse_vantage("new"), namespace, [Question(f"web.{namespace}.svc.cluster.local.", "A")])
    result = await prober.run(plan)
    assert [seen.rcode for seen in result.observations] == ["NOERROR"]


@pytest.mark.parametrize("cluster", [REAL], indirect=True)
async def test_a_pod_on_a_node_that_is_not_there(cluster: Cluster, session: ClusterSession, namespace: str) -> None:
    """Nobody may wait for it in the lab: that takes the whole patience, which tests/probe/test_places.py looks at."""
    nowhere = Prober(session, Gate(False, yes), pod=PodOptions("no-such-node"))
    plan = await nowhere.plan(parse_vantage("new"), namespace, [Question("x.", "A")])
    with pytest.raises(ClusterError, match="No node takes the pod"):
        await nowhere.run(plan)
    assert ours(cluster, namespace) == []


async def test_pod_security_refuses_the_nodes_network_and_says_why(
    cluster: Cluster, session: ClusterSession, namespace: str
) -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hostly"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "hostly"}},
            "template": {
                "metadata": {"labels": {"app": "hostly"}},
                "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "busybox:1.28"}]},
            },
        },
    }
    kubectl(cluster, "-n", namespace, "apply", "-f", "-", given=json.dumps(deployment))
    prober = Prober(session, Gate(False, yes), pod=PodOptions(dns_like="deploy/hostly"))
    plan = await prober.plan(parse_vantage("new"), namespace, [Question("x.", "A")])
    with pytest.raises(Refused, match="Pod Security of namespace") as error:
        await prober.run(plan)
    assert "host namespaces" in str(error.value)
    assert "--from auto" in error.value.hint


async def test_nothing_of_ours_goes_on_running_in_a_pod(
    cluster: Cluster, session: ClusterSession, namespace: str
) -> None:
    await probe(session, namespace, "pod/web-1")
    async with asyncio.timeout(10):
        while True:
            said = await asyncio.to_thread(kubectl, cluster, "-n", namespace, "exec", "web-1", "--", "ps", "-o", "args")
            running = said.splitlines()
            if not any(line.startswith("nc ") for line in running):
                break
    assert any(line.startswith("sleep ") for line in running), "ps tells what runs"


async def test_many_probes_leave_no_pod(cluster: Cluster, session: ClusterSession, namespace: str) -> None:
    prober = Prober(session, Gate(False, yes))
    questions = [Question(f"web.{namespace}.svc.cluster.local.", "A")]

    async def one() -> str:
        plan = await prober.plan(parse_vantage("new"), namespace, questions)
        return (await prober.run(plan)).observations[0].rcode

    for _ in range(3):
        assert set(await asyncio.gather(*(one() for _ in range(4)))) == {"NOERROR"}
    assert ours(cluster, namespace) == []


ODD = ("$(id).x.", '";`id`;".x.', "a\nb.x.", "nul\0.x.", "\x1b[2J.x.", "-x.y.", "@x.y.", "x" * 300, "a..b.")


@pytest.mark.parametrize(("vantage", "protocol"), [("pod/web-0", "tcp"), ("pod/tools", "udp"), ("pod/web-0", "udp")])
async def test_no_name_reaches_a_shell(session: ClusterSession, namespace: str, vantage: str, protocol: str) -> None:
    prober = Prober(session, Gate(False, yes))
    questions = [*(Question(name, "A") for name in ODD), Question("dns-version.cluster.local.", "TXT")]
    plan = await prober.plan(parse_vantage(vantage), namespace, questions, protocol=protocol)
    *odd, good = (await prober.run(plan)).observations
    for name, seen in zip(ODD, odd, strict=True):
        assert seen.error or seen.rcode in ("NXDOMAIN", "NOERROR"), name
        assert "uid=" not in str(msgspec.to_builtins(seen)), name
    assert [record.data for record in good.answer] == ['"1.1.0"']
