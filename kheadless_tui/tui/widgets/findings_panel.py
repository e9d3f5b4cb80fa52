"""What is wrong or peculiar with the selected Service, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events

from kheadless_tui.tui.render.findings import FindingCard, findings_layout
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import BAD, MUTED, WARN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.widgets.panel import Panel, note_rows

if TYPE_CHECKING:
    from kheadless_tui.probe.matrix.layers import LayerFinding
    from kheadless_tui.tui.known.view import ServiceView

OPEN_FROM = 30
"""Rows of the terminal from which whole cards are shown without the focus."""


def _layer_note(found: LayerFinding) -> Note:
    """What the layers say together: the diagnosis, and what it is read off."""
    sign, role = {"error": ("error", BAD), "warning": ("attention", WARN)}.get(found.severity, ("hint", MUTED))
    return Note(found.title, sign, role, (found.evidence,))


class FindingsPanel(Panel):
    """Cause, fields, rule, fix, a command to see it, where to read; in little room what is wrong and what to do."""

    HELP: ClassVar[str] = (
        "Each finding names the fields that were compared, the rule, and what to do about it; try is a command that "
        "shows the same. With the focus here the findings are shown whole."
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every Textual widget has
        super().__init__(lambda rows, width: findings_layout(rows, width, self.signs), id=id)

    @property
    def _card(self) -> FindingCard | None:
        row = self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None
        return row.value if row is not None and isinstance(row.value, FindingCard) else None

    @property
    def crumb(self) -> str:
        """The code."""
        return self._card.finding.code if self._card is not None else ""

    @property
    def _opened(self) -> bool:
        return self.has_focus or self.app.size.height >= OPEN_FROM

    def _rows_of(self, view: ServiceView) -> Sequence[Row]:
        layers = [Row(f"layers/{number}", _layer_note(found)) for number, found in enumerate(view.layer_findings)]
        if not view.findings and not layers:
            return note_rows(Note("Nothing is known against this Service.", "quiet"))
        opened = self._opened
        cards = [
            Row(f"{finding.code}/{number}", FindingCard(finding, opened, view.flags))
            for number, finding in enumerate(view.findings)
        ]
        return [*layers, *cards]

    def _describe(self) -> None:
        findings = (*self.view.layer_findings, *self.view.findings) if self.view is not None else ()
        self.title = "findings"
        self.tally = str(len(findings)) if self.view is not None else ""
        self.count = f"{max(0, self.cursor) + 1}/{len(findings)}" if findings else self.tally

    def watch_has_focus(self, has_focus: bool) -> None:
        """With the focus everything is shown, without it as much as the height allows."""
        super().watch_has_focus(has_focus)
        self._fold()

    def on_resize(self, event: events.Resize) -> None:
        """Open or fold the cards, as the height allows."""
        self._fold()

    def _fold(self) -> None:
        if self.view is not None:
            self.set_rows(self._rows_of(self.view))
