"""What the tree shows: namespaces, their headless Services, and the endpoints of these. Pure.

It follows the snapshots by their difference: ten thousand Services cost nothing while one of them changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from kheadless_tui.model.objects import EndpointSlice, KubeObject, ObjectKey, Service
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.model.workloads import Pod, StatefulSet
from kheadless_tui.tui.keys.filtering import ALL, Filter
from kheadless_tui.tui.known.entries import Entries, Entry, Member
from kheadless_tui.tui.text.cells import natural

GONE_AFTER = 10.0
"""Seconds for which a change stays marked (decision 11 of the screens)."""

TOGETHER = GONE_AFTER / 2
"""Seconds by which a mark may outlast its time, so that those of a while go together."""

ALL_COUNTED: Mapping[str, str] = {}
"""No count is unknown."""


class TreeItem(NamedTuple):
    """One row of the tree, as data."""

    id: str
    depth: int
    """0 namespace, 1 Service, 2 endpoint."""
    label: str
    tally: str
    sign: str
    """``error``, ``warning``, ``unknown``, ``ok``, ``not_ready``, ``terminating`` or empty."""
    opened: bool | None
    """``None`` for what cannot be opened."""
    change: str = ""
    """``new`` or ``gone`` for a while after it happened."""


def members_of(snapshot: Snapshot, key: ObjectKey) -> tuple[Member, ...]:
    """The endpoints of a Service, one per pod or address, in natural order (web-2 before web-10).

    In DNS is what is ready in at least one slice (CoreDNS object/endpoint.go endpointsliceReady reads nothing else).
    """
    return _members(snapshot.slices_of(key))


def _members(slices: Sequence[EndpointSlice]) -> tuple[Member, ...]:
    found: dict[str, Member] = {}
    for piece in slices:
        for endpoint in piece.endpoints or ():
            addresses = endpoint.addresses or ()
            # The two families of one host outside the cluster lie in two slices; its hostname joins them.
            who = endpoint.pod_name or endpoint.hostname or ",".join(addresses)
            before = found.get(who)
            found[who] = Member(
                endpoint.pod_name or (before.name if before else next(iter(addresses), who)),
                endpoint.pod_name is not None,
                endpoint.ready or (before is not None and before.in_dns),
                endpoint.terminating or (before is not None and before.terminating),
            )
    return tuple(sorted(found.values(), key=lambda member: (not member.pod, natural(member.name))))


class Catalog:
    """Owner of what the tree knows; one snapshot after another is taken in."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._snapshot = Snapshot()
        self._entries: dict[str, Entries] = {}
        """By namespace."""
        self._unjudged: dict[ObjectKey, None] = {}
        self._marks: dict[str, tuple[str, float]] = {}
        """Row id to what happened to it and until when that is told."""
        self._ghosts: dict[str, tuple[TreeItem, ObjectKey]] = {}
        """Rows that are gone and still shown."""
        self._unseen: dict[ObjectKey, tuple[Sequence[EndpointSlice], float]] = {}
        """Services whose endpoints changed while no row showed them: the slices before, and until when that is news."""
        self._listed: set[str] = set()
        """The namespaces whose Services are shown."""
        self._unsure: Collection[str] = ()
        """Namespaces (empty: all) of which less is read than there may be: what is not there need not be gone."""
        self.settled = False
        """Changes are marked from then on: the first reading is not news."""

    # -- taking in ---------------------------------------------------------------------------------------------

    def update(self, snapshot: Snapshot, unsure: Collection[str] = ()) -> bool:
        """Take in a snapshot.

        Args:
            snapshot: All objects.
            unsure: The namespaces (empty: all) of which less is read than there may be, now or until now.

        Returns:
            Whether anything that the tree may show is different.
        """
        before, self._snapshot, self._unsure = self._snapshot, snapshot, unsure
        if snapshot.objects is before.objects:
            return False
        dirty: set[ObjectKey] = set()
        judge: set[ObjectKey] = set()
        for ref in snapshot.objects.changed_since(before.objects):
            was, item = before.objects.get(ref), snapshot.objects.get(ref)
            if was is not None and not _of_the_same(was, item):
                _touch(before, was, ref[1], dirty, judge)
            if item is not None:
                _touch(snapshot, item, ref[1], dirty, judge)
        changed = sum(self._refresh(key, before) for key in dirty) > 0
        for key in (*dirty, *judge):
            if self._entry(key) is not None:
                self._unjudged[key] = None
        return changed

    def _refresh(self, key: ObjectKey, earlier: Snapshot) -> bool:
        service = self._snapshot.service(key)
        old = self._entry(key)
        news = self._is_news(key.namespace)
        if service is None or not service.headless:
            if old is None:
                return False
            inside = self._entries[key.namespace]
            inside.drop(key.name)
            self._unjudged.pop(key, None)
            self._unseen.pop(key, None)
            if not inside:
                del self._entries[key.namespace]
            if news:
                row, until = _service_id(key), self._clock() + GONE_AFTER
                self._note_gone(row, key, TreeItem(row, 1, key.name, "", "", None, "gone"), until)
            return True
        if old is None:
            self._entries.setdefault(key.namespace, Entries()).add(key.name, Entry(service))
            self._note_new(_service_id(key), self._clock() + GONE_AFTER if news else 0.0)
            return True
        relabelled = old.service is not service and old.service.labels != service.labels
        old.service = service
        was, old.members = old.members, None
        if news:
            if key not in self._unseen:
                self._unseen[key] = earlier.slices_of(key), self._clock() + GONE_AFTER
        else:
            self._unseen.pop(key, None)
        if was is None or key.namespace not in self._listed:
            return relabelled
        return self._members_of(key, old) != was or relabelled

    def _members_of(self, key: ObjectKey, entry: Entry) -> tuple[Member, ...]:
        """The endpoints of a Service whose row is shown, and what is new of them: found out for no other row."""
        if entry.members is not None:
            return entry.members
        members = entry.take(members_of(self._snapshot, key))
        before, until = self._unseen.pop(key, ((), 0.0))
        if until > self._clock():
            self._note_members(key, _members(before), members, until)
        return members

    def _note_members(
        self, key: ObjectKey, before: tuple[Member, ...], after: tuple[Member, ...], until: float
    ) -> None:
        names_before, names_after = {member.name for member in before}, {member.name for member in after}
        for name in names_after - names_before:
            self._note_new(_member_id(key, name), until)
        for name in names_before - names_after:
            row = _member_id(key, name)
            self._note_gone(row, key, TreeItem(row, 2, name, "", "", None, "gone"), until)

    def _is_news(self, namespace: str) -> bool:
        """What is different there has changed: it is not only read now, or read no more."""
        return self.settled and namespace not in self._unsure and "" not in self._unsure

    def _note_new(self, row: str, until: float) -> None:
        self._ghosts.pop(row, None)
        if until:
            self._marks[row] = ("new", until)

    def _note_gone(self, row: str, key: ObjectKey, item: TreeItem, until: float) -> None:
        self._marks[row] = ("gone", until)
        self._ghosts[row] = (item, key)

    def forget_changes(self) -> float | None:
        """Drop the marks whose time is over, at once those that end soon after each other: one repaint and not several.

        Returns:
            Seconds until there is something to forget, ``None`` when nothing is marked.
        """
        now = self._clock()
        ends = [until for _, until in (*self._marks.values(), *self._unseen.values())]
        if not ends:
            return None
        first, last = min(ends), max(ends)
        if (end := min(last, first + TOGETHER)) > now:
            return end - now
        self._marks = {row: mark for row, mark in self._marks.items() if mark[1] > now}
        self._ghosts = {row: ghost for row, ghost in self._ghosts.items() if row in self._marks}
        self._unseen = {key: change for key, change in self._unseen.items() if change[1] > now}
        return last - now if last > now else None

    @property
    def changing(self) -> bool:
        """There is something to forget when its time is over."""
        return bool(self._marks or self._unseen)

    @property
    def marks(self) -> dict[str, str]:
        """Row ids that the gutter marks as changed."""
        return dict.fromkeys(self._marks, "changed")

    def deleted_at(self, key: ObjectKey) -> float | None:
        """When a Service was seen to be gone, as long as its row is still shown; Unix time."""
        row = _service_id(key)
        return self._marks[row][1] - GONE_AFTER if row in self._ghosts and row in self._marks else None

    # -- judging -----------------------------------------------------------------------------------------------

    def judge(self, severity: Callable[[Snapshot, Service], str], budget: float) -> bool:
        """Find out what is wrong with the Services that changed, for at most about ``budget`` seconds.

        Args:
            severity: One of :data:`~kheadless_tui.tui.known.entries.SEVERITIES` for a Service.
            budget: Seconds after which the rest is left for another call.

        Returns:
            Whether a sign changed.
        """
        end = time.perf_counter() + budget
        changed = False
        while self._unjudged:
            key = next(iter(self._unjudged))
            del self._unjudged[key]
            entry = self._entry(key)
            if entry is not None:
                found = severity(self._snapshot, entry.service)
                changed = self._entries[key.namespace].judge(key.name, found) or changed
            if time.perf_counter() >= end:
                break
        return changed

    def judge_again(self, key: ObjectKey) -> None:
        """Something else than the snapshot changed what is known of a Service, such as a probe."""
        if self.service(key) is not None:
            self._unjudged[key] = None

    def judge_all(self, namespace: str) -> None:
        """More or less is known than before of everything in a namespace."""
        self._unjudged.update(dict.fromkeys(self.services(namespace)))

    @property
    def judging(self) -> bool:
        """Services are left to be judged."""
        return bool(self._unjudged)

    # -- asking ------------------------------------------------------------------------------------------------

    @property
    def namespaces(self) -> list[str]:
        """The namespaces that have a headless Service, sorted."""
        return sorted(self._entries)

    @property
    def size(self) -> int:
        """Number of headless Services."""
        return sum(map(len, self._entries.values()))

    def service(self, key: ObjectKey) -> Service | None:
        """A headless Service."""
        entry = self._entry(key)
        return entry.service if entry else None

    def services(self, namespace: str) -> list[ObjectKey]:
        """The headless Services of a namespace, sorted."""
        inside = self._entries.get(namespace)
        return [ObjectKey(namespace, name) for name in inside.names] if inside else []

    def _entry(self, key: ObjectKey) -> Entry | None:
        inside = self._entries.get(key.namespace)
        return inside.get(key.name) if inside is not None else None

    def items(
        self, opened: Collection[str], chosen: Filter = ALL, *, uncounted: Mapping[str, str] = ALL_COUNTED
    ) -> tuple[list[TreeItem], int]:
        """The rows of the tree.

        Args:
            opened: Ids of the rows that are open. While a filter is set, every namespace with a hit is.
            chosen: Which Services are shown; its name is matched as ``NAMESPACE/NAME``.
            uncounted: By namespace (empty: all), what stands in place of counts where not all EndpointSlices are read.

        Returns:
            The rows, and the number of Services that the filter lets through, in open namespaces or not.
        """
        rows: list[TreeItem] = []
        hits = 0
        self._listed.clear()
        for namespace in self._all_namespaces():
            inside = self._entries.get(namespace) or Entries()
            names = [name for name in inside.names if self._hit(inside, name, chosen)] if chosen else inside.names
            ghosts = self._ghosts_of(namespace) if not chosen else []
            if not names and not ghosts:
                continue
            hits += len(names)
            is_open = namespace in opened or bool(chosen)
            sign = inside.worst(names)
            change = "" if names else "gone"
            rows.append(TreeItem(namespace, 0, namespace, f"{len(names):,}", sign, is_open, change))
            if is_open:
                self._listed.add(namespace)
                unknown = uncounted.get(namespace, uncounted.get("", ""))
                for name in names:
                    entry = inside.get(name)
                    assert entry is not None
                    rows.extend(self._service_rows(ObjectKey(namespace, name), entry, opened, unknown))
                rows.extend(ghosts)
        return rows, hits

    @staticmethod
    def _hit(inside: Entries, name: str, chosen: Filter) -> bool:
        entry = inside.get(name)
        return entry is not None and chosen.matches(str(entry.service.key), entry.service.labels)

    def _all_namespaces(self) -> list[str]:
        return sorted({*self._entries, *(key.namespace for item, key in self._ghosts.values() if item.depth == 1)})

    def _ghosts_of(self, namespace: str) -> list[TreeItem]:
        return [item for item, key in self._ghosts.values() if item.depth == 1 and key.namespace == namespace]

    def _service_rows(self, key: ObjectKey, entry: Entry, opened: Collection[str], unknown: str) -> Iterator[TreeItem]:
        row = _service_id(key)
        members = self._members_of(key, entry)
        count = unknown or f"{entry.in_dns}/{len(members)}"
        has_members = bool(members)
        is_open = row in opened and has_members
        yield TreeItem(row, 1, key.name, count, entry.severity, is_open if has_members else None, self._change(row))
        if not is_open:
            return
        for member in members:
            row = _member_id(key, member.name)
            sign = "" if member.in_dns else "terminating" if member.terminating else "not_ready"
            yield TreeItem(row, 2, member.name, "", sign, None, self._change(row))
        for item, owner in self._ghosts.values():
            if item.depth == 2 and owner == key:
                yield item

    def _change(self, row: str) -> str:
        return self._marks[row][0] if row in self._marks else ""


def _of_the_same(was: KubeObject, item: KubeObject | None) -> bool:
    """Whether a slice is the same Service's as before: its labels say whose it is, and most changes keep them."""
    return isinstance(item, EndpointSlice) and was.metadata is item.metadata


def _touch(
    snapshot: Snapshot, item: KubeObject, key: ObjectKey, counted: set[ObjectKey], judged: set[ObjectKey]
) -> None:
    """Add the Services whose row an object changes, and those whose findings alone it may change."""
    if isinstance(item, EndpointSlice):
        if (owner := item.service_key) is not None:
            counted.add(owner)
    elif isinstance(item, Service):
        counted.add(key)
    elif isinstance(item, Pod):
        slices = (piece for address in item.addresses for piece in snapshot.slices_at(address))
        judged.update(owner for piece in slices if (owner := piece.service_key) is not None)
    elif isinstance(item, StatefulSet) and item.spec.service_name:
        judged.add(ObjectKey(key.namespace, item.spec.service_name))
    else:
        judged.add(key)


def _service_id(key: ObjectKey) -> str:
    return f"{key.namespace}/{key.name}"


def _member_id(key: ObjectKey, name: str) -> str:
    return f"{key.namespace}/{key.name}/{name}"


def key_of(row_id: str | None) -> ObjectKey | None:
    """The Service that a row of the tree is or belongs to; ``None`` for a namespace."""
    parts = (row_id or "").split("/")
    return ObjectKey(parts[0], parts[1]) if len(parts) > 1 else None
