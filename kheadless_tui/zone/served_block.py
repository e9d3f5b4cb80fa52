"""What one server block makes of a question, plugin by plugin, from the rewriting in front to what is behind.

The name may be changed first (rewriting.py); then the plugin's zone (zones.py), what the name has of the type
(query_types.py), a negative answer when it has nothing (negative_answers.py), the cache in front of it (cache.py), and
what other plugins make uncertain (elsewhere.py). What no plugin answers is SERVFAIL (plugin/plugin.go NextOrFailure).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.answering import cache
from kheadless_tui.zone.answering.negative_answers import negative_answer
from kheadless_tui.zone.answering.query_types import Outcome, QueryTypes
from kheadless_tui.zone.explanations import why, why_rewritten
from kheadless_tui.zone.explanations.reasons import Case
from kheadless_tui.zone.naming.names import MAX_LABEL, fault
from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import Answer, Question, Step
from kheadless_tui.zone.serving.config import Note, RewriteRule, ZoneConfig
from kheadless_tui.zone.serving.elsewhere import closed_by, concerns, notes_on
from kheadless_tui.zone.serving.other_plugins import note_on
from kheadless_tui.zone.serving.rewriting import changed_back, flaw_of_names, means, rewritten

_NAME_TYPES = ("SRV", "PTR", "CNAME", "NS")
"""Types whose data ends in a name."""


class ServedBlock:
    """One server block with the kubernetes plugin.

    Args:
        snapshot: what is known of the cluster.
        config: how the block serves it.
        ask_server: asks the whole server for the target of an alias.
        synced: False for a server whose API caches are not filled yet.
        explain: whether answers say why.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        config: ZoneConfig,
        ask_server: Callable[[Question], Answer | None],
        *,
        synced: bool,
        explain: bool,
    ) -> None:
        self.seen = Watched(snapshot, config)
        self.types = QueryTypes(self.seen, ask_server)
        self.config = config
        self.synced = synced
        self.explain = explain

    def answer(self, asked: Question) -> Answer:
        """The reply to a question that comes to this block."""
        if not self.config.rewrites:
            return self._doubted(self._looked_up(asked))
        way = rewritten(asked, self.config.rewrites, concerns)
        if way.flaw:
            detail = f"{way.question.name} by {why_rewritten.listed(way.done)}: it holds {way.flaw}"
            failed = no_reply(asked, "rewritten-unsendable", detail, self.config, explain=self.explain)
            return msgspec.structs.replace(failed, rcode="SERVFAIL")
        found = self._looked_up(way.question)
        doubts = [note_on(rule) for rule in way.doubtful if rule.changes != "cname" or _may_lead(rule, found)]
        if not way.done:
            return self._doubted(found, doubts)
        doubts += notes_on(found, self.config)
        given = changed_back(found, asked, way)
        if flaw := flaw_of_names(given):
            detail = f"by {why_rewritten.listed(way.done)}: {flaw}"
            return no_reply(asked, "reply-unsendable", detail, self.config, explain=self.explain, unsendable=True)
        return self._doubted(why_rewritten.told(given, found, way, self.config), doubts)

    def _looked_up(self, asked: Question) -> Answer:
        """The reply behind the rewriting."""
        if where := closed_by(asked, self.config):
            closed = no_reply(asked, "hosts-closed", where, self.config, explain=self.explain)
            return msgspec.structs.replace(closed, rcode="SERVFAIL")
        zone = zone_of(asked.name, self.config.zones)
        if zone:
            zone = asked.name[len(asked.name) - len(zone) :]
            return cache.as_passed(self._reply(asked, zone), self.config.cache)
        handed_on = no_reply(asked, "outside-zones", "", self.config, explain=self.explain, fallthrough=True)
        return self._behind(handed_on)

    def _behind(self, answer: Answer) -> Answer:
        """A question that is handed on: SERVFAIL where it is known that no plugin is left to answer it."""
        if why.is_handed_on(answer.question.name, self.config):
            return answer
        steps = tuple(msgspec.structs.replace(step, rcode="SERVFAIL") for step in answer.steps)
        return msgspec.structs.replace(answer, rcode="SERVFAIL", steps=steps)

    def _reply(self, asked: Question, zone: str) -> Answer:
        """The reply of the kubernetes plugin, or of what is behind it."""
        outcome = self.types.outcome(asked, zone)
        negative = negative_answer(asked, outcome, zone, self.config, synced=self.synced)
        if negative is not None:
            answer, rule = negative
            explained = self._explained(answer, zone, outcome, rule)
            return self._behind(explained) if explained.fallthrough else explained
        if asked.type in ("AXFR", "IXFR") and (flaw := _flaw_of_transfer(outcome)):
            failed = no_reply(asked, "transfer-unsendable", flaw, self.config, explain=self.explain)
            return msgspec.structs.replace(failed, rcode="SERVFAIL")
        flaw = _flaw(outcome)
        if flaw:
            return no_reply(asked, "reply-unsendable", flaw, self.config, explain=self.explain, unsendable=True)
        records, additional = tuple(outcome.answer), () if self.config.minimal else tuple(outcome.additional)
        answer = Answer(asked, "NOERROR", answer=records, additional=additional, unknown=outcome.unknown)
        return self._explained(answer, zone, outcome, "")

    def _explained(self, answer: Answer, zone: str, outcome: Outcome, rule: str) -> Answer:
        """The same with the step that says why."""
        if not self.explain:
            return answer
        asked = answer.question
        request = self.types.request(asked.name.lower(), zone)
        case = Case(asked, request, self.seen, zone, outcome.pairs, tuple(outcome.answer))
        return msgspec.structs.replace(answer, steps=(why.step(case, rule, answer.rcode),))

    def _doubted(self, answer: Answer, more: Iterable[Note] = ()) -> Answer:
        """The same, not certain where something else in the Corefile may change it."""
        if not self.config.notes:
            return answer
        found = {str(note): note for note in (*notes_on(answer, self.config), *more)}
        if not found:
            return answer
        doubts = [
            f"{note.text} ({note.where})" for note in found.values() if note.concern is None or note.concern.records
        ]
        unknown = "; ".join(filter(None, (answer.unknown, *doubts)))
        steps = answer.steps
        if doubts and answer.fallthrough:  # then it is not certain that the plugin is asked at all
            steps = tuple(
                msgspec.structs.replace(step, why=f"{step.why}, unless {' and '.join(doubts)}") for step in steps
            )
        return msgspec.structs.replace(answer, unknown=unknown, notes=tuple(found), steps=steps)


def no_reply(
    asked: Question,
    rule: str,
    detail: str,
    config: ZoneConfig,
    *,
    explain: bool,
    fallthrough: bool = False,
    unsendable: bool = False,
) -> Answer:
    """What the kubernetes plugin itself does not answer."""
    steps: tuple[Step, ...] = ()
    if explain:
        steps = (
            Step(asked.name, "", why.no_reply(asked, rule, detail, config), rule, why.no_reply_facts(rule, config)),
        )
    return Answer(asked, "", aa=False, steps=steps, fallthrough=fallthrough, unsendable=unsendable)


def _may_lead(rule: RewriteRule, found: Answer) -> bool:
    """Whether a rule leads an alias of a reply elsewhere (plugin/rewrite/cname_target.go RewriteResponse)."""
    return any(record.type == "CNAME" and means(rule, record.data) for record in found.answer)


def _flaw_of_transfer(outcome: Outcome) -> str:
    """The first name of a transfer that no message can carry: the whole of it fails (plugin/transfer ServeDNS)."""
    for record in outcome.answer:
        flaw = fault(record.name) if len(record.name) > MAX_LABEL else ""
        if flaw:
            return f"{record.type} {record.name} holds {flaw}"
    return _flaw(outcome)


def _flaw(outcome: Outcome) -> str:
    for record in (*outcome.answer, *outcome.additional):
        if record.type in _NAME_TYPES:
            target = record.data.rpartition(" ")[2]
            flaw = fault(target)
            if flaw:
                return f"{record.type} {target} holds {flaw}"
    return ""
