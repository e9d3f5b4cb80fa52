"""What else in a Corefile may change answers: plugins in front of the kubernetes plugin, other server blocks.

It is named to the user and not followed; where it can be told which names it touches, their answers are not certain.
Which names those are stands in touched_names.py, the rules of rewrite in rewrite_rules.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.serving.config import (
    CacheBounds,
    Concern,
    NextZone,
    Note,
    OtherBlock,
    RewriteRule,
)
from kheadless_tui.zone.serving.corefile import Plugin, is_seen
from kheadless_tui.zone.serving.place import Place
from kheadless_tui.zone.serving.plugin_setup import is_looked_up
from kheadless_tui.zone.serving.server_keys import bound_hosts, origins, server_keys
from kheadless_tui.zone.serving.touched_names import EVERYTHING, EVERYWHERE, closing_hosts, concern_of

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
    "hosts": "may answer in place of the cluster's records for the names that it has",
    "route53": "may answer in place of the cluster's records",
    "azure": "may answer in place of the cluster's records",
    "clouddns": "may answer in place of the cluster's records",
    "k8s_external": "answers for external addresses of Services",
    "view": "answers only some clients by this server block",
}
"""What other plugins can do to an answer; those of CoreDNS that are not here leave the zone's records alone."""


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
            if plugin.name == "hosts":
                text = _of_hosts(plugin, place)
            args = f" {' '.join(plugin.args)}" if plugin.args else ""
            known = plugin.name in _TOUCHES
            concern = concern_of(plugin, place) if known else EVERYTHING
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


def _of_hosts(plugin: Plugin, place: Place) -> str:
    """What is not followed of the plugin hosts: where its names are known, only what it answers for these."""
    text = _TOUCHES["hosts"]
    if closing_hosts(place) or any(option.name == "fallthrough" for option in plugin.options):
        return text
    return f"{text}, and SERVFAIL for all other names of its zones, as it has no fallthrough"


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
        told = " and ".join(sorted(hosts))
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
    for plugin in (each for name in BEHIND for each in place.block.named(name)):
        text = " ".join((plugin.name, *plugin.args))
        args = {"forward": plugin.args[:1], "grpc": plugin.args[:1], "file": plugin.args[1:]}.get(
            plugin.name, plugin.args
        )
        if plugin.name in ("whoami", "erratic") or not all(map(is_seen, args)):
            found.append(NextZone(".", plugin=text))
            continue
        excepted = _excepted(plugin) if plugin.name in ("forward", "grpc") else ()
        found += [NextZone(zone, excepted, text) for zone in origins(args, place.keys)]
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
        return Concern(EVERYWHERE)
    return Concern(EVERYWHERE, outcome="found" if bounds.keeps_success else "empty")
