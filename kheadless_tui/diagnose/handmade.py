"""Family: endpoints that no selector makes: Endpoints objects and EndpointSlices written by hand."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.diagnose.evidence import MANAGED_BY, MIRROR, Evidence
from kheadless_tui.diagnose.finding import DOCS, ERROR, HINT, WARNING, Fact, Finding, counted, kubectl, listed, pairs
from kheadless_tui.diagnose.rule import Rule
from kheadless_tui.model.objects import SERVICE_NAME_LABEL, Endpoints, EndpointSlice, ObjectKey

WITHOUT_SELECTOR = f"{DOCS}concepts/services-networking/service/#services-without-selectors"
CUSTOM_SLICES = f"{DOCS}concepts/services-networking/endpoint-slices/"
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
"""Label on an Endpoints object of which no slice shall be made (discovery.k8s.io/v1 LabelSkipMirror)."""
MIRRORED_AT_MOST = 1000
"""Addresses of one subset that are copied (kube-controller-manager --mirroring-max-endpoints-per-subset)."""


def other_name(evidence: Evidence) -> Iterator[Finding]:
    """Endpoints of another name than the Service have no effect (failure H06)."""
    if not _without_any(evidence) or evidence.handmade is not None or not evidence.known("Service"):
        return
    stray = _stray_endpoints(evidence)
    if not stray:
        return
    names = [item.name for item in stray]
    ports = sorted({port.name or "" for item in stray for subset in item.subsets or () for port in subset.ports or ()})
    wanted = [port.name or "" for port in evidence.service.ports]
    fix = [
        f"create the Endpoints under the name {evidence.key.name} (a name cannot be changed), or better: an "
        f"EndpointSlice labelled {SERVICE_NAME_LABEL}={evidence.key.name}, since Endpoints are deprecated",
    ]
    if len(stray) == 1 and wanted and ports and ports != sorted(wanted):
        fix.append(
            f"and call its port {_called(wanted)} as the Service does, not {_called(ports)}: "
            "SRV records take the port names of the endpoints"
        )
    yield Finding(
        code="KH006",
        severity=ERROR,
        title=f"No name of Service {evidence.key} exists: it has no selector, and Endpoints {listed(names)} "
        f"{'belongs' if len(names) == 1 else 'belong'} to no Service: only Endpoints called {evidence.key.name} "
        "would be its own",
        brief=f"Endpoints {listed(names, 1)} is not called like the Service",
        subject=evidence.key,
        cause="Endpoints and Service are joined by an equal name and nothing else.",
        fields=(
            Fact(evidence.source, "spec.selector", "none"),
            *(Fact(f"Endpoints {item.key}", "subsets[].addresses[]", listed(_addresses(item))) for item in stray[:4]),
        ),
        rule="Endpoints are mirrored to an EndpointSlice of the Service that has their name; DNS reads slices alone",
        fix=tuple(fix),
        link=WITHOUT_SELECTOR,
        command=kubectl(evidence.key.namespace, "get", "services,endpoints,endpointslices"),
    )


def stray_slice(evidence: Evidence) -> Iterator[Finding]:
    """A slice without the label, or whose label names no Service, has no effect (failure H07)."""
    if not _without_any(evidence) or not evidence.known("Service"):
        return
    stray = _stray_slices(evidence)
    if not stray:
        return
    names = [item.name for item in stray]
    labels = {_label(item) for item in stray}
    label = labels.pop() if len(labels) == 1 else f"no label {SERVICE_NAME_LABEL}={evidence.key.name}"
    yield Finding(
        code="KH007",
        severity=ERROR,
        title=f"No name of Service {evidence.key} exists: it has no selector, and EndpointSlice {listed(names)} "
        f"{'carries' if len(names) == 1 else 'carry'} {label}",
        brief=f"EndpointSlice {listed(names, 1)} does not carry the Service's name",
        subject=evidence.key,
        cause="DNS finds the slices of a Service by this label alone; names and owners do not matter.",
        fields=(
            Fact(evidence.source, "spec.selector", "none"),
            *(
                Fact(f"EndpointSlice {item.key}", f"metadata.labels[{SERVICE_NAME_LABEL}]", _value(item))
                for item in stray
            ),
        ),
        rule=f"a slice belongs to the Service that its label {SERVICE_NAME_LABEL} names",
        fix=(
            f"kubectl -n {evidence.key.namespace} label endpointslice {names[0]} "
            f"{SERVICE_NAME_LABEL}={evidence.key.name} --overwrite, if it is meant for this Service",
        ),
        link=CUSTOM_SLICES,
        command=kubectl(evidence.key.namespace, "get", "endpointslices", "-L", SERVICE_NAME_LABEL),
    )


def not_mirrored(evidence: Evidence) -> Iterator[Finding]:
    """Endpoints of the Service's name of which no slice is made (failure H08)."""
    item = evidence.handmade
    if item is None or not _without_any(evidence) or not _addresses(item):
        return
    skipped = item.labels.get(SKIP_MIRROR) == "true"
    # Without any slice in the namespace these may be manifests, of which a cluster is still to make its copies.
    severe = WARNING if evidence.snapshot.names("EndpointSlice", evidence.key.namespace) else HINT
    yield Finding(
        code="KH008",
        severity=ERROR if skipped else severe,
        title=f"No name of Service {evidence.key} exists: its Endpoints have "
        f"{counted(len(_addresses(item)), 'address')}"
        f", but no EndpointSlice is made of them{f': they carry {SKIP_MIRROR}=true' if skipped else ''}",
        brief="its Endpoints are not mirrored to an EndpointSlice",
        subject=evidence.key,
        cause="DNS reads EndpointSlices only. A hand-made Endpoints object reaches it through the copy that the "
        "mirroring controller makes" + (", and the label forbids the copy." if skipped else " within seconds."),
        fields=(
            Fact(f"Endpoints {item.key}", "subsets[].addresses[]", listed(_addresses(item))),
            Fact(f"Endpoints {item.key}", f"metadata.labels[{SKIP_MIRROR}]", item.labels.get(SKIP_MIRROR, "not set")),
        ),
        rule="Endpoints of a Service without selector are mirrored, unless they carry the label skip-mirror=true",
        fix=(
            (
                f"kubectl -n {evidence.key.namespace} label endpoints {item.name} {SKIP_MIRROR}-"
                if skipped
                else "see the events of the Endpoints object, and the log of kube-controller-manager"
            ),
            f"or write an EndpointSlice labelled {SERVICE_NAME_LABEL}={evidence.key.name} instead",
        ),
        link=WITHOUT_SELECTOR,
        command=kubectl(evidence.key.namespace, "get", "endpoints", item.name, "--show-labels"),
    )


def mirrored_in_part(evidence: Evidence) -> Iterator[Finding]:
    """More addresses in a subset than the mirroring controller copies (failure H08)."""
    item = evidence.handmade
    mirrors = [one for one in evidence.slices if one.labels.get(MANAGED_BY) == MIRROR]
    if item is None or not mirrors:
        return
    largest = max((len(subset.addresses or ()) for subset in item.subsets or ()), default=0)
    copied = {address for one in mirrors for endpoint in one.endpoints or () for address in endpoint.addresses or ()}
    missing = [address for address in _addresses(item) if address not in copied]
    if largest <= MIRRORED_AT_MOST or not missing:
        return
    yield Finding(
        code="KH008",
        severity=WARNING,
        title=f"{counted(len(missing), 'address')} of Endpoints {item.key} "
        f"{'is' if len(missing) == 1 else 'are'} not in DNS: "
        f"of each subset {MIRRORED_AT_MOST} are mirrored, the largest has {largest}",
        brief=f"{len(missing)} addresses are beyond what is mirrored",
        subject=evidence.key,
        cause="The mirroring controller copies a bounded number of addresses of each subset.",
        fields=(
            Fact(f"Endpoints {item.key}", "subsets[].addresses[]", f"{largest} in the largest subset"),
            Fact(evidence.source, "addresses in its slices", str(len(copied))),
        ),
        rule=f"at most {MIRRORED_AT_MOST} addresses of a subset are mirrored",
        fix=("write EndpointSlices yourself, or split the subset",),
        link=WITHOUT_SELECTOR,
        command=kubectl(evidence.key.namespace, "get", "endpoints", item.name, "-o", "yaml"),
    )


def other_port_name(evidence: Evidence) -> Iterator[Finding]:
    """SRV records of a headless Service are named after the ports of the endpoints, not after its own (failure H17)."""
    if not evidence.service.headless or evidence.service.selector:
        return
    if not evidence.in_dns or not evidence.service.ports:
        return
    theirs = {(port.name or "", port.protocol or "TCP"): item for item in evidence.slices for port in item.ports or ()}
    ours = {(port.name or "", port.protocol or "TCP") for port in evidence.service.ports}
    lost = [port for port in sorted(ours - set(theirs)) if port[0]]
    instead = sorted(set(theirs) - ours)
    if not lost:
        return
    gone = listed([_srv(name, protocol) for name, protocol in lost])
    there = [_srv(name, protocol) for name, protocol in instead if name]
    sources = {str(theirs[port].key) for port in instead} or {str(item.key) for item in evidence.slices}
    handmade = evidence.handmade
    from_endpoints = handmade is not None and any(one.labels.get(MANAGED_BY) == MIRROR for one in evidence.slices)
    writer = (
        f"Endpoints {handmade.key}"
        if from_endpoints and handmade is not None
        else (f"EndpointSlice {listed(sorted(sources), 1)}")
    )
    yield Finding(
        code="KH017",
        severity=WARNING,
        title=f"There is no SRV record {gone} of Service {evidence.key}"
        + (f", but {listed(there)}" if there else "")
        + f": {writer} calls the port {_called([name for name, _ in instead])}",
        brief=f"no SRV record {gone}: the endpoints call the port otherwise",
        subject=evidence.key,
        cause="SRV names are made of the port names of the slices; those of the Service do not count.",
        fields=(
            Fact(evidence.source, "spec.ports[].name", _called([port.name or "" for port in evidence.service.ports])),
            Fact(writer, "ports[].name", _called([name for name, _ in theirs])),
        ),
        rule="_PORT._PROTOCOL is looked for among the ports of the Service's EndpointSlices",
        fix=(f"give the port the same name in both: {_called([name for name, _ in lost])}",),
        link=WITHOUT_SELECTOR,
        command=kubectl(
            evidence.key.namespace,
            "get",
            "endpointslice",
            "-l",
            f"{SERVICE_NAME_LABEL}={evidence.key.name}",
            "-o",
            "jsonpath={.items[*].ports}",
        ),
    )


def no_source(evidence: Evidence) -> Iterator[Finding]:
    """A headless Service without selector to which nothing gives an address."""
    if not _without_any(evidence) or not evidence.service.headless or evidence.handmade is not None:
        return
    if _stray_endpoints(evidence) or _stray_slices(evidence):
        return
    yield Finding(
        code="KH081",
        severity=WARNING,
        title=f"No name of Service {evidence.key} exists: it has no selector, and no EndpointSlice carries its name",
        brief="it has no selector and no EndpointSlice",
        subject=evidence.key,
        cause="Without a selector nobody makes endpoints: they are written by hand, or by an operator.",
        fields=(
            Fact(evidence.source, "spec.selector", "none"),
            Fact(evidence.source, f"slices labelled {SERVICE_NAME_LABEL}={evidence.key.name}", "none"),
        ),
        rule="a headless Service without endpoints has no names: NXDOMAIN",
        fix=(
            f"write an EndpointSlice labelled {SERVICE_NAME_LABEL}={evidence.key.name} with the addresses",
            "or give the Service a selector",
        ),
        link=WITHOUT_SELECTOR,
        command=kubectl(evidence.key.namespace, "get", "endpointslices", "-L", SERVICE_NAME_LABEL),
    )


def edited_by_hand(evidence: Evidence) -> Iterator[Finding]:
    """Addresses that someone wrote into the Endpoints of a Service with a selector are not in DNS."""
    item = evidence.handmade
    if item is None or not evidence.service.selector or not evidence.known("Pod"):
        return
    listed_ones = {address for seen in evidence.endpoints for address in seen.endpoint.addresses or ()}
    # The address of a pod that has just come or gone is on its way from one object to the other.
    foreign = [one for one in _addresses(item) if one not in listed_ones and not evidence.snapshot.pods_at(one)]
    if not foreign:
        return
    yield Finding(
        code="KH084",
        severity=HINT,
        title=f"{listed(foreign)} in Endpoints {item.key} {'is' if len(foreign) == 1 else 'are'} not in DNS: "
        f"Service {evidence.key.name} has a selector, and its EndpointSlices are made of it",
        brief="edited Endpoints have no effect on DNS",
        subject=evidence.key,
        cause="Of a Service with a selector, Endpoints and EndpointSlices are both made from the pods. An edit of the "
        "Endpoints reaches no slice, and is undone when the pods change.",
        fields=(
            Fact(evidence.source, "spec.selector", pairs(evidence.service.selector)),
            Fact(f"Endpoints {item.key}", "subsets[].addresses[]", listed(_addresses(item))),
            Fact(evidence.source, "addresses in its slices", listed(sorted(listed_ones)) or "none"),
        ),
        rule="Endpoints of a Service with a selector are not mirrored; DNS reads slices alone",
        fix=(
            f"an EndpointSlice of your own labelled {SERVICE_NAME_LABEL}={evidence.key.name} adds addresses",
            "or a Service without selector for what is not a pod",
        ),
        link=WITHOUT_SELECTOR,
        command=kubectl(evidence.key.namespace, "get", "endpoints,endpointslices"),
    )


def external(evidence: Evidence) -> Iterator[Finding]:
    """Addresses for which the slices name no pod: DNS serves them whether or not anything answers there.

    Whether a pod has the address all the same is told of the pods that are known; it changes nothing in DNS.
    """
    if evidence.service.selector or not evidence.service.headless:
        return
    found = (
        address
        for seen in evidence.endpoints
        if seen.endpoint.ready and seen.endpoint.target_ref is None
        for address in seen.endpoint.addresses or ()
    )
    addresses = list(dict.fromkeys(found))
    if not addresses:
        return
    yield Finding(
        code="KH082",
        severity=HINT,
        title=f"The slices of Service {evidence.key} name no pod for {listed(addresses)}: "
        f"DNS serves {'it' if len(addresses) == 1 else 'them'} whether or not anything answers there",
        brief="its slices name no pods",
        subject=evidence.key,
        cause="Hand-made endpoints have no readiness probe; they stay in DNS until someone takes them out.",
        fields=tuple(
            Fact(
                f"EndpointSlice {seen.item.key}", f"{seen.field}.addresses", listed(list(seen.endpoint.addresses or ()))
            )
            for seen in evidence.endpoints[:4]
        )
        + tuple(_pods_at(evidence, addresses)),
        rule="an endpoint without conditions.ready counts as ready",
        fix=("nothing, if the addresses are right",),
        link=WITHOUT_SELECTOR,
        command=kubectl(
            evidence.key.namespace, "get", "endpointslice", "-l", f"{SERVICE_NAME_LABEL}={evidence.key.name}"
        ),
    )


def _pods_at(evidence: Evidence, addresses: list[str]) -> Iterator[Fact]:
    """The known pods of the namespace that have these addresses, though no slice says so."""
    for address in addresses[:4]:
        for pod in evidence.snapshot.pods_at(address):
            if pod.namespace == evidence.key.namespace:
                yield Fact(f"Pod {pod.key}", "status.podIPs", f"{address}, of which its readiness is not asked")


def _without_any(evidence: Evidence) -> bool:
    """No selector and no endpoint, as far as slices were read; an alias needs none."""
    return (
        not evidence.service.selector
        and not evidence.endpoints
        and evidence.known("EndpointSlice")
        and evidence.service.type != "ExternalName"
    )


def _stray_endpoints(evidence: Evidence) -> list[Endpoints]:
    """Endpoints of the namespace with addresses that have the name of no Service, the likeliest first."""
    namespace = evidence.key.namespace
    services = evidence.snapshot.names("Service", namespace)
    found = []
    for name in evidence.snapshot.names("Endpoints", namespace) - services:
        item = evidence.snapshot.endpoints(ObjectKey(namespace, name))
        if item is not None and _addresses(item):
            found.append(item)
    numbers = {port.port for port in evidence.service.ports} | {port.target_port for port in evidence.service.ports}
    return sorted(found, key=lambda item: (not numbers & _numbers(item), item.name))


def _stray_slices(evidence: Evidence) -> list[EndpointSlice]:
    """Slices of the namespace with addresses that no controller keeps and that belong to no Service."""
    namespace = evidence.key.namespace
    services = evidence.snapshot.names("Service", namespace)
    found = []
    for name in sorted(evidence.snapshot.names("EndpointSlice", namespace)):
        item = evidence.snapshot.objects.get(("EndpointSlice", ObjectKey(namespace, name)))
        if not isinstance(item, EndpointSlice) or item.import_key is not None:
            continue
        if item.labels.get(SERVICE_NAME_LABEL, "") in services or item.labels.get(MANAGED_BY, "").endswith(".k8s.io"):
            continue
        if any(endpoint.addresses for endpoint in item.endpoints or ()):
            found.append(item)
    return found


def _addresses(item: Endpoints) -> list[str]:
    return [
        address.ip
        for subset in item.subsets or ()
        for address in (*(subset.addresses or ()), *(subset.not_ready_addresses or ()))
    ]


def _numbers(item: Endpoints) -> set[int | None]:
    return {port.port for subset in item.subsets or () for port in subset.ports or ()}


def _label(item: EndpointSlice) -> str:
    if SERVICE_NAME_LABEL not in item.labels:
        return f"no label {SERVICE_NAME_LABEL}"
    return f"{SERVICE_NAME_LABEL}={item.labels[SERVICE_NAME_LABEL]}, and there is no such Service"


def _value(item: EndpointSlice) -> str:
    return item.labels.get(SERVICE_NAME_LABEL, "not set")


def _called(names: list[str]) -> str:
    return listed([name or "(no name)" for name in dict.fromkeys(names)]) or "(no port)"


def _srv(name: str, protocol: str) -> str:
    return f"_{name}._{protocol.lower()}"


RULES = (
    Rule("KH006", "Endpoints of another name than the Service", other_name),
    Rule("KH007", "an EndpointSlice without the Service's label", stray_slice),
    Rule("KH008", "Endpoints that are not mirrored", not_mirrored),
    Rule("KH008", "Endpoints that are mirrored in part", mirrored_in_part),
    Rule("KH017", "the endpoints' port has another name", other_port_name),
    Rule("KH081", "no selector and no endpoints", no_source),
    Rule("KH082", "addresses for which no pod is named", external),
    Rule("KH084", "Endpoints of a Service with a selector, edited by hand", edited_by_hand),
)
