"""VANTAGE as the user writes it: ``pod/NAME[:CONTAINER]``, ``debug/POD``, ``new``, ``coredns``, ``local``, ``auto``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kheadless_tui.errors import UsageError

DEFAULT_IMAGE = "busybox:1.28"
"""Of what is created: small, on many nodes already, and its nc carries whole DNS messages."""

KINDS = ("auto", "pod", "debug", "new", "coredns", "local")

_POD_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
"""A DNS subdomain, as the API server demands of pod names."""
_CONTAINER_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")

_HINT = "Vantage points: pod/NAME[:CONTAINER], debug/POD, new, coredns, local, auto."


@dataclass(frozen=True, slots=True)
class VantageSpec:
    """Where to ask from, as it was asked for."""

    kind: str
    """One of :data:`KINDS`."""
    pod: str = ""
    """For ``pod`` and ``debug``."""
    container: str = ""
    """For ``pod``; empty: the first that can carry questions."""

    def __str__(self) -> str:
        """As the user writes it."""
        if self.kind in ("pod", "debug"):
            return f"{self.kind}/{self.pod}" + (f":{self.container}" if self.container else "")
        return self.kind


def parse_vantage(text: str) -> VantageSpec:
    """Read a vantage point.

    Raises:
        UsageError: it is none.
    """
    if text in ("auto", "new", "coredns", "local"):
        return VantageSpec(text)
    kind, slash, rest = text.partition("/")
    if kind in ("po", "pods"):
        kind = "pod"
    if not slash or kind not in ("pod", "debug"):
        raise UsageError(f"{text!r} is not a vantage point.", hint=_HINT)
    pod, colon, container = rest.partition(":")
    if not _POD_NAME.match(pod):
        raise UsageError(f"{pod!r} cannot be the name of a pod.", hint=_HINT)
    if colon and kind == "debug":
        raise UsageError(f"debug/{pod} takes no container: an ephemeral one of its own is used.", hint=_HINT)
    if colon and not _CONTAINER_NAME.match(container):
        raise UsageError(f"{container!r} cannot be the name of a container.", hint=_HINT)
    return VantageSpec(kind, pod, container)
