"""What of a reply fits (request/request.go Scrub, RFC 6891 section 6.2.3); the library's own encoder is the judge."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from kheadless_tui.zone.answering.message_size import TCP, UDP_PLAIN, fit, fits
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from tests.unit.zone.cases import Case, cases, sizes
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, obj, snapshot_of


@pytest.mark.parametrize("row", sizes(), ids=str)
def test_table(row: dict[str, int]) -> None:
    base = ".svc.cluster.local."
    name = "a" * (row["wire"] - 1 - len(base)) + base
    addresses = [Record(name, 5, "A", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(row["records"] + 1)]
    whole = Answer(Question(name, "A"), "NOERROR", answer=tuple(addresses[:-1]))
    assert not fit(whole, row["buffer"], opt=row["opt"]).truncated
    over = fit(Answer(Question(name, "A"), "NOERROR", answer=tuple(addresses)), row["buffer"], opt=row["opt"])
    assert (over.answer, over.truncated) == (row["records"], True)


@pytest.mark.parametrize(
    "case",
    [case for case in cases() if "answer" in case.expect and case.question.type != "SRV"],
    ids=lambda case: case.id,
)
def test_sizes_are_those_of_an_encoder(case: Case) -> None:
    """SRV apart: in dnspython nothing points at their targets."""
    answer = resolve(case.snapshot(), case.question, case.config(), upstream=case.ask_upstream())
    message = dns.message.make_query(answer.question.name, answer.question.type)
    message.use_edns(False)
    message.flags |= dns.flags.QR
    for section, records in (
        (message.answer, answer.answer), (message.authority, answer.authority), (message.additional, answer.additional),
    ):  # fmt: skip
        for record in records:
            section.append(dns.rrset.from_text(record.name, record.ttl, "IN", record.type, record.data))
    assert fit(answer, TCP).size == len(message.to_wire(origin=None))


def test_additional_records_go_first() -> None:
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
    pods = [endpoint(f"10.0.0.{n}", hostname=f"web-{n:02}") for n in range(40)]
    world = snapshot_of(headless("web"), endpoint_slice("web", *pods, ports=ports))
    answer = resolve(world, Question("_http._tcp.web.shop.svc.cluster.local.", "SRV"), ZoneConfig())
    plain, small, large, tcp = fits(answer)
    assert (plain.buffer, plain.truncated, plain.additional) == (UDP_PLAIN, True, 0)
    assert 0 < plain.answer < small.answer < 40
    assert (large.answer, large.additional, large.truncated) == (40, 40, False)
    assert not tcp.truncated
    lowered = fits(answer, bufsize=UDP_PLAIN)
    assert lowered[2].answer < small.answer
    between = fit(answer, fit(answer, TCP).size - 1)
    assert (between.answer, between.additional, between.truncated) == (40, 39, True)


def _fanned(name: str, hostnames: list[str]) -> Answer:
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
    pods = [endpoint(f"10.77.{n // 250}.{n % 250 + 1}", hostname=host) for n, host in enumerate(hostnames)]
    world = snapshot_of(
        obj("Namespace", "zone-size", None),
        {**headless(name), "metadata": {"name": name, "namespace": "zone-size"}},
        {**endpoint_slice(name, *pods, ports=ports), "metadata": {
            "name": name, "namespace": "zone-size", "labels": {"kubernetes.io/service-name": name},
        }},
    )  # fmt: skip
    return resolve(world, Question(f"_http._tcp.{name}.zone-size.svc.cluster.local.", "SRV"), ZoneConfig())


def test_what_coredns_sent_over_udp() -> None:
    """Measured with dig on CoreDNS 1.14.7: records of the answer, TC, and octets of what was not cut."""
    web = _fanned("web", [f"web-{n:02}-xx" for n in range(1, 41)])
    assert [(each.answer, each.truncated) for each in fits(web)[:3]] == [(7, True), (19, True), (40, False)]
    assert fits(web)[2].size == 3151
    big = _fanned("big", [f"b-{n:04}" for n in range(250)])
    assert [(each.answer, each.additional, each.truncated) for each in fits(big)] == [
        (7, 0, True), (20, 0, True), (69, 0, True), (250, 250, False),
    ]  # fmt: skip
