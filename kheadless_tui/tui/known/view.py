"""Everything that the panels show of one Service, taken at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kheadless_tui.cluster.connecting.kubectl_flags import flags_of
from kheadless_tui.cluster.state import READ, Reading, ReadState, unread_kinds
from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.tui.known.endpoints import EndpointEntry, endpoint_entries
from kheadless_tui.tui.text.names import origin_of
from kheadless_tui.tui.text.notes import Note, note_for
from kheadless_tui.tui.text.roles import UNKNOWN
from kheadless_tui.zone.record import Answer, PredictedRecord, Question, WithheldRecord

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.diagnose.finding import Finding
    from kheadless_tui.model.snapshot import Snapshot
    from kheadless_tui.model.workloads import Pod
    from kheadless_tui.probe.matrix.layers import LayerFinding
    from kheadless_tui.tui.known.probed import ProbeRecord
    from kheadless_tui.zone.serving.config import ZoneConfig


_MINUTE = 60
"""Seconds: ages are shown anew when a minute of the clock begins."""
_WORKED_OUT = ("endpoints", "pods", "findings", "sentence", "own_answer")
"""What a view works out when it is first looked at, from the snapshot, the zone, what is read, and the minute."""


@dataclass(frozen=True, eq=False)
class ServiceView:
    """One Service with all that is known of it; what costs is computed when it is first looked at."""

    key: ObjectKey
    service: Service
    snapshot: Snapshot = field(repr=False)
    config: ZoneConfig
    last_probe: ProbeRecord | None = None
    reads: Mapping[tuple[str, str], ReadState] = field(default_factory=dict)
    link: ReadState = field(default_factory=Reading)
    now: float = 0.0
    """Unix time from which ages are counted."""
    selector: str = ""
    """The labels by which Services were chosen: there are others."""
    flags: tuple[str, ...] = ()
    """By which kubectl reaches this cluster."""
    cannot_probe: str = ""
    """Why DNS cannot be asked here and now, as half a sentence; empty when it can, as far as is known."""

    def take_over(self, before: ServiceView) -> None:
        """Keep what an earlier view has worked out, where nothing that it depends on is otherwise now."""
        same = before.key == self.key and before.snapshot is self.snapshot and before.config == self.config
        if same and before.unread == self.unread and before.now // _MINUTE == self.now // _MINUTE:
            found = vars(before)
            vars(self).update((name, found[name]) for name in _WORKED_OUT if name in found)

    @property
    def origin(self) -> str:
        """The Service's own name, absolute."""
        return origin_of(self.key, self.config.zone)

    @cached_property
    def predicted(self) -> tuple[PredictedRecord, ...]:
        """The records that must exist, in zone order."""
        from kheadless_tui.zone.zone_records import service_records  # noqa: PLC0415 - paid for when first looked at

        return service_records(self.snapshot, self.service, self.config)

    @cached_property
    def withheld(self) -> tuple[WithheldRecord, ...]:
        """The records that endpoints out of DNS would have."""
        from kheadless_tui.zone.zone_records import withheld_records  # noqa: PLC0415 - as above

        return withheld_records(self.snapshot, self.service, self.config)

    def endpoints_note(self, consequence: str) -> Note | None:
        """Why it is not known which endpoints there are, and what follows; ``None`` where it is known."""
        if self.endpoints_known:
            return None
        where, state = self.key.namespace, self.read_state("endpointslices")
        return note_for(state, "EndpointSlices", where, (consequence,)) or Note(consequence, "attention", UNKNOWN)

    @cached_property
    def endpoints(self) -> tuple[EndpointEntry, ...]:
        """Its endpoints by pod."""
        known = self.endpoints_known
        return tuple(endpoint_entries(self.snapshot, self.service, self.config, self.now, known=known))

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """The pods behind its endpoints, as far as pods are known."""
        found = (self.snapshot.pod(ObjectKey(self.key.namespace, entry.pod)) for entry in self.endpoints if entry.pod)
        return tuple(pod for pod in found if pod is not None)

    @cached_property
    def unread(self) -> frozenset[str]:
        """Kinds of which it is not known that all objects of the namespace were read."""
        return unread_kinds(self.reads, self.key.namespace, self.selector)

    @property
    def endpoints_known(self) -> bool:
        """All EndpointSlices of the namespace were read, so that an endpoint that is in none is not there."""
        return "EndpointSlice" not in self.unread

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong or peculiar, worst first."""
        from kheadless_tui.diagnose.catalogue import findings  # noqa: PLC0415 - paid for when first looked at

        return findings(self.snapshot, self.service, self.config, unread=self.unread)

    @property
    def layer_findings(self) -> tuple[LayerFinding, ...]:
        """What the servers say together, by the last probe that has answers."""
        probe = self.last_probe.finished[0] if self.last_probe is not None and self.last_probe.finished else None
        return probe.diagnosis.findings if probe is not None and probe.diagnosis is not None else ()

    @property
    def compared(self) -> bool:
        """There are answers of several servers."""
        probes = self.last_probe.finished if self.last_probe is not None else ()
        return any(probe.diagnosis is not None and probe.diagnosis.matrix.several for probe in probes)

    @cached_property
    def sentence(self) -> tuple[str, str]:
        """Severity and the one sentence about the Service."""
        from kheadless_tui.diagnose.catalogue import sentence  # noqa: PLC0415 - paid for when first looked at

        return sentence(self.snapshot, self.service, self.config, unread=self.unread)

    @cached_property
    def own_answer(self) -> Answer:
        """The predicted reply to a question for the Service's own address, which says why there is none."""
        return self.answer_to(Question(self.origin, "A"))

    def answer_to(self, question: Question) -> Answer:
        """The predicted reply to any question, and why."""
        from kheadless_tui.zone.resolve import resolve  # noqa: PLC0415 - paid for when first looked at

        return resolve(self.snapshot, question, self.config)

    def pod_of(self, address: str) -> str | None:
        """Which pod an address belongs to, by the slices of this Service first, then by any, then by pods."""
        for entry in self.endpoints:
            if address in entry.addresses:
                return entry.pod or None
        for item in self.snapshot.slices_at(address):
            for endpoint in item.endpoints or ():
                if address in (endpoint.addresses or ()) and endpoint.pod_name:
                    return endpoint.pod_name
        return next((pod.name for pod in self.snapshot.pods_at(address)), None)

    def read_state(self, plural: str) -> ReadState | None:
        """How reading a kind stands in the Service's namespace; ``None`` when it was not asked for."""
        found = self.reads.get((plural, self.key.namespace))
        return found if found is not None else self.reads.get((plural, ""))

    @property
    def pods_known(self) -> bool:
        """Pods of the namespace are listed, so that what is missing is not there."""
        return isinstance(self.read_state("pods"), READ)


def build_view(
    session: ClusterSession,
    key: ObjectKey,
    *,
    config: ZoneConfig,
    now: float,
    last_probe: ProbeRecord | None = None,
    cannot_probe: str = "",
) -> ServiceView | None:
    """The view of a Service from what a session knows now.

    Args:
        session: The connection to the cluster.
        key: Which Service.
        config: How the zone is served (``await session.zone_config()``, asked for once and after ``ctrl-r``).
        now: Unix time, for ages.
        last_probe: What has become of the last probe of it.
        cannot_probe: Why the user may not probe in this namespace, as half a sentence.

    Returns:
        ``None`` when there is no such Service.
    """
    snapshot = session.snapshot
    service = snapshot.service(key)
    if service is None:
        return None
    return ServiceView(
        key=key,
        service=service,
        snapshot=snapshot,
        config=config,
        last_probe=last_probe,
        reads=dict(session.reads),
        link=session.link,
        selector=session.selector,
        flags=flags_of(session.connection),
        now=now,
        cannot_probe="the program runs with --readonly" if session.readonly else cannot_probe,
    )
