"""Which questions a prediction is checked by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from kheadless_tui.zone.record import Question, Record

ABSENT_LABEL = "kheadless-no-such-endpoint"
"""A label that no endpoint has: the name below a Service with it must not exist."""


class HasRecord(Protocol):
    """A predicted or a withheld record."""

    @property
    def record(self) -> Record:
        """The record itself."""


def questions_for(records: Iterable[HasRecord], *, names: Iterable[str] = ()) -> tuple[Question, ...]:
    """Every question that the records answer, once each, in the order of the records, then one that must be denied.

    Args:
        records: The predicted records; withheld ones too, whose absence is a prediction as well.
        names: Absolute names of Services that are asked for A and AAAA even when no record has them: a Service without
            endpoints has no record, and that it is denied is what is to be shown. The first is also the parent of
            the name that must not exist.
    """
    bases = tuple(names)
    found: dict[Question, None] = {}
    for base in bases:
        for rdtype in ("A", "AAAA"):
            found[Question(base, rdtype)] = None
    parent = bases[0] if bases else ""
    for item in records:
        record = item.record
        found[Question(record.name, record.type)] = None
        if not parent and record.type in ("A", "AAAA", "SRV") and not record.name.startswith("_"):
            parent = record.name
    if parent:
        found[Question(f"{ABSENT_LABEL}.{parent}", "A")] = None
    return tuple(found)
