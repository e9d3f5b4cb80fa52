"""The server block that the zone is served by, as far as what stands around the kubernetes plugin needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kheadless_tui.zone.serving.config import Concern, Note, RewriteRule
from kheadless_tui.zone.serving.corefile import Corefile, ServerBlock
from kheadless_tui.zone.serving.server_keys import Listener, ServerKey


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
