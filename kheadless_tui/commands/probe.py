"""``probe``: ask DNS from inside a pod, and hold the answers against the prediction."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace

from kheadless_tui.commands import running
from kheadless_tui.commands.confirm import check_writes
from kheadless_tui.commands.names import asked_service, default_resolv_conf
from kheadless_tui.commands.probe_connect import probe_connect
from kheadless_tui.commands.probe_converge import probe_converge
from kheadless_tui.commands.probe_path import probe_path
from kheadless_tui.commands.probe_place import plan_of, pod_options, prober_of
from kheadless_tui.commands.progress import ProgressLine
from kheadless_tui.commands.questions import QuestionLines, absolute_if_meant, check_name, default_type
from kheadless_tui.commands.source import Source, connect, from_cluster, tell, tell_findings, with_pods
from kheadless_tui.errors import Refused
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.vantage import VantageSpec, parse_vantage
from kheadless_tui.probe.comparison.compare import MATCH, Comparison
from kheadless_tui.probe.comparison.diagnosis import Diagnosis, diagnose
from kheadless_tui.probe.comparison.elsewhere import set_aside
from kheadless_tui.probe.comparison.judging import Predictions, judge, predictions, service_questions
from kheadless_tui.probe.comparison.settling import Settling, latest
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.prober import Prober, Progress
from kheadless_tui.probe.remembering import Remembering, of_questions, of_service
from kheadless_tui.probe.server import Server, parse_server
from kheadless_tui.report import probe as report
from kheadless_tui.report.medium import Medium
from kheadless_tui.report.outcome import AS_PREDICTED, status_of
from kheadless_tui.zone.naming.zones import zone_of
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.serving.dns_service import NODE_LOCAL
from kheadless_tui.zone.stub.search_list import resolve_by_search


@dataclass(frozen=True)
class Target:
    """What is asked for: a Service as a whole, or one name."""

    questions: tuple[Question, ...]
    service: ObjectKey | None = None


def run(arguments: argparse.Namespace) -> int:
    """Ask, compare, print; the exit status is 0 only when every answer is as predicted."""
    if arguments.name != "-" and "/" not in arguments.name:
        check_name(arguments.name)
    spec = parse_vantage(arguments.vantage)
    check_writes(arguments, spec)
    pod_options(arguments)  # a slip in them is told before anything is connected
    if arguments.server:
        parse_server(arguments.server)
    probe = _probe
    if arguments.path:
        probe = probe_path
    elif arguments.connect:
        probe = probe_connect
    elif arguments.converge:
        probe = probe_converge
    interruption = running.Interruption()
    return running.run(_offering(probe(arguments, spec, interruption), arguments, spec), interruption)


async def _offering(probe: Awaitable[int], arguments: argparse.Namespace, spec: VantageSpec) -> int:
    """The probe; who may read nothing is told what can be had from this machine all the same."""
    try:
        return await probe
    except Refused as error:
        if spec.kind == "local" and arguments.server:
            error.hint = (
                f"{error.hint.rstrip('.')}. Without them it is not known what there is to ask for; one name is asked "
                f"for all the same: kheadless-tui probe NAME.NAMESPACE.svc.cluster.local --from local --server "
                f"{shlex.quote(arguments.server)}"
            )
        raise


async def _probe(arguments: argparse.Namespace, spec: VantageSpec, interruption: running.Interruption) -> int:
    connection = await connect(arguments)
    key = asked_service(arguments.name, arguments.type, arguments.namespace or connection.namespace)
    # What a whole Service has in DNS is not known without having read it; one name can be asked for all the same.
    blind = spec.kind == "local" and key is None
    async with from_cluster(arguments, connection, (), [key] if key else (), blind=blind) as source:
        lines = QuestionLines()
        if arguments.name == "-":
            targets = [_name(source, name, type_) for name, type_ in lines]
            if not targets:
                return 2 if lines.failed else AS_PREDICTED
        else:
            targets = [_target(source, arguments)]
        asked = await _ask(source, arguments, spec, targets, interruption)
        if arguments.name == "-":
            verdicts = _show_lines(asked, targets)
        else:
            verdicts = [_show(arguments, asked, targets[0])]
            if asked.result.complete:
                await _explain(source, targets[0])
        return 2 if lines.failed else max(status_of(verdict) for verdict in verdicts)


def _target(source: Source, arguments: argparse.Namespace) -> Target:
    """A Service when no type is asked for and the word can be nothing else; else a name."""
    text = arguments.name
    key = asked_service(text, arguments.type, source.namespace)
    if key is None:
        return _name(source, text, arguments.type or default_type(text))
    service = source.service(key, "; to ask for the name all the same, say its type")
    return Target(service_questions(source.snapshot, service, source.config), key)


def _name(source: Source, name: str, type_: str) -> Target:
    """One absolute name, or the names that a pod of the namespace would try, up to the one that answers."""
    whole = absolute_if_meant(name, type_, source.config)
    if whole is not None:
        return Target((Question(whole, type_),))
    resolv = default_resolv_conf(source)
    tried = [step.name for step in resolve_by_search(source.snapshot, name, type_, resolv, source.config).steps]
    ours = [each for each in tried if zone_of(each, source.config.zones)]
    return Target(tuple(Question(each, type_) for each in ours or tried))


class _Asked:
    """A probe that has been made, and what each target of it is judged by."""

    def __init__(self, source: Source, targets: Sequence[Target]) -> None:
        assert source.session is not None
        self._source = source
        self._session = source.session
        self._targets = targets
        self._questions = [question for target in targets for question in target.questions]
        self._servers: Sequence[Server] = ()
        service = targets[0].service
        concern = of_service(service) if service is not None else of_questions(self._questions, source.config)
        self._service = service
        self._remembering = Remembering(source.session, concern)
        self.settling = Settling(self._predict, self._judge, freshness=Freshness.of(source.config))

    async def look_back(self) -> None:
        """Know when what is asked for was changed last."""
        if self._service is not None:
            await self._remembering.look_back(self._service)

    async def run(self, prober: Prober, plan: ProbePlan, interruption: running.Interruption) -> None:
        """Ask, and ask again what differs, until it is known whether that was a race, or until it is stopped."""
        self._servers = plan.servers
        with ProgressLine() as line:

            def come(progress: Progress) -> None:
                interruption.heed()
                line(progress)

            self.result = await prober.run(plan, come, follow_up=self.settling, stop=interruption.stop)
        self._servers = self.result.servers
        self._past = self._remembering.past(self._source.config)
        for warning in self.result.warnings:
            tell(warning)

    def diagnosis(self, target: Target) -> Diagnosis:
        """The replies to one target, held against what is known now; what was known before may be in a cache."""
        asked = frozenset(target.questions)
        mine = [seen for seen in self.result.observations if seen.question in asked]
        comparison = self._judge(latest(mine), target)
        diagnosis = diagnose(
            comparison,
            mine,
            self.result.servers,
            Freshness.of(self._source.config),
            nameservers=self.result.nameservers,
            races=self.settling.races(mine, comparison),
            past=self._past,
        )
        return replace(diagnosis, complete=self.result.complete, lacking=self._lacking(target, mine))

    def _lacking(self, target: Target, seen: Sequence[Observation]) -> int:
        """Outcomes that there would be without ctrl-c."""
        if self.result.complete:
            return 0
        came = {(each.vantage, each.server, each.transport, each.question) for each in seen}
        ways = self.result.ways
        return (
            sum((*way, question) not in came for way in ways for question in target.questions)
            if ways
            else len(target.questions)
        )

    def _predict(self) -> Predictions:
        return predictions(self._session.snapshot, self._questions, self._source.config)

    def _judge(self, observations: Sequence[Observation], target: Target | None = None) -> Comparison:
        caches = [NODE_LOCAL, *(str(server) for server in self._servers if server.caches)]
        comparison = judge(
            self._session.snapshot,
            self._source.config,
            observations,
            service=(target or self._targets[0]).service,
            scope=self._session.scope,
        )
        return set_aside(comparison, observations, caches, Freshness.of(self._source.config))


async def _ask(
    source: Source,
    arguments: argparse.Namespace,
    spec: VantageSpec,
    targets: Sequence[Target],
    interruption: running.Interruption,
) -> _Asked:
    prober = prober_of(source, arguments)
    questions = [question for target in targets for question in target.questions]
    asked = _Asked(source, targets)
    looking = asyncio.create_task(asked.look_back())
    try:
        plan = await plan_of(
            prober, source, arguments, spec, questions, service=targets[0].service, every_server=arguments.servers
        )
        await looking
    finally:
        looking.cancel()
    await asked.run(prober, plan, interruption)
    return asked


def _show(arguments: argparse.Namespace, asked: _Asked, target: Target) -> str:
    diagnosis, plan = asked.diagnosis(target), asked.result.plan
    ran = plan.equals_in_brief if arguments.servers else plan.equals
    text = report.render(
        asked.result.vantages,
        diagnosis,
        arguments.output,
        Medium.of(sys.stdout),
        equals=() if plan.kind == "local" else ran,  # from here no program was run
        matrix=arguments.servers,
    )
    sys.stdout.write(text)
    return diagnosis.verdict


async def _explain(source: Source, target: Target) -> None:
    """What is known against the Service that was asked for."""
    if target.service is None:
        return
    known = await with_pods(source, [target.service.namespace])
    service = known.snapshot.service(target.service)
    if service is not None:
        tell_findings(known, service)


def _show_lines(asked: _Asked, targets: Iterable[Target]) -> list[str]:
    verdicts = []
    for target in targets:
        diagnosis = asked.diagnosis(target)
        sys.stdout.write(report.line(asked.result.vantages, diagnosis))
        verdicts.append(diagnosis.verdict)
    return verdicts or [MATCH]
