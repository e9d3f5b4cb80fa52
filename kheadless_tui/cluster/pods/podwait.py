"""How far a pod or container of ours has come, judged from its status alone."""

from __future__ import annotations

from dataclasses import dataclass

from kheadless_tui.model.workloads import ContainerStatus, Pod

UNSCHEDULABLE_PATIENCE = 5.0
"""Seconds for which a pod may be unschedulable before that is told; an autoscaler takes minutes."""


@dataclass(frozen=True, slots=True)
class Running:
    """The container runs."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Not yet, and nothing says that it never will."""

    what: str
    """A few words: ``ContainerCreating``, ``not scheduled yet``."""


@dataclass(frozen=True, slots=True)
class Hopeless:
    """It will not run without somebody's help."""

    message: str
    hint: str = ""


Progress = Running | Pending | Hopeless

_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_START = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff"}


def not_pulled(image: str, reason: str, words: str | None) -> Hopeless:
    """The node cannot get the image, by the words of the kubelet."""
    return Hopeless(
        f"Image {image} cannot be pulled ({reason}): {_one_line(words) or 'no more was said'}.",
        hint="Choose an image that the nodes have or can pull by --image; --image-pull-policy IfNotPresent "
        "uses one that is there already.",
    )


def judge(pod: Pod, container: str, *, image: str, waited: float) -> Progress:
    """Judge one container of a pod.

    Args:
        pod: As the API server gave it.
        container: Name of the container, ephemeral ones included.
        image: For the words.
        waited: Seconds since it was created.
    """
    status = _status_of(pod, container)
    state = status.state if status is not None else None
    if state is not None and state.running is not None:
        return Running()
    if state is not None and state.terminated is not None:
        return Hopeless(
            f"The container ended at once ({state.terminated.reason or 'no reason given'}, status "
            f"{state.terminated.exit_code}): {_one_line(state.terminated.message) or 'nothing was said'}.",
            hint=f"Image {image} must hold the program sleep; choose another by --image.",
        )
    if state is not None and state.waiting is not None:
        waiting = state.waiting
        reason = waiting.reason or "waiting"
        if reason in _PULL:
            return not_pulled(image, reason, waiting.message)
        if reason in _START:
            return Hopeless(
                f"The container of image {image} cannot start ({reason}): {_one_line(waiting.message)}.",
                hint="The image must hold the program sleep and run as a user that is not root; choose another "
                "by --image.",
            )
        return _pod_wide(pod, waited) or Pending(reason)
    return _pod_wide(pod, waited) or Pending("no status of the container yet")


def _pod_wide(pod: Pod, waited: float) -> Progress | None:
    if pod.terminating:
        return Hopeless(f"Pod {pod.key} is being deleted by somebody else.", hint="Ask again, or from elsewhere.")
    if pod.status.phase in ("Failed", "Succeeded"):
        return Hopeless(f"Pod {pod.key} has ended ({pod.status.phase}, {pod.status.reason or 'no reason given'}).")
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            words = _one_line(condition.message) or condition.reason or "no reason given"
            if waited >= UNSCHEDULABLE_PATIENCE:
                return Hopeless(
                    f"No node takes the pod: {words}.",
                    hint="Ask from a pod that runs already (--from pod/NAME or debug/NAME).",
                )
            return Pending(f"not scheduled: {words}")
    return None


def _status_of(pod: Pod, container: str) -> ContainerStatus | None:
    statuses = (*pod.container_statuses, *(pod.status.ephemeral_container_statuses or ()))
    return next((status for status in statuses if status.name == container), None)


def _one_line(text: str | None, limit: int = 400) -> str:
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text or "").split()).rstrip(".")
    return line if len(line) <= limit else line[: limit - 1] + "…"
