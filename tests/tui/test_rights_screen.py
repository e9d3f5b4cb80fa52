"""What the user may not do: said where it is felt, and the rule that an admin would add."""

from __future__ import annotations

import pytest

from kheadless_tui.cluster.missing_rights import MissingRight, rule_yaml
from kheadless_tui.cluster.state import Forbidden, Live, ReadState, Scope
from kheadless_tui.tui.screens.rights import RightsScreen
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import FakeSession, shop, until
from tests.tui.test_shell_app import SIZES, running, shows

PODS = MissingRight("list", "", "pods", "", "shop", "the pods behind a Service", "the API server lists no such right")
EXEC = MissingRight("get", "", "pods", "exec", "shop", "asking DNS from inside a pod", "refused: \x1b[31mno")
FORWARD = MissingRight("get", "", "pods", "portforward", "kube-system", "asking each CoreDNS replica", "no such right")


@pytest.mark.parametrize("size", SIZES)
async def test_the_rule_an_admin_would_add_is_shown_whole_and_copied(size: tuple[int, int]) -> None:
    session = FakeSession(shop(), missing_rights=(PODS, EXEC, FORWARD))
    async with running(session, size, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, RightsScreen))
        await until(pilot, shows(app, "missing rights · oncall"))
        text = screen_text(app)
        assert "! list pods in namespace shop, for the pods behind a Service" in text
        assert "kubectl auth can-i list pods -n shop" in text
        assert "\x1b" not in text
        await pilot.press("c")
        await until(pilot, lambda: bool(app.clipboard))
        assert app.clipboard == rule_yaml(session.missing_rights, "oncall")
        await until(pilot, shows(app, "sent to the terminal's clipboard: "))
        await pilot.press("W")
        await until(pilot, lambda: isinstance(app.screen, RightsScreen))
        await pilot.press("G")
        await until(pilot, shows(app, "kind: RoleBinding"))
        await pilot.press("g", "e")
        await until(pilot, lambda: app.clipboard == "kubectl auth can-i list pods -n shop")


async def test_a_right_that_is_granted_leaves_the_list_while_one_looks() -> None:
    session = FakeSession(shop(), missing_rights=(PODS,))
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("W")
        await until(pilot, shows(app, "list pods in namespace shop"))
        session.missing_rights = ()
        session.tell()
        await until(pilot, shows(app, "No right is missing."))
        await pilot.press("escape", "W")
        await until(pilot, shows(app, "W is off: no right is missing"))


async def test_probing_is_off_when_no_way_of_asking_is_allowed_and_on_again_when_one_is() -> None:
    session = FakeSession(shop(), missing_rights=(EXEC,))
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        assert "p probe" in screen_lines(app)[-1], "the replicas can be asked still"
        session.missing_rights = (EXEC, FORWARD)
        session.tell()
        await until(pilot, lambda: "p probe" not in screen_lines(app)[-1])
        await pilot.press("p")
        await until(pilot, shows(app, "p is off: no right to exec in shop, W tells more"))
        session.missing_rights = ()
        session.tell()
        await until(pilot, lambda: "p probe" in screen_lines(app)[-1])


async def test_pods_that_may_not_be_listed_lead_to_the_rule() -> None:
    reads: dict[tuple[str, str], ReadState] = {
        ("services", ""): Live(0),
        ("endpointslices", ""): Live(0),
        ("pods", "shop"): Forbidden("list", "pods", "shop", "no"),
    }
    session = FakeSession(shop(), reads=reads, missing_rights=(PODS,))
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "You may not list pods in shop."))
        assert "w shows the rule an admin would add, as YAML." in screen_text(app)


async def test_a_namespace_that_does_not_exist_is_said_with_the_way_back() -> None:
    session = FakeSession([], scope=Scope(("nope",)), gone_namespaces={"nope": 1.0})
    async with running(session) as (app, pilot):
        await until(pilot, shows(app, "There is no namespace nope."))
        assert ":ns NAME looks at another one" in screen_text(app)
