"""The requests: each is sent to the lab and to a real cluster, in a namespace of its own made by ``SETUP``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMESPACE = "refusals"
RECORDED = Path(__file__).with_name("recorded.json")
"""What a Kubernetes 1.34 answered, by the name of the case; written by ``scripts/record_refusals.py``."""

JSON, YAML = "application/json", "application/yaml"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
JSON_PATCH, APPLY = "application/json-patch+json", "application/apply-patch+yaml"
NS = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
ROLES = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/roles"
BINDINGS = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings"
REVIEWS = "/apis/authorization.k8s.io/v1"
POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies"


@dataclass(frozen=True)
class Case:
    """One request."""

    name: str
    method: str
    path: str
    body: Any = None
    kind: str = JSON
    query: dict[str, str] = field(default_factory=dict)
    accept: str = "application/json"

    @property
    def data(self) -> bytes | None:
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()


def service(name: str = "s", **spec: Any) -> dict[str, Any]:
    spec = {"ports": [{"port": 80}], "selector": {"app": "a"}, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def pod(name: str = "p", **spec: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "nginx:alpine"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def workload(kind: str, name: str = "w", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": "a"} if labels is None else labels},
        "spec": {"containers": [{"name": "c", "image": "nginx:alpine"}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "a"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def config_map(name: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **rest}


def endpoint_slice(name: str = "e", **rest: Any) -> dict[str, Any]:
    start = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": name}}
    return {**start, "addressType": "IPv4", "endpoints": [], "ports": [], **rest}


def endpoints(name: str = "e", **subset: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name}, "subsets": [subset]}


def policy(name: str = "n", **spec: Any) -> dict[str, Any]:
    start = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}}
    return {**start, "spec": {"podSelector": {}, **spec}}


SETUP = (
    Case("namespace", "POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}),
    Case("headless", "POST", f"{NS}/services", service("headless", clusterIP="None")),
    Case("clustered", "POST", f"{NS}/services", service("clustered")),
    Case("set", "POST", f"{APPS}/statefulsets", workload("StatefulSet", "set", serviceName="headless")),
    Case("deployment", "POST", f"{APPS}/deployments", workload("Deployment", "deployment")),
    Case("pod", "POST", f"{NS}/pods", pod("pod")),
    Case("map", "POST", f"{NS}/configmaps", config_map("map", data={"a": "b"})),
    Case("slice", "POST", SLICES, endpoint_slice("slice")),
    *(Case("doomed", "POST", f"{NS}/configmaps", config_map(f"doomed-{number}")) for number in range(3)),
    Case(
        "applied",
        "PATCH",
        f"{NS}/configmaps/applied",
        config_map("applied", data={"a": "b"}),
        APPLY,
        {"fieldManager": "first"},
    ),
)
"""Made before the cases; nothing of it is changed by them."""

LONG = "a" * 64
DEEP = 50_000
TRAP = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (sign + 1, sign + 1, b",".join([b"*%c" % sign] * 9)) for sign in b"abcdefghi"
)
"""A small document that stands for some thousand millions of values."""
BOTH = {
    "resourceAttributes": {"verb": "get", "resource": "pods"},
    "nonResourceAttributes": {"verb": "get", "path": "/"},
}
BIG = config_map("big", data={"a": "x" * (4 * 1024 * 1024)})

CASES = (
    # -- what cannot be read -----------------------------------------------------------------------------------
    Case("body is no JSON", "POST", f"{NS}/configmaps", b"{nonsense"),
    Case("body ends early", "POST", f"{NS}/configmaps", b'{"apiVersion":"v1","kind":"ConfigMap","metadata":'),
    Case("body is empty", "POST", f"{NS}/configmaps", b""),
    Case("body is an array", "POST", f"{NS}/configmaps", b"[]"),
    Case("body is a word", "POST", f"{NS}/configmaps", b"hello"),
    Case("body is null", "POST", f"{NS}/configmaps", b"null"),
    Case("pod is null", "POST", f"{NS}/pods", b"null"),
    Case("body is YAML of nothing", "POST", f"{NS}/configmaps", b"# x", YAML),
    Case("body is UTF-16", "POST", f"{NS}/configmaps", b"\xff\xfe{}"),
    Case("body has a letter in place of a value", "POST", f"{NS}/configmaps", '{"a":é}'.encode()),
    Case("body is no UTF-8", "POST", f"{NS}/configmaps", b'{"a":\xff}'),
    Case("patch is no UTF-8", "PATCH", f"{NS}/services/headless", b"\xff{}", MERGE),
    Case("body has no kind", "POST", f"{NS}/configmaps", {"metadata": {"name": "x"}}),
    Case("body is YAML that is none", "POST", f"{NS}/configmaps", b"a: [b", YAML),
    Case("body is of another kind", "POST", f"{NS}/configmaps", pod()),
    Case("body is of an unknown kind", "POST", f"{NS}/configmaps", {"apiVersion": "v1", "kind": "Nonsense"}),
    Case("body is of an unknown version", "POST", f"{NS}/configmaps", {"apiVersion": "v9", "kind": "ConfigMap"}),
    Case("body's media type is unknown", "POST", f"{NS}/configmaps", b"x", "text/plain"),
    Case("body is protobuf that is none", "POST", f"{NS}/configmaps", b"x", "application/vnd.kubernetes.protobuf"),
    Case("protobuf ends early", "POST", f"{NS}/configmaps", b"k8s\0junk", "application/vnd.kubernetes.protobuf"),
    Case("protobuf of nothing", "POST", f"{NS}/configmaps", b"k8s\0", "application/vnd.kubernetes.protobuf"),
    Case("body is huge", "POST", f"{NS}/configmaps", BIG),
    Case("patch is huge", "PATCH", f"{NS}/configmaps/map", {"data": {"a": "x" * (4 * 1024 * 1024)}}, MERGE),
    Case("apply is huge", "PATCH", f"{NS}/configmaps/map", BIG, APPLY, {"fieldManager": "x"}),
    Case("options are huge", "DELETE", f"{NS}/configmaps/doomed-0", BIG),
    Case("options are no JSON", "DELETE", f"{NS}/configmaps/doomed-1", b"{nonsense"),
    Case("options of another kind", "DELETE", f"{NS}/configmaps/doomed-2", config_map("map")),
    Case("grace is text", "DELETE", f"{NS}/pods/pod", {"gracePeriodSeconds": "x"}),
    Case("lists in lists in YAML", "POST", f"{NS}/configmaps", b"a: " + b"[" * DEEP, YAML),
    Case("maps in maps in YAML", "POST", f"{NS}/configmaps", b"a: " + b"{a: " * DEEP, YAML),
    Case("items in items in YAML", "POST", f"{NS}/configmaps", b"- " * 10_050 + b"x", YAML),
    Case("deep YAML that is whole", "POST", f"{NS}/configmaps", b"a: " + b"[" * DEEP + b"]" * DEEP, YAML),
    Case("aliases of aliases", "POST", f"{NS}/configmaps", TRAP, YAML),
    Case("lists in lists in JSON", "POST", f"{NS}/configmaps", b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    Case("maps in maps in JSON", "POST", f"{NS}/configmaps", b'{"[":' * DEEP + b"1" + b"}" * DEEP),
    Case("deep apply", "PATCH", f"{NS}/configmaps/map", b"a: " + b"[" * DEEP, APPLY, {"fieldManager": "x"}),
    Case("apply of aliases of aliases", "PATCH", f"{NS}/configmaps/map", TRAP, APPLY, {"fieldManager": "x"}),
    Case("apply that is no YAML", "PATCH", f"{NS}/configmaps/map", b"a: [b", APPLY, {"fieldManager": "x"}),
    Case("deep merge patch", "PATCH", f"{NS}/configmaps/map", b'{"a":' * DEEP + b"1" + b"}" * DEEP, MERGE),
    Case("deep strategic patch", "PATCH", f"{NS}/services/headless", b'{"a":' * DEEP + b"1" + b"}" * DEEP, STRATEGIC),
    Case("strategic patch that is no JSON", "PATCH", f"{NS}/services/headless", b"{nonsense", STRATEGIC),
    *(
        Case(f"strategic patch {json.dumps(patch)}", "PATCH", f"{NS}/services/headless", patch, STRATEGIC)
        for patch in (
            {"spec": 5},
            {"spec": [1]},
            {"spec": {"selector": 5}},
            {"spec": {"ports": "x"}},
            {"spec": {"clusterIP": 5}},
            {"spec": {"publishNotReadyAddresses": "x"}},
        )
    ),
    Case(
        "null among endpoints", "POST", SLICES, {"metadata": {"name": "n"}, "addressType": "IPv4", "endpoints": [None]}
    ),
    Case("review of a number", "POST", f"{REVIEWS}/selfsubjectaccessreviews", {"spec": 5}),
    *(
        Case(
            f"pod that demands {json.dumps(demand)}",
            "POST",
            f"{NS}/pods",
            pod(
                "n",
                affinity={
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [{"matchExpressions": [demand]}]
                        }
                    }
                },
            ),
        )
        for demand in (
            {"key": "a", "operator": "Foo"},
            {"key": "a", "operator": "In"},
            {"key": "a", "operator": "Exists", "values": ["b"]},
            {"key": "a", "operator": "Gt"},
        )
    ),
    Case("null among rules", "POST", ROLES, {"metadata": {"name": "n"}, "rules": [None]}),
    Case(
        "binding of nothing",
        "POST",
        BINDINGS,
        {"metadata": {"name": "n"}, "subjects": [None], "roleRef": {"kind": "x"}},
    ),
    Case("claim of nothing", "POST", f"{NS}/persistentvolumeclaims", {"metadata": {"name": "n"}, "spec": {}}),
    Case("unknown directive", "PATCH", f"{NS}/services/headless", {"$patch": "nope"}, STRATEGIC),
    Case(
        "unknown directive deep down",
        "PATCH",
        f"{NS}/services/headless",
        {"spec": {"ports": [{"port": 80, "$patch": "nope"}]}},
        STRATEGIC,
    ),
    Case(
        "unknown directive with more",
        "PATCH",
        f"{NS}/services/headless",
        {"$patch": "merge", "a": {"b": [1, 2.5, None, True, "s"]}},
        STRATEGIC,
    ),
    Case("deep JSON patch", "PATCH", f"{NS}/configmaps/map", b"[" * DEEP + b"]" * DEEP, JSON_PATCH),
    Case("a query of 60,000 letters", "GET", "/version", query={"a": "x" * 60_000}),
    Case("accepts nothing that is served", "GET", f"{NS}/configmaps/map", accept="text/html"),
    Case("number is text", "POST", f"{NS}/services", service(ports=[{"port": "eighty"}])),
    Case("text is number", "POST", f"{NS}/services", service(clusterIP=5)),
    Case("list is object", "POST", f"{NS}/services", service(ports={"port": 80})),
    Case("object is list", "POST", f"{NS}/services", service(selector=["app"])),
    Case("object is text", "POST", f"{NS}/pods", {"apiVersion": "v1", "kind": "Pod", "spec": "x"}),
    Case("flag is text", "POST", f"{NS}/services", service(publishNotReadyAddresses="yes")),
    Case("label is number", "POST", f"{NS}/configmaps", {**config_map("x"), "metadata": {"labels": {"a": 1}}}),
    Case("metadata is text", "POST", f"{NS}/configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": "x"}),
    Case("replicas are text", "POST", f"{APPS}/statefulsets", workload("StatefulSet", replicas="three")),
    Case("image is a number", "POST", f"{NS}/pods", pod(containers=[{"name": "c", "image": 5}])),
    Case("unknown field", "POST", f"{NS}/services", service(nonsense=1), query={"fieldValidation": "Strict"}),
    Case(
        "unknown fields deep down",
        "POST",
        f"{NS}/pods",
        {**pod(containers=[{"name": "c", "image": "x", "imagee": "y"}]), "sepc": {}},
        query={"fieldValidation": "Strict"},
    ),
    Case(
        "field twice",
        "POST",
        f"{NS}/configmaps",
        b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"b"},"data":{"a":"c"}}',
        query={"fieldValidation": "Strict"},
    ),
    Case("unknown field validation", "POST", f"{NS}/services", service(), query={"fieldValidation": "Maybe"}),
    Case("unknown dry run", "POST", f"{NS}/services", service(), query={"dryRun": "Maybe"}),
    # -- paths and methods -------------------------------------------------------------------------------------
    Case("unknown resource", "GET", f"{NS}/nonsense"),
    Case("unknown group", "GET", "/apis/nonsense.example/v1/things"),
    Case("unknown version", "GET", "/api/v9/pods"),
    Case("watch in the path", "GET", f"/api/v1/watch/namespaces/{NAMESPACE}/pods", query={"resourceVersion": "x"}),
    Case(
        "watch of one in the path",
        "GET",
        f"/api/v1/watch/namespaces/{NAMESPACE}/pods/pod",
        query={"resourceVersion": "x"},
    ),
    Case("watch in the path of a POST", "POST", f"/api/v1/watch/namespaces/{NAMESPACE}/pods", pod()),
    Case("watch in the path of nonsense", "GET", f"/api/v1/watch/namespaces/{NAMESPACE}/nonsense"),
    Case("watch of nothing in the path", "GET", "/api/v1/watch"),
    Case("unknown path", "GET", "/nonsense"),
    Case("unknown subresource", "GET", f"{NS}/services/headless/nonsense"),
    Case("PUT to a collection", "PUT", f"{NS}/services", service()),
    Case("POST to an object", "POST", f"{NS}/services/headless", service()),
    Case("POST to all namespaces", "POST", "/api/v1/services", service()),
    Case("PATCH of a collection", "PATCH", f"{NS}/services", {}, MERGE),
    Case("DELETE of all namespaces", "DELETE", "/api/v1/namespaces"),
    Case("unknown method", "NONSENSE", f"{NS}/services/headless"),
    Case("unknown method of a collection", "NONSENSE", f"{NS}/services"),
    Case("unknown method where nothing is", "NONSENSE", "/nonsense"),
    Case("unknown method of a document", "NONSENSE", "/version"),
    Case("HEAD of an object", "HEAD", f"{NS}/services/headless"),
    Case("OPTIONS of an object", "OPTIONS", f"{NS}/services/headless"),
    Case("POST to a document", "POST", "/version", {}),
    Case("POST to discovery", "POST", "/apis/apps/v1", {}),
    Case("DELETE of health", "DELETE", "/healthz"),
    Case("slash after slash", "GET", f"/api//v1/namespaces/{NAMESPACE}/services"),
    Case("review without anything", "POST", f"{REVIEWS}/selfsubjectaccessreviews", {}),
    Case("review of null", "POST", f"{REVIEWS}/selfsubjectaccessreviews", b"null"),
    Case("review of two things", "POST", f"{REVIEWS}/selfsubjectaccessreviews", {"spec": BOTH}),
    Case(
        "review with a kind of two things",
        "POST",
        f"{REVIEWS}/selfsubjectaccessreviews",
        {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": BOTH},
    ),
    Case("review of rules nowhere", "POST", f"{REVIEWS}/selfsubjectrulesreviews", {}),
    Case("review of oneself", "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}),
    Case("GET of a review", "GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    Case("DELETE of a status", "DELETE", f"{NS}/pods/pod/status"),
    # -- selectors and versions --------------------------------------------------------------------------------
    Case("label selector without end", "GET", f"{NS}/services", query={"labelSelector": "a in (b"}),
    Case("label selector of signs", "GET", f"{NS}/services", query={"labelSelector": "=,!"}),
    Case("label selector with an open set", "GET", f"{NS}/services", query={"labelSelector": "a in ("}),
    Case("label selector with an open list", "GET", f"{NS}/services", query={"labelSelector": "a in (b,"}),
    Case("label selector with an empty set", "GET", f"{NS}/services", query={"labelSelector": "a in ()"}),
    Case("label selector with an empty value in a set", "GET", f"{NS}/services", query={"labelSelector": "a in (,b)"}),
    Case("label selector with a sign in a set", "GET", f"{NS}/services", query={"labelSelector": "a in (=)"}),
    Case("label selector with nothing after a comma", "GET", f"{NS}/services", query={"labelSelector": "a=b,"}),
    Case("label selector with a sign after a comma", "GET", f"{NS}/services", query={"labelSelector": "a,("}),
    Case("label selector with a bad key", "GET", f"{NS}/services", query={"labelSelector": "-a=b"}),
    Case("label selector with a bad value", "GET", f"{NS}/services", query={"labelSelector": "a=-b-"}),
    Case("unknown field selector", "GET", f"{NS}/services", query={"fieldSelector": "spec.nonsense=1"}),
    Case("unknown field selector of pods", "GET", f"{NS}/pods", query={"fieldSelector": "spec.nonsense=1"}),
    Case("unknown field selector of sets", "GET", f"{APPS}/statefulsets", query={"fieldSelector": "spec.x=1"}),
    Case("field selector that is none", "GET", f"{NS}/services", query={"fieldSelector": "a"}),
    Case("version is text", "GET", f"{NS}/services", query={"resourceVersion": "x"}),
    Case("version of the future", "GET", f"{NS}/services", query={"resourceVersion": "999999999"}),
    Case(
        "version exact without version",
        "GET",
        f"{NS}/services",
        query={"resourceVersionMatch": "Exact"},
    ),
    Case(
        "version exact and zero",
        "GET",
        f"{NS}/services",
        query={"resourceVersionMatch": "Exact", "resourceVersion": "0"},
    ),
    Case(
        "version match unknown",
        "GET",
        f"{NS}/services",
        query={"resourceVersionMatch": "Nearly", "resourceVersion": "1"},
    ),
    Case(
        "version match with continue",
        "GET",
        f"{NS}/services",
        query={"resourceVersionMatch": "Exact", "resourceVersion": "1", "continue": "x"},
    ),
    Case("continue is nonsense", "GET", f"{NS}/services", query={"continue": "nonsense", "limit": "1"}),
    Case("continue is no text", "GET", f"{NS}/services", query={"continue": "zzz", "limit": "1"}),
    Case("continue is no base64", "GET", f"{NS}/services", query={"continue": "x", "limit": "1"}),
    Case("continue is of no version", "GET", f"{NS}/services", query={"continue": "e30", "limit": "1"}),
    Case("watch is a word", "GET", f"{NS}/services", query={"watch": "maybe", "resourceVersion": "x"}),
    Case("watch is nothing", "GET", f"{NS}/services", query={"watch": "", "resourceVersion": "x"}),
    Case("watch is false", "GET", f"{NS}/services", query={"watch": "False", "resourceVersion": "x"}),
    Case("limit is text", "GET", f"{NS}/services", query={"limit": "x"}),
    Case("timeout is text", "GET", f"{NS}/services", query={"watch": "1", "timeoutSeconds": "x"}),
    Case("watch from a text", "GET", f"{NS}/services", query={"watch": "1", "resourceVersion": "x"}),
    Case(
        "initial events without a match",
        "GET",
        f"{NS}/services",
        query={"watch": "1", "sendInitialEvents": "true"},
    ),
    Case("initial events of a list", "GET", f"{NS}/services", query={"sendInitialEvents": "true"}),
    # -- not there, there already, not the newest --------------------------------------------------------------
    Case("no such object", "GET", f"{NS}/services/nonsense"),
    Case("no such set", "GET", f"{APPS}/statefulsets/nonsense"),
    Case("no such slice to delete", "DELETE", f"{SLICES}/nonsense"),
    Case("no such object to update", "PUT", f"{NS}/configmaps/nonsense", config_map("nonsense")),
    Case("no such object to patch", "PATCH", f"{NS}/services/nonsense", {}, MERGE),
    Case("no such namespace", "POST", "/api/v1/namespaces/nonsense/services", service()),
    Case("name is taken", "POST", f"{NS}/services", service("headless")),
    Case("name of a set is taken", "POST", f"{APPS}/statefulsets", workload("StatefulSet", "set")),
    Case("namespace is taken", "POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}),
    Case(
        "not the newest version",
        "PUT",
        f"{NS}/configmaps/map",
        {**config_map("map"), "metadata": {"name": "map", "resourceVersion": "1"}},
    ),
    Case("patch of an old version", "PATCH", f"{NS}/services/headless", {"metadata": {"resourceVersion": "1"}}, MERGE),
    Case(
        "version on create",
        "POST",
        f"{NS}/configmaps",
        {**config_map("x"), "metadata": {"name": "x", "resourceVersion": "1"}},
    ),
    Case("update without anything", "PUT", f"{NS}/services/headless", {}),
    Case("update without metadata", "PUT", f"{NS}/services/headless", {"metadata": None}),
    Case("update without a name", "PUT", f"{NS}/services/headless", {"metadata": {"namespace": NAMESPACE}}),
    Case("update of a name to be generated", "PUT", f"{NS}/services/headless", {"metadata": {"generateName": "x"}}),
    Case("update of a status without a name", "PUT", f"{NS}/services/headless/status", {}),
    Case("update of a scale without a name", "PUT", f"{APPS}/statefulsets/set/scale", {}),
    Case("update of a namespace without a name", "PUT", f"/api/v1/namespaces/{NAMESPACE}", {}),
    Case("update of nothing without a name", "PUT", f"{NS}/services/nonsense", {}),
    Case("update without a namespace", "PUT", f"{NS}/configmaps/map", config_map("map"), query={"dryRun": "All"}),
    Case(
        "update of another namespace",
        "PUT",
        f"{NS}/services/headless",
        {**service("headless"), "metadata": {"name": "headless", "namespace": "other"}},
    ),
    Case("patch that takes the name", "PATCH", f"{NS}/services/headless", {"metadata": {"name": None}}, MERGE),
    Case("patch that renames", "PATCH", f"{NS}/services/headless", {"metadata": {"name": "x"}}, MERGE),
    Case("patch that moves", "PATCH", f"{NS}/services/headless", {"metadata": {"namespace": "x"}}, MERGE),
    Case("update makes a service", "PUT", f"{NS}/services/fresh", service("fresh"), query={"dryRun": "All"}),
    Case("update makes no bad service", "PUT", f"{NS}/services/fresh", service("fresh", ports=[{"port": 0}])),
    Case("update makes endpoints", "PUT", f"{NS}/endpoints/fresh", endpoints("fresh"), query={"dryRun": "All"}),
    Case("update makes no slice", "PUT", f"{SLICES}/fresh", endpoint_slice("fresh"), query={"dryRun": "All"}),
    Case("name differs from the path", "PUT", f"{NS}/configmaps/map", config_map("other")),
    Case(
        "namespace differs from the path",
        "POST",
        f"{NS}/configmaps",
        {**config_map("x"), "metadata": {"name": "x", "namespace": "other"}},
    ),
    Case("precondition on uid", "DELETE", f"{NS}/configmaps/map", {"preconditions": {"uid": "nonsense"}}),
    Case("precondition on version", "DELETE", f"{NS}/configmaps/map", {"preconditions": {"resourceVersion": "1"}}),
    Case("unknown propagation", "DELETE", f"{NS}/configmaps/map", {"propagationPolicy": "Nonsense"}),
    # -- names and metadata ------------------------------------------------------------------------------------
    Case("no name", "POST", f"{NS}/configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}),
    Case("name in capitals", "POST", f"{NS}/configmaps", config_map("Capital")),
    Case("name of a service begins with a digit", "POST", f"{NS}/services", service("1s")),
    Case("name of a service is long", "POST", f"{NS}/services", service(LONG)),
    Case("name of a service has a dot", "POST", f"{NS}/services", service("a.b")),
    Case("name of a pod has an underscore", "POST", f"{NS}/pods", pod("a_b")),
    Case("name of a set has a dot", "POST", f"{APPS}/statefulsets", workload("StatefulSet", "a_b")),
    Case("name of a namespace has a dot", "POST", "/api/v1/namespaces", {"metadata": {"name": "a.b"}}),
    Case("name is a path", "POST", f"{NS}/configmaps", config_map("a/b")),
    Case(
        "label key", "POST", f"{NS}/configmaps", {**config_map("x"), "metadata": {"name": "x", "labels": {"a b": "c"}}}
    ),
    Case(
        "label value",
        "POST",
        f"{NS}/configmaps",
        {**config_map("x"), "metadata": {"name": "x", "labels": {"a": "b c"}}},
    ),
    Case(
        "label value is long",
        "POST",
        f"{NS}/configmaps",
        {**config_map("x"), "metadata": {"name": "x", "labels": {"a": LONG}}},
    ),
    Case(
        "annotation key",
        "POST",
        f"{NS}/configmaps",
        {**config_map("x"), "metadata": {"name": "x", "annotations": {"a b": "c"}}},
    ),
    # -- Services ----------------------------------------------------------------------------------------------
    Case("service without ports", "POST", f"{NS}/services", service(ports=[])),
    Case(
        "service without a spec",
        "POST",
        f"{NS}/services",
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}},
    ),
    Case("port is zero", "POST", f"{NS}/services", service(ports=[{"port": 0}])),
    Case("port is too great", "POST", f"{NS}/services", service(ports=[{"port": 70000}])),
    Case("target port is too great", "POST", f"{NS}/services", service(ports=[{"port": 80, "targetPort": 70000}])),
    Case("target port is no name", "POST", f"{NS}/services", service(ports=[{"port": 80, "targetPort": "a_b"}])),
    Case(
        "target port is a long name",
        "POST",
        f"{NS}/services",
        service(ports=[{"port": 80, "targetPort": "abcdefghijklmnopq"}]),
    ),
    Case("two ports without names", "POST", f"{NS}/services", service(ports=[{"port": 80}, {"port": 81}])),
    Case(
        "two ports of one name",
        "POST",
        f"{NS}/services",
        service(ports=[{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]),
    ),
    Case(
        "two ports of one number",
        "POST",
        f"{NS}/services",
        service(ports=[{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]),
    ),
    Case("port name is bad", "POST", f"{NS}/services", service(ports=[{"port": 80, "name": "A_b"}])),
    Case("protocol is unknown", "POST", f"{NS}/services", service(ports=[{"port": 80, "protocol": "ICMP"}])),
    Case("type is unknown", "POST", f"{NS}/services", service(type="Nonsense")),
    Case("affinity is unknown", "POST", f"{NS}/services", service(sessionAffinity="Nonsense")),
    Case("external name without one", "POST", f"{NS}/services", service(type="ExternalName")),
    Case("external name is none", "POST", f"{NS}/services", service(type="ExternalName", externalName="a_b")),
    Case(
        "external name with an address",
        "POST",
        f"{NS}/services",
        service(type="ExternalName", externalName="a.b", clusterIP="None"),
    ),
    Case("clusterIPs without clusterIP", "POST", f"{NS}/services", service(clusterIPs=["None"])),
    Case(
        "clusterIPs do not begin with clusterIP",
        "POST",
        f"{NS}/services",
        service(clusterIP="None", clusterIPs=["10.96.200.1"]),
    ),
    Case("clusterIP is no address", "POST", f"{NS}/services", service(clusterIP="nonsense")),
    Case("clusterIP is outside", "POST", f"{NS}/services", service(clusterIP="1.2.3.4")),
    Case("clusterIP is taken", "POST", f"{NS}/services", service(clusterIP="10.96.0.10")),
    Case(
        "clusterIP is taken and the type unknown",
        "POST",
        f"{NS}/services",
        service(clusterIP="10.96.0.10", type="Nonsense"),
    ),
    Case(
        "clusterIP is taken and a port is zero",
        "POST",
        f"{NS}/services",
        service(clusterIP="10.96.0.10", ports=[{"port": 0}]),
    ),
    Case(
        "headless of two kinds", "POST", f"{NS}/services", service(clusterIP="None", clusterIPs=["None", "10.96.200.1"])
    ),
    Case("headless load balancer", "POST", f"{NS}/services", service(clusterIP="None", type="LoadBalancer")),
    Case("headless node port", "POST", f"{NS}/services", service(clusterIP="None", type="NodePort")),
    Case("families twice", "POST", f"{NS}/services", service(ipFamilies=["IPv4", "IPv4"])),
    Case("family is unknown", "POST", f"{NS}/services", service(ipFamilies=["IPv5"])),
    Case("family policy is unknown", "POST", f"{NS}/services", service(ipFamilyPolicy="Nonsense")),
    Case(
        "two families and one stack",
        "POST",
        f"{NS}/services",
        service(ipFamilyPolicy="SingleStack", ipFamilies=["IPv4", "IPv6"]),
    ),
    Case("selector value is bad", "POST", f"{NS}/services", service(selector={"app": "a b"})),
    Case("node port of a cluster service", "POST", f"{NS}/services", service(ports=[{"port": 80, "nodePort": 30000}])),
    Case("internal policy is unknown", "POST", f"{NS}/services", service(internalTrafficPolicy="Nonsense")),
    Case("clusterIP changed", "PATCH", f"{NS}/services/headless", {"spec": {"clusterIP": "10.96.200.1"}}, MERGE),
    Case(
        "clusterIP changed with clusterIPs",
        "PATCH",
        f"{NS}/services/headless",
        {"spec": {"clusterIP": "10.96.200.1", "clusterIPs": ["10.96.200.1"]}},
        MERGE,
    ),
    Case("clusterIP made headless", "PATCH", f"{NS}/services/clustered", {"spec": {"clusterIP": "None"}}, MERGE),
    Case(
        "clusterIP emptied", "PATCH", f"{NS}/services/headless", {"spec": {"clusterIP": "", "clusterIPs": None}}, MERGE
    ),
    Case("family changed", "PATCH", f"{NS}/services/clustered", {"spec": {"ipFamilies": ["IPv6"]}}, MERGE),
    Case(
        "port of a service changed to nothing",
        "PATCH",
        f"{NS}/services/headless",
        {"spec": {"ports": [{"port": 99999}]}},
        MERGE,
    ),
    # -- Pods --------------------------------------------------------------------------------------------------
    Case("pod without containers", "POST", f"{NS}/pods", pod(containers=[])),
    Case("pod without a spec", "POST", f"{NS}/pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}),
    Case("container without a name", "POST", f"{NS}/pods", pod(containers=[{"image": "x"}])),
    Case("container without an image", "POST", f"{NS}/pods", pod(containers=[{"name": "c"}])),
    Case("container name is bad", "POST", f"{NS}/pods", pod(containers=[{"name": "C", "image": "x"}])),
    Case("container name twice", "POST", f"{NS}/pods", pod(containers=[{"name": "c", "image": "x"}] * 2)),
    Case(
        "container port is too great",
        "POST",
        f"{NS}/pods",
        pod(containers=[{"name": "c", "image": "x", "ports": [{"containerPort": 70000}]}]),
    ),
    Case(
        "container port name twice",
        "POST",
        f"{NS}/pods",
        pod(
            containers=[
                {
                    "name": "c",
                    "image": "x",
                    "ports": [{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}],
                }
            ]
        ),
    ),
    Case(
        "container port name is bad",
        "POST",
        f"{NS}/pods",
        pod(containers=[{"name": "c", "image": "x", "ports": [{"containerPort": 80, "name": "a_b"}]}]),
    ),
    Case(
        "pull policy is unknown",
        "POST",
        f"{NS}/pods",
        pod(containers=[{"name": "c", "image": "x", "imagePullPolicy": "Perhaps"}]),
    ),
    Case("restart policy is unknown", "POST", f"{NS}/pods", pod(restartPolicy="Perhaps")),
    Case("dns policy is unknown", "POST", f"{NS}/pods", pod(dnsPolicy="Perhaps")),
    Case("dns policy without a config", "POST", f"{NS}/pods", pod(dnsPolicy="None")),
    Case("hostname is bad", "POST", f"{NS}/pods", pod(hostname="A_b")),
    Case("subdomain is bad", "POST", f"{NS}/pods", pod(subdomain="a.b")),
    Case(
        "pod with an ephemeral container", "POST", f"{NS}/pods", pod(ephemeralContainers=[{"name": "d", "image": "x"}])
    ),
    Case("grace is negative", "POST", f"{NS}/pods", pod(terminationGracePeriodSeconds=-1)),
    Case(
        "probe of two sorts",
        "POST",
        f"{NS}/pods",
        pod(
            containers=[
                {"name": "c", "image": "x", "readinessProbe": {"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}}
            ]
        ),
    ),
    Case(
        "probe of no sort",
        "POST",
        f"{NS}/pods",
        pod(containers=[{"name": "c", "image": "x", "readinessProbe": {"periodSeconds": 1}}]),
    ),
    Case(
        "mount without a volume",
        "POST",
        f"{NS}/pods",
        pod(containers=[{"name": "c", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]),
    ),
    Case("pod changed", "PATCH", f"{NS}/pods/pod", {"spec": {"hostname": "other"}}, STRATEGIC),
    Case(
        "container added", "PATCH", f"{NS}/pods/pod", {"spec": {"containers": [{"name": "d", "image": "x"}]}}, STRATEGIC
    ),
    Case(
        "ephemeral container without an image",
        "PATCH",
        f"{NS}/pods/pod/ephemeralcontainers",
        {"spec": {"ephemeralContainers": [{"name": "d"}]}},
        STRATEGIC,
    ),
    Case(
        "ephemeral container with a taken name",
        "PATCH",
        f"{NS}/pods/pod/ephemeralcontainers",
        {"spec": {"ephemeralContainers": [{"name": "c", "image": "x"}]}},
        STRATEGIC,
    ),
    Case(
        "ephemeral container of nothing",
        "PATCH",
        f"{NS}/pods/pod/ephemeralcontainers",
        {"spec": {"ephemeralContainers": [{"name": "d", "image": "x", "targetContainerName": "nope"}]}},
        STRATEGIC,
    ),
    Case(
        "ephemeral container with ports",
        "PATCH",
        f"{NS}/pods/pod/ephemeralcontainers",
        {"spec": {"ephemeralContainers": [{"name": "d", "image": "x", "ports": [{"containerPort": 80}]}]}},
        STRATEGIC,
    ),
    Case("exec in no pod", "GET", f"{NS}/pods/nonsense/exec", query={"command": "true", "stdout": "true"}),
    Case("log of no container", "GET", f"{NS}/pods/pod/log", query={"container": "nonsense"}),
    Case(
        "exec in no container",
        "GET",
        f"{NS}/pods/pod/exec",
        query={"command": "true", "stdout": "true", "container": "x"},
    ),
    Case("exec without a stream", "GET", f"{NS}/pods/pod/exec", query={"command": "true"}),
    Case("exec without a command", "GET", f"{NS}/pods/pod/exec", query={"stdout": "true"}),
    # -- workloads ---------------------------------------------------------------------------------------------
    Case(
        "set whose labels are not selected",
        "POST",
        f"{APPS}/statefulsets",
        workload("StatefulSet", labels={"app": "b"}),
    ),
    Case("set without labels", "POST", f"{APPS}/statefulsets", workload("StatefulSet", labels={})),
    Case("set without a selector", "POST", f"{APPS}/statefulsets", workload("StatefulSet", selector=None)),
    Case("set with an empty selector", "POST", f"{APPS}/statefulsets", workload("StatefulSet", selector={})),
    Case("set without a template", "POST", f"{APPS}/statefulsets", workload("StatefulSet", template=None)),
    Case("set of a negative number", "POST", f"{APPS}/statefulsets", workload("StatefulSet", replicas=-1)),
    Case(
        "set with an unknown policy", "POST", f"{APPS}/statefulsets", workload("StatefulSet", podManagementPolicy="X")
    ),
    Case(
        "set with an unknown strategy",
        "POST",
        f"{APPS}/statefulsets",
        workload("StatefulSet", updateStrategy={"type": "X"}),
    ),
    Case(
        "set whose pods restart never",
        "POST",
        f"{APPS}/statefulsets",
        workload(
            "StatefulSet",
            template={
                "metadata": {"labels": {"app": "a"}},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]},
            },
        ),
    ),
    Case("service of a set changed", "PATCH", f"{APPS}/statefulsets/set", {"spec": {"serviceName": "other"}}, MERGE),
    Case(
        "selector of a set changed",
        "PATCH",
        f"{APPS}/statefulsets/set",
        {"spec": {"selector": {"matchLabels": {"app": "b"}}}},
        MERGE,
    ),
    Case(
        "policy of a set changed",
        "PATCH",
        f"{APPS}/statefulsets/set",
        {"spec": {"podManagementPolicy": "Parallel"}},
        MERGE,
    ),
    Case(
        "labels of a set's template changed",
        "PATCH",
        f"{APPS}/statefulsets/set",
        {"spec": {"template": {"metadata": {"labels": {"app": "b"}}}}},
        MERGE,
    ),
    Case(
        "deployment whose labels are not selected",
        "POST",
        f"{APPS}/deployments",
        workload("Deployment", labels={"app": "b"}),
    ),
    Case("deployment without a selector", "POST", f"{APPS}/deployments", workload("Deployment", selector=None)),
    Case(
        "deployment that may do nothing",
        "POST",
        f"{APPS}/deployments",
        workload("Deployment", strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
    ),
    Case(
        "deployment with an unknown strategy",
        "POST",
        f"{APPS}/deployments",
        workload("Deployment", strategy={"type": "X"}),
    ),
    Case(
        "selector of a deployment changed",
        "PATCH",
        f"{APPS}/deployments/deployment",
        {"spec": {"selector": {"matchLabels": {"app": "b"}}, "template": {"metadata": {"labels": {"app": "b"}}}}},
        MERGE,
    ),
    Case("scale below zero", "PATCH", f"{APPS}/statefulsets/set/scale", {"spec": {"replicas": -1}}, MERGE),
    Case("scale of text", "PATCH", f"{APPS}/statefulsets/set/scale", {"spec": {"replicas": "x"}}, MERGE),
    Case("scale of nothing", "PATCH", f"{APPS}/statefulsets/nonsense/scale", {"spec": {"replicas": 1}}, MERGE),
    # -- endpoints and policies --------------------------------------------------------------------------------
    Case("slice without a type", "POST", SLICES, endpoint_slice(addressType="")),
    Case("slice with an unknown type", "POST", SLICES, endpoint_slice(addressType="IPv5")),
    Case("slice with the other family", "POST", SLICES, endpoint_slice(endpoints=[{"addresses": ["fd00::1"]}])),
    Case("slice without addresses", "POST", SLICES, endpoint_slice(endpoints=[{"addresses": []}])),
    Case(
        "slice with a bad host name",
        "POST",
        SLICES,
        endpoint_slice(endpoints=[{"addresses": ["10.0.0.1"], "hostname": "A_b"}]),
    ),
    Case("slice with a loopback", "POST", SLICES, endpoint_slice(endpoints=[{"addresses": ["127.0.0.1"]}])),
    Case(
        "slice with ports of one name",
        "POST",
        SLICES,
        endpoint_slice(ports=[{"name": "a", "port": 1}, {"name": "a", "port": 2}]),
    ),
    Case("slice with a bad port", "POST", SLICES, endpoint_slice(ports=[{"name": "a", "port": 70000}])),
    Case("slice of a bad protocol", "POST", SLICES, endpoint_slice(ports=[{"name": "a", "port": 1, "protocol": "X"}])),
    Case("type of a slice changed", "PATCH", f"{SLICES}/slice", {"addressType": "IPv6"}, MERGE),
    Case(
        "endpoints with a bad address",
        "POST",
        f"{NS}/endpoints",
        endpoints(addresses=[{"ip": "x"}], ports=[{"port": 1}]),
    ),
    Case(
        "endpoints with a loopback",
        "POST",
        f"{NS}/endpoints",
        endpoints(addresses=[{"ip": "127.0.0.1"}], ports=[{"port": 1}]),
    ),
    Case("endpoints without addresses", "POST", f"{NS}/endpoints", endpoints(ports=[{"port": 1}])),
    Case(
        "endpoints with a bad port",
        "POST",
        f"{NS}/endpoints",
        endpoints(addresses=[{"ip": "1.2.3.4"}], ports=[{"port": 0}]),
    ),
    Case(
        "endpoints with two nameless ports",
        "POST",
        f"{NS}/endpoints",
        endpoints(addresses=[{"ip": "1.2.3.4"}], ports=[{"port": 1}, {"port": 2}]),
    ),
    Case("policy of an unknown type", "POST", POLICIES, policy(policyTypes=["Sideways"])),
    Case("policy with a bad block", "POST", POLICIES, policy(ingress=[{"from": [{"ipBlock": {"cidr": "x"}}]}])),
    Case("policy from nothing", "POST", POLICIES, policy(ingress=[{"from": [{}]}])),
    Case("key of a map", "POST", f"{NS}/configmaps", config_map("x", data={"a b": "c"})),
    Case("map is too long", "POST", f"{NS}/configmaps", config_map("x", data={"a": "x" * (1024 * 1024 + 1)})),
    Case(
        "map is as long as can be",
        "POST",
        f"{NS}/configmaps",
        config_map("x", data={"key": "x" * 1024 * 1024}),
        query={"dryRun": "All"},
    ),
    Case(
        "map of bytes is too long",
        "POST",
        f"{NS}/configmaps",
        config_map("x", data={"a": "x" * 1024 * 1024}, binaryData={"b": "AA=="}),
    ),
    Case("map is patched too long", "PATCH", f"{NS}/configmaps/map", {"data": {"b": "x" * 1024 * 1024}}, MERGE),
    # -- patches -----------------------------------------------------------------------------------------------
    Case("patch of no type", "PATCH", f"{NS}/configmaps/map", {}, JSON),
    Case("patch is no JSON", "PATCH", f"{NS}/configmaps/map", b"{nonsense", MERGE),
    Case("patch is a list", "PATCH", f"{NS}/configmaps/map", b"[]", MERGE),
    Case("patch is no list", "PATCH", f"{NS}/configmaps/map", b"{}", JSON_PATCH),
    Case(
        "patch replaces what no object has",
        "PATCH",
        f"{NS}/services/headless",
        [{"op": "replace", "path": "/spec/nonsense", "value": 1}],
        JSON_PATCH,
        {"dryRun": "All"},
    ),
    Case(
        "patch replaces what is not there",
        "PATCH",
        f"{NS}/configmaps/map",
        [{"op": "replace", "path": "/data/x", "value": "y"}],
        JSON_PATCH,
        {"dryRun": "All"},
    ),
    Case(
        "patch replaces in what is not there",
        "PATCH",
        f"{NS}/configmaps/map",
        [{"op": "replace", "path": "/metadata/labels/x", "value": "y"}],
        JSON_PATCH,
    ),
    Case("patch removes nothing", "PATCH", f"{NS}/configmaps/map", [{"op": "remove", "path": "/data/x"}], JSON_PATCH),
    Case(
        "patch tests in vain",
        "PATCH",
        f"{NS}/configmaps/map",
        [{"op": "test", "path": "/data/a", "value": "x"}],
        JSON_PATCH,
    ),
    Case("patch of an unknown sort", "PATCH", f"{NS}/configmaps/map", [{"op": "x", "path": "/data/a"}], JSON_PATCH),
    Case("patch makes text of an object", "PATCH", f"{NS}/configmaps/map", {"data": "x"}, MERGE),
    Case("patch of the name", "PATCH", f"{NS}/configmaps/map", {"metadata": {"name": "other"}}, MERGE),
    Case(
        "strategic patch without a merge key",
        "PATCH",
        f"{NS}/pods/pod",
        {"spec": {"containers": [{"image": "x"}]}},
        STRATEGIC,
    ),
    Case(
        "unknown field in a patch",
        "PATCH",
        f"{NS}/configmaps/map",
        {"nonsense": 1},
        MERGE,
        {"fieldValidation": "Strict"},
    ),
    # -- server-side apply -------------------------------------------------------------------------------------
    Case("apply without a manager", "PATCH", f"{NS}/configmaps/applied", config_map("applied"), APPLY),
    Case(
        "apply that conflicts",
        "PATCH",
        f"{NS}/configmaps/applied",
        config_map("applied", data={"a": "c"}),
        APPLY,
        {"fieldManager": "second"},
    ),
    Case(
        "apply that conflicts with a create",
        "PATCH",
        f"{NS}/configmaps/map",
        config_map("map", data={"a": "c"}),
        APPLY,
        {"fieldManager": "second"},
    ),
    Case("apply without a kind", "PATCH", f"{NS}/configmaps/applied", {"data": {}}, APPLY, {"fieldManager": "second"}),
    Case(
        "apply with an unknown field",
        "PATCH",
        f"{NS}/configmaps/applied",
        config_map("applied", nonsense=1),
        APPLY,
        {"fieldManager": "second"},
    ),
    Case(
        "apply with an unknown field of a container",
        "PATCH",
        f"{NS}/pods/applied",
        pod("applied", containers=[{"name": "c", "image": "x", "prots": []}]),
        APPLY,
        {"fieldManager": "second"},
    ),
    Case(
        "apply with two unknown fields",
        "PATCH",
        f"{NS}/services/applied",
        service("applied", prots=[], ports=[{"port": 80, "nonsense": 1}]),
        APPLY,
        {"fieldManager": "second"},
    ),
    Case(
        "apply of another name",
        "PATCH",
        f"{NS}/configmaps/applied",
        config_map("other"),
        APPLY,
        {"fieldManager": "second"},
    ),
    Case(
        "apply with managed fields",
        "PATCH",
        f"{NS}/configmaps/applied",
        {**config_map("applied"), "metadata": {"name": "applied", "managedFields": [{"manager": "x"}]}},
        APPLY,
        {"fieldManager": "second"},
    ),
    *(
        Case(f"apply of {name}", "PATCH", f"{NS}/services/applied", body, APPLY, {"fieldManager": "second"})
        for name, body in {
            "text for a number": service("applied", ports=[{"port": "eighty"}]),
            "text for a list": service("applied", ports="x"),
            "a list for a map": service("applied", selector=["a"]),
            "a number for text": service("applied", clusterIP=5),
            "text for a flag": service("applied", publishNotReadyAddresses="yes"),
            "text for an object": service("applied") | {"spec": "x"},
            "a number for a label": service("applied") | {"metadata": {"name": "applied", "labels": {"a": 1}}},
            "ports without a number": service("applied", ports=[{"name": "x"}]),
            "ports of one number": service("applied", ports=[{"port": 80}, {"port": 80}]),
        }.items()
    ),
    Case(
        "apply of text for a number of pods",
        "PATCH",
        f"{APPS}/statefulsets/applied",
        workload("StatefulSet", "applied", replicas="three"),
        APPLY,
        {"fieldManager": "second"},
    ),
    Case("apply of a list", "PATCH", f"{NS}/configmaps/applied", b"[]", APPLY, {"fieldManager": "second"}),
    Case("apply of nothing", "PATCH", f"{NS}/configmaps/applied", b"", APPLY, {"fieldManager": "second"}),
    Case("force without apply", "PATCH", f"{NS}/configmaps/map", {}, MERGE, {"force": "true"}),
)

DIFFERENT: dict[str, str] = {}
"""Cases in which the lab answers in another way, and why."""

_VARYING = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"(resource version: |in object meta: |in record \(|current: )\d+"), r"\1N"),
    (re.compile(r"\b(10\.96\.\d+\.\d+|10\.200\.0\.\d+)\b"), "ADDRESS"),
    (re.compile(r'(patch: )?Invalid value: "\{.*\}": ', re.DOTALL), r"\1Invalid value: THE OBJECT: "),
    # the difference of two Go structs, which the lab does not have
    (re.compile(r"(previously negative\))\n@@.*", re.DOTALL), r"\1"),
)


def normal(text: str) -> str:
    """Without what differs between two clusters."""
    for pattern, sign in _VARYING:
        text = pattern.sub(sign, text)
    return text


def told(status: int, content_type: str, body: bytes, warnings: list[str]) -> dict[str, Any]:
    """An answer, as it is recorded: what it says when it is a refusal, only its code when it is none."""
    found: dict[str, Any] = {"code": status}
    if warnings:
        found["warnings"] = [normal(text) for text in warnings]
    if status < 400:
        return found
    if not body or not content_type.startswith("application/json"):
        return {**found, "text": normal(body.decode("utf-8", "replace"))[:300]}
    document = json.loads(body)
    kept = {key: value for key, value in document.items() if key in ("message", "reason", "details", "code")}
    found_all: dict[str, Any] = _normal_texts(found | kept)
    return found_all


def _normal_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _normal_texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_normal_texts(inner) for inner in value]
    return normal(value) if isinstance(value, str) else value
