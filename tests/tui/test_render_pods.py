from __future__ import annotations

import pytest

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.tui.known.endpoints import EndpointEntry, endpoint_entries
from kheadless_tui.tui.render.pods import pods_layout
from kheadless_tui.tui.text.row import Row
from kheadless_tui.zone.serving.config import ZoneConfig
from tests.tui.worlds import (
    KEY,
    NOW,
    PANEL_WIDTHS,
    check_text,
    drawn,
    endpoint,
    healthy,
    pod,
    service,
    slice_of,
    troubled,
    world,
)


def rows_of(snapshot: Snapshot) -> list[Row]:
    item = snapshot.service(KEY)
    assert item is not None
    return [Row(entry.id, entry) for entry in endpoint_entries(snapshot, item, ZoneConfig(), NOW)]


@pytest.mark.parametrize("columns", PANEL_WIDTHS)
@pytest.mark.parametrize("case", ["healthy", "troubled"])
def test_pods_at_the_usual_widths(case: str, columns: int) -> None:
    rows = rows_of({"healthy": healthy, "troubled": troubled}[case]())
    layout = pods_layout(rows, PANEL_WIDTHS[columns])
    text = drawn(layout, rows)
    assert max(len(line) for line in text.splitlines()) <= PANEL_WIDTHS[columns]
    check_text(f"pods-{case}-{columns}", text)


def test_no_address_and_no_verdict_is_ever_cut() -> None:
    rows = rows_of(troubled())
    for width in range(40, 170):
        text = drawn(pods_layout(rows, width), rows)
        for never_cut in ("10.244.2.18", "114.32.146.154", "no: terminating", "yes: hand-made slice"):
            assert never_cut in text, width


def test_siblings_that_are_too_long_stay_apart() -> None:
    names = ["inventory-cache-replicated-7d9f8b6c54-x2lkq", "inventory-cache-replicated-5c7f9d1e22-x2lkq"]
    snapshot = world(
        service("nginx-headless"),
        slice_of(
            "nginx-headless", "s", [endpoint(f"10.0.0.{n}", name, hostname=False) for n, name in enumerate(names)]
        ),
    )
    rows = rows_of(snapshot)
    lines = drawn(pods_layout(rows, 52), rows).splitlines()[1:]
    shown = [line.split()[1] for line in lines]
    assert len(set(shown)) == 2
    assert all(name.count("…") == 1 for name in shown)


def test_what_is_published_though_not_ready_says_so() -> None:
    snapshot = world(
        service("nginx-headless", publishNotReadyAddresses=True),
        slice_of("nginx-headless", "s", [endpoint("10.0.0.1", "web-0"), endpoint("10.0.0.2", "web-1")]),
        pod("web-0", "10.0.0.1", ready=False),
        pod("web-1", "10.0.0.2"),
    )
    verdicts = [row.value.verdict for row in rows_of(snapshot)]  # type: ignore[attr-defined]
    assert verdicts == ["yes: not ready", "yes"]


def test_control_characters_of_the_cluster_do_not_reach_the_line() -> None:
    snapshot = world(
        service("nginx-headless"),
        slice_of("nginx-headless", "s", [endpoint("10.0.0.1", "web\x1b[2J-0\u202e", node="n\u4e16\u754c-a")]),
    )
    rows = rows_of(snapshot)
    text = drawn(pods_layout(rows, 88), rows)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "n\u4e16\u754c-a" in text


def test_names_that_repeat_the_pods_are_no_column() -> None:
    for snapshot, shown in ((healthy(), False), (troubled(), True)):
        rows = rows_of(snapshot)
        heading = pods_layout(rows, 200).heading
        assert heading is not None
        differs = any(row.value.dns_names != (row.value.pod,) for row in rows if isinstance(row.value, EndpointEntry))
        assert ("DNS NAME" in heading.plain) is shown is differs


def test_what_is_least_asked_for_gives_way_to_blanks_between_columns() -> None:
    rows = rows_of(healthy())
    for width in range(60, 164):
        grid = pods_layout(rows, width).grid
        if {column.id for column in grid.columns} & {"zone", "restarts", "slice"}:
            assert {column.gap for column in grid.columns[1:]} == {2}, f"at {width} cells"
