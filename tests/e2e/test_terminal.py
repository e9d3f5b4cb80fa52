"""The terminal program on a real cluster: tutorial 1 by its keys, and what it does when things change or break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.app import HeadlessApp
from tests.e2e.conftest import KUBECONFIG, Kubectl, Levers
from tests.screen import screen_text

SIZE = (120, 40)


@asynccontextmanager
async def program(
    kubectl: Kubectl, *, vantage: str = "auto", readonly: bool = False
) -> AsyncIterator[tuple[HeadlessApp, Pilot[int]]]:
    """The program open on the test's namespace, its first lists read."""
    connection = await asyncio.to_thread(load_connection, kubeconfig=KUBECONFIG, context=None, request_timeout=10.0)
    session = ClusterSession(connection, namespaces=(kubectl.namespace,), readonly=readonly)
    app = HeadlessApp(session, vantage=vantage, image="busybox:1.28", target_namespace=kubectl.namespace)
    async with app.run_test(size=SIZE) as pilot:
        await session.loaded(20)
        yield app, pilot


async def until(pilot: Pilot[int], condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Let the program work until the condition is true."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await pilot.pause(0.1)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}\n{screen_text(pilot.app)}") from None


async def test_tutorial_1_by_the_keys(kubectl: Kubectl) -> None:
    kubectl.apply("1-statefulset.yaml")
    kubectl.rollout("web")
    pods = {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in kubectl.json("get", "pods")["items"]}
    key = ObjectKey(kubectl.namespace, "nginx-headless")

    async with program(kubectl, vantage="new") as (app, pilot):
        await until(pilot, lambda: all(address in screen_text(app) for address in pods.values()), "three addresses")
        assert "nginx-headless" in screen_text(app)
        await pilot.press("p")
        await until(pilot, lambda: "Create a temporary pod" in screen_text(app), "the question before a write")
        assert "busybox:1.28" in screen_text(app)
        assert set(kubectl.pods()) == set(pods), "nothing is created before the answer"
        await pilot.press("y")
        await until(pilot, lambda: (p := app.flow.last(key)) is not None and not p.running, "the probe's end")

        probe = app.flow.last(key)
        assert probe is not None
        assert probe.state == "done", probe
        assert probe.comparison is not None
        assert probe.comparison.verdict == "match"
        name = f"nginx-headless.{kubectl.namespace}.svc.cluster.local."
        rows = [row for row in probe.comparison.rows if row.record.name == name and row.record.type == "A"]
        assert {row.pod: row.record.data for row in rows} == pods
        assert {row.verdict for row in rows} == {"match"}
        await until(pilot, lambda: "match" in screen_text(app), "the verdict on the screen")
        left = kubectl.json("get", "pods", "-l", "app.kubernetes.io/managed-by=kheadless-tui")["items"]
        assert all("deletionTimestamp" in pod["metadata"] for pod in left)


async def test_a_question_that_is_not_confirmed_creates_nothing(kubectl: Kubectl) -> None:
    kubectl.apply("1-statefulset.yaml")
    key = ObjectKey(kubectl.namespace, "nginx-headless")
    async with program(kubectl, vantage="new") as (app, pilot):
        await until(pilot, lambda: "nginx-headless" in screen_text(app), "the Service")
        for answer in ("escape", "enter"):
            await pilot.press("p")
            await until(pilot, lambda: "Create a temporary pod" in screen_text(app), "the question before a write")
            await pilot.press(answer)
            await until(pilot, lambda: (p := app.flow.last(key)) is not None and not p.running, "the probe's end")
        await pilot.press("p")
        await until(pilot, lambda: "Create a temporary pod" in screen_text(app), "the question before a write")
    left = kubectl.json("get", "pods", "-l", "app.kubernetes.io/managed-by=kheadless-tui")["items"]
    assert not left


async def test_scaling_changes_all_panels_without_a_key(kubectl: Kubectl) -> None:
    kubectl.apply("1-statefulset.yaml")
    kubectl.rollout("web")
    async with program(kubectl) as (app, pilot):
        await until(pilot, lambda: "3/3" in screen_text(app), "three endpoints in the tree")
        await until(pilot, lambda: "3 of 3 in DNS" in screen_text(app), "three pods")
        await asyncio.to_thread(kubectl, "scale", "statefulset", "web", "--replicas=4")
        await until(pilot, lambda: "4/4" in screen_text(app), "the tree has four")
        await until(pilot, lambda: "4 of 4 in DNS" in screen_text(app), "the pods have four")
        await until(pilot, lambda: screen_text(app).count("web-3") >= 3, "tree, pods and records have web-3")
        await asyncio.to_thread(kubectl, "scale", "statefulset", "web", "--replicas=1")
        await until(pilot, lambda: "1/1" in screen_text(app), "one is left")


async def test_the_screen_stays_while_the_api_server_hangs_and_recovers(kubectl: Kubectl, levers: Levers) -> None:
    kubectl.apply("1-statefulset.yaml")
    kubectl.rollout("web")
    async with program(kubectl) as (app, pilot):
        await until(pilot, lambda: "3/3" in screen_text(app) and "● live" in screen_text(app), "live")
        await asyncio.to_thread(levers, "pause", "kube-apiserver")
        try:
            await until(pilot, lambda: "offline" in screen_text(app), "offline is said")
            assert "3/3" in screen_text(app), "what was true stays"
        finally:
            await asyncio.to_thread(levers, "resume", "kube-apiserver")
        await until(pilot, lambda: "● live" in screen_text(app), "live again by itself")


async def test_readonly_writes_nothing(kubectl: Kubectl) -> None:
    kubectl.apply("1-statefulset.yaml")
    kubectl.rollout("web")
    key = ObjectKey(kubectl.namespace, "nginx-headless")
    async with program(kubectl, readonly=True) as (app, pilot):
        await until(pilot, lambda: "read-only" in screen_text(app), "read-only is said")
        app.flow.start(key)
        await until(pilot, lambda: (p := app.flow.last(key)) is not None and not p.running, "the probe's end")
        probe = app.flow.last(key)
        assert probe is not None
        assert probe.state == "failed"
        assert probe.result is None
