"""The places that could be asked from, with what is known of each and why some cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.text import Text

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.candidates import not_usable, running_containers
from kheadless_tui.probe.choosing.places import own_pods
from kheadless_tui.tui.render.cards import Cards
from kheadless_tui.tui.text.cells import clean, natural, width_of, wrap
from kheadless_tui.tui.text.roles import MUTED, TEXT, UNKNOWN
from kheadless_tui.tui.text.row import Row
from kheadless_tui.tui.text.signs import UNICODE, Signs
from kheadless_tui.tui.text.table import Cell, Column, Grid, fit

if TYPE_CHECKING:
    from kheadless_tui.cluster.rights.access import Right


@dataclass(frozen=True, slots=True)
class VantageChoice:
    """One place."""

    spec: str
    """As the user would write it on the command line."""
    known: str
    """What is known of it."""
    effect: str
    """What asking from there does to the cluster."""
    refused: str = ""
    """Why it cannot be used; empty when it can, as far as is known."""
    more: str = ""
    """A sentence below it."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the user may do in the namespace; ``None`` while that is being asked."""

    execute: Right | None = None
    """Run a program in a pod."""
    extend: Right | None = None
    """Add an ephemeral container to a pod."""
    create: Right | None = None
    """Create a pod."""
    forward: Right | None = None
    """Forward a port to a pod of kube-system."""


NOTHING = "creates nothing"


def vantage_choices(
    snapshot: Snapshot, service: ObjectKey, image: str, rights: Rights, *, readonly: bool = False
) -> list[VantageChoice]:
    """All places for a Service: the automatic choice, running pods with the Service's own first, then what is created.

    Args:
        snapshot: What is known; without pods only those behind the Service's endpoints are named.
        service: The Service.
        image: Of what would be created.
        rights: What the user may do.
        readonly: Nothing may be run in the cluster.
    """
    own = own_pods(snapshot, service)
    pods = {pod.name: pod for pod in snapshot.pods(service.namespace)}
    others = sorted((name for name in pods if name not in own), key=natural)
    names = [*sorted(own, key=natural), *others]
    no_exec = _refused(rights.execute, "get pods/exec")
    no_extend = _refused(rights.extend, "patch pods/ephemeralcontainers") or no_exec
    no_create = _refused(rights.create, "create pods") or no_exec
    no_forward = _refused(rights.forward, "get pods/portforward")
    choices = [VantageChoice("auto", "the best of these that works", "asks before a write")]
    choices += [_pod_choice(pods.get(name), name, own, no_exec) for name in names]
    choices += [
        VantageChoice(f"debug/{name}", f"image {clean(image)}", "adds a container", no_extend)
        for name in names
        if name not in pods or running_containers(pods[name])
    ]
    choices.append(VantageChoice("new", f"image {clean(image)}", "makes and removes a pod", no_create))
    choices.append(VantageChoice("coredns", "each replica, port-forward", NOTHING, no_forward))
    if readonly:
        return [_with_refusal(choice, "read-only") for choice in choices]
    return choices


@dataclass(frozen=True, slots=True)
class AutoChoice:
    """What ``auto`` comes to now."""

    place: str = ""
    """In words, empty while it is not known."""
    why: str = ""
    rejected: tuple[tuple[str, str], ...] = ()
    """Places that were passed over, and why."""
    refused: str = ""
    """Why there is none at all."""


def with_auto(choices: Sequence[VantageChoice], auto: AutoChoice) -> list[VantageChoice]:
    """The same places, with what ``auto`` comes to and why it passed over others."""
    passed = dict(auto.rejected)
    found = []
    for choice in choices:
        if choice.spec == "auto" and auto.refused and not choice.refused:
            choice = replace(choice, refused=clean(auto.refused))
        elif choice.spec == "auto" and auto.place and not choice.refused:
            choice = replace(choice, known=clean(auto.place), more=clean(auto.why))
        elif not choice.refused and (why := passed.get(choice.spec) or passed.get(choice.spec.partition("/")[2])):
            choice = replace(choice, known=clean(f"{choice.known}, passed over: {why}" if choice.known else why))
        found.append(choice)
    return found


def _pod_choice(pod: Pod | None, name: str, own: Collection[str], no_exec: str) -> VantageChoice:
    spec = f"pod/{clean(name)}"
    whose = "own" if name in own else ""
    if pod is None:
        return VantageChoice(spec, whose or "not listed", NOTHING, no_exec)
    images = ", ".join(container.image or container.name for container in pod.spec.containers or ())
    known = ", ".join(part for part in (whose, "ready" if pod.ready else "not ready", images) if part)
    return VantageChoice(spec, clean(known), NOTHING, not_usable(pod) or no_exec)


def _with_refusal(choice: VantageChoice, refused: str) -> VantageChoice:
    return VantageChoice(choice.spec, choice.known, choice.effect, refused)


def _refused(right: Right | None, what: str) -> str:
    """Why a right is missing; empty when it is there or not known."""
    if right is None or right.allowed is not False:
        return ""
    return f"no right: {what}"


_COLUMNS = (
    Column("sign", ""),
    Column("spec", "FROM", least=16),
    Column("effect", "EFFECT"),
    Column("known", "WHAT IS KNOWN", least=16),
)


@dataclass(frozen=True, kw_only=True)
class VantagesLayout(Cards):
    """The places at one width."""

    grid: Grid

    def card(self, row: Row) -> Sequence[Text]:
        """The line of one place, and what is said below it."""
        choice = row.value
        assert isinstance(choice, VantageChoice)
        more = [Text(f"    {part}", MUTED) for part in wrap(choice.more, self.width - 5)] if choice.more else []
        return (self.grid.line(_cells(choice, self.signs)), *more)


def _cells(choice: VantageChoice, signs: Signs) -> dict[str, Cell]:
    role = MUTED if choice.refused else TEXT
    return {
        "sign": Cell.of(signs.attention if choice.refused else " ", UNKNOWN if choice.refused else MUTED),
        "spec": Cell.of(choice.spec, role),
        "effect": Cell.of(choice.effect, role),
        "known": Cell.of(choice.refused or choice.known, MUTED),
    }


def vantages_layout(rows: Sequence[Row], width: int, signs: Signs = UNICODE) -> VantagesLayout:
    """The columns of these places in this width; a reason is never cut."""
    choices = [row.value for row in rows if isinstance(row.value, VantageChoice)]
    names: dict[str, list[str]] = {column.id: [] for column in _COLUMNS}
    for choice in choices:
        for key, cell in _cells(choice, signs).items():
            names[key].append(cell.text)
    reasons = max((width_of(choice.refused) for choice in choices), default=0)
    columns = tuple(
        replace(column, least=max(column.least, reasons)) if column.id == "known" else column for column in _COLUMNS
    )
    order = tuple(column.id for column in columns)
    grid = fit(columns, order, order, names, width)
    if grid.total > width:
        kept = tuple(key for key in order if key != "effect")
        grid = fit(columns, kept, kept, names, width)
    return VantagesLayout(width, signs, grid.heading(), grid=grid)
