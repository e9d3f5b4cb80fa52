"""Family: endpoints that are not ready, that leave, or that are published although they are neither."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.diagnose.evidence import Evidence, Seen, owner
from kheadless_tui.diagnose.finding import (
    DOCS,
    ERROR,
    HINT,
    WARNING,
    Fact,
    Finding,
    counted,
    kubectl,
    listed,
)
from kheadless_tui.diagnose.podstate import revision_of, starting_of, trouble_of
from kheadless_tui.diagnose.rule import Rule
from kheadless_tui.model.workloads import Pod

IN_DNS = "in DNS = publishNotReadyAddresses, or the pod is Ready and not terminating"
"""Of the EndpointSlice controller: endpointslice/utils.go podToEndpoint."""
PROBES = f"{DOCS}tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
LIFECYCLE = f"{DOCS}concepts/workloads/pods/pod-lifecycle/"
STABLE_ID = f"{DOCS}concepts/workloads/controllers/statefulset/#stable-network-id"
FINISHED = ("Succeeded", "Failed")
SHOWN = 4
"""Pods whose conditions are written out."""


def nothing_ready(evidence: Evidence) -> Iterator[Finding]:
    """Endpoints exist and none is in DNS: every name of the Service is denied (failure H01)."""
    members = evidence.members
    if not members or evidence.in_dns or not evidence.service.headless or _all_finished(evidence):
        return
    names = list(members)
    what = counted(len(names), evidence.noun)
    going = [who for who in names if all(seen.endpoint.terminating for seen in members[who])]
    state = "terminating" if len(going) == len(names) else "not ready"
    yield Finding(
        code="KH001",
        severity=ERROR,
        title=f"No name of Service {evidence.key} exists: 0 of {what} {'is' if len(names) == 1 else 'are'} ready",
        brief=f"0 of {what} ready, so DNS answers NXDOMAIN to all",
        subject=evidence.key,
        cause=f"All {evidence.noun}s that the Service has are {state}, and it does not publish not-ready addresses. "
        "CoreDNS then denies every name of it, as if it were mistyped.",
        fields=(
            Fact(evidence.source, "spec.publishNotReadyAddresses", "false"),
            *_slice_facts(evidence),
            *_pod_facts(evidence, names),
        ),
        rule=IN_DNS,
        fix=(
            *_what_to_repair(evidence, names),
            "if peers need each other to become ready: a second headless Service with publishNotReadyAddresses: true, "
            "for peers only",
        ),
        link=PROBES,
        command=_show_endpoints(evidence),
    )


def waiting_for_each_other(evidence: Evidence) -> Iterator[Finding]:
    """A governing Service hides not-ready peers, and readiness may need peers (failure H02)."""
    if not evidence.members or evidence.in_dns or evidence.service.publishes_not_ready:
        return
    for item in evidence.governed:
        running = [
            who
            for who in evidence.members
            if (pod := evidence.pod(who)) is not None and pod.status.phase == "Running" and not pod.terminating
        ]
        if (item.spec.replicas or 1) < 2 or not running:
            continue
        yield Finding(
            code="KH002",
            severity=HINT,
            title=f"The pods of StatefulSet {item.name} may be waiting for each other: "
            f"while none is ready, none finds another by name",
            brief="peers may be waiting for each other",
            subject=evidence.key,
            cause=f"Service {evidence.key.name} governs StatefulSet {item.name}, and its names exist for ready pods "
            "only. If readiness needs a peer, it can never come true.",
            fields=(
                Fact(f"StatefulSet {item.key}", "spec.serviceName", evidence.key.name),
                Fact(f"StatefulSet {item.key}", "spec.replicas", str(item.spec.replicas)),
                Fact(evidence.source, "spec.publishNotReadyAddresses", "false"),
            ),
            rule=IN_DNS,
            fix=(
                "look for 'no such host' in the log of a pod: that is this",
                "let peers use a headless Service of their own with publishNotReadyAddresses: true",
            ),
            link=STABLE_ID,
            command=kubectl(evidence.key.namespace, "logs", running[0], "--tail=50"),
        )


def ordered_start(evidence: Evidence) -> Iterator[Finding]:
    """Later pods are made only after the first is ready, which waits for them (failure H03).

    Whether not-ready pods are published does not matter: the ones that are missing have no address to publish.
    """
    if not evidence.members or any(seen.endpoint.serving for seen in evidence.endpoints):
        return
    for item in evidence.governed:
        wanted = 1 if item.spec.replicas is None else item.spec.replicas
        there = item.status.replicas
        if item.spec.pod_management_policy == "Parallel" or there is None or there >= wanted:
            continue
        yield Finding(
            code="KH003",
            severity=WARNING,
            title=f"StatefulSet {item.name} has {there} of {wanted} pods and makes no further one "
            "before the last of these is ready",
            brief="the set waits for its first pods before it makes the others",
            subject=evidence.key,
            cause="podManagementPolicy is OrderedReady. If the first pod becomes ready only with its peers, "
            "it waits for pods that are not made before it is ready.",
            fields=(
                Fact(
                    f"StatefulSet {item.key}",
                    "spec.podManagementPolicy",
                    item.spec.pod_management_policy or "OrderedReady (default)",
                ),
                Fact(f"StatefulSet {item.key}", "spec.replicas", str(wanted)),
                Fact(f"StatefulSet {item.key}", "status.replicas", str(there)),
            ),
            rule="with OrderedReady a pod is made only after all before it are Running and Ready",
            fix=(
                "make the first pod ready without its peers",
                "or podManagementPolicy: Parallel; the field cannot be changed: delete the set with --cascade=orphan "
                "and create it anew",
            ),
            link=f"{DOCS}concepts/workloads/controllers/statefulset/#pod-management-policies",
            command=kubectl(evidence.key.namespace, "get", "statefulset", item.name, "-o", "wide"),
        )


def finished(evidence: Evidence) -> Iterator[Finding]:
    """Pods that have run to their end are never ready again (failure H11)."""
    done = [pod for pod in evidence.pods if _is_finished(pod)]
    if not done or evidence.service.publishes_not_ready:
        return
    everything = _all_finished(evidence)
    names = [pod.name for pod in done]
    yield Finding(
        code="KH011",
        severity=ERROR if everything else HINT,
        title=f"{listed(names)} of Service {evidence.key} {'has' if len(done) == 1 else 'have'} finished "
        f"and will not be in DNS again",
        brief="its pods have finished" if everything else "some pods have finished",
        subject=evidence.key,
        cause="A pod that has succeeded or failed is not Ready; its endpoint is left out of DNS or dropped.",
        fields=tuple(Fact(f"Pod {pod.key}", "status.phase", pod.status.phase or "") for pod in done[:SHOWN]),
        rule=IN_DNS,
        fix=("do not look up the pods of a finished Job; keep its result elsewhere", "or run a workload that stays"),
        link=LIFECYCLE,
        command=kubectl(evidence.key.namespace, "get", "pods", *[pod.name for pod in done[:SHOWN]]),
    )


def some_withheld(evidence: Evidence) -> Iterator[Finding]:
    """Some endpoints are in DNS and some are not ready (the ordinary side of H01)."""
    if not evidence.in_dns:
        return
    names = [
        who
        for who, seen in evidence.members.items()
        if who not in evidence.in_dns
        and not any(one.endpoint.terminating for one in seen)
        and not ((pod := evidence.pod(who)) is not None and _is_finished(pod))
    ]
    if not names:
        return
    missed = [who for who in names if (pod := evidence.pod(who)) is not None and _is_missed(evidence, pod)]
    total = len(evidence.members)
    yield Finding(
        code="KH078",
        severity=WARNING if missed else HINT,
        title=f"{listed(names)} of Service {evidence.key} {'is' if len(names) == 1 else 'are'} not ready: "
        f"{len(evidence.in_dns)} of {counted(total, evidence.noun)} in DNS",
        brief=f"{len(names)} not ready",
        subject=evidence.key,
        cause="An endpoint that is not ready is withheld: its own name does not exist, and the Service's name "
        "leads to the others.",
        fields=(*_slice_facts(evidence, names), *_pod_facts(evidence, names)),
        rule=IN_DNS,
        fix=_what_to_repair(evidence, names),
        link=PROBES,
        command=_show_endpoints(evidence),
    )


def published_though_not_serving(evidence: Evidence) -> Iterator[Finding]:
    """The address of pods that do not serve is handed out by publishNotReadyAddresses (failure H47)."""
    if not evidence.service.publishes_not_ready:
        return
    # The field only tells who writes the slices: one written by hand may say that its endpoint is not ready.
    served = {who: seen for who, seen in evidence.members.items() if any(one.endpoint.ready for one in seen)}
    dead = {who: seen for who, seen in served.items() if not all(one.endpoint.serving for one in seen)}
    going = {who: seen for who, seen in served.items() if any(one.endpoint.terminating for one in seen)}
    names = list({**dead, **going})
    if not names:
        return
    clients = _service_for_clients(evidence)
    severe = bool(set(dead) - set(going)) and not clients
    yield Finding(
        code="KH047",
        severity=WARNING if severe else HINT,
        title=f"{listed(names)} of Service {evidence.key} {'is' if len(names) == 1 else 'are'} in DNS though "
        f"{'not ready' if dead else 'terminating'}, because publishNotReadyAddresses is true",
        brief=f"{counted(len(names), evidence.noun)} published though not ready or leaving",
        subject=evidence.key,
        cause="With publishNotReadyAddresses every address is served, also that of a pod that crashes or leaves. "
        "That is right for peers that look for each other, and wrong for clients.",
        fields=(
            Fact(evidence.source, "spec.publishNotReadyAddresses", "true"),
            *(_condition_fact(seen) for who in names[:SHOWN] for seen in evidence.members[who]),
        ),
        rule=IN_DNS,
        fix=(
            f"let clients use Service {clients}, which leaves such pods out"
            if clients
            else "a second Service without publishNotReadyAddresses for clients, this one for peers",
        ),
        link=f"{DOCS}concepts/services-networking/dns-pod-service/",
        command=_show_endpoints(evidence),
    )


def leaving(evidence: Evidence) -> Iterator[Finding]:
    """A terminating pod loses its name at once, also while it still serves (failure H48)."""
    if not evidence.in_dns or evidence.service.publishes_not_ready:
        return
    names = [
        who
        for who, seen in evidence.members.items()
        if who not in evidence.in_dns and any(one.endpoint.terminating for one in seen)
    ]
    if not names:
        return
    serving = [who for who in names if any(one.endpoint.serving for one in evidence.members[who])]
    yield Finding(
        code="KH048",
        severity=HINT,
        title=f"{listed(names)} of Service {evidence.key} {'is' if len(names) == 1 else 'are'} terminating: out of DNS"
        + (" while still serving" if serving else ""),
        brief=f"{len(names)} terminating",
        subject=evidence.key,
        cause="A pod loses its name as soon as its deletion begins. Peers that hand over to it or from it can no "
        "longer look it up; caches may keep the name for the zone's TTL.",
        fields=tuple(_condition_fact(seen) for who in names[:SHOWN] for seen in evidence.members[who]),
        rule=IN_DNS,
        fix=("nothing, if nobody needs the name of a leaving pod", "publishNotReadyAddresses: true for peers only"),
        link=LIFECYCLE,
        command=_show_endpoints(evidence),
    )


def _all_finished(evidence: Evidence) -> bool:
    pods = [evidence.pod(who) for who in evidence.members]
    known = [pod for pod in pods if pod is not None] or evidence.pods
    return bool(known) and not evidence.in_dns and all(_is_finished(pod) for pod in known)


def _is_finished(pod: Pod) -> bool:
    """Whether a pod has run to its end by itself and nobody makes it anew under its name.

    A pod that is being deleted is Failed for some tenths of a second when its containers were stopped by a signal, and
    a StatefulSet deletes a pod that has ended and makes it anew (stateful_set_control.go processReplica).
    """
    return pod.status.phase in FINISHED and not pod.terminating and owner(pod)[0] != "StatefulSet"


def _service_for_clients(evidence: Evidence) -> str:
    """Name of another Service over the same pods that leaves the not-ready ones out."""
    pods = evidence.pods
    for other in evidence.snapshot.services(evidence.key.namespace):
        if other.key == evidence.key or other.publishes_not_ready or not other.selector:
            continue
        wanted = other.selector.items()
        if pods and all(wanted <= pod.labels.items() for pod in pods):
            return other.name
    return ""


def _slice_facts(evidence: Evidence, names: list[str] | None = None) -> Iterator[Fact]:
    """How many endpoints of each slice are not ready."""
    for item in evidence.slices:
        held = [
            seen
            for seen in evidence.endpoints
            if seen.item is item and not seen.endpoint.ready and (names is None or seen.who in names)
        ]
        if held:
            numbers = ",".join(str(seen.number) for seen in held[:8]) + ("..." if len(held) > 8 else "")
            times = f" x{len(held)}" if len(held) > 1 else ""
            yield Fact(f"EndpointSlice {item.key}", f"endpoints[{numbers}].conditions.ready", f"false{times}")


def _pod_facts(evidence: Evidence, names: list[str]) -> Iterator[Fact]:
    """Why pods are not ready, in the words of their status; nothing where pods were not read."""
    for who in names[:SHOWN]:
        pod = evidence.pod(who)
        if pod is None:
            continue
        for condition in pod.status.conditions or ():
            if condition.type == "Ready" and condition.status != "True":
                since = f" since {condition.last_transition_time}" if condition.last_transition_time else ""
                why = f": {condition.message}" if condition.message else ""
                yield Fact(f"Pod {pod.key}", "status.conditions[Ready]", f"{condition.status}{since}{why}")
        trouble = trouble_of(pod)
        if trouble:
            yield Fact(f"Pod {pod.key}", "status.containerStatuses[]", trouble)


def _condition_fact(seen: Seen) -> Fact:
    endpoint = seen.endpoint
    return Fact(
        f"EndpointSlice {seen.item.key}",
        f"{seen.field}.conditions ({seen.who})",
        f"ready {_word(endpoint.ready)}, serving {_word(endpoint.serving)}, terminating {_word(endpoint.terminating)}",
    )


def _word(value: bool) -> str:
    return "true" if value else "false"


def _is_missed(evidence: Evidence, pod: Pod) -> bool:
    """Whether a pod that is not ready is one that clients count on, and not the newcomer of a rollout.

    It is in trouble, or runs what pods that are in DNS run, too. Of a new revision none need be ready yet, and a pod
    whose containers are still being made is only on its way.
    """
    if trouble_of(pod):
        return True
    if pod.status.phase != "Running" or starting_of(pod):
        return False
    others = (other for who in evidence.in_dns if (other := evidence.pod(who)) is not None)
    return any(revision_of(other) == revision_of(pod) for other in others)


def _what_to_repair(evidence: Evidence, names: list[str]) -> tuple[str, ...]:
    known = [pod for who in names if (pod := evidence.pod(who)) is not None]
    for pod in known:
        if trouble := trouble_of(pod):
            container = trouble.partition(":")[0]
            return (f"repair container {container}: kubectl describe pod {pod.name} shows its events",)
    for pod in known:
        if starting := starting_of(pod):
            return (f"wait, or see what holds up {pod.name} ({starting}): kubectl describe pod {pod.name}",)
    if evidence.noun == "pod":
        return (f"make the readiness probe pass: the events of kubectl describe pod {names[0]} say what it got",)
    return ("who writes these endpoints says that they are not ready: conditions.ready in the slice",)


def _show_endpoints(evidence: Evidence) -> str:
    return kubectl(
        evidence.key.namespace,
        "get",
        "endpointslice",
        "-l",
        f"kubernetes.io/service-name={evidence.key.name}",
        "-o",
        'jsonpath={range .items[*].endpoints[*]}{.targetRef.name} {.addresses} {.conditions}{"\\n"}{end}',
    )


RULES = (
    Rule("KH001", "no endpoint is ready", nothing_ready),
    Rule("KH002", "peers may be waiting for each other", waiting_for_each_other),
    Rule("KH003", "ordered start waits for peers that are not made yet", ordered_start),
    Rule("KH011", "pods have finished", finished),
    Rule("KH047", "published though not ready or leaving", published_though_not_serving),
    Rule("KH048", "terminating pods have lost their names", leaving),
    Rule("KH078", "some endpoints are not ready", some_withheld),
)
