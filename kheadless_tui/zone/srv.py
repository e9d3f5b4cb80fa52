"""SRV records: targets, numbers, weights and the addresses that come with them; reference section 5.

Source: plugin/backend_lookup.go SRV, plugin/etcd/msg/service.go NewSRV.
"""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.zone.a_aaaa import Made
from kheadless_tui.zone.addresses import canonical
from kheadless_tui.zone.endpoint_slices import NO_PORT
from kheadless_tui.zone.pairs import Pair
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
    located = [(pair, found) for pair in pairs if (found := canonical(pair.host)) is not None]
    answer: dict[tuple[str, int], Made] = {}
    additional: dict[tuple[str, str], Made] = {}
    weight = weight_of(len(located)) if located else 0
    for pair, (family, address) in located:
        number = pair.port.number
        if number == NO_PORT:
            continue
        if (pair.target, number) not in answer:
            data = f"0 {weight} {number} {pair.target}"
            answer[pair.target, number] = Made(Record(owner, ttl, "SRV", data), pair)
        if (pair.target, pair.host) not in additional:
            additional[pair.target, pair.host] = Made(Record(pair.target, ttl, family, address), pair)
    return list(answer.values()), list(additional.values())
