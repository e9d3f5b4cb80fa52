"""The manifests of what we create: a temporary pod and an ephemeral container, as Pod Security "restricted" wants them.

Source: the Pod Security Standards, level "restricted"; tried on Kubernetes 1.34. Both carry the same container
security, so that a namespace that takes one takes the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from kheadless_tui.cluster.pods.maker import new_mark
from kheadless_tui.cluster.pods.podoptions import DEFAULT_OPTIONS, PodOptions

NAME_PREFIX = "kheadless-probe-"
"""Of every pod and ephemeral container that we make."""
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "kheadless-tui"
OWNER_LABEL = "kheadless-tui/owner"
"""Label that says which process made a pod."""

CONTAINER = "probe"
"""Name of the one container of a temporary pod."""

DEADLINE = 120
"""Seconds after which a temporary pod is stopped whatever happens (spec.activeDeadlineSeconds)."""
EPHEMERAL_SLEEP = 3600
"""Seconds for which an ephemeral container stays to be used again; it cannot be removed before its pod."""

USER = 65534
"""nobody: restricted Pod Security refuses root, and an image without a user of its own would run as root."""

CPU_REQUEST = "10m"
CPU_LIMIT = "500m"
"""Each exec takes some 30 ms of a core, so that a program that asks one question a run is throttled by less."""
MEMORY_LIMIT = "32Mi"
"""Of the temporary pod: BusyBox and BIND's tools stay below it."""

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Letters and digits that make no words, as the API server's own generated names."""


def new_name() -> str:
    """A fresh name, chosen here so that what was created can be removed even when the reply to the create is lost."""
    return NAME_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(6))


@dataclass(frozen=True, slots=True)
class PodDns:
    """The DNS settings of a workload's pods, for a pod that is to resolve as they do."""

    source: str
    """Whose they are: ``deployment/web``."""
    policy: str = ""
    """spec.dnsPolicy; empty for the default, ClusterFirst."""
    config: Mapping[str, object] = field(default_factory=dict)
    """spec.dnsConfig as it is written there."""
    host_network: bool = False

    def spec(self) -> dict[str, object]:
        """The fields of a pod's spec."""
        fields: dict[str, object] = {}
        if self.policy:
            fields["dnsPolicy"] = self.policy
        if self.config:
            fields["dnsConfig"] = dict(self.config)
        if self.host_network:
            fields["hostNetwork"] = True
        return fields

    def words(self) -> str:
        """The settings in a few words."""
        host = " on the node's network" if self.host_network else ""
        return f"DNS as {self.source}: {self.policy or 'ClusterFirst'}{' with dnsConfig' if self.config else ''}{host}"


@dataclass(frozen=True, slots=True)
class PodOrder:
    """A temporary pod to be made."""

    namespace: str
    image: str
    pull_policy: str = "IfNotPresent"
    name: str = field(default_factory=new_name)
    owner: str = field(default_factory=new_mark)
    options: PodOptions = DEFAULT_OPTIONS
    dns: PodDns | None = None
    """The DNS settings that the pod gets in place of the cluster's default."""

    def manifest(self) -> dict[str, object]:
        """The Pod as the API takes it."""
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": {MANAGED_BY: MANAGER, OWNER_LABEL: self.owner},
            },
            "spec": {
                "restartPolicy": "Never",
                "activeDeadlineSeconds": DEADLINE,
                "terminationGracePeriodSeconds": 0,
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "securityContext": pod_security(),
                "containers": [
                    {
                        "name": CONTAINER,
                        "image": self.image,
                        "imagePullPolicy": self.pull_policy,
                        "command": ["sleep", str(DEADLINE)],
                        "securityContext": container_security(),
                        "resources": {
                            "requests": {"cpu": CPU_REQUEST, "memory": MEMORY_LIMIT},
                            "limits": {"cpu": CPU_LIMIT, "memory": MEMORY_LIMIT},
                        },
                    }
                ],
                **self.options.spec(),
                **(self.dns.spec() if self.dns else {}),
            },
        }


@dataclass(frozen=True, slots=True)
class EphemeralOrder:
    """An ephemeral container to be added to a running pod."""

    namespace: str
    pod: str
    image: str
    pull_policy: str = "IfNotPresent"
    name: str = field(default_factory=new_name)

    def container(self) -> dict[str, object]:
        """The container as the API takes it; resources and ports are not allowed in ephemeral containers."""
        return {
            "name": self.name,
            "image": self.image,
            "imagePullPolicy": self.pull_policy,
            "command": ["sleep", str(EPHEMERAL_SLEEP)],
            "securityContext": {**pod_security(), **container_security()},
        }

    def patch(self) -> dict[str, object]:
        """The strategic merge patch of the pod's ``ephemeralcontainers`` subresource; the list is merged by name."""
        return {"spec": {"ephemeralContainers": [self.container()]}}


def pod_security() -> dict[str, object]:
    """What "restricted" demands of a pod as a whole, or of a container of its own."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> dict[str, object]:
    """What "restricted" demands of each container, and a root file system that nothing can write to."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
