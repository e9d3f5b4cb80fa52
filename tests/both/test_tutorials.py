"""The tutorials, step by step, by the commands: what a reader of them does, and what the program says to it."""

from __future__ import annotations

from typing import Any

from tests.both.clusters import Run
from tests.e2e.conftest import Kubectl

TEMPORARY = ("--from", "new", "--yes", "-o", "json")


def verdicts(probe: dict[str, Any]) -> set[str]:
    return {row["verdict"] for row in probe["comparison"]}


def addresses(probe: dict[str, Any], name: str, type_: str = "A") -> set[str]:
    """The data of all answers to one question."""
    return {
        record.split()[-1]
        for answer in probe["answers"]
        if answer["question"] == {"name": name, "type": type_}
        for record in answer["answer"]
    }


def no_pod_of_ours(kubectl: Kubectl) -> bool:
    left = kubectl.json("get", "pods", "-l", "app.kubernetes.io/managed-by=kheadless-tui")["items"]
    return all("deletionTimestamp" in pod["metadata"] for pod in left)


def test_tutorial_1_three_addresses_each_with_its_pod_from_a_temporary_busybox(kubectl: Kubectl, run: Run) -> None:
    kubectl.apply("1-statefulset.yaml")
    kubectl.rollout("web")
    pods = {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in kubectl.json("get", "pods")["items"]}
    zone = f"{kubectl.namespace}.svc.cluster.local."

    records = run("records", "nginx-headless", "-o", "json")
    assert records.status == 0, records
    own = [r for r in records.json["records"] if r["name"] == f"nginx-headless.{zone}" and r["type"] == "A"]
    assert {r["endpoint"]["pod"]: r["data"] for r in own} == pods
    assert all(r["from"].startswith(f"EndpointSlice {kubectl.namespace}/nginx-headless-") for r in own)
    srv = {r["data"] for r in records.json["records"] if r["name"] == f"_web._tcp.nginx-headless.{zone}"}
    weight = 100 // (len(pods) * (2 if any(r["type"] == "AAAA" for r in records.json["records"]) else 1))
    assert srv == {f"0 {weight} 80 {pod}.nginx-headless.{zone}" for pod in pods}

    probe = run("probe", "nginx-headless", "--image", "busybox:1.28", *TEMPORARY)
    assert probe.status == 0, probe
    assert probe.json["verdict"] == "match"
    assert verdicts(probe.json) == {"match"}
    assert probe.json["vantages"][0]["created"] is True
    assert probe.json["vantages"][0]["image"] == "busybox:1.28"
    assert addresses(probe.json, f"nginx-headless.{zone}") == set(pods.values())
    for pod, address in pods.items():
        assert addresses(probe.json, f"{pod}.nginx-headless.{zone}") == {address}
    assert no_pod_of_ours(kubectl)

    table = run("probe", "nginx-headless", "--from", "pod/web-0")
    assert table.status == 0, table
    for pod, address in pods.items():
        assert any(pod in line and address in line for line in table.out.splitlines()), table

    page = kubectl("exec", "web-1", "--", "wget", "-qO-", "web-0.nginx-headless")
    assert page.strip()


def test_tutorial_2_endpoints_of_another_name_are_explained_and_mended(kubectl: Kubectl, run: Run) -> None:
    kubectl.apply("2-external.yaml")
    name = f"mysql-svc.{kubectl.namespace}.svc.cluster.local."

    answer = run("predict", name, "-o", "json")
    assert answer.status == 0, answer
    assert answer.json["rcode"] == "NXDOMAIN"
    why = " ".join(step["why"] for step in answer.json["steps"])
    assert "mysql-ep" in why, "the misnamed Endpoints object is the reason, and it is named"
    assert run("predict", "mysql-ep", "-o", "json").json["rcode"] == "NXDOMAIN"
    assert "mysql-ep" in run("records", "mysql-svc").err
    denied = run("probe", "mysql-svc", *TEMPORARY)
    assert denied.json["verdict"] == "match", denied
    assert {answer["rcode"] for answer in denied.json["answers"]} == {"NXDOMAIN"}

    kubectl("delete", "endpoints", "mysql-ep")
    manifest = kubectl.json("get", "service", "mysql-svc")
    assert "selector" not in manifest["spec"]
    renamed = kubectl.renamed("2-external.yaml", "name: mysql-ep", "name: mysql-svc")
    kubectl("apply", "-f", renamed)
    kubectl.until(lambda: kubectl.json("get", "endpointslices")["items"], "the mirrored EndpointSlice")

    records = run("records", "mysql-svc", "-o", "json").json["records"]
    own = [r for r in records if r["name"] == name and r["type"] == "A"]
    assert [r["data"] for r in own] == ["114.32.146.154"]
    assert own[0]["endpoint"]["pod"] is None, "an external endpoint has no pod"
    assert {r["name"] for r in records if r["name"].startswith("_")} == {f"_mysql._tcp.{name}"}
    probes = [run("probe", "mysql-svc", *TEMPORARY)]
    while probes[-1].status != 0:  # CoreDNS keeps what it denied to the first probe for some seconds
        assert {row["verdict"] for row in probes[-1].json["comparison"]} <= {"match", "stale"}, probes[-1]
        assert len(probes) < 8, probes[-1]
        probes.append(run("probe", "mysql-svc", *TEMPORARY))
    assert addresses(probes[-1].json, name) == {"114.32.146.154"}
    assert run("predict", f"_default-ep._tcp.{name}", "SRV", "-o", "json").json["rcode"] == "NXDOMAIN"
    assert no_pod_of_ours(kubectl)


def test_tutorial_3_selects_nothing_a_port_nobody_listens_on_and_an_ephemeral_container(
    kubectl: Kubectl, run: Run
) -> None:
    kubectl.apply("3-ephemeral.yaml")
    kubectl.rollout("app-stateful")
    pods = {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in kubectl.json("get", "pods")["items"]}
    zone = f"{kubectl.namespace}.svc.cluster.local."

    nothing = run("predict", "headless-svc", "-o", "json").json
    assert nothing["rcode"] == "NXDOMAIN"
    assert "app=web" in nothing["steps"][0]["why"], "the selector that nothing carries is named"
    assert "app=web" in run("records", "headless-svc").err

    probe = run("probe", "headless-svc-stateful", "--from", "debug/app-stateful-0",
                "--image", "slongstreet/bind-utils:latest", "--yes", "-o", "json")  # fmt: skip
    assert probe.status == 0, probe
    assert addresses(probe.json, f"headless-svc-stateful.{zone}") == set(pods.values())
    assert addresses(probe.json, f"app-stateful-1.headless-svc-stateful.{zone}") == {pods["app-stateful-1"]}
    assert probe.json["vantages"][0]["kind"] == "debug"
    debugged = kubectl.json("get", "pod", "app-stateful-0")
    assert [c["image"] for c in debugged["spec"]["ephemeralContainers"]] == ["slongstreet/bind-utils:latest"]

    again = run("probe", "app-stateful-1.headless-svc-stateful", "--from", "debug/app-stateful-0",
                "--image", "slongstreet/bind-utils:latest", "--yes", "-o", "json")  # fmt: skip
    assert again.status == 0, again
    assert addresses(again.json, f"app-stateful-1.headless-svc-stateful.{zone}") == {pods["app-stateful-1"]}
    assert len(kubectl.json("get", "pod", "app-stateful-0")["spec"]["ephemeralContainers"]) == 1, "it was used again"

    own = run("predict", f"headless-svc-stateful.{zone}", "SRV", "-o", "json").json
    assert {record.split()[6] for record in own["answer"]} == {"8080"}, "SRV says targetPort, where nobody listens"
    assert "8080" in run("records", "headless-svc-stateful").err


def test_tutorial_5_names_that_only_a_governing_service_makes_true(kubectl: Kubectl, run: Run) -> None:
    kubectl.apply("5-names.yaml")
    kubectl.rollout("nginx")
    pods = {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in kubectl.json("get", "pods")["items"]}
    zone = f"{kubectl.namespace}.svc.cluster.local."

    for pod, address in pods.items():
        probe = run("probe", f"{pod}.nginx", "--image", "tutum/dnsutils", *TEMPORARY)
        assert probe.status == 0, probe
        assert addresses(probe.json, f"{pod}.nginx.{zone}") == {address}
    denied = run("predict", "nginx-0.nginx-headless", "-o", "json").json
    assert denied["rcode"] == "NXDOMAIN"
    why = denied["steps"][0]["why"]
    assert pods["nginx-0"].replace(".", "-") in why, "the name that the pod has here is told"
    assert "subdomain" in why or "nginx-0.nginx." in why, "and why, or where its name is true"
    dashed = f"{pods['nginx-0'].replace('.', '-')}.nginx-headless.{zone}"
    probe = run("probe", "nginx-headless", "--image", "tutum/dnsutils", *TEMPORARY)
    assert probe.status == 0, probe
    assert addresses(probe.json, dashed) == {pods["nginx-0"]}
    reverse = ".".join(reversed(pods["nginx-0"].split("."))) + ".in-addr.arpa."
    assert addresses(probe.json, reverse, "PTR") == {dashed, f"nginx-0.nginx.{zone}"}
    assert no_pod_of_ours(kubectl)
