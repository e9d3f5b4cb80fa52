"""What moves: sets, pods, slices, mirrored Endpoints."""

from __future__ import annotations

from typing import Any

from kheadless_tui.lab.lab import Lab

NS = "tutorial-1"


def ready(lab: Lab, namespace: str) -> list[str]:
    names = []
    for pod in lab.all("Pod", namespace):
        conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions") or ()}
        if conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]:
            names.append(pod["metadata"]["name"])
    return names


def slices(lab: Lab, namespace: str, service: str) -> list[dict[str, Any]]:
    found = lab.all("EndpointSlice", namespace)
    return [item for item in found if item["metadata"]["labels"]["kubernetes.io/service-name"] == service]


def hostnames(lab: Lab, namespace: str, service: str) -> list[str]:
    return [e.get("hostname", "") for item in slices(lab, namespace, service) for e in item["endpoints"] or ()]


async def test_scaling_up_makes_pods_one_after_the_other(lab: Lab) -> None:
    order: list[str] = []
    lab.store.subscribe(
        lambda change: (
            order.append(change.item["metadata"]["name"])
            if (change.resource.kind, change.type) == ("Pod", "ADDED")
            else None
        )
    )
    lab.scale(NS, "web", 5)
    await lab.until(lambda: ready(lab, NS) == ["web-0", "web-1", "web-2", "web-3", "web-4"])
    assert order == ["web-3", "web-4"]
    await lab.until(lambda: len(hostnames(lab, NS, "nginx-headless")) == 5)
    made = lab.get("Pod", NS, "web-4")
    assert (made["spec"]["hostname"], made["spec"]["subdomain"]) == ("web-4", "nginx-headless")
    assert made["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "web-4"
    assert [":" in ip["ip"] for ip in made["status"]["podIPs"]] == [False, True]
    assert made["status"]["containerStatuses"][0]["image"] == "docker.io/library/nginx:alpine"


async def test_scaling_down_lets_the_last_pod_end_first(lab: Lab) -> None:
    seen: list[tuple[bool, bool, bool]] = []

    def note(change: Any) -> None:
        if change.resource.kind == "EndpointSlice":
            for endpoint in change.item["endpoints"] or ():
                if endpoint.get("hostname") == "web-2":
                    seen.append(tuple(endpoint["conditions"][k] for k in ("ready", "serving", "terminating")))

    lab.store.subscribe(note)
    lab.scale(NS, "web", 1)
    await lab.until(lambda: [p["metadata"]["name"] for p in lab.all("Pod", NS)] == ["web-0"])
    await lab.until(lambda: hostnames(lab, NS, "nginx-headless") == ["web-0"])
    assert seen == [(False, True, True)], "a pod that ends is served no more, and is still said to serve"
    await lab.until(lambda: lab.get("StatefulSet", NS, "web")["status"]["replicas"] == 1)


async def test_a_deleted_pod_comes_back_with_its_name_and_another_address(lab: Lab) -> None:
    before = lab.get("Pod", NS, "web-1")
    lab.delete("Pod", NS, "web-1", grace=0)
    await lab.until(lambda: ready(lab, NS) == ["web-0", "web-1", "web-2"])
    after = lab.get("Pod", NS, "web-1")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["status"]["podIP"] != before["status"]["podIP"]


async def test_a_changed_template_replaces_the_pods_from_the_last(lab: Lab) -> None:
    def edit(item: dict[str, Any]) -> None:
        item["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:1.27-alpine"

    lab.change("StatefulSet", NS, "web", edit)
    await lab.until(
        lambda: (
            [p["spec"]["containers"][0]["image"] for p in lab.all("Pod", NS)] == ["nginx:1.27-alpine"] * 3
            and len(ready(lab, NS)) == 3
        )
    )
    status = lab.get("StatefulSet", NS, "web")["status"]
    await lab.until(lambda: lab.get("StatefulSet", NS, "web")["status"]["currentRevision"] == status["updateRevision"])


async def test_a_parallel_set_is_made_at_once(lab: Lab) -> None:
    lab.change("StatefulSet", NS, "web", lambda item: item["spec"].update(podManagementPolicy="Parallel"))
    lab.scale(NS, "web", 6)
    await lab.until(lambda: len(ready(lab, NS)) == 6)
    lab.scale(NS, "web", 0)
    await lab.until(lambda: lab.all("Pod", NS) == [])


async def test_deleting_the_set_deletes_its_pods_and_slices_become_empty(lab: Lab) -> None:
    lab.delete("StatefulSet", NS, "web")
    await lab.until(lambda: lab.all("Pod", NS) == [])
    await lab.until(lambda: [item["endpoints"] for item in slices(lab, NS, "nginx-headless")] == [None])


async def test_deleting_a_service_deletes_its_slices(lab: Lab) -> None:
    lab.delete("Service", NS, "nginx-headless")
    await lab.until(lambda: slices(lab, NS, "nginx-headless") == [])


async def test_the_endpoints_of_a_service_go_with_it_and_those_of_none_stay(lab: Lab) -> None:
    lab.apply({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "alone", "namespace": NS}})
    lab.delete("Service", NS, "nginx-headless")
    names = [item["metadata"]["name"] for item in lab.all("Endpoints", NS)]
    assert "alone" in names
    assert "nginx-headless" not in names
    await lab.until(lambda: slices(lab, NS, "nginx-headless") == [])
    assert "nginx-headless" not in [item["metadata"]["name"] for item in lab.all("Endpoints", NS)]


async def test_a_slice_is_as_the_real_controller_writes_it(lab: Lab) -> None:
    (item,) = slices(lab, NS, "nginx-headless")
    meta = item["metadata"]
    assert meta["generateName"] == "nginx-headless-"
    assert meta["name"].startswith("nginx-headless-")
    assert meta["labels"] == {
        "app": "nginx",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": "nginx-headless",
        "service.kubernetes.io/headless": "",
    }
    assert meta["ownerReferences"][0]["kind"] == "Service"
    pod = lab.get("Pod", NS, "web-0")
    assert item["endpoints"][0] == {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "hostname": "web-0",
        "targetRef": {"kind": "Pod", "namespace": NS, "name": "web-0", "uid": pod["metadata"]["uid"]},
        "nodeName": pod["spec"]["nodeName"],
    }
    assert item["ports"] == [{"name": "web", "protocol": "TCP", "port": 80}]


async def test_a_service_that_selects_nothing_has_one_empty_slice(lab: Lab) -> None:
    (item,) = slices(lab, "tutorial-3", "headless-svc")
    assert (item["addressType"], item["endpoints"], item["ports"]) == ("IPv4", None, None)


async def test_the_hostname_is_only_there_under_the_governing_service(lab: Lab) -> None:
    assert hostnames(lab, "tutorial-5", "nginx") == ["nginx-0", "nginx-1", "nginx-2"]
    assert hostnames(lab, "tutorial-5", "nginx-headless") == ["", "", ""]


async def test_two_families_are_two_slices(lab: Lab) -> None:
    found = {item["addressType"]: item for item in slices(lab, "dual-stack", "peers")}
    assert set(found) == {"IPv4", "IPv6"}
    assert all(":" in endpoint["addresses"][0] for endpoint in found["IPv6"]["endpoints"])
    assert found["IPv4"]["ports"] == [{"name": "http", "protocol": "TCP", "port": 80}], "the named port was looked up"


async def test_readiness_lost_and_found(lab: Lab) -> None:
    lab.set_ready(NS, "web-1", False)
    await lab.until(lambda: ready(lab, NS) == ["web-0", "web-2"])

    def conditions() -> dict[str, bool]:
        (item,) = slices(lab, NS, "nginx-headless")
        found = next(e for e in item["endpoints"] if e["hostname"] == "web-1")
        return dict(found["conditions"])

    await lab.until(lambda: conditions() == {"ready": False, "serving": False, "terminating": False})
    condition = next(c for c in lab.get("Pod", NS, "web-1")["status"]["conditions"] if c["type"] == "Ready")
    assert condition["message"] == "containers with unready status: [nginx]"
    lab.set_ready(NS, "web-1", None)
    await lab.until(lambda: conditions()["ready"])


async def test_not_ready_addresses_can_be_published(lab: Lab) -> None:
    lab.set_ready(NS, "web-1", False)
    lab.change("Service", NS, "nginx-headless", lambda item: item["spec"].update(publishNotReadyAddresses=True))
    await lab.until(
        lambda: (
            [
                (e["conditions"]["ready"], e["conditions"]["serving"])
                for e in slices(lab, NS, "nginx-headless")[0]["endpoints"]
            ]
            == [(True, True), (True, False), (True, True)]
        )
    )


async def test_more_than_a_hundred_endpoints_are_several_slices(lab: Lab) -> None:
    lab.change("StatefulSet", NS, "web", lambda item: item["spec"].update(podManagementPolicy="Parallel"))
    lab.scale(NS, "web", 130)
    await lab.until(lambda: len(hostnames(lab, NS, "nginx-headless")) == 130, timeout=20)
    assert sorted(len(item["endpoints"]) for item in slices(lab, NS, "nginx-headless")) == [30, 100]


async def test_endpoints_are_mirrored_only_under_the_name_of_a_service(lab: Lab) -> None:
    assert slices(lab, "tutorial-2", "mysql-svc") == []
    assert slices(lab, "tutorial-2", "mysql-ep") == []
    (item,) = slices(lab, "tutorial-2-mended", "mysql-svc")
    assert item["endpoints"] == [{"addresses": ["114.32.146.154"], "conditions": {"ready": True}}]
    assert item["ports"] == [{"name": "default-ep", "protocol": "TCP", "port": 3306}]
    assert (
        item["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"]
        == "endpointslicemirroring-controller.k8s.io"
    )
    lab.delete("Endpoints", "tutorial-2-mended", "mysql-svc")
    await lab.until(lambda: slices(lab, "tutorial-2-mended", "mysql-svc") == [])


async def test_the_skip_label_and_a_selector_stop_mirroring(lab: Lab) -> None:
    lab.change("Endpoints", "tutorial-2-mended", "mysql-svc", lambda item: item["metadata"].update(
        labels={"endpointslice.kubernetes.io/skip-mirror": "true"}))  # fmt: skip
    await lab.until(lambda: slices(lab, "tutorial-2-mended", "mysql-svc") == [])


async def test_an_image_that_no_registry_has(lab: Lab) -> None:
    manifest = (
        "{apiVersion: v1, kind: Pod, metadata: {name: bad}, spec: {containers: [{name: x, image: 'busyboxx:1.28'}]}}"
    )
    lab.apply(manifest, NS)

    def waiting() -> str:
        statuses = lab.get("Pod", NS, "bad")["status"].get("containerStatuses") or [{"state": {}}]
        return str(statuses[0]["state"].get("waiting", {}).get("reason", ""))

    await lab.until(lambda: waiting() == "ErrImagePull")
    await lab.until(lambda: waiting() == "ImagePullBackOff")
    assert lab.get("Pod", NS, "bad")["status"]["phase"] == "Pending"
    lab.delete("Pod", NS, "bad")
    await lab.until(lambda: "bad" not in [item["metadata"]["name"] for item in lab.all("Pod", NS)])


async def test_pods_end_when_their_program_or_their_time_does(lab: Lab) -> None:
    for name, spec in (
        ("done", "{restartPolicy: Never, containers: [{name: x, image: busybox, command: [sleep, '2']}]}"),
        (
            "late",
            "{restartPolicy: Never, activeDeadlineSeconds: 5, "
            "containers: [{name: x, image: busybox, args: [sleep, 1h]}]}",
        ),
        ("wrong", "{restartPolicy: Never, containers: [{name: x, image: busybox, command: [nope]}]}"),
    ):
        lab.apply(f"{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {spec}}}", NS)
    await lab.until(lambda: lab.get("Pod", NS, "done")["status"]["phase"] == "Succeeded")
    await lab.until(lambda: lab.get("Pod", NS, "late")["status"].get("reason") == "DeadlineExceeded")
    await lab.until(lambda: lab.get("Pod", NS, "wrong")["status"]["phase"] == "Failed")
    state = lab.get("Pod", NS, "wrong")["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (state["reason"], state["exitCode"]) == ("StartError", 128)


async def test_a_pod_that_fits_on_no_node_waits_and_says_why(lab: Lab) -> None:
    lab.apply("{apiVersion: v1, kind: Pod, metadata: {name: lost}, spec: {nodeSelector: {a: b}, "
              "containers: [{name: x, image: busybox}]}}", NS)  # fmt: skip

    def condition() -> dict[str, Any]:
        found = lab.get("Pod", NS, "lost")["status"].get("conditions") or [{}]
        return dict(found[0])

    await lab.until(lambda: condition().get("reason") == "Unschedulable")
    assert "0/2 nodes are available" in condition()["message"]
