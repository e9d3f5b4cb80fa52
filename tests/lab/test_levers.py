"""What tests and lessons do to the lab, and what is left of it at the end."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import stat
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from kheadless_tui.errors import InputError
from kheadless_tui.lab.door.certificate import self_signed
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.worlds.world import ODD_PODS, WORLDS
from tests.lab.conftest import Client

PODS = "/api/v1/namespaces/tutorial-1/pods"


def exists(path: str) -> bool:
    return Path(path).exists()


def read(path: str) -> str:
    return Path(path).read_text()


def files(folder: str) -> list[str]:
    return [str(file) for file in Path(folder).iterdir()]


def modes(folder: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for path in [folder, *sorted(files(folder))]:
        found.setdefault(stat.S_IMODE(Path(path).stat().st_mode), []).append(path)
    return found


async def test_kubeconfigs_are_private_and_gone_at_the_end() -> None:
    async with Lab.start(world="empty") as lab:
        folder = os.path.dirname(lab.kubeconfig)
        assert modes(folder) == {0o700: [folder], 0o600: sorted(files(folder))}
        config = yaml.safe_load(read(lab.kubeconfig_of("viewer")))
        assert config["users"][0]["user"]["token"] == lab.token_of("viewer")
        assert config["clusters"][0]["cluster"]["server"] == lab.server
        port = int(lab.server.rpartition(":")[2])
    assert not exists(folder)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_nothing_is_left_when_it_fails_inside() -> None:
    seen: list[str] = []

    async def break_off() -> None:
        async with Lab.start(world="empty") as lab:
            seen.append(lab.kubeconfig)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    assert not exists(seen[0])


async def test_it_listens_on_loopback_only(lab: Lab) -> None:
    port = int(lab.server.rpartition(":")[2])
    own = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in own:
        if not str(address).startswith("127."):
            with socket.socket() as probe:
                assert probe.connect_ex((str(address), port)) != 0


async def test_tokens_are_new_for_each_lab_and_user() -> None:
    async with Lab.start(world="empty") as one, Lab.start(world="empty") as other:
        tokens = [lab.token_of(user) for lab in (one, other) for user in ("admin", "viewer", "namespaced", "nobody")]
    assert len(set(tokens)) == 8
    assert all(len(token) >= 40 for token in tokens)


def readiness(lab: Lab, namespace: str = "") -> dict[str, str]:
    return {
        pod["metadata"]["name"]: next(c["status"] for c in pod["status"]["conditions"] if c["type"] == "Ready")
        for pod in lab.all("Pod", namespace)
        if namespace or pod["metadata"]["namespace"] != ODD_PODS
    }


@pytest.mark.parametrize("world", sorted(WORLDS))
async def test_every_world_starts_with_all_pods_ready(world: str) -> None:
    async with Lab.start(world=world) as lab:
        assert set(readiness(lab).values()) == {"True"}
        assert lab.get("Service", "kube-system", "kube-dns")["spec"]["clusterIP"] == "10.96.0.10"
        assert "kubernetes cluster.local" in lab.get("ConfigMap", "kube-system", "coredns")["data"]["Corefile"]


async def test_the_demo_has_pods_that_are_hard_to_ask_from() -> None:
    async with Lab.start(world="demo") as lab:
        ready = readiness(lab, ODD_PODS)
        assert ready == {"glibc": "True", "musl": "True", "never-ready": "False", "no-shell": "True",
                         "not-pulled": "False"}  # fmt: skip
        (state,) = lab.get("Pod", ODD_PODS, "not-pulled")["status"]["containerStatuses"]
        assert state["state"]["waiting"]["reason"] == "ImagePullBackOff"


async def test_the_demo_has_the_tutorials_as_they_are_and_mended() -> None:
    async with Lab.start(world="demo") as lab:
        sizes = {
            (item["metadata"]["namespace"], item["metadata"]["labels"]["kubernetes.io/service-name"]): 0
            for item in lab.all("EndpointSlice")
        }
        for item in lab.all("EndpointSlice"):
            key = (item["metadata"]["namespace"], item["metadata"]["labels"]["kubernetes.io/service-name"])
            sizes[key] += len(item["endpoints"] or ())
    assert ("tutorial-2", "mysql-svc") not in sizes, "the Endpoints carry another name"
    assert sizes["tutorial-2-mended", "mysql-svc"] == 1
    assert sizes.get(("tutorial-3", "headless-svc"), 0) == 0, "the selector matches nothing"
    assert sizes["tutorial-3-mended", "headless-svc"] == 2
    assert sizes["fleet", "fleet"] == 300
    assert sizes["dual-stack", "peers"] == 6, "three of each family"
    assert sizes["tutorial-4", "web"] == sizes["tutorial-4", "web-headless"] == 3


async def test_the_demo_changes_by_itself() -> None:
    async with Lab.start(world="demo", speed=100.0) as lab:
        before = lab.store.version
        await lab.until(lambda: len(lab.all("Pod", "changing")) == 6)
        await lab.until(lambda: len(lab.all("Pod", "changing")) == 3)
        assert lab.store.version > before


@pytest.mark.parametrize(
    ("user", "verb", "path", "status"),
    [
        ("admin", "GET", "/api/v1/pods", 200),
        ("viewer", "GET", "/api/v1/pods", 200),
        ("viewer", "GET", "/apis/discovery.k8s.io/v1/endpointslices", 200),
        ("viewer", "GET", "/api/v1/nodes", 403),
        ("viewer", "GET", f"{PODS}/web-0/exec", 403),
        ("namespaced", "GET", "/api/v1/pods", 403),
        ("namespaced", "GET", "/api/v1/namespaces/team-a/pods", 200),
        ("namespaced", "GET", "/api/v1/namespaces", 403),
        ("namespaced", "GET", "/api/v1/namespaces/team-a", 200),
        ("nobody", "GET", "/api/v1/namespaces/team-a/pods", 403),
        ("nobody", "GET", "/version", 200),
    ],
)
async def test_users_have_the_rights_of_the_real_roles(
    client: Client, user: str, verb: str, path: str, status: int
) -> None:
    assert (await client.acting_as(user).call(verb, path)).status == status


IN_TUTORIAL_1 = 'in the namespace "tutorial-1"'


@pytest.mark.parametrize(
    ("path", "subject", "right"),
    [
        ("/api/v1/pods", "pods", 'list resource "pods" in API group "" at the cluster scope'),
        (f"{PODS}/web-0", 'pods "web-0"', f'get resource "pods" in API group "" {IN_TUTORIAL_1}'),
        (
            "/apis/apps/v1/namespaces/tutorial-1/statefulsets/web/scale",
            'statefulsets.apps "web"',
            f'get resource "statefulsets/scale" in API group "apps" {IN_TUTORIAL_1}',
        ),
    ],
)
async def test_refusals_name_the_right(client: Client, path: str, subject: str, right: str) -> None:
    message = f'{subject} is forbidden: User "nobody" cannot {right}'
    reply = await client.acting_as("nobody").call("GET", path)
    assert (reply.status, reply.json["reason"], reply.json["message"]) == (403, "Forbidden", message)


def access_review(**attributes: str) -> dict[str, Any]:
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }


async def test_a_review_says_what_a_request_would_get(lab: Lab, client: Client) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    body = access_review(verb="create", resource="pods", subresource="exec", namespace="team-a")
    for user, allowed in (("admin", True), ("namespaced", True), ("viewer", False), ("nobody", False)):
        reply = await client.acting_as(user).call("POST", path, body)
        assert (reply.status, reply.json["status"]["allowed"]) == (201, allowed), user
    lab.forbid("create", "pods/exec", "team-a")
    assert (await client.call("POST", path, body)).json["status"]["allowed"] is False
    lab.allow_again()
    assert (await client.call("POST", path, body)).json["status"]["allowed"] is True


async def test_only_the_administrator_is_told_that_every_path_is_open(lab: Lab, client: Client) -> None:
    told = {}
    for user in ("admin", "viewer"):
        review = {"spec": {"namespace": "default"}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        answer = json.loads((await client.acting_as(user).call("POST", path, review)).body)
        told[user] = answer["status"]["nonResourceRules"]
    assert {"verbs": ["*"], "nonResourceURLs": ["*"]} in told["admin"]
    assert [rule["verbs"] for rule in told["viewer"]] == [["get"], ["get"]]


async def test_a_right_can_be_taken_from_everybody(lab: Lab, client: Client) -> None:
    lab.forbid("list", "pods", "tutorial-1")
    assert (await client.call("GET", PODS)).status == 403
    assert (await client.call("GET", "/api/v1/namespaces/tutorial-3/pods")).status == 200
    lab.allow_again()
    assert (await client.call("GET", PODS)).status == 200


async def test_another_token(lab: Lab, client: Client) -> None:
    old = client.headers
    lab.renew_token("admin")
    async with client.http.get(lab.server + PODS, headers=old) as got:
        assert got.status == 401
    assert (await client.call("GET", PODS)).status == 200
    assert lab.token_of("admin") in read(lab.kubeconfig)


async def test_offline_cuts_what_is_open_and_refuses_until_it_comes_back(lab: Lab, client: Client) -> None:
    events = client.watch(PODS)
    await anext(events)
    await lab.go_offline()
    with pytest.raises(aiohttp.ClientError):
        [event async for event in events]
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.call("GET", PODS)
    lab.scale("tutorial-1", "web", 1)
    server = lab.server
    await lab.come_back()
    assert lab.server == server
    assert (await client.call("GET", PODS)).status == 200


async def test_hanging_and_slow(lab: Lab, client: Client) -> None:
    lab.hang()
    request = asyncio.create_task(client.call("GET", PODS))
    done, _ = await asyncio.wait({request}, timeout=0.2)
    assert not done
    lab.go_on()
    assert (await request).status == 200
    lab.slow(0.2)
    begun = asyncio.get_running_loop().time()
    await client.call("GET", PODS)
    assert asyncio.get_running_loop().time() - begun >= 0.2


async def test_a_watch_tells_nothing_while_the_server_hangs(lab: Lab, client: Client) -> None:
    url = f"{lab.server}/api/v1/namespaces/tutorial-1/configmaps?watch=1&resourceVersion={lab.store.version}"
    async with client.http.get(url, headers=client.headers) as watch:
        lab.hang()
        lab.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: late}}", "tutorial-1")
        told = asyncio.create_task(watch.content.readline())
        await asyncio.wait([told], timeout=0.1)
        assert not told.done()
        lab.go_on()
        assert b"late" in await asyncio.wait_for(told, 10)


async def test_closing_watches_is_no_error(lab: Lab, client: Client) -> None:
    version = (await client.get(PODS))["metadata"]["resourceVersion"]
    read = asyncio.create_task(_all(client, version))
    await _opened(lab)
    lab.close_watches()
    assert await read == []


async def test_expiring_watches_tells_them(lab: Lab, client: Client) -> None:
    version = (await client.get(PODS))["metadata"]["resourceVersion"]
    read = asyncio.create_task(_all(client, version))
    await _opened(lab)
    lab.expire_watches()
    (event,) = await read
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


async def _opened(lab: Lab) -> None:
    """A watch has no other sign of being open than that the server has it."""
    async with asyncio.timeout(5):
        while not lab.api_server.open_watches:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def _all(client: Client, version: str) -> list[dict[str, Any]]:
    return [event async for event in client.watch(PODS, resourceVersion=version)]


async def test_a_manifest_that_is_none(lab: Lab) -> None:
    with pytest.raises(InputError, match="not YAML"):
        lab.apply("a: [")
    with pytest.raises(InputError, match="a Kubernetes object was expected"):
        lab.apply("a: b")
    with pytest.raises(ApiFailure, match="no matches for kind"):
        lab.apply("{apiVersion: v1, kind: Secret, metadata: {name: x}}")


async def test_worlds_and_speeds_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ValueError, match="no world is called nope"):
        async with Lab.start(world="nope"):
            raise AssertionError
    with pytest.raises(ValueError, match="positive"):
        async with Lab.start(world="empty", speed=0):
            raise AssertionError
    assert files(str(tmp_path)) == []


def test_the_clock_runs_what_is_due_in_order() -> None:
    clock = Clock(start=100.0)
    seen: list[tuple[float, str]] = []
    clock.call_later(2.0, lambda: seen.append((clock.now(), "second")))

    def ask_for_another() -> None:
        clock.call_later(0.5, lambda: seen.append((clock.now(), "first")))

    clock.call_later(1.0, ask_for_another)
    clock.call_later(3.0, lambda: seen.append((0.0, "never"))).cancel()
    clock.call_later(2.0, lambda: seen.append((clock.now(), "third")))
    clock.advance(10.0)
    assert seen == [(101.5, "first"), (102.0, "second"), (102.0, "third")]
    assert clock.now() == 110.0


def test_the_certificate_is_one_that_strict_clients_take(tmp_path: Path) -> None:
    made = self_signed("127.0.0.1", "kheadless-lab")
    (tmp_path / "c").write_bytes(made.certificate)
    (tmp_path / "k").write_bytes(made.private_key)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "c", tmp_path / "k")
    context = ssl.create_default_context(cafile=str(tmp_path / "c"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    (authority,) = context.get_ca_certs()
    assert authority["subjectAltName"] == (("DNS", "kheadless-lab"), ("IP Address", "127.0.0.1"))
    assert os.environ.get("HOME") is None or made.private_key != self_signed("127.0.0.1", "kheadless-lab").private_key
