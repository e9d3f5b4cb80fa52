"""The way of a name through a pod's own resolver, step by step, as it is and as it was predicted. Pure.

What a program in a pod gets for a short name is not one question: nsswitch.conf says which sources are asked,
/etc/hosts may answer before DNS does, resolv.conf names the servers and the search list, and glibc, musl and Go read it
differently (:mod:`kheadless_tui.zone.search_list` has their rules with their sources).
"""

from __future__ import annotations

from dataclasses import dataclass

from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.search_list import ResolvConf

HOSTS, DNS = "hosts", "dns"
"""The kinds of steps."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of a step, predicted and answered."""

    type: str
    """``A``, ``AAAA``; empty for /etc/hosts, which knows no types."""
    predicted: str
    """``10.244.1.17`` (addresses, joined by a comma), ``NXDOMAIN``, ``NODATA``, ``no entry``, ``upstream``."""
    answered: str
    """The same of what came; ``not asked``, ``unanswered``."""
    verdict: str
    """``match``, ``differs``, ``unanswered``, ``not asked``, or ``unjudged`` where nothing can be predicted."""
    addresses: tuple[str, ...] = ()
    """What was answered."""
    ms: float | None = None
    observation: Observation | None = None


@dataclass(frozen=True, slots=True)
class PathStep:
    """One source that is asked for one name."""

    number: int
    """From 1."""
    kind: str
    """``hosts`` or ``dns``."""
    name: str
    """``/etc/hosts``, or the absolute name."""
    asks: tuple[Ask, ...]
    note: str = ""
    """``this one wins``, ``step 3 answered``."""
    won: bool = False


@dataclass(frozen=True, slots=True)
class PodFiles:
    """What decides the way, as it was read in the container by one exec."""

    resolv: ResolvConf
    nsswitch: tuple[str, ...] = ()
    """The sources of the ``hosts`` line, in order, conditions in brackets left out; empty without such a line."""
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """/etc/hosts: each address with its names."""
    libc: str = ""
    """``glibc``, ``musl``, or empty when the image does not tell."""
    libc_version: str = ""
    has_getent: bool = False


@dataclass(frozen=True, slots=True)
class Getent:
    """What the container's own resolver says: ``getent ahosts NAME``."""

    addresses: tuple[str, ...] = ()
    ms: float | None = None
    """Milliseconds, the exec included."""
    error: str = ""
    """Why there is nothing: no such program, no such name."""


@dataclass(frozen=True, slots=True)
class ResolverPath:
    """The whole way of one name."""

    name: str
    """As the program in the pod would give it."""
    vantage: str
    image: str
    files: PodFiles
    predicted_resolv: ResolvConf
    """What the kubelet must have written, from the pod's spec."""
    steps: tuple[PathStep, ...]
    addresses: tuple[str, ...]
    """What the step that wins answers; empty when none does."""
    getent: Getent | None
    """``None`` when the container has no getent."""
    verdict: str
    """``match``, ``differs`` or ``unanswered``."""
    differences: tuple[str, ...] = ()
    """Each thing that is other than predicted, a sentence each."""
    notes: tuple[str, ...] = ()
    """What glibc, musl and Go make of it, and what would cost fewer questions."""

    @property
    def questions(self) -> tuple[Question, ...]:
        """Those that were asked, in order."""
        return tuple(ask.observation.question for step in self.steps for ask in step.asks if ask.observation)

    @property
    def ms(self) -> float:
        """Milliseconds of all replies together, as far as they are known; A and AAAA of one name go out together."""
        return sum(max((ask.ms or 0.0 for ask in step.asks), default=0.0) for step in self.steps)
