"""Endpoint names: the one name that an address of an endpoint has below its Service.

Source: plugin/kubernetes/kubernetes.go endpointHostname.
"""

from __future__ import annotations

from kheadless_tui.model.objects import Endpoint
from kheadless_tui.zone.serving.config import ZoneConfig

MAX_TARGET_NAME = 63
"""Characters of the longest targetRef.name that may name an endpoint (object/endpoint.go: shorter than 64)."""


def endpoint_hostname(endpoint: Endpoint, address: str, config: ZoneConfig) -> str:
    """The one name that an address of an endpoint has below its Service.

    Its hostname; under ``endpoint_pod_names`` the name of its target, whatever the kind; else the address as the slice
    writes it, dashes in place of dots or colons, and a final dash followed by a 0.

    Returns:
        The name, empty for a text that is neither (kubernetes.go endpointHostname).
    """
    if endpoint.hostname:
        return endpoint.hostname
    target = endpoint.target_ref
    if config.endpoint_pod_names and target is not None and target.name and len(target.name) <= MAX_TARGET_NAME:
        return target.name
    return dashed(address)


def dashed(address: str) -> str:
    """An address as an endpoint's name; the text is taken as it stands, not in its canonical form."""
    if "." in address:
        return address.replace(".", "-")
    if ":" in address:
        name = address.replace(":", "-")
        return f"{name}0" if name.endswith("-") else name
    return ""
