"""Programs in a container that ask by themselves and print what they were told: how each is run, and how it is read."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol as Interface

from kheadless_tui.cluster.pods.exec import ExecResult
from kheadless_tui.probe.carriers.dig import BATCH, dig_argv, kdig_argv
from kheadless_tui.probe.carriers.diglike import complaint, match_replies, only_reply, parse_printed
from kheadless_tui.probe.carriers.drill import drill_argv, host_argv
from kheadless_tui.probe.carriers.getent import getent_argv, parse_getent
from kheadless_tui.probe.carriers.nslookup import BATCH as NSLOOKUPS
from kheadless_tui.probe.carriers.nslookup import nslookup_argv, nslookups_argv, parse_nslookup, split_outputs
from kheadless_tui.probe.choosing.tools import BIND, Toolbox, printable
from kheadless_tui.probe.inquiring.dnsmessage import Reply, Unaskable, may_be_cut
from kheadless_tui.probe.server import Manner, Protocol, Server
from kheadless_tui.zone.record import Question

PATIENCE = 4
"""Times the reply timeout after which one run is given up, whatever it still has to ask."""
FEW = PATIENCE - 1
"""Questions that a program with our reply timeout may ask in one run and still end in time, if none gets a reply."""
UNDER_ONE = 1.0
"""Milliseconds that a reply took at the most where a program that tells whole ones told 0."""
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
    within: float | None = None
    """Milliseconds at the most, where it is told no better."""


class TextCarrier(Interface):
    """A program that is run anew for each batch of questions."""

    batch: int
    """Questions for one run."""
    batch_again: int
    """Questions for one run when they are asked again: it ends in time though not one gets a reply, so that what a run
    that was given up had no time to ask is never taken for lost."""
    shown: int
    """Questions of the command that is shown as what was run: one where a shell runs the program for each."""

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

    batch = shown = BATCH
    batch_again = FEW

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
            told.append(Told(question, reply, ms, "" if reply else error, within=UNDER_ONE if reply else None))
        return told


class Single:
    """drill or host, one question a run."""

    batch = batch_again = shown = 1

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
        unknown = ("flags", "authority", "additional") if brief else ()
        return [Told(questions[0], reply, ms, "", unknown, UNDER_ONE)]


class Nslookup:
    """nslookup of either make: several questions a run by the container's shell, where it has one."""

    shown = 1

    def __init__(self, toolbox: Toolbox, way: _Way) -> None:
        self._make, self._way = toolbox.nslookup, way
        self._mark = secrets.token_hex(8)
        # what is in a container was found by its shell; BusyBox's own patience is so long that one wait fills a run
        self.batch = NSLOOKUPS if toolbox.tools else 1
        self.batch_again = FEW if self._make == BIND else 1

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        way = self._way
        commands = [
            nslookup_argv(self._make, way.server, question, transport=way.protocol, timeout=way.timeout)
            for question in questions
        ]
        return commands[0] if len(commands) == 1 else nslookups_argv(commands, self._mark)

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Told]:
        text = _text(result.stdout + b"\n" + result.stderr)
        outputs = [text] if len(questions) == 1 else split_outputs(text, self._mark, len(questions))
        return [self._told(result, *each) for each in zip(questions, outputs, strict=True)]

    def _told(self, result: ExecResult, question: Question, text: str | None) -> Told:
        output = parse_nslookup(text or "", question)
        reply = output.reply
        if reply is None:
            failed = result.exit_code is None or text is None
            return Told(question, None, None, _failure("nslookup", result) if failed else printable(output.error))
        if self._make != BIND and may_be_cut(reply):
            reply = replace(reply, flags=("tc",))
        unknown = [] if output.ttl_known else ["ttl", "authority", "additional"]
        unknown += [] if reply.flags else ["flags"]
        unknown += [] if reply.rcode else ["rcode"]
        return Told(question, reply, output.ms, "", tuple(unknown), output.within)


class Getent:
    """getent, one question a run."""

    batch = batch_again = shown = 1

    def __init__(self, toolbox: Toolbox, server: Server) -> None:
        self._nameservers, self._server, self._families = toolbox.nameservers, server, toolbox.families

    def argv(self, questions: Sequence[Question]) -> tuple[str, ...]:
        if self._server.address not in self._nameservers:
            own = f" ({self._nameservers[0]})" if self._nameservers else ""
            raise Unaskable(f"getent asks the server of the container's /etc/resolv.conf{own} and no other")
        return getent_argv(questions[0], self._families)

    def read(self, result: ExecResult, questions: Sequence[Question]) -> list[Told]:
        reply = parse_getent(_text(result.stdout), questions[0], result.exit_code)
        if reply is None:
            return [Told(questions[0], None, None, _failure("getent", result))]
        return [Told(questions[0], reply, None, "", ("ttl", "rcode", "flags", "authority", "additional", "time"))]


def text_carrier(
    tool: str, toolbox: Toolbox, server: Server, protocol: Protocol, timeout: float, manner: Manner
) -> TextCarrier:
    """The carrier that runs a program of :data:`kheadless_tui.probe.choosing.tools.TEXT_TOOLS`."""
    way = _Way(server, protocol, timeout, manner)
    makers: dict[str, Callable[[], TextCarrier]] = {
        "dig": lambda: Dig("dig", way),
        "kdig": lambda: Dig("kdig", way),
        "drill": lambda: Single("drill", way),
        "host": lambda: Single("host", way),
        "nslookup": lambda: Nslookup(toolbox, way),
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
