"""The files that the kubelet writes into containers."""

from __future__ import annotations

from kheadless_tui.lab.store import Object
from kheadless_tui.zone.resolv_conf import ResolvConf

CLUSTER_DOMAIN = "cluster.local"


def resolv_conf(resolv: ResolvConf) -> bytes:
    """/etc/resolv.conf."""
    lines = []
    if resolv.search:
        lines.append(f"search {' '.join(resolv.search)}")
    lines += [f"nameserver {server}" for server in resolv.nameservers]
    if resolv.ndots != 1:
        lines.append(f"options ndots:{resolv.ndots}")
    return "".join(f"{line}\n" for line in lines).encode()


def hosts(pod: Object, hostname: str) -> bytes:
    """/etc/hosts (pkg/kubelet/kubelet_pods.go, managedHostsFileContent)."""
    lines = [
        "# Kubernetes-managed hosts file.",
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
    ]
    names = hostname
    subdomain = pod["spec"].get("subdomain")
    if subdomain:
        names = f"{hostname}.{subdomain}.{pod['metadata']['namespace']}.svc.{CLUSTER_DOMAIN}\t{hostname}"
    lines += [f"{address['ip']}\t{names}" for address in pod["status"].get("podIPs") or ()]
    return "".join(f"{line}\n" for line in lines).encode()
