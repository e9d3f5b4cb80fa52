from __future__ import annotations

import json

import dns.rdatatype
import dns.zone
import msgspec
import pytest
import yaml

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.report import records
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.zone.record import ElsewhereRecord, PredictedRecord, Record, Source, WithheldRecord
from kheadless_tui.zone.serving.config import Note
from tests.unit.report.samples import CONFIG, ORIGIN, RECORDS, SLICE, WEB, endpoint, predicted

TERMINAL = Medium(width=80, colour=False)


def test_json_has_exactly_the_keys_of_the_schema_in_their_order() -> None:
    document = json.loads(records.render(RECORDS[:1], CONFIG, "json"))
    assert list(document) == ["schema", "zone", "source", "notes", "records"]
    assert document["schema"] == "kheadless/records/1"
    assert document["zone"] == "cluster.local."
    assert document["source"] == "Corefile ./Corefile"
    (record,) = document["records"]
    assert list(record.items()) == [
        ("name", ORIGIN),
        ("ttl", 30),
        ("type", "A"),
        ("data", "10.244.1.17"),
        ("service", "shop/web"),
        (
            "endpoint",
            {
                "pod": "web-0",
                "address": "10.244.1.17",
                "ready": True,
                "serving": True,
                "terminating": False,
                "node": "node-a",
            },
        ),
        ("from", "EndpointSlice shop/web-x7k2p"),
        ("field", "endpoints[0]"),
        ("sources", [{"from": "EndpointSlice shop/web-x7k2p", "field": "endpoints[0]"}]),
    ]
    assert list(record["endpoint"]) == ["pod", "address", "ready", "serving", "terminating", "node"]


def test_a_record_of_no_service_and_no_endpoint_has_nulls() -> None:
    apex = PredictedRecord(
        Record("dns-version.cluster.local.", 28800, "TXT", '"1.1.0"'), None, None, Source("Zone", ObjectKey("", "x"))
    )
    (record,) = json.loads(records.render([apex], CONFIG, "json"))["records"]
    assert record["service"] is None
    assert record["endpoint"] is None


def test_yaml_is_the_same_document() -> None:
    as_yaml = records.render(RECORDS, CONFIG, "yaml")
    assert yaml.safe_load(as_yaml) == json.loads(records.render(RECORDS, CONFIG, "json"))
    assert as_yaml.startswith("schema: kheadless/records/1\n")


def test_names_are_printed_once_each_in_zone_order() -> None:
    assert records.render(RECORDS, CONFIG, "name").splitlines() == [
        ORIGIN,
        f"_http._tcp.{ORIGIN}",
        f"web-0.{ORIGIN}",
        "17.1.244.10.in-addr.arpa.",
    ]


def test_a_pipe_gets_one_line_a_record_with_whole_names_and_no_frame() -> None:
    heading, *lines = records.render(RECORDS, CONFIG, "table", PIPE).splitlines()
    assert heading.split() == ["NAME", "TTL", "TYPE", "DATA", "POD", "SERVICE", "FROM"]
    assert len(lines) == len(RECORDS)
    assert lines[2].split() == [
        ORIGIN,
        "30",
        "SRV",
        *f"0 50 80 web-0.{ORIGIN}".split(),
        "web-0",
        "shop/web",
        "EndpointSlice",
        "shop/web-x7k2p",
    ]


def test_a_terminal_says_the_suffix_once_and_stays_within_its_width() -> None:
    lines = records.render(RECORDS, CONFIG, "table", TERMINAL).splitlines()
    assert lines[0] == f"{ORIGIN} 6 records"
    assert lines[1].split() == ["NAME", "TTL", "TYPE", "DATA", "POD"]
    assert lines[2].split() == ["@", "30", "A", "10.244.1.17", "web-0"]
    assert lines[4].split() == ["@", "30", "SRV", "0", "50", "80", "web-0", "web-0"]
    assert lines[7].split() == ["10.244.1.17", "30", "PTR", "web-0", "web-0"]
    assert all(len(line) <= 80 for line in lines)


def test_a_terminal_folds_a_long_cell_and_loses_nothing_of_it() -> None:
    long = "x" * 63
    record = predicted(f"{long}.{ORIGIN}", "AAAA", "fd00:10:244:3:ffff:ffff:ffff:ffff", 0)
    text = records.render([record], CONFIG, "table", Medium(width=60))
    assert all(len(line) <= 60 for line in text.splitlines())
    assert text.count("x") == 63


def test_nothing_predicted_is_an_empty_table_and_a_valid_document() -> None:
    assert records.render([], CONFIG, "table") == ""
    assert records.render([], CONFIG, "name") == ""
    assert json.loads(records.render([], CONFIG, "json"))["records"] == []


def test_the_zone_is_a_master_file_that_holds_every_record_of_the_zone() -> None:
    zone = dns.zone.from_text(records.render(RECORDS, CONFIG, "zone"), relativize=False)
    assert zone.origin is not None
    assert zone.origin.to_text() == "cluster.local."
    inside = [item.record for item in RECORDS if item.record.type != "PTR"]
    for record in inside:
        rdataset = zone.get_rdataset(record.name, record.type)
        assert rdataset is not None, record
        assert rdataset.ttl == record.ttl
        assert record.data in {rdata.to_text() for rdata in rdataset}
    held = sum(len(rdataset) for _, rdataset in zone.iterate_rdatasets())
    assert held == len(inside) + 2, "besides the records only the SOA and one NS"


def test_records_of_the_reverse_zone_are_kept_as_comments() -> None:
    text = records.render(RECORDS, CONFIG, "zone")
    assert f"; 17.1.244.10.in-addr.arpa. 30 IN PTR web-0.{ORIGIN}\n" in text


def test_a_predicted_soa_and_ns_take_the_place_of_ours_and_the_soa_comes_first() -> None:
    zone = "cluster.local."
    soa = Record(zone, 30, "SOA", f"ns.dns.{zone} hostmaster.{zone} 1795235391 7200 1800 86400 30")
    ns = Record(zone, 30, "NS", f"kube-dns.kube-system.svc.{zone}")
    source = Source("Zone", ObjectKey("", zone))
    apex = [PredictedRecord(record, None, None, source) for record in (ns, soa)]
    lines = [
        line
        for line in records.render([*RECORDS, *apex], CONFIG, "zone").splitlines()
        if not line.startswith((";", "$"))
    ]
    assert lines[0] == str(soa)
    parsed = dns.zone.from_text("\n".join(lines) + "\n", origin=zone, relativize=False)
    nameservers = parsed.get_rdataset(zone, dns.rdatatype.NS)
    assert [rdata.to_text() for rdata in nameservers or ()] == [ns.data]


@pytest.mark.parametrize("label", ["x" * 64, ".".join(["x" * 63] * 4)])
def test_a_name_that_no_message_can_carry_does_not_break_the_file(label: str) -> None:
    impossible = predicted(f"{label}.{ORIGIN}", "A", "10.244.1.17", 0)
    text = records.render([*RECORDS, impossible], CONFIG, "zone")
    assert f"; {impossible.record}\n" in text
    dns.zone.from_text(text)


@pytest.mark.parametrize("output", ["table", "json", "yaml", "zone", "name"])
@pytest.mark.parametrize("medium", [PIPE, TERMINAL])
def test_control_characters_of_the_cluster_reach_no_terminal(output: str, medium: Medium) -> None:
    hostile = predicted(f"a\x1b]0;owned\x07\nb\x9b31m\u202e.{ORIGIN}", "TXT", '"\x1b[2J\x7f"', 0)
    text = records.render([hostile], CONFIG, output, medium)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\\x1b" in text or "\\u001b" in text or "\\e" in text


def test_what_is_withheld_is_one_line_a_service_with_each_endpoint_once() -> None:
    held = [
        WithheldRecord(Record(name, 30, "A", "10.244.1.17"), WEB, endpoint(number), SLICE, reason)
        for name, number, reason in [
            (ORIGIN, 0, "not ready"),
            (f"web-0.{ORIGIN}", 0, "not ready"),
            (ORIGIN, 1, "not ready"),
            (ORIGIN, 2, "terminating"),
        ]
    ]
    assert records.withheld_note(held) == "shop/web: not in DNS: web-0, web-1 (not ready); web-2 (terminating)\n"
    assert records.withheld_note([]) == ""


def test_what_is_answered_elsewhere_is_told_by_its_name_and_marked_in_json() -> None:
    taken = [ElsewhereRecord(RECORDS[0], "rewritten at Corefile:3")]
    assert records.withheld_note([], taken) == f"shop/web: not in DNS: {ORIGIN} (rewritten at Corefile:3)\n"
    (marked,) = json.loads(records.render([], CONFIG, "json", elsewhere=taken))["elsewhere"]
    assert (marked["name"], marked["type"], marked["reason"]) == (ORIGIN, "A", "rewritten at Corefile:3")


def test_what_not_every_server_has_is_told_with_the_record_and_beside_the_output() -> None:
    server = msgspec.structs.replace(RECORDS[0], unknown="each replica has its own")
    assert json.loads(records.render([server], CONFIG, "json"))["records"][0]["unknown"] == "each replica has its own"
    name = f"{RECORDS[0].record.name} {RECORDS[0].record.type}"
    assert records.uncertain_note([server, *RECORDS]) == f"not certain: {name}: each replica has its own\n"
    assert records.uncertain_note(RECORDS) == ""


def test_what_is_not_followed_stands_beside_the_source() -> None:
    noted = msgspec.structs.replace(CONFIG, notes=(Note("Corefile:3", "hosts", "hosts may answer"),))
    assert json.loads(records.render([], noted, "json"))["notes"] == ["Corefile:3: hosts may answer"]


def test_no_name_server_is_made_up_for_a_whole_zone() -> None:
    zone = "cluster.local."
    soa = Record(zone, 30, "SOA", f"ns.dns.{zone} hostmaster.{zone} 0 7200 1800 86400 30")
    whole = [PredictedRecord(soa, None, None, Source("Zone", ObjectKey("", zone)))]
    text = records.render(whole, CONFIG, "zone")
    assert "; the NS of the zone is not known" in text
    assert not [line for line in text.splitlines() if " NS " in line and not line.startswith(";")]


def test_every_field_that_gives_a_record_is_named() -> None:
    other = Source("EndpointSlice", ObjectKey("shop", "web-too"), "endpoints[3].addresses[0]")
    item = msgspec.structs.replace(RECORDS[0], also_from=(other,))
    (record,) = json.loads(records.render([item], CONFIG, "json"))["records"]
    assert record["sources"][1:] == [{"from": "EndpointSlice shop/web-too", "field": "endpoints[3].addresses[0]"}]
    whole = Source("Corefile", ObjectKey("", "C"))
    (plain,) = json.loads(records.render([PredictedRecord(item.record, None, None, whole)], CONFIG, "json"))["records"]
    assert (plain["field"], plain["sources"]) == (None, [{"from": f"{whole}", "field": None}])
