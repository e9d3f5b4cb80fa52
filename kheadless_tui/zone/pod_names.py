"""Names of pods: ``DASHED-ADDRESS.NAMESPACE.pod.ZONE``; reference section 9.

Source: plugin/kubernetes/kubernetes.go findPods. ``pods insecure`` answers whatever address is written in the name,
``pods verified`` only the first address of a pod of that namespace.
"""

from __future__ import annotations

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.addresses import canonical
from kheadless_tui.zone.exposure import Exposure
from kheadless_tui.zone.record import Source
from kheadless_tui.zone.request import Request

_V4_DASHES = 3
"""Dashes in the name of an IPv4 address, none next to another; any other number is read as IPv6."""


def address_in(label: str) -> str:
    """The text of the address that a pod's name stands for; it need not be an address."""
    if label.count("-") == _V4_DASHES and "--" not in label:
        return label.replace("-", ".")
    return label.replace("-", ":")


def pod_pairs(seen: Exposure, request: Request, zone: str) -> tuple[list[tuple[str, str, Source]], str]:
    """The addresses that a pod's name stands for, with the target of an SRV record and where each comes from.

    Returns:
        The addresses, and the rule by which the name does not exist (empty when it does).
    """
    mode = seen.config.pods
    if mode == "disabled":
        return [], "pods-disabled"
    if not request.service:
        return [], ""
    address = address_in(request.service)
    target = f"{request.service}.{request.namespace}.pod.{zone}"
    if mode == "insecure":
        if canonical(address) is None:
            return [], "pod-not-address"
        return [(address, target, Source("Namespace", ObjectKey("", request.namespace)))], ""
    found = [
        (address, target, Source("Pod", pod.key, "status.podIP"))
        for pod in seen.pods_at(address)
        if pod.namespace == request.namespace
    ]
    return found, "" if found else "pod-missing"
