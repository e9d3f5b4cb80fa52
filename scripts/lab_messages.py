"""Takes the messages of the kinds that clients send to the lab from the ``generated.proto`` files of Kubernetes.

python scripts/lab_messages.py $(go list -m -f '{{.Dir}}' k8s.io/api k8s.io/apimachinery)
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "kheadless_tui" / "lab" / "api" / "messages.json"
FILES = (
    "core/v1",
    "apps/v1",
    "authentication/v1",
    "authorization/v1",
    "autoscaling/v1",
    "discovery/v1",
    "networking/v1",
    "rbac/v1",
    "pkg/apis/meta/v1",
    "pkg/api/resource",
    "pkg/util/intstr",
    "pkg/runtime",
)
KINDS = (
    "ClusterRole ClusterRoleBinding ConfigMap Deployment EndpointSlice Endpoints Event Namespace NetworkPolicy Node "
    "PersistentVolumeClaim Pod ReplicaSet Role RoleBinding Scale ServiceAccount "
    "SelfSubjectAccessReview SelfSubjectReview SelfSubjectRulesReview Service StatefulSet DeleteOptions"
).split()
"""What is read; these names are in one package only."""
_MESSAGE = re.compile(r"^message (\w+) \{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\s*(?:(optional|repeated)\s+)?(map<\w+, [\w.]+>|[\w.]+)\s+(\w+) = (\d+)", re.MULTILINE)


def main(folders: list[str]) -> int:
    """Write the file."""
    messages: dict[str, dict[str, list[str]]] = {}
    for folder in folders:
        for path in (Path(folder) / name / "generated.proto" for name in FILES):
            if path.exists():
                messages.update(read(path.read_text()))
    wanted, todo = set[str](), [name for name in messages if name.rpartition(".")[2] in KINDS]
    while todo:
        name = todo.pop()
        if name in wanted:
            continue
        wanted.add(name)
        for _, kind in messages[name].values():
            inner = kind.removeprefix("repeated ").removeprefix("map ")
            if inner in messages:
                todo.append(inner)
    lines = [f"{json.dumps(name)}: {json.dumps(messages[name], separators=(',', ':'))}" for name in sorted(wanted)]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(wanted)} messages, {TARGET.stat().st_size} bytes")
    return 0


def read(text: str) -> dict[str, dict[str, list[str]]]:
    """By message: number of a field to its name and kind."""
    found = re.search(r"^package ([\w.]+);", text, re.MULTILINE)
    package = found[1] if found else ""
    text = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    own = {name for name, _ in _MESSAGE.findall(text)}
    messages: dict[str, dict[str, list[str]]] = {}
    for name, body in _MESSAGE.findall(text):
        fields = {}
        for label, kind, field, number in _FIELD.findall(body):
            if kind.startswith("map<"):
                kind = "map " + full(kind.partition(", ")[2].rstrip(">"), package, own)
            else:
                kind = ("repeated " if label == "repeated" else "") + full(kind, package, own)
            fields[number] = [field, kind]
        messages[f"{package}.{name}"] = fields
    return messages


def full(kind: str, package: str, own: set[str]) -> str:
    """The full name of a type."""
    kind = kind.lstrip(".")
    return f"{package}.{kind}" if kind in own else kind


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
