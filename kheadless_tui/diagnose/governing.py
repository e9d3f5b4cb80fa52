"""Family: the Service that gives a StatefulSet's pods their names, and Services that do not although they look so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kheadless_tui.diagnose.evidence import Evidence, owner
from kheadless_tui.diagnose.finding import DOCS, ERROR, HINT, WARNING, Fact, Finding, kubectl, listed, pairs
from kheadless_tui.diagnose.neighbours import template_labels
from kheadless_tui.diagnose.rule import Rule
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.workloads import Pod, StatefulSet
from kheadless_tui.zone.naming.endpoint_names import dashed

STABLE_ID = f"{DOCS}concepts/workloads/controllers/statefulset/#stable-network-id"
POD_NAMES = f"{DOCS}concepts/services-networking/dns-pod-service/#pod-s-hostname-and-subdomain-fields"
HEADLESS = f"{DOCS}concepts/services-networking/service/#headless-services"
NAMED = "an endpoint has its pod's hostname only in the Service whose name is the pod's spec.subdomain"
"""Of the EndpointSlice controller: endpointslice/util/controller_utils.go ShouldSetHostname."""
IMMUTABLE = (
    "serviceName: {service} in the set; the field cannot be changed, so kubectl delete statefulset {name} "
    "--cascade=orphan, which leaves the pods running, and create it anew"
)
SAYS_HEADLESS = re.compile(r"(^|-)(headless|hl)(-|$)")
"""A name that promises a headless Service."""


def not_headless(evidence: Evidence) -> Iterator[Finding]:
    """A Service that is called headless has a cluster address (failure H18)."""
    service = evidence.service
    if service.headless or service.type == "ExternalName" or not SAYS_HEADLESS.search(service.name):
        return
    yield Finding(
        code="KH018",
        severity=WARNING,
        title=f"Service {evidence.key} is not headless: its name leads to {', '.join(service.cluster_ips) or 'no pod'}",
        brief="not headless: its name leads to one address",
        subject=evidence.key,
        cause="Only with clusterIP: None does the name of a Service lead to the addresses of its pods.",
        fields=(
            Fact(evidence.source, "spec.type", service.type),
            Fact(evidence.source, "spec.clusterIP", service.spec.cluster_ip or "not set"),
        ),
        rule="a Service with a cluster address answers with that address alone",
        fix=("clusterIP cannot be changed to None: delete the Service and create it with clusterIP: None",),
        link=HEADLESS,
        command=kubectl(evidence.key.namespace, "get", "service", evidence.key.name),
    )


def governing_has_address(evidence: Evidence) -> Iterator[Finding]:
    """The governing Service of a StatefulSet is not headless (failure H26)."""
    service = evidence.service
    if service.headless or not evidence.governed:
        return
    names = [item.name for item in evidence.governed]
    what = f"an alias of {service.spec.external_name}" if service.type == "ExternalName" else "not headless"
    yield Finding(
        code="KH026",
        severity=WARNING,
        title=f"Service {evidence.key} governs StatefulSet {listed(names)} and is {what}: "
        + ("its pods have no names" if service.type == "ExternalName" else "its name does not lead to the pods"),
        brief=f"governs StatefulSet {listed(names, 1)} and is {what}",
        subject=evidence.key,
        cause="A governing Service has to be headless. With a cluster address the Service's name leads to that "
        "address; CoreDNS still answers for the pods' names, which other DNS servers need not do.",
        fields=(
            *(Fact(f"StatefulSet {item.key}", "spec.serviceName", evidence.key.name) for item in evidence.governed),
            Fact(evidence.source, "spec.type", service.type),
            Fact(evidence.source, "spec.clusterIP", service.spec.cluster_ip or "not set"),
        ),
        rule="StatefulSets currently require a headless Service for the identity of their pods",
        fix=(
            f"delete the Service and create it with clusterIP: None (the pods keep running); clients that need one "
            f"address get a second Service beside {evidence.key.name}",
        ),
        link=STABLE_ID,
        command=kubectl(evidence.key.namespace, "get", "service", evidence.key.name),
    )


def governing_selects_others(evidence: Evidence) -> Iterator[Finding]:
    """The governing Service does not select the pods of its StatefulSet (failure H27)."""
    if not evidence.service.selector:
        return
    for item in evidence.governed:
        if evidence.selects(template_labels(item)) or item.spec.template is None:
            continue
        pods = [pod for pod in evidence.neighbours.pods if owner(pod) == ("StatefulSet", item.name)]
        if any(evidence.selects(pod.labels) for pod in pods):
            continue  # the pods were labelled afterwards, or are of an older template
        yield Finding(
            code="KH027",
            severity=ERROR,
            title=f"Service {evidence.key} governs StatefulSet {item.name} and does not select its pods: "
            f"{item.name}-0.{evidence.key.name} does not exist",
            brief=f"it does not select the pods of StatefulSet {item.name}",
            subject=evidence.key,
            cause="The pods have the right hostname and subdomain, but they are no endpoints of this Service.",
            fields=(
                Fact(f"StatefulSet {item.key}", "spec.serviceName", evidence.key.name),
                Fact(evidence.source, "spec.selector", pairs(evidence.service.selector)),
                Fact(f"StatefulSet {item.key}", "spec.template.metadata.labels", pairs(template_labels(item))),
            ),
            rule="endpoints are the pods that carry every label of spec.selector; names exist for endpoints alone",
            fix=(f"make the selector match, for example {pairs(_common(item))}",),
            link=STABLE_ID,
            command=kubectl(evidence.key.namespace, "get", "pods", "-l", pairs(evidence.service.selector)),
        )


def named_elsewhere(evidence: Evidence) -> Iterator[Finding]:
    """The pods' subdomain is another Service: there they have their names, here they have none (failure H32)."""
    for subdomain, pods in _strangers(evidence).items():
        if evidence.snapshot.service(ObjectKey(evidence.key.namespace, subdomain)) is not None:
            yield _known_elsewhere(evidence, subdomain, pods)


def service_name_missing(evidence: Evidence) -> Iterator[Finding]:
    """There is no Service of the set's serviceName; this one has a cluster address (failure H22)."""
    yield from (finding for finding in _named_nowhere(evidence) if finding.code == "KH022")


def service_name_differs(evidence: Evidence) -> Iterator[Finding]:
    """There is no Service of the set's serviceName; this headless one is called otherwise (failure H23)."""
    yield from (finding for finding in _named_nowhere(evidence) if finding.code == "KH023")


def subdomain_missing(evidence: Evidence) -> Iterator[Finding]:
    """There is no Service of the pods' subdomain (failure H30)."""
    yield from (finding for finding in _named_nowhere(evidence) if finding.code == "KH030")


def _named_nowhere(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.known("Service"):
        return
    for subdomain, pods in _strangers(evidence).items():
        if evidence.snapshot.service(ObjectKey(evidence.key.namespace, subdomain)) is None:
            yield _known_nowhere(evidence, subdomain, pods)


def _known_elsewhere(evidence: Evidence, subdomain: str, pods: list[Pod]) -> Finding:
    example = pods[0].spec.hostname or pods[0].name
    return Finding(
        code="KH032",
        severity=HINT,
        title=f"The pods of Service {evidence.key} have their names under {subdomain}: {example}.{subdomain} exists, "
        f"{example}.{evidence.key.name} does not",
        brief=f"its pods have their names under {subdomain}",
        subject=evidence.key,
        cause=f"A pod has one subdomain, and theirs is {subdomain}. Here the same pods are known by address: "
        f"{_by_address(evidence, pods[0])}.",
        fields=tuple(_subdomain_fact(pod) for pod in pods[:4]),
        rule=NAMED,
        fix=(f"use the names under {subdomain}, the Service that governs them",),
        link=POD_NAMES,
        command=_show_subdomains(evidence),
    )


def _known_nowhere(evidence: Evidence, subdomain: str, pods: list[Pod]) -> Finding:
    example = pods[0].spec.hostname or pods[0].name
    kind, name = owner(pods[0])
    of_set = kind == "StatefulSet"
    elsewhere = [
        space
        for space in evidence.snapshot.namespaces
        if space != evidence.key.namespace and evidence.snapshot.service(ObjectKey(space, subdomain)) is not None
    ]
    why = (
        f"serviceName of StatefulSet {name} is {subdomain}" if of_set else f"spec.subdomain of its pods is {subdomain}"
    )
    aside = f" (there is one in {listed(elsewhere, 2)}, which does not count)" if elsewhere else ""
    headless = evidence.service.headless
    fix = [f"create a headless Service {subdomain} with the same selector: the pods need no restart"]
    if of_set:
        fix.append("or " + IMMUTABLE.format(name=name, service=evidence.key.name))
    return Finding(
        code=("KH023" if headless else "KH022") if of_set else "KH030",
        severity=WARNING if headless else HINT,
        title=f"{example}.{evidence.key.name} does not exist: {why}, and there is no Service {subdomain}{aside}",
        brief=f"its pods have no names: there is no Service {subdomain}",
        subject=evidence.key,
        cause=f"The pods are endpoints of Service {evidence.key.name}, but they get names only in a Service called "
        f"{subdomain}. Here they are known by address: {_by_address(evidence, pods[0])}.",
        fields=(
            *((Fact(f"StatefulSet {evidence.key.namespace}/{name}", "spec.serviceName", subdomain),) if of_set else ()),
            *(_subdomain_fact(pod) for pod in pods[:4]),
            Fact(f"Service {evidence.key.namespace}/{subdomain}", "", "does not exist"),
        ),
        rule=NAMED,
        fix=tuple(fix),
        link=STABLE_ID if of_set else POD_NAMES,
        command=_show_subdomains(evidence),
    )


def _strangers(evidence: Evidence) -> dict[str, list[Pod]]:
    """The selected pods that have a name of their own, by a subdomain that is not this Service.

    None where an endpoint has a hostname: then this Service gives names, and the others are guests.
    """
    found: dict[str, list[Pod]] = {}
    if not evidence.endpoints or any(seen.endpoint.hostname for seen in evidence.endpoints):
        return found
    for pod in evidence.pods:
        if pod.spec.hostname and pod.spec.subdomain and pod.spec.subdomain != evidence.key.name:
            found.setdefault(pod.spec.subdomain, []).append(pod)
    return found


def _by_address(evidence: Evidence, pod: Pod) -> str:
    """The name that an endpoint without hostname has: its address with dashes, or its pod's name."""
    if evidence.config.endpoint_pod_names:
        return f"{pod.name}.{evidence.key.name}"
    return f"{dashed(pod.addresses[0])}.{evidence.key.name}" if pod.addresses else "by address"


def _subdomain_fact(pod: Pod) -> Fact:
    return Fact(f"Pod {pod.key}", "spec.hostname, spec.subdomain", f"{pod.spec.hostname}, {pod.spec.subdomain}")


def _common(item: StatefulSet) -> dict[str, str]:
    """Labels that surely name the set's pods: those that the set itself selects by."""
    selector = item.spec.selector
    return (selector.match_labels if selector is not None else None) or template_labels(item)


def _show_subdomains(evidence: Evidence) -> str:
    return kubectl(
        evidence.key.namespace,
        "get",
        "pods",
        "-l",
        pairs(evidence.service.selector),
        "-o",
        "custom-columns=POD:.metadata.name,HOSTNAME:.spec.hostname,SUBDOMAIN:.spec.subdomain",
    )


RULES = (
    Rule("KH018", "a Service called headless that is not", not_headless),
    Rule("KH022", "serviceName names no Service", service_name_missing),
    Rule("KH023", "serviceName names no Service, the headless one is called otherwise", service_name_differs),
    Rule("KH026", "the governing Service is not headless", governing_has_address),
    Rule("KH030", "the pods' subdomain names no Service", subdomain_missing),
    Rule("KH032", "the pods have their names under another Service", named_elsewhere),
    Rule("KH027", "the governing Service does not select its pods", governing_selects_others),
)
