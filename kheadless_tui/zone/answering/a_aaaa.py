"""A and AAAA records of a name.

Source: plugin/backend_lookup.go A and AAAA. Aliases are followed in external_name.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kheadless_tui.zone.answering.duplicates import address_key, alike
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.objects.pairs import Pair
from kheadless_tui.zone.record import Record, Source


class Made(NamedTuple):
    """A record and the pairs that it was made of."""

    record: Record
    pair: Pair
    """The first of them, which decides."""
    pairs: Sequence[Pair] = ()
    """All of them."""

    @property
    def also_from(self) -> tuple[Source, ...]:
        """Where the others come from; each field once."""
        if len(self.pairs) < 2:
            return ()
        return tuple(
            source for source in dict.fromkeys(pair.source for pair in self.pairs) if source != self.pair.source
        )


def address_records(owner: str, pairs: Sequence[Pair], family: str, ttl: int) -> list[Made]:
    """The A or the AAAA records of a name: each text of an address once, over all slices and ports."""
    return [
        Made(Record(owner, ttl, family, found[1]), same[0], same)
        for same in alike(pairs, address_key)
        if (found := canonical(same[0].host)) is not None and found[0] == family
    ]
