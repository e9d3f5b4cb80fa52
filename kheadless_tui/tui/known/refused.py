"""Which namespaces of the scope may not be read while others may, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kheadless_tui.cluster.state import Forbidden, ReadState
from kheadless_tui.tui.text.notes import RULE

MOST_NAMED = 3
"""Namespaces that a sentence names; of others it says how many they are."""

Reads = Mapping[tuple[str, str], ReadState]


def refused_namespaces(reads: Reads) -> tuple[str, ...]:
    """Namespaces whose Services or EndpointSlices may not be listed, while others are read or may yet be."""
    kinds = ("services", "endpointslices")
    named = {name for plural, name in reads if plural in kinds and name}
    refused = {name for name in named if any(isinstance(reads.get((kind, name)), Forbidden) for kind in kinds)}
    return tuple(sorted(refused)) if refused != named else ()


def unread_text(reads: Reads, namespace: str = "") -> tuple[str, ...]:
    """What is said of the namespaces of the scope that are refused, but for the one that is looked at."""
    found: dict[str, list[str]] = {}
    for name in refused_namespaces(reads):
        what = "Services" if isinstance(reads.get(("services", name)), Forbidden) else "EndpointSlices"
        if name != namespace:
            found.setdefault(what, []).append(name)
    said = tuple(f"You may not list {what} in {_listed(names)}." for what, names in found.items())
    return (*said[:-1], f"{said[-1]} {RULE}") if said else ()


def _listed(names: Sequence[str]) -> str:
    """``a and b``; of many the first ones."""
    rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{rest}" if rest else " and ".join(names)
