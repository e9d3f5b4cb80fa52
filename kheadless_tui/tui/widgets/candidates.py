"""What could be meant by a line that is being typed, above the row that it is typed in; it covers what is there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from kheadless_tui.tui.keys.command_line import Choice
from kheadless_tui.tui.text.cells import clean, cut, pad, width_of
from kheadless_tui.tui.text.roles import FOCUS, FRAME, MUTED, TEXT
from kheadless_tui.tui.widgets.rule import Line

MOST_ROWS = 8
"""Choices that are seen at once."""


class Candidates(Line):
    """A rule with a count, and a row for each choice."""

    _choices: tuple[Choice, ...] = ()
    _chosen = -1
    _total = 0

    def show(self, choices: Sequence[Choice], chosen: int, total: int) -> None:
        """Show these, of so many, one of them chosen (-1: none)."""
        self._choices, self._chosen, self._total = tuple(choices), chosen, total
        self.display = True
        room = max(1, min(MOST_ROWS, self.screen.size.height // 2))
        self.styles.height = 1 + min(len(choices), room)
        self.refresh(layout=True)

    def hide(self) -> None:
        """Take it away."""
        self.display = False

    def lines(self, width: int) -> list[Text]:
        """As many choices as there are rows for, the chosen one among them."""
        signs, rows = self.signs, max(0, self.size.height - 1)
        first = max(0, min(self._chosen - rows + 1, len(self._choices) - rows)) if self._chosen >= rows else 0
        count = f" {len(self._choices)} of {self._total} "
        rule = Text(signs.rule * 2, FRAME).append(" commands ", TEXT)
        rule.append(signs.rule * max(0, width - rule.cell_len - width_of(count) - 1), FRAME)
        rule.append(count, MUTED).append(signs.rule, FRAME)
        usages = max((width_of(clean(choice.usage)) for choice in self._choices), default=0)
        column = min(usages, max(8, width // 2))
        lines = [rule]
        for number, choice in enumerate(self._choices[first : first + rows], first):
            usage = pad(cut(clean(choice.usage), column, signs.ellipsis), column)
            says = cut(clean(choice.says), max(0, width - column - 5), signs.ellipsis)
            if number == self._chosen:
                lines.append(Text(pad(f"{signs.cursor}{usage}  {says}", width), Style(reverse=True)))
            else:
                lines.append(Text.assemble((f" {usage}", FOCUS), "  ", (says, MUTED)))
        return lines
