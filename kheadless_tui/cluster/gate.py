"""The one gate in front of everything that is written to a cluster or run in it.

Who wants to write describes it as a :class:`WritePlan`; :meth:`Gate.permit` refuses in read-only mode, asks the user
where something is created, and hands out the :class:`Permit` without which no writing function can be called.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kheadless_tui.errors import UsageError, WriteRefused


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the question to the user: a verb (``create``, ``then``, ``removed``) and what it is about."""

    verb: str
    what: str
    details: tuple[str, ...] = ()
    """Further lines: image, command, limits."""


@dataclass(frozen=True, slots=True)
class WritePlan:
    """What will be done in the cluster, whole, before it is done."""

    title: str
    """The question: ``Create a temporary pod in shop?``."""
    actions: tuple[Action, ...]
    equals: tuple[str, ...] = ()
    """The equal kubectl commands, each complete and quoted for a shell; long ones wrapped with a backslash."""
    needs_confirmation: bool = True
    """False where nothing is created: an exec in a container that runs anyway."""
    rights: tuple[tuple[str, bool | None], ...] = ()
    """Each right that is needed (``create pods``) and whether the user has it; ``None`` when that is not known."""
    instead: str = ""
    """A way that creates nothing, or why there is none."""
    manifest: str = ""
    """The object that will be created, as JSON that kubectl takes; empty when none is."""

    def text(self) -> str:
        """The plan as lines for a terminal that is only written to."""
        rows: list[tuple[str, str]] = []
        for action in self.actions:
            rows.append((action.verb, action.what))
            rows += [("", detail) for detail in action.details]
        if self.rights:
            rows.append(("rights", "   ".join(f"{right} {_yes_no(allowed)}" for right, allowed in self.rights)))
        for number, command in enumerate(self.equals):
            lines = command.splitlines()
            rows.append(("equals" if not number else "", lines[0]))
            rows += [("", line) for line in lines[1:]]
        if self.instead:
            rows.append(("instead", self.instead))
        return "\n".join([self.title, *(f"  {label:<9}{text}".rstrip() for label, text in rows)])


def _yes_no(allowed: bool | None) -> str:
    return "unknown" if allowed is None else "yes" if allowed else "no"


class Permit:
    """Proof that the gate let a plan through; only :class:`Gate` makes one."""

    __slots__ = ("plan",)

    def __init__(self, plan: WritePlan, *, _key: object) -> None:
        if _key is not _GATE_KEY:
            raise TypeError("a Permit comes from Gate.permit() alone")
        self.plan = plan


_GATE_KEY = object()

Confirm = Callable[[WritePlan], Awaitable[bool]]
"""Asks the user; true only when the user said yes."""


class Gate:
    """Decides over every write of one run of the program."""

    def __init__(self, readonly: bool, confirm: Confirm | None) -> None:
        """``confirm`` is ``None`` where nobody can be asked (no terminal and no ``--yes``): then nothing is created."""
        self.readonly = readonly
        self._confirm = confirm

    async def permit(self, plan: WritePlan) -> Permit:
        """Let the plan through, or not.

        Raises:
            WriteRefused: read-only mode; the user said no.
            UsageError: nobody can be asked, and no flag has answered the question beforehand.
        """
        if self.readonly:
            raise WriteRefused(
                f"Refused, because the program runs with --readonly: {_statement(plan.title)}.",
                hint="Start without --readonly to ask DNS from inside a pod; predictions need no write.",
            )
        if plan.needs_confirmation:
            if self._confirm is None:
                raise UsageError(
                    f"Not done without a confirmation: {_statement(plan.title)}.",
                    hint="Say --yes, or run it on a terminal, where the question is asked." + _instead(plan),
                )
            if not await self._confirm(plan):
                raise WriteRefused(
                    f"Not confirmed, so nothing was done: {_statement(plan.title)}.", hint=_instead(plan).strip()
                )
        return Permit(plan, _key=_GATE_KEY)


def _statement(title: str) -> str:
    text = title.rstrip("?. ")
    return text[:1].lower() + text[1:]


def _instead(plan: WritePlan) -> str:
    return f" Instead: {plan.instead}." if plan.instead else ""
