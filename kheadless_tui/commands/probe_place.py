"""The place that a probe asks from, as the options name it: the same for every kind of probe."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from kheadless_tui.cluster.gate import Gate
from kheadless_tui.cluster.pods.podoptions import PodOptions, parse_toleration
from kheadless_tui.commands.confirm import confirm_for
from kheadless_tui.commands.source import Source, tell
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.prober import Prober
from kheadless_tui.probe.server import AS_USUAL, TCP, UDP, Manner
from kheadless_tui.zone.record import Question

TIMEOUT = 30.0
"""Seconds of --timeout where it is not given."""


def prober_of(source: Source, arguments: argparse.Namespace) -> Prober:
    """The prober that the options describe."""
    assert source.session is not None
    return Prober(
        source.session,
        Gate(arguments.readonly, confirm_for(arguments)),
        image=arguments.image,
        image_pull_policy=arguments.image_pull_policy,
        start_timeout=arguments.timeout or TIMEOUT,
        context=arguments.context or "",
        kubeconfig=arguments.kubeconfig or "",
        pod=pod_options(arguments),
    )


def pod_options(arguments: argparse.Namespace) -> PodOptions:
    """How a temporary pod differs from the usual one.

    Raises:
        UsageError: a taint, a node or a Secret cannot be written so.
    """
    tolerations = tuple(parse_toleration(text) for text in arguments.tolerations)
    return PodOptions(arguments.node, tolerations, tuple(arguments.pull_secrets), arguments.dns_like)


async def plan_of(
    prober: Prober,
    source: Source,
    arguments: argparse.Namespace,
    spec: VantageSpec,
    questions: Sequence[Question],
    *,
    service: ObjectKey | None = None,
    every_server: bool = False,
    as_resolver: bool = False,
) -> ProbePlan:
    """The place, told on stderr with the reason for it.

    Args:
        prober: Plans.
        source: For the namespace.
        arguments: --server, --tcp, --udp, --no-edns and --mixed-case.
        spec: Where from.
        questions: What will be asked.
        service: The Service that is asked for; its own pods are preferred.
        every_server: Ask all servers, over both transports unless one is named.
        as_resolver: Which program asks is another matter than the plan's: it goes as a resolver would.
    """
    namespace = service.namespace if service else source.namespace
    protocol = protocol_of(arguments)
    transports = () if not every_server or protocol else (UDP, TCP)
    plan = await prober.plan(
        spec,
        namespace,
        questions,
        arguments.server,
        service=service,
        protocol=protocol,
        every_server=every_server,
        transports=transports,
        manner=Manner(edns=0 if arguments.no_edns else AS_USUAL.edns, mixed_case=arguments.mixed_case),
    )
    where = plan.vantage.partition(", by ")[0] if as_resolver else plan.vantage
    tell(f"asking from {where}: {plan.why}")
    return plan


def protocol_of(arguments: argparse.Namespace) -> str:
    """``tcp``, ``udp``, or empty for what the place does best."""
    return "tcp" if arguments.tcp else "udp" if arguments.udp else ""
