"""One live look at one cluster: the readers of a scope, the store they fill, and what all of it has come to."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence

from kheadless_tui.cluster import once
from kheadless_tui.cluster.connection import Connection
from kheadless_tui.cluster.heartbeat import Heartbeat, Pulse
from kheadless_tui.cluster.link import link_of
from kheadless_tui.cluster.listwatch import Replace
from kheadless_tui.cluster.loading import Loading
from kheadless_tui.cluster.missing_rights import MissingRight
from kheadless_tui.cluster.named_namespaces import NamedNamespaces
from kheadless_tui.cluster.needs import SHOWN, Need, needs_of
from kheadless_tui.cluster.reader import Reader
from kheadless_tui.cluster.readers import CORE, Readers, ReadKey
from kheadless_tui.cluster.reflector import Reflector
from kheadless_tui.cluster.refusals import refusals_of
from kheadless_tui.cluster.rights_watch import RightsWatch, newly_readable
from kheadless_tui.cluster.state import Forbidden, Reading, ReadState, Scope
from kheadless_tui.cluster.store import Store
from kheadless_tui.cluster.tasks import Tasks
from kheadless_tui.cluster.telling import Subscribers
from kheadless_tui.cluster.transport import Transport
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.kinds import NAMESPACE, POD, SERVICE, Kind
from kheadless_tui.model.objects import KubeObject, ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod
from kheadless_tui.zone.config import ZoneConfig

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
        self._scope = Scope(namespaces)
        self._pulse = pulse or Pulse()
        self._store = Store()
        self._shown: set[str] = set()
        self._outcomes: dict[ReadKey, type[ReadState]] = {}
        self._subscribers = Subscribers()
        self._started = asyncio.Event()
        self._tasks = Tasks()
        self._hiding: dict[str, asyncio.TimerHandle] = {}
        self._readers: Readers = None  # type: ignore[assignment]  # as the transport
        self._named: NamedNamespaces = None  # type: ignore[assignment]
        self._rights: RightsWatch = None  # type: ignore[assignment]
        self._loading: Loading = None  # type: ignore[assignment]
        self._heartbeat: Heartbeat | None = None
        self._served = served
        self._zone_config = served.renamed(zone) if served is not None else None
        self._zone = zone
        self._version: str | None = None

    # -- life --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to read, in the running loop; returns at once. A second call does nothing."""
        if self._heartbeat is not None:
            return
        self.transport = Transport(self.connection, request_timeout=self._request_timeout)
        self._readers = Readers(self.transport, self._store, self._tasks, self._on_change)
        self._named = NamedNamespaces(self.transport, self._store, self._tell, period=self._pulse.namespaces)
        self._loading = Loading(self._readers, self._named, lambda: self._scope, self.connection.server)
        self._rights = RightsWatch(
            self.transport,
            needs=lambda: needs_of(self._scope, self._shown),
            wider=lambda: needs_of(Scope(), ()) if self._scope.only else (),
            refusals=lambda: refusals_of(self._readers.all(), self._named.states),
            changed=self._on_rights,
            period=self._pulse.rights,
        )
        self._heartbeat = Heartbeat(
            self.transport,
            last_heard=self._readers.last_heard,
            answered=self._answered,
            silent=self._readers.silent,
            pulse=self._pulse,
        )
        self._read_scope()
        self._tasks.spawn(self._heartbeat.run(), "heartbeat")
        self._tasks.spawn(self._named.run(), "namespaces by name")
        self._tasks.spawn(self._rights.run(), "rights")
        self._started.set()

    async def close(self) -> None:
        """Stop everything and close all connections, within a fifth of a second whatever is under way."""
        self._subscribers.close()
        for handle in self._hiding.values():
            handle.cancel()
        self._hiding.clear()
        if self.transport is not None:
            self._readers.stop_all()
        self._tasks.cancel()
        if self.transport is not None:
            # Before the tasks have had their turn to end: connections are aborted, not said goodbye to over TLS, which
            # a server that hangs would not answer.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self.transport.close()
        await self._tasks.ended(CLOSING)

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
            await asyncio.wait_for(self._started.wait(), timeout or None)
        if self._loading is None:
            raise ClusterError("nothing has been read: the session was not started")
        await self._loading.wait(timeout)

    # -- what is known -----------------------------------------------------------------------------------------

    @property
    def scope(self) -> Scope:
        """What is read; narrower than asked for when all was refused."""
        return self._scope

    @property
    def snapshot(self) -> Snapshot:
        """What is known now; the same object as long as nothing changes."""
        return self._store.snapshot

    @property
    def reads(self) -> Mapping[ReadKey, ReadState]:
        """What reading each kind in each scope has come to."""
        if self._heartbeat is None:
            return {}
        named = {(NAMESPACE.plural, name): state for name, state in self._named.states.items()}
        return {**named, **self._readers.states()}

    @property
    def gone_namespaces(self) -> Mapping[str, float]:
        """Namespaces that the scope names and that do not exist, with the Unix time since when that is known."""
        return dict(self._named.gone) if self._named else {}

    @property
    def link(self) -> ReadState:
        """What the connection has come to, in one state: the worst of what records depend on."""
        core = self._readers.core() if self._readers else []
        return link_of([(reader.reflector.kind.plural, reader.reflector.state) for reader in core], time.time())

    @property
    def missing_rights(self) -> tuple[MissingRight, ...]:
        """The rights that are needed for what is shown and that the user does not have, the most important first.

        What it says is of some seconds ago at most; a right that is granted is used as soon as that is seen.
        """
        return self._rights.missing if self._rights else ()

    @property
    def user(self) -> str:
        """As whom the API server knows us, as rules have to name it; the kubeconfig's name until that is known."""
        return (self._rights.user if self._rights else "") or self.connection.user

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
        self._readers.retry_now()
        self._named.look_now()
        self._rights.look_now()

    # -- pods of what is shown ---------------------------------------------------------------------------------

    def show_pods(self, namespace: str) -> None:
        """Read pods, StatefulSets and Endpoints of a namespace, live, until :meth:`hide_pods`."""
        handle = self._hiding.pop(namespace, None)
        if handle is not None:
            handle.cancel()
        if namespace not in self._shown:
            self._shown.add(namespace)
            self._rights.look_now()
        for kind in SHOWN:
            self._readers.read(kind, namespace)
        self._tell()

    def hide_pods(self, namespace: str) -> None:
        """End what :meth:`show_pods` began, after a while."""
        if namespace not in self._hiding and namespace in self._shown:
            loop = asyncio.get_running_loop()
            self._hiding[namespace] = loop.call_later(LINGER, self._forget_pods, namespace)

    async def pods_once(self, namespace: str) -> list[Pod]:
        """All pods of a namespace, now; they are put into the snapshot too.

        Raises:
            Refused, Unreachable, NotAuthenticated: as it comes.
        """
        found = await once.list_all(self.transport, POD, namespace)
        if self._store.apply(POD, namespace, Replace(found)):
            self._tell()
        return [pod for pod in found if isinstance(pod, Pod)]

    async def fetch(self, kind: Kind, key: ObjectKey) -> KubeObject:
        """One object, as the API server has it now; the snapshot is not touched.

        Raises:
            NotFound, Refused, Unreachable, NotAuthenticated, ClusterError: as it comes.
        """
        return await once.fetch(self.transport, kind, key)

    async def zone_config(self) -> ZoneConfig:
        """How the zone is served, by the cluster's own Corefile where it may be read, else by CoreDNS's defaults.

        Read once; ``source`` says which of the two it was, and why.

        Raises:
            InputError: the cluster's Corefile cannot be understood.
            Unreachable, NotAuthenticated: it could not be asked for.
        """
        if self._zone_config is None:
            self._zone_config = (await once.zone_config(self.transport)).renamed(self._zone)
        return self._zone_config

    def default_zone(self, why: str) -> ZoneConfig:
        """CoreDNS's defaults, for who goes on without the cluster's Corefile; the domain is the user's all the same."""
        return ZoneConfig(source=f"CoreDNS defaults ({why})").renamed(self._zone)

    # -- scope -------------------------------------------------------------------------------------------------

    def _read_scope(self) -> None:
        if self._scope.all:
            self._readers.read(NAMESPACE, "")
        for kind in CORE:
            for namespace in self._scope.namespaces or ("",):
                self._readers.read(kind, namespace, self.selector if kind is SERVICE else "")
        self._named.name(self._scope.namespaces)

    def _narrow(self) -> None:
        """All namespaces were refused: read those that the user works in."""
        for kind in CORE:
            self._readers.stop(kind, "")
        self._scope = Scope(self._fallback, only=True)
        self._read_scope()

    def _widen(self) -> None:
        """All namespaces may be read after all; what was read of some of them stays until they have been."""
        for kind in CORE:
            for namespace in self._scope.namespaces:
                self._readers.stop(kind, namespace, forget=False)
        self._scope = Scope()
        self._read_scope()
        self._readers.retry_now()

    def _forget_pods(self, namespace: str) -> None:
        self._hiding.pop(namespace, None)
        self._shown.discard(namespace)
        for kind in SHOWN:
            self._readers.stop(kind, namespace)
        self._tell()

    # -- what is heard -----------------------------------------------------------------------------------------

    def _on_change(self, reader: Reader) -> None:
        reflector = reader.reflector
        if isinstance(reflector.state, Forbidden) and reflector.state.verb == "list":
            if reflector.kind in CORE and not reflector.namespace and self._scope.all:
                self._narrow()
            elif reflector.kind is not NAMESPACE or self._scope.all:  # else there is the one that was got by its name
                self._store.clear(reflector.kind, reflector.namespace)
        if reflector.kind is NAMESPACE:
            self._store.know_namespaces(reflector.synced)
        self._hear_of_rights(reflector)
        self._tell()

    def _hear_of_rights(self, reflector: Reflector) -> None:
        key, outcome = (reflector.kind.plural, reflector.namespace), type(reflector.state)
        before = self._outcomes.get(key)
        if before is not outcome and outcome is not Reading:
            self._outcomes[key] = outcome
            if not self._rights.known or Forbidden in (before, outcome):
                self._rights.look_now()

    def _on_rights(self, granted: frozenset[Need]) -> None:
        readable = newly_readable(granted)
        if self._scope.only and {(kind.plural, "") for kind in CORE} <= self._rights.readable():
            self._widen()
        for reader in self._readers.all():
            if (reader.reflector.kind.plural, reader.reflector.namespace) in readable:
                reader.retry_now()
        if granted:
            self._named.look_now()
        self._tell()

    def _answered(self) -> None:
        if self._version != self.server_version:
            self._version = self.server_version
            self._tell()
        self._readers.answered(time.time())
        self._named.look_again()

    def _tell(self) -> None:
        self._loading.changed.set()
        self._subscribers.tell()
