"""The choice of a place, and what is said when there is none: against a fake API server at the wire."""

from __future__ import annotations

import pytest

from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.cluster.pods.exec import exec_in
from kheadless_tui.cluster.rights.access import Access
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import ClusterError, NotFound, Refused, UsageError, WriteRefused
from kheadless_tui.probe.choosing.equivalent import dig_command
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.prober import Progress
from tests.probe.fake_api import FakeApi
from tests.probe.fake_pods import KUBE_DNS, Containers, plan_of, prober, put


async def test_auto_takes_a_pod_of_the_service_and_creates_nothing(api: FakeApi, transport: Transport) -> None:
    put(api, "other")
    put(api, "web-0")
    asked: list[WritePlan] = []
    asking = prober(transport, "web-0", asked=asked)
    plan = await plan_of(asking, "auto")
    assert (plan.kind, plan.vantage, plan.creates) == ("pod", "pod/web-0, container c, by nc", False)
    progress: list[Progress] = []
    result = await asking.run(plan, progress.append)
    assert [observation.answer[0].data for observation in result.observations] == ["10.0.0.1", "10.0.0.1"]
    assert result.vantages[0].name == "pod/web-0:c"
    assert (progress[0].done, progress[-1].done, progress[-1].total) == (0, 2, 2)
    assert asked == []


async def test_without_kube_dns_the_server_is_the_containers_own(api: FakeApi, transport: Transport) -> None:
    put(api, "web-0")
    plan = await plan_of(prober(transport, "web-0"), "auto")
    assert str(plan.server) == "10.0.0.53"
    assert plan.server.source == "/etc/resolv.conf of pod/web-0:c"
    assert "nc 10.0.0.53 53" in plan.equals[0]


async def test_auto_makes_a_pod_when_nothing_that_runs_can_ask(api: FakeApi, transport: Transport) -> None:
    put(api, "web-0", "gcr.io/distroless/static")
    put(api, "web-1", "gcr.io/distroless/static")
    containers = Containers()
    containers.shell = False
    api.run = containers
    asked: list[WritePlan] = []
    asking = prober(transport, "web-0", "web-1", asked=asked)
    plan = await plan_of(asking, "auto", server="10.96.0.10")
    assert plan.kind == "new"
    assert dict(plan.rejected)["pod/web-0:c"].startswith("the image has no shell")
    assert dict(plan.rejected)["pod/web-1:c"].startswith("the image has no shell")
    assert len(containers.ran) == 1, "the same image is not looked into twice"
    containers.shell = True
    result = await asking.run(plan)
    assert len(asked) == 1
    words = asked[0].text()
    for needed in ("image busybox:1.28", "32Mi", "removed", "create pods yes", "kubectl create -n shop", "instead"):
        assert needed in words
    assert result.vantages[0].created
    assert api.deleted == [plan.order.name]


async def test_what_is_shown_as_run_is_what_was_run(api: FakeApi, transport: Transport) -> None:
    api.run = containers = Containers("nc nslookup")
    asking = prober(transport, asked=[])
    plan = await plan_of(asking, "new", server="10.96.0.10", protocol="udp")
    assert " nc " not in plan.write_plan.text(), "nc cannot ask over UDP"
    result = await asking.run(plan)
    assert {(seen.transport, seen.ms) for seen in result.observations} == {("udp", None)}, "0 ms is no time"
    create, ran, remove = result.plan.equals
    asked = [argv for argv in containers.ran if argv[0] == "nslookup" and argv[1] != "-version"]
    command, more = ran.split("\n#")
    assert command.replace("\\\n", "").split()[-len(asked[0]) :] == asked[0]
    assert more == " and 1 more like it, for the other questions"
    assert "create" in create
    assert "delete" in remove


@pytest.mark.parametrize(("vantage", "before", "behind"), [("pod/web-0", 0, 0), ("new", 1, 1)])
async def test_of_many_servers_one_command_is_shown(
    api: FakeApi, transport: Transport, vantage: str, before: int, behind: int
) -> None:
    put(api, "web-0")
    api.run = Containers("nc nslookup")
    api.objects["/api/v1/namespaces/kube-system/services/kube-dns"] = KUBE_DNS
    asking = prober(transport, "web-0", asked=[])
    plan = await plan_of(asking, vantage, every_server=True, transports=("udp", "tcp"))
    ran = (await asking.run(plan)).plan
    brief = ran.equals_in_brief
    assert len(brief) == before + 1 + behind
    assert brief[:before] == ran.equals[:before]
    assert brief[before + 1 :] == ran.equals[len(ran.equals) - behind :]
    more = len(ran.equals) - before - behind - 1
    assert more > 4
    assert brief[before].endswith(f"\n# and {more} more, for the other servers and transports")
    assert plan.equals_in_brief == plan.equals, "before it has run"


@pytest.mark.parametrize("vantage", ["auto", "new"])
async def test_every_equal_command_names_the_cluster(api: FakeApi, transport: Transport, vantage: str) -> None:
    put(api, "web-0")
    asking = prober(transport, "web-0", context="prod", kubeconfig="/tmp/k")
    plan = await plan_of(asking, vantage, server="10.96.0.10")
    result = await asking.run(plan)
    asks_again = dig_command(result.observations[0], result.vantages[0])
    for command in (*plan.equals, *result.plan.equals, asks_again):
        assert "kubectl --kubeconfig /tmp/k --context prod " in command


async def test_a_missing_tool_is_told_from_a_missing_shell(api: FakeApi, transport: Transport) -> None:
    put(api, "web-0")
    api.run = Containers(tools="")
    with pytest.raises(ClusterError, match="a shell, but no program that carries DNS"):
        await plan_of(prober(transport), "pod/web-0")


async def test_without_the_right_to_exec_nothing_is_tried(api: FakeApi, transport: Transport) -> None:
    put(api, "web-0")
    api.may = lambda wanted: wanted["verb"] == "list"
    with pytest.raises(Refused) as error:
        await plan_of(prober(transport, "web-0"), "auto")
    assert "you may not get pods/exec in shop" in str(error.value)
    assert "delete pods" in str(error.value)
    assert isinstance(api.run, Containers)
    assert api.run.ran == []


async def test_a_pod_that_may_not_be_deleted_is_not_created(api: FakeApi, transport: Transport) -> None:
    api.may = lambda wanted: wanted["verb"] != "delete"
    with pytest.raises(Refused, match="A temporary pod needs rights that you do not have in shop: delete pods"):
        await plan_of(prober(transport), "new")


async def test_a_pod_gone_between_plan_and_run(api: FakeApi, transport: Transport) -> None:
    put(api, "web-0")
    asking = prober(transport, "web-0")
    plan = await plan_of(asking, "pod/web-0")
    api.pods.clear()
    with pytest.raises(NotFound, match="Pod shop/web-0 is gone") as error:
        await asking.run(plan)
    assert error.value.hint == "Next best: --from auto."


async def test_an_unfit_image_for_a_new_pod_is_told_and_the_pod_removed(api: FakeApi, transport: Transport) -> None:
    api.run = Containers(tools="")
    asking = prober(transport)
    plan = await plan_of(asking, "new", server="10.96.0.10")
    with pytest.raises(ClusterError, match=r"Image busybox:1\.28 cannot ask DNS") as error:
        await asking.run(plan)
    assert "--image" in error.value.hint
    assert not api.pods


@pytest.mark.parametrize("vantage", ["auto", "pod/web-0", "debug/web-0", "new", "coredns"])
async def test_read_only_plans_nothing(api: FakeApi, transport: Transport, vantage: str) -> None:
    put(api, "web-0")
    with pytest.raises(WriteRefused):
        await plan_of(prober(transport, readonly=True), vantage)
    assert isinstance(api.run, Containers)
    assert api.run.ran == []


@pytest.mark.parametrize(
    ("vantage", "more"),
    [
        ("coredns", {"server": "10.96.0.10"}),
        ("coredns", {"protocol": "udp"}),
        ("auto", {"protocol": "quic"}),
        ("auto", {"server": "kube-dns"}),
    ],
)
async def test_what_does_not_go_together(transport: Transport, vantage: str, more: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        await plan_of(prober(transport), vantage, **more)


async def test_no_question_at_all(transport: Transport) -> None:
    with pytest.raises(UsageError, match="no question"):
        await prober(transport).plan(parse_vantage("auto"), "shop", [])


async def test_output_without_end_is_cut(api: FakeApi, transport: Transport) -> None:
    put(api, "web-0")
    permit = await Gate(False, None).permit(WritePlan("x", (), needs_confirmation=False))
    result = await exec_in(transport, permit, "shop", "web-0", "c", ["yes"], max_bytes=12_345)
    assert (len(result.stdout), result.truncated, result.reason) == (12_345, True, "OutputLimit")


async def test_a_connection_that_ends_without_a_status(api: FakeApi, transport: Transport) -> None:
    put(api, "web-0")
    permit = await Gate(False, None).permit(WritePlan("x", (), needs_confirmation=False))
    result = await exec_in(transport, permit, "shop", "web-0", "c", ["yes"])
    assert (result.exit_code, result.reason) == (None, "ConnectionLost")


async def test_that_something_is_allowed_is_kept_for_a_while_and_a_refusal_never(
    api: FakeApi, transport: Transport
) -> None:
    now = [0.0]
    access = Access(transport, clock=lambda: now[0])
    assert (await access.may("get", "pods", "exec", "shop")).allowed is True
    api.may = lambda _: False
    assert (await access.may("get", "pods", "exec", "shop")).allowed is True
    assert (await access.may("get", "pods", "exec", "other")).allowed is False
    now[0] = 61.0
    assert (await access.may("get", "pods", "exec", "shop")).allowed is False
    api.may = lambda _: True
    assert (await access.may("get", "pods", "exec", "shop")).allowed is True
    assert api.requests.count("review namespace=shop resource=pods subresource=exec verb=get") == 3
