"""Our own commands on both clusters: what they print is equal, field by field."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.commands.conftest import Done, run_program
from tests.parity.targets import KUBECONFIG, Target, lab_target, real_target

ZONE = "NS.svc.cluster.local"
PLAIN: tuple[tuple[str, ...], ...] = (
    ("records", "-o", "json"),
    ("records", "web", "-o", "name"),
    ("records", "web", "-o", "zone"),
    ("records", "--all", "plain", "-o", "json"),
    ("predict", "web", "-o", "json"),
    ("predict", f"web-0.web.{ZONE}", "AAAA", "-o", "json"),
    ("predict", "empty", "-o", "json"),
    ("predict", "mysql", "SRV", "-o", "json"),
    ("predict", f"elsewhere.{ZONE}", "-o", "json"),
    ("predict", "nope", "-o", "json"),
    ("predict", "web", "--from", "web-0", "-o", "json"),
    ("records", "nosuch"),
    ("predict", "a..b"),
)
PROBES: tuple[tuple[str, ...], ...] = (
    ("web", "--from", "pod/busybox", "--tcp"),
    ("web", "--from", "pod/busybox", "--udp"),
    ("web", "--from", "pod/tools", "--udp"),
    ("both", "--from", "pod/tools", "--udp"),
    ("empty", "--from", "pod/web-0"),
    ("mysql", "--from", "pod/web-0"),
    ("web", "--from", "auto"),
    ("web", "--from", "new", "--yes", "--image", "localhost/busybox:1"),
    ("web", "--from", "debug/shell-less", "--yes", "--image", "localhost/busybox:1"),
    ("web", "--from", "coredns"),
    (f"plain.{ZONE}", "SRV", "--from", "pod/web-1"),
)
REFUSED: tuple[tuple[str, ...], ...] = (
    ("web", "--from", "pod/shell-less"),
    ("web", "--from", "pod/nosuch"),
    ("web", "--from", "new"),
    ("web", "--from", "new", "--yes", "--readonly"),
    ("web", "--from", "pod/busybox:nosuch"),
    ("nosuch",),
)


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


async def outcomes(target: Target) -> dict[str, tuple[int, Any, str]]:
    found = {}
    for words in PLAIN:
        found[" ".join(words)] = plain(target, await run(target, *words))
    for words in PROBES:
        done = await run(target, "probe", *words, "-o", "json")
        found["probe " + " ".join(words)] = plain(target, done)
    for words in REFUSED:
        found["probe " + " ".join(words)] = plain(target, await run(target, "probe", *words))
    return found


async def test_every_probe_matches_on_the_lab() -> None:
    async with lab_target() as target:
        for words in PROBES:
            done = await run(target, "probe", *words, "-o", "json")
            assert (done.status, done.json["verdict"]) == (0, "match"), (words, done)


@pytest.mark.e2e
@pytest.mark.timeout(240)
@pytest.mark.skipif(not KUBECONFIG, reason="no cluster: KHEADLESS_E2E_KUBECONFIG is not set")
async def test_the_commands_say_the_same_on_both() -> None:
    async with lab_target() as lab:
        of_lab = await outcomes(lab)
    async with real_target() as real:
        of_real = await outcomes(real)
    differing = [words for words in of_lab if of_lab[words] != of_real[words]]
    shown = "\n\n".join(
        f"== {words}\n-- real: {json.dumps(of_real[words], indent=1)}\n-- lab: {json.dumps(of_lab[words], indent=1)}"
        for words in differing
    )
    assert not differing, f"{len(differing)} of {len(of_lab)} differ\n{shown}"
