"""What differs between UDP and TCP: servers that are right over one alone, and replies that do not fit. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.probe.comparison.compare import UNANSWERED
from kheadless_tui.probe.matrix.layer_servers import Servers
from kheadless_tui.probe.matrix.layers import TRANSPORTS, LayerFinding
from kheadless_tui.probe.observation import Observation


def one_way(servers: Servers) -> Iterable[LayerFinding]:
    """Replies that are right over the other transport of the same server, which so knows better.

    Not while caches still hold what was right before a change: what they say differs from one moment to the next.
    """
    for transport in TRANSPORTS:
        odd = {
            server.layer: [reply for reply in replies if reply.transport == transport]
            for server in servers.all
            if (
                replies := [
                    each
                    for each in servers.odd_replies(server)
                    if each.question not in servers.changing and servers.one_way(server, each)
                ]
            )
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


def _whole_by_tcp(seen: Observation) -> bool:
    """The sections of a reply are those that came over TCP."""
    return seen.transport == "tcp" or seen.cut is not None


def truncated(servers: Servers) -> Iterable[LayerFinding]:
    """Answers that do not fit into a reply."""
    ways = {
        (seen.server, seen.transport, seen.question)
        for seen in servers.replies
        if "tc" in seen.flags and _whole_by_tcp(seen)
    }
    marked = {question for _, _, question in ways}
    cells = [cell for line in servers.matrix.lines for cell in line.cells if cell is not None]
    over_tcp = {
        cell.question
        for cell in cells
        if cell.verdict == UNANSWERED and (cell.server, cell.transport, cell.question) in ways
    }
    beside = marked - over_tcp
    if beside:
        yield LayerFinding(
            "cut-short",
            (),
            f"{len(beside)} {'answer fills' if len(beside) == 1 else 'answers fill'} a message of DNS",
            f"the reply for {min(beside).name} is whole in its ANSWER section, and truncated (TC) over TCP too: the "
            "addresses in ADDITIONAL do not fit into 64 KiB, and have to be asked for by themselves",
            "info",
        )
    if over_tcp:
        yield LayerFinding(
            "cut-short",
            (),
            f"{len(over_tcp)} {'answer is' if len(over_tcp) == 1 else 'answers are'} too big for DNS",
            f"the reply for {min(over_tcp).name} was truncated (TC) over TCP too: a message has 64 KiB at the most, "
            "and no client gets more of it",
            "warning",
        )
    cut = {seen.question for seen in servers.replies if seen.cut is not None or "tc" in seen.flags} - marked
    if cut:
        yield LayerFinding(
            "cut-short",
            (),
            f"{len(cut)} {'answer is' if len(cut) == 1 else 'answers are'} too big for UDP",
            f"the reply for {min(cut).name} was truncated (TC); a client that does not ask again over TCP sees only "
            "a part of it",
            "info",
        )
