"""Probes of many servers, stopped probes, and what is asked again: against a fake API server at the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiohttp import web

from kheadless_tui.cluster.pods.podoptions import PodOptions, parse_toleration
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import NotFound, Refused, UsageError
from kheadless_tui.probe.carriers.text import FEW
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.inquiring.pace import MAX_QUESTIONS
from kheadless_tui.probe.inquiring.printing import MAX_RUNS
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.prober import ProbeResult, Progress
from kheadless_tui.zone.record import Question
from tests.probe.fake_api import FakeApi, finish, stdin_of
from tests.probe.fake_pods import KUBE_DNS, NAME, QUESTIONS, Containers, plan_of, prober, put, replicas

NODE_LOCAL = "169.254.20.10"
SERVICE_PATH = "/api/v1/namespaces/kube-system/services/kube-dns"


@pytest.fixture
def containers(api: FakeApi) -> Containers:
    """A pod with nc and nslookup, and the cluster's DNS with two replicas."""
    put(api, "web-0")
    api.objects[SERVICE_PATH] = KUBE_DNS
    api.slices.append(replicas("coredns-a", "coredns-b"))
    found = Containers("nc nslookup")
    api.run = found
    return found


def asked(result: ProbeResult) -> set[tuple[str, str]]:
    return {(seen.server, seen.transport) for seen in result.observations}


async def test_every_server_over_every_transport(containers: Containers, transport: Transport) -> None:
    asking = prober(transport, "web-0")
    plan = await plan_of(asking, "pod/web-0", every_server=True, transports=("udp", "tcp"))
    progress: list[Progress] = []
    result = await asking.run(plan, progress.append)
    names = ["10.0.0.53", "node-local cache", "kube-dns", "kube-dns IPv6", "coredns-a", "coredns-b"]
    assert [server.name for server in result.servers] == names
    assert asked(result) == {(str(server), over) for server in result.servers for over in ("udp", "tcp")}
    assert len(result.observations) == len(QUESTIONS) * 12
    assert result.nameservers == ("10.0.0.53",)
    assert result.vantages[0].tool == "nslookup, nc"
    assert result.complete
    came = [each.observation for each in progress if each.observation is not None]
    assert len(came) == len(result.observations)
    assert (progress[-1].done, progress[-1].total) == (len(came), len(came))
    assert {seen.unknown for seen in result.observations if seen.transport == "udp"} == {
        ("ttl", "authority", "additional", "flags")
    }


async def test_a_presumed_cache_that_is_not_there_is_left_out(containers: Containers, transport: Transport) -> None:
    containers.silent.add(NODE_LOCAL)
    asking = prober(transport, "web-0", timeout=0.1)
    plan = await plan_of(asking, "pod/web-0", every_server=True)
    result = await asking.run(plan)
    assert "node-local cache" not in [server.name for server in result.servers]
    assert NODE_LOCAL not in {seen.server for seen in result.observations}
    assert not any(NODE_LOCAL in command for command in result.plan.equals)
    assert f"{NODE_LOCAL} did not answer: no node-local cache there, or it is down." in result.warnings


async def test_a_presumed_cache_that_answers_over_one_transport_is_silent_over_the_other(
    containers: Containers, transport: Transport
) -> None:
    containers.silent.add(NODE_LOCAL)  # nc, which carries TCP, gets no reply; nslookup, which asks over UDP, does
    asking = prober(transport, "web-0", timeout=0.1)
    plan = await plan_of(asking, "pod/web-0", every_server=True, transports=("udp", "tcp"))
    progress: list[Progress] = []
    result = await asking.run(plan, progress.append)
    cache = [(seen.transport, bool(seen.error)) for seen in result.observations if seen.server == NODE_LOCAL]
    assert sorted(cache) == [("tcp", True)] * len(QUESTIONS) + [("udp", False)] * len(QUESTIONS)
    assert progress[-1].done == progress[-1].total == len(result.observations)
    assert not any(NODE_LOCAL in warning for warning in result.warnings)
    again = await plan_of(asking, "pod/web-0", every_server=True)
    known = next(server for server in again.servers if server.role == "node-local")
    assert (known.presumed, known.source) == (False, "it answered before")


@pytest.mark.parametrize(
    "path",
    [
        "/apis/apps/v1/namespaces/kube-system/daemonsets/node-local-dns",
        "/api/v1/namespaces/kube-system/services/kube-dns-upstream",
    ],
)
async def test_a_cache_that_is_known_to_be_there_counts_as_silent(
    containers: Containers, api: FakeApi, transport: Transport, path: str
) -> None:
    api.objects[path] = {}
    containers.silent.add(NODE_LOCAL)
    asking = prober(transport, "web-0", timeout=0.1)
    result = await asking.run(await plan_of(asking, "pod/web-0", every_server=True))
    assert {seen.server for seen in result.observations if seen.error} == {NODE_LOCAL}
    assert not any(NODE_LOCAL in warning for warning in result.warnings)


async def test_what_a_carrier_cannot_ask_is_not_asked(containers: Containers, transport: Transport) -> None:
    asking = prober(transport, "web-0")
    odd = Question("a\\046b.shop.svc.cluster.local.", "A")
    plan = await asking.plan(parse_vantage("pod/web-0"), "shop", [odd, *QUESTIONS], "10.96.0.10", protocol="udp")
    result = await asking.run(plan)
    assert [(seen.unasked, bool(seen.error)) for seen in result.observations] == [(True, True)] + [(False, False)] * 2
    assert not any("046" in word for argv in containers.ran for word in argv)


async def test_a_silent_replica_is_told_and_the_others_are_heard(containers: Containers, transport: Transport) -> None:
    containers.silent.add("10.0.1.2")
    asking = prober(transport, "web-0", timeout=0.1)
    result = await asking.run(await plan_of(asking, "pod/web-0", every_server=True))
    silent = {seen.server for seen in result.observations if seen.error}
    assert silent == {"10.0.1.2"}


async def test_without_the_right_to_see_replicas_the_rest_is_asked(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    api.slices.clear()
    api.objects.clear()
    asking = prober(transport, "web-0")
    result = await asking.run(await plan_of(asking, "pod/web-0", every_server=True))
    assert [server.name for server in result.servers] == ["10.0.0.53", "node-local cache"]
    assert any("replicas are not asked" in warning for warning in result.warnings)
    assert any("may not be read" in warning for warning in result.warnings)


async def test_the_dns_service_may_have_another_name(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    del api.objects[SERVICE_PATH]
    labels = {"k8s-app": "kube-dns"}
    renamed = {**KUBE_DNS, "metadata": {"name": "rke2-coredns", "namespace": "kube-system", "labels": labels}}
    api.objects["/api/v1/namespaces/kube-system/services"] = {"items": [renamed]}
    api.slices[:] = [replicas("rke2-a", service="rke2-coredns")]
    asking = prober(transport, "web-0")
    plan = await plan_of(asking, "pod/web-0", every_server=True)
    assert [server.name for server in plan.servers] == ["kube-dns", "kube-dns IPv6", "rke2-a"]
    assert plan.servers[0].source == "Service kube-system/rke2-coredns"
    forwarded = await plan_of(asking, "coredns")
    assert [replica.pod for replica in forwarded.replicas] == ["rke2-a"]


async def test_what_is_stopped_keeps_what_came_and_removes_what_it_made(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    containers.hold_after = 30
    many = [Question(f"web-{number}.{NAME}", "A") for number in range(100)]
    asking = prober(transport)
    plan = await asking.plan(parse_vantage("new"), "shop", many, "10.96.0.10")
    stop = asyncio.Event()

    def watch(progress: Progress) -> None:
        if progress.done >= 10:
            stop.set()

    result = await asyncio.wait_for(asking.run(plan, watch, stop=stop), 10)
    assert not result.complete
    assert 10 <= len(result.observations) < 100
    assert all(seen.answer for seen in result.observations)
    assert api.pods.keys() == {("shop", "web-0")}


async def test_stopped_before_the_pod_runs_nothing_stays(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    api.starts_after = 60
    asking = prober(transport)
    plan = await plan_of(asking, "new", server="10.96.0.10")
    stop = asyncio.Event()
    running = asyncio.ensure_future(asking.run(plan, stop=stop))
    await asyncio.wait_for(api.created.wait(), 5)
    stop.set()
    result = await asyncio.wait_for(running, 5)
    assert (result.complete, result.observations) == (False, ())
    assert len(api.deleted) == 1


async def test_a_container_that_stays_is_told_when_the_wait_for_it_is_given_up(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    asking = prober(transport, "web-0", start_timeout=60.0)
    plan = await plan_of(asking, "debug/web-0", server="10.96.0.10")
    stop = asyncio.Event()

    def watch(progress: Progress) -> None:
        if progress.doing == "no status of the container yet":
            stop.set()

    result = await asyncio.wait_for(asking.run(plan, watch, stop=stop), 10)
    assert not result.complete
    assert [warning for warning in result.warnings if "stays in pod web-0 until the pod goes" in warning]


async def test_a_cancelled_task_is_cancelled_with_a_stop_too(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    api.starts_after = 60
    asking = prober(transport)
    plan = await plan_of(asking, "new", server="10.96.0.10")
    running = asyncio.ensure_future(asking.run(plan, stop=asyncio.Event()))
    await asyncio.wait_for(api.created.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(api.deleted) == 1


async def test_what_the_caller_wants_is_asked_again_while_the_place_is_open(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    asking = prober(transport)
    plan = await plan_of(asking, "new", server="10.96.0.10")
    rounds: list[int] = []

    async def again(seen: Sequence[Observation]) -> Sequence[Observation]:
        rounds.append(len(seen))
        assert len(api.pods) == 2, "the temporary pod is still there"
        return seen[:1]

    result = await asking.run(plan, follow_up=again)
    assert rounds == [2, 4, 6], "three rounds at the most"
    assert len(result.observations) == 8
    repeated = [seen for seen in result.observations if seen.question == result.observations[0].question]
    assert [seen.aside for seen in repeated] == [0, *(0, 1) * 3], "and past its cache, beside it"
    assert [seen.started for seen in repeated] == sorted(seen.started for seen in repeated)


async def test_what_was_asked_past_a_cache_is_asked_past_it_in_another_way(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    asking = prober(transport)
    plan = await plan_of(asking, "new", server="10.96.0.10")

    async def again(seen: Sequence[Observation]) -> Sequence[Observation]:
        return [each for each in seen if each.aside == 1] if len(seen) > 2 else seen[:1]

    result = await asking.run(plan, follow_up=again)
    repeated = [seen.aside for seen in result.observations if seen.question == result.observations[0].question]
    assert repeated == [0, 0, 1, 2, 2]


async def test_too_many_questions_are_refused_before_anything_is_asked(
    containers: Containers, transport: Transport
) -> None:
    asking = prober(transport, "web-0")
    many = [Question(f"web-{number}.{NAME}", "A") for number in range(MAX_QUESTIONS + 1)]
    with pytest.raises(UsageError, match="more than one probe asks"):
        await asking.plan(parse_vantage("pod/web-0"), "shop", many)
    plan = await asking.plan(parse_vantage("pod/web-0"), "shop", many[: MAX_QUESTIONS // 5], every_server=True)
    with pytest.raises(UsageError, match=f"{MAX_QUESTIONS // 5 * 6} questions"):
        await asking.run(plan)
    assert containers.answered == 0


async def test_a_program_that_asks_one_question_a_run_is_not_run_without_end(
    api: FakeApi, containers: Containers, transport: Transport
) -> None:
    containers.tools = ["drill"]

    async def by_drill(argv: list[str], socket: web.WebSocketResponse) -> None:
        if argv[0] != "drill":
            return await containers(argv, socket)
        containers.ran.append(argv)
        await socket.send_bytes(b"\x01" + printed_by_dig(next(word for word in argv if NAME in word)).encode())
        return await finish(socket)

    api.run = by_drill
    asking = prober(transport, "web-0")
    many = [Question(f"web-{number}.{NAME}", "A") for number in range(MAX_RUNS + 20)]
    plan = await asking.plan(parse_vantage("pod/web-0"), "shop", many, "10.96.0.10", protocol="udp")
    result = await asking.run(plan)
    assert len([argv for argv in containers.ran if argv[0] == "drill"]) == MAX_RUNS
    left = [seen for seen in result.observations if seen.error]
    assert len(left) == 20
    assert {seen.error for seen in left} == {f"not asked: one probe runs drill {MAX_RUNS} times at the most"}


async def test_a_shell_asks_a_dozen_questions_a_run_by_nslookup(containers: Containers, transport: Transport) -> None:
    asking = prober(transport, "web-0")
    many = [Question(f"web-{number}.{NAME}", "A") for number in range(26)]
    plan = await asking.plan(parse_vantage("pod/web-0"), "shop", many, "10.96.0.10", protocol="udp")
    before = len(containers.ran)
    result = await asking.run(plan)
    assert [(seen.question, seen.error, len(seen.answer)) for seen in result.observations] == [(q, "", 1) for q in many]
    shells = [argv for argv in containers.ran[before:] if argv[0] == "sh"]
    assert len(shells) == 3, "two at first, then twice a dozen"
    assert "# and 25 more like it, for the other questions" in result.plan.equals[0]


async def test_what_a_run_had_no_time_to_ask_is_asked_again_and_is_not_lost(
    api: FakeApi, containers: Containers, transport: Transport
) -> None:
    containers.tools = ["dig"]
    sizes: list[int] = []

    async def on_a_lossy_way(argv: list[str], socket: web.WebSocketResponse) -> None:
        """A dig that waits for replies that are lost, in every run of more questions than one waits for in time."""
        if argv[0] != "dig":
            return await containers(argv, socket)
        names = [argv[at + 1] for at, word in enumerate(argv) if word == "-q"]
        sizes.append(len(names))
        if len(names) > FEW:
            async for _ in stdin_of(socket):
                pass
            return None
        await socket.send_bytes(b"\x01" + "".join(map(printed_by_dig, names)).encode())
        return await finish(socket)

    api.run = on_a_lossy_way
    asking = prober(transport, "web-0", timeout=0.2)
    many = [Question(f"web-{number}.{NAME}", "A") for number in range(16)]
    plan = await asking.plan(parse_vantage("pod/web-0"), "shop", many, "10.96.0.10", protocol="udp")
    result = await asking.run(plan)
    assert max(sizes) > FEW, "many questions a run, as long as replies come"
    assert [seen.error for seen in result.observations] == [""] * len(many)


def printed_by_dig(name: str) -> str:
    return (
        ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n;; flags: qr aa; QUERY: 1, ANSWER: 1\n\n"
        f";; QUESTION SECTION:\n;{name} IN A\n\n;; ANSWER SECTION:\n{name} 30 IN A 10.0.0.1\n\n"
        ";; Query time: 1 msec\n\n"
    )


async def test_from_here_needs_a_server_and_no_right(containers: Containers, transport: Transport) -> None:
    asking = prober(transport, readonly=True)
    with pytest.raises(UsageError, match="--server"):
        await plan_of(asking, "local")
    plan = await plan_of(asking, "local", server="127.0.0.1:1", protocol="tcp")
    assert plan.equals == (f"dig +tcp @127.0.0.1 -p 1 A {NAME}",)
    result = await asking.run(plan)
    assert {seen.error for seen in result.observations} == {"Connection refused (asked twice)"}
    assert containers.ran == []


async def test_the_pod_that_is_made_is_as_it_was_asked_for(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    dns = {"nameservers": ["1.2.3.4"], "options": [{"name": "ndots", "value": "1"}]}
    spec = {"dnsPolicy": "None", "dnsConfig": dns, "hostNetwork": True}
    api.objects["/apis/apps/v1/namespaces/shop/statefulsets/web"] = {"spec": {"template": {"spec": spec}}}
    options = PodOptions("node-2", (parse_toleration("dedicated=dns:NoSchedule"),), ("registry",), "sts/web")
    asking = prober(transport, pod=options)
    plan = await plan_of(asking, "new", server="10.96.0.10")
    words = plan.write_plan.text()
    for said in ("on node node-2", "1 toleration", "pull secrets registry", "DNS as statefulset/web: None"):
        assert said in words
    made = plan.order.manifest()["spec"]
    assert made["dnsConfig"] == dns
    assert (made["dnsPolicy"], made["hostNetwork"]) == ("None", True)
    assert made["tolerations"] == [{"operator": "Equal", "key": "dedicated", "value": "dns", "effect": "NoSchedule"}]
    assert made["imagePullSecrets"] == [{"name": "registry"}]
    assert "node-2" in str(made["affinity"])
    with pytest.raises(NotFound, match="no deployment gone"):
        await plan_of(prober(transport, pod=PodOptions(dns_like="deploy/gone")), "new", server="10.96.0.10")
    with pytest.raises(UsageError, match="no workload"):
        await plan_of(prober(transport, pod=PodOptions(dns_like="service/web")), "new", server="10.96.0.10")


@pytest.mark.parametrize("vantage", ["pod/web-0", "new", "debug/web-0"])
async def test_every_equal_command_is_that_of_the_user_that_we_are(
    containers: Containers, transport: Transport, vantage: str
) -> None:
    asked = replace(transport.connection.asked, as_user="jane", as_groups=("dev", "ops"))
    asking = prober(transport, "web-0", connection=replace(transport.connection, asked=asked))
    plan = await plan_of(asking, vantage, server="10.96.0.10")
    assert plan.equals
    for command in plan.equals:
        assert "kubectl --as jane --as-group dev --as-group ops" in " ".join(command.replace("\\\n", " ").split())


async def test_with_no_right_to_make_pods_a_container_is_added_to_one(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    containers.shell = False
    api.may = lambda wanted: (wanted["verb"], wanted.get("subresource", "")) != ("create", "")
    plan = await plan_of(prober(transport, "web-0"), "auto", server="10.96.0.10")
    assert plan.kind == "debug"
    assert "a container is added to a pod of the Service" in plan.why
    reasons = dict(plan.rejected)
    assert "no shell" in reasons["pod/web-0:c"]
    assert "create pods" in reasons["new"]
    assert "stays" in plan.write_plan.text()


async def test_another_build_of_the_same_image_is_looked_into_anew(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    asking = prober(transport, "web-0")
    plan = await plan_of(asking, "pod/web-0", server="10.96.0.10")
    containers.tools, containers.gone = ["nslookup"], {"nc"}
    result = await asking.run(plan)
    assert all("not found in $PATH" in seen.error for seen in result.observations)
    again = await plan_of(asking, "pod/web-0", server="10.96.0.10")
    assert again.place.tool == "nslookup"


async def test_what_a_container_has_is_looked_for_once_for_its_image(
    containers: Containers, api: FakeApi, transport: Transport
) -> None:
    put(api, "web-1")
    asking = prober(transport, "web-0")
    await plan_of(asking, "pod/web-0", server="10.96.0.10")
    await plan_of(asking, "pod/web-1", server="10.96.0.10")
    assert len(containers.ran) == 1
    await plan_of(asking, "pod/web-1")
    assert len(containers.ran) == 1, "kube-dns is known, so that its own resolv.conf is not needed"
    await plan_of(asking, "pod/web-1", every_server=True)
    assert len(containers.ran) == 2


async def test_a_refused_look_names_the_right(containers: Containers, api: FakeApi, transport: Transport) -> None:
    api.may = lambda wanted: wanted.get("subresource") != "exec"
    with pytest.raises(Refused, match="get pods/exec"):
        await plan_of(prober(transport, "web-0"), "pod/web-0", every_server=True)
