"""What was seen: one answer of one server to one question, asked from one vantage point."""

from __future__ import annotations

import msgspec

from kheadless_tui.zone.record import Question, Record


class Vantage(msgspec.Struct, frozen=True):
    """A place from which questions were asked."""

    name: str
    """As the user names it: ``pod/web-0``, ``pod/web-0:nginx``, ``debug/web-0``, ``new``, ``coredns/NAME``."""
    kind: str
    """``pod``, ``debug``, ``new`` or ``coredns``."""
    namespace: str
    pod: str
    """The pod that carried the questions, whatever the kind."""
    container: str
    tool: str
    """The carrier: ``nc``, ``dig``, ``nslookup``."""
    image: str = ""
    created: bool = False
    """True when something was made in the cluster for it (an ephemeral container, a temporary pod)."""
    tools: tuple[str, ...] = ()
    """Programs of its image that can ask DNS, as far as they are known."""
    flags: tuple[str, ...] = ()
    """By which kubectl reaches its cluster (``--kubeconfig F --context C``), as the user gave them to us."""


class Observation(msgspec.Struct, frozen=True):
    """One reply, or why there was none."""

    vantage: str
    """Name of the vantage point."""
    server: str
    """Address of the server that was asked, with ``:port`` when it is not 53."""
    transport: str
    """``udp`` or ``tcp``."""
    question: Question
    rcode: str = ""
    """Empty when there was no reply or the carrier cannot tell."""
    flags: tuple[str, ...] = ()
    """``qr``, ``aa``, ``tc``, ``rd``, ``ra`` ..., empty when the carrier cannot tell."""
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    ms: float | None = None
    """Milliseconds from writing the question to the whole answer, where the carrier allows to measure it."""
    error: str = ""
    """Why there is no reply; empty when there is one."""
    ttl_known: bool = True
    """False when the carrier does not tell TTLs (BusyBox nslookup); they are 0 then."""

    @property
    def aa(self) -> bool | None:
        """The AA bit; ``None`` when the carrier cannot tell."""
        return ("aa" in self.flags) if self.flags else None
