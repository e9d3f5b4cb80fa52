"""A rule: a code, what it is about, and the function that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kheadless_tui.diagnose.evidence import Evidence
from kheadless_tui.diagnose.finding import Finding

Check = Callable[[Evidence], Iterable[Finding]]
"""Finds, or says nothing: also when what it needs was not read."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the catalogue."""

    code: str
    title: str
    """What it is about, in a few words."""
    check: Check
    """The function; its module is the rule's family."""

    @property
    def module(self) -> str:
        """The family: the last part of the module's name."""
        return self.check.__module__.rpartition(".")[2]
