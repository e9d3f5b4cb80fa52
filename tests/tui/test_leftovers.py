"""Pods that killed probes have left, on the lab: told after the first reading, named and removed by ``:leftovers``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.pods.maker import new_mark
from kheadless_tui.cluster.pods.podspec import PodOrder
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.lab.lab import Lab
from kheadless_tui.tui.app import HeadlessApp
from kheadless_tui.tui.probing.confirm import ConfirmScreen
from kheadless_tui.tui.widgets.status import StatusRow
from tests.screen import screen_text
from tests.tui.conftest import Keys, until
from tests.tui.test_shell_lab import shows

NAMESPACE = "tutorial-1"
LEFT, BUSY = "kheadless-probe-left", "kheadless-probe-busy"


async def make(lab: Lab, name: str, seconds: str, phase: str, owner: str = "another") -> None:
    """A pod as a probe of another run of the program makes it, which sleeps for so long; wait until it is so far."""
    manifest: dict[str, Any] = PodOrder(NAMESPACE, "busybox:1.28", name=name, owner=owner).manifest()
    manifest["spec"]["containers"][0]["command"] = ["sleep", seconds]
    lab.apply(manifest, NAMESPACE)
    await lab.until(lambda: lab.get("Pod", NAMESPACE, name)["status"].get("phase") == phase)


def probe_pods(lab: Lab) -> set[str]:
    names = {pod["metadata"]["name"] for pod in lab.all("Pod", NAMESPACE)}
    return names & {LEFT, BUSY}


@asynccontextmanager
async def on(lab: Lab, *, readonly: bool = False) -> AsyncIterator[tuple[HeadlessApp, Pilot[int]]]:
    """The program at 80x24, started now."""
    connection = await asyncio.to_thread(
        load_connection, kubeconfig=str(lab.kubeconfig), context=None, request_timeout=5.0
    )
    session = ClusterSession(connection, namespaces=(NAMESPACE,), readonly=readonly)
    app = HeadlessApp(session, service=f"{NAMESPACE}/nginx-headless")
    async with app.run_test(size=(80, 24)):
        yield app, Keys(app)


async def test_what_a_killed_probe_left_is_told_at_the_start_and_removed_after_a_yes() -> None:
    async with Lab.start(world="tutorials") as lab:
        await make(lab, LEFT, "0", "Succeeded")
        await make(lab, BUSY, "120", "Running")
        async with on(lab) as (app, pilot):
            await until(pilot, shows(app, "1 pod left by a probe that was killed, :leftovers removes it"))
            await pilot.press("colon", *"leftovers", "enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and LEFT in screen_text(app))
            text = screen_text(app)
            assert f"Pod {NAMESPACE}/{LEFT}" in text
            assert "Succeeded, " in text
            assert "s old" in text
            assert f"delete pods in {NAMESPACE} yes" in text
            assert BUSY not in text, "a probe may be using it"
            assert probe_pods(lab) == {LEFT, BUSY}, "nothing before a yes"
            await pilot.press("y")
            await until(pilot, shows(app, "1 pod removed"))
            assert probe_pods(lab) == {BUSY}
            await pilot.press("colon", *"leftovers", "enter")
            await until(pilot, shows(app, "none to remove: 1 pod may be in use by a probe until "))
            lab.delete("Pod", NAMESPACE, BUSY, grace=0)
            await pilot.press("colon", *"leftovers", "enter")
            await until(pilot, shows(app, "no pods are left by probes that were killed"))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's /proc is read")
async def test_one_that_still_runs_is_told_when_the_program_that_made_it_does_not() -> None:
    where, pid, _, token = new_mark().split(".")
    async with Lab.start(world="tutorials") as lab:
        await make(lab, LEFT, "120", "Running", owner=f"{where}.{pid}.1.{token}")
        async with on(lab) as (app, pilot):
            await until(pilot, shows(app, "1 pod left by a probe that was killed, :leftovers removes it"))
            await pilot.press("colon", *"leftovers", "enter")
            await until(pilot, shows(app, "s old; the program that made it runs no more"))
            await pilot.press("y")
            await until(pilot, shows(app, "1 pod removed"))
            assert probe_pods(lab) == set()


async def test_it_waits_for_the_message_that_stands() -> None:
    async with Lab.start(world="tutorials") as lab, on(lab) as (app, pilot):
        await until(pilot, shows(app, "● live"))
        status = app.screen.query_one(StatusRow)
        status.say("there is no such Service")
        status.say_next("2 pods left")
        await until(pilot, shows(app, "there is no such Service"))
        assert "2 pods left" not in screen_text(app)
        status.say("")
        await until(pilot, shows(app, "2 pods left"))


async def test_without_a_yes_it_stays() -> None:
    async with Lab.start(world="tutorials") as lab:
        await make(lab, LEFT, "0", "Succeeded")
        async with on(lab) as (app, pilot):
            await until(pilot, shows(app, ":leftovers removes it"))
            await pilot.press("colon", *"leftovers", "enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press("enter")
            await until(pilot, shows(app, "nothing was removed"))
            assert probe_pods(lab) == {LEFT}


async def test_read_only_it_is_told_and_not_removed() -> None:
    async with Lab.start(world="tutorials") as lab:
        await make(lab, LEFT, "0", "Succeeded")
        async with on(lab, readonly=True) as (app, pilot):
            await until(pilot, shows(app, "1 pod left by a probe that was killed, not removed: read-only"))
            await pilot.press("colon", *"leftovers", "enter")
            await until(pilot, shows(app, ":leftovers is off: read-only"))
            assert probe_pods(lab) == {LEFT}


async def test_who_may_not_delete_pods_is_offered_nothing() -> None:
    async with Lab.start(world="tutorials") as lab:
        await make(lab, LEFT, "0", "Succeeded")
        lab.forbid("delete", "pods", NAMESPACE)
        async with on(lab) as (app, pilot):
            await until(pilot, shows(app, "1 pod left by a probe that was killed, you may not delete it"))
            app.screen.query_one(StatusRow).say("")
            await pilot.press("colon", *"leftovers", "enter")
            await until(pilot, shows(app, "1 pod left by a probe that was killed, you may not delete it"))
            assert probe_pods(lab) == {LEFT}


async def test_who_may_not_list_pods_is_told_so_when_asking() -> None:
    async with Lab.start(world="tutorials") as lab:
        await make(lab, LEFT, "0", "Succeeded")
        lab.forbid("list", "pods", NAMESPACE)
        async with on(lab) as (app, pilot):
            await until(pilot, shows(app, "● live"))
            await pilot.press("colon", *"leftovers", "enter")
            await until(pilot, shows(app, "may not list pods in namespace tutorial-1 (403)"))
