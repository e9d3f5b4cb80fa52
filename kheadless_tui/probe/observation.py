"""What was seen: one answer of one server to one question, asked from one vantage point."""

from __future__ import annotations

import msgspec

from kheadless_tui.zone.record import Question, Record


class Vantage(msgspec.Struct, frozen=True):
    """A place from which questions were asked."""

    name: str
    """As the user names it: ``pod/web-0``, ``pod/web-0:nginx``, ``debug/web-0``, ``new``, ``coredns/NAME``."""
    kind: str
    """``pod``, ``debug``, ``new``, ``coredns`` or ``local``."""
    namespace: str
    pod: str
    """The pod that carried the questions, whatever the kind; empty for ``local``."""
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


UNKNOWABLE = ("ttl", "rcode", "flags", "authority", "additional", "time")
"""What a carrier may be unable to tell of a reply."""


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
    """Empty when there was no reply or the carrier cannot tell; with a retry, that of the last reply."""
    flags: tuple[str, ...] = ()
    """``qr``, ``aa``, ``tc``, ``rd``, ``ra`` ..., empty when the carrier cannot tell."""
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    ms: float | None = None
    """Milliseconds from writing the question to the whole answer, where the carrier allows to measure it."""
    error: str = ""
    """Why there is no reply; empty when there is one."""
    unasked: bool = False
    """The question could not be put by this carrier, so that nothing was sent: ``error`` says why, and nothing follows
    about the server."""
    ttl_known: bool = True
    """False when the carrier does not tell TTLs (BusyBox nslookup); they are 0 then."""
    started: float = 0.0
    """Unix time at which the question was written, or its program started; 0 where nothing was sent."""
    wire: bytes = b""
    """The reply as it came, where the carrier hands on whole messages."""
    said: str = ""
    """What the program printed, where it prints text; for several questions a run, what it printed for all of them."""
    unknown: tuple[str, ...] = ()
    """What the carrier cannot know, each one of :data:`UNKNOWABLE`."""
    cut: int | None = None
    """Records of a first reply over UDP that was truncated, after which the same question was asked over TCP; the
    sections are those of the reply over TCP. ``None``: nothing was truncated."""
    edns: int | None = None
    """Octets offered by EDNS; 0 without EDNS, ``None`` where the program decides that by itself."""
    case_kept: bool | None = None
    """Whether the reply repeated the letters of the name in the case in which they were sent; ``None`` where that was
    not tried or cannot be seen."""

    within: float | None = None
    """Milliseconds that the reply took at the most, the whole run of the program and its exec included, where the
    program tells no time of its own."""
    carrier: str = ""
    """The program that asked."""
    aside: int = 0
    """It was asked past what caches keep for clients (:attr:`kheadless_tui.probe.server.Manner.aside`): it tells how
    old their reply is, and is no reply that a client would get."""

    @property
    def aa(self) -> bool | None:
        """The AA bit; ``None`` when the carrier cannot tell."""
        return ("aa" in self.flags) if self.flags else None

    @property
    def raw(self) -> str:
        """The reply in full for people to read: the whole message as dig writes it, or what the program printed."""
        if self.wire:
            from kheadless_tui.probe.inquiring.dnsmessage import message_text  # noqa: PLC0415 - only where somebody looks

            return message_text(self.wire)
        return self.said
