"""What is typed after ``:``: which command it is, and what could be meant while it is typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kheadless_tui.errors import UsageError


class Verb(NamedTuple):
    """A command."""

    name: str
    usage: str
    """The name with what may follow it."""
    says: str
    """What it does, in a few words."""
    action: str = ""
    """What it runs, as textual writes actions; empty for a command that takes words."""
    optional: bool = True
    """It can be run without a word after it; else its words are asked for."""


CONTEXT, NAMESPACE, SELECTOR, PATH, QUIT = "ctx", "ns", "sel", "path", "q"
LEFTOVERS = "leftovers"

WORDY = (
    Verb(CONTEXT, "ctx NAME", "another cluster: a context of the kubeconfig", optional=False),
    Verb(NAMESPACE, "ns NAME...|all", "other namespaces, those included that may not be listed", optional=False),
    Verb(SELECTOR, "sel [LABELS]", "only Services with these labels, as kubectl -l; without: all"),
    Verb(PATH, "path NAME", "the way of a name through a pod's resolver", optional=False),
    Verb(LEFTOVERS, LEFTOVERS, "remove the pods that killed probes have left", "screen.leftovers"),
    Verb(QUIT, "q", "leave the program", "app.quit"),
)
"""The commands that are no keys."""

_ALIASES = {
    **dict.fromkeys(("context", "contexts"), CONTEXT),
    **dict.fromkeys(("namespace", "namespaces"), NAMESPACE),
    **dict.fromkeys(("selector", "-l"), SELECTOR),
    **dict.fromkeys(("quit", "q!"), QUIT),
}


class Choice(NamedTuple):
    """One thing that could be meant."""

    line: str
    """The whole line, if this is chosen."""
    usage: str
    says: str


class Known(NamedTuple):
    """What the words of commands can be, as far as it is known."""

    contexts: tuple[tuple[str, str], ...] = ()
    """Name, and what is to be said of it."""
    namespaces: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """``key=value`` of the Services."""


class Order(NamedTuple):
    """A command with its words."""

    verb: Verb
    words: tuple[str, ...]


def choices(line: str, verbs: Sequence[Verb], known: Known) -> tuple[list[Choice], int]:
    """What could be meant by a line that is being typed.

    Returns:
        The choices, best first, and how many there are when nothing is typed.
    """
    first, blank, rest = line.lstrip().partition(" ")
    if not blank:
        found = [Choice(verb.name + ("" if verb.action else " "), verb.usage, verb.says) for verb in verbs]
        return _best(first, found), len(found)
    name = _ALIASES.get(first, first)
    done, _, word = rest.rpartition(" ")
    before = f"{first} {done} " if done.strip() else f"{first} "
    options: Iterable[tuple[str, str]] = ()
    if name == CONTEXT:
        before, word, options = f"{first} ", rest.lstrip(), known.contexts
    elif name == NAMESPACE:
        options = [("all", "all namespaces"), *((each, "") for each in known.namespaces)]
    elif name == SELECTOR:
        options = [(each, "") for each in known.labels]
    found = [Choice(f"{before}{each}", each, says) for each, says in options]
    return _best(f"{before}{word}", found), len(found)


def _best(typed: str, found: Sequence[Choice]) -> list[Choice]:
    """Those that begin with what is typed, then those that have it elsewhere."""
    wanted = typed.lower()
    begin = [choice for choice in found if choice.line.lower().startswith(wanted)]
    word = wanted.rpartition(" ")[2]
    within = [choice for choice in found if choice not in begin and word in choice.usage.lower()]
    return [*begin, *within]


def parse(line: str, verbs: Sequence[Verb]) -> Order | None:
    """The command of a whole line; ``None`` for an empty one.

    Raises:
        UsageError: there is no such command, it is one of several, or it cannot be followed by a word.
    """
    words = line.split()
    if not words:
        return None
    typed = _ALIASES.get(words[0], words[0])
    found = [verb for verb in verbs if verb.name == typed] or [verb for verb in verbs if verb.name.startswith(typed)]
    if not found:
        raise UsageError(f"there is no command {words[0]!r}", hint=": lists all of them")
    if len(found) > 1:
        raise UsageError(f"{words[0]!r} may be {', '.join(verb.name for verb in found)}", hint="a letter more tells")
    if found[0].action and len(words) > 1:
        raise UsageError(f"{found[0].name} takes no word behind it", hint="sel (-l), ns, ctx and path do")
    return Order(found[0], tuple(words[1:]))
