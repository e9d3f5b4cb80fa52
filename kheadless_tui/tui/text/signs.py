"""The signs of the screen, each with what stands for it where only ASCII can be shown.

Sign and word together carry a meaning; colour only repeats it. No other module writes a sign of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Signs:
    """One set of signs; every sign of a row is one cell wide, so that both sets keep the columns."""

    cursor: str = "❯"
    """The row that keys act on."""
    linked: str = "•"
    """A row that belongs to the selection in another panel."""
    marked: str = "◆"
    changed: str = "▎"
    match: str = "✓"
    missing: str = "-"
    extra: str = "+"
    wrong: str = "≠"
    error: str = "✗"
    stale: str = "~"
    unanswered: str = "?"
    attention: str = "!"
    """Warning, forbidden, offline: the word beside it says which."""
    hint: str = "i"
    yes: str = "●"
    """The endpoint is in DNS."""
    not_ready: str = "○"
    terminating: str = "◌"
    quiet: str = "·"
    """Withheld and not asked: neither good nor bad."""
    ellipsis: str = "…"
    dash: str = "–"
    rule: str = "─"
    rule_focused: str = "━"
    divider: str = "│"
    junction: str = "┬"
    """Where a divider hangs from a rule."""
    opened: str = "▾"
    closed: str = "▸"
    crumb: str = "›"
    arrow: str = "→"
    down: str = "↓"
    up: str = "↑"
    times: str = "×"
    corner_top_left: str = "┌"
    corner_top_right: str = "┐"
    corner_bottom_left: str = "└"
    corner_bottom_right: str = "┘"
    top_left: str = "┏"
    top_right: str = "┓"
    bottom_left: str = "┗"
    bottom_right: str = "┛"
    side: str = "┃"


UNICODE = Signs()

ASCII = Signs(
    cursor=">",
    linked=":",
    marked="*",
    changed="|",
    match="=",
    wrong="#",
    error="X",
    yes="o",
    not_ready="x",
    terminating="t",
    quiet=".",
    ellipsis="~",
    dash="-",
    rule="-",
    rule_focused="=",
    divider="|",
    junction="+",
    opened="v",
    closed=">",
    crumb=">",
    arrow="->",
    down="v",
    up="^",
    times="x",
    corner_top_left="+",
    corner_top_right="+",
    corner_bottom_left="+",
    corner_bottom_right="+",
    top_left="+",
    top_right="+",
    bottom_left="+",
    bottom_right="+",
    side="|",
)

_SWITCH = "KHEADLESS_ASCII"


def signs_for(environ: Mapping[str, str] | None = None) -> Signs:
    """The signs that this terminal can show.

    ASCII when the locale is not UTF-8, on the Linux console (its font lacks most signs), or when the environment
    variable KHEADLESS_ASCII is set and not ``0``.
    """
    env = os.environ if environ is None else environ
    if env.get(_SWITCH, "0") not in ("", "0"):
        return ASCII
    if env.get("TERM") == "linux":
        return ASCII
    # The first of these that is set decides, as setlocale(3) has it.
    locale = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    utf8 = "utf-8" in locale.lower() or "utf8" in locale.lower()
    # No locale at all is usual in containers, whose terminal is the user's own and reads UTF-8.
    return UNICODE if utf8 or not locale else ASCII


def ascii_of(text: str) -> str:
    """The same text with every sign of ours replaced by its ASCII twin."""
    return text.translate(_TRANSLATION)


_TRANSLATION = {
    ord(getattr(UNICODE, item.name)): getattr(ASCII, item.name)
    for item in fields(Signs)
    if len(getattr(UNICODE, item.name)) == 1 and not getattr(UNICODE, item.name).isascii()
}
