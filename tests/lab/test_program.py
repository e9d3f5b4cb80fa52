"""Our own program against the lab: what it reads, what changes live, and each way of asking DNS."""

from __future__ import annotations

import pytest

from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.errors import Refused
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.comparison.compare import Comparison
from kheadless_tui.probe.comparison.judging import judge
from kheadless_tui.probe.prober import Prober, ProbeResult
from kheadless_tui.probe.questions import questions_for
from kheadless_tui.tui.known.serving import ServedZone, ask_served
from kheadless_tui.zone.zone_records import service_records
from tests.lab.asking import session_on, until

WEB = ObjectKey("tutorial-1", "nginx-headless")


def addresses(session: ClusterSession) -> list[str]:
    items = session.snapshot.slices_of(WEB)
    return [address for item in items for endpoint in item.endpoints or () for address in endpoint.addresses or ()]


async def test_scaling_reaches_the_snapshot_by_itself(lab: Lab) -> None:
    async with session_on(lab) as session:
        assert len(session.snapshot.headless_services("tutorial-3")) == 2
        session.show_pods("tutorial-1")
        await until(session, lambda: len(session.snapshot.pods("tutorial-1")) == 3)
        lab.scale("tutorial-1", "web", 5)
        await until(session, lambda: len(addresses(session)) == 5 and len(session.snapshot.pods("tutorial-1")) == 5)
        lab.scale("tutorial-1", "web", 1)
        await until(session, lambda: len(addresses(session)) == 1 and len(session.snapshot.pods("tutorial-1")) == 1)


async def test_an_expired_watch_and_a_lost_server_are_made_good(lab: Lab) -> None:
    async with session_on(lab) as session:
        lab.expire_watches()
        lab.scale("tutorial-1", "web", 4)
        await until(session, lambda: len(addresses(session)) == 4)
        await lab.go_offline()
        lab.scale("tutorial-1", "web", 2)
        await lab.until(lambda: len(lab.all("Pod", "tutorial-1")) == 2)
        await lab.come_back()
        session.retry_now()
        await until(session, lambda: len(addresses(session)) == 2)


async def test_a_user_with_one_namespace_sees_that_one(lab: Lab) -> None:
    async with session_on(lab, "namespaced", fallback_namespaces=("team-a",)) as session:
        assert [service.name for service in session.snapshot.headless_services()] == ["cache"]


async def test_nobody_is_refused(lab: Lab) -> None:
    with pytest.raises(Refused):
        async with session_on(lab, "nobody", fallback_namespaces=("default",)):
            raise AssertionError


async def ask(
    lab: Lab, vantage: str, *, key: ObjectKey = WEB, protocol: str = "", image: str = "busybox:1.28"
) -> tuple[ProbeResult, Comparison]:
    async def yes(plan: WritePlan) -> bool:
        return True

    async with session_on(lab) as session:
        service = session.snapshot.service(key)
        assert service is not None
        config = await session.zone_config()
        questions = questions_for(service_records(session.snapshot, service, config))
        prober = Prober(session, Gate(False, yes), image=image)
        plan = await prober.plan(parse_vantage(vantage), key.namespace, questions, service=key, protocol=protocol)
        result = await prober.run(plan)
        comparison = judge(session.snapshot, config, result.observations, service=key)
        assert len(result.observations) == len(questions) * len(result.vantages)
        return result, comparison


@pytest.mark.parametrize(
    ("vantage", "protocol", "image", "tool"),
    [
        ("auto", "", "busybox:1.28", "nc"),
        ("pod/web-1", "", "busybox:1.28", "nc"),
        ("new", "", "busybox:1.28", "nc"),
        ("new", "udp", "tutum/dnsutils", "dig"),
        ("debug/web-0", "", "busybox:1.28", "nc"),
        ("coredns", "", "busybox:1.28", ""),
    ],
)
async def test_every_way_of_asking_agrees_with_the_prediction(
    lab: Lab, vantage: str, protocol: str, image: str, tool: str
) -> None:
    result, comparison = await ask(lab, vantage, protocol=protocol, image=image)
    assert comparison.verdict == "match", [row for row in comparison.rows if row.verdict != "match"]
    assert len(result.vantages) == (2 if vantage == "coredns" else 1)
    if tool:
        assert result.vantages[0].tool == tool
    left = [pod["metadata"]["name"] for pod in lab.all("Pod", "tutorial-1")]
    assert left == ["web-0", "web-1", "web-2"], "a temporary pod is gone"


async def test_both_families(lab: Lab) -> None:
    result, comparison = await ask(lab, "pod/peer-0", key=ObjectKey("dual-stack", "peers"))
    assert comparison.verdict == "match"
    assert {"A", "AAAA", "SRV", "PTR"} <= {observation.question.type for observation in result.observations}


async def test_a_server_that_lags_behind_the_api_differs(lab: Lab) -> None:
    lab.dns.freeze(frozen=True)
    lab.scale("tutorial-1", "web", 4)
    await lab.until(lambda: any(len(item["endpoints"] or ()) == 4 for item in lab.all("EndpointSlice", "tutorial-1")))
    _, comparison = await ask(lab, "pod/web-0")
    new = lab.get("Pod", "tutorial-1", "web-3")["status"]["podIP"]
    assert comparison.verdict == "differs"
    assert "missing" in {row.verdict for row in comparison.rows if row.record.data == new}
    lab.dns.freeze(frozen=False)
    _, comparison = await ask(lab, "pod/web-0")
    assert comparison.verdict == "match"


async def test_a_corefile_that_changes_is_read_again_and_one_with_a_slip_leaves_what_was_served(lab: Lab) -> None:
    def edit(old: str, new: str) -> None:
        def replaced(item: Object) -> None:
            item["data"]["Corefile"] = item["data"]["Corefile"].replace(old, new, 1)

        lab.change("ConfigMap", "kube-system", "coredns", replaced, by="kubectl-edit")

    async with session_on(lab) as session:
        zone = ServedZone(session)
        assert await zone.ask()
        assert (zone.config.changed, zone.config.reload, zone.config.namespaces) == (0, 45, ())
        edit("pods insecure", "pods insecure\n       namespaces default")
        assert not await zone.ask(), "nobody has read it since"
        probed = (await ask_served(session, again=True)).config
        assert probed.namespaces == ("default",)
        assert probed.changed > 0
        assert await zone.ask()
        assert zone.config == probed
        edit("ttl 30", "tttl 30")
        zone.forget()
        assert await zone.ask()
        assert "tttl" in zone.now.fault
        assert zone.config == probed
