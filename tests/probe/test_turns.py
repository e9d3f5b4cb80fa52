"""Long work in turns: all of it in order, with something else between, and no further once it is cancelled."""

from __future__ import annotations

import asyncio

import pytest

from kheadless_tui.probe.comparison.turns import in_turns


async def test_something_else_is_done_between() -> None:
    done: list[int | str] = []

    async def other() -> None:
        for _ in range(3):
            done.append("other")
            await asyncio.sleep(0)

    task = asyncio.ensure_future(other())
    await in_turns(done.append, range(3), turn=0)
    await task
    assert [item for item in done if item != "other"] == [0, 1, 2]
    assert done[:4] == [0, "other", 1, "other"]


async def test_a_cancel_is_heeded_between_two() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        done.append(number)
        if number == 2:
            task.cancel()

    task = asyncio.ensure_future(in_turns(work, range(100), turn=0))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [0, 1, 2]
