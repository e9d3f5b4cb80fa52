"""What is served at names that the plugin rewrite changes: what the question gets, in place of the name's own records.

A rule without a part for the reply answers with records of the other name, which no resolver takes for those of the
name that was asked for: they are none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.record import Answer, ElsewhereRecord, PredictedRecord, Question, Record, Source, Step
from kheadless_tui.zone.resolve import resolve, resolver
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.elsewhere import concerns
from kheadless_tui.zone.serving.rewriting import Rewritten, rewritten

_OF_SERVICES = ("A", "AAAA", "SRV")
"""Types that a name may have by another Service, whatever it has itself."""


def answered_records(
    items: Iterable[PredictedRecord], snapshot: Snapshot, block: ZoneConfig, config: ZoneConfig
) -> Iterator[PredictedRecord]:
    """The records that are served at the names of those that are given, in their order.

    Args:
        items: what a server block would serve without its rewriting.
        snapshot: what is known of the cluster.
        block: the server block that the names come to.
        config: the whole server.
    """
    ask = resolver(snapshot, config)
    for name, own, way in _by_name(items, block):
        if way is None:
            yield from own
        else:
            yield from _answered(name, own, ask, snapshot, config)


def rewritten_away(
    items: Iterable[PredictedRecord], snapshot: Snapshot, block: ZoneConfig, config: ZoneConfig
) -> Iterator[ElsewhereRecord]:
    """Those of the records that are not served since their names are rewritten."""
    ask = resolver(snapshot, config)
    for name, own, way in _by_name(items, block):
        if way is None:
            continue
        served = {(item.record.type, item.record.data) for item in _answered(name, own, ask, snapshot, config)}
        reason = f"rewritten at {' and '.join(rule.where for rule in way.done if rule.changes != 'ttl')}"
        for item in own:
            if (item.record.type, item.record.data) not in served:
                yield ElsewhereRecord(item, reason)


def _by_name(
    items: Iterable[PredictedRecord], block: ZoneConfig
) -> Iterator[tuple[str, list[PredictedRecord], Rewritten | None]]:
    """The records of each name with what becomes of it; ``None`` when it is looked up as it is."""
    by_name: dict[str, list[PredictedRecord]] = {}
    for item in items:
        by_name.setdefault(item.record.name, []).append(item)
    for name, own in by_name.items():
        kinds = dict.fromkeys((*(item.record.type for item in own), *_OF_SERVICES))
        questions = [Question(name, kind) for kind in kinds]
        ways = (rewritten(question, block.rewrites, concerns) for question in questions) if block.rewrites else ()
        changed = (
            way for question, way in zip(questions, ways, strict=False) if way.question != question or way.replies
        )
        yield name, own, next(changed, None)


def _answered(
    name: str,
    own: Sequence[PredictedRecord],
    ask: Callable[[Question], Answer],
    snapshot: Snapshot,
    config: ZoneConfig,
) -> Iterator[PredictedRecord]:
    """What is served at a name; ``ask`` does not explain, which is done only for what the name itself does not have."""
    kinds = dict.fromkeys(item.record.type for item in own)
    if any(item.service is not None and item.record.type in ("A", "AAAA", "CNAME") for item in own):
        kinds = dict.fromkeys((*_OF_SERVICES, *kinds))
    known = {(item.record.type, item.record.data): item for item in own}
    given: set[Record] = set()
    for kind in kinds:
        question = Question(name, kind)
        answer = ask(question)
        for record in answer.answer if answer.rcode == "NOERROR" else ():
            if (record.name, record.type) not in ((name, kind), (name, "CNAME")) or record in given:
                continue
            given.add(record)
            item = known.get((record.type, record.data))
            if item is None:
                source = _source(record, resolve(snapshot, question, config).steps, config)
                item = PredictedRecord(record, own[0].service, None, source)
            yield msgspec.structs.replace(item, record=record)


def _source(record: Record, steps: Sequence[Step], config: ZoneConfig) -> Source:
    """The field that an address stands in; of what is no address, the Corefile."""
    facts = (fact for step in steps for fact in step.facts)
    corefile = Source("Corefile", ObjectKey("", config.source), "rewrite")
    return next((fact.source for fact in facts if fact.value == record.data), corefile)
