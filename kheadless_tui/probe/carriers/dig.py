"""dig of BIND and kdig of Knot DNS: several questions on one command line, in the same words."""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.probe.inquiring.dnsmessage import presentation_name
from kheadless_tui.probe.server import UDP, Manner, Protocol, Server
from kheadless_tui.zone.record import Question

BATCH = 12
"""Questions on one command line; they are asked one after the other."""


def dig_argv(
    server: Server, questions: Sequence[Question], *, transport: Protocol, timeout: float, manner: Manner
) -> tuple[str, ...]:
    """One dig command for several questions.

    Names are given by ``-q`` in presentation form, so that no name can be taken for an option, a server or a type.
    Over UDP a truncated reply is kept as it is (``+ignore``) instead of being asked for again over TCP.

    Raises:
        Unaskable: a name cannot be put on the wire.
    """
    options = ("+tries=1", f"+time={max(1, round(timeout))}", *_how(transport, manner))
    return ("dig", f"@{server.address}", "-p", str(server.port), *options, *_asked(questions))


def kdig_argv(
    server: Server, questions: Sequence[Question], *, transport: Protocol, timeout: float, manner: Manner
) -> tuple[str, ...]:
    """The same for kdig, which counts repetitions instead of tries, and would take names for international ones.

    Raises:
        Unaskable: a name cannot be put on the wire.
    """
    options = ("+noidn", "+retry=0", f"+time={max(1, round(timeout))}", *_how(transport, manner))
    return ("kdig", f"@{server.address}", "-p", str(server.port), *options, *_asked(questions))


def _how(transport: Protocol, manner: Manner) -> tuple[str, ...]:
    edns = f"+bufsize={manner.edns}" if manner.edns else "+noedns"
    aside = ["+cdflag"] if manner.aside else []
    if manner.aside > 1 and manner.edns:
        aside.append("+dnssec")
    return ("+notcp", "+ignore", edns, *aside) if transport == UDP else ("+tcp", edns, *aside)


def _asked(questions: Sequence[Question]) -> tuple[str, ...]:
    words: list[str] = []
    for question in questions:
        words += ["-q", presentation_name(question.name), "-t", question.type]
    return tuple(words)
