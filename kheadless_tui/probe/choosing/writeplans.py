"""What the user is shown before a probe runs: each plan with its objects, limits, end, rights and equal commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from kheadless_tui.cluster.gate import Action, WritePlan
from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.cluster.pods.podspec import (
    CONTAINER,
    CPU_REQUEST,
    DEADLINE,
    EPHEMERAL_SLEEP,
    MEMORY_LIMIT,
    USER,
    EphemeralOrder,
    PodOrder,
)
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.carriers.commands import stream_argv
from kheadless_tui.probe.choosing.equivalent import (
    asked_name,
    create_command,
    debug_command,
    delete_command,
    exec_command,
    kubectl,
    question_words,
    wrapped,
)
from kheadless_tui.probe.choosing.tools import STREAM_TOOLS
from kheadless_tui.probe.server import TCP, UDP, Server
from kheadless_tui.zone.record import Question

Rights = tuple[tuple[str, bool | None], ...]


def counted(number: int) -> str:
    """``1 question``, ``25 questions``."""
    return f"{number} question{'' if number == 1 else 's'}"


def exec_plan(
    target: ExecTarget,
    tool: str,
    server: Server,
    questions: Sequence[Question],
    protocol: str,
    flags: Sequence[str],
    *,
    beyond: str = "",
) -> WritePlan:
    """An exec in a container that runs anyway; it creates nothing. ``beyond`` says whom else it asks."""
    if tool in STREAM_TOOLS:
        words = stream_argv(tool, server, UDP if protocol == UDP else TCP)
        shown = f"{tool} {server}" if tool in ("bash", "perl", "python3") else " ".join(words)
    else:
        name = asked_name(questions[0].name)
        words = tuple(question_words(tool, server, name, questions[0].type, protocol or "tcp"))
        shown = f"{tool} @{server}"
    return WritePlan(
        title=f"Ask DNS from {target} in {target.namespace}?",
        actions=(Action("then", f"exec {shown} in it: {counted(len(questions))}{beyond}"),),
        equals=(exec_command(target, words, stdin=tool in STREAM_TOOLS, flags=flags),),
        needs_confirmation=False,
        instead="nothing is created",
    )


def pod_plan(
    order: PodOrder,
    server: Server | None,
    questions: Sequence[Question],
    *,
    protocol: str,
    rights: Rights,
    instead: str,
    cluster: str,
    flags: Sequence[str],
    beyond: str = "",
) -> WritePlan:
    """A temporary pod."""
    manifest = pretty(order.manifest())
    target = ExecTarget(order.namespace, order.name, CONTAINER)
    words, shown, stdin = _expected(server or _UNKNOWN, questions, protocol)
    asked = () if server else (f"{_UNKNOWN} stands for the server of the pod's /etc/resolv.conf",)
    return WritePlan(
        title=f"Create a temporary pod in {order.namespace}?",
        actions=(
            Action(
                "create",
                f"Pod {order.name} in {order.namespace}" + (f" on {cluster}" if cluster else ""),
                (
                    f"image {order.image}, {order.pull_policy} · runs sleep {DEADLINE} as user {USER}",
                    f"{CPU_REQUEST} CPU, {MEMORY_LIMIT}, no capabilities or token (Pod Security restricted)",
                    *order.options.words(),
                    *((order.dns.words(),) if order.dns else ()),
                ),
            ),
            Action("then", f"exec {shown} in it: {counted(len(questions))}{beyond}", asked),
            Action(
                "removed",
                "when the answers are in, on error, quit or a lost SSH session;",
                (f"at the latest it stops after {DEADLINE} s by activeDeadlineSeconds",),
            ),
        ),
        equals=(
            create_command(order, manifest, flags=flags),
            exec_command(target, words, stdin=stdin, flags=flags),
            delete_command(order, flags=flags),
        ),
        rights=rights,
        instead=instead,
        manifest=manifest,
    )


def ephemeral_plan(
    order: EphemeralOrder,
    server: Server | None,
    questions: Sequence[Question],
    *,
    protocol: str,
    rights: Rights,
    instead: str,
    cluster: str,
    flags: Sequence[str],
    beyond: str = "",
) -> WritePlan:
    """An ephemeral container in a running pod."""
    container = order.container()
    target = ExecTarget(order.namespace, order.pod, order.name)
    words, shown, stdin = _expected(server or _UNKNOWN, questions, protocol)
    security = pretty({"securityContext": container["securityContext"]})
    return WritePlan(
        title=f"Add an ephemeral container to pod {order.pod} in {order.namespace}?",
        actions=(
            Action(
                "add",
                f"container {order.name}",
                (
                    f"to pod {order.pod} in {order.namespace}" + (f" on {cluster}" if cluster else ""),
                    f"image {order.image}, {order.pull_policy} · runs sleep {EPHEMERAL_SLEEP} as user {USER}",
                    "no capabilities (Pod Security restricted)",
                    "it shares the pod's network and its limits",
                ),
            ),
            Action("then", f"exec {shown} in it: {counted(len(questions))}{beyond}"),
            Action(
                "stays",
                "until the pod goes: an ephemeral container is never removed;",
                (f"it ends after {EPHEMERAL_SLEEP} s; until then later probes use it again",),
            ),
        ),
        equals=(
            debug_command(order, security, flags=flags),
            exec_command(target, words, stdin=stdin, flags=flags),
        ),
        rights=rights,
        instead=instead,
        manifest=pretty(order.patch()),
    )


def forward_plan(namespace: str, pods: list[str], questions: int, rights: Rights, flags: Sequence[str]) -> WritePlan:
    """A port-forward to each CoreDNS replica; it creates nothing."""
    return WritePlan(
        title=f"Ask {len(pods)} CoreDNS replicas by port-forward?",
        actions=tuple(Action("forward", f"to port 53 of pod {pod}: {counted(questions)}") for pod in pods),
        equals=tuple(wrapped(kubectl("port-forward", namespace, f"pod/{pod}", "5353:53", flags=flags)) for pod in pods),
        needs_confirmation=False,
        rights=rights,
        instead="nothing is created",
    )


def with_removals(plan: WritePlan, pods: Sequence[Pod], flags: Sequence[str]) -> WritePlan:
    """The plan that removes, too, what killed probes have left."""
    removals = (
        Action(
            "also",
            f"removes Pod {pod.name} in {pod.namespace},",
            (f"left by a probe that was killed (created {pod.metadata.creation_timestamp or 'at an unknown time'})",),
        )
        for pod in pods
    )
    commands = (wrapped(kubectl("delete pod", pod.namespace, pod.name, flags=flags)) for pod in pods)
    return replace(plan, actions=(*plan.actions, *removals), equals=(*plan.equals, *commands))


def killed(pods: int) -> str:
    """Who has left so many pods."""
    return "a probe that was killed" if pods == 1 else "probes that were killed"


def removal_plan(pods: Sequence[Pod], states: Sequence[str], *, rights: Rights, flags: Sequence[str]) -> WritePlan:
    """The removal of what killed probes have left, and of nothing else; ``states`` says how each pod stands."""
    which = "the pod" if len(pods) == 1 else f"the {len(pods)} pods"
    return WritePlan(
        title=f"Remove {which} left by {killed(len(pods))}?",
        actions=tuple(Action("remove", f"Pod {pod.key}", (state,)) for pod, state in zip(pods, states, strict=True)),
        equals=tuple(wrapped(kubectl("delete pod", pod.namespace, pod.name, flags=flags)) for pod in pods),
        rights=rights,
    )


def _expected(server: Server, questions: Sequence[Question], protocol: str) -> tuple[Sequence[str], str, bool]:
    """What will carry the questions in a small image, the same in short, and whether it takes them on stdin.

    What the image has is seen only when it runs; nc carries TCP alone.
    """
    if protocol == "udp":
        return ["nslookup", asked_name(questions[0].name), server.address], f"nslookup @{server}", False
    words = stream_argv("nc", server)
    return words, " ".join(words), True


_UNKNOWN = Server("NAMESERVER")
"""Stands in commands for the address that is only known when the container runs."""


def pretty(document: dict[str, object]) -> str:
    """JSON in short lines, so that it can be wrapped in a terminal and pasted between quotes."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
