"""Search lists: which names the resolvers of glibc, musl and Go try for a short name, and which try answers.

Sources: glibc resolv/res_query.c; musl src/network/lookup_name.c and resolvconf.c; Go src/net/dnsclient_unix.go and
dnsconfig_unix.go.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.names import absolute, fault
from kheadless_tui.zone.record import Answer, Question, Step
from kheadless_tui.zone.resolv_conf import MAX_NDOTS, ResolvConf
from kheadless_tui.zone.resolve import Upstream, resolve

Libc = Literal["glibc", "musl", "go"]
"""The resolver of the program in the pod."""

MUSL_MAX_LINE = 255
"""Characters of the search line that musl reads; a longer one it ignores whole."""


def search_names(name: str, resolv: ResolvConf, libc: Libc = "glibc") -> list[str]:
    """The absolute names that a resolver tries, in order; one that stands twice in the list is asked twice.

    A search domain of one dot, the root, is the name as it is for glibc, which then does not ask for it once more at
    the end (root_on_list). Go leaves it out when it reads the file, musl since 1.2.4 when it makes the question
    (res_mkquery.c; before, it sends one that no server understands). Names that cannot be put on the wire are left
    out; when no other is left, the name as it is stands for them.

    Args:
        name: as the program gives it; with a final dot it is tried as it is and no other.
        resolv: the pod's resolv.conf.
        libc: whose rules.
    """
    if name.endswith("."):
        return [name]
    as_is = absolute(name)
    domains = [domain.strip(".") for domain in _domains(resolv, libc)]
    tried = [f"{name}.{domain}." if domain else as_is for domain in domains if domain or libc == "glibc"]
    if name.count(".") >= min(resolv.ndots, MAX_NDOTS):
        tried = [as_is] if libc == "musl" else [as_is, *tried]
    elif as_is not in tried:
        tried.append(as_is)
    return [each for each in tried if not fault(each)] or [as_is]


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

    Args:
        snapshot: what is known of the cluster.
        name: as the program gives it.
        kind: the type of record.
        resolv: the pod's resolv.conf.
        config: how the zone is served.
        libc: the resolver's rules.
        upstream: answers outside the zones; without it a name that falls through is taken as missing, and
            ``unknown`` says so.

    Returns:
        The answer that ends the search, with a step for each try; each try is one question for each type asked for.
    """
    steps: list[Step] = []
    best: Answer | None = None
    unknown: list[str] = []
    notes: list[str] = []
    for tried in search_names(name, resolv, libc):
        answer = resolve(snapshot, Question(tried, kind), config, upstream=upstream)
        if answer.fallthrough and upstream is not None:
            answer = upstream(answer.question) or msgspec.structs.replace(answer, rcode="SERVFAIL")
        steps.extend(answer.steps or (Step(tried, answer.rcode, "answered outside the cluster's zones"),))
        notes += answer.notes
        if answer.fallthrough:
            unknown.append(f"what other servers answer for {tried}")
        elif answer.unknown:
            unknown.append(answer.unknown)
        if best is None or _rank(answer) > _rank(best):
            best = answer
        if _ends(answer, libc):
            break
    else:
        if resolv.unknown and not name.endswith("."):
            unknown.append(resolv.unknown)
    assert best is not None
    return msgspec.structs.replace(
        best, steps=tuple(steps), unknown="; ".join(dict.fromkeys(unknown)), notes=tuple(dict.fromkeys(notes))
    )


def _ends(answer: Answer, libc: Libc) -> bool:
    """Whether the resolver stops here: glibc and Go go on after NODATA and SERVFAIL, musl does not."""
    if answer.answer:
        return True
    return libc == "musl" and answer.rcode not in ("", "NXDOMAIN")


def _rank(answer: Answer) -> int:
    """Which of the failures a resolver reports at the end: NODATA before SERVFAIL before NXDOMAIN.

    A reply that we cannot know comes last: ``unknown`` tells of it, and what the cluster's zone says is the answer.
    """
    if answer.answer:
        return 4
    return {"NOERROR": 3, "SERVFAIL": 2, "NXDOMAIN": 1}.get(answer.rcode, 0)


def _domains(resolv: ResolvConf, libc: Libc) -> tuple[str, ...]:
    if libc == "musl" and len(" ".join(resolv.search)) > MUSL_MAX_LINE:
        return ()
    return resolv.search
