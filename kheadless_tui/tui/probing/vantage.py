"""The choice of a place to ask from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from kheadless_tui.cluster.rights.access import Access, Right
from kheadless_tui.errors import ClusterError, HeadlessError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.tui.known.serving import ask_served
from kheadless_tui.tui.render.vantages import (
    AutoChoice,
    Rights,
    VantageChoice,
    vantage_choices,
    vantages_layout,
    with_auto,
)
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import signs_for
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.tui.probing.asker import Asker

_SYSTEM = "kube-system"


class VantageScreen(ModalScreen[str | None]):
    """Lists the places for one Service and returns the one that was chosen, as the command line would take it."""

    HELP: ClassVar[str] = "enter asks from there. Grey places cannot be used and say why."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,v", "dismiss(None)", "back", key_display="esc", id="vantage.cancel"),
    ]

    AUTO_FOCUS = "#vantage-list"

    def __init__(self, session: ClusterSession, service: ObjectKey, asker: Asker) -> None:
        """Set up.

        Args:
            session: What is known.
            service: For which Service.
            asker: Knows the choice of now, and what ``auto`` comes to.
        """
        super().__init__()
        self._session = session
        self._service = service
        self._asker = asker
        self._auto = AutoChoice()
        self._rights = Rights()
        self._unsubscribe: Callable[[], None] = lambda: None
        signs = signs_for()
        self._listing = RowList(lambda rows, width: vantages_layout(rows, width, signs), signs=signs, id="vantage-list")

    def compose(self) -> ComposeResult:
        """A framed list."""
        with Vertical(id="vantage-box") as box:
            box.border_title = "ask from where?"
            box.border_subtitle = "enter asks from there   esc back"
            yield self._listing

    def on_mount(self) -> None:
        """Show what is known, and ask for rights meanwhile."""
        self._unsubscribe = self._session.subscribe(self._fill)
        self._fill()
        self._listing.move_to(self._asker.vantage)
        self._ask_rights()
        self._ask_auto()

    def on_unmount(self) -> None:
        """Follow the session no more."""
        self._unsubscribe()

    def _fill(self) -> None:
        choices = vantage_choices(
            self._session.snapshot,
            self._service,
            self._asker.settings.image,
            self._rights,
            readonly=self._session.readonly,
        )
        choices = with_auto(choices, self._auto)
        self._listing.set_rows([Row(choice.spec, choice) for choice in choices])

    @work(exclusive=True, group="auto")
    async def _ask_auto(self) -> None:
        """Find out what ``auto`` comes to: as a probe would, which creates nothing before it has asked."""
        if self._session.readonly or self._session.transport is None:
            return
        key = self._service
        config = (await ask_served(self._session)).config
        question = Question(service_name(key, config.zone), "A")
        try:
            plan = await self._asker.prober().plan(VantageSpec("auto"), key.namespace, [question], service=key)
        except HeadlessError as error:
            self._auto = AutoChoice(refused=error.message)
        else:
            self._auto = AutoChoice(plan.vantage, plan.why, plan.rejected)
        self._fill()

    @work(exclusive=True, group="rights")
    async def _ask_rights(self) -> None:
        """Ask the API server; whatever it does not say stays unknown and is offered."""
        access = Access(self._session.transport)
        namespace = self._service.namespace
        questions = (
            ("get", "pods", "exec", namespace),
            ("patch", "pods", "ephemeralcontainers", namespace),
            ("create", "pods", "", namespace),
            ("get", "pods", "portforward", _SYSTEM),
        )
        answers = await asyncio.gather(*(_may(access, *question) for question in questions))
        self._rights = Rights(*answers)
        self._fill()

    def on_row_list_selected(self, event: RowList.Selected) -> None:
        """Ask from there, unless it is known to be refused."""
        row = next((row for row in event.row_list.rows if row.id == event.row_id), None)
        if row is not None and isinstance(row.value, VantageChoice) and not row.value.refused:
            self.dismiss(row.value.spec)


async def _may(access: Access, verb: str, resource: str, subresource: str, namespace: str) -> Right:
    try:
        return await access.may(verb, resource, subresource, namespace)
    except ClusterError as error:
        return Right(None, error.message)
