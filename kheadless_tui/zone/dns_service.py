"""The Service in front of the cluster's own DNS servers, by the names and labels that installers give it."""

from __future__ import annotations

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.pairs import is_headless

DNS_SERVICE = ObjectKey("kube-system", "kube-dns")
"""The Service in front of the DNS servers, by the name that kubeadm and most installers give it."""
DNS_NAMESPACES = frozenset({"kube-system", "openshift-dns"})
"""Namespaces in which installers put the cluster's DNS Service, whose addresses are the zone's name servers."""
_OPENSHIFT = ObjectKey("openshift-dns", "dns-default")
_LABEL = ("k8s-app", "kube-dns")


def dns_service(snapshot: Snapshot) -> ObjectKey:
    """The Service in front of the cluster's DNS servers.

    By the names that installers give it; else the Service of kube-system with a cluster address and the label that all
    of them carry (RKE2 and others name it after their chart). None found: the usual name.
    """
    for key in (DNS_SERVICE, _OPENSHIFT):
        if snapshot.service(key) is not None:
            return key
    for service in snapshot.services(DNS_SERVICE.namespace):
        named, value = _LABEL
        if service.labels.get(named) == value and service.cluster_ips and not is_headless(service):
            return service.key
    return DNS_SERVICE
