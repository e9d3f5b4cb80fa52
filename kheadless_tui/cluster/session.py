"""One live look at one cluster: the readers of a scope, the store they fill, and what all of it has come to."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from functools import partial

from kheadless_tui.cluster import once
from kheadless_tui.cluster.connection import Connection
from kheadless_tui.cluster.heartbeat import Heartbeat, Pulse
from kheadless_tui.cluster.link import worst_of
from kheadless_tui.cluster.listwatch import Put, Replace
from kheadless_tui.cluster.loading import all_loaded
from kheadless_tui.cluster.reader import Reader
from kheadless_tui.cluster.reflector import Reflector
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Reading, ReadState, Scope
from kheadless_tui.cluster.store import Store
from kheadless_tui.cluster.tasks import Tasks
from kheadless_tui.cluster.transport import Transport
from kheadless_tui.errors import ClusterError, NotFound, Refused, Unreachable
from kheadless_tui.model.kinds import ENDPOINT_SLICE, ENDPOINTS, NAMESPACE, POD, SERVICE, STATEFUL_SET, Kind
from kheadless_tui.model.objects import KubeObject, ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod
from kheadless_tui.zone.config import ZoneConfig

CORE = (SERVICE, ENDPOINT_SLICE)
"""What records are predicted from; nothing is loaded before these are."""

SHOWN = (POD, STATEFUL_SET, ENDPOINTS)
"""What is read of a namespace while its pods are shown."""

LINGER = 30.0
"""Seconds for which a namespace's pods are still read after they were hidden: who goes back sees them at once."""

CLOSING = 0.15
"""Seconds that closing waits for what is under way."""

ReadKey = tuple[str, str]
"""Plural and namespace; an empty namespace means all."""


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
        fallback_namespace: str | None = None,
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
            fallback_namespace: Read instead of all, if all is refused; by default the context's namespace.
            pulse: How soon a server that has fallen silent is noticed.
            served: How the zone is served, where the user says so; else the cluster is asked.
            zone: The cluster's domain, in place of what is said there.
        """
        self.connection = connection
        self.readonly = readonly
        self.selector = selector
        self.transport: Transport = None  # type: ignore[assignment]  # made by start(), in the loop
        self._request_timeout = connection.request_timeout if request_timeout is None else request_timeout
        self._fallback = fallback_namespace or connection.namespace
        self._scope = Scope(namespaces)
        self._pulse = pulse or Pulse()
        self._store = Store()
        self._readers: dict[ReadKey, Reader] = {}
        self._named: dict[str, ReadState] = {}
        self._missing: NotFound | None = None
        self._subscribers: dict[object, Callable[[], None]] = {}
        self._told = False
        self._changed = asyncio.Event()
        self._tasks = Tasks()
        self._hiding: dict[str, asyncio.TimerHandle] = {}
        self._heartbeat: Heartbeat | None = None
        self._zone_config = served.renamed(zone) if served is not None else None
        self._zone = zone
        self._closed = False
        self._version: str | None = None

    # -- life --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to read, in the running loop; returns at once. A second call does nothing."""
        if self._heartbeat is not None:
            return
        self.transport = Transport(self.connection, request_timeout=self._request_timeout)
        self._heartbeat = Heartbeat(
            self.transport,
            last_heard=lambda: max((reader.last_heard for reader in self._readers.values()), default=0.0),
            answered=self._answered,
            silent=self._silent,
            pulse=self._pulse,
        )
        self._read_scope()
        self._tasks.spawn(self._heartbeat.run(), "heartbeat")

    async def close(self) -> None:
        """Stop everything and close all connections, within a fifth of a second whatever is under way."""
        self._closed = True
        self._subscribers.clear()
        for handle in self._hiding.values():
            handle.cancel()
        for reader in self._readers.values():
            if (task := reader.stop()) is not None:
                self._tasks.keep(task)
        self._readers.clear()
        self._tasks.cancel()
        if self.transport is not None:
            # Before the tasks have had their turn to end: connections are aborted, not said goodbye to over TLS, which
            # a server that hangs would not answer.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self.transport.close()
        await self._tasks.ended(CLOSING)

    async def loaded(self, timeout: float) -> None:
        """Wait until Services and EndpointSlices of the scope have been listed once.

        Args:
            timeout: Seconds without any progress; a big cluster takes longer and is waited for. 0 for no limit.

        Raises:
            Unreachable, Refused, NotAuthenticated: the one that keeps it from being so.
            NotFound: a namespace of the scope does not exist.
        """
        loop = asyncio.get_running_loop()
        while not self._is_loaded():
            self._changed.clear()
            before, began = self._progress(), loop.time()
            with contextlib.suppress(TimeoutError):
                # A second more than a request may take: its own error says more than ours.
                async with asyncio.timeout(timeout + 1 if timeout else None):
                    while before == self._progress() and not self._is_loaded():
                        await self._changed.wait()
                        self._changed.clear()
            if timeout and before == self._progress() and loop.time() - began >= timeout and not self._is_loaded():
                raise self._why_not_loaded(timeout)

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
        named = {(NAMESPACE.plural, name): state for name, state in self._named.items()}
        return {**named, **{key: reader.reflector.state for key, reader in self._readers.items()}}

    @property
    def link(self) -> ReadState:
        """What the connection has come to, in one state: the worst of what records depend on."""
        return worst_of([reader.reflector.state for reader in self._core()], time.time())

    @property
    def server_version(self) -> str | None:
        """The API server's version, ``v1.34.1``; ``None`` until it is known."""
        return self._heartbeat.server_version if self._heartbeat else None

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have a function called in the loop after snapshot, reads or link have changed.

        It is called at most once for each turn of the loop; to draw less often is its own business.

        Returns:
            A function that ends it.
        """
        token = object()
        self._subscribers[token] = callback
        return lambda: self._subscribers.pop(token, None) and None

    def retry_now(self) -> None:
        """Try at once whatever waits for its next attempt: offline, refused or not logged in."""
        self.connection.credentials.forget_failure()
        for reader in list(self._readers.values()):
            reader.retry_now()
        self._read_named()

    # -- pods of what is shown ---------------------------------------------------------------------------------

    def show_pods(self, namespace: str) -> None:
        """Read pods, StatefulSets and Endpoints of a namespace, live, until :meth:`hide_pods`."""
        handle = self._hiding.pop(namespace, None)
        if handle is not None:
            handle.cancel()
        for kind in SHOWN:
            if (kind.plural, namespace) not in self._readers:
                self._read(kind, namespace)
        self._tell()

    def hide_pods(self, namespace: str) -> None:
        """End what :meth:`show_pods` began, after a while."""
        if namespace not in self._hiding and (POD.plural, namespace) in self._readers:
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

    # -- readers -----------------------------------------------------------------------------------------------

    def _read_scope(self) -> None:
        if self._scope.all:
            self._read(NAMESPACE, "")
        for kind in CORE:
            for namespace in self._scope.namespaces or ("",):
                self._read(kind, namespace, self.selector if kind is SERVICE else "")
        self._read_named()

    def _read(self, kind: Kind, namespace: str, selector: str = "") -> None:
        reflector = Reflector(kind, namespace, now=time.time(), label_selector=selector)
        reader = Reader(self.transport, reflector, partial(self._store.apply, kind, namespace), self._on_change)
        self._readers[kind.plural, namespace] = reader
        reader.start()

    def _stop(self, kind: Kind, namespace: str) -> None:
        reader = self._readers.pop((kind.plural, namespace), None)
        task = reader.stop() if reader else None
        if task is not None:
            self._tasks.keep(task)
        self._store.clear(kind, namespace)

    def _core(self) -> list[Reader]:
        plurals = {kind.plural for kind in CORE}
        return [reader for (plural, _), reader in self._readers.items() if plural in plurals]

    def _on_change(self, reader: Reader) -> None:
        reflector = reader.reflector
        if self._readers.get((reflector.kind.plural, reflector.namespace)) is not reader:
            return  # one that is being stopped
        if isinstance(reflector.state, Forbidden) and reflector.state.verb == "list":
            if reflector.kind in CORE and not reflector.namespace and self._scope.all:
                self._narrow()
            elif reflector.kind is not NAMESPACE or self._scope.all:  # else there is the one that was got by its name
                self._store.clear(reflector.kind, reflector.namespace)
        if reflector.kind is NAMESPACE:
            self._store.know_namespaces(reflector.synced)
        self._tell()

    def _narrow(self) -> None:
        """All namespaces were refused: read the one that the user works in."""
        for kind in CORE:
            self._stop(kind, "")
        self._scope = Scope((self._fallback,), only=True)
        for kind in CORE:
            self._read(kind, self._fallback, self.selector if kind is SERVICE else "")
        self._read_named()

    def _forget_pods(self, namespace: str) -> None:
        self._hiding.pop(namespace, None)
        for kind in SHOWN:
            self._stop(kind, namespace)
        self._tell()

    # -- namespaces by name ------------------------------------------------------------------------------------

    def _read_named(self) -> None:
        for name in self._scope.namespaces:
            if not isinstance(self._named.get(name), (Reading, Live)):
                self._named[name] = Reading(0, time.time())
                self._tasks.spawn(self._read_namespace(name), f"get namespace {name}")

    async def _read_namespace(self, name: str) -> None:
        try:
            found = await self.fetch(NAMESPACE, ObjectKey("", name))
        except NotFound:
            self._named[name] = Live(time.time())
            # One that we fell back to was not named by the user: then its emptiness is all there is to say.
            if not self._scope.only:
                self._missing = NotFound(f"there is no namespace {name!r}", hint="kubectl get namespaces")
        except Refused as error:
            self._named[name] = Forbidden("get", NAMESPACE.plural, name, error.message)
        except ClusterError as error:
            # The readers of this namespace fail in the same way, and theirs is the state that is shown.
            self._named[name] = Offline(time.time(), time.time(), error.message)
        else:
            self._store.apply(NAMESPACE, "", Put((found,)))
            self._named[name] = Live(time.time())
        self._tell()

    # -- loaded ------------------------------------------------------------------------------------------------

    def _is_loaded(self) -> bool:
        if self._heartbeat is None:
            return False  # not started: of nothing at all it could be said that it has been read
        if self._missing is not None:
            raise self._missing
        others: list[ReadState] = list(self._named.values())
        namespaces = self._readers.get((NAMESPACE.plural, ""))
        if namespaces is not None:
            others.append(namespaces.reflector.state)
        return all_loaded([reader.reflector for reader in self._core()], others, self._scope)

    def _progress(self) -> object:
        """Something that differs when more has been read; answers that refuse are no progress."""
        return [(reader.received, reader.reflector.synced) for reader in self._readers.values()]

    def _why_not_loaded(self, timeout: float) -> ClusterError:
        for reader in self._core():
            if reader.reflector.failure is not None:
                return reader.reflector.failure
        return Unreachable(
            f"no answer from {self.connection.server} in {timeout:g} s", hint="--request-timeout waits longer"
        )

    # -- heartbeat ---------------------------------------------------------------------------------------------

    def _answered(self) -> None:
        now = time.time()
        if self._version != self.server_version:
            self._version = self.server_version
            self._tell()
        for reader in self._readers.values():
            reader.reflector.alive(now)
            if isinstance(reader.reflector.state, Offline) and not reader.reflector.failure_may_pass:
                reader.retry_now()
        if any(isinstance(state, Offline) for state in self._named.values()):
            self._read_named()

    def _silent(self, error: Unreachable, asked: float) -> None:
        for reader in self._readers.values():
            if reader.last_heard < asked:
                reader.lost(error)

    # -- telling -----------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Tell subscribers, once for however many changes this turn of the loop brings."""
        self._changed.set()
        if not self._told and not self._closed:
            self._told = True
            asyncio.get_running_loop().call_soon(self._tell_now)

    def _tell_now(self) -> None:
        self._told = False
        for callback in list(self._subscribers.values()):
            callback()
