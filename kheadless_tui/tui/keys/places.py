"""What is looked at: a context of the kubeconfig, namespaces, a selector; and the way by which one came there. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kheadless_tui.errors import UsageError

MOST_FAVOURITES = 9
"""Namespaces that have a digit; 0 is all."""

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""A DNS label (RFC 1123), which is what the API server takes for the name of a namespace."""

ALL = ("all", "0")
"""Words for all namespaces, as in k9s."""


class Place(NamedTuple):
    """A part of a cluster."""

    context: str
    namespaces: tuple[str, ...] = ()
    """Empty: all."""
    selector: str = ""
    """Of labels, for the Services; empty: all of them."""

    @property
    def words(self) -> str:
        """As the status row says it: ``ns shop of prod-eu1``."""
        chosen = f", -l {self.selector}" if self.selector else ""
        return f"ns {' '.join(self.namespaces) or 'all'} of {self.context}{chosen}"


def namespaces_of(words: Sequence[str]) -> tuple[str, ...]:
    """The namespaces that were typed; empty for all.

    Raises:
        UsageError: no namespace can have such a name.
    """
    names = tuple(dict.fromkeys(name for word in words for name in word.split(",") if name))
    if len(names) == 1 and names[0] in ALL:
        return ()
    for name in names:
        if not _NAMESPACE.fullmatch(name):
            raise UsageError(f"{name!r} cannot be the name of a namespace", hint="small letters, digits and dashes")
    return names


class Trail:
    """The places where one has been, in order, and which of them one is at."""

    def __init__(self, start: Place, favourites: dict[str, list[str]] | None = None) -> None:
        """Set up.

        Args:
            start: Where one begins.
            favourites: By context, the namespaces that have a digit; where one goes is added to it.
        """
        self._places = [start]
        self._at = 0
        self._before = 0
        self._favourites = {} if favourites is None else favourites
        self._note(start)

    @property
    def here(self) -> Place:
        """Where one is."""
        return self._places[self._at]

    def arrive(self, place: Place, step: int = 0) -> None:
        """Be at a place.

        Args:
            place: Which.
            step: By how many steps on the trail one came there; 0 for a new place, after which nothing is ahead.
        """
        if place == self.here:
            return
        self._before = self._at
        if step:
            self._at += step
            return
        del self._places[self._at + 1 :]
        self._places.append(place)
        self._at += 1
        self._note(place)

    def at(self, step: int) -> Place | None:
        """The place so many steps on (or back, below 0); ``None`` where the trail ends."""
        at = self._at + step
        return self._places[at] if 0 <= at < len(self._places) else None

    @property
    def to_last(self) -> int:
        """Steps to where one was before; 0 in the beginning."""
        return min(self._before, len(self._places) - 1) - self._at

    def favourites(self, context: str) -> tuple[str, ...]:
        """The namespaces of a context that have a digit: those where one has been, the first from 1."""
        return tuple(self._favourites.get(context, ()))

    def _note(self, place: Place) -> None:
        known = self._favourites.setdefault(place.context, [])
        for name in place.namespaces:
            if name not in known:
                # Where all digits are given the last one goes to what is new: those before keep their meaning.
                del known[MOST_FAVOURITES - 1 :]
                known.append(name)
