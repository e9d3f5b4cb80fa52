"""The pods of the selected Service: is each in DNS, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kheadless_tui.cluster.state import READ
from kheadless_tui.tui.known.endpoints import EndpointEntry
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.tui.render.pods import pods_layout
from kheadless_tui.tui.text.notes import Note, note_for
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.widgets.panel import Panel, note_rows
from kheadless_tui.zone.record import Question

_FROM_SLICES = ("Names, addresses and readiness come from slices.",)


class PodsPanel(Panel):
    """The endpoints of the Service by pod, and the pods that it selects in vain."""

    HELP: ClassVar[str] = (
        "IN DNS answers whether the name of the pod exists: yes, or no with what keeps it out. "
        "A row without pod is an address that somebody wrote into a slice or an Endpoints object."
    )

    LEADS_ON: ClassVar[bool] = True

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - the name that every Textual widget has
        super().__init__(lambda rows, width: pods_layout(rows, width, self.signs), id=id)

    @property
    def _entry(self) -> EndpointEntry | None:
        row = self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None
        return row.value if row is not None and isinstance(row.value, EndpointEntry) else None

    @property
    def crumb(self) -> str:
        """Name of the pod, or its address."""
        entry = self._entry
        return "" if entry is None else entry.pod or next(iter(entry.addresses), "")

    @property
    def full_name(self) -> str:
        """The endpoint's first name in DNS."""
        entry = self._entry
        if entry is None or self.view is None or not entry.dns_names:
            return ""
        return f"{entry.dns_names[0]}.{self.view.origin}"

    def _rows_of(self, view: ServiceView) -> Sequence[Row]:
        state = view.read_state("pods")
        entries = [entry for entry in view.endpoints if self.chosen.matches(f"{entry.name} {entry.verdict}")]
        rows = note_rows(note_for(state, "pods", view.key.namespace, _FROM_SLICES))
        rows += [Row(entry.id, entry) for entry in entries]
        if not entries:
            rows.append(Row("empty", self._why_empty(view), selectable=False))
        return rows

    def _identities(self) -> Mapping[str, str]:
        return {entry.id: " ".join(entry.addresses) for entry in self.view.endpoints} if self.view is not None else {}

    def _why_empty(self, view: ServiceView) -> Note:
        if self.chosen and view.endpoints:
            return Note(f"No pod matches /{self.chosen.text}.", more=("esc takes the filter away.",))
        if (unknown := view.endpoints_note("Which endpoints the Service has is not known.")) is not None:
            return unknown
        if not view.service.selector:
            return Note(
                "The Service selects no pods, and no slice lists an address for it.",
                more=("An EndpointSlice or an Endpoints object of its name would.",),
            )
        chosen = ",".join(f"{label}={value}" for label, value in sorted(view.service.selector.items()))
        if isinstance(view.read_state("pods"), READ):
            return Note(f"No pod in {view.key.namespace} has the labels {chosen}.")
        return Note(f"No slice lists an endpoint; the Service selects {chosen}.")

    def _describe(self) -> None:
        self.title = "pods"
        if self.view is None:
            self.count = self.tally = ""
            return
        entries = self.view.endpoints
        in_dns = sum(entry.in_dns for entry in entries)
        known = self.view.endpoints_known
        self.tally = str(len(entries)) if entries or known else "?"
        text = f"{in_dns} of {len(entries)} in DNS" if known else "in DNS: not known"
        if self.chosen:
            shown = sum(isinstance(row.value, EndpointEntry) and row.selectable for row in self.rows)
            text = f"{shown} of {len(entries)} · /{self.chosen.text}"
        self.count = text

    def _pod_of_row(self, row: Row) -> str:
        return row.value.pod if isinstance(row.value, EndpointEntry) else ""

    def _question_of_row(self, row: Row) -> Question | None:
        entry = row.value
        if self.view is None or not isinstance(entry, EndpointEntry) or not entry.dns_names:
            return None
        return Question(f"{entry.dns_names[0]}.{self.view.origin}", "A" if entry.ipv4 else "AAAA")
