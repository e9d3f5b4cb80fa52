"""Family: names that endpoints have or share."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.diagnose.evidence import Evidence
from kheadless_tui.diagnose.finding import DOCS, HINT, WARNING, Fact, Finding, kubectl, listed, pairs
from kheadless_tui.diagnose.rule import Rule
from kheadless_tui.zone.naming.endpoint_names import dashed

POD_NAMES = f"{DOCS}concepts/services-networking/dns-pod-service/#pod-s-hostname-and-subdomain-fields"


def shared_hostname(evidence: Evidence) -> Iterator[Finding]:
    """Several endpoints have one hostname: the name leads to all of them (failure H29)."""
    holders: dict[str, list[str]] = {}
    for seen in evidence.endpoints:
        name = seen.endpoint.hostname
        # A pod that is being replaced under its own name is another pod, and not a second holder of the name.
        if name and seen.endpoint.pod_name and not seen.endpoint.terminating:
            pods = holders.setdefault(name, [])
            if seen.who not in pods:
                pods.append(seen.who)
    for name, pods in holders.items():
        if len(pods) < 2:
            continue
        yield Finding(
            code="KH029",
            severity=WARNING,
            title=f"{name}.{evidence.key.name} is {len(pods)} pods at once: {listed(pods)} share the hostname {name}",
            brief=f"{len(pods)} pods share the hostname {name}",
            subject=evidence.key,
            cause="A hostname in a pod template is copied to every replica. The name then leads to all of them, and "
            "SRV records name one target for all.",
            fields=tuple(
                Fact(f"EndpointSlice {seen.item.key}", f"{seen.field}.hostname ({seen.who})", name)
                for seen in evidence.endpoints
                if seen.endpoint.hostname == name
            )[:6],
            rule="an endpoint's name is its pod's spec.hostname, unique or not",
            fix=("use a StatefulSet, which gives each pod its own hostname", "or take hostname out of the template"),
            link=POD_NAMES,
            command=kubectl(
                evidence.key.namespace,
                "get",
                "pods",
                "-l",
                pairs(evidence.service.selector),
                "-o",
                "custom-columns=POD:.metadata.name,HOSTNAME:.spec.hostname",
            ),
        )


def no_hostnames(evidence: Evidence) -> Iterator[Finding]:
    """Pods of a Deployment or DaemonSet have no names of their own (failure H28)."""
    if not evidence.service.headless or evidence.config.endpoint_pod_names or not evidence.in_dns:
        return
    if evidence.governed:
        return  # then they are not the pods that it is meant for, which is another rule's business
    if any(seen.endpoint.hostname or not seen.endpoint.pod_name for seen in evidence.endpoints):
        return
    pods = evidence.pods
    if not pods or any(pod.spec.hostname for pod in pods):
        return  # pods with a hostname are the business of the rules on subdomains
    example = next((pod for pod in pods if pod.addresses), None)
    if example is None:
        return
    yield Finding(
        code="KH028",
        severity=HINT,
        title=f"The pods of Service {evidence.key} have no names of their own: {example.name} is known as "
        f"{dashed(example.addresses[0])}.{evidence.key.name}",
        brief="its pods are known by address only",
        subject=evidence.key,
        cause="A pod's name is not used in DNS. Only spec.hostname is, which StatefulSets and Indexed Jobs fill.",
        fields=(Fact(f"Pod {example.key}", "spec.hostname", "not set"),),
        rule="an endpoint without hostname is known by its address with dashes",
        fix=("nothing, if clients ask for the Service's name only", "a StatefulSet, if each pod needs a name"),
        link=POD_NAMES,
        command=kubectl(evidence.key.namespace, "get", "pods", "-l", pairs(evidence.service.selector), "-o", "wide"),
    )


RULES = (
    Rule("KH028", "pods without names of their own", no_hostnames),
    Rule("KH029", "several pods share a hostname", shared_hostname),
)
