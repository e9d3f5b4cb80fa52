"""Levers of the cluster's objects: readiness, labels, nodes, policies."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kheadless_tui.lab.controllers.scheduler import OrphanedPods
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.store import Object, clone
from kheadless_tui.lab.switches.switch import Remembering

if TYPE_CHECKING:
    from kheadless_tui.lab.lab import Lab

POLICY = "lever"
"""Name of the NetworkPolicies that the lever makes."""
_EVERY_PORT_BUT_DNS = [
    {"protocol": protocol, "port": first, "endPort": last}
    for protocol in ("TCP", "UDP")
    for first, last in ((1, 52), (54, 65535))
]


class BrokenReadiness(Remembering):
    """A readiness probe that fails."""

    name, title = "break-readiness", "Pod that is not ready"
    says = "The readiness probe of a pod fails: it runs on, and its address leaves DNS."

    def choices(self) -> tuple[str, ...]:
        """The pods of each headless Service."""
        return tuple(f"{ns}/{name}" for ns, name in _pods_of_headless_services(self.lab.all("EndpointSlice")))

    def pull(self, choice: str) -> str:
        """Let the probe fail."""
        self.lab.set_ready(*_key(choice), False)
        self.chosen = choice
        return f"The readiness probe of pod {choice} fails from now on."

    def undo(self) -> str:
        """Let it pass."""
        chosen, self.chosen = self.chosen or "", None
        with contextlib.suppress(ApiFailure):  # it has been deleted since
            self.lab.set_ready(*_key(chosen), None)
        return f"The readiness probe of pod {chosen} passes again."


class ChangedLabels(Remembering):
    """Labels and selector that no longer agree."""

    name, title = "change-labels", "Selector that matches nothing"
    says = "The selector of a Service asks for a label that its pods do not carry: no endpoint is left."

    def __init__(self, lab: Any) -> None:
        super().__init__(lab)
        self._before: dict[str, str] = {}

    def choices(self) -> tuple[str, ...]:
        """The headless Services that select pods."""
        return _headless_services_with_pods(self.lab)

    def pull(self, choice: str) -> str:
        """Let the selector ask for something else."""
        before: dict[str, str] = self.lab.get("Service", *_key(choice))["spec"]["selector"]
        label, value = sorted(before.items())[0]
        self._select(choice, {**before, label: f"{value}-v2"})
        self._before, self.chosen = before, choice
        return f"Service {choice} selects {label}={value}-v2 now, and its pods carry {label}={value}."

    def undo(self) -> str:
        """Select them again."""
        chosen, self.chosen = self.chosen or "", None
        with contextlib.suppress(ApiFailure):
            self._select(chosen, self._before)
        return f"Service {chosen} selects its pods again."

    def _select(self, choice: str, selector: dict[str, str]) -> None:
        def edit(item: Object) -> None:
            item["spec"]["selector"] = dict(selector)

        self.lab.change("Service", *_key(choice), edit)


class DeletedNode(Remembering):
    """A Node that is gone, and its pods with it."""

    name, title = "delete-node", "Deleted Node"
    says = (
        "A Node is taken out of the cluster: 40 s later its pods go, and those of a controller come up on another one."
    )

    def __init__(self, lab: Any) -> None:
        super().__init__(lab)
        self._node: Object = {}

    def choices(self) -> tuple[str, ...]:
        """All but the last."""
        names = tuple(node["metadata"]["name"] for node in self.lab.all("Node"))
        return names if len(names) > 1 else ()

    def pull(self, choice: str) -> str:
        """Delete it."""
        self._node = clone(self.lab.get("Node", "", choice))
        self.lab.delete("Node", "", choice)
        self.chosen = choice
        return f"Node {choice} was deleted; its pods go {OrphanedPods.QUARANTINE_SECONDS:g} s later."

    def undo(self) -> str:
        """Let it join again."""
        chosen, self.chosen = self.chosen, None
        meta = {"name": chosen, "labels": self._node["metadata"].get("labels") or {}}
        self.lab.apply({**self._node, "metadata": meta})
        kept = any(pod["spec"].get("nodeName") == chosen for pod in self.lab.all("Pod"))
        return f"Node {chosen} has joined again, {'before its pods went' if kept else 'without its old pods'}."


class NetworkPolicy(Remembering):
    """A NetworkPolicy in the way."""

    name, title = "network-policy", "NetworkPolicy in the way"
    says = "A NetworkPolicy keeps a namespace's pods from DNS, or everybody from a Service's pods: packets are lost."

    def choices(self) -> tuple[str, ...]:
        """By namespace for DNS, by headless Service for what comes in."""
        services = _headless_services_with_pods(self.lab)
        spaces = dict.fromkeys(_key(service)[0] for service in services)
        return (*(f"no DNS from {ns}" for ns in spaces), *(f"no way in to {service}" for service in services))

    def pull(self, choice: str) -> str:
        """Create it."""
        target = choice.rpartition(" ")[2]
        if choice.startswith("no DNS from "):
            namespace = target
            spec: Object = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": _EVERY_PORT_BUT_DNS}]}
            said = f"NetworkPolicy {namespace}/{POLICY} keeps the pods of {namespace} from port 53."
        else:
            namespace = _key(target)[0]
            selector = self.lab.get("Service", *_key(target))["spec"]["selector"]
            spec = {"podSelector": {"matchLabels": selector}, "policyTypes": ["Ingress"]}
            said = f"NetworkPolicy {namespace}/{POLICY} lets nobody in to the pods of Service {target}."
        kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
        self.lab.apply({**kind, "metadata": {"name": POLICY, "namespace": namespace}, "spec": spec})
        self.chosen = choice
        return said

    def undo(self) -> str:
        """Delete it."""
        target = (self.chosen or "").rpartition(" ")[2]
        self.chosen = None
        namespace = target.partition("/")[0]
        with contextlib.suppress(ApiFailure):
            self.lab.delete("NetworkPolicy", namespace, POLICY)
        return f"NetworkPolicy {namespace}/{POLICY} was deleted."


def _key(text: str) -> tuple[str, str]:
    namespace, _, name = text.partition("/")
    return namespace, name


def _headless_services_with_pods(lab: Lab) -> tuple[str, ...]:
    """Those whose selector some pod matches now: there is nothing to break in the others."""
    carried: dict[str, list[dict[str, str]]] = defaultdict(list)
    for pod in lab.all("Pod"):
        carried[pod["metadata"]["namespace"]].append(pod["metadata"].get("labels") or {})
    return tuple(
        f"{meta['namespace']}/{meta['name']}"
        for meta, spec in ((item["metadata"], item["spec"]) for item in lab.all("Service"))
        if spec.get("clusterIP") == "None"
        and (wanted := spec.get("selector"))
        and any(wanted.items() <= labels.items() for labels in carried[meta["namespace"]])
    )


def _pods_of_headless_services(slices: list[Object]) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for item in slices:
        labels = item["metadata"].get("labels") or {}
        if "service.kubernetes.io/headless" not in labels:
            continue
        targets = [endpoint.get("targetRef") or {} for endpoint in item.get("endpoints") or ()]
        found.update(
            {(item["metadata"]["namespace"], each["name"]): None for each in targets if each.get("kind") == "Pod"}
        )
    return sorted(found)


OBJECT_SWITCHES = (BrokenReadiness, ChangedLabels, DeletedNode, NetworkPolicy)
