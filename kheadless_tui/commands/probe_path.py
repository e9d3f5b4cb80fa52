"""``probe NAME --path``: the way of a name through a pod's own resolver."""

from __future__ import annotations

import argparse
import sys

from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.commands.names import nameserver
from kheadless_tui.commands.probe_place import plan_of, prober_of, protocol_of
from kheadless_tui.commands.progress import ProgressLine
from kheadless_tui.commands.running import Interruption
from kheadless_tui.commands.source import Source, connect, from_cluster, tell
from kheadless_tui.errors import ClusterError, UsageError
from kheadless_tui.model.kinds import POD
from kheadless_tui.model.objects import Meta, ObjectKey
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.equivalent import exec_command
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.prober import REPLY_TIMEOUT
from kheadless_tui.probe.resolver.resolver_walk import walk_path
from kheadless_tui.report import resolver_path as report
from kheadless_tui.report.medium import Medium
from kheadless_tui.report.outcome import status_of
from kheadless_tui.zone.naming.names import absolute, unescaped
from kheadless_tui.zone.record import Question


async def probe_path(arguments: argparse.Namespace, spec: VantageSpec, interruption: Interruption) -> int:
    """Walk, compare, print; the exit status is 0 only when all of it is as predicted."""
    name = arguments.name
    if name == "-" or "/" in name:
        raise UsageError(
            f"--path takes a name as a program in a pod would give it, not {name!r}",
            hint="kheadless-tui probe web-0.nginx-headless --path",
        )
    if arguments.server:
        raise UsageError(
            "--path and --server cannot be given together", hint="the pod's resolv.conf says which server is asked"
        )
    async with from_cluster(arguments, await connect(arguments), ()) as source:
        prober = prober_of(source, arguments)
        questions = [Question(absolute(unescaped(name)), "A")]
        plan = await plan_of(prober, source, arguments, spec, questions, as_resolver=True)
        with ProgressLine() as line:
            async with prober.open(plan, line) as place:
                line.wipe()
                path = await walk_path(
                    place,
                    name,
                    source.snapshot,
                    source.config,
                    await _pod(source, place.target),
                    nameserver=nameserver(source),
                    timeout=REPLY_TIMEOUT,
                    protocol=protocol_of(arguments),
                    within=interruption.cut,
                )
        for warning in place.warnings:
            tell(warning)
        equals = [exec_command(place.target, ("cat", "/etc/resolv.conf", "/etc/hosts"), flags=plan.flags)]
        if path.getent is not None:
            equals.append(exec_command(place.target, ("getent", "ahosts", name), flags=plan.flags))
        sys.stdout.write(report.render(path, arguments.output, Medium.of(sys.stdout), equals=tuple(equals)))
        return status_of(path.verdict)


async def _pod(source: Source, target: ExecTarget) -> Pod:
    """The pod of the place, as far as it may be read: else any of its namespace with the default dnsPolicy."""
    assert source.session is not None
    key = ObjectKey(target.namespace, target.pod)
    try:
        found = await source.session.fetch(POD, key)
    except ClusterError as error:
        tell(f"pod {key} cannot be read, so that its dnsPolicy is taken as ClusterFirst: {error}")
        found = None
    return found if isinstance(found, Pod) else Pod(metadata=Meta(name=target.pod, namespace=target.namespace))
