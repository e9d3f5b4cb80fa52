"""How a Corefile serves the cluster's zone: which server block, the plugin, the cache, and what else answers.

Sources: core/dnsserver/zdirectives.go (the order of plugins is that of the build, not that of the file),
plugin/transfer/setup.go, plugin/bufsize/setup.go, plugin/bind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.zone.addresses import canonical
from kheadless_tui.zone.cache_options import cache_bounds
from kheadless_tui.zone.config import Note, ZoneConfig
from kheadless_tui.zone.corefile import Corefile, Plugin, ServerBlock, is_seen
from kheadless_tui.zone.kubernetes_options import KubernetesOptions
from kheadless_tui.zone.other_plugins import (
    BEHIND,
    DIRECTIVES,
    EVERYTHING,
    Place,
    changes_answers,
    notes_of,
    other_blocks,
)
from kheadless_tui.zone.server_keys import ServerKey, invalid_zones, origins, server_keys
from kheadless_tui.zone.zones import is_below

DNS_PORT = 53
DEFAULT_BUFSIZE = 1232
"""Octets (plugin/bufsize/setup.go)."""


def zone_config(corefile: Corefile, source: str, *, strict: bool = False) -> ZoneConfig:
    """How the cluster's zone is served.

    Of several server blocks with the kubernetes plugin the first on port 53 counts, or else the first.

    Args:
        corefile: taken apart.
        source: where it comes from, as shown to the user.
        strict: refuse plugins that CoreDNS does not have, as it does itself. A Corefile that a cluster runs with may be
            for a CoreDNS that was built with others: there they are noted.

    Raises:
        InputError: no server block has the plugin, or something is wrong in a way that CoreDNS refuses.
    """
    where = corefile.where
    if strict:
        _refuse_unknown(corefile)
    serving = [block for block in corefile.blocks if block.named("kubernetes")]
    if not serving:
        raise InputError(
            "expected a server block with the kubernetes plugin, found none",
            where=where,
            hint="Give a Corefile that serves the cluster's zone, or leave --corefile out.",
        )
    keyed = {id(block): server_keys(block, where) for block in corefile.blocks}
    block = next((each for each in serving if any(key.port == DNS_PORT for key in keyed[id(each)])), serving[0])
    keys = keyed[id(block)]
    for name in ("kubernetes", "cache", "hosts"):
        _refuse_second(block, name, where)
    plugin = block.named("kubernetes")[0]
    config = KubernetesOptions(plugin, keys, where).config()
    cache = cache_bounds(block, keys, where, config.zone)
    place = Place(corefile, block, keys, config.zones)
    return msgspec.structs.replace(
        config,
        source=source,
        ttl_known=True,
        cache=cache,
        transfer_to=_transfer_to(block, keys, config.zone, where),
        local_addresses=_bound(block),
        minimal=bool(block.named("minimal")),
        bufsize=_bufsize(block, where),
        next_plugins=tuple(" ".join((each.name, *each.args)) for name in BEHIND for each in block.named(name)),
        notes=(*_unseen(place), *_left_out(plugin, place), *notes_of(place, cache)),
        server_zones=tuple(dict.fromkeys(key.zone for key in keys)),
        other_blocks=tuple(other_blocks(place)),
    )


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
