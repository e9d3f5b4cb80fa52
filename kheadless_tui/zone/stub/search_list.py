"""Search lists: which names the resolvers of glibc, musl and Go try for a short name, and which try answers.

Sources: glibc resolv/res_query.c; musl src/network/lookup_name.c, res_query.c and resolvconf.c; Go
src/net/dnsclient_unix.go and dnsconfig_unix.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.answering.type_numbers import type_name
from kheadless_tui.zone.naming.names import absolute, fault
from kheadless_tui.zone.record import Answer, Question, Record, Step
from kheadless_tui.zone.resolve import Upstream, resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.stub.asked_servers import other_server, server_after
from kheadless_tui.zone.stub.resolv_conf import MAX_NDOTS, ResolvConf
from kheadless_tui.zone.stub.retries import SAYS_NOTHING, gives_up, times_asked

Libc = Literal["glibc", "musl", "go"]
"""The resolver of the program in the pod."""

MUSL_MAX_LINE = 254
"""Characters of a line, without its end, that musl reads; a longer one it ignores whole (resolvconf.c)."""

FAMILIES = ("A", "AAAA")
"""What getaddrinfo and Go ask of each name, for a program that takes addresses of either family."""


class Try(NamedTuple):
    """One name that a resolver tries."""

    name: str
    after_unknown: bool
    """Search domains that are missing in a predicted resolv.conf are tried before this one."""


class Reply(Protocol):
    """What a resolver looks at in a reply, a predicted one or one that came."""

    @property
    def rcode(self) -> str:
        """Empty when it is not known."""

    @property
    def answer(self) -> tuple[Record, ...]:
        """The answer section."""


def search_names(name: str, resolv: ResolvConf, libc: Libc = "glibc") -> list[str]:
    """The absolute names that a resolver tries, in order; one that stands twice in the list is asked twice.

    Args:
        name: as the program gives it; with a final dot it is tried as it is and no other.
        resolv: the pod's resolv.conf.
        libc: whose rules.
    """
    return [each.name for each in tries(name, resolv, libc)]


def tries(name: str, resolv: ResolvConf, libc: Libc = "glibc") -> list[Try]:
    """The same, each with whether domains that are not known come before it.

    A search domain of one dot, the root, is the name as it is for glibc, which then does not ask for it once more at
    the end (root_on_list). Go leaves it out when it reads the file, musl since 1.2.4 when it makes the question
    (res_mkquery.c; before, it sends one that no server understands). Names that cannot be put on the wire are left
    out; when no other is left, the name as it is stands for them.
    """
    as_is = Try(absolute(name), after_unknown=False)
    if not _is_searched(name, resolv, libc):
        return [as_is]
    known = resolv.domains_before_unknown()
    found = [
        Try(f"{name}.{domain}." if domain else as_is.name, bool(resolv.unknown) and number >= known)
        for number, domain in enumerate(each.strip(".") for each in _domains(resolv, libc))
        if domain or libc == "glibc"
    ]
    if _enough_dots(name, resolv):
        found = [as_is, *found]
    elif as_is.name not in (each.name for each in found):
        found.append(Try(as_is.name, bool(resolv.unknown)))
    return [each for each in found if not fault(each.name)] or [as_is]


def search_ends(replies: Sequence[Reply], libc: Libc) -> bool:
    """Whether a resolver stops at a name, by all replies that it got for it, that to A first.

    glibc and Go go on after NODATA and SERVFAIL as after NXDOMAIN, to a name for which any reply has a record; for Go
    an alias that leads to no address is none. musl goes on after NXDOMAIN alone, and does so though the reply of the
    other family has addresses.
    """
    if libc == "musl":
        first = next((reply.rcode for reply in replies if reply.rcode != "NOERROR"), "NOERROR")
        return first not in ("", "NXDOMAIN")
    if libc == "go":
        return any(record.type != "CNAME" for reply in replies for record in reply.answer)
    return any(reply.answer for reply in replies)


def resolve_by_search(
    snapshot: Snapshot,
    name: str,
    kind: str,
    resolv: ResolvConf,
    config: ZoneConfig,
    *,
    libc: Libc = "glibc",
    upstream: Upstream | None = None,
) -> Answer:
    """What a program in the pod gets for a name, with every name that is tried on the way.

    For A and AAAA the search is that of getaddrinfo and of Go, which ask both of each name and stop where either
    answers. A program that wants one family alone goes on to a name that answers in that one.

    Args:
        snapshot: what is known of the cluster.
        name: as the program gives it.
        kind: the type of record.
        resolv: the pod's resolv.conf.
        config: how the zone is served.
        libc: the resolver's rules; musl searches for addresses alone (its res_search is res_query).
        upstream: answers outside the zones; without it a name that falls through is taken as missing, and
            ``unknown`` says so.

    Returns:
        The answer that ends the search, with a step for each try; each try is one question for each type asked for.
        ``unknown`` also tells of another server that is asked, and of domains that are not known and come before.
    """
    wanted = type_name(kind)
    kinds = _asked_together(wanted, resolv, libc)
    searched = _is_searched(name, resolv, libc) and (wanted in FAMILIES or libc != "musl")
    left = tries(name, resolv, libc) if searched else [Try(absolute(name), after_unknown=False)]
    steps: list[Step] = []
    failed: list[Answer] = []
    best: Answer | None = None
    unknown = [other_server(resolv, snapshot, libc)]
    notes: list[str] = []
    missed = False
    while left:
        tried = left.pop(0)
        missed = missed or tried.after_unknown
        replies = {each: _reply(snapshot, Question(tried.name, each), config, upstream) for each in kinds}
        answer = replies.get(wanted) or _not_asked(replies, Question(tried.name, wanted))
        ends = search_ends([replies[each] for each in sorted(kinds)], libc)
        steps += _costing(_steps(answer, tried.name, replies if ends else {}), wanted, replies, resolv, libc)
        notes += answer.notes
        unknown += _left_open(answer, replies.values(), libc)
        unknown += _of_next_servers(replies.values(), resolv, snapshot, libc)
        if ends:
            best = _taken(answer, replies.values(), libc)
            break
        failed.append(_passed_over(answer, libc))
        left = _still_tried(left, replies.values(), absolute(name), libc)
    else:
        missed = missed or (searched and bool(resolv.unknown))
    unknown += [resolv.unknown] if missed else []
    if searched:
        steps[0] = _with(steps[0], _ignored(resolv, libc))
    return msgspec.structs.replace(
        best or _reported(failed, absolute(name), libc),
        steps=tuple(steps),
        steps_missing=missed,
        unknown="; ".join(dict.fromkeys(filter(None, unknown))),
        notes=tuple(dict.fromkeys(notes)),
    )


def _asked_together(wanted: str, resolv: ResolvConf, libc: Libc) -> tuple[str, ...]:
    """The types that are asked of each name."""
    if wanted not in FAMILIES:
        return (wanted,)
    if resolv.no_aaaa and libc == "glibc":
        return ("A",)
    return (wanted, *(each for each in FAMILIES if each != wanted))


def _not_asked(replies: Mapping[str, Answer], question: Question) -> Answer:
    """What glibc makes of AAAA by the option no-aaaa: of the reply to A it keeps all but the addresses."""
    answer = replies["A"]
    kept = tuple(record for record in answer.answer if record.type != "A")
    return msgspec.structs.replace(answer, question=question, answer=kept, additional=())


def _costing(
    steps: list[Step], wanted: str, replies: Mapping[str, Answer], resolv: ResolvConf, libc: Libc
) -> list[Step]:
    """The steps of one name with the questions that are sent for it, those of the other family apart."""
    rcodes = [reply.rcode for reply in replies.values()]
    sent = {kind: times_asked(reply.rcode, rcodes, resolv, libc) for kind, reply in replies.items()}
    own = sent.pop(wanted, 0)
    last = _with(steps[-1], "" if wanted in replies else "by options no-aaaa glibc asks A in its place")
    return [*steps[:-1], msgspec.structs.replace(last, questions=own, along=sum(sent.values()))]


def _of_next_servers(replies: Iterable[Answer], resolv: ResolvConf, snapshot: Snapshot, libc: Libc) -> Iterable[str]:
    rcodes = [reply.rcode for reply in replies]
    return (server_after(each, resolv, snapshot, libc) for each in rcodes if gives_up(each, rcodes, libc))


def _still_tried(left: list[Try], replies: Iterable[Answer], as_is: str, libc: Libc) -> list[Try]:
    """After REFUSED by all servers glibc searches no more; what it has not tried as it is it still tries so."""
    if libc == "glibc" and all(reply.rcode == "REFUSED" for reply in replies):
        return [each for each in left if each.name == as_is][:1]
    return left


def _reported(failed: Sequence[Answer], as_is: str, libc: Libc) -> Answer:
    """Which of the failures the program gets: NODATA before SERVFAIL before NXDOMAIN, the earlier of two alike.

    glibc tells that of the name as it is where it was tried first, Go wherever it was. A reply that we cannot know
    comes last: ``unknown`` tells of it, and what the cluster's zone says is the answer.
    """
    own = failed[:1] if libc == "glibc" else failed if libc == "go" else []
    told = [answer for answer in own if answer.question.name == as_is and answer.rcode]
    return told[-1] if told else max(failed, key=_rank)


def _ignored(resolv: ResolvConf, libc: Libc) -> str:
    if _fits_musl(resolv, libc):
        return ""
    return f"musl ignores the search line, which has {resolv.search_characters} characters ({MUSL_MAX_LINE} are read)"


def _with(step: Step, told: str) -> Step:
    return msgspec.structs.replace(step, why="; ".join(filter(None, (step.why, told))))


def _reply(snapshot: Snapshot, question: Question, config: ZoneConfig, upstream: Upstream | None) -> Answer:
    answer = resolve(snapshot, question, config, upstream=upstream)
    if answer.elsewhere and upstream is not None:
        return upstream(answer.question) or msgspec.structs.replace(answer, rcode="SERVFAIL")
    return answer


def _steps(answer: Answer, name: str, ended: Mapping[str, Answer]) -> list[Step]:
    """The steps of one name; the last one says when it is the other family that ends the search."""
    steps = list(answer.steps or (Step(name, answer.rcode, "answered outside the cluster's zones"),))
    others = [kind for kind, reply in ended.items() if reply.answer]
    if others and not answer.answer:
        steps[-1] = _with(steps[-1], f"{others[0]} is asked with it and answers, which ends the search")
    return steps


def _left_open(answer: Answer, replies: Iterable[Answer], libc: Libc) -> list[str]:
    """What is not known of the replies that decide; that of the other family only where it decides as well."""
    deciding = replies if libc == "musl" or not answer.answer else [answer]
    return [f"what other servers answer for {each.question.name}" if each.elsewhere else each.unknown
            for each in deciding]  # fmt: skip


def _taken(answer: Answer, replies: Iterable[Answer], libc: Libc) -> Answer:
    """The answer that ends the search, with what is asked along with it where that alone has records.

    musl reports nothing but the failure when either question fails.
    """
    silent = [reply for reply in replies if reply.rcode in SAYS_NOTHING]
    if libc == "musl" and silent:
        return msgspec.structs.replace(answer, rcode=silent[0].rcode, answer=(), authority=(), additional=())
    if answer.answer:
        return answer
    others = tuple(record for reply in replies for record in reply.answer)
    return msgspec.structs.replace(answer, other_family=others)


def _passed_over(answer: Answer, libc: Libc) -> Answer:
    """An answer at which the search does not end: what it holds does not reach the program."""
    if not answer.answer:
        return answer
    return msgspec.structs.replace(answer, rcode="NXDOMAIN" if libc == "musl" else "NOERROR", answer=())


def _rank(answer: Answer) -> int:
    return {"NOERROR": 3, "SERVFAIL": 2, "NXDOMAIN": 1}.get(answer.rcode, 0)


def _is_searched(name: str, resolv: ResolvConf, libc: Libc) -> bool:
    """Whether any other name than the one that was given is tried."""
    return not name.endswith(".") and not (libc == "musl" and _enough_dots(name, resolv))


def _enough_dots(name: str, resolv: ResolvConf) -> bool:
    return name.count(".") >= min(resolv.ndots, MAX_NDOTS)


def _domains(resolv: ResolvConf, libc: Libc) -> tuple[str, ...]:
    return resolv.search if _fits_musl(resolv, libc) else ()


def _fits_musl(resolv: ResolvConf, libc: Libc) -> bool:
    return libc != "musl" or resolv.search_characters <= MUSL_MAX_LINE
