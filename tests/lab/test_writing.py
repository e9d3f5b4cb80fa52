"""Create, update, patch, delete: what is filled in, what is refused and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.objects.resources import NAMESPACES
from tests.lab.conftest import Client

NS = "/api/v1/namespaces/tutorial-1"
SETS = "/apis/apps/v1/namespaces/tutorial-1/statefulsets"


def service(name: str = "s", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": [{"port": 80}], **spec},
    }


def pod(name: str = "p", **spec: Any) -> dict[str, Any]:
    containers = [{"name": "x", "image": "busybox:1.28", "command": ["sleep", "3600"]}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}


async def test_a_headless_service_gets_what_the_real_server_fills_in(client: Client) -> None:
    reply = await client.call("POST", f"{NS}/services", service(clusterIP="None", selector={"a": "b"}))
    assert reply.status == 201
    assert reply.json["spec"] == {
        "ports": [{"protocol": "TCP", "port": 80, "targetPort": 80}],
        "selector": {"a": "b"},
        "clusterIP": "None",
        "clusterIPs": ["None"],
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }
    assert reply.json["status"] == {"loadBalancer": {}}
    without_selector = (await client.call("POST", f"{NS}/services", service("t", clusterIP="None"))).json["spec"]
    assert (without_selector["ipFamilies"], without_selector["ipFamilyPolicy"]) == (
        ["IPv4", "IPv6"],
        "RequireDualStack",
    )


async def test_a_service_gets_an_address_of_its_own(client: Client) -> None:
    first = (await client.call("POST", f"{NS}/services", service("a"))).json["spec"]
    second = (await client.call("POST", f"{NS}/services", service("b", ipFamilyPolicy="PreferDualStack"))).json["spec"]
    assert first["clusterIP"].startswith("10.96.")
    assert first["clusterIPs"] == [first["clusterIP"]]
    assert second["clusterIP"] != first["clusterIP"]
    assert second["clusterIPs"][1].startswith("fd00:96::")


NOT_ALLOWED = "the server does not allow this method on the requested resource"
ADDRESS_REFUSED = 'spec.clusterIPs: Invalid value: ["{0}"]: failed to allocate IP {0}: {1}'


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"clusterIPs": ["None"]},
            'spec.clusterIPs: Invalid value: ["None"]: must be empty when `clusterIP` is not specified',
        ),
        ({"clusterIP": "10.96.0.10"}, ADDRESS_REFUSED.format("10.96.0.10", "provided IP is already allocated")),
        (
            {"clusterIP": "10.6.0.10"},
            ADDRESS_REFUSED.format("10.6.0.10", "the provided network does not match the current range"),
        ),
        ({"ports": []}, "spec.ports: Required value"),
        ({"type": "ExternalName"}, "spec.externalName: Required value"),
        (
            {"ports": [{"port": 80}, {"port": 81}]},
            "[spec.ports[0].name: Required value, spec.ports[1].name: Required value]",
        ),
    ],
)
async def test_services_that_are_refused(client: Client, spec: dict[str, Any], message: str) -> None:
    reply = await client.call("POST", f"{NS}/services", service(**spec))
    assert (reply.status, reply.json["reason"]) == (422, "Invalid")
    assert reply.json["message"] == f'Service "s" is invalid: {message}'
    assert reply.json["details"]["causes"]


async def test_a_cluster_address_may_not_change(client: Client) -> None:
    reply = await client.call(
        "PATCH",
        f"{NS}/services/nginx-headless",
        {"spec": {"clusterIP": "10.96.3.3"}},
        kind="application/merge-patch+json",
    )
    assert reply.json["message"] == (
        'Service "nginx-headless" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.3.3"]: may not change once set'
    )


async def test_a_template_that_the_selector_does_not_match(client: Client) -> None:
    template = {"metadata": {"labels": {"a": "c"}}, "spec": {"containers": [{"name": "x", "image": "nginx:alpine"}]}}
    body = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "s"},
        "spec": {"serviceName": "a", "selector": {"matchLabels": {"a": "b"}}, "template": template},
    }
    reply = await client.call("POST", SETS, body)
    assert reply.json["message"] == (
        'StatefulSet.apps "s" is invalid: spec.template.metadata.labels: Invalid value: {"a":"c"}: '
        "`selector` does not match template `labels`"
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "message"),
    [
        ("POST", f"{NS}/pods", pod("web-0"), 409, 'pods "web-0" already exists'),
        ("POST", "/api/v1/namespaces/nope/pods", pod(), 404, 'namespaces "nope" not found'),
        (
            "POST",
            f"{NS}/pods",
            service(),
            400,
            'Service in version "v1" cannot be handled as a Pod: '
            "converting (v1.Service) to (core.Pod): unknown conversion",
        ),
        ("PUT", f"{NS}/pods", pod(), 405, NOT_ALLOWED),
        ("POST", f"{NS}/pods/web-0", pod(), 405, NOT_ALLOWED),
        ("POST", "/api/v1/pods", pod(), 405, NOT_ALLOWED),
    ],
)
async def test_writes_that_are_refused(
    client: Client, method: str, path: str, body: dict[str, Any], code: int, message: str
) -> None:
    reply = await client.call(method, path, body)
    assert (reply.status, reply.json["message"]) == (code, message)


@pytest.mark.parametrize("body", [b"{", b"\x00\xff", b"[1]", b'"x"', b"{" * 5000, b"k8s\x00\xff\xff"])
async def test_bodies_that_are_none(client: Client, body: bytes) -> None:
    reply = await client.call("POST", f"{NS}/pods", body)
    assert (reply.status, reply.json["reason"]) == (400, "BadRequest")
    assert reply.json["message"].startswith("the object provided is unrecognized (must be of type Pod)")


async def test_a_body_that_is_too_big_or_of_a_strange_type(client: Client) -> None:
    huge = b'{"x": "' + b"y" * (4 << 20) + b'"}'
    assert (await client.call("POST", f"{NS}/pods", huge)).status == 413
    assert (await client.call("POST", f"{NS}/pods", b"{}", kind="text/plain")).status == 415
    strange = await client.call("PATCH", f"{NS}/pods/web-0", b"{}", kind="application/foo+json")
    assert (strange.status, strange.json["message"]) == (415, "415: Unsupported Media Type")


async def test_a_strategic_patch_merges_lists_by_their_key(client: Client) -> None:
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.27-alpine"}]}}}}
    reply = await client.call("PATCH", f"{SETS}/web", patch, kind="application/strategic-merge-patch+json")
    (container,) = reply.json["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["ports"][0]["containerPort"]) == ("nginx:1.27-alpine", 80)
    assert reply.json["metadata"]["generation"] == 2


async def test_json_patch(client: Client) -> None:
    patch = [
        {"op": "test", "path": "/spec/clusterIP", "value": "None"},
        {"op": "add", "path": "/metadata/labels/a~1b", "value": "c"},
    ]
    reply = await client.call("PATCH", f"{NS}/services/nginx-headless", patch, kind="application/json-patch+json")
    assert reply.json["metadata"]["labels"]["a/b"] == "c"
    wrong = [{"op": "remove", "path": "/metadata/nothing"}]
    refused = await client.call("PATCH", f"{NS}/services/nginx-headless", wrong, kind="application/json-patch+json")
    assert refused.status == 422


async def test_an_update_of_an_old_version_is_a_conflict(client: Client) -> None:
    old = await client.get(f"{NS}/services/nginx-headless")
    changed = {**old, "metadata": {**old["metadata"], "labels": {"x": "y"}}}
    assert (await client.call("PUT", f"{NS}/services/nginx-headless", changed)).status == 200
    again = await client.call(
        "PUT", f"{NS}/services/nginx-headless", {**old, "metadata": {**old["metadata"], "labels": {}}}
    )
    assert (again.status, again.json["reason"]) == (409, "Conflict")
    assert again.json["message"].endswith("please apply your changes to the latest version and try again")


async def test_an_update_that_changes_nothing_is_no_event(client: Client) -> None:
    before = await client.get(f"{NS}/services/nginx-headless")
    after = (await client.call("PUT", f"{NS}/services/nginx-headless", before)).json
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_dry_run_stores_nothing(client: Client) -> None:
    assert (await client.call("POST", f"{NS}/pods", pod("dry"), dryRun="All")).status == 201
    assert (await client.call("GET", f"{NS}/pods/dry")).status == 404


async def test_scale_is_a_resource_of_its_own(client: Client) -> None:
    scale = await client.get(f"{SETS}/web/scale")
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]) == ({"replicas": 3}, {"replicas": 3, "selector": "app=nginx"})
    patch = {"spec": {"replicas": -1}}
    refused = await client.call("PATCH", f"{SETS}/web/scale", patch, kind="application/merge-patch+json")
    assert refused.json["message"] == (
        'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    )


async def test_a_pod_may_not_move(client: Client) -> None:
    patch = {"spec": {"nodeName": "x"}}
    reply = await client.call("PATCH", f"{NS}/pods/web-0", patch, kind="application/strategic-merge-patch+json")
    assert reply.json["message"].startswith(
        'Pod "web-0" is invalid: spec: Forbidden: pod updates may not change fields other'
    )


async def test_ephemeral_containers_are_added_and_never_changed(lab: Lab, client: Client) -> None:
    path, kind = f"{NS}/pods/web-0/ephemeralcontainers", "application/strategic-merge-patch+json"

    def patch(**fields: str) -> dict[str, Any]:
        container = {"name": "dbg", "image": "busybox:1.28", "command": ["sleep", "60"], **fields}
        return {"spec": {"ephemeralContainers": [container]}}

    added = await client.call("PATCH", path, patch(), kind=kind)
    assert (added.status, added.json["kind"]) == (200, "Pod")
    changed = await client.call("PATCH", path, patch(image="busybox:1.29"), kind=kind)
    assert 'existing ephemeral containers "dbg" may not be changed' in changed.json["message"]
    taken = await client.call("PATCH", path, patch(name="nginx"), kind=kind)
    assert taken.json["details"]["causes"][0]["reason"] == "FieldValueDuplicate"

    def running() -> bool:
        found = lab.get("Pod", "tutorial-1", "web-0")["status"].get("ephemeralContainerStatuses") or [{}]
        return "running" in found[0].get("state", {})

    await lab.until(running)


async def test_delete_answers_like_the_real_server(client: Client) -> None:
    other = {"preconditions": {"uid": "other"}}
    refused = await client.call("DELETE", f"{NS}/pods/web-1", other)
    assert refused.status == 409
    assert "the UID in the precondition (other) does not match the UID in record" in refused.json["message"]
    leaving = (await client.call("DELETE", f"{NS}/pods/web-0", {"gracePeriodSeconds": 20})).json
    assert leaving["metadata"]["deletionGracePeriodSeconds"] == 20
    gone = (await client.call("DELETE", f"{NS}/services/nginx-headless")).json
    assert (gone["kind"], gone["metadata"]["name"]) == ("Service", "nginx-headless")
    done = (await client.call("DELETE", f"{SETS}/web")).json
    assert (done["kind"], done["status"]) == ("Status", "Success")
    assert done["details"]["kind"] == "statefulsets"


async def test_a_collection_is_deleted_by_selector(lab: Lab, client: Client) -> None:
    for name in ("a", "b"):
        lab.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"n": name}}}, "default"
        )
    reply = await client.call("DELETE", "/api/v1/namespaces/default/configmaps", labelSelector="n=a")
    assert reply.status == 200
    assert [item["metadata"]["name"] for item in lab.all("ConfigMap", "default")] == ["b", "kube-root-ca.crt"]


async def test_a_namespace_takes_everything_with_it(lab: Lab, client: Client) -> None:
    going = (await client.call("DELETE", NS)).json
    assert going["status"]["phase"] == "Terminating"
    refused = await client.call("POST", f"{NS}/pods", pod())
    assert refused.status == 403
    assert (
        "unable to create new content in namespace tutorial-1 because it is being terminated" in refused.json["message"]
    )
    await lab.until(lambda: lab.store.find(NAMESPACES, "", "tutorial-1") is None)
    assert (await client.get(f"{NS}/pods"))["items"] == []
    assert (await client.get(f"{NS}/services"))["items"] == []


async def test_endpoints_are_answered_with_a_warning(client: Client) -> None:
    reply = await client.call("GET", f"{NS}/endpoints")
    assert reply.headers["Warning"].startswith('299 - "v1 Endpoints is deprecated in v1.33+')


async def test_a_finalizer_holds_an_object_back(client: Client) -> None:
    maps = f"{NS}/configmaps"
    await client.call("POST", maps, {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    held = (await client.call("DELETE", f"{maps}/held")).json
    assert (held["kind"], held["metadata"]["deletionGracePeriodSeconds"]) == ("ConfigMap", 0)
    assert "deletionTimestamp" in (await client.get(f"{maps}/held"))["metadata"]
    free = {"metadata": {"finalizers": None}}
    assert (await client.call("PATCH", f"{maps}/held", free, kind="application/merge-patch+json")).status == 200
    assert (await client.call("GET", f"{maps}/held")).status == 404
