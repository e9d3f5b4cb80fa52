"""Family: ports: SRV records that do not exist, and ports on which nobody may listen."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.diagnose.evidence import Evidence
from kheadless_tui.diagnose.finding import DOCS, HINT, WARNING, Fact, Finding, counted, kubectl, listed
from kheadless_tui.diagnose.rule import Rule
from kheadless_tui.model.objects import SERVICE_NAME_LABEL, ServicePort
from kheadless_tui.model.workloads import Container, Pod

DEFINING = f"{DOCS}concepts/services-networking/service/#field-spec-ports"
HEADLESS = f"{DOCS}concepts/services-networking/service/#headless-services"
SRV = f"{DOCS}concepts/services-networking/dns-pod-service/#srv-records"
NO_PROXY = (
    "nothing stands between client and pod of a headless Service: no port is translated, SRV says the target port"
)


def named_target_missing(evidence: Evidence) -> Iterator[Finding]:
    """A named targetPort that no container declares drops the port, and its SRV records with it (failure H13)."""
    if not evidence.service.selector:
        return
    for port in evidence.service.ports:
        if not isinstance(port.target_port, str):
            continue
        wanted = (port.name or "", port.protocol or "TCP")
        without = [
            seen.who
            for seen in evidence.endpoints
            if wanted not in {(one.name or "", one.protocol or "TCP") for one in seen.item.ports or ()}
        ]
        if not without:
            continue
        everywhere = set(without) == set(evidence.members)
        yield Finding(
            code="KH013",
            severity=WARNING if everywhere else HINT,
            title=f"There is no SRV record {_srv(port)} of "
            + (f"Service {evidence.key}" if everywhere else f"{listed(sorted(set(without)))} in Service {evidence.key}")
            + f": no container {'' if everywhere else 'there '}calls a port {port.target_port}",
            brief=f"no SRV record {_srv(port)}: no container port is called {port.target_port}",
            subject=evidence.key,
            cause=f"targetPort {port.target_port} is looked up among the ports of each pod's containers. Where it is "
            "not found, the slice has the addresses without the port: A records exist, SRV records do not, and "
            "kubectl get endpoints shows none.",
            fields=(
                Fact(evidence.source, f"spec.ports[{_name(port)}].targetPort", port.target_port),
                *_declared_facts(evidence, without),
                *(
                    Fact(f"EndpointSlice {item.key}", "ports[]", _slice_ports(item.ports))
                    for item in evidence.slices
                    if item.endpoints
                ),
            ),
            rule="a named targetPort is the name of a port of a container with the same protocol",
            fix=(f"call the container's port {port.target_port}", "or put the port's name or number in targetPort"),
            link=DEFINING,
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


def target_differs(evidence: Evidence) -> Iterator[Finding]:
    """A port that a proxy would translate is not translated on a headless Service (failure H14)."""
    if not evidence.service.headless or not evidence.service.selector or not evidence.members:
        return
    for port in evidence.service.ports:
        target = _target(evidence, port)
        if target is None or target == port.port or _undeclared(evidence, port):
            continue
        yield Finding(
            code="KH014",
            severity=HINT,
            title=f"Port {port.port} of Service {evidence.key} is not where its pods are to be asked: "
            f"targetPort is {target}, and a headless Service translates no port",
            brief=f"clients must use port {target}, not {port.port}",
            subject=evidence.key,
            cause=f"A client that takes an address from DNS and connects to {port.port} talks to the pod itself, "
            f"and the pod is said to listen on {target}.",
            fields=(
                Fact(evidence.source, f"spec.ports[{_name(port)}].port", str(port.port)),
                Fact(evidence.source, f"spec.ports[{_name(port)}].targetPort", str(port.target_port)),
                *_declared_facts(evidence, [pod.name for pod in evidence.pods]),
            ),
            rule=NO_PROXY,
            fix=(f"connect to port {target}", f"make port and targetPort equal: {target}"),
            link=HEADLESS,
            command=kubectl(
                evidence.key.namespace, "get", "service", evidence.key.name, "-o", "jsonpath={.spec.ports}"
            ),
        )


def target_undeclared(evidence: Evidence) -> Iterator[Finding]:
    """A targetPort that no container declares; it may listen all the same (tutorial: 8080 for an nginx on 80)."""
    if not evidence.service.selector:
        return
    for port in evidence.service.ports:
        if not _undeclared(evidence, port):
            continue
        target = _target(evidence, port)
        pods = evidence.pods
        declared = sorted({number for pod in pods for number in _numbers(pod, port.protocol or "TCP")})
        names = listed([pod.name for pod in pods], 3)
        yield Finding(
            code="KH083",
            severity=HINT,
            title=f"Port {port.port} of Service {evidence.key} leads to port {target}, which no container of {names} "
            f"declares: they declare {listed([str(number) for number in declared])}",
            brief=f"port {target} is declared by no container",
            subject=evidence.key,
            cause="Declaring a port is not needed to listen on it, so this may be right. If nothing listens there, "
            f"DNS is right and connections to {target} are refused.",
            fields=(
                Fact(evidence.source, f"spec.ports[{_name(port)}].port", str(port.port)),
                Fact(evidence.source, f"spec.ports[{_name(port)}].targetPort", str(target)),
                *_declared_facts(evidence, [pod.name for pod in pods]),
            ),
            rule=NO_PROXY
            if evidence.service.headless
            else "containerPort informs; it opens nothing and closes nothing",
            fix=(
                f"try it: kubectl -n {evidence.key.namespace} exec {pods[0].name} -- nc -z -w 2 127.0.0.1 {target}",
                f"if it is refused: targetPort {listed([str(number) for number in declared], 3)}",
            ),
            link=HEADLESS if evidence.service.headless else DEFINING,
            command=kubectl(
                evidence.key.namespace,
                "get",
                "pods",
                "-l",
                ",".join(f"{key}={value}" for key, value in evidence.service.selector.items()),
                "-o",
                'jsonpath={range .items[*]}{.metadata.name} {.spec.containers[*].ports}{"\\n"}{end}',
            ),
        )


def no_ports(evidence: Evidence) -> Iterator[Finding]:
    """Without ports there are addresses and no SRV records (failure H15)."""
    if not evidence.service.headless or evidence.service.ports or not evidence.in_dns:
        return
    if any(item.ports for item in evidence.slices):
        return
    yield Finding(
        code="KH015",
        severity=HINT,
        title=f"Service {evidence.key} has no SRV records, since it has no ports",
        brief="no ports, so no SRV records",
        subject=evidence.key,
        cause="A headless Service may have no ports; then there are A and AAAA records only.",
        fields=(Fact(evidence.source, "spec.ports", "none"),),
        rule="an SRV record is made of a port of a slice",
        fix=("nothing, if nobody looks for SRV records; else give the Service a named port",),
        link=SRV,
        command=kubectl(evidence.key.namespace, "get", "service", evidence.key.name, "-o", "yaml"),
    )


def unnamed_port(evidence: Evidence) -> Iterator[Finding]:
    """A port without name has no SRV record of its own (failure H16)."""
    if not evidence.service.headless:
        return
    unnamed = [port for port in evidence.service.ports if not port.name]
    if not unnamed or any(port.name for item in evidence.slices for port in item.ports or ()):
        return
    numbers = listed([str(port.port) for port in unnamed])
    yield Finding(
        code="KH016",
        severity=HINT,
        title=f"Port {numbers} of Service {evidence.key} has no name, so there is no SRV record such as "
        f"_NAME._{(unnamed[0].protocol or 'TCP').lower()}",
        brief="an unnamed port has no SRV record of its own",
        subject=evidence.key,
        cause="SRV names are made of port names. CoreDNS answers SRV of the Service's own name with all ports, "
        "which other DNS servers need not do.",
        fields=(Fact(evidence.source, "spec.ports[].name", "not set"),),
        rule="_PORT._PROTOCOL.SERVICE: unnamed ports have no SRV record (Kubernetes DNS specification)",
        fix=("give the port a name, if clients look for SRV records",),
        link=SRV,
        command=kubectl(evidence.key.namespace, "get", "service", evidence.key.name, "-o", "jsonpath={.spec.ports}"),
    )


def _target(evidence: Evidence, port: ServicePort) -> int | None:
    """The number that the pods are asked on: targetPort, or what the slices made of its name."""
    if port.target_port is None or port.target_port == 0:
        return port.port
    if isinstance(port.target_port, int):
        return port.target_port
    wanted = (port.name or "", port.protocol or "TCP")
    numbers = {
        one.port
        for item in evidence.slices
        for one in item.ports or ()
        if (one.name or "", one.protocol or "TCP") == wanted and one.port is not None
    }
    return numbers.pop() if len(numbers) == 1 else None


def _undeclared(evidence: Evidence, port: ServicePort) -> bool:
    """Every selected pod declares ports of the protocol, and none of them the numeric target."""
    if isinstance(port.target_port, str) or not evidence.pods:
        return False
    target = _target(evidence, port)
    numbers = [_numbers(pod, port.protocol or "TCP") for pod in evidence.pods]
    return all(numbers) and not any(target in declared for declared in numbers)


def _containers(pod: Pod) -> list[Container]:
    """Containers that run beside each other: ordinary ones, and restartable init containers (sidecars)."""
    sidecars = [item for item in pod.spec.init_containers or () if item.restart_policy == "Always"]
    return [*(pod.spec.containers or ()), *sidecars]


def _numbers(pod: Pod, protocol: str) -> set[int]:
    return {
        one.container_port
        for container in _containers(pod)
        for one in container.ports or ()
        if (one.protocol or "TCP") == protocol
    }


def _declared_facts(evidence: Evidence, names: list[str]) -> Iterator[Fact]:
    """The ports that the containers declare, one fact for all pods that declare the same."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        pod = evidence.pod(name)
        if pod is None:
            continue
        ports = [
            f"{container.name}: {one.container_port}/{one.protocol or 'TCP'}{f' {one.name}' if one.name else ''}"
            for container in _containers(pod)
            for one in container.ports or ()
        ]
        groups.setdefault(", ".join(ports) or "none", []).append(name)
    for ports_text, pods in groups.items():
        who = f"Pod {evidence.key.namespace}/{pods[0]}" if len(pods) == 1 else f"{counted(len(pods), 'pod')}: "
        who += "" if len(pods) == 1 else listed(pods, 3)
        yield Fact(who, "spec.containers[].ports[]", ports_text)


def _slice_ports(ports: object) -> str:
    items = ports if isinstance(ports, list) else []
    return listed([f"{one.name or '(no name)'} {one.port}/{one.protocol or 'TCP'}" for one in items]) or "none"


def _name(port: ServicePort) -> str:
    return port.name or str(port.port)


def _srv(port: ServicePort) -> str:
    if not port.name:
        return f"for port {port.port}"
    return f"_{port.name}._{(port.protocol or 'TCP').lower()}"


RULES = (
    Rule("KH013", "a named targetPort that no container declares", named_target_missing),
    Rule("KH014", "targetPort differs from port on a headless Service", target_differs),
    Rule("KH015", "a headless Service without ports", no_ports),
    Rule("KH016", "an unnamed port", unnamed_port),
    Rule("KH083", "a targetPort that no container declares", target_undeclared),
)
