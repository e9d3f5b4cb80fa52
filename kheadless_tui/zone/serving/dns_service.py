"""The Service in front of the cluster's own DNS servers, by the names and labels that installers give it."""

from __future__ import annotations

from collections.abc import Iterable

from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot

DNS_SERVICE = ObjectKey("kube-system", "kube-dns")
"""The Service in front of the DNS servers, by the name that kubeadm and most installers give it."""
DNS_LABEL = ("k8s-app", "kube-dns")
"""The label that it carries where a chart gives it another name, as in RKE2 and Kubespray."""
DNS_NAMESPACES = frozenset({"kube-system", "openshift-dns"})
"""Namespaces in which installers put the cluster's DNS Service, whose addresses are the zone's name servers."""
NODE_LOCAL = "169.254.20.10"
"""Where NodeLocal DNSCache listens unless it is told otherwise (cluster/addons/dns/nodelocaldns in kubernetes)."""
_OPENSHIFT = ObjectKey("openshift-dns", "dns-default")
_UPSTREAM = "kube-dns-upstream"
"""A second Service over the same pods, for the caches on the nodes alone; it carries the label too
(cluster/addons/dns/nodelocaldns/nodelocaldns.yaml)."""


def choose_dns_service(services: Iterable[Service]) -> Service | None:
    """The Service in front of the cluster's DNS servers among those that were read.

    By the names that installers give it; else the first by name in kube-system that has a cluster address and the
    label. The one that only the nodes' caches ask is never it.
    """
    known = {service.key: service for service in services}
    for key in (DNS_SERVICE, _OPENSHIFT):
        if key in known:
            return known[key]
    name, value = DNS_LABEL
    labelled = [
        service
        for key, service in sorted(known.items())
        if key.namespace == DNS_SERVICE.namespace and service.labels.get(name) == value
    ]
    return next((each for each in labelled if _has_address(each) and each.name != _UPSTREAM), None)


def dns_service(snapshot: Snapshot) -> ObjectKey:
    """The key of the Service in front of the cluster's DNS servers; the usual one where none is found."""
    usual = [service for key in (DNS_SERVICE, _OPENSHIFT) if (service := snapshot.service(key)) is not None]
    found = choose_dns_service(usual or snapshot.services(DNS_SERVICE.namespace))
    return found.key if found is not None else DNS_SERVICE


def _has_address(service: Service) -> bool:
    return bool(service.cluster_ips) and not service.headless
