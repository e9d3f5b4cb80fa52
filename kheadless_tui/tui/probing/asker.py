"""Makes what asks DNS, and puts the question to the user before anything is written to the cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.probe.choosing.vantage import DEFAULT_IMAGE

if TYPE_CHECKING:
    from textual.app import App

    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.probe.prober import Prober


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """What the user said of all probes."""

    image: str = DEFAULT_IMAGE
    """Of temporary pods and ephemeral containers."""
    vantage: str = "auto"
    """Where to ask from unless something else is chosen."""
    image_pull_policy: str = "IfNotPresent"
    """For what is created."""


class Asker:
    """Makes probers of one session; each of their writes is shown and confirmed first."""

    def __init__(self, app: App[Any], session: ClusterSession, settings: ProbeSettings) -> None:
        self._app = app
        self.session = session
        self.settings = settings
        self.vantage = settings.vantage
        """Where to ask from: what was chosen last."""
        self._tasks: set[asyncio.Task[None]] = set()

    def prober(self, waiting: Callable[[bool], None] = lambda _: None) -> Prober:
        """A prober.

        Args:
            waiting: Told when the user's yes is waited for (true), and when it came (false).
        """
        # All that asks, dnspython among it: 0.1 s, and nothing of it is on the first picture.
        from kheadless_tui.probe.prober import Prober  # noqa: PLC0415

        connection = self.session.connection
        return Prober(
            self.session,
            self.gate(waiting),
            image=self.settings.image,
            image_pull_policy=self.settings.image_pull_policy,
            context="" if connection.in_cluster else connection.context,
            kubeconfig=connection.kubeconfig,
        )

    def gate(self, waiting: Callable[[bool], None] = lambda _: None) -> Gate:
        """What lets a write through once the user has said yes; ``waiting`` is as of :meth:`prober`."""
        return Gate(self.session.readonly, lambda plan: self._confirm(plan, waiting))

    def run(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Have something done; it is awaited to its end, whatever ends it, before the session is closed."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def busy(self) -> bool:
        """Something is being done."""
        return bool(self._tasks)

    async def close(self, within: float) -> None:
        """Cancel all of it and wait for so many seconds until what it made in the cluster is removed."""
        left = list(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=within)

    async def _confirm(self, plan: WritePlan, waiting: Callable[[bool], None]) -> bool:
        """Ask the user; what is cancelled meanwhile takes its question away."""
        from kheadless_tui.tui.probing.confirm import ConfirmScreen  # noqa: PLC0415 - the first picture comes sooner

        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def answered(yes: bool | None) -> None:
            if not answer.done():
                answer.set_result(bool(yes))

        screen = ConfirmScreen(plan)
        waiting(True)
        self._app.push_screen(screen, answered)
        try:
            yes = await answer
        except asyncio.CancelledError:
            if screen in self._app.screen_stack:
                while self._app.screen is not screen:  # what lies over it, such as the word that there is no room
                    self._app.pop_screen()
                screen.dismiss(False)
            raise
        if yes:
            waiting(False)
        return yes
