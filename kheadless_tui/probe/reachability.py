"""Whether what a name leads to can be reached: the outcome of a TCP connect, and what its failure means. Pure.

DNS may be right and the Service still of no use: a headless Service has no kube-proxy in between, so that a client
connects to the port that the *pod* listens on. ``refused`` therefore means that the packet arrived and nothing listens
there; no answer at all means that a NetworkPolicy, a route or a node is in the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.choosing.tools import printable
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.zone_records import service_records

OPEN, REFUSED, SILENT, UNREACHABLE, UNRESOLVED, FAILED = (
    "open",
    "refused",
    "no answer",
    "unreachable",
    "not resolved",
    "failed",
)
"""The outcomes: connected; answered by a reset; nothing within the time; an ICMP error or no route; the program in the
pod found no address; it could not be run, or said something else."""

_SAID = (
    (REFUSED, ("refused",)),
    (UNREACHABLE, ("no route to host", "unreachable")),
    (UNRESOLVED, ("bad address", "name or service not known", "could not resolve", "unknown host", "not known")),
    (SILENT, ("timed out", "timeout")),
)
"""What the programs say, in the words of the C library: strerror(3) and gai_strerror(3) in lower case."""
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})\b[^\r\n]*")
MOST_BYTES = 4096
"""Bytes of a reply in which its first line is looked for."""


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
    name: str = ""
    """The endpoint's own DNS name, absolute; it is what a client would connect to."""
    pod: str = ""
    ready: bool = True
    """It is in DNS."""
    declared: tuple[int, ...] = ()
    """The ports that the pod's containers declare; empty when they are not known."""

    @property
    def speaks_http(self) -> bool:
        """The port's name says http: ``http``, ``http-admin``, ``web``; not https, which a plain GET would confuse."""
        first = self.port_name.lower().partition("-")[0]
        return first in ("web", "h2c") or (first.startswith("http") and not first.startswith("https"))


@dataclass(frozen=True, slots=True)
class Astray:
    """Where the name of a goal leads for the pod that asks, which is not the address of the goal."""

    addresses: tuple[str, ...]
    """None where the name is denied."""
    left: int | None = None
    """Seconds for which caches may still say so, at most: it was right before a change of a moment ago. ``None``: it is
    no cache's."""


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
    astray: Astray | None = None
    """Where the name leads instead; ``None`` when it leads there, or was not asked for."""

    @property
    def reached(self) -> bool:
        """Connected to the address, and where HTTP was asked for, answered in HTTP below 500."""
        answered = self.http is None or (self.http.status is not None and self.http.status < 500)
        return self.outcome == OPEN and answered

    @property
    def found(self) -> bool:
        """A client that goes by the name gets there."""
        return self.reached and self.astray is None


def goals(snapshot: Snapshot, service: Service, config: ZoneConfig) -> tuple[Goal, ...]:
    """Every TCP port of every endpoint, by pod: what a client of the Service would connect to."""
    names = _names(snapshot, service, config)
    found: dict[tuple[str, int], Goal] = {}
    for item in snapshot.slices_of(service.key):
        ports = [port for port in item.ports or () if port.port and (port.protocol or "TCP") == "TCP"]
        for endpoint in item.endpoints or ():
            for address in endpoint.addresses or ():
                for port in ports:
                    assert port.port is not None
                    found.setdefault(
                        (address, port.port),
                        Goal(
                            address,
                            port.port,
                            port.name or "",
                            names.get(address, ""),
                            endpoint.pod_name or "",
                            address in names,
                            _declared(snapshot, service.namespace, endpoint.pod_name),
                        ),
                    )
    return tuple(sorted(found.values(), key=lambda goal: (not goal.ready, goal.pod, ":" in goal.address, goal.port)))


def _names(snapshot: Snapshot, service: Service, config: ZoneConfig) -> Mapping[str, str]:
    """The DNS name of each endpoint's address; addresses that are not in DNS are not among them."""
    found: dict[str, str] = {}
    for item in service_records(snapshot, service, config):
        if item.endpoint is not None and item.record.type in ("A", "AAAA"):
            known = found.get(item.endpoint.address, "")
            if len(item.record.name) > len(known):  # the endpoint's own name, and not that of the Service
                found[item.endpoint.address] = item.record.name
    return found


def _declared(snapshot: Snapshot, namespace: str, pod_name: str | None) -> tuple[int, ...]:
    pod = snapshot.pod(ObjectKey(namespace, pod_name)) if pod_name else None
    containers = pod.spec.containers or () if pod is not None else ()
    return tuple(
        port.container_port for container in containers for port in container.ports or () if port.container_port
    )


def outcome_of(exit_code: int | None, said: str, *, timed_out: bool) -> str:
    """What a program that was to connect came to.

    Args:
        exit_code: Of the program; ``None`` when it was given up or never ran.
        said: What it wrote on stderr.
        timed_out: It was given up since it took too long.
    """
    if exit_code == 0:
        return OPEN
    words = said.lower()
    for outcome, phrases in _SAID:
        if any(phrase in words for phrase in phrases):
            return outcome
    return SILENT if timed_out else FAILED


def request(goal: Goal) -> bytes:
    """The GET of ``/`` that is sent; the Host is the endpoint's own name, as a browser would send it."""
    host = goal.name.removesuffix(".") or (f"[{goal.address}]" if ":" in goal.address else goal.address)
    lines = ("GET / HTTP/1.1", f"Host: {host}:{goal.port}", "User-Agent: kheadless-tui", "Connection: close", "", "")
    return "\r\n".join(lines).encode("ascii", "replace")


def http_of(data: bytes, ms: float | None = None) -> Http:
    """The first line of a reply."""
    found = _STATUS_LINE.match(data)
    if found is None:
        return Http(None, printable(data[:200]), ms)
    return Http(int(found[1]), printable(found[0], 120), ms)


def reached(goal: Goal, outcome: str, *, ms: float | None = None, http: Http | None = None, said: str = "") -> Reach:
    """The outcome with its cause in words."""
    return Reach(goal, outcome, _cause(goal, outcome, http, said), ms, http, said)


def with_name(result: Reach, astray: Astray) -> Reach:
    """An outcome of which it is known that the name leads elsewhere."""
    if astray.left is not None:
        why = f"the name still leads to an old address: a cache, for at most {astray.left} s more"
        why = why if astray.addresses else f"the name is still denied: a cache, for at most {astray.left} s more"
    else:
        why = f"{result.goal.name} does not lead to this address here"
        why += f", but to {', '.join(astray.addresses[:3])}" if astray.addresses else ": it is denied"
    return replace(result, astray=astray, cause="; ".join(filter(None, (result.cause, why))))


def _cause(goal: Goal, outcome: str, http: Http | None, said: str) -> str:
    if outcome == OPEN:
        return _http_cause(http)
    if outcome == REFUSED:
        others = [str(port) for port in goal.declared if port != goal.port]
        cause = f"nothing listens on port {goal.port} there: the Service's targetPort is wrong, or the program is down"
        if others and goal.port not in goal.declared:
            cause += f"; the pod declares {', '.join(others)}"
        return cause
    return {
        SILENT: "not even a refusal: a NetworkPolicy, a route, or the node of the pod",
        UNREACHABLE: f"no route to the address ({said or 'ICMP unreachable'})",
        UNRESOLVED: said or "the program in the pod found no such address",
        FAILED: said or "the program in the pod failed and said nothing",
    }[outcome]


def _http_cause(http: Http | None) -> str:
    if http is None or (http.status is not None and http.status < 500):
        return ""
    if http.status is not None:
        return f"the program answers {http.status}"
    return f"what answers is no HTTP: {http.line}" if http.line else "connected, but no HTTP came back"


def all_reached(results: Iterable[Reach]) -> bool:
    """Every endpoint that is in DNS can be reached, and by its name."""
    return all(result.found for result in results if result.goal.ready)
