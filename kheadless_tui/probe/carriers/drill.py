"""drill of ldns and host of BIND: one question a run, in words like dig's.

Neither takes a name by an option, so that a name that begins with an odd sign is given with that sign as a DNS escape.
"""

from __future__ import annotations

from kheadless_tui.probe.inquiring.dnsmessage import presentation_name
from kheadless_tui.probe.server import UDP, Manner, Protocol, Server
from kheadless_tui.zone.record import Question


def drill_argv(
    server: Server, question: Question, *, transport: Protocol, timeout: float, manner: Manner
) -> tuple[str, ...]:
    """The command for one question; drill has no option for the time that it waits (15 s in all).

    Raises:
        Unaskable: the name cannot be put on the wire.
    """
    del timeout
    how = ["-u"] if transport == UDP else ["-t"]
    if manner.edns and transport == UDP:
        how += ["-b", str(manner.edns)]
    if manner.aside:
        how += ["-o", "CD"]
    if manner.aside > 1 and manner.edns:
        how += ["-D"]
    return ("drill", *how, "-p", str(server.port), _guarded(question.name), f"@{server.address}", question.type)


def host_argv(
    server: Server, question: Question, *, transport: Protocol, timeout: float, manner: Manner
) -> tuple[str, ...]:
    """The command for one question; over UDP host asks again over TCP by itself when a reply was truncated.

    Raises:
        Unaskable: the name cannot be put on the wire.
    """
    del manner  # host has no option for EDNS
    how = "-U" if transport == UDP else "-T"
    options = ("-v", how, "-W", str(max(1, round(timeout))), "-R", "1", "-t", question.type)
    port = ("-p", str(server.port)) if server.port != 53 else ()
    return ("host", *options, *port, _guarded(question.name), server.address)


def _guarded(name: str) -> str:
    presented = presentation_name(name)
    first = presented[:1]
    return presented if first.isalnum() or first in "_\\." else f"\\{ord(first):03d}{presented[1:]}"
