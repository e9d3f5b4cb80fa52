"""What a reflector asks its driver to do, and what it says has changed: plain values between the two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import msgspec

from kheadless_tui.model.objects import KubeObject, ObjectKey


@dataclass(frozen=True, slots=True)
class List:
    """GET one page of the list."""

    path: str
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """Open the watch."""

    path: str
    params: tuple[tuple[str, str], ...]
    idle_timeout: float


@dataclass(frozen=True, slots=True)
class Check:
    """Ask whether the server has come as far as the version that we hold; the objects in its answer do not count."""

    path: str
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing until then (Unix time), or until the user asks."""

    until: float


Step = List | Check | Watch | Wait

Names = Mapping[str, Set[str]]
"""Names of objects, by namespace."""


class Put(msgspec.Struct, frozen=True):
    """These objects are there, new or changed."""

    objects: Sequence[KubeObject]


class Remove(msgspec.Struct, frozen=True):
    """This object is gone."""

    key: ObjectKey


class Replace(msgspec.Struct, frozen=True):
    """Exactly the objects of these names are there."""

    objects: Sequence[KubeObject]
    """Those of them that have not been put already."""
    names: Names | None = None
    """``None`` for the names of these objects."""


Change = Put | Remove | Replace


def names_of(objects: Iterable[KubeObject]) -> dict[str, set[str]]:
    """The names of objects, by namespace."""
    names: dict[str, set[str]] = {}
    for item in objects:
        names.setdefault(item.namespace, set()).add(item.name)
    return names


def pieces(change: Put | Replace, size: int) -> Iterator[Change]:
    """A change in parts of so many objects; what a Replace removes goes with the last one."""
    objects = change.objects
    last = max(0, len(objects) - 1) // size * size
    for start in range(0, last, size):
        yield Put(objects[start : start + size])
    if isinstance(change, Replace):
        yield Replace(objects[last:], names_of(objects) if change.names is None else change.names)
    else:
        yield Put(objects[last:])
