"""The plugin rewrite: the name that is looked up in place of the one that is asked for, and the reply changed back.

Sources: plugin/rewrite/rewrite.go ServeDNS (order of rules, ``stop`` and ``continue``), name.go (which names a rule
means and what it makes of them), reverter.go WriteMsg (the reply). Rules of names are followed, those with regular
expressions as far as go_regex.py goes; all others are kept with the questions that they may change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.zone.naming.names import absolute
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.serving.config import Concern, ReplyRule, RewriteRule
from kheadless_tui.zone.serving.corefile import Plugin, is_seen
from kheadless_tui.zone.serving.go_regex import NotFollowed, RefusedByGo, go_pattern

_TYPES = ("name", "class", "type", "edns0", "ttl", "cname", "rcode")
_HOW = ("exact", "prefix", "suffix", "substring", "regex")
_NAMED = ("SRV", "MX", "CNAME", "NS", "DNAME", "NAPTR", "PTR")
"""Types whose data ends in a name that is changed back; of a SOA it is the first (reverter.go)."""
_EVERYWHERE = (".",)
_MAX_GROUP = 100
"""The last group that a text may mean by its number in braces (name.go getSubExprUsage)."""
_MAX_TTL = 2**32 - 1
_OPEN_END = "2147483647"
"""Seconds that a range without an end stands for (ttl.go isValidTTL)."""
_EFFECTS = {
    "class": "changes the class of questions",
    "type": "asks for another type of record",
    "edns0": "changes options of EDNS0",
    "ttl": "changes the TTL of records",
    "cname": "may lead aliases elsewhere",
    "rcode": "changes the rcode of replies",
}


class Reversal(NamedTuple):
    """What the names in a reply go through."""

    of: Literal["name", "value", "both"]
    """The owners of records, the names in their data, or both."""
    change: Callable[[str], str]


class Rewritten(NamedTuple):
    """What became of a question on its way through the rules."""

    question: Question
    """The one that is looked up."""
    done: tuple[RewriteRule, ...] = ()
    """The rules that changed the name."""
    reverted: tuple[Reversal, ...] = ()
    """What the names in the reply go through, in this order."""
    doubtful: tuple[RewriteRule, ...] = ()
    """The rules that may have changed the question in a way that is not followed."""

    @property
    def is_changed(self) -> bool:
        """Whether any rule was for the name, be it that it is the same afterwards."""
        return bool(self.done)

    @property
    def keeps_question(self) -> bool:
        """Whether the reply repeats the question as the client asked it (rewrite.go ServeDNS)."""
        return bool(self.reverted) or any(rule.stops for rule in self.done)


def rewritten(
    question: Question, rules: Sequence[RewriteRule], concerns: Callable[[Concern, Question], bool]
) -> Rewritten:
    """What the rules make of a question.

    Args:
        question: with an absolute name.
        rules: in their order; the one that stops ends it.
        concerns: whether a rule that is not followed may change the question.
    """
    name = question.name
    done: list[RewriteRule] = []
    reverted: list[Reversal] = []
    doubtful: list[RewriteRule] = []
    unseen: list[RewriteRule] = []
    for rule in rules:
        if not rule.how:
            if rule.concern is None:
                unseen.append(rule)
            elif concerns(rule.concern, Question(name, question.type)):
                doubtful.append(rule)
            continue
        low = name.lower()
        changed = _changed(rule, low)
        if changed is None:
            continue
        doubtful += [each for each in unseen if each.stops]  # it may have ended the rules before this one
        done.append(rule)
        name = changed
        reverted[:0] = _reversals(rule, changed, low)
        if rule.stops:
            break
    return Rewritten(Question(name, question.type), tuple(done), tuple(reverted), tuple(doubtful))


def changed_back(answer: Answer, asked: Question, way: Rewritten) -> Answer:
    """The reply as the client gets it: with its own question, and the names changed back where a rule says so."""

    def section(records: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(_record(record, way.reverted) for record in records) if way.reverted else records

    return msgspec.structs.replace(
        answer,
        question=asked,
        answer=section(answer.answer),
        authority=section(answer.authority),
        additional=section(answer.additional),
    )


def _changed(rule: RewriteRule, name: str) -> str | None:
    """What a rule makes of a name in lower case, ``None`` when it leaves it alone."""
    match rule.how:
        case "exact":
            return rule.after if name == rule.before else None
        case "prefix":
            return rule.after + name.removeprefix(rule.before) if name.startswith(rule.before) else None
        case "suffix":
            return name.removesuffix(rule.before) + rule.after if name.endswith(rule.before) else None
        case "regex":
            return _substituted(rule.before, rule.after, name)
    return name.replace(rule.before, rule.after) if rule.before in name else None


def _substituted(pattern: str, after: str, name: str) -> str | None:
    """The text in place of the whole name when the pattern is found in it (name.go rewriteString)."""
    found = go_pattern(pattern).search(name)
    if found is None:
        return None
    for number, group in enumerate((found[0], *found.groups())):
        after = after.replace(f"{{{number}}}", group or "")
    return after


def _reversals(rule: RewriteRule, found: str, wanted: str) -> list[Reversal]:
    """What a rule does to the reply, the last first (reverter.go rewriteResourceRecord)."""
    last_first = [Reversal(each.of, _replacing(each)) for each in reversed(rule.replies)]
    if rule.reverts:
        last_first.append(Reversal("both", _suffixed(rule) if rule.how == "suffix" else _mapped(found, wanted)))
    return last_first


def _replacing(rule: ReplyRule) -> Callable[[str], str]:
    def change(name: str) -> str:
        after = _substituted(rule.pattern, rule.after, name)
        return name if after is None else after

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


def _record(record: Record, changes: Sequence[Reversal]) -> Record:
    name, data = record.name, record.data
    words = data.split(" ")
    place = 0 if record.type == "SOA" else -1
    for of, change in changes:
        if of != "value":
            name = change(name)
        if of != "name" and (record.type in _NAMED or record.type == "SOA"):
            words[place] = change(words[place])
    return Record(name, record.ttl, record.type, " ".join(words))


# -- reading -------------------------------------------------------------------------------------------------------


def rewrite_rules(plugins: Sequence[Plugin], where: str) -> Iterator[RewriteRule]:
    """The rules of a server block.

    Raises:
        InputError: one that CoreDNS refuses.
    """
    for plugin in plugins:
        words = list(plugin.args)
        if len(words) < 2:  # the rule stands in braces
            words += [word for option in plugin.options for word in (option.name, *option.args)]
        at = f"{where}:{plugin.line}"
        text = " ".join(("rewrite", *words))
        if not all(map(is_seen, words)):
            yield RewriteRule(at, text, "", concern=Concern(_EVERYWHERE))
            continue
        mode = words.pop(0).lower() if words and words[0].lower() in ("continue", "stop") else "stop"
        if not words or words[0].lower() not in _TYPES:
            found = words[0] if words else "nothing"
            raise InputError(f"expected rewrite with one of {', '.join(_TYPES)}, found {found}", where=at)
        yield _rule(RewriteRule(at, text, "", stops=mode == "stop"), words[0].lower(), words[1:])


def _rule(rule: RewriteRule, kind: str, words: Sequence[str]) -> RewriteRule:
    if kind == "name":
        return _name_rule(rule, words)
    if len(words) < (1 if kind == "edns0" else 2):
        raise InputError(f"rewrite {kind} needs more arguments, found {len(words)}", where=rule.where)
    _check_values(kind, words, rule.where)
    concern = None
    if kind == "type":
        concern = Concern(_EVERYWHERE, types=(words[0].upper(),))
    elif kind == "cname":
        concern = Concern(_EVERYWHERE, types=("A", "AAAA", "CNAME"))
    elif kind in ("ttl", "rcode"):
        concern = _matching(words[0].lower(), words[1], words[0])
    return msgspec.structs.replace(rule, effect=_EFFECTS[kind], concern=concern)


def _check_values(kind: str, words: Sequence[str], where: str) -> None:
    """Refuse what newTTLRule, newRCodeRule and newTypeRule refuse."""
    counts = {"ttl": (2, 3), "rcode": (3, 4), "type": (2, 2)}.get(kind)
    if counts is None:
        return
    if not counts[0] <= len(words) <= counts[1]:
        raise InputError(f"rewrite {kind} takes {counts[0]} to {counts[1]} arguments, found {len(words)}", where=where)
    if kind != "type" and len(words) == counts[1] and words[0].lower() not in _HOW:
        raise InputError(f"expected rewrite {kind} with {', '.join(_HOW)}, found {words[0]}", where=where)
    if kind == "ttl" and not _is_ttl(words[-1]):
        raise InputError(f"invalid TTL '{words[-1]}' for a ttl rule", where=where)


def _is_ttl(text: str) -> bool:
    """``30``, ``30-60``, ``-60`` or ``30-``, in seconds (ttl.go isValidTTL)."""
    least, dash, most = text.partition("-")
    if not dash:
        return _is_number(text)
    if not (least or most):
        return False
    low, high = least or "0", most or _OPEN_END
    return _is_number(low) and _is_number(high) and int(low) <= int(high)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= _MAX_TTL


def _name_rule(rule: RewriteRule, words: Sequence[str]) -> RewriteRule:
    if len(words) < 2:
        raise InputError(f"rewrite name needs two names, found {len(words)}", where=rule.where)
    how, before, after = ("exact", *words) if len(words) == 2 else (words[0].lower(), *words[1:3])
    if how not in _HOW:
        raise InputError(f"expected rewrite name with {', '.join(_HOW)}, found {how}", where=rule.where)
    try:
        reverts, replies = _reply_rules(words[3:], rule.where)
        if how == "regex":
            _check_groups(before, after, rule.where)
    except NotFollowed as error:
        effect = f"{rule.effect}: its expression is not followed, as {error}"
        return msgspec.structs.replace(rule, effect=effect, concern=_matching(how, before, before))
    # Each text is given a final dot (normalize.go Name.Normalize), a prefix, too, which so means whole labels.
    return msgspec.structs.replace(
        rule,
        how=how,
        before=before if how == "regex" else absolute(before.lower()),
        after=absolute(after.lower()),
        reverts=how == "exact" or reverts,
        replies=replies,
    )


def _reply_rules(words: Sequence[str], where: str) -> tuple[bool, tuple[ReplyRule, ...]]:
    """Whether names are changed back, and what else a rule says of replies (name.go parseAnswerRules).

    Raises:
        InputError: CoreDNS refuses it.
        NotFollowed: an expression is not of the part of Go's syntax that is followed.
    """
    left = list(words)
    auto = False
    found: list[ReplyRule] = []
    if left and left[0] != "answer":
        raise InputError(f"expected answer behind the names of rewrite, found {left[0]}", where=where)
    while left:
        if left[0] == "answer":
            left.pop(0)
        kind = left.pop(0) if left else "nothing"
        if kind == "auto":
            auto = True
        elif kind in ("name", "value"):
            if len(left) < 2:
                raise InputError(f"answer {kind} of rewrite needs two arguments, found {len(left)}", where=where)
            before, after = left.pop(0), left.pop(0)
            _check_groups(before, after, where)
            found.append(ReplyRule("name" if kind == "name" else "value", before, absolute(after.lower())))
        else:
            raise InputError(f"expected answer of rewrite with auto, name or value, found {kind}", where=where)
    if auto and any(each.of == "name" for each in found):
        raise InputError("answer auto of rewrite cannot stand together with answer name", where=where)
    return auto, tuple(found)


def _check_groups(pattern: str, after: str, where: str) -> None:
    try:
        groups = go_pattern(pattern).groups
    except RefusedByGo as error:
        raise InputError(f"invalid regular expression {pattern} of rewrite: {error}", where=where) from error
    used = sum(f"{{{number}}}" in after for number in range(_MAX_GROUP + 1))
    if used > groups:
        raise InputError(f"{after} of rewrite uses {used} groups, {pattern} has {groups}", where=where)


def _matching(how: str, text: str, first: str) -> Concern:
    """The names that ``exact``, ``prefix``, ``suffix``, ``substring`` or ``regex`` and a text mean."""
    low = absolute(text.lower())
    match how:
        case "exact":
            return Concern(exactly=frozenset({low}))
        case "prefix":
            return Concern(_EVERYWHERE, pattern=f"^{re.escape(low)}")
        case "suffix":
            return Concern(_EVERYWHERE, pattern=f"{re.escape(low)}$")
        case "substring":
            return Concern(_EVERYWHERE, pattern=re.escape(low))
        case "regex":
            return Concern(_EVERYWHERE, pattern=text)
    return Concern(exactly=frozenset({absolute(first.lower())}))
