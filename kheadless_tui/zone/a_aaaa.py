"""A and AAAA records of a name; reference sections 2.4 and 6.

Source: plugin/backend_lookup.go A and AAAA. Aliases are followed in external_name.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kheadless_tui.zone.addresses import canonical
from kheadless_tui.zone.pairs import Pair
from kheadless_tui.zone.record import Record


class Made(NamedTuple):
    """A record and the pair that it was made of."""

    record: Record
    pair: Pair


def address_records(owner: str, pairs: Sequence[Pair], family: str, ttl: int) -> list[Made]:
    """The A or the AAAA records of a name: each text of an address once, over all slices and ports (section 6)."""
    made: dict[str, Made] = {}
    for pair in pairs:
        found = canonical(pair.host)
        if found is not None and found[0] == family and pair.host not in made:
            made[pair.host] = Made(Record(owner, ttl, family, found[1]), pair)
    return list(made.values())
