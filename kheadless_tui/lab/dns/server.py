"""CoreDNS in small: the server blocks of a Corefile, the cache in front, answers from ``zone``, what is forwarded."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.lab.dns.cache import Cache
from kheadless_tui.lab.dns.corefile_refusals import read, words
from kheadless_tui.lab.dns.message import Query, read_query, write_empty, write_reply, write_transfer
from kheadless_tui.lab.dns.upstream import Upstream
from kheadless_tui.lab.dns.view import View
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.zone.answering.cache import as_passed
from kheadless_tui.zone.record import Answer, Record
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.corefile import Corefile
from kheadless_tui.zone.serving.plugin_chain import zone_config
from kheadless_tui.zone.serving.server_keys import server_keys

DNS_PORT = 53
FORWARD_SECONDS = 5.0
"""Until forward gives up servers that say nothing (plugin/forward/forward.go defaultTimeout)."""
SHUFFLED = ("A", "AAAA", "MX")
"""Types whose records the plugin loadbalance shuffles."""
TRANSFERS = ("AXFR", "IXFR")
LOG_LINES = 500
"""Lines that are kept of what a server says."""


class Replying(Protocol):
    """A process that answers DNS messages."""

    @property
    def hanging(self) -> bool:
        """Whether it is there and says nothing, as a stopped process (SIGSTOP) does."""

    async def replies(self, wire: bytes, *, udp: bool, port: int = DNS_PORT) -> tuple[bytes, ...]:
        """The messages that a request is answered with; none when the client gets nothing."""


@dataclass(frozen=True, slots=True)
class Served:
    """The server blocks of one port."""

    config: ZoneConfig | None
    """How the cluster's zone is served; ``None`` without the kubernetes plugin."""
    forwards: bool
    shuffles: bool
    cache: Cache | None


def read_corefile(text: str, where: str, clock: Clock) -> dict[int, Served]:
    """What a Corefile serves, by port.

    Raises:
        InputError: CoreDNS would not start with it; the message is what it says.
    """
    corefile = read(text, where)
    by_port: dict[int, list[int]] = {}
    for number, block in enumerate(corefile.blocks):
        for key in server_keys(block, where):
            if key.transport == "dns" and number not in by_port.setdefault(key.port, []):
                by_port[key.port].append(number)
    try:
        return {port: _served(corefile, numbers, clock) for port, numbers in by_port.items()}
    except InputError as error:
        raise InputError(words(error)) from error


def _served(corefile: Corefile, numbers: list[int], clock: Clock) -> Served:
    blocks = tuple(corefile.blocks[number] for number in numbers)
    config = None
    if any(block.named("kubernetes") for block in blocks):
        config = zone_config(Corefile(corefile.where, blocks, corefile.notes), corefile.where, strict=True)
    bounds = config.cache if config is not None else None
    return Served(
        config,
        any(block.named("forward") for block in blocks),
        any(block.named("loadbalance") for block in blocks),
        Cache(clock, bounds) if bounds is not None else None,
    )


class CoreDns:
    """One CoreDNS process.

    Args:
        view: What it knows of the API.
        clock: Lab time.
        upstream: What it forwards to.
        seed: For the order of addresses, which changes with every answer.
    """

    def __init__(self, view: View, clock: Clock, upstream: Upstream, seed: int = 0) -> None:
        self.view = view
        self.lag = view.lag
        """Seconds behind the API when nothing is wrong."""
        self._clock = clock
        self._upstream = upstream
        self._random = random.Random(seed)  # noqa: S311 - the order of addresses is no secret
        self.serves: Mapping[int, Served] = {}
        self.hanging = False
        """A lever."""
        self.hangs_after: int | None = None
        """A lever: replies until it hangs."""
        self.cut_at: int | None = None
        """A lever: octets that get through over UDP; 0 for none, so that every reply is cut."""
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self.logged_at: deque[float] = deque(maxlen=LOG_LINES)
        """Lab time of each line of the log."""

    @property
    def config(self) -> ZoneConfig | None:
        """How it serves the cluster's zone."""
        served = self.serves.get(DNS_PORT)
        return served.config if served is not None else None

    @property
    def cache(self) -> Cache | None:
        """What it keeps on port 53."""
        served = self.serves.get(DNS_PORT)
        return served.cache if served is not None else None

    def note(self, line: str) -> None:
        """Say something in the log."""
        self.log.append(line)
        self.logged_at.append(self._clock.now())

    def forget_log(self) -> None:
        """A new process has a log of its own."""
        self.log.clear()
        self.logged_at.clear()

    async def replies(self, wire: bytes, *, udp: bool, port: int = DNS_PORT) -> tuple[bytes, ...]:
        """The messages that a request is answered with; none when the client gets nothing."""
        served = self.serves.get(port)
        if served is None or self.hanging:
            return ()
        if self.hangs_after is not None:
            self.hangs_after -= 1
            if self.hangs_after <= 0:
                self.hanging, self.hangs_after = True, None
        query = read_query(wire)
        if not isinstance(query, Query):
            return (query,) if query is not None else ()
        answer = await self._answer(query, served)
        if answer is None or answer.unsendable:
            return ()
        if answer.question.type in TRANSFERS and answer.rcode == "NOERROR":
            if not udp:
                return tuple(write_transfer(query, answer))
            answer = Answer(answer.question, "REFUSED", aa=False)
        if served.shuffles:
            answer = self._shuffled(answer)
        if udp and self.cut_at == 0:
            return (write_empty(query),)
        buffer = served.config.bufsize if served.config is not None else 0
        return (write_reply(query, answer, udp=udp, buffer=self.cut_at or buffer),)

    async def _answer(self, query: Query, served: Served) -> Answer | None:
        if served.cache is not None:
            kept = served.cache.find(query.question, query.checked)
            if kept is not None:
                return kept
        answer = None
        if served.config is not None:
            answer = resolve(
                self.view.snapshot, query.question, served.config, upstream=self._upstream.answer, explain=False
            )
        if answer is None or answer.fallthrough:
            answer = await self._forwarded(query, served)
        if served.cache is not None and not answer.unsendable:
            served.cache.keep(answer, query.checked)
        return answer

    async def _forwarded(self, query: Query, served: Served) -> Answer:
        if not served.forwards:
            return Answer(query.question, "SERVFAIL" if served.config is not None else "REFUSED", aa=False)
        answer = self._upstream.answer(query.question, internet=query.internet)
        if answer is None:
            await self._clock.sleep(FORWARD_SECONDS)
            return Answer(query.question, "SERVFAIL", aa=False)
        return as_passed(answer, served.config.cache if served.config is not None else None)

    def _shuffled(self, answer: Answer) -> Answer:
        return msgspec.structs.replace(
            answer, answer=self._moved(answer.answer), additional=self._moved(answer.additional)
        )

    def _moved(self, records: tuple[Record, ...]) -> tuple[Record, ...]:
        """As the plugin loadbalance does: aliases stay in front, addresses change places behind all others."""
        if len(records) < 2:
            return records
        aliases = [record for record in records if record.type == "CNAME"]
        moved = [record for record in records if record.type in SHUFFLED]
        others = [record for record in records if record.type != "CNAME" and record.type not in SHUFFLED]
        self._random.shuffle(moved)
        return (*aliases, *others, *moved)
