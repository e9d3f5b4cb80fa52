"""predict without a cluster: search lists, what a Corefile leaves open, sizes, and what cannot be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import run_program
from tests.commands.test_on_files import MANIFEST

NAME = "db-0.db.shop.svc.cluster.local"
COREFILE = """\
.:53 {
    kubernetes cluster.local in-addr.arpa
    hosts {
        10.9.9.9 db-0.db.shop.svc.cluster.local
        fallthrough
    }
    minimal
}
prod.svc.cluster.local:53 {
    forward . 10.0.0.9
}
"""
POD = """\
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec:
  containers: []
  dnsPolicy: None
  dnsConfig: {searches: [db.shop.svc.cluster.local, shop.svc.cluster.local], options: [{name: ndots, value: "2"}]}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    manifest, corefile = tmp_path / "db.yaml", tmp_path / "Corefile"
    manifest.write_text(MANIFEST + POD, encoding="utf-8")
    corefile.write_text(COREFILE, encoding="utf-8")
    return ("-f", str(manifest), "--corefile", str(corefile))


async def test_what_the_corefile_leaves_open_is_named(files: tuple[str, ...]) -> None:
    done = await run_program("predict", *files, NAME, "-o", "json")
    (hosts,) = done.json["notes"]
    assert hosts.startswith(f"{files[3]}:3: hosts may answer")
    assert "hosts may answer in place of the cluster's records" in done.json["unknown"]
    told = [line for line in done.err.splitlines() if line.startswith("not followed: ")]
    assert [line.removeprefix(f"not followed: {files[3]}:").split(":")[0] for line in told] == ["3", "9"]
    sure = await run_program("predict", *files, "db.shop.svc.cluster.local", "-o", "json")
    assert "notes" not in sure.json
    assert "unknown" not in sure.json
    elsewhere = (await run_program("predict", *files, "db.prod.svc.cluster.local", "-o", "json")).json
    assert elsewhere["fallthrough"] is True
    assert elsewhere["steps"][0]["rule"] == "other-server-block"
    records = await run_program("records", *files, "-o", "json")
    assert len(records.json["notes"]) == 2
    assert len([line for line in records.err.splitlines() if line.startswith("not followed: ")]) == 2


async def test_the_search_list_of_a_pod_and_the_rules_of_its_libc(files: tuple[str, ...]) -> None:
    found = (await run_program("predict", *files, "-n", "shop", "db-0.db", "--from", "client", "-o", "json")).json
    assert [step["name"] for step in found["steps"]] == [
        "db-0.db.db.shop.svc.cluster.local.", "db-0.db.shop.svc.cluster.local.",
    ]  # fmt: skip
    assert found["questions"] == 2
    long = ("predict", *files, "-n", "shop", "db.shop.svc", "--from", "client", "-o", "json")
    asked = (await run_program(*long)).json
    assert [step.get("questions") for step in asked["steps"]] == [2, None, None], "glibc asks again after SERVFAIL"
    assert asked["questions"] == 4
    musl = (await run_program(*long, "--libc", "musl")).json
    assert [step["name"] for step in musl["steps"]] == ["db.shop.svc."]


async def test_a_resolv_conf_that_was_copied_from_a_pod(files: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("search x.svc.cluster.local shop.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")
    done = await run_program("predict", *files, "db-0.db", "--resolv-conf", str(path))
    assert "cost      2 questions (4 by getaddrinfo, which asks A and AAAA of each name)" in done.out.splitlines()
    both = await run_program("predict", *files, "db", "--resolv-conf", str(path), "--from", "client")
    assert both.status == 2
    assert "--from and --resolv-conf" in both.sentence
    missing = await run_program("predict", *files, "db", "--resolv-conf", str(tmp_path / "none"))
    assert missing.status == 2
    assert str(tmp_path / "none") in missing.sentence


async def test_a_pod_that_asks_another_server_is_told_of(files: tuple[str, ...], tmp_path: Path) -> None:
    pod = POD.replace("{name: client,", "{name: abroad,").replace(
        "dnsConfig: {", "dnsConfig: {nameservers: [1.1.1.1], "
    )
    dns = (
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: kube-dns, namespace: kube-system}\n"
        "spec: {clusterIP: 10.96.0.10, selector: {k8s-app: kube-dns}}\n"
    )
    (tmp_path / "more.yaml").write_text(pod + dns, encoding="utf-8")
    abroad = (*files, "-f", str(tmp_path / "more.yaml"), "-n", "shop", "--from", "abroad", "-o", "json")
    for name in ("db-1.db", "db", "10.0.0.1"):
        found = (await run_program("predict", *abroad, name)).json
        assert found["unknown"].split("; hosts ")[0] == "this pod does not ask the cluster's DNS but 1.1.1.1"
        assert found["resolvConf"]["nameservers"] == ["1.1.1.1"]
    any_pod = (await run_program("predict", *files, "-f", str(tmp_path / "more.yaml"), "-n", "shop", "db")).out
    assert "not certain" not in any_pod
    assert "resolver" not in any_pod


async def test_a_type_by_number_is_the_type(files: tuple[str, ...]) -> None:
    by_number = await run_program("predict", *files, "db.shop.svc.cluster.local", "TYPE33", "-o", "json")
    assert (
        by_number.json == (await run_program("predict", *files, "db.shop.svc.cluster.local", "SRV", "-o", "json")).json
    )
    assert by_number.json["answer"]


async def test_questions_as_people_write_them(files: tuple[str, ...]) -> None:
    reverse = (await run_program("predict", *files, "1.0.0.10.in-addr.arpa", "-o", "json")).json
    assert reverse["question"] == {"name": "1.0.0.10.in-addr.arpa.", "type": "PTR"}
    assert reverse["answer"] == [f"1.0.0.10.in-addr.arpa. 5 IN PTR {NAME}."]
    escaped = (await run_program("predict", *files, r"\100b-1.db.shop.svc.cluster.local", "-o", "json")).json
    assert escaped["question"]["name"] == "db-1.db.shop.svc.cluster.local."
    assert escaped["steps"][0]["facts"][0]["value"] == "false"
    zoned = await run_program("predict", *files, "fd00::1%eth0")
    assert zoned.status == 2
    assert "fd00::1%eth0" in zoned.sentence
    for kind in ("DS", "DNSKEY", "SSHFP", "TLSA", "TYPE1234"):
        assert (await run_program("predict", *files, NAME, kind, "-o", "json")).json["rcode"] == "NOERROR"


async def test_a_corefile_that_coredns_refuses_is_refused_with_its_line(files: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "Corefile").write_text(COREFILE.replace("minimal", "mystery"), encoding="utf-8")
    done = await run_program("predict", *files, NAME)
    assert done.status == 2
    assert f"{files[3]}:7: Unknown directive 'mystery'" in done.sentence


async def test_no_name_server_is_made_up(files: tuple[str, ...]) -> None:
    done = await run_program("records", *files, "--all", "-o", "zone")
    assert not [line for line in done.out.splitlines() if " NS " in line and not line.startswith(";")]
    assert (await run_program("predict", *files, "cluster.local", "NS", "-o", "json")).json["unknown"]
