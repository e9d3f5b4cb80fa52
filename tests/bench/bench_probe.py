"""One probe of a Service of 100 endpoints, against one ``kubectl exec`` and against what one would type instead.

Needs a cluster (KHEADLESS_E2E_KUBECONFIG) and makes a namespace with one pod, in which everything is asked. The ratio
that matters is the first line's: the whole probe, in one exec, against ``kubectl exec POD -- true``.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from kheadless_tui.cluster.connecting.connection import load_connection
from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.comparison.judging import judge, service_questions
from kheadless_tui.probe.prober import Prober, ProbeResult
from kheadless_tui.zone.record import Question

KUBECONFIG = os.environ.get("KHEADLESS_E2E_KUBECONFIG", "")
ENDPOINTS = int(os.environ.get("KHEADLESS_BENCH_ENDPOINTS", "100"))
ROUNDS = 7
SLOW_QUESTIONS = 40
"""Questions of the slow ways that are really asked; the rest is reckoned from them."""

POD = """
apiVersion: v1
kind: Pod
metadata: {name: tools}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: tutum/dnsutils, imagePullPolicy: IfNotPresent, command: [sleep, "3600"]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, ports: [{name: http, port: 80}]}
"""


def endpoint_slice() -> str:
    """A slice of endpoints without pods."""
    lines = [
        f"- {{addresses: [10.198.{number // 250}.{number % 250 + 1}], hostname: web-{number}}}"
        for number in range(ENDPOINTS)
    ]
    return "\n".join(
        [
            "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice",
            "metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}",
            "addressType: IPv4\nports: [{name: http, port: 80, protocol: TCP}]\nendpoints:",
            *lines,
        ]
    )


def kubectl(namespace: str, *words: str, stdin: str = "") -> str:
    command = ["kubectl", "--kubeconfig", KUBECONFIG, "-n", namespace, *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=300, check=True).stdout


@contextmanager
def namespace() -> Iterator[str]:
    name = f"bench-probe-{uuid.uuid4().hex[:6]}"
    kubectl(name, "create", "namespace", name)
    try:
        kubectl(name, "apply", "-f", "-", stdin=POD + endpoint_slice())
        kubectl(name, "wait", "--for=condition=Ready", "pod/tools", "--timeout=60s")
        yield name
    finally:
        kubectl(name, "delete", "namespace", name, "--wait=false")


async def _yes(_: WritePlan) -> bool:
    return True


async def median(work: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> float:
    """Milliseconds, the median of some rounds after one that does not count."""
    await work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def process(*argv: str) -> None:
    """Run a program to its end."""
    child = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await child.wait()


async def measure(name: str) -> list[tuple[str, int, float, str]]:
    """Each way with its questions, its milliseconds and a remark."""
    session = ClusterSession(
        load_connection(kubeconfig=KUBECONFIG, context=None, request_timeout=10), namespaces=(name,)
    )
    await session.start()
    try:
        await session.loaded(30)
        return await _measure(session, name)
    finally:
        await session.close()


async def _measure(session: ClusterSession, name: str) -> list[tuple[str, int, float, str]]:
    key = ObjectKey(name, "web")
    config = await session.zone_config()
    service = session.snapshot.service(key)
    assert service is not None
    questions = service_questions(session.snapshot, service, config)
    prober = Prober(session, Gate(False, _yes))

    async def probe(over: str) -> ProbeResult:
        plan = await prober.plan(parse_vantage("pod/tools"), name, questions, "10.96.0.10", protocol=over)
        return await prober.run(plan)

    async def judged() -> None:
        result = await probe("tcp")
        comparison = judge(session.snapshot, config, result.observations, service=key, scope=session.scope)
        assert comparison.verdict == "match", comparison.counts

    kubectl_exec = ["kubectl", "--kubeconfig", KUBECONFIG, "-n", name, "exec", "tools", "--"]
    few = questions[:SLOW_QUESTIONS]
    script = "".join(f"dig +short @10.96.0.10 {_typed(each)}\n" for each in few)

    async def one_by_one() -> None:
        for each in few:
            await process(*kubectl_exec, "nslookup", f"-type={each.type}", each.name, "10.96.0.10")

    share = len(questions) / len(few)
    count = len(questions)
    return [
        ("kubectl exec true", 0, await median(lambda: process(*kubectl_exec, "true")), ""),
        ("probe over TCP", count, await median(lambda: probe("tcp")), "planned and asked in one exec"),
        ("the same, judged", count, await median(judged), "held against the prediction"),
        ("probe over UDP", count, await median(lambda: probe("udp"), 3), "by dig, several questions a run"),
        (
            "loop of dig in the pod",
            count,
            share * await median(lambda: process(*kubectl_exec, "sh", "-c", script), 1),
            f"from {len(few)} questions",
        ),
        ("loop of kubectl exec nslookup", count, share * await median(one_by_one, 1), f"from {len(few)} questions"),
    ]


def _typed(question: Question) -> str:
    return f"{question.name} {question.type}"


def main() -> int:
    if not KUBECONFIG:
        print("bench_probe: skipped, for KHEADLESS_E2E_KUBECONFIG names no cluster")
        return 0
    with namespace() as name:
        rows = asyncio.run(measure(name))
    floor = rows[0][2]
    print(f"{ENDPOINTS} endpoints, median of {ROUNDS}")
    print(f"{'way':<32}{'questions':>10}{'ms':>10}{'ratio':>8}")
    for way, count, ms, remark in rows:
        print(f"{way:<32}{count or '':>10}{ms:>10.0f}{ms / floor:>8.2f}  {remark}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
