"""Servers that are right over one transport and wrong over the other: what the way between does. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.probe.matrix.layer_servers import Servers
from kheadless_tui.probe.matrix.layers import TRANSPORTS, LayerFinding


def one_way(servers: Servers) -> Iterable[LayerFinding]:
    """Replies that are right over the other transport of the same server, which so knows better."""
    for transport in TRANSPORTS:
        odd = {
            server.layer: [reply for reply in replies if reply.transport == transport]
            for server in servers.all
            if (replies := [each for each in servers.odd_replies(server) if servers.one_way(server, each)])
        }
        found = {layer: replies for layer, replies in odd.items() if replies}
        if not found:
            continue
        mine, other = ("UDP", "TCP") if transport == "udp" else ("TCP", "UDP")
        empty = all(not reply.answer for replies in found.values() for reply in replies)
        where = ", ".join(layer.title for layer in list(found)[:3]) + (" and more" if len(found) > 3 else "")
        why = (
            "truncated replies look so to a program that does not ask again over TCP"
            if empty and transport == "udp"
            else f"something on the way of {mine} answers or changes replies"
        )
        yield LayerFinding(
            "one-way-differs",
            tuple(found),
            f"replies over {mine} {'come without records' if empty else 'differ'} that are right over {other}",
            f"{sum(map(len, found.values()))} replies, of {where}: {why}",
        )
