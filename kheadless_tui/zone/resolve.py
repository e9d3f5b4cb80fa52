"""The answer to one question, as CoreDNS gives it, and why.

From the question to the reply: which server block (elsewhere.py), and what this one makes of it (served_block.py). A
question costs what it touches: every look into the snapshot is an index hit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.answering.type_numbers import type_name
from kheadless_tui.zone.dependence import namespaces_asked
from kheadless_tui.zone.naming.names import absolute, fault, unescaped
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.served_block import ServedBlock, no_reply
from kheadless_tui.zone.serving.config import OtherBlock, ZoneConfig
from kheadless_tui.zone.serving.elsewhere import block_for

Upstream = Callable[[Question], Answer | None]
"""Answers questions outside the zones; ``None`` when there is no reply."""

_MAX_NESTED = 8
"""Questions that the server asks itself for one question (targets in another of its zones) before we give up."""


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
        The reply with one step. ``fallthrough`` when the next plugin is asked, ``unsendable`` when there is no reply.
    """
    return _Server(snapshot, config, upstream, synced, explain).answer(question)


def resolve_all(snapshot: Snapshot, questions: Iterable[Question], config: ZoneConfig) -> dict[Question, Answer]:
    """The predicted replies to many questions about one snapshot, without the steps that say why.

    Cheaper than one by one: what a question works out of a slice serves the next one as well.
    """
    answer = resolver(snapshot, config)
    return {question: answer(question) for question in questions}


def resolver(snapshot: Snapshot, config: ZoneConfig) -> Callable[[Question], Answer]:
    """What gives the replies of :func:`resolve_all` one at a time, for who has other work between them."""
    return _Server(snapshot, config, None, synced=True, explain=False).answer


def aliases_asked(snapshot: Snapshot, question: Question, config: ZoneConfig) -> frozenset[str]:
    """The namespaces that the targets of aliases depend on, which must be read as well for a whole answer.

    Each alias leads at most one step further: who reads a namespace because of it asks again.
    """
    found: set[str] = set()
    for record in resolve(snapshot, Question(question.name, "CNAME"), config, explain=False).answer:
        found |= namespaces_asked(Question(record.data, question.type), config) or frozenset()
    return frozenset(found)


class _Server:
    """One server: all server blocks of one port."""

    def __init__(
        self, snapshot: Snapshot, config: ZoneConfig, upstream: Upstream | None, synced: bool, explain: bool
    ) -> None:
        self.snapshot = snapshot if synced else Snapshot(namespaces_known=True)
        self.config = config
        self.upstream = upstream
        self.synced = synced
        self.explain = explain
        self.nested = 0
        self.blocks: dict[tuple[str, ...], ServedBlock] = {}

    def answer(self, question: Question) -> Answer:
        asked = Question(absolute(unescaped(question.name)), type_name(question.type))
        flaw = fault(asked.name)
        if flaw:
            return self._no_reply(asked, "name-unsendable", flaw, unsendable=True)
        block = block_for(asked, self.config)
        if isinstance(block, OtherBlock):
            by = f"{block.where} ({' and '.join(block.plugins)})" if block.plugins else block.where
            return self._no_reply(asked, "other-server-block", f"{block.zone} at {by}", fallthrough=True)
        if block is None:
            return msgspec.structs.replace(self._no_reply(asked, "no-server-block", ""), rcode="REFUSED")
        return self._block(block).answer(asked)

    def _block(self, config: ZoneConfig) -> ServedBlock:
        """Made when the first question comes to it; the zones tell server blocks of one port apart."""
        found = self.blocks.get(config.server_zones)
        if found is None:
            found = ServedBlock(self.snapshot, config, self._ask_itself, synced=self.synced, explain=self.explain)
            self.blocks[config.server_zones] = found
        return found

    def _ask_itself(self, question: Question) -> Answer | None:
        """The server's own answer to the target of an alias (plugin/pkg/upstream Lookup): all blocks are asked."""
        if self.nested >= _MAX_NESTED:
            return Answer(question, "SERVFAIL")
        self.nested += 1
        inner = self.answer(question)
        self.nested -= 1
        if not inner.fallthrough:
            return inner
        if self.upstream is not None:
            return self.upstream(question)
        if inner.rcode:
            return inner
        return Answer(question, "", unknown=f"what other servers answer for {question.name} {question.type}")

    def _no_reply(
        self, asked: Question, rule: str, detail: str, *, fallthrough: bool = False, unsendable: bool = False
    ) -> Answer:
        return no_reply(
            asked, rule, detail, self.config, explain=self.explain, fallthrough=fallthrough, unsendable=unsendable
        )
