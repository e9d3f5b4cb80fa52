"""How the zone is served, as the screen knows it: a Corefile that cannot be understood is a state, not the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kheadless_tui.errors import ClusterError, InputError
from kheadless_tui.tui.text.cells import clean
from kheadless_tui.zone.serving.config import LEFT_OUT, ZoneConfig

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


class Served(NamedTuple):
    """How the zone is served."""

    config: ZoneConfig
    fault: str = ""
    """Why that is not what the cluster's own Corefile says, where that is there and cannot be understood."""

    def slips(self) -> tuple[str, ...]:
        """What of the cluster's own Corefile is not understood, and what holds in place of it."""
        if self.fault:
            return (f"{self.fault}.", "Predicted: by the Corefile before. ctrl-r asks again.")
        return tuple(f"{clean(str(note))}." for note in self.config.notes if note.plugin == LEFT_OUT)

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


async def ask_served(session: ClusterSession, *, again: bool = False) -> Served:
    """How a session's cluster serves the zone; as before, or by defaults, where its Corefile cannot be understood.

    Args:
        session: The session.
        again: Read it though it is known: the Corefile may have changed.

    Raises:
        Unreachable, NotAuthenticated: it could not be asked for.
    """
    try:
        return Served(await session.zone_config(again=again))
    except InputError as error:
        why = f"{error.where} cannot be understood"
        return Served(session.zone_instead(why), clean(error.message).rstrip("."))


class ServedZone:
    """Owner of how the zone is served: CoreDNS's defaults until the cluster was asked."""

    def __init__(self, session: ClusterSession) -> None:
        self._session = session
        self._asked = self._asking = False
        self.now = Served(ZoneConfig())

    @property
    def config(self) -> ZoneConfig:
        """What to predict by."""
        return self.now.config

    async def ask(self) -> bool:
        """Take what the session knows, which a probe may have read anew; ask the cluster where nothing is known.

        Returns:
            Whether the zone is served in another way than was thought.
        """
        if self._asking:
            return False
        again, self._asked, self._asking = not self._asked, True, True
        before = self.now
        try:
            self.now = await ask_served(self._session, again=again)
        except ClusterError:
            # The header says what is wrong with the connection; it is tried again when that is over.
            self._asked = False
        finally:
            self._asking = False
        return self.now != before

    def forget(self) -> None:
        """Ask anew next time."""
        self._asked = False
