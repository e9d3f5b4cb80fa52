"""nslookup of BIND and of BusyBox: one question a run, some runs by one shell, and the reading of what each prints.

BIND's says everything with ``-debug`` (TTL, all sections). BusyBox's names no TTL and no section but the answer, asks
over UDP only, and prints nothing at all for an empty answer. BusyBox before 1.29 (and builds without the long form)
takes no type: it gives the addresses of both families and does not tell NXDOMAIN from an empty answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kheadless_tui.probe.choosing.tools import BIND, BUSYBOX_SMALL
from kheadless_tui.probe.inquiring.dnsmessage import Reply, Unaskable, presentation_name
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question, Record


def nslookup_argv(
    kind: str,
    server: Server,
    question: Question,
    *,
    transport: str,
    timeout: float,
) -> tuple[str, ...]:
    """The command for one question; BusyBox before 1.32 knows no SRV, and says so when it is asked.

    Raises:
        Unaskable: the name cannot be put on the wire, or this nslookup cannot ask it.
    """
    name = presentation_name(question.name)
    if "\\" in name or name.startswith("-"):
        raise Unaskable("nslookup cannot ask for this name (it has signs that nslookup reads otherwise)")
    if kind != BIND and transport == "tcp":
        raise Unaskable("nslookup of BusyBox asks over UDP only")
    if kind == BUSYBOX_SMALL:
        if question.type not in ("A", "AAAA"):
            raise Unaskable(f"this nslookup (an old BusyBox) cannot ask for {question.type}")
        if server.port != 53:
            raise Unaskable("this nslookup (an old BusyBox) asks port 53 only")
        return ("nslookup", name, server.address)
    options = ["-debug", f"-timeout={max(1, round(timeout))}", "-retry=1", f"-type={question.type}"]
    if server.port != 53:
        options.append(f"-port={server.port}")
    if transport == "tcp":
        options.append("-vc")
    return ("nslookup", *options, name, server.address)


BATCH = 12
"""Questions for one run of the shell, which asks them one after the other."""

_SCRIPT = """\
mark=$1; shift
IFS=:
for folder in $PATH; do
  program=$folder/nslookup
  if [ -x "$program" ] && [ ! -d "$program" ]; then break; fi
done
unset IFS
if [ ! -x "$program" ]; then echo 'nslookup: executable file not found in $PATH' >&2; exit 127; fi
while [ $# -ge %(size)d ]; do
  echo "$mark"
  "$program" %(words)s </dev/null 2>&1
  shift %(size)d
done
"""
"""Runs nslookup by its path (BusyBox's shell would run its own applet) for so many of its arguments at a time, a line
before each run: names are arguments, never a part of it."""


def nslookups_argv(commands: Sequence[tuple[str, ...]], mark: str) -> tuple[str, ...]:
    """One command that runs several, each with as many words.

    Args:
        commands: Of :func:`nslookup_argv`, made in the same way for questions to one server.
        mark: The line that is printed before the output of each; no server knows it.
    """
    size = len(commands[0]) - 1
    words = " ".join(f'"${{{number}}}"' for number in range(1, size + 1))
    script = _SCRIPT % {"size": size, "words": words}
    return ("sh", "-c", script, "sh", mark, *(word for command in commands for word in command[1:]))


def split_outputs(text: str, mark: str, count: int) -> list[str | None]:
    """What each of several runs printed; ``None`` of those that it did not come to.

    Args:
        text: All that was printed.
        mark: The line before each.
        count: How many were to be run.
    """
    found: list[str | None] = [*text.replace("\r\n", "\n").split(f"{mark}\n")[1:]]
    return [*found[:count], *([None] * (count - len(found)))]


@dataclass(frozen=True, slots=True)
class NslookupOutput:
    """What one run said."""

    reply: Reply | None
    ttl_known: bool = False
    ms: float | None = None
    """In whole milliseconds; ``None`` where it says 0, which is no time."""
    within: float | None = None
    """Milliseconds at the most: 1 where it says 0."""
    error: str = ""


_DENIED = re.compile(r"\*\* server can't find .*: ([A-Z]+)\s*$")
_NO_ANSWER = re.compile(r"\*\*\* Can't find .*: No answer")
_SMALL_DENIED = re.compile(r"nslookup: can't resolve '.*'(: .*)?$")
_TIME = re.compile(r"Query #\d+ completed in (\d+)ms:")
_TROUBLE = re.compile(
    r"(no servers could be reached|communications error|connection timed out|timed out|failed: |nslookup: (read|write)|"
    r"Parse error|invalid query type|[Ii]nvalid option|bad address|Usage: )"
)
_VALUE = re.compile(
    r"(internet address|has AAAA address|service|name|canonical name|text|nameserver|mail exchanger) =? ?(.*)"
)
_TYPES = {
    "internet address": "A",
    "has AAAA address": "AAAA",
    "service": "SRV",
    "name": "PTR",
    "canonical name": "CNAME",
    "text": "TXT",
    "nameserver": "NS",
    "mail exchanger": "MX",
}
_SOA_FIELDS = ("origin", "mail addr", "serial", "refresh", "retry", "expire", "minimum")
_NAMES_LAST = {"SRV", "PTR", "CNAME", "NS", "MX"}
"""Types whose data ends in a name, which nslookup may print without its final dot."""


def parse_nslookup(text: str, question: Question) -> NslookupOutput:
    """Read the output of either nslookup for ``question``."""
    trouble = ""
    rcode = ""
    ms, timed = None, False
    for line in text.splitlines():
        if match := _DENIED.match(line):
            rcode = match[1]
        elif _NO_ANSWER.match(line):
            rcode = rcode or "NOERROR"
        elif match := _TIME.match(line):
            ms, timed = float(match[1]) or None, True
        elif not trouble and _TROUBLE.search(line):
            trouble = line.strip().lstrip("; ").rstrip(".")
    if "    QUESTIONS:" in text:
        sections, ttl_known = _debug_sections(text), True
    else:
        sections, ttl_known = {"ANSWERS": _plain_records(text, question)}, False
    answer = tuple(sections.get("ANSWERS", ()))
    spoke = bool(answer or rcode or timed or ttl_known)
    if not spoke and any(_SMALL_DENIED.match(line) for line in text.splitlines()):
        return NslookupOutput(Reply(question, "", (), (), (), ()))
    if not spoke:
        return NslookupOutput(None, error=trouble or "nslookup said nothing that can be read")
    rest = (tuple(sections.get("AUTHORITY RECORDS", ())), tuple(sections.get("ADDITIONAL RECORDS", ())))
    within = 1.0 if timed and ms is None else None
    return NslookupOutput(Reply(question, rcode or "NOERROR", (), answer, *rest), ttl_known, ms, within)


def _debug_sections(text: str) -> dict[str, list[Record]]:
    """BIND's ``-debug``: every record as an arrow with its name, then indented lines, the last of them its TTL."""
    sections: dict[str, list[Record]] = {}
    section, name = "", ""
    values: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if line.startswith("    ") and stripped.endswith(":") and stripped[:-1].isupper():
            section = stripped[:-1]
        elif line.startswith("    ->"):
            name, values = _dotted(stripped.removeprefix("->").strip()), {}
        elif line.startswith("\t") and section and name:
            key, _, value = stripped.partition(" = ")
            if key == "ttl" and value.isascii() and value.isdigit():
                record = _debug_record(name, int(value), values)
                if record is not None:
                    sections.setdefault(section, []).append(record)
            elif stripped.startswith("has AAAA address "):
                values["has AAAA address"] = stripped.removeprefix("has AAAA address ")
            else:
                values[key] = value
    return sections


def _debug_record(name: str, ttl: int, values: dict[str, str]) -> Record | None:
    if all(key in values for key in _SOA_FIELDS):
        return Record(name, ttl, "SOA", _soa(values))
    for key, rdtype in _TYPES.items():
        if key in values:
            return Record(name, ttl, rdtype, _data(rdtype, values[key]))
    return None


def _plain_records(text: str, question: Question) -> list[Record]:
    """The plain form: ``Name:`` and ``Address:`` pairs, ``OWNER <tab> service = ...`` lines, the block of an SOA."""
    records: list[Record] = []
    owner, soa, soa_owner = "", {}, ""
    body = False
    for line in text.splitlines():
        if line.startswith("Name:"):
            owner, body = _dotted(line.removeprefix("Name:").strip()), True
        elif line.startswith("Address") and body and owner:
            address = line.partition(": ")[2].split()
            rdtype = "AAAA" if address and ":" in address[0] else "A"
            if address and rdtype == question.type:
                records.append(Record(owner, 0, rdtype, address[0]))
        elif line.startswith("\t") and soa_owner:
            key, _, value = line.strip().partition(" = ")
            soa[key] = value
            if all(field in soa for field in _SOA_FIELDS):
                records.append(Record(soa_owner, 0, "SOA", _soa(soa)))
                soa, soa_owner = {}, ""
        elif "\t" in line and (match := _VALUE.match(line.partition("\t")[2].strip())):
            rdtype = _TYPES[match[1]]
            records.append(Record(_dotted(line.partition("\t")[0]), 0, rdtype, _data(rdtype, match[2])))
        elif line and not line.startswith(("Server", "Address", "*", ";", "Query", " ")) and " " not in line:
            soa_owner = _dotted(line.strip())
    return records


def _soa(values: dict[str, str]) -> str:
    fields = [values[key] for key in _SOA_FIELDS]
    return " ".join([_dotted(fields[0]), _dotted(fields[1]), *fields[2:]])


def _data(rdtype: str, value: str) -> str:
    return _dotted(value.strip()) if rdtype in _NAMES_LAST else value.strip()


def _dotted(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
