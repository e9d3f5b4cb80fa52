"""Takes the schemas of the kinds that the lab serves from a real API server's OpenAPI, one a line.

KUBECONFIG=... python scripts/lab_schemas.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kheadless_tui.lab.api.request.paths import GROUP_VERSIONS
from kheadless_tui.lab.objects.resources import RESOURCES, REVIEWS

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "kheadless_tui" / "lab" / "api" / "schemas.json"
KINDS = "x-kubernetes-group-version-kind"
OTHERS = {("autoscaling", "Scale"), *((group, kind) for (group, _), kind in REVIEWS.items())}


def main() -> int:
    """Write the file."""
    schemas: dict[str, Any] = {}
    for group, version in (*GROUP_VERSIONS.items(), ("autoscaling", "v1")):
        path = f"/openapi/v3/apis/{group}/{version}" if group else f"/openapi/v3/api/{version}"
        answer = subprocess.run(["kubectl", "get", "--raw", path], check=True, capture_output=True, timeout=60)
        schemas.update(json.loads(answer.stdout)["components"]["schemas"])
    wanted = {(resource.group, resource.kind) for resource in RESOURCES} | OTHERS
    roots = [
        name
        for name, schema in schemas.items()
        if any((kind["group"], kind["kind"]) in wanted and kind["version"] == "v1" for kind in schema.get(KINDS, ()))
        and ".api." in name
    ]
    found: set[str] = set()
    while roots:
        name = roots.pop()
        if name not in found:
            found.add(name)
            roots += references(schemas[name])
    lines = [f"{json.dumps(name)}: {json.dumps(schemas[name], separators=(',', ':'))}" for name in sorted(found)]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(found)} schemas, {TARGET.stat().st_size} bytes")
    return 0


def references(schema: Any) -> Iterator[str]:
    """The names of the schemas that one refers to."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


if __name__ == "__main__":
    sys.exit(main())
