"""Pods, and the part of workloads that is a pod (pkg/apis/core/validation ValidatePodSpec, ValidatePodUpdate)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab.objects.failure import Cause
from kheadless_tui.lab.validation.fields import (
    PROTOCOLS,
    duplicate,
    forbidden,
    invalid,
    label_errors,
    named,
    not_found,
    one_of,
    port_name,
    port_number,
    required,
)

_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_RESTARTS, _PULLS = ("Always", "OnFailure", "Never"), ("Always", "IfNotPresent", "Never")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_NOT_EPHEMERAL = ("ports", *_PROBES, "lifecycle", "resources")


def pod_spec(spec: dict[str, Any], field: str) -> Iterator[Cause]:
    """What is wrong with a pod's spec, or with that of a template."""
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    if not spec.get("containers"):
        yield required(f"{field}.containers")
    seen: set[str] = set()
    for kind in ("containers", "initContainers"):
        for number, container in enumerate(spec.get(kind) or ()):
            yield from _container(container, f"{field}.{kind}[{number}]", seen, volumes)
    yield from one_of(f"{field}.restartPolicy", spec.get("restartPolicy") or "Always", _RESTARTS)
    policy = spec.get("dnsPolicy") or "ClusterFirst"
    yield from one_of(f"{field}.dnsPolicy", policy, _DNS_POLICIES)
    if policy == "None" and not (spec.get("dnsConfig") or {}).get("nameservers"):
        if spec.get("dnsConfig"):
            yield required(
                f"{field}.dnsConfig.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None"
            )
        else:
            yield required(f"{field}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
    for name in ("hostname", "subdomain"):
        if spec.get(name):
            yield from named(f"{field}.{name}", spec[name], label_errors(spec[name]))
    yield from _affinity(spec, field)


def _affinity(spec: dict[str, Any], field: str) -> Iterator[Cause]:
    """The demands of a pod on its Node; not those on other pods."""
    demanded = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (demanded.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    at = f"{field}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    for number, term in enumerate(terms):
        for kind in ("matchExpressions", "matchFields"):
            for place, one in enumerate(term.get(kind) or ()):
                yield from _demand(one, f"{at}[{number}].{kind}[{place}]")


def _demand(one: dict[str, Any], at: str) -> Iterator[Cause]:
    operator, values = one.get("operator", ""), one.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            yield required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield forbidden(f"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            yield required(f"{at}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield invalid(f"{at}.operator", operator, "not a valid selector operator")


def new_pod(spec: dict[str, Any]) -> Iterator[Cause]:
    """A Pod that is created."""
    yield from pod_spec(spec, "spec")
    if spec.get("ephemeralContainers"):
        yield forbidden("spec.ephemeralContainers", "cannot be set on create")


def _container(container: dict[str, Any], where: str, seen: set[str], volumes: set[Any]) -> Iterator[Cause]:
    name = container.get("name") or ""
    if not name:
        yield required(f"{where}.name")
    elif label_errors(name):
        yield from named(f"{where}.name", name, label_errors(name))
    elif name in seen:
        yield duplicate(f"{where}.name", name)
    seen.add(name)
    if not container.get("image"):
        yield required(f"{where}.image")
    yield from _container_ports(container.get("ports") or [], where)
    for number, variable in enumerate(container.get("env") or ()):
        if not variable.get("name"):
            yield required(f"{where}.env[{number}].name")
    for number, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("name") not in volumes:
            yield not_found(f"{where}.volumeMounts[{number}].name", str(mount.get("name") or ""))
    for probe in _PROBES:
        if container.get(probe) is not None:
            yield from _probe(container[probe], f"{where}.{probe}")
    yield from one_of(f"{where}.imagePullPolicy", container.get("imagePullPolicy") or "Always", _PULLS)


def _container_ports(ports: list[dict[str, Any]], where: str) -> Iterator[Cause]:
    names: set[str] = set()
    for number, port in enumerate(ports):
        at = f"{where}.ports[{number}]"
        if port.get("name"):
            wrong = [*port_name(f"{at}.name", port["name"])]
            yield from wrong
            if port["name"] in names:
                yield duplicate(f"{at}.name", port["name"])
            names.add(port["name"])
        if port.get("containerPort"):
            yield from port_number(f"{at}.containerPort", port["containerPort"])
        else:
            yield required(f"{at}.containerPort")
        yield from one_of(f"{at}.protocol", port.get("protocol") or "TCP", PROTOCOLS)


def _probe(probe: dict[str, Any], where: str) -> Iterator[Cause]:
    handlers = [name for name in _HANDLERS if probe.get(name) is not None]
    if not handlers:
        yield required(where, "must specify a handler type")
    for name in handlers[1:]:
        yield forbidden(f"{where}.{name}", "may not specify more than 1 handler type")
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds"):
        if probe.get(name, 0) < 0:
            yield invalid(f"{where}.{name}", probe[name], "must be greater than or equal to 0")


POD_UPDATES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def changed_pod(spec: dict[str, Any], before: dict[str, Any]) -> Iterator[Cause]:
    """A Pod that is changed: hardly anything of it may be."""
    if len(spec.get("containers") or ()) != len(before.get("containers") or ()):
        yield forbidden("spec.containers", "pod updates may not add or remove containers")
    elif _fixed(spec) != _fixed(before):
        yield forbidden("spec", POD_UPDATES)


def _fixed(spec: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in spec.items() if key not in ("activeDeadlineSeconds", "tolerations")}
    for kind in ("containers", "initContainers"):
        kept[kind] = [{k: v for k, v in item.items() if k != "image"} for item in spec.get(kind) or ()]
    return kept


def ephemeral_containers(spec: dict[str, Any], before: dict[str, Any]) -> Iterator[Cause]:
    """Ephemeral containers may be added, and that is all."""
    old = before.get("ephemeralContainers") or []
    new = spec.get("ephemeralContainers") or []
    taken = {c["name"] for kind in ("containers", "initContainers") for c in before.get(kind) or ()}
    targets = {c["name"] for c in before.get("containers") or ()}
    for number, container in enumerate(new):
        where, name = f"spec.ephemeralContainers[{number}]", container.get("name") or ""
        if not name:
            yield required(f"{where}.name")
        elif name in taken:
            yield duplicate(f"{where}.name", name)
        if not container.get("image"):
            yield required(f"{where}.image")
        for field in _NOT_EPHEMERAL:
            if container.get(field):
                yield forbidden(f"{where}.{field}", "cannot be set for an Ephemeral Container")
        target = container.get("targetContainerName")
        if target and target not in targets:
            yield not_found(f"{where}.targetContainerName", target)
        taken.add(name)
    by_name = {container.get("name"): container for container in new}
    for container in old:
        if container["name"] not in by_name:
            text = f'existing ephemeral containers "{container["name"]}" may not be removed\n'
            yield forbidden("spec.ephemeralContainers", text)
        elif by_name[container["name"]] != container:
            text = f'existing ephemeral containers "{container["name"]}" may not be changed\n'
            yield forbidden("spec.ephemeralContainers", text)
