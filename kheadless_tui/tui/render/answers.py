"""The answers of a probe: a line for each question, and one of them with everything that a doubter wants to see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.text import Text

from kheadless_tui.model.remembered import remembered
from kheadless_tui.tui.known.probed import record_key
from kheadless_tui.tui.render.commands import clean_command, command_lines
from kheadless_tui.tui.text.ages import clock, milliseconds
from kheadless_tui.tui.text.cells import clean, natural, pad, shorten, width_of, wrap
from kheadless_tui.tui.text.names import asked, relative, relative_data
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.signs import UNICODE, Signs
from kheadless_tui.tui.text.verdicts import OLDER, WORD_WIDTH, rank, verdict_cell
from kheadless_tui.zone.naming.reverse_names import address_of_reverse

if TYPE_CHECKING:
    from kheadless_tui.model.snapshot import Snapshot
    from kheadless_tui.probe.comparison.compare import Row as ComparedRow
    from kheadless_tui.probe.observation import Observation, Vantage
    from kheadless_tui.tui.known.probed import ProbeRecord
    from kheadless_tui.tui.known.view import ServiceView
    from kheadless_tui.tui.text.row import Row
    from kheadless_tui.zone.record import PredictedRecord, Question, Record

    Records = tuple[PredictedRecord, ...]
    Probes = tuple[ProbeRecord, ...]

LABEL = 8
"""Cells of the labels on the left of a card."""
MOST_FIELDS = 4
"""Fields of one object that are named; the rest is counted."""


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
class AnswerHead:
    """One question to one server from one place, in one line."""

    id: str
    question: Question
    subject: str
    """The question as seen from the Service."""
    verdict: str
    rcode: str
    ms: str
    at: str
    """When it was asked."""
    place: tuple[str, str]
    """Where from, and which server over what."""
    seen: Observation = field(compare=False, hash=False, repr=False)
    probe: ProbeRecord = field(compare=False, hash=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """The same with everything that is known of the answer."""

    head: AnswerHead
    status: str
    """Response code, flags and sizes of the sections, or why there is no reply."""
    lines: tuple[AnswerLine, ...]
    authority: tuple[str, ...]
    why: tuple[str, ...]
    equals: str
    """The command that asks the same, complete; empty where there is none."""


def answer_heads(view: ServiceView) -> Sequence[AnswerHead]:
    """The answers that are shown: those of the last probe, and earlier ones to what was not asked again since."""
    return heads(*heads_of(view))


def heads_of(view: ServiceView) -> tuple[Records, Probes, str, tuple[tuple[str, str], ...]]:
    """What :func:`heads` makes the lines of a view from; it is done at once, and the lines may be made in a thread."""
    probes = view.last_probe.finished if view.last_probe else ()
    servers = dict.fromkeys(str(server) for probe in probes if probe.result for server in probe.result.servers)
    names = tuple((server, _service_at(view.snapshot, server)) for server in servers)
    return view.predicted, probes, view.origin, names


@remembered
def heads(records: Records, probes: Probes, origin: str, names: tuple[tuple[str, str], ...]) -> Sequence[AnswerHead]:
    """The answers of some probes.

    Args:
        records: What must exist now.
        probes: The newest first.
        origin: The Service's own name.
        names: The Service at the address of each server, empty where there is none.
    """
    made: list[AnswerHead] = []
    for probe in probes:
        known = {head.question for head in made}
        changed = probe.questions_changed(record_key(item.record) for item in records)
        made += [head for head in _heads_of(probe, changed, origin, dict(names)) if head.question not in known]
    return made


def _heads_of(
    probe: ProbeRecord, changed: Collection[tuple[str, str]], origin: str, names: Mapping[str, str]
) -> Iterator[AnswerHead]:
    assert probe.result is not None
    assert probe.comparison is not None
    worst: dict[tuple[str, str, str, Question], str] = {}
    for row in probe.comparison.rows:
        key = (row.vantage, row.server, row.transport, row.question)
        worst[key] = min(worst.get(key, row.verdict), row.verdict, key=rank)
    vantages = {vantage.name: vantage for vantage in probe.result.vantages}
    places: dict[tuple[str, str, str], tuple[str, str]] = {}
    for seen in probe.result.observations:
        key = (seen.vantage, seen.server, seen.transport, seen.question)
        where = key[:3]
        if where not in places:
            places[where] = (_source(seen, vantages.get(seen.vantage)), _server(names, seen))
        question = seen.question
        yield AnswerHead(
            id=f"{probe.number}/{'/'.join(where)}/{question.name}/{question.type}",
            question=question,
            subject=f"{asked(question.name, origin)} {question.type}",
            verdict=OLDER if _folded(question) in changed else worst.get(key, "not judged"),
            rcode=clean(seen.rcode),
            ms=milliseconds(seen.ms) if seen.ms is not None else "",
            at=clock(probe.started),
            place=places[where],
            seen=seen,
            probe=probe,
        )


def _folded(question: Question) -> tuple[str, str]:
    return question.name.lower(), question.type


def answer_card(view: ServiceView, head: AnswerHead) -> AnswerCard:
    """One answer in full."""
    from kheadless_tui.probe.choosing.equivalent import dig_command  # noqa: PLC0415 - paid for with the first answer

    seen, probe = head.seen, head.probe
    assert probe.result is not None
    assert probe.comparison is not None
    rows = [
        row
        for row in probe.comparison.rows
        if (row.question, row.vantage, row.server, row.transport)
        == (seen.question, seen.vantage, seen.server, seen.transport)
    ]
    vantage = next((item for item in probe.result.vantages if item.name == seen.vantage), None)
    older = head.verdict == OLDER
    return AnswerCard(
        head=head,
        status=_status(seen),
        lines=_lines(view, seen, () if older else rows),
        authority=tuple(_shown(record, view.origin) for record in seen.authority) if not seen.answer else (),
        why=(f"{WAS_THEN} {_now(view, seen.question)}",) if older else _why(view, seen.question),
        equals=clean_command(dig_command(seen, vantage)) if vantage is not None else "",
    )


def _reason_text(source: str, fields: Sequence[str]) -> str:
    """An object and the fields of it, a few of them by name."""
    known = sorted({field for field in fields if field}, key=natural)
    if len(known) > MOST_FIELDS:
        known = [*known[:MOST_FIELDS], f"and {len(known) - MOST_FIELDS} more"]
    return clean(f"{source}  {', '.join(known)}".rstrip())


def _source(seen: Observation, vantage: Vantage | None) -> str:
    if vantage is None:
        return clean(seen.vantage)
    parts = [vantage.name]
    if vantage.container and f":{vantage.container}" not in vantage.name:
        parts.append(f"container {vantage.container}")
    made = f"{vantage.image}, removed since" if vantage.created and vantage.kind == "new" else ""
    return clean(", ".join([*parts, *([made] if made else []), f"by {vantage.tool}"]))


def _service_at(snapshot: Snapshot, server: str) -> str:
    """The name of the Service that has the address of a server; empty when none has."""
    found = snapshot.services_at(server)
    return found[0].name if found else ""


def _server(names: Mapping[str, str], seen: Observation) -> str:
    return clean(f"{names.get(seen.server, '')} {seen.server} over {seen.transport.upper()}".lstrip())


def _status(seen: Observation) -> str:
    if seen.error:
        return clean(seen.error)
    flags = f"  flags {' '.join(seen.flags)}" if seen.flags else ""
    sizes = f"  answer {len(seen.answer)}  authority {len(seen.authority)}  additional {len(seen.additional)}"
    return clean(f"{seen.rcode or 'response code not told'}{flags}{sizes}")


def _lines(view: ServiceView, seen: Observation, rows: Sequence[ComparedRow]) -> tuple[AnswerLine, ...]:
    """The answer record by record with its verdict, then what should have been in it and is not."""
    left = {_key(row.record): row for row in rows}
    lines = [_line(view, record, left.pop(_key(record), None), seen.ttl_known) for record in seen.answer]
    for row in left.values():
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


def _line(view: ServiceView, record: Record, row: ComparedRow | None, ttl_known: bool) -> AnswerLine:
    is_address = record.type in ("A", "AAAA")
    pod = row.pod if row else view.pod_of(record.data) if is_address else None
    return AnswerLine(
        ttl=str(record.ttl) if ttl_known else "?",
        type=record.type,
        data=relative_data(record, view.origin),
        pod=clean(pod or ("no pod" if is_address else "")),
        verdict=row.verdict if row else "",
        detail=clean(row.detail) if row and row.verdict != "extra" else "",
    )


def _key(record: Record) -> tuple[str, str, str]:
    return record.name.lower(), record.type, record.data.lower()


def _shown(record: Record, origin: str) -> str:
    return clean(f"{relative(record.name, origin)} {record.ttl} IN {record.type} {record.data}")


WAS_THEN = "This answer is older than a change of the records:"


def _now(view: ServiceView, question: Question) -> str:
    """What is right by now, in a few words."""
    answer = view.answer_to(question)
    told = ", ".join(relative_data(record, view.origin) for record in answer.answer) or answer.rcode
    return clean(f"now {told} is predicted. p asks again.")


def _why(view: ServiceView, question: Question) -> tuple[str, ...]:
    """The objects and fields that the predicted records come from, or the sentence that says why there are none."""
    wanted = (question.name.lower(), question.type)
    found: dict[str, list[str]] = {}
    for item in view.predicted:
        if (item.record.name.lower(), item.record.type) == wanted:
            found.setdefault(str(item.source), []).append(item.source.field)
    if found:
        return tuple(_reason_text(source, fields) for source, fields in found.items())
    answer = view.answer_to(question)
    return tuple(clean(step.why) for step in answer.steps[-1:] if step.why)


@dataclass(frozen=True)
class AnswersLayout:
    """One line for each answer, and all of the one that is opened."""

    width: int
    signs: Signs
    one_place: bool
    """All answers come from one place, one server and one moment, which the rule above says."""
    widths: tuple[int, int, int]
    """Cells of the longest name with its type, of response codes and of times."""
    gap: int = 2
    """Blanks before response code and time; 0: no room for these two."""
    heading: Text | None = None
    _opened: dict[int, tuple[AnswerCard, Sequence[Text]]] = field(default_factory=dict, compare=False, repr=False)
    """The lines of the answer that is opened: they are wanted anew for each line that is drawn."""

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """One line for all but the opened one."""
        return [1 if isinstance(row.value, AnswerHead) else len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """The lines of one answer or remark."""
        if isinstance(row.value, Note):
            return row.value.lines(self.width, self.signs)
        if isinstance(row.value, AnswerHead):
            return (self._head(row.value),)
        card = row.value
        assert isinstance(card, AnswerCard)
        known = self._opened.get(id(card))
        if known is None:
            known = self._opened[id(card)] = card, self._card(card)
        return known[1]

    def _card(self, card: AnswerCard) -> Sequence[Text]:
        lines = [self._head(card.head)]
        if not self.one_place:
            source, server = card.head.place
            lines += self._labelled("from", [f"{source} {self.signs.arrow} {server}, at {card.head.at}"])
        lines += self._labelled("status", [card.status], UNKNOWN if card.head.seen.error else TEXT)
        lines += self._records(card)
        lines += self._labelled("denied", card.authority)
        lines += self._labelled("why", card.why)
        if card.equals:
            lines += command_lines("equals", card.equals, self.width, LABEL)
        lines.append(Text())
        return lines

    def _head(self, head: AnswerHead) -> Text:
        line = Text()
        for text, role in verdict_cell(head.verdict, self.signs).parts:
            line.append(text, role)
        line.pad_right(max(0, WORD_WIDTH - line.cell_len))
        longest, rcode, ms = self.widths
        gap = " " * self.gap
        tail = f"{gap}{pad(head.rcode, rcode)}{gap}{pad(head.ms, ms, right=True)}" if self.gap else ""
        # One cell stays free at the right edge.
        room = max(8, self.width - WORD_WIDTH - 2 - width_of(tail))
        subject = head.subject
        if width_of(subject) > room and (address := address_of_reverse(head.question.name.lower())):
            room, subject = max(room, width_of(address)), address  # what is asked of an address is its PTR
        line.append(" ")
        line.append(pad(shorten(subject, room), min(room, longest)), TEXT)
        line.append(tail, MUTED)
        line.rstrip()
        return line

    def _labelled(self, label: str, texts: Iterable[str], role: str = TEXT) -> list[Text]:
        room = max(8, self.width - LABEL)
        lines = [line for text in texts for line in ([text] if width_of(text) <= room else wrap(text, room))]
        return _label(label, [Text(line, role) for line in lines])

    def _records(self, card: AnswerCard) -> list[Text]:
        """The records in columns: TTL, type, data, pod, verdict; pod and verdict below where data is too long."""
        if not card.lines:
            return []
        room = self.width - LABEL
        widths = [max(width_of(getattr(line, part)) for line in card.lines) for part in ("ttl", "type", "data", "pod")]
        wide = sum(widths) + 2 + 2 * len("  ") + WORD_WIDTH
        gap = "  " if wide <= room else " "
        below = wide - 2 > room
        indent = widths[0] + 1 + widths[1] + 1
        if below:
            widths[3] = min(widths[3], max(8, room - widths[0] - 1 - len(gap) - WORD_WIDTH))
        lines: list[Text] = []
        for line in card.lines:
            first, *more = wrap(line.data, room - indent) or [""] if below else [line.data]
            text = Text(f"{pad(line.ttl, widths[0], right=True)} ", MUTED)
            text.append(f"{pad(line.type, widths[1])} {pad(first, widths[2])}{gap}", TEXT)
            drawn = [text, *(Text(" " * indent + part, TEXT) for part in more)]
            if below:
                drawn.append(Text(" " * (widths[0] + 1)))
            pod = shorten(line.pod, widths[3], self.signs.ellipsis)
            drawn[-1].append(f"{pad(pod, widths[3])}{gap}" if widths[3] else "", TEXT)
            for part, role in verdict_cell(line.verdict, self.signs).parts if line.verdict else ():
                drawn[-1].append(part, role)
            for each in drawn:
                each.rstrip()
            lines += drawn
            if line.detail and line.detail != card.status:
                lines += [Text(f"  {part}", MUTED) for part in wrap(line.detail, room - 2)]
        return _label("answer", lines)


def _label(label: str, lines: Sequence[Text]) -> list[Text]:
    labelled = []
    for number, line in enumerate(lines):
        text = Text(pad(label if number == 0 else "", LABEL), MUTED)
        text.append_text(line)
        labelled.append(text)
    return labelled


def answers_layout(rows: Sequence[Row], width: int, signs: Signs = UNICODE) -> AnswersLayout:
    """The answers in a width."""
    heads = [row.value.head if isinstance(row.value, AnswerCard) else row.value for row in rows]
    shown = [head for head in heads if isinstance(head, AnswerHead)]
    widths = (
        max((width_of(head.subject) for head in shown), default=0),
        max((width_of(head.rcode) for head in shown), default=0),
        max((width_of(head.ms) for head in shown), default=0),
    )
    # Names may be shortened, addresses may not.
    addresses = (head.subject for head in shown if address_of_reverse(head.question.name.lower()))
    uncut = WORD_WIDTH + 2 + max((width_of(subject) for subject in addresses), default=8)
    gap = next((gap for gap in (2, 1) if uncut + widths[1] + widths[2] + 2 * gap <= width), 0)
    return AnswersLayout(width, signs, len({(head.place, head.at) for head in shown}) <= 1, widths, gap)
