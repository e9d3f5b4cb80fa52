"""The levers of a lab: what a lesson, a test or a person at the lab's menu does to the cluster, and how it is undone.

Each lever breaks one thing in the way in which it breaks in real clusters, where a client can see it: in the objects,
in the answers of the API server, in a DNS server, in the network. None of them tells the program what it did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kheadless_tui.errors import InputError
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.switches.api import API_SWITCHES
from kheadless_tui.lab.switches.objects import OBJECT_SWITCHES
from kheadless_tui.lab.switches.servers import SERVER_SWITCHES
from kheadless_tui.lab.switches.switch import Switch
from kheadless_tui.lab.switches.wire import WIRE_SWITCHES

if TYPE_CHECKING:
    from kheadless_tui.lab.lab import Lab


@dataclass(frozen=True, slots=True)
class Lever:
    """A lever as it stands now: pure data, for a menu."""

    name: str
    """Stable, for programs: ``drop-udp``."""
    title: str
    """A few words for a menu."""
    says: str
    """One sentence: what goes wrong, and who is meant to notice."""
    choices: tuple[str, ...]
    """What it can be pulled on; empty while there is nothing of the kind."""
    active: str | None
    """The choice that it is pulled on; ``None`` while it is not."""


class Levers:
    """All levers of a running lab. Pulling one that is pulled already undoes it first."""

    def __init__(self, lab: Lab) -> None:
        made: Iterable[Switch] = (switch(lab) for switch in _SWITCHES)
        self._switches = {switch.name: switch for switch in made}

    def entries(self) -> list[Lever]:
        """The levers as they stand now, in the order of a menu."""
        return [
            Lever(switch.name, switch.title, switch.says, switch.choices(), switch.active())
            for switch in self._switches.values()
        ]

    async def pull(self, name: str, choice: str) -> str:
        """Break it.

        Args:
            name: The lever's.
            choice: One of its choices.

        Returns:
            A sentence that says what was done.

        Raises:
            InputError: there is no such lever or choice, or what it is about went away.
        """
        switch = self._find(name)
        choices = switch.choices()
        if choice not in choices:
            there = ", ".join(choices) or "nothing now"
            raise InputError(f"{switch.title}: {choice!r} is no choice", hint=f"There is: {there}.")
        try:
            if switch.active() is not None:
                switch.undo()
            return switch.pull(choice)
        except ApiFailure as failure:
            raise InputError(f"{switch.title}: {failure.message}") from failure

    async def undo(self, name: str) -> str:
        """Mend it; one that is not pulled stays as it is.

        Returns:
            A sentence that says what was done.

        Raises:
            InputError: there is no such lever.
        """
        switch = self._find(name)
        if switch.active() is None:
            return f"{switch.title}: nothing to undo."
        try:
            return switch.undo()
        except ApiFailure as failure:
            raise InputError(f"{switch.title}: {failure.message}") from failure

    async def undo_all(self) -> None:
        """Mend everything."""
        for name, switch in self._switches.items():
            if switch.active() is not None:
                await self.undo(name)

    def _find(self, name: str) -> Switch:
        if name not in self._switches:
            raise InputError(f"no lever is called {name!r}", hint=f"There is: {', '.join(self._switches)}.")
        return self._switches[name]


_SWITCHES = (*OBJECT_SWITCHES, *SERVER_SWITCHES, *WIRE_SWITCHES, *API_SWITCHES)
