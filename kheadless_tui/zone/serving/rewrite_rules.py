"""The rules of the plugin rewrite, as they stand in a Corefile.

Sources: plugin/rewrite/rewrite.go newRule, name.go newNameRule and parseAnswerRules, and the new...Rule of type.go,
class.go, ttl.go, rcode.go and cname_target.go. Those with regular expressions are followed as far as go_regex.py goes;
the rest is kept with the questions that it may change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.zone.naming.names import absolute
from kheadless_tui.zone.serving import go_text
from kheadless_tui.zone.serving.config import Concern, ReplyRule, RewriteRule
from kheadless_tui.zone.serving.corefile import Plugin, is_seen
from kheadless_tui.zone.serving.go_regex import NotFollowed, RefusedByGo, go_pattern

_TYPES = ("name", "class", "type", "edns0", "ttl", "cname", "rcode")
_HOW = ("exact", "prefix", "suffix", "substring", "regex")
_EVERYWHERE = (".",)
_MAX_GROUP = 100
"""The last group that a text may mean by its number in braces (name.go getSubExprUsage)."""
_MAX_TTL = 2**32 - 1
_OPEN_END = "2147483647"
"""Seconds that a range without an end stands for (ttl.go isValidTTL)."""
_MAX_PATTERN = 10000
"""Octets of the longest expression (name.go maxRegexpLen)."""
_CLASSES = ("IN", "CS", "CH", "HS", "NONE", "ANY")
_QUERY_TYPES = frozenset(
    "A AAAA AFSDB AMTRELAY ANY APL ATMA AVC AXFR CAA CDNSKEY CDS CERT CNAME CSYNC DHCID DLV DNAME DNSKEY DS EID EUI48 "
    "EUI64 GID GPOS HINFO HIP HTTPS IPSECKEY ISDN IXFR KEY KX L32 L64 LOC LP MAILA MAILB MB MD MF MG MINFO MR MX NAPTR "
    "NID NIMLOC NINFO NS NSAP-PTR NSEC NSEC3 NSEC3PARAM NULL NXNAME NXT OPENPGPKEY OPT PTR PX RESINFO RKEY RP RRSIG RT "
    "SIG SMIMEA SOA SPF SRV SSHFP SVCB TA TALINK TKEY TLSA TSIG TXT UID UINFO UNSPEC URI X25 ZONEMD".split()
)
"""Types that a rule may name (miekg/dns StringToType); numbers are none of them."""
_COUNTS = {"class": (2, 2), "type": (2, 2), "ttl": (2, 3), "cname": (2, 3), "rcode": (3, 4)}
"""The least and the most words of a rule behind its kind."""
_EDNS0 = {
    "local": {"set": 4, "unset": 3},
    "nsid": {"set": 2, "unset": 2},
    "subnet": {"set": 4, "unset": 2},
}
"""How many words a rule of each option has, by whether the option is taken away."""
_VARIABLES = ("qname", "qtype", "client_ip", "client_port", "protocol", "server_ip", "server_port")
_MAX_CODE = 65535
_LENGTHS = (32, 128)
"""Bits of the longest masks of IPv4 and IPv6."""
_EFFECTS = {
    "name": "may change names before they are looked up",
    "class": "changes the class of questions",
    "type": "asks for another type of record",
    "edns0": "changes options of EDNS0",
    "ttl": "changes the TTL of records",
    "cname": "may lead aliases elsewhere",
    "rcode": "changes the rcode of replies",
}
_RCODES = (
    "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI 12 13 14 15 "
    "BADVERS BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE".split()
)
"""By number; those that stand here as numbers have no name."""


def rewrite_rules(plugins: Sequence[Plugin], where: str) -> Iterator[RewriteRule]:
    """The rules of a server block.

    Raises:
        InputError: one that CoreDNS refuses.
    """
    for plugin in plugins:
        words = list(plugin.args)
        at = f"{where}:{plugin.line}"
        if len(words) < 2:  # the rule stands in braces
            words += [word for option in plugin.options for word in (option.name, *option.words)]
        elif plugin.braced:
            raise InputError(f"expected nothing behind rewrite {' '.join(words)}, found {{", where=at)
        text = " ".join(("rewrite", *words))
        if not all(map(is_seen, words)):
            yield RewriteRule(at, text, concern=Concern(_EVERYWHERE))
            continue
        mode = words.pop(0).lower() if words and words[0].lower() in ("continue", "stop") else "stop"
        if not words or words[0].lower() not in _TYPES:
            found = words[0] if words else "nothing"
            raise InputError(f"expected rewrite with one of {', '.join(_TYPES)}, found {found}", where=at)
        yield _rule(RewriteRule(at, text, stops=mode == "stop"), words[0].lower(), words[1:])


def _rule(rule: RewriteRule, kind: str, words: Sequence[str]) -> RewriteRule:
    least, most = _COUNTS.get(kind, (0, len(words)))
    if not least <= len(words) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise InputError(f"rewrite {kind} takes {wanted} arguments, found {len(words)}", where=rule.where)
    rule = msgspec.structs.replace(rule, effect=_EFFECTS[kind])
    match kind:
        case "name":
            return _name_rule(rule, words)
        case "type" | "class":
            return _swapping_rule(rule, kind, words)
        case "ttl":
            return _named(_ttl_rule(rule, words[-1]), words[:-1])
        case "rcode":
            return _named(_rcode_rule(rule, *words[-2:]), words[:-2])
        case "cname":
            return _named(msgspec.structs.replace(rule, changes="cname"), words[:-1])
    _check_edns0(words, rule.where)
    return rule


def _check_edns0(words: Sequence[str], where: str) -> None:
    """Refuse what no option of EDNS0 has: numbers of words, codes, values and lengths (edns0.go newEdns0Rule)."""
    kind, action = (word.lower() for word in (*words, "nothing", "nothing")[:2])
    counts = _EDNS0.get(kind, {}).get("unset" if action == "unset" else "set", 0)
    given = len(words) - (action != "unset" and words[-1:] == ["revert"])
    if action not in ("append", "replace", "set", "unset") or given != counts:
        wanted = ", ".join(_EDNS0)
        raise InputError(
            f"expected rewrite edns0 with {wanted}, an action and its values, found {' '.join(words) or 'nothing'}",
            where=where,
        )
    wrong = ""
    if kind == "local":
        code = go_text.unsigned(words[2])
        wrong = words[2] if code is None or code > _MAX_CODE else ""
        wrong = wrong or next((value for value in words[3:4] if action != "unset" and not _is_value(value)), "")
    elif kind == "subnet" and action != "unset":
        lengths = zip(words[2:4], _LENGTHS, strict=True)
        wrong = next((text for text, most in lengths if (go_text.unsigned(text) or 0) > most), "")
        wrong = wrong or next((text for text in words[2:4] if go_text.unsigned(text) is None), "")
    if wrong:
        raise InputError(f"{wrong} is no code, value or length for rewrite edns0 {kind}", where=where)


def _is_value(text: str) -> bool:
    """Whether it can stand in an option: text, octets in hexadecimal digits, or a variable (isValidVariable)."""
    if text.startswith("{") and text.endswith("}"):
        return text[1:-1] in _VARIABLES or "/" in text.strip("{}/")
    return not text.startswith("0x") or re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text[2:]) is not None


def _swapping_rule(rule: RewriteRule, kind: str, words: Sequence[str]) -> RewriteRule:
    """A type or a class in place of another (newTypeRule, newClassRule)."""
    since, after = (word.upper() for word in words)
    for word in (since, after):
        if word not in (_CLASSES if kind == "class" else _QUERY_TYPES):
            raise InputError(f"rewrite {kind} has no {kind} {word}", where=rule.where)
    return msgspec.structs.replace(rule, changes="class" if kind == "class" else "type", since=since, after=after)


def _ttl_rule(rule: RewriteRule, text: str) -> RewriteRule:
    """``30``, ``30-60``, ``-60`` or ``30-``, in seconds (ttl.go isValidTTL)."""
    least, dash, most = text.partition("-")
    low, high = (least or "0", most or _OPEN_END) if dash else (text, text)
    if text == "-" or not (_is_ttl(low) and _is_ttl(high)) or int(low) > int(high):
        raise InputError(f"invalid TTL '{text}' for a ttl rule", where=rule.where)
    return msgspec.structs.replace(rule, changes="ttl", ttl=(int(low), int(high)))


def _is_ttl(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= _MAX_TTL


def _rcode_rule(rule: RewriteRule, since: str, after: str) -> RewriteRule:
    return msgspec.structs.replace(
        rule, changes="rcode", since=_rcode(since, rule.where), after=_rcode(after, rule.where)
    )


def _rcode(text: str, where: str) -> str:
    """An rcode by its name, or by a number up to 23 (rcode.go isValidRCode); 16 is BADSIG there."""
    name = {"BADSIG": "BADVERS", "NOTIMPL": "NOTIMP"}.get(text.upper(), text.upper())
    if text.isascii() and text.isdigit() and int(text) < len(_RCODES):
        return _RCODES[int(text)]
    if name not in _RCODES or name.isdigit() or text.upper() == "BADVERS":
        raise InputError(f"invalid RCODE '{text}' for an rcode rule", where=where)
    return name


def _named(rule: RewriteRule, words: Sequence[str]) -> RewriteRule:
    """A rule with the names that it is for: ``NAME``, or one of the other ways and a text."""
    how, before = ("exact", words[0]) if len(words) == 1 else (words[0].lower(), words[1])
    if how not in _HOW:
        raise InputError(f"expected rewrite {rule.changes} with {', '.join(_HOW)}, found {words[0]}", where=rule.where)
    if how != "regex":
        plain = rule.changes == "cname" and how != "exact"
        return msgspec.structs.replace(rule, how=how, before=before.lower() if plain else absolute(before.lower()))
    try:
        _check_groups(before, "", rule.where)
    except NotFollowed as error:
        effect = f"{rule.effect}: its expression is not followed, as {error}"
        if rule.changes == "cname":
            return msgspec.structs.replace(rule, effect=effect)
        return msgspec.structs.replace(rule, changes="", effect=effect, concern=Concern(_EVERYWHERE, pattern=before))
    return msgspec.structs.replace(rule, how=how, before=before)


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
        elif how == "exact":
            _check_exact(absolute(before.lower()), absolute(after.lower()), rule.where)
    except NotFollowed as error:
        effect = f"{rule.effect}: its expression is not followed, as {error}"
        return msgspec.structs.replace(rule, effect=effect, concern=_matching(how, before))
    # Each text is given a final dot (normalize.go Name.Normalize), a prefix, too, which so means whole labels.
    return msgspec.structs.replace(
        rule,
        changes="name",
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


def _check_exact(before: str, after: str, where: str) -> None:
    """CoreDNS takes the new name for an expression here, and the old one for a text with groups (newNameRule)."""
    with suppress(NotFollowed):
        _check_groups(after, before, where)


def _check_groups(pattern: str, after: str, where: str) -> None:
    try:
        groups = go_pattern(pattern).groups
    except RefusedByGo as error:
        raise InputError(f"invalid regular expression {pattern} of rewrite: {error}", where=where) from error
    used = sum(f"{{{number}}}" in after for number in range(_MAX_GROUP + 1))
    if used > groups:
        raise InputError(f"{after} of rewrite uses {used} groups, {pattern} has {groups}", where=where)


def _matching(how: str, text: str) -> Concern:
    """The names that ``exact``, ``prefix``, ``suffix``, ``substring`` or ``regex`` and a text mean."""
    low = absolute(text.lower())
    if how == "exact":
        return Concern(exactly=frozenset({low}))
    pattern = {"prefix": f"^{re.escape(low)}", "suffix": f"{re.escape(low)}$", "substring": re.escape(low)}
    return Concern(_EVERYWHERE, pattern=pattern.get(how, text))
