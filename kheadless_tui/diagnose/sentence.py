"""The one line above all panels: the state of a Service, or its cause when it is bad."""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.diagnose.evidence import Evidence
from kheadless_tui.diagnose.finding import ERROR, HINT, WARNING, Finding, counted

UNKNOWN = "unknown"
"""Severity of a state that was not read: neither good nor bad."""


def sentence_of(evidence: Evidence, found: Sequence[Finding]) -> tuple[str, str]:
    """Severity and line, from what the rules found, worst first."""
    worst = found[0] if found else None
    serious = worst if worst is not None and worst.severity in (ERROR, WARNING) else None
    severity = worst.severity if worst is not None else ""
    if evidence.service.type == "ExternalName":
        return severity, serious.brief if serious else f"an alias of {evidence.service.spec.external_name} (CNAME)"
    if not evidence.known("EndpointSlice"):
        return UNKNOWN, "EndpointSlices were not read: which names exist is not known"
    if not evidence.service.headless:
        return severity, serious.brief if serious else _with_cluster_address(evidence)
    if not evidence.in_dns:
        return severity or _severity_of_nothing(
            evidence
        ), f"no name of this Service exists: {_why_nothing(evidence, worst)}"
    total = len(evidence.members)
    count = f"{len(evidence.in_dns)} of {counted(total, evidence.noun)} {'is' if total == 1 else 'are'} in DNS"
    if serious is not None:
        return severity, f"{count}; {serious.brief}"
    return severity, count


def _with_cluster_address(evidence: Evidence) -> str:
    addresses = ", ".join(evidence.service.cluster_ips)
    return f"not headless: its name leads to {addresses}" if addresses else "not headless, and no cluster address yet"


def _severity_of_nothing(evidence: Evidence) -> str:
    """What selects pods and has no endpoint is denied, whichever rule may tell why once pods are read."""
    if not evidence.service.selector:
        return HINT
    return ERROR if evidence.slices else WARNING


def _why_nothing(evidence: Evidence, worst: Finding | None) -> str:
    if worst is not None:
        return worst.brief
    if not evidence.slices:
        return "it has no EndpointSlice"
    return "it has no endpoint"
