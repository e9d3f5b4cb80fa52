"""The answers of the last probe, question by question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from kheadless_tui.tui.known.probed import ProbeRecord
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.tui.render.answers import AnswerCard, AnswerHead, answer_card, answer_heads, answers_layout
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import BAD, MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.verdicts import rank
from kheadless_tui.tui.widgets.panel import Panel, Way, note_rows
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.zone.record import Question, Record


class AnswersPanel(Panel):
    """What came back: response code, flags, TTLs, addresses with their pods, verdicts, and the equal command."""

    HELP: ClassVar[str] = (
        "One line for each question that was asked, and the one under the cursor in full. It follows the cursor of the "
        "records. "
        "equals is the command that asks the same question from the same place."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "raw", "raw text", id="answers.raw", tooltip="the reply as it came"),
        Binding("c", "copy_answer", "copy", id="answers.copy", tooltip="copy the answer"),
        Binding("C", "copy_command", "copy command", show=False, id="answers.copy-command"),
    ]

    class Raw(Message):
        """The text of an answer is wanted as it came."""

        def __init__(self, head: AnswerHead) -> None:
            super().__init__()
            self.head = head

    class Copied(Message):
        """A text is wanted in the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every Textual widget has
        super().__init__(lambda rows, width: answers_layout(rows, width, self.signs), id=id)
        self._heads: Sequence[AnswerHead] = ()
        self._opened = ""

    @property
    def _here(self) -> AnswerHead | None:
        return _head_of(self.rows[self.cursor]) if 0 <= self.cursor < len(self.rows) else None

    @property
    def has_reply(self) -> bool:
        """One is open."""
        return self._here is not None

    @property
    def crumb(self) -> str:
        """The question."""
        return self._here.subject if self._here is not None else ""

    @property
    def full_name(self) -> str:
        """The name that was asked for."""
        return self._here.question.name if self._here is not None else ""

    @property
    def selected_record(self) -> Record | None:
        """A record of the question under the cursor, so that it can be asked again alone."""
        head = self._here
        return Record(head.question.name, 0, head.question.type, "") if head is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is done with an answer is no key where there is none."""
        if action in ("raw", "copy_answer", "copy_command"):
            return self._here is not None
        return super().check_action(action, parameters)

    def action_raw(self) -> bool:
        """Show the reply as it came; false where there is none."""
        if (head := self._here) is not None:
            self.post_message(self.Raw(head))
        return head is not None

    def action_copy_answer(self) -> None:
        """Copy the answer as dig writes it; of a denial what denies it."""
        if (head := self._here) is not None:
            records = [str(record) for record in (*head.seen.answer, *head.seen.authority)]
            self.post_message(self.Copied("\n".join(records) or head.seen.error or head.seen.rcode))

    def action_copy_command(self) -> bool:
        """Copy the command that asks the same; false where there is no reply, or no command."""
        head = self._here
        equals = answer_card(self.view, head).equals if head is not None and self.view is not None else ""
        if equals:
            self.post_message(self.Copied(equals))
        return bool(equals)

    def show(self, view: ServiceView | None) -> None:
        """Follow a view; without the focus, what is opened stands first."""
        super().show(view)
        if not self.has_focus and self._opened:
            self.move_to(self._opened, top=not self._has_news)

    @property
    def _has_news(self) -> bool:
        """What became of the last probe stands above all answers, and stays in sight until the next one."""
        probe = self.view.last_probe if self.view is not None else None
        return probe is not None and probe.state in ("failed", "cancelled")

    @property
    def _has_failed(self) -> bool:
        """The last probe failed: why stands above all answers, and stays in sight until the next one."""
        probe = self.view.last_probe if self.view is not None else None
        return probe is not None and probe.state == "failed"

    def point(self, pod: str, question: Question | None, way: Way | None = None) -> None:
        """Show the answer to a question that was pointed at elsewhere, of the server that was meant."""
        super().point(pod, question, way)
        if question is None or self.has_focus:
            return
        wanted = _folded(question)
        heads = [head for head in self._heads if _folded(head.question) == wanted]
        heads.sort(key=lambda head: way is not None and (head.seen.server, head.seen.transport) != way)
        if heads:
            self._open(heads[0].id)
            self.move_to(heads[0].id, top=not self._has_news)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """The answer under the cursor is the one that is shown whole."""
        if event.row_id is not None and self.has_focus:
            self._open(event.row_id)

    def _open(self, row_id: str) -> None:
        if row_id != self._opened and self.view is not None:
            self._opened = row_id
            self.set_rows(self._fill(self.view))

    def _rows_of(self, view: ServiceView) -> Sequence[Row]:
        self._heads = answer_heads(view)
        if all(head.id != self._opened for head in self._heads):
            self._opened = self._first_to_open()
        return self._fill(view)

    def _first_to_open(self) -> str:
        """The worst answer, the first of several; with nothing wrong the first of all."""
        worst = min(self._heads, key=lambda head: rank(head.verdict), default=None)
        return worst.id if worst is not None else ""

    def _fill(self, view: ServiceView) -> Sequence[Row]:
        return [
            *note_rows(*_notes(view, view.last_probe)),
            *(Row(head.id, answer_card(view, head) if head.id == self._opened else head) for head in self._heads),
        ]

    def _describe(self) -> None:
        self.title, self.count, self.tally = "answers", "", "–"
        probe = self.view.last_probe if self.view is not None else None
        if probe is None:
            self.count = "not probed" if self.view is not None else ""
            return
        if self._heads:
            places = {(*head.place, head.at) for head in self._heads}
            if len(places) == 1:
                source, server, at = next(iter(places))
                self.title = f"answers · {source} {self.signs.arrow} {server} · {at}"
            above = sum(_head_of(row) is not None for row in self.rows[: max(0, self.cursor)])
            self.count = f"{above + 1}/{len(self._heads)}"
            self.tally = str(len(self._heads))
        if self._has_failed:
            self.count = self.tally = "failed"
        if probe.running and probe.total:
            self.count = self.tally = f"{probe.answered} of {probe.total}"

    def _question_of_row(self, row: Row) -> Question | None:
        head = _head_of(row)
        return head.question if head is not None else None


AGAIN = "p tries again, v asks from elsewhere."


def _head_of(row: Row) -> AnswerHead | None:
    if isinstance(row.value, AnswerCard):
        return row.value.head
    return row.value if isinstance(row.value, AnswerHead) else None


def _folded(question: Question) -> Question:
    return Question(question.name.lower(), question.type)


def _notes(view: ServiceView, probe: ProbeRecord | None) -> Sequence[Note]:
    """How the probe stands, where its answers do not say it."""
    if probe is None and view.cannot_probe:
        return (
            Note(
                f"Not probed, and it cannot be: {view.cannot_probe}.",
                "quiet",
                MUTED,
                ("What must be answered, and why, stands in the records.",),
            ),
        )
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
        again = f"It cannot be tried again: {view.cannot_probe}." if view.cannot_probe else AGAIN
        hints = tuple(text for text in (probe.hint, again) if text)
        return (Note(probe.error, "error", BAD, hints),)
    if probe.state == "cancelled":
        kept = "What came until then is shown." if probe.result is not None else ""
        again = "" if view.cannot_probe else "p asks again."
        more = tuple(text for text in (kept, again, probe.hint) if text)
        return (Note(f"The probe was {probe.progress}.", "quiet", MUTED, more),)
    return (Note(probe.hint, "attention", TEXT),) if probe.hint else ()
