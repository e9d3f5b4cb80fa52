"""How fast questions may go: the clock and the sleep are the test's."""

from __future__ import annotations

import pytest

from kheadless_tui.probe.inquiring.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    clock = Clock()
    pace = Pace(100, 50, clock=clock, sleep=clock.sleep)
    for _ in range(5):
        await pace.turns(10)
    assert clock.slept == []
    for _ in range(100):
        await pace.turns(10)
    assert clock.now == pytest.approx(10.0), "a thousand questions at a hundred a second"


async def test_a_rest_fills_the_burst_again_but_not_more() -> None:
    clock = Clock()
    pace = Pace(100, 50, clock=clock, sleep=clock.sleep)
    await pace.turns(50)
    clock.now += 1000
    await pace.turns(50)
    assert clock.slept == []
    await pace.turns(10)
    assert clock.slept == [pytest.approx(0.1)]
