"""Findings as cards: what is wrong, the fields that show it, the rule, what to do, how to see it, where to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from kheadless_tui.diagnose.finding import ERROR, WARNING, Fact, Finding
from kheadless_tui.tui.render.answers import LABEL
from kheadless_tui.tui.render.cells import clean, pad, shorten, width_of, wrap
from kheadless_tui.tui.render.commands import command_lines
from kheadless_tui.tui.render.notes import Note
from kheadless_tui.tui.render.roles import BAD, FOCUS, MUTED, TEXT, WARN
from kheadless_tui.tui.render.row import Row
from kheadless_tui.tui.render.signs import UNICODE, Signs


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One finding; in few lines where there is little room."""

    finding: Finding
    opened: bool
    """All of it, or its title alone."""


@dataclass(frozen=True)
class FindingsLayout:
    """The cards at one width."""

    width: int
    signs: Signs
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """As many lines as a card needs."""
        return [len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """The lines of one card or remark."""
        if isinstance(row.value, Note):
            return row.value.lines(self.width, self.signs)
        card = row.value
        assert isinstance(card, FindingCard)
        return self._open(card.finding) if card.opened else self._title(card.finding)

    def _title(self, finding: Finding) -> list[Text]:
        sign, role = _look(finding.severity, self.signs)
        lines: list[Text] = []
        for number, text in enumerate(wrap(clean(f"{finding.code} {finding.title}"), max(8, self.width - 2))):
            line = Text(sign if number == 0 else " ", role)
            code, blank, rest = text.partition(" ") if number == 0 else ("", "", text)
            line.append(f" {code}{blank}", role)
            line.append(rest, TEXT)
            lines.append(line)
        return lines

    def _open(self, finding: Finding) -> list[Text]:
        sign, role = _look(finding.severity, self.signs)
        lines: list[Text] = []
        room = max(8, self.width - LABEL)
        head = Text(f"{sign} {finding.code} {finding.severity}", role)
        for number, text in enumerate(wrap(clean(finding.title), max(8, self.width - head.cell_len - 2))):
            line = head.copy() if number == 0 else Text(" " * head.cell_len)
            line.append(f"  {text}", FOCUS)
            lines.append(line)
        lines += _labelled("cause", finding.cause, room)
        lines += self._fields(finding.fields, room)
        lines += _labelled("rule", finding.rule, room)
        for number, step in enumerate(finding.fix, 1):
            for place, text in enumerate(wrap(clean(step), room - 3)):
                before = f"{number}  " if place == 0 else "   "
                lines.append(_line("fix" if number == 1 and place == 0 else "", before + text))
        if finding.command:
            lines += command_lines("try", finding.command, self.width, LABEL)
        if finding.link:
            lines.append(_line("read", clean(finding.link)))
        return [*lines, Text()]

    def _fields(self, facts: Sequence[Fact], room: int) -> list[Text]:
        """Source, field and value in columns; where they do not fit beside one another, the value below."""
        if not facts:
            return []
        sources = [clean(fact.source) for fact in facts]
        fields = [clean(fact.field) for fact in facts]
        values = [clean(fact.value) for fact in facts]
        left, middle = max(map(width_of, sources)), max(map(width_of, fields))
        wide = left + middle + max(map(width_of, values)) + 4 <= room
        lines: list[Text] = []
        for number, (source, field, value) in enumerate(zip(sources, fields, values, strict=True)):
            label = "fields" if number == 0 else ""
            if wide:
                line = _line(label, f"{pad(source, left)}  {pad(field, middle)}  ")
                line.append(value, TEXT)
                lines.append(line)
                continue
            lines.append(_line(label, shorten(source, room)))
            texts = wrap(f"{field} = {value}", room, indent="    ")
            lines += [_line("", f"  {text}") for text in wrap(" ".join(texts), room - 2, indent="  ")]
        return lines


def _look(severity: str, signs: Signs) -> tuple[str, str]:
    if severity == ERROR:
        return signs.error, BAD
    return (signs.attention, WARN) if severity == WARNING else (signs.hint, MUTED)


def _line(label: str, text: str) -> Text:
    line = Text(pad(label, LABEL), MUTED)
    line.append(text, TEXT)
    return line


def _labelled(label: str, text: str, room: int) -> list[Text]:
    if not text:
        return []
    return [_line(label if number == 0 else "", part) for number, part in enumerate(wrap(clean(text), room))]


def findings_layout(rows: Sequence[Row], width: int, signs: Signs = UNICODE) -> FindingsLayout:
    """The cards in a width."""
    return FindingsLayout(width, signs)
