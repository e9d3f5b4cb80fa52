"""A name's way, a connect to each endpoint, a change's way: how they are drawn, and the way to them by keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kheadless_tui.probe.convergence import API, MIXED, NEW, OLD, SILENT, Point, Said, Timeline
from kheadless_tui.probe.matrix.layers import Layer
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.reachability import Goal, Http, Reach
from kheadless_tui.probe.resolver.resolver_files import Getent, PodFiles
from kheadless_tui.probe.resolver.resolver_path import Ask, PathStep, ResolverPath
from kheadless_tui.tui.render.path import path_layout, path_rows
from kheadless_tui.tui.render.reach import ReachEntry, reach_layout
from kheadless_tui.tui.render.timeline import timeline_layout, timeline_rows, worst_text
from kheadless_tui.tui.sheets.excursions import PathScreen, ReachScreen, TimelineScreen
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import ASCII, UNICODE
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.stub.resolv_conf import ResolvConf
from tests.screen import screen_lines, screen_text
from tests.tui.conftest import until
from tests.tui.test_shell_app import drawn_at, shows
from tests.tui.test_shell_lab import on_lab
from tests.tui.worlds import check_text, drawn

WIDTHS = {80: 79, 120: 119, 200: 199}
SIZES = [(80, 24), (120, 40), (200, 50)]


def walked() -> ResolverPath:
    """The way of the sketch: from another namespace, the second name of the search list wins."""
    search = ("billing.svc.cluster.local", "svc.cluster.local", "cluster.local")
    resolv = ResolvConf(("10.96.0.10",), search, 5)

    def asks(first: str, second: str, ms: float) -> tuple[Ask, ...]:
        seen = Observation("pod/report", "10.96.0.10", "udp", Question("web-0.", "A"), ms=ms)
        return (Ask("A", first, first, "match", (), ms, seen), Ask("AAAA", second, second, "match", (), ms, seen))

    name = "web-0.nginx-headless.shop"
    won, not_asked = asks("10.244.1.17", "fd00:10:244:1::11", 2.1), (Ask("", "NXDOMAIN", "not asked", "not asked"),)
    steps = (
        PathStep(1, "hosts", "/etc/hosts", (Ask("", "no entry", "no entry", "match"),)),
        PathStep(2, "dns", f"{name}.billing.svc.cluster.local.", asks("NXDOMAIN", "NXDOMAIN", 1.6)),
        PathStep(3, "dns", f"{name}.svc.cluster.local.", won, "this one wins", True),
        PathStep(4, "dns", f"{name}.cluster.local.", not_asked, "step 3 answered"),
    )
    addresses = ("10.244.1.17", "fd00:10:244:1::11")
    files = PodFiles(resolv, ("files", "dns"), (), "glibc", "2.36", True)
    return ResolverPath(
        name=name,
        vantage="pod/report-6d5c9c7b8-k7w2m",
        image="debian:12",
        files=files,
        predicted_resolv=resolv,
        server="10.96.0.10",
        steps=steps,
        addresses=addresses,
        getent=Getent(addresses, 12.0),
        verdict="match",
        notes=("a final dot costs 2 questions instead of 4",),
    )


def followed() -> Timeline:
    """The timeline of the sketch: one replica lags, the node's cache keeps the old answer."""

    def point(layer: Layer, new_at: float | None, *said: Said, note: str = "") -> Point:
        return Point(layer, new_at, new_at, said, 10, note)

    slow = Layer("10.244.2.5", "replica", "coredns-54b8b5d4c4-q8zrt")
    cache = Layer("169.254.20.10", "cache", "node-local cache")
    points = (
        point(API, 0.0, Said(0, NEW, 15000), note="watch event"),
        point(Layer("10.244.1.3", "replica", "coredns-54b8b5d4c4-h4n5w"), 118.0, Said(118, NEW, 15000)),
        point(slow, 2904.0, Said(0, OLD, 2800), Said(2904, NEW, 15000), note="lagged 2.8 s behind its sister"),
        point(Layer("10.96.0.10", "kube-dns", "kube-dns"), 2951.0, Said(131, MIXED, 2900), Said(2951, NEW, 15000)),
        point(cache, None, Said(0, OLD, 9000), Said(9100, SILENT, 15000), note="15 s of its TTL were left"),
    )
    return Timeline("A of nginx-headless gains 10.244.2.41", 0.0, points, False, 15000.0, 200.0)


@pytest.mark.parametrize("columns", WIDTHS)
def test_the_way_of_a_name_at_the_usual_widths(columns: int) -> None:
    rows = path_rows(walked())
    layout = path_layout(rows, WIDTHS[columns], UNICODE)
    for row in rows:
        assert all(line.cell_len <= WIDTHS[columns] for line in layout.lines(row)), row.id
    check_text(f"path-{columns}", drawn(layout, rows))


def test_many_addresses_give_way_before_a_name_is_shortened() -> None:
    path = walked()
    name, many = "nginx-headless.shop.svc.cluster.local.", "10.244.0.4, 10.244.0.5, 10.244.0.6"
    won = PathStep(3, "dns", name, (Ask("A", many, many, "match"),), "", True)
    rows = path_rows(replace(path, steps=(won,)))
    small, wide = (drawn(path_layout(rows, width, UNICODE), rows) for width in (79, 119))
    assert name in small
    assert "10.244.0.4 +2 " in small
    assert many in wide


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_timeline_at_the_usual_widths(columns: int) -> None:
    timeline = followed()
    rows = timeline_rows(timeline)
    layout = timeline_layout(rows, WIDTHS[columns], UNICODE, timeline)
    for row in rows:
        assert all(line.cell_len <= WIDTHS[columns] for line in layout.lines(row)), row.id
    check_text(f"timeline-{columns}", drawn(layout, rows))
    assert worst_text(timeline) == "waiting for node-local cache"
    assert drawn(timeline_layout(rows, WIDTHS[columns], ASCII, timeline), rows).isascii()


@pytest.mark.parametrize("columns", WIDTHS)
def test_connects_at_the_usual_widths(columns: int) -> None:
    name = "web-{}.nginx-headless.shop.svc.cluster.local."
    goals = [Goal(f"10.244.1.1{n}", 8080, "http", name.format(n), f"web-{n}") for n in range(4)]
    entries = [
        ReachEntry(goals[0], Reach(goals[0], "open", "", 3.8, Http(200, "HTTP/1.1 200 OK"))),
        ReachEntry(goals[1], Reach(goals[1], "refused", "Nothing listens on port 8080 of the pod.", 1.2)),
        ReachEntry(goals[2], Reach(goals[2], "no answer", "A NetworkPolicy, a route or a node is in the way.", 3000.0)),
        ReachEntry(goals[3], None),
    ]
    rows = [Row(entry.goal.address, entry) for entry in entries]
    layout = reach_layout(rows, WIDTHS[columns], UNICODE)
    check_text(f"reach-{columns}", drawn(layout, rows))
    assert "10.244.1.13:8080" in drawn(layout, rows)


async def test_the_way_of_the_name_under_the_cursor_is_walked() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("j", "s")
        await until(pilot, lambda: isinstance(app.screen, PathScreen))
        await until(pilot, shows(app, "ndots:5"))
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await until(pilot, drawn_at(app, size))
            lines = screen_lines(app)
            assert "resolver path · web-0.nginx-headless" in lines[1]
            assert "● live" in lines[0]
            assert lines[-1].rstrip().endswith("esc back")
        await pilot.press("j")
        await until(
            pilot, lambda: screen_lines(app)[-2].endswith(" web-0.nginx-headless.tutorial-1.svc.cluster.local. ")
        )
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, PathScreen))
        await pilot.press("colon", *"path nginx-headless", "enter")
        await until(pilot, shows(app, "resolver path · nginx-headless ·"))


async def test_each_endpoint_is_connected_to_and_again() -> None:
    async with on_lab() as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ReachScreen))
        await until(pilot, shows(app, "3 of 3 reached"))
        assert "reach · tutorial-1/nginx-headless · from pod/web-" in screen_lines(app)[1]
        await until(pilot, shows(app, "p again"))
        await pilot.press("p")
        await until(pilot, shows(app, "3 of 3 reached"))


async def test_a_change_is_followed_live_and_escape_ends_it() -> None:
    async with on_lab() as (lab, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TimelineScreen))
        await until(pilot, shows(app, "waiting for a change"))
        assert "convergence · tutorial-1/nginx-headless · from pod/web-" in screen_lines(app)[1]
        lab.scale("tutorial-1", "web", 4)
        await until(pilot, shows(app, "API, EndpointSlice"))
        assert "A of nginx-headless" in screen_text(app)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(app.screen, TimelineScreen))
        await until(pilot, lambda: not app.flow.asker.busy)


async def test_what_needs_a_yes_asks_and_a_no_is_no_error() -> None:
    async with on_lab(vantage="new") as (_, app, pilot):
        await until(pilot, shows(app, "3 of 3 in DNS"))
        await pilot.press("r")
        await until(pilot, shows(app, "Create a temporary pod"))
        await pilot.press("n")
        await until(pilot, shows(app, "It was cancelled."))
