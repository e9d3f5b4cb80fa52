"""Pods of killed probes: told from those in use, named before they are removed, never asked from."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kheadless_tui.cluster.pods.leftovers import ABANDONED_AFTER, in_use_until, is_left_over
from kheadless_tui.cluster.pods.podspec import DEADLINE, PodOrder
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import NotFound
from kheadless_tui.model.objects import Meta, Namespace
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod
from tests.probe.fake_api import FakeApi
from tests.probe.fake_pods import plan_of, prober, put

BORN = 1_795_248_000.0
BORN_TEXT = "2026-11-21T08:00:00Z"


def left(phase: str, **metadata: Any) -> dict[str, Any]:
    """A pod as a probe makes it, in a phase."""
    made: dict[str, Any] = PodOrder("shop", "busybox:1.28", name="kheadless-probe-old").manifest()
    made["metadata"] |= {"uid": "old", "born": 0.0, "creationTimestamp": BORN_TEXT, **metadata}
    state: dict[str, Any] = {"running": {}} if phase == "Running" else {"terminated": {}}
    return {**made, "status": {"phase": phase, "containerStatuses": [{"name": "probe", "state": state}]}}


def add(api: FakeApi, pod: dict[str, Any]) -> None:
    api.pods[("shop", pod["metadata"]["name"])] = pod


@pytest.mark.parametrize(
    ("phase", "age", "expected"),
    [
        ("Succeeded", 1.0, True),
        ("Failed", None, True),
        ("Running", 1e6, False),
        ("Unknown", 1e6, False),
        ("Pending", 150.0, False),
        ("Pending", ABANDONED_AFTER + 1, True),
        ("Pending", None, False),
    ],
)
def test_only_what_nobody_can_be_using_is_left_over(phase: str, age: float | None, expected: bool) -> None:
    pod = msgspec.convert(left(phase), Pod)
    assert is_left_over(pod, None if age is None else BORN + age) is expected


@pytest.mark.parametrize(
    "metadata", [{"labels": {}}, {"name": "web-0"}, {"deletionTimestamp": BORN_TEXT}], ids=["labels", "name", "going"]
)
def test_what_is_not_ours_or_goes_already_is_none(metadata: dict[str, Any]) -> None:
    assert not is_left_over(msgspec.convert(left("Failed", **metadata), Pod), BORN)


def test_what_may_be_in_use_says_until_when() -> None:
    running, waiting = left("Running"), left("Pending")
    state = running["status"]["containerStatuses"][0]["state"]
    assert in_use_until(msgspec.convert(running, Pod)) is None, "when its container was started is not known"
    state["running"]["startedAt"] = BORN_TEXT
    assert in_use_until(msgspec.convert(running, Pod)) == BORN + DEADLINE
    assert in_use_until(msgspec.convert(waiting, Pod)) == BORN + ABANDONED_AFTER


async def test_a_probe_that_creates_names_and_removes_them(api: FakeApi, transport: Transport) -> None:
    add(api, left("Failed"))
    add(api, left("Running", name="kheadless-probe-busy"))
    asking = prober(transport, context="prod")
    plan = await plan_of(asking, "new", server="10.96.0.10")
    text = plan.write_plan.text()
    assert "also     removes Pod kheadless-probe-old in shop," in text
    assert f"left by a probe that was killed (created {BORN_TEXT})" in text
    assert "kubectl --context prod delete pod -n shop kheadless-probe-old" in text
    assert [pod.name for pod in plan.removes] == ["kheadless-probe-old"]
    assert "kheadless-probe-busy" not in "".join(plan.equals)
    result = await asking.run(plan)
    assert list(api.pods) == [("shop", "kheadless-probe-busy")]
    assert result.warnings == ("Pod shop/kheadless-probe-old, left by a probe that was killed, was removed.",)


async def test_without_the_confirmation_nothing_is_removed(api: FakeApi, transport: Transport) -> None:
    add(api, left("Failed"))
    await plan_of(prober(transport), "new", server="10.96.0.10")
    assert api.deleted == []


async def test_a_probe_that_creates_nothing_only_tells(api: FakeApi, transport: Transport) -> None:
    add(api, left("Succeeded"))
    put(api, "web-0")
    asking = prober(transport, "web-0", kubeconfig="/tmp/k")
    result = await asking.run(await plan_of(asking, "auto"))
    assert api.deleted == []
    assert result.warnings == (
        "Pod shop/kheadless-probe-old was left by a probe that was killed; remove it by: "
        "kubectl --kubeconfig /tmp/k delete pod -n shop kheadless-probe-old",
    )


async def test_auto_never_asks_from_the_pod_of_another_probe(api: FakeApi, transport: Transport) -> None:
    add(api, left("Running"))
    plan = await plan_of(prober(transport), "auto", server="10.96.0.10")
    assert plan.kind == "new"
    assert dict(plan.rejected)["pod/kheadless-probe-old"] == "is the temporary pod of a probe"


async def test_a_namespace_that_does_not_exist_has_no_next_best(transport: Transport) -> None:
    asking = prober(transport)
    known: Any = asking._session
    known.snapshot = Snapshot.of([Namespace(metadata=Meta(name="other"))], namespaces_known=True)
    with pytest.raises(NotFound, match="there is no namespace 'shop'") as error:
        await plan_of(asking, "auto")
    assert "Next best" not in error.value.hint
    assert error.value.exit_status == 2


async def test_a_namespace_that_is_gone_when_the_pod_is_made_has_none_either(
    api: FakeApi, transport: Transport
) -> None:
    api.create_answer = (404, {"message": 'namespaces "shop" not found'})
    asking = prober(transport)
    plan = await plan_of(asking, "new", server="10.96.0.10")
    with pytest.raises(NotFound, match="there is no namespace 'shop'") as error:
        await asking.run(plan)
    assert "Next best" not in error.value.hint
