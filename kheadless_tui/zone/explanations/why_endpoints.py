"""Why a Service that exists has no endpoint of the name, or none at all."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.model.objects import IMPORT_NAME_LABEL, SERVICE_NAME_LABEL, EndpointSlice, ObjectKey, Service
from kheadless_tui.model.workloads import Pod
from kheadless_tui.zone.explanations import why_imports, why_ports
from kheadless_tui.zone.explanations.reasons import (
    MAX_LOOKED_AT,
    Case,
    Reason,
    counted,
    listed,
    option_fact,
    selector_text,
)
from kheadless_tui.zone.naming.endpoint_names import dashed
from kheadless_tui.zone.naming.names import natural, service_name
from kheadless_tui.zone.objects.endpoint_slices import SliceAddress, slice_addresses
from kheadless_tui.zone.record import Fact, Source

SKIP_MIRROR_LABEL = "endpointslice.kubernetes.io/skip-mirror"
"""Label by which an Endpoints object is not mirrored (discovery.k8s.io/v1 LabelSkipMirror)."""


def not_ready(case: Case) -> list[SliceAddress]:
    """The addresses that slices of the Service hold as not ready and none as ready, by name."""
    served = {place.address for place in _places(case.slices, case)}
    found = [place for item in case.slices for place in slice_addresses(item, case.config, ready=False)]
    return sorted((place for place in found if place.address not in served), key=lambda place: natural(place.name))


def reason(case: Case) -> Reason:
    """Why no pair of address and port is left of a Service that exists."""
    service = case.service
    if service is None:  # a ServiceImport
        return why_imports.reason(case)
    namespace = service.namespace
    if service.headless and not case.config.noendpoints and not case.snapshot.knows_all("EndpointSlice", namespace):
        text = f"which endpoints Service {case.key} has is not known: the EndpointSlices of {namespace} were not read"
        return Reason("slices-unread", text, (case.fact("Service", "spec.clusterIP", "None"),))
    if case.config.noendpoints and (service.headless or case.request.endpoint):
        text = f"{case.config.source} says noendpoints: headless Services have no addresses, and no endpoint has a name"
        return Reason("noendpoints", text, (option_fact(case.config, "noendpoints", "true"),))
    if case.request.endpoint:
        return _endpoint(case, service)
    if service.headless and not any(True for _ in _places(case.slices, case)):
        return _nobody(case, service)
    return why_ports.reason(case, service)


# -- no endpoint at all --------------------------------------------------------------------------------------------


def _nobody(case: Case, service: Service) -> Reason:
    waiting = not_ready(case)
    if waiting:
        return _none_ready(service, waiting)
    hidden = [item for item in case.snapshot.slices_of(case.key) if item not in case.slices]
    if hidden:
        names = listed([item.name for item in hidden])
        text = f"EndpointSlice {names} of Service {case.key} does not carry the labels {case.config.labels}"
        text += f" that {case.config.source} asks for"
        facts = (
            Fact(Source("EndpointSlice", item.key, "metadata.labels"), selector_text(item.labels)) for item in hidden
        )
        return Reason("slice-not-selected", text, tuple(facts))
    unlabelled = _unlabelled(case)
    if unlabelled is not None:
        text = (
            f"Service {case.key} has no endpoint: EndpointSlice {unlabelled.name} does not carry the label"
            f" {SERVICE_NAME_LABEL}={case.key.name} that would join them"
        )
        source = Source("EndpointSlice", unlabelled.key, f"metadata.labels[{SERVICE_NAME_LABEL}]")
        return Reason("slice-unlabelled", text, (Fact(source, unlabelled.labels.get(SERVICE_NAME_LABEL, "missing")),))
    return _selects_nothing(case, service) if service.selector else _no_selector(case)


def _none_ready(service: Service, waiting: list[SliceAddress]) -> Reason:
    subject = f"selects {selector_text(service.selector)} and" if service.selector else "has no selector and"
    parts = []
    leaving = [place for place in waiting if place.ref.terminating]
    unready = [place for place in waiting if not place.ref.terminating]
    for state, places in (("not ready", unready), ("terminating", leaving)):
        names = list(dict.fromkeys(_called(place) for place in places))
        if names:
            parts.append(f"{len(names)} {state}: {listed(names)}")
    text = f"Service {service.key} {subject} no endpoint is ready: {'; '.join(parts)}"
    facts = tuple(_ready_fact(place) for place in waiting)
    return Reason("no-ready-endpoint", text, facts)


def _selects_nothing(case: Case, service: Service) -> Reason:
    selector = selector_text(service.selector)
    fact = case.fact("Service", "spec.selector", selector)
    text = f"Service {case.key} selects {selector} and has no endpoint"
    pods = _pods(case)
    if not pods:
        text += "" if case.slices else ": no EndpointSlice of it is known"
        return Reason("selects-nothing", text, (fact,))
    chosen = [pod for pod in pods if service.selector.items() <= pod.labels.items()]
    if chosen:
        states = listed([f"{pod.name} ({_state(pod)})" for pod in chosen])
        return Reason(
            "no-endpoint-yet", f"{text}: of the pods that carry these labels none can be one: {states}", (fact,)
        )
    among = f"{counted(len(pods), 'pod')} of {service.namespace}"
    text = f"Service {case.key} selects {selector}, and none of the {among} carries that"
    near = _nearest(service.selector, pods)
    facts = [fact]
    if near is not None:
        pod, key = near
        text += f"; {pod.name} has {key}={pod.labels[key]}"
        facts.append(Fact(Source("Pod", pod.key, f"metadata.labels[{key}]"), pod.labels[key]))
    return Reason("selects-nothing", text, tuple(facts))


def _nearest(selector: dict[str, str], pods: list[Pod]) -> tuple[Pod, str] | None:
    """A pod that has one of the selector's keys with another value, the one that misses least."""
    best: tuple[int, Pod, str] | None = None
    for pod in pods:
        wrong = [key for key, value in selector.items() if pod.labels.get(key) != value]
        present = [key for key in wrong if key in pod.labels]
        if present and (best is None or len(wrong) < best[0]):
            best = len(wrong), pod, present[0]
    return best[1:] if best is not None else None


def _no_selector(case: Case) -> Reason:
    key = case.key
    fact = case.fact("Service", "spec.selector", "missing")
    text = f"Service {key} has no selector and no endpoint"
    same = case.snapshot.endpoints(key)
    if same is not None:
        if same.labels.get(SKIP_MIRROR_LABEL) == "true":
            source = Source("Endpoints", key, f"metadata.labels[{SKIP_MIRROR_LABEL}]")
            told = f"{text}: Endpoints {key.name} carries the label {SKIP_MIRROR_LABEL}=true, so it is not mirrored"
            return Reason("endpoints-not-mirrored", told, (fact, Fact(source, "true")))
        if not any(subset.addresses or subset.not_ready_addresses for subset in same.subsets or ()):
            return Reason("endpoints-empty", f"{text}: Endpoints {key.name} holds no address", (fact,))
        told = f"{text}: Endpoints {key.name} holds addresses, but no EndpointSlice was made of it"
        return Reason("endpoints-not-mirrored", told, (fact,))
    strays = _stray_endpoints(case)
    if strays:
        told = (
            f"{text}: Endpoints {listed(strays)} has no effect on it; only an Endpoints object called {key.name} would"
            " be mirrored into an EndpointSlice of this Service"
        )
        facts = tuple(
            Fact(Source("Endpoints", ObjectKey(key.namespace, name), "metadata.name"), name) for name in strays
        )
        return Reason("endpoints-misnamed", told, (fact, *facts))
    return Reason(
        "no-slice", f"{text}: it needs an EndpointSlice with the label {SERVICE_NAME_LABEL}={key.name}", (fact,)
    )


def _stray_endpoints(case: Case) -> list[str]:
    """Endpoints objects of the namespace that belong to no Service."""
    names = case.snapshot.names("Endpoints", case.key.namespace)
    if len(names) > MAX_LOOKED_AT:
        return []
    return sorted(name for name in names if case.snapshot.service(ObjectKey(case.key.namespace, name)) is None)


def _unlabelled(case: Case) -> EndpointSlice | None:
    """A slice that is called after the Service but does not carry its label."""
    names = case.snapshot.names("EndpointSlice", case.key.namespace)
    if len(names) > MAX_LOOKED_AT:
        return None
    for name in sorted(names):
        if name != case.key.name and not name.startswith(f"{case.key.name}-"):
            continue
        item = case.snapshot.objects.get(("EndpointSlice", ObjectKey(case.key.namespace, name)))
        if isinstance(item, EndpointSlice) and item.service_key != case.key:
            owner = item.service_key
            if IMPORT_NAME_LABEL in item.labels or (owner is not None and case.snapshot.service(owner) is not None):
                continue
            return item
    return None


# -- no endpoint of the name ---------------------------------------------------------------------------------------


def _endpoint(case: Case, service: Service) -> Reason:
    asked = case.request.endpoint
    for place in not_ready(case):
        if place.name.lower() == asked:
            state = "is terminating" if place.ref.terminating else "is not ready"
            text = (
                f"endpoint {_called(place)} of Service {case.key} {state} ({place.address}), so its name does not exist"
            )
            return Reason("endpoint-not-ready", text, (_ready_fact(place),))
    everyone = [*_places(case.slices, case), *not_ready(case)]
    for place in everyone:
        if dashed(place.address) == asked:
            return _named_otherwise(case, place)
    for place in everyone:
        if place.ref.pod == asked:
            return _pod_without_hostname(case, place)
    if asked.startswith("_"):
        text = f"one label in front of Service {case.key} is an endpoint's name: a port is asked for as _PORT.{asked}"
        return Reason("protocol-alone", text)
    if not everyone and service.headless:
        return _nobody(case, service)
    return _unknown_endpoint(case, service, everyone)


def _named_otherwise(case: Case, place: SliceAddress) -> Reason:
    name = f"{place.name}.{service_name(case.key, case.zone)}"
    text = (
        f"endpoint {place.address} of Service {case.key} has a hostname, so it is called {name} and has no dashed name"
    )
    source = Source("EndpointSlice", place.source.key, place.source.field.rpartition(".")[0] + ".hostname")
    return Reason("hostname-set", text, (Fact(source, place.name),))


def _pod_without_hostname(case: Case, place: SliceAddress) -> Reason:
    pod_name = place.ref.pod or ""
    key = ObjectKey(case.key.namespace, pod_name)
    source = Source("EndpointSlice", place.source.key, place.source.field.rpartition(".")[0] + ".hostname")
    facts = [Fact(source, place.name if place.name != dashed(place.address) else "missing")]
    text = f"endpoint {place.address} (pod {pod_name}) is called {place.name} below Service {case.key}"
    pod = case.snapshot.pod(key)
    if pod is not None:
        subdomain, hostname = pod.spec.subdomain or "", pod.spec.hostname or ""
        facts.append(Fact(Source("Pod", key, "spec.subdomain"), subdomain or "missing"))
        if subdomain and subdomain != case.key.name:
            text += f": its pod's subdomain is {subdomain}, not {case.key.name}"
        elif not hostname:
            text += ": its pod has no hostname (spec.hostname), as only StatefulSets set it by themselves"
        elif not subdomain:
            text += ": its pod has no subdomain (spec.subdomain)"
    elsewhere = _elsewhere(case, place, pod_name)
    if elsewhere:
        text += f"; {elsewhere} exists"
    return Reason("hostname-missing", text, tuple(facts))


def _elsewhere(case: Case, place: SliceAddress, hostname: str) -> str:
    """The name that the address has below another Service by this hostname."""
    for item in case.seen.slices_at(place.address):
        other = item.service_key
        if other is None or other == case.key or case.seen.service(other) is None:
            continue
        for found in slice_addresses(item, case.config):
            if found.address == place.address and found.name == hostname:
                return f"{hostname}.{service_name(other, case.zone)}"
    return ""


def _unknown_endpoint(case: Case, service: Service, everyone: list[SliceAddress]) -> Reason:
    asked = case.request.endpoint
    text = f"no endpoint of Service {case.key} is called {asked}"
    pod = case.snapshot.pod(ObjectKey(case.key.namespace, asked))
    if pod is not None:
        return _pod_outside(case, service, pod, text)
    statefulset = _set_of(case, asked)
    if statefulset:
        return Reason("ordinal-missing", f"{text}: {statefulset}", _set_facts(case, asked))
    names = [place.name for place in everyone]
    if names:
        text += f": there {'is' if len(names) == 1 else 'are'} {listed(sorted(set(names), key=natural))}"
    else:
        text += ": it has no endpoint"
    return Reason("endpoint-unknown", text, _endpoint_facts(case))


def _endpoint_facts(case: Case) -> tuple[Fact, ...]:
    """The names that the endpoints of each slice have."""
    found = ((item, [place.name for place in _places([item], case)]) for item in case.slices)
    facts = tuple(
        Fact(Source("EndpointSlice", item.key, "endpoints"), listed(names) or "none") for item, names in found
    )
    return facts or (case.fact("EndpointSlice", "", "missing"),)


def _set_facts(case: Case, asked: str) -> tuple[Fact, ...]:
    """What of a StatefulSet says whether it has a pod of a name."""
    found = case.snapshot.stateful_set(ObjectKey(case.key.namespace, asked.rpartition("-")[0]))
    if found is None:
        return ()
    source = Source("StatefulSet", found.key, "spec.serviceName")
    replicas = 1 if found.spec.replicas is None else found.spec.replicas
    return (
        Fact(source, found.spec.service_name or "missing"),
        Fact(Source("StatefulSet", found.key, "spec.replicas"), str(replicas)),
    )


def _pod_outside(case: Case, service: Service, pod: Pod, text: str) -> Reason:
    missing = [f"{key}={value}" for key, value in service.selector.items() if pod.labels.get(key) != value]
    fact = Fact(Source("Pod", pod.key, "metadata.labels"), selector_text(pod.labels))
    if missing:
        return Reason("pod-not-selected", f"{text}: pod {pod.name} lacks {listed(missing)} of its selector", (fact,))
    return Reason("pod-no-endpoint", f"{text}: pod {pod.name} is no endpoint of it ({_state(pod)})", (fact,))


def _set_of(case: Case, asked: str) -> str:
    """What the StatefulSet says whose pod the asked one would be."""
    name, _, ordinal = asked.rpartition("-")
    found = case.snapshot.stateful_set(ObjectKey(case.key.namespace, name)) if ordinal.isdecimal() else None
    if found is None:
        return ""
    if found.spec.service_name != case.key.name:
        governing = found.spec.service_name or "nothing"
        return f"spec.serviceName of StatefulSet {name} is {governing}, not {case.key.name}"
    replicas = 1 if found.spec.replicas is None else found.spec.replicas
    if int(ordinal) >= replicas:
        return f"StatefulSet {name} has {counted(replicas, 'replica')}" + (
            f", {name}-0 to {name}-{replicas - 1}" if replicas > 1 else ""
        )
    return f"StatefulSet {name} should have the pod {asked}, but it is no endpoint"


# -- helpers -------------------------------------------------------------------------------------------------------


def _places(slices: list[EndpointSlice], case: Case) -> Iterator[SliceAddress]:
    for item in slices:
        yield from slice_addresses(item, case.config)


def _pods(case: Case) -> list[Pod]:
    if len(case.snapshot.names("Pod", case.key.namespace)) > MAX_LOOKED_AT:
        return []
    return case.snapshot.pods(case.key.namespace)


def _called(place: SliceAddress) -> str:
    return place.ref.pod or place.name or place.address


def _ready_fact(place: SliceAddress) -> Fact:
    field = place.source.field.rpartition(".")[0]
    return Fact(Source("EndpointSlice", place.source.key, f"{field}.conditions.ready"), "false")


def _state(pod: Pod) -> str:
    """What keeps a pod from being an endpoint."""
    if pod.status.phase in ("Succeeded", "Failed"):
        return f"phase {pod.status.phase}"
    if not pod.addresses:
        return "no address yet"
    return "terminating" if pod.terminating else "ready" if pod.ready else "not ready"
