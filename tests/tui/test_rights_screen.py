"""What the user may not do: said where it is felt, and the rule that an admin would add."""

from __future__ import annotations

import dataclasses
import time

import pytest

from kheadless_tui.cluster.rights.missing_rights import MissingRight, rule_yaml
from kheadless_tui.cluster.rights.needs import needs_of
from kheadless_tui.cluster.state import Forbidden, Live, Polled, Reading, ReadState, Scope
from kheadless_tui.model.objects import EndpointSlice
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.app import HeadlessApp
from kheadless_tui.tui.dialogs.rights import RightsScreen
from kheadless_tui.tui.known.notices import nothing_selected, reading_of
from kheadless_tui.tui.text.ages import clock
from kheadless_tui.tui.text.notes import RULE
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import FakeSession, endpoint, pod, service, shop, slice_of, until
from tests.tui.test_shell_app import SIZES, running, shows

PODS = MissingRight("list", "", "pods", "", "shop", "the pods behind a Service", "the API server lists no such right")
EXEC = MissingRight("get", "", "pods", "exec", "shop", "asking DNS from inside a pod", "refused: \x1b[31mno")
FORWARD = MissingRight("get", "", "pods", "portforward", "kube-system", "asking each CoreDNS replica", "no such right")


@pytest.mark.parametrize("size", SIZES)
async def test_the_rule_an_admin_would_add_is_shown_whole_and_copied(size: tuple[int, int]) -> None:
    session = FakeSession(shop(), missing_rights=(PODS, EXEC, FORWARD))
    async with running(session, size, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        assert "W rights" in screen_lines(app)[-1]
        await pilot.press("W")
        await until(pilot, lambda: isinstance(app.screen, RightsScreen))
        await until(pilot, shows(app, "missing rights · oncall"))
        await until(pilot, shows(app, "kind: Role"))
        assert "# for asking each CoreDNS replica" in screen_text(app), "the manifest is there at once"
        await pilot.press("c")
        await until(pilot, lambda: bool(app.clipboard))
        assert app.clipboard == rule_yaml(session.missing_rights, "oncall")
        await until(pilot, shows(app, "sent to the terminal's clipboard: "))
        await pilot.press("W")
        await until(pilot, lambda: isinstance(app.screen, RightsScreen))
        await pilot.press("G")
        await until(pilot, shows(app, "kind: RoleBinding"))
        await pilot.press("e", "tab")
        await until(pilot, shows(app, "! list pods in namespace shop, for the pods behind a Service"))
        text = screen_text(app)
        assert "kubectl auth can-i list pods -n shop" in text
        assert "\x1b" not in text
        await pilot.press("tab", "tab", "e")
        await until(pilot, lambda: app.clipboard == "kubectl auth can-i list pods -n shop")


async def test_a_right_that_is_granted_leaves_the_list_while_one_looks() -> None:
    session = FakeSession(shop(), missing_rights=(PODS,))
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "web-3"))
        await pilot.press("W")
        await until(pilot, shows(app, "kind: Role"))
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
        assert "W shows the rule an admin would add, as YAML." in screen_text(app)


async def test_a_namespace_that_does_not_exist_is_said_with_the_way_back() -> None:
    session = FakeSession([], scope=Scope(("nope",)), gone_namespaces={"nope": 1.0})
    async with running(session) as (app, pilot):
        await until(pilot, shows(app, "There is no namespace nope."))
        assert ":ns NAME looks at another one" in screen_text(app)


def reads_with(slices: ReadState) -> dict[tuple[str, str], ReadState]:
    return {("services", ""): Live(0), ("endpointslices", ""): slices, ("pods", "shop"): Live(0)}


def tree_count(app: HeadlessApp, name: str = "nginx-headless") -> str:
    """What the tree says of the endpoints of a Service, at 120 columns; empty while it has no row."""
    return next((line[:30].split()[-1] for line in screen_lines(app)[2:] if name in line[:30]), "")


NO_SLICES = Forbidden("list", "endpointslices", "shop", "no")


async def test_endpoints_that_may_not_be_read_are_not_known_and_known_again_with_the_right() -> None:
    slices = [item for item in shop() if isinstance(item, EndpointSlice)]
    session = FakeSession([item for item in shop() if item not in slices], reads=reads_with(NO_SLICES), link=NO_SLICES)
    session.builder.whole = frozenset({("Service", "")})
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "You may not list EndpointSlices here: what is in DNS cannot be predicted."))
        await until(pilot, shows(app, "? web-3"))
        text = screen_text(app)
        assert tree_count(app) == "?"
        assert "in DNS: not known" in text
        assert "Which records exist is not known." in text
        for false in ("no: ", " 0 of ", "no endpoint", "has no selector"):
            assert false not in text
        session.builder.whole = None
        session.reads, session.link = reads_with(Live(0)), Live(0)
        session.put(*slices)
        await until(pilot, shows(app, "2 of 4 in DNS"))
        await until(pilot, lambda: tree_count(app) == "2/4")
        assert " new" not in screen_text(app), "it was there all the time"
        session.reads, session.link = reads_with(NO_SLICES), NO_SLICES
        for item in slices:
            session.builder.remove("EndpointSlice", item.key)
        session.tell()
        await until(pilot, shows(app, "in DNS: not known"))
        assert " gone" not in screen_text(app), "it may be there still"
        session.reads, session.link = reads_with(Live(0)), Live(0)
        session.tell()
        await until(pilot, lambda: tree_count(app) == "0/0")
        session.reads, session.link = reads_with(NO_SLICES), NO_SLICES
        session.tell()
        await until(pilot, lambda: tree_count(app) == "?")
        session.reads, session.link = reads_with(Live(0)), Live(0)
        session.put(*slices)
        await until(pilot, lambda: tree_count(app) == "2/4")
        assert " new" not in screen_text(app), "it was there all the time"


async def test_the_question_mark_goes_with_the_refusal_where_nothing_else_changes() -> None:
    web = service("web")
    objects = [web, slice_of(web, endpoint("web-0", "10.0.0.1")), pod("web-0", "10.0.0.1", app="web")]
    session = FakeSession(objects, reads=reads_with(NO_SLICES), link=NO_SLICES)
    async with running(session, (120, 40), service="web") as (app, pilot):
        await until(pilot, lambda: tree_count(app, "web ") == "?")
        session.reads, session.link = reads_with(Live(0)), Live(0)
        session.tell()
        await until(pilot, lambda: tree_count(app, "web ") == "1/1")


async def test_who_may_not_probe_either_is_not_told_that_it_helps() -> None:
    session = FakeSession(shop(), reads=reads_with(NO_SLICES), link=NO_SLICES, missing_rights=(EXEC, FORWARD))
    async with running(session, (120, 40), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "Nor can DNS be asked: you may not exec into pods of shop"))
        assert "p asks" not in screen_text(app)
        session.missing_rights = (EXEC,)
        session.tell()
        await until(pilot, shows(app, "p asks DNS itself."))


async def test_what_is_polled_is_read_and_says_of_when_it_is() -> None:
    now = time.time()
    polled = Polled(now - 42, now + 18, Forbidden("watch", "endpointslices", "", "no"))
    session = FakeSession(shop(), reads=reads_with(polled), link=polled)
    async with running(session, (80, 24), service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "! polling, 40 s old"))
        await until(pilot, shows(app, f"nginx-headless · as of {clock(polled.listed)}"))
        text = screen_text(app)
        assert "2 of 4 pods are in DNS" in text
        assert "You may not watch EndpointSlices in shop: as of" in text
        assert "may not list" not in text
        assert "web-0" in text
        session.link = dataclasses.replace(polled, listed=time.time() - 4.4)
        session.tell()
        await until(pilot, shows(app, "! polling, 5 s old"))  # it grows older without any news of the session


async def test_an_empty_tree_tells_of_labels_and_of_what_was_not_read() -> None:
    reads: dict[tuple[str, str], ReadState] = {
        ("services", "shop"): Live(0),
        ("services", "cart"): Forbidden("list", "services", "cart", "no"),
        ("endpointslices", "shop"): Live(0),
    }
    session = FakeSession([], Scope(("shop", "cart")), reads=reads, selector="app=web")
    async with running(session, (120, 40)) as (app, pilot):
        await until(pilot, shows(app, "No headless Service with the labels app=web in shop."))
        assert "You may not list Services in cart." in screen_text(app)
        assert ":sel takes the labels away." in screen_text(app)


async def test_services_that_may_only_be_got_by_name_are_not_said_to_be_all() -> None:
    now = time.time()
    named = Polled(now - 3, now + 12, Forbidden("list", "services", "shop", "no"))
    reads: dict[tuple[str, str], ReadState] = {("services", "shop"): named, ("endpointslices", "shop"): Live(0)}
    web = [item for item in shop() if getattr(item, "name", "").startswith(("nginx-headless", "web-"))]
    session = FakeSession(web, Scope(("shop",)), reads=reads, link=named)
    async with running(session, (120, 40)) as (app, pilot):
        await until(pilot, shows(app, "Only Services that you may get by name are shown: as of"))
        assert "! polling, " in screen_lines(app)[0]
        await pilot.press("h", "h")
        await until(pilot, shows(app, "shop has one headless Service that may be got by name."))


async def test_the_key_that_shows_the_rule_is_named_once_above_the_panels() -> None:
    now = time.time()
    named = Polled(now - 3, now + 12, Forbidden("list", "services", "shop", "no"))
    reads: dict[tuple[str, str], ReadState] = {("services", "shop"): named, ("endpointslices", "shop"): NO_SLICES}
    session = FakeSession(shop(), Scope(("shop",)), reads=reads, link=NO_SLICES, missing_rights=(EXEC, FORWARD))
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "Only Services that you may get by name are shown:"))
        assert screen_text(app).partition("[Pods")[0].count("W shows the rule") == 1


async def test_what_may_not_be_read_any_more_is_not_said_to_be_gone() -> None:
    session = FakeSession(shop())
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "▸ billing"))
        refused = {
            (plural, "shop"): Forbidden("list", plural, "shop", "no") for plural in ("services", "endpointslices")
        }
        session.scope, session.reads, session.link = (
            Scope(("shop",), only=True),
            {**refused},
            refused["services", "shop"],
        )
        for item in shop():
            session.builder.remove(type(item).__name__, item.key)
        session.tell()
        await until(pilot, lambda: "▸ billing" not in screen_text(app) or "gone" in screen_text(app))
        assert "gone" not in screen_text(app)
        assert "You may not list Services in shop." in screen_text(app)


def test_of_a_namespace_that_may_not_be_read_no_number_is_said() -> None:
    refused = Forbidden("list", "services", "shop", "ask an admin")
    reads: dict[tuple[str, str], ReadState] = {("services", "shop"): refused}
    for namespace in ("shop", "billing"):
        title, note = nothing_selected(Snapshot(), refused, reads, Scope(("shop",), only=True), namespace, "")
        assert title == "nothing selected"
        assert note.text == "You may not list Services in shop."


def test_only_what_is_refused_is_said_to_be_while_the_rest_is_read() -> None:
    refused = Forbidden("list", "services", "team-a", "ask an admin")
    for other, first in (
        (Reading(3), "reading Services: 3 so far"),
        (Live(0), "No headless Service in shop."),
    ):
        reads: dict[tuple[str, str], ReadState] = {("services", "shop"): other, ("services", "team-a"): refused}
        _, note = nothing_selected(Snapshot(), other, reads, Scope(("shop", "team-a")), "", "")
        assert note.text == first
        assert f"You may not list Services in team-a. {RULE}" in note.more
        assert reading_of(reads, "shop")[-1] == f"You may not list Services in team-a. {RULE}"


async def test_a_refused_namespace_among_others_is_told_in_the_header_and_above_the_panels() -> None:
    refused = Forbidden("list", "services", "team-a", "ask an admin")
    session = FakeSession(shop(), scope=Scope(("shop", "team-a")))
    session.reads = {
        ("services", "shop"): Live(0),
        ("endpointslices", "shop"): Live(0),
        ("services", "team-a"): refused,
    }
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "live, team-a forbidden"))
        await until(pilot, shows(app, "You may not list Services in team-a."))


async def test_asking_is_offered_once_it_is_known_to_be_allowed() -> None:
    session = FakeSession(shop(), asked_rights=frozenset())
    async with running(session, service="nginx-headless") as (app, pilot):
        await until(pilot, shows(app, "z zoom"))
        assert "p probe" not in screen_text(app)
        assert "m servers" not in screen_lines(app)[-1]
        session.asked_rights = frozenset(needs_of(Scope(), ("elsewhere",)))
        session.tell()
        await until(pilot, shows(app, "p probe"))  # nothing is refused anywhere, so far
        session.missing_rights = (dataclasses.replace(EXEC, namespace="elsewhere"),)
        session.tell()
        await until(pilot, lambda: "p probe" not in screen_text(app))
        session.asked_rights |= frozenset(needs_of(Scope(), ("shop",)))
        session.tell()
        await until(pilot, shows(app, "p probe"))


@pytest.mark.parametrize("opened", ["nginx-headless", ""])
async def test_slices_that_could_not_be_decoded_are_told(opened: str) -> None:
    session = FakeSession(shop(), reads=reads_with(Live(0, undecodable=1)))
    async with running(session, service=opened or None) as (app, pilot):
        await until(pilot, shows(app, "1 of the EndpointSlices could not be decoded"))
