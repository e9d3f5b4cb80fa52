"""BIND's dig: many questions on one command line, and the reading of what it prints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kheadless_tui.probe.dnsmessage import Reply, Unaskable, presentation_name
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question, Record

BATCH = 12
"""Questions on one command line; dig asks them one after the other."""


def dig_argv(server: Server, questions: Sequence[Question], *, transport: str, timeout: float) -> tuple[str, ...]:
    """One dig command for several questions.

    Names are given by ``-q`` in presentation form, so that no name can be taken for an option, a server or a type.
    Over UDP a truncated reply is kept as it is (``+ignore``) instead of being asked for again over TCP.

    Raises:
        Unaskable: a name cannot be put on the wire.
    """
    how = ("+tcp",) if transport != "udp" else ("+notcp", "+ignore")
    argv = ["dig", f"@{server.address}", "-p", str(server.port), "+tries=1", f"+time={max(1, round(timeout))}", *how]
    for question in questions:
        argv += ["-q", presentation_name(question.name), "-t", question.type]
    return tuple(argv)


@dataclass(slots=True)
class DigOutput:
    """What one run of dig printed."""

    replies: list[tuple[Reply, float | None]] = field(default_factory=list)
    """Each reply with its query time in milliseconds, which dig rounds; ``None`` where it says 0, which is no time."""
    errors: list[str] = field(default_factory=list)
    """dig's own complaints, in order: ``communications error to 10.96.0.10#53: timed out``."""


_STATUS = re.compile(r";; ->>HEADER<<- .*status: ([A-Z0-9]+),")
_FLAGS = re.compile(r";; flags:([ a-z]*);")
_TIME = re.compile(r";; Query time: (\d+) msec")
_SECTIONS = {"ANSWER": "answer", "AUTHORITY": "authority", "ADDITIONAL": "additional"}
_TROUBLE = (
    "communications error",
    "connection to",
    "connection timed out",
    "no servers could be reached",
    "couldn't get",
)


@dataclass(slots=True)
class _Block:
    rcode: str
    flags: tuple[str, ...] = ()
    question: Question | None = None
    ms: float | None = None
    sections: dict[str, list[Record]] = field(default_factory=dict)

    def reply(self) -> Reply | None:
        if self.question is None:
            return None
        answer, authority, additional = (tuple(self.sections.get(name, ())) for name in _SECTIONS.values())
        return Reply(self.question, self.rcode, self.flags, answer, authority, additional)


def parse_dig(text: str) -> DigOutput:
    """Read dig's default output for any number of questions; what is not understood is skipped."""
    output = DigOutput()
    blocks: list[_Block] = []
    section = ""
    for line in text.splitlines():
        if match := _STATUS.match(line):
            blocks.append(_Block(match[1]))
            section = ""
        elif line.startswith(";;") or not line.strip():
            section = _heading(line, blocks, output) or ("" if not line.strip() else section)
        elif blocks and section:
            _take(line, section, blocks[-1])
    for block in blocks:
        reply = block.reply()
        if reply is not None:
            output.replies.append((reply, block.ms))
    return output


def _heading(line: str, blocks: list[_Block], output: DigOutput) -> str:
    """A comment of dig: the name of the section that begins here, or empty."""
    if line.startswith(";; ") and line.endswith(" SECTION:"):
        return line.removeprefix(";; ").removesuffix(" SECTION:")
    if blocks and (match := _FLAGS.match(line)):
        blocks[-1].flags = tuple(match[1].split())
    elif blocks and (match := _TIME.match(line)):
        blocks[-1].ms = float(match[1]) or None
    elif any(words in line.lower() for words in _TROUBLE):
        output.errors.append(line.lstrip("; ").rstrip("."))
    return ""


def _take(line: str, section: str, block: _Block) -> None:
    words = line.split(None, 4)
    if section == "QUESTION" and len(words) == 3:
        block.question = Question(words[0].removeprefix(";"), words[2])
    elif section in _SECTIONS and len(words) == 5 and words[1].isdigit():
        record = Record(words[0], int(words[1]), words[3], words[4].strip())
        block.sections.setdefault(_SECTIONS[section], []).append(record)


def match_replies(output: DigOutput, questions: Sequence[Question]) -> dict[Question, tuple[Reply, float | None]]:
    """The replies by the question that was meant; names are compared as DNS does, in any case."""
    by_wire: dict[tuple[str, str], tuple[Reply, float | None]] = {}
    for reply, ms in output.replies:
        by_wire[(reply.question.name.lower(), reply.question.type)] = (reply, ms)
    found = {}
    for question in questions:
        try:
            name = presentation_name(question.name)
        except Unaskable:
            continue
        if (hit := by_wire.get((name.lower(), question.type))) is not None:
            found[question] = hit
    return found
