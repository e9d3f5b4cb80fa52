"""What the lab refuses, it refuses with the words, the code and the details of a real API server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kheadless_tui.lab.lab import Lab
from tests.lab.refusals.cases import CASES, DIFFERENT, RECORDED
from tests.lab.refusals.sending import real_answers

REAL: dict[str, dict[str, Any]] = json.loads(RECORDED.read_text())


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    async def ask() -> dict[str, dict[str, Any]]:
        async with Lab.start(world="empty", speed=200.0) as lab:
            return await real_answers(lab.kubeconfig)

    return asyncio.run(ask())


def test_every_case_has_been_recorded() -> None:
    assert {case.name for case in CASES} == set(REAL)


@pytest.mark.parametrize("name", [case.name for case in CASES if case.name not in DIFFERENT])
def test_an_answer_is_the_real_one(name: str, answers: dict[str, dict[str, Any]]) -> None:
    assert answers[name] == REAL[name]
