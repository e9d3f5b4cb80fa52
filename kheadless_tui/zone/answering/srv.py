"""SRV records: targets, numbers, weights and the addresses that come with them.

Source: plugin/backend_lookup.go SRV, plugin/etcd/msg/service.go NewSRV.
"""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.zone.answering.a_aaaa import Made
from kheadless_tui.zone.answering.duplicates import alike, once, srv_key, target_address_key
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.objects.endpoint_slices import NO_PORT
from kheadless_tui.zone.objects.pairs import Pair
from kheadless_tui.zone.record import Record


def weight_of(pairs: int) -> int:
    """The weight that each of so many pairs gets: a hundredth of their number, rounded down, at least 1.

    All pairs count: both families, duplicates, stand-in ports and ports without number.
    """
    return max(1, 100 // pairs)


def srv_records(owner: str, pairs: Sequence[Pair], ttl: int) -> tuple[list[Made], list[Made]]:
    """The SRV records of a name and the addresses of their targets.

    Args:
        owner: the name as asked.
        pairs: what the name stands for; aliases are dropped, they have no SRV record.
        ttl: seconds.

    Returns:
        The answer section and the additional section.
    """
    located = [pair for pair in pairs if not pair.is_alias]
    numbered = [pair for pair in located if pair.port.number != NO_PORT]
    weight = weight_of(len(located)) if located else 0
    answer = [
        Made(Record(owner, ttl, "SRV", f"0 {weight} {same[0].port.number} {same[0].target}"), same[0], same)
        for same in alike(numbered, srv_key)
    ]
    additional = [
        Made(Record(pair.target, ttl, *found), pair)
        for pair in once(numbered, target_address_key)
        if (found := canonical(pair.host)) is not None
    ]
    return answer, additional
