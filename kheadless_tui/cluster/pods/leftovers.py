"""Temporary pods that a killed run of the program could not remove: found, told from those in use, removed."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from kheadless_tui.cluster.pods.debugpod import delete_pod, pods_path
from kheadless_tui.cluster.pods.podspec import DEADLINE, MANAGED_BY, MANAGER, NAME_PREFIX, OWNER_LABEL
from kheadless_tui.model.workloads import Pod

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport

ABANDONED_AFTER = DEADLINE + 780.0
"""Seconds for which a pod may wait to be started before it is taken for left over.

``activeDeadlineSeconds`` counts only from when a node has taken the pod, so that one that no node takes waits for ever;
and a probe that still waits for it would have ended long before.
"""


def is_ours(pod: Pod) -> bool:
    """The pod was made for a probe, of this run of the program or of another."""
    return pod.labels.get(MANAGED_BY) == MANAGER


async def leftovers(transport: Transport, namespace: str) -> list[Pod]:
    """The pods that were made for probes and are of no use to any: they have ended, or never came to run.

    One that runs, or of which the state is not known, belongs to a probe of somebody and is not among them.

    Raises:
        ClusterError: pods may not be listed.
    """
    selector = f"{MANAGED_BY}={MANAGER},{OWNER_LABEL}"
    path = pods_path(namespace)
    answer = await transport.request("GET", path, params=[("labelSelector", selector)])
    if not 200 <= answer.status < 300:
        raise transport.error(answer)
    now = _time_of(answer.headers)
    found = msgspec.json.decode(answer.body, type=_PodList).items or []
    return [pod for pod in found if is_left_over(pod, now)]


def is_left_over(pod: Pod, now: float | None) -> bool:
    """Nobody uses the pod any more.

    Args:
        pod: Any pod; without the labels and the name that we give it is none of ours.
        now: Unix time by the clock that dated the pod, that of the API server; ``None`` when it is not known.
    """
    if not is_ours(pod) or OWNER_LABEL not in pod.labels or not pod.name.startswith(NAME_PREFIX) or pod.terminating:
        return False
    if pod.status.phase in ("Succeeded", "Failed"):
        return True
    born = pod.metadata.creation_timestamp
    if pod.status.phase != "Pending" or now is None or not born:
        return False
    try:
        return now - datetime.fromisoformat(born).timestamp() > ABANDONED_AFTER
    except ValueError:
        return False


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
