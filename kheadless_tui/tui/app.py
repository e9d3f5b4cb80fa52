"""The application: themes, style sheets, signals, and an orderly way out."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.ascii import AsciiOnly
from kheadless_tui.tui.assets import style_sheets
from kheadless_tui.tui.bridge import slow_link
from kheadless_tui.tui.probe_flow import ProbeFlow
from kheadless_tui.tui.render.roles import role_variables
from kheadless_tui.tui.render.signs import ASCII, signs_for
from kheadless_tui.tui.screens.main import MainScreen
from kheadless_tui.tui.themes import CHOICE, DARK, THEMES

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

CLOSE_WITHIN = 10.0
"""Seconds that leaving waits for what a probe made in the cluster to be removed."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Interrupted from elsewhere (``ctrl-c`` in the terminal is a key), asked to end, and the terminal gone (a lost SSH
session)."""


class HeadlessApp(App[int]):
    """The terminal program on one cluster session; its result is an exit status."""

    CSS_PATH: ClassVar[list[str]] = [str(path) for path in style_sheets()]  # type: ignore[assignment]
    TITLE = "kheadless-tui"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "quit", show=False, system=True)]

    def __init__(
        self,
        session: ClusterSession,
        *,
        service: str | None = None,
        image: str = "busybox:1.28",
        vantage: str = "auto",
        image_pull_policy: str = "IfNotPresent",
        lab: bool = False,
        target_namespace: str | None = None,
    ) -> None:
        """Set up; the session is started once the first picture is on the screen, and closed on the way out.

        Args:
            session: Started here, unless it is already.
            service: ``NAME`` or ``NAMESPACE/NAME`` to begin with.
            image: Of temporary pods and ephemeral containers.
            vantage: Where to ask from.
            image_pull_policy: For what is created.
            lab: The cluster is the embedded one; the header says so.
            target_namespace: Where a short name is meant, and where the cursor begins.
        """
        # Read before textual looks at the terminal: it takes NO_COLOR out of the environment.
        self._slow = slow_link(os.environ)
        super().__init__()
        self.animation_level = "none"
        self._signs = signs_for()
        self._ascii = AsciiOnly()
        self._session = session
        self._namespace = target_namespace or session.connection.namespace
        self._service = _key(service, self._namespace)
        self._lab = lab
        self.flow = ProbeFlow(self, session, image=image, vantage=vantage, image_pull_policy=image_pull_policy)
        self._leaving: asyncio.Task[None] | None = None

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables and those of the roles."""
        return role_variables(super().get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own and, where only ASCII can be shown, one that lets nothing else through."""
        filters = super().get_line_filters()
        return [*filters, self._ascii] if self._signs is ASCII else filters

    def get_default_screen(self) -> MainScreen:
        """The one screen."""
        return MainScreen(
            self._session,
            self.flow,
            signs=self._signs,
            service=self._service,
            namespace=self._namespace,
            lab=self._lab,
            slow=self._slow,
        )

    def on_load(self) -> None:
        """Choose the theme before anything is drawn."""
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES.get(os.environ.get(CHOICE, ""), DARK).name

    async def on_mount(self) -> None:
        """Listen to signals, and start reading once the first picture is out."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal, number)
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        if self._session.transport is None:
            await self._session.start()

    def _on_signal(self, number: signal.Signals) -> None:
        if self._leaving is None:
            self._leaving = asyncio.create_task(self.leave(128 + number))

    async def leave(self, status: int = 0) -> None:
        """Remove what a probe made, close the session, and end with an exit status."""
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await self.flow.close()
                await self._session.close()
        except TimeoutError:
            pass
        self.exit(status, return_code=status)

    async def action_quit(self) -> None:
        """Out at once, from wherever one is."""
        await self.leave()

    async def on_unmount(self) -> None:
        """Nothing that we made stays, whatever ended the program. A signal from now on would end nothing sooner."""
        await self.flow.close()
        await self._session.close()


def _key(service: str | None, namespace: str) -> ObjectKey | None:
    if not service:
        return None
    head, _, tail = service.rpartition("/")
    return ObjectKey(head or namespace, tail)
