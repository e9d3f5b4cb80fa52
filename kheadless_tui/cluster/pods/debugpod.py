"""What we put into a cluster to ask from: a temporary pod, always removed, and an ephemeral container, which stays.

A temporary pod is removed on every way out: success, error, cancellation at any moment, and also when the reply to the
create was lost, because its name was chosen here. What is left when even that fails (the process was killed, the
network is gone) stops after ``activeDeadlineSeconds`` and is found by :mod:`kheadless_tui.cluster.pods.leftovers`.
"""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.cluster.pods.podspec import (
    CONTAINER,
    NAME_PREFIX,
    OWNER_LABEL,
    EphemeralOrder,
    PodOrder,
)
from kheadless_tui.cluster.pods.podwait import Hopeless, Pending, Running, judge, not_pulled
from kheadless_tui.errors import ClusterError, NotFound, Refused, Unreachable
from kheadless_tui.model.workloads import Pod

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import Permit
    from kheadless_tui.cluster.wire.transport import Transport

T = TypeVar("T")

START_TIMEOUT = 30.0
"""Seconds for a pod or an ephemeral container to run, pulling a small image included."""
REMOVE_TIMEOUT = 6.0
"""Seconds that the removal of a pod may take on the way out, retries included."""
FIRST_LOOK = 0.15
"""Seconds until the first look at what was created; later looks are up to a second apart."""

Report = Callable[[str], None]
"""Is told in a few words how far it has come."""


class NoNamespace(NotFound):
    """The namespace itself is not there, so that no other way to ask from it is worth a try."""


def _silent(_: str) -> None:
    pass


@dataclass(slots=True)
class TemporaryPod:
    """A pod that exists while its context is open."""

    target: ExecTarget
    left_behind: str = ""
    """Set on the way out when it could not be removed: one sentence that says what to do."""


@asynccontextmanager
async def temporary_pod(
    transport: Transport,
    permit: Permit,
    order: PodOrder,
    *,
    timeout: float = START_TIMEOUT,
    report: Report = _silent,
    flags: Sequence[str] = (),
) -> AsyncIterator[TemporaryPod]:
    """Create a pod, wait until it runs, and remove it whatever happens.

    ``flags`` are kubectl's for this cluster, for the command that is told when the pod could not be removed.

    Raises:
        Refused: no right, or the namespace's policy (Pod Security, quota, admission) refuses the pod.
        NoNamespace: there is no such namespace.
        ClusterError: the pod does not come to run; the sentence says why.
        Unreachable: the API server is gone.
    """
    del permit  # having one is the check
    handle = TemporaryPod(ExecTarget(order.namespace, order.name, CONTAINER))
    creation = _Creation()
    try:
        report(f"creating pod {order.name}")
        await _whole(lambda: _create(transport, order, creation))
        await _wait_running(transport, handle.target, order.image, timeout, report)
        yield handle
    except BaseException as error:
        handle.left_behind = await _whole(lambda: _remove(transport, order, creation, flags), insist=True)
        if handle.left_behind and isinstance(error, ClusterError):
            error.hint = ". ".join(part.rstrip(".") for part in (error.hint, handle.left_behind) if part)
        raise
    else:
        report(f"removing pod {order.name}")
        handle.left_behind = await _whole(lambda: _remove(transport, order, creation, flags), insist=True)


@dataclass(slots=True)
class _Creation:
    """What is known of the create call."""

    uid: str = ""
    """Set once the API server has confirmed the pod."""
    refused: bool = False
    """The API server has answered that it did not create it."""


async def _create(transport: Transport, order: PodOrder, creation: _Creation) -> None:
    body = msgspec.json.encode(order.manifest())
    try:
        answer = await transport.call("POST", pods_path(order.namespace), body=body)
    except Unreachable:
        raise  # whether the pod was made is not known
    except ClusterError as error:
        creation.refused = True
        if isinstance(error, NotFound):
            raise NoNamespace(f"there is no namespace {order.namespace!r}", hint="kubectl get namespaces") from error
        raise _refusal(order.namespace, "the temporary pod", error) from error
    creation.uid = msgspec.json.decode(answer, type=Pod).metadata.uid


async def _remove(transport: Transport, order: PodOrder, creation: _Creation, flags: Sequence[str]) -> str:
    """Delete the pod if it is ours; what to tell the user when that did not succeed, else empty."""
    if creation.refused:
        return ""
    cause = "no answer in time"
    try:
        async with asyncio.timeout(REMOVE_TIMEOUT):
            for pause in (0.2, 0.4, 0.8, 1.6, 2.0):
                try:
                    uid = creation.uid or await _uid_of_ours(transport, order)
                    if uid:
                        await delete_pod(transport, order.namespace, order.name, uid)
                        return ""
                    if creation.uid:
                        return ""
                    cause = ""  # not there: but a create whose reply was lost may still be under way
                except ClusterError as error:
                    cause = error.message
                await asyncio.sleep(pause)
    except TimeoutError:
        pass
    if not cause:
        return ""
    return f"Pod {order.namespace}/{order.name} may still be there ({cause.rstrip('.')}); remove it by: " + shlex.join(
        ["kubectl", *flags, "delete", "pod", "-n", order.namespace, order.name]
    )


async def _uid_of_ours(transport: Transport, order: PodOrder) -> str:
    try:
        answer = await transport.call("GET", _pod(order.namespace, order.name))
    except NotFound:
        return ""
    pod = msgspec.json.decode(answer, type=Pod)
    return pod.metadata.uid if pod.labels.get(OWNER_LABEL) == order.owner else ""


async def delete_pod(transport: Transport, namespace: str, name: str, uid: str) -> None:
    """Delete the pod of this UID at once; one that is gone is as good."""
    options = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Background",
        "preconditions": {"uid": uid},
    }
    try:
        await transport.call("DELETE", _pod(namespace, name), body=msgspec.json.encode(options))
    except NotFound:
        return


async def _wait_running(transport: Transport, target: ExecTarget, image: str, timeout: float, report: Report) -> None:
    """Look at the pod until the container runs.

    Raises:
        ClusterError: it never will, or not in time; with the cause as far as the API tells it.
    """
    started = time.monotonic()
    pause, what = FIRST_LOOK, ""
    while True:
        waited = time.monotonic() - started
        if waited > timeout:
            told = await _events(transport, target)
            failed = next((words for words in reversed(told) if words.startswith(_PULL_FAILED)), "")
            if failed:  # of an ephemeral container the status may stand at ContainerCreating meanwhile (seen in 1.34)
                hopeless = not_pulled(image, "ErrImagePull", failed)
                raise ClusterError(hopeless.message, hint=hopeless.hint)
            cause = "; ".join(dict.fromkeys(filter(None, (what, *told[-1:])))) or "nothing was said"
            which = f"Container {target.container} of pod {target.pod}"
            raise ClusterError(
                f"{which} in {target.namespace} did not run within {timeout:g} s: {cause}.",
                hint="See kubectl describe pod there, or ask from a pod that runs already.",
            )
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 1.0)
        try:
            pod = msgspec.json.decode(await transport.call("GET", _pod(target.namespace, target.pod)), type=Pod)
        except NotFound as error:
            raise NotFound(
                f"Pod {target.namespace}/{target.pod} was removed by somebody else before it ran.",
                hint="Ask again, or from another place.",
            ) from error
        progress = judge(pod, target.container or "", image=image, waited=waited)
        if isinstance(progress, Running):
            return
        if isinstance(progress, Hopeless):
            raise ClusterError(progress.message, hint=progress.hint)
        if isinstance(progress, Pending) and progress.what != what:
            what = progress.what
            report(what)


class _Subject(msgspec.Struct, rename="camel"):
    field_path: str = ""
    """``spec.ephemeralContainers{NAME}`` for an event of one container; empty for one of the pod."""


class _Event(msgspec.Struct, rename="camel"):
    type: str = ""
    message: str = ""
    involved_object: _Subject = msgspec.field(default_factory=_Subject)


class _Events(msgspec.Struct):
    items: list[_Event] | None = None


_PULL_FAILED = "Failed to pull image"
"""How the kubelet's event begins (pkg/kubelet/images/image_manager.go)."""


async def _events(transport: Transport, target: ExecTarget) -> list[str]:
    """What the kubelet or the scheduler complains of, else what it does, the last at the end; empty when not told.

    A pull that takes longer than we wait is no warning yet: ``Pulling image "web:1"`` tells it from any other delay.
    What is said of other containers, which have been in the pod for long, is left out.
    """
    path = f"/api/v1/namespaces/{quote(target.namespace, safe='')}/events"
    selector = f"involvedObject.name={target.pod}"
    try:
        answer = await transport.call("GET", path, params=[("fieldSelector", selector)], timeout=3.0)
        events = msgspec.json.decode(answer, type=_Events).items or []
    except (ClusterError, msgspec.DecodeError):
        return []
    ours = f"{{{target.container}}}"
    told = [event for event in events if event.involved_object.field_path.endswith(ours)]
    if target.container == CONTAINER:  # the pod is ours too
        told = events
    last = [event for event in told if event.type == "Warning"] or told
    return [" ".join(event.message.split())[:400].rstrip(".") for event in last]


async def ephemeral_container(
    transport: Transport,
    permit: Permit,
    order: EphemeralOrder,
    *,
    timeout: float = START_TIMEOUT,
    report: Report = _silent,
    warn: Report = _silent,
) -> ExecTarget:
    """Add an ephemeral container to a pod and wait until it runs; it stays until its pod goes.

    Args:
        transport: To the cluster.
        permit: From the gate.
        order: What is added.
        timeout: Seconds until it must run.
        report: Is told how far it has come.
        warn: Is told that the container stays, as soon as it does, since the wait for it may be given up.

    Raises:
        NotFound: the pod is gone.
        Refused: no right, or the namespace's policy refuses the container.
        ClusterError: it does not come to run; the sentence says why.
    """
    del permit
    target = ExecTarget(order.namespace, order.pod, order.name)
    report(f"adding ephemeral container {order.name} to pod {order.pod}")
    path = f"{_pod(order.namespace, order.pod)}/ephemeralcontainers"
    try:
        await transport.call(
            "PATCH",
            path,
            body=msgspec.json.encode(order.patch()),
            content_type="application/strategic-merge-patch+json",
        )
    except NotFound as error:
        raise NotFound(
            f"Pod {order.namespace}/{order.pod} is gone.", hint="Choose another by --from, or --from auto."
        ) from error
    except (Unreachable, asyncio.CancelledError):
        warn(f"Ephemeral container {order.name} may have been added to pod {order.pod}: then it stays until it goes.")
        raise
    except ClusterError as error:
        raise _refusal(order.namespace, "the ephemeral container", error) from error
    stays = f"Ephemeral container {order.name} stays in pod {order.pod} until the pod goes"
    warn(f"{stays}; later probes use it again.")
    try:
        await _wait_running(transport, target, order.image, timeout, report)
    except ClusterError as error:
        if not isinstance(error, NotFound):
            error.hint = f"{error.hint} {stays}.".strip()
        raise
    return target


def reusable_container(pod: Pod, image: str) -> str | None:
    """The name of a running ephemeral container of ours with this image, if the pod has one."""
    images = {container.name: container.image for container in pod.spec.ephemeral_containers or ()}
    for status in pod.status.ephemeral_container_statuses or ():
        running = status.state is not None and status.state.running is not None
        if status.name.startswith(NAME_PREFIX) and running and images.get(status.name) == image:
            return status.name
    return None


_ELSEWHERE = "Ask from a pod that runs already (--from pod/NAME), which creates nothing."


def _refusal(namespace: str, what: str, error: ClusterError) -> ClusterError:
    """A 403 or 422 in our words: a policy of the namespace, its quota, or the right that is missing.

    Admission plug-ins and webhooks choose their own status: Pod Security and quotas answer 403, a
    ValidatingAdmissionPolicy 422.
    """
    words = error.message
    if "violates PodSecurity" in words:
        sentence = f"Pod Security of namespace {namespace} refuses {what}"
    elif "exceeded quota" in words:
        sentence = f"A quota of namespace {namespace} leaves no room for {what}"
    elif "denied the request" in words or "denied request" in words:
        sentence = f"An admission policy refuses {what} in namespace {namespace}"
    else:
        sentence = f"{what[:1].upper()}{what[1:]} is refused in namespace {namespace}"
    kind = Refused if isinstance(error, Refused) or "is forbidden" in words else ClusterError
    start = max(words.find('pods "'), 0)  # what stands before is our own transport's address of the server
    return kind(f"{sentence}: {words[start:]}", hint=_ELSEWHERE)


async def _whole(work: Callable[[], Coroutine[object, object, T]], *, insist: bool = False) -> T:
    """Run something to its end even when we are cancelled meanwhile; the cancellation is raised afterwards.

    The work bounds its own time. When the loop is being closed every task in it is cancelled, the work too: with
    ``insist`` it is then begun once more, without it the cancellation goes on.
    """
    task = asyncio.ensure_future(work())
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
        if task.done():
            if not (task.cancelled() and insist):
                break
            task, insist = asyncio.ensure_future(work()), False
    if cancelled is not None:
        if not task.cancelled():
            task.exception()
        raise cancelled
    return task.result()


def pods_path(namespace: str) -> str:
    """The URL path of a namespace's pods."""
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods"


def _pod(namespace: str, name: str) -> str:
    return f"{pods_path(namespace)}/{quote(name, safe='')}"
