"""records, predict and probe on a cluster: the forms of output, the exit statuses, and what is told beside the data."""

from __future__ import annotations

from pathlib import Path

import dns.zone
import msgspec
import pytest

from kheadless_tui.lab.lab import Lab
from tests.commands.conftest import Run

WEB = "nginx-headless.tutorial-1.svc.cluster.local."


async def test_records_in_every_form(run: Run) -> None:
    done = await run("records", "-n", "tutorial-1", "nginx-headless", "-o", "json")
    assert done.status == 0
    document = done.json
    assert list(document) == ["schema", "zone", "source", "notes", "records"]
    assert document["schema"] == "kheadless/records/1"
    assert document["source"] == "ConfigMap kube-system/coredns"
    first = document["records"][0]
    assert list(first) == ["name", "ttl", "type", "data", "service", "endpoint", "from", "field", "sources"]
    assert first["name"] == WEB
    assert first["service"] == "tutorial-1/nginx-headless"
    assert list(first["endpoint"]) == ["pod", "address", "ready", "serving", "terminating", "node"]
    assert first["from"].startswith("EndpointSlice tutorial-1/nginx-headless-")

    zone = await run("records", "-n", "tutorial-1", "-o", "zone")
    master = dns.zone.from_text(zone.out, origin="cluster.local.", relativize=False)
    assert {str(name) for name in master.nodes} >= {WEB, f"web-0.{WEB}", f"_web._tcp.{WEB}"}
    names = await run("records", "-n", "tutorial-1", "-o", "name")
    assert WEB in names.out.splitlines()
    table = await run("records", "-n", "tutorial-1")
    assert sum(WEB in line and " A " in line for line in table.out.splitlines()) >= 3
    yaml = await run("records", "-n", "tutorial-1", "-o", "yaml")
    assert msgspec.yaml.decode(yaml.out) == (await run("records", "-n", "tutorial-1", "-o", "json")).json


async def test_records_of_all_namespaces_and_of_the_whole_zone(run: Run) -> None:
    everywhere = (await run("records", "-A", "-o", "json")).json["records"]
    assert {"tutorial-1/nginx-headless", "tutorial-5/nginx"} <= {record["service"] for record in everywhere}
    assert not any(record["service"] == "kube-system/kube-dns" for record in everywhere)
    whole = (await run("records", "--all", "-A", "-o", "json")).json["records"]
    assert any(record["name"] == "kube-dns.kube-system.svc.cluster.local." for record in whole)
    assert len(whole) > len(everywhere)


async def test_predict_tells_each_name_that_is_tried(run: Run) -> None:
    done = await run("predict", "-n", "tutorial-5", "nginx-0.nginx.tutorial-5", "-o", "json")
    document = done.json
    assert document["schema"] == "kheadless/answer/1"
    assert [step["rcode"] for step in document["steps"]] == ["NXDOMAIN", "NOERROR"]
    assert document["answer"][0].split()[1:4] == ["30", "IN", "A"]
    denied = (await run("predict", "-n", "tutorial-5", "nginx-0.nginx-headless", "-o", "json")).json
    assert denied["rcode"] == "NXDOMAIN"


async def test_predict_from_a_pod_of_another_namespace(run: Run) -> None:
    here = (await run("predict", "-n", "tutorial-1", "web-0.nginx-headless", "-o", "json")).json
    assert here["rcode"] == "NOERROR"
    there = await run("predict", "web-0.nginx-headless", "--from", "tutorial-5/nginx-0", "-o", "json")
    assert there.status == 0
    assert there.json["rcode"] == "NXDOMAIN"
    longer = await run("predict", "web-0.nginx-headless.tutorial-1", "--from", "tutorial-5/nginx-0", "-o", "json")
    assert longer.json["answer"]


async def test_questions_from_standard_input_lose_nothing_to_a_bad_line(run: Run) -> None:
    lines = f"{WEB} A\n\n# a comment\nweb..x A\n{WEB} NOTYPE\n{WEB} A B\nnosuch.{WEB}\n"
    done = await run("predict", "-n", "tutorial-1", "-", stdin=lines)
    assert done.status == 2
    answers = [msgspec.json.decode(line) for line in done.out.splitlines()]
    assert [answer["rcode"] for answer in answers] == ["NOERROR", "NXDOMAIN"]
    assert [line.split(": ")[0] for line in done.err.splitlines() if line.startswith("stdin:")] == [
        "stdin:4",
        "stdin:5",
        "stdin:6",
    ]
    probed = await run("probe", "-n", "tutorial-1", "-", stdin=f"{WEB} A\nweb-0.nginx-headless\n")
    assert probed.status == 0, probed
    documents = [msgspec.json.decode(line) for line in probed.out.splitlines()]
    assert [document["verdict"] for document in documents] == ["match", "match"]
    assert documents[1]["answers"][0]["question"]["name"] == f"web-0.{WEB}"


async def test_probe_from_a_running_pod(run: Run) -> None:
    done = await run("probe", "-n", "tutorial-1", "nginx-headless", "-o", "json")
    assert done.status == 0, done
    document = done.json
    keys = [
        "schema",
        "vantages",
        "answers",
        "comparison",
        "servers",
        "groups",
        "layers",
        "races",
        "complete",
        "verdict",
    ]
    assert list(document) == keys
    assert document["verdict"] == "match"
    assert document["vantages"][0]["kind"] == "pod"
    assert document["vantages"][0]["created"] is False
    assert list(document["comparison"][0]) == ["record", "vantage", "server", "transport", "verdict", "detail"]
    assert set(document["answers"][0]) == {
        "vantage", "server", "transport", "question", "rcode", "aa", "answer", "authority", "additional", "ms", "error",
    }  # fmt: skip
    assert "asking from" in done.err, "which place it is, and why, is told"


async def test_probe_shows_what_differs_and_ends_with_1(run: Run, lab: Lab) -> None:
    corefile = lab.get("ConfigMap", "kube-system", "coredns")["data"]["Corefile"]
    wrong = corefile.replace("cluster.local", "cluster.other")
    done = await run(
        "probe", "-n", "tutorial-1", "web-0.nginx-headless.tutorial-1.svc.cluster.other.", "--corefile", "/dev/stdin",
        "-o", "json", stdin=wrong,
    )  # fmt: skip
    assert done.status == 1, done
    assert done.json["verdict"] in ("differs", "unanswered")


@pytest.mark.parametrize("vantage", ["new", "debug/web-0"])
async def test_what_writes_needs_yes_and_is_refused_with_readonly(run: Run, lab: Lab, vantage: str) -> None:
    pods = {pod["metadata"]["name"] for pod in lab.all("Pod", "tutorial-1")}
    done = await run("probe", "-n", "tutorial-1", "nginx-headless", "--from", vantage)
    assert done.status == 2
    assert "--yes" in done.err
    done = await run("probe", "-n", "tutorial-1", "nginx-headless", "--from", vantage, "--yes", "--readonly")
    assert done.status == 3
    assert "readonly" in done.sentence
    assert {pod["metadata"]["name"] for pod in lab.all("Pod", "tutorial-1")} == pods
    done = await run("probe", "-n", "tutorial-1", "nginx-headless", "--from", vantage, "--yes", "-o", "json")
    assert done.status == 0, done
    assert done.json["vantages"][0]["created"] is True
    await lab.until(lambda: {pod["metadata"]["name"] for pod in lab.all("Pod", "tutorial-1")} == pods)


async def test_a_user_of_one_namespace_and_one_without_rights(run: Run, lab: Lab) -> None:
    viewer = lab.kubeconfig_of("viewer")
    assert (await run("records", "-n", "tutorial-1", KUBECONFIG=viewer)).status == 0
    refused = await run("probe", "-n", "tutorial-1", "nginx-headless", "--from", "pod/web-0", KUBECONFIG=viewer)
    assert refused.status == 3
    assert "pods/exec" in refused.sentence
    nobody = await run("records", "-n", "tutorial-1", KUBECONFIG=lab.kubeconfig_of("nobody"))
    assert nobody.status == 3
    assert "services" in nobody.sentence
    assert nobody.out == ""


async def test_what_is_not_there(run: Run) -> None:
    missing = await run("records", "-n", "tutorial-1", "nosuch")
    assert missing.status == 2
    assert "tutorial-1/nosuch" in missing.sentence
    assert "nginx-headless" in missing.err, "what there is instead is told"
    assert (await run("records", "-n", "nosuch")).status == 2
    mistyped = await run("probe", "-n", "tutorial-1", "nginx-headlss")
    assert mistyped.status == 2, "a mistyped Service is no denial as predicted"
    assert "tutorial-1/nginx-headlss" in mistyped.sentence
    assert "nginx-headless" in mistyped.err
    asked = await run("probe", "-n", "tutorial-1", "nginx-headlss", "A", "-o", "json")
    assert asked.status == 0
    assert {answer["rcode"] for answer in asked.json["answers"]} == {"NXDOMAIN"}
    elsewhere = await run("probe", "-n", "nosuch", "nginx-headless")
    assert elsewhere.status == 2
    assert "'nosuch'" in elsewhere.sentence
    assert (await run("records", "--context", "nosuch")).status == 2
    empty = await run("records", "-n", "default")
    assert empty.status == 0
    assert "no headless Service in default" in empty.err


async def test_an_api_server_that_hangs(run: Run, lab: Lab) -> None:
    lab.hang()
    done = await run("records", "-n", "tutorial-1", "--request-timeout", "1s")
    lab.go_on()
    assert done.status == 3
    assert lab.server in done.sentence


async def test_names_of_pods_that_only_the_pods_decide(lab: Lab, run: Run, tmp_path: Path) -> None:
    corefile = tmp_path / "Corefile"
    address = "10-96-0-1.kube-system.pod.cluster.local"
    corefile.write_text(
        f".:53 {{\n  rewrite name exact x.test {address}\n  kubernetes cluster.local {{\n pods verified\n }}\n}}"
    )
    document = (await run("predict", "web-0", "-o", "json", "--corefile", str(corefile))).json
    assert "Pods" not in document.get("unknown", "")
    done = await run("predict", "-", "--corefile", str(corefile), stdin=f"{address.upper()}. A\nx.test. A\n")
    for line in done.out.splitlines():
        found = msgspec.json.decode(line)
        assert found["rcode"] == "NXDOMAIN"
        assert [step["rule"] for step in found["steps"]] == ["pod-missing"], found
    viewer = lab.kubeconfig_of("namespaced")
    there = f"{address.replace('kube-system', 'team-a')}."
    viewer = lab.kubeconfig_of("namespaced")
    done = await run("predict", "-n", "team-a", there, "--corefile", str(corefile), KUBECONFIG=viewer)
    assert "not all pods may be listed" in done.err
