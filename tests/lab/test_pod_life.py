"""Init containers, sidecars, and probes that end a container."""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.api.pod_columns import pod_ready, pod_restarts, pod_status
from kheadless_tui.lab.lab import Lab
from tests.lab.conftest import Client

NS = "tutorial-1"
SHELL, SERVER = "busybox:1.28", "nginx:alpine"


def made(lab: Lab, name: str, **spec: Any) -> None:
    whole = {"containers": [{"name": "c", "image": SERVER}], **spec}
    lab.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": whole}, NS)


def script(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": SHELL, "command": ["sh", "-c", text], **more}


def row(lab: Lab, name: str) -> tuple[str, str]:
    pod, now = lab.get("Pod", NS, name), lab.clock.now()
    return pod_ready(pod, now), pod_status(pod)


def condition(lab: Lab, name: str, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in lab.get("Pod", NS, name)["status"]["conditions"] if c["type"] == kind)
    return found


def said(lab: Lab, name: str) -> set[str]:
    return {event["message"] for event in lab.all("Event", NS) if event["involvedObject"]["name"] == name}


async def test_init_containers_come_one_after_the_other(lab: Lab, client: Client) -> None:
    waits = "until nslookup late; do sleep 1; done"
    made(lab, "p", initContainers=[script("first", "echo one"), script("second", waits)])
    seen: list[tuple[str, str]] = []
    lab.store.subscribe(lambda change: seen.append(row(lab, "p")) if change.item["metadata"]["name"] == "p" else None)
    await lab.until(lambda: row(lab, "p") == ("0/1", "Init:1/2"))
    await lab.until(lambda: condition(lab, "p", "Initialized")["message"].endswith("[second]"))
    logged = await client.call("GET", f"/api/v1/namespaces/{NS}/pods/p/log", container="first")
    assert logged.body == b"one\n"
    spec = {"selector": {"app": "late"}, "ports": [{"port": 80}]}
    lab.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "late"}, "spec": spec}, NS)
    await lab.until(lambda: row(lab, "p") == ("1/1", "Running"))
    assert condition(lab, "p", "Initialized")["status"] == "True"
    assert list(dict.fromkeys(status for _, status in seen)) == ["Pending", "Init:0/2", "Init:1/2", "Running"]


async def test_an_init_container_that_fails_is_tried_again_or_is_the_end(lab: Lab) -> None:
    made(lab, "again", initContainers=[script("first", "exit 3")])
    made(lab, "once", restartPolicy="Never", initContainers=[script("first", "exit 3")])
    await lab.until(lambda: row(lab, "once") == ("0/1", "Init:Error"))
    await lab.until(lambda: row(lab, "again") == ("0/1", "Init:CrashLoopBackOff"))
    assert lab.get("Pod", NS, "once")["status"]["phase"] == "Failed"
    assert lab.get("Pod", NS, "again")["status"]["phase"] == "Pending"
    waiting = lab.get("Pod", NS, "again")["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting == {"reason": "PodInitializing"}


async def test_a_sidecar_goes_on_beside_the_others(lab: Lab, client: Client) -> None:
    made(lab, "p", initContainers=[script("side", "sleep 36000", restartPolicy="Always"), script("first", "true")])
    await lab.until(lambda: row(lab, "p") == ("2/2", "Running"))
    assert (await client.run(f"/api/v1/namespaces/{NS}/pods/p", ["hostname"], container="side")).stdout == b"p\n"


async def test_a_container_that_is_not_alive_is_started_again(lab: Lab) -> None:
    probe = {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 1, "failureThreshold": 2}
    made(lab, "p", containers=[{"name": "c", "image": SERVER, "livenessProbe": probe}])
    await lab.until(lambda: pod_restarts(lab.get("Pod", NS, "p"), lab.clock.now()).startswith("2 "))
    assert "Container c failed liveness probe, will be restarted" in said(lab, "p")
    assert any(text.startswith('Liveness probe failed: Get "http://10.244.') for text in said(lab, "p"))


async def test_one_that_listens_is_left_alone_and_one_that_never_starts_is_not(lab: Lab) -> None:
    alive = {"tcpSocket": {"port": 80}, "periodSeconds": 1, "failureThreshold": 1}
    made(lab, "p", containers=[{"name": "c", "image": SERVER, "livenessProbe": alive}])
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    made(lab, "never", containers=[script("c", "sleep 36000", startupProbe=never)])
    await lab.until(lambda: pod_restarts(lab.get("Pod", NS, "never"), lab.clock.now()).startswith("2 "))
    assert row(lab, "never")[0] == "0/1"
    assert "Container c failed startup probe, will be restarted" in said(lab, "never")
    assert (row(lab, "p"), lab.get("Pod", NS, "p")["status"]["containerStatuses"][0]["restartCount"]) == (
        ("1/1", "Running"),
        0,
    )


async def test_a_pull_secret_that_is_not_there_is_told(lab: Lab) -> None:
    made(lab, "p", imagePullSecrets=[{"name": "default-secret"}])
    await lab.until(lambda: row(lab, "p") == ("1/1", "Running"))
    assert (
        "Unable to retrieve some image pull secrets (default-secret); attempting to pull the image may not succeed."
    ) in said(lab, "p")
