"""Names of pods: ``DASHED-ADDRESS.NAMESPACE.pod.ZONE``.

Source: plugin/kubernetes/kubernetes.go findPods. ``pods insecure`` answers whatever address is written in the name,
``pods verified`` only the first address of a pod of that namespace.
"""

from __future__ import annotations

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.naming.name_parsing import Request
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.objects.endpoint_slices import Port
from kheadless_tui.zone.objects.pairs import Listing, Pair
from kheadless_tui.zone.objects.watched import Watched
from kheadless_tui.zone.record import Source

_V4_DASHES = 3
"""Dashes in the name of an IPv4 address, none next to another; any other number is read as IPv6."""


def address_in(label: str) -> str:
    """The text of the address that a pod's name stands for; it need not be an address."""
    if label.count("-") == _V4_DASHES and "--" not in label:
        return label.replace("-", ".")
    return label.replace("-", ":")


def pod_listing(seen: Watched, request: Request, zone: str) -> Listing:
    """What a pod's name stands for; an SRV record of it points at the name and has the number 0."""
    mode = seen.config.pods
    if mode == "disabled":
        return Listing(missing="pods-disabled")
    if not request.service:
        return Listing()
    address = address_in(request.service)
    target = f"{request.service}.{request.namespace}.pod.{zone}"
    if mode == "insecure":
        if canonical(address) is None:
            return Listing(missing="pod-not-address")
        source = Source("Namespace", ObjectKey("", request.namespace))
        return Listing((Pair(address, Port(0), target, source, None),))
    pairs = tuple(
        Pair(address, Port(0), target, Source("Pod", pod.key, "status.podIP"), None)
        for pod in seen.pods_at(address)
        if pod.namespace == request.namespace
    )
    return Listing(pairs, missing="" if pairs else "pod-missing")
