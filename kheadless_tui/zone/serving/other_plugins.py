"""What else in a Corefile may change answers: plugins in front of the kubernetes plugin, other server blocks.

It is named to the user and not followed; where it can be told which names it touches, their answers are not certain.
Sources: plugin/hosts, plugin/template, plugin/autopath, plugin/local, plugin/cache. Rules of rewrite: rewrite_rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kheadless_tui.zone.naming.names import absolute
from kheadless_tui.zone.naming.reverse_names import reverse_name
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.serving.config import (
    CacheBounds,
    ClosingHosts,
    Concern,
    NextZone,
    Note,
    OtherBlock,
    RewriteRule,
)
from kheadless_tui.zone.serving.corefile import Corefile, Plugin, ServerBlock, is_seen
from kheadless_tui.zone.serving.plugin_setup import is_looked_up
from kheadless_tui.zone.serving.server_keys import Listener, ServerKey, bound_hosts, origins, server_keys

DIRECTIVES = (
    "root metadata geoip cancel proxyproto quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind "
    "debug trace ready health pprof shed prometheus errors log dnstap local dns64 any chaos loadbalance tsig rewrite "
    "autopath acl cache header dnssec tls minimal template transfer hosts route53 azure clouddns k8s_external "
    "kubernetes file auto secondary etcd loop forward grpc erratic whoami on sign view nomad".split()
)
"""The plugins of CoreDNS in the order in which they are asked (core/dnsserver/zdirectives.go)."""

BEHIND = ("file", "auto", "secondary", "etcd", "forward", "grpc", "erratic", "whoami", "nomad")
"""Those behind kubernetes that answer, which are asked for what falls through."""

_TOUCHES = {
    "local": "answers localhost names itself",
    "dns64": "makes AAAA records out of A records",
    "any": "answers questions of type ANY itself",
    "chaos": "answers questions of class CH",
    "rewrite": "may change names before they are looked up",
    "autopath": "tries the search list of the asking pod on the server and answers with an alias",
    "acl": "may refuse or drop questions by the client's address",
    "header": "changes flags of replies",
    "dnssec": "signs replies to clients that ask with DO, and makes NXDOMAIN a NOERROR with NSEC for them",
    "tsig": "may refuse questions that are not signed",
    "template": "may answer in place of the cluster's records",
    "hosts": "may answer in place of the cluster's records",
    "route53": "may answer in place of the cluster's records",
    "azure": "may answer in place of the cluster's records",
    "clouddns": "may answer in place of the cluster's records",
    "k8s_external": "answers for external addresses of Services",
    "view": "answers only some clients by this server block",
}
"""What other plugins can do to an answer; those of CoreDNS that are not here leave the zone's records alone."""

_EVERYWHERE = (".",)
EVERYTHING = Concern(_EVERYWHERE)
"""All answers."""


@dataclass(frozen=True, slots=True)
class Place:
    """The server block that is served by, as far as plugins need it."""

    corefile: Corefile
    block: ServerBlock
    keys: Sequence[ServerKey]
    zones: Sequence[str]
    """Of the kubernetes plugin."""
    listener: Listener
    """Where the block is one of those that are one server."""
    rewrites: Sequence[RewriteRule] = ()

    def at(self, line: int) -> str:
        """``FILE:LINE``."""
        return f"{self.corefile.where}:{line}"

    def note(self, line: int, plugin: str, text: str, concern: Concern | None = None) -> Note:
        """A note on a line of the Corefile."""
        return Note(self.at(line), plugin, text, concern)


def note_on(rule: RewriteRule) -> Note:
    """The note on a rewriting that is not followed."""
    return Note(rule.where, "rewrite", f"{rule.text} {rule.effect}", rule.concern)


def notes_of(place: Place, cache: CacheBounds | None) -> Iterator[Note]:
    """What may change answers of the cluster's zone.

    Args:
        place: where the zone is served.
        cache: its bounds, for what is kept beyond its time.
    """
    for plugin in place.block.plugins:
        if plugin.name == "rewrite":
            yield from (
                note_on(rule)
                for rule in place.rewrites
                if rule.changes in ("", "cname") and rule.where == place.at(plugin.line)
            )
        elif plugin.name in _TOUCHES or plugin.name not in DIRECTIVES:
            text = _TOUCHES.get(plugin.name, "is not known here and may change answers")
            if plugin.name == "hosts" and not any(option.name == "fallthrough" for option in plugin.options):
                text += ", and SERVFAIL for all other names of its zones, as it has no fallthrough"
            args = f" {' '.join(plugin.args)}" if plugin.args else ""
            known = plugin.name in _TOUCHES
            concern = _CONCERNS.get(plugin.name, _nowhere)(plugin, place) if known else EVERYTHING
            yield place.note(plugin.line, plugin.name, f"{plugin.name}{args} {text}", concern)
    yield from _cache_notes(place, cache)
    for plugin in place.block.named("dnssec"):
        keys = Concern(exactly=frozenset(origins(plugin.args, place.keys)), types=("DNSKEY",))
        yield place.note(plugin.line, "dnssec", "dnssec answers for the keys of its zones itself", keys)
    for plugin in place.block.named("forward"):
        for text in filter(is_looked_up, plugin.args[1:]):
            told = f"forward to {text}: CoreDNS starts only where that is a file, or a name that it can look up"
            yield place.note(plugin.line, "forward", told)
    yield from _zone_notes(place)


def _zone_notes(place: Place) -> Iterator[Note]:
    """Zones of the plugin that nobody asks it for, and other server blocks that answer for parts of them."""
    where, keyed = place.corefile.where, [key.zone for key in place.keys]
    asked = [
        key.zone
        for block in place.corefile.blocks
        if block.named("kubernetes")
        for key in place.listener.keys_of(block, where)
    ]
    for zone in place.zones:
        if not any(is_below(zone, key) or is_below(key, zone) for key in (*keyed, *asked)):
            text = f"zone {zone} of kubernetes is never asked: its server block answers only {', '.join(keyed)}"
            yield place.note(place.block.line, "kubernetes", text)
    for other in other_blocks(place):
        closer = any(is_below(other.zone, key) and other.zone != key for key in keyed)
        if closer and any(is_below(other.zone, zone) or is_below(zone, other.zone) for zone in place.zones):
            text = f"names below {other.zone} are answered by another server block, which is not followed"
            yield Note(other.where, "server block", text)
    for block in place.corefile.blocks:
        if block is not place.block and block.named("view"):
            zones = tuple(key.zone for key in place.listener.keys_of(block, where))
            if zones:
                text = "view answers some clients by this server block"
                yield place.note(block.line, "view", text, Concern(zones))
    yield from _at_other_addresses(place)


def _at_other_addresses(place: Place) -> Iterator[Note]:
    """Server blocks for the same zones at other addresses: which one answers, the address decides (register.go)."""
    own = {key for key in place.keys if (key.transport, key.port) == (place.listener.transport, place.listener.port)}
    for block in place.corefile.blocks:
        hosts = bound_hosts(block)
        same = own & set(server_keys(block, place.corefile.where))
        if not same or hosts & place.listener.hosts or not place.listener.hosts & bound_hosts(place.block):
            continue
        zones = tuple(sorted(key.zone for key in same))
        told = " and ".join(sorted(host or "all others" for host in hosts))
        text = f"{', '.join(zones)} is answered by another server block at {told} (bind): the address asked decides"
        yield place.note(block.line, "bind", text, Concern(zones))


def changes_answers(plugin: str) -> bool:
    """Whether what a plugin of this name is told in a Corefile may decide an answer of the cluster's zone."""
    return plugin in ("kubernetes", "cache", "transfer", *_TOUCHES) or plugin not in DIRECTIVES


def other_blocks(place: Place) -> Iterator[OtherBlock]:
    """The zones of the other server blocks of the same server that have no kubernetes plugin."""
    for block in place.corefile.blocks:
        if block is place.block or block.named("kubernetes"):
            continue
        answering = tuple(
            " ".join((plugin.name, *plugin.args))
            for plugin in block.plugins
            if plugin.name in (*BEHIND, "hosts", "template")
        )
        for key in place.listener.keys_of(block, place.corefile.where):
            yield OtherBlock(key.zone, place.at(block.line), answering)


def next_zones(place: Place) -> tuple[NextZone, ...] | None:
    """The names that plugins behind kubernetes answer for; ``None`` when some of them are not known.

    Sources: the setup.go of each; whoami and erratic answer everything.
    """
    if place.block.unseen or any(plugin.name not in DIRECTIVES for plugin in place.block.plugins):
        return None
    found: list[NextZone] = []
    for plugin in place.block.plugins:
        if plugin.name not in BEHIND:
            continue
        args = {"forward": plugin.args[:1], "grpc": plugin.args[:1], "file": plugin.args[1:]}.get(
            plugin.name, plugin.args
        )
        if plugin.name in ("whoami", "erratic") or not all(map(is_seen, args)):
            return (NextZone("."),)
        excepted = _excepted(plugin) if plugin.name in ("forward", "grpc") else ()
        found += [NextZone(zone, excepted) for zone in origins(args, place.keys)]
    return tuple(dict.fromkeys(found))


def _excepted(plugin: Plugin) -> tuple[str, ...]:
    """What forward and grpc leave to the next plugin; of what is not seen nothing follows."""
    words = [word for option in plugin.options if option.name == "except" for word in option.args]
    return tuple(origins(words, ())) if words and all(map(is_seen, words)) else ()


def _cache_notes(place: Place, bounds: CacheBounds | None) -> Iterator[Note]:
    for cache in place.block.named("cache"):
        for option in cache.options:
            text = f"cache {option.name}: answers may be older, or live longer, than their TTL says"
            if option.name == "keepttl":
                yield place.note(option.line, "cache", text)
            elif option.name == "serve_stale":
                yield place.note(option.line, "cache", text, _kept(bounds))


def _kept(bounds: CacheBounds | None) -> Concern | None:
    """Only what the cache keeps can be given when it is old."""
    if bounds is None or not (bounds.keeps_success or bounds.keeps_denial):
        return None
    if bounds.keeps_success and bounds.keeps_denial:
        return Concern(_EVERYWHERE)
    return Concern(_EVERYWHERE, outcome="found" if bounds.keeps_success else "empty")


# -- which names a plugin touches ----------------------------------------------------------------------------------


_IN_HOSTS_FILES = frozenset(
    ("localhost.", "localhost.localdomain.", "ip6-localhost.", "ip6-loopback.", "1.0.0.127.in-addr.arpa.")
)
"""Names that any hosts file has, such as the kubelet's for a pod (kubelet_pods.go managedHostsFileContent)."""


def _hosts(plugin: Plugin, place: Place) -> Concern:
    """Names of entries in the Corefile; all names of its zones that do not fall through (hosts.go ServeDNS)."""
    names: set[str] = set()
    through: list[str] = []
    reverse = True
    for option in plugin.options:
        if option.name == "fallthrough":
            through = origins(option.args, ()) or ["."]
        elif option.name == "no_reverse":
            reverse = False
        else:
            try:
                names.add(reverse_name(option.name))
            except ValueError:
                continue  # another option
            names |= {absolute(name.lower()) for name in option.args}
    names |= _IN_HOSTS_FILES  # it reads a file as well, /etc/hosts when none is named
    if not reverse:
        names = {name for name in names if not name.endswith(".arpa.")}
    held = () if closing_hosts(place) else _held(origins(plugin.args[1:], place.keys), through)
    return Concern(held, frozenset(names))


def closing_hosts(place: Place) -> ClosingHosts | None:
    """The plugin hosts where it does not hand on the names that it does not have, and what it has stands here.

    The hosts file that it reads when none is named is the kubelet's, with few names (_IN_HOSTS_FILES).
    """
    for plugin in place.block.named("hosts"):
        entries = [option for option in plugin.options if canonical(option.name) is not None]
        names = frozenset(absolute(name.lower()) for option in entries for name in option.args)
        falls = [option for option in plugin.options if option.name == "fallthrough"]
        through = tuple(zone for option in falls for zone in origins(option.args, ()) or ["."])
        if plugin.args or plugin.unseen or "." in through or any("*" in name for name in names):
            return None
        zones = tuple(dict.fromkeys(key.zone for key in place.keys))
        return ClosingHosts(place.at(plugin.line), zones, through, names | _IN_HOSTS_FILES)
    return None


def _held(zones: Sequence[str], through: Sequence[str]) -> tuple[str, ...]:
    """Those zones that a plugin answers for even where it has nothing."""
    return tuple(zone for zone in zones if not any(is_below(zone, each) for each in through))


def _template(plugin: Plugin, place: Place) -> Concern:
    """Names that match an expression; without fallthrough all of its zones and its type (template.go match)."""
    patterns = [arg for option in plugin.options if option.name == "match" for arg in option.args]
    through = [zone for option in plugin.options if option.name == "fallthrough"
               for zone in origins(option.args, ()) or ["."]]  # fmt: skip
    zones = origins(plugin.args[2:], place.keys)
    kind = plugin.args[1].upper() if len(plugin.args) > 1 else "ANY"
    pattern = "" if _held(zones, through) else "|".join(f"(?:{each})" for each in patterns)
    return Concern(tuple(zones), pattern=pattern, types=() if kind == "ANY" else (kind,))


def _autopath(plugin: Plugin, place: Place) -> Concern:
    """Names in a pod's first search domain that do not exist: the others are tried for them (autopath.go ServeDNS)."""
    zones = origins(plugin.args[:-1], place.keys)
    own = [f"svc.{zone}" for zone in place.zones if any(is_below(zone, each) for each in zones)]
    return Concern(tuple(own), types=("A", "AAAA"), outcome="NXDOMAIN")


def _local(plugin: Plugin, _: Place) -> Concern:
    """Names of localhost and its reverse zones (local.go ServeDNS)."""
    zones = ("localhost.", "0.in-addr.arpa.", "127.in-addr.arpa.", "255.in-addr.arpa.")
    return Concern(_EVERYWHERE, pattern=r"^localhost\.|(?:^|\.)(?:" + "|".join(map(re.escape, zones)) + ")$")


def _acl(plugin: Plugin, place: Place) -> Concern | None:
    """Questions of the types that a policy does not let through, up to one that lets everybody (acl.go ServeDNS)."""
    types: list[str] = []
    for option in plugin.options:
        words = [word.lower() for word in option.args]
        parts: dict[str, list[str]] = {"type": [], "net": []}
        part = ""
        for word in words:
            part = word if word in parts else part
            if word != part and part:
                parts[part].append(word.upper())
        every_type = not parts["type"] or "*" in parts["type"]
        if option.name.lower() != "allow":
            if every_type:
                return Concern(tuple(origins(plugin.args, place.keys)))
            types += parts["type"]
        elif every_type and (not parts["net"] or "*" in parts["net"]):
            break
    return Concern(tuple(origins(plugin.args, place.keys)), types=tuple(types)) if types else None


def _header(plugin: Plugin, _: Place) -> Concern | None:
    """The flag aa of replies, where it is cleared; what the cache keeps has it again (header.go, cache/item.go)."""
    for option in plugin.options:
        words = [option.name.lower(), *(word.lower() for word in option.args)]
        if words[:2] == ["response", "clear"] and "aa" in words[2:]:
            return Concern(_EVERYWHERE, records=False)
    return None


def _dnssec(plugin: Plugin, place: Place) -> Concern:
    """What clients that ask with DO get (dnssec.go Sign)."""
    return Concern(tuple(origins(plugin.args, place.keys)), records=False)


def _tsig(plugin: Plugin, place: Place) -> Concern | None:
    """Questions of the types that must be signed (plugin/tsig/setup.go)."""
    types = [word.upper() for option in plugin.options if option.name == "require" for word in option.args]
    if not types or types == ["NONE"]:
        return None
    return Concern(tuple(origins(plugin.args, place.keys)), types=() if "ALL" in types else tuple(types))


def _nowhere(plugin: Plugin, _: Place) -> None:
    """Plugins of which no question tells whether they touch it."""


def _by_zone(plugin: Plugin, _: Place) -> Concern:
    """Plugins whose arguments are zones, some with what they are called elsewhere behind a colon."""
    return Concern(tuple(origins([arg.partition(":")[0] for arg in plugin.args], ())))


_CONCERNS: dict[str, Callable[[Plugin, Place], Concern | None]] = {
    "hosts": _hosts,
    "template": _template,
    "autopath": _autopath,
    "local": _local,
    "acl": _acl,
    "header": _header,
    "dnssec": _dnssec,
    "tsig": _tsig,
    "view": lambda *_: EVERYTHING,
    "route53": _by_zone,
    "azure": lambda *_: EVERYTHING,
    "clouddns": _by_zone,
    "k8s_external": _by_zone,
    "any": lambda *_: Concern(_EVERYWHERE, types=("ANY",)),
    "dns64": lambda *_: Concern(_EVERYWHERE, types=("AAAA",), outcome="empty"),
}
