"""Discovery, list, get, watch: what a client reads, and what it is told when it asks wrongly."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import aiohttp
import pytest

from kheadless_tui.lab.lab import Lab
from tests.lab.conftest import Client

PODS = "/api/v1/namespaces/tutorial-1/pods"
SERVICES = "/api/v1/namespaces/tutorial-1/services"


async def test_discovery_names_what_is_served(client: Client) -> None:
    assert (await client.get("/api"))["versions"] == ["v1"]
    groups = {item["name"] for item in (await client.get("/apis"))["groups"]}
    assert groups >= {"apps", "discovery.k8s.io", "authorization.k8s.io"}
    core = {item["name"]: item for item in (await client.get("/api/v1"))["resources"]}
    assert core["pods"]["shortNames"] == ["po"]
    assert core["pods/exec"]["kind"] == "PodExecOptions"
    assert core["namespaces"]["namespaced"] is False
    assert (await client.get("/version"))["gitVersion"].startswith("v1.")


async def test_lists_leave_kind_out_of_items_and_carry_a_version(client: Client) -> None:
    found = await client.get(PODS)
    assert (found["kind"], found["apiVersion"]) == ("PodList", "v1")
    assert found["metadata"]["resourceVersion"].isdigit()
    assert [item["metadata"]["name"] for item in found["items"]] == ["web-0", "web-1", "web-2"]
    assert not {"kind", "apiVersion"} & set(found["items"][0])
    single = await client.get(f"{PODS}/web-0")
    assert (single["kind"], single["apiVersion"]) == ("Pod", "v1")


async def test_pages_show_one_version(client: Client) -> None:
    first = await client.get(PODS, limit="2")
    assert [item["metadata"]["name"] for item in first["items"]] == ["web-0", "web-1"]
    assert first["metadata"]["remainingItemCount"] == 1
    client.lab.delete("Pod", "tutorial-1", "web-2", grace=0)
    second = await client.get(PODS, limit="2", **{"continue": first["metadata"]["continue"]})
    assert [item["metadata"]["name"] for item in second["items"]] == ["web-2"], "as it was when the first page was made"
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "continue" not in second["metadata"]


async def test_a_page_of_a_forgotten_version_is_gone_and_says_how_to_go_on(client: Client) -> None:
    token = (await client.get(PODS, limit="1"))["metadata"]["continue"]
    client.lab.expire_watches()
    reply = await client.call("GET", PODS, limit="1", **{"continue": token})
    assert (reply.status, reply.json["reason"]) == (410, "Expired")
    rest = await client.get(PODS, **{"continue": reply.json["metadata"]["continue"]})
    assert [item["metadata"]["name"] for item in rest["items"]] == ["web-1", "web-2"]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=nginx", ["nginx-headless"]),
        ("app!=nginx", ["headless-svc", "headless-svc-stateful"]),
        ("app", ["nginx-headless"]),
        ("!app", ["headless-svc", "headless-svc-stateful"]),
        ("app in (nginx,other)", ["nginx-headless"]),
        ("app notin (nginx)", ["headless-svc", "headless-svc-stateful"]),
        ("app==nginx,app", ["nginx-headless"]),
    ],
)
async def test_label_selectors(client: Client, selector: str, names: list[str]) -> None:
    found = await client.get("/api/v1/services", labelSelector=selector)
    chosen = [
        i["metadata"]["name"] for i in found["items"] if i["metadata"]["namespace"] in ("tutorial-1", "tutorial-3")
    ]
    assert sorted(chosen) == sorted(names)


async def test_field_selectors(client: Client) -> None:
    found = await client.get("/api/v1/pods", fieldSelector="metadata.name=peer-1,status.phase=Running")
    assert [item["metadata"]["name"] for item in found["items"]] == ["peer-1"]


@pytest.mark.parametrize(
    ("path", "params", "code", "reason", "message"),
    [
        (f"{PODS}/none", {}, 404, "NotFound", 'pods "none" not found'),
        (
            "/apis/discovery.k8s.io/v1/namespaces/tutorial-1/endpointslices/x",
            {},
            404,
            "NotFound",
            'endpointslices.discovery.k8s.io "x" not found',
        ),
        ("/api/v1/namespaces/a/nokind", {}, 404, "NotFound", "the server could not find the requested resource"),
        ("/api/v1/pods", {"fieldSelector": "spec.foo=b"}, 400, "BadRequest", "field label not supported: spec.foo"),
        (
            "/api/v1/pods",
            {"labelSelector": "a===b"},
            400,
            "BadRequest",
            "unable to parse requirement: found '=', expected: identifier",
        ),
        ("/api/v1/pods", {"limit": "x"}, 400, "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax'),
        (
            "/api/v1/pods",
            {"resourceVersion": "abc"},
            400,
            "BadRequest",
            'invalid resource version: resourceVersion: Invalid value: "abc": '
            'strconv.ParseUint: parsing "abc": invalid syntax',
        ),
    ],
)
async def test_refusals_are_those_of_the_real_server(
    client: Client, path: str, params: dict[str, str], code: int, reason: str, message: str
) -> None:
    reply = await client.call("GET", path, **params)
    assert reply.status == code
    assert reply.headers["Content-Type"] == "application/json"
    status = reply.json
    assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", code)
    assert (status["reason"], status["message"]) == (reason, message)


async def test_a_version_of_the_future_is_a_timeout_that_says_when_to_come_back(client: Client) -> None:
    reply = await client.call("GET", "/api/v1/pods", resourceVersion="99999999")
    assert (reply.status, reply.json["details"]["retryAfterSeconds"]) == (504, 1)
    assert reply.json["message"].startswith("Timeout: Too large resource version: 99999999, current: ")
    assert reply.headers["Retry-After"] == "1"


@pytest.mark.parametrize("token", ["abc", base64.b64encode(b"{}").decode(), "ÿ"])
async def test_a_continue_token_that_is_none_is_bad(client: Client, token: str) -> None:
    reply = await client.call("GET", "/api/v1/pods", limit="1", **{"continue": token})
    assert reply.status == 400
    assert reply.json["message"].startswith("invalid continue token: ")


async def test_a_group_that_is_not_served_is_plain_text(client: Client) -> None:
    reply = await client.call("GET", "/apis/nope/v1")
    assert (reply.status, reply.body) == (404, b"404 page not found\n")


async def test_the_table_of_kubectl(client: Client) -> None:
    headers = {**client.headers, "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
    async with client.http.get(client.lab.server + SERVICES, headers=headers) as got:
        table = json.loads(await got.read())
    assert table["kind"] == "Table"
    names = [column["name"] for column in table["columnDefinitions"]]
    row = dict(zip(names, table["rows"][0]["cells"], strict=True))
    assert row["Name"] == "nginx-headless"
    assert (row["Type"], row["Cluster-IP"], row["Port(s)"], row["Selector"]) == (
        "ClusterIP",
        "None",
        "80/TCP",
        "app=nginx",
    )
    assert row["Age"] == "120m"
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


async def test_a_watch_tells_what_changes_after_a_version(client: Client) -> None:
    version = (await client.get(SERVICES))["metadata"]["resourceVersion"]
    client.lab.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other", "namespace": "tutorial-1"},
                      "spec": {"clusterIP": "None", "ports": [{"port": 80}]}})  # fmt: skip
    events = client.watch(SERVICES, resourceVersion=version)
    added = await anext(events)
    assert (added["type"], added["object"]["metadata"]["name"]) == ("ADDED", "other")
    assert added["object"]["kind"] == "Service"

    def relabel(item: dict[str, Any]) -> None:
        item["metadata"]["labels"] = {"a": "b"}

    client.lab.change("Service", "tutorial-1", "other", relabel)
    modified = await anext(events)
    assert (modified["type"], modified["object"]["metadata"]["labels"]) == ("MODIFIED", {"a": "b"})
    assert int(modified["object"]["metadata"]["resourceVersion"]) > int(added["object"]["metadata"]["resourceVersion"])
    client.lab.delete("Service", "tutorial-1", "other")
    assert (await anext(events))["type"] == "DELETED"


async def test_a_watch_without_a_version_begins_with_what_is_there(client: Client) -> None:
    events = client.watch(PODS)
    assert [(await anext(events))["object"]["metadata"]["name"] for _ in range(3)] == ["web-0", "web-1", "web-2"]


async def test_initial_events_end_with_a_bookmark_that_says_so(client: Client) -> None:
    events = client.watch(
        PODS, sendInitialEvents="true", resourceVersionMatch="NotOlderThan", allowWatchBookmarks="true"
    )
    kinds = [await anext(events) for _ in range(4)]
    assert [event["type"] for event in kinds] == ["ADDED", "ADDED", "ADDED", "BOOKMARK"]
    meta = kinds[-1]["object"]["metadata"]
    assert meta["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert meta["resourceVersion"].isdigit()


async def test_bookmarks_come_to_those_who_ask(client: Client) -> None:
    version = (await client.get(PODS))["metadata"]["resourceVersion"]
    event = await anext(client.watch(PODS, resourceVersion=version, allowWatchBookmarks="true"))
    assert event["type"] == "BOOKMARK"
    assert set(event["object"]["metadata"]) == {"resourceVersion"}


async def test_what_leaves_the_selector_is_deleted_for_the_watcher(client: Client) -> None:
    version = (await client.get(PODS))["metadata"]["resourceVersion"]

    def relabel(item: dict[str, Any]) -> None:
        item["metadata"]["labels"]["app"] = "other"

    client.lab.change("Pod", "tutorial-1", "web-1", relabel)
    event = await anext(client.watch(PODS, resourceVersion=version, labelSelector="app=nginx"))
    assert (event["type"], event["object"]["metadata"]["labels"]["app"]) == ("DELETED", "nginx")


async def test_a_watch_ends_when_its_time_is_over(client: Client) -> None:
    version = (await client.get(PODS))["metadata"]["resourceVersion"]
    events = [event async for event in client.watch(PODS, resourceVersion=version, timeoutSeconds="5")]
    assert events == []


async def test_an_old_version_is_answered_by_an_event_of_410(client: Client) -> None:
    version = (await client.get(PODS))["metadata"]["resourceVersion"]
    client.lab.expire_watches()
    event = await anext(client.watch(PODS, resourceVersion=version))
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith(f"too old resource version: {version} (")


async def test_many_watches_and_one_that_never_reads(lab: Lab, client: Client) -> None:
    version = (await client.get(PODS))["metadata"]["resourceVersion"]
    deaf = await client.http.get(client.lab.server + PODS, headers=client.headers, params={"watch": "1"})
    streams = [client.watch(PODS, resourceVersion=version) for _ in range(60)]
    lab.delete("Pod", "tutorial-1", "web-2", grace=0)
    for stream in streams:
        assert (await anext(stream))["type"] == "DELETED"
    deaf.close()
    assert len((await client.get("/api/v1/namespaces"))["items"]) > 5


async def test_big_lists_are_compressed_for_those_who_take_it(lab: Lab, client: Client) -> None:
    for number in range(60):
        lab.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"big-{number}"}, "data": {"x": "y" * 4000}}
        )
    async with client.http.get(f"{lab.server}/api/v1/configmaps", headers=client.headers) as got:
        assert got.headers["Content-Encoding"] == "gzip"
        assert len(json.loads(await got.read())["items"]) >= 60


async def test_nobody_gets_in_without_a_token(lab: Lab, client: Client) -> None:
    async with client.http.get(f"{lab.server}/api/v1/pods", headers={"Authorization": "Bearer x"}) as got:
        assert (got.status, (await got.json())["message"]) == (401, "Unauthorized")
    async with client.http.get(f"{lab.server}/api/v1/pods") as got:
        assert got.status == 403
        assert 'User "system:anonymous" cannot list resource "pods"' in (await got.json())["message"]
    connector = aiohttp.TCPConnector()
    async with aiohttp.ClientSession(connector=connector) as stranger:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await stranger.get(f"{lab.server}/version")


async def test_a_list_at_an_older_version_shows_what_was_there(client: Client) -> None:
    path = "/api/v1/namespaces/tutorial-1/configmaps"
    versions = []
    for name in ("a", "b", "c"):
        made = await client.call("POST", path, {"metadata": {"name": name}})
        versions.append(made.json["metadata"]["resourceVersion"])

    async def names(**query: str) -> list[str]:
        items = (await client.get(path, **query))["items"]
        return [item["metadata"]["name"] for item in items if item["metadata"]["name"] != "kube-root-ca.crt"]

    assert await names(resourceVersion=versions[1], resourceVersionMatch="Exact") == ["a", "b"]
    assert await names(resourceVersion=versions[1], limit="500") == ["a", "b"]
    assert await names(resourceVersion=versions[1]) == ["a", "b", "c"]
    assert await names(resourceVersion="0", limit="1") == ["a", "b", "c"]
    client.lab.expire_watches()
    late = await client.call("GET", path, resourceVersion=versions[1], resourceVersionMatch="Exact")
    assert (late.status, late.json["reason"]) == (410, "Expired")


async def test_a_watch_that_wants_nothing_of_before_is_told_nothing_of_before(client: Client, lab: Lab) -> None:
    events = client.watch(PODS, sendInitialEvents="false", resourceVersionMatch="NotOlderThan", timeoutSeconds="900")
    first = asyncio.ensure_future(anext(events))
    async with asyncio.timeout(10):
        while lab.api_server.open_watches != 1:
            await client.get(PODS)
    lab.delete("Pod", "tutorial-1", "web-1", grace=0)
    event = await first
    assert (event["type"], event["object"]["metadata"]["name"]) == ("DELETED", "web-1")


async def test_a_watch_can_be_had_as_a_table(client: Client) -> None:
    headers = {**client.headers, "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    url = f"{client.lab.server}{PODS}"
    async with client.http.get(url, headers=headers, params={"watch": "1"}) as got:
        event = json.loads(await got.content.readline())
    assert event["object"]["kind"] == "Table"
    assert event["object"]["rows"][0]["cells"][:3] == ["web-0", "1/1", "Running"]
