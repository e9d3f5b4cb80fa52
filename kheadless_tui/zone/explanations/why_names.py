"""Why a name does not exist before any endpoint is looked at: its shape, its namespace, its Service."""

from __future__ import annotations

from collections.abc import Callable

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.zone.explanations.reasons import MAX_LOOKED_AT, Case, Reason, listed, option_fact
from kheadless_tui.zone.naming.name_parsing import POD, ZONE_LABEL
from kheadless_tui.zone.naming.names import labels
from kheadless_tui.zone.naming.reverse_names import address_of_reverse
from kheadless_tui.zone.naming.zones import is_reverse_zone
from kheadless_tui.zone.record import Fact, Source


def reason(case: Case, rule: str) -> Reason:
    """The reason for a name that does not exist."""
    explain = _REASONS.get(rule)
    return explain(case) if explain is not None else Reason(rule, f"{case.asked.name} does not exist")


def _branch(case: Case) -> Reason:
    name = case.asked.name.lower()
    if is_reverse_zone(case.zone.lower()):
        if address_of_reverse(name):
            return Reason("reverse-type", f"a reverse name has only PTR records, no {case.asked.type}")
        return Reason("reverse-incomplete", f"{name} is not the reverse name of a whole address")
    parts = labels(name)
    last = parts[len(parts) - len(labels(case.zone)) - 1]
    if name == f"dns-version.{case.zone}".lower():
        return Reason("name-branch", f"{name} has a TXT record alone")
    if name == f"ns.dns.{case.zone}".lower():
        return Reason("name-branch", f"{name} has only addresses, and only for who asks in lower case")
    text = f"below {case.zone} all names end in svc or pod; this one ends in {last}"
    return Reason("name-branch", text)


def _depth(case: Case) -> Reason:
    if case.request.branch == POD:
        return Reason("name-depth", f"too many labels in front of pod {case.request.service}.{case.request.namespace}")
    text = f"too many labels in front of Service {case.key}: an endpoint's name, or _PORT._PROTOCOL, but not both"
    if f"{ZONE_LABEL}." in case.asked.name.lower() and not case.config.zonal:
        text = f"names of topology zones are not served: {case.config.source} does not say zonal"
        return Reason("name-depth", text, _option(case, "zonal", "missing"))
    return Reason("name-depth", text)


def _reverse(case: Case) -> Reason:
    return Reason("reverse-name", f"{case.zone} is a reverse zone: it holds no names of Services")


def _namespace_not_exposed(case: Case) -> Reason:
    served = ", ".join(case.config.namespaces)
    text = f"{case.config.source} serves only the namespaces {served}, and {case.request.namespace} is not one of them"
    return Reason("namespace-not-exposed", text, _option(case, "namespaces", served))


def _namespace_not_selected(case: Case) -> Reason:
    expression = case.config.namespace_labels
    text = (
        f"namespace {case.request.namespace} does not carry the labels {expression} that {case.config.source} asks for"
    )
    return Reason("namespace-not-selected", text, _option(case, "namespace_labels", expression))


def _namespace_missing(case: Case) -> Reason:
    name = case.request.namespace
    text = f"there is no namespace {name}"
    if not case.snapshot.namespaces_known:
        text = f"no object of a namespace {name} is known"
    here = case.request.service
    if here and case.snapshot.service(ObjectKey(here, name)) is not None:
        text += f"; a Service {name} is in namespace {here}: the Service's name comes first"
    return Reason("namespace-missing", text, (Fact(Source("Namespace", ObjectKey("", name)), "missing"),))


def _service_missing(case: Case) -> Reason:
    key = case.key
    text = f"there is no Service {key.name} in namespace {key.namespace}"
    if not case.snapshot.knows_all("Service", key.namespace):
        text = f"no Service {key.name} is known in namespace {key.namespace}, not all of whose Services were read"
    facts = [case.fact("Service", "", "missing")]
    if case.request.endpoint:
        text += f" (the name asks for its endpoint {case.request.endpoint})"
    elif case.request.protocol:
        text += f" (the name asks for its port {case.request.port}, protocol {case.request.protocol})"
    governed = [item.name for item in case.snapshot.stateful_sets(key.namespace)[:MAX_LOOKED_AT]
                if item.spec.service_name == key.name]  # fmt: skip
    if governed:
        text += f"; StatefulSet {listed(governed)} names it in spec.serviceName"
    if case.snapshot.endpoints(key) is not None:
        text += "; an Endpoints object of that name has no effect without the Service"
    if case.snapshot.slices_of(key):
        text += "; EndpointSlices of it are left over"
    elsewhere = _elsewhere(case)
    if elsewhere:
        text += f"; a Service {key.name} is in namespace {listed(elsewhere)}"
    pod = case.snapshot.pod(key)
    if pod is not None and pod.spec.hostname and pod.spec.subdomain:
        text += f"; {key.name} is a pod, whose name is {pod.spec.hostname}.{pod.spec.subdomain}.{key.namespace}"
    return Reason("service-missing", text, tuple(facts))


def _elsewhere(case: Case) -> list[str]:
    namespaces = case.snapshot.namespaces
    if len(namespaces) > MAX_LOOKED_AT:
        return []
    return [name for name in namespaces if case.snapshot.service(ObjectKey(name, case.key.name)) is not None]


def _service_not_selected(case: Case) -> Reason:
    text = f"Service {case.key} does not carry the labels {case.config.labels} that {case.config.source} asks for"
    return Reason("service-not-selected", text, _option(case, "labels", case.config.labels))


def _ignored(case: Case) -> Reason:
    source = case.config.source
    if case.config.noendpoints:
        text = f"{source} says noendpoints and ignore empty_service: every Service counts as one without endpoint"
        facts = (*_option(case, "noendpoints", "true"), *_option(case, "ignore", "empty_service"))
        return Reason("empty-service-ignored", text, facts)
    hidden = " that carries the labels asked for" if len(case.slices) < len(case.snapshot.slices_of(case.key)) else ""
    text = f"Service {case.key} has no ready endpoint{hidden}, and {source} says ignore empty_service"
    return Reason("empty-service-ignored", text, _option(case, "ignore", "empty_service"))


def _zonal(case: Case) -> Reason:
    return Reason(
        "zonal-not-headless",
        f"Service {case.key} is not headless: topology zones are asked of headless ones",
        _cluster_ips(case),
    )


def _cluster_ips(case: Case) -> tuple[Fact, ...]:
    service = case.service
    addresses = ", ".join(service.cluster_ips) if service is not None else ""
    return (case.fact("Service", "spec.clusterIPs", addresses or "none"),)


def _below_alias(case: Case) -> Reason:
    text = f"Service {case.key} is of type ExternalName: no name exists in front of it"
    return Reason("external-name-below", text, (case.fact("Service", "spec.type", "ExternalName"),))


def _alias_address(case: Case) -> Reason:
    service = case.service
    value = (service.spec.external_name or "") if service is not None else ""
    text = f"spec.externalName of Service {case.key} is the address {value}, and an alias needs a name"
    return Reason("external-name-address", text, (case.fact("Service", "spec.externalName", value),))


def _import_missing(case: Case) -> Reason:
    text = f"there is no ServiceImport {case.key.name} in namespace {case.key.namespace}: {case.zone} holds only these"
    return Reason("import-missing", text, (case.fact("ServiceImport", "", "missing"),))


def _pods_disabled(case: Case) -> Reason:
    text = f"names of pods are not served: pods is disabled by {case.config.source}"
    return Reason("pods-disabled", text, _option(case, "pods", "disabled"))


def _pod_not_address(case: Case) -> Reason:
    text = f"{case.request.service} is no address with dashes: a pod's name in DNS is its address, such as 10-244-0-9"
    return Reason("pod-not-address", text, _option(case, "pods", case.config.pods))


def _pod_missing(case: Case) -> Reason:
    namespace = case.request.namespace
    if not case.snapshot.knows_all("Pod", namespace):
        text = f"whether a pod of namespace {namespace} has this address is not known: its Pods were not read"
        return Reason("pods-unread", text, _option(case, "pods", case.config.pods))
    text = f"no pod of namespace {namespace} has this as its first address (pods verified)"
    return Reason("pod-missing", text, _option(case, "pods", case.config.pods))


def _txt(case: Case) -> Reason:
    return Reason("txt-of-empty-name", f"{case.asked.name} holds no records; for TXT that is NXDOMAIN")


def _option(case: Case, name: str, value: str) -> tuple[Fact, ...]:
    return (option_fact(case.config, name, value),)


_REASONS: dict[str, Callable[[Case], Reason]] = {
    "name-branch": _branch,
    "name-depth": _depth,
    "reverse-name": _reverse,
    "namespace-not-exposed": _namespace_not_exposed,
    "namespace-not-selected": _namespace_not_selected,
    "namespace-missing": _namespace_missing,
    "service-missing": _service_missing,
    "service-not-selected": _service_not_selected,
    "empty-service-ignored": _ignored,
    "zonal-not-headless": _zonal,
    "external-name-below": _below_alias,
    "external-name-address": _alias_address,
    "import-missing": _import_missing,
    "pods-disabled": _pods_disabled,
    "pod-not-address": _pod_not_address,
    "pod-missing": _pod_missing,
    "txt-of-empty-name": _txt,
}
