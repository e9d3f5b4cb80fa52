"""Names of the zone as they stand in a panel whose rule says the common suffix once."""

from __future__ import annotations

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.questions import ABSENT_LABEL
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.naming.reverse_names import address_of_reverse
from kheadless_tui.zone.record import Record

ABSENT = "(absent)"
"""The name that a probe asks for because it must not exist."""
APEX = "@"
"""The Service's own name, as in a zone file whose origin it is (RFC 1035 section 5.1)."""


def asked(name: str, origin: str) -> str:
    """A name that is asked for, as seen from an origin."""
    return ABSENT if name.lower() == f"{ABSENT_LABEL}.{origin}".lower() else relative(name, origin)


def relative(name: str, origin: str) -> str:
    """A name as seen from an origin: ``@``, what stands before it, the address of a reverse name, or the whole name."""
    low, top = name.lower(), origin.lower()
    if low == top:
        return APEX
    if low.endswith(f".{top}"):
        return clean(name[: -len(top) - 1])
    return clean(address_of_reverse(low) or name)


def relative_data(record: Record, origin: str) -> str:
    """The data of a record with the names in it as seen from an origin."""
    if record.type in ("SRV", "PTR", "CNAME", "NS"):
        head, blank, target = record.data.rpartition(" ")
        return clean(head + blank) + relative(target, origin)
    return clean(record.data)


def origin_of(key: ObjectKey, zone: str) -> str:
    """The name of a Service, below which its records are."""
    return service_name(key, zone)
