"""Few rights: every combination of what a Role may leave out, and the rule that gives it back."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.rights.missing_rights import rule_yaml
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Live
from kheadless_tui.errors import Refused
from kheadless_tui.model.objects import ObjectKey
from tests.both.clusters import Cluster
from tests.both.sessions import eventually, kubectl, session

PULSE = Pulse(namespaces=0.2, rights=0.2, rights_whole=0.2)
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

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
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
        both = {"apiVersion": "v1", "kind": "List", "items": [role, binding]}
        kubectl(self.cluster, "apply", "-f", "-", given=json.dumps(both))

    @asynccontextmanager
    async def session(self, **options: Any) -> AsyncIterator[ClusterSession]:
        """As the ServiceAccount, by impersonation."""
        options.setdefault("namespaces", (self.namespace,))
        async with session(self.cluster.kubeconfig, as_user=self.user, pulse=PULSE, **options) as made:
            yield made


@pytest.fixture(scope="module")
def place(cluster: Cluster) -> Iterator[Place]:
    name = f"rights-{uuid.uuid4().hex[:8]}"
    kubectl(cluster, "create", "namespace", name)
    kubectl(cluster, "create", "serviceaccount", "few", "-n", name)
    for service in ("web", "db"):
        spec = {"clusterIP": "None", "selector": {"app": service}, "ports": [{"name": "p", "port": 80}]}
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": service}, "spec": spec}
        kubectl(cluster, "apply", "-n", name, "-f", "-", given=json.dumps(manifest))
    yield Place(cluster, name)
    kubectl(cluster, "delete", "namespace", name, "--wait=false")


def names(live: ClusterSession) -> list[str]:
    return sorted(item.name for item in live.snapshot.headless_services())


def missing(live: ClusterSession) -> set[str]:
    """In the namespaces of the scope, without those of kube-system that a probe of the replicas needs."""
    return {
        f"{right.verb} {right.resource}/{right.subresource}".rstrip("/")
        for right in live.missing_rights
        if right.namespace in live.scope.namespaces
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
    async with place.session(services=(ObjectKey(place.namespace, "db"),)) as live:
        try:
            await live.loaded(20)
        except Refused:
            assert combination not in ("list without watch", "no pods", "pods, no exec", "get, no list")
        live.show_pods(place.namespace)
        await eventually(lambda: "patch pods/ephemeralcontainers" in missing(live))
        await eventually(lambda: live.user == place.user)
        expected = {
            "nothing": [],
            "slices, no services": [],
            "watch without list": [],
            "get by name only": ["web"],
        }.get(combination, ["db", "web"])
        expected = ["db"] if combination == "get, no list" else expected
        await eventually(lambda: names(live) == expected)
        for right in ("list services", "watch services", "list endpointslices", "watch endpointslices", "list pods"):
            verb, resource = right.split()
            allowed = any(verb in one["verbs"] and resource in one["resources"] for one in given)
            await eventually(lambda right=right, allowed=allowed: (right in missing(live)) is not allowed)  # type: ignore[misc]

        printed = rule_yaml(live.missing_rights, live.user)
        await asyncio.to_thread(kubectl, place.cluster, "apply", "-f", "-", given=printed)
        try:
            await eventually(lambda: names(live) == ["db", "web"] and isinstance(live.link, Live))
            await eventually(lambda: live.missing_rights == ())
            for key in (("pods", place.namespace), ("services", place.namespace), ("endpointslices", place.namespace)):
                await eventually(lambda key=key: isinstance(live.reads[key], Live))  # type: ignore[misc]
        finally:
            await asyncio.to_thread(kubectl, place.cluster, "delete", "-f", "-", "--wait=false", given=printed)


def test_records_of_a_service_that_may_only_be_got(place: Place) -> None:
    words = ("records", "web", "-o", "name", "-n", place.namespace, "--as", place.user)
    place.allow(rule(["get"], "services", names=("web",)), SLICES)
    done = place.cluster.program(*words)
    assert (done.status, done.out) == (0, ""), done  # it has no endpoints, so no records
    place.allow(rule(["get"], "services", names=("db",)), SLICES)
    refused = place.cluster.program(*words)
    assert refused.status == 3
    assert f"may not list services in namespace {place.namespace}" in refused.err


async def test_all_namespaces_refused_then_granted(place: Place) -> None:
    await asyncio.to_thread(place.allow, SERVICES, SLICES)
    async with place.session(namespaces=(), fallback_namespaces=(place.namespace, "kube-system")) as live:
        await live.loaded(20)
        assert live.scope.only
        assert names(live) == ["db", "web"]
        assert isinstance(live.reads["services", "kube-system"], Forbidden)
        assert isinstance(live.link, Live)
        name = f"kheadless-{place.namespace}"
        namespaces = rule(READ, "namespaces")
        try:
            await asyncio.to_thread(place.allow, SERVICES, SLICES, namespaces, kind="ClusterRole", name=name)
            await eventually(lambda: live.scope.all and isinstance(live.link, Live))
            await eventually(lambda: live.snapshot.service(ObjectKey("kube-system", "kube-dns")) is not None)
            await eventually(lambda: live.snapshot.namespaces_known)
        finally:
            await asyncio.to_thread(kubectl, place.cluster, "delete", "clusterrole,clusterrolebinding", name)


async def test_a_right_that_is_taken_away(place: Place) -> None:
    await asyncio.to_thread(place.allow, SERVICES, SLICES)
    async with place.session() as live:
        await live.loaded(20)
        assert names(live) == ["db", "web"]
        await asyncio.to_thread(place.allow, SLICES)
        await eventually(lambda: "list services" in missing(live))
        # An open watch would live on: an API server asks for rights only at its start.
        await eventually(lambda: names(live) == [])
        assert isinstance(live.link, Forbidden)


async def test_a_namespace_that_is_deleted_under_the_program(cluster: Cluster) -> None:
    name = f"rights-{uuid.uuid4().hex[:8]}"
    await asyncio.to_thread(kubectl, cluster, "create", "namespace", name)
    async with Place(cluster, name).session() as refused:
        with pytest.raises(Refused):
            await refused.loaded(20)
    async with session(cluster.kubeconfig, namespaces=(name,), pulse=PULSE) as live:
        await live.loaded(20)
        await asyncio.to_thread(kubectl, cluster, "delete", "namespace", name, "--wait=false")
        await eventually(lambda: list(live.gone_namespaces) == [name])
        assert live.snapshot.namespace(name) is None
        assert isinstance(live.link, Live)
