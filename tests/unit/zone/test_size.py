"""What of a reply fits: the reference's table, and the library's own encoder as the judge."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.size import TCP, UDP_PLAIN, address_capacity, fit, fits
from tests.unit.zone.cases import Case, cases, sizes
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, snapshot_of


@pytest.mark.parametrize("row", sizes(), ids=str)
def test_table(row: dict[str, int]) -> None:
    base = ".svc.cluster.local."
    name = "a" * (row["wire"] - 1 - len(base)) + base
    assert address_capacity(name, "A", row["buffer"], opt=row["opt"]) == row["records"]
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
    between = fit(answer, large.size - 10)
    assert (between.answer, between.additional, between.truncated) == (40, 39, True)
