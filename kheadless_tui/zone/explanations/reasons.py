"""What explanations are made of: a question with what came of it, and the reason that is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kheadless_tui.model.objects import EndpointSlice, ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.naming.name_parsing import Request
from kheadless_tui.zone.objects.pairs import Pair
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import Fact, Question, Record, Source
from kheadless_tui.zone.serving.config import ZoneConfig

MAX_LISTED = 5
"""Names in one sentence; of more the number is told."""
MAX_LOOKED_AT = 2000
"""Objects that one explanation looks at where only a look at each tells; beyond it the hint is left out."""


class Reason(NamedTuple):
    """A rule, one sentence, and the fields that decided."""

    rule: str
    why: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what came of it."""

    asked: Question
    request: Request
    seen: Watched
    zone: str
    pairs: tuple[Pair, ...]
    answer: tuple[Record, ...]

    @property
    def config(self) -> ZoneConfig:
        """How the zone is served."""
        return self.seen.config

    @property
    def snapshot(self) -> Snapshot:
        """All that is known, also what the DNS server does not see."""
        return self.seen.snapshot

    @property
    def key(self) -> ObjectKey:
        """The Service that the name is about."""
        return ObjectKey(self.request.namespace, self.request.service)

    @property
    def service(self) -> Service | None:
        """The Service that the name is about, if there is one."""
        return self.snapshot.service(self.key)

    @property
    def slices(self) -> list[EndpointSlice]:
        """The slices that the DNS server sees of it."""
        return self.seen.slices_of(self.key)

    def fact(self, kind: str, field: str, value: str) -> Fact:
        """A field of the Service (or an object of its name) with its value."""
        return Fact(Source(kind, self.key, field), value)


def zones_fact(config: ZoneConfig) -> Fact:
    """The zones of the kubernetes plugin: what decides where a name is judged by its shape alone."""
    return option_fact(config, "", ", ".join(config.zones))


def option_fact(config: ZoneConfig, option: str, value: str) -> Fact:
    """An option of the kubernetes plugin, or the arguments of the plugin itself."""
    return Fact(Source("Corefile", ObjectKey("", config.source), f"kubernetes {option}".rstrip()), value)


def listed(names: Sequence[str]) -> str:
    """Names for a sentence: a few of them and how many more there are."""
    shown = ", ".join(names[:MAX_LISTED])
    return f"{shown} and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else shown


def counted(number: int, thing: str) -> str:
    """``1 record``, ``3 records``, ``2 addresses``."""
    plural = f"{thing}es" if thing.endswith("s") else f"{thing}s"
    return f"{number} {thing if number == 1 else plural}"


def selector_text(selector: dict[str, str]) -> str:
    """A selector as kubectl writes it."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))


def owner_of(case: Case) -> str:
    """What a name stands for, to begin a sentence with."""
    if case.request.endpoint:
        return f"endpoint {case.request.endpoint} of Service {case.key}"
    if case.request.branch == "pod":
        return f"the pod name {case.request.service}"
    return f"Service {case.key}" if case.request.service else case.asked.name
