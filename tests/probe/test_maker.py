"""Whose pod it is: a process that runs, one that has ended, one of another machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from kheadless_tui.cluster.pods.leftovers import is_left_over
from kheadless_tui.cluster.pods.maker import is_gone, new_mark
from kheadless_tui.cluster.pods.podspec import PodOrder
from kheadless_tui.model.workloads import Pod

LABEL_LIMIT = 63
"""Characters of a label's value (apimachinery, LabelValueMaxLength)."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's /proc is read")


@pytest.fixture
def ended() -> str:
    """The mark of a process that has ended, but that nobody has waited for yet."""
    code = "from kheadless_tui.cluster.pods.maker import new_mark; print(new_mark(), flush=True)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as output:
        mark = output.readline().strip()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(mark), "a process that waits to be asked for its status does nothing more"
    process.wait()
    return mark


def test_the_mark_of_one_that_ended_says_so(ended: str) -> None:
    assert is_gone(ended)


def test_one_that_runs_is_not_gone() -> None:
    mark = new_mark()
    assert not is_gone(mark)
    assert len(mark) <= LABEL_LIMIT
    assert mark != new_mark()


def test_a_number_that_another_process_has_now_is_told_by_its_start() -> None:
    where, pid, _, token = new_mark().split(".")
    assert is_gone(f"{where}.{pid}.1.{token}")


@pytest.mark.parametrize("mark", ["", "a1b2c3d4e5", ".1.2.3", "a.b.c.d"], ids=["empty", "token", "no place", "words"])
def test_of_any_other_mark_nothing_is_known(mark: str) -> None:
    assert not is_gone(mark)


def test_of_another_machine_nothing_is_known(ended: str) -> None:
    assert not is_gone(f"0{ended.partition('.')[2]}")
    assert not is_gone(f"0123456789abcdef.{ended.partition('.')[2]}")


def test_where_the_kernel_tells_nothing_the_mark_says_nothing(tmp_path: Path, ended: str) -> None:
    assert "." not in new_mark(tmp_path)
    assert not is_gone(ended, tmp_path)


@pytest.mark.parametrize("phase", ["Running", "Pending"])
def test_the_pod_of_one_that_ended_is_left_over_at_once(phase: str, ended: str) -> None:
    made = {**PodOrder("shop", "busybox:1.28", owner=ended).manifest(), "status": {"phase": phase}}
    assert is_left_over(msgspec.convert(made, Pod), None)
    own = {**PodOrder("shop", "busybox:1.28").manifest(), "status": {"phase": phase}}
    assert not is_left_over(msgspec.convert(own, Pod), None), "ours, and we run"
