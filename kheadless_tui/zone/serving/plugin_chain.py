"""How a Corefile serves the cluster's zone: which server block, the plugin, the cache, and what else answers.

Sources: core/dnsserver/zdirectives.go (the order of plugins is that of the build, not that of the file),
plugin/transfer/setup.go, plugin/bufsize/setup.go, plugin/bind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.serving.cache_options import cache_bounds
from kheadless_tui.zone.serving.config import Note, ZoneConfig
from kheadless_tui.zone.serving.corefile import Corefile, Plugin, ServerBlock, is_seen
from kheadless_tui.zone.serving.elsewhere import block_for
from kheadless_tui.zone.serving.go_text import duration
from kheadless_tui.zone.serving.kubernetes_options import KubernetesOptions
from kheadless_tui.zone.serving.other_plugins import (
    BEHIND,
    DIRECTIVES,
    changes_answers,
    next_zones,
    notes_of,
    other_blocks,
)
from kheadless_tui.zone.serving.place import Place
from kheadless_tui.zone.serving.plugin_setup import refuse_wrong_setup
from kheadless_tui.zone.serving.rewrite_rules import rewrite_rules
from kheadless_tui.zone.serving.server_keys import Listener, ServerKey, bound_hosts, invalid_zones, origins, server_keys
from kheadless_tui.zone.serving.touched_names import EVERYTHING, closing_hosts

DNS_PORT = 53
DEFAULT_BUFSIZE = 1232
"""Octets (plugin/bufsize/setup.go)."""
_RELOAD, _LEAST_RELOAD, _LEAST_JITTER = 30.0, 2.0, 1.0
"""Seconds between two looks at the file, and the least of that and of its jitter (plugin/reload/setup.go)."""


def zone_config(corefile: Corefile, source: str, *, strict: bool = False) -> ZoneConfig:
    """How the cluster's zone is served.

    Of several server blocks with the kubernetes plugin those count that are one server: on port 53, or else where the
    first of them is. Each is read by itself; the one that answers for its own cluster zone comes first.

    Args:
        corefile: taken apart.
        source: where it comes from, as shown to the user.
        strict: refuse plugins that CoreDNS does not have, and what other plugins are told wrongly, as it does itself. A
            Corefile that a cluster runs with may be for a CoreDNS of another build or version.

    Raises:
        InputError: no server block has the plugin, or something is wrong in a way that CoreDNS refuses, be it in a
            block of another port.
    """
    where = corefile.where
    if strict:
        _refuse_unknown(corefile)
        refuse_wrong_setup(corefile)
    serving = [block for block in corefile.blocks if block.named("kubernetes")]
    if not serving:
        raise InputError(
            "expected a server block with the kubernetes plugin, found none",
            where=where,
            hint="Give a Corefile that serves the cluster's zone, or leave --corefile out.",
        )
    for block in corefile.blocks:
        for name in ("kubernetes", "cache", "hosts"):
            _refuse_second(block, name, where)
    _refuse_twice(corefile)
    listener = _listener(serving, where)
    read = [(block, _read(block, corefile, source, listener)) for block in serving]
    kept = [config for block, config in read if listener.keys_of(block, where) and not block.named("view")]
    kept += [config for block, config in read if listener.keys_of(block, where) and block.named("view")]
    whole = msgspec.structs.replace(kept[0], others=tuple(kept[1:]))
    main = block_for(Question(whole.zone, "SOA"), whole)
    if isinstance(main, ZoneConfig) and main is not whole:
        whole = msgspec.structs.replace(main, others=tuple(each for each in kept if each is not main))
    return msgspec.structs.replace(whole, notes=(*whole.notes, *_notes_of_others(whole)))


def _listener(serving: Sequence[ServerBlock], where: str) -> Listener:
    """The server that counts: port 53, or else the first of the first block."""
    keyed = [(block, key) for block in serving for key in server_keys(block, where)]
    block, key = next(((block, key) for block, key in keyed if key.port == DNS_PORT), keyed[0])
    return Listener(key.transport, key.port, bound_hosts(block))


def _read(block: ServerBlock, corefile: Corefile, source: str, listener: Listener) -> ZoneConfig:
    """What one server block serves."""
    where = corefile.where
    keys = server_keys(block, where)
    plugin = block.named("kubernetes")[0]
    config = KubernetesOptions(plugin, keys, where).config()
    zone = _asked_zone(config.zone, keys)
    cache = cache_bounds(block, keys, where, zone, config.zones)
    rewrites = tuple(rewrite_rules(block.named("rewrite"), where))
    place = Place(corefile, block, keys, config.zones, listener, rewrites)
    return msgspec.structs.replace(
        config,
        source=source,
        ttl_known=True,
        cache=cache,
        transfer_to=_transfer_to(block, keys, zone, where),
        local_addresses=_bound(block),
        minimal=bool(block.named("minimal")),
        bufsize=_bufsize(block, where),
        next_plugins=tuple(" ".join((each.name, *each.args)) for name in BEHIND for each in block.named(name)),
        next_zones=next_zones(place),
        rewrites=rewrites,
        reload=_reload(corefile),
        hosts=closing_hosts(place),
        notes=(*_unseen(place), *_left_out(plugin, place), *notes_of(place, cache)),
        server_zones=tuple(dict.fromkeys(key.zone for key in listener.keys_of(block, where))),
        other_blocks=tuple(other_blocks(place)),
    )


def _reload(corefile: Corefile) -> float | None:
    """The longest that CoreDNS goes without looking at the file; it is one for all blocks (plugin/reload/setup.go)."""
    for plugin in (plugin for block in corefile.blocks for plugin in block.named("reload")):
        spans = [duration(text) for text in plugin.args]
        interval = max(_LEAST_RELOAD, (spans[0] if spans else None) or _RELOAD)
        jitter = max(_LEAST_JITTER, (spans[1] if len(spans) > 1 else None) or _RELOAD / 2)
        return interval + min(jitter, interval / 2)
    return None


def _asked_zone(zone: str, keys: Sequence[ServerKey]) -> str:
    """The part of the cluster's zone, or else the zone, for which questions come to a server block."""
    keyed = [key.zone for key in keys]
    if any(is_below(zone, key) for key in keyed):
        return zone
    return next((key for key in keyed if is_below(key, zone)), keyed[0])


def _notes_of_others(config: ZoneConfig) -> Iterator[Note]:
    """The notes on the other server blocks, to be shown with those of this one, whose answers they do not concern."""
    known = set(map(str, config.notes))
    for note in (note for other in config.others for note in other.notes):
        if str(note) not in known:
            known.add(str(note))
            yield msgspec.structs.replace(note, concern=None)


def _refuse_unknown(corefile: Corefile) -> None:
    for block in corefile.blocks:
        for plugin in block.plugins:
            if plugin.name not in DIRECTIVES:
                raise InputError(
                    f"Unknown directive '{plugin.name}': CoreDNS has no plugin of this name",
                    where=f"{corefile.where}:{plugin.line}",
                )


def _refuse_second(block: ServerBlock, name: str, where: str) -> None:
    found = block.named(name)
    if len(found) > 1:
        raise InputError(f"{name} stands twice in one server block", where=f"{where}:{found[1].line}")


def _refuse_twice(corefile: Corefile) -> None:
    """A zone that two server blocks would answer at one place (register.go validateZonesAndListeningAddresses).

    One block at all addresses takes the place of one at some as well (address.go zoneOverlap). With the plugin view
    there may be several; what a key taken from the environment says is not seen.
    """
    known: dict[ServerKey, frozenset[str]] = {}
    for block in corefile.blocks:
        if not all(map(is_seen, block.keys)):
            continue
        hosts, some = bound_hosts(block), bool(block.named("view"))
        for key in server_keys(block, corefile.where):
            taken = known.get(key, frozenset())
            flaw = ""
            if hosts & taken:
                flaw = "" if some else "it is already defined"
            elif taken and "" in hosts | taken:
                flaw = "zone overlap listener capacity with another server block"
            if flaw:
                said = f"cannot serve {key.transport}://{key.zone}:{key.port} - {flaw}"
                raise InputError(said, where=f"{corefile.where}:{block.line}")
            if not some:
                known[key] = taken | hosts


def _unseen(place: Place) -> Iterator[Note]:
    """What lies outside of the Corefile, with the answers that depend on it.

    These are all, unless it is only an option of a plugin that has no part in them.
    """
    deciding = {*place.corefile.unseen, *place.block.unseen}
    for plugin in place.block.plugins:
        if changes_answers(plugin.name):
            deciding |= set(plugin.unseen)
    for note in place.corefile.notes:
        yield msgspec.structs.replace(note, concern=EVERYTHING) if note in deciding else note


def _left_out(plugin: Plugin, place: Place) -> Iterator[Note]:
    for text in invalid_zones(plugin.args):
        yield place.note(plugin.line, plugin.name, f"{text!r} is no zone: {plugin.name} leaves it out")


def _transfer_to(block: ServerBlock, keys: Sequence[ServerKey], zone: str, where: str) -> tuple[str, ...]:
    found: list[str] = []
    for plugin in block.named("transfer"):
        targets: list[str] = []
        for option in plugin.options:
            at = f"{where}:{option.line}"
            if option.name == "to" and option.args:
                targets += option.args
            elif option.name == "to":
                raise InputError("to of transfer needs an argument", where=at)
            elif option.name != "source":
                raise InputError(f"unknown property {option.name!r} of transfer", where=at)
            elif len(option.args) != 1 or canonical(option.args[0]) is None:
                raise InputError(
                    f"expected source of transfer with an address, found {' '.join(option.args)}", where=at
                )
        if not targets:
            raise InputError("transfer needs 'to'", where=f"{where}:{plugin.line}")
        if any(is_below(zone, origin) for origin in origins(plugin.args, keys)):
            found += targets
    return tuple(found)


def _bufsize(block: ServerBlock, where: str) -> int:
    for plugin in block.named("bufsize"):
        if not plugin.args or not is_seen(plugin.args[0]):
            return DEFAULT_BUFSIZE
        text = plugin.args[0]
        if not text.isascii() or not text.isdigit() or not 512 <= int(text) <= 4096:
            raise InputError(f"expected a bufsize of 512 to 4096, found {text}", where=f"{where}:{plugin.line}")
        return int(text)
    return 0


def _bound(block: ServerBlock) -> tuple[str, ...] | None:
    """The server's own addresses by the bind plugin.

    Written as plain addresses they are lost (local.go boundIPs expects a prefix length); interface names tell nothing.
    """
    args = [arg for plugin in block.named("bind") for arg in plugin.args if is_seen(arg)]
    return () if args and all("." in arg or ":" in arg for arg in args) else None
