"""Remarks inside a panel: why it is empty or partial, and which key helps. Each state has words of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.text import Text

from kheadless_tui.cluster.bounds import MAX_LISTS, MAX_OBJECTS
from kheadless_tui.cluster.state import (
    Forbidden,
    Live,
    Offline,
    Polled,
    Reading,
    ReadState,
    Unauthorized,
    undecodable_text,
)
from kheadless_tui.tui.text.ages import clock
from kheadless_tui.tui.text.cells import clean, wrap
from kheadless_tui.tui.text.roles import MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.signs import UNICODE, Signs

RULE = "W shows the rule an admin would add, as YAML."
"""Ends every remark on a right that is missing."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of one or more sentences, with a sign before it."""

    text: str
    sign: str = ""
    """Name of a sign in :class:`Signs`; empty for none."""
    role: str = MUTED
    """Role of the sign."""
    more: tuple[str, ...] = ()
    """Further sentences, each on lines of its own, muted."""

    def lines(self, width: int, signs: Signs = UNICODE) -> list[Text]:
        """The remark wrapped to a width; what follows the sign stands in one column."""
        sign = getattr(signs, self.sign) if self.sign else " "
        room = max(1, width - 2)
        lines: list[Text] = []
        for number, text in enumerate(wrap(clean(self.text), room)):
            line = Text(sign if number == 0 else " ", self.role)
            line.append(f" {text}", TEXT)
            lines.append(line)
        for sentence in self.more:
            lines += [Text(f"  {text}", MUTED) for text in wrap(clean(sentence), room)]
        return lines


def note_for(state: ReadState | None, what: str, namespace: str, consequence: Sequence[str] = ()) -> Note | None:
    """What is to be said about reading one kind of object in one namespace.

    Args:
        state: How reading stands; ``None`` when nothing was asked for yet.
        what: The kind in the plural, as in rights: ``pods``.
        namespace: Where.
        consequence: What is shown all the same when reading is forbidden.

    Returns:
        ``None`` when all is well.
    """
    if state is None or isinstance(state, Reading):
        count = state.objects if isinstance(state, Reading) else 0
        so_far = f": {count:,} so far" if count else ""
        return Note(f"reading {what} of {namespace}{so_far}", "ellipsis", UNKNOWN)
    if isinstance(state, Forbidden):
        return Note(f"You may not list {what} in {namespace}.", "attention", UNKNOWN, (*consequence, RULE))
    if isinstance(state, Offline):
        return Note(
            f"{state.cause.rstrip('.')} (since {clock(state.since)}).",
            "attention",
            UNKNOWN,
            ("Shown is what was true then. ctrl-r tries now.",),
        )
    if isinstance(state, Unauthorized):
        return Note(
            f"{state.cause.rstrip('.')} (since {clock(state.since)}).",
            "attention",
            UNKNOWN,
            ("Log in again in another terminal; ctrl-r tries now.",),
        )
    left_out = _left_out(state, what)
    if isinstance(state, Polled):
        again = f"{polled_text(state, what, namespace)}."
        return Note(again, "attention", UNKNOWN, (*([left_out.text] if left_out else []), RULE))
    return left_out


def polled_text(state: Polled, what: str, namespace: str) -> str:
    """How it is read what may not be watched, and of when it is; without a full stop."""
    of_then = f"as of {clock(state.listed)}, asked for again by {clock(state.next_try)}"
    if state.by_name:
        return f"Only {what} that you may get by name are shown: {of_then}"
    return f"You may not watch {what} in {namespace}: {of_then}"


def undecoded(states: Iterable[tuple[str, ReadState | None]]) -> tuple[str, ...]:
    """What is said of objects that were read and could not be understood: by kind in the plural, the state."""
    return tuple(
        f"{undecodable_text(state.undecodable, what)}."
        for what, state in states
        if isinstance(state, (Live, Polled)) and state.undecodable
    )


def _left_out(state: Live | Polled, what: str) -> Note | None:
    if state.left_out:
        more = f"{state.left_out:,} more are left out: a smaller scope (-n, -l) is seen whole."
        return Note(f"Only the first {MAX_OBJECTS:,} {what} are kept.", "attention", UNKNOWN, (more,))
    if not state.undecodable:
        return None
    return Note(f"{undecodable_text(state.undecodable, what)}.", "attention", UNKNOWN)


def queued(states: Iterable[ReadState]) -> tuple[str, ...]:
    """Lists that wait until others have ended, where there are any."""
    waiting = sum(isinstance(state, Reading) and state.waiting for state in states)
    return (f"{MAX_LISTS} lists are read at a time; {waiting} wait for their turn.",) if waiting else ()
