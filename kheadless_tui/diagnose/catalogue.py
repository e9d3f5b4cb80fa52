"""The catalogue: every rule with its code, and what they find for one Service."""

from __future__ import annotations

from collections.abc import Collection

from kheadless_tui.diagnose import addresses, governing, handmade, naming, ports, readiness, selection
from kheadless_tui.diagnose.evidence import Evidence
from kheadless_tui.diagnose.finding import SEVERITIES, Finding
from kheadless_tui.diagnose.sentence import sentence_of
from kheadless_tui.model.objects import Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.serving.config import ZoneConfig

FAMILIES = (selection, readiness, handmade, governing, naming, ports, addresses)
RULES = tuple(sorted((rule for family in FAMILIES for rule in family.RULES), key=lambda rule: rule.code))
"""All rules by code. Codes up to KH077 are the failures H01 to H77 of the reference; later ones are our own."""


def findings(
    snapshot: Snapshot, service: Service, config: ZoneConfig, *, unread: Collection[str] = ()
) -> tuple[Finding, ...]:
    """What is wrong, or may be, with a Service; worst first, then by code.

    Args:
        snapshot: what is known of the cluster.
        service: the Service.
        config: how the zone is served.
        unread: kinds (``Pod``, ``StatefulSet`` ...) that were not read whole in the Service's namespace: refused,
            still reading, or filtered. Rules conclude nothing from the absence of an object of such a kind.
    """
    return _found(Evidence(snapshot, service, config, unread))


def sentence(
    snapshot: Snapshot, service: Service, config: ZoneConfig, *, unread: Collection[str] = ()
) -> tuple[str, str]:
    """The state of a Service in one line, and its severity.

    Returns:
        ``error``, ``warning``, ``hint``, empty when nothing is against it, or ``unknown``; and the line.
    """
    evidence = Evidence(snapshot, service, config, unread)
    return sentence_of(evidence, _found(evidence))


def _found(evidence: Evidence) -> tuple[Finding, ...]:
    found = [finding for rule in RULES for finding in rule.check(evidence)]
    return tuple(sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code)))
