"""The files of containers that say how names are resolved, and who one is."""

from __future__ import annotations

import msgspec

from kheadless_tui.lab.dns.upstream import ADDRESS as UPSTREAM
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.pods.process import Surroundings
from kheadless_tui.model.workloads import Pod
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, resolv_conf_of

CLUSTER_DOMAIN = "cluster.local"
CLUSTER_DNS = "10.96.0.10"
"""What kubelets write into resolv.conf (kubelet's clusterDNS)."""


def resolver_of(pod: Object) -> ResolvConf:
    """The pod's resolv.conf; one that uses the node's asks the servers outside."""
    found = resolv_conf_of(msgspec.convert(pod, Pod), ZoneConfig(), CLUSTER_DNS)
    own_servers = found.nameservers or (pod["spec"].get("dnsPolicy") == "None" and found.search)
    return found if own_servers else msgspec.structs.replace(found, nameservers=(UPSTREAM,))


def files_of(around: Surroundings) -> dict[str, bytes]:
    """All of them, by path."""
    files = {
        "/etc/resolv.conf": resolv_conf(around.resolv),
        "/etc/hosts": hosts(around.pod, around.hostname),
        "/etc/hostname": f"{around.hostname}\n".encode(),
        "/etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
        "/etc/group": b"root:x:0:\nnogroup:x:65534:\n",
    }
    if around.image.libc == "glibc":
        files["/etc/nsswitch.conf"] = b"hosts: files dns\n"
    if around.image.release:
        name = around.image.release.partition(" ")[0].lower()
        files["/etc/os-release"] = f'PRETTY_NAME="{around.image.release}"\nID={name}\n'.encode()
    return files


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
