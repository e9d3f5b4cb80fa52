"""Reads a scope with whatever rights there are: less when all is refused, by name when lists are, more when granted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kheadless_tui.cluster.reading.by_name import ByName
from kheadless_tui.cluster.reading.heartbeat import Pulse
from kheadless_tui.cluster.reading.link import link_of
from kheadless_tui.cluster.reading.named_namespaces import NamedNamespaces
from kheadless_tui.cluster.reading.reader import Reader
from kheadless_tui.cluster.reading.readers import CORE, Readers, ReadKey
from kheadless_tui.cluster.reading.reflector import Reflector
from kheadless_tui.cluster.reading.store import Store
from kheadless_tui.cluster.rights.needs import SHOWN, Need, needs_of
from kheadless_tui.cluster.rights.refusals import refusals_of
from kheadless_tui.cluster.rights.rights_watch import RightsWatch, rights_to_read
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Reading, ReadState, Scope, is_whole
from kheadless_tui.cluster.tasks import Tasks
from kheadless_tui.errors import Unreachable
from kheadless_tui.model.kinds import ENDPOINT_SLICE, NAMESPACE, POD, SERVICE, Kind
from kheadless_tui.model.objects import ObjectKey

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport


class ScopeReading:
    """Keeps the store true to a scope. Belongs to one event loop."""

    def __init__(
        self,
        transport: Transport,
        store: Store,
        tasks: Tasks,
        changed: Callable[[], None],
        *,
        scope: Scope,
        selector: str,
        fallback: Sequence[str],
        services: Sequence[ObjectKey],
        pulse: Pulse,
    ) -> None:
        """Nothing is read yet.

        Args:
            transport: Where requests go.
            store: What is read goes there.
            tasks: Hold what is running.
            changed: Called after every change.
            scope: What is to be read.
            selector: Of the Services.
            fallback: The namespaces that are read where all of them may not be.
            services: Services that are got by name where they may not be listed.
            pulse: How often is looked at what cannot be watched.
        """
        self.scope = scope
        self.shown: set[str] = set()
        """Namespaces whose pods are read."""
        self._transport = transport
        self._store = store
        self._tasks = tasks
        self._changed = changed
        self._selector = selector
        self._fallback = tuple(dict.fromkeys((*fallback, *(key.namespace for key in services))))
        self._outcomes: dict[ReadKey, type[ReadState]] = {}
        self._whole: frozenset[tuple[str, str]] = frozenset()
        """Kinds that records depend on and namespaces that are read whole, as the snapshot tells them."""
        self._away: Offline | None = None
        self.readers = Readers(transport, store, tasks, self._on_change)
        self.named = NamedNamespaces(transport, store, changed, period=pulse.namespaces)
        self.rights = RightsWatch(
            transport,
            needs=lambda: needs_of(self.scope, self.shown | self._closed),
            wider=lambda: needs_of(Scope(), ()) if self.scope.only else (),
            refusals=lambda: refusals_of(self._of_scope(self.readers.all()), self.named.states),
            changed=self._on_rights,
            period=pulse.rights,
            period_whole=pulse.rights_whole,
        )
        self.by_name = ByName(transport, store, lambda: self.rights.rules, changed, period=pulse.namespaces)
        for key in services:
            self.by_name.give(SERVICE, key)

    def start(self) -> None:
        """Begin."""
        self._read()
        self._tasks.spawn(self.named.run(), "namespaces by name")
        self._tasks.spawn(self.by_name.run(), "objects by name")
        self._tasks.spawn(self.rights.run(), "rights")

    # -- what is known -----------------------------------------------------------------------------------------

    @property
    def _closed(self) -> set[str]:
        """Namespaces that would be shown if the right were there: who asks for it asks once for all that is missing."""
        core = (reader.reflector for reader in self._of_scope(self.readers.core()))
        return {one.namespace for one in core if one.namespace and isinstance(one.state, Forbidden)}

    @property
    def states(self) -> Mapping[ReadKey, ReadState]:
        """What reading each kind in each scope has come to."""
        named = {(NAMESPACE.plural, name): state for name, state in self.named.states.items()}
        read = {(one.reflector.kind.plural, one.reflector.namespace): self._state(one) for one in self.readers.all()}
        return {**named, **read}

    @property
    def link(self) -> ReadState:
        """What reading has come to, in one state."""
        core = self._of_scope(self.readers.core())
        if self._away is not None and all(isinstance(one.reflector.state, Forbidden) for one in core):
            return self._away  # nothing is being asked that could tell
        return link_of([(one.reflector.kind.plural, self._state(one)) for one in core], time.time())

    def _of_scope(self, readers: Iterable[Reader]) -> list[Reader]:
        """Without those that read a part in place of all EndpointSlices."""
        core = {kind.plural for kind in CORE} if self.scope.all else set()
        return [one for one in readers if not (one.reflector.namespace and one.reflector.kind.plural in core)]

    def _state(self, reader: Reader) -> ReadState:
        """What a reader has come to, or what is got by name where it may not list."""
        kind, namespace, state = reader.reflector.kind, reader.reflector.namespace, reader.reflector.state
        return self.by_name.state(kind, namespace, state) if isinstance(state, Forbidden) else state

    # -- scope -------------------------------------------------------------------------------------------------

    def show(self, namespace: str) -> None:
        """Read what is shown of a namespace beside its Services."""
        if namespace not in self.shown:
            self.shown.add(namespace)
            self.rights.look_now()
        for kind in SHOWN:
            self.readers.read(kind, namespace)

    def hide(self, namespace: str) -> None:
        """End what :meth:`show` began."""
        self.shown.discard(namespace)
        self._know_whole(self._whole - {(POD.name, namespace)})
        for kind in SHOWN:
            self.readers.stop(kind, namespace)

    def retry_now(self) -> None:
        """Try at once whatever waits."""
        self.readers.retry_now()
        self.named.look_now()
        self.by_name.look_now()
        self.rights.look_now()

    def _read(self) -> None:
        if self.scope.all:
            self.readers.read(NAMESPACE, "")
        for kind in CORE:
            for namespace in self.scope.namespaces or ("",):
                self.readers.read(kind, namespace, self._selector if kind is SERVICE else "")
        self.named.name(self.scope.namespaces)

    def _narrow(self) -> None:
        """The Services of all namespaces were refused: read those that the user works in."""
        for namespace in self._fallback:
            self.readers.stop(ENDPOINT_SLICE, namespace)  # it begins anew, as what it has read goes with the rest
        for kind in CORE:
            self.readers.stop(kind, "")
        self._know_whole(frozenset(place for place in self._whole if place[0] == POD.name))
        self.scope = Scope(self._fallback, only=True)
        self._read()

    def _read_part_of_slices(self) -> None:
        """The EndpointSlices of all namespaces were refused: read those of the namespaces that the user works in."""
        for namespace in self._fallback:
            if self.readers.get(ENDPOINT_SLICE, namespace) is None:
                self._store.clear(ENDPOINT_SLICE, "")
        for namespace in self._fallback:
            self.readers.read(ENDPOINT_SLICE, namespace)

    def _read_slices_whole(self) -> None:
        """The EndpointSlices of all namespaces have been read: none are read for themselves any more."""
        for namespace in self._fallback:
            self.by_name.end(ENDPOINT_SLICE, namespace)
            self.readers.stop(ENDPOINT_SLICE, namespace, forget=False)
        self._know_whole(self._whole - {(ENDPOINT_SLICE.name, namespace) for namespace in self._fallback})

    def _widen(self) -> None:
        """The Services of all namespaces may be read after all; what was read of some stays until they have been."""
        for kind in CORE:
            for namespace in self.scope.namespaces:
                self.by_name.end(kind, namespace)
                self.readers.stop(kind, namespace, forget=False)
        self.scope = Scope()
        self._read()
        self.readers.retry_now()

    # -- what is heard -----------------------------------------------------------------------------------------

    def answered(self, now: float, accepted: bool) -> None:
        """The API server is there, and accepts our credential or does not."""
        self._away = None
        self.readers.answered(now, accepted)
        self.named.look_again()

    def woken(self) -> None:
        """This machine has slept: what is connected may be dead without a word."""
        self._tasks.spawn(self._transport.take_new_connections(), "new connections")
        self.readers.woken()
        self.rights.look_now()

    def silent(self, error: Unreachable, asked: float) -> None:
        """The API server has not answered a question of then, by a clock that is never set."""
        if self._away is None:
            now = time.time()
            self._away = Offline(now, now, error.message, whole=True)
            self._tasks.spawn(self._transport.take_new_connections(), "new connections")
            self._changed()
        self.readers.silent(error, asked)

    def _on_change(self, reader: Reader) -> None:
        reflector = reader.reflector
        state, kind, namespace = reflector.state, reflector.kind, reflector.namespace
        self._note_whole(kind, namespace, state)
        if isinstance(state, Forbidden):
            if kind is SERVICE and not namespace and self.scope.all:
                self._narrow()
            elif kind is ENDPOINT_SLICE and not namespace:
                self._read_part_of_slices()
            elif kind in CORE:
                self.by_name.begin(kind, namespace)
            elif kind is not NAMESPACE or self.scope.all:  # else there is the one that was got by its name
                self._store.clear(kind, namespace)
        elif reflector.synced and kind in CORE:
            self.by_name.end(kind, namespace)
            if kind is ENDPOINT_SLICE and not namespace:
                self._read_slices_whole()
        if kind is NAMESPACE:
            self._store.know_namespaces(reflector.synced)
        if isinstance(state, Live) and self._outcomes.get((kind.plural, namespace)) is Offline:
            self.readers.back()
        self._hear_of_rights(reflector)
        self._changed()

    def _note_whole(self, kind: Kind, namespace: str, state: ReadState) -> None:
        """Services chosen by labels are never all that there are."""
        place = (kind.name, namespace)
        whole = is_whole(state) and not (kind is SERVICE and self._selector)
        if kind in (*CORE, POD) and whole != (place in self._whole):
            self._know_whole(self._whole ^ {place})

    def _know_whole(self, whole: frozenset[tuple[str, str]]) -> None:
        self._whole = whole
        self._store.know_whole(whole)

    def _hear_of_rights(self, reflector: Reflector) -> None:
        """Ask for the rights when they differ from what was thought: refused, or refused no longer."""
        key, outcome = (reflector.kind.plural, reflector.namespace), type(reflector.state)
        before = self._outcomes.get(key)
        if before is not outcome and outcome is not Reading:
            self._outcomes[key] = outcome
            if not self.rights.known or not {Forbidden, Polled}.isdisjoint({before, outcome}):
                self.rights.look_now()

    def _on_rights(self, granted: frozenset[Need], withdrawn: frozenset[Need]) -> None:
        readable, unreadable = rights_to_read(granted), rights_to_read(withdrawn)
        everywhere = SERVICE.plural, ""
        # Only what is newly allowed: an authorizer that lists what it then refuses must not be asked in turns.
        if self.scope.only and everywhere in readable:
            self._widen()
        for reader in self.readers.all():
            place = reader.reflector.kind.plural, reader.reflector.namespace
            if place in readable:
                reader.retry_now()
            if place in unreadable:
                reader.reopen()  # a watch is let in once and then goes on: asked for anew, it is refused
        if granted:
            self.named.look_now()
        self.by_name.look_now()
        self._changed()
