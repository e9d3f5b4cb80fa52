"""records and predict without a cluster: manifests, what kubectl wrote, and broken files."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.commands.conftest import PROGRAM, run_program

MANIFEST = """\
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: pg, port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-x, namespace: shop, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: pg, port: 5432, protocol: TCP}]
endpoints:
- {addresses: [10.0.0.1], hostname: db-0, conditions: {ready: true}, targetRef: {kind: Pod, name: db-0}}
- {addresses: [10.0.0.2], hostname: db-1, conditions: {ready: false}, targetRef: {kind: Pod, name: db-1}}
"""
COREFILE = ".:53 {\n    kubernetes example.org in-addr.arpa {\n        ttl 17\n    }\n}\n"


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    path = tmp_path / "db.yaml"
    path.write_text(MANIFEST, encoding="utf-8")
    return str(path)


async def test_records_from_a_file_and_from_standard_input(manifest: str) -> None:
    done = await run_program("records", "-f", manifest, "-o", "json")
    assert done.status == 0, done
    assert done.json["source"] == "CoreDNS defaults"
    names = [
        (record["name"], record["ttl"], record["data"]) for record in done.json["records"] if record["type"] == "A"
    ]
    assert "shop/db: not in DNS: db-1 (not ready)" in done.err.splitlines()
    assert names == [("db.shop.svc.cluster.local.", 5, "10.0.0.1"), ("db-0.db.shop.svc.cluster.local.", 5, "10.0.0.1")]
    piped = await run_program("records", "-f", "-", "-o", "json", stdin=MANIFEST)
    assert piped.json == done.json


async def test_the_corefile_says_how_the_zone_is_served(manifest: str, tmp_path: Path) -> None:
    corefile = tmp_path / "Corefile"
    corefile.write_text(COREFILE, encoding="utf-8")
    done = await run_program("records", "-f", manifest, "--corefile", str(corefile), "-o", "json")
    assert done.json["zone"] == "example.org."
    assert done.json["source"] == str(corefile)
    assert {record["ttl"] for record in done.json["records"]} == {17}
    assert "PTR" in {record["type"] for record in done.json["records"]}
    renamed = await run_program("records", "-f", manifest, "--zone", "k8s.test", "-o", "json")
    assert renamed.json["zone"] == "k8s.test."
    corefile.write_text(COREFILE.replace("ttl 17", "ttl soon"), encoding="utf-8")
    broken = await run_program("records", "-f", manifest, "--corefile", str(corefile))
    assert broken.status == 2
    assert f"{corefile}:3" in broken.sentence


async def test_predict_from_a_file_says_why(manifest: str) -> None:
    denied = await run_program("predict", "-f", manifest, "db-1.db.shop.svc.cluster.local.", "-o", "json")
    assert denied.status == 0
    assert denied.json["rcode"] == "NXDOMAIN"
    assert "db-1" in denied.json["steps"][0]["why"]
    assert "not ready" in denied.json["steps"][0]["why"]
    short = await run_program("predict", "-f", manifest, "-n", "shop", "db-0.db", "-o", "json")
    assert short.json["answer"] == ["db-0.db.shop.svc.cluster.local. 5 IN A 10.0.0.1"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (MANIFEST.replace("port: 5432}]}", "port: many}]}"), 4, "port"),
        (MANIFEST + "---\nkind: [unclosed\n", 15, ""),
        ("\x00\x01binary", 1, ""),
        ("", 0, "empty"),
    ],
)
async def test_a_broken_file_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    done = await run_program("records", "-f", str(path))
    assert done.status == 2, done
    assert done.out == ""
    assert f"{path}:{line}" in done.sentence if line else str(path) in done.sentence
    assert said in done.sentence


async def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        done = await run_program("records", "-f", str(path))
        assert done.status == 2
        assert str(path) in done.sentence


def test_a_reader_that_has_gone_is_no_error(manifest: str) -> None:
    process = subprocess.Popen([PROGRAM, "records", "-f", manifest, "-o", "name"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 0, err
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_an_interrupt_ends_with_130(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [PROGRAM, "records", "-f", str(fifo)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background of a shell, SIGINT is ignored, and so it would be in the program.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here
    )
    assert process.stderr is not None
    with open(fifo, "w", encoding="utf-8"):  # returns when the program has opened it for reading
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    err = process.stderr.read()
    process.stderr.close()
    assert "Traceback" not in err
