"""The lab: a cluster in this process, its kubeconfigs, and the levers that tests and lessons pull."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from kheadless_tui.lab.api.http_server import HttpServer
from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.api.request.managed_fields import Manager as FieldManager
from kheadless_tui.lab.api.server import HTTP_LOG, ApiServer
from kheadless_tui.lab.api.streaming.streams import Streams
from kheadless_tui.lab.controllers.deployments import DeploymentController
from kheadless_tui.lab.controllers.endpointslices import EndpointSliceController
from kheadless_tui.lab.controllers.events import TTL_SECONDS, Events
from kheadless_tui.lab.controllers.garbage import GarbageCollector
from kheadless_tui.lab.controllers.kubelet import Kubelet
from kheadless_tui.lab.controllers.manager import Manager
from kheadless_tui.lab.controllers.mirroring import MirroringController
from kheadless_tui.lab.controllers.namespace_contents import NamespaceContents
from kheadless_tui.lab.controllers.namespaces import NamespaceController
from kheadless_tui.lab.controllers.replicasets import ReplicaSetController
from kheadless_tui.lab.controllers.scheduler import OrphanedPods, Scheduler
from kheadless_tui.lab.controllers.statefulset import StatefulSetController
from kheadless_tui.lab.controllers.volume_claims import VolumeClaims
from kheadless_tui.lab.dns.cluster_dns import ClusterDns
from kheadless_tui.lab.door.dns_outside import OutsideDns
from kheadless_tui.lab.door.door import HOST, Door, cannot_start
from kheadless_tui.lab.objects import roles
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.resources import BY_KIND, STATEFUL_SETS, Resource
from kheadless_tui.lab.objects.rights import Rights
from kheadless_tui.lab.objects.store import Object, Store, clone
from kheadless_tui.lab.pods.network import Network
from kheadless_tui.lab.pods.running.containers import Containers
from kheadless_tui.lab.pods.running.runtime import Runtime
from kheadless_tui.lab.worlds import world as worlds

MAX_HEAD = 1024 * 1024
"""Bytes of a line of a request's head (net/http DefaultMaxHeaderBytes)."""
CLOSE_SECONDS = 0.5
"""For open requests to end when the lab closes."""


class Lab:
    """A running cluster; use :meth:`start`."""

    def __init__(self, door: Door, *, world: str = "demo", speed: float = 1.0) -> None:
        """Build it; that takes a while and needs no event loop.

        Args:
            door: How clients get in.
            world: What is in it: ``demo``, ``tutorials`` or ``empty``.
            speed: Lab seconds to a real second; tests take a great one.

        Raises:
            ValueError: there is no such world, or the speed is not positive.
        """
        self._door = door
        age = max(part.age for part in worlds.WORLDS.get(world, (worlds.CLUSTER,)))
        self.clock = Clock(start=time.time() - age, speed=speed)
        self.store = Store(self.clock)
        self.rights = Rights(self.store)
        roles.put_into(self.store)
        self._objects = Objects(self.store, self.clock)
        self.dns = ClusterDns(self.store, self.clock)
        self.network = Network(self.store, self.dns)
        self._outside = OutsideDns(self.network)
        self._runtime = Runtime(self.network, self.clock)
        events = Events(self.store, self._objects, self.clock)
        events.since = time.time() - TTL_SECONDS
        self._kubelet = Kubelet(self.store, self._objects, self.clock, events)
        Manager(
            self.store,
            self.clock,
            [
                Scheduler(self.store, self._objects, self.clock, events),
                self._kubelet,
                DeploymentController(self.store, self._objects, self.clock, events),
                ReplicaSetController(self.store, self._objects, events),
                StatefulSetController(self.store, self._objects, events),
                OrphanedPods(self.store, self._objects, self.clock),
                EndpointSliceController(self.store, self._objects, self.clock),
                MirroringController(self.store, self._objects),
                VolumeClaims(self.store, self._objects, self.clock, events),
                NamespaceController(self.store, self._objects),
                NamespaceContents(self.store, self._objects, door.authority.decode()),
                GarbageCollector(self.store, self._objects),
            ],
        )
        self._containers = self._kubelet.launcher = Containers(self._runtime)
        streams = Streams(self.store, self.clock, self._runtime, self.network, self._containers)
        self.api_server = ApiServer(self.store, self._objects, self.clock, self.rights, streams, door.tokens)
        self._runner: web.ServerRunner | None = None
        worlds.load(world, self.store, self._objects, self.clock)
        if world == "demo":
            worlds.keep_changing(self.clock, self.scale, self.set_ready)

    @classmethod
    @asynccontextmanager
    async def start(cls, *, world: str = "demo", speed: float = 1.0, driven: bool = False) -> AsyncIterator[Lab]:
        """A lab that serves until the block is left; then nothing of it remains.

        Args:
            world: As of :class:`Lab`.
            speed: As of :class:`Lab`.
            driven: Whether time stands still but for ``clock.drive``.

        Raises:
            ValueError: there is no such world, or the speed is not positive.
            ClusterError: this machine lacks a port or a folder for it.
        """
        with Door.open() as door:
            async with cls(door, world=world, speed=speed).serving(driven=driven) as lab:
                yield lab

    @asynccontextmanager
    async def serving(self, *, driven: bool = False) -> AsyncIterator[Lab]:
        """Serve until the block is left.

        Args:
            driven: As of :meth:`start`.

        Raises:
            ClusterError: no port is free.
        """
        try:
            try:
                await self._listen()
                await self._outside.open(HOST)
            except OSError as error:
                raise cannot_start(error) from error
            if not driven:
                self.clock.start()
            yield self
        finally:
            await self._close()

    # -- the way in --------------------------------------------------------------------------------------------

    @property
    def server(self) -> str:
        """The API server's address."""
        return self._door.server

    @property
    def dns_port(self) -> int:
        """The port on loopback, of UDP and TCP, that leads to kube-dns."""
        return self._outside.port

    @property
    def kubeconfig(self) -> str:
        """Path of the administrator's kubeconfig."""
        return self.kubeconfig_of("admin")

    def kubeconfig_of(self, user: str) -> str:
        """Path of a user's kubeconfig: ``admin``, ``viewer``, ``namespaced`` or ``nobody``."""
        return self._door.kubeconfig_of(user)

    @property
    def certificate(self) -> str:
        """Path of the certificate that the API server shows, which is its own CA."""
        return self._door.certificate

    def token_of(self, user: str) -> str:
        """A user's bearer token."""
        return self._door.token_of(user)

    # -- levers: objects ---------------------------------------------------------------------------------------

    def apply(self, manifest: str | Object, namespace: str = "default") -> list[Object]:
        """Create or replace objects, from a text of YAML or from one object.

        Raises:
            InputError: the text cannot be read.
            ApiFailure: the API server would refuse it.
        """
        items = [clone(manifest)] if isinstance(manifest, dict) else list(worlds.documents(manifest, "manifest"))
        return [worlds.apply(self.store, self._objects, item, namespace) for item in items]

    def get(self, kind: str, namespace: str, name: str) -> Object:
        """An object as it is now.

        Raises:
            ApiFailure: 404.
        """
        return self.store.get(_resource(kind), namespace, name)

    def all(self, kind: str, namespace: str = "") -> list[Object]:
        """The objects of a kind."""
        return self.store.all(_resource(kind), namespace)

    def delete(self, kind: str, namespace: str, name: str, *, grace: int | None = None) -> None:
        """Delete an object.

        Raises:
            ApiFailure: 404.
        """
        options = {} if grace is None else {"gracePeriodSeconds": grace}
        self._objects.delete(_resource(kind), namespace, name, options)

    def change(
        self, kind: str, namespace: str, name: str, edit: Callable[[Object], None], *, by: str | None = None
    ) -> Object:
        """Change an object in place, whatever in it.

        Args:
            kind: What it is.
            namespace: Where.
            name: Which.
            edit: Does it.
            by: Whom ``managedFields`` names for it; nobody by default.

        Raises:
            ApiFailure: 404.
        """
        manager = FieldManager(by) if by is not None else None
        return self._objects.change(_resource(kind), namespace, name, edit, manager=manager)

    def scale(self, namespace: str, stateful_set: str, replicas: int) -> None:
        """Change the number of a StatefulSet's pods.

        Raises:
            ApiFailure: 404.
        """

        def edit(item: Object) -> None:
            item["spec"]["replicas"] = replicas

        self._objects.change(STATEFUL_SETS, namespace, stateful_set, edit)

    def set_ready(self, namespace: str, pod: str, ready: bool | None) -> None:
        """What a pod's readiness probe answers from now on; ``None`` lets it be as it was.

        Raises:
            ApiFailure: 404.
        """
        self._kubelet.hold_readiness(namespace, pod, ready=ready)

    # -- levers: the API server --------------------------------------------------------------------------------

    def forbid(self, verb: str, resource: str, namespace: str = "") -> None:
        """Take a right away from everybody; ``*`` stands for any verb or resource."""
        self.rights.forbid(verb, resource, namespace)

    def allow_again(self) -> None:
        """Give back all rights that were taken."""
        self.rights.allow_again()

    def close_watches(self) -> None:
        """End every open watch without a word."""
        self.api_server.close_watches()

    def expire_watches(self) -> None:
        """End every open watch with 410, and let none resume at an older version."""
        self.api_server.expire_watches()

    def slow(self, seconds: float) -> None:
        """Hold every answer back for so much real time; 0 ends it."""
        self.api_server.delay = seconds

    def hang(self) -> None:
        """Accept connections and answer nothing, until :meth:`go_on`."""
        if self.api_server.hanging is None:
            self.api_server.hanging = asyncio.Event()

    def go_on(self) -> None:
        """Answer again."""
        hanging, self.api_server.hanging = self.api_server.hanging, None
        if hanging is not None:
            hanging.set()

    def renew_token(self, user: str) -> str:
        """Give a user another token and write the kubeconfig anew; the old one is answered with 401 from now on."""
        return self._door.renew_token(user)

    async def go_offline(self) -> None:
        """Cut all connections and refuse new ones, until :meth:`come_back`."""
        await self._stop_listening()

    async def come_back(self) -> None:
        """Listen again, at the same address."""
        if self._runner is None:
            await self._listen()

    # -- waiting -----------------------------------------------------------------------------------------------

    async def until(self, holds: Callable[[], bool], *, timeout: float = 5.0) -> None:
        """Wait until something is so in the store.

        Raises:
            TimeoutError: it has not become so in that much real time.
        """
        changed = asyncio.Event()
        unsubscribe = self.store.subscribe(lambda change: changed.set())
        try:
            async with asyncio.timeout(timeout):
                while not holds():
                    changed.clear()
                    await changed.wait()
        finally:
            unsubscribe()

    # -- inside ------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        runner = web.ServerRunner(
            HttpServer(
                self.api_server.handle,
                access_log=None,
                logger=HTTP_LOG,
                max_line_size=MAX_HEAD,
                max_field_size=MAX_HEAD,
            ),
            shutdown_timeout=CLOSE_SECONDS,
        )
        await runner.setup()
        await web.SockSite(runner, self._door.take(), ssl_context=self._door.tls()).start()
        self._runner = runner

    async def _stop_listening(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        server = runner.server
        for connection in list(server.connections if server is not None else ()):
            connection.force_close()
            if connection.transport is not None:
                connection.transport.abort()
        await runner.cleanup()

    async def _close(self) -> None:
        self.go_on()
        self.clock.stop()
        self.close_watches()
        await self._containers.close()
        await self._outside.close()
        await self._stop_listening()


def _resource(kind: str) -> Resource:
    found = next((resource for (_, name), resource in BY_KIND.items() if name == kind), None)
    if found is None:
        raise ValueError(f"no kind is called {kind}")
    return found
