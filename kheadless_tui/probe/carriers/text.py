"""Programs in a container that ask by themselves and print what they were told: how each is run, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol as Interface

from kheadless_tui.cluster.exec import ExecResult
from kheadless_tui.probe.carriers.dig import BATCH, dig_argv, kdig_argv
from kheadless_tui.probe.carriers.diglike import complaint, match_replies, only_reply, parse_printed
from kheadless_tui.probe.carriers.drill import drill_argv, host_argv
from kheadless_tui.probe.carriers.getent import getent_argv, parse_getent
from kheadless_tui.probe.carriers.nslookup import nslookup_argv, parse_nslookup
from kheadless_tui.probe.dnsmessage import Reply, Unaskable, may_be_cut
from kheadless_tui.probe.server import Manner, Protocol, Server
from kheadless_tui.probe.tools import BIND, Toolbox, printable
from kheadless_tui.zone.record import Question

SAID_LIMIT = 16_000
"""Characters kept of what a program printed."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a program told of one question."""

    question: Question
    reply: Reply | None
    ms: float | None = None
    error: str = ""
    unknown: tuple[str, ...] = ()
    """As in :class:`kheadless_tui.probe.observation.Observation`."""


class TextCarrier(Interface):
    """A program that is run anew for each batch of questions."""

    batch: int
    """Questions for one run."""

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        """The command; raises Unaskable."""

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Told]:
        """One for each question."""


@dataclass(frozen=True, slots=True)
class _Way:
    """What every carrier is made with."""

    server: Server
    protocol: Protocol
    timeout: float
    manner: Manner


class Dig:
    """dig or kdig."""

    batch = BATCH

    def __init__(self, tool: str, way: _Way) -> None:
        self._tool, self._way = tool, way

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        way, build = self._way, dig_argv if self._tool == "dig" else kdig_argv
        return build(way.server, questions, transport=way.protocol, timeout=way.timeout, manner=way.manner)

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Told]:
        output = parse_printed(_text(result.stdout + b"\n" + result.stderr))
        found = match_replies(output, questions)
        error = printable(complaint(output)) or _failure(self._tool, result)
        told = []
        for question in questions:
            reply, ms = found.get(question, (None, None))
            told.append(Told(question, reply, ms, "" if reply else error))
        return told


class Single:
    """drill or host, one question a run."""

    batch = 1

    def __init__(self, tool: str, way: _Way) -> None:
        self._tool, self._way = tool, way

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        way, build = self._way, drill_argv if self._tool == "drill" else host_argv
        return build(way.server, questions[0], transport=way.protocol, timeout=way.timeout, manner=way.manner)

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Told]:
        output = parse_printed(_text(result.stdout + b"\n" + result.stderr))
        reply, ms = only_reply(output)
        if reply is None:
            return [Told(questions[0], None, None, printable(complaint(output)) or _failure(self._tool, result))]
        brief = not reply.flags  # host's one line about a denial
        return [Told(questions[0], reply, ms, "", ("flags", "authority", "additional") if brief else ())]


class Nslookup:
    """nslookup of either make, one question a run."""

    batch = 1

    def __init__(self, make: str, way: _Way) -> None:
        self._make, self._way = make, way

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        way = self._way
        return nslookup_argv(self._make, way.server, questions[0], transport=way.protocol, timeout=way.timeout)

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Told]:
        output = parse_nslookup(_text(result.stdout + b"\n" + result.stderr), questions[0])
        reply = output.reply
        if reply is None:
            error = _failure("nslookup", result) if result.exit_code is None else printable(output.error)
            return [Told(questions[0], None, None, error)]
        if self._make != BIND and may_be_cut(reply):
            reply = replace(reply, flags=("tc",))
        unknown = [] if output.ttl_known else ["ttl", "authority", "additional"]
        unknown += [] if reply.flags else ["flags"]
        unknown += [] if reply.rcode else ["rcode"]
        return [Told(questions[0], reply, output.ms, "", tuple(unknown))]


class Getent:
    """getent, one question a run."""

    batch = 1

    def __init__(self, toolbox: Toolbox, server: Server) -> None:
        self._nameservers, self._server = toolbox.nameservers, server

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        if self._server.address not in self._nameservers:
            own = f" ({self._nameservers[0]})" if self._nameservers else ""
            raise Unaskable(f"getent asks the server of the container's /etc/resolv.conf{own} and no other")
        return getent_argv(questions[0])

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Told]:
        reply = parse_getent(_text(result.stdout), questions[0], result.exit_code)
        if reply is None:
            return [Told(questions[0], None, None, _failure("getent", result))]
        return [Told(questions[0], reply, None, "", ("ttl", "rcode", "flags", "authority", "additional", "time"))]


def text_carrier(
    tool: str, toolbox: Toolbox, server: Server, protocol: Protocol, timeout: float, manner: Manner
) -> TextCarrier:
    """The carrier that runs a program of :data:`kheadless_tui.probe.tools.TEXT_TOOLS`."""
    way = _Way(server, protocol, timeout, manner)
    makers: dict[str, Callable[[], TextCarrier]] = {
        "dig": lambda: Dig("dig", way),
        "kdig": lambda: Dig("kdig", way),
        "drill": lambda: Single("drill", way),
        "host": lambda: Single("host", way),
        "nslookup": lambda: Nslookup(toolbox.nslookup, way),
        "getent": lambda: Getent(toolbox, server),
    }
    return makers[tool]()


def asks_again_by_itself(tool: str) -> bool:
    """The program asks a truncated reply over UDP again over TCP without being told to."""
    return tool in ("host", "getent")


def said(result: ExecResult) -> str:
    """What a run printed, for people to read."""
    return _text(result.stdout + result.stderr)[:SAID_LIMIT]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _failure(tool: str, result: ExecResult) -> str:
    """Why a run gave no reply, as far as it can be told from outside."""
    if result.exit_code is None:
        return printable(result.finished.cause)
    words = printable(result.stderr or result.stdout[-200:])
    return words or f"{tool} ended with status {result.exit_code} and said nothing"
