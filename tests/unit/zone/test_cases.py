"""Every case of dns-cases.yaml: rcode, flags and all three sections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from kheadless_tui.zone.answering.transfer import transfer
from kheadless_tui.zone.record import Record
from kheadless_tui.zone.resolve import resolve
from tests.unit.zone.cases import Case, cases, record


def _expected(lines: Iterable[str], case: Case) -> Counter[Record]:
    return Counter(_without_serial(_record(line, case)) for line in lines)


def _record(line: str, case: Case) -> Record:
    if not line.startswith("SOA"):
        return record(line)
    name = case.question.name
    served = sorted((zone for zone in _zones(case) if f".{name.lower()}".endswith(f".{zone}")), key=len)
    if case.question.type == "AXFR":
        zone = name
    else:
        zone = line.split()[1] if " " in line else name[len(name) - len(served[-1]) :]
    ttl = case.config().ttl
    return Record(zone, min(ttl, 300), "SOA", f"ns.dns.{zone} hostmaster.{zone} 0 7200 1800 86400 {ttl}")


def _zones(case: Case) -> tuple[str, ...]:
    return case.config().zones


def _without_serial(item: Record) -> Record:
    if item.type != "SOA":
        return item
    fields = item.data.split()
    return Record(item.name, item.ttl, item.type, " ".join((*fields[:2], "0", *fields[3:])))


def _predicted(section: Iterable[Record]) -> Counter[Record]:
    return Counter(_without_serial(item) for item in section)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_case(case: Case) -> None:
    expect = case.expect
    if "transfer" in expect:
        given = _predicted(transfer(case.snapshot(), case.question.name, case.config()))
        assert given == _expected(expect["transfer"], case)
        return
    answer = resolve(
        case.snapshot(), case.question, case.config(), upstream=case.ask_upstream(), synced=not case.not_synced
    )
    assert answer.fallthrough == expect.get("fallthrough", False)
    assert answer.unsendable == expect.get("unsendable", False)
    assert len(answer.steps) == 1
    assert answer.steps[0].why
    assert answer.steps[0].rule
    assert answer.steps[0].facts or answer.unsendable
    if answer.fallthrough or answer.unsendable:
        return
    assert answer.rcode == expect["rcode"]
    assert answer.aa == expect.get("aa", True)
    assert _predicted(answer.answer) == _expected(expect.get("answer", ()), case)
    assert _predicted(answer.authority) == _expected(expect.get("authority", ()), case)
    assert _predicted(answer.additional) == _expected(expect.get("additional", ()), case)


def test_the_file_is_whole() -> None:
    assert len(cases()) == 161
