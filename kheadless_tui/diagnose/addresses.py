"""Family: what kind of address a Service gives: address families, and aliases in place of addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from kheadless_tui.diagnose.evidence import Evidence
from kheadless_tui.diagnose.finding import DOCS, ERROR, WARNING, Fact, Finding, kubectl, listed
from kheadless_tui.diagnose.rule import Rule
from kheadless_tui.model.objects import SERVICE_NAME_LABEL

DUAL_STACK = f"{DOCS}concepts/services-networking/dual-stack/"
EXTERNAL_NAME = f"{DOCS}concepts/services-networking/service/#externalname"
TYPE_OF = {"IPv4": "A", "IPv6": "AAAA"}


def family_missing(evidence: Evidence) -> Iterator[Finding]:
    """The Service asks for a family in which none of its ready endpoints has an address (failure H59)."""
    if not evidence.service.selector or not evidence.in_dns:
        return
    families = evidence.service.spec.ip_families or []
    ready = {seen.item.address_type for seen in evidence.endpoints if seen.endpoint.ready}
    for family in families:
        if family in ready or family not in TYPE_OF:
            continue
        held = [pod.name for pod in evidence.pods if any(_family(address) == family for address in pod.addresses)]
        if held:
            continue  # pods have such addresses: the slice is on its way
        yield Finding(
            code="KH059",
            severity=WARNING,
            title=f"Service {evidence.key} asks for {family}, and no ready pod of it has such an address: "
            f"{TYPE_OF[family]} is answered empty",
            brief=f"no {TYPE_OF[family]} records: no pod has an {family} address",
            subject=evidence.key,
            cause="A family of spec.ipFamilies gives records only for pods that have an address in it.",
            fields=(
                Fact(evidence.source, "spec.ipFamilies", ",".join(families)),
                Fact(evidence.source, "spec.ipFamilyPolicy", evidence.service.spec.ip_family_policy or "not set"),
                *(Fact(f"Pod {pod.key}", "status.podIPs", listed(list(pod.addresses))) for pod in evidence.pods[:4]),
            ),
            rule="there is a set of slices for each family of the Service, with the pods' addresses of that family",
            fix=(
                "restart pods that are older than the cluster's second family",
                f"or leave {family} out of ipFamilies",
            ),
            link=DUAL_STACK,
            command=kubectl(
                evidence.key.namespace, "get", "endpointslice", "-l", f"{SERVICE_NAME_LABEL}={evidence.key.name}"
            ),
        )


def alias_of_address(evidence: Evidence) -> Iterator[Finding]:
    """An ExternalName that is an address: no client gets an address from it (failure H20)."""
    name = evidence.service.spec.external_name or ""
    if evidence.service.type != "ExternalName" or not _family(name.removesuffix(".")):
        return
    yield Finding(
        code="KH020",
        severity=ERROR,
        title=f"Service {evidence.key} is an alias of {name}, which is an address and no name: it resolves to nothing",
        brief=f"an alias of {name}, which is no name",
        subject=evidence.key,
        cause="Type ExternalName makes a CNAME record, and a CNAME leads to a name, never to an address.",
        fields=(
            Fact(evidence.source, "spec.type", "ExternalName"),
            Fact(evidence.source, "spec.externalName", name),
        ),
        rule="externalName is the target of a CNAME",
        fix=(
            f"a headless Service without selector, and an EndpointSlice labelled "
            f"{SERVICE_NAME_LABEL}={evidence.key.name} with the address {name}",
        ),
        link=EXTERNAL_NAME,
        command=kubectl(evidence.key.namespace, "get", "service", evidence.key.name),
    )


def _family(text: str) -> str:
    try:
        return f"IPv{ipaddress.ip_address(text).version}"
    except ValueError:
        return ""


RULES = (
    Rule("KH020", "an alias of an address", alias_of_address),
    Rule("KH059", "an address family without addresses", family_missing),
)
