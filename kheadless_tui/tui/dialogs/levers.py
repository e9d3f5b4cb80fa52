"""The lab's menu: what can be broken in it, on what, and what is broken now."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from kheadless_tui.errors import HeadlessError
from kheadless_tui.tui.keys.filtering import ALL, Filter
from kheadless_tui.tui.known.levers import Lever, Levers, levers_on
from kheadless_tui.tui.render.cards import Cards
from kheadless_tui.tui.text.cells import clean, wrap
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import MUTED, TEXT, WARN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.keys import Keys
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.rule import Rule
from kheadless_tui.tui.widgets.status import FILTER, Typing

LOOK_SECONDS = 0.2
"""Between two looks whether the lab is there."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A lever, or one of the choices below it."""

    name: str
    title: str
    says: str
    active: str | None
    opened: bool | None
    """``None`` where there is nothing to choose."""
    choice: str = ""


@dataclass(frozen=True)
class _LeverLayout(Cards):
    """A line for the lever with what it is pulled on, and its sentence below."""

    def card(self, row: Row) -> Sequence[Text]:
        """The lever with its sentence, one choice, or a remark."""
        entry = row.value
        assert isinstance(entry, _Entry)
        if entry.choice:
            return (Text(f"      {clean(entry.choice)}", TEXT),)
        opened = " " if entry.opened is None else self.signs.opened if entry.opened else self.signs.closed
        line = Text(f"{self.signs.yes if entry.active is not None else ' '} ", WARN)
        line.append(f"{opened} ", MUTED).append(clean(entry.title), TEXT)
        if entry.active is not None:
            line.append(f"  on: {clean(entry.active)}", WARN)
        return (line, *(Text(f"    {part}", MUTED) for part in wrap(clean(entry.says), self.width - 5)))


class LeversScreen(ModalScreen[str]):
    """Pulls and undoes levers; dismissed with the sentence that says what was done, empty for nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "filter", key_display="/", id="levers.filter"),
        Binding("u", "undo_all", "undo all", id="levers.undo-all"),
        Binding("escape,q,L", "close", "close", key_display="esc", id="levers.close"),
    ]

    def __init__(self, levers: Levers, signs: Signs) -> None:
        super().__init__()
        self._levers = levers
        self._signs = signs
        self._opened = ""
        """Name of the lever whose choices are seen."""
        self._chosen: Filter = ALL
        """Which choices of the open lever are seen; while none is open, which levers, and which choices of others."""

    def compose(self) -> ComposeResult:
        """A rule, the levers, the row to type in, the keys."""
        yield Rule("lab", id="rule-levers")
        yield RowList(lambda rows, width: _LeverLayout(width, self._signs), signs=self._signs, id="levers")
        typing = Typing(id="levers-typing", compact=True, select_on_focus=False)
        typing.cursor_blink = False
        typing.display = False
        yield typing
        yield Keys(signs=self._signs, id="levers-keys")

    def on_mount(self) -> None:
        """Show them; of a lab that is being built, as soon as it is there."""
        self._fill()
        if not self._levers.entries():
            self._building = self.set_interval(LOOK_SECONDS, self._fill_when_built)
        self.query_one(RowList).focus()
        self._show_keys()

    def _fill_when_built(self) -> None:
        if self._levers.entries():
            self._building.stop()
            self._fill()

    def _show_keys(self) -> None:
        keys = [("enter", "pull, or undo"), ("/", "filter"), ("u", "undo all"), ("j k", "next, previous")]
        keys.append(("esc", "all again" if self._chosen else "close"))
        if self.query_one(Typing).display:
            keys = [("enter", "to the rows"), ("esc", "all again")]
        self.query_one(Keys).show(keys, None)

    def _fill(self) -> None:
        rows: list[Row] = []
        found = 0
        for lever in self._levers.entries():
            opened = lever.name == self._opened
            named = not self._opened and self._chosen.matches(f"{lever.title} {lever.says}")
            sought = not self._opened and not named and lever.active is None
            choices = [
                Row(f"{lever.name}/{number}", _Entry(lever.name, "", "", None, None, choice))
                for number, choice in enumerate(lever.choices)
                if (opened or sought) and self._chosen.matches(choice)
            ]
            if opened or named or choices or not self._chosen:
                rows += [Row(lever.name, _entry(lever, opened=opened or bool(choices))), *choices]
            found += len(choices) + named
        if self._chosen and not found:
            rows.append(
                Row(
                    "none",
                    Note(f"Nothing matches /{self._chosen.text}.", more=("esc shows all again.",)),
                    selectable=False,
                )
            )
        if not self._levers.entries():
            rows = [Row("none", Note("The lab is being built.", more=("Its levers come with it.",)), selectable=False)]
        self.query_one(RowList).set_rows(rows)
        seen = f"{found} with /{self._chosen.text} · " if self._chosen else ""
        self.query_one(Rule).set(
            title="lab: what can be broken in it", count=f"{seen}{levers_on(self._levers)} on", focused=True
        )

    # -- the filter --------------------------------------------------------------------------------------------

    def action_find(self) -> None:
        """Type what to look for: among the choices of the open lever, else among the levers and all their choices."""
        line = self.query_one(Typing)
        line.display = True
        line.value = f"{FILTER}{self._chosen.text}"
        line.cursor_position = len(line.value)
        self.set_focus(line)
        self._show_keys()

    @on(Input.Changed)
    def _on_typed(self, event: Input.Changed) -> None:
        if not event.input.display:
            return
        if not event.value.startswith(FILTER):
            self._stop_typing(keep=False)  # the sign was deleted, as in the row of the panels
            return
        self._chosen = Filter(event.value.removeprefix(FILTER))
        self._fill()

    @on(Input.Submitted)
    def _on_submitted(self) -> None:
        self._stop_typing(keep=True)

    @on(Typing.Left)
    def _on_left(self) -> None:
        self._stop_typing(keep=False)

    def _stop_typing(self, *, keep: bool) -> None:
        self.query_one(Typing).display = False
        rows = self.query_one(RowList)
        self.set_focus(rows)
        self._choose(self._chosen if keep else ALL)
        choices = [row.id for row in rows.rows if isinstance(row.value, _Entry) and row.value.choice]
        if keep and self._chosen and choices:
            rows.move_to(choices[0])

    def _choose(self, chosen: Filter) -> None:
        self._chosen = chosen
        self._fill()
        self._show_keys()

    # -- what is done ------------------------------------------------------------------------------------------

    @on(RowList.Selected)
    async def _on_selected(self, event: RowList.Selected) -> None:
        entry = next((row.value for row in event.row_list.rows if row.id == event.row_id), None)
        assert isinstance(entry, _Entry)
        lever = next(lever for lever in self._levers.entries() if lever.name == entry.name)
        if entry.choice:
            await self._leave_with(self._levers.pull(entry.name, entry.choice))
        elif lever.active is not None:
            await self._leave_with(self._levers.undo(entry.name))
        elif len(lever.choices) == 1:
            await self._leave_with(self._levers.pull(entry.name, lever.choices[0]))
        else:
            self._opened = "" if self._opened == entry.name else entry.name
            self._choose(ALL)

    async def _leave_with(self, deed: Awaitable[str]) -> None:
        try:
            self.dismiss(await deed)
        except HeadlessError as error:
            self.dismiss(f"{error.message}. {error.hint}".rstrip())

    async def action_undo_all(self) -> None:
        """Mend everything."""
        said = [await self._levers.undo(lever.name) for lever in self._levers.entries() if lever.active is not None]
        self.dismiss(" ".join(said) or "nothing was on")

    def action_close(self) -> None:
        """All levers and choices again after a filter; else leave all as it is."""
        if self._chosen:
            self._choose(ALL)
        else:
            self.dismiss("")


def _entry(lever: Lever, *, opened: bool) -> _Entry:
    can_open = opened if len(lever.choices) > 1 and lever.active is None else None
    nothing = "" if lever.choices or lever.active is not None else " Now there is nothing of the kind."
    return _Entry(lever.name, lever.title, f"{lever.says}{nothing}", lever.active, can_open)
