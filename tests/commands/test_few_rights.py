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


@pytest.mark.parametrize("command", ["predict", "records"])
async def test_the_namespace_that_is_named_is_read_where_all_may_not_be(
    lab: Lab, run: Run, tmp_path: Path, command: str
) -> None:
    lab.apply(SERVICE)
    config = tmp_path / "config"
    text = Path(lab.kubeconfig_of("namespaced")).read_text(encoding="utf-8")
    config.write_text(re.sub(r"namespace: \S+", "namespace: elsewhere", text), encoding="utf-8")
    done = await run(command, "-n", "team-a", "peers", KUBECONFIG=str(config))
    assert done.status == 0, done
    if command == "predict":
        assert "only team-a was read" in done.err
