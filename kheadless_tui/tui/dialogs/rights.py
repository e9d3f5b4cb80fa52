"""The rule that an admin would add for the rights that are missing; and each of them, with what for and its cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from kheadless_tui.cluster.rights.missing_rights import MissingRight, rule_yaml
from kheadless_tui.tui.render.cards import Cards
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.keys import Keys
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.rule import Rule

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

_LINE = "line/"
"""How the ids of the manifest's lines begin."""

HEADING = "What an admin would add, for exactly these rights (kubectl apply -f -):"


@dataclass(frozen=True)
class _RightLayout(Cards):
    """Each right in as many lines as it needs; of the manifest each line as it is."""

    def card(self, row: Row) -> Sequence[Text]:
        """One right, or a line of the manifest."""
        assert isinstance(row.value, str)
        return [Text(f" {row.value}", MUTED if row.value.startswith("#") or not row.selectable else TEXT)]


class RightsScreen(ModalScreen[str | None]):
    """Dismissed with what is to be copied, or ``None``; it follows the session while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy the YAML", id="rights.copy"),
        Binding("tab", "turn", "one by one, or as YAML", id="rights.turn"),
        Binding("e", "copy_check", "copy the check", id="rights.check"),
        Binding("escape,q,w,W", "close", "close", key_display="esc", id="rights.close"),
    ]

    def __init__(self, session: ClusterSession, signs: Signs) -> None:
        super().__init__()
        self._session = session
        self._signs = signs
        self._one_by_one = False
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """A rule, the manifest or the rights, the keys."""
        yield Rule("missing rights", id="rule-rights")
        yield RowList(lambda rows, width: _RightLayout(width, self._signs), signs=self._signs, id="rights")
        yield Keys(signs=self._signs, id="rights-keys")

    def on_mount(self) -> None:
        """Show them, and follow."""
        self._unsubscribe = self._session.subscribe(self._fill)
        self._fill()
        self.query_one(RowList).focus()
        self._show_keys()

    def on_unmount(self) -> None:
        """Follow no more."""
        self._unsubscribe()

    @property
    def _yaml(self) -> str:
        return rule_yaml(self._session.missing_rights, self._session.user)

    def _fill(self) -> None:
        rights = self._session.missing_rights
        title = f"missing rights {self._signs.quiet} {clean(self._session.user)}"
        self.query_one(Rule).set(title=title, count=str(len(rights)), focused=True)
        if not rights:
            self.query_one(RowList).set_rows([Row("none", Note("No right is missing.", "match"))])
            return
        if self._one_by_one:
            rows = [Row(right.check, _note(right)) for right in rights]
        else:
            lines = enumerate(self._yaml.splitlines())
            rows = [Row("heading", HEADING, selectable=False)]
            rows += [Row(f"{_LINE}{number}", clean(line)) for number, line in lines]
        self.query_one(RowList).set_rows(rows)

    def _show_keys(self) -> None:
        keys = [("c", "copy the YAML"), ("tab", "one by one")]
        if self._one_by_one:
            keys = [("c", "copy the YAML"), ("e", "copy the check"), ("tab", "as YAML")]
        self.query_one(Keys).show([*keys, ("j k", "next, previous"), ("esc", "close")], None)

    def action_turn(self) -> None:
        """Each right by itself with its cause, or the manifest for all of them."""
        self._one_by_one = not self._one_by_one
        self._fill()
        self.query_one(RowList).action_first()
        self._show_keys()

    def action_copy(self) -> None:
        """Leave with the manifest."""
        self.dismiss(self._yaml or None)

    def action_copy_check(self) -> None:
        """Leave with the command that tells whether the right under the cursor is there."""
        row_id = self.query_one(RowList).row_id
        if self._one_by_one and row_id not in (None, "none"):
            self.dismiss(row_id)

    def action_close(self) -> None:
        """Leave with nothing."""
        self.dismiss(None)


def _note(right: MissingRight) -> Note:
    return Note(f"{right.words}, for {right.needed_for}", "attention", UNKNOWN, (right.cause, right.check))
