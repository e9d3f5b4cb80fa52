"""Few rights, over the wire: what can still be read is read, what is missing is told, what is granted is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from aiohttp import web

from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.rights.missing_rights import MissingRight, rule_yaml
from kheadless_tui.cluster.rights.needs import Need, needs_of
from kheadless_tui.cluster.rights.rights_watch import RightsWatch
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Scope, unread_kinds
from kheadless_tui.errors import Refused
from kheadless_tui.model.objects import ObjectKey
from tests.cluster.conftest import Load
from tests.cluster.fake_api import FakeApi, endpoint_slice, service, status, until
from tests.cluster.fake_rights import Authorizer, Grant
from tests.commands.conftest import run_program

READ = "list watch"
QUICK = Pulse(namespaces=0.05, rights=0.05)
WHOLE = Pulse(namespaces=0.05, rights=0.05, rights_whole=0.05)
BOTH = "services endpointslices"

As = Callable[..., Awaitable[ClusterSession]]


@pytest_asyncio.fixture
async def seen_by(api: FakeApi, load: Load) -> AsyncIterator[As]:
    """A session of a user with these rights, in a cluster of three namespaces."""
    sessions: list[ClusterSession] = []
    for name in ("shop", "cart", "default"):
        api.put("namespaces", {"kind": "Namespace", "metadata": {"name": name}})
        api.put("services", service("web", name))
        api.put("endpointslices", endpoint_slice("web-1", "web", "10.0.0.1", namespace=name))

    async def session(*grants: Grant, **options: Any) -> ClusterSession:
        api.authorizer = Authorizer(list(grants))
        connection = await load(api.url, context=options.pop("context", {"namespace": "shop"}))
        made = ClusterSession(connection, pulse=options.pop("pulse", QUICK), **options)
        sessions.append(made)
        await made.start()
        return made

    yield session
    for made in sessions:
        await made.close()


def services(session: ClusterSession) -> list[str]:
    return [str(item.key) for item in session.snapshot.headless_services()]


def missing(session: ClusterSession) -> set[str]:
    return {right.words for right in session.missing_rights}


async def test_everything_allowed_misses_nothing(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant("*", "*"))
    await session.loaded(5)
    await until(lambda: session.user == "jane")
    assert session.missing_rights == ()
    assert services(session) == ["cart/web", "default/web", "shop/web"]
    session.show_pods("shop")
    await until(lambda: api.authorizer.asked.count("selfsubjectrulesreviews") >= 2)
    asked = list(api.authorizer.asked)
    await until(lambda: len(api.watches["pods"]) == 1)
    assert session.missing_rights == ()
    assert api.authorizer.asked == asked  # read again only when something is missing or refused


async def test_services_and_no_endpointslices(seen_by: As) -> None:
    session = await seen_by(Grant(READ, "services namespaces"), namespaces=("shop",))
    with pytest.raises(Refused, match="may not list endpointslices in namespace shop"):
        await session.loaded(5)
    await until(lambda: bool(session.missing_rights))
    assert services(session) == ["shop/web"]
    assert isinstance(session.reads["services", "shop"], Live)
    assert isinstance(session.reads["endpointslices", "shop"], Forbidden)
    assert session.snapshot.knows_all("Service", "shop")
    assert not session.snapshot.knows_all("EndpointSlice", "shop")
    first = session.missing_rights[0]
    assert first.words == "list endpointslices in namespace shop"
    assert first.cause == "user u may not list endpointslices in namespace shop (403)"
    assert first.check == "kubectl auth can-i list endpointslices.discovery.k8s.io -n shop"


async def test_services_of_all_namespaces_stay_where_their_endpointslices_may_not_be_read(
    api: FakeApi, seen_by: As
) -> None:
    session = await seen_by(Grant(READ, "services namespaces"))
    await session.loaded(5)
    assert session.scope == Scope()
    assert services(session) == ["cart/web", "default/web", "shop/web"]
    assert isinstance(session.reads["endpointslices", ""], Forbidden)
    assert not session.snapshot.knows_all("EndpointSlice", "cart")
    await until(lambda: "list endpointslices in all namespaces" in missing(session))
    apply(api, rule_yaml(session.missing_rights, session.user))
    await until(lambda: isinstance(session.reads["endpointslices", ""], Live))
    await until(lambda: session.snapshot.knows_all("EndpointSlice", "cart"))


async def test_endpointslices_of_the_namespaces_that_the_user_works_in_are_read_where_all_may_not_be(
    api: FakeApi, seen_by: As
) -> None:
    session = await seen_by(Grant(READ, "services namespaces"), Grant(READ, "endpointslices", "shop"))
    await session.loaded(5)
    assert services(session) == ["cart/web", "default/web", "shop/web"]
    known = {name for name in ("cart", "default", "shop") if session.snapshot.knows_all("EndpointSlice", name)}
    assert known == {"shop"}
    assert len(session.snapshot.slices_of(ObjectKey("shop", "web"))) == 1
    assert isinstance(session.link, Forbidden)
    await until(lambda: "list endpointslices in all namespaces" in missing(session))
    api.authorizer.grants.append(Grant(READ, "endpointslices"))
    await until(lambda: session.snapshot.knows_all("EndpointSlice", "cart"))
    assert ("endpointslices", "shop") not in session.reads
    api.authorizer.grants = [Grant(READ, "services namespaces")]
    api.cut()
    session.retry_now()
    await until(lambda: isinstance(session.reads["endpointslices", ""], Polled | Forbidden))
    session.retry_now()
    await until(lambda: isinstance(session.reads.get(("endpointslices", "shop")), Forbidden))
    assert not session.snapshot.knows_all("EndpointSlice", "shop")
    assert session.snapshot.slices_of(ObjectKey("shop", "web")) == []
    assert services(session) == ["cart/web", "default/web", "shop/web"]


async def test_endpointslices_that_may_no_longer_be_read_leave_the_services(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant("*", "*"), pulse=WHOLE)
    await session.loaded(5)
    await until(lambda: len(api.watches["endpointslices"]) == 1 and bool(session.asked_rights))
    seen: list[list[str]] = []
    session.subscribe(lambda: seen.append(services(session)))
    api.authorizer.grants = [Grant("*", "services namespaces")]
    await until(lambda: isinstance(session.reads["endpointslices", ""], Polled | Forbidden))
    session.retry_now()
    await until(lambda: isinstance(session.reads["endpointslices", ""], Forbidden))
    api.authorizer.grants = [Grant("*", "*")]
    await until(lambda: isinstance(session.reads["endpointslices", ""], Live))
    assert session.scope == Scope()
    assert all(one == ["cart/web", "default/web", "shop/web"] for one in seen)


async def test_namespaces_that_the_user_works_in_are_read_where_all_may_not_be(seen_by: As) -> None:
    grants = (Grant(READ, BOTH, "shop"), Grant(READ, BOTH, "cart"))
    session = await seen_by(*grants, fallback_namespaces=("shop", "default", "cart"))
    await session.loaded(5)
    assert session.scope == Scope(("shop", "default", "cart"), only=True)
    await until(lambda: services(session) == ["cart/web", "shop/web"])
    assert isinstance(session.link, Live)  # one namespace that is refused leaves the others
    assert isinstance(session.reads["services", "default"], Forbidden)
    await until(lambda: "list services in namespace default" in missing(session))
    assert "list services in namespace shop" not in missing(session)


async def test_a_right_that_is_granted_is_used_by_itself(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(namespaces=("shop",))
    with pytest.raises(Refused):
        await session.loaded(5)
    for expected in ("list services", "list endpointslices", "watch pods", "get pods/exec", "create pods", "get pods"):
        await until(lambda expected=expected: f"{expected} in namespace shop" in missing(session))  # type: ignore[misc]
    apply(api, rule_yaml(session.missing_rights, session.user))
    await until(lambda: services(session) == ["shop/web"])
    session.show_pods("shop")
    asked = api.authorizer.asked.count("selfsubjectrulesreviews")
    await until(lambda: api.authorizer.asked.count("selfsubjectrulesreviews") > asked)
    await until(lambda: session.missing_rights == ())  # it was all that is missing, also for what came to be shown
    assert isinstance(session.link, Live)
    await until(lambda: session.snapshot.namespace_exists("shop"))


async def test_the_right_to_read_all_widens_the_scope_again(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant(READ, BOTH, "shop"))
    await session.loaded(5)
    await until(lambda: "list services in all namespaces" not in missing(session) and bool(session.missing_rights))
    seen: list[list[str]] = []
    session.subscribe(lambda: seen.append(services(session)))
    api.authorizer.grants.append(Grant(READ, f"{BOTH} namespaces"))
    await until(lambda: services(session) == ["cart/web", "default/web", "shop/web"])
    assert session.scope == Scope()
    assert all("shop/web" in one for one in seen)
    await until(lambda: isinstance(session.link, Live) and session.snapshot.namespaces_known)


async def test_a_right_that_is_taken_away_empties_what_can_no_longer_be_known(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant("*", "*"), namespaces=("shop",))
    await session.loaded(5)
    await until(lambda: len(api.watches["services"]) == 1)
    api.authorizer.grants = [Grant(READ, "endpointslices", "shop")]
    api.cut()
    await until(lambda: isinstance(session.reads["services", "shop"], Forbidden))
    # The watch is refused first: then what is there is listed, which is refused too.
    session.retry_now()
    await until(lambda: services(session) == [])
    await until(lambda: {"list services in namespace shop", "watch services in namespace shop"} <= missing(session))


async def test_a_right_that_is_taken_away_under_an_open_watch_is_noticed_by_itself(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant("*", "*"), namespaces=("shop",), pulse=WHOLE)
    await session.loaded(5)
    await until(lambda: len(api.watches["services"]) == 1 and session.snapshot.namespace_exists("shop"))
    await until(lambda: bool(session.asked_rights))
    api.authorizer.grants = [Grant("*", "endpointslices pods namespaces")]
    await until(lambda: isinstance(session.reads["services", "shop"], Forbidden))
    await until(lambda: services(session) == [] and "list services in namespace shop" in missing(session))
    assert isinstance(session.reads["endpointslices", "shop"], Live)


async def test_watching_that_is_no_longer_allowed_becomes_listing(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant("*", "*"), namespaces=("shop",), pulse=WHOLE)
    await session.loaded(5)
    await until(lambda: len(api.watches["services"]) == 1 and bool(session.asked_rights))
    api.authorizer.grants = [Grant("list", "services", "shop"), Grant("*", "endpointslices pods namespaces")]
    await until(lambda: isinstance(session.reads["services", "shop"], Polled))
    assert services(session) == ["shop/web"]


async def test_the_same_rules_in_another_order_are_no_news(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant("*", "pods"), Grant("*", f"{BOTH} namespaces configmaps"))
    told: list[tuple[frozenset[Need], frozenset[Need]]] = []
    watch = RightsWatch(
        session.transport,
        needs=lambda: needs_of(Scope(("shop",)), ()),
        wider=tuple,
        refusals=tuple,
        changed=lambda granted, withdrawn: told.append((granted, withdrawn)),
        period=0.01,
        period_whole=0.01,
    )
    task = asyncio.create_task(watch.run())
    watch.look_now()
    await until(lambda: bool(watch.asked))
    told.clear()
    for _ in range(2):
        asked = api.authorizer.asked.count("selfsubjectrulesreviews")
        api.authorizer.grants.reverse()
        await until(lambda asked=asked: api.authorizer.asked.count("selfsubjectrulesreviews") > asked + 4)  # type: ignore[misc]
    task.cancel()
    assert told == []


async def test_what_is_known_of_other_namespaces_ends_with_the_right_to_read_all(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant(READ, f"{BOTH} namespaces"))
    await session.loaded(5)
    assert session.snapshot.knows_all("EndpointSlice", "cart")
    await until(lambda: len(api.watches["services"]) == 1)
    api.authorizer.grants = [Grant(READ, BOTH, "shop")]
    api.cut()
    await until(lambda: session.scope == Scope(("shop",), only=True))
    await until(lambda: session.snapshot.knows_all("EndpointSlice", "shop"))
    kinds = ("Service", "EndpointSlice")
    await until(lambda: not any(session.snapshot.knows_all(kind, "cart") for kind in kinds))
    await until(lambda: services(session) == ["shop/web"])


async def test_services_that_are_chosen_by_labels_are_not_all(seen_by: As) -> None:
    session = await seen_by(Grant("*", "*"), namespaces=("shop",), selector="app=other")
    await session.loaded(5)
    assert not session.snapshot.knows_all("Service", "shop")
    assert session.snapshot.knows_all("EndpointSlice", "shop")


async def test_list_without_watch(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant("list", BOTH, "shop"), namespaces=("shop",))
    await session.loaded(5)
    await until(lambda: "watch services in namespace shop" in missing(session))
    assert "list services in namespace shop" not in missing(session)
    assert services(session) == ["shop/web"]
    assert isinstance(session.link, Polled)
    assert not session.link.by_name
    assert session.snapshot.knows_all("Service", "shop")
    api.authorizer.grants.append(Grant("watch", BOTH, "shop"))
    await until(lambda: len(api.watches["services"]) == 1)
    await until(lambda: isinstance(session.link, Live))


async def test_services_that_may_only_be_got_by_name(api: FakeApi, seen_by: As) -> None:
    grants = (Grant("get", "services", "shop", names="web db"), Grant(READ, "endpointslices", "shop"))
    session = await seen_by(*grants, namespaces=("shop",))
    await until(lambda: services(session) == ["shop/web"])
    await until(lambda: isinstance(session.reads["services", "shop"], Polled))
    state = session.link
    assert isinstance(state, Polled), "slices are live, and of Services there may be others"
    assert state.by_name
    assert not session.snapshot.knows_all("Service", "shop")
    assert session.snapshot.knows_all("EndpointSlice", "shop")
    unread = unread_kinds(session.reads, "shop")
    assert "Service" in unread
    assert "EndpointSlice" not in unread
    await until(lambda: isinstance(session.link, Polled) and session.link.listed > state.listed)
    api.put("services", service("db"))
    await until(lambda: services(session) == ["shop/db", "shop/web"])
    del api.objects["services"]["shop", "web"]
    await until(lambda: services(session) == ["shop/db"])
    api.authorizer.grants.append(Grant(READ, "services", "shop"))
    api.put("services", service("more"))
    await until(lambda: services(session) == ["shop/db", "shop/more"])


async def test_a_service_that_the_user_names_and_may_get(seen_by: As) -> None:
    grants = (Grant("get", "services", "cart"), Grant(READ, "endpointslices", "cart"))
    session = await seen_by(*grants, services=(ObjectKey("cart", "web"),))
    await session.loaded(5)
    assert services(session) == ["cart/web"]
    assert "cart" in session.scope.namespaces


async def test_a_server_that_is_away_is_told_also_where_nothing_may_be_listed(api: FakeApi, seen_by: As) -> None:
    pulse = Pulse(period=0.05, period_away=0.05, answer_in=0.2, namespaces=0.05, rights=0.05)
    session = await seen_by(Grant("get", "services", "shop", names="web"), namespaces=("shop",), pulse=pulse)
    await until(lambda: services(session) == ["shop/web"])
    await until(lambda: isinstance(session.link, Forbidden))  # of the slices nothing may be read at all
    api.hanging.clear()
    await until(lambda: isinstance(session.link, Offline))
    api.hanging.set()
    await until(lambda: isinstance(session.link, Forbidden))


async def test_an_authorizer_that_cannot_list_is_asked_for_each_right(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant(READ, BOTH, "shop"), namespaces=("shop",))
    api.authorizer.incomplete = True
    await session.loaded(5)
    session.show_pods("shop")
    session.retry_now()
    await until(lambda: "get pods/exec in namespace shop" in missing(session))
    assert "selfsubjectaccessreviews" in api.authorizer.asked
    assert not any("services" in words for words in missing(session))


async def test_a_right_that_is_listed_and_refused_is_asked_for_by_itself(api: FakeApi, seen_by: As) -> None:
    """It is used as soon as it is no longer refused, and until then it is not tried again and again."""

    def looks() -> int:
        return api.authorizer.asked.count("selfsubjectrulesreviews")

    session = await seen_by(Grant(READ, BOTH, "shop"), namespaces=("shop",))
    api.authorizer.denied = [Grant("*", "services", "shop")]
    await until(lambda: "list services in namespace shop" in missing(session))
    await until(lambda: looks() > 2)
    tried, then = len(api.listed("services")), looks()
    await until(lambda: looks() > then + 3)
    assert len(api.listed("services")) == tried
    assert not any("endpointslices" in words for words in missing(session))
    api.authorizer.denied = []
    await until(lambda: services(session) == ["shop/web"])
    await until(lambda: not any("services" in words for words in missing(session)))


async def test_a_refusal_that_came_before_the_right_did_is_made_good(api: FakeApi, seen_by: As) -> None:
    """The list was refused, and allowed before the rights were first asked for."""

    async def granted(_: web.BaseRequest) -> None:
        api.authorizer.denied = []

    session = await seen_by(Grant(READ, BOTH, "shop"), namespaces=("shop",))
    api.authorizer.denied = [Grant("*", "services", "shop")]
    api.before_rights = granted
    await until(lambda: services(session) == ["shop/web"])


async def test_rights_that_may_not_be_asked_for_are_known_from_refusals_alone(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant(READ, "services", "shop"), namespaces=("shop",))
    api.authorizer.reviews = False
    session.retry_now()
    await until(
        lambda: missing(session) == {"list endpointslices in namespace shop", "get namespaces shop in namespace shop"}
    )
    assert session.user == "u"  # by the kubeconfig: the API server does not tell


async def test_a_look_that_failed_is_made_good(api: FakeApi, seen_by: As) -> None:
    failing = True

    async def sick(_: web.BaseRequest) -> web.Response | None:
        return status(500, "not now") if failing else None

    api.before_rights = sick
    session = await seen_by(Grant(READ, f"{BOTH} namespaces"))
    await session.loaded(5)
    await until(lambda: len(api.paths("selfsubject")) > 3)
    assert session.missing_rights == ()
    failing = False
    await until(lambda: "get configmaps coredns in namespace kube-system" in missing(session))


async def test_what_a_probe_needs_is_asked_of_the_namespace_that_is_shown(seen_by: As) -> None:
    session = await seen_by(Grant(READ, BOTH), Grant(READ, "namespaces"))
    await session.loaded(5)
    await until(lambda: bool(session.missing_rights))
    assert not any("pods" in words for words in missing(session))
    session.show_pods("shop")
    expected = {
        "list pods in namespace shop",
        "get pods/exec in namespace shop",
        "get pods/portforward in namespace kube-system",
    }
    await until(lambda: expected <= missing(session))
    assert all(right.needed_for and right.cause for right in session.missing_rights)


async def test_what_is_not_known_is_said_so_by_the_commands(api: FakeApi, seen_by: As, tmp_path: Path) -> None:
    grants = (Grant(READ, "services", "shop"), Grant(READ, BOTH, "cart"))
    connection = (await seen_by(*grants)).connection
    listed = f"contexts: {{{connection.context}: {{namespaces: [shop, cart, default]}}}}"
    (tmp_path / "kheadless-tui").mkdir()
    (tmp_path / "kheadless-tui" / "config.yaml").write_text(listed, encoding="utf-8")
    asked: dict[str, Any] = {"KUBECONFIG": connection.kubeconfig, "XDG_CONFIG_HOME": str(tmp_path)}
    api.put("services", service("odd", "cart", clusterIP={"not": "a string"}))
    records = await run_program("records", "-A", "-o", "json", **asked)
    assert records.status == 0, records
    assert records.json["unknown"] == ["shop/web"]
    assert {item["service"] for item in records.json["records"]} == {"cart/web"}
    assert "shop: not known, as its EndpointSlices were not read: the records of web\n" in records.err
    assert "only shop, cart was read; the Services of default may not be listed\n" in records.err
    assert "1 of the services could not be decoded and is left out\n" in records.err
    answer = await run_program("predict", "web.shop.svc.cluster.local", "-o", "json", **asked)
    unread = "which endpoints Service shop/web has: the EndpointSlices of shop were not read"
    assert answer.json["unknown"] == unread
    assert "no endpoint" not in answer.out


async def test_all_services_without_their_endpointslices_are_told_by_the_commands(seen_by: As) -> None:
    connection = (await seen_by(Grant(READ, "services namespaces"))).connection
    records = await run_program("records", "-A", "-o", "json", KUBECONFIG=connection.kubeconfig)
    assert records.status == 0, records
    assert records.json["unknown"] == ["cart/web", "default/web", "shop/web"]
    assert records.json["records"] == []
    assert "shop: not known, as its EndpointSlices were not read: the records of web\n" in records.err
    assert "the right to list all namespaces is missing" not in records.err


# -- a namespace that is named -------------------------------------------------------------------------------------


async def test_a_namespace_that_is_deleted_and_made_again_is_seen(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(Grant("*", "*"), namespaces=("shop",))
    await session.loaded(5)
    assert session.gone_namespaces == {}
    assert session.snapshot.namespace_exists("shop")
    found = api.objects["namespaces"].pop(("", "shop"))
    await until(lambda: list(session.gone_namespaces) == ["shop"])
    assert session.snapshot.namespace("shop") is None
    api.put("namespaces", found)
    await until(lambda: session.gone_namespaces == {})
    assert session.snapshot.namespace_exists("shop")


# -- what an admin applies -----------------------------------------------------------------------------------------


def apply(api: FakeApi, manifests: str) -> None:
    for document in yaml.safe_load_all(manifests):
        if document["kind"] in ("Role", "ClusterRole"):
            api.authorizer.grant(document["rules"], document["metadata"].get("namespace", ""))


def right(verb: str, resource: str, namespace: str = "shop", group: str = "", **more: str) -> MissingRight:
    fields = {"subresource": "", "needed_for": "the tree", "cause": "403", **more}
    return MissingRight(verb, group, resource, namespace=namespace, **fields)


def test_rules_are_grouped_and_grant_no_more() -> None:
    rights = [
        right("list", "services"),
        right("watch", "services"),
        right("watch", "endpoints"),
        right("list", "endpoints"),
        right("get", "pods", subresource="exec"),
        right("list", "endpointslices", group="discovery.k8s.io"),
        right("get", "configmaps", "kube-system", name="coredns"),
        right("list", "namespaces", ""),
    ]
    documents = list(yaml.safe_load_all(rule_yaml(rights, "jane")))
    assert [(one["kind"], one["metadata"].get("namespace")) for one in documents] == [
        ("ClusterRole", None),
        ("ClusterRoleBinding", None),
        ("Role", "kube-system"),
        ("RoleBinding", "kube-system"),
        ("Role", "shop"),
        ("RoleBinding", "shop"),
    ]
    assert documents[2]["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["coredns"], "verbs": ["get"]}
    ]
    assert documents[4]["rules"] == [
        {"apiGroups": [""], "resources": ["endpoints", "services"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"]},
    ]
    assert documents[5]["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane"}]
    assert documents[5]["roleRef"]["name"] == documents[4]["metadata"]["name"]


def test_a_service_account_is_the_subject_that_it_is() -> None:
    binding = list(yaml.safe_load_all(rule_yaml([right("list", "pods")], "system:serviceaccount:ci:robot")))[1]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "robot", "namespace": "ci"}]
    assert binding["metadata"]["name"].startswith("kheadless-tui-robot-")


def test_another_set_of_rights_or_user_has_another_name() -> None:
    manifests = [rule_yaml([right("list", "pods")], "jane"), rule_yaml([right("get", "pods")], "jane")]
    manifests += [rule_yaml([right("list", "pods")], "Jane@EXAMPLE.com/\x1b[31m" + "x" * 80)]
    names = [yaml.safe_load(text.split("---")[0])["metadata"]["name"] for text in manifests]
    assert len(set(names)) == 3
    assert all(len(name) <= 253 and name == name.lower() for name in names)
    assert "\x1b" not in manifests[2]
    assert rule_yaml([], "jane") == ""


def test_what_is_for_several_purposes_is_said() -> None:
    rights = [right("list", "pods", needed_for="a\nb"), right("list", "services", needed_for="c")]
    assert rule_yaml(rights, "jane").startswith("# for a b\n# for c\napiVersion: ")


async def test_a_refusal_is_no_loop(api: FakeApi, seen_by: As) -> None:
    session = await seen_by(namespaces=("shop",), pulse=Pulse())
    with pytest.raises(Refused):
        await session.loaded(5)
    await until(lambda: session.user == "jane")
    asked = len(api.listed("services")), len(api.listed("namespaces"))
    await asyncio.sleep(0.3)
    assert (len(api.listed("services")), len(api.listed("namespaces"))) == asked


async def test_a_service_that_may_not_be_got_is_not_said_not_to_exist(seen_by: As) -> None:
    """Others of the namespace may be got by their names, so that it is read all the same."""
    named = ObjectKey("shop", "db"), ObjectKey("shop", "gone")
    grants = Grant("get", "services", "shop", "web gone"), Grant(READ, "endpointslices", "shop")
    session = await seen_by(*grants, namespaces=("shop",), services=(*named, ObjectKey("shop", "web")))
    await session.loaded(5)
    assert services(session) == ["shop/web"]
    refusal = session.refusal_of(named[0])
    assert refusal is not None
    assert refusal.exit_status == 3
    assert refusal.message.startswith("whether there is a Service shop/db is not known: user ")
    assert session.refusal_of(named[1]) is None, "the answer was that it is not there"
