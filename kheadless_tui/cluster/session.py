"""One live look at one cluster: the readers of a scope, the store they fill, and what all of it has come to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from kheadless_tui.cluster.connecting.connection import Connection
from kheadless_tui.cluster.reading import once
from kheadless_tui.cluster.reading.heartbeat import Heartbeat, Pulse
from kheadless_tui.cluster.reading.loading import until_loaded
from kheadless_tui.cluster.reading.readers import ReadKey
from kheadless_tui.cluster.reading.scope_reading import ScopeReading
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.rights.missing_rights import MissingRight
from kheadless_tui.cluster.rights.needs import Need
from kheadless_tui.cluster.state import Reading, ReadState, Scope
from kheadless_tui.cluster.tasks import Tasks
from kheadless_tui.cluster.telling import Subscribers
from kheadless_tui.errors import ClusterError, InputError, Refused
from kheadless_tui.model.kinds import SERVICE, Kind
from kheadless_tui.model.objects import KubeObject, ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.serving.config import LEFT_OUT, ZoneConfig

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

LINGER = 30.0
"""Seconds for which a namespace's pods are still read after they were hidden: who goes back sees them at once."""

CLOSING = 0.15
"""Seconds that closing waits for what is under way."""


class ClusterSession:
    """Reads a scope of a cluster, live, until it is closed. Belongs to one event loop."""

    def __init__(
        self,
        connection: Connection,
        *,
        namespaces: tuple[str, ...] = (),
        readonly: bool = False,
        selector: str = "",
        request_timeout: float | None = None,
        fallback_namespaces: Sequence[str] = (),
        services: Sequence[ObjectKey] = (),
        pulse: Pulse | None = None,
        served: ZoneConfig | None = None,
        zone: str = "",
    ) -> None:
        """Nothing is read before :meth:`start`.

        Args:
            connection: To which cluster, as whom.
            namespaces: What is read; empty for all.
            readonly: Carried for those who write; the session itself only reads.
            selector: A label selector as of ``kubectl -l``, for the Services.
            request_timeout: Seconds; 0 for none, by default what the connection says.
            fallback_namespaces: Read instead of all, if all is refused; by default the context's namespace.
            services: Got by their names where Services may not be listed.
            pulse: How soon a server that has fallen silent is noticed, a namespace that was deleted, a new right.
            served: How the zone is served, where the user says so; else the cluster is asked.
            zone: The cluster's domain, in place of what is said there.
        """
        self.connection = connection
        self.readonly = readonly
        self.selector = selector
        self.transport: Transport = None  # type: ignore[assignment]  # made by start(), in the loop
        self._request_timeout = connection.request_timeout if request_timeout is None else request_timeout
        self._fallback = tuple(fallback_namespaces) or (connection.namespace,)
        self._services = tuple(services)
        self._scope = Scope(namespaces)
        self._pulse = pulse or Pulse()
        self._store = Store()
        self._subscribers = Subscribers()
        self._started = asyncio.Event()
        self._changed = asyncio.Event()
        self._tasks = Tasks()
        self._hiding: dict[str, asyncio.TimerHandle] = {}
        self._reading: ScopeReading | None = None
        self._heartbeat: Heartbeat | None = None
        self._served = served
        self._zone_config = served.renamed(zone) if served is not None else None
        self._zone_fault: InputError | None = None
        """Why the Corefile that was read last cannot be understood."""
        self._zone = zone
        self._version: str | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    # -- life --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to read, in the running loop; returns at once. A second call does nothing."""
        if self._heartbeat is not None:
            return
        from kheadless_tui.cluster.wire.transport import Transport  # noqa: PLC0415 - aiohttp: 0.1 s

        self.transport = Transport(self.connection, request_timeout=self._request_timeout)
        self._reading = reading = ScopeReading(
            self.transport,
            self._store,
            self._tasks,
            self._tell,
            scope=self._scope,
            selector=self.selector,
            fallback=self._fallback,
            services=self._services,
            pulse=self._pulse,
        )
        self._unsubscribe = self.connection.credentials.subscribe(self._tell)
        self._heartbeat = Heartbeat(
            self.transport,
            last_heard=reading.readers.last_heard,
            answered=self._answered,
            silent=reading.silent,
            woken=reading.woken,
            pulse=self._pulse,
        )
        reading.start()
        self._tasks.spawn(self._heartbeat.run(), "heartbeat")
        self._started.set()

    async def close(self) -> None:
        """Stop everything and close all connections, within a fifth of a second whatever is under way."""
        self._subscribers.close()
        self._unsubscribe()
        for handle in self._hiding.values():
            handle.cancel()
        self._hiding.clear()
        if self._reading is not None:
            self._reading.readers.stop_all()
        self._tasks.cancel()
        if self.transport is not None:
            # Before the tasks have had their turn to end: connections are aborted, not said goodbye to over TLS, which
            # a server that hangs would not answer.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self.transport.close()
        await self._tasks.ended(CLOSING)
        gc.unfreeze()  # what was read may go now, and the session with it, which does hold cycles

    def rescoped(
        self,
        *,
        connection: Connection | None = None,
        namespaces: tuple[str, ...] = (),
        selector: str = "",
        fallback_namespaces: Sequence[str] = (),
    ) -> ClusterSession:
        """A session that reads something else, alike in all other things.

        It is not started, and knows nothing of what this one has read; close this one, and nothing of it remains.

        Args:
            connection: Another cluster or user; by default the same. What was said of the zone of one cluster (its
                domain, its Corefile) is not said of another.
            namespaces: What is read; empty for all.
            selector: As of :class:`ClusterSession`.
            fallback_namespaces: As of :class:`ClusterSession`.
        """
        same = connection is None or connection.server == self.connection.server
        return ClusterSession(
            connection or self.connection,
            namespaces=namespaces,
            readonly=self.readonly,
            selector=selector,
            request_timeout=self._request_timeout,
            fallback_namespaces=fallback_namespaces,
            services=self._services if same else (),
            pulse=self._pulse,
            served=self._served if same else None,
            zone=self._zone if same else "",
        )

    async def loaded(self, timeout: float) -> None:
        """Wait until Services and EndpointSlices of the scope have been listed once.

        Args:
            timeout: Seconds without any progress; a big cluster takes longer and is waited for. 0 for no limit.

        Raises:
            Unreachable, Refused, NotAuthenticated: the one that keeps it from being so.
            NotFound: a namespace of the scope does not exist.
        """
        with contextlib.suppress(TimeoutError):  # of nothing at all it could be said that it has been read
            async with asyncio.timeout(timeout or None):  # wait_for of Python 3.11 may lose a cancellation
                await self._started.wait()
        if self._reading is None:
            raise ClusterError("nothing has been read: the session was not started")
        await until_loaded(self._reading, self._changed, self.connection.server, timeout, lambda: self.waiting_for)

    # -- what is known -----------------------------------------------------------------------------------------

    @property
    def scope(self) -> Scope:
        """What is read; narrower than asked for when all was refused."""
        return self._reading.scope if self._reading else self._scope

    @property
    def snapshot(self) -> Snapshot:
        """What is known now; the same object as long as nothing changes."""
        return self._store.snapshot

    @property
    def reads(self) -> Mapping[ReadKey, ReadState]:
        """What reading each kind in each scope has come to."""
        return self._reading.states if self._reading else {}

    @property
    def gone_namespaces(self) -> Mapping[str, float]:
        """Namespaces that the scope names and that do not exist, with the Unix time since when that is known."""
        return dict(self._reading.named.gone) if self._reading else {}

    @property
    def link(self) -> ReadState:
        """What the connection has come to, in one state: the worst of what records depend on."""
        return self._reading.link if self._reading else Reading(0, time.time())

    def refusal_of(self, service: ObjectKey) -> Refused | None:
        """Why a Service that was named may neither be listed nor got; ``None`` where it is known whether it exists."""
        error = self._reading.by_name.refusal(SERVICE, service) if self._reading else None
        return error and Refused(f"whether there is a Service {service} is not known: {error.message}", hint=error.hint)

    @property
    def waiting_for(self) -> str:
        """Who has to answer before the API server can be asked anything, ``aws (exec plug-in)``; empty for nobody."""
        return self.connection.credentials.waiting_for

    @property
    def missing_rights(self) -> tuple[MissingRight, ...]:
        """The rights that are needed for what is shown and that the user does not have, the most important first.

        What it says is of a minute ago at most; a right that is granted is used as soon as that is seen.
        """
        return self._reading.rights.missing if self._reading else ()

    @property
    def asked_rights(self) -> frozenset[Need]:
        """The rights that the API server has been asked for: of others it is not known whether they are missing."""
        return self._reading.rights.asked if self._reading else frozenset()

    @property
    def user(self) -> str:
        """As whom the API server knows us, as rules have to name it; the kubeconfig's name until that is known."""
        return (self._reading.rights.user if self._reading else "") or self.connection.user

    @property
    def server_version(self) -> str | None:
        """The API server's version, ``v1.34.1``; ``None`` until it is known."""
        return self._heartbeat.server_version if self._heartbeat else None

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have a function called in the loop after anything that is known has changed.

        It is called at most once for each turn of the loop; to draw less often is its own business.

        Returns:
            A function that ends it.
        """
        return self._subscribers.add(callback)

    def retry_now(self) -> None:
        """Try at once whatever waits for its next attempt: offline, refused or not logged in."""
        self.connection.credentials.forget_failure()
        if self._reading is not None:
            self._reading.retry_now()

    # -- pods of what is shown ---------------------------------------------------------------------------------

    def show_pods(self, namespace: str) -> None:
        """Read pods, StatefulSets and Endpoints of a namespace, live, until :meth:`hide_pods`."""
        handle = self._hiding.pop(namespace, None)
        if handle is not None:
            handle.cancel()
        self._live.show(namespace)
        self._tell()

    def hide_pods(self, namespace: str) -> None:
        """End what :meth:`show_pods` began, after a while."""
        if namespace not in self._hiding and namespace in self._live.shown:
            loop = asyncio.get_running_loop()
            self._hiding[namespace] = loop.call_later(LINGER, self._forget_pods, namespace)

    async def fetch(self, kind: Kind, key: ObjectKey) -> KubeObject:
        """One object, as the API server has it now; the snapshot is not touched.

        Raises:
            NotFound, Refused, Unreachable, NotAuthenticated, ClusterError: as it comes.
        """
        return await once.fetch(self.transport, kind, key)

    async def zone_config(self, *, again: bool = False) -> ZoneConfig:
        """How the zone is served, by the cluster's own Corefile where it may be read, else by CoreDNS's defaults.

        Args:
            again: Read it though it is known; what is known holds where that is not possible now.

        Returns:
            How; ``source`` says which of the two it was, and why.

        Raises:
            InputError: the cluster's Corefile has changed to one that cannot be understood.
            Unreachable, NotAuthenticated: it could not be asked for.
        """
        unread = self._zone_config is None
        if unread or (again and self._served is None):
            try:
                found = (await once.zone_config(self.transport)).renamed(self._zone)
                slip = next((note for note in found.notes if note.plugin == LEFT_OUT), None)
                if slip is None or unread:
                    self._zone_config, self._zone_fault = found, None
                else:  # what CoreDNS cannot read, the plugin reload leaves alone
                    self._zone_fault = InputError(slip.text, where=slip.where)
            except ClusterError:
                if unread:
                    raise
        if self._zone_fault is not None:
            raise self._zone_fault
        assert self._zone_config is not None, "read or refused above"
        return self._zone_config

    def zone_instead(self, why: str) -> ZoneConfig:
        """For who goes on without the cluster's Corefile: as it was served last, which CoreDNS keeps to; else defaults.

        The domain is the user's all the same.
        """
        return self._zone_config or ZoneConfig(source=f"CoreDNS defaults ({why})").renamed(self._zone)

    # -- inside -----------------------------------------------------------------------------------------------

    def _answered(self, accepted: bool) -> None:
        if self._version != self.server_version:
            self._version = self.server_version
            self._tell()
        if self._reading is not None:
            self._reading.answered(time.time(), accepted)

    def _forget_pods(self, namespace: str) -> None:
        self._hiding.pop(namespace, None)
        self._live.hide(namespace)
        self._tell()

    @property
    def _live(self) -> ScopeReading:
        assert self._reading is not None, "start() comes first"
        return self._reading

    def _tell(self) -> None:
        self._changed.set()
        self._subscribers.tell()
