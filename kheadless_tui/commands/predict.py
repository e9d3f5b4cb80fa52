"""``predict``: what the cluster's DNS must answer, and which rule makes it so."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable

from kheadless_tui.commands import running
from kheadless_tui.commands.names import default_resolv_conf, nameserver, service_key
from kheadless_tui.commands.questions import (
    QuestionLines,
    absolute_if_meant,
    check_name,
    default_type,
    is_address,
    is_reverse_of_address,
)
from kheadless_tui.commands.serving import read_text
from kheadless_tui.commands.source import (
    Source,
    connect,
    from_cluster,
    from_files,
    tell_served,
    with_all_pods,
    with_pods,
)
from kheadless_tui.errors import ClusterError, NotFound
from kheadless_tui.model.workloads import Pod
from kheadless_tui.report import predict as report
from kheadless_tui.report.medium import Medium
from kheadless_tui.zone.dependence import serves_pods_verified
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, parse_resolv_conf, resolv_conf_of
from kheadless_tui.zone.stub.search_list import resolve_by_search

Predict = Callable[[str, str], Answer]
"""From a name and a type to the answer."""


def run(arguments: argparse.Namespace) -> int:
    """Print the predicted answer; the exit status is 0 whatever the rcode, as it is what must be."""
    if arguments.name != "-":
        check_name(arguments.name)
    if arguments.filenames:
        return _show(from_files(arguments), arguments)
    return running.run(_live(arguments))


async def _live(arguments: argparse.Namespace) -> int:
    connection = await connect(arguments)
    async with from_cluster(arguments, connection, ()) as source:
        if serves_pods_verified(source.config) and _any_pod_may_decide(source, arguments):
            return _show(await with_all_pods(source, _namespaces(source, arguments)), arguments)
        if arguments.name == "-" and arguments.vantage is None:
            return _show(source, arguments)
        return _show(await with_pods(source, _namespaces(source, arguments)), arguments)


def _any_pod_may_decide(source: Source, arguments: argparse.Namespace) -> bool:
    """Whether, under ``pods verified``, the words of the name do not tell in which namespace a pod must be looked for.

    So it is with the names of standard input, those that a search list makes, those that the Corefile rewrites, and
    targets of aliases.
    """
    if arguments.name == "-" or _is_from_a_pod(arguments) or source.config.rewrites:
        return True
    type_ = arguments.type or default_type(arguments.name)
    whole = absolute_if_meant(arguments.name, type_, source.config)
    if whole is None:
        return True
    return bool(resolve(source.snapshot, Question(whole, "CNAME"), source.config, explain=False).answer)


def _namespaces(source: Source, arguments: argparse.Namespace) -> set[str]:
    """Namespaces whose pods can explain the answer: those that the name may mean, and that of ``--from``'s pod."""
    words = {source.namespace, *arguments.name.lower().split(".")}
    if arguments.vantage is not None:
        words.add(service_key(arguments.vantage.removeprefix("pod/"), source.namespace).namespace)
    return {word for word in words if source.snapshot.namespace_exists(word)}


def _show(source: Source, arguments: argparse.Namespace) -> int:
    resolv = _resolv_conf(source, arguments)
    predict = predictor(source, arguments, resolv)
    shown, bufsize = resolv if _is_from_a_pod(arguments) else None, source.config.bufsize
    if arguments.name == "-":
        status = _show_lines(predict, bufsize, shown)
        tell_served(source.config)
        return status
    answer = predict(arguments.name, arguments.type or default_type(arguments.name))
    medium = Medium.of(sys.stdout)
    sys.stdout.write(report.render(answer, arguments.output, medium, bufsize=bufsize, resolv=shown))
    tell_served(source.config)
    return 0


def _show_lines(predict: Predict, bufsize: int, resolv: ResolvConf | None) -> int:
    lines = QuestionLines()
    for name, type_ in lines:
        sys.stdout.write(report.line(predict(name, type_), bufsize=bufsize, resolv=resolv))
    return 2 if lines.failed else 0


def _is_from_a_pod(arguments: argparse.Namespace) -> bool:
    return arguments.vantage is not None or arguments.resolv_conf is not None


def predictor(source: Source, arguments: argparse.Namespace, resolv: ResolvConf) -> Predict:
    """How names are resolved: absolute ones as they are, short ones by a search list.

    Args:
        source: the snapshot, and how the zone is served.
        arguments: where a pod or a resolv.conf was asked for it is used for every name, as a program there would.
        resolv: of that pod, that file, or of any pod in the namespace with the default dnsPolicy.
    """
    by_search = _is_from_a_pod(arguments)

    def predict(name: str, type_: str) -> Answer:
        whole = absolute_if_meant(name, type_, source.config)
        if whole is None or by_search:
            asked = whole if whole is not None and (is_address(name) or is_reverse_of_address(name)) else name
            return resolve_by_search(source.snapshot, asked, type_, resolv, source.config, libc=arguments.libc)
        return resolve(source.snapshot, Question(whole, type_), source.config)

    return predict


def _resolv_conf(source: Source, arguments: argparse.Namespace) -> ResolvConf:
    if arguments.resolv_conf is not None:
        return parse_resolv_conf(read_text(arguments.resolv_conf), arguments.resolv_conf)
    if arguments.vantage is None:
        return default_resolv_conf(source)
    key = service_key(arguments.vantage.removeprefix("pod/"), source.namespace)
    pod = source.snapshot.pod(key)
    if pod is None and source.session is not None and "Pod" in source.unread(key.namespace):
        hint = "--resolv-conf FILE, with what `kubectl exec POD -- cat /etc/resolv.conf` prints, needs no such right"
        raise ClusterError(f"the pods of namespace {key.namespace} could not be read", hint=hint)
    if pod is None:
        raise NotFound(f"there is no Pod {key}", hint=_pods_there(source, key.namespace))
    return resolv_conf_of(pod, source.config, nameserver(source))


def _pods_there(source: Source, namespace: str) -> str:
    pods: Iterable[Pod] = source.snapshot.pods(namespace)
    return f"in {namespace} there are: {', '.join(pod.name for pod in pods) or 'none'}"
