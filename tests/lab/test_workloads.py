"""Deployments, ReplicaSets, the scheduler, and the Events that tell what happened."""

from __future__ import annotations

from typing import Any

import pytest

from kheadless_tui.lab.api.objects import Objects
from kheadless_tui.lab.controllers.events import MAX_EVENTS, TTL_SECONDS, Events
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.objects.resources import PODS
from tests.lab.conftest import Client

NS = "tutorial-1"


def deployment(**spec: Any) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": "d"}},
        "spec": {"containers": [{"name": "c", "image": "nginx:alpine"}]},
    }
    whole = {"replicas": 4, "selector": {"matchLabels": {"app": "d"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": whole}


def pods(lab: Lab) -> list[dict[str, Any]]:
    return [pod for pod in lab.all("Pod", NS) if (pod["metadata"].get("labels") or {}).get("app") == "d"]


def status(lab: Lab) -> dict[str, Any]:
    found: dict[str, Any] = lab.get("Deployment", NS, "d")["status"]
    return found


def is_complete(lab: Lab, replicas: int) -> bool:
    found = status(lab)
    counts = {found.get(name) for name in ("replicas", "updatedReplicas", "availableReplicas")}
    observed = found.get("observedGeneration") == lab.get("Deployment", NS, "d")["metadata"]["generation"]
    return counts == {replicas} and observed


def conditions(lab: Lab) -> dict[str, tuple[str, str]]:
    return {item["type"]: (item["status"], item["reason"]) for item in status(lab)["conditions"]}


def reasons(lab: Lab, name: str) -> set[str]:
    return {event["reason"] for event in lab.all("Event", NS) if event["involvedObject"]["name"] == name}


async def test_a_deployment_comes_up(lab: Lab) -> None:
    lab.apply(deployment(), NS)
    await lab.until(lambda: is_complete(lab, 4))
    (replica_set,) = lab.all("ReplicaSet", NS)
    name = replica_set["metadata"]["name"]
    assert replica_set["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert {pod["metadata"]["ownerReferences"][0]["name"] for pod in pods(lab)} == {name}
    assert all(pod["metadata"]["name"].startswith(f"{name}-") for pod in pods(lab))
    assert conditions(lab) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    assert reasons(lab, "d") == {"ScalingReplicaSet"}
    assert reasons(lab, name) == {"SuccessfulCreate"}
    assert reasons(lab, pods(lab)[0]["metadata"]["name"]) == {"Scheduled", "Pulled", "Created", "Started"}


async def test_a_roll_out_keeps_within_its_bounds(lab: Lab) -> None:
    lab.apply(deployment(), NS)
    await lab.until(lambda: is_complete(lab, 4))
    seen: list[tuple[int, int]] = []

    def count(_: object) -> None:
        alive = [pod for pod in pods(lab) if "deletionTimestamp" not in pod["metadata"]]
        ready = [
            pod
            for pod in alive
            if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())
        ]
        seen.append((len(alive), len(ready)))

    unsubscribe = lab.store.subscribe(count)

    def change(item: dict[str, Any]) -> None:
        item["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:1.27-alpine"

    lab.change("Deployment", NS, "d", change)
    await lab.until(lambda: is_complete(lab, 4) and len(pods(lab)) == 4)
    unsubscribe()
    assert {pod["spec"]["containers"][0]["image"] for pod in pods(lab)} == {"nginx:1.27-alpine"}
    # 25 % of four: one more at most, one less at least
    assert max(alive for alive, _ in seen) == 5
    assert min(ready for _, ready in seen) == 3
    sizes = sorted(item["spec"]["replicas"] for item in lab.all("ReplicaSet", NS))
    assert sizes == [0, 4]


async def test_recreate_takes_all_away_first(lab: Lab) -> None:
    lab.apply(deployment(strategy={"type": "Recreate"}), NS)
    await lab.until(lambda: is_complete(lab, 4))
    mixed: list[bool] = []

    def look(_: object) -> None:
        alive = [pod for pod in pods(lab) if "deletionTimestamp" not in pod["metadata"]]
        mixed.append(len({pod["spec"]["containers"][0]["image"] for pod in alive}) > 1)

    lab.store.subscribe(look)
    lab.change(
        "Deployment",
        NS,
        "d",
        lambda item: item["spec"]["template"]["spec"]["containers"][0].update(image="nginx:1.27-alpine"),
    )
    await lab.until(
        lambda: is_complete(lab, 4) and pods(lab)[0]["spec"]["containers"][0]["image"].startswith("nginx:1")
    )
    assert not any(mixed)


async def test_a_roll_out_that_cannot_end_says_so(lab: Lab) -> None:
    lab.apply(deployment(progressDeadlineSeconds=30), NS)
    await lab.until(lambda: is_complete(lab, 4))
    lab.change(
        "Deployment",
        NS,
        "d",
        lambda item: item["spec"]["template"]["spec"]["containers"][0].update(image="nowhere/nothing:1"),
    )
    await lab.until(lambda: conditions(lab)["Progressing"] == ("False", "ProgressDeadlineExceeded"))
    assert conditions(lab)["Available"][0] == "True"
    waiting = next(pod for pod in pods(lab) if pod["spec"]["containers"][0]["image"] == "nowhere/nothing:1")
    await lab.until(lambda: {"Pulling", "Failed", "BackOff"} <= reasons(lab, waiting["metadata"]["name"]))


async def test_what_a_deployment_owned_goes_with_it(lab: Lab) -> None:
    lab.apply(deployment(), NS)
    await lab.until(lambda: is_complete(lab, 4))
    lab.delete("Deployment", NS, "d")
    await lab.until(lambda: not pods(lab) and not lab.all("ReplicaSet", NS))


async def test_the_pods_of_a_node_that_is_gone_are_made_elsewhere(lab: Lab) -> None:
    gone = lab.get("Pod", NS, "web-0")["spec"]["nodeName"]
    uid = lab.get("Pod", NS, "web-0")["metadata"]["uid"]
    lab.delete("Node", "", gone)

    def moved() -> bool:
        found = lab.store.find(PODS, NS, "web-0")
        return found is not None and found["metadata"]["uid"] != uid and found["spec"].get("nodeName", gone) != gone

    await lab.until(moved)


async def test_a_readiness_probe_where_nothing_listens_never_passes(lab: Lab) -> None:
    lab.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: deaf}, spec: {containers: [{name: c, image: 'nginx:alpine', "
        "readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}}]}}",
        NS,
    )
    await lab.until(lambda: "Unhealthy" in reasons(lab, "deaf"))
    (event,) = [e for e in lab.all("Event", NS) if e["reason"] == "Unhealthy"]
    address = lab.get("Pod", NS, "deaf")["status"]["podIP"]
    refused = f"dial tcp {address}:8080: connect: connection refused"
    assert event["message"] == f'Readiness probe failed: Get "http://{address}:8080/": {refused}'
    assert (event["type"], event["source"]["component"]) == ("Warning", "kubelet")
    assert event["involvedObject"]["fieldPath"] == "spec.containers{c}"


async def test_a_program_that_fails_again_and_again_is_waited_for_longer(lab: Lab) -> None:
    lab.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: bad}, spec: {containers: [{name: c, image: 'busybox:1.28', "
        "command: ['false']}]}}",
        NS,
    )

    def state() -> dict[str, Any]:
        found: dict[str, Any] = (lab.get("Pod", NS, "bad")["status"].get("containerStatuses") or [{}])[0]
        return found

    await lab.until(lambda: state().get("restartCount", 0) >= 3)
    await lab.until(lambda: "waiting" in state()["state"])
    uid = lab.get("Pod", NS, "bad")["metadata"]["uid"]
    waiting = state()["state"]["waiting"]
    assert waiting["reason"] == "CrashLoopBackOff"
    assert waiting["message"].startswith("back-off ")
    assert waiting["message"].endswith(f" restarting failed container=c pod=bad_{NS}({uid})")
    assert state()["lastState"]["terminated"]["exitCode"] == 1
    backing_off = next(e for e in lab.all("Event", NS) if e["reason"] == "BackOff")
    assert backing_off["count"] >= 1


async def test_equal_events_are_counted_and_old_ones_go() -> None:
    async with Lab.start(world="empty", speed=1.0) as lab:
        lab.clock.stop()
        events = Events(lab.store, Objects(lab.store, lab.clock), lab.clock)
        about = lab.get("Namespace", "", "default")
        for _ in range(3):
            events.record(about, "Normal", "Again", "and again", "test")
        (event,) = [e for e in lab.all("Event") if e["reason"] == "Again"]
        assert event["count"] == 3
        for number in range(MAX_EVENTS + 5):
            events.record(about, "Normal", "Many", f"number {number}", "test")
        assert len([e for e in lab.all("Event") if e["source"]["component"] == "test"]) == MAX_EVENTS
        lab.clock.advance(TTL_SECONDS + 1)
        assert not [e for e in lab.all("Event") if e["source"]["component"] == "test"]


def stateful_set(name: str = "s") -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": "s"}},
        "spec": {"containers": [{"name": "c", "image": "nginx:alpine"}]},
    }
    spec = {"replicas": 3, "serviceName": name, "selector": {"matchLabels": {"app": "s"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": spec}


def replica_set() -> dict[str, Any]:
    spec = deployment(replicas=2)["spec"]
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r"}, "spec": spec}


def owners(lab: Lab) -> dict[str, list[str]]:
    """The uids of the owners of each pod made here."""
    return {
        pod["metadata"]["name"]: [owner["uid"] for owner in pod["metadata"].get("ownerReferences") or ()]
        for pod in lab.all("Pod", NS)
        if pod["metadata"]["name"].startswith(("s-", "r-", "d-"))
    }


def uid(lab: Lab, kind: str, name: str) -> str:
    return str(lab.get(kind, NS, name)["metadata"]["uid"])


def ready(lab: Lab, kind: str, name: str) -> int:
    return int((lab.get(kind, NS, name).get("status") or {}).get("readyReplicas", 0))


def label(lab: Lab, pod: str, value: str) -> None:
    lab.change("Pod", NS, pod, lambda item: item["metadata"]["labels"].update(app=value))


@pytest.mark.parametrize("kind", ["StatefulSet", "ReplicaSet"])
async def test_pods_left_behind_are_adopted(lab: Lab, client: Client, kind: str) -> None:
    item = stateful_set() if kind == "StatefulSet" else replica_set()
    name, plural = item["metadata"]["name"], f"{kind.lower()}s"
    lab.apply(item, NS)
    await lab.until(lambda: ready(lab, kind, name) == item["spec"]["replicas"])
    before = sorted(owners(lab))
    path = f"/apis/apps/v1/namespaces/{NS}/{plural}/{name}"
    assert (await client.call("DELETE", path, {"propagationPolicy": "Orphan"})).status == 200
    assert set(map(tuple, owners(lab).values())) == {()}
    lab.apply(item, NS)
    await lab.until(lambda: ready(lab, kind, name) == item["spec"]["replicas"])
    assert owners(lab) == {pod: [uid(lab, kind, name)] for pod in before}


async def test_a_replica_set_left_behind_is_adopted(lab: Lab, client: Client) -> None:
    lab.apply(deployment(), NS)
    await lab.until(lambda: is_complete(lab, 4))
    before = owners(lab)
    path = f"/apis/apps/v1/namespaces/{NS}/deployments/d"
    assert (await client.call("DELETE", path, {"propagationPolicy": "Orphan"})).status == 200
    lab.apply(deployment(), NS)
    await lab.until(lambda: bool(lab.get("Deployment", NS, "d").get("status")) and is_complete(lab, 4))
    (kept,) = lab.all("ReplicaSet", NS)
    assert kept["metadata"]["ownerReferences"][0]["uid"] == uid(lab, "Deployment", "d")
    assert owners(lab) == before


async def test_a_stateful_set_releases_a_pod_and_finds_its_name_taken(lab: Lab) -> None:
    lab.apply(stateful_set(), NS)
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    own, first = [uid(lab, "StatefulSet", "s")], lab.get("Pod", NS, "s-1")["metadata"]["uid"]
    label(lab, "s-1", "x")
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 2)
    assert owners(lab) == {"s-0": own, "s-1": [], "s-2": own}
    assert lab.get("StatefulSet", NS, "s")["status"]["replicas"] == 2
    label(lab, "s-1", "s")
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    assert owners(lab) == {"s-0": own, "s-1": own, "s-2": own}
    assert lab.get("Pod", NS, "s-1")["metadata"]["uid"] == first


async def test_a_name_that_is_free_again_is_used(lab: Lab, client: Client) -> None:
    lab.apply(stateful_set(), NS)
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    label(lab, "s-1", "x")
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 2)
    await client.call("DELETE", f"/api/v1/namespaces/{NS}/pods/s-1")
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    assert owners(lab)["s-1"] == [uid(lab, "StatefulSet", "s")]


async def test_a_replica_set_replaces_the_pod_that_it_releases(lab: Lab) -> None:
    lab.apply(replica_set(), NS)
    await lab.until(lambda: ready(lab, "ReplicaSet", "r") == 2)
    released = min(owners(lab))
    label(lab, released, "x")
    await lab.until(lambda: len(owners(lab)) == 3 and ready(lab, "ReplicaSet", "r") == 2)
    assert owners(lab)[released] == []
    label(lab, released, "d")  # one too many: it is taken, and one of the three has to go
    await lab.until(lambda: len(owners(lab)) == 2)
    assert set(map(tuple, owners(lab).values())) == {(uid(lab, "ReplicaSet", "r"),)}


async def test_a_pod_of_another_owner_is_left_alone(lab: Lab) -> None:
    lab.apply(stateful_set("s"), NS)
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    before = owners(lab)
    lab.apply(
        {
            **replica_set(),
            "spec": {
                **replica_set()["spec"],
                "selector": {"matchLabels": {"app": "s"}},
                "template": stateful_set()["spec"]["template"],
            },
        },
        NS,
    )
    await lab.until(lambda: ready(lab, "ReplicaSet", "r") == 2)
    assert {name: found for name, found in owners(lab).items() if name in before} == before


async def test_what_a_set_was_is_kept_as_revisions(lab: Lab, client: Client) -> None:
    lab.apply(stateful_set(), NS)
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    await change_template(lab, "nginx:1.27-alpine", newest=2)
    await change_template(lab, "nginx:alpine", newest=3)
    assert revisions(lab) == [2, 3], "a template that was there before takes its revision along"
    (first, last) = sorted(of_set(lab), key=lambda item: int(item["revision"]))
    assert first["data"]["spec"]["template"]["$patch"] == "replace"
    assert first["data"]["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.27-alpine"
    assert lab.get("StatefulSet", NS, "s")["status"]["currentRevision"] == last["metadata"]["name"]
    path = f"/apis/apps/v1/namespaces/{NS}/controllerrevisions/{last['metadata']['name']}"
    headers = {**client.headers, "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    async with client.http.get(lab.server + path, headers=headers) as got:
        (row,) = (await got.json())["rows"]
    assert row["cells"][1:3] == ["statefulset.apps/s", "3"]


async def change_template(lab: Lab, image: str, *, newest: int) -> None:
    lab.change("StatefulSet", NS, "s", lambda item: of_image(item, image))
    await lab.until(lambda: revisions(lab)[-1:] == [newest] and is_updated(lab))


def of_image(item: dict[str, Any], image: str) -> None:
    item["spec"]["template"]["spec"]["containers"][0]["image"] = image


def of_set(lab: Lab) -> list[dict[str, Any]]:
    own = uid(lab, "StatefulSet", "s")
    found = lab.all("ControllerRevision", NS)
    return [item for item in found if item["metadata"]["ownerReferences"][0]["uid"] == own]


def revisions(lab: Lab) -> list[int]:
    return sorted(int(item["revision"]) for item in of_set(lab))


def is_updated(lab: Lab) -> bool:
    found = lab.get("StatefulSet", NS, "s")["status"]
    return bool(found["currentRevision"] == found["updateRevision"] and found.get("readyReplicas") == 3)


async def test_only_so_many_revisions_are_kept(lab: Lab) -> None:
    lab.apply(stateful_set(), NS)
    lab.change("StatefulSet", NS, "s", lambda item: item["spec"].update(revisionHistoryLimit=1))
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    for number, image in enumerate(("nginx:1.27-alpine", "nginx:1.26-alpine", "nginx:alpine")):
        await change_template(lab, image, newest=2 + number)
    await lab.until(lambda: revisions(lab) == [3, 4])


async def test_below_the_partition_a_pod_comes_back_as_it_was(lab: Lab) -> None:
    lab.apply(stateful_set(), NS)
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)

    def edit(item: dict[str, Any]) -> None:
        item["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 2
        of_image(item, "nginx:1.27-alpine")

    def images() -> list[str]:
        return [lab.get("Pod", NS, f"s-{number}")["spec"]["containers"][0]["image"] for number in range(3)]

    lab.change("StatefulSet", NS, "s", edit)
    await lab.until(lambda: lab.get("StatefulSet", NS, "s")["status"].get("updatedReplicas") == 1)
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    lab.delete("Pod", NS, "s-0", grace=0)
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 2)
    await lab.until(lambda: ready(lab, "StatefulSet", "s") == 3)
    assert images() == ["nginx:alpine", "nginx:alpine", "nginx:1.27-alpine"]
    found = lab.get("StatefulSet", NS, "s")["status"]
    assert (found["currentReplicas"], found["updatedReplicas"]) == (2, 1)
    assert found["currentRevision"] != found["updateRevision"]


async def test_in_the_foreground_an_owner_goes_last(lab: Lab, client: Client) -> None:
    gone: list[str] = []
    lab.store.subscribe(lambda change: gone.append(change.resource.kind) if change.type == "DELETED" else None)
    lab.apply(deployment(replicas=2), NS)
    await lab.until(lambda: is_complete(lab, 2))
    path = f"/apis/apps/v1/namespaces/{NS}/deployments/d"
    answer = (await client.call("DELETE", path, {"propagationPolicy": "Foreground"})).json
    assert answer["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert answer["metadata"]["deletionTimestamp"]
    await lab.until(lambda: "Deployment" in gone)
    kinds = [kind for kind in gone if kind in ("Pod", "ReplicaSet", "Deployment")]
    assert kinds == ["Pod", "Pod", "ReplicaSet", "Deployment"]


async def test_a_map_is_deleted_in_the_foreground_at_once(client: Client) -> None:
    path = f"/api/v1/namespaces/{NS}/configmaps"
    await client.call("POST", path, {"metadata": {"name": "x"}})
    await client.call("DELETE", f"{path}/x", {"propagationPolicy": "Foreground"})
    assert (await client.call("GET", f"{path}/x")).status == 404


async def test_a_deployment_that_is_held_says_so(lab: Lab) -> None:
    lab.apply(deployment(), NS)
    await lab.until(lambda: is_complete(lab, 4))
    lab.change("Deployment", NS, "d", lambda item: item["spec"].update(paused=True))
    await lab.until(lambda: conditions(lab)["Progressing"] == ("Unknown", "DeploymentPaused"))
    seen: list[str] = []
    lab.store.subscribe(
        lambda change: seen.append(conditions(lab)["Progressing"][1]) if change.resource.kind == "Deployment" else None
    )
    lab.change("Deployment", NS, "d", lambda item: item["spec"].pop("paused"))
    await lab.until(lambda: conditions(lab)["Progressing"] == ("True", "NewReplicaSetAvailable"))
    assert "DeploymentResumed" in seen
