"""Temporary pods that a killed run of the program could not remove: found, told from those in use, removed."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from kheadless_tui.cluster.pods.debugpod import delete_pod, pods_path
from kheadless_tui.cluster.pods.maker import is_gone
from kheadless_tui.cluster.pods.podspec import DEADLINE, MANAGED_BY, MANAGER, NAME_PREFIX, OWNER_LABEL
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.workloads import Pod

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport

ABANDONED_AFTER = DEADLINE + 780.0
"""Seconds for which a pod may wait to be started before it is taken for left over.

``activeDeadlineSeconds`` counts only from when a node has taken the pod, so that one that no node takes waits for ever;
and a probe that still waits for it would have ended long before.
"""

MOST_LISTED = 500
"""Pods of probes that are listed at a time; of more, the next look tells."""

EVERY_NAMESPACE = ""
"""In place of a namespace's name."""


@dataclass(frozen=True, slots=True)
class ProbePods:
    """The pods that were made for probes, of this run of the program or of another, and that do not go already."""

    left: tuple[Pod, ...] = ()
    """Of no use to any probe: they have ended, never came to run, or the process that made them runs no more."""
    busy: tuple[Pod, ...] = ()
    """They run, or may come to run, or their state is not known: somebody's probe may be using them."""


def is_ours(pod: Pod) -> bool:
    """The pod was made for a probe, of this run of the program or of another."""
    return pod.labels.get(MANAGED_BY) == MANAGER


async def leftovers(transport: Transport, namespace: str) -> list[Pod]:
    """The pods of a namespace that were made for probes and are of no use to any.

    Raises:
        ClusterError: pods may not be listed.
    """
    return list((await probe_pods(transport, namespace)).left)


async def probe_pods(transport: Transport, namespace: str) -> ProbePods:
    """The pods that were made for probes, by one list.

    Args:
        transport: To the cluster.
        namespace: Where, or :data:`EVERY_NAMESPACE`.

    Raises:
        ClusterError: pods may not be listed.
    """
    selector = f"{MANAGED_BY}={MANAGER},{OWNER_LABEL}"
    path = "/api/v1/pods" if namespace == EVERY_NAMESPACE else pods_path(namespace)
    answer = await transport.request("GET", path, params=[("labelSelector", selector), ("limit", str(MOST_LISTED))])
    if not 200 <= answer.status < 300:
        raise transport.error(answer)
    now = _time_of(answer.headers)
    try:
        items = msgspec.json.decode(answer.body, type=_PodList).items or []
    except msgspec.DecodeError as error:
        raise ClusterError(f"The API server's list of pods cannot be read: {error}") from error
    found = [pod for pod in items if _is_of_a_probe(pod)]
    return ProbePods(
        tuple(pod for pod in found if is_left_over(pod, now)), tuple(pod for pod in found if not is_left_over(pod, now))
    )


def _is_of_a_probe(pod: Pod) -> bool:
    marked = is_ours(pod) and OWNER_LABEL in pod.labels and pod.name.startswith(NAME_PREFIX)
    return marked and not pod.terminating


def is_left_over(pod: Pod, now: float | None) -> bool:
    """Nobody uses the pod any more.

    Args:
        pod: Any pod; without the labels and the name that we give it is none of ours.
        now: Unix time by the clock that dated the pod, that of the API server; ``None`` when it is not known.
    """
    if not _is_of_a_probe(pod):
        return False
    if pod.status.phase in ("Succeeded", "Failed") or is_gone(pod.labels[OWNER_LABEL]):
        return True
    born = pod.metadata.creation_timestamp
    if pod.status.phase != "Pending" or now is None or not born:
        return False
    try:
        return now - datetime.fromisoformat(born).timestamp() > ABANDONED_AFTER
    except ValueError:
        return False


def in_use_until(pod: Pod) -> float | None:
    """Unix time from which on nobody can be using a pod of :attr:`ProbePods.busy`, at the latest.

    Its deadline counts from when its node has taken it, which is before its container was started; a pod that waits is
    given up some time after it was made. ``None`` where neither is known.
    """
    running = next((s.state.running for s in pod.status.container_statuses or () if s.state and s.state.running), None)
    since, within = (running.started_at, DEADLINE) if running else (pod.metadata.creation_timestamp, ABANDONED_AFTER)
    try:
        return datetime.fromisoformat(since).timestamp() + within if since else None
    except ValueError:
        return None


async def remove_leftover(transport: Transport, permit: Permit, pod: Pod) -> None:
    """Remove one; that it is gone already is as good.

    Raises:
        ClusterError: it could not be removed.
    """
    del permit  # having one is the check
    await delete_pod(transport, pod.namespace, pod.name, pod.metadata.uid)


class _PodList(msgspec.Struct):
    items: list[Pod] | None = None


def _time_of(headers: Mapping[str, str]) -> float | None:
    parsed = email.utils.parsedate_tz(headers.get("Date", ""))
    return float(email.utils.mktime_tz(parsed)) if parsed is not None else None
