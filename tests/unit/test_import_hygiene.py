"""What each part loads when it runs: import-linter sees the static graph, this sees sys.modules."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("textual", "rich", "kubernetes", "aiohttp", "dns", "yaml", "pydantic", "urllib3")


def loaded_after(code: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter holds after running some code."""
    report = (
        "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}), sep='\\n', file=sys.__stderr__)"
    )
    script = f"import atexit; atexit.register(lambda: exec({report!r}))\n{code}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    names = set(done.stderr.split())
    assert "sys" in names, done.stderr
    return names


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["records", "--help"],
        ["predict", "--help"],
        ["probe", "--help"],
        ["probe"],
        ["predict", "a", "NOSUCHTYPE"],
        ["--no-such-flag"],
    ],
)
def test_help_and_usage_errors_load_nothing_heavy(words: list[str]) -> None:
    loaded = loaded_after(f"from kheadless_tui.cli import main; main({words!r})")
    assert "kheadless_tui" in loaded
    assert not loaded & {*HEAVY, "msgspec", "asyncio"}


@pytest.mark.parametrize("package", ["model", "zone"])
def test_model_and_zone_load_no_third_party_but_msgspec(package: str) -> None:
    code = (
        "import pkgutil, importlib, kheadless_tui\n"
        f"package = importlib.import_module('kheadless_tui.{package}')\n"
        "found = [m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + '.')]\n"
        "assert found\n"
        "[importlib.import_module(name) for name in found]"
    )
    loaded = loaded_after(code)
    third_party = {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith("_")}
    assert third_party <= {"kheadless_tui", "msgspec", "typing_extensions"}, "msgspec itself loads typing_extensions"
    assert not loaded & {"asyncio", "socket", "ssl", "subprocess"}


def test_predicting_from_a_file_loads_neither_textual_nor_kubernetes(tmp_path: object) -> None:
    manifest = f"{tmp_path}/service.yaml"
    with open(manifest, "w", encoding="utf-8") as file:
        file.write("apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {clusterIP: None}\n")
    words = ["predict", "db.default.svc.cluster.local.", "-f", manifest, "-o", "json"]
    loaded = loaded_after(f"from kheadless_tui.cli import main; main({words!r})")
    assert "yaml" in loaded
    assert not loaded & {"textual", "kubernetes", "aiohttp", "dns"}


def test_the_first_picture_needs_nothing_that_reads_asks_or_judges() -> None:
    code = (
        "import sys, kheadless_tui.tui.app, kheadless_tui.cluster.session\n"
        "rooms = ('probe.prober', 'diagnose.catalogue', 'zone.resolve', 'cluster.pods.exec')\n"
        "print(*(room.replace('.', '/') for room in rooms if f'kheadless_tui.{room}' in sys.modules), file=sys.stderr)"
    )
    loaded = loaded_after(code)
    assert "textual" in loaded
    assert not loaded & {"aiohttp", "dns", "kubernetes", "yaml"}
    assert not [name for name in loaded if "/" in name]


def test_a_kubeconfig_is_read_without_the_kubernetes_package(tmp_path: object) -> None:
    kubeconfig = f"{tmp_path}/config"
    with open(kubeconfig, "w", encoding="utf-8") as file:
        file.write(
            "current-context: a\n"
            "contexts: [{name: a, context: {cluster: c, user: u}}]\n"
            "clusters: [{name: c, cluster: {server: https://127.0.0.1:6443}}]\n"
            "users: [{name: u, user: {token: t}}]\n"
        )
    loaded = loaded_after(
        "from kheadless_tui.cluster.connecting.connection import load_connection\n"
        f"assert load_connection(kubeconfig={kubeconfig!r}).context == 'a'"
    )
    assert "yaml" in loaded
    assert not loaded & {"kubernetes", "aiohttp", "pydantic", "urllib3"}
