"""What was cut over UDP and asked again over TCP: one reply, with the time of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from kheadless_tui.probe.inquiring.inquiry import Asked, OnObservation
from kheadless_tui.probe.inquiring.manners import with_manners
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question, Record

WEB = Question("web.shop.svc.cluster.local.", "A")
CUT = Observation("v", "10.96.0.10", "udp", WEB, rcode="NOERROR", flags=("qr", "tc"))
WHOLE = msgspec.structs.replace(
    CUT, transport="tcp", flags=("qr",), answer=(Record(WEB.name, 30, "A", "10.244.0.1"),), ms=3.0
)


@pytest.mark.parametrize(
    ("over_udp", "over_tcp", "told"),
    [
        ((4.0, None), (3.0, None), (7.0, None)),
        ((None, 1.0), (3.0, None), (4.0, None)),
        ((None, 50.0), (3.0, None), (None, 53.0)),
        ((4.0, None), (None, 60.0), (None, 64.0)),
    ],
    ids=["both", "a whole millisecond is counted", "bound first", "bound last"],
)
async def test_the_time_of_both_is_told_as_far_as_it_is_known(
    over_udp: tuple[float | None, float | None],
    over_tcp: tuple[float | None, float | None],
    told: tuple[float | None, float | None],
) -> None:
    def asking(reply: Observation, times: tuple[float | None, float | None]) -> Any:
        async def ask(_: Sequence[Question], settle: OnObservation) -> Asked:
            seen = msgspec.structs.replace(reply, ms=times[0], within=times[1])
            settle(seen)
            return Asked([seen], ())

        return ask

    first, again = asking(CUT, over_udp), asking(WHOLE, over_tcp)
    asked = await with_manners(first, again, [WEB], lambda _: None, mixed=False)
    (seen,) = asked.observations
    assert (seen.ms, seen.within) == told
    assert (seen.transport, seen.cut, len(seen.answer)) == ("udp", 0, 1)
