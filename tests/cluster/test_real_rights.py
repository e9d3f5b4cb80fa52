"""Few rights on a real cluster: every combination of what a Role may leave out, and the rule that gives it back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.rights.missing_rights import rule_yaml
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Live
from kheadless_tui.errors import Refused
from kheadless_tui.model.objects import ObjectKey
from tests.cluster.fake_api import until
from tests.cluster.test_real_cluster import KUBECONFIG, kubectl

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not KUBECONFIG, reason="no real cluster: KHEADLESS_E2E_KUBECONFIG is not set"),
]

PULSE = Pulse(namespaces=0.5, rights=0.5)
RBAC = "rbac.authorization.k8s.io"
READ = ["list", "watch"]

Rule = dict[str, Any]


def rule(verbs: list[str], *resources: str, group: str = "", names: tuple[str, ...] = ()) -> Rule:
    found: Rule = {"apiGroups": [group], "resources": list(resources), "verbs": verbs}
    return {**found, "resourceNames": list(names)} if names else found


SERVICES = rule(READ, "services")
SLICES = rule(READ, "endpointslices", group="discovery.k8s.io")


class Place:
    """A namespace with a ServiceAccount whose rights are those of one Role."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.user = f"system:serviceaccount:{namespace}:few"

    def allow(self, *rules: Rule, kind: str = "Role", name: str = "given") -> None:
        """Replace what is allowed."""
        metadata = {"name": name, **({"namespace": self.namespace} if kind == "Role" else {})}
        role = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": list(rules)}
        binding = {
            "apiVersion": f"{RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": "few", "namespace": self.namespace}],
        }
        for manifest in (role, binding):
            kubectl("apply", "-f", "-", given=json.dumps(manifest))

    @asynccontextmanager
    async def session(self, **options: Any) -> AsyncIterator[ClusterSession]:
        """As the ServiceAccount, by impersonation."""
        connection = await asyncio.to_thread(
            load_connection, kubeconfig=KUBECONFIG, request_timeout=20.0, as_user=self.user
        )
        options.setdefault("namespaces", (self.namespace,))
        made = ClusterSession(connection, pulse=PULSE, **options)
        await made.start()
        try:
            yield made
        finally:
            await made.close()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    name = f"rights-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    kubectl("create", "serviceaccount", "few", "-n", name)
    for service in ("web", "db"):
        spec = {"clusterIP": "None", "selector": {"app": service}, "ports": [{"name": "p", "port": 80}]}
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": service}, "spec": spec}
        kubectl("apply", "-n", name, "-f", "-", given=json.dumps(manifest))
    yield Place(name)
    kubectl("delete", "namespace", name, "--wait=false")


async def eventually(condition: Callable[[], bool]) -> None:
    await until(condition, timeout=30)


def names(session: ClusterSession) -> list[str]:
    return sorted(item.name for item in session.snapshot.headless_services())


def missing(session: ClusterSession) -> set[str]:
    """In the namespaces of the scope, without those of kube-system that a probe of the replicas needs."""
    return {
        f"{right.verb} {right.resource}/{right.subresource}".rstrip("/")
        for right in session.missing_rights
        if right.namespace in session.scope.namespaces
    }


COMBINATIONS = {
    "nothing": (),
    "services, no slices": (SERVICES,),
    "slices, no services": (SLICES,),
    "list without watch": (rule(["list"], "services"), rule(["list"], "endpointslices", group="discovery.k8s.io")),
    "watch without list": (rule(["watch"], "services"), rule(["watch"], "endpointslices", group="discovery.k8s.io")),
    "no pods": (SERVICES, SLICES, rule(["get"], "namespaces")),
    "pods, no exec": (SERVICES, SLICES, rule(READ, "pods", "endpoints"), rule(READ, "statefulsets", group="apps")),
    "get by name only": (rule(["get"], "services", names=("web",)), SLICES),
    "get, no list": (rule(["get"], "services"), SLICES),
}


@pytest.mark.parametrize("combination", COMBINATIONS)
async def test_what_is_missing_is_told_and_the_rule_that_is_printed_gives_it_back(
    place: Place, combination: str
) -> None:
    await asyncio.to_thread(place.allow, *COMBINATIONS[combination])
    given = COMBINATIONS[combination]
    async with place.session(services=(ObjectKey(place.namespace, "db"),)) as session:
        try:
            await session.loaded(20)
        except Refused:
            assert combination not in ("list without watch", "no pods", "pods, no exec", "get, no list")
        session.show_pods(place.namespace)
        await eventually(lambda: "patch pods/ephemeralcontainers" in missing(session))
        await eventually(lambda: session.user == place.user)
        expected = {
            "nothing": [],
            "slices, no services": [],
            "watch without list": [],
            "get by name only": ["web"],
        }.get(combination, ["db", "web"])
        expected = ["db"] if combination == "get, no list" else expected
        await eventually(lambda: names(session) == expected)
        for right in ("list services", "watch services", "list endpointslices", "watch endpointslices", "list pods"):
            verb, resource = right.split()
            allowed = any(verb in one["verbs"] and resource in one["resources"] for one in given)
            await eventually(lambda right=right, allowed=allowed: (right in missing(session)) is not allowed)  # type: ignore[misc]

        printed = rule_yaml(session.missing_rights, session.user)
        await asyncio.to_thread(kubectl, "apply", "-f", "-", given=printed)
        try:
            await eventually(lambda: names(session) == ["db", "web"] and isinstance(session.link, Live))
            await eventually(lambda: session.missing_rights == ())
            for key in (("pods", place.namespace), ("services", place.namespace), ("endpointslices", place.namespace)):
                await eventually(lambda key=key: isinstance(session.reads[key], Live))  # type: ignore[misc]
        finally:
            await asyncio.to_thread(kubectl, "delete", "-f", "-", "--wait=false", given=printed)


async def test_records_of_a_service_that_may_only_be_got(place: Place) -> None:
    program = [sys.executable, "-m", "kheadless_tui", "records", "web", "-o", "name", "--kubeconfig", KUBECONFIG]
    program += ["-n", place.namespace, "--as", place.user]

    async def run() -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(subprocess.run, program, capture_output=True, text=True, timeout=60, check=False)

    await asyncio.to_thread(place.allow, rule(["get"], "services", names=("web",)), SLICES)
    done = await run()
    assert (done.returncode, done.stdout) == (0, ""), done  # it has no endpoints, so no records
    await asyncio.to_thread(place.allow, rule(["get"], "services", names=("db",)), SLICES)
    refused = await run()
    assert refused.returncode == 3
    assert f"may not list services in namespace {place.namespace}" in refused.stderr


async def test_all_namespaces_refused_then_granted(place: Place) -> None:
    await asyncio.to_thread(place.allow, SERVICES, SLICES)
    async with place.session(namespaces=(), fallback_namespaces=(place.namespace, "kube-system")) as session:
        await session.loaded(20)
        assert session.scope.only
        assert names(session) == ["db", "web"]
        assert isinstance(session.reads["services", "kube-system"], Forbidden)
        assert isinstance(session.link, Live)
        name = f"kheadless-{place.namespace}"
        namespaces = rule(READ, "namespaces")
        try:
            await asyncio.to_thread(place.allow, SERVICES, SLICES, namespaces, kind="ClusterRole", name=name)
            await eventually(lambda: session.scope.all and isinstance(session.link, Live))
            await eventually(lambda: session.snapshot.service(ObjectKey("kube-system", "kube-dns")) is not None)
            await eventually(lambda: session.snapshot.namespaces_known)
        finally:
            await asyncio.to_thread(kubectl, "delete", "clusterrole,clusterrolebinding", name)


async def test_a_right_that_is_taken_away(place: Place) -> None:
    await asyncio.to_thread(place.allow, SERVICES, SLICES)
    async with place.session() as session:
        await session.loaded(20)
        assert names(session) == ["db", "web"]
        await asyncio.to_thread(place.allow, SLICES)
        session.retry_now()
        await eventually(lambda: "list services" in missing(session))
        # An open watch would live on (an API server asks for rights only at its start); to try again asks anew, and
        # what may no longer be read is no longer shown.
        await eventually(lambda: names(session) == [])
        assert isinstance(session.link, Forbidden)


async def test_a_namespace_that_is_deleted_under_the_program() -> None:
    name = f"rights-{uuid.uuid4().hex[:8]}"
    await asyncio.to_thread(kubectl, "create", "namespace", name)
    async with Place(name).session() as refused:
        with pytest.raises(Refused):
            await refused.loaded(20)
    connection = await asyncio.to_thread(load_connection, kubeconfig=KUBECONFIG, request_timeout=20.0)
    session = ClusterSession(connection, namespaces=(name,), pulse=PULSE)
    await session.start()
    try:
        await session.loaded(20)
        await asyncio.to_thread(kubectl, "delete", "namespace", name, "--wait=false")
        await eventually(lambda: list(session.gone_namespaces) == [name])
        assert session.snapshot.namespace(name) is None
        assert isinstance(session.link, Live)
    finally:
        await session.close()
