"""A real cluster: namespaces of our own, kubectl, and the levers where the cluster has them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

TUTORIALS = Path(__file__).parent / "tutorials"
"""The objects of the five tutorials, their own slips included."""

KUBECONFIG = os.environ.get("KHEADLESS_E2E_KUBECONFIG", "")
CLUSTER_TOOL = os.environ.get("KHEADLESS_E2E_CLUSTER", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(180))
            if not KUBECONFIG:
                item.add_marker(pytest.mark.skip(reason="no cluster: KHEADLESS_E2E_KUBECONFIG is not set"))


class Kubectl:
    """kubectl on one namespace."""

    def __init__(self, namespace: str, folder: Path, kubeconfig: str = KUBECONFIG) -> None:
        self.namespace = namespace
        self.folder = folder
        self._kubeconfig = kubeconfig

    def __call__(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["kubectl", "--kubeconfig", self._kubeconfig, "-n", self.namespace, *words],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def apply(self, tutorial: str) -> None:
        """Apply the objects of a tutorial."""
        self("apply", "-f", str(TUTORIALS / tutorial))

    def rollout(self, stateful_set: str) -> None:
        """Wait until all replicas are ready."""
        self("rollout", "status", f"statefulset/{stateful_set}", "--timeout=80s")

    def json(self, *words: str) -> Any:
        """The decoded output of ``get ... -o json``."""
        return msgspec.json.decode(self(*words, "-o", "json").encode())

    def renamed(self, tutorial: str, before: str, after: str) -> str:
        """Path of a copy of a tutorial's objects with one word mended."""
        text = (TUTORIALS / tutorial).read_text(encoding="utf-8")
        assert before in text
        copy = self.folder / tutorial
        copy.write_text(text.replace(before, after), encoding="utf-8")
        return str(copy)

    def until(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Ask again until the condition is true."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            time.sleep(0.2)

    def pods(self) -> list[str]:
        """Names of the pods there now."""
        return self("get", "pods", "-o", "jsonpath={.items[*].metadata.name}").split()


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Kubectl]:
    """kubectl on a namespace of this test alone, removed afterwards."""
    tool = Kubectl(f"e2e-{uuid.uuid4().hex[:8]}", tmp_path)
    tool("create", "namespace", tool.namespace)
    yield tool
    tool("delete", "namespace", tool.namespace, "--wait=false")


class Done:
    """What a run of the program came to."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self) -> Any:
        """The decoded standard output."""
        return msgspec.json.decode(self.out.encode())

    def __repr__(self) -> str:
        return f"exit status {self.status}\nstdout: {self.out}\nstderr: {self.err}"


Run = Callable[..., Done]


def run_program(*words: str, stdin: str = "", timeout: float = 90, **environment: str) -> Done:
    """Run the installed program as a user would."""
    program = Path(sys.executable).with_name("kheadless-tui")
    done = subprocess.run(
        [program, *words], input=stdin, capture_output=True, text=True, timeout=timeout, check=False,
        env={**os.environ, "KUBECONFIG": KUBECONFIG, **environment},
    )  # fmt: skip
    return Done(done)


@pytest.fixture
def run(kubectl: Kubectl) -> Run:
    """The program, in the test's namespace."""

    def in_namespace(*words: str, **settings: Any) -> Done:
        return run_program(words[0], "-n", kubectl.namespace, *words[1:], **settings)

    return in_namespace


class Levers:
    """The cluster tool: pause, resume, drop, undrop, kubeconfig."""

    def __call__(self, *words: str) -> str:
        done = subprocess.run([CLUSTER_TOOL, *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def kubeconfig(self, user: str) -> str:
        """Path of the kubeconfig of a user with few rights: viewer, namespaced, nobody."""
        return self("kubeconfig", user)


@pytest.fixture
def levers() -> Levers:
    """The cluster's levers; the test is skipped where the cluster has none."""
    if not CLUSTER_TOOL:
        pytest.skip("no levers: KHEADLESS_E2E_CLUSTER is not set")
    return Levers()
