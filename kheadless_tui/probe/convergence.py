"""When each layer came to say the new truth after a change: a sans-I/O state, fed with changes and replies.

A change of the API (a pod became ready, a rollout replaced one) is followed by questions to every layer at a steady
pace. Each reply says the new answer, the old one, or something else; kube-dns, behind which several replicas stand, may
say old and new in turn. A layer has converged at the first moment after which it said nothing but the new answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kheadless_tui.probe.layers import Layer

NEW, OLD, MIXED, SILENT = "new", "old", "mixed", "silent"
"""What a layer says: the new answer to everything; the old one; some of each, or something else; nothing."""

API = Layer("", "api", "API, EndpointSlice")
"""The layer that everything is measured from: our own watch of the API server."""
APPLICATION = "application"
"""Kind of the layer that is the pod's own resolver, by ``getent``."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a layer said from a moment on."""

    ms: float
    """Milliseconds after the change, of the first reply that said so."""
    state: str
    """``new``, ``old``, ``mixed`` or ``silent``."""
    until: float
    """Milliseconds after the change, of the last reply that said so."""


@dataclass(frozen=True, slots=True)
class Point:
    """One layer on the timeline."""

    layer: Layer
    new_at: float | None
    """Milliseconds after the change from which on it said nothing but the new answer; ``None`` while it does not."""
    first_new: float | None
    """Milliseconds after the change at which the new answer was first seen."""
    said: tuple[Said, ...]
    """Its states in order: neighbours differ."""
    asked: int
    """Rounds of questions that were put to it."""
    note: str = ""
    """Why it took so long, as far as its replies tell: ``kept the old answer: 15 s of its TTL were left``."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One change and its way through the layers."""

    change: str
    """``A of nginx-headless.shop.svc.cluster.local. gains 10.244.2.41``."""
    at: float
    """Unix time at which our watch told of it."""
    points: tuple[Point, ...]
    """The API first, then the layers in their order."""
    done: bool
    """Every layer has converged."""
    ms: float
    """Milliseconds from the change to now, or to the end."""
    interval: float
    """Milliseconds between two questions to one layer."""
    superseded: bool = False
    """Another change came before all layers had this one."""

    @property
    def worst(self) -> Point | None:
        """The layer that took longest; ``None`` until all have converged."""
        if not self.done:
            return None
        return max(self.points, key=lambda point: point.new_at or 0.0, default=None)

    def waiting(self) -> Collection[str]:
        """Titles of the layers that do not say the new truth yet."""
        return [point.layer.title for point in self.points if point.new_at is None]
