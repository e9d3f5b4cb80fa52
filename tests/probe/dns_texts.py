"""Records, predictions and replies as dig writes them, for the tests of what is compared. Names are below ``shop``."""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Answer, Question, Record

ZONE = "shop.svc.cluster.local."
START = 1_800_000_000.0
"""Unix time of the first question."""


def record(text: str) -> Record:
    """A record as dig writes it; a name without final dot is below the namespace."""
    name, ttl, _, rdtype, data = text.split(None, 4)
    return Record(name if name.endswith(".") else f"{name}.{ZONE}", int(ttl), rdtype, data)


def question(text: str) -> Question:
    """``NAME TYPE``."""
    name, rdtype = text.split()
    return Question(name if name.endswith(".") else f"{name}.{ZONE}", rdtype)


def soa(ttl: int = 30, serial: int = 1) -> Record:
    return record(
        f"cluster.local. {ttl} IN SOA ns.dns.cluster.local. hostmaster.cluster.local. {serial} 7200 1800 86400 30"
    )


def predicted(text: str, *records: str, rcode: str = "NOERROR") -> Answer:
    """The predicted answer to a question."""
    return Answer(question(text), rcode, answer=tuple(map(record, records)), authority=() if records else (soa(),))


def observed(
    text: str,
    *records: str,
    server: str = "10.96.0.10",
    transport: str = "tcp",
    rcode: str = "NOERROR",
    error: str = "",
    denial: Record | None = None,
    after: float = 0.0,
    flags: Iterable[str] = ("qr", "aa", "rd"),
    ms: float | None = 1.5,
) -> Observation:
    """A reply; without records a denial whose SOA is ``denial``."""
    if error:
        return Observation("pod/web-0", server, transport, question(text), error=error, started=START + after)
    return Observation(
        "pod/web-0",
        server,
        transport,
        question(text),
        rcode,
        tuple(flags),
        tuple(map(record, records)),
        () if records else (denial or soa(),),
        ms=ms,
        started=START + after,
    )
