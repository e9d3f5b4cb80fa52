"""Why an answer is as it is: the rule, the fields that decided, and one sentence for people."""

from __future__ import annotations

from typing import NamedTuple

from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.exposure import Exposure
from kheadless_tui.zone.pairs import Pair
from kheadless_tui.zone.record import Question, Record, Step
from kheadless_tui.zone.request import Request


class Case(NamedTuple):
    """A question and what came of it."""

    asked: Question
    request: Request
    seen: Exposure
    zone: str
    pairs: tuple[Pair, ...]
    answer: tuple[Record, ...]


def step(case: Case, rule: str, rcode: str) -> Step:
    """The step that tells what decided."""
    return Step(case.asked.name, rcode, rule or "ok", rule or "found")


def no_reply(asked: Question, rule: str, detail: str, config: ZoneConfig) -> str:
    """Why the kubernetes plugin sends no reply of its own."""
    return f"{asked.name}: {rule} {detail} {config.zone}"
