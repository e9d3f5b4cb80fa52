"""What the layers say together: two that disagree, or one that is silent, are the diagnosis. Pure.

Read off the matrix of servers by records (:mod:`kheadless_tui.probe.matrix.layers`), worst first:

==================== ============================================================================================
nothing-answers      no server answers over any transport: the way out of the pod
vip-silent           kube-dns does not answer, its replicas do by address: the way of the Service
server-silent        one replica, cache or other server does not answer
udp-lost, tcp-lost   one transport gets no reply where the other does, at one server or at all
replies-lost         some questions are lost, at kube-dns and a cache as a consequence of one silent replica
not-serving          a server answers SERVFAIL or REFUSED to everything
old-denial           a cache still denies what exists by now; it goes when the TTL has run down
old-answer           a cache still gives what was true before
replica-lags         a replica says otherwise than the others, and not from its cache
all-behind           all servers agree with each other and not with the API, or all replicas lag
asks-elsewhere       a server denies by the word of another zone's server: a replica does not serve the zone, a cache
                     does not ask the cluster's DNS; no fault of the Service where it is so with reverse names alone
server-differs       any other server says otherwise than kube-dns
one-way-differs      a server says one thing over UDP and the right one over TCP, or the other way round
resolver-elsewhere   the pod's resolv.conf names none of the cluster's DNS servers
==================== ============================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kheadless_tui.probe.comparison.canonical import same_name
from kheadless_tui.probe.matrix.layer_corefile import ttl_above, with_change
from kheadless_tui.probe.matrix.layer_elsewhere import asks_elsewhere, is_reverse_denial, reverse_elsewhere
from kheadless_tui.probe.matrix.layer_servers import Asked, Servers, clock, host, named, titles
from kheadless_tui.probe.matrix.layer_silence import failed_forwards, silence
from kheadless_tui.probe.matrix.layer_transports import one_way, truncated
from kheadless_tui.probe.matrix.layers import (
    KUBE_DNS,
    NODE_LOCAL,
    REPLICA,
    RESOLV_CONF,
    LayerFinding,
    Matrix,
)
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import is_on_node
from kheadless_tui.zone.answering.ttl import client_ttl, soa_ttl
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.serving.config import ZoneConfig

_CLOCK_SLACK = 2
"""Seconds by which a TTL may seem to have run down since we asked: both ends count whole seconds."""
_BY_SEVERITY = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How replies look that come from the cluster's DNS and from no cache."""

    ttl: int
    """Seconds, of a record."""
    denial_ttl: int
    """Seconds, of the SOA of a denial."""
    known: bool = True
    """False when they are guessed: then nothing is said to come from a cache."""
    zones: tuple[str, ...] = ()
    """The owners of the SOA of denials, absolute, lower case; empty when they are not known."""
    changed: float = 0.0
    """Unix time of the last change of the Corefile; 0 when it is not known."""
    reload: float | None = None
    """Seconds within which servers notice a change of it; ``None`` when they look at their start alone."""

    @classmethod
    def of(cls, config: ZoneConfig) -> Freshness:
        """As the zone is served."""
        bounds, denial = config.cache, soa_ttl(config)
        if bounds is not None:
            denial = min(bounds.denial_max, max(bounds.denial_min, denial))
        return cls(client_ttl(config), denial, config.ttl_known, config.zones, config.changed, config.reload)

    def left(self, seen: Observation, began: float) -> int | None:
        """Seconds left of a reply that a cache has held since before we began to ask; ``None`` when it is fresh.

        Every CoreDNS has a cache too: what our own first question put there has run down by the time since at most.

        Args:
            seen: The reply, of a server that serves the zone as the Corefile says.
            began: Unix time of the first question of the probe.
        """
        rest = remaining(seen)
        if not self.known or rest is None or self.foreign(seen):
            return None
        fresh = self.ttl if seen.answer else self.denial_ttl
        since = max(0.0, seen.started - began) if seen.started and began else 0.0
        return rest if rest < fresh - since - _CLOCK_SLACK else None

    def foreign(self, seen: Observation) -> str:
        """The zone by whose SOA a reply denies, where that is none of the cluster's; empty otherwise."""
        owners = [same_name(record.name) for record in seen.authority if record.type == "SOA"]
        return owners[0] if self.zones and not seen.answer and owners and owners[0] not in self.zones else ""


def read(
    matrix: Matrix,
    observations: Sequence[Observation],
    freshness: Freshness,
    *,
    nameservers: Sequence[str] = (),
    began: float = 0.0,
) -> tuple[LayerFinding, ...]:
    """What the layers say together, worst first.

    Args:
        matrix: Servers by records.
        observations: The replies that it was made of.
        freshness: The TTLs of fresh replies.
        nameservers: Of the /etc/resolv.conf of the container that was asked from; empty when not read.
        began: Unix time of the first question of the probe; 0: of the first of these replies.
    """
    servers = Servers(matrix, observations, began)
    found = [
        *silence(servers),
        *_Differences(servers, freshness).findings(),
        *reverse_elsewhere(servers, freshness),
        *one_way(servers),
        *_resolver(servers, nameservers),
        *truncated(servers),
        *ttl_above(servers),
    ]
    found = with_change(found, freshness, servers.began)
    return tuple(sorted(found, key=lambda finding: _BY_SEVERITY.index(finding.severity)))


def remaining(seen: Observation) -> int | None:
    """The lowest TTL of the answer, or of a denial's SOA; ``None`` when there is none or it is not told."""
    if seen.error or not seen.ttl_known:
        return None
    records = seen.answer or tuple(record for record in seen.authority if record.type == "SOA")
    return min((record.ttl for record in records), default=None)


class _Differences:
    """Servers that speak, and not as predicted."""

    def __init__(self, servers: Servers, freshness: Freshness) -> None:
        self._servers = servers
        self._freshness = freshness
        differing = [
            server
            for server in servers.all
            if any(not servers.one_way(server, reply) for reply in servers.odd_replies(server))
        ]
        self._refusing = [server for server in differing if _only_failures(server)]
        self._rest = [server for server in differing if server not in self._refusing]
        self._right = [server for server in servers.all if server.right]
        replicas = [server for server in self._rest if server.layer.kind == REPLICA]
        self._blamed = {reply.question for server in replicas for reply in servers.odd_replies(server)}
        """Questions that some replica answers otherwise than predicted: what stands before it can do no better."""
        ages: dict[Question, set[int | None]] = {}
        for reply in (reply for server in replicas for reply in servers.odd_replies(server) if reply.ttl_known):
            ages.setdefault(reply.question, set()).add(freshness.left(reply, servers.began))
        self._aged = {question for question, left in ages.items() if None not in left}
        """Those of them that no replica answers so by itself: it is in their caches, and so in one before them."""

    def findings(self) -> Iterable[LayerFinding]:
        """One for each server to blame; kube-dns and a cache are not blamed for what a replica behind them says."""
        yield from (_not_serving(server) for server in self._refusing)
        new = {server.layer: self._new(server) for server in self._rest}
        if self._agree() and all(
            new[server.layer] and self._left(server, new[server.layer]) is None for server in self._rest
        ):
            yield self._all_behind(self._rest, "all servers agree with each other and not with the API")
            return
        late = []
        for server in self._rest:
            yield from self._changed(server)
            replies = new[server.layer]
            foreign = [reply for reply in self._servers.odd_replies(server) if self._elsewhere(server, reply)]
            if foreign and not self._handed_on(server, foreign):
                yield asks_elsewhere(server, foreign, self._freshness, self._through(server, foreign))
            if not replies:
                continue
            seconds = self._left(server, replies)
            if seconds is not None:
                yield from self._old(server, replies)
            elif server.layer.kind == REPLICA:
                late.append(server)
            elif len(self._servers.all) > 1:
                yield self._differs(server, replies)
        if len(late) == len(self._servers.of(REPLICA)) > 1:
            yield self._all_behind(late, f"all {len(late)} replicas lag behind the API")
        else:
            yield from (self._lags(server) for server in late)

    def _new(self, server: Asked) -> list[Observation]:
        """Those that were not right before either."""
        return [reply for reply in self._own(server) if not self._servers.is_stale(server, reply)]

    def _changed(self, server: Asked) -> Iterable[LayerFinding]:
        """What a server still says of what was right before, out of a cache: its own or one behind it."""
        old = [reply for reply in self._own(server) if self._servers.is_stale(server, reply)]
        for what, some in _denials_apart(old):
            rests = [remaining(reply) for reply in some]
            most = self._freshness.denial_ttl if what == "denial" else self._freshness.ttl
            seconds = max(most if rest is None else rest for rest in rests)
            yield self._held(server, what, some, seconds, told=None not in rests)

    def _own(self, server: Asked) -> list[Observation]:
        """The replies of a server that differ, and for which nobody behind it is to blame."""
        odd = [reply for reply in self._servers.odd_replies(server) if not self._servers.one_way(server, reply)]
        elsewhere = {reply.question for reply in odd if self._elsewhere(server, reply)}
        # a denial without its SOA, which some carriers cannot tell, is of the zone that the same server names elsewhere
        replies = [
            reply for reply in odd if reply.question not in elsewhere or reply.answer or remaining(reply) is not None
        ]
        replies = [reply for reply in replies if not self._elsewhere(server, reply)]
        if server.layer.kind in (KUBE_DNS, NODE_LOCAL):
            failed = {id(reply) for reply in failed_forwards(self._servers, server)}
            replies = [reply for reply in replies if id(reply) not in failed]
            own = self._aged if server.layer.kind == NODE_LOCAL else set()
            return [r for r in replies if r.question not in self._blamed or (r.question in own and r.ttl_known)]
        return replies

    def _elsewhere(self, server: Asked, reply: Observation) -> str:
        """The foreign zone that a reply is by the word of.

        A CoreDNS that does not know an address hands its reverse name on (``fallthrough``), and is denied it there.
        """
        if server.layer.kind in (KUBE_DNS, REPLICA) and is_reverse_denial(reply):
            return ""
        return self._freshness.foreign(reply)

    def _agree(self) -> bool:
        """All that speak differ from the prediction on the same lines, and they are several."""
        return len(self._rest) > 1 and not self._right and len({server.lines for server in self._rest}) == 1

    def _left(self, server: Asked, replies: Sequence[Observation]) -> int | None:
        """Seconds until the last of its differing replies has run down; ``None`` when one of them is fresh.

        What a cache on the node says otherwise than all servers behind it is old whatever its TTL, whose bounds are
        those of its own Corefile. What a carrier tells no TTL of says nothing where other replies do.
        """
        replies = [reply for reply in replies if reply.ttl_known]
        if server.layer.kind == NODE_LOCAL and any(other.layer.kind in (KUBE_DNS, REPLICA) for other in self._right):
            rests = [remaining(reply) for reply in replies]
        else:
            rests = [self._freshness.left(reply, self._servers.began) for reply in replies]
        return None if None in rests else max((rest for rest in rests if rest is not None), default=None)

    def _old(self, server: Asked, replies: Sequence[Observation]) -> Iterable[LayerFinding]:
        """Old denials and old answers run down each by itself."""
        for what, some in _denials_apart(replies):
            seconds = self._left(server, some)
            if seconds is not None:
                yield self._held(server, what, some, seconds)

    def _held(
        self, server: Asked, what: str, replies: Sequence[Observation], seconds: int, *, told: bool = True
    ) -> LayerFinding:
        """What a cache holds; ``told``: its TTLs are, and else the seconds are the most that they can be."""
        whose = {REPLICA: "the cache of ", NODE_LOCAL: "the "}.get(server.layer.kind, "a cache behind ")
        evidence = self._servers.differing(server, replies)
        if not told:
            evidence += "; how long it is kept is not known: by what it was asked with, no TTL is told"
        elif server.layer.kind == NODE_LOCAL:
            evidence += f"; {seconds} s are left of its TTL"
            if any(reply.question in self._aged for reply in replies):
                evidence += "; a replica keeps the same in its cache, so that this one may fetch it once more"
        else:
            fresh = self._freshness.denial_ttl if what == "denial" else self._freshness.ttl
            evidence += f"; {seconds} of {fresh} s are left of its TTL"
            if self._left(server, replies) is not None:
                evidence += ", so that it was asked for before this probe"
        return LayerFinding(
            f"old-{what}",
            (server.layer,),
            f"{whose}{named(server.layer)} still holds an old {what}, for {'' if told else 'at most '}{seconds} s more",
            evidence
            + (f"; {titles(self._right)} as predicted" if self._right else "")
            + self._through(server, replies),
            "warning",
        )

    def _through(self, server: Asked, replies: Sequence[Observation]) -> str:
        """Who hands on what a replica says otherwise: what stands before it."""
        if server.layer.kind != REPLICA:
            return ""
        questions = {reply.question for reply in replies}
        counts = []
        for before in (*self._servers.of(KUBE_DNS), *self._servers.of(NODE_LOCAL)):
            handed = [reply for reply in self._servers.odd_replies(before) if reply.question in questions]
            counts += [f"{before.layer.title} ({self._servers.differing(before, handed)})"] if handed else []
        return f"; passed on by {' and '.join(counts)}" if counts else ""

    def _handed_on(self, server: Asked, denials: Sequence[Observation]) -> bool:
        """Whether a replica behind this server has it from others, too: then it is told of that one alone."""
        if server.layer.kind not in (KUBE_DNS, NODE_LOCAL):
            return False
        behind = {
            reply.question
            for replica in self._servers.of(REPLICA)
            for reply in self._servers.odd_replies(replica)
            if self._elsewhere(replica, reply)
        }
        return {seen.question for seen in denials} <= behind

    def _lags(self, server: Asked) -> LayerFinding:
        sisters = [other for other in self._right if other.layer.kind == REPLICA]
        evidence = self._servers.differing(server)
        evidence += f"; {titles(sisters)} as predicted" if sisters else ""
        if serial := self._serial(server):
            evidence += f"; the last change that it knows is of {clock(serial)}"
            later = next((other for other in sisters if self._serial(other) > serial), None)
            evidence += f", {later.layer.title} knows one of {clock(self._serial(later))}" if later is not None else ""
            evidence += " (by the SOA serial)"
        odd = self._servers.odd_replies(server)
        if not any(reply.ttl_known for reply in odd):
            evidence += "; or its cache holds what was true before: by what it was asked with, no TTL is told"
        evidence += self._through(server, odd)
        return LayerFinding("replica-lags", (server.layer,), f"{named(server.layer)} lags behind the API", evidence)

    def _all_behind(self, servers: Sequence[Asked], title: str) -> LayerFinding:
        serial = max(map(self._serial, servers))
        told = f"; the last change that they know is of {clock(serial)} (by the SOA serial)" if serial else ""
        each = "; ".join(f"{server.layer.title}: {self._servers.differing(server)}" for server in servers[:4])
        return LayerFinding(
            "all-behind",
            tuple(server.layer for server in servers),
            title,
            f"{each}{told}; CoreDNS has lost the API, or its Corefile serves the zone otherwise than was assumed",
        )

    def _serial(self, server: Asked) -> int:
        return server.serial(self._freshness.zones, self._servers.began)

    def _differs(self, server: Asked, replies: Sequence[Observation]) -> LayerFinding:
        evidence = self._servers.differing(server, replies)
        if self._right:
            evidence += f"; {titles(self._right)} as predicted"
        if server.layer.kind == KUBE_DNS and any(other.layer.kind == REPLICA for other in self._right):
            evidence += ": something else answers on this address, such as a node-local cache that listens on it"
        title = f"{named(server.layer)} answers otherwise than was predicted"
        return LayerFinding("server-differs", (server.layer,), title, evidence)


def _denials_apart(replies: Sequence[Observation]) -> Iterable[tuple[str, list[Observation]]]:
    """Those of both kinds that there are."""
    for what, some in (
        ("denial", [reply for reply in replies if not reply.answer]),
        ("answer", [reply for reply in replies if reply.answer]),
    ):
        if some:
            yield what, some


def _not_serving(server: Asked) -> LayerFinding:
    rcode = next(reply.rcode for reply in server.replies if not reply.error)
    why = {
        "SERVFAIL": "it has not read the API yet, or is cut off from it",
        "REFUSED": "it has no server block for this zone",
    }[rcode]
    if server.layer.kind == NODE_LOCAL and rcode == "SERVFAIL":
        why = "kube-dns, which it asks, gives it no reply"
    count = sum(not reply.error for reply in server.replies)
    title = f"{named(server.layer)} answers {rcode} to everything"
    return LayerFinding("not-serving", (server.layer,), title, f"{count} replies, all {rcode}: {why}")


def _only_failures(server: Asked) -> bool:
    return {reply.rcode for reply in server.replies if not reply.error} in ({"SERVFAIL"}, {"REFUSED"})


def _resolver(servers: Servers, nameservers: Sequence[str]) -> Iterable[LayerFinding]:
    """The pod's own nameservers against those that are known to serve the cluster's zone."""
    dns_service = servers.of(KUBE_DNS)
    serving = [*dns_service, *servers.of(REPLICA), *servers.of(NODE_LOCAL)]
    if not nameservers or not dns_service or {host(each.layer.address) for each in serving} & set(nameservers):
        return
    if any(map(is_on_node, nameservers)):  # it asks kube-dns, whether it was asked itself or not
        return
    elsewhere = [server for server in servers.of(RESOLV_CONF) if host(server.layer.address) in nameservers]
    right = bool(elsewhere) and all(server.right for server in elsewhere)
    evidence = (
        f"nameserver {', '.join(nameservers)}, and {named(dns_service[0].layer)} is not among them: dnsPolicy or "
        "dnsConfig of the pod, or clusterDNS of the kubelet"
    )
    yield LayerFinding(
        "resolver-elsewhere",
        tuple(server.layer for server in elsewhere),
        "the pod's resolv.conf points elsewhere",
        evidence + ("; what it answers is as predicted all the same" if right else ""),
        "info" if right else "error",
    )
