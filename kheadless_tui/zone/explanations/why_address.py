"""Why an address has the PTR records that it has, or none."""

from __future__ import annotations

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.answering.ptr import pointers
from kheadless_tui.zone.explanations.reasons import Case, Reason, listed, option_fact
from kheadless_tui.zone.record import Fact, Source


def found(case: Case, address: str) -> Reason:
    """What names an address."""
    items = pointers(case.seen, address)
    facts = tuple(Fact(source, address) for item in items for source in (item.source, *item.also_from))
    if items and items[0].source.kind == "Service":
        return Reason("cluster-address", f"{address} is a cluster address of {items[0].source}", facts)
    held = listed([str(item.source) for item in items])
    return Reason("endpoint-address", f"{address} is a ready endpoint of {held}", facts)


def reason(case: Case, address: str) -> Reason:
    """Why an address has no name."""
    for service in case.snapshot.services_at(address):
        if case.seen.service(service.key) is None or not case.seen.namespace_for_ptr(service.namespace):
            text = f"{address} is of Service {service.key}, which the Corefile hides"
            fact = Fact(Source("Service", service.key, "spec.clusterIPs"), ", ".join(service.cluster_ips))
            return Reason("address-hidden", text, (fact,))
    if case.config.noendpoints and case.snapshot.slices_at(address):
        text = f"{address} is of an endpoint, and {case.config.source} says noendpoints"
        return Reason("address-hidden", text, (option_fact(case.config, "noendpoints", "true"),))
    for item in case.snapshot.slices_at(address):
        for number, endpoint in enumerate(item.endpoints or ()):
            if address in (endpoint.addresses or ()) and not endpoint.ready:
                field = f"endpoints[{number}].conditions.ready"
                fact = Fact(Source("EndpointSlice", item.key, field), "false")
                who = f"pod {endpoint.pod_name}" if endpoint.pod_name else "its endpoint"
                state = "is terminating" if endpoint.terminating else "is not ready"
                return Reason(
                    "address-not-ready", f"{address} has no name: {who} {state} in EndpointSlice {item.key}", (fact,)
                )
    hidden = tuple(Fact(Source("EndpointSlice", item.key), address) for item in case.snapshot.slices_at(address))
    if hidden:
        return Reason("address-hidden", f"{address} is of an EndpointSlice that the Corefile hides", hidden)
    pods = [str(pod.key) for pod in case.snapshot.pods_at(address)]
    if pods:
        text = f"pod {listed(pods)} has {address}, but no Service has it as an endpoint; PTR is for Services"
        return Reason("address-of-pod", text, (Fact(Source("Pod", _key(pods[0]), "status.podIP"), address),))
    return Reason("address-unknown", f"no Service and no endpoint of a Service has the address {address}")


def _key(text: str) -> ObjectKey:
    namespace, _, name = text.partition("/")
    return ObjectKey(namespace, name)
