"""One finished probe, answer by answer, and the reply to one question as it came."""

from __future__ import annotations

from dataclasses import replace

from textual import on

from kheadless_tui.tui.known.probed import ProbeRecord
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.tui.render.answers import AnswerHead
from kheadless_tui.tui.sheets.sheet import Frame, SheetScreen
from kheadless_tui.tui.sheets.text import TextScreen
from kheadless_tui.tui.text.ages import clock
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.widgets.answers_panel import AnswersPanel

NO_TEXT = "The program that carried this question tells no text."


class ProbeScreen(SheetScreen[None]):
    """The answers of one probe; what is older than a change of the records says so."""

    def __init__(self, frame: Frame, view: ServiceView, record: ProbeRecord) -> None:
        """Set up.

        Args:
            frame: What every sheet shows.
            view: The Service as it is now.
            record: The probe.
        """
        self._answers = AnswersPanel()
        super().__init__(frame, self._answers, (view.key.namespace, view.key.name, "probes", clock(record.started)))
        self._view = replace(view, last_probe=record)
        self._record = record

    def fill(self) -> None:
        """Show the answers."""
        self._answers.show(self._view)
        self.rule.set(title=self._answers.title, count=self._answers.count, focused=True)
        self.refresh_bindings()

    def on_row_list_highlighted(self) -> None:
        """The count tells which one the cursor is on."""
        self.rule.set(count=self._answers.count)

    @on(AnswersPanel.Raw)
    def _on_raw(self, event: AnswersPanel.Raw) -> None:
        self.app.push_screen(raw_screen(self.frame, event.head))

    @on(AnswersPanel.Copied)
    def _on_copied(self, event: AnswersPanel.Copied) -> None:
        self.copy(event.text)


def raw_screen(frame: Frame, head: AnswerHead) -> TextScreen:
    """The reply to one question as it came."""
    seen = head.seen
    text = seen.raw or seen.error or NO_TEXT
    parts = ("raw", clean(head.subject), f"{clean(seen.server)} {seen.transport.upper()}")
    title = f" {frame.signs.quiet} ".join(parts)
    return TextScreen(frame, title, text, ("answers", head.subject, "raw"))
