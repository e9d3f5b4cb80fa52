"""How the zone is served: the options of CoreDNS's kubernetes plugin that decide which records exist, and the cache."""

from __future__ import annotations

from typing import Literal

import msgspec

PODS_MODES = ("disabled", "insecure", "verified")
"""Values of the option ``pods`` (plugin/kubernetes/setup.go)."""
LEFT_OUT = "Corefile"
"""In place of a plugin in notes on what is not understood of the file, and left out."""


class CacheBounds(msgspec.Struct, frozen=True):
    """TTLs that the cache plugin of the same server block lets through, in seconds (plugin/cache/setup.go)."""

    success_min: int = 5
    success_max: int = 3600
    denial_min: int = 5
    denial_max: int = 1800
    server_failure: int = 5
    keeps_success: bool = True
    """False when answers are not kept (``disable success``); their TTLs are bounded all the same."""
    keeps_denial: bool = True
    """The same of denials."""
    zones: tuple[str, ...] = (".",)
    """Names below these pass through it, absolute, lower case; all others pass by."""


class Concern(msgspec.Struct, frozen=True):
    """The questions whose answer is not certain because of something in the Corefile; elsewhere.py finds them."""

    below: tuple[str, ...] = ()
    """Zones, absolute, lower case: these names and all below them."""
    exactly: frozenset[str] = frozenset()
    """Names, absolute, lower case."""
    pattern: str = ""
    """Regular expression that names of ``below`` must hold as well; empty for all."""
    types: tuple[str, ...] = ()
    """Only these types; empty for all."""
    outcome: Literal["any", "found", "empty", "searched", "existing", "without-type"] = "any"
    """Only questions that come out so: with an answer, without one, as what autopath changes, other than NXDOMAIN, or
    other than NXDOMAIN and without a record of the type that is asked for."""
    records: bool = True
    """False when rcode and records are certain all the same, and only a flag or what some clients get is not."""


class Note(msgspec.Struct, frozen=True):
    """Something in the Corefile that may change answers and that prediction does not follow."""

    where: str
    """``FILE:LINE``."""
    plugin: str
    text: str
    """One sentence."""
    concern: Concern | None = None
    """Which answers it makes uncertain; ``None`` when that cannot be told by the question."""

    def __str__(self) -> str:
        """``FILE:LINE: TEXT``."""
        return f"{self.where}: {self.text}"


class ReplyRule(msgspec.Struct, frozen=True):
    """What a line of the plugin rewrite changes in replies: ``answer name`` or ``answer value``, FROM and TO."""

    of: Literal["name", "value"]
    """The owners of records, or the name in their data."""
    pattern: str
    """Regular expression."""
    after: str
    """What stands in place of a name in which the pattern is found; ``{1}`` is what its first group found."""


class RewriteRule(msgspec.Struct, frozen=True):
    """One line of the plugin rewrite; rewrite_rules.py reads it, rewriting.py applies it (plugin/rewrite)."""

    where: str
    """``FILE:LINE``."""
    text: str
    """As it stands in the Corefile."""
    changes: Literal["", "name", "type", "class", "ttl", "rcode", "cname"] = ""
    """What of a question or of its reply; empty for a rule that is not followed. Of ``cname`` it is known which aliases
    it leads elsewhere, but not where."""
    how: str = ""
    """By which names are meant: ``exact``, ``prefix``, ``suffix``, ``substring`` or ``regex``; empty for all names."""
    before: str = ""
    """What a name must be or hold, lower case; the expression of ``regex`` as it is."""
    since: str = ""
    """The type or class of questions, or the rcode of replies, that is changed."""
    after: str = ""
    """What stands in the place of the name, the type, the class or the rcode then."""
    ttl: tuple[int, int] = (0, 0)
    """The least and the most that a TTL is then, in seconds."""
    stops: bool = True
    """Whether no rule is tried behind it once it has done something."""
    reverts: bool = False
    """Whether the names in the reply are changed back: always by ``exact``, else with ``answer auto``."""
    replies: tuple[ReplyRule, ...] = ()
    """What else is changed in the reply, in the order of the line."""
    effect: str = "may change names before they are looked up"
    """What a rule that is not followed does, for people."""
    concern: Concern | None = None
    """Which questions a rule that is not followed may change; ``None`` when that cannot be told by the question."""


class NextZone(msgspec.Struct, frozen=True):
    """Names that a plugin behind the kubernetes plugin answers for."""

    zone: str
    """Absolute, lower case: these names and all below them."""
    excepted: tuple[str, ...] = ()
    """But for these and all below them; the zone's own name is never excepted (forward.go isAllowedDomain)."""
    plugin: str = ""
    """Which one, as it stands in the Corefile: ``forward . /etc/resolv.conf``."""


class OtherBlock(msgspec.Struct, frozen=True):
    """Another server block on the same port: it, and not ours, answers names below its zone."""

    zone: str
    """Absolute, lower case."""
    where: str
    """``FILE:LINE``."""
    plugins: tuple[str, ...] = ()
    """What answers in it, such as ``forward . 10.0.0.1``."""


class ClosingHosts(msgspec.Struct, frozen=True):
    """A plugin hosts whose entries stand in the Corefile: other names of its zones are SERVFAIL (hosts.go ServeDNS)."""

    where: str
    """``FILE:LINE``."""
    zones: tuple[str, ...]
    """Absolute, lower case."""
    through: tuple[str, ...]
    """Zones of ``fallthrough``: names below these are handed on."""
    names: frozenset[str]
    """Names that it has, or may have by the file that it reads besides."""


class ZoneConfig(msgspec.Struct, frozen=True):
    """Options of the kubernetes plugin; the defaults are the plugin's own (plugin/kubernetes/setup.go ParseStanza).

    It is what one server block serves. Where several on one port have the plugin, this is the one that answers for the
    cluster's zone itself, and ``others`` are the rest: elsewhere.py tells which of them a question comes to.
    """

    zones: tuple[str, ...] = ("cluster.local.",)
    """The plugin's zones, absolute, lower case, in the order of the Corefile; reverse zones among them."""
    ttl: int = 5
    """Seconds, 0 to 3600."""
    pods: str = "disabled"
    """``disabled``, ``insecure`` or ``verified``."""
    endpoint_pod_names: bool = False
    source: str = "CoreDNS defaults"
    """Where this comes from, as shown to the user: a file, ``ConfigMap kube-system/coredns``, ``CoreDNS defaults``."""
    ttl_known: bool = False
    """False when the source is only the defaults: then an observed TTL is not held against ``ttl``."""
    namespaces: tuple[str, ...] = ()
    """Only these namespaces exist; empty for all."""
    namespace_labels: str = ""
    """Label selector; only namespaces that match exist, except for PTR."""
    labels: str = ""
    """Label selector; only Services, slices and pods that match are seen."""
    noendpoints: bool = False
    """No slices are read."""
    ignore_empty_service: bool = False
    """A Service with a cluster address and no ready endpoint does not exist."""
    fallthrough: tuple[str, ...] = ()
    """Zones whose missing names are handed to the next plugin, absolute, lower case; ``.`` for all names."""
    multicluster: tuple[str, ...] = ()
    """Those of ``zones`` that hold ServiceImports in place of Services."""
    zonal: bool = False
    """``TOPOLOGYZONE.pin|prefer._zone.SERVICE...`` names exist."""
    local_addresses: tuple[str, ...] | None = None
    """The server's own addresses; ``None`` when not known: then those of a pod behind the cluster's DNS Service."""
    transfer_to: tuple[str, ...] = ()
    """Who may transfer the zone (``transfer { to ... }``); empty: nobody."""
    cache: CacheBounds | None = None
    """The cache plugin in front, ``None`` without one for any of the zones."""
    minimal: bool = False
    """The plugin minimal leaves authority and additional sections out of replies that answer."""
    bufsize: int = 0
    """Octets to which the plugin bufsize lowers the UDP buffers of clients; 0 without it."""
    next_plugins: tuple[str, ...] = ()
    """Plugins behind the kubernetes plugin, which answer what falls through: ``forward . /etc/resolv.conf``."""
    next_zones: tuple[NextZone, ...] | None = None
    """Names that they answer for; ``None`` when not known, empty when there is no such plugin."""
    rewrites: tuple[RewriteRule, ...] = ()
    """The rules of the plugin rewrite, in their order."""
    hosts: ClosingHosts | None = None
    """The plugin hosts, where it keeps names from the kubernetes plugin."""
    notes: tuple[Note, ...] = ()
    """What may change answers and is not followed."""
    changed: float = 0.0
    """Unix time at which the Corefile was written last; 0 when that is not known, or it is as it was made."""
    reload: float | None = None
    """Seconds within which the plugin reload notices that the file has changed; ``None`` without it."""
    server_zones: tuple[str, ...] = ()
    """Zones of the server block that the kubernetes plugin is in; empty when not known: then all names come to it."""
    other_blocks: tuple[OtherBlock, ...] = ()
    """The other server blocks on its port that have no kubernetes plugin."""
    others: tuple[ZoneConfig, ...] = ()
    """The other server blocks on its port that have one, each with options, cache and notes of its own."""

    @property
    def zone(self) -> str:
        """The cluster's zone: the first that is neither a reverse nor a multicluster zone."""
        for zone in self.zones:
            if not f".{zone}".endswith((".in-addr.arpa.", ".ip6.arpa.")) and zone not in self.multicluster:
                return zone
        return self.zones[0] if self.zones else "cluster.local."

    @property
    def ptr_zone(self) -> str:
        """The zone in the target of PTR records: the first that is not *below* in-addr.arpa or ip6.arpa.

        These two themselves count as forward zones there (kubernetes.go primaryZone, dnsutil.IsReverse).
        """
        for zone in self.zones:
            if not zone.endswith((".in-addr.arpa.", ".ip6.arpa.")):
                return zone
        return self.zone

    @property
    def reverse_zones(self) -> tuple[str, ...]:
        """The zones that hold PTR records."""
        return tuple(zone for zone in self.zones if f".{zone}".endswith((".in-addr.arpa.", ".ip6.arpa.")))

    def renamed(self, zone: str) -> ZoneConfig:
        """The same, with another name in place of the cluster's zone; an empty name changes nothing."""
        if not zone:
            return self
        wanted = zone.lower() if zone.endswith(".") else f"{zone.lower()}."
        others = tuple(other._with_zone(self.zone, wanted) for other in self.others)
        own = self._with_zone(self.zone, wanted)
        asked = tuple(dict.fromkeys((*own.server_zones, wanted))) if self.server_zones else ()
        return msgspec.structs.replace(own, server_zones=asked, others=others)

    def _with_zone(self, old: str, new: str) -> ZoneConfig:
        """The same with another name for one zone; its server block answers the like names below the new one, too."""
        zones = tuple(new if name == old else name for name in self.zones)
        server_zones = _and_moved(self.server_zones, old, new)
        cache = self.cache and msgspec.structs.replace(self.cache, zones=_and_moved(self.cache.zones, old, new))
        return msgspec.structs.replace(self, zones=zones, server_zones=server_zones, cache=cache)


def _and_moved(zones: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    """Zones, and the like of those below an old one below the new one."""
    moved = (f"{name[: -len(old)]}{new}" for name in zones if f".{name}".endswith(f".{old}"))
    return tuple(dict.fromkeys((*zones, *moved)))
