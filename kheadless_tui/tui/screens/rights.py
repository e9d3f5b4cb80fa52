"""The rights that are missing, each with what it is needed for and its cause, and the rule that an admin would add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from kheadless_tui.cluster.missing_rights import MissingRight, rule_yaml
from kheadless_tui.tui.render.cells import clean
from kheadless_tui.tui.render.notes import Note
from kheadless_tui.tui.render.roles import MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.render.row import Row
from kheadless_tui.tui.render.signs import Signs
from kheadless_tui.tui.widgets.keys import Keys
from kheadless_tui.tui.widgets.rows import RowList
from kheadless_tui.tui.widgets.rule import Rule

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

HEADING = "What an admin would add, for exactly these rights (kubectl apply -f -):"


@dataclass(frozen=True, slots=True)
class _Manifest:
    """The YAML as one row: whole lines, as they are."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class _RightLayout:
    """Each right in as many lines as it needs; the manifest below all of them."""

    width: int
    signs: Signs
    heading: Text | None = None

    def heights(self, rows: Sequence[Row]) -> Sequence[int] | None:
        """What each takes."""
        return [len(self.lines(row)) for row in rows]

    def lines(self, row: Row) -> Sequence[Text]:
        """One right, or the manifest."""
        if isinstance(row.value, _Manifest):
            return [Text(), Text(f" {HEADING}", MUTED), *(Text(f"   {line}", TEXT) for line in row.value.lines)]
        assert isinstance(row.value, Note)
        return row.value.lines(self.width, self.signs)


class RightsScreen(ModalScreen[str | None]):
    """Dismissed with what is to be copied, or ``None``; it follows the session while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy the YAML", id="rights.copy"),
        Binding("e", "copy_check", "copy the check", id="rights.check"),
        Binding("escape,q,w,W", "close", "close", key_display="esc", id="rights.close"),
    ]

    def __init__(self, session: ClusterSession, signs: Signs) -> None:
        super().__init__()
        self._session = session
        self._signs = signs
        self._unsubscribe: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """A rule, the rights with the manifest, the keys."""
        yield Rule("missing rights", id="rule-rights")
        yield RowList(lambda rows, width: _RightLayout(width, self._signs), signs=self._signs, id="rights")
        yield Keys(signs=self._signs, id="rights-keys")

    def on_mount(self) -> None:
        """Show them, and follow."""
        self._unsubscribe = self._session.subscribe(self._fill)
        self._fill()
        self.query_one(RowList).focus()
        keys = [("c", "copy the YAML"), ("e", "copy the check"), ("j k", "next, previous"), ("esc", "close")]
        self.query_one(Keys).show(keys, None)

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
        rows = [Row(f"{right.check}", _note(right)) for right in rights]
        manifest = _Manifest(tuple(clean(line) for line in self._yaml.splitlines()))
        self.query_one(RowList).set_rows([*rows, Row("manifest", manifest)])

    def action_copy(self) -> None:
        """Leave with the manifest."""
        self.dismiss(self._yaml or None)

    def action_copy_check(self) -> None:
        """Leave with the command that tells whether the right under the cursor is there."""
        row_id = self.query_one(RowList).row_id
        self.dismiss(row_id if row_id not in (None, "manifest", "none") else None)

    def action_close(self) -> None:
        """Leave with nothing."""
        self.dismiss(None)


def _note(right: MissingRight) -> Note:
    return Note(f"{right.words}, for {right.needed_for}", "attention", UNKNOWN, (right.cause, right.check))
