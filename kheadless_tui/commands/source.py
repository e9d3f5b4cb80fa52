"""Where a command's objects come from: files, or a cluster read as far as the question needs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import NoneType
from typing import TYPE_CHECKING

from kheadless_tui.arguments import LONGEST_WAIT
from kheadless_tui.cluster.bounds import MAX_OBJECTS
from kheadless_tui.cluster.state import Forbidden, Live, Polled, Reading, undecodable_text, unread_kinds
from kheadless_tui.commands.serving import config_of_files, given_config
from kheadless_tui.errors import ClusterError, InputError, NotFound, Refused
from kheadless_tui.model.kinds import ENDPOINTS, POD, STATEFUL_SET
from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.settings import namespaces_written_for
from kheadless_tui.zone.serving.config import ZoneConfig

if TYPE_CHECKING:
    from kheadless_tui.cluster.connecting.connection import Connection
    from kheadless_tui.cluster.session import ClusterSession


EXPLAINING = (POD, STATEFUL_SET, ENDPOINTS)
"""Kinds that make no record, but tell why there is none."""

NAMED_AFTER = 2.0
"""Seconds after which the user is told who has not answered yet; most plug-ins are done by then."""


@dataclass(frozen=True)
class Source:
    """What a command works on."""

    snapshot: Snapshot
    config: ZoneConfig
    namespace: str
    """The namespace in which short names are meant."""
    session: ClusterSession | None = None
    """``None`` when the objects come from files."""

    def service(self, key: ObjectKey, advice: str = "") -> Service:
        """The Service of a key.

        Args:
            key: namespace and name.
            advice: goes with the hint where there is none.

        Raises:
            Refused: it may neither be listed nor got, so that it may be there.
            NotFound: there is none; the hint names what there is.
        """
        service = self.snapshot.service(key)
        if service is None:
            refusal = self.session.refusal_of(key) if self.session is not None else None
            if refusal is not None:
                raise refusal
            near = ", ".join(sorted(self.snapshot.names("Service", key.namespace))[:8])
            raise NotFound(f"there is no Service {key}", hint=f"in {key.namespace} there are: {near or 'none'}{advice}")
        return service

    def unread(self, namespace: str) -> frozenset[str]:
        """Kinds of which not all objects of a namespace are known: from their absence nothing follows."""
        if self.session is None:
            # Files are what the user has: only of what explains may there be more than they hold.
            return frozenset(kind.name for kind in EXPLAINING if not self.snapshot.names(kind.name, namespace))
        return unread_kinds(self.session.reads, namespace, self.session.selector)


def tell(message: str) -> None:
    """One line of narration for the user: stdout is for data alone."""
    print(message, file=sys.stderr)


def tell_served(config: ZoneConfig, before: str = "") -> None:
    """How the zone is served, and a line for each thing in the Corefile that is not followed.

    Args:
        config: how the zone is served.
        before: what to say first on the line.
    """
    tell(f"{before}the zone is served as by: {config.source}")
    for note in dict.fromkeys(map(str, config.notes)):
        tell(f"not followed: {note}")


def from_files(arguments: argparse.Namespace) -> Source:
    """The objects of ``-f``; those without a namespace are put in that of ``-n``, as kubectl would apply them."""
    # The YAML reader is needed for files alone.
    from kheadless_tui.manifests.files import read_files  # noqa: PLC0415

    namespace = arguments.namespace or "default"
    given = read_files(arguments.filenames, namespace=namespace)
    for kind, count in sorted(given.skipped.items()):
        tell(f"not read, as DNS does not depend on it: {count} {kind}")
    return Source(given.snapshot, config_of_files(arguments, given.snapshot), namespace)


async def connect(arguments: argparse.Namespace) -> Connection:
    """The connection that the flags and the kubeconfig describe; credential plug-ins run here."""
    from kheadless_tui.cluster.connecting.connection import load_connection  # noqa: PLC0415 - lazy start-up

    connection = await asyncio.to_thread(
        load_connection,
        kubeconfig=arguments.kubeconfig,
        context=arguments.context,
        request_timeout=arguments.request_timeout,
        as_user=arguments.as_user,
        as_groups=tuple(arguments.as_groups),
    )
    for warning in connection.warnings:
        tell(warning)
    return connection


@asynccontextmanager
async def from_cluster(
    arguments: argparse.Namespace,
    connection: Connection,
    namespaces: Collection[str],
    services: Sequence[ObjectKey] = (),
    *,
    blind: bool = False,
) -> AsyncIterator[Source]:
    """The Services and EndpointSlices of these namespaces (none named: of all), kept live until the end.

    The Services that are named are got by their names where Services may not be listed. Who may read nothing at all is
    refused, unless something can be done ``blind``: then it is told, and nothing is known.
    """
    from kheadless_tui.cluster.session import ClusterSession  # noqa: PLC0415 - lazy start-up

    namespace = arguments.namespace or connection.namespace
    told = len(connection.warnings)
    session = ClusterSession(
        connection,
        namespaces=tuple(sorted(namespaces)),
        readonly=arguments.readonly,
        selector=getattr(arguments, "selector", ""),
        request_timeout=arguments.request_timeout,
        services=services,
        fallback_namespaces=() if namespaces else _fallback(arguments, connection, services),
        served=given_config(arguments),
        zone=arguments.zone or "",
    )
    naming = asyncio.get_running_loop().call_later(NAMED_AFTER, _tell_awaited, session)
    try:
        await session.start()
        try:
            await session.loaded(arguments.request_timeout)
            blind = False
        except Refused as error:
            if not blind:
                raise
            tell(f"nothing can be predicted: {error}")
        _check_namespace(session, arguments.namespace)
        _tell_left_out(session)
        if not namespaces and session.scope.only and not blind:
            _tell_scope(session)
        yield Source(session.snapshot, await _served_as(session), namespace, session)
    finally:
        naming.cancel()
        await session.close()
        for warning in connection.warnings[told:]:
            tell(warning)


def _tell_awaited(session: ClusterSession) -> None:
    if session.waiting_for:
        tell(f"waiting for {session.waiting_for}")


def _fallback(arguments: argparse.Namespace, connection: Connection, services: Sequence[ObjectKey]) -> tuple[str, ...]:
    """What is read where all namespaces may not be: those that were named, else those written down by the user."""
    named = [*filter(None, [arguments.namespace]), *(key.namespace for key in services)]
    return tuple(dict.fromkeys(named)) or namespaces_written_for(connection.context)


def _check_namespace(session: ClusterSession, namespace: str | None) -> None:
    """A namespace that was named and is not there is a mistake, where the list of them could be read."""
    known = session.snapshot
    if namespace and known.namespaces_known and known.namespace(namespace) is None:
        raise NotFound(f"there is no namespace {namespace!r}", hint="kubectl get namespaces")


def _tell_scope(session: ClusterSession) -> None:
    """Which namespaces were read in place of all, and which of them may not be."""
    named, known = session.scope.namespaces, session.snapshot
    read = [name for name in named if known.knows_all("Service", name)]
    refused = [name for name in named if name not in read]
    told = f"the right to list all namespaces is missing: only {', '.join(read)} was read" if read else ""
    closed = f"the Services of {', '.join(refused)} may not be listed" if refused else ""
    tell("; ".join(filter(None, (told, closed))))


def _tell_left_out(session: ClusterSession) -> None:
    """What was read and is not among what is known: of that, nothing that follows can tell."""
    for (plural, _), state in session.reads.items():
        if isinstance(state, Live | Polled) and state.undecodable:
            tell(undecodable_text(state.undecodable, plural))
        if isinstance(state, Live | Polled) and state.left_out:
            tell(f"only the first {MAX_OBJECTS:,} {plural} are kept, {state.left_out:,} are left out: -n reads fewer")


async def _served_as(session: ClusterSession) -> ZoneConfig:
    try:
        return await session.zone_config()
    except InputError as error:
        raise ClusterError(f"the cluster's own Corefile cannot be read: {error}", hint="--corefile FILE") from error


async def with_pods(source: Source, namespaces: Iterable[str]) -> Source:
    """The same source with the pods, StatefulSets and Endpoints of some namespaces, which explain but make no record.

    What may not be read, or is not there within the time for one request, is left out.
    """
    session = source.session
    wanted = set(namespaces)
    if session is None or not wanted:
        return source
    changed = asyncio.Event()
    unsubscribe = session.subscribe(changed.set)
    for namespace in wanted:
        session.show_pods(namespace)
    keys = [(kind.plural, namespace) for kind in EXPLAINING for namespace in wanted]
    try:
        async with asyncio.timeout(session.connection.request_timeout or LONGEST_WAIT):
            while any(isinstance(session.reads.get(key), (Reading, NoneType)) for key in keys):
                await changed.wait()
                changed.clear()
    except TimeoutError:
        tell("pods were not read in time: explanations do without them")
    finally:
        unsubscribe()
    return replace(source, snapshot=session.snapshot)


async def with_all_pods(source: Source, namespaces: Iterable[str]) -> Source:
    """The same source with the pods of all namespaces, or where these may not be listed with those of some.

    Args:
        source: what was read of the cluster.
        namespaces: those that are looked into where not all may be, besides those that are read anyway.
    """
    found = await with_pods(source, ("",))
    if found.session is None or found.snapshot.knows_all(POD.name):
        return found
    refused = found.session.reads.get((POD.plural, ""))
    if isinstance(refused, Forbidden):
        tell(f"not all pods may be listed: {refused.message}")
    return await with_pods(found, {*namespaces, *found.session.scope.namespaces})


def tell_findings(source: Source, service: Service) -> None:
    """One line on stderr for each error or warning of a Service."""
    # Only a Service that was named, or that has no record, is looked into.
    from kheadless_tui.diagnose.catalogue import findings  # noqa: PLC0415

    for finding in findings(source.snapshot, service, source.config, unread=source.unread(service.namespace)):
        tell(f"{service.key}: {finding.severity} {finding.code}: {finding.title}")
