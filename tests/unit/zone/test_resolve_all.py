"""Many questions at once: the same answers as one by one."""

from __future__ import annotations

import msgspec

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.comparison.judging import service_questions
from kheadless_tui.zone.resolve import resolve, resolve_all
from tests.bench.bench_zone import CONFIG, build


def test_many_questions_are_answered_as_one_by_one() -> None:
    snapshot = build(2, 30).freeze()
    service = snapshot.service(ObjectKey("ns-1", "svc-1"))
    assert service is not None
    questions = service_questions(snapshot, service, CONFIG)
    together = resolve_all(snapshot, questions, CONFIG)
    alone = {question: resolve(snapshot, question, CONFIG, explain=False) for question in questions}
    assert list(together) == list(questions)
    assert together == alone
    assert sum(1 for answer in together.values() if answer.rcode == "NOERROR") > 60
    assert all(not msgspec.structs.asdict(answer)["steps"] for answer in together.values())
