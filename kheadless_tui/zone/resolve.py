"""The answer to one question, as CoreDNS gives it, and why.

From the question to the reply: which server block and zone (elsewhere.py, zones.py), what the name has of the type
(query_types.py), a negative answer when it has nothing (negative_answers.py), and the cache in front (cache.py). A
question costs what it touches: every look into the snapshot is an index hit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone import cache, why
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.dependence import namespaces_asked
from kheadless_tui.zone.elsewhere import is_refused, notes_on, other_block
from kheadless_tui.zone.names import absolute, fault, unescaped
from kheadless_tui.zone.negative_answers import negative_answer
from kheadless_tui.zone.query_types import Outcome, QueryTypes
from kheadless_tui.zone.reasons import Case
from kheadless_tui.zone.record import Answer, Question, Step
from kheadless_tui.zone.watched import Watched
from kheadless_tui.zone.zones import zone_of

Upstream = Callable[[Question], Answer | None]
"""Answers questions outside the zones; ``None`` when there is no reply."""

_MAX_NESTED = 8
"""Questions that the server asks itself for one question (targets in another of its zones) before we give up."""
_NAME_TYPES = ("SRV", "PTR", "CNAME", "NS")
"""Types whose data ends in a name."""


def resolve(
    snapshot: Snapshot,
    question: Question,
    config: ZoneConfig,
    *,
    upstream: Upstream | None = None,
    synced: bool = True,
    explain: bool = True,
) -> Answer:
    """The predicted reply to a question.

    Args:
        snapshot: what is known of the cluster.
        question: of class IN; the name is taken as absolute.
        config: how the zone is served.
        upstream: answers for targets of aliases outside the zones; without it they are marked as unknown.
        synced: False for a server whose API caches are not filled yet.
        explain: whether ``steps`` say why; without it an answer costs less.

    Returns:
        The reply with one step. ``fallthrough`` when the next plugin answers, ``unsendable`` when there is none.
    """
    return _Server(snapshot, config, upstream, synced, explain).answer(question)


def resolve_all(snapshot: Snapshot, questions: Iterable[Question], config: ZoneConfig) -> dict[Question, Answer]:
    """The predicted replies to many questions about one snapshot, without the steps that say why.

    Cheaper than one by one: what a question works out of a slice serves the next one as well.
    """
    server = _Server(snapshot, config, None, synced=True, explain=False)
    return {question: server.answer(question) for question in questions}


def aliases_asked(snapshot: Snapshot, question: Question, config: ZoneConfig) -> frozenset[str]:
    """The namespaces that the targets of aliases depend on, which must be read as well for a whole answer.

    Each alias leads at most one step further: who reads a namespace because of it asks again.
    """
    found: set[str] = set()
    for record in resolve(snapshot, Question(question.name, "CNAME"), config, explain=False).answer:
        found |= namespaces_asked(Question(record.data, question.type), config) or frozenset()
    return frozenset(found)


class _Server:
    """One server of the zones."""

    def __init__(
        self, snapshot: Snapshot, config: ZoneConfig, upstream: Upstream | None, synced: bool, explain: bool
    ) -> None:
        self.seen = Watched(snapshot if synced else Snapshot(namespaces_known=True), config)
        self.types = QueryTypes(self.seen, self._ask_itself)
        self.config = config
        self.upstream = upstream
        self.synced = synced
        self.explain = explain
        self.nested = 0

    def answer(self, question: Question) -> Answer:
        asked = Question(absolute(unescaped(question.name)), question.type.upper())
        flaw = fault(asked.name)
        if flaw:
            return self._no_reply(asked, "name-unsendable", flaw, unsendable=True)
        other = other_block(asked, self.config)
        if other is not None:
            by = f"{other.where} ({' and '.join(other.plugins)})" if other.plugins else other.where
            return self._no_reply(asked, "other-server-block", f"{other.zone} at {by}", fallthrough=True)
        if is_refused(asked, self.config):
            return msgspec.structs.replace(self._no_reply(asked, "no-server-block", ""), rcode="REFUSED")
        zone = zone_of(asked.name, self.config.zones)
        if not zone:
            return self._no_reply(asked, "outside-zones", "", fallthrough=True)
        zone = asked.name[len(asked.name) - len(zone) :]
        return self._doubted(cache.as_passed(self._reply(asked, zone), self.config.cache))

    def _doubted(self, answer: Answer) -> Answer:
        """The same, not certain where something else in the Corefile may change it."""
        if answer.fallthrough or not self.config.notes:
            return answer
        found = notes_on(answer, self.config)
        if not found:
            return answer
        doubts = (f"{note.text} ({note.where})" for note in found if note.concern is not None and note.concern.records)
        unknown = "; ".join(filter(None, (answer.unknown, *doubts)))
        return msgspec.structs.replace(answer, unknown=unknown, notes=tuple(map(str, found)))

    def _reply(self, asked: Question, zone: str) -> Answer:
        """The reply of the kubernetes plugin."""
        outcome = self.types.outcome(asked, zone)
        negative = negative_answer(asked, outcome, zone, self.config, synced=self.synced)
        if negative is not None:
            answer, rule = negative
            return self._explained(answer, zone, outcome, rule)
        flaw = _flaw(outcome)
        if flaw:
            return self._no_reply(asked, "reply-unsendable", flaw, unsendable=True)
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

    def _ask_itself(self, question: Question) -> Answer | None:
        """The server's own answer to the target of an alias (plugin/pkg/upstream Lookup)."""
        if zone_of(question.name, self.config.zones):
            if self.nested >= _MAX_NESTED:
                return Answer(question, "SERVFAIL")
            self.nested += 1
            inner = self.answer(question)
            self.nested -= 1
            if not inner.fallthrough:
                return inner
        if self.upstream is not None:
            return self.upstream(question)
        return Answer(question, "", unknown=f"what other servers answer for {question.name} {question.type}")

    def _no_reply(
        self, asked: Question, rule: str, detail: str, *, fallthrough: bool = False, unsendable: bool = False
    ) -> Answer:
        steps: tuple[Step, ...] = ()
        if self.explain:
            steps = (Step(asked.name, "", why.no_reply(asked, rule, detail, self.config), rule),)
        return Answer(asked, "", aa=False, steps=steps, fallthrough=fallthrough, unsendable=unsendable)


def _flaw(outcome: Outcome) -> str:
    for record in (*outcome.answer, *outcome.additional):
        if record.type in _NAME_TYPES:
            target = record.data.rpartition(" ")[2]
            flaw = fault(target)
            if flaw:
                return f"{record.type} {target} holds {flaw}"
    return ""
