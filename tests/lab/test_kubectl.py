"""The real kubectl against the lab, where it is installed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kheadless_tui.lab.lab import Lab

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")

WORLDS = Path(__file__).parents[2] / "kheadless_tui" / "lab" / "worlds"
Kubectl = Callable[..., Awaitable[str]]


@pytest.fixture
def kubectl(lab: Lab, tmp_path: Path) -> Kubectl:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": lab.kubeconfig}

    async def run(*argv: str, status: int = 0, stdin: bytes = b"") -> str:
        process = await asyncio.create_subprocess_exec(
            KUBECTL or "kubectl",
            *argv,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(30):
            output, _ = await process.communicate(stdin)
        assert process.returncode == status, output.decode()
        return output.decode()

    return run


async def test_get(kubectl: Kubectl) -> None:
    text = await kubectl("get", "svc,pods,endpointslices,sts", "-n", "tutorial-1", "-o", "wide")
    assert "service/nginx-headless" in text
    assert "statefulset.apps/web" in text
    assert text.count("1/1     Running") == 3
    names = await kubectl("get", "pods", "-n", "tutorial-1", "-l", "app=nginx", "-o", "name")
    assert names.split() == ["pod/web-0", "pod/web-1", "pod/web-2"]
    template = await kubectl(
        "get", "svc", "headless-svc", "-n", "tutorial-3", "-o", "go-template={{ .spec.clusterIPs }}"
    )
    assert template == "[None]"


async def test_a_tutorial_from_apply_to_delete(kubectl: Kubectl) -> None:
    file = str(WORLDS / "tutorial-1.yaml")
    assert "namespace/mine created" in await kubectl("create", "namespace", "mine")
    assert "statefulset.apps/web created" in await kubectl("apply", "-n", "mine", "-f", file)
    assert "statefulset.apps/web unchanged" in await kubectl("apply", "-n", "mine", "-f", file)
    await kubectl("rollout", "status", "-n", "mine", "sts/web", "--timeout=20s")
    assert "scaled" in await kubectl("scale", "-n", "mine", "sts", "web", "--replicas=1")
    await kubectl("wait", "-n", "mine", "--for=delete", "pod/web-2", "--timeout=20s")
    assert "deleted" in await kubectl("delete", "-n", "mine", "-f", file)
    assert "deleted" in await kubectl("delete", "namespace", "mine")


async def test_exec(kubectl: Kubectl) -> None:
    in_pod = ("exec", "-n", "tutorial-1", "web-0", "--")
    assert "nameserver 10.96.0.10" in await kubectl(*in_pod, "cat", "/etc/resolv.conf")
    assert "command terminated with exit code 3" in await kubectl(*in_pod, "sh", "-c", "exit 3", status=3)
    assert "executable file not found in $PATH" in await kubectl(*in_pod, "dig", status=1)
    assert await kubectl("exec", "-i", *in_pod[1:], "cat", stdin=b"through\n") == "through\n"


async def test_run_and_debug(kubectl: Kubectl) -> None:
    await kubectl("run", "t", "-n", "tutorial-1", "--image=busybox:1.28", "--restart=Never", "--", "sleep", "3600")
    await kubectl("wait", "-n", "tutorial-1", "--for=condition=Ready", "pod/t", "--timeout=20s")
    said = await kubectl("exec", "-n", "tutorial-1", "t", "--", "nslookup", "web-0.nginx-headless")
    assert "web-0.nginx-headless.tutorial-1.svc.cluster.local" in said
    said = await kubectl(
        "debug", "-n", "tutorial-1", "web-0", "--image=tutum/dnsutils", "-c", "dbg", "--", "sleep", "99999"
    )
    deadline = asyncio.get_running_loop().time() + 20
    while True:
        found = json.loads(await kubectl("get", "pod", "web-0", "-n", "tutorial-1", "-o", "json"))
        states = found["status"].get("ephemeralContainerStatuses") or [{"state": {}}]
        if "running" in states[0]["state"]:
            break
        assert asyncio.get_running_loop().time() < deadline
    said = await kubectl(
        "exec", "-n", "tutorial-1", "web-0", "-c", "dbg", "--", "dig", "+short", "+search", "nginx-headless"
    )
    assert len(said.split()) == 3


async def test_what_is_refused_is_said_in_kubectls_words(kubectl: Kubectl, lab: Lab) -> None:
    assert await kubectl("get", "pod", "x", status=1) == 'Error from server (NotFound): pods "x" not found\n'
    viewer = ("--kubeconfig", lab.kubeconfig_of("viewer"))
    assert (await kubectl("auth", "can-i", "list", "services", "-A", *viewer)).strip().endswith("yes")
    assert "no" in await kubectl("auth", "can-i", "create", "pods", *viewer, status=1)
    refused = await kubectl("delete", "pod", "web-0", "-n", "tutorial-1", *viewer, status=1)
    assert 'User "viewer" cannot delete resource "pods"' in refused
