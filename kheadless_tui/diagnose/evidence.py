"""What the rules look at: one Service and all that belongs to it, found once and shared by the rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from kheadless_tui.diagnose.neighbours import Neighbours, neighbours
from kheadless_tui.model.objects import Endpoint, Endpoints, EndpointSlice, ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod, StatefulSet
from kheadless_tui.zone.serving.config import ZoneConfig

MIRROR = "endpointslicemirroring-controller.k8s.io"
"""Value of MANAGED_BY on slices that are copies of a hand-made Endpoints object."""
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
"""Label that names the controller of a slice (discovery.k8s.io/v1 LabelManagedBy)."""


class Seen(NamedTuple):
    """One endpoint, and where it is written."""

    item: EndpointSlice
    number: int
    endpoint: Endpoint

    @property
    def who(self) -> str:
        """The pod's name, or the addresses of an endpoint that is no pod."""
        return self.endpoint.pod_name or ", ".join(self.endpoint.addresses or ()) or "(no address)"

    @property
    def field(self) -> str:
        """Path of the endpoint in its slice."""
        return f"endpoints[{self.number}]"


@dataclass(frozen=True)
class Evidence:
    """One Service with the objects around it.

    A kind of which the namespace holds no object counts as not read where the rules would otherwise conclude something
    from its absence; only Services and EndpointSlices count as read unless ``unread`` says otherwise.
    """

    snapshot: Snapshot
    service: Service
    config: ZoneConfig
    unread: Collection[str] = ()
    """Kinds that were not read, or not all of them, in the Service's namespace."""

    @property
    def key(self) -> ObjectKey:
        """Namespace and name of the Service."""
        return self.service.key

    @property
    def source(self) -> str:
        """The Service as facts name it."""
        return f"Service {self.key}"

    def known(self, kind: str) -> bool:
        """Whether all objects of a kind in the Service's namespace are there, as far as can be told."""
        if kind in self.unread:
            return False
        return kind in ("Service", "EndpointSlice") or bool(self.snapshot.names(kind, self.key.namespace))

    @property
    def pods_read(self) -> bool:
        """Whether all pods of the namespace are there; files may leave them out, a cluster that was read does not."""
        return self.known("Pod") or ("Pod" not in self.unread and self.snapshot.whole is not None)

    # -- endpoints ---------------------------------------------------------------------------------------------

    @cached_property
    def slices(self) -> list[EndpointSlice]:
        """The EndpointSlices that carry the Service's label."""
        return self.snapshot.slices_of(self.key)

    @cached_property
    def endpoints(self) -> list[Seen]:
        """All endpoints of all slices that have an address."""
        return [
            Seen(item, number, endpoint)
            for item in self.slices
            for number, endpoint in enumerate(item.endpoints or ())
            if endpoint.addresses
        ]

    @cached_property
    def members(self) -> dict[str, list[Seen]]:
        """The endpoints by who they are: a pod has one in each of its address families."""
        found: dict[str, list[Seen]] = {}
        for seen in self.endpoints:
            found.setdefault(seen.who, []).append(seen)
        return found

    @cached_property
    def in_dns(self) -> frozenset[str]:
        """The members with at least one address in DNS."""
        return frozenset(who for who, seen in self.members.items() if any(one.endpoint.ready for one in seen))

    @cached_property
    def noun(self) -> str:
        """What the members are called: ``pod``, or ``endpoint`` when one of them is none."""
        return "pod" if all(seen.endpoint.pod_name for seen in self.endpoints) else "endpoint"

    @cached_property
    def handmade(self) -> Endpoints | None:
        """The Endpoints object of the Service's name."""
        return self.snapshot.endpoints(self.key)

    # -- pods and sets -----------------------------------------------------------------------------------------

    def selects(self, labels: dict[str, str]) -> bool:
        """Whether the Service's selector matches; an empty one matches nothing."""
        selector = self.service.selector
        return bool(selector) and all(labels.get(key) == value for key, value in selector.items())

    @cached_property
    def neighbours(self) -> Neighbours:
        """The pods and StatefulSets of the Service's namespace."""
        return neighbours(self.snapshot, self.key.namespace)

    @cached_property
    def pods(self) -> list[Pod]:
        """The known pods that the Service selects."""
        return self.neighbours.selected_pods(self.service.selector)

    def pod(self, name: str) -> Pod | None:
        """A pod of the Service's namespace."""
        return self.snapshot.pod(ObjectKey(self.key.namespace, name))

    @property
    def governed(self) -> list[StatefulSet]:
        """The StatefulSets whose spec.serviceName is this Service."""
        return self.neighbours.governed_by(self.key.name)

    @cached_property
    def selected_sets(self) -> list[StatefulSet]:
        """The StatefulSets whose pods the Service selects, by the labels of their template."""
        return self.neighbours.selected_sets(self.service.selector)


def owner(pod: Pod) -> tuple[str, str]:
    """Kind and name of the pod's controller, empty when it has none."""
    for reference in pod.metadata.owner_references or ():
        if reference.controller:
            return reference.kind, reference.name
    return "", ""
