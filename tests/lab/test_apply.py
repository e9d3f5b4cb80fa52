"""Server-side apply and strategic merge: who owns which field, and how lists are joined."""

from __future__ import annotations

from typing import Any

import pytest

from kheadless_tui.lab.api.request import managed_fields
from kheadless_tui.lab.api.request.managed_fields import Manager
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.objects.resources import CONFIG_MAPS
from tests.lab.conftest import Client, Reply

NS = "/api/v1/namespaces/tutorial-1"
SERVICE = f"{NS}/services/shared"
APPLY, STRATEGIC = "application/apply-patch+yaml", "application/strategic-merge-patch+json"


def service(ports: list[dict[str, Any]], **labels: str) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": "shared"}
    if labels:
        meta["labels"] = labels
    spec = {"clusterIP": "None", "selector": {"app": "x"}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


async def apply(client: Client, item: dict[str, Any], manager: str, **query: str) -> Reply:
    return await client.call("PATCH", SERVICE, item, kind=APPLY, fieldManager=manager, **query)


def owners(item: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(entry["manager"], entry["operation"]): entry["fieldsV1"] for entry in item["metadata"]["managedFields"]}


async def test_apply_makes_what_is_not_there_and_owns_what_it_says(client: Client) -> None:
    made = await apply(client, service([{"name": "a", "port": 80}], team="one"), "first")
    assert made.status == 201
    fields = owners(made.json)["first", "Apply"]
    assert fields["f:metadata"] == {"f:labels": {"f:team": {}}}
    assert fields["f:spec"]["f:ports"] == {
        'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:name": {}, "f:port": {}},
    }
    again = await apply(client, service([{"name": "a", "port": 80}], team="one"), "first")
    assert (again.status, again.json["metadata"]["resourceVersion"]) == (200, made.json["metadata"]["resourceVersion"])


async def test_two_managers_share_a_list(client: Client) -> None:
    await apply(client, service([{"name": "a", "port": 80}]), "first")
    both = await apply(client, service([{"name": "b", "port": 81}]), "second")
    assert [port["port"] for port in both.json["spec"]["ports"]] == [80, 81]
    # what nobody applies any more goes, what another one owns stays
    left = await apply(client, service([{"name": "c", "port": 82}]), "first")
    assert [port["port"] for port in left.json["spec"]["ports"]] == [81, 82]


async def test_what_another_owns_is_taken_only_by_force(client: Client) -> None:
    await apply(client, service([{"name": "a", "port": 80}], team="one"), "first")
    refused = await apply(client, service([{"name": "b", "port": 80}], team="two"), "second")
    assert refused.status == 409
    causes = {cause["field"] for cause in refused.json["details"]["causes"]}
    assert causes == {".metadata.labels.team", '.spec.ports[port=80,protocol="TCP"].name'}
    taken = await apply(client, service([{"name": "b", "port": 80}], team="two"), "second", force="true")
    assert taken.json["metadata"]["labels"] == {"team": "two"}
    assert "f:metadata" not in owners(taken.json)["first", "Apply"]


async def test_a_field_that_is_no_longer_applied_goes(client: Client) -> None:
    await apply(client, service([{"name": "a", "port": 80}], team="one", tier="x"), "first")
    await client.call("PATCH", SERVICE, {"metadata": {"labels": {"own": "y"}}}, kind="application/merge-patch+json")
    left = await apply(client, service([{"name": "a", "port": 80}], team="one"), "first")
    assert left.json["metadata"]["labels"] == {"team": "one", "own": "y"}


async def test_what_was_there_before_anybody_was_written_down_has_an_owner(lab: Lab, client: Client) -> None:
    lab.apply(service([{"name": "a", "port": 80}], team="one"), "tutorial-1")
    refused = await apply(client, service([{"name": "a", "port": 80}], team="two"), "first")
    assert 'conflict with "before-first-apply" using v1: .metadata.labels.team' in refused.json["message"]
    agreed = await apply(client, service([{"name": "a", "port": 80}], team="one"), "first")
    assert agreed.status == 200


async def test_an_update_takes_what_it_changes(client: Client) -> None:
    await apply(client, service([{"name": "a", "port": 80}], team="one"), "first")
    patch = {"metadata": {"labels": {"team": "two"}}}
    changed = await client.call("PATCH", SERVICE, patch, kind="application/merge-patch+json", fieldManager="hand")
    assert owners(changed.json)["hand", "Update"] == {"f:metadata": {"f:labels": {"f:team": {}}}}
    assert "f:metadata" not in owners(changed.json)["first", "Apply"]


async def test_a_scale_is_owned_under_its_subresource(client: Client) -> None:
    path = "/apis/apps/v1/namespaces/tutorial-1/statefulsets/web"
    patch = {"spec": {"replicas": 2}}
    await client.call("PATCH", f"{path}/scale", patch, kind="application/merge-patch+json", fieldManager="hand")
    entry = (await client.get(path))["metadata"]["managedFields"][-1]
    assert (entry["manager"], entry["subresource"]) == ("hand", "scale")
    assert entry["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


async def test_a_strategic_patch_joins_lists_by_their_key(client: Client) -> None:
    await client.call("POST", f"{NS}/services", service([{"name": "a", "port": 80}, {"name": "b", "port": 81}]))

    async def ports(*patch: dict[str, Any], **more: Any) -> list[tuple[int, str]]:
        body = {"spec": {"ports": list(patch), **more}}
        changed = await client.call("PATCH", SERVICE, body, kind=STRATEGIC)
        assert changed.status == 200, changed.body
        return [(port["port"], port["name"]) for port in changed.json["spec"]["ports"]]

    assert await ports({"port": 81, "name": "c"}) == [(80, "a"), (81, "c")]
    order = {"$setElementOrder/ports": [{"port": 82}, {"port": 81}, {"port": 80}]}
    assert await ports({"port": 82, "name": "d"}, **order) == [(82, "d"), (81, "c"), (80, "a")]
    assert await ports({"port": 81, "$patch": "delete"}) == [(82, "d"), (80, "a")]
    assert await ports({"$patch": "replace"}, {"port": 90, "name": "z"}) == [(90, "z")]


async def test_empty_maps_and_lists_are_not_kept(client: Client) -> None:
    item = service([{"name": "a", "port": 80}])
    item["metadata"]["annotations"] = {}
    item["spec"]["externalIPs"] = []
    made = (await client.call("POST", f"{NS}/services", item)).json
    assert "annotations" not in made["metadata"]
    assert "externalIPs" not in made["spec"]


async def test_unknown_fields_are_dropped_and_warned_of(client: Client) -> None:
    item = service([{"name": "a", "port": 80, "nodeprot": 1}])
    made = await client.call("POST", f"{NS}/services", item)
    assert made.headers["Warning"] == '299 - "unknown field \\"spec.ports[0].nodeprot\\""'
    assert "nodeprot" not in made.json["spec"]["ports"][0]
    quiet = await client.call("POST", f"{NS}/services", {**item, "metadata": {"name": "q"}}, fieldValidation="Ignore")
    assert (quiet.status, "Warning" in quiet.headers) == (201, False)


@pytest.mark.parametrize(
    ("patch", "status", "says"),
    [
        ({"spec": {"ports": [{"name": "x"}]}}, 500, "map: map[name:x] does not contain declared merge key: port"),
        ({"spec": {"$setElementOrder/ports": [{"x": "y"}]}}, 500,
         "map: map[x:y] does not contain declared merge key: port"),
        ({"spec": {"$retainKeys": "x"}}, 400, "invalid patch format of retainKeys"),
        ([], 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ],
)  # fmt: skip
async def test_a_strategic_patch_that_is_none(client: Client, patch: Any, status: int, says: str) -> None:
    """Said so by an API server 1.34."""
    await client.call("POST", f"{NS}/services", service([{"name": "a", "port": 80}]))
    refused = await client.call("PATCH", SERVICE, patch, kind=STRATEGIC)
    assert (refused.status, refused.json["message"]) == (status, says)


async def test_a_list_that_was_not_there_is_taken_as_it_is_and_held_against_the_rules(client: Client) -> None:
    path = "/apis/apps/v1/namespaces/tutorial-1/statefulsets/web"
    for inner, status, says in (
        ({"name": "nginx", "env": [{"value": "x"}]}, 422, "containers[0].env[0].name: Required value"),
        ("x", 500, "list element types are not identical: [[map["),
    ):  # fmt: skip
        patch = {"spec": {"template": {"spec": {"containers": [inner]}}}}
        refused = await client.call("PATCH", path, patch, kind=STRATEGIC)
        assert refused.status == status
        assert says in refused.json["message"]


@pytest.mark.parametrize(
    ("given", "owned"),
    [
        ({}, set()),
        ({"clusterIP": "None"}, {"f:clusterIP"}),
        ({"clusterIP": "None", "ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv4", "IPv6"]},
         {"f:clusterIP", "f:ipFamilyPolicy", "f:ipFamilies"}),
    ],
)  # fmt: skip
async def test_nobody_owns_the_addresses_that_the_server_chose(
    client: Client, given: dict[str, Any], owned: set[str]
) -> None:
    """Seen on an API server 1.34."""
    body = {"metadata": {"name": "chosen"}, "spec": {"ports": [{"port": 80}], "selector": {"a": "b"}, **given}}
    made = await client.call("POST", f"{NS}/services", body)
    ((_, fields),) = owners(made.json).items()
    assert set(fields["f:spec"]) == owned | {
        "f:internalTrafficPolicy", "f:ports", "f:selector", "f:sessionAffinity", "f:type"
    }  # fmt: skip


def test_a_value_that_its_owner_changes_has_the_time_of_that() -> None:
    manager = Manager("hand")
    times: list[str] = []
    before: dict[str, Any] | None = None
    item: dict[str, Any] = {"metadata": {"name": "x"}}
    for second, value in enumerate(("1", "2", "2")):
        item = {**item, "metadata": dict(item["metadata"]), "data": {"a": value}}
        managed_fields.after_update(CONFIG_MAPS, before, item, manager, f"2026-01-01T00:00:0{second}Z")
        times += [entry["time"] for entry in item["metadata"]["managedFields"]]
        before = item
    assert [time[-3:] for time in times] == ["00Z", "01Z", "01Z"]
