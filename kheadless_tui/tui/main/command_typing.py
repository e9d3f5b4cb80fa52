"""A command while it is typed in the status row: its choices above it, and what was typed before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kheadless_tui.tui.keys.command_line import Choice, Known, Verb, choices
from kheadless_tui.tui.keys.memory import MOST_LINES
from kheadless_tui.tui.widgets.candidates import Candidates
from kheadless_tui.tui.widgets.status import COMMAND, StatusRow


class CommandTyping:
    """Between the line to type in and the choices above it."""

    def __init__(self, status: StatusRow, candidates: Candidates, history: list[str]) -> None:
        """Set up.

        Args:
            status: Where it is typed.
            candidates: Where the choices are seen.
            history: Lines that were run, the oldest first; what is run is added to it.
        """
        self._status = status
        self._candidates = candidates
        self._history = history
        self._verbs: Callable[[], Sequence[Verb]] = tuple
        self._known = Known()
        self._choices: list[Choice] = []
        self._chosen = -1
        self._back = 0
        """Lines back in the history that is seen; 0 for what is being typed."""

    def begin(self, verbs: Callable[[], Sequence[Verb]], known: Known, text: str = "") -> None:
        """Let a command be typed; within what is typed a colon is a colon.

        Args:
            verbs: What there is.
            known: What their words can be.
            text: What stands there to begin with.
        """
        if self._status.typing:
            self._status.insert(COMMAND)
            return
        self._verbs, self._known, self._back = verbs, known, 0
        self._status.open(COMMAND, text)
        self.typed(text)

    def learn(self, known: Known) -> None:
        """More is known of what words can be."""
        self._known = known
        if self._status.prompt == COMMAND:
            self.typed(self._status.text)

    def typed(self, text: str) -> None:
        """Show what could be meant now."""
        self._choices, total = choices(text, self._verbs(), self._known)
        self._chosen = -1
        self._candidates.show(self._choices, self._chosen, total)

    def choose(self, step: int) -> None:
        """One choice on or back; the line stays as it was typed until it is completed or run."""
        if not self._choices:
            return
        self._chosen = (
            (self._chosen + step) % len(self._choices) if self._chosen >= 0 or step > 0 else -1 % len(self._choices)
        )
        self._candidates.show(self._choices, self._chosen, len(self._choices))

    def complete(self) -> None:
        """Put the choice into the line: the chosen one, else what all that begin so have in common."""
        text = self._status.text
        if self._chosen >= 0:
            self._status.replace(self._choices[self._chosen].line)
            return
        begin = [choice.line for choice in self._choices if choice.line.lower().startswith(text.lower())]
        common = _common(begin) if begin else self._choices[0].line if len(self._choices) == 1 else text
        if len(common) > len(text):
            self._status.replace(common)
        elif self._choices:
            self.choose(+1)

    def recall(self, step: int) -> None:
        """An earlier line (-1), or a later one."""
        back = self._back - step
        if 0 <= back <= len(self._history):
            self._back = back
            self._status.replace(self._history[-back] if back else "")

    def end(self, *, keep: bool) -> str:
        """Typing ended.

        Returns:
            The line to run: the chosen one, else what was typed; empty when it was given up.
        """
        line = self._choices[self._chosen].line if self._chosen >= 0 else self._status.text
        self._status.close()
        self._candidates.hide()
        if not keep or not line.strip():
            return ""
        if line.strip() not in self._history[-1:]:
            self._history.append(line.strip())
            del self._history[:-MOST_LINES]
        return line


def _common(lines: Sequence[str]) -> str:
    """What all lines begin with."""
    first, last = min(lines), max(lines)
    return next((first[:index] for index, sign in enumerate(first) if sign != last[index : index + 1]), first)
