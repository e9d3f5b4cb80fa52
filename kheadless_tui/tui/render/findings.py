"""Findings as cards: what is wrong, the fields that show it, the rule, what to do, how to see it, where to read."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from kheadless_tui.diagnose.finding import ERROR, WARNING, Fact, Finding
from kheadless_tui.tui.render.answers import LABEL
from kheadless_tui.tui.render.cards import Cards
from kheadless_tui.tui.render.commands import command_lines
from kheadless_tui.tui.text.cells import clean, pad, shorten, width_of, wrap
from kheadless_tui.tui.text.roles import BAD, FOCUS, MUTED, TEXT, WARN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import UNICODE, Signs


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One finding; in few lines where there is little room."""

    finding: Finding
    opened: bool
    """All of it, or its title alone with the first thing to do where something is wrong."""
    flags: Sequence[str] = ()
    """By which kubectl reaches the cluster."""


@dataclass(frozen=True)
class FindingsLayout(Cards):
    """The cards at one width."""

    def card(self, row: Row) -> Sequence[Text]:
        """The lines of one card."""
        card = row.value
        assert isinstance(card, FindingCard)
        return self._open(card.finding, card.flags) if card.opened else self._title(card.finding)

    def _title(self, finding: Finding) -> list[Text]:
        sign, role = _look(finding.severity, self.signs)
        lines: list[Text] = []
        for number, text in enumerate(wrap(clean(f"{finding.code} {finding.title}"), max(8, self.width - 2))):
            line = Text(sign if number == 0 else " ", role)
            code, blank, rest = text.partition(" ") if number == 0 else ("", "", text)
            line.append(f" {code}{blank}", role)
            line.append(rest, TEXT)
            lines.append(line)
        if finding.severity in (ERROR, WARNING) and finding.fix:
            label = "fix"
            for part in wrap(clean(finding.fix[0]), max(8, self.width - 2 - len(label) - 1)):
                lines.append(Text(f"  {label} ", MUTED).append(part, TEXT))
                label = " " * len(label)
        return lines

    def _open(self, finding: Finding, flags: Sequence[str]) -> list[Text]:
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
            command = finding.command.replace("kubectl", shlex.join(["kubectl", *flags]), 1)
            lines += command_lines("try", command, self.width, LABEL)
        if finding.link:
            lines += self._link(clean(finding.link), room)
        return [*lines, Text()]

    def _link(self, link: str, room: int) -> list[Text]:
        """An address in one piece where there is a line for it, below its label if it must be: so it can be clicked."""
        if room < width_of(link) <= self.width:
            return [Text("read", MUTED), Text(link, TEXT)]
        return _labelled("read", link, room)

    def _fields(self, facts: Sequence[Fact], room: int) -> list[Text]:
        """Source, field and value in columns; a value that does not fit beside the others below its field."""
        if not facts:
            return []
        sources = [clean(fact.source) for fact in facts]
        fields = [clean(fact.field) for fact in facts]
        left, middle = max(map(width_of, sources)), max(map(width_of, fields))
        lines: list[Text] = []
        for number, (fact, source, field) in enumerate(zip(facts, sources, fields, strict=True)):
            label, value = "fields" if number == 0 else "", clean(fact.value)
            if left + middle + width_of(value) + 4 <= room:
                lines.append(_line(label, f"{pad(source, left)}  {pad(field, middle)}  {value}"))
                continue
            if left + middle + 2 <= room:
                lines.append(_line(label, f"{pad(source, left)}  {field}"))
            else:
                lines += [_line(label, shorten(source, room)), *_indented(field, room)]
            # Labels stand without blanks between them, which leaves no place to break a line at.
            lines += _indented(value.replace(",", ", "), room)
        return lines


def _look(severity: str, signs: Signs) -> tuple[str, str]:
    if severity == ERROR:
        return signs.error, BAD
    return (signs.attention, WARN) if severity == WARNING else (signs.hint, MUTED)


def _line(label: str, text: str) -> Text:
    line = Text(pad(label, LABEL), MUTED)
    line.append(text, TEXT)
    return line


def _indented(text: str, room: int) -> list[Text]:
    return [_line("", f"  {part}") for part in wrap(text, max(8, room - 2))]


def _labelled(label: str, text: str, room: int) -> list[Text]:
    if not text:
        return []
    return [_line(label if number == 0 else "", part) for number, part in enumerate(wrap(clean(text), room))]


def findings_layout(rows: Sequence[Row], width: int, signs: Signs = UNICODE) -> FindingsLayout:
    """The cards in a width."""
    return FindingsLayout(width, signs)
