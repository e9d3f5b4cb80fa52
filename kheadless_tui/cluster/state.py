"""What reading a part of the cluster has come to: each outcome is a value with its cause, never an empty list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kheadless_tui.model.kinds import KINDS, SERVICE


@dataclass(frozen=True, slots=True)
class Reading:
    """The list is under way."""

    objects: int = 0
    """Objects read so far."""
    since: float = 0.0
    """Unix time of the start."""
    waiting: bool = False
    """As many lists as are asked for at a time are under way: this one waits for its turn."""


@dataclass(frozen=True, slots=True)
class Live:
    """Listed whole, and the watch is open (or just being reopened)."""

    since: float
    """Unix time since when it has been so."""
    undecodable: int = 0
    """Objects that could not be decoded and are left out; shown, never fatal."""
    left_out: int = 0
    """Objects beyond the number that is kept (:data:`~kheadless_tui.cluster.bounds.MAX_OBJECTS`)."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The API server answered 403."""

    verb: str
    resource: str
    namespace: str
    """Empty for all namespaces."""
    message: str
    """What to ask for, and the API server's own words."""


@dataclass(frozen=True, slots=True)
class Polled:
    """Watching is refused, so that what there is is asked for again from time to time.

    It is listed; or, where listing is refused as well, those objects are got whose names are known.
    """

    listed: float
    """Unix time of the last time that this was done: what is shown is of then."""
    next_try: float
    """Unix time of the next time."""
    refusal: Forbidden
    """What is refused."""
    undecodable: int = 0
    """As of :class:`Live`."""
    left_out: int = 0
    """As of :class:`Live`."""

    @property
    def by_name(self) -> bool:
        """Only objects whose names are known are read: there may be others."""
        return self.refusal.verb == "list"


@dataclass(frozen=True, slots=True)
class Offline:
    """The API server cannot be reached, does not answer, or answers with an error; what is shown is of ``since``."""

    since: float
    """Unix time since when."""
    next_try: float
    """Unix time of the next attempt."""
    cause: str
    """One sentence."""
    whole: bool = False
    """The list had been read before: what is shown is all that there was then."""


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """The API server answered 401, or the credential plug-in failed."""

    since: float
    cause: str
    whole: bool = False
    """As of :class:`Offline`."""


ReadState = Reading | Live | Polled | Forbidden | Offline | Unauthorized
"""The outcome of reading one kind in one scope."""

READ = (Live, Polled)
"""The outcomes by which there is something to show, and it goes on being read."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which namespaces are read."""

    namespaces: tuple[str, ...] = ()
    """Empty: all namespaces."""
    only: bool = False
    """True when the scope is narrower than asked for because the right to read all was refused."""

    @property
    def all(self) -> bool:
        """All namespaces are read."""
        return not self.namespaces


def unread_kinds(reads: Mapping[tuple[str, str], ReadState], namespace: str, selector: str = "") -> frozenset[str]:
    """Kinds of which not all objects of a namespace are known: from the absence of one nothing follows.

    Args:
        reads: what reading each kind in each scope has come to, by plural and namespace (empty: all).
        namespace: the namespace.
        selector: the label selector by which Services were chosen; with one, others may exist.
    """
    found = {
        name
        for name, kind in KINDS.items()
        if not any(is_whole(reads.get((kind.plural, scope))) for scope in (namespace, ""))
    }
    return frozenset(found | {SERVICE.name} if selector else found)


def is_whole(state: ReadState | None) -> bool:
    """All objects are known that there are, or were at the time of which the state tells."""
    match state:
        case Live():
            return not state.left_out
        case Polled():
            return not state.left_out and not state.by_name
        case Offline() | Unauthorized():
            return state.whole
    return False


def undecodable_text(count: int, what: str) -> str:
    """What is said of objects that could not be decoded; without a full stop.

    Args:
        count: How many there are.
        what: The kind in the plural.
    """
    return f"{count:,} of the {what} could not be decoded and {'is' if count == 1 else 'are'} left out"
