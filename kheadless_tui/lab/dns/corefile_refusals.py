"""What CoreDNS says of a Corefile that it does not start with, in its own words.

Its parser looks at the names of all plugins first; then each plugin reads its lines. What is wrong in a way that is not
here is told in the words of ``zone``, which reads these files more thoroughly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kheadless_tui.errors import InputError
from kheadless_tui.zone.serving import go_text
from kheadless_tui.zone.serving.cache_options import cache_bounds
from kheadless_tui.zone.serving.corefile import Corefile, ServerBlock, is_seen, parse
from kheadless_tui.zone.serving.kubernetes_options import KubernetesOptions
from kheadless_tui.zone.serving.other_plugins import DIRECTIVES
from kheadless_tui.zone.serving.plugin_properties import COUNT
from kheadless_tui.zone.serving.plugin_setup import refusals
from kheadless_tui.zone.serving.server_keys import server_keys

_ONCE = ("cache", "hosts", "kubernetes")
"""Plugins that a server block can have once (plugin.ErrOnce)."""
_UNKNOWN = re.compile(r"unknown property '(.*)' of (\w+)")


def read(text: str, where: str) -> Corefile:
    """Take a Corefile apart, and look at what CoreDNS would refuse in any of its server blocks.

    Raises:
        InputError: CoreDNS does not start with it; the message is what it says.
    """
    try:
        corefile = parse(text, where)
        for problem in _problems(corefile):
            raise InputError(problem)
        for block in corefile.blocks:
            keys = server_keys(block, where)
            for plugin in block.named("kubernetes"):
                KubernetesOptions(plugin, keys, where).config()
            cache_bounds(block, keys, where, ".")
    except InputError as error:
        raise InputError(words(error)) from error
    return corefile


def words(error: InputError) -> str:
    """What CoreDNS says; as it stands where it was found here."""
    if not error.where:
        return error.message
    said = error.message.removeprefix(f"{error.where}: ")
    unknown = _UNKNOWN.fullmatch(said)
    if unknown is None:
        return _parsing(error.where, said)
    name, plugin = unknown.groups()
    said = COUNT.format(name) if plugin == "cache" else f"unknown property '{name}'"
    return f"plugin/{plugin}: {_parsing(error.where, said)}"


def _parsing(at: str, what: str) -> str:
    return f"{at} - Error during parsing: {what}"


def _problems(corefile: Corefile) -> Iterator[str]:
    for block in corefile.blocks:
        for plugin in block.plugins:
            if plugin.name not in DIRECTIVES:
                yield _parsing(f"{corefile.where}:{plugin.line}", f"Unknown directive '{plugin.name}'")
    for block in corefile.blocks:
        yield from (f"plugin/{name}: {_TWICE}" for name in _ONCE if len(block.named(name)) > 1)
        yield from _of_caches(block)
    for refusal in refusals(corefile):
        at = f"{corefile.where}:{refusal.line}"
        yield f"plugin/{refusal.plugin}: {_parsing(at, refusal.said) if refusal.placed else refusal.said}"


_TWICE = "this plugin can only be used once per Server Block"


def _of_caches(block: ServerBlock) -> Iterator[str]:
    for plugin in block.named("cache"):
        seconds = go_text.integer(plugin.args[0]) if plugin.args and is_seen(plugin.args[0]) else None
        if seconds is not None and seconds <= 0:
            yield f"plugin/cache: cache TTL can not be zero or negative: {seconds}"
