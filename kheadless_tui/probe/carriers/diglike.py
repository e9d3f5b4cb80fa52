"""Reading what dig, kdig, drill and ``host -v`` print: the sections of a reply as records, between lines of comment.

====== ============================================ ============================== ============================
       header                                       question                       time
====== ============================================ ============================== ============================
dig    ``opcode: QUERY, status: NOERROR, id: 1``    ``;web. IN A``                 ``;; Query time: 1 msec``
kdig   ``opcode: QUERY; status: NOERROR; id: 1``    ``;; web. IN A``               ``;; From ADDRESS in 0.7 ms``
drill  ``opcode: QUERY, rcode: NOERROR, id: 1``     ``;; web. IN A``               ``;; Query time: 1 msec``
host   as dig; of a denial one line alone           ``;web. IN A``, no final dot   ``Received 1 bytes from ...``
====== ============================================ ============================== ============================
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kheadless_tui.probe.inquiring.dnsmessage import Reply, Unaskable, presentation_name
from kheadless_tui.zone.record import Question, Record


@dataclass(slots=True)
class Printed:
    """What one run of a program printed."""

    replies: list[tuple[Reply, float | None]] = field(default_factory=list)
    """Each reply with its query time in milliseconds, which most round; ``None`` where it says 0, which is no time."""
    errors: list[str] = field(default_factory=list)
    """The program's own complaints, in order: ``communications error to 10.96.0.10#53: timed out``."""


_STATUS = re.compile(r";; ->>HEADER<<- .*(?:status|rcode): ([A-Z0-9]+)[,;]")
_FLAGS = re.compile(r";; [Ff]lags:([ a-z]*);")
_TIME = re.compile(r"(?:;; Query time: (\d+) msec|;; From .* in ([\d.]+) ms|Received \d+ bytes from .* in (\d+) ms)")
_DENIED = re.compile(r"Host (\S+) not found: \d+\(([A-Z0-9]+)\)")
"""All that host says of a reply with an rcode other than NOERROR."""
_SECTIONS = {"ANSWER": "answer", "AUTHORITY": "authority", "ADDITIONAL": "additional"}
_TROUBLE = (
    "communications error",
    "connection to",
    "connection timed out",
    "no servers could be reached",
    "couldn't get",
    "response timeout",
    "can't connect to",
    "failed to query",
    "error: error sending",
)


_UNREADABLE = Question("", "")
"""Stands for a question whose name is written so that it cannot be read."""


@dataclass(slots=True)
class _Block:
    rcode: str
    flags: tuple[str, ...] = ()
    question: Question | None = None
    ms: float | None = None
    sections: dict[str, list[Record]] = field(default_factory=dict)
    whole: bool = True
    """False for host's one line about a denial."""

    def reply(self) -> Reply:
        answer, authority, additional = (tuple(self.sections.get(name, ())) for name in _SECTIONS.values())
        echo = self.question.name if self.question and self.whole else ""
        question = self.question or _UNREADABLE
        return Reply(question, self.rcode, self.flags, answer, authority, additional, echo)


def parse_printed(text: str) -> Printed:
    """Read what one of these programs printed for any number of questions; what is not understood is skipped."""
    output = Printed()
    blocks: list[_Block] = []
    section = ""
    for line in text.splitlines():
        if match := _STATUS.match(line):
            blocks.append(_Block(match[1]))
            section = ""
        elif match := _DENIED.match(line):
            blocks.append(_Block(match[2], question=Question(_dotted(match[1]), ""), whole=False))
            section = ""
        elif blocks and section == "QUESTION" and _is_question(line):
            words = line.lstrip("; ").split()
            blocks[-1].question = Question(_dotted(words[0]), words[2])
        elif line.startswith((";;", "Error: ", "Received ")) or not line.strip():
            section = _heading(line, blocks, output) or ("" if not line.strip() else section)
        elif blocks and section:
            _take(line, section, blocks[-1])
    output.replies = [(block.reply(), block.ms) for block in blocks]
    return output


def _heading(line: str, blocks: list[_Block], output: Printed) -> str:
    """A line of comment: the name of the section that begins here, or empty."""
    if line.startswith(";; ") and line.endswith(" SECTION:"):
        return line.removeprefix(";; ").removesuffix(" SECTION:")
    if blocks and (match := _FLAGS.match(line)):
        blocks[-1].flags = tuple(match[1].split())
    elif blocks and (match := _TIME.match(line)):
        blocks[-1].ms = float(next(group for group in match.groups() if group)) or None
    elif any(words in line.lower() for words in _TROUBLE):
        output.errors.append(line.lstrip("; ").rstrip("."))
    return ""


def _take(line: str, section: str, block: _Block) -> None:
    words = line.split(None, 4)
    if section in _SECTIONS and len(words) == 5 and words[1].isascii() and words[1].isdigit():
        record = Record(words[0], int(words[1]), words[3], words[4].strip())
        block.sections.setdefault(_SECTIONS[section], []).append(record)


def _is_question(line: str) -> bool:
    words = line.lstrip("; ").split()
    return line.startswith(";") and len(words) == 3 and words[1] == "IN"


def _dotted(name: str) -> str:
    """The name with its final dot, which host leaves out."""
    return name if name.endswith(".") else f"{name}."


def match_replies(output: Printed, questions: Sequence[Question]) -> dict[Question, tuple[Reply, float | None]]:
    """The replies by the question that was meant; names are compared as DNS does, in any case."""
    by_name: dict[tuple[str, str], tuple[Reply, float | None]] = {}
    for reply, ms in output.replies:
        by_name[(_same(reply.question.name), reply.question.type)] = (reply, ms)
    found = {}
    for question in questions:
        name = _same(question.name)
        hit = by_name.get((name, question.type)) or by_name.get((name, ""))
        if hit is not None:
            found[question] = hit
    return found


def only_reply(output: Printed) -> tuple[Reply | None, float | None]:
    """The reply of a run with one question, however the program writes its name."""
    return output.replies[-1] if output.replies else (None, None)


def _same(name: str) -> str:
    """A name in one form: each program escapes other signs."""
    try:
        return presentation_name(name).lower()
    except Unaskable:
        return name


def complaint(output: Printed) -> str:
    """Why there was no reply, in the program's words; the cause rather than that it failed."""
    causes = [line for line in output.errors if "failed to query" not in line]
    return (causes or output.errors or [""])[-1]
