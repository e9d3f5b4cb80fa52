"""Servers that do not answer, transports that are lost, and questions that are: what silence means. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from kheadless_tui.probe.matrix.layer_servers import Asked, Servers, named
from kheadless_tui.probe.matrix.layers import KUBE_DNS, NODE_LOCAL, REPLICA, TRANSPORTS, Layer, LayerFinding
from kheadless_tui.probe.observation import Observation


def silence(servers: Servers) -> Iterable[LayerFinding]:
    """A finding for each server that is silent, and for each transport that is lost where the other is not.

    What stands before a silent replica is silent now and then too. That is told as what follows from it, and never as
    a fault of its own: kube-dns hands each connection, and each question over UDP, to some replica, so that by chance
    all of one transport may have gone to the silent one.
    """
    silent = [server for server in servers.all if server.silent]
    if silent and len(silent) == len(servers.all):
        yield _nothing(servers)
        return
    shares = {server.layer: _Share(servers, server) for server in servers.all}
    for server in silent:
        if server.layer.kind == KUBE_DNS:
            yield _silent_dns_service(servers, server)
        elif not shares[server.layer]:
            yield _silent(servers, server)
    for transport in TRANSPORTS:
        yield from _losses(servers, transport, [layer for layer, share in shares.items() if transport in share.lost])
    for server in servers.all:
        if shares[server.layer] and not (server.silent and server.layer.kind == KUBE_DNS):
            yield shares[server.layer].finding


def failed_forwards(servers: Servers, server: Asked) -> list[Observation]:
    """Replies of a cache that are SERVFAIL because a replica behind it is silent: that is how it tells of silence."""
    if server.layer.kind != NODE_LOCAL or not any(servers.silent_replicas(way) for way in TRANSPORTS):
        return []
    return [reply for reply in servers.odd_replies(server) if reply.rcode == "SERVFAIL"]


class _Share:
    """What a server lost because it handed it to a replica that is silent; false where that is nothing."""

    def __init__(self, servers: Servers, server: Asked) -> None:
        self._server = server
        self._dead = {way: servers.silent_replicas(way) for way in TRANSPORTS}
        if server.layer.kind == NODE_LOCAL:  # over which transport it asks is a matter of its own Corefile
            either = [*self._dead["tcp"], *self._dead["udp"]]
            self._dead = dict.fromkeys(TRANSPORTS, either)
        elif server.layer.kind != KUBE_DNS:
            self._dead = {}
        self.lost = {
            way: lost for way in server.columns if self._dead.get(way) and (lost := _lost(servers, server, way))
        }
        """Replies that did not come, by transport."""
        self._failed = failed_forwards(servers, server)

    def __bool__(self) -> bool:
        return bool(self.lost or self._failed)

    @property
    def finding(self) -> LayerFinding:
        """It as a consequence, which goes when the replica is mended."""
        replies, layer = self._server.replies, self._server.layer
        asked = Counter(reply.transport for reply in replies if not reply.unasked)
        counts = [
            f"{len(lost)} of {asked[way]} questions over {way.upper()} got no reply" for way, lost in self.lost.items()
        ]
        if self._failed:
            counts.append(
                f"{len(self._failed)} of {len(replies)} questions were answered SERVFAIL, since it got no reply itself"
            )
        dead = next(found[0].layer for found in self._dead.values() if found)
        return LayerFinding(
            "replies-lost",
            (layer,),
            f"{named(layer)} loses what it hands to {dead.title}",
            f"{'; '.join(counts)}; replica {dead.title} behind {'it' if layer.kind == KUBE_DNS else 'kube-dns'} is "
            "silent, and gets its share of them",
            "info",
        )


def _lost(servers: Servers, server: Asked, transport: str) -> list[Observation]:
    """Questions over a transport that got no reply from this server, though some server answered them."""
    replies = [reply for reply in server.replies if reply.transport == transport and not reply.unasked]
    return [reply for reply in replies if reply.error and (transport, reply.question) in servers.answerable]


def _nothing(servers: Servers) -> LayerFinding:
    title = "no DNS server answers" if len(servers.all) > 1 else f"{named(servers.all[0].layer)} does not answer"
    evidence = (
        f"{servers.answered(servers.all)}{_error(servers.all)}; a NetworkPolicy that does not let DNS out, "
        "a route, or all of CoreDNS is down"
    )
    return LayerFinding("nothing-answers", tuple(server.layer for server in servers.all), title, evidence)


def _silent_dns_service(servers: Servers, server: Asked) -> LayerFinding:
    answering = [other for other in servers.of(REPLICA) if not other.silent]
    title = f"{named(server.layer)} does not answer"
    if not answering:
        return LayerFinding(
            "vip-silent", (server.layer,), title, servers.answered([server]) + _error([server]) + _refused(server)
        )
    evidence = (
        f"{servers.answered([server, *answering])}; the way of the Service's address is broken: kube-proxy on the "
        "node of this pod, or a policy on the address"
    )
    if dead := servers.silent_replicas("udp") or servers.silent_replicas("tcp"):
        evidence += f"; or all of it was handed to {dead[0].layer.title}, which is silent, by chance: ask again"
    return LayerFinding("vip-silent", (server.layer,), f"{title} although {_replicas(answering)}", evidence)


def _silent(servers: Servers, server: Asked) -> LayerFinding:
    layer = server.layer
    evidence = servers.answered([server]) + _error([server]) + _refused(server)
    if layer.kind == REPLICA and layer.ready:
        evidence += f"; kube-dns sends it its share of the questions: it is 1 of {len(servers.of(REPLICA))} replicas"
    elif layer.kind == REPLICA:
        evidence += "; kube-dns does not lead to it, since it is not ready"
    severity = "error" if layer.ready else "warning"
    return LayerFinding("server-silent", (layer,), f"{named(layer)} does not answer", evidence, severity)


def _losses(servers: Servers, transport: str, told: Collection[Layer]) -> Iterable[LayerFinding]:
    """Servers that lost all or some over a transport; of those that are told of elsewhere nothing is said again."""
    asked = servers.over(transport)
    lost = [server for server in asked if servers.column(server, transport).silent]
    if len(lost) == len(asked) > 1:
        yield LayerFinding(
            f"{transport}-lost",
            tuple(server.layer for server in lost),
            f"{transport.upper()} port 53 is lost, whatever the server",
            f"{servers.answered(lost)}; a policy or a firewall on the way out of this pod",
        )
        return
    for server in asked:
        if server.layer in told:
            continue
        if server in lost:
            yield _transport_lost(servers, server, transport)
        elif finding := _some_lost(servers, server, transport):
            yield finding


def _transport_lost(servers: Servers, server: Asked, transport: str) -> LayerFinding:
    upper = transport.upper()
    others = [
        other
        for other in servers.over(transport)
        if other.layer.kind == REPLICA and other is not server and not servers.column(other, transport).silent
    ]
    evidence = servers.answered([server])
    if server.layer.kind == KUBE_DNS and others:
        evidence += f"; {_replicas(others)} over {upper} by address: the way of the Service's address"
    return LayerFinding(f"{transport}-lost", (server.layer,), f"{upper} to {named(server.layer)} is lost", evidence)


def _some_lost(servers: Servers, server: Asked, transport: str) -> LayerFinding | None:
    lost = _lost(servers, server, transport)
    if not lost:
        return None
    asked = sum(reply.transport == transport and not reply.unasked for reply in server.replies)
    return LayerFinding(
        "replies-lost",
        (server.layer,),
        f"{named(server.layer)} loses questions",
        f"{len(lost)} of {asked} questions over {transport.upper()} got no reply; others were answered in the same "
        "way: packets are lost, or the server is overloaded",
    )


def _replicas(answering: list[Asked]) -> str:
    return f"replica {answering[0].layer.title} does" if len(answering) == 1 else f"{len(answering)} replicas do"


def _error(silent: list[Asked]) -> str:
    """Why there is no reply over each transport, in the words of the program that asked over it."""
    errors: dict[str, str] = {}
    for reply in (reply for server in silent for reply in server.replies if reply.error and not reply.unasked):
        errors.setdefault(reply.transport, reply.error)
    if len(set(errors.values())) == 1:
        return f" ({next(iter(errors.values()))})"
    said = [f"over {way.upper()}: {errors[way]}" for way in TRANSPORTS if way in errors]
    return f" ({'; '.join(said)})" if said else ""


def _refused(server: Asked) -> str:
    """What follows where the server's port refuses: some programs say "timed out" of that as well, over UDP."""
    if not any("refused" in reply.error.lower() for reply in server.replies):
        return ""
    if server.layer.kind == KUBE_DNS:
        return "; it is refused and not lost: the Service has no endpoint that is ready"
    return "; it is refused and not lost: nothing listens there"
