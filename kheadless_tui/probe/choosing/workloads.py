"""The DNS settings of a workload's pods, read from its template, for a temporary pod that is to resolve as they do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from kheadless_tui.cluster.pods.podspec import PodDns
from kheadless_tui.errors import NotFound, UsageError

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

_KINDS = {
    "pod": ("/api/v1", "pods"),
    "deployment": ("/apis/apps/v1", "deployments"),
    "statefulset": ("/apis/apps/v1", "statefulsets"),
    "daemonset": ("/apis/apps/v1", "daemonsets"),
    "replicaset": ("/apis/apps/v1", "replicasets"),
    "job": ("/apis/batch/v1", "jobs"),
    "cronjob": ("/apis/batch/v1", "cronjobs"),
}
_SHORT = {
    "po": "pod",
    "deploy": "deployment",
    "sts": "statefulset",
    "ds": "daemonset",
    "rs": "replicaset",
    "cj": "cronjob",
}
_HINT = "KIND/NAME, where KIND is one of " + ", ".join(_KINDS) + "."


def parse_workload(text: str) -> tuple[str, str]:
    """Kind and name of ``KIND/NAME``, with kubectl's short names and plurals.

    Raises:
        UsageError: it is no such thing.
    """
    kind, slash, name = text.lower().partition("/")
    kind = _SHORT.get(kind, kind.removesuffix("s") if kind.removesuffix("s") in _KINDS else kind)
    if not slash or kind not in _KINDS or not name:
        raise UsageError(f"{text!r} is no workload whose DNS settings could be taken.", hint=_HINT)
    return kind, name


class _Spec(msgspec.Struct, rename="camel"):
    dns_policy: str | None = None
    dns_config: dict[str, object] | None = None
    host_network: bool | None = None


class _Template(msgspec.Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _JobSpec(msgspec.Struct):
    template: _Template = msgspec.field(default_factory=_Template)


class _JobTemplate(msgspec.Struct):
    spec: _JobSpec = msgspec.field(default_factory=_JobSpec)


class _WorkloadSpec(msgspec.Struct, rename="camel"):
    template: _Template = msgspec.field(default_factory=_Template)
    job_template: _JobTemplate = msgspec.field(default_factory=_JobTemplate)


class _Pod(msgspec.Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _Workload(msgspec.Struct):
    spec: _WorkloadSpec = msgspec.field(default_factory=_WorkloadSpec)


async def workload_dns(transport: Transport, namespace: str, text: str) -> PodDns:
    """The DNS settings of a workload's pods.

    Raises:
        UsageError: ``text`` names no workload.
        NotFound: there is none of that name.
        ClusterError: it may not be read.
    """
    kind, name = parse_workload(text)
    base, plural = _KINDS[kind]
    path = f"{base}/namespaces/{quote(namespace, safe='')}/{plural}/{quote(name, safe='')}"
    try:
        answer = await transport.call("GET", path)
    except NotFound as error:
        raise NotFound(
            f"There is no {kind} {name} in {namespace}, whose DNS settings the pod was to have.", hint=error.hint
        ) from error
    if kind == "pod":
        spec = msgspec.json.decode(answer, type=_Pod).spec
    else:
        found = msgspec.json.decode(answer, type=_Workload).spec
        spec = found.job_template.spec.template.spec if kind == "cronjob" else found.template.spec
    return PodDns(f"{kind}/{name}", spec.dns_policy or "", spec.dns_config or {}, bool(spec.host_network))
