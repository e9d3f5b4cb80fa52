"""What a pod's containers say of why it is not ready, and which version of its workload it runs."""

from __future__ import annotations

from kheadless_tui.model.workloads import Pod

FAULTY = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)
"""Reasons of a waiting container that do not go away by waiting."""


def trouble_of(pod: Pod) -> str:
    """Why a container of the pod does not run: ``nginx: CrashLoopBackOff``; empty when none says so."""
    for status in (*pod.container_statuses, *(pod.status.init_container_statuses or ())):
        state = status.state
        if state is None:
            continue
        if state.waiting is not None and state.waiting.reason in FAULTY:
            message = f": {state.waiting.message}" if state.waiting.message else ""
            return f"{status.name}: {state.waiting.reason}{message}"
        if state.terminated is not None and state.terminated.exit_code:
            return f"{status.name}: ended with status {state.terminated.exit_code}"
    return ""


def revision_of(pod: Pod) -> tuple[str, str]:
    """Which version of its workload a pod runs, by the labels of Deployments and of StatefulSets or DaemonSets."""
    return pod.labels.get("pod-template-hash", ""), pod.labels.get("controller-revision-hash", "")


def starting_of(pod: Pod) -> str:
    """What a container waits for while the pod starts: ``nginx: ContainerCreating``."""
    for status in pod.container_statuses:
        if status.state is not None and status.state.waiting is not None and status.state.waiting.reason:
            return f"{status.name}: {status.state.waiting.reason}"
    return ""
