"""The dialogs that lie over the main screen, made of what is selected there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kheadless_tui.cluster.connecting.kubectl_flags import flags_of
from kheadless_tui.tui.dialogs.commands import CommandsScreen
from kheadless_tui.tui.dialogs.why import WhyScreen
from kheadless_tui.tui.known.equivalents import equivalents
from kheadless_tui.tui.known.explanation import explanation
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.tui.text.names import relative
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.zone.record import Record

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


def why_dialog(view: ServiceView, record: Record | None, name: str, signs: Signs) -> WhyScreen:
    """Why a record exists, or does not; without one, why a name has an address, or none."""
    record = record or _address_of(view, name)
    subject = f"{relative(record.name, view.origin)} {record.type}"
    return WhyScreen(subject, explanation(view, record), signs)


def _address_of(view: ServiceView, name: str) -> Record:
    """What to ask for a name's address: AAAA where the Service has records of that family alone."""
    types = {item.record.type for item in view.predicted} | {item.record.type for item in view.withheld}
    return Record(name, 0, "AAAA" if "AAAA" in types and "A" not in types else "A", "")


def commands_dialog(session: ClusterSession, view: ServiceView, signs: Signs) -> CommandsScreen:
    """The commands that equal what is seen; each names the cluster as the user did."""
    return CommandsScreen(equivalents(view, flags_of(session.connection)), signs)
