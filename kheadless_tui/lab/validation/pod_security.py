"""What a Namespace's label ``pod-security.kubernetes.io/enforce`` lets no pod do (k8s.io/pod-security-admission).

Of the levels' checks those that ordinary pods meet: not SELinux, AppArmor, sysctls, /proc mounts and Windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.store import Object

ENFORCE = "pod-security.kubernetes.io/enforce"
_DEFAULT_CAPABILITIES = (
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"
).split()
_VOLUMES = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
            "secret")  # fmt: skip
_SECCOMP = ("RuntimeDefault", "Localhost")

Spec = dict[str, Any]
Check = Callable[[Spec], Iterator[str]]


def check(namespace: Object | None, pod: Object) -> None:
    """Refuse a pod that its Namespace does not let in.

    Raises:
        ApiFailure: 403 with all that is wrong.
    """
    labels = (namespace or {"metadata": {}})["metadata"].get("labels") or {}
    level, version = labels.get(ENFORCE, ""), labels.get(f"{ENFORCE}-version", "latest")
    found = [sentence for one in _LEVELS.get(level, ()) for sentence in one(pod.get("spec") or {})]
    if found:
        name = pod["metadata"].get("name", "")
        message = f'pods "{name}" is forbidden: violates PodSecurity "{level}:{version}": {", ".join(found)}'
        raise ApiFailure(403, "Forbidden", message, details={"name": name, "kind": "pods"})


def _containers(spec: Spec) -> list[Spec]:
    return [item for kind in ("initContainers", "containers", "ephemeralContainers") for item in spec.get(kind) or ()]


def _context(item: Spec) -> Spec:
    return item.get("securityContext") or {}


def _named(spec: Spec, is_bad: Callable[[Spec], bool]) -> str:
    """``containers "a", "b"``: those that are bad; empty when none is."""
    return _several("container", [item["name"] for item in _containers(spec) if is_bad(item)])


def _several(what: str, names: list[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {_quoted(names)}" if names else ""


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _setters(spec: Spec, is_bad: Callable[[Spec], bool]) -> str:
    """``pod and container "a"``: what says something bad itself."""
    return " and ".join(filter(None, ("pod" if is_bad(spec) else "", _named(spec, is_bad))))


def _host_namespaces(spec: Spec) -> Iterator[str]:
    fields = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    if fields:
        yield f"host namespaces ({', '.join(fields)})"


def _host_paths(spec: Spec) -> Iterator[str]:
    if names := [item["name"] for item in spec.get("volumes") or () if "hostPath" in item]:
        yield f"hostPath volumes ({_several('volume', names)})"


def _host_ports(spec: Spec) -> Iterator[str]:
    ports = sorted({port["hostPort"] for item in _containers(spec) for port in _ports(item)})
    if ports:
        told = f"hostPort{'s' if len(ports) > 1 else ''} {', '.join(map(str, ports))}"
        who = _named(spec, lambda item: bool(_ports(item)))
        yield f"hostPort ({who} {'use' if who.startswith('containers') else 'uses'} {told})"


def _ports(container: Spec) -> list[Spec]:
    return [port for port in container.get("ports") or () if port.get("hostPort")]


def _privileged(spec: Spec) -> Iterator[str]:
    if who := _named(spec, lambda item: bool(_context(item).get("privileged"))):
        yield f"privileged ({who} must not set securityContext.privileged=true)"


def _escalation(spec: Spec) -> Iterator[str]:
    if who := _named(spec, lambda item: _context(item).get("allowPrivilegeEscalation") is not False):
        yield f"allowPrivilegeEscalation != false ({who} must set securityContext.allowPrivilegeEscalation=false)"


def _added(spec: Spec, allowed: list[str]) -> str:
    def beyond(item: Spec) -> list[str]:
        return [one for one in (_context(item).get("capabilities") or {}).get("add") or () if one not in allowed]

    who = _named(spec, lambda item: bool(beyond(item)))
    names = sorted({name for item in _containers(spec) for name in beyond(item)})
    return f"{who} must not include {_quoted(names)} in securityContext.capabilities.add" if who else ""


def _default_capabilities(spec: Spec) -> Iterator[str]:
    if told := _added(spec, _DEFAULT_CAPABILITIES):
        yield f"non-default capabilities ({told})"


def _few_capabilities(spec: Spec) -> Iterator[str]:
    who = _named(spec, lambda item: "ALL" not in ((_context(item).get("capabilities") or {}).get("drop") or ()))
    kept = f'{who} must set securityContext.capabilities.drop=["ALL"]' if who else ""
    if told := "; ".join(filter(None, (kept, _added(spec, ["NET_BIND_SERVICE"])))):
        yield f"unrestricted capabilities ({told})"


def _volume_types(spec: Spec) -> Iterator[str]:
    bad = {one["name"]: kind for one in spec.get("volumes") or () for kind in one if kind not in ("name", *_VOLUMES)}
    if bad:
        kinds = sorted(set(bad.values()))
        use = f"use{'' if len(bad) > 1 else 's'} restricted volume type{'s' if len(kinds) > 1 else ''}"
        yield f"restricted volume types ({_several('volume', list(bad))} {use} {_quoted(kinds)})"


def _not_as_root(spec: Spec) -> Iterator[str]:
    if who := _setters(spec, lambda item: _context(item).get("runAsNonRoot") is False):
        yield f"runAsNonRoot != true ({who} must not set securityContext.runAsNonRoot=false)"
    elif not _context(spec).get("runAsNonRoot") and (
        who := _named(spec, lambda item: not _context(item).get("runAsNonRoot"))
    ):
        yield f"runAsNonRoot != true (pod or {who} must set securityContext.runAsNonRoot=true)"


def _not_user_0(spec: Spec) -> Iterator[str]:
    if who := _setters(spec, lambda item: _context(item).get("runAsUser") == 0):
        yield f"runAsUser=0 ({who} must not set runAsUser=0)"


def _profile(item: Spec) -> str | None:
    found: str | None = (_context(item).get("seccompProfile") or {}).get("type")
    return found


def _confined(spec: Spec) -> Iterator[str]:
    if who := _setters(spec, lambda item: _profile(item) not in (None, *_SECCOMP)):
        yield f'seccompProfile ({who} must not set securityContext.seccompProfile.type to "Unconfined")'


def _profiled(spec: Spec) -> Iterator[str]:
    yield from (told := list(_confined(spec)))
    if not told and _profile(spec) is None and (who := _named(spec, lambda item: _profile(item) is None)):
        wanted = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield f"seccompProfile (pod or {who} {wanted})"


_LEVELS: dict[str, tuple[Check, ...]] = {
    "baseline": (_default_capabilities, _host_namespaces, _host_paths, _host_ports, _privileged, _confined),
    "restricted": (_host_namespaces, _host_ports, _privileged, _escalation, _few_capabilities, _volume_types,
                   _not_as_root, _not_user_0, _profiled),
}  # fmt: skip
"""The checks of each level, in the order in which they are told."""
