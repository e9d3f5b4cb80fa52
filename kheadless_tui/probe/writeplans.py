"""What the user is shown before a probe runs: each plan with its objects, limits, end, rights and equal commands."""

from __future__ import annotations

import msgspec

from kheadless_tui.cluster.exec import ExecTarget
from kheadless_tui.cluster.gate import Action, WritePlan
from kheadless_tui.cluster.podspec import (
    CONTAINER,
    CPU_LIMIT,
    DEADLINE,
    EPHEMERAL_SLEEP,
    MEMORY_LIMIT,
    USER,
    EphemeralOrder,
    PodOrder,
)
from kheadless_tui.probe.carriers.stream import stream_argv
from kheadless_tui.probe.equivalent import (
    create_command,
    debug_command,
    delete_command,
    exec_command,
    kubectl,
    wrapped,
)
from kheadless_tui.probe.server import Server
from kheadless_tui.probe.tools import STREAM_TOOLS

Rights = tuple[tuple[str, bool | None], ...]


def counted(number: int) -> str:
    """``1 question``, ``25 questions``."""
    return f"{number} question{'' if number == 1 else 's'}"


def exec_plan(target: ExecTarget, tool: str, server: Server, questions: int, context: str) -> WritePlan:
    """An exec in a container that runs anyway; it creates nothing."""
    words = carrier_words(tool, server)
    return WritePlan(
        title=f"Ask DNS from {target} in {target.namespace}?",
        actions=(Action("then", f"exec {' '.join(words)} in it: {counted(questions)}"),),
        equals=(exec_command(target, words, stdin=tool in STREAM_TOOLS, context=context),),
        needs_confirmation=False,
        instead="nothing is created",
    )


def pod_plan(
    order: PodOrder,
    server: Server | None,
    questions: int,
    *,
    rights: Rights,
    instead: str,
    cluster: str,
    context: str,
) -> WritePlan:
    """A temporary pod."""
    manifest = pretty(order.manifest())
    target = ExecTarget(order.namespace, order.name, CONTAINER)
    words = carrier_words("nc", server or _UNKNOWN)
    asked = "" if server else " (the server is the one of the pod's /etc/resolv.conf)"
    return WritePlan(
        title=f"Create a temporary pod in {order.namespace}?",
        actions=(
            Action(
                "create",
                f"Pod {order.name} in {order.namespace}" + (f" on {cluster}" if cluster else ""),
                (
                    f"image {order.image}, {order.pull_policy} · runs  sleep {DEADLINE}  as user {USER}",
                    f"{CPU_LIMIT} CPU, {MEMORY_LIMIT}, no capabilities, no token (Pod Security restricted)",
                ),
            ),
            Action("then", f"exec {' '.join(words)} in it: {counted(questions)}{asked}"),
            Action(
                "removed",
                "when the answers are in, on an error, on quit, on a lost SSH session;",
                (f"should even that fail, it stops after {DEADLINE} s by activeDeadlineSeconds",),
            ),
        ),
        equals=(
            create_command(order, manifest, context=context),
            exec_command(target, words, stdin=True, context=context),
            delete_command(order, context=context),
        ),
        rights=rights,
        instead=instead,
        manifest=manifest,
    )


def ephemeral_plan(
    order: EphemeralOrder,
    server: Server | None,
    questions: int,
    *,
    rights: Rights,
    instead: str,
    cluster: str,
    context: str,
) -> WritePlan:
    """An ephemeral container in a running pod."""
    container = order.container()
    target = ExecTarget(order.namespace, order.pod, order.name)
    words = carrier_words("nc", server or _UNKNOWN)
    security = pretty({"securityContext": container["securityContext"]})
    return WritePlan(
        title=f"Add an ephemeral container to pod {order.pod} in {order.namespace}?",
        actions=(
            Action(
                "add",
                f"container {order.name} to pod {order.pod} in {order.namespace}"
                + (f" on {cluster}" if cluster else ""),
                (
                    f"image {order.image}, {order.pull_policy} · runs  sleep {EPHEMERAL_SLEEP}  as user {USER}",
                    "no capabilities (Pod Security restricted); it shares the pod's network and its limits",
                ),
            ),
            Action("then", f"exec {' '.join(words)} in it: {counted(questions)}"),
            Action(
                "stays",
                "until the pod goes: Kubernetes cannot remove an ephemeral container;",
                (f"it ends after {EPHEMERAL_SLEEP} s, and until then later probes use it again",),
            ),
        ),
        equals=(
            debug_command(order, security, context=context),
            exec_command(target, words, stdin=True, context=context),
        ),
        rights=rights,
        instead=instead,
        manifest=pretty(order.patch()),
    )


def forward_plan(namespace: str, pods: list[str], questions: int, rights: Rights, context: str) -> WritePlan:
    """A port-forward to each CoreDNS replica; it creates nothing."""
    return WritePlan(
        title=f"Ask {len(pods)} CoreDNS replicas by port-forward?",
        actions=tuple(Action("forward", f"to port 53 of pod {pod}: {counted(questions)}") for pod in pods),
        equals=tuple(
            wrapped(kubectl("port-forward", namespace, f"pod/{pod}", "5353:53", context=context)) for pod in pods
        ),
        needs_confirmation=False,
        rights=rights,
        instead="nothing is created",
    )


_UNKNOWN = Server("NAMESERVER")


def carrier_words(tool: str, server: Server) -> tuple[str, ...]:
    """The command that carries the questions, as it is shown; dig and nslookup get theirs after it."""
    if tool in STREAM_TOOLS:
        return stream_argv(tool, server)
    if tool == "dig":
        return ("dig", f"@{server.address}", *(("-p", str(server.port)) if server.port != 53 else ()))
    return ("nslookup",)


def pretty(document: dict[str, object]) -> str:
    """JSON in short lines, so that it can be wrapped in a terminal and pasted between quotes."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
