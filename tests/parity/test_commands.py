"""Our own commands on both clusters: what they print is equal, field by field."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.commands.conftest import Done, run_program
from tests.parity.targets import KUBECONFIG, Target, lab_target, real_target

ZONE = "NS.svc.cluster.local"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("records", "-o", "json"),
    ("records", "--all", "plain", "-o", "json"),
    ("predict", "web", "--from", "web-0", "-o", "json"),
    ("predict", "empty", "-o", "json"),
    ("probe", "web", "--from", "pod/shell-less"),
    ("probe", "web", "--from", "new"),
)
PROBES: tuple[tuple[str, ...], ...] = (
    ("web", "--from", "pod/busybox", "--udp"),
    ("web", "--from", "new", "--yes", "--image", "localhost/busybox:1"),
    ("web", "--from", "coredns"),
    ("both", "--from", "pod/tools", "--udp"),
    ("empty", "--from", "pod/web-0"),
    ("mysql", "--from", "pod/web-0"),
    ("web", "--from", "debug/shell-less", "--yes", "--image", "localhost/busybox:1"),
)
ON_THE_LAB = PROBES[3:]
"""Those that no other test of the commands asks for."""


async def run(target: Target, *words: str) -> Done:
    real = [target.names.real(word) for word in words]
    return await run_program(real[0], "-n", target.namespace, *real[1:], KUBECONFIG=target.kubeconfig)


def plain(target: Target, done: Done) -> tuple[int, Any, str]:
    """What it came to, without what must differ."""
    told = _common(target.names.plain(done.err))
    told = told.replace(target.kubeconfig, "KUBECONFIG")
    try:
        document = json.loads(done.out)
    except ValueError:
        return done.status, sorted(target.names.plain(done.out).splitlines()), told
    return done.status, _sorted(_still(target.names.plain_json(document))), told


_MOVING = ("ms", "started", "image", "node", "ttl", "serial", "wire", "said")
"""Fields that tell times, or what the clusters do not share."""


def _common(text: str) -> str:
    """Without generated names, and what the two clusters' Corefiles forward to."""
    text = re.sub(r"kheadless-(\w+)-[a-z0-9]+", r"kheadless-\1-GENERATED", text)
    return re.sub(r"forward \. \S+", "forward . UPSTREAM", text)


def _still(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "MOVING" if key in _MOVING else _still(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_still(inner) for inner in value]
    return _common(value) if isinstance(value, str) else value


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(inner) for inner in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


@pytest.mark.parametrize("words", ON_THE_LAB, ids=" ".join)
async def test_probes_match_on_the_lab(words: tuple[str, ...]) -> None:
    async with lab_target() as target:
        done = await run(target, "probe", *words, "-o", "json")
        assert (done.status, done.json["verdict"]) == (0, "match"), done


@pytest.mark.e2e
@pytest.mark.timeout(180)
@pytest.mark.skipif(not KUBECONFIG, reason="no cluster: KHEADLESS_E2E_KUBECONFIG is not set")
@pytest.mark.parametrize("words", COMMANDS + tuple(("probe", *probe, "-o", "json") for probe in PROBES), ids=" ".join)
async def test_a_command_says_the_same_on_both(real_namespace: str, words: tuple[str, ...]) -> None:
    async with lab_target() as lab:
        of_lab = plain(lab, await run(lab, *words))
    async with real_target(real_namespace) as real:
        assert plain(real, await run(real, *words)) == of_lab
