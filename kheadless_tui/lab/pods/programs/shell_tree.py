"""What a script of the lab's shell is once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Redirect:
    """One redirection: ``<``, ``>``, ``>>``, ``<>``, ``<<`` and their target word, or ``>&`` for another stream.

    Of ``<<`` the target is the text itself, as a quoted word.
    """

    stream: int
    operator: str
    target: str


@dataclass(slots=True)
class Simple:
    """A command with its arguments, words not yet expanded."""

    assignments: list[tuple[str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class If:
    """Conditions with what is done, and the ``else`` part."""

    branches: list[tuple[Sequence, Sequence]]
    otherwise: Sequence | None
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class Loop:
    """``while`` and ``until``."""

    condition: Sequence
    body: Sequence
    until: bool
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class For:
    """``for NAME in WORDS``."""

    name: str
    words: list[str]
    body: Sequence
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """``{ ...; }`` and ``( ... )``."""

    body: Sequence
    apart: bool = False
    """In a shell of its own, which leaves the variables of this one alone and can end without it."""
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class Case:
    """``case WORD in PATTERN) ...;; esac``."""

    word: str
    branches: list[tuple[list[str], Sequence]]
    redirects: list[Redirect] = field(default_factory=list)


@dataclass(slots=True)
class Arithmetic:
    """``(( ... ))``: true when it is not zero."""

    text: str
    redirects: list[Redirect] = field(default_factory=list)


Command = Simple | If | Loop | For | Group | Case | Arithmetic


@dataclass(slots=True)
class Pipeline:
    """Commands joined by ``|``."""

    commands: list[Command]
    negated: bool = False


@dataclass(slots=True)
class AndOr:
    """Pipelines joined by ``&&`` and ``||``; the operator stands before each but the first."""

    pipelines: list[tuple[str, Pipeline]]
    background: bool = False
    """Ended by ``&``: nobody waits for it."""


@dataclass(slots=True)
class Sequence:
    """Everything between two ends, in order."""

    items: list[AndOr] = field(default_factory=list)
