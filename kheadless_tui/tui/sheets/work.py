"""A sheet on which something is being done in the cluster: what came is shown as it comes, and ``esc`` ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from kheadless_tui.errors import HeadlessError, WriteRefused
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.probing.asker import Asker
from kheadless_tui.tui.probing.excursions import Excursions
from kheadless_tui.tui.sheets.sheet import Frame, SheetScreen
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import BAD, MUTED, UNKNOWN
from kheadless_tui.tui.text.row import LayoutMaker, Row

EVERY = 0.1
"""Seconds between two repaints while much comes at once."""


class WorkScreen(SheetScreen[None]):
    """Does one thing, once or again; whoever leaves ends it, and what was made in the cluster is removed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "again", "again", id="work.again"),
    ]

    def __init__(
        self, frame: Frame, layout: LayoutMaker, asker: Asker, service: ObjectKey, crumbs: Sequence[str]
    ) -> None:
        """Set up; it begins when the screen is shown.

        Args:
            frame: What every sheet shows.
            layout: Of the rows.
            asker: Makes what asks, and owns what runs.
            service: For which Service.
            crumbs: The way here, in words.
        """
        super().__init__(frame, layout, (service.namespace, service.name, *crumbs))
        self.asker = asker
        self.service = service
        self._doing = ""
        self._error: HeadlessError | None = None
        self._cancelled = False
        self._excursions: Excursions | None = None
        self._job: asyncio.Task[None] | None = None
        self._due: asyncio.TimerHandle | None = None

    # -- what a sheet of this kind says of itself --------------------------------------------------------------

    def work(self, excursions: Excursions) -> Coroutine[Any, Any, None]:
        """Do it."""
        raise NotImplementedError

    def begin(self) -> None:
        """Forget what came before."""

    # -- running -----------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """It is under way."""
        return self._job is not None and not self._job.done()

    def on_mount(self) -> None:
        """Begin."""
        self.action_again()

    def on_unmount(self) -> None:
        """Whoever leaves ends it."""
        if self._due is not None:
            self._due.cancel()
        if self._job is not None:
            self._job.cancel()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Again is a key once it is over."""
        return not self.running if action == "again" else super().check_action(action, parameters)

    def action_again(self) -> None:
        """Do it, from the beginning."""
        if self.running:
            return
        self._error, self._cancelled, self._doing = None, False, ""
        self.begin()
        self._excursions = Excursions(self.asker, self.asker.session, self.service, self._say_doing)
        self._job = self.asker.run(self._run(self._excursions), f"{type(self).__name__} {self.service}")
        self.changed()

    def from_where(self) -> str:
        """`` · from pod/web-0:nginx``, for a title; empty until one is there."""
        place = self._excursions.place if self._excursions is not None else ""
        return f" {self.signs.quiet} from {clean(place)}" if place else ""

    async def _run(self, excursions: Excursions) -> None:
        try:
            await self.work(excursions)
        except asyncio.CancelledError:
            self._cancelled = True
            raise
        except WriteRefused as error:
            self._cancelled, self._error = not self.asker.session.readonly, error
        except HeadlessError as error:
            self._error = error
        except Exception as error:  # a fault of ours must not end the program, nor pass unsaid
            self._error = HeadlessError(f"It broke: {error!r}", hint="Please report this.")
        finally:
            asyncio.get_running_loop().call_soon(self.changed)

    def _say_doing(self, text: str) -> None:
        self._doing = clean(text)
        self.changed()

    def changed(self) -> None:
        """Something came: show it, at once or a moment later, once."""
        if self._due is None and self.is_attached:
            self._due = asyncio.get_running_loop().call_later(EVERY, self._fill_now)

    def _fill_now(self) -> None:
        self._due = None
        if self.is_attached and self.is_running:
            self.fill()
            self.refresh_bindings()

    def action_close(self) -> None:
        """End what is under way; then leave."""
        if self._job is not None and self.running:
            self._job.cancel()
            self.say("cancelled; what came is kept, esc leaves")
        else:
            self.dismiss(None)

    def notes(self) -> list[Row]:
        """How it stands, in rows above all others: what is being done, or why it ended."""
        note = self._note()
        return [Row("state", note, selectable=False)] if note is not None else []

    def _note(self) -> Note | None:
        if self.running:
            return Note(self._doing or "beginning", "ellipsis", UNKNOWN, ("esc ends it.",))
        if self._error is not None and not self._cancelled:
            more = (clean(self._error.hint),) if self._error.hint else ()
            return Note(clean(self._error.message), "error", BAD, (*more, "p tries again."))
        return Note("It was cancelled.", "quiet", MUTED, ("p begins again.",)) if self._cancelled else None
