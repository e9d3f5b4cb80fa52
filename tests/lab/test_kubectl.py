"""Real kubectls against the lab: the one on PATH, and those of ``scripts/build_kubectl.py`` from 1.27 to 1.33."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kheadless_tui.lab.lab import Lab

TUTORIALS = Path(__file__).parents[1] / "e2e" / "tutorials"
MADE = Path(os.environ.get("KHEADLESS_KUBECTLS") or Path.home() / ".cache" / "kheadless-tui" / "kubectl")
"""Where ``scripts/build_kubectl.py`` puts them."""
KUBECTLS = [path for path in sorted(MADE.glob("kubectl-*")) if path.suffix != ".part"]
if (on_path := shutil.which("kubectl")) is not None:
    KUBECTLS.append(Path(on_path))
WAIT_SECONDS = 60.0


def name_of(path: Path) -> str:
    return path.name if "-" in path.name else "kubectl on PATH"


PARAMS: list[Path | None] = [*KUBECTLS] or [None]


@pytest.fixture(params=PARAMS, ids=[name_of(path) for path in KUBECTLS] or ["none"])
def program(request: pytest.FixtureRequest) -> Path:
    if request.param is None:
        pytest.skip("no kubectl: none on PATH, and scripts/build_kubectl.py has not been run")
    path: Path = request.param
    return path


class Kubectl:
    """One kubectl, as the administrator of a lab."""

    def __init__(self, lab: Lab, program: Path, home: Path) -> None:
        self.lab = lab
        self.program = program
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": lab.kubeconfig}

    async def start(self, *argv: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            str(self.program),
            *argv,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def __call__(self, line: str, *more: str, status: int = 0, stdin: bytes = b"") -> str:
        process = await self.start(*line.split(), *more)
        async with asyncio.timeout(WAIT_SECONDS):
            output, _ = await process.communicate(stdin)
        assert process.returncode == status, f"{line}: {output.decode()}"
        return output.decode()

    @asynccontextmanager
    async def running(self, line: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await self.start(*line.split())
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(WAIT_SECONDS):
                await process.communicate()


@pytest.fixture
def kubectl(lab: Lab, program: Path, tmp_path: Path) -> Kubectl:
    return Kubectl(lab, program, tmp_path)


def columns(text: str) -> list[str]:
    return re.split(r"\s{2,}", text.splitlines()[0].strip())


async def test_the_tutorials_are_applied_and_looked_at(kubectl: Kubectl) -> None:
    await kubectl("create namespace mine")
    for file in sorted(TUTORIALS.glob("*.yaml")):
        assert "Error" not in await kubectl(f"apply -n mine -f {file}")
    for name in ("web", "app-stateful", "nginx"):
        await kubectl(f"rollout status -n mine sts/{name} --timeout=50s")
    assert "statefulset.apps/web unchanged" in await kubectl(f"apply -n mine -f {TUTORIALS}/1-statefulset.yaml")
    # the columns of a Kubernetes 1.34
    assert columns(await kubectl("get pods -n mine -o wide")) == (
        [*"NAME READY STATUS RESTARTS AGE IP NODE".split(), "NOMINATED NODE", "READINESS GATES"]
    )
    assert columns(await kubectl("get svc -n mine -o wide")) == (
        "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR".split()
    )
    assert columns(await kubectl("get sts -n mine -o wide")) == "NAME READY AGE CONTAINERS IMAGES".split()
    assert columns(await kubectl("get endpointslices -n mine")) == "NAME ADDRESSTYPE PORTS ENDPOINTS AGE".split()
    assert "web-stateful" in await kubectl("get pods -n mine --show-labels -l app=web-stateful")
    assert (await kubectl("get pods -n mine --field-selector metadata.name=web-0 -o name")).split() == ["pod/web-0"]
    template = "go-template={{ .spec.clusterIPs }}"
    assert await kubectl("get svc -n mine headless-svc -o", template) == "[None]"
    path = "jsonpath={.items[*].metadata.name}"
    assert (await kubectl("get pods -n mine -l app=web-stateful -o", path)).split() == [
        f"app-stateful-{number}" for number in range(3)
    ]
    described = await kubectl("describe pod -n mine web-0")
    for said in (
        "Controlled By:  StatefulSet/web",
        "Ready:          True",
        "Successfully assigned mine/web-0 to node-",
    ):
        assert said in described
    described = await kubectl("describe sts,svc -n mine")
    assert "create Pod web-2 in StatefulSet web successful" in described
    assert "No resources found" not in await kubectl("get events -n mine")
    assert "subdomain <string>" in await kubectl("explain pod.spec.subdomain")


async def test_a_set_is_scaled_changed_and_deleted(kubectl: Kubectl) -> None:
    mine = "-n tutorial-1"
    assert "scaled" in await kubectl(f"scale {mine} sts web --replicas=1")
    await kubectl(f"wait {mine} --for=delete pod/web-2 pod/web-1 --timeout=50s")
    assert "labeled" in await kubectl(f"label {mine} pod web-0 tier=front")
    assert "annotate" in await kubectl(f"annotate {mine} pod web-0 note=x")
    assert "patched" in await kubectl(
        f"patch {mine} svc nginx-headless -p", '{"spec":{"publishNotReadyAddresses":true}}'
    )
    assert "not patched" not in await kubectl(
        f"patch {mine} sts web --type=json -p", '[{"op":"replace","path":"/spec/replicas","value":2}]'
    )
    await kubectl(f"rollout status {mine} sts/web --timeout=50s")
    file = f"{TUTORIALS}/1-statefulset.yaml"
    assert "+  replicas: 3" in await kubectl(f"diff {mine} -f {file}", status=1)
    applied = await kubectl(f"apply {mine} --server-side --field-manager=mine -f {file}", status=1)
    assert "Apply failed with 1 conflict" in applied
    assert [line.split()[0] for line in (await kubectl(f"rollout history {mine} sts/web")).splitlines()[2:3]] == ["1"]
    assert ".spec.replicas" in applied
    assert "serverside-applied" in await kubectl(f"apply {mine} --server-side --force-conflicts -f {file}")
    await kubectl(f"rollout status {mine} sts/web --timeout=50s")
    assert "deleted" in await kubectl(f"delete {mine} -f {file}")
    assert "deleted" in await kubectl("delete namespace tutorial-1 --timeout=50s")


async def test_a_deployment_is_rolled_out_and_back(kubectl: Kubectl) -> None:
    await kubectl("create deployment web --image=nginx:alpine --replicas=3 --port=80")
    await kubectl("rollout status deploy/web --timeout=50s")
    await kubectl("set image deploy/web nginx=nginx:1.27-alpine")
    assert "successfully rolled out" in await kubectl("rollout status deploy/web --timeout=50s")
    history = await kubectl("rollout history deploy/web")
    assert [line.split()[0] for line in history.splitlines()[2:4]] == ["1", "2"]
    await kubectl("rollout undo deploy/web")
    await kubectl("rollout status deploy/web --timeout=50s")
    assert "nginx:alpine" in await kubectl("get deploy web -o wide")
    assert columns(await kubectl("get deploy -o wide")) == (
        "NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR".split()
    )
    assert columns(await kubectl("get rs -o wide")) == (
        "NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR".split()
    )
    await kubectl("expose deploy web --cluster-ip=None")
    assert "Scaled up replica set" in await kubectl("describe deploy web")
    await kubectl("delete deploy web --cascade=foreground")
    await kubectl("wait --for=delete pod -l app=web --timeout=50s")


async def test_commands_run_in_pods(kubectl: Kubectl) -> None:
    inside = "exec -n tutorial-1 web-0 --"
    assert "nameserver 10.96.0.10" in await kubectl(f"{inside} cat /etc/resolv.conf")
    assert "command terminated with exit code 3" in await kubectl(f"{inside} sh -c", "exit 3", status=3)
    assert "executable file not found in $PATH" in await kubectl(f"{inside} dig", status=1)
    assert await kubectl("exec -i -n tutorial-1 web-0 -- cat", stdin=b"through\n") == "through\n"
    run = "run t -n tutorial-1 -i --rm --restart=Never --image=busybox:1.28 --"
    assert "web-0.nginx-headless.tutorial-1.svc.cluster.local" in await kubectl(f"{run} nslookup web-0.nginx-headless")
    said = await kubectl(run, "sh", stdin=b"hostname\ncat /etc/resolv.conf\n")
    assert "t\n" in said
    assert 'pod "t" deleted' in said
    said = await kubectl("debug -n tutorial-1 web-1 -i --image=busybox:1.28 -- nslookup nginx-headless")
    assert said.count("nginx-headless.tutorial-1.svc.cluster.local") >= 3
    assert "ephemeralContainerStatuses" in await kubectl("get pod -n tutorial-1 web-1 -o yaml")
    assert await kubectl("logs -n kube-system -l k8s-app=kube-dns --tail=1") is not None


async def test_a_port_is_forwarded(kubectl: Kubectl) -> None:
    async with kubectl.running("port-forward -n tutorial-1 pod/web-0 :80") as process:
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_SECONDS):
            line = (await process.stdout.readline()).decode()
            port = int(re.findall(r"127\.0\.0\.1:(\d+) -> 80", line)[0])
            for _ in range(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                assert (await reader.read()).startswith(b"HTTP/1.")
                writer.close()


async def test_dig_asks_a_dns_server_through_a_forwarded_port(kubectl: Kubectl, lab: Lab) -> None:
    if shutil.which("dig") is None:
        pytest.skip("no dig on PATH")
    pods = (await kubectl("get pods -n kube-system -l k8s-app=kube-dns -o name")).split()
    async with kubectl.running(f"port-forward -n kube-system {pods[0]} :53") as process:
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_SECONDS):
            line = (await process.stdout.readline()).decode()
            port = re.findall(r"127\.0\.0\.1:(\d+) -> 53", line)[0]
            name = "web-0.nginx-headless.tutorial-1.svc.cluster.local"
            asked = await asyncio.create_subprocess_exec(
                *f"dig @127.0.0.1 -p {port} +tcp +short {name} -q {name} -t TXT".split(),
                stdout=asyncio.subprocess.PIPE,
            )
            said, _ = await asked.communicate()
    address = lab.get("Pod", "tutorial-1", "web-0")["status"]["podIP"]
    assert said.decode() == f"{address}\n", "an address for the first question, nothing for the second"


async def test_what_changes_is_watched(kubectl: Kubectl) -> None:
    async with kubectl.running("get pods -n tutorial-1 -w --no-headers") as process:
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_SECONDS):
            assert [(await process.stdout.readline()).split()[0] for _ in range(3)] == [b"web-0", b"web-1", b"web-2"]
            kubectl.lab.scale("tutorial-1", "web", 2)
            assert b"Terminating" in await process.stdout.readline()


async def test_what_is_refused_is_said_in_kubectls_words(kubectl: Kubectl, lab: Lab) -> None:
    assert await kubectl("get pod x", status=1) == 'Error from server (NotFound): pods "x" not found\n'
    assert "the server doesn't have a resource type" in await kubectl("get nonsense", status=1)
    viewer = f"--kubeconfig={lab.kubeconfig_of('viewer')}"
    assert (await kubectl(f"auth can-i list services -A {viewer}")).strip().endswith("yes")
    assert "no" in await kubectl(f"auth can-i create pods {viewer}", status=1)
    assert "pods/log" in await kubectl(f"auth can-i --list -n tutorial-1 {viewer}")
    refused = await kubectl(f"delete pod web-0 -n tutorial-1 {viewer}", status=1)
    assert 'User "viewer" cannot delete resource "pods"' in refused
    if kubectl.program.name != "kubectl-1.27":  # which asks for a version of this API that is not served any more
        assert re.search(r"Username +viewer", await kubectl(f"auth whoami {viewer}"))
    nobody = f"--kubeconfig={lab.kubeconfig_of('nobody')}"
    assert 'User "nobody" cannot list resource "pods"' in await kubectl(f"get pods {nobody}", status=1)
    wrong = b"apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {clusterIP: None, portz: []}\n"
    assert 'unknown field "spec.portz"' in await kubectl("apply -f -", stdin=wrong, status=1)
    assert 'unknown field "spec.portz"' in await kubectl("apply --validate=warn -f -", stdin=wrong)
    assert "Metrics API not available" in await kubectl("top pods", status=1)


async def test_files_are_copied_into_a_pod_and_out_of_it(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("kept\n")
    await kubectl(f"cp {tmp_path}/note tutorial-1/web-0:/tmp/note")
    assert await kubectl("exec -n tutorial-1 web-0 -- cat /tmp/note") == "kept\n"
    await kubectl(f"cp tutorial-1/web-0:/tmp/note {tmp_path}/back")
    assert (tmp_path / "back").read_text() == "kept\n"


async def test_a_rule_that_is_applied_is_in_force(kubectl: Kubectl, lab: Lab) -> None:
    nobody = f"--kubeconfig={lab.kubeconfig_of('nobody')}"
    assert "no" in await kubectl(f"auth can-i list pods -n tutorial-1 {nobody}", status=1)
    await kubectl("create role few -n tutorial-1 --verb=list --resource=pods")
    await kubectl("create rolebinding few -n tutorial-1 --role=few --user=nobody")
    assert "yes" in await kubectl(f"auth can-i list pods -n tutorial-1 {nobody}")
    assert "web-0" in await kubectl(f"get pods -n tutorial-1 {nobody}")
    assert "Role/few" in await kubectl("get rolebindings -n tutorial-1")
