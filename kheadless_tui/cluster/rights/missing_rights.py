"""Rights that the user lacks, each with its cause, and what an admin would apply to grant exactly these."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"

SERVICE_ACCOUNT = re.compile(r"system:serviceaccount:(?P<namespace>[^:]+):(?P<name>[^:]+)")
"""How the API server names a ServiceAccount as a user (k8s.io/apiserver, serviceaccount.MakeUsername)."""

MAX_NAME = 48
"""Characters of a user's name that go into the name of a role."""


@dataclass(frozen=True, slots=True)
class MissingRight:
    """One verb on one resource that the API server does not allow."""

    verb: str
    group: str
    """Empty for the core group."""
    resource: str
    """The plural: ``services``."""
    subresource: str
    """``exec`` of ``pods/exec``; empty for the object itself."""
    namespace: str
    """Empty for all namespaces, and for what is in none."""
    needed_for: str
    """What does not work without it, as a user would say it."""
    cause: str
    """One sentence: the API server's own, or where the right was looked for."""
    name: str = ""
    """The one object that is meant; empty for every object."""

    @property
    def words(self) -> str:
        """``list services in namespace shop``."""
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return f"{self.verb} {what}{f' {self.name}' if self.name else ''} {self.where}"

    @property
    def where(self) -> str:
        """``in namespace shop``, ``in all namespaces``."""
        return f"in namespace {self.namespace}" if self.namespace else "in all namespaces"

    @property
    def check(self) -> str:
        """The command that shows whether the right is there."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        what += f"/{self.name}" if self.name else ""
        subresource = f" --subresource={self.subresource}" if self.subresource else ""
        return (
            f"kubectl auth can-i {self.verb} {what}{subresource} {f'-n {self.namespace}' if self.namespace else '-A'}"
        )


def rule_yaml(rights: Iterable[MissingRight], user: str) -> str:
    """Manifests that grant these rights and no others.

    A Role with its binding for each namespace, and a ClusterRole for what holds for all of them. The names tell a set
    of rights apart from another, so that applying one never takes back what an earlier one gave.

    Args:
        rights: What is missing.
        user: The user's name as the API server knows it (``kubectl auth whoami``); a ServiceAccount's too.

    Returns:
        YAML for ``kubectl apply -f -``; empty when nothing is missing.
    """
    import yaml  # noqa: PLC0415 - only on demand

    wanted = list(rights)
    documents = []
    for namespace in sorted({right.namespace for right in wanted}):
        here = [right for right in wanted if right.namespace == namespace]
        role, binding = _role_and_binding(namespace, here, user)
        purposes = sorted({right.needed_for for right in here if right.needed_for})
        documents += ["".join(f"# for {_line(purpose)}\n" for purpose in purposes) + _dump(yaml, role)]
        documents += [_dump(yaml, binding)]
    return "---\n".join(documents)


def rules_of(rights: Iterable[MissingRight]) -> list[Manifest]:
    """Rules of a role, the fewest that cover these rights and nothing else."""
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for right in rights:
        resource = f"{right.resource}/{right.subresource}" if right.subresource else right.resource
        verbs.setdefault((right.group, resource, right.name), set()).add(right.verb)
    resources: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, resource, name), allowed in sorted(verbs.items()):
        resources.setdefault((group, name, _ordered(allowed)), []).append(resource)
    return [
        {
            "apiGroups": [group],
            "resources": covered,
            **({"resourceNames": [name]} if name else {}),
            "verbs": list(allowed),
        }
        for (group, name, allowed), covered in resources.items()
    ]


def _role_and_binding(namespace: str, rights: Sequence[MissingRight], user: str) -> tuple[Manifest, Manifest]:
    rules = rules_of(rights)
    kind = "Role" if namespace else "ClusterRole"
    name = _role_name(user, rules)
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    role = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules}
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": dict(metadata),
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [_subject(user)],
    }
    return role, binding


def _subject(user: str) -> Manifest:
    account = SERVICE_ACCOUNT.fullmatch(user)
    if account is not None:
        return {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    return {"apiGroup": RBAC, "kind": "User", "name": user}


def _role_name(user: str, rules: Sequence[Manifest]) -> str:
    """Of letters that any object's name may have; what is different has a different name."""
    readable = re.sub(r"[^a-z0-9]+", "-", user.rpartition(":")[2].lower()).strip("-")[:MAX_NAME].strip("-")
    digest = hashlib.sha256(f"{user}\0{rules}".encode()).hexdigest()[:8]
    return "-".join(part for part in ("kheadless-tui", readable, digest) if part)


def _ordered(verbs: set[str]) -> tuple[str, ...]:
    usual = ("get", "list", "watch", "create", "update", "patch", "delete")
    return tuple(sorted(verbs, key=lambda verb: (usual.index(verb) if verb in usual else len(usual), verb)))


def _dump(yaml: Any, manifest: Manifest) -> str:
    text: str = yaml.safe_dump(manifest, sort_keys=False, default_flow_style=False)
    return text


def _line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
