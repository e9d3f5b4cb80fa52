"""The answers of a probe: one card per question, with everything that a doubter wants to see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from kheadless_tui.probe.equivalent import dig_command
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.tui.render.ages import clock, milliseconds
from kheadless_tui.tui.render.cells import clean, natural, pad, shorten, width_of, wrap, wrap_command
from kheadless_tui.tui.render.names import relative, relative_data
from kheadless_tui.tui.render.notes import Note
from kheadless_tui.tui.render.roles import FOCUS, MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.render.row import Row
from kheadless_tui.tui.render.signs import UNICODE, Signs
from kheadless_tui.tui.render.verdicts import rank, verdict_cell
from kheadless_tui.zone.record import Question, Record

if TYPE_CHECKING:
    from kheadless_tui.probe.compare import Row as ComparedRow
    from kheadless_tui.tui.render.probed import ProbeRecord
    from kheadless_tui.tui.render.view import ServiceView

LABEL = 8
"""Cells of the labels on the left of a card."""
MOST_FIELDS = 4
"""Fields of one object that are named; the rest is counted."""

Reasons = dict[tuple[str, str], dict[str, list[str]]]
"""Name and type of records, to the objects that they come from, to the fields."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One record of an answer, or one that should be in it."""

    ttl: str
    type: str
    data: str
    pod: str
    verdict: str
    detail: str


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """One question to one server from one place, and what came back."""

    id: str
    question: Question
    subject: str
    """The question as seen from the Service."""
    verdict: str
    ms: str
    at: str
    """When it was asked."""
    source: str
    """Vantage point, container and carrier."""
    server: str
    status: str
    """Response code, flags and sizes of the sections, or why there is no reply."""
    lines: tuple[AnswerLine, ...]
    authority: tuple[str, ...]
    why: tuple[str, ...]
    equals: str
    """The command that asks the same, complete; empty where there is none."""
    silent: bool
    """No reply came."""


def answer_cards(view: ServiceView) -> list[AnswerCard]:
    """The cards of the last probe, in the order in which it asked."""
    reasons = _reasons(view)
    cards: list[AnswerCard] = []
    for probe in view.last_probe.finished if view.last_probe else ():
        asked = {card.question for card in cards}
        cards += [card for card in _cards_of(view, probe, reasons) if card.question not in asked]
    return cards


def _cards_of(view: ServiceView, probe: ProbeRecord, reasons: Reasons) -> Iterator[AnswerCard]:
    assert probe.result is not None
    assert probe.comparison is not None
    judged: dict[tuple[str, str, str, Question], list[ComparedRow]] = {}
    for row in probe.comparison.rows:
        judged.setdefault((row.vantage, row.server, row.transport, row.question), []).append(row)
    vantages = {vantage.name: vantage for vantage in probe.result.vantages}
    for seen in probe.result.observations:
        rows = judged.get((seen.vantage, seen.server, seen.transport, seen.question), [])
        yield _card(view, probe, seen, rows, vantages.get(seen.vantage), reasons)


def _reasons(view: ServiceView) -> Reasons:
    """Why each name and type has what it has: the objects and fields that the records come from."""
    reasons: Reasons = {}
    for item in view.predicted:
        of_record = reasons.setdefault((item.record.name.lower(), item.record.type), {})
        of_record.setdefault(str(item.source), []).append(item.source.field)
    return reasons


def _reason_text(source: str, fields: Sequence[str]) -> str:
    """An object and the fields of it, a few of them by name."""
    known = sorted({field for field in fields if field}, key=natural)
    if len(known) > MOST_FIELDS:
        known = [*known[:MOST_FIELDS], f"and {len(known) - MOST_FIELDS} more"]
    return clean(f"{source}  {', '.join(known)}".rstrip())


def _card(
    view: ServiceView,
    probe: ProbeRecord,
    seen: Observation,
    rows: Sequence[ComparedRow],
    vantage: Vantage | None,
    reasons: Reasons,
) -> AnswerCard:
    question = seen.question
    subject = f"{relative(question.name, view.origin)} {question.type}"
    return AnswerCard(
        id=f"{probe.number}/{seen.vantage}/{seen.server}/{seen.transport}/{question.name}/{question.type}",
        question=question,
        subject=subject,
        verdict=min((row.verdict for row in rows), key=rank, default="not judged"),
        ms=milliseconds(seen.ms) if seen.ms is not None else "",
        at=clock(probe.started),
        source=_source(seen, vantage),
        server=_server(view, seen),
        status=_status(seen),
        lines=_lines(view, seen, rows),
        authority=tuple(_shown(record, view.origin) for record in seen.authority) if not seen.answer else (),
        why=_why(view, question, reasons),
        equals=clean_command(dig_command(seen, vantage)) if vantage is not None else "",
        silent=bool(seen.error),
    )


def _source(seen: Observation, vantage: Vantage | None) -> str:
    if vantage is None:
        return clean(seen.vantage)
    parts = [vantage.name]
    if vantage.container and f":{vantage.container}" not in vantage.name:
        parts.append(f"container {vantage.container}")
    made = f"{vantage.image}, removed since" if vantage.created and vantage.kind == "new" else ""
    return clean(", ".join([*parts, *([made] if made else []), f"by {vantage.tool}"]))


def _server(view: ServiceView, seen: Observation) -> str:
    names = view.snapshot.services_at(seen.server)
    name = f"{names[0].name} " if names else ""
    return clean(f"{name}{seen.server} over {seen.transport.upper()}")


def _status(seen: Observation) -> str:
    if seen.error:
        return clean(seen.error)
    flags = f"  flags {' '.join(seen.flags)}" if seen.flags else ""
    sizes = f"  answer {len(seen.answer)}  authority {len(seen.authority)}  additional {len(seen.additional)}"
    return clean(f"{seen.rcode or 'response code not told'}{flags}{sizes}")


def _lines(view: ServiceView, seen: Observation, rows: Sequence[ComparedRow]) -> tuple[AnswerLine, ...]:
    """The answer record by record with its verdict, then what should have been in it and is not."""
    left = list(rows)
    lines: list[AnswerLine] = []
    for record in seen.answer:
        row = next((row for row in left if _same(row.record, record)), None)
        if row is not None:
            left.remove(row)
        pod = row.pod if row else view.pod_of(record.data) if record.type in ("A", "AAAA") else None
        lines.append(
            AnswerLine(
                ttl=str(record.ttl) if seen.ttl_known else "?",
                type=record.type,
                data=relative_data(record, view.origin),
                pod=clean(pod or ("no pod" if record.type in ("A", "AAAA") else "")),
                verdict=row.verdict if row else "",
                detail=clean(row.detail) if row and row.verdict != "extra" else "",
            )
        )
    for row in left:
        lines.append(
            AnswerLine(
                ttl="–" if row.observed_ttl is None else str(row.observed_ttl),
                type=row.record.type,
                data=relative_data(row.record, view.origin),
                pod=clean(row.pod or ""),
                verdict=row.verdict,
                detail=clean(row.detail),
            )
        )
    return tuple(lines)


def _same(one: Record, other: Record) -> bool:
    return one.type == other.type and (one.name.lower(), one.data.lower()) == (other.name.lower(), other.data.lower())


def _shown(record: Record, origin: str) -> str:
    return clean(f"{relative(record.name, origin)} {record.ttl} IN {record.type} {record.data}")


def _why(view: ServiceView, question: Question, reasons: Reasons) -> tuple[str, ...]:
    found = reasons.get((question.name.lower(), question.type))
    if found:
        return tuple(_reason_text(source, fields) for source, fields in found.items())
    answer = view.answer_to(question)
    return tuple(clean(step.why) for step in answer.steps[-1:] if step.why)


def clean_command(command: str) -> str:
    """A command with what a terminal would obey taken out, its own line ends kept."""
    return "\n".join(clean(line) for line in command.splitlines())


@dataclass(frozen=True)
class AnswersLayout:
    """The cards at one width."""

    width: int
    signs: Signs
    one_place: bool
    """All answers come from one place, one server and one moment, which the rule above says."""
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """As many lines as a card needs."""
        return [len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """The lines of one card or remark."""
        if isinstance(row.value, Note):
            return row.value.lines(self.width, self.signs)
        card = row.value
        assert isinstance(card, AnswerCard)
        lines = [self._head(card)]
        if not self.one_place:
            lines += self._labelled("from", [f"{card.source} {self.signs.arrow} {card.server}, at {card.at}"])
        lines += self._labelled("status", [card.status], UNKNOWN if card.silent else TEXT)
        lines += self._records(card)
        lines += self._labelled("denied", card.authority)
        lines += self._labelled("why", card.why)
        if card.equals:
            lines += _label("equals", [Text(line, TEXT) for line in wrap_command(card.equals, self.width - LABEL)])
        lines.append(Text())
        return lines

    def _head(self, card: AnswerCard) -> Text:
        line = Text()
        for text, role in verdict_cell(card.verdict, self.signs).parts:
            line.append(text, role)
        tail = f"  {card.ms}" if card.ms else ""
        room = max(8, self.width - line.cell_len - 2 - len(tail))
        line.append("  ")
        line.append(shorten(clean(f"{card.question.name} {card.question.type}"), room), FOCUS)
        line.append(tail, MUTED)
        return line

    def _labelled(self, label: str, texts: Iterable[str], role: str = TEXT) -> list[Text]:
        room = max(8, self.width - LABEL)
        lines = [line for text in texts for line in ([text] if width_of(text) <= room else wrap(text, room))]
        return _label(label, [Text(line, role) for line in lines])

    def _records(self, card: AnswerCard) -> list[Text]:
        if not card.lines:
            return []
        widths = [max(width_of(getattr(line, part)) for line in card.lines) for part in ("ttl", "type", "data", "pod")]
        lines: list[Text] = []
        for line in card.lines:
            text = Text()
            text.append(f"{pad(line.ttl, widths[0], right=True)} ", MUTED)
            text.append(f"{pad(line.type, widths[1])} {pad(line.data, widths[2])}  ", TEXT)
            text.append(f"{pad(line.pod, widths[3])}  " if widths[3] else "", TEXT)
            for part, role in verdict_cell(line.verdict, self.signs).parts if line.verdict else ():
                text.append(part, role)
            text.rstrip()
            lines.append(text)
            if line.detail:
                lines += [Text(f"  {part}", MUTED) for part in wrap(line.detail, self.width - LABEL - 2)]
        return _label("answer", lines)


def _label(label: str, lines: Sequence[Text]) -> list[Text]:
    labelled = []
    for number, line in enumerate(lines):
        text = Text(pad(label if number == 0 else "", LABEL), MUTED)
        text.append_text(line)
        labelled.append(text)
    return labelled


def answers_layout(rows: Sequence[Row], width: int, signs: Signs = UNICODE) -> AnswersLayout:
    """The cards in a width."""
    cards = [row.value for row in rows if isinstance(row.value, AnswerCard)]
    return AnswersLayout(width, signs, len({(card.source, card.server, card.at) for card in cards}) <= 1)
