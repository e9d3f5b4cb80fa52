"""Servers that do not answer, transports that are lost, and questions that are: what silence means. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.probe.layer_servers import Asked, Servers, named
from kheadless_tui.probe.layers import KUBE_DNS, NODE_LOCAL, REPLICA, TRANSPORTS, LayerFinding
from kheadless_tui.probe.observation import Observation


def silence(servers: Servers) -> Iterable[LayerFinding]:
    """A finding for each server that is silent, and for each transport that is lost where the other is not."""
    silent = [server for server in servers.all if server.silent]
    if silent and len(silent) == len(servers.all):
        yield _nothing(servers)
        return
    for server in silent:
        yield _silent_dns_service(servers, server) if server.layer.kind == KUBE_DNS else _silent(servers, server)
    for transport in TRANSPORTS:
        yield from _losses(servers, transport)
    for server in servers.of(NODE_LOCAL):
        if failed := failed_forwards(servers, server):
            yield _failing(servers, server, failed)


def failed_forwards(servers: Servers, server: Asked) -> list[Observation]:
    """Replies of a cache that are SERVFAIL because a replica behind it is silent: that is how it tells of silence."""
    if server.layer.kind != NODE_LOCAL or not any(other.silent for other in servers.of(REPLICA)):
        return []
    return [reply for reply in servers.odd_replies(server) if reply.rcode == "SERVFAIL"]


def _failing(servers: Servers, server: Asked, failed: list[Observation]) -> LayerFinding:
    dead = next(other.layer for other in servers.of(REPLICA) if other.silent)
    return LayerFinding(
        "replies-lost",
        (server.layer,),
        f"{named(server.layer)} loses questions",
        f"{len(failed)} of {len(server.replies)} questions were answered SERVFAIL, since it got no reply itself; "
        f"replica {dead.title} behind kube-dns is silent, and gets its share of them",
    )


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
        return LayerFinding("vip-silent", (server.layer,), title, servers.answered([server]) + _error([server]))
    return LayerFinding(
        "vip-silent",
        (server.layer,),
        f"{title} although {_replicas(answering)}",
        f"{servers.answered([server, *answering])}; the way of the Service's address is broken: kube-proxy on the "
        "node of this pod, or a policy on the address",
    )


def _silent(servers: Servers, server: Asked) -> LayerFinding:
    layer = server.layer
    evidence = servers.answered([server]) + _error([server])
    if layer.kind == REPLICA and layer.ready:
        evidence += f"; kube-dns sends it its share of the questions: it is 1 of {len(servers.of(REPLICA))} replicas"
    elif layer.kind == REPLICA:
        evidence += "; kube-dns does not lead to it, since it is not ready"
    severity = "error" if layer.ready else "warning"
    return LayerFinding("server-silent", (layer,), f"{named(layer)} does not answer", evidence, severity)


def _losses(servers: Servers, transport: str) -> Iterable[LayerFinding]:
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
    replies = [reply for reply in server.replies if reply.transport == transport and not reply.unasked]
    lost = [reply for reply in replies if reply.error and (transport, reply.question) in servers.answerable]
    if not lost:
        return None
    evidence = f"{len(lost)} of {len(replies)} questions over {transport.upper()} got no reply"
    dead = [other.layer for other in servers.of(REPLICA) if other.silent]
    if server.layer.kind == KUBE_DNS and dead:
        evidence += f"; replica {dead[0].title} behind it is silent, and gets its share of them"
    else:
        evidence += "; others were answered in the same way: packets are lost, or the server is overloaded"
    return LayerFinding("replies-lost", (server.layer,), f"{named(server.layer)} loses questions", evidence)


def _replicas(answering: list[Asked]) -> str:
    return f"replica {answering[0].layer.title} does" if len(answering) == 1 else f"{len(answering)} replicas do"


def _error(silent: list[Asked]) -> str:
    error = next((reply.error for server in silent for reply in server.replies if reply.error), "")
    return f" ({error})" if error else ""
