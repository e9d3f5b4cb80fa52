"""A temporary pod is gone afterwards, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kheadless_tui.cluster.gate import Gate, Permit, WritePlan
from kheadless_tui.cluster.pods.debugpod import ephemeral_container, temporary_pod
from kheadless_tui.cluster.pods.leftovers import leftovers
from kheadless_tui.cluster.pods.podspec import EphemeralOrder, PodOrder
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.errors import ClusterError, NotFound, Refused, Unreachable
from tests.probe.fake_api import FakeApi, serving

PLAN = WritePlan("Create a temporary pod in shop?", (), needs_confirmation=False)

POD_SECURITY = (
    'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "x" '
    "must set securityContext.allowPrivilegeEscalation=false)"
)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
async def transport(api: FakeApi, tmp_path: Path) -> AsyncIterator[Transport]:
    async with serving(api, tmp_path) as transport:
        yield transport


@pytest.fixture
async def permit() -> Permit:
    return await Gate(False, None).permit(PLAN)


async def test_it_runs_and_is_removed(api: FakeApi, transport: Transport, permit: Permit) -> None:
    api.starts_after = 0.3
    said: list[str] = []
    order = PodOrder("shop", "busybox:1.28")
    async with temporary_pod(transport, permit, order, report=said.append) as handle:
        assert list(api.pods) == [("shop", order.name)]
        assert handle.target.container == "probe"
        assert await leftovers(transport, "shop") == [], "one that is in use is nobody's to remove"
    assert api.deleted == [order.name]
    assert handle.left_behind == ""
    assert said == [f"creating pod {order.name}", "ContainerCreating", f"removing pod {order.name}"]


async def test_an_error_inside_removes_it(api: FakeApi, transport: Transport, permit: Permit) -> None:
    with pytest.raises(ZeroDivisionError):
        async with temporary_pod(transport, permit, PodOrder("shop", "busybox:1.28")):
            raise ZeroDivisionError
    assert not api.pods


async def probe(transport: Transport, permit: Permit) -> None:
    async with temporary_pod(transport, permit, PodOrder("shop", "busybox:1.28")):
        await asyncio.sleep(60)


@pytest.mark.parametrize("after", [0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5])
async def test_cancelled_at_any_moment(api: FakeApi, transport: Transport, permit: Permit, after: float) -> None:
    api.create_delay, api.starts_after = 0.1, 0.2
    task = asyncio.ensure_future(probe(transport, permit))
    await asyncio.sleep(after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not api.pods


async def test_cancelled_again_while_it_is_removed(api: FakeApi, transport: Transport, permit: Permit) -> None:
    api.create_delay = 0.05
    task = asyncio.ensure_future(probe(transport, permit))
    await api.created.wait()
    for _ in range(5):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not api.pods


def test_cancelled_by_the_end_of_the_loop(tmp_path: Path) -> None:
    api = FakeApi()

    async def program() -> None:
        async with serving(api, tmp_path) as transport:
            permit = await Gate(False, None).permit(PLAN)
            task = asyncio.ensure_future(probe(transport, permit))
            await api.created.wait()
            for other in asyncio.all_tasks() - {asyncio.current_task(), task}:  # what asyncio.run does at its end
                if "_remove" in repr(other) or "_create" in repr(other):
                    other.cancel()
            task.cancel()
            await asyncio.wait({task})

    asyncio.run(program())
    assert not api.pods


def test_a_removal_that_the_end_of_the_loop_cuts_off_is_begun_again(tmp_path: Path) -> None:
    api = FakeApi()
    api.failing_deletes = 1

    async def program() -> None:
        async with serving(api, tmp_path) as transport:
            permit = await Gate(False, None).permit(PLAN)
            task = asyncio.ensure_future(probe(transport, permit))
            await api.created.wait()
            task.cancel()
            await asyncio.wait_for(api.delete_failed.wait(), 5)
            for other in asyncio.all_tasks() - {asyncio.current_task(), task}:
                if "_remove" in repr(other):
                    other.cancel()
            await asyncio.wait({task})

    asyncio.run(program())
    assert not api.pods


async def test_a_create_whose_reply_is_lost(api: FakeApi, transport: Transport, permit: Permit) -> None:
    api.cut_create = True
    with pytest.raises(Unreachable):
        await probe(transport, permit)
    assert not api.pods
    assert len(api.deleted) == 1


async def test_a_create_that_lands_after_we_gave_up(api: FakeApi, tmp_path: Path, permit: Permit) -> None:
    api.create_delay = 0.8
    async with serving(api, tmp_path, request_timeout=0.3) as transport:
        with pytest.raises(Unreachable):
            await probe(transport, permit)
    assert len(api.deleted) == 1
    assert not api.pods


async def test_a_pod_of_the_same_name_that_is_not_ours_stays(
    api: FakeApi, transport: Transport, permit: Permit
) -> None:
    order = PodOrder("shop", "busybox:1.28")
    foreign: dict[str, Any] = PodOrder("shop", "x", name=order.name, owner="else").manifest()
    foreign["metadata"] |= {"uid": "theirs", "born": 0.0}
    api.pods[("shop", order.name)] = foreign
    api.create_answer = (409, {"reason": "AlreadyExists", "message": f'pods "{order.name}" already exists'})
    with pytest.raises(ClusterError, match="already exists"):
        async with temporary_pod(transport, permit, order):
            pass
    assert ("shop", order.name) in api.pods


async def test_a_delete_that_fails_is_tried_again(api: FakeApi, transport: Transport, permit: Permit) -> None:
    api.failing_deletes = 2
    async with temporary_pod(transport, permit, PodOrder("shop", "busybox:1.28")) as handle:
        pass
    assert not api.pods
    assert handle.left_behind == ""


async def test_a_pod_that_cannot_be_removed_is_told_with_the_command(
    api: FakeApi, transport: Transport, permit: Permit
) -> None:
    api.failing_deletes = 100
    order = PodOrder("shop", "busybox:1.28")
    async with temporary_pod(transport, permit, order) as handle:
        pass
    assert f"kubectl delete pod -n shop {order.name}" in handle.left_behind
    assert "etcd is away" in handle.left_behind


async def test_a_pod_that_never_runs_says_what_the_kubelet_complains_of(
    api: FakeApi, transport: Transport, permit: Permit
) -> None:
    api.starts_after = 100
    with pytest.raises(ClusterError, match=r"did not run within 0.4 s: .*; no network plug-in is ready\.") as error:
        async with temporary_pod(transport, permit, PodOrder("shop", "busybox:1.28"), timeout=0.4):
            pass
    assert error.value.hint
    assert not api.pods


async def test_a_pull_that_takes_long_is_told_from_other_delays(
    api: FakeApi, transport: Transport, permit: Permit
) -> None:
    api.starts_after = 100
    api.events = [
        {"type": "Normal", "message": "Successfully assigned shop/x to node-1"},
        {"type": "Normal", "message": 'Pulling image "nosuch:1"'},
    ]
    with pytest.raises(ClusterError, match=r'within 0.4 s: ContainerCreating; Pulling image "nosuch:1"\.'):
        async with temporary_pod(transport, permit, PodOrder("shop", "nosuch:1"), timeout=0.4):
            pass


async def test_an_ephemeral_container_that_never_runs_is_told_to_stay(
    api: FakeApi, transport: Transport, permit: Permit
) -> None:
    order = EphemeralOrder("shop", "web-0", "nosuch:1")
    api.pods["shop", "web-0"] = {
        "metadata": {"name": "web-0", "namespace": "shop", "uid": "1", "born": 0.0},
        "spec": {"containers": [{"name": "nginx"}]},
    }
    api.events = [
        {
            "type": "Normal",
            "message": 'Pulling image "nosuch:1"',
            "involvedObject": {"fieldPath": f"spec.ephemeralContainers{{{order.name}}}"},
        },
        {
            "type": "Warning",
            "message": "Readiness probe failed",
            "involvedObject": {"fieldPath": "spec.containers{nginx}"},
        },
    ]
    with pytest.raises(ClusterError, match=r'did not run within 0.4 s: .*Pulling image "nosuch:1"\.') as error:
        await ephemeral_container(transport, permit, order, timeout=0.4)
    assert f"Ephemeral container {order.name} stays in pod web-0 until the pod goes." in error.value.hint
    place = {"fieldPath": f"spec.ephemeralContainers{{{order.name}}}"}
    for words in ('Failed to pull image "nosuch:1": no such host', "Error: ErrImagePull"):
        api.events.append({"type": "Warning", "message": words, "involvedObject": place})
    with pytest.raises(ClusterError, match=r"^Image nosuch:1 cannot be pulled \(ErrImagePull\): .* no such host\.$"):
        await ephemeral_container(transport, permit, order, timeout=0.1)


async def test_an_image_that_cannot_be_pulled(api: FakeApi, transport: Transport, permit: Permit) -> None:
    api.state = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
    with pytest.raises(ClusterError, match="cannot be pulled") as error:
        async with temporary_pod(transport, permit, PodOrder("shop", "no.such/image:1")):
            pass
    assert "--image" in error.value.hint
    assert not api.pods


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((403, {"message": POD_SECURITY}), Refused, "Pod Security of namespace shop refuses the temporary pod"),
        ((403, {"message": 'pods "x" is forbidden: exceeded quota: q'}), Refused, "leaves no room"),
        ((403, {"message": 'pods is forbidden: User "me" cannot create resource "pods"'}), Refused, "is refused"),
        (
            (422, {"message": "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: no"}),
            Refused,
            "An admission policy refuses",
        ),
        ((404, {"message": 'namespaces "shop" not found'}), NotFound, "there is no namespace 'shop'"),
    ],
)
async def test_a_refusal_in_one_sentence_without_a_search_for_the_pod(
    api: FakeApi,
    transport: Transport,
    permit: Permit,
    answer: tuple[int, dict[str, Any]],
    kind: type[ClusterError],
    words: str,
) -> None:
    api.create_answer = answer
    with pytest.raises(kind, match=words) as error:
        await probe(transport, permit)
    assert "\n" not in str(error.value)
    assert api.requests == []


async def test_a_pod_that_somebody_else_removes(api: FakeApi, transport: Transport, permit: Permit) -> None:
    api.starts_after = 100
    task = asyncio.ensure_future(probe(transport, permit))
    await api.created.wait()
    api.pods.clear()
    with pytest.raises(NotFound, match="removed by somebody else"):
        await task
