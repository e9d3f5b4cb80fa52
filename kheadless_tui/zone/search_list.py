"""Search lists: what a resolver in a pod makes of a short name, and which try answers; reference section 15.

Sources: pkg/kubelet/network/dns/dns.go; glibc resolv/res_query.c; musl src/network/lookup_name.c and resolvconf.c; Go
src/net/dnsclient_unix.go and dnsconfig_unix.go.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.names import MAX_NAME, absolute, wire_length
from kheadless_tui.zone.record import Answer, Question, Step
from kheadless_tui.zone.resolve import Upstream, resolve

Libc = Literal["glibc", "musl", "go"]
"""The resolver of the program in the pod."""

CLUSTER_NDOTS = 5
"""ndots of pods that use the cluster's DNS (dns.go defaultDNSOptions)."""
MAX_NDOTS = 15
"""Larger values count as this one, in all three resolvers."""
MAX_NAMESERVERS = 3
"""Name servers that the kubelet writes (validation.MaxDNSNameservers)."""
MAX_SEARCH = 32
"""Search domains that the kubelet writes (validation.MaxDNSSearchPaths)."""
MAX_SEARCH_CHARACTERS = 2048
"""Characters of the search line that the kubelet writes (validation.MaxDNSSearchListChars)."""
MUSL_MAX_LINE = 255
"""Characters of the search line that musl reads; a longer one it ignores whole."""


class ResolvConf(msgspec.Struct, frozen=True):
    """What a pod's /etc/resolv.conf says."""

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    """Domains in order, as written."""
    ndots: int = 1
    source: str = ""
    """Where this comes from: ``predicted from dnsPolicy ClusterFirst``, ``/etc/resolv.conf of pod ns/name``."""
    unknown: str = ""
    """What is missing in a predicted one, such as the node's own search domains; empty when it is whole."""


def parse_resolv_conf(text: str, source: str = "/etc/resolv.conf") -> ResolvConf:
    """Read a resolv.conf: the last ``search`` or ``domain`` line counts, and the last ``ndots`` of all options."""
    servers: list[str] = []
    search: tuple[str, ...] = ()
    ndots = 1
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith(("#", ";")):
            continue
        match words[0]:
            case "nameserver" if len(words) > 1:
                servers.append(words[1])
            case "search":
                search = tuple(words[1:])
            case "domain" if len(words) > 1:
                search = (words[1],)
            case "options":
                ndots = _ndots(words[1:], ndots)
    return ResolvConf(tuple(servers), search, ndots, source)


def cluster_first(namespace: str, config: ZoneConfig, nameserver: str = "") -> ResolvConf:
    """The resolv.conf of a pod of a namespace with the default dnsPolicy."""
    domain = config.zone.removesuffix(".")
    return ResolvConf(
        (nameserver,) if nameserver else (),
        (f"{namespace}.svc.{domain}", f"svc.{domain}", domain),
        CLUSTER_NDOTS,
        "predicted from dnsPolicy ClusterFirst",
        "the search domains of the node, which follow",
    )


def resolv_conf_of(pod: Pod, config: ZoneConfig, nameserver: str = "") -> ResolvConf:
    """The resolv.conf that the kubelet writes for a pod.

    Args:
        pod: its dnsPolicy, dnsConfig, hostNetwork and namespace decide.
        config: for the cluster's domain.
        nameserver: the cluster's DNS address, as kubelets are told it.
    """
    policy = pod.spec.dns_policy or "ClusterFirst"
    told = f"predicted from dnsPolicy {policy}"
    if policy == "ClusterFirst" and pod.spec.host_network:
        policy = "Default"
        told += " with hostNetwork, which the kubelet reads as Default"
    base = ResolvConf()
    if policy in ("ClusterFirst", "ClusterFirstWithHostNet"):
        base = cluster_first(pod.namespace, config, nameserver)
    elif policy == "Default":
        base = ResolvConf(unknown="the /etc/resolv.conf of the node, which this pod uses")
    own = pod.spec.dns_config
    if own is None:
        return msgspec.structs.replace(base, source=told)
    servers = tuple(dict.fromkeys((*base.nameservers, *(own.nameservers or ()))))
    search = tuple(dict.fromkeys((*base.search, *(own.searches or ()))))
    ndots = _ndots([f"{item.name}:{item.value}" for item in own.options or () if item.value], base.ndots)
    return ResolvConf(servers[:MAX_NAMESERVERS], _fitting(search), ndots, f"{told} and dnsConfig", base.unknown)


def search_names(name: str, resolv: ResolvConf, libc: Libc = "glibc") -> list[str]:
    """The absolute names that a resolver tries, in order.

    Args:
        name: as the program gives it; with a final dot it is tried as it is and no other.
        resolv: the pod's resolv.conf.
        libc: whose rules.
    """
    if name.endswith("."):
        return [name]
    as_is = absolute(name)
    tried = [f"{name}.{domain.strip('.')}." if domain.strip(".") else as_is for domain in _domains(resolv, libc)]
    tried = [each for each in tried if wire_length(each) <= MAX_NAME]
    if name.count(".") >= min(resolv.ndots, MAX_NDOTS):
        return [as_is] if libc == "musl" else list(dict.fromkeys((as_is, *tried)))
    return list(dict.fromkeys((*tried, as_is)))


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


def _fitting(search: tuple[str, ...]) -> tuple[str, ...]:
    """What of a search list the kubelet keeps: so many domains, and so many characters."""
    kept: list[str] = []
    for domain in search[:MAX_SEARCH]:
        if len(" ".join((*kept, domain))) > MAX_SEARCH_CHARACTERS:
            break
        kept.append(domain)
    return tuple(kept)


def _ndots(options: list[str], before: int) -> int:
    ndots = before
    for option in options:
        head, colon, value = option.partition(":")
        if head == "ndots" and colon and value.isascii() and value.isdigit():
            ndots = min(int(value), MAX_NDOTS)
    return ndots
