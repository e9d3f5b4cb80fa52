"""What signals do to a command: cancelled, or stopped where there is something to show already."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterator

import pytest

from kheadless_tui.commands.running import Interruption, collect_a_little, run


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def test_the_status_is_that_of_the_work_where_no_signal_came() -> None:
    async def work() -> int:
        return 1

    assert run(work(), Interruption()) == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_before_there_is_something_to_show_a_signal_cancels(number: signal.Signals, status: int) -> None:
    async def work() -> int:
        send(number)
        await asyncio.Event().wait()
        return 0

    assert run(work(), Interruption()) == status


def test_a_first_ctrl_c_stops_what_is_heeded_and_it_ends_by_itself() -> None:
    interruption, shown = Interruption(), []

    async def work() -> int:
        interruption.heed()
        send(signal.SIGINT)
        await interruption.stop.wait()
        shown.append("what came")
        return 1

    assert (run(work(), interruption), shown) == (130, ["what came"])


def test_a_second_ctrl_c_cancels_once_and_what_cleans_up_is_not_cut_off() -> None:
    interruption, removed = Interruption(), []

    async def work() -> int:
        interruption.heed()
        send(signal.SIGINT)
        await interruption.stop.wait()
        try:
            send(signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            send(signal.SIGINT)
            await asyncio.sleep(0)
            removed.append("the pod")
        return 0

    assert (run(work(), interruption), removed) == (130, ["the pod"])


def test_being_asked_to_end_cancels_what_heeds_ctrl_c_too() -> None:
    interruption = Interruption()

    async def work() -> int:
        interruption.heed()
        send(signal.SIGTERM)
        await interruption.stop.wait()
        return 0

    assert (run(work(), interruption), interruption.stop.is_set()) == (143, False)


def test_work_that_is_cut_has_cleaned_up_before_what_came_is_shown() -> None:
    interruption, came = Interruption(), []

    async def asking() -> int:
        came.append("one reply")
        send(signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            came.append("closed")
        return 0

    async def work() -> int:
        came.append("nothing more" if await interruption.cut(asking()) is None else "all")
        return 0

    assert (run(work(), interruption), came) == (130, ["one reply", "closed", "nothing more"])


def test_work_that_comes_to_its_end_or_fails_is_not_cut() -> None:
    async def seven() -> int:
        return 7

    async def fails() -> int:
        raise ValueError("no")

    async def work() -> int:
        assert await Interruption().cut(seven()) == 7
        with pytest.raises(ValueError, match="no"):
            await Interruption().cut(fails())
        return 0

    assert run(work()) == 0


def test_what_has_been_read_is_out_of_the_collectors_way() -> None:
    held: list[list[int]] = [[1]]
    collect_a_little()
    assert not any(each is held for young in (0, 1) for each in gc.get_objects(young))
    assert gc.get_freeze_count() == 0
