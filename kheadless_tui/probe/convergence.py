"""When each layer came to say the new truth after a change: a sans-I/O state, fed with the change and with replies.

To ask is to change what is asked: a CoreDNS keeps each reply in its cache, so that a question put before it has heard
of a change makes it give the old answer to everybody until the TTL has run down. Therefore nothing is asked before the
change. After it each replica is asked for a name that nobody ever asked for: the denial comes from no cache, and the
serial of its SOA is the Unix time of the last change that this replica knows (plugin/kubernetes, seen). Only when all
replicas have heard are the questions themselves asked, in the way in which a client asks them: an old answer then comes
from a cache that some client has filled. kube-dns, behind which several replicas stand, may say old and new in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

from kheadless_tui.probe.comparison.changes import ExpectedChange, said_by
from kheadless_tui.probe.matrix.layers import KUBE_DNS, REPLICA, Layer
from kheadless_tui.probe.observation import Observation

NEW, OLD, MIXED, SILENT = "new", "old", "mixed", "silent"
"""What a layer says: the new answer to everything; the old one; some of each, or something else; nothing."""

API = Layer("", "api", "API, EndpointSlice")
"""The layer that everything is measured from: our own watch of the API server."""
APPLICATION = "application"
"""Kind of the layer that is the pod's own resolver, by ``getent``."""

STEADY = 3
"""Rounds in a row with the new answer after which a layer is believed."""
STEADY_IN_TURN = 8
"""The same of kube-dns, which leads to another replica each time: by chance alone two replicas would both be met."""
PATIENCE = 3000.0
"""Milliseconds after which the questions are asked although a replica was not seen to hear of the change: not every
server tells a serial, and not every change moves it."""

SERIAL, TRUTH = "serial", "truth"
"""What a layer is asked next: for a name that nobody has, or the questions that the change is about."""


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
    """Its states in order: neighbours differ. Empty until it is asked."""
    asked: int
    """Rounds of questions that were put to it."""
    note: str = ""
    """Why it took so long, as far as its replies tell: ``kept an old answer: 15 s of its TTL were left``."""


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
    """Milliseconds from the change to the last reply."""
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

    def waiting(self) -> tuple[str, ...]:
        """Titles of the layers that do not say the new truth yet."""
        return tuple(point.layer.title for point in self.points if point.new_at is None)


@dataclass(slots=True)
class _Layer:
    """What is known of one layer since the change."""

    layer: Layer
    said: list[Said] = field(default_factory=list)
    rounds: int = 0
    in_a_row: int = 0
    """Rounds with the new answer since the last that had another."""
    heard: float | None = None
    """Milliseconds after the change at which its serial told of it."""
    serials: int = 0
    """Newer serials in a row."""
    left: int | None = None
    """Seconds of TTL of its first old answer."""
    error: str = ""

    def tell(self, ms: float, state: str) -> None:
        self.rounds += 1
        self.in_a_row = self.in_a_row + 1 if state == NEW else 0
        if self.said and self.said[-1].state == state:
            self.said[-1] = Said(self.said[-1].ms, state, ms)
        else:
            # a replica whose first answer is the new one has had it since it heard of the change
            since = self.heard if state == NEW and self.rounds == 1 and self.heard is not None else ms
            self.said.append(Said(since, state, ms))


class Convergence:
    """One change after the other on its way through the layers."""

    def __init__(self, layers: Sequence[Layer], *, interval: float) -> None:
        """Take the layers in their order, from the API to the application.

        Args:
            layers: Without the API, which is always the first.
            interval: Milliseconds between two questions to one layer.
        """
        self._order = tuple(layers)
        self._interval = interval
        self._baselines: dict[Layer, int] = {}
        self._change: ExpectedChange | None = None
        self._at = 0.0
        self._began = 0.0
        self._last = 0.0
        self._note = ""
        self._layers: dict[Layer, _Layer] = {}
        self._earlier: list[Timeline] = []

    @property
    def change(self) -> ExpectedChange | None:
        """The change that is followed now; ``None`` while one is waited for."""
        return self._change

    @property
    def earlier(self) -> tuple[Timeline, ...]:
        """Changes that were overtaken by the next one."""
        return tuple(self._earlier)

    def baseline(self, layer: Layer, serial: int) -> None:
        """The serial of a replica before the change."""
        self._baselines[layer] = serial

    def begin(self, change: ExpectedChange, *, now: float, at: float, note: str = "") -> None:
        """Our watch has told of a change.

        Args:
            change: What every layer is going to say.
            now: Seconds of a clock that does not jump; all other times are of the same clock.
            at: Unix time.
            note: What of the API changed.
        """
        if self._change is not None and (before := self.timeline()) is not None:
            self._earlier.append(_superseded(before))
        self._change, self._began, self._at, self._last, self._note = change, now, at, now, note
        layers = [layer for layer in self._order if layer.kind != APPLICATION or change.reaches_applications]
        self._layers = {layer: _Layer(layer) for layer in layers}

    def next(self, layer: Layer, now: float) -> str:
        """What is to be asked of a layer: ``serial``, ``truth``, or nothing yet (empty)."""
        if layer not in self._layers:
            return ""
        if self._ms(now) >= PATIENCE or self._all_heard():
            return TRUTH
        if layer.kind == REPLICA:
            return SERIAL if self._layers[layer].heard is None else TRUTH
        # where no replica can be asked by itself, kube-dns is asked until it leads to none that has not heard
        return SERIAL if layer.kind == KUBE_DNS and not self._replicas() else ""

    def serial(self, layer: Layer, serial: int, now: float) -> None:
        """The serial that a layer's denial of an unheard name carries; 0 when it told none."""
        known = self._layers.get(layer)
        if known is None or known.heard is not None or not serial:
            return
        self._last = max(self._last, now)
        before = self._baselines.get(layer)
        newer = serial > before if before is not None else serial >= int(self._at)
        known.serials = known.serials + 1 if newer else 0
        if known.serials >= (1 if layer.kind == REPLICA else STEADY_IN_TURN):
            known.heard = self._ms(now)

    def told(self, layer: Layer, replies: Iterable[Observation], now: float) -> None:
        """The replies of a layer to the questions of the change."""
        known, change = self._layers.get(layer), self._change
        if known is None or change is None:
            return
        states = set()
        for seen in replies:
            if seen.question not in change.new:
                continue  # of the change before
            state = self._state(seen)
            states.add(state)
            known.error = seen.error or known.error
            if known.left is None and state == OLD and seen.ttl_known:
                known.left = min((record.ttl for record in (*seen.answer, *seen.authority)), default=None)
        # as long as one question is answered as before, an application gets what was before
        self._told(known, {OLD} if states - {""} == {OLD, NEW} else states, now)

    def told_addresses(self, layer: Layer, name: str, addresses: frozenset[str], now: float) -> None:
        """What the pod's own resolver says of a name; it leaves out a family that the pod has no address of."""
        known, change = self._layers.get(layer), self._change
        if known is None or change is None:
            return
        families = {":" in address for address in addresses}

        def seen(expected: frozenset[str] | None) -> bool:
            some = {address for address in expected or () if not addresses or (":" in address) in families}
            return addresses == some

        new, old = change.addresses(name, new=True), change.addresses(name, new=False)
        self._told(known, {NEW if seen(new) else OLD if seen(old) else MIXED}, now)

    def timeline(self) -> Timeline | None:
        """How far the change has come; ``None`` while one is waited for."""
        if self._change is None:
            return None
        first = Point(API, 0.0, 0.0, (Said(0.0, NEW, 0.0),), 1, self._note)
        points = tuple(self._point(known) for known in self._layers.values())
        return Timeline(
            self._change.text,
            self._at,
            (first, *points),
            all(self._steady(known) for known in self._layers.values()),
            self._ms(self._last),
            self._interval,
        )

    # -- inside ------------------------------------------------------------------------------------------------

    def _ms(self, now: float) -> float:
        return (now - self._began) * 1000

    def _replicas(self) -> list[_Layer]:
        return [known for known in self._layers.values() if known.layer.kind == REPLICA]

    def _all_heard(self) -> bool:
        listening = self._replicas() or [k for k in self._layers.values() if k.layer.kind == KUBE_DNS]
        return bool(listening) and all(known.heard is not None for known in listening)

    def _state(self, seen: Observation) -> str:
        assert self._change is not None
        if seen.error:
            return SILENT
        said = said_by(seen)
        if said == self._change.new[seen.question]:
            # a question that the change left as it was tells nothing: it is new and old
            return NEW if said != self._change.old[seen.question] else ""
        return OLD if said == self._change.old[seen.question] else MIXED

    def _told(self, known: _Layer, states: set[str], now: float) -> None:
        states.discard("")
        if states:
            self._last = max(self._last, now)
            known.tell(self._ms(now), states.pop() if len(states) == 1 else MIXED)

    def _steady(self, known: _Layer) -> bool:
        needed = STEADY_IN_TURN if known.layer.kind == KUBE_DNS and len(self._replicas()) != 1 else STEADY
        return known.in_a_row >= needed and self._new_at(known) is not None

    def _new_at(self, known: _Layer) -> float | None:
        """Milliseconds after the change from which on a layer says nothing but the new answer.

        kube-dns does so for good only with the last replica that it leads to: the next client may meet that one.
        """
        now = known.said[-1] if known.said else None
        if now is None or now.state != NEW:
            return None
        if known.layer.kind != KUBE_DNS:
            return now.ms
        behind = [self._new_at(replica) for replica in self._replicas() if self._leads_to(replica)]
        return None if None in behind else max([now.ms, *(ms for ms in behind if ms is not None)])

    @staticmethod
    def _leads_to(replica: _Layer) -> bool:
        """A replica that is silent or not ready gives kube-dns no old answers."""
        return replica.layer.ready and not (replica.said and replica.said[-1].state == SILENT)

    def _point(self, known: _Layer) -> Point:
        first = next((said.ms for said in known.said if said.state == NEW), None)
        new_at = self._new_at(known)
        return Point(known.layer, new_at, first, tuple(known.said), known.rounds, self._why(known, new_at))

    def _behind(self, known: _Layer, new_at: float | None) -> str:
        """Of kube-dns: the replica that kept it from being new for good, though it was not met when we asked."""
        if known.layer.kind != KUBE_DNS or known.said[-1].state != NEW or new_at == known.said[-1].ms:
            return ""
        leads = [replica for replica in self._replicas() if self._leads_to(replica)]
        last = max(leads, key=lambda replica: inf if (at := self._new_at(replica)) is None else at)
        return f"new to us from {known.said[-1].ms:,.0f} ms on, but it leads to {last.layer.title} too"

    def _why(self, known: _Layer, new_at: float | None) -> str:
        states = [said.state for said in known.said]
        if not states:
            return "not asked yet" if known.heard is None else f"heard of the change after {known.heard:,.0f} ms"
        if states[-1] == SILENT:
            return f"does not answer: {known.error}" if known.error else "does not answer"
        if (turn := _first_turn(known.said)) is not None:
            return f"old and new in turn from {turn:,.0f} ms on"
        if MIXED in states:
            mixed = next(said.ms for said in known.said if said.state == MIXED)
            return f"neither the old nor the new answer from {mixed:,.0f} ms on"
        if behind := self._behind(known, new_at):
            return behind
        if OLD in states and known.left is not None:
            return f"kept an old answer: {known.left} s of its TTL were left"
        sisters = [k.heard for k in self._replicas() if k is not known and k.heard is not None]
        if known.heard is not None and sisters and known.heard - min(sisters) > 2 * self._interval:
            return f"heard of it {(known.heard - min(sisters)) / 1000:.1f} s after its sister"
        return "what the application sees" if known.layer.kind == APPLICATION else ""


def _first_turn(said: Sequence[Said]) -> float | None:
    """Milliseconds after the change at which a layer first went back from the new answer to the old one."""
    for before, now in pairwise(each for each in said if each.state in (NEW, OLD)):
        if (before.state, now.state) == (NEW, OLD):
            return now.ms
    return None


def _superseded(timeline: Timeline) -> Timeline:
    return Timeline(
        timeline.change, timeline.at, timeline.points, timeline.done, timeline.ms, timeline.interval, not timeline.done
    )
