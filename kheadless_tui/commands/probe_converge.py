"""``probe SERVICE --converge``: when each layer of DNS had a change of the API."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping

from kheadless_tui.commands.names import service_key
from kheadless_tui.commands.probe_place import plan_of, prober_of
from kheadless_tui.commands.progress import ProgressLine
from kheadless_tui.commands.running import Interruption
from kheadless_tui.commands.source import Source, connect, from_cluster, tell
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.standing import OpenPlace
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.comparison.judging import predictions, service_questions
from kheadless_tui.probe.connecting import stream_tool
from kheadless_tui.probe.convergence import Timeline
from kheadless_tui.probe.converging import Following, Watched, servers_of
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.report import convergence as report
from kheadless_tui.report.medium import Medium
from kheadless_tui.report.outcome import status_of
from kheadless_tui.zone.naming.names import service_name
from kheadless_tui.zone.record import Answer, Question

TIMEOUT = 120.0
"""Seconds of --timeout where it is not given, at least."""
TTLS = 4
"""Times the longest TTL of the zone that is waited where --timeout is not given: what a replica keeps for one TTL, a
cache before it may fetch at the end of that and keep for another; twice that, for a change that comes meanwhile."""


async def probe_converge(arguments: argparse.Namespace, spec: VantageSpec, interruption: Interruption) -> int:
    """Wait, follow, print; the exit status is 0 only when every layer had the change within the time."""
    connection = await connect(arguments)
    named = service_key(arguments.name, arguments.namespace or connection.namespace)
    async with from_cluster(arguments, connection, (), [named]) as source:
        freshness = Freshness.of(source.config)
        seconds = arguments.timeout or max(TIMEOUT, TTLS * max(freshness.ttl, freshness.denial_ttl))
        key = service_key(arguments.name, source.namespace)
        service = source.service(key)
        prober = prober_of(source, arguments)
        questions = service_questions(source.snapshot, service, source.config)
        plan = await plan_of(prober, source, arguments, spec, questions, service=key, every_server=True)
        told = _Told()
        with ProgressLine() as line:
            async with prober.open(plan, line) as place:
                line.wipe()
                following = await _following(source, key, place, plan, told)
                tell(f"waiting for a change of {key}, for {seconds:g} s at most")
                await interruption.cut(following.run(seconds, seconds))
        for warning in place.warnings:
            tell(warning)
        convergence, complete = following.convergence, not interruption.stop.is_set()
        timeline, earlier, medium = convergence.timeline(), convergence.earlier, Medium.of(sys.stdout)
        sys.stdout.write(report.render(str(key), timeline, earlier, arguments.output, medium, complete=complete))
        return status_of(report.verdict(timeline))


class _Told:
    """Tells on stderr, as it comes, what changed and which layer has it."""

    def __init__(self) -> None:
        self._change = ""
        self._layers: dict[str, float] = {}

    def __call__(self, timeline: Timeline) -> None:
        change = f"{timeline.at} {timeline.change}"
        if change != self._change:
            self._change, self._layers = change, {}
            tell(timeline.change)
        for point in timeline.points:
            title = point.layer.title
            if point.new_at is None:
                self._layers.pop(title, None)  # it has gone back to the old answer: it will be told again
            elif title not in self._layers:
                self._layers[title] = point.new_at
                tell(report.live_line(point))


async def _following(
    source: Source, key: ObjectKey, place: OpenPlace, plan: ProbePlan, on_timeline: _Told
) -> Following:
    session = source.session
    assert session is not None
    tool = stream_tool(place)
    if tool is None:
        raise ClusterError(
            f"{place.target} has no program that can hold a connection to a DNS server open.",
            hint="--from new makes a pod that has one, or another pod with nc, socat, bash or python3",
        )
    changed = asyncio.Event()
    session.subscribe(changed.set)

    async def wait() -> None:
        await changed.wait()
        changed.clear()

    def predict() -> Mapping[Question, Answer]:
        snapshot = session.snapshot
        service = snapshot.service(key)
        questions = service_questions(snapshot, service, source.config) if service is not None else asked
        return predictions(snapshot, dict.fromkeys((*asked, *questions)), source.config)

    asked = plan.questions
    watched = Watched(service_name(key, source.config.zone), predict, wait, Freshness.of(source.config))
    has_getent = "getent" in place.toolbox.tools
    if not has_getent:
        tell(f"{place.target} has no getent, so that what an application there is told is not seen")
    servers = await servers_of(place, plan, tool)
    return Following(place, tool, servers, watched, application=has_getent, on_timeline=on_timeline)
