"""The application: themes, style sheets, signals, and an orderly way out."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter

from kheadless_tui.errors import HeadlessError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.tui.assets import style_sheets
from kheadless_tui.tui.dialogs.too_small import TooSmallScreen
from kheadless_tui.tui.following.bridge import slow_link
from kheadless_tui.tui.following.switching import Desk, Switch
from kheadless_tui.tui.keys.memory import Memory
from kheadless_tui.tui.known.levers import Levers
from kheadless_tui.tui.main.screen import MainScreen
from kheadless_tui.tui.probing.asker import ProbeSettings
from kheadless_tui.tui.probing.probe_flow import ProbeFlow
from kheadless_tui.tui.terminal.ascii import AsciiOnly
from kheadless_tui.tui.terminal.hangup import on_hangup
from kheadless_tui.tui.terminal.layout import layout_for
from kheadless_tui.tui.terminal.themes import CHOICE, DARK, THEMES
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.roles import UNKNOWN, role_variables
from kheadless_tui.tui.text.signs import ASCII, signs_for

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

CLOSE_WITHIN = 10.0
"""Seconds within which what a probe made in the cluster is removed, when nobody waits for the prompt."""

LEAVE_WITHIN = 0.08
"""Seconds that somebody who quits waits for that at the terminal program; it goes on behind the prompt."""

WRITTEN_WITHIN = 3.0
"""Seconds within which the terminal takes what restores it, when a signal has ended the program."""

WARNING_STAYS = 20.0
"""Seconds for which a warning about the connection is seen; a click takes it away."""

SWITCHING = "switch"
"""Group of the workers that open another place."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Interrupted from elsewhere (``ctrl-c`` in the terminal is a key), asked to end, and the terminal gone (a lost SSH
session)."""


class HeadlessApp(App[int]):
    """The terminal program on one cluster session; its result is an exit status."""

    CSS_PATH: ClassVar[list[str]] = [str(path) for path in style_sheets()]  # type: ignore[assignment]
    TITLE = "kheadless-tui"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    DEFAULT_MODE = "place-0"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "quit", show=False, system=True),
        Binding("ctrl+c", "interrupt", "quit", show=False, system=True, priority=True),
    ]

    def __init__(
        self,
        session: ClusterSession,
        *,
        service: str | None = None,
        image: str = "busybox:1.28",
        vantage: str = "auto",
        image_pull_policy: str = "IfNotPresent",
        levers: Levers | None = None,
        target_namespace: str | None = None,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Set up; the session is started once the first picture is on the screen, and closed on the way out.

        Args:
            session: Started here, unless it is already.
            service: ``NAME`` or ``NAMESPACE/NAME`` to begin with.
            image: Of temporary pods and ephemeral containers.
            vantage: Where to ask from.
            image_pull_policy: For what is created.
            levers: The cluster is the embedded one, and this is what its menu pulls; the header says so.
            target_namespace: Where a short name is meant, and where the cursor begins.
            memory: What was remembered of earlier runs; it is changed in place.
            clock: Unix time.
        """
        # Read before textual looks at the terminal: it takes NO_COLOR out of the environment.
        self._slow = slow_link(os.environ)
        super().__init__()
        self.animation_level = "none"
        self._signs = signs_for()
        self._ascii = AsciiOnly()
        self._namespace = target_namespace or session.connection.namespace
        self._service = _key(service, self._namespace)
        self._levers = levers
        self._clock = clock
        self._warned: set[str] = set()
        """What was told of connections."""
        self._probing = ProbeSettings(image, vantage, image_pull_policy)
        self._memory = Memory() if memory is None else memory
        self._desk = Desk(session, self._flow_for, self._memory.favourites)
        self._visits = 0
        self.add_mode(self.DEFAULT_MODE, self._new_screen)
        self._leaving: asyncio.Task[None] | None = None
        self._unwatch: Callable[[], None] = lambda: None

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice, or ours in place of its driver for terminals."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from kheadless_tui.tui.terminal.driver import PromptDriver  # noqa: PLC0415 - only where there is termios

        return PromptDriver

    @property
    def session(self) -> ClusterSession:
        """The session that is looked at now."""
        return self._desk.session

    @property
    def flow(self) -> ProbeFlow:
        """Its probes."""
        return self._desk.flow

    def _flow_for(self, session: ClusterSession, before: ProbeFlow | None) -> ProbeFlow:
        return ProbeFlow(self, session, self._probing, before=before)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables and those of the roles."""
        return role_variables(super().get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own and, where only ASCII can be shown, one that lets nothing else through."""
        filters = super().get_line_filters()
        return [*filters, self._ascii] if self._signs is ASCII else filters

    def _new_screen(self) -> MainScreen:
        """The screen of the session that is looked at."""
        return MainScreen(
            self.session,
            self.flow,
            signs=self._signs,
            service=self._service,
            namespace=self._namespace,
            levers=self._levers,
            slow=self._slow,
            trail=self._desk.trail,
            memory=self._memory,
            clock=self._clock,
        )

    def on_load(self) -> None:
        """Choose the theme before anything is drawn."""
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES.get(os.environ.get(CHOICE, ""), DARK).name

    def on_resize(self, event: events.Resize) -> None:
        """A dialog that cannot be seen takes no key; the screen below all others has a sentence of its own."""
        too_small = layout_for(*event.size).mode == "too-small"
        covered = isinstance(self.screen, TooSmallScreen)
        if too_small and len(self.screen_stack) > 1 and not covered:
            self.push_screen(TooSmallScreen())
        elif covered and not too_small:
            self.pop_screen()

    async def on_mount(self) -> None:
        """Listen to signals, and start reading once the first picture is out."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal, number)
        if not self.is_headless and sys.__stdin__ is not None:
            self._unwatch = on_hangup(sys.__stdin__.fileno(), lambda: self._on_signal(signal.SIGHUP))
        self.call_after_refresh(self._begin)

    @on(Driver.SignalResume)
    def paint_again(self) -> None:
        """Back from having been stopped (SIGTSTP): nothing of us is on the terminal any more."""
        self.refresh(layout=True)

    async def _begin(self) -> None:
        if self.session.transport is None:
            await self.session.start()

    def tell_warnings(self) -> None:
        """Tell once what turned out about the connection, such as a renewed token that could not be kept."""
        for warning in self.session.connection.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self.notify(clean(warning), severity="warning", timeout=WARNING_STAYS, markup=False)

    # -- to another place --------------------------------------------------------------------------------------

    def on_switch(self, event: Switch) -> None:
        """Look at another cluster, or another part of it."""
        self.run_worker(self._switch(event), exclusive=True, group=SWITCHING)

    async def _switch(self, event: Switch) -> None:
        main, cluster = self._main, self.session.connection
        main.say(f"opening {event.place.words}")
        try:
            await self._desk.open(event)
        except HeadlessError as error:
            main.say(f"{error.message}; still {self._desk.trail.here.words}", UNKNOWN)
            return
        key, place = main.selected, event.place
        kept = key is not None and self.session.connection is cluster and not place.selector
        self._service = key if kept and key and (key.namespace in place.namespaces or not place.namespaces) else None
        self._namespace = next(iter(place.namespaces), self.session.connection.namespace)
        # A mode is a stack of screens of its own: what lies over the old one goes with it.
        left, self._visits = self.current_mode, self._visits + 1
        self.add_mode(f"place-{self._visits}", self._new_screen)
        await self.switch_mode(f"place-{self._visits}")
        await self.remove_mode(left)
        await self.session.start()

    @property
    def _main(self) -> MainScreen:
        """The screen below all others."""
        main = self.screen_stack[0]
        assert isinstance(main, MainScreen)
        return main

    # -- the way out -------------------------------------------------------------------------------------------

    def _on_signal(self, number: signal.Signals, within: float = CLOSE_WITHIN) -> None:
        if self._leaving is None:
            leaving = self.leave(128 + number, within=within, unread=not self.is_headless)
            self._leaving = asyncio.create_task(leaving)

    async def leave(self, status: int = 0, *, within: float = LEAVE_WITHIN, unread: bool = False) -> None:
        """Begin to remove what a probe made and to close the session, and end with an exit status.

        Args:
            status: The exit status.
            within: Seconds to wait for the removal; :meth:`put_away` tells whether it is done.
            unread: Nobody may be there to read what restores the terminal, and textual would wait for ever to have
                written it: then end without.
        """
        # Textual cannot end while a mode comes or goes: it walks through all of them.
        self.workers.cancel_group(self, SWITCHING)
        await self._desk.close(within)
        if unread:
            end = threading.Timer(WRITTEN_WITHIN, os._exit, (status,))
            end.daemon = True
            end.start()
        self.exit(status, return_code=status)

    async def put_away(self, within: float) -> bool:
        """Whether, after so many seconds at most, everything that was made in the cluster is removed and closed."""
        return await self._desk.close(within)

    async def action_quit(self) -> None:
        """Out at once, from wherever one is."""
        await self.leave()

    def action_interrupt(self) -> None:
        """``ctrl-c``: out at once, whatever lies over the screen; textual would only tell how to quit."""
        self._on_signal(signal.SIGINT, LEAVE_WITHIN)

    async def on_unmount(self) -> None:
        """Nothing that we made stays, whatever ended the program. A signal from now on would end nothing sooner."""
        self._unwatch()
        if not self._desk.closing:
            await self._desk.close(CLOSE_WITHIN)


def _key(service: str | None, namespace: str) -> ObjectKey | None:
    if not service:
        return None
    head, _, tail = service.rpartition("/")
    return ObjectKey(head or namespace, tail)
