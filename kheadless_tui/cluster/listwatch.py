"""What a reflector asks its driver to do, and what it says has changed: plain values between the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
class Wait:
    """Do nothing until then (Unix time), or until the user asks."""

    until: float


Step = List | Watch | Wait


@dataclass(frozen=True, slots=True)
class Put:
    """These objects are there, new or changed."""

    objects: Sequence[KubeObject]


@dataclass(frozen=True, slots=True)
class Remove:
    """This object is gone."""

    key: ObjectKey


@dataclass(frozen=True, slots=True)
class Replace:
    """Exactly these objects are there."""

    objects: Sequence[KubeObject]


Change = Put | Remove | Replace
