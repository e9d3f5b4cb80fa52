"""The /etc/resolv.conf of a pod: read from its text, or predicted as the kubelet writes it.

Source: pkg/kubelet/network/dns/dns.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from kheadless_tui.model.workloads import DNSConfigOption, Pod
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.serving.config import ZoneConfig

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
ATTEMPTS = 2
"""How often all servers are asked without the option ``attempts``, in all three resolvers."""
TIMEOUT = 5
"""Seconds for which a server is waited for without the option ``timeout``, in all three resolvers."""
MAX_TIMEOUT = 30
"""Larger values of ``timeout`` count as this one for glibc (resolv/resolv.h RES_MAXRETRANS)."""


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
    unknown_at: int = -1
    """How many domains of ``search`` stand in front of the missing ones; -1 when all do."""
    servers_before: Literal["", "cluster", "node", "none"] = ""
    """Whose servers, of unknown address, stand in front of ``nameservers``: the cluster's, or the node's own.

    ``none`` when it is known that no server is named at all, so that resolvers ask 127.0.0.1.
    """
    rotate: bool = False
    """The servers are asked in turn, each first (glibc and Go; resolv.conf(5))."""
    attempts: int = ATTEMPTS
    """How often all servers are asked."""
    timeout: int = TIMEOUT
    """Seconds for which a server is waited for, as written."""
    no_aaaa: bool = False
    """glibc since 2.36 asks for no AAAA; musl and Go know no such option."""
    search_line: int = 0
    """Characters of the search line as it is written; 0 for one with single blanks, as the kubelet writes it."""

    @property
    def search_characters(self) -> int:
        """Characters of the search line without its end."""
        return self.search_line or len(" ".join(("search", *self.search)))

    @property
    def options(self) -> tuple[str, ...]:
        """The options as they are written: ndots, and whatever is not as resolvers have it by themselves."""
        return (
            f"ndots:{self.ndots}",
            *(("rotate",) if self.rotate else ()),
            *((f"timeout:{self.timeout}",) if self.timeout != TIMEOUT else ()),
            *((f"attempts:{self.attempts}",) if self.attempts != ATTEMPTS else ()),
            *(("no-aaaa",) if self.no_aaaa else ()),
        )

    @property
    def patience(self) -> int:
        """Seconds for which a silent server is waited for at the first attempt: glibc and Go take 0 for 1."""
        return max(1, min(self.timeout, MAX_TIMEOUT))

    def domains_before_unknown(self) -> int:
        """How many domains a resolver tries before it comes to those that are missing; all when none is."""
        return len(self.search) if self.unknown_at < 0 else self.unknown_at


def parse_resolv_conf(text: str, source: str = "/etc/resolv.conf") -> ResolvConf:
    """Read a resolv.conf: the last ``search`` or ``domain`` line counts, and the last number of each option.

    As glibc and musl read it: a word that a line begins with stands in its first column, and what is no address names
    no server (glibc resolv/res_init.c, musl resolvconf.c; measured). Go alone reads indented lines, too.
    """
    servers: list[str] = []
    search: tuple[str, ...] = ()
    options: list[str] = []
    written = 0
    for line in text.split("\n"):
        words = line.split()
        if not words or line[0].isspace() or line[0] in "#;":
            continue
        match words[0]:
            case "nameserver" if len(words) > 1 and canonical(words[1].partition("%")[0]):
                servers.append(words[1])
            case "search":
                search, written = tuple(words[1:]), len(line)
            case "domain" if len(words) > 1:
                search, written = (words[1],), len(line)
            case "options":
                options += words[1:]
    return ResolvConf(
        tuple(servers),
        search,
        _ndots(options, 1),
        source,
        rotate="rotate" in options,
        attempts=_number("attempts", options, ATTEMPTS),
        timeout=_number("timeout", options, TIMEOUT),
        no_aaaa="no-aaaa" in options,
        search_line=0 if written == len(" ".join(("search", *search))) else written,
    )


def cluster_first(namespace: str, config: ZoneConfig, nameserver: str = "") -> ResolvConf:
    """The resolv.conf of a pod of a namespace with the default dnsPolicy."""
    domain = config.zone.removesuffix(".")
    search = (f"{namespace}.svc.{domain}", f"svc.{domain}", domain)
    return ResolvConf(
        (nameserver,) if nameserver else (),
        search,
        CLUSTER_NDOTS,
        "predicted from dnsPolicy ClusterFirst",
        "the search domains of the node, which come behind the cluster's",
        len(search),
        "" if nameserver else "cluster",
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
    own = pod.spec.dns_config
    if policy == "ClusterFirst" and pod.spec.host_network:
        policy = "Default"
        told += " with hostNetwork, which the kubelet reads as Default"
    base = ResolvConf()
    if policy in ("ClusterFirst", "ClusterFirstWithHostNet"):
        base = cluster_first(pod.namespace, config, nameserver)
    elif policy == "Default":
        node = "the /etc/resolv.conf of the node, which this pod uses"
        base = ResolvConf(unknown=node, unknown_at=0, servers_before="node")
    elif own is None or not own.nameservers:  # the API server takes no such pod (validation.go validatePodDNSConfig)
        base = ResolvConf(servers_before="none")
    if own is None:
        return msgspec.structs.replace(base, source=told)
    servers = tuple(dict.fromkeys((*base.nameservers, *(own.nameservers or ()))))
    search = tuple(dict.fromkeys((*base.search, *(own.searches or ()))))
    given = {item.name: item for item in own.options or ()}
    # A pod's option replaces that of the cluster also without a value, which no resolver reads.
    ndots = _ndots(_written(given, "ndots"), ResolvConf().ndots) if "ndots" in given else base.ndots
    return msgspec.structs.replace(
        base,
        nameservers=servers[:MAX_NAMESERVERS],
        search=_fitting(search),
        ndots=ndots,
        source=f"{told} and dnsConfig",
        rotate="rotate" in given,
        attempts=_number("attempts", _written(given, "attempts"), ATTEMPTS),
        timeout=_number("timeout", _written(given, "timeout"), TIMEOUT),
        no_aaaa="no-aaaa" in given,
    )


def _fitting(search: tuple[str, ...]) -> tuple[str, ...]:
    """What of a search list the kubelet keeps: so many domains, and so many characters."""
    kept: list[str] = []
    for domain in search[:MAX_SEARCH]:
        if len(" ".join((*kept, domain))) > MAX_SEARCH_CHARACTERS:
            break
        kept.append(domain)
    return tuple(kept)


def _written(given: Mapping[str, DNSConfigOption], name: str) -> list[str]:
    """An option of a pod as the kubelet writes it: without a colon where it has no value."""
    option = given.get(name)
    return [] if option is None else [name if option.value is None else f"{name}:{option.value}"]


def _ndots(options: list[str], before: int) -> int:
    """The last number; what is none counts as 0 for glibc and Go (measured), and musl leaves it out."""
    numbered = [re.sub(r"^ndots:(?![0-9]).*", "ndots:0", each) for each in options]
    return min(_number("ndots", numbered, before), MAX_NDOTS)


def _number(option: str, options: list[str], before: int) -> int:
    """The last number of an option; as in all three resolvers what stands behind its digits does not matter."""
    found = [match[1] for each in options if (match := re.match(rf"{option}:([0-9]{{1,9}})", each)) is not None]
    return int(found[-1]) if found else before
