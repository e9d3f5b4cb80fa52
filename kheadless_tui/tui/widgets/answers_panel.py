"""The answers of the last probe, question by question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kheadless_tui.tui.render.answers import AnswerCard, answer_cards, answers_layout
from kheadless_tui.tui.render.notes import Note
from kheadless_tui.tui.render.probed import ProbeRecord
from kheadless_tui.tui.render.roles import BAD, MUTED, UNKNOWN
from kheadless_tui.tui.render.row import Row
from kheadless_tui.tui.render.view import ServiceView
from kheadless_tui.tui.widgets.panel import Panel, note_rows
from kheadless_tui.zone.record import Question, Record


class AnswersPanel(Panel):
    """What came back: response code, flags, TTLs, addresses with their pods, verdicts, and the equal command."""

    HELP: ClassVar[str] = (
        "One card per question that was asked. It follows the record under the cursor of the records. "
        "equals is the command that asks the same question from the same place."
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every Textual widget has
        super().__init__(lambda rows, width: answers_layout(rows, width, self.signs), id=id)

    @property
    def _card(self) -> AnswerCard | None:
        row = self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None
        return row.value if row is not None and isinstance(row.value, AnswerCard) else None

    @property
    def crumb(self) -> str:
        """The question."""
        return self._card.subject if self._card is not None else ""

    @property
    def full_name(self) -> str:
        """The name that was asked for."""
        return self._card.question.name if self._card is not None else ""

    @property
    def selected_record(self) -> Record | None:
        """A record of the question under the cursor, so that it can be asked again alone."""
        card = self._card
        return Record(card.question.name, 0, card.question.type, "") if card is not None else None

    def point(self, pod: str, question: Question | None) -> None:
        """Show the answer to a question that was pointed at elsewhere."""
        super().point(pod, question)
        if question is None or self.has_focus:
            return
        wanted = Question(question.name.lower(), question.type)
        for row in self.rows:
            if isinstance(row.value, AnswerCard) and _folded(row.value.question) == wanted:
                self.move_to(row.id, top=True)
                return

    def _rows_of(self, view: ServiceView) -> Sequence[Row]:
        cards = answer_cards(view)
        rows = note_rows(*_notes(view, view.last_probe))
        return [*rows, *(Row(card.id, card) for card in cards)]

    def _describe(self) -> None:
        self.title, self.count, self.tally = "answers", "", "–"
        probe = self.view.last_probe if self.view is not None else None
        if probe is None:
            self.count = "not probed" if self.view is not None else ""
            return
        cards = [row.value for row in self.rows if isinstance(row.value, AnswerCard)]
        if cards:
            places = {(card.source, card.server, card.at) for card in cards}
            if len(places) == 1:
                source, server, at = next(iter(places))
                self.title = f"answers · {source} {self.signs.arrow} {server} · {at}"
            above = sum(isinstance(row.value, AnswerCard) for row in self.rows[: max(0, self.cursor)])
            self.count = f"{above + 1}/{len(cards)}"
            self.tally = str(len(cards))
        if probe.running and probe.total:
            self.count = self.tally = f"{probe.answered} of {probe.total}"

    def _question_of_row(self, row: Row) -> Question | None:
        return row.value.question if isinstance(row.value, AnswerCard) else None


def _folded(question: Question) -> Question:
    return Question(question.name.lower(), question.type)


def _notes(view: ServiceView, probe: ProbeRecord | None) -> Sequence[Note]:
    """How the probe stands, where its answers do not say it."""
    if probe is None:
        return (
            Note(
                f"Not probed yet. p asks DNS for every record of {view.key.name} from inside a pod and compares.",
                "quiet",
                MUTED,
                ("A running pod is used if one can carry the questions; before anything is created, you are asked.",),
            ),
        )
    if probe.running:
        return (Note(probe.progress, "ellipsis", UNKNOWN, ("esc cancels.",)),)
    if probe.state == "failed":
        hints = tuple(text for text in (probe.hint, "p tries again, v asks from elsewhere.") if text)
        return (Note(probe.error, "error", BAD, hints),)
    if probe.state == "cancelled":
        return (Note(f"The probe was {probe.progress}.", "quiet", MUTED, ("p asks again.",)),)
    return ()
