"""The bounds of the cache plugin in a Corefile; plugin/cache/setup.go cacheParse."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.serving import go_text
from kheadless_tui.zone.serving.config import CacheBounds
from kheadless_tui.zone.serving.corefile import Option, ServerBlock, is_seen
from kheadless_tui.zone.serving.server_keys import ServerKey, origins

_MAX_SERVER_FAILURE = 300
"""Seconds; RFC 2308 section 7.1 forbids more."""
_MODES = ("immediate", "verify")


def cache_bounds(
    block: ServerBlock, keys: Sequence[ServerKey], where: str, zone: str, zones: Sequence[str] = ()
) -> CacheBounds | None:
    """The bounds of the cache in front of zones, ``None`` when there is none for any part of them.

    Args:
        block: the server block that it stands in.
        keys: of the block.
        where: the file, for errors.
        zone: the one whose answers are kept or not.
        zones: the others.

    Raises:
        InputError: an option or a number that CoreDNS refuses.
    """
    for plugin in block.named("cache"):
        args = list(filter(is_seen, plugin.args))
        bounds = CacheBounds()
        if args and go_text.integer(args[0]) is not None:
            longest = _seconds(args.pop(0), f"{where}:{plugin.line}")
            bounds = CacheBounds(success_max=longest, denial_max=longest)
        names = {option.name for option in plugin.options}
        for option in plugin.options:
            refine = _OPTIONS.get(option.name)
            if refine is None:
                raise InputError(f"unknown property {option.name!r} of cache", where=f"{where}:{option.line}")
            if all(map(is_seen, option.args)):
                bounds = refine(bounds, option, f"{where}:{option.line}", zone)
            if option.name == "serve_stale_policy" and "serve_stale" not in names:
                raise InputError("serve_stale_policy requires serve_stale", where=f"{where}:{option.line}")
        passing = tuple(origins(args, keys))
        if any(is_below(each, origin) or is_below(origin, each) for each in (zone, *zones) for origin in passing):
            return msgspec.structs.replace(bounds, zones=passing)
    return None


def _kept(bounds: CacheBounds, option: Option, at: str, _: str) -> CacheBounds:
    """``success|denial CAPACITY [TTL] [MINTTL]``."""
    _count(option, 1, None, at)
    if go_text.integer(option.args[0]) is None:
        raise InputError(f"expected a capacity for {option.name} of cache, found {option.args[0]}", where=at)
    changes = {}
    if len(option.args) > 1:
        changes[f"{option.name}_max"] = _seconds(option.args[1], at)
    if len(option.args) > 2:
        changes[f"{option.name}_min"] = _seconds(option.args[2], at, least=0)
    return msgspec.structs.replace(bounds, **changes)


def _disable(bounds: CacheBounds, option: Option, at: str, zone: str) -> CacheBounds:
    if option.args[:1] not in (("success",), ("denial",)):
        found = " ".join(option.args) or "nothing"
        raise InputError(f"expected disable success or denial for cache, found {found}", where=at)
    zones = origins(option.args[1:], ()) or ["."]
    if not any(is_below(zone, origin) for origin in zones):
        return bounds
    return msgspec.structs.replace(bounds, **{f"keeps_{option.args[0]}": False})


def _server_failure(bounds: CacheBounds, option: Option, at: str, _: str) -> CacheBounds:
    _count(option, 1, 1, at)
    seconds = go_text.duration(option.args[0])
    if seconds is None or not 0 <= seconds <= _MAX_SERVER_FAILURE:
        raise InputError(f"expected servfail of 0s to 5m for cache, found {option.args[0]}", where=at)
    return msgspec.structs.replace(bounds, server_failure=int(seconds))


def _prefetch(bounds: CacheBounds, option: Option, at: str, _: str) -> CacheBounds:
    """``prefetch AMOUNT [DURATION] [PERCENT%]``; it changes no answer."""
    _count(option, 1, 3, at)
    amount = go_text.integer(option.args[0])
    wrong = amount is None or amount < 0
    wrong = wrong or (len(option.args) > 1 and go_text.duration(option.args[1]) is None)
    if len(option.args) > 2:
        percent = go_text.integer(option.args[2].removesuffix("%"))
        wrong = wrong or not option.args[2].endswith("%") or percent is None or not 10 <= percent <= 90
    if wrong:
        found = " ".join(option.args)
        raise InputError(f"expected prefetch AMOUNT [DURATION] [10% to 90%] for cache, found {found}", where=at)
    return bounds


def _serve_stale(bounds: CacheBounds, option: Option, at: str, _: str) -> CacheBounds:
    """``serve_stale [DURATION] [immediate|verify] ...``; what it does to answers is noted in other_plugins.py."""
    _count(option, 0, 5, at)
    words = option.args
    span = go_text.duration(words[0]) if words else 0.0
    times = [go_text.duration(word) for word in words[2:]]
    wrong = span is None or span < 0 or (len(words) > 1 and words[1].lower() not in _MODES)
    if wrong or any(each is None or each < 0 for each in times):
        raise InputError(f"expected serve_stale [DURATION] [immediate|verify], found {' '.join(words)}", where=at)
    return bounds


def _policy(bounds: CacheBounds, option: Option, at: str, _: str) -> CacheBounds:
    if [word.lower() for word in option.args] != ["prefer_positive"]:
        found = " ".join(option.args) or "nothing"
        raise InputError(f"expected serve_stale_policy prefer_positive, found {found}", where=at)
    return bounds


def _keepttl(bounds: CacheBounds, option: Option, at: str, _: str) -> CacheBounds:
    _count(option, 0, 0, at)
    return bounds


_OPTIONS: dict[str, Callable[[CacheBounds, Option, str, str], CacheBounds]] = {
    "success": _kept,
    "denial": _kept,
    "prefetch": _prefetch,
    "serve_stale": _serve_stale,
    "serve_stale_policy": _policy,
    "servfail": _server_failure,
    "disable": _disable,
    "keepttl": _keepttl,
}


def _count(option: Option, least: int, most: int | None, at: str) -> None:
    if len(option.args) < least or (most is not None and len(option.args) > most):
        found = " ".join(option.args) or "nothing"
        raise InputError(f"wrong number of arguments for {option.name} of cache: {found}", where=at)


def _seconds(text: str, where: str, *, least: int = 1) -> int:
    seconds = go_text.integer(text)
    if seconds is None or seconds < least:
        raise InputError(f"expected a TTL of at least {least} seconds for cache, found {text}", where=where)
    return seconds
