"""Long names on a narrow screen: a suffix is said once, and an address stands for its reverse name."""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.zone.naming.reverse_names import address_of_reverse
from kheadless_tui.zone.record import Record


def below(name: str, suffix: str) -> str:
    """The name as seen from a suffix: ``@`` for the suffix itself, the labels before it, else the whole name.

    Names are compared without regard to case, as DNS does (RFC 4343).
    """
    if not suffix:
        return name
    if name.lower() == suffix.lower():
        return "@"
    if name.lower().endswith("." + suffix.lower()):
        return name[: -len(suffix) - 1]
    return name


def owner(record: Record, suffix: str) -> str:
    """The owner name as a row shows it."""
    if record.type == "PTR":
        return address_of_reverse(record.name.lower()) or record.name
    return below(record.name, suffix)


def data(record: Record, suffix: str) -> str:
    """The data as a row shows it: the target of an SRV, PTR or CNAME from the suffix, all else as it is."""
    if record.type in ("SRV", "PTR", "CNAME", "NS"):
        head, space, target = record.data.rpartition(" ")
        return head + space + below(target, suffix)
    return record.data


def common_suffix(owners: Iterable[str]) -> str:
    """The longest name that all owners are or lie below; empty when they share less than two labels."""
    shared: list[str] | None = None
    for name in owners:
        labels = name.split(".")[::-1]
        if shared is None:
            shared = labels
        else:
            same = [left == right for left, right in zip(shared, labels, strict=False)]
            shared = shared[: same.index(False) if False in same else len(same)]
    return ".".join(reversed(shared)) if shared and len(shared) > 2 else ""
