"""Probes as they would have gone: observations made from predictions, with what a test changes in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from kheadless_tui.cluster.gate import Action, WritePlan
from kheadless_tui.cluster.state import Live
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.comparison.compare import compare
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.prober import ProbeResult
from kheadless_tui.probe.questions import questions_for
from kheadless_tui.probe.server import Server
from kheadless_tui.tui.known.probed import ProbeRecord, record_key
from kheadless_tui.tui.known.view import ServiceView
from kheadless_tui.zone.record import Question, Record
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from tests.tui.worlds import KEY, NOW

CONFIG = ZoneConfig(ttl=30, ttl_known=True, zones=("cluster.local.", "in-addr.arpa.", "ip6.arpa."))
READS = {(plural, ""): Live(NOW) for plural in ("services", "endpointslices", "pods", "statefulsets", "namespaces")}

Change = Callable[[Observation], Observation]


def view_of(snapshot: Snapshot, key: ObjectKey = KEY, **changes: object) -> ServiceView:
    item = snapshot.service(key)
    assert item is not None
    fields: dict[str, object] = {"config": CONFIG, "reads": READS, "link": Live(NOW), "now": NOW, **changes}
    return ServiceView(key=key, service=item, snapshot=snapshot, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Asked:
    """How the answers differ from the prediction."""

    changes: Mapping[tuple[str, str], Change]
    """By name as seen from the Service, and type."""


def probed(
    view: ServiceView, changes: Mapping[tuple[str, str], Change] | None = None, *, subject: str = "", number: int = 1
) -> ServiceView:
    """The view after a probe whose answers are as predicted but for the changes."""
    questions = questions_for((*view.predicted, *view.withheld), names=(view.origin,))
    answers = {question: resolve(view.snapshot, question, view.config) for question in questions}
    observations = []
    for count, (question, answer) in enumerate(answers.items()):
        seen = Observation(
            vantage="pod/web-0:nginx",
            server="10.96.0.10",
            transport="tcp",
            question=question,
            rcode=answer.rcode,
            flags=("qr", "aa", "rd"),
            answer=answer.answer,
            authority=answer.authority,
            ms=3.1 + count,
        )
        name = question.name.removesuffix(view.origin).removesuffix(".") or "@"
        change = (changes or {}).get((name, question.type))
        observations.append(change(seen) if change else seen)
    return view_with(view, tuple(observations), questions, subject=subject, number=number)


def view_with(
    view: ServiceView,
    observations: tuple[Observation, ...],
    questions: tuple[Question, ...],
    *,
    subject: str = "",
    number: int = 1,
) -> ServiceView:
    answers = {question: resolve(view.snapshot, question, view.config) for question in questions}
    comparison = compare(
        view.predicted,
        answers,
        observations,
        ttl=view.config.ttl,
        ttl_known=view.config.ttl_known,
        pod_of=view.pod_of,
    )
    vantage = Vantage("pod/web-0:nginx", "pod", view.key.namespace, "web-0", "nginx", "nc", "busybox:1.28")
    plan = ProbePlan(
        VantageSpec("auto"),
        "pod",
        view.key.namespace,
        questions,
        "pod/web-0, container nginx, by nc",
        "a pod of the Service itself",
        (),
        Server("10.96.0.10"),
        WritePlan("Ask DNS?", (Action("then", "exec nc"),), needs_confirmation=False),
    )
    record = ProbeRecord(
        key=view.key,
        number=number,
        state="done",
        spec="auto",
        started=NOW,
        answered=len(observations),
        total=len(observations),
        vantage="pod/web-0:nginx",
        result=ProbeResult((vantage,), observations, plan, NOW, 49.0),
        comparison=comparison,
        predicted=frozenset(record_key(item.record) for item in view.predicted),
        subject=subject,
    )
    return view_of(view.snapshot, view.key, config=view.config, reads=view.reads, last_probe=record)


def without(address: str) -> Change:
    """The answer lacks the record with this data."""
    return lambda seen: msgspec.structs.replace(
        seen, answer=tuple(record for record in seen.answer if record.data != address)
    )


def with_extra(data: str) -> Change:
    def change(seen: Observation) -> Observation:
        extra = Record(seen.question.name, 30, seen.question.type, data)
        return msgspec.structs.replace(seen, answer=(*seen.answer, extra))

    return change


def instead(old: str, new: str) -> Change:
    """Other data in place of one record's."""
    return lambda seen: msgspec.structs.replace(
        seen,
        answer=tuple(msgspec.structs.replace(record, data=record.data.replace(old, new)) for record in seen.answer),
    )


def silent(error: str = "no reply in 3 s (asked twice)") -> Change:
    return lambda seen: msgspec.structs.replace(seen, rcode="", flags=(), answer=(), authority=(), ms=None, error=error)


def denied(seen: Observation) -> Observation:
    return msgspec.structs.replace(seen, rcode="NXDOMAIN", answer=())


def counted_down(seen: Observation) -> Observation:
    return msgspec.structs.replace(seen, answer=tuple(msgspec.structs.replace(record, ttl=7) for record in seen.answer))
