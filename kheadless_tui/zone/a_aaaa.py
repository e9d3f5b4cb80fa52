"""A and AAAA records of a name.

Source: plugin/backend_lookup.go A and AAAA. Aliases are followed in external_name.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kheadless_tui.zone.addresses import canonical
from kheadless_tui.zone.duplicates import address_key, once
from kheadless_tui.zone.pairs import Pair
from kheadless_tui.zone.record import Record


class Made(NamedTuple):
    """A record and the pair that it was made of."""

    record: Record
    pair: Pair


def address_records(owner: str, pairs: Sequence[Pair], family: str, ttl: int) -> list[Made]:
    """The A or the AAAA records of a name: each text of an address once, over all slices and ports."""
    return [
        Made(Record(owner, ttl, family, found[1]), pair)
        for pair in once(pairs, address_key)
        if (found := canonical(pair.host)) is not None and found[0] == family
    ]
