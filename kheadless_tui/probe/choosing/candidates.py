"""Which running containers could be asked from, best first: judged from pod objects, without I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.model.workloads import Pod


@dataclass(frozen=True, slots=True)
class Candidate:
    """A container that runs."""

    target: ExecTarget
    image: str
    own: bool
    """Its pod is one of the Service's own."""
    ready: bool
    host_network: bool
    sidecar: bool = False
    """Beside the application: of a mesh, for logs, for metrics."""

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, str]:
        """Sorts the best first: ready, of the Service itself, in the pod network, no sidecar, then by name."""
        return (not self.ready, not self.own, self.host_network, self.sidecar, self.target.pod)

    @property
    def why(self) -> str:
        """Why it is a good place, in a few words."""
        whose = "a pod of the Service itself" if self.own else "a running pod of the namespace"
        state = "" if self.ready else ", not ready"
        return f"{whose}{state}; an exec in it creates nothing"


def not_usable(pod: Pod) -> str:
    """Why nothing in this pod can be asked from now; empty when something runs in it."""
    if pod.terminating:
        return "is being deleted"
    if pod.status.phase in ("Succeeded", "Failed"):
        return f"has ended ({pod.status.phase})"
    if not running_containers(pod):
        waiting = next(
            (status.state.waiting.reason for status in pod.container_statuses if status.state and status.state.waiting),
            None,
        )
        return f"has no container that runs ({waiting or pod.status.phase or 'no status yet'})"
    return ""


def running_containers(pod: Pod) -> list[str]:
    """Names of the containers that run, in the order of the spec; not the init and ephemeral ones."""
    running = {status.name for status in pod.container_statuses if status.state and status.state.running}
    return [container.name for container in pod.spec.containers or () if container.name in running]


_SIDECARS = re.compile(
    r"(^|-)(sidecar|exporter|istio-proxy|linkerd-proxy|envoy|cloud-sql-proxy|kube-rbac-proxy|oauth2?-proxy|vault-agent|"
    r"fluent-?bit|fluentd|filebeat|promtail|vector|otel-collector|datadog-agent|daprd|config-reloader)(-|$)"
)
"""Names that the makers of sidecars give their containers; what is left is taken for the application."""


def candidates_in(pods: Iterable[Pod], own: Collection[str]) -> tuple[list[Candidate], list[tuple[str, str]]]:
    """The running containers of pods, best first, and the pods that cannot be used with the reason.

    Args:
        pods: Of one namespace.
        own: Names of the pods behind the Service that is asked for.
    """
    found: list[Candidate] = []
    rejected: list[tuple[str, str]] = []
    for pod in pods:
        if reason := not_usable(pod):
            rejected.append((f"pod/{pod.name}", reason))
            continue
        images = {container.name: container.image or "" for container in pod.spec.containers or ()}
        for name in running_containers(pod):
            target = ExecTarget(pod.namespace, pod.name, name)
            found.append(
                Candidate(
                    target,
                    images.get(name, ""),
                    pod.name in own,
                    pod.ready,
                    bool(pod.spec.host_network),
                    bool(_SIDECARS.search(name)),
                )
            )
    return sorted(found, key=lambda candidate: candidate.rank), rejected
