"""How the zone is served, as the screen knows it: a Corefile that cannot be understood is a state, not the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kheadless_tui.errors import ClusterError, InputError
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.zone.serving.config import ZoneConfig

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


class Served(NamedTuple):
    """How the zone is served."""

    config: ZoneConfig
    fault: str = ""
    """Why that is not what the cluster's own Corefile says, where that is there and cannot be understood."""

    def facts(self) -> tuple[str, ...]:
        """The same in sentences: by what, the TTL and whether it is known, and what is not followed."""
        config = self.config
        how = f"zone {clean(config.zone)} by {clean(config.source)}"
        if config.ttl_known:
            found = [f"{how}, TTL {config.ttl} s"]
        else:
            found = [how, f"TTL {config.ttl} s, the default of CoreDNS: the TTLs of answers are not judged"]
        if self.fault:
            found.append(f"{self.fault}.")
        found += [f"{clean(note.where)}: {clean(note.text)}; not followed" for note in config.notes]
        return tuple(found)


async def ask_served(session: ClusterSession) -> Served:
    """How a session's cluster serves the zone; by CoreDNS's defaults where its Corefile cannot be understood.

    Raises:
        Unreachable, NotAuthenticated: it could not be asked for.
    """
    try:
        return Served(await session.zone_config())
    except InputError as error:
        why = f"{error.where} cannot be understood"
        return Served(session.default_zone(why), clean(error.message).rstrip("."))


class ServedZone:
    """Owner of how the zone is served: CoreDNS's defaults until the cluster was asked."""

    def __init__(self, session: ClusterSession) -> None:
        self._session = session
        self._asked = False
        self.now = Served(ZoneConfig())

    @property
    def config(self) -> ZoneConfig:
        """What to predict by."""
        return self.now.config

    async def ask(self) -> bool:
        """Ask the cluster, unless it has answered already.

        Returns:
            Whether the zone is served in another way than was thought.
        """
        if self._asked:
            return False
        self._asked = True
        before = self.now
        try:
            self.now = await ask_served(self._session)
        except ClusterError:
            # The header says what is wrong with the connection; it is tried again when that is over.
            self._asked = False
        return self.now != before

    def forget(self) -> None:
        """Ask anew next time."""
        self._asked = False
