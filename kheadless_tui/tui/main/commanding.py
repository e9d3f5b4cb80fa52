"""The frame with the line for commands: another cluster or scope, and every action by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult

from kheadless_tui.errors import UsageError
from kheadless_tui.tui.following.switching import Switch
from kheadless_tui.tui.keys.command_line import Order, Verb, parse
from kheadless_tui.tui.keys.command_words import known_of, place_by, verbs_for, with_contexts
from kheadless_tui.tui.keys.places import Trail
from kheadless_tui.tui.known.catalog import Catalog
from kheadless_tui.tui.main.command_typing import CommandTyping
from kheadless_tui.tui.main.panels import PanelsScreen
from kheadless_tui.tui.text.roles import UNKNOWN
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.candidates import Candidates
from kheadless_tui.tui.widgets.status import COMMAND, CommandLine, StatusRow

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


class CommandScreen(PanelsScreen):
    """Panels, and the line in which commands are typed."""

    def __init__(
        self, session: ClusterSession, catalog: Catalog, signs: Signs, *, trail: Trail, typed: list[str]
    ) -> None:
        """Set up.

        Args:
            session: The cluster.
            catalog: What the tree shows.
            signs: What the terminal can show.
            trail: The places where one has been.
            typed: Command lines that were run, the oldest first.
        """
        super().__init__(catalog, signs)
        self._session = session
        self._trail = trail
        self._candidates = Candidates(signs=signs, id="candidates")
        self._command = CommandTyping(self._status, self._candidates, typed)

    def compose(self) -> ComposeResult:
        """The choices lie over the panels."""
        yield from super().compose()
        yield self._candidates

    def action_command(self) -> None:
        """Type a command."""
        self._type_command("")

    def _type_command(self, text: str) -> None:
        self._command.begin(self._verbs, known_of(self._session, self._trail), text)
        self.run_worker(self._learn_contexts(), exclusive=True, group="contexts")

    async def _learn_contexts(self) -> None:
        self._command.learn(await with_contexts(self._session, known_of(self._session, self._trail)))

    @on(CommandLine.Chose)
    def _on_chose(self, event: CommandLine.Chose) -> None:
        self._command.choose(event.step)

    @on(CommandLine.Completed)
    def _on_completed(self) -> None:
        self._command.complete()

    @on(CommandLine.Recalled)
    def _on_recalled(self, event: CommandLine.Recalled) -> None:
        self._command.recall(event.step)

    @on(StatusRow.Typed)
    def _on_command_typed(self, event: StatusRow.Typed) -> None:
        if event.prompt == COMMAND:
            self._command.typed(event.text)

    @on(StatusRow.Done)
    async def _on_command_done(self, event: StatusRow.Done) -> None:
        if event.prompt == COMMAND:
            line = self._command.end(keep=event.keep)
            self.set_focus(self._body.current, scroll_visible=False)
            await self._obey(line)

    def _verbs(self) -> tuple[Verb, ...]:
        return verbs_for(self._body.current, lambda action: bool(self.check_action(action.partition("(")[0], ())))

    async def _obey(self, line: str) -> None:
        """Do what was typed."""
        try:
            order = parse(line, self._verbs())
            if order is None:
                return
            if not order.words and not order.verb.optional:
                self._type_command(f"{order.verb.name} ")
                return
            if order.verb.action:
                await self._body.current.run_action(order.verb.action)
            else:
                self.carry_out(order)
        except UsageError as error:
            self.say(f"{error.message}: {error.hint}" if error.hint else error.message, UNKNOWN)

    def carry_out(self, order: Order) -> None:
        """Do what a command with words says.

        Raises:
            UsageError: a word cannot be what it must be.
        """
        self.post_message(Switch(place_by(order, self._trail.here)))

    def action_favourite(self, digit: int) -> None:
        """Look at a namespace that has a digit, or at all."""
        here = self._trail.here
        names = self._trail.favourites(here.context)
        if digit > len(names):
            self.say(f"no namespace has the digit {digit} yet; :ns gives it one", UNKNOWN)
            return
        self.post_message(Switch(here._replace(namespaces=names[digit - 1 : digit] if digit else ())))

    def action_last(self) -> None:
        """Where one was before."""
        self.action_travel(self._trail.to_last)

    def action_travel(self, step: int) -> None:
        """Along the places where one has been."""
        place = self._trail.at(step) if step else None
        if place is None:
            self.say("no other place was seen there", UNKNOWN)
        else:
            self.post_message(Switch(place, step))
