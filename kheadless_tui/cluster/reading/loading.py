"""When what records are predicted from has been read, and what to say when it cannot be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence

from kheadless_tui.cluster.reading.reflector import Reflector
from kheadless_tui.cluster.reading.scope_reading import ScopeReading
from kheadless_tui.cluster.state import Forbidden, Reading, ReadState, Scope
from kheadless_tui.errors import ClusterError, NotFound, Unreachable
from kheadless_tui.model.kinds import ENDPOINT_SLICE, NAMESPACE, SERVICE


async def until_loaded(
    reading: ScopeReading, changed: asyncio.Event, server: str, timeout: float, waiting_for: Callable[[], str]
) -> None:
    """Wait until Services and EndpointSlices of the scope have been listed once, as far as they may be.

    Args:
        reading: What reads them.
        changed: Set whenever something has changed.
        server: The API server's URL.
        timeout: Seconds without any progress; a big cluster takes longer and is waited for. 0 for no limit.
        waiting_for: Who is waited for before anything can be asked; while that is somebody, the time stands still.

    Raises:
        Unreachable, Refused, NotAuthenticated: the one that keeps it from being so.
        NotFound: a namespace of the scope does not exist.
    """
    loop = asyncio.get_running_loop()

    def progress() -> object:
        return reading.readers.progress(), waiting_for()

    while not _is_loaded(reading):
        changed.clear()
        before, began = progress(), loop.time()
        with contextlib.suppress(TimeoutError):
            # A second more than a request may take: its own error says more than ours.
            async with asyncio.timeout(timeout + 1 if timeout else None):
                while before == progress() and not _is_loaded(reading):
                    await changed.wait()
                    changed.clear()
        late = timeout and before == progress() and not waiting_for() and loop.time() - began >= timeout
        if late and not _is_loaded(reading):
            raise _why_not(reading, server, timeout)


def all_loaded(
    core: Sequence[Reflector], others: Iterable[ReadState], scope: Scope, spared: Sequence[Reflector]
) -> bool:
    """Whether all of it has been listed once.

    Args:
        core: What has to be there.
        others: What only has to have come to something, whatever that is: Namespaces may be refused.
        scope: What is read.
        spared: Of the core, those whose refusal is no obstacle.

    Raises:
        ClusterError: what stands in the way, once everything has come to something: so it is always the same one.
    """
    if scope.all and any(one.kind is SERVICE and isinstance(one.state, Forbidden) for one in core):
        return False  # the scope is about to be narrowed
    if any(not one.synced and (one.failure is None or one.failure_may_pass) for one in core):
        return False
    if any(isinstance(state, Reading) for state in others):
        return False
    for one in core:
        if one.failure is not None and not one.synced and one not in spared:
            raise one.failure
    return True


def _is_loaded(reading: ScopeReading) -> bool:
    if reading.named.gone and not reading.scope.only:
        # One that we fell back to was not named by the user: then its emptiness is all there is to say.
        name = min(reading.named.gone)
        raise NotFound(f"there is no namespace {name!r}", hint="kubectl get namespaces")
    core = [reader.reflector for reader in reading.readers.core()]
    refused = [one for one in core if isinstance(one.state, Forbidden) and not one.synced]
    if any(reading.by_name.is_looking(one.kind, one.namespace) for one in refused):
        return False
    others: list[ReadState] = list(reading.named.states.values())
    namespaces = reading.readers.get(NAMESPACE, "")
    if namespaces is not None:
        others.append(namespaces.reflector.state)
    return all_loaded(core, others, reading.scope, _spared(refused, reading, core))


def _spared(refused: Sequence[Reflector], reading: ScopeReading, core: Sequence[Reflector]) -> list[Reflector]:
    """Those whose refusal leaves something to go on with: objects by their names, other namespaces, or all Services."""

    def usable(one: Reflector) -> bool:
        return one.synced or reading.by_name.has_found(one.kind, one.namespace)

    left = {one.namespace for one in core} - {one.namespace for one in core if not usable(one)}
    several = [one for one in refused if usable(one) or (reading.scope.only and left - {one.namespace})]
    return several + [one for one in refused if reading.scope.all and one.kind is ENDPOINT_SLICE]


def _why_not(reading: ScopeReading, server: str, timeout: float) -> ClusterError:
    for reader in reading.readers.core():
        if reader.reflector.failure is not None:
            return reader.reflector.failure
    return Unreachable(f"no answer from {server} in {timeout:g} s", hint="--request-timeout waits longer")
