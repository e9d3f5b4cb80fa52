"""Each server of a matrix with all that it said, and the figures and words that findings quote. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from kheadless_tui.probe.comparison.canonical import same_name
from kheadless_tui.probe.comparison.compare import DIFFERING, EXTRA, MATCH, MISSING, STALE, WRONG
from kheadless_tui.probe.matrix.layers import KUBE_DNS, NODE_LOCAL, REPLICA, Column, Layer, Matrix
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Question

_SERIAL = 2
"""Place of the serial in an SOA's data: with CoreDNS the Unix time of the last change that this process saw."""
_FIRST_CHANGE = 1_402_000_000
"""Unix time before which there was no Kubernetes (June 2014)."""
_DAY = 86_400
"""Seconds by which two clocks may differ."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One server, with all that it said."""

    layer: Layer
    columns: Mapping[str, int]
    """The number of its column, by transport."""
    replies: tuple[Observation, ...]
    lines: frozenset[int]
    """The lines, by number, on which it differs."""

    @property
    def silent(self) -> bool:
        """It was asked, and not one reply came over any transport."""
        asked = [reply for reply in self.replies if not reply.unasked]
        return bool(asked) and all(reply.error for reply in asked)

    @property
    def right(self) -> bool:
        """It speaks, and differs nowhere."""
        return not self.lines and any(not reply.error for reply in self.replies)

    def serial(self, zones: Collection[str], now: float) -> int:
        """The Unix time of the last change that this CoreDNS knew, from the SOA of its denials; 0 without any.

        Args:
            zones: The cluster's zones, lower case; the SOA of another is not made of a change in the cluster. Empty
                when they are not known.
            now: Unix time of the probe; a serial that is no time before it, such as 2026010101, is no time at all.
        """
        records = [record for reply in self.replies for record in reply.authority if record.type == "SOA"]
        serials = [record.data.split()[_SERIAL] for record in records if not zones or same_name(record.name) in zones]
        times = [int(serial) for serial in serials if serial.isdigit()]
        return max((time for time in times if _FIRST_CHANGE <= time <= now + _DAY), default=0)


class Servers:
    """All servers of a matrix, in the order of its columns."""

    def __init__(self, matrix: Matrix, observations: Sequence[Observation], began: float = 0.0) -> None:
        self.matrix = matrix
        self._heard = {(seen.server, seen.transport, seen.question): seen for seen in observations}
        self.answerable = {(seen.transport, seen.question) for seen in self._heard.values() if not seen.error}
        """Questions that some server answered over a transport: who does not, is to blame itself."""
        self.began = began or min((seen.started for seen in observations if seen.started), default=0.0)
        """Unix time of the first question."""
        self.all = [self._asked(layer) for layer in dict.fromkeys(column.layer for column in matrix.columns)]

    def _asked(self, layer: Layer) -> Asked:
        columns = {c.transport: number for number, c in enumerate(self.matrix.columns) if c.layer == layer}
        lines = frozenset(
            number
            for number, line in enumerate(self.matrix.lines)
            if any((cell := line.cells[n]) is not None and cell.verdict in DIFFERING for n in columns.values())
        )
        replies = tuple(seen for (server, _, _), seen in self._heard.items() if server == layer.address)
        return Asked(layer, columns, replies, lines)

    @property
    def replies(self) -> Sequence[Observation]:
        """The last reply of each server to each question over each transport."""
        return tuple(self._heard.values())

    def of(self, kind: str) -> list[Asked]:
        """Those of one kind."""
        return [server for server in self.all if server.layer.kind == kind]

    def over(self, transport: str) -> list[Asked]:
        """Those that speak at all and were asked over a transport."""
        return [server for server in self.all if not server.silent and transport in server.columns]

    def silent_replicas(self, transport: str) -> list[Asked]:
        """The replicas that kube-dns leads to, and that gave no reply over a transport while some server did."""
        mine = [server for server in self.of(REPLICA) if transport in server.columns and server.layer.ready]
        return [server for server in mine if self.column(server, transport).silent and self._speaks(transport)]

    def _speaks(self, transport: str) -> bool:
        """Some server answered over a transport: what gets no reply over it is not the transport's fault."""
        return any(spoken == transport for spoken, _ in self.answerable)

    def column(self, server: Asked, transport: str) -> Column:
        """The column of a server that was asked over a transport."""
        return self.matrix.columns[server.columns[transport]]

    def odd_replies(self, server: Asked) -> list[Observation]:
        """The replies of a server that differ from the prediction, each over the transport over which it does.

        But for those in which nothing differs but TTLs, which many carriers do not tell: layer_corefile.py tells them.
        """
        found = []
        for transport, column in server.columns.items():
            cells = (self.matrix.lines[number].cells[column] for number in server.lines)
            odd = {
                cell.question for cell in cells if cell is not None and cell.verdict in DIFFERING and not cell.ttl_above
            }
            found += [seen for q in sorted(odd) if (seen := self._heard.get((server.layer.address, transport, q)))]
        return found

    def one_way(self, server: Asked, reply: Observation) -> bool:
        """The same server answers as predicted over its other transport, so that it is not the server who is wrong.

        kube-dns may lead to another replica there, and a cache may have fetched anew meanwhile: of them alone nothing
        follows. A replica has a cache, too: what was right before may have run down between the two questions.
        """
        others = [column for transport, column in server.columns.items() if transport != reply.transport]
        if server.layer.kind in (KUBE_DNS, NODE_LOCAL) and not self._all_one_way:
            return False
        if self.is_stale(server, reply):
            return False
        mine = [number for number in server.lines if self.matrix.lines[number].question == reply.question]
        cells = [self.matrix.lines[number].cells[column] for number in mine for column in others]
        return bool(cells) and all(cell is not None and cell.verdict == MATCH for cell in cells)

    @cached_property
    def changing(self) -> frozenset[Question]:
        """Questions to which some server still says what was right before."""
        return frozenset(
            line.question
            for line in self.matrix.lines
            if any(cell is not None and cell.verdict == STALE for cell in line.cells)
        )

    def is_stale(self, server: Asked, reply: Observation) -> bool:
        """All that a reply says otherwise was right before."""
        column = server.columns[reply.transport]
        mine = (self.matrix.lines[number] for number in server.lines)
        cells = [line.cells[column] for line in mine if line.question == reply.question]
        return {cell.verdict for cell in cells if cell is not None and cell.verdict in DIFFERING} == {STALE}

    @cached_property
    def _all_one_way(self) -> bool:
        """Some replica is odd in one way, which what stands before it then is as well."""
        return any(self.one_way(server, reply) for server in self.of(REPLICA) for reply in self.odd_replies(server))

    def answered(self, servers: Sequence[Asked]) -> str:
        """``kube-dns: 0 of 33 answered over UDP, 33 of 33 answered over TCP``, for the first few."""
        return "; ".join(
            f"{server.layer.title}: "
            + ", ".join(
                f"{column.answered} of {column.asked} answered over {column.transport.upper()}"
                for column in (self.matrix.columns[n] for n in server.columns.values())
            )
            for server in servers[:4]
        )

    def differing(self, server: Asked, replies: Sequence[Observation] | None = None) -> str:
        """``8 missing, 6 wrong``: the records that differ, by the worst of both transports.

        Args:
            server: Whose.
            replies: Only what these say otherwise; without them all.
        """
        counts: dict[str, int] = {}
        questions = None if replies is None else {reply.question for reply in replies}
        for number in server.lines:
            if questions is not None and self.matrix.lines[number].question not in questions:
                continue
            cells = [self.matrix.lines[number].cells[n] for n in server.columns.values()]
            found = {cell.verdict for cell in cells if cell is not None}
            verdict = next(each for each in (MISSING, WRONG, EXTRA, STALE, MATCH) if each in found)
            counts[verdict] = counts.get(verdict, 0) + 1
        return ", ".join(f"{counts[each]} {each}" for each in (MISSING, WRONG, EXTRA, STALE) if each in counts)


def named(layer: Layer) -> str:
    """The name with the address, ``kube-dns (10.96.0.10)``, and of a replica what it is."""
    what = "replica " if layer.kind == REPLICA else ""
    return f"{what}{layer.name} ({layer.address})" if layer.name else layer.address


def titles(servers: Sequence[Asked]) -> str:
    """The first few, joined: ``coredns-a and coredns-b``."""
    return " and ".join(server.layer.title for server in servers[:3])


def host(address: str) -> str:
    """An address without its port."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address if address.count(":") > 1 else address.partition(":")[0]


def clock(serial: int) -> str:
    """A serial of CoreDNS as hours, minutes and seconds."""
    return datetime.fromtimestamp(serial, UTC).strftime("%H:%M:%S UTC")
