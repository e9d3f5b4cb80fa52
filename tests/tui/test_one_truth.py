"""What was found of a Service stands, ages move while nothing else does, and a connection's warnings are told."""

from __future__ import annotations

from typing import cast

from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.model.objects import Endpoints, EndpointsAddress, EndpointsSubset, Meta
from kheadless_tui.tui.app import HeadlessApp
from kheadless_tui.tui.text.ages import until_ages_move
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import FakeSession, endpoint, pod, service, shop, slice_of, until
from tests.tui.test_shell_app import running, shows, tree


def _sign(row: str) -> str:
    """The sign of a row of the tree, without what the cursor adds."""
    return row[:3].replace("❯", "").strip()


async def test_a_mark_stays_when_what_told_it_is_read_no_more_and_goes_when_the_service_is_mended() -> None:
    database = service("mysql-svc", selector=None)
    misnamed = Endpoints(
        Meta(name="mysql", namespace="shop"), [EndpointsSubset(addresses=[EndpointsAddress(ip="114.32.146.154")])]
    )
    session = FakeSession([*shop(), database, misnamed])
    async with running(session, (80, 24), service="mysql-svc") as (app, pilot):

        def sign() -> str:
            return next(_sign(line) for line in screen_text(app).splitlines() if "mysql-svc " in line[:26])

        await until(pilot, shows(app, "Endpoints mysql"))
        await until(pilot, lambda: sign() == "✗")
        for plural in ("pods", "statefulsets", "endpoints"):
            del session.reads[(plural, "shop")]
        session.remove("Endpoints", misnamed.key)
        await until(pilot, lambda: "Endpoints mysql" not in screen_text(app))
        await pilot.pause()
        assert sign() == "✗", "nothing that is still read has changed"
        session.put(slice_of(database, endpoint("db", "114.32.146.154")))
        await until(pilot, lambda: sign() != "✗")
        assert tree(app).row_id == "shop/mysql-svc"


def test_ages_move_with_the_minute() -> None:
    assert until_ages_move(120.0) == 60.0
    assert until_ages_move(179.5) == 0.5


async def test_ages_move_while_nothing_else_does() -> None:
    now = [1_795_235_400.0 - 0.3]  # a moment before a full minute
    old = pod("web-0", "10.244.1.17", app="nginx-headless")
    meta = Meta(name="web-0", namespace="shop", labels=old.labels, creation_timestamp="2026-11-21T04:00:00Z")
    web = service("nginx-headless")
    session = FakeSession([web, slice_of(web, endpoint("web-0", "10.244.1.17")), type(old)(meta, old.spec, old.status)])
    async with running(session, (80, 24), service="nginx-headless", clock=lambda: now[0]) as (app, pilot):
        await until(pilot, shows(app, " 29m"))
        now[0] += 60
        await until(pilot, shows(app, " 30m"))


async def test_a_warning_of_the_connection_is_told_once_and_as_it_is_written() -> None:
    session = FakeSession(shop())
    app = HeadlessApp(cast(ClusterSession, session))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, shows(app, "nginx-headless"))
        session.connection.warnings.append("The renewed token [red]could not be kept: \x1b[2J read-only file.")
        session.tell()
        await until(pilot, shows(app, "The renewed token [red]could not be kept: "))
        session.put(service("another"))
        await until(pilot, shows(app, "services 11"))
        assert screen_text(app).count("The renewed token") == 1
        assert "\x1b" not in screen_text(app)
        lines = screen_lines(app)
        assert lines[-1].startswith(" enter open"), "the keys are seen"
        assert "cart-db-hl" in lines[-2], "and where one is"
