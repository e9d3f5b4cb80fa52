"""The whole way on the lab: the program, the session, the probe and the API server's own protocol, driven by keys."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.switches.levers import Levers
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.app import HeadlessApp
from kheadless_tui.tui.dialogs.commands import CommandsScreen
from kheadless_tui.tui.probing.confirm import ConfirmScreen
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import Keys, until

TEMPORARY = "app.kubernetes.io/managed-by"


@asynccontextmanager
async def on_lab(
    service: str = "tutorial-1/nginx-headless",
    *,
    user: str = "",
    vantage: str = "auto",
    readonly: bool = False,
    world: str = "tutorials",
) -> AsyncIterator[tuple[Lab, HeadlessApp, Pilot[int]]]:
    async with Lab.start(world=world, speed=10.0) as lab:
        kubeconfig = lab.kubeconfig_of(user) if user else lab.kubeconfig
        connection = await asyncio.to_thread(
            load_connection, kubeconfig=str(kubeconfig), context=None, request_timeout=5.0
        )
        session = ClusterSession(connection, readonly=readonly)
        app = HeadlessApp(session, service=service, vantage=vantage, levers=Levers(lab))
        async with app.run_test(size=(120, 40)):
            yield lab, app, Keys(app)


def shows(app: HeadlessApp, text: str) -> Callable[[], bool]:
    return lambda: text in screen_text(app)


async def test_tutorial_one_from_selecting_to_the_verdict() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        assert "lab" in screen_lines(app)[0]
        await until(pilot, shows(app, "records · below nginx-headless.tutorial-1.svc.cluster.local. ─"))
        await until(pilot, shows(app, " 1/18 "))
        assert "▎" not in screen_text(app), "what was read in the beginning is no news, nor how the zone is served"
        await until(pilot, shows(app, "p probe"))
        await pilot.press("p")
        await until(pilot, shows(app, "as predicted · asked from pod/"))
        text = screen_text(app)
        assert "✓ match" in text
        assert re.search(r"· asked from pod/web-\d over TCP, [\d.]+ m?s, \d\d:\d\d:\d\d *$", text, re.M), "in one line"
        assert "✗" not in text.replace("✗ ▸", "").replace("✗    ", "")
        assert "EndpointSlice tutorial-1/nginx-headless" in text


async def test_the_commands_name_the_kubeconfig_of_the_lab_and_work() -> None:
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, CommandsScreen))
        await pilot.press("j", "j", "j", "c")
        await until(pilot, lambda: "records" in app.clipboard)
        program, *words = shlex.split(app.clipboard)
        assert program == "kheadless-tui"
        assert words[:3] == ["records", "--kubeconfig", lab.kubeconfig]
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kheadless_tui", *words, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await done.communicate()
        assert done.returncode == 0
        assert b"web-0.nginx-headless.tutorial-1.svc.cluster.local." in output


async def test_a_temporary_pod_is_asked_for_used_and_gone() -> None:
    async with on_lab(vantage="new") as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        before = {item["metadata"]["name"] for item in lab.all("Pod", "tutorial-1")}
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert {item["metadata"]["name"] for item in lab.all("Pod", "tutorial-1")} == before, "nothing before a yes"
        await until(pilot, lambda: not screen_lines(app)[-1].strip())  # no key of the screen below works
        await pilot.press("y")
        await until(pilot, shows(app, "as predicted · asked from new"))
        await until(pilot, lambda: {i["metadata"]["name"] for i in lab.all("Pod", "tutorial-1")} == before)


async def test_scaling_changes_all_panels_without_a_key() -> None:
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        lab.scale("tutorial-1", "web", 4)
        await until(pilot, shows(app, "4 of 4 in DNS"))
        await until(pilot, lambda: screen_text(app).count("web-3") >= 3)
        assert "0 25 80 web-3" in screen_text(app), "weights are shared anew"
        lab.set_ready("tutorial-1", "web-1", False)
        await until(pilot, shows(app, "no: not ready"))
        await until(pilot, shows(app, "3 of 4 in DNS"))


async def test_the_network_is_lost_and_comes_back() -> None:
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await lab.go_offline()
        await until(pilot, shows(app, "! offline"))
        assert "web-2" in screen_text(app), "what was true then is still shown"
        await lab.come_back()
        await pilot.press("ctrl+r")
        await until(pilot, shows(app, "● live"))


async def test_pods_that_may_not_be_listed_are_said_and_names_shown_all_the_same() -> None:
    async with on_lab(readonly=True) as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        assert "read-only" in screen_lines(app)[0]
        assert "p probe" not in screen_lines(app)[-1]
        await until(pilot, shows(app, "it cannot be: the program runs with --readonly"))
        assert "p asks" not in screen_text(app)
        await pilot.press("p")
        await until(pilot, shows(app, "p is off: read-only"))
        lab.forbid("list", "pods", "tutorial-2")
        lab.forbid("watch", "pods", "tutorial-2")
        while "tutorial-2" not in str(app.screen.query_one("#tree").row_id):  # type: ignore[attr-defined]
            await pilot.press("j")
        await pilot.press("enter", "j")
        await until(pilot, shows(app, "You may not list pods in tutorial-2."))


@pytest.mark.parametrize("key", ["p", "v"])
async def test_who_may_not_ask_is_told_why_before_and_when_the_key_is_pressed(key: str) -> None:
    async with on_lab(user="viewer") as (_, app, pilot):
        await until(pilot, shows(app, "it cannot be: you may not exec into pods of tutorial-1"))
        assert "p asks" not in screen_text(app)
        await pilot.press(key)
        await until(pilot, shows(app, f"{key} is off: no right to exec in tutorial-1, W tells more"))
        assert app.flow.last(ObjectKey("tutorial-1", "nginx-headless")) is None
        await pilot.press("W")
        await until(pilot, shows(app, "# for asking DNS from inside a pod"))
        await pilot.press("tab")
        await until(pilot, shows(app, "! get pods/exec in namespace tutorial-1, for asking DNS from inside a pod"))


BROKEN = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "coredns", "namespace": "kube-system"},
    "data": {"Corefile": ".:53 {\n    kubernetes cluster.local {\n        ttl soon\n    }\n}\n"},
}


async def test_a_corefile_that_cannot_be_understood_is_said_and_mended_by_a_key() -> None:
    async with Lab.start(world="tutorials", speed=10.0) as lab:
        (good,) = [item for item in lab.all("ConfigMap", "kube-system") if item["metadata"]["name"] == "coredns"]
        corefile = good["data"]["Corefile"]
        lab.apply(BROKEN)
        connection = await asyncio.to_thread(
            load_connection, kubeconfig=lab.kubeconfig, context=None, request_timeout=5.0
        )
        app = HeadlessApp(ClusterSession(connection), service="tutorial-1/nginx-headless", levers=Levers(lab))
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, shows(app, "ConfigMap kube-system/coredns:3: "))
            await until(pilot, shows(app, "3 of 3 in DNS"))
            await pilot.press("question_mark")
            await until(pilot, shows(app, "the default of CoreDNS"))
            await pilot.press("escape")
            lab.apply({**BROKEN, "data": {"Corefile": corefile}})
            await pilot.press("ctrl+r")
            await until(pilot, lambda: "kube-system/coredns:3: " not in screen_text(app))
            await pilot.press("question_mark")
            await until(pilot, shows(app, "by ConfigMap kube-system/coredns, TTL 30 s"))


async def test_who_may_not_read_the_corefile_learns_where_the_ttl_is_from() -> None:
    async with Lab.start(world="tutorials", speed=10.0) as lab:
        lab.forbid("get", "configmaps", "kube-system")
        connection = await asyncio.to_thread(
            load_connection, kubeconfig=lab.kubeconfig, context=None, request_timeout=5.0
        )
        app = HeadlessApp(ClusterSession(connection), service="tutorial-1/nginx-headless", levers=Levers(lab))
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, shows(app, "3 of 3 in DNS"))
            wanted = "CoreDNS defaults (ConfigMap kube-system/coredns may not be read)"
            async with asyncio.timeout(8):
                await pilot.press("question_mark")
                while wanted not in screen_text(app):  # what the help says is of the moment in which it is opened
                    await pilot.press("escape", "question_mark")
            assert "TTL 5 s, the default of CoreDNS: the TTLs of answers are not judged" in screen_text(app)
