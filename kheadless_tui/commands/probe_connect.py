"""``probe SERVICE --connect``: whether what the names lead to can be reached."""

from __future__ import annotations

import argparse
import sys

from kheadless_tui.commands.names import service_key
from kheadless_tui.commands.probe_place import plan_of, prober_of
from kheadless_tui.commands.progress import ProgressLine
from kheadless_tui.commands.running import Interruption
from kheadless_tui.commands.source import Source, connect, from_cluster, tell, tell_findings, with_pods
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.carriers.commands import stream_argv
from kheadless_tui.probe.choosing.equivalent import exec_command
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.standing import OpenPlace
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.comparison.judging import service_questions
from kheadless_tui.probe.connecting import MOST_GOALS, connect_all, stream_tool
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.prober import Progress
from kheadless_tui.probe.reachability import Goal, Reach, goals
from kheadless_tui.probe.server import Server
from kheadless_tui.report import reachability as report
from kheadless_tui.report.medium import Medium
from kheadless_tui.report.outcome import AS_PREDICTED, status_of


async def probe_connect(arguments: argparse.Namespace, spec: VantageSpec, interruption: Interruption) -> int:
    """Connect, print; the exit status is 0 only when every endpoint that is in DNS can be reached."""
    connection = await connect(arguments)
    named = service_key(arguments.name, arguments.namespace or connection.namespace)
    async with from_cluster(arguments, connection, (), [named]) as source:
        key = service_key(arguments.name, source.namespace)
        service = source.service(key)
        known = await with_pods(source, [key.namespace])
        wanted = goals(known.snapshot, service, known.config)
        if not wanted:
            tell(f"Service {key} has no endpoint with a TCP port: there is nothing to connect to")
            sys.stdout.write(report.render(str(key), None, (), arguments.output))
            tell_findings(known, service)
            return AS_PREDICTED
        if len(wanted) > MOST_GOALS:
            tell(f"{len(wanted)} ports of endpoints: the first {MOST_GOALS} are connected to")
        wanted = wanted[:MOST_GOALS]
        results, plan, place = await _connect(known, arguments, spec, key, wanted, interruption)
        lacking = len(wanted) - len(results)
        text = report.render(
            str(key),
            place.vantage,
            results,
            arguments.output,
            Medium.of(sys.stdout),
            equals=_equals(place, results, plan),
            lacking=lacking,
        )
        sys.stdout.write(text)
        if not lacking:
            tell_findings(known, service)
        return status_of(report.verdict(results, lacking))


async def _connect(
    source: Source,
    arguments: argparse.Namespace,
    spec: VantageSpec,
    key: ObjectKey,
    wanted: tuple[Goal, ...],
    interruption: Interruption,
) -> tuple[list[Reach], ProbePlan, OpenPlace]:
    prober = prober_of(source, arguments)
    service = source.snapshot.service(key)
    assert service is not None
    questions = service_questions(source.snapshot, service, source.config)
    plan = await plan_of(prober, source, arguments, spec, questions, service=key)
    came: dict[Goal, Reach] = {}
    with ProgressLine("ports") as line:

        def reach(result: Reach) -> None:
            came[result.goal] = result
            line(Progress("connecting", len(came), len(wanted)))

        async with prober.open(plan, line) as place:
            line(Progress("connecting", 0, len(wanted)))
            fresh = Freshness.of(source.config)
            await interruption.cut(
                connect_all(place, wanted, server=plan.server, service=key, freshness=fresh, on_reach=reach)
            )
    for warning in place.warnings:
        tell(warning)
    return [came[goal] for goal in wanted if goal in came], plan, place


def _equals(place: OpenPlace, results: list[Reach], plan: ProbePlan) -> tuple[str, ...]:
    """The connect that is most worth doing again: the first that failed, or the first of all."""
    odd = next((result for result in results if not result.reached), results[0] if results else None)
    tool = stream_tool(place)
    if tool is None or odd is None:
        return ()
    argv = stream_argv(tool, Server(odd.goal.address, odd.goal.port))
    return (exec_command(place.target, argv, flags=plan.flags),)
