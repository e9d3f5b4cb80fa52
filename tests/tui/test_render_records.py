from __future__ import annotations

import pytest

from kheadless_tui.tui.known.explanation import MAX_FACTS, explanation
from kheadless_tui.tui.known.record_entries import record_entries
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.tui.render.records import records_layout
from kheadless_tui.tui.text.roles import BAD, GOOD, MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.row import Row
from tests.tui import probing
from tests.tui.probing import probed, view_of
from tests.tui.worlds import PANEL_WIDTHS, check_text, drawn, endpoint, healthy, service, slice_of, troubled, world

DIFFERING = {
    ("@", "A"): probing.without("10.244.2.18"),
    ("web-0", "A"): probing.instead("10.244.1.17", "10.244.9.99"),
    ("web-1", "A"): probing.denied,
    ("web-2", "A"): probing.with_extra("10.244.7.7"),
    ("web-2", "AAAA"): probing.silent(),
    ("_web._tcp", "SRV"): probing.instead("0 16 80", "0 33 80"),
    ("web-0", "AAAA"): probing.counted_down,
}


def rows_of(view: ServiceView) -> list[Row]:
    return [Row(entry.id, entry) for entry in record_entries(view)]


CASES = {
    "not-asked": lambda: view_of(healthy()),
    "match": lambda: probed(view_of(healthy())),
    "differs": lambda: probed(view_of(healthy()), DIFFERING),
    "withheld": lambda: view_of(troubled()),
    "withheld-probed": lambda: probed(view_of(troubled())),
}


@pytest.mark.parametrize("columns", PANEL_WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_records_at_the_usual_widths(case: str, columns: int) -> None:
    view = CASES[case]()
    rows = rows_of(view)
    assert len({row.id for row in rows}) == len(rows)
    layout = records_layout(rows, PANEL_WIDTHS[columns], probed=view.last_probe is not None, server="kube-dns")
    text = drawn(layout, rows)
    assert max(len(line) for line in text.splitlines()) <= PANEL_WIDTHS[columns]
    check_text(f"records-{case}-{columns}", text)


@pytest.mark.parametrize("case", CASES)
def test_nothing_that_counts_is_ever_cut(case: str) -> None:
    view = CASES[case]()
    entries = record_entries(view)
    rows = [Row(entry.id, entry) for entry in entries]
    for width in range(52, 120):
        layout = records_layout(rows, width, probed=view.last_probe is not None, server="kube-dns")
        for entry, row in zip(entries, rows, strict=True):
            text = "\n".join(line.plain for line in layout.lines(row))
            assert entry.verdict in text
            assert entry.type in text
            if entry.type in ("A", "AAAA"):
                assert entry.data in text, f"at {width}: {text}"
            if entry.type == "PTR":
                assert entry.name in text, f"at {width}: {text}"
            assert entry.answered in ("", "=") or entry.answered in text, f"at {width}: {text}"
            assert all(line.cell_len <= width for line in layout.lines(row)), f"at {width}: {text}"


def test_verdicts_of_a_probe_stand_in_the_rows_of_their_records() -> None:
    entries = {(e.name, e.type, e.data): e for e in record_entries(probed(view_of(healthy()), DIFFERING))}
    assert entries["@", "A", "10.244.1.17"].verdict == "match"
    assert entries["@", "A", "10.244.2.18"].verdict == "missing"
    wrong = entries["web-0", "A", "10.244.1.17"]
    assert (wrong.verdict, wrong.answered) == ("wrong", "10.244.9.99")
    assert entries["web-1", "A", "10.244.2.18"].verdict == "missing"
    assert "NXDOMAIN" in entries["web-1", "A", "10.244.2.18"].answered
    extra = entries["web-2", "A", "nothing"]
    assert (extra.verdict, extra.answered, extra.pod) == ("extra", "10.244.7.7", "no pod")
    assert entries["web-2", "AAAA", "fd00:10:244:3::13"].verdict == "unanswered"
    srv = entries["_web._tcp", "SRV", "0 16 80 web-0"]
    assert (srv.verdict, srv.answered) == ("wrong", "0 33 80 web-0")
    cached = entries["web-0", "AAAA", "fd00:10:244:1::11"]
    assert (cached.verdict, cached.ttl) == ("match", "7")


def test_every_address_has_its_pod_or_says_that_it_has_none() -> None:
    for entry in record_entries(probed(view_of(troubled()))):
        if entry.type in ("A", "AAAA") and not entry.data.isalpha():
            assert entry.pod


def test_a_match_is_quiet_and_what_differs_is_not() -> None:
    rows = rows_of(probed(view_of(healthy())))
    layout = records_layout(rows, 88, probed=True)
    roles = {str(span.style) for row in rows for line in layout.lines(row) for span in line.spans}
    assert roles <= {GOOD, MUTED, TEXT}
    rows = rows_of(probed(view_of(healthy()), DIFFERING))
    layout = records_layout(rows, 88, probed=True)
    roles = {str(span.style) for row in rows for line in layout.lines(row) for span in line.spans}
    assert {BAD, UNKNOWN, GOOD} <= roles


def test_a_record_that_came_after_the_probe_is_not_asked() -> None:
    before = probed(view_of(healthy()))
    after = world(
        service("nginx-headless"),
        slice_of("nginx-headless", "s", [endpoint("10.244.1.17", "web-0"), endpoint("10.244.8.8", "web-3")]),
    )
    entries = record_entries(view_of(after, last_probe=before.last_probe))
    verdicts = {(entry.name, entry.data): entry.verdict for entry in entries if entry.type == "A"}
    assert verdicts["web-0", "10.244.1.17"] == "match"
    assert verdicts["web-3", "10.244.8.8"] == "not asked"
    assert ("web-1", "10.244.2.18") not in verdicts


def test_long_ipv6_addresses_go_below_the_name_before_they_are_cut() -> None:
    long = "2001:db8:1234:5678:9abc:def0:1234:5678"
    snapshot = world(
        service("nginx-headless"), slice_of("nginx-headless", "s", [endpoint(long, "web-0")], family="IPv6")
    )
    rows = rows_of(view_of(snapshot))
    layout = records_layout(rows, 52)
    text = drawn(layout, rows)
    assert text.count(long) == 3, "the Service's, the endpoint's, and the name of the PTR"
    assert max(len(line) for line in text.splitlines()) <= 52


def test_of_many_fields_behind_a_rule_the_first_are_shown() -> None:
    places = [endpoint(f"10.244.3.{n}", f"web-{n}") for n in range(40)]
    view = view_of(world(service("nginx-headless"), slice_of("nginx-headless", "nginx-headless-x", places)))
    name = "nginx-headless.shop.svc.cluster.local."
    record = next(item.record for item in view.predicted if (item.record.name, item.record.type) == (name, "A"))
    (note,) = (note for note in explanation(view, record) if "40 ready addresses" in note.text)
    assert len(note.more) == MAX_FACTS + 1
    assert note.more[0] == "EndpointSlice shop/nginx-headless-x endpoints[0].addresses[0]: 10.244.3.0"
    assert note.more[-1] == f"and {40 - MAX_FACTS} more"


def test_of_a_record_that_two_slices_give_both_are_named() -> None:
    slices = (slice_of("nginx-headless", f"web-{n}", [endpoint("10.244.3.1", "web-0")]) for n in (1, 2))
    view = view_of(world(service("nginx-headless"), *slices))
    record = next(item.record for item in view.predicted if item.record.type == "A")
    (note,) = (note for note in explanation(view, record) if note.text == "It is made from")
    assert [place.partition(" endpoints")[0] for place in note.more] == [
        "EndpointSlice shop/web-1", "EndpointSlice shop/web-2",
    ]  # fmt: skip


def test_the_reverse_name_of_another_service_at_the_same_address_has_a_row_once_it_was_answered() -> None:
    shared = world(
        *(service(name) for name in ("nginx-headless", "by-address")),
        slice_of("nginx-headless", "nginx-headless-1", [endpoint("10.244.1.17", "web-0")]),
        slice_of("by-address", "by-address-1", [endpoint("10.244.1.17", "web-0", hostname=False)]),
    )
    before = {(entry.type, entry.data) for entry in record_entries(view_of(shared))}
    after = {(entry.type, entry.data, entry.verdict) for entry in record_entries(probed(view_of(shared)))}
    other = "10-244-1-17.by-address.shop.svc.cluster.local."
    assert ("PTR", other) not in before
    assert ("PTR", other, "match") in after
    assert ("PTR", "web-0", "match") in after


def test_no_address_is_cut_where_there_is_room_for_one_panel_of_forty_columns() -> None:
    v4 = world(
        service("nginx-headless"),
        slice_of("nginx-headless", "nginx-headless-1", [endpoint("10.244.101.17", "web-0")]),
    )
    for view in (view_of(v4), probed(view_of(v4)), view_of(healthy())):
        rows = rows_of(view)
        text = drawn(records_layout(rows, 39), rows)
        assert all(len(line) <= 39 for line in text.splitlines()), text
        assert all(entry.data in text for entry in record_entries(view) if entry.type in ("A", "AAAA"))
