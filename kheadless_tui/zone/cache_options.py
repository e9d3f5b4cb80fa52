"""The bounds of the cache plugin in a Corefile; plugin/cache/setup.go."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.zone.config import CacheBounds
from kheadless_tui.zone.corefile import Option, ServerBlock
from kheadless_tui.zone.names import is_below
from kheadless_tui.zone.server_keys import ServerKey, origins


def cache_bounds(block: ServerBlock, keys: Sequence[ServerKey], where: str, zone: str) -> CacheBounds | None:
    """The bounds of the cache in front of a zone, ``None`` when there is none.

    Raises:
        InputError: a number that CoreDNS refuses.
    """
    for plugin in block.named("cache"):
        args = list(plugin.args)
        bounds = CacheBounds()
        if args and _is_number(args[0]):
            longest = _seconds(args.pop(0), f"{where}:{plugin.line}")
            bounds = CacheBounds(success_max=longest, denial_max=longest)
        if not any(is_below(zone, origin) for origin in origins(args, keys)):
            continue
        for option in plugin.options:
            bounds = _refined(bounds, option, where, zone)
        return bounds
    return None


def _refined(bounds: CacheBounds, option: Option, where: str, zone: str) -> CacheBounds:
    at = f"{where}:{option.line}"
    if option.name in ("success", "denial"):
        changes = {}
        if len(option.args) > 1:
            changes[f"{option.name}_max"] = _seconds(option.args[1], at)
        if len(option.args) > 2:
            changes[f"{option.name}_min"] = _seconds(option.args[2], at, least=0)
        return msgspec.structs.replace(bounds, **changes)
    if option.name == "disable":
        zones = origins(option.args[1:], ()) or ["."]
        if option.args[:1] == ("success",) and any(is_below(zone, origin) for origin in zones):
            return msgspec.structs.replace(bounds, keeps_success=False)
        if option.args[:1] == ("denial",) and any(is_below(zone, origin) for origin in zones):
            return msgspec.structs.replace(bounds, keeps_denial=False)
    return bounds


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _seconds(text: str, where: str, *, least: int = 1) -> int:
    if not _is_number(text) or int(text) < least:
        raise InputError(f"expected a TTL of at least {least} seconds for cache, found {text}", where=where)
    return int(text)
