"""Each lever by what our own program then sees, and that nothing is left when it is undone."""

from __future__ import annotations

from collections.abc import Callable

import dns.asyncquery
import dns.flags
import dns.message
import pytest

from kheadless_tui.errors import ClusterError, InputError, Refused
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.switches.levers import Levers
from kheadless_tui.model.objects import ObjectKey
from tests.lab.asking import addresses_of, observe, session_on, until

WEB = "nginx-headless.tutorial-1.svc.cluster.local."
WEB_KEY = ObjectKey("tutorial-1", "nginx-headless")
TOOLS = "{apiVersion: v1, kind: Pod, metadata: {name: tools}, spec: {containers: "\
        "[{name: c, image: tutum/dnsutils, command: [sleep, '86400']}]}}"  # fmt: skip


def address(lab: Lab, pod: str) -> str:
    return str(lab.get("Pod", "tutorial-1", pod)["status"]["podIP"])


async def with_tools(lab: Lab) -> None:
    lab.apply(TOOLS, "tutorial-1")
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "tools")["status"].get("phase") == "Running")


def replicas(lab: Lab) -> list[str]:
    return list(lab.dns.replicas)


async def test_the_menu_is_whole_and_says_what_each_lever_does(lab: Lab) -> None:
    entries = Levers(lab).entries()
    assert {"break-readiness", "change-labels", "delete-node", "lag-replica", "stop-replica", "serve-stale", "drop-udp",
            "truncate", "lose-watch", "expire-version", "slow-api", "take-right", "cached-nxdomain", "wrong-corefile",
            "network-policy"} <= {entry.name for entry in entries}  # fmt: skip
    for entry in entries:
        assert entry.title, entry.name
        assert entry.says.endswith("."), entry.name
        assert entry.choices, entry.name
        assert entry.active is None


async def test_every_choice_can_be_pulled_and_undone(lab: Lab) -> None:
    levers = Levers(lab)
    for name in [entry.name for entry in levers.entries()]:
        for choice in next(entry.choices for entry in levers.entries() if entry.name == name)[:4]:
            said = await levers.pull(name, choice)
            assert said.endswith("."), said
            assert (await levers.undo(name)).endswith(".")
    assert [entry for entry in levers.entries() if entry.active] == []


async def test_what_is_no_lever_and_no_choice_is_said(lab: Lab) -> None:
    levers = Levers(lab)
    with pytest.raises(InputError, match="no lever is called 'nope'") as error:
        await levers.pull("nope", "x")
    assert "drop-udp" in error.value.hint
    with pytest.raises(InputError, match="'nowhere' is no choice") as error:
        await levers.pull("drop-udp", "nowhere")
    assert "everywhere" in error.value.hint
    assert await levers.undo("drop-udp") == "Lost UDP: nothing to undo."


async def test_pulling_again_undoes_the_first(lab: Lab) -> None:
    levers = Levers(lab)
    await levers.pull("break-readiness", "tutorial-1/web-0")
    await levers.pull("break-readiness", "tutorial-1/web-1")
    ready = {
        pod["metadata"]["name"]: next(c["status"] for c in pod["status"]["conditions"] if c["type"] == "Ready")
        for pod in lab.all("Pod", "tutorial-1")
    }
    assert ready == {"web-0": "True", "web-1": "False", "web-2": "True"}
    await levers.undo_all()
    assert [entry for entry in levers.entries() if entry.active] == []


async def test_every_pod_behind_a_big_service_is_a_choice() -> None:
    async with Lab.start(world="demo", speed=200.0) as lab:
        pods = {f"fleet/{pod['metadata']['name']}" for pod in lab.all("Pod", "fleet")}
        choices = next(entry.choices for entry in Levers(lab).entries() if entry.name == "break-readiness")
        assert len(pods) >= 300
        assert pods <= set(choices)


async def test_a_service_that_selects_nothing_is_no_choice(lab: Lab) -> None:
    choices = {entry.name: entry.choices for entry in Levers(lab).entries()}
    assert "tutorial-3/headless-svc-stateful" in choices["change-labels"]
    assert "tutorial-3/headless-svc" not in choices["change-labels"]
    assert "no way in to tutorial-3/headless-svc" not in choices["network-policy"]


# -- objects ---------------------------------------------------------------------------------------------------


async def test_a_pod_that_is_not_ready_leaves_dns(lab: Lab) -> None:
    levers, gone = Levers(lab), address(lab, "web-1")
    async with session_on(lab) as session:
        await levers.pull("break-readiness", "tutorial-1/web-1")
        await until(session, lambda: gone not in ready_addresses(session))
        assert gone not in addresses_of(await observe(lab, [WEB]))
        await levers.undo("break-readiness")
        await until(session, lambda: gone in ready_addresses(session))


def ready_addresses(session: object) -> set[str]:
    slices = session.snapshot.slices_of(WEB_KEY)  # type: ignore[attr-defined]
    return {a for item in slices for endpoint in item.endpoints or () if endpoint.ready for a in endpoint.addresses}


async def test_a_selector_that_matches_nothing_empties_the_service(lab: Lab) -> None:
    levers = Levers(lab)
    async with session_on(lab) as session:
        assert len(ready_addresses(session)) == 3
        said = await levers.pull("change-labels", "tutorial-1/nginx-headless")
        assert "app=nginx-v2" in said
        await until(session, lambda: not ready_addresses(session))
        (seen,) = await observe(lab, [WEB])
        assert seen.rcode == "NXDOMAIN"
        await levers.undo("change-labels")
        await until(session, lambda: len(ready_addresses(session)) == 3)


async def test_the_pods_of_a_deleted_node_come_up_elsewhere(lab: Lab) -> None:
    levers = Levers(lab)
    node = lab.get("Pod", "tutorial-1", "web-0")["spec"]["nodeName"]
    other = next(each["metadata"]["name"] for each in lab.all("Node") if each["metadata"]["name"] != node)
    await levers.pull("delete-node", node)
    assert await levers.undo("delete-node") == f"Node {node} has joined again, before its pods went."
    assert "its pods go 40 s later" in await levers.pull("delete-node", node)

    def moved() -> bool:
        pods = lab.all("Pod", "tutorial-1")
        return len(pods) == 3 and {pod["spec"].get("nodeName") for pod in pods} == {other}

    await lab.until(moved, timeout=10)
    assert next(entry for entry in levers.entries() if entry.name == "delete-node").choices == ()
    assert await levers.undo("delete-node") == f"Node {node} has joined again, without its old pods."
    assert lab.get("Node", "", node)["status"]["conditions"][-1]["status"] == "True"


@pytest.mark.parametrize(("choice", "protocol"), [("no DNS from tutorial-1", "tcp"), ("no DNS from tutorial-1", "udp")])
async def test_a_policy_keeps_a_namespace_from_dns(lab: Lab, choice: str, protocol: str) -> None:
    levers, pod = Levers(lab), "pod/tools" if protocol == "udp" else "pod/web-0"
    await with_tools(lab)
    await levers.pull("network-policy", choice)
    (seen,) = await observe(lab, [WEB], vantage=pod, protocol=protocol)
    assert seen.error
    (elsewhere,) = await observe(lab, [WEB], vantage="pod/app-stateful-0", namespace="tutorial-3", protocol="tcp")
    assert elsewhere.rcode == "NOERROR"
    await levers.undo("network-policy")
    (seen,) = await observe(lab, [WEB], vantage=pod, protocol=protocol)
    assert seen.rcode == "NOERROR"


# -- servers ---------------------------------------------------------------------------------------------------


async def change_and_see(lab: Lab) -> dict[str, bool]:
    """Whether each replica knows of a pod that has just come, asked past its cache."""
    known = len(lab.all("Pod", "tutorial-1"))
    name = f"web-{known}"
    lab.scale("tutorial-1", "web", known + 1)
    await lab.until(lambda: name in slice_pods(lab))
    await lab.clock.sleep(1)  # both replicas are at most so late when nothing is wrong
    seen = await observe(lab, [f"{name}.{WEB}"], vantage="coredns")
    return {observation.vantage: observation.rcode == "NOERROR" for observation in seen}


def slice_pods(lab: Lab) -> set[str]:
    slices = lab.all("EndpointSlice", "tutorial-1")
    return {
        endpoint["targetRef"]["name"]
        for item in slices
        for endpoint in item["endpoints"] or ()
        if endpoint["conditions"]["ready"]
    }


@pytest.mark.parametrize("lever", ["serve-stale", "lag-replica"])
async def test_a_replica_that_is_late_or_lost_disagrees_with_the_other(lever: str) -> None:
    async with Lab.start(world="tutorials", speed=20.0) as lab:
        levers = Levers(lab)
        await observe(lab, [WEB], vantage="coredns")
        first, second = replicas(lab)
        await levers.pull(lever, first if lever == "serve-stale" else f"{first} by 30 s")
        seen = await change_and_see(lab)
        assert seen == {f"coredns/{first}": False, f"coredns/{second}": True}
        await levers.undo(lever)
        seen = await change_and_see(lab)
        assert set(seen.values()) == {True}


async def test_a_stopped_replica_refuses_and_is_out_of_the_service(lab: Lab) -> None:
    levers, (first, _) = Levers(lab), replicas(lab)
    gone = lab.get("Pod", "kube-system", first)["status"]["podIP"]
    await levers.pull("stop-replica", first)
    (refused,) = await observe(lab, [WEB], server=gone, protocol="tcp")
    assert refused.error
    await lab.until(lambda: gone not in served(lab))
    seen = await observe(lab, [f"web-{n}.{WEB}" for n in range(3)])
    assert {observation.rcode for observation in seen} == {"NOERROR"}
    await levers.undo("stop-replica")
    await lab.until(lambda: gone in served(lab))
    (answered,) = await observe(lab, [WEB], server=gone, protocol="tcp")
    assert answered.rcode == "NOERROR"


def served(lab: Lab) -> set[str]:
    slices = lab.all("EndpointSlice", "kube-system")
    return {e["addresses"][0] for item in slices for e in item["endpoints"] or () if e["conditions"]["ready"]}


async def test_a_replica_that_hangs_is_still_in_the_service(lab: Lab) -> None:
    levers, (first, second) = Levers(lab), replicas(lab)
    await with_tools(lab)
    await levers.pull("hang-replica", first)
    hung, fine = (lab.get("Pod", "kube-system", name)["status"]["podIP"] for name in (first, second))
    (seen,) = await observe(lab, [WEB], vantage="pod/tools", protocol="udp", server=hung)
    assert seen.error
    (seen,) = await observe(lab, [WEB], vantage="pod/tools", protocol="udp", server=fine)
    assert seen.rcode == "NOERROR"
    assert hung in served(lab)
    await levers.undo("hang-replica")
    (seen,) = await observe(lab, [WEB], vantage="pod/tools", protocol="udp", server=hung)
    assert seen.rcode == "NOERROR"


@pytest.mark.parametrize(
    ("choice", "holds"),
    [
        ("another zone", lambda rcode, ttl: rcode == "NXDOMAIN"),
        ("one namespace only", lambda rcode, ttl: rcode == "NXDOMAIN"),
        ("an hour in the cache", lambda rcode, ttl: ttl > 3000),
        ("a typing error", lambda rcode, ttl: rcode == "NOERROR" and ttl == 30),
    ],
)
async def test_a_wrong_corefile_is_served_after_a_while(choice: str, holds: Callable[[str, int], bool]) -> None:
    async with Lab.start(world="tutorials", driven=True) as lab:
        levers = Levers(lab)
        await levers.pull("wrong-corefile", choice)
        await lab.clock.drive(6)
        for seen in await observe(lab, [WEB], vantage="coredns"):
            assert holds(seen.rcode, seen.answer[0].ttl if seen.answer else 0)
        await levers.undo("wrong-corefile")
        await lab.clock.drive(6)
        for seen in await observe(lab, [WEB], vantage="coredns"):
            assert (seen.rcode, seen.answer[0].ttl) == ("NOERROR", 30)


# -- the wire --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lever", "lost", "kept"), [("drop-udp", "udp", "tcp"), ("drop-tcp", "tcp", "udp")])
async def test_one_protocol_is_lost_and_the_other_is_not(lab: Lab, lever: str, lost: str, kept: str) -> None:
    levers = Levers(lab)
    await with_tools(lab)
    await levers.pull(lever, "everywhere")
    (seen,) = await observe(lab, [WEB], vantage="pod/tools", protocol=lost)
    assert seen.error
    (seen,) = await observe(lab, [WEB], vantage="pod/tools", protocol=kept)
    assert seen.rcode == "NOERROR"
    await levers.undo(lever)
    (seen,) = await observe(lab, [WEB], vantage="pod/tools", protocol=lost)
    assert seen.rcode == "NOERROR"


@pytest.mark.parametrize(("choice", "left"), [("every reply", 0), ("replies over 512 octets", 3)])
async def test_a_cut_reply_is_asked_for_again_over_tcp(lab: Lab, choice: str, left: int) -> None:
    levers, query = Levers(lab), dns.message.make_query(WEB, "A")
    await with_tools(lab)
    await levers.pull("truncate", choice)
    reply = await dns.asyncquery.udp(query, "127.0.0.1", port=lab.dns_port, timeout=5)
    assert bool(reply.flags & dns.flags.TC) is (left == 0)
    assert sum(len(rrset) for rrset in reply.answer) == left
    (seen,) = await observe(lab, [WEB], vantage="pod/tools", protocol="udp")
    assert len(seen.answer) == 3, "the carrier came again over TCP"
    await levers.undo("truncate")
    reply = await dns.asyncquery.udp(query, "127.0.0.1", port=lab.dns_port, timeout=5)
    assert sum(len(rrset) for rrset in reply.answer) == 3


async def test_a_denial_stays_in_one_cache(lab: Lab) -> None:
    levers, (first, second) = Levers(lab), replicas(lab)
    await levers.pull("cached-nxdomain", "tutorial-1/nginx-headless")
    said = {item.vantage: item for item in await observe(lab, [WEB], vantage="coredns")}
    assert {name: item.rcode for name, item in said.items()} == {
        f"coredns/{first}": "NXDOMAIN",
        f"coredns/{second}": "NOERROR",
    }
    assert said[f"coredns/{first}"].authority[0].ttl < 30, "a new denial has all of its time before it"
    await levers.undo("cached-nxdomain")
    seen = {item.vantage: item.rcode for item in await observe(lab, [WEB], vantage="coredns")}
    assert set(seen.values()) == {"NOERROR"}


async def test_a_silent_upstream_spares_the_clusters_names(lab: Lab) -> None:
    levers = Levers(lab)
    await levers.pull("silent-upstream", "all names outside")
    assert [item.rcode for item in await observe(lab, ["example.com.", WEB])] == ["SERVFAIL", "NOERROR"]
    await levers.undo("silent-upstream")
    assert [item.rcode for item in await observe(lab, ["mysql.example.com."])] == ["NOERROR"]


# -- the API server --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lever", ["lose-watch", "expire-version"])
async def test_the_program_lives_on_when_its_watches_end(lab: Lab, lever: str) -> None:
    levers = Levers(lab)
    async with session_on(lab) as session:
        await levers.pull(lever, "all watches")
        lab.scale("tutorial-1", "web", 4)
        await until(session, lambda: len(ready_addresses(session)) == 4)


async def test_a_taken_right_is_refused_and_given_back(lab: Lab) -> None:
    levers = Levers(lab)
    await levers.pull("take-right", "create pods/exec")
    with pytest.raises(Refused, match="pods/exec"):
        await observe(lab, [WEB])
    await levers.undo("take-right")
    assert len(await observe(lab, [WEB])) == 1


async def test_an_api_server_that_does_not_answer_is_said_to(lab: Lab) -> None:
    levers = Levers(lab)
    await levers.pull("hang-api", "all requests")
    with pytest.raises(ClusterError):
        async with session_on(lab, request_timeout=0.5):
            raise AssertionError
    await levers.undo("hang-api")
    async with session_on(lab) as session:
        assert len(ready_addresses(session)) == 3


async def test_a_slow_api_server_is_waited_for(lab: Lab) -> None:
    levers = Levers(lab)
    await levers.pull("slow-api", "0.5 s")
    assert lab.api_server.delay == 0.5
    async with session_on(lab) as session:
        assert len(ready_addresses(session)) == 3
    await levers.undo("slow-api")
    assert lab.api_server.delay == 0.0
