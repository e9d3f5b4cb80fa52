"""The Services of one namespace as the tree knows them: in order, counted, and how bad it stands with them.

What concerns all of them is kept, not found out again: a change of one Service among ten thousand costs that one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from kheadless_tui.model.objects import Service

SEVERITIES = ("error", "warning", "unknown", "ok", "")
"""What is known of a Service, worst first; ``unknown`` after a probe that nothing answered, ``ok`` only after one that
all was answered to as predicted, empty: nothing is known against it."""

_TOLD = SEVERITIES[:3]
"""Those of which a closed namespace tells."""


class Member(NamedTuple):
    """One endpoint of a Service: a pod with all its addresses, or a host without a pod."""

    name: str
    """Name of the pod, or the first address."""
    pod: bool
    in_dns: bool
    terminating: bool


class Entry:
    """A Service, its endpoints, and what is known against it."""

    __slots__ = ("in_dns", "members", "service", "severity")

    def __init__(self, service: Service) -> None:
        self.service = service
        self.members: tuple[Member, ...] | None = None
        """Found out when they are shown for the first time: most of a big cluster never is. ``None`` until then."""
        self.in_dns = 0
        """How many of them are in DNS."""
        self.severity = ""

    def take(self, members: tuple[Member, ...]) -> tuple[Member, ...]:
        """These are the endpoints now."""
        self.members = members
        self.in_dns = sum(member.in_dns for member in members)
        return members


class Entries:
    """Those of one namespace."""

    def __init__(self) -> None:
        self._by_name: dict[str, Entry] = {}
        self._names: list[str] | None = None
        self._severities: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> Entry | None:
        """The entry of a Service."""
        return self._by_name.get(name)

    def add(self, name: str, entry: Entry) -> None:
        """A Service has come."""
        self._by_name[name] = entry
        self._severities[entry.severity] += 1
        self._names = None

    def drop(self, name: str) -> None:
        """A Service has gone."""
        self._severities[self._by_name.pop(name).severity] -= 1
        self._names = None

    def judge(self, name: str, severity: str) -> bool:
        """Note how bad it stands with a Service; whether that is something new."""
        entry = self._by_name[name]
        if entry.severity == severity:
            return False
        self._severities[entry.severity] -= 1
        self._severities[severity] += 1
        entry.severity = severity
        return True

    @property
    def names(self) -> Sequence[str]:
        """Of the Services, sorted."""
        if self._names is None:
            self._names = sorted(self._by_name)
        return self._names

    def worst(self, names: Sequence[str]) -> str:
        """The worst that is known of some of them, if a closed namespace tells of it.

        Args:
            names: As :attr:`names` gave them, or fewer.
        """
        if names is self._names:
            return next((one for one in _TOLD if self._severities[one]), "")
        found = {self._by_name[name].severity for name in names}
        return next((one for one in _TOLD if one in found), "")
