"""What is done from a place besides asking for records: a name's way, a connect to each endpoint, a change's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kheadless_tui.errors import ClusterError, NotFound
from kheadless_tui.model.kinds import POD
from kheadless_tui.model.objects import Meta, ObjectKey, Service
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.standing import OpenPlace
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.comparison.judging import predictions, service_questions
from kheadless_tui.probe.connecting import MOST_GOALS, connect_all, stream_tool
from kheadless_tui.probe.convergence import Timeline
from kheadless_tui.probe.converging import Following, Watched, servers_of
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.prober import REPLY_TIMEOUT, Progress
from kheadless_tui.probe.reachability import Goal, Reach, goals
from kheadless_tui.probe.resolver.resolver_path import ResolverPath
from kheadless_tui.probe.resolver.resolver_walk import walk_path
from kheadless_tui.tui.known.serving import ask_served
from kheadless_tui.tui.probing.asker import Asker
from kheadless_tui.zone.naming.names import absolute, service_name, unescaped
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.serving.dns_service import dns_service

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.zone.serving.config import ZoneConfig

PATIENCE = 600.0
"""Seconds to wait for a change of the API, and then for all layers; ``esc`` ends it before."""

Say = Callable[[str], None]


class Excursions:
    """Goes to a place on behalf of one Service; every way there is planned, confirmed and left as a probe's is."""

    def __init__(self, asker: Asker, session: ClusterSession, service: ObjectKey, say: Say) -> None:
        """Set up.

        Args:
            asker: Makes the probers.
            session: The cluster.
            service: For which Service; its own pods are preferred as a place.
            say: Told what is being done, in a few words.
        """
        self._asker = asker
        self._session = session
        self._key = service
        self._say = say
        self.place = ""
        """Name of the place that one is at, or was at last."""

    async def path(self, name: str) -> ResolverPath:
        """The way of a name, as a program in a pod would give it."""
        config = await self._config()
        async with self._open(config, [Question(absolute(unescaped(name)), "A")]) as (place, _):
            self._say(f"walking the way of {name}")
            snapshot = self._session.snapshot
            found = snapshot.service(dns_service(snapshot))
            nameserver = found.cluster_ips[0] if found is not None and found.cluster_ips else ""
            pod = await self._pod(place)
            return await walk_path(place, name, snapshot, config, pod, nameserver=nameserver, timeout=REPLY_TIMEOUT)

    async def connect(self, on_goals: Callable[[Sequence[Goal]], None], on_reach: Callable[[Reach], None]) -> None:
        """Connect to each port of each endpoint.

        Args:
            on_goals: Told what is going to be tried.
            on_reach: Told of each outcome as it comes.
        """
        config = await self._config()
        service = self._service()
        wanted = goals(self._session.snapshot, service, config)[:MOST_GOALS]
        on_goals(wanted)
        if not wanted:
            return
        questions = service_questions(self._session.snapshot, service, config)
        async with self._open(config, questions) as (place, plan):
            self._say(f"connecting from {place.vantage.name}")
            fresh = Freshness.of(config)
            await connect_all(place, wanted, server=plan.server, service=self._key, freshness=fresh, on_reach=on_reach)

    async def converge(self, on_timeline: Callable[[Timeline], None]) -> None:
        """Wait for a change of the Service's records, and follow it through every layer."""
        config = await self._config()
        questions = service_questions(self._session.snapshot, self._service(), config)
        async with self._open(config, questions, every_server=True) as (place, plan):
            tool = stream_tool(place)
            if tool is None:
                raise ClusterError(
                    f"{place.vantage.name} has no program that can hold a connection to a DNS server open.",
                    hint="v chooses another place: a pod with nc, socat, bash or python3, or a temporary one.",
                )
            changed = asyncio.Event()
            unsubscribe = self._session.subscribe(changed.set)
            try:
                servers = await servers_of(place, plan, tool)
                name = service_name(self._key, config.zone)
                watched = Watched(
                    name, lambda: self._predict(questions, config), _waiter(changed), Freshness.of(config)
                )
                application = "getent" in place.toolbox.tools
                following = Following(place, tool, servers, watched, application=application, on_timeline=on_timeline)
                self._say("waiting for a change: scale it, roll it out, or let a pod lose its readiness")
                await following.run(PATIENCE, PATIENCE)
            finally:
                unsubscribe()

    # -- the place ---------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _open(
        self, config: ZoneConfig, questions: Sequence[Question], *, every_server: bool = False
    ) -> AsyncIterator[tuple[OpenPlace, ProbePlan]]:
        prober = self._asker.prober(lambda waiting: self._say("waiting for your yes" if waiting else "going there"))
        spec = self._asker.vantage
        self._say(f"looking for a place to ask from ({spec})")
        plan = await prober.plan(
            parse_vantage(spec), self._key.namespace, questions, service=self._key, every_server=every_server
        )

        def progress(step: Progress) -> None:
            self._say(step.doing)

        async with prober.open(plan, progress) as place:
            self.place = place.vantage.name
            yield place, plan

    async def _config(self) -> ZoneConfig:
        return (await ask_served(self._session, again=True)).config

    def _service(self) -> Service:
        service = self._session.snapshot.service(self._key)
        if service is None:
            raise NotFound(f"There is no Service {self._key} any more.", hint="It was deleted.")
        return service

    def _predict(self, questions: Sequence[Question], config: ZoneConfig) -> Mapping[Question, Answer]:
        snapshot = self._session.snapshot
        service = snapshot.service(self._key)
        now = service_questions(snapshot, service, config) if service is not None else ()
        return predictions(snapshot, dict.fromkeys((*questions, *now)), config)

    async def _pod(self, place: OpenPlace) -> Pod:
        """The pod of the place, as far as it may be read: else any of its namespace with the default dnsPolicy."""
        key = ObjectKey(place.target.namespace, place.target.pod)
        known = self._session.snapshot.pod(key)
        if known is not None:
            return known
        try:
            found = await self._session.fetch(POD, key)
        except ClusterError:
            found = None
        return found if isinstance(found, Pod) else Pod(metadata=Meta(name=key.name, namespace=key.namespace))


def _waiter(changed: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        await changed.wait()
        changed.clear()

    return wait
