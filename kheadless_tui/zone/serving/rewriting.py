"""The plugin rewrite: the question that is looked up in place of the one that is asked, and the reply changed back.

Sources: plugin/rewrite/rewrite.go ServeDNS (order of rules, ``stop`` and ``continue``), name.go (what becomes of a
name), type.go, class.go, ttl.go, rcode.go, reverter.go WriteMsg (the reply). What rules mean is read in
rewrite_rules.py; those that are not followed come out as doubts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from kheadless_tui.zone.naming.names import fault
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.serving.config import Concern, ReplyRule, RewriteRule
from kheadless_tui.zone.serving.go_regex import go_pattern

_NAMED = ("SRV", "MX", "CNAME", "NS", "DNAME", "NAPTR", "PTR")
"""Types whose data ends in a name that is changed back; of a SOA it is the first (reverter.go)."""


class NameChange(NamedTuple):
    """What names in a reply go through."""

    of: Literal["name", "value", "both"]
    """The owners of records, the names in their data, or both."""
    change: Callable[[str], str]


class Rewritten(NamedTuple):
    """What became of a question on its way through the rules."""

    question: Question
    """The one that is looked up."""
    done: tuple[RewriteRule, ...] = ()
    """The rules that were for the question."""
    replies: tuple[NameChange | RewriteRule, ...] = ()
    """What the reply goes through, in this order: changes of names, rules of TTLs and rcodes."""
    doubtful: tuple[RewriteRule, ...] = ()
    """The rules that may have changed the question in a way that is not followed."""
    of_class: str = "IN"
    """The class in which it is looked up; the kubernetes plugin does not look at it."""
    flaw: str = ""
    """Why no message can carry the name that a rule made: the question goes no further."""

    @property
    def keeps_question(self) -> bool:
        """Whether the reply repeats the question as the client asked it (rewrite.go ServeDNS)."""
        return bool(self.replies) or any(rule.stops or rule.changes == "cname" for rule in self.done)

    def leads_from(self, asked: Question) -> bool:
        """Whether something else is looked up than was asked, or names in the reply are changed."""
        return self.question != asked or any(isinstance(change, NameChange) for change in self.replies)


def rewritten(
    question: Question, rules: Sequence[RewriteRule], concerns: Callable[[Concern, Question], bool]
) -> Rewritten:
    """What the rules make of a question of class IN.

    Args:
        question: with an absolute name.
        rules: in their order; the one that stops ends it.
        concerns: whether a rule that is not followed may change the question.
    """
    asked, of_class, flaw = question, "IN", ""
    done: list[RewriteRule] = []
    replies: list[NameChange | RewriteRule] = []
    doubtful: list[RewriteRule] = []
    unseen: list[RewriteRule] = []
    for rule in rules:
        low = asked.name.lower()
        if not rule.changes:
            if rule.concern is None:
                unseen.append(rule)
            elif concerns(rule.concern, asked):
                doubtful.append(rule)
            continue
        if not _is_for(rule, asked, of_class):
            continue
        doubtful += [each for each in unseen if each.stops]  # it may have ended the rules before this one
        done.append(rule)
        match rule.changes:
            case "name":
                asked = Question(_changed(rule, low), asked.type)
                replies[:0] = _name_changes(rule, asked.name, low)
                flaw = fault(asked.name)
            case "type":
                asked = Question(asked.name, rule.after)
            case "class":
                of_class = rule.after
            case "cname":
                doubtful.append(rule)
            case _:
                replies.insert(0, rule)
        if rule.stops or flaw:
            break
    return Rewritten(asked, tuple(done), tuple(replies), tuple(doubtful), of_class, flaw)


def changed_back(answer: Answer, asked: Question, way: Rewritten) -> Answer:
    """The reply as the client gets it: with its own question, and with what the rules change in it."""

    def section(records: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(_record(record, way.replies) for record in records) if way.replies else records

    return msgspec.structs.replace(
        answer,
        question=asked,
        rcode=_rcode(answer, way),
        answer=section(answer.answer),
        authority=section(answer.authority),
        additional=section(answer.additional),
    )


def flaw_of_names(answer: Answer) -> str:
    """The first name of a reply that no message can carry: nothing is sent then; empty when all can be sent."""
    for record in (*answer.answer, *answer.authority, *answer.additional):
        words = record.data.split(" ")
        named = words[:2] if record.type == "SOA" else words[-1:] if record.type in _NAMED else []
        for name in (record.name, *named):
            if flaw := fault(name):
                return f"{record.type} {name} holds {flaw}"
    return ""


def _is_for(rule: RewriteRule, asked: Question, of_class: str) -> bool:
    match rule.changes:
        case "type":
            return asked.type == rule.since
        case "class":
            return of_class == rule.since
        case "cname":
            return True
    return means(rule, asked.name.lower())


def means(rule: RewriteRule, name: str) -> bool:
    """Whether a rule is for a name; where that is not known, it is taken to be so."""
    match rule.how:
        case "exact":
            return name == rule.before
        case "prefix":
            return name.startswith(rule.before)
        case "suffix":
            return name.endswith(rule.before)
        case "substring":
            return rule.before in name
        case "regex":
            return go_pattern(rule.before).search(name) is not None
    return True


def _changed(rule: RewriteRule, name: str) -> str:
    """What a rule makes of a name in lower case that it is for."""
    match rule.how:
        case "exact":
            return rule.after
        case "prefix":
            return rule.after + name.removeprefix(rule.before)
        case "suffix":
            return name.removesuffix(rule.before) + rule.after
        case "regex":
            return _substituted(rule.before, rule.after, name)
    return name.replace(rule.before, rule.after)


def _substituted(pattern: str, after: str, name: str) -> str:
    """The text in place of the whole name when the pattern is found in it (name.go rewriteString)."""
    found = go_pattern(pattern).search(name)
    if found is None:
        return name
    for number, group in enumerate((found[0], *found.groups())):
        after = after.replace(f"{{{number}}}", group or "")
    return after


# -- the reply -----------------------------------------------------------------------------------------------------


def _name_changes(rule: RewriteRule, found: str, wanted: str) -> list[NameChange]:
    """What a rule does to the reply, the last first (reverter.go rewriteResourceRecord)."""
    last_first = [NameChange(each.of, _replacing(each)) for each in reversed(rule.replies)]
    if rule.reverts:
        last_first.append(NameChange("both", _suffixed(rule) if rule.how == "suffix" else _mapped(found, wanted)))
    return last_first


def _replacing(rule: ReplyRule) -> Callable[[str], str]:
    def change(name: str) -> str:
        return _substituted(rule.pattern, rule.after, name)

    return change


def _mapped(found: str, wanted: str) -> Callable[[str], str]:
    """A name, and those below it, back to another (name.go remapStringRewriter)."""

    def change(name: str) -> str:
        if name == found or name.endswith(f".{found}"):
            return name[: len(name) - len(found)] + wanted
        return name

    return change


def _suffixed(rule: RewriteRule) -> Callable[[str], str]:
    """The end of a name back, whether or not a label begins there (name.go suffixStringRewriter)."""

    def change(name: str) -> str:
        return name.removesuffix(rule.after) + rule.before if name.endswith(rule.after) else name

    return change


def _record(record: Record, changes: Sequence[NameChange | RewriteRule]) -> Record:
    name, ttl = record.name, record.ttl
    words = record.data.split(" ")
    place = 0 if record.type == "SOA" else -1
    for change in changes:
        if isinstance(change, RewriteRule):
            if change.changes == "ttl":
                ttl = min(max(ttl, change.ttl[0]), change.ttl[1])
            continue
        if change.of != "value":
            name = change.change(name)
        if change.of != "name" and (record.type in _NAMED or record.type == "SOA"):
            words[place] = change.change(words[place])
    return Record(name, ttl, record.type, " ".join(words))


def _rcode(answer: Answer, way: Rewritten) -> str:
    """The rcode: the rules are gone through once for every record, or once where there is none (reverter.go)."""
    rules = [change for change in way.replies if isinstance(change, RewriteRule) and change.changes == "rcode"]
    rcode = answer.rcode
    if rules and rcode:
        for _ in range(max(1, len(answer.authority) + len(answer.answer) + len(answer.additional))):
            for rule in rules:
                rcode = rule.after if rcode == rule.since else rcode
    return rcode
