"""Pods that killed probes have left: told once after the first reading, removed when the user says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kheadless_tui.cluster.connecting.kubectl_flags import flags_of
from kheadless_tui.cluster.pods.leftovers import (
    EVERY_NAMESPACE,
    ProbePods,
    in_use_until,
    probe_pods,
    remove_leftover,
)
from kheadless_tui.cluster.pods.maker import is_gone
from kheadless_tui.cluster.pods.podspec import OWNER_LABEL
from kheadless_tui.cluster.rights.access import Access
from kheadless_tui.cluster.state import READ
from kheadless_tui.errors import ClusterError, HeadlessError, WriteRefused
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.writeplans import killed, removal_plan
from kheadless_tui.tui.keys.command_line import LEFTOVERS
from kheadless_tui.tui.text.ages import age_since, clock
from kheadless_tui.tui.text.roles import GOOD, TEXT, UNKNOWN, WARN

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.tui.probing.asker import Asker
    from kheadless_tui.tui.widgets.status import StatusRow

MOST_REMOVED = 50
"""Pods that one question asks about; of more, the command is given again."""

_NO_RIGHT = "you may not delete "


class Leftovers:
    """Looks for them in the scope of one session, and removes them."""

    def __init__(self, asker: Asker, session: ClusterSession, status: StatusRow, now: Callable[[], float]) -> None:
        """Set up.

        Args:
            asker: Puts the question before a removal, and ends the removal before the session is closed.
            session: The cluster.
            status: Where everything is told.
            now: Unix time.
        """
        self._asker = asker
        self._session = session
        self._status = status
        self._now = now
        self._looked = False

    def look_once(self) -> None:
        """Look for them in the background once Services are read, the first time that this is called then."""
        if not self._looked and self._session.transport is not None and isinstance(self._session.link, READ):
            self._looked = True
            self._asker.run(self._look(), "look for leftovers")

    def remove(self) -> None:
        """Ask whether those that are there now are to be removed, and remove them."""
        if self._session.readonly:
            self._say(f":{LEFTOVERS} is off: read-only", UNKNOWN)
        elif self._session.transport is not None:
            self._asker.run(self._remove(), "remove leftovers")

    async def _look(self) -> None:
        try:
            found = await self._found()
            allowed = {} if self._session.readonly else await self._allowed(found.left[:MOST_REMOVED])
        except ClusterError:  # who may not list pods has nothing to remove, and did not ask
            return
        if found.left and self._status.is_attached:
            offer = f":{LEFTOVERS} removes {_them(found.left)}"
            if self._session.readonly:
                offer = "not removed: read-only"
            elif all(may is False for may in allowed.values()):
                offer = _NO_RIGHT + _them(found.left)
            self._status.say_next(f"{_left_by(found.left)}, {offer}", WARN)

    async def _remove(self) -> None:
        try:
            found = await self._found()
            if not found.left:
                self._say(_none(found))
                return
            allowed = await self._allowed(found.left[:MOST_REMOVED])
            pods = [pod for pod in found.left[:MOST_REMOVED] if allowed[pod.namespace] is not False]
            if not pods:
                self._say(f"{_left_by(found.left)}, {_NO_RIGHT}{_them(found.left)}", UNKNOWN)
                return
            rights = tuple(
                (f"delete pods in {where}", allowed[where]) for where in dict.fromkeys(p.namespace for p in pods)
            )
            plan = removal_plan(
                pods, [self._state(pod) for pod in pods], rights=rights, flags=flags_of(self._session.connection)
            )
            permit = await self._asker.gate().permit(plan)
        except WriteRefused:
            self._say("nothing was removed")
            return
        except HeadlessError as error:
            self._say(error.message, UNKNOWN)
            return
        failures: list[str] = []
        for pod in pods:
            try:
                await remove_leftover(self._session.transport, permit, pod)
            except ClusterError as error:
                failures.append(error.message)
        if failures:
            self._say(f"{len(pods) - len(failures)} of {_pods(len(pods))} removed: {failures[0]}", UNKNOWN)
        else:
            more = f", {len(found.left) - len(pods)} are left" if len(found.left) > len(pods) else ""
            self._say(f"{_pods(len(pods))} removed{more}", GOOD)

    async def _found(self) -> ProbePods:
        """Those of the scope: one list, or one for each namespace that it names."""
        left: list[Pod] = []
        busy: list[Pod] = []
        for namespace in self._session.scope.namespaces or (EVERY_NAMESPACE,):
            found = await probe_pods(self._session.transport, namespace)
            left += found.left
            busy += found.busy
        return ProbePods(tuple(left), tuple(busy))

    async def _allowed(self, pods: Sequence[Pod]) -> dict[str, bool | None]:
        """Whether the user may delete pods in the namespaces of these; ``None`` where that is not known."""
        access = Access(self._session.transport)
        namespaces = list(dict.fromkeys(pod.namespace for pod in pods))
        answers = await asyncio.gather(*(access.may("delete", "pods", namespace=each) for each in namespaces))
        return {namespace: answer.allowed for namespace, answer in zip(namespaces, answers, strict=True)}

    def _state(self, pod: Pod) -> str:
        reason = f" ({pod.status.reason})" if pod.status.reason else ""
        age = age_since(pod.metadata.creation_timestamp, self._now())
        gone = "; the program that made it runs no more" if is_gone(pod.labels[OWNER_LABEL]) else ""
        return f"{pod.status.phase}{reason}, {age} old{gone}"

    def _say(self, text: str, role: str = TEXT) -> None:
        if self._status.is_attached:
            self._status.say(text, role)


def _pods(number: int) -> str:
    return f"{number} pod{'' if number == 1 else 's'}"


def _left_by(pods: Sequence[Pod]) -> str:
    return f"{_pods(len(pods))} left by {killed(len(pods))}"


def _them(pods: Sequence[Pod]) -> str:
    return "it" if len(pods) == 1 else "them"


def _none(found: ProbePods) -> str:
    """That nothing is left over, and of what may be in use until when it may be."""
    if not found.busy:
        return "no pods are left by probes that were killed"
    until = [in_use_until(pod) for pod in found.busy]
    known = [moment for moment in until if moment is not None]
    end = f" until {clock(max(known))}" if len(known) == len(until) else ""
    return f"none to remove: {_pods(len(found.busy))} may be in use by a probe{end}"
