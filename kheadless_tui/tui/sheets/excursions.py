"""The sheets of what is done from a place: a name's way, a connect to each endpoint, a change's way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.convergence import Timeline
from kheadless_tui.probe.reachability import Goal, Reach
from kheadless_tui.probe.resolver.resolver_path import ResolverPath
from kheadless_tui.tui.probing.asker import Asker
from kheadless_tui.tui.probing.excursions import Excursions
from kheadless_tui.tui.render.path import PathEntry, path_count, path_layout, path_rows, path_title
from kheadless_tui.tui.render.reach import ReachEntry, reach_layout
from kheadless_tui.tui.render.timeline import legend, timeline_layout, timeline_rows, worst_text
from kheadless_tui.tui.sheets.answers import NO_TEXT
from kheadless_tui.tui.sheets.sheet import Frame
from kheadless_tui.tui.sheets.text import TextScreen
from kheadless_tui.tui.sheets.work import WorkScreen
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import GOOD, MUTED, WARN
from kheadless_tui.tui.text.row import Row


class PathScreen(WorkScreen):
    """The way of a name through the resolver of a pod."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "raw", "raw text", id="path.raw"),
        Binding("c", "copy_name", "copy name", id="path.copy"),
    ]

    def __init__(self, frame: Frame, asker: Asker, service: ObjectKey, name: str) -> None:
        """Set up.

        Args:
            frame: What every sheet shows.
            asker: Makes what asks.
            service: Whose pods are preferred as the place.
            name: As a program in a pod would give it.
        """
        layout = lambda rows, width: path_layout(rows, width, frame.signs)  # noqa: E731 - one expression
        super().__init__(frame, layout, asker, service, ("path", name))
        self._wanted = name
        self._path: ResolverPath | None = None

    def begin(self) -> None:
        """Forget the last one."""
        self._path = None

    async def work(self, excursions: Excursions) -> None:
        """Walk it."""
        self._path = await excursions.path(self._wanted)

    def fill(self) -> None:
        """Show the steps."""
        path = self._path
        if path is None:
            title = f"resolver path {self.signs.quiet} {clean(self._wanted)}"
            self.show(title, "", self.notes())
            return
        self.show(path_title(path, self.signs), path_count(path), [*self.notes(), *path_rows(path)])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Raw text is there where a question was asked, and a name to copy on every step but the first."""
        entry = self._entry if action in ("raw", "copy_name") else None
        if action == "raw":
            return entry is not None and entry.ask.observation is not None
        if action == "copy_name":
            return entry is not None and bool(entry.asked)
        return super().check_action(action, parameters)

    @property
    def _entry(self) -> PathEntry | None:
        rows, here = self.rows.rows, self.rows.cursor
        value = rows[here].value if 0 <= here < len(rows) else None
        return value if isinstance(value, PathEntry) else None

    def on_row_list_highlighted(self) -> None:
        """Other keys may work on another row; its name is told whole, where its row has no room for all of it."""
        self.name_under_cursor(self._entry.asked if self._entry is not None else "")
        self.refresh_bindings()

    def action_copy_name(self) -> None:
        """Send the name of the step to the terminal's clipboard."""
        if self._entry is not None:
            self.copy(self._entry.asked)

    def action_raw(self) -> None:
        """Show the reply as it came."""
        entry = self._entry
        if entry is not None and (seen := entry.ask.observation) is not None:
            title = f"raw {self.signs.quiet} {clean(seen.question.name)} {seen.question.type}"
            self.app.push_screen(TextScreen(self.frame, title, seen.raw or seen.error or NO_TEXT, ("path", "raw")))


class ReachScreen(WorkScreen):
    """A connect to each port of each endpoint."""

    def __init__(self, frame: Frame, asker: Asker, service: ObjectKey) -> None:
        layout = lambda rows, width: reach_layout(rows, width, frame.signs)  # noqa: E731 - one expression
        super().__init__(frame, layout, asker, service, ("reach",))
        self._goals: Sequence[Goal] = ()
        self._reached: dict[Goal, Reach] = {}
        self._asked = False

    def begin(self) -> None:
        """Forget the last ones."""
        self._goals, self._reached, self._asked = (), {}, False

    async def work(self, excursions: Excursions) -> None:
        """Connect to each."""
        await excursions.connect(self._on_goals, self._on_reach)

    def _on_goals(self, goals: Sequence[Goal]) -> None:
        self._goals, self._asked = goals, True
        self.changed()

    def _on_reach(self, reach: Reach) -> None:
        self._reached[reach.goal] = reach
        self.changed()

    def fill(self) -> None:
        """Show what came."""
        entries = [ReachEntry(goal, self._reached.get(goal)) for goal in self._goals]
        rows = [Row(f"{goal.address}/{goal.port}", entry) for goal, entry in zip(self._goals, entries, strict=True)]
        good = sum(reach.reached for reach in self._reached.values())
        if self._asked and not rows:
            nothing = Note(
                "The Service has no endpoint with a TCP port: there is nothing to connect to.", "quiet", MUTED
            )
            rows = [Row("none", nothing, selectable=False)]
        where = self.from_where()
        title = f"reach {self.signs.quiet} {clean(str(self.service))}{where} {self.signs.quiet} a TCP connect to each"
        self.show(title, f"{good} of {len(self._goals)} reached" if self._goals else "", [*self.notes(), *rows])


class TimelineScreen(WorkScreen):
    """A change on its way through the layers, live."""

    def __init__(self, frame: Frame, asker: Asker, service: ObjectKey) -> None:
        layout = lambda rows, width: timeline_layout(rows, width, frame.signs, self._timeline)  # noqa: E731
        super().__init__(frame, layout, asker, service, ("convergence",))
        self._timeline: Timeline | None = None

    def begin(self) -> None:
        """Forget the last one."""
        self._timeline = None

    async def work(self, excursions: Excursions) -> None:
        """Wait for a change, and follow it."""
        await excursions.converge(self._on_timeline)

    def _change_text(self, change: str) -> str:
        """The change with the Service's name in place of the whole one, which the crumbs tell."""
        whole = re.escape(f"{self.service.name}.{self.service.namespace}.svc.")
        return clean(re.sub(whole + r"[^ ,]*", self.service.name, change))

    def _on_timeline(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.changed()

    def fill(self) -> None:
        """Show how far the change has come."""
        timeline = self._timeline
        if timeline is None:
            title = f"convergence {self.signs.quiet} {clean(str(self.service))}{self.from_where()}"
            self.show(title, "", self.notes())
            return
        count = f"{'done' if timeline.done else 'going on'}, {timeline.ms / 1000:.1f} s"
        asked = f"asked every {timeline.interval:.0f} ms"
        what = f" {self.signs.quiet} ".join(("convergence", self._change_text(timeline.change)))
        title = f"{what}{self.from_where()} {self.signs.quiet} {asked}"
        sign, role = ("match", GOOD) if timeline.done else ("ellipsis", WARN)
        closing = Note(clean(worst_text(timeline)), sign, role, (legend(self.signs).plain,))
        self.show(title, count, [*timeline_rows(timeline), Row("worst", closing, selectable=False)])
        self.rows.relayout()
