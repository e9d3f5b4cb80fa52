"""The first row: where we are, as whom, and whether what is seen is of now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Reading, ReadState, Scope, Unauthorized
from kheadless_tui.tui.text.cells import clean, shorten, width_of
from kheadless_tui.tui.text.counters import coarse
from kheadless_tui.tui.text.roles import FOCUS, GOOD, MUTED, TEXT, UNKNOWN, WARN
from kheadless_tui.tui.text.signs import Signs
from kheadless_tui.tui.widgets.rule import Line

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the header tells, before it knows how wide it is."""

    context: str = ""
    version: str = ""
    user: str = ""
    scope: str = ""
    favourites: tuple[str, ...] = ()
    """Namespaces that have a digit, the first from 1."""
    lab: str = ""
    """``lab``, and how many of its levers are on: ``lab 2 on``; empty for a cluster that is no lab."""
    readonly: bool = False
    state: tuple[str, str] = ("", TEXT)
    """Words and role of live, reading, offline, forbidden."""


def facts_of(
    session: ClusterSession, *, favourites: tuple[str, ...] = (), lab: str, now: float, signs: Signs
) -> HeaderFacts:
    """What the header tells of a session at a moment."""
    connection = session.connection
    return HeaderFacts(
        connection.context or connection.cluster,
        session.server_version or "",
        connection.user,
        scope_text(session.scope, session.selector),
        favourites,
        lab,
        session.readonly,
        state_text(session.link, now, signs),
    )


def scope_text(scope: Scope, selector: str = "") -> str:
    """``ns all``, ``ns shop``, ``ns shop (only)`` where the right to see more is missing; ``ns all -l app=web``."""
    chosen = f" -l {clean(selector)}" if selector else ""
    if scope.all:
        return f"ns all{chosen}"
    names = " ".join(clean(name) for name in scope.namespaces[:3])
    more = f" +{len(scope.namespaces) - 3}" if len(scope.namespaces) > 3 else ""
    return f"ns {names}{more}{' (only)' if scope.only else ''}{chosen}"


def state_text(link: ReadState, now: float, signs: Signs) -> tuple[str, str]:
    """The words for the state of the connection, and their role."""
    match link:
        case Live():
            return f"{signs.yes} live", GOOD
        case Polled():
            return f"{signs.attention} polling, {coarse(now - link.listed)} s old", UNKNOWN
        case Reading():
            return f"{signs.ellipsis} reading", UNKNOWN
        case Offline():
            left = link.next_try - now
            soon = f"next try {coarse(max(1, left))} s" if left > 0 else "trying now"
            return f"{signs.attention} offline {coarse(now - link.since)} s, {soon}", UNKNOWN
        case Unauthorized():
            return f"{signs.attention} not logged in", UNKNOWN
        case Forbidden():
            return f"{signs.attention} forbidden", UNKNOWN


def _digits(favourites: tuple[str, ...], room: int, signs: Signs) -> str:
    """``     0 all  1 shop  2 billing``: as many as there is room for, all of them or with a sign for the rest."""
    items = [f"{digit} {clean(name)}" for digit, name in enumerate(("all", *favourites))]
    for count in range(len(items), 1, -1):
        rest = [signs.ellipsis] if count < len(items) else []
        text = "     " + "  ".join([*items[:count], *rest])
        if width_of(text) <= room:
            return text
    return ""


class Header(Line):
    """The header row."""

    _facts = HeaderFacts()

    def show(self, facts: HeaderFacts) -> None:
        """Tell these facts."""
        self._facts = facts
        self.changed()

    def lines(self, width: int) -> list[Text]:
        """Favourites, version and user give way in this order, then the context is shortened; the state never goes."""
        facts = self._facts
        right = Text()
        if facts.lab:
            right.append(f"{facts.lab}  ", FOCUS)
        if facts.readonly:
            right.append("read-only  ", WARN)
        right.append(*facts.state)
        right.append(" ")
        context = clean(facts.context).rpartition("/")[2] or clean(facts.context)
        others = [(facts.version, MUTED), (clean(facts.user), MUTED), (facts.scope, TEXT)]
        shown = [item for item in others if item[0]]
        room = width - right.cell_len - 2
        # Version first, then user; the scope stays as long as the context keeps a readable rest.
        while len(shown) > 1 and len(context) + sum(len(word) + 2 for word, _ in shown) > room:
            shown.pop(0)
        taken = sum(len(word) + 2 for word, _ in shown)
        if len(context) + taken > room:
            context = shorten(context, max(room - taken, 6), self.signs.ellipsis)
        left = Text(" ")
        left.append(context, FOCUS)
        for word, role in shown:
            left.append(f"  {word}", role)
        left.append(_digits(facts.favourites, width - right.cell_len - 2 - left.cell_len, self.signs), MUTED)
        left.truncate(max(0, width - right.cell_len))
        left.append(" " * (width - left.cell_len - right.cell_len))
        return [left + right]
