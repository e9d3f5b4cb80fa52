"""The Corefile that a cluster runs with: what is not understood of it is left out and named, and never an error.

CoreDNS has read it, perhaps one of another version or build, so that it is for us to make the best of it.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.zone.serving.config import LEFT_OUT, Note, ZoneConfig
from kheadless_tui.zone.serving.corefile import Corefile, Plugin, ServerBlock, parse
from kheadless_tui.zone.serving.plugin_chain import zone_config
from kheadless_tui.zone.serving.touched_names import EVERYTHING


def running_config(text: str, source: str) -> ZoneConfig:
    """How a cluster's zone is served by what it runs with, as far as that is understood.

    Args:
        text: the Corefile.
        source: where it comes from, as shown to the user.

    Returns:
        With a note on each line that is left out, because of which no answer is certain; CoreDNS's defaults where no
        line can be left out to any avail.
    """
    left_out: list[Note] = []
    try:
        corefile = parse(text, source)
        while True:
            try:
                config = zone_config(corefile, source)
            except InputError as error:
                corefile = _without(corefile, error)
                told = f"{_said(error)}: this is not understood and left out"
                left_out.append(Note(error.where, LEFT_OUT, told, EVERYTHING))
            else:
                return _noted(config, tuple(left_out))
    except InputError as error:
        told = f"{_said(error)}: CoreDNS's defaults are taken in place of it"
        note = Note(error.where, LEFT_OUT, told, EVERYTHING)
        return ZoneConfig(source=f"CoreDNS defaults ({source} is not understood)", notes=(note,))


def _said(error: InputError) -> str:
    return error.message.removeprefix(f"{error.where}: ")


def _noted(config: ZoneConfig, notes: tuple[Note, ...]) -> ZoneConfig:
    others = tuple(_noted(other, notes) for other in config.others)
    known = config.ttl_known and (not notes or config.ttl != ZoneConfig().ttl)  # a line left out may be that of the TTL
    return msgspec.structs.replace(config, notes=(*notes, *config.notes), others=others, ttl_known=known)


def _without(corefile: Corefile, error: InputError) -> Corefile:
    """The same without the line that an error is about.

    Raises:
        InputError: that error, when nothing that stands there can be left out.
    """
    number = error.where.rpartition(":")[2]
    line = int(number) if number.isdecimal() else 0
    blocks = tuple(
        replace(block, plugins=tuple(kept for plugin in block.plugins if (kept := _kept(plugin, block, line))))
        for block in corefile.blocks
    )
    if blocks == corefile.blocks:
        raise error
    return replace(corefile, blocks=blocks)


def _kept(plugin: Plugin, block: ServerBlock, line: int) -> Plugin | None:
    """What is left of a plugin without one line; of the kubernetes plugin there is always something."""
    options = tuple(option for option in plugin.options if option.line != line)
    if options != plugin.options:
        return replace(plugin, options=options)
    if line not in (plugin.line, plugin.end):
        return plugin
    if plugin.name == "kubernetes" and block.named("kubernetes")[0] is plugin:
        return replace(plugin, options=())
    return None
