"""probe --path, --connect, --servers and --converge on the lab: documents, exit statuses, and what goes together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.switches.levers import Levers
from tests.commands.conftest import PROGRAM, Run

WEB = "nginx-headless.tutorial-1.svc.cluster.local."


async def test_the_path_of_a_short_name(run: Run) -> None:
    done = await run("probe", "-n", "tutorial-1", "web-0.nginx-headless", "--path", "--from", "pod/web-1", "-o", "json")
    assert done.status == 0, done
    document = done.json
    assert document["verdict"] == "match", document
    won = next(step for step in document["steps"] if step["won"])
    assert won["name"] == f"web-0.{WEB}"
    assert {step["kind"] for step in document["steps"]} == {"hosts", "dns"}
    table = await run("probe", "-n", "tutorial-1", "web-0.nginx-headless", "--path", "--from", "pod/web-1")
    assert "this one wins" in table.out


async def test_a_connect_reveals_the_wrong_target_port_of_tutorial_3(run: Run) -> None:
    right = await run("probe", "-n", "tutorial-1", "nginx-headless", "--connect", "-o", "json")
    assert right.status == 0, right
    assert [(one["outcome"], one["http"]["status"]) for one in right.json["connects"]] == [("open", 200)] * 3
    wrong = await run("probe", "-n", "tutorial-3", "headless-svc-stateful", "--connect", "-o", "json")
    assert wrong.status == 1, wrong
    assert {(one["outcome"], one["port"]) for one in wrong.json["connects"]} == {("refused", 8080)}
    nothing = await run("probe", "-n", "tutorial-3", "headless-svc", "--connect", "-o", "json")
    assert (nothing.status, nothing.json["connects"]) == (0, [])


async def test_every_server_is_asked_over_both_transports(run: Run) -> None:
    done = await run("probe", "-n", "tutorial-1", "nginx-headless", "--servers", "-o", "json", timeout=90)
    document = done.json
    by_role: dict[str, list[str]] = {}
    for server in document["servers"]:
        by_role.setdefault(server["role"], []).extend(server["transports"])
    assert set(by_role["kube-dns"]) == {"udp", "tcp"}
    assert len(by_role["replica"]) >= 2
    assert {row["verdict"] for row in document["comparison"] if row["transport"] == "tcp"} == {"match"}, document


async def test_a_change_is_followed_through_every_layer(lab: Lab) -> None:
    words = ("probe", "-n", "tutorial-1", "nginx-headless", "--converge", "--timeout", "60s", "-o", "json")
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "KUBECONFIG": lab.kubeconfig},
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(90):
            while b"waiting for a change" not in (line := await process.stderr.readline()):
                assert line, "it ended before it waited"
            await Levers(lab).pull("break-readiness", "tutorial-1/web-2")
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    document = msgspec.json.decode(out)
    assert process.returncode == 0, (document, err)
    layers = {layer["kind"]: layer for layer in document["timeline"]["layers"]}
    assert set(layers) >= {"api", "replica", "kube-dns"}
    assert all(layer["newAtMs"] is not None for layer in layers.values())
    assert document["timeline"]["change"].startswith(f"A of {WEB} loses 10.")
    assert b"loses 10." in err, "it is told live"


async def test_no_change_in_the_time_is_no_success(run: Run) -> None:
    done = await run("probe", "-n", "tutorial-1", "nginx-headless", "--converge", "--timeout", "1s", "-o", "json")
    assert (done.status, done.json["timeline"]) == (1, None)


Broken = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def broken(run: Run, lab: Lab) -> Broken:
    """What a probe of every server says while a lever is pulled."""

    async def probed(lever: str, choice: str, *words: str) -> dict[str, Any]:
        levers = Levers(lab)
        choices = next(entry.choices for entry in levers.entries() if entry.name == lever)
        await levers.pull(lever, next(one for one in choices if choice in one))
        for name, other in [words[at : at + 2] for at in range(0, len(words), 2)]:
            await levers.pull(name, other)
        done = await run("probe", "-n", "tutorial-1", WEB, "A", "--servers", "-o", "json", timeout=90)
        assert done.status == 1, done
        document: dict[str, Any] = done.json
        return document

    return probed


def found(document: dict[str, Any]) -> set[str]:
    return {layer["kind"] for layer in document["layers"] if layer["severity"] != "info"}


async def test_lost_udp_comes_out_as_lost_udp(broken: Broken) -> None:
    document = await broken("drop-udp", "")
    assert found(document) == {"udp-lost"}, document["layers"]
    assert {row["verdict"] for row in document["comparison"] if row["transport"] == "udp"} == {"unanswered"}


async def test_a_stopped_replica_comes_out_as_that_replica(broken: Broken) -> None:
    document = await broken("hang-replica", "coredns")
    assert "server-silent" in found(document), document["layers"]
    assert found(document) <= {"server-silent", "replies-lost", "tcp-lost", "udp-lost"}


async def test_a_replica_that_lags_comes_out_as_that_replica(broken: Broken) -> None:
    document = await broken("serve-stale", "coredns", "break-readiness", "tutorial-1/web-1")
    assert found(document) == {"replica-lags"}, document["layers"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--path", "--connect"), "--path and --connect cannot be given together"),
        (("--path", "--server", "10.0.0.1"), "--path and --server cannot be given together"),
    ],
)
async def test_what_does_not_go_together(run: Run, words: tuple[str, ...], said: str) -> None:
    done = await run("probe", "-n", "tutorial-1", "nginx-headless", *words)
    assert done.status == 2
    assert said in done.sentence
