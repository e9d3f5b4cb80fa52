"""Following a change through the layers: the driver of :mod:`kheadless_tui.probe.convergence`.

Each server has a stream of its own that stays open, an exec of ``nc`` as a rule, and is asked at a steady pace that
slows down with time. Nothing is written, and a layer that waits for a cache to run down is asked once a second.

A replica is asked for the names only once its serial has moved, so that no old answer is put into its cache by us. The
serial tells of any change, though. Where a name comes or goes with ours, as it does with every endpoint, that name is
asked for too until then, each time with another type that nobody uses: whether it is there is told past all caches.
Where none does and other changes come at the same time, the first question may leave the old answer in the cache for
its TTL, which the timeline tells as such.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kheadless_tui.errors import ClusterError, Unreachable
from kheadless_tui.probe.carriers.stream import ByteStream, OpenStream, exec_stream
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.standing import OpenPlace
from kheadless_tui.probe.comparison.changes import ExpectedChange, change_between, difference
from kheadless_tui.probe.convergence import APPLICATION, SERIAL, Convergence, Timeline
from kheadless_tui.probe.inquiring.dnsmessage import Conversation, Reply
from kheadless_tui.probe.inquiring.lines import lines_from_place
from kheadless_tui.probe.inquiring.pace import Pace
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.matrix.layers import KUBE_DNS, REPLICA, Layer
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.resolver.resolver_files import read_getent
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Answer, Question

INTERVAL = 0.2
"""Seconds between two rounds of questions to one layer, at first."""
SLOWER = ((5.0, INTERVAL), (30.0, 0.5), (float("inf"), 1.0))
"""Until so many seconds after the change a layer is asked at this interval."""
MOST_WAITS = 10
"""Times the wait for all layers that changes upon changes (a rollout, a pod that flaps) can make of it."""
APPLICATION_INTERVAL = 0.5
"""Seconds at least between two runs of getent, each an exec of its own."""
REPLY_TIMEOUT = 1.0
"""Seconds to wait for the replies of one round."""
UNUSED_TYPES = range(65_280, 65_535)
"""For private use (RFC 6895 section 3.1); they come round after some 50 s, when no cache has them any more."""
GETENT_TIMEOUT = 10.0
"""Seconds for one run of getent."""
_SERIAL = 2
"""Place of the serial in the data of an SOA."""

OnTimeline = Callable[[Timeline], None]


class Line:
    """A stream to one server that is asked again and again; it is opened anew when the server has closed it."""

    def __init__(self, open_stream: OpenStream, server: str, vantage: str) -> None:
        self._open = open_stream
        self._server = server
        self._vantage = vantage
        self._stack = contextlib.AsyncExitStack()
        self._stream: ByteStream | None = None
        self._talk = Conversation()

    async def ask(self, questions: Sequence[Question], *, aside: bool = False) -> list[Observation]:
        """One round; a question without a reply within the time is told as such.

        Args:
            questions: What is asked, all at once.
            aside: Leave the replies that caches keep for clients as they are
                (:attr:`kheadless_tui.probe.server.Manner.aside`).
        """
        replies: dict[Question, tuple[Reply, float]] = {}
        started, began, error = time.time(), time.monotonic(), ""
        for last in (False, True):
            try:
                async with asyncio.timeout(REPLY_TIMEOUT):
                    await self._round([q for q in questions if q not in replies], aside, replies, began)
                break
            except TimeoutError:
                error = f"no reply within {REPLY_TIMEOUT:g} s"
                await self.close()
                break
            except ClusterError as failure:  # the server closes a connection after so many questions
                error = failure.message
                await self.close()
                if last:
                    break
        return [self._observed(question, replies.get(question), error, started) for question in questions]

    async def _round(
        self,
        questions: Sequence[Question],
        aside: bool,
        replies: dict[Question, tuple[Reply, float]],
        began: float,
    ) -> None:
        if self._stream is None:
            self._talk = Conversation()
            self._stream = await self._stack.enter_async_context(self._open())
        batch = bytearray()
        for question in questions:
            batch += self._talk.ask(question, aside=aside)
        await self._stream.send(bytes(batch))
        while self._talk.waiting:
            data = await self._stream.receive()
            if data is None:
                raise Unreachable(self._stream.ending() or "the server closed the connection")
            for reply in self._talk.feed(data):
                replies[reply.question] = reply, (time.monotonic() - began) * 1000

    def _observed(
        self, question: Question, heard: tuple[Reply, float] | None, error: str, started: float
    ) -> Observation:
        if heard is None:
            return Observation(self._vantage, self._server, "tcp", question, error=error or "no reply", started=started)
        reply, ms = heard
        return Observation(
            self._vantage,
            self._server,
            "tcp",
            question,
            reply.rcode,
            reply.flags,
            reply.answer,
            reply.authority,
            reply.additional,
            ms,
            started=started,
        )

    async def close(self) -> None:
        """Close the stream; the next round opens another one."""
        self._stream = None
        with contextlib.suppress(ClusterError):
            await self._stack.aclose()


@dataclass(frozen=True, slots=True)
class Watched:
    """What the API says of one Service."""

    name: str
    """The Service's own name, absolute."""
    predict: Callable[[], Mapping[Question, Answer]]
    """The predicted answers to the questions of the Service, as of now."""
    changed: Callable[[], Awaitable[None]]
    """Returns when the API may have said something new since it was called last."""
    freshness: Freshness
    """The TTLs of replies that come from no cache."""


async def servers_of(place: OpenPlace, plan: ProbePlan, tool: str) -> list[Server]:
    """The servers of a plan, those that were only presumed and do not answer left out.

    Raises:
        ClusterError: no server is known to ask.
    """
    lines = lines_from_place(place, plan, REPLY_TIMEOUT, Pace()).lines
    found = []
    for server in dict.fromkeys(line.server for line in lines):
        if server.presumed:
            stream = exec_stream(place.transport, place.permit, place.target, tool, server)
            line = Line(stream, str(server), place.vantage.name)
            seen = await line.ask([Question(f"kheadless-{secrets.token_hex(6)}.", "A")], aside=True)
            await line.close()
            if seen[0].error:
                continue
        found.append(server)
    return found


class Following:
    """One run: it waits for a change and follows it until every layer has it."""

    def __init__(
        self,
        place: OpenPlace,
        tool: str,
        servers: Sequence[Server],
        watched: Watched,
        *,
        application: bool,
        on_timeline: OnTimeline = lambda _: None,
    ) -> None:
        """Take the place and the layers.

        Args:
            place: Where from.
            tool: The program in it that carries whole messages.
            servers: In the order of the layers.
            watched: What the API says.
            application: The container has getent, which is asked too.
            on_timeline: Called after each reply.
        """
        self._place = place
        self._watched = watched
        self._on_timeline = on_timeline
        self._lines: dict[Layer, Line] = {}
        for server in servers:
            stream = exec_stream(place.transport, place.permit, place.target, tool, server)
            self._lines[Layer.of(server)] = Line(stream, str(server), place.vantage.name)
        layers = sorted(self._lines, key=lambda layer: (layer.kind != REPLICA, layer.kind != KUBE_DNS))
        if application:
            layers.append(Layer(f"{place.target}, getent", APPLICATION, f"{place.target}, getent"))
        self._layers = layers
        self._types = {layer: itertools.cycle(UNUSED_TYPES) for layer in layers}
        self.convergence = Convergence(layers, interval=INTERVAL * 1000)
        self._known = watched.predict()
        self._began = asyncio.Event()
        self._done = asyncio.Event()

    async def run(self, patience: float, timeout: float) -> Timeline | None:
        """Wait for a change, and then for all layers.

        Args:
            patience: Seconds to wait for the change.
            timeout: Seconds from the last change on until all must have it.

        Returns:
            How far it came; ``None`` when nothing changed.

        Raises:
            ClusterError: nothing can be run in the container.
        """
        async with self._closing():
            await self._baselines()
            await self._check_now()
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(self._watch())]
                    tasks += [group.create_task(self._follow(layer)) for layer in self._layers]
                    await self._wait(patience, timeout)
                    for task in tasks:
                        task.cancel()
            except ExceptionGroup as failures:
                raise failures.exceptions[0] from None
        return self.convergence.timeline()

    @asynccontextmanager
    async def _closing(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.gather(*(line.close() for line in self._lines.values()))

    async def _wait(self, patience: float, timeout: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._began.wait()
        if not self._began.is_set():
            return
        last = time.monotonic() + timeout * MOST_WAITS
        while not self._done.is_set() and (left := min(last, self._since + timeout) - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._done.wait()

    async def _baselines(self) -> None:
        """The serial of each replica before the change; the streams are open from then on."""

        async def one(layer: Layer) -> None:
            serial = _serial(await self._lines[layer].ask([self._unheard()]))
            if serial:
                self.convergence.baseline(layer, serial)

        await asyncio.gather(*(one(layer) for layer in self._lines if layer.kind in (REPLICA, KUBE_DNS)))

    async def _check_now(self) -> None:
        """Begin at once when some server does not say today what it must.

        It is asked so that nothing is put into what caches keep for clients; a reply that comes from a cache all the
        same was put there by an earlier run of ours, and says nothing.
        """
        questions = [Question(self._watched.name, rdtype) for rdtype in ("A", "AAAA")]
        asked = [self._lines[layer].ask(questions, aside=True) for layer in self._layers if layer in self._lines]
        for replies in await asyncio.gather(*asked):
            fresh = [seen for seen in replies if self._watched.freshness.left(seen, 0.0) is None]
            change = difference(self._watched.name, fresh, self._known)
            if change is not None and not self._began.is_set():
                self._begin(change, "already there when this began")

    def _unheard(self) -> Question:
        """A name that nobody has asked for: its denial comes from no cache."""
        return Question(f"kheadless-{secrets.token_hex(6)}.{self._watched.name}", "A")

    async def _watch(self) -> None:
        while True:
            await self._watched.changed()
            now = self._watched.predict()
            change = change_between(self._known, now, self._watched.name)
            self._known = now
            if change is not None:
                self._begin(change, "watch event")

    def _begin(self, change: ExpectedChange, note: str) -> None:
        self.convergence.begin(change, now=time.monotonic(), at=time.time(), note=note)
        self._since = time.monotonic()
        self._began.set()
        self._tell()

    def _tell(self) -> None:
        timeline = self.convergence.timeline()
        if timeline is not None:
            self._on_timeline(timeline)
            if timeline.done:
                self._done.set()

    async def _follow(self, layer: Layer) -> None:
        await self._began.wait()
        while True:
            began = time.monotonic()
            if layer in self._lines:
                await self._ask(layer)
            elif self.convergence.next(layer, began):
                await self._getent(layer)
            self._tell()
            interval = next(each for until, each in SLOWER if began - self._since < until)
            if layer.kind == APPLICATION:
                interval = max(interval, APPLICATION_INTERVAL)
            await asyncio.sleep(max(0.02, interval - (time.monotonic() - began)))

    async def _ask(self, layer: Layer) -> None:
        what, line = self.convergence.next(layer, time.monotonic()), self._lines[layer]
        if what == SERIAL:
            witness = self.convergence.change.witness if self.convergence.change is not None else None
            beside = [] if witness is None else [Question(witness[0], f"TYPE{next(self._types[layer])}")]
            unheard, *told = await line.ask([self._unheard(), *beside])
            if all(witness is not None and (seen.rcode == "NOERROR") == witness[1] for seen in told):
                self.convergence.serial(layer, _serial([unheard]), time.monotonic())
        elif what and self.convergence.change is not None:
            replies = await line.ask(self.convergence.change.questions)
            self.convergence.told(layer, replies, time.monotonic())
            if layer.kind == KUBE_DNS:  # one connection leads to one replica for good: the next round meets another
                await line.close()

    async def _getent(self, layer: Layer) -> None:
        name = self._watched.name
        result = await self._place.run(("getent", "ahosts", name), timeout=GETENT_TIMEOUT)
        found = read_getent(result, 0.0)
        if not found.error:
            self.convergence.told_addresses(layer, name, frozenset(found.addresses), time.monotonic())


def _serial(replies: Sequence[Observation]) -> int:
    """The serial of the SOA that came with a denial; 0 without one."""
    for seen in replies:
        for record in seen.authority:
            words = record.data.split()
            if record.type == "SOA" and len(words) > _SERIAL and words[_SERIAL].isdigit():
                return int(words[_SERIAL])
    return 0
