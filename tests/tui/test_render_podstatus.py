"""READY, STATUS and RESTARTS against what ``kubectl get pods`` prints for the same pods."""

from __future__ import annotations

import msgspec
import pytest

from kheadless_tui.model.workloads import Pod
from kheadless_tui.tui.known.podstatus import pod_status_text

RUNNING = {"running": {"startedAt": "2026-11-21T04:00:00Z"}}


def container(name: str = "a", ready: bool = True, state: object = None, restarts: int = 0) -> dict[str, object]:
    return {"name": name, "ready": ready, "restartCount": restarts, "state": state or RUNNING}


def waiting(reason: str) -> dict[str, object]:
    return {"waiting": {"reason": reason}}


def ended(code: int, reason: str | None = None) -> dict[str, object]:
    return {"terminated": {"exitCode": code, "reason": reason}}


def a_pod(
    containers: list[dict[str, object]],
    *,
    phase: str = "Running",
    init: list[dict[str, object]] | None = None,
    sidecars: tuple[str, ...] = (),
    conditions: list[dict[str, object]] | None = None,
    reason: str | None = None,
    deleted: bool = False,
) -> Pod:
    document = {
        "metadata": {"name": "p", "deletionTimestamp": "2026-11-21T04:00:00Z" if deleted else None},
        "spec": {
            "containers": [{"name": item["name"]} for item in containers] or [{"name": "a"}],
            "initContainers": [
                {"name": item["name"], "restartPolicy": "Always" if item["name"] in sidecars else None}
                for item in init or []
            ],
        },
        "status": {
            "phase": phase,
            "reason": reason,
            "conditions": conditions,
            "containerStatuses": containers,
            "initContainerStatuses": init,
        },
    }
    return msgspec.convert(document, Pod)


Conditions = list[dict[str, object]]
READY: Conditions = [{"type": "Ready", "status": "True"}]
GATED: Conditions = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
INITIALIZED: Conditions = [{"type": "Initialized", "status": "True"}]


@pytest.mark.parametrize(
    ("pod", "text"),
    [
        (a_pod([container()]), ("1/1", "Running", 0)),
        (a_pod([container(), container("b", ready=False, restarts=3)]), ("1/2", "Running", 3)),
        (
            a_pod([container(ready=False, state=waiting("CrashLoopBackOff"), restarts=7)]),
            ("0/1", "CrashLoopBackOff", 7),
        ),
        (a_pod([container(ready=False, state=ended(1, "Error"))]), ("0/1", "Error", 0)),
        (a_pod([container(ready=False, state=ended(3))]), ("0/1", "ExitCode:3", 0)),
        (a_pod([], phase="Pending"), ("0/1", "Pending", 0)),
        (a_pod([container(ready=False, state=ended(0, "Completed"))], phase="Succeeded"), ("0/1", "Completed", 0)),
        (
            a_pod([container(ready=False, state=ended(0, "Completed")), container("b")], conditions=READY),
            ("1/2", "Running", 0),
        ),
        (a_pod([container(ready=False, state=ended(0, "Completed")), container("b")]), ("1/2", "NotReady", 0)),
        (a_pod([container()], deleted=True), ("1/1", "Terminating", 0)),
        (a_pod([container()], deleted=True, reason="NodeLost"), ("1/1", "Unknown", 0)),
        (a_pod([], phase="Failed", reason="Evicted"), ("0/1", "Evicted", 0)),
        (
            a_pod(
                [container(ready=False, state=waiting("PodInitializing"))],
                phase="Pending",
                init=[container("i", ready=False)],
            ),
            ("0/1", "Init:0/1", 0),
        ),
        (
            a_pod(
                [container(ready=False, state=waiting("PodInitializing"))],
                phase="Pending",
                init=[container("i", ready=False, state=waiting("ImagePullBackOff"), restarts=2)],
            ),
            ("0/1", "Init:ImagePullBackOff", 2),
        ),
        (
            a_pod(
                [container(ready=False, state=waiting("PodInitializing"))],
                phase="Pending",
                init=[container("i", ready=False, state=ended(1, "Error"))],
            ),
            ("0/1", "Init:Error", 0),
        ),
        (
            a_pod(
                [container()], init=[container("i", ready=True, state=ended(0, "Completed"))], conditions=INITIALIZED
            ),
            ("1/1", "Running", 0),
        ),
        (
            a_pod([container()], init=[container("s", restarts=1)], sidecars=("s",), conditions=INITIALIZED),
            ("2/2", "Running", 1),
        ),
        (
            a_pod(
                [],
                phase="Pending",
                conditions=GATED,
            ),
            ("0/1", "SchedulingGated", 0),
        ),
    ],
)
def test_status_is_what_kubectl_prints(pod: Pod, text: tuple[str, str, int]) -> None:
    assert pod_status_text(pod) == text
