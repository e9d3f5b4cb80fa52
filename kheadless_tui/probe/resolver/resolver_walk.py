"""Going the way of a name in a container: what its resolver goes by is read, its questions are asked, getent is run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from kheadless_tui.errors import ClusterError, UsageError
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.places import pods_path
from kheadless_tui.probe.choosing.standing import OpenPlace
from kheadless_tui.probe.inquiring.asking import Asking, ask
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.resolver.resolver_files import READ_FILES, Getent, PodFiles, read_files, read_getent
from kheadless_tui.probe.resolver.resolver_path import (
    TYPES,
    Predicted,
    ResolverPath,
    Walk,
    hosts_win,
    libc_of,
    order_sentence,
    resolver_path,
)
from kheadless_tui.probe.server import TCP, UDP, Server, parse_server
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.resolve import resolve_all
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, resolv_conf_of
from kheadless_tui.zone.stub.search_list import Libc, resolve_by_search, search_ends, search_names

FILES_TIMEOUT = 5.0
"""Seconds for reading what the resolver goes by."""
GETENT_TIMEOUT = 20.0
"""Seconds for getent: glibc gives a silent name server 5 s, twice, for each name, unless told otherwise
(resolv.conf(5))."""
MAX_BYTES = 256 * 1024
"""Bytes taken from one of these programs."""
LIBCS: tuple[Libc, ...] = ("glibc", "musl", "go")


@dataclass(slots=True)
class _Heard:
    """What came of the asking, as far as it went."""

    servers: list[Server]
    """Those of resolv.conf that are not known to be silent."""
    silent: list[str] = field(default_factory=list)
    """What is to be said of the others."""
    getent: Getent | None = None


async def _to_the_end(work: Coroutine[Any, Any, bool]) -> bool:
    return await work


async def walk_path(
    place: OpenPlace,
    name: str,
    snapshot: Snapshot,
    config: ZoneConfig,
    pod: Pod,
    *,
    nameserver: str,
    timeout: float,
    protocol: str = "",
    within: Callable[[Coroutine[Any, Any, bool]], Awaitable[bool | None]] = _to_the_end,
) -> ResolverPath:
    """The way of a name from an open place.

    Args:
        place: Where the program that looks the name up would run.
        name: As that program would give it.
        snapshot: For the prediction.
        config: How the zone is served.
        pod: That of the place: its dnsPolicy and its names decide.
        nameserver: The cluster's DNS address, as kubelets are told it; empty when it is not known.
        timeout: Seconds to wait for a reply.
        protocol: ``tcp``, ``udp``, or empty: over UDP, as resolvers ask, where the place can.
        within: Runs the asking, and may stop it: then its result is ``None``, and the way is as far as it came.

    Raises:
        ClusterError: nothing can be run in the container, or it has no name server.
    """
    protocol = protocol or _as_resolvers(place)
    files = read_files(await place.run(READ_FILES, timeout=FILES_TIMEOUT, max_bytes=MAX_BYTES), str(place.target))
    predicted = predict(name, files, snapshot, config, pod, nameserver, await _host_aliases(place))
    walk = Walk(name, files, predicted.answers)
    heard = _Heard(_servers(files))
    complete = bool(await within(_hear(place, walk, files, heard, timeout, protocol)))
    return resolver_path(
        name,
        place.vantage.name,
        place.image,
        files,
        predicted,
        walk,
        server=str(heard.servers[0]) if heard.servers else "",
        getent=heard.getent,
        notes=[
            *_transport_note(place, walk),
            *hidden_note(name, files, predicted),
            *libc_notes(name, files, snapshot, config),
            *_cheaper(walk, name),
        ],
        differences=heard.silent,
        complete=complete,
    )


def _as_resolvers(place: OpenPlace) -> str:
    """The transport of resolvers where the place can ask over it, else the other; empty where that is not known."""
    return next((each for each in (UDP, TCP) if place.toolbox.carrier(each)), "")


def _transport_note(place: OpenPlace, walk: Walk) -> Iterable[str]:
    if any(seen.transport == TCP for seen in walk.observations.values()):
        why = "as you asked" if place.toolbox.carrier(UDP) else place.toolbox.why_not(UDP)
        yield f"asked over TCP ({why}), where a resolver asks over UDP: that UDP is lost would not be seen by it"


class _HostAlias(msgspec.Struct):
    ip: str = ""
    hostnames: list[str] | None = None


class _AliasSpec(msgspec.Struct, rename="camel"):
    host_aliases: list[_HostAlias] | None = None


class _AliasedPod(msgspec.Struct):
    spec: _AliasSpec = msgspec.field(default_factory=_AliasSpec)


async def _host_aliases(place: OpenPlace) -> Mapping[str, tuple[str, ...]]:
    """The names that spec.hostAliases of the pod puts into /etc/hosts; none where the pod may not be read."""
    target = place.target
    try:
        answer = await place.transport.call("GET", f"{pods_path(target.namespace)}/{quote(target.pod, safe='')}")
        aliases = msgspec.json.decode(answer, type=_AliasedPod).spec.host_aliases or []
    except (ClusterError, msgspec.DecodeError):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for alias in aliases:
        for name in alias.hostnames or ():
            found[name.lower()] = (*found.get(name.lower(), ()), alias.ip)
    return found


def predict(
    name: str,
    files: PodFiles,
    snapshot: Snapshot,
    config: ZoneConfig,
    pod: Pod,
    nameserver: str,
    aliases: Mapping[str, tuple[str, ...]],
) -> Predicted:
    """Everything that is predicted of a way: the pod's resolv.conf, each answer, and its own names in /etc/hosts."""
    names = dict.fromkeys(each for libc in LIBCS for each in search_names(name, files.resolv, libc))
    questions = [Question(each, rdtype) for each in names for rdtype in TYPES]
    answers = resolve_all(snapshot, questions, config)
    return Predicted(resolv_conf_of(pod, config, nameserver), answers, {**own_names(pod, config), **aliases})


def own_names(pod: Pod, config: ZoneConfig) -> Mapping[str, tuple[str, ...]]:
    """What the kubelet writes into /etc/hosts of a pod: the loopback's names, and the pod's own.

    Source: pkg/kubelet/kubelet_pods.go managedHostsFileContent.
    """
    loopback = {"localhost": ("127.0.0.1", "::1"), "ip6-localhost": ("::1",), "ip6-loopback": ("::1",)}
    host = (pod.spec.hostname or pod.name).lower()
    if not host or pod.spec.host_network:
        return loopback
    domain = f"{pod.spec.subdomain}.{pod.namespace}.svc.{config.zone.removesuffix('.')}" if pod.spec.subdomain else ""
    own = {host: pod.addresses}
    if domain:
        own[f"{host}.{domain}".lower()] = pod.addresses
    return {**loopback, **own}


def libc_notes(name: str, files: PodFiles, snapshot: Snapshot, config: ZoneConfig) -> list[str]:
    """Why the names are tried in this order, and what the resolvers of other libraries would make of the same files."""
    mine = libc_of(files)
    ways = {libc: _way(name, files.resolv, snapshot, config, libc) for libc in LIBCS}
    if "dns" not in files.sources:
        steps, outcome = ways["musl"]
        asks = f"musl (Alpine) reads no nsswitch.conf, and would ask {', then '.join(steps)}: {outcome}"
        return [f"nsswitch.conf asks {' and '.join(files.sources) or 'nothing'} for hosts, and so no DNS server", asks]
    alike = [libc for libc in LIBCS if libc != mine and ways[libc] == ways[mine]]
    notes = [order_sentence(name, files.resolv, mine)]
    if alike:
        notes.append(f"{' and '.join(_CALLED[libc] for libc in alike)} would walk the same steps")
    for libc in LIBCS:
        if libc != mine and libc not in alike:
            steps, outcome = ways[libc]
            notes.append(f"{_CALLED[libc]} would ask {', then '.join(steps)}: {outcome}")
    return notes


_CALLED = {"glibc": "glibc", "musl": "musl (Alpine)", "go": "Go's own resolver"}


def _way(
    name: str, resolv: ResolvConf, snapshot: Snapshot, config: ZoneConfig, libc: Libc
) -> tuple[tuple[str, ...], str]:
    """The names that a library asks, by prediction, and what it makes of the answers.

    Which server the pod asks does not count here: the replies of that one are on the way itself.
    """
    searched = msgspec.structs.replace(resolv, nameservers=())
    answers = [resolve_by_search(snapshot, name, rdtype, searched, config, libc=libc) for rdtype in TYPES]
    found = [record.data for answer in answers for record in answer.answer if record.type in TYPES]
    best = next((answer for answer in answers if answer.answer), answers[0])
    return tuple(step.name for step in best.steps), ", ".join(found) or _denial(best)


def _denial(answer: Answer) -> str:
    if answer.unknown:
        return "what another server answers"
    return "no address" if answer.rcode == "NOERROR" else answer.rcode or "what another server answers"


def hidden_note(name: str, files: PodFiles, predicted: Predicted) -> Iterable[str]:
    """What DNS would say of a name that /etc/hosts answers."""
    given = files.in_hosts(name)
    if not given or not hosts_win(name, files):
        return
    for each in search_names(name, files.resolv, libc_of(files)):
        answers = [answer for rdtype in TYPES if (answer := predicted.answers.get(Question(each, rdtype)))]
        told = [record.data for answer in answers for record in answer.answer if record.type in TYPES]
        if told:
            if set(told) != set(given):
                yield f"/etc/hosts (hostAliases?) hides {each}, which DNS must answer with {', '.join(told)}"
            return
        if search_ends(answers, libc_of(files)):
            return


def _cheaper(walk: Walk, name: str) -> Iterable[str]:
    """How the same would be had with fewer questions."""
    asked = list(dict.fromkeys(question.name for question in walk.observations))
    last = walk.observations.get(Question(asked[-1], "A")) if asked else None
    if len(asked) > 1 and last is not None and last.answer and not name.endswith("."):
        yield (
            f"cheaper: with a final dot ({asked[-1]}) it costs {len(TYPES)} questions instead of "
            f"{len(asked) * len(TYPES)}"
        )


async def _hear(place: OpenPlace, walk: Walk, files: PodFiles, heard: _Heard, timeout: float, protocol: str) -> bool:
    """Ask ourselves, and the container's own resolver meanwhile."""
    getting = asyncio.create_task(_getent(place, walk.name)) if files.has_getent else None
    try:
        await _ask(place, walk, heard, files.resolv, timeout, protocol)
        heard.getent = await getting if getting is not None else None
    finally:
        if getting is not None:
            getting.cancel()
            await asyncio.gather(getting, return_exceptions=True)
    return True


async def _ask(place: OpenPlace, walk: Walk, heard: _Heard, resolv: ResolvConf, timeout: float, protocol: str) -> None:
    """Ask what is due until the way ends, the next server where one is silent."""
    servers = heard.servers
    while due := walk.next():
        if not servers:
            raise ClusterError(
                f"/etc/resolv.conf of {place.target} names no server, so that a resolver there would ask itself.",
                hint="dnsPolicy and dnsConfig of the pod decide what it holds",
            )
        seen = await _replies(place, servers[0], due, timeout, protocol)
        if all(reply.error for reply in seen) and len(servers) > 1:
            heard.silent.append(silent_server(str(servers[0]), seen[0].error, resolv))
            servers.pop(0)
            continue
        walk.feed(seen)


def silent_server(server: str, error: str, resolv: ResolvConf) -> str:
    """What a name server that does not answer costs whoever resolves a name there."""
    return f"nameserver {server} does not answer ({error}): a resolver waits {resolv.patience} s for it at each name"


async def _replies(
    place: OpenPlace, server: Server, due: Sequence[Question], timeout: float, protocol: str
) -> Sequence[Observation]:
    asking = Asking(
        place.transport, place.permit, place.target, place.vantage, server, protocol, timeout, place.toolbox
    )
    return (await ask(asking, due, lambda _: None)).observations


def _servers(files: PodFiles) -> list[Server]:
    found = []
    for address in files.resolv.nameservers:
        try:
            found.append(parse_server(address, files.resolv.source))
        except UsageError:  # a scoped address or a slip: no server that we could ask
            continue
    return found


async def _getent(place: OpenPlace, name: str) -> Getent:
    if name.startswith("-"):
        return Getent(error="not asked: it would take a name that begins with a dash for an option")
    began = time.monotonic()
    result = await place.run(("getent", "ahosts", name), timeout=GETENT_TIMEOUT, max_bytes=MAX_BYTES)
    return read_getent(result, (time.monotonic() - began) * 1000)
