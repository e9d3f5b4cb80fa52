"""List and watch of one kind in one scope, without I/O: what to ask next, what an answer means, what state that is.

A driver asks :meth:`Reflector.step` what to do, does it, and reports what came back; changes to the objects come out as
values. The rules are those of the API's own documentation (Kubernetes API concepts, "Efficient detection of changes")
and client-go's reflector: list in pages, watch from the list's version with bookmarks, resume from the last version
that was seen, list again when that version has expired (410), never compare versions.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from kheadless_tui.cluster.bounds import MAX_OBJECTS, PAGE, Allowance, Lines
from kheadless_tui.cluster.reading import pauses
from kheadless_tui.cluster.reading.decode import Decoder, WatchEvent, path_of
from kheadless_tui.cluster.reading.listwatch import Change, Check, List, Put, Remove, Replace, Step, Wait, Watch
from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Reading, ReadState, Unauthorized
from kheadless_tui.errors import ClusterError, NotAuthenticated, Unreachable
from kheadless_tui.model.kinds import Kind
from kheadless_tui.model.objects import KubeObject, ObjectKey

WATCH_SECONDS = (240, 360)
"""For how long a watch is asked for; spread, so that many clients do not come back at once."""

WATCH_SILENCE = 120.0
"""Seconds without a byte after which a watch counts as dead; the API server sends a bookmark every minute."""


class Reflector:
    """One kind in one namespace, or in all. All times are Unix time, handed in."""

    def __init__(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        now: float,
        label_selector: str = "",
        spread: Callable[[], float] = random.random,
        most: int = MAX_OBJECTS,
    ) -> None:
        self.kind = kind
        self.namespace = namespace
        self.state: ReadState = Reading(0, now)
        self.synced = False
        """Listed whole at least once: what is shown is complete as of some time."""
        self.failure: ClusterError | None = None
        """Why it is not live; ``None`` while there is no trouble."""
        self.failure_may_pass = False
        """The failure is one that the API server itself expects to pass (429, 5xx)."""
        self.asked_to_wait = False
        """The server has said for how long not to ask again."""
        self._decoder = Decoder(kind)
        self._selector = label_selector
        self._spread = spread
        self._path = path_of(kind, namespace)
        self._version: str | None = None
        self._collected: list[KubeObject] = []
        """Of a list under way, while an earlier one is still shown whole."""
        self._allowance = Allowance(most)
        self._page_size = PAGE
        self._listed_version = ""
        self._undecodable: set[ObjectKey] = set()
        self._collected_undecodable: set[ObjectKey] = set()
        self._lines = Lines()
        self._opened_at: float | None = None
        self._wait_until = 0.0
        self._attempts = self._expiries = self._polls = 0
        self._only_lists: Forbidden | None = None
        self._unsure = False
        """Whether the server still knows our version has to be asked before a watch is opened with it."""
        self._contact = now

    # -- what to do --------------------------------------------------------------------------------------------

    def step(self, now: float) -> Step:
        """What to do now."""
        if now < self._wait_until:
            return Wait(self._wait_until)
        if self._version is None:
            self._collected, self._collected_undecodable = [], set()
            self._allowance.begin()
            return self.page()
        if self._unsure:
            # After etcd was set back to an older state, a watch at a version that it has not reached yet tells nothing
            # until it has, not even an error (seen with 1.34); only a list does: 504, "Too large resource version".
            # One object and no selector: the API server must not search for it.
            least = ("resourceVersion", self._version), ("resourceVersionMatch", "NotOlderThan")
            return Check(self._path, (("limit", "1"), *least))
        seconds = WATCH_SECONDS[0] + self._spread() * (WATCH_SECONDS[1] - WATCH_SECONDS[0])
        params = [("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", self._version)]
        params += [("timeoutSeconds", str(int(seconds))), *self._selection()]
        return Watch(self._path, tuple(params), WATCH_SILENCE)

    def page(self, token: str = "") -> List:
        """The request for the page that a ``continue`` token leads to, or for the first one."""
        params = [("limit", str(self._page_size)), *self._selection()]
        return List(self._path, (*params, ("continue", token)) if token else tuple(params))

    def attempted(self, verb: str) -> str:
        """What was asked for, for messages: ``list services in namespace shop``."""
        where = f"in namespace {self.namespace}" if self.namespace else "in all namespaces"
        return f"{verb} {self.kind.plural}" + (f" {where}" if self.kind.namespaced else "")

    def retry_now(self) -> None:
        """Let the next step be an attempt, and its outcome the only one that counts."""
        self.failure = None
        self._wait_until = 0.0
        self._only_lists = None

    def distrust(self) -> None:
        """What was taken in may not be what there is: list again."""
        self._version = None

    def queued(self, waiting: bool) -> None:
        """Whether its list has to wait until others have ended."""
        if isinstance(self.state, Reading):
            self.state = replace(self.state, waiting=waiting)

    def waited(self, until: float) -> None:
        """The pause up to then is over, whatever the clock says now: it may have been set back meanwhile."""
        if self._wait_until == until:
            self._wait_until = 0.0

    def alive(self, now: float) -> None:
        """The API server was heard of some other way: what an open watch has not told has not happened."""
        if self._opened_at is not None:
            self._contact = now

    # -- what came back from a list ----------------------------------------------------------------------------

    def take_page(self, body: bytes, now: float) -> tuple[Put | Replace, str]:
        """Take a page in.

        Returns:
            The change it makes, and the token of the page after it; an empty token ends the list, and
            :meth:`list_taken` has to be called when its changes have been taken in.

        Raises:
            ClusterError: the body is no list.
        """
        page = self._decoder.page(body)
        self._contact = now
        kept = self._allowance.of_page(page.objects)
        self._collected_undecodable.update(page.undecodable)
        # Before anything has been listed whole, a part is more than nothing; later only the whole replaces.
        if self.synced:
            self._collected += kept
        if page.token:
            if self.synced:
                return Put(()), page.token
            since = self.state.since if isinstance(self.state, Reading) else now
            self.state = Reading(self._allowance.count, since)
            return Put(kept), page.token
        self._listed_version = page.version
        return Replace(self._collected if self.synced else kept, self._allowance.names), ""

    def page_too_large(self, error: ClusterError, now: float) -> None:
        """A page was larger than we want to hold: list again by smaller ones, as long as there are any."""
        if self._page_size == 1:
            self._fail(error, now)
        self._page_size = max(1, self._page_size // 4)

    def list_taken(self, changed: bool, now: float) -> None:
        """All changes of a list have been taken in: only from now on is what is shown of its version.

        Args:
            changed: They told something new.
            now: Unix time.
        """
        self._collected, self._undecodable = [], self._collected_undecodable
        self._version, self._unsure = self._listed_version, False
        self.synced = True
        if self._only_lists is None:
            self._live(now)
            return
        self._polls = 0 if changed else self._polls + 1
        self._poll(now, now + pauses.between_lists(self._polls))

    def checked(self) -> None:
        """The server knows the version that we hold."""
        self._unsure = False

    def expired(self, now: float) -> None:
        """410: the token or the version is too old, so list again; at once the first time, later with a pause."""
        self.end_watch(now)
        self._version = None
        self._expiries += 1
        if self._expiries > pauses.TRIES_UNSAID:
            self._go_without_watch(f"the lists of {self.kind.plural} expire again and again", now)
        else:
            self._wait_until = now + (0 if self._expiries == 1 else self._pause(self._expiries))

    # -- what came back from a watch ---------------------------------------------------------------------------

    def watch_opened(self, now: float) -> None:
        """The watch's head came, with status 200."""
        self._opened_at = now
        self._contact = now
        self._lines = Lines()
        self._live(now)

    def watch_data(self, chunk: bytes, now: float) -> list[Change]:
        """Bytes of the watch, cut anywhere.

        Raises:
            ClusterError: they are no watch events.
        """
        self._contact = now
        lines = self._lines.take(chunk)
        changes: list[Change] = []
        version = self._version
        try:
            for line in lines:
                if line.strip():
                    change = self._take(self._decoder.event(line), now)
                    if change is not None:
                        changes.append(change)
                    if not self.watching:
                        break
        except ClusterError:
            self._version = version  # what came before it in these bytes is given to nobody: it has to come again
            raise
        self._tell_what_is_left_out()
        return changes

    @property
    def watching(self) -> bool:
        """The watch is open, and nothing has come by it that ends it."""
        return self._opened_at is not None

    def watch_closed(self, now: float) -> None:
        """The watch ended without an error, as it does after the time that was asked for."""
        if self.end_watch(now) >= pauses.SHORTEST_WATCH:
            self._wait_until = now
            return
        self._attempts += 1
        if self._attempts > pauses.TRIES_UNSAID:
            self._go_without_watch(f"the watches of {self.kind.plural} end as soon as they begin", now)
        else:
            self._wait_until = now + self._pause(self._attempts)

    # -- what went wrong ---------------------------------------------------------------------------------------

    def refused(
        self, error: ClusterError, status: int, verb: str, now: float, retry_after: float | None = None
    ) -> None:
        """The API server answered with something else than success.

        Args:
            error: The answer in words.
            status: The HTTP status.
            verb: ``list`` or ``watch``.
            now: Unix time.
            retry_after: Seconds that the server asks us to wait.
        """
        heard, self._contact = self._contact, self._contact if status == 404 else now  # which may be of anybody
        if status == 410:
            self.expired(now)
        elif status == 401:
            self.unauthorized(NotAuthenticated(error.message, hint=error.hint), now)
        elif status == 403:
            self._forbidden(error, verb, now, heard)
        else:
            version = self._version
            self._fail(error, now, retry_after)
            self.failure_may_pass = status == 429 or status >= 500
            if status in (429, 500):
                self._version = version  # it was there all the time, and has enough to do

    def not_served(self, now: float) -> None:
        """The API server has no such kind: there are no objects of it."""
        self._version, self._undecodable, self.synced = None, set(), True
        self._live(now)
        self._wait_until = now + pauses.FORBIDDEN_PAUSE

    def failed(self, error: ClusterError, now: float, *, midway: bool = False) -> None:
        """No answer, or it broke off.

        Args:
            error: In words.
            now: Unix time.
            midway: A part of the answer had come: that the next one breaks off too is not to be expected.
        """
        if self.end_watch(now) >= pauses.SHORTEST_WATCH and self._attempts == 0:
            # A watch that is cut (a load balancer, a restart of one of several servers) is opened again at once;
            # only if that fails too is the cluster away.
            self._attempts = 1
            self._wait_until = now + self._spread() / 2
        else:
            self._fail(error, now)
            self.failure_may_pass = midway and self._attempts < pauses.TRIES_MIDWAY

    def lost(self, error: Unreachable, now: float) -> None:
        """The API server is known not to answer, whatever this watch looks like."""
        self._fail(error, now)

    def unauthorized(self, error: NotAuthenticated, now: float) -> None:
        """401 in spite of a renewed credential, or there is no credential to be had."""
        since = self.state.since if isinstance(self.state, Unauthorized) else now
        self.end_watch(now)
        self._attempts += 1
        self._wait_until = now + pauses.UNAUTHORIZED_PAUSE * min(self._attempts, 10) * (0.75 + self._spread() / 2)
        self.state = Unauthorized(since, error.message, self.synced)
        self.failure, self.failure_may_pass = error, False

    # -- inside ------------------------------------------------------------------------------------------------

    def _take(self, event: WatchEvent, now: float) -> Change | None:
        if event.type == "ERROR":
            self._watch_error(event, now)
            return None
        if event.version:
            self._version = event.version
        if event.type == "BOOKMARK":
            return None
        if event.type in ("ADDED", "MODIFIED") and event.object is not None:
            self._undecodable.discard(event.key)
            admitted = self._allowance.admits(event.key, new=event.type == "ADDED")
            return Put((event.object,)) if admitted else None
        if event.type == "DELETED" or event.object is None:
            if event.type == "DELETED":
                self._undecodable.discard(event.key)
            else:
                self._undecodable.add(event.key)
            self._allowance.forget(event.key)
            return Remove(event.key)
        return None  # a type of event that is not known yet

    def _watch_error(self, event: WatchEvent, now: float) -> None:
        status = event.status
        if status is not None and status.code in (410, 504) and status.reason in ("Expired", "Gone", "Timeout", None):
            self.expired(now)
            return
        words = status.words if status else ""
        self._fail(Unreachable(f"the watch of {self.kind.plural} ended with an error: {words or 'unknown'}"), now)
        self.failure_may_pass = True

    def _tell_what_is_left_out(self) -> None:
        undecodable, left_out, state = len(self._undecodable), self._allowance.left_out, self.state
        if isinstance(state, Live) and (state.undecodable, state.left_out) != (undecodable, left_out):
            self.state = Live(state.since, undecodable, left_out)

    def _live(self, now: float) -> None:
        since = self.state.since if isinstance(self.state, Live) else now
        self.state = Live(since, len(self._undecodable), self._allowance.left_out)
        self.failure, self.failure_may_pass = None, False
        self._wait_until = 0.0

    def _fail(self, error: ClusterError, now: float, retry_after: float | None = None) -> None:
        self.end_watch(now)
        self._attempts += 1
        # It may come back as one that was restored from a backup, and has written on past our version since.
        self._version = None
        self.asked_to_wait = retry_after is not None
        asked = None if retry_after is None else min(retry_after, pauses.FORBIDDEN_PAUSE) + self._spread()
        self._wait_until = now + (self._pause(self._attempts) if asked is None else asked)
        since = self.state.since if isinstance(self.state, Offline) else self._contact
        self.state = Offline(since, self._wait_until, error.message, self.synced)
        self.failure, self.failure_may_pass = error, False

    def _go_without_watch(self, cause: str, now: float) -> None:
        """It is long until the next try: what is shown meanwhile is said to be of before."""
        self._fail(Unreachable(cause), now)
        self.failure_may_pass = True

    def _forbidden(self, error: ClusterError, verb: str, now: float, heard: float) -> None:
        self.end_watch(now)
        forbidden = Forbidden(verb, self.kind.plural, self.namespace, error.hint or error.message)
        if verb == "watch":
            self._only_lists, self._polls = forbidden, 0
            self._poll(heard, now + pauses.between_lists(0))
            return
        self.state, self._version = forbidden, None
        self.synced, self._undecodable = False, set()
        self._wait_until = now + pauses.FORBIDDEN_PAUSE * (0.75 + self._spread() / 2)
        self.failure, self.failure_may_pass = error, False

    def _poll(self, listed: float, next_try: float) -> None:
        assert self._only_lists is not None
        self._version, self._wait_until, self.failure = None, next_try, None
        self.state = Polled(listed, next_try, self._only_lists, len(self._undecodable), self._allowance.left_out)

    def end_watch(self, now: float) -> float:
        """The watch is over; gives the seconds for which it was open, and forgets old trouble when they were enough."""
        opened, self._opened_at = self._opened_at, None
        self._unsure = True
        lasted = 0.0 if opened is None else now - opened
        if lasted >= pauses.HEALTHY:
            self._attempts = self._expiries = 0
        return lasted

    def _pause(self, attempts: int) -> float:
        return pauses.backoff(attempts, self._spread())

    def _selection(self) -> list[tuple[str, str]]:
        return [("labelSelector", self._selector)] if self._selector else []
