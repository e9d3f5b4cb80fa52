"""When what records are predicted from has been read, and what to say when it cannot be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence

from kheadless_tui.cluster.named_namespaces import NamedNamespaces
from kheadless_tui.cluster.readers import Readers
from kheadless_tui.cluster.reflector import Reflector
from kheadless_tui.cluster.state import Forbidden, Reading, ReadState, Scope
from kheadless_tui.errors import ClusterError, NotFound, Unreachable
from kheadless_tui.model.kinds import NAMESPACE


class Loading:
    """How far the first reading of a scope has come."""

    def __init__(self, readers: Readers, named: NamedNamespaces, scope: Callable[[], Scope], server: str) -> None:
        self._readers = readers
        self._named = named
        self._scope = scope
        self._server = server
        self.changed = asyncio.Event()
        """Set whenever something has changed."""

    async def wait(self, timeout: float) -> None:
        """Wait until Services and EndpointSlices of the scope have been listed once.

        Args:
            timeout: Seconds without any progress; a big cluster takes longer and is waited for. 0 for no limit.

        Raises:
            Unreachable, Refused, NotAuthenticated: the one that keeps it from being so.
            NotFound: a namespace of the scope does not exist.
        """
        loop = asyncio.get_running_loop()
        while not self._is_done():
            self.changed.clear()
            before, began = self._readers.progress(), loop.time()
            with contextlib.suppress(TimeoutError):
                # A second more than a request may take: its own error says more than ours.
                async with asyncio.timeout(timeout + 1 if timeout else None):
                    while before == self._readers.progress() and not self._is_done():
                        await self.changed.wait()
                        self.changed.clear()
            late = timeout and before == self._readers.progress() and loop.time() - began >= timeout
            if late and not self._is_done():
                raise self._why_not(timeout)

    def _is_done(self) -> bool:
        scope = self._scope()
        if self._named.gone and not scope.only:
            # One that we fell back to was not named by the user: then its emptiness is all there is to say.
            name = min(self._named.gone)
            raise NotFound(f"there is no namespace {name!r}", hint="kubectl get namespaces")
        others: list[ReadState] = list(self._named.states.values())
        namespaces = self._readers.get(NAMESPACE, "")
        if namespaces is not None:
            others.append(namespaces.reflector.state)
        return all_loaded([reader.reflector for reader in self._readers.core()], others, scope)

    def _why_not(self, timeout: float) -> ClusterError:
        for reader in self._readers.core():
            if reader.reflector.failure is not None:
                return reader.reflector.failure
        return Unreachable(f"no answer from {self._server} in {timeout:g} s", hint="--request-timeout waits longer")


def all_loaded(core: Sequence[Reflector], others: Iterable[ReadState], scope: Scope) -> bool:
    """Whether all of it has been listed once.

    Args:
        core: What has to be there.
        others: What only has to have come to something, whatever that is: Namespaces may be refused.
        scope: What is read.

    Raises:
        ClusterError: what stands in the way, once everything has come to something: so it is always the same one.
    """
    if scope.all and any(isinstance(one.state, Forbidden) and not one.synced for one in core):
        return False  # the scope is about to be narrowed
    if any(not one.synced and (one.failure is None or one.failure_may_pass) for one in core):
        return False
    if any(isinstance(state, Reading) for state in others):
        return False
    for one in core:
        if one.failure is not None and not one.synced:
            raise one.failure
    return True
