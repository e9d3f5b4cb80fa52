"""From a Service to its questions, and from replies to verdicts: what the commands and the terminal program share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kheadless_tui.cluster.state import Scope
from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.comparison.compare import EXTRA, Comparison, Judge, Row, compare
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.questions import questions_for
from kheadless_tui.zone.dependence import namespaces_asked
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.record import Answer, PredictedRecord, Question, WithheldRecord
from kheadless_tui.zone.resolve import resolve_all, resolver
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.zone_records import service_records, withheld_records

Predictions = Mapping[Question, Answer]
"""The predicted answer to each question."""

ALL_NAMESPACES = Scope()


def service_questions(snapshot: Snapshot, service: Service, config: ZoneConfig) -> tuple[Question, ...]:
    """Every question that the records of a Service answer, withheld ones too, and one that must be denied."""
    predicted = service_records(snapshot, service, config)
    records: list[PredictedRecord | WithheldRecord] = [*predicted, *withheld_records(snapshot, service, config)]
    return questions_for(records, names=[service_name(service.key, config.zone)])


def predictions(snapshot: Snapshot, questions: Iterable[Question], config: ZoneConfig) -> Predictions:
    """The predicted answer to each question, without the reasons."""
    return resolve_all(snapshot, questions, config)


def judge(
    snapshot: Snapshot,
    config: ZoneConfig,
    observations: Sequence[Observation],
    *,
    service: ObjectKey | None = None,
    scope: Scope = ALL_NAMESPACES,
) -> Comparison:
    """Hold replies against what the zone must answer.

    Args:
        snapshot: what is known now that the replies are in.
        config: how the zone is served.
        observations: the replies.
        service: the Service that was asked for, if it was one.
        scope: the namespaces that the snapshot holds.
    """
    comparison = compare(
        _service_records(snapshot, service, config),
        Forecast(snapshot, config),
        observations,
        ttl=config.ttl,
        ttl_known=config.ttl_known,
        pod_of=lambda address: pod_at(snapshot, address),
    )
    return _in_scope(comparison, scope, config)


class Forecast:
    """The predicted answers of one snapshot, each made when it is first asked for, and kept."""

    def __init__(self, snapshot: Snapshot, config: ZoneConfig) -> None:
        self._answer = resolver(snapshot, config)
        self._known: dict[Question, Answer] = {}

    def get(self, question: Question) -> Answer:
        """The answer to a question, without the reasons."""
        known = self._known.get(question)
        if known is None:
            known = self._known[question] = self._answer(question)
        return known

    def of(self, questions: Iterable[Question]) -> Predictions:
        """Those to some questions."""
        return {question: self.get(question) for question in questions}


class Judging:
    """What :func:`judge` does, for replies that are judged a few at a time, or more than once."""

    def __init__(
        self,
        snapshot: Snapshot,
        config: ZoneConfig,
        forecast: Forecast,
        service: ObjectKey | None = None,
        scope: Scope = ALL_NAMESPACES,
    ) -> None:
        """As of :func:`judge`; ``forecast`` is of the same snapshot."""
        self._config = config
        self._scope = scope
        self._judge = Judge(
            _service_records(snapshot, service, config),
            forecast,
            config.ttl,
            config.ttl_known,
            lambda address: pod_at(snapshot, address),
        )

    def look_at(self, observation: Observation) -> None:
        """Judge one reply in advance."""
        self._judge.rows(observation)

    def comparison(self, observations: Sequence[Observation]) -> Comparison:
        """All verdicts, as of :func:`judge`."""
        return _in_scope(self._judge.comparison(observations), self._scope, self._config)


def _service_records(snapshot: Snapshot, service: ObjectKey | None, config: ZoneConfig) -> tuple[PredictedRecord, ...]:
    found = snapshot.service(service) if service is not None else None
    return service_records(snapshot, found, config) if found is not None else ()


def _in_scope(comparison: Comparison, scope: Scope, config: ZoneConfig) -> Comparison:
    return comparison if scope.all else comparison.without(lambda row: _is_foreign(row, scope, config))


def _is_foreign(row: Row, scope: Scope, config: ZoneConfig) -> bool:
    """The row is the name that a namespace out of scope gives to an address: it cannot be judged."""
    if row.verdict != EXTRA or row.record.type != "PTR":
        return False
    asked = namespaces_asked(Question(row.record.data, "A"), config)
    return asked is None or not asked <= set(scope.namespaces)


def pod_at(snapshot: Snapshot, address: str) -> str | None:
    """The pod that has an address, by any EndpointSlice that lists it, else by the pods that were read."""
    for item in snapshot.slices_at(address):
        for endpoint in item.endpoints or ():
            if address in (endpoint.addresses or ()) and endpoint.pod_name:
                return endpoint.pod_name
    return next((pod.name for pod in snapshot.pods_at(address)), None)
