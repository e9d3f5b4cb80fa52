"""Types by number: against dnspython's table, and as the server takes them."""

from __future__ import annotations

import dns.rdatatype
import pytest

from kheadless_tui.zone.answering.type_numbers import NAMES, is_type, type_name
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from tests.unit.zone.worlds import endpoint, endpoint_slice, headless, snapshot_of


def test_every_name_stands_for_its_number() -> None:
    for name in NAMES:
        number = int(dns.rdatatype.from_text(name))
        assert (type_name(f"TYPE{number}"), type_name(name.lower())) == (name, name)


@pytest.mark.parametrize(
    ("text", "name", "known"),
    [
        ("type33", "SRV", True),
        ("TYPE01234", "TYPE1234", True),
        ("TYPE65535", "TYPE65535", True),
        ("TYPE65536", "TYPE65536", False),
        ("TYPE\u0663\u0663", "TYPE\u0663\u0663", False),
        ("bogus", "BOGUS", False),
    ],
)
def test_types_as_people_write_them(text: str, name: str, known: bool) -> None:
    assert (type_name(text), is_type(type_name(text))) == (name, known)


def test_a_type_by_number_is_answered_as_the_type() -> None:
    """Seen: dig -t TYPE33 asks SRV, since only the number is sent."""
    world = snapshot_of(
        headless("db"), endpoint_slice("db", endpoint("10.0.0.1"), ports=[{"port": 5432, "protocol": "TCP"}])
    )
    by_number = resolve(world, Question("db.shop.svc.cluster.local.", "TYPE33"), ZoneConfig())
    assert by_number == resolve(world, Question("db.shop.svc.cluster.local.", "SRV"), ZoneConfig())
    assert by_number.answer
    unnamed = resolve(world, Question("db.shop.svc.cluster.local.", "type1234"), ZoneConfig())
    assert (unnamed.question.type, unnamed.rcode, unnamed.answer) == ("TYPE1234", "NOERROR", ())
