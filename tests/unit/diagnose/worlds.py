"""Worlds seen on a real cluster (Kubernetes 1.34), cut down to the fields that are read; see ``worlds/``.

``NAME-broken`` has one fault, ``NAME-healthy`` is the same world without it; the others are healthy, too, unless the
table of expectations says otherwise.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kheadless_tui.manifests.files import read_files
from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot

FOLDER = Path(__file__).parent / "worlds"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def snapshot_of(name: str) -> Snapshot:
    return read_files([str(FOLDER / f"{name}.yaml")]).snapshot


def service_of(name: str, service: str) -> Service:
    found = snapshot_of(name).service(ObjectKey("shop", service))
    assert found is not None, f"there is no Service {service} in {name}"
    return found
