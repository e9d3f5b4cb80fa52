"""What the user may say of a temporary pod: its node, its tolerations, its pull secrets, whose DNS settings it has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kheadless_tui.errors import UsageError

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
_HINT = "A toleration is KEY[=VALUE][:EFFECT] as kubectl taint writes taints, or * for all taints."


@dataclass(frozen=True, slots=True)
class Toleration:
    """One of spec.tolerations; without a key every taint is tolerated."""

    key: str = ""
    value: str | None = None
    """``None``: whatever value the taint has (operator Exists)."""
    effect: str = ""
    """Empty: every effect."""

    def manifest(self) -> dict[str, object]:
        """As the API takes it."""
        fields: dict[str, object] = {"operator": "Exists" if self.value is None else "Equal"}
        if self.key:
            fields["key"] = self.key
        if self.value is not None:
            fields["value"] = self.value
        if self.effect:
            fields["effect"] = self.effect
        return fields


def parse_toleration(text: str) -> Toleration:
    """Read ``KEY``, ``KEY=VALUE``, ``KEY:EFFECT``, ``KEY=VALUE:EFFECT`` or ``*``.

    Raises:
        UsageError: it is none of these.
    """
    if text == "*":
        return Toleration()
    rest, colon, effect = text.partition(":")
    key, equals, value = rest.partition("=")
    if not _KEY.match(key) or (colon and effect not in EFFECTS):
        raise UsageError(f"{text!r} is not a toleration.", hint=f"{_HINT} Effects: {', '.join(EFFECTS)}.")
    return Toleration(key, value if equals else None, effect)


@dataclass(frozen=True, slots=True)
class PodOptions:
    """How a temporary pod differs from the usual one."""

    node: str = ""
    """The node that it must run on."""
    tolerations: tuple[Toleration, ...] = ()
    pull_secrets: tuple[str, ...] = ()
    """Names of Secrets of its namespace with credentials for the image's registry."""
    dns_like: str = ""
    """``KIND/NAME`` of a workload of its namespace whose DNS settings it gets."""

    def __post_init__(self) -> None:
        """Refuse names that no object can have.

        Raises:
            UsageError: a node or a Secret cannot have this name.
        """
        for what, name in (("node", self.node), *(("Secret", each) for each in self.pull_secrets)):
            if name and not _NAME.match(name):
                raise UsageError(f"{name!r} cannot be the name of a {what}.")

    def spec(self) -> dict[str, object]:
        """The fields of a pod's spec.

        A node is demanded by affinity, as a DaemonSet does, and not by nodeName: so the scheduler says why it cannot be
        (no such node, a taint, no room) instead of the kubelet refusing the pod or nobody ever seeing it.
        """
        fields: dict[str, object] = {}
        if self.node:
            term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [self.node]}]}
            required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
            fields["affinity"] = {"nodeAffinity": required}
        if self.tolerations:
            fields["tolerations"] = [each.manifest() for each in self.tolerations]
        if self.pull_secrets:
            fields["imagePullSecrets"] = [{"name": name} for name in self.pull_secrets]
        return fields

    def words(self) -> tuple[str, ...]:
        """The same for the question to the user."""
        said = [f"on node {self.node}"] if self.node else []
        many = "" if len(self.tolerations) == 1 else "s"
        said += [f"{len(self.tolerations)} toleration{many}"] if self.tolerations else []
        said += [f"pull secrets {', '.join(self.pull_secrets)}"] if self.pull_secrets else []
        return tuple(said)


DEFAULT_OPTIONS = PodOptions()
"""Any node without taints, no secrets, the cluster's own DNS settings."""
