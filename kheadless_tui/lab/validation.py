"""What the API server refuses to store: the rules that a user of this program meets.

From pkg/apis/core/validation, pkg/apis/apps/validation and the Service address allocator; the words are theirs, each
compared with a Kubernetes 1.34.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from typing import Any

from kheadless_tui.lab import selectors
from kheadless_tui.lab.defaults import SERVICE_RANGE, SERVICE_RANGE_6, Addresses
from kheadless_tui.lab.failure import Cause, invalid
from kheadless_tui.lab.resources import NAMESPACES, PODS, SERVICES, STATEFUL_SETS, Resource
from kheadless_tui.lab.store import Object

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_WORDS = {
    _SUBDOMAIN: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
    "must start and end with an alphanumeric character (e.g. 'example.com'",
    _LABEL: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
    "end with an alphanumeric character (e.g. 'my-name',  or '123-abc'",
    _LABEL_1035: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123'",
}


def _invalid(field: str, value: Any, why: str) -> Cause:
    return Cause("FieldValueInvalid", field, f"Invalid value: {json.dumps(value, separators=(',', ':'))}: {why}")


def _required(field: str, why: str = "") -> Cause:
    return Cause("FieldValueRequired", field, "Required value" + (f": {why}" if why else ""))


def _forbidden(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", field, f"Forbidden: {why}")


def check_new(resource: Resource, item: Object, addresses: dict[str, Addresses]) -> None:
    """Refuse an object that cannot be created.

    Raises:
        ApiFailure: 422 with all that is wrong.
    """
    causes = [*_name(resource, item["metadata"].get("name", ""))]
    if resource is SERVICES:
        causes += _service(item["spec"], addresses)
    elif resource is PODS:
        causes += _containers(item["spec"], "spec")
    elif resource is STATEFUL_SETS:
        causes += _stateful_set(item["spec"])
    if causes:
        raise invalid(resource, item["metadata"].get("name", ""), causes)


def check_change(resource: Resource, item: Object, before: Object) -> None:
    """Refuse a change of what may not change.

    Raises:
        ApiFailure: 422 with all that is wrong.
    """
    causes: list[Cause] = []
    if resource is SERVICES:
        causes += _service_change(item["spec"], before["spec"])
    elif resource is PODS:
        causes += _pod_change(item["spec"], before["spec"])
    elif resource is STATEFUL_SETS:
        causes += _stateful_set(item["spec"])
        causes += _stateful_set_change(item["spec"], before["spec"])
    if causes:
        raise invalid(resource, item["metadata"]["name"], causes)


def _name(resource: Resource, name: str) -> Iterator[Cause]:
    pattern = {SERVICES: _LABEL_1035, NAMESPACES: _LABEL}.get(resource, _SUBDOMAIN)
    if not name:
        yield _required("metadata.name", "name or generateName is required")
    elif not re.fullmatch(pattern, name):
        yield _invalid("metadata.name", name, f"{_WORDS[pattern]}, regex used for validation is '{pattern}')")
    elif len(name) > (253 if pattern == _SUBDOMAIN else 63):
        yield _invalid("metadata.name", name, f"must be no more than {253 if pattern == _SUBDOMAIN else 63} bytes")


def _service(spec: dict[str, Any], addresses: dict[str, Addresses]) -> Iterator[Cause]:
    ports = spec.get("ports") or []
    external = spec.get("type") == "ExternalName"
    if external and not spec.get("externalName"):
        yield _required("spec.externalName")
    if not ports and not external and spec.get("clusterIP") != "None":
        yield _required("spec.ports")
    for number, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield _required(f"spec.ports[{number}].name")
        if not isinstance(port.get("port"), int) or not 0 < port["port"] < 65536:
            yield _invalid(f"spec.ports[{number}].port", port.get("port", 0), "must be between 1 and 65535, inclusive")
    if spec.get("clusterIPs") and not spec.get("clusterIP"):
        yield _invalid("spec.clusterIPs", spec["clusterIPs"], "must be empty when `clusterIP` is not specified")
        return
    given = spec.get("clusterIPs") or [spec.get("clusterIP")]
    for address in given:
        if address and address != "None":
            yield from _cluster_address(address, given, addresses)


def _cluster_address(address: str, given: list[str], addresses: dict[str, Addresses]) -> Iterator[Cause]:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        yield _invalid("spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
        return
    network = SERVICE_RANGE if parsed.version == 4 else SERVICE_RANGE_6
    if parsed not in network:
        why = "the provided network does not match the current range"
    elif addresses[f"IPv{parsed.version}"].taken(address):
        why = "provided IP is already allocated"
    else:
        return
    yield _invalid("spec.clusterIPs", given, f"failed to allocate IP {address}: {why}")


def _service_change(spec: dict[str, Any], before: dict[str, Any]) -> Iterator[Cause]:
    if "ExternalName" in (spec.get("type"), before.get("type")):
        return
    old = (before.get("clusterIPs") or [None])[0]
    new = spec.get("clusterIP")
    if old and new != old:
        yield _invalid("spec.clusterIPs[0]", [new], "may not change once set")
    yield from (cause for cause in _service(spec, {}) if cause.field.startswith("spec.ports")) if new == "None" else ()


def _containers(spec: dict[str, Any], field: str) -> Iterator[Cause]:
    containers = spec.get("containers")
    if not containers:
        yield _required(f"{field}.containers")
        return
    seen: set[str] = set()
    for number, container in enumerate(containers):
        where = f"{field}.containers[{number}]"
        name = container.get("name") or ""
        if not name:
            yield _required(f"{where}.name")
        elif not re.fullmatch(_LABEL, name):
            yield _invalid(f"{where}.name", name, f"{_WORDS[_LABEL]}, regex used for validation is '{_LABEL}')")
        elif name in seen:
            yield Cause("FieldValueDuplicate", f"{where}.name", f'Duplicate value: "{name}"')
        seen.add(name)
        if not container.get("image"):
            yield _required(f"{where}.image")


_POD_UPDATES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def _pod_change(spec: dict[str, Any], before: dict[str, Any]) -> Iterator[Cause]:
    def fixed(side: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in side.items() if key not in ("activeDeadlineSeconds", "tolerations")}
        for kind in ("containers", "initContainers"):
            kept[kind] = [{k: v for k, v in item.items() if k != "image"} for item in side.get(kind) or ()]
        return kept

    if fixed(spec) != fixed(before):
        yield _forbidden("spec", _POD_UPDATES)


def check_ephemeral(item: Object, before: Object) -> None:
    """Ephemeral containers may be added, and that is all.

    Raises:
        ApiFailure: 422.
    """
    old = before["spec"].get("ephemeralContainers") or []
    new = item["spec"].get("ephemeralContainers") or []
    causes: list[Cause] = []
    taken = {c["name"] for kind in ("containers", "initContainers") for c in before["spec"].get(kind) or ()}
    for number, container in enumerate(new):
        where = f"spec.ephemeralContainers[{number}]"
        if not container.get("name"):
            causes.append(_required(f"{where}.name"))
        elif container["name"] in taken:
            causes.append(Cause("FieldValueDuplicate", f"{where}.name", f'Duplicate value: "{container["name"]}"'))
        if not container.get("image"):
            causes.append(_required(f"{where}.image"))
        target = container.get("targetContainerName")
        if target and target not in taken:
            causes.append(Cause("FieldValueNotFound", f"{where}.targetContainerName", f'Not found: "{target}"'))
        taken.add(container.get("name", ""))
    by_name = {container.get("name"): container for container in new}
    for container in old:
        if container["name"] not in by_name:
            text = f'existing ephemeral containers "{container["name"]}" may not be removed\n'
            causes.append(_forbidden("spec.ephemeralContainers", text))
        elif by_name[container["name"]] != container:
            text = f'existing ephemeral containers "{container["name"]}" may not be changed\n'
            causes.append(_forbidden("spec.ephemeralContainers", text))
    if causes:
        raise invalid(PODS, item["metadata"]["name"], causes)


def _stateful_set(spec: dict[str, Any]) -> Iterator[Cause]:
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    selector = spec.get("selector")
    if not selector:
        yield _required("spec.selector")
    elif not selectors.matches(selectors.of_workload(selector), labels):
        yield _invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    if isinstance(spec.get("replicas"), int) and spec["replicas"] < 0:
        yield _invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    yield from _containers(template.get("spec") or {}, "spec.template.spec")


_MUTABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_SET_UPDATES = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def _stateful_set_change(spec: dict[str, Any], before: dict[str, Any]) -> Iterator[Cause]:
    if {k: v for k, v in spec.items() if k not in _MUTABLE} != {k: v for k, v in before.items() if k not in _MUTABLE}:
        yield _forbidden("spec", _SET_UPDATES)


_SCALE = Resource("autoscaling", "v1", "scales", "scale", "Scale")


def check_scale(name: str, replicas: int) -> None:
    """Refuse a number of replicas below zero.

    Raises:
        ApiFailure: 422.
    """
    if replicas < 0:
        raise invalid(_SCALE, name, [_invalid("spec.replicas", replicas, "must be greater than or equal to 0")])
