"""The commands for a user who may read one namespace, and not the one that the kubeconfig names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kheadless_tui.lab.lab import Lab
from tests.commands.conftest import Run

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: peers, namespace: team-a}
spec: {clusterIP: None, ports: [{port: 80}]}
"""


def elsewhere(kubeconfig: Path, target: Path) -> str:
    """The same kubeconfig with another namespace in its context."""
    text = re.sub(r"namespace: \S+", "namespace: elsewhere", kubeconfig.read_text(encoding="utf-8"))
    target.write_text(text, encoding="utf-8")
    return str(target)


@pytest.mark.parametrize("command", ["predict", "records"])
async def test_the_namespace_that_is_named_is_read_where_all_may_not_be(
    lab: Lab, run: Run, tmp_path: Path, command: str
) -> None:
    lab.apply(SERVICE)
    config = elsewhere(Path(lab.kubeconfig_of("namespaced")), tmp_path / "config")
    done = await run(command, "-n", "team-a", "peers", KUBECONFIG=config)
    assert done.status == 0, done
    if command == "predict":
        assert "only team-a was read" in done.err


async def test_who_may_read_nothing_still_asks_a_server_that_can_be_reached_for_one_name(lab: Lab, run: Run) -> None:
    nobody, server = str(lab.kubeconfig_of("nobody")), f"127.0.0.1:{lab.dns_port}"
    name = "nginx-headless.tutorial-1.svc.cluster.local"
    done = await run("probe", name, "--from", "local", "--server", server, "-o", "json", KUBECONFIG=nobody)
    assert done.status == 1, "nothing could be judged"
    assert "nothing can be predicted: user nobody may not list services" in done.err
    assert done.json["verdict"] == "unjudged"
    assert len(done.json["answers"][0]["answer"]) == 3
    whole = await run(
        "probe", "nginx-headless", "-n", "tutorial-1", "--from", "local", "--server", server, KUBECONFIG=nobody
    )
    assert whole.status == 3
    assert f"NAME.NAMESPACE.svc.cluster.local --from local --server {server}" in whole.err
