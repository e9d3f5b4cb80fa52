"""Whether what a name leads to can be reached: the outcome of a TCP connect, and what its failure means. Pure.

DNS may be right and the Service still of no use: a headless Service has no kube-proxy in between, so that a client
connects to the port that the *pod* listens on. ``refused`` therefore means that the packet arrived and nothing listens
there; no answer at all means that a NetworkPolicy, a route or a node is in the way.
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN, REFUSED, SILENT, UNREACHABLE, UNRESOLVED, FAILED = (
    "open",
    "refused",
    "no answer",
    "unreachable",
    "not resolved",
    "failed",
)
"""The outcomes: connected; answered by a reset; nothing within the time; an ICMP error or no route; the name has no
address for the pod that asks; the program in the pod could not be run or said something else."""


@dataclass(frozen=True, slots=True)
class Http:
    """The reply to an HTTP GET of ``/``."""

    status: int | None
    """``None`` when what came was no HTTP."""
    line: str
    """The first line, or the first bytes of what came, as printable text."""
    ms: float | None = None
    """Milliseconds of the whole program, where it was told."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One port of one endpoint that is to be reached."""

    address: str
    port: int
    port_name: str = ""
    """As the EndpointSlice calls it; empty for a single port without a name."""
    app_protocol: str = ""
    """``appProtocol`` of the port, such as ``http``."""
    name: str = ""
    """The endpoint's own DNS name, absolute; it is what a client would connect to."""
    pod: str = ""
    ready: bool = True
    node: str = ""

    @property
    def speaks_http(self) -> bool:
        """The port's name or appProtocol says http; not https, which a plain GET would only confuse."""
        first = (self.app_protocol or self.port_name).lower().removeprefix("kubernetes.io/").split("-")[0]
        return first in ("web", "h2c") or (first.startswith("http") and not first.startswith("https"))


@dataclass(frozen=True, slots=True)
class Reach:
    """What became of one connect."""

    goal: Goal
    outcome: str
    """``open``, ``refused``, ``no answer``, ``unreachable``, ``not resolved`` or ``failed``."""
    cause: str = ""
    """What that means, in one sentence; empty when it is open."""
    ms: float | None = None
    """Milliseconds from the start of the program to its end, the exec included; ``None`` when it is not known."""
    http: Http | None = None
    said: str = ""
    """What the program in the pod said, as printable text."""

    @property
    def reached(self) -> bool:
        """Connected, and where HTTP was asked for, answered in HTTP below 500."""
        answered = self.http is None or (self.http.status is not None and self.http.status < 500)
        return self.outcome == OPEN and answered
