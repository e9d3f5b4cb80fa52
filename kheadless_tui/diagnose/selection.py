"""Family: a selector that finds no pod, or pods that have no address yet."""

from __future__ import annotations

from collections.abc import Iterator

from kheadless_tui.diagnose.evidence import Evidence
from kheadless_tui.diagnose.finding import DOCS, ERROR, HINT, WARNING, Fact, Finding, counted, kubectl, listed, pairs
from kheadless_tui.diagnose.neighbours import template_labels
from kheadless_tui.diagnose.rule import Rule
from kheadless_tui.model.objects import SERVICE_NAME_LABEL
from kheadless_tui.model.workloads import Pod, StatefulSet

DEBUG_SERVICE = f"{DOCS}tasks/debug/debug-application/debug-service/"
LONGEST_SET_NAME = 52
"""Characters: name, a dash and the ten of the revision hash make a label value of 63 at most (failure H36)."""
FINISHED = ("Succeeded", "Failed")
SHOWN = 4
NEAR_SHOWN = 3
"""Pods that a selector nearly matches: siblings carry the same labels, so more of them say nothing more."""


def matches_no_pod(evidence: Evidence) -> Iterator[Finding]:
    """The selector matches no pod, so that no name exists (failure H04)."""
    if not _empty(evidence) or not evidence.pods_read or _has_another_cause(evidence):
        return  # a pod that was not read may match and have no address yet: then it is in no slice either
    near = _nearest(evidence)
    selector = pairs(evidence.service.selector)
    differing = _difference(evidence, near[0]) if near else ""
    yield Finding(
        code="KH004",
        severity=_severity(evidence),
        title=f"No name of Service {evidence.key} exists: its selector {selector} matches no pod"
        + (f"; {near[0].name} carries {differing}" if near else ""),
        brief="the selector matches no pod",
        subject=evidence.key,
        cause="A Service without endpoints has no names: DNS answers NXDOMAIN, as if it were mistyped.",
        fields=(
            Fact(evidence.source, "spec.selector", selector),
            *_near_facts(evidence, near),
        ),
        rule="endpoints are the pods of the Service's own namespace that carry every label of spec.selector",
        fix=(
            *(
                (f"if {near[0].name} is meant: make spec.selector and the labels of its pod template equal",)
                if near
                else ()
            ),
            f"else start a workload whose pod template carries {selector}",
        ),
        link=DEBUG_SERVICE,
        command=kubectl(evidence.key.namespace, "get", "pods", "--show-labels"),
    )


def pods_unread(evidence: Evidence) -> Iterator[Finding]:
    """No slice lists an endpoint, and pods were not read: whether one matches the selector is not known."""
    if not _empty(evidence) or evidence.pods_read or _has_another_cause(evidence):
        return
    selector = pairs(evidence.service.selector)
    yield Finding(
        code="KH086",
        severity=_severity(evidence),
        title=f"No name of Service {evidence.key} exists: no slice lists an endpoint; pods were not read, so whether "
        f"its selector {selector} matches one is not known",
        brief="no slice lists an endpoint; pods were not read",
        subject=evidence.key,
        cause="Either no pod carries the selected labels, or those that do have no address yet: neither is in a slice.",
        fields=(
            Fact(evidence.source, "spec.selector", selector),
            *(Fact(f"EndpointSlice {item.key}", "endpoints", "none") for item in evidence.slices[:SHOWN]),
            Fact(f"namespace {evidence.key.namespace}", "pods", "not read"),
        ),
        rule="a headless Service without endpoints has no names: NXDOMAIN",
        fix=("see whether there are pods with these labels, and whether they have an address",),
        link=DEBUG_SERVICE,
        command=kubectl(evidence.key.namespace, "get", "pods", "-o", "wide", "-l", selector),
    )


def no_address_yet(evidence: Evidence) -> Iterator[Finding]:
    """Selected pods without an address cannot be in DNS (failure H11)."""
    waiting = _pending(evidence)
    if not waiting:
        return
    names = [pod.name for pod in waiting]
    nothing = not evidence.members
    yield Finding(
        code="KH079",
        severity=_severity(evidence) if nothing else HINT,
        title=f"{listed(names)} of Service {evidence.key} {'has' if len(names) == 1 else 'have'} no address yet"
        + (f": {_why_pending(waiting[0])}" if _why_pending(waiting[0]) else ""),
        brief=f"{counted(len(names), 'pod')} without an address",
        subject=evidence.key,
        cause="A pod becomes an endpoint when it has an address; publishNotReadyAddresses does not change that.",
        fields=tuple(
            Fact(f"Pod {pod.key}", "status", f"phase {pod.status.phase or 'unknown'}, no podIP; {_why_pending(pod)}")
            for pod in waiting[:SHOWN]
        ),
        rule="a pod without status.podIPs is no endpoint",
        fix=("see the events of the pod: scheduling, image, volume or network keep it",),
        link=f"{DOCS}tasks/debug/debug-application/debug-pods/",
        command=kubectl(evidence.key.namespace, "describe", "pod", names[0]),
    )


def scaled_to_zero(evidence: Evidence) -> Iterator[Finding]:
    """The StatefulSet behind the Service has no replicas: that no name exists is as wanted."""
    if not _empty(evidence) or not (zero := _scaled_to_zero(evidence)):
        return
    names = [item.name for item in zero]
    yield Finding(
        code="KH080",
        severity=HINT,
        title=f"No name of Service {evidence.key} exists: StatefulSet {listed(names)} is scaled to 0",
        brief="its StatefulSet is scaled to 0",
        subject=evidence.key,
        cause="Without pods there are no endpoints, and without endpoints no names.",
        fields=tuple(Fact(f"StatefulSet {item.key}", "spec.replicas", "0") for item in zero),
        rule="a headless Service without endpoints has no names: NXDOMAIN",
        fix=(f"kubectl -n {evidence.key.namespace} scale statefulset {names[0]} --replicas=N, when it is wanted",),
        link=f"{DOCS}concepts/workloads/controllers/statefulset/",
        command=kubectl(evidence.key.namespace, "get", "statefulset", *names),
    )


def no_slice(evidence: Evidence) -> Iterator[Finding]:
    """A Service with a selector that no EndpointSlice belongs to; the controller makes one even for no pod."""
    service = evidence.service
    if not service.selector or not service.headless or evidence.slices or not evidence.known("EndpointSlice"):
        return
    if _pending(evidence) or _scaled_to_zero(evidence) or next(matches_no_pod(evidence), None) is not None:
        return  # what is known of its pods says more
    selector = pairs(service.selector)
    yield Finding(
        code="KH085",
        severity=_severity(evidence),
        title=f"No name of Service {evidence.key} exists: it selects {selector}, and no EndpointSlice belongs to it",
        brief="it has no EndpointSlice",
        subject=evidence.key,
        cause="DNS knows endpoints by EndpointSlices alone. The control plane makes at least one for every Service "
        "with a selector, also while no pod matches it.",
        fields=(
            Fact(evidence.source, "spec.selector", selector),
            Fact(evidence.source, f"slices labelled {SERVICE_NAME_LABEL}={evidence.key.name}", "none"),
        ),
        rule="a headless Service without endpoints has no names: NXDOMAIN",
        fix=(
            "wait a few seconds if the Service is new",
            "else see why kube-controller-manager makes no EndpointSlice: its log, quotas, admission webhooks",
        ),
        link=f"{DOCS}concepts/services-networking/endpoint-slices/",
        command=kubectl(evidence.key.namespace, "get", "endpointslices", "-L", SERVICE_NAME_LABEL),
    )


def name_too_long(evidence: Evidence) -> Iterator[Finding]:
    """A StatefulSet whose name leaves no room for the revision hash gets no pod (failure H36)."""
    sets = {item.name: item for item in (*evidence.governed, *evidence.selected_sets)}
    for item in sets.values():
        if len(item.name) <= LONGEST_SET_NAME or evidence.members or item.spec.replicas == 0:
            continue
        yield Finding(
            code="KH036",
            severity=ERROR,
            title=f"StatefulSet {item.name} gets no pod: its name has {len(item.name)} characters, "
            f"{LONGEST_SET_NAME} are the most",
            brief="the StatefulSet's name is too long for it to get pods",
            subject=evidence.key,
            cause="Each pod carries the label controller-revision-hash: the set's name, a dash and ten characters. "
            "A label value has at most 63, so the API server refuses the pods.",
            fields=(
                Fact(f"StatefulSet {item.key}", "metadata.name", f"{len(item.name)} characters"),
                Fact(f"StatefulSet {item.key}", "status.replicas", str(item.status.replicas or 0)),
            ),
            rule="label values have at most 63 characters",
            fix=(f"create the set anew under a name of at most {LONGEST_SET_NAME} characters",),
            link=f"{DOCS}concepts/overview/working-with-objects/labels/#syntax-and-character-set",
            command=kubectl(evidence.key.namespace, "describe", "statefulset", item.name),
        )


def _severity(evidence: Evidence) -> str:
    """Of a Service without endpoint: an empty slice is proof that its names are denied, whatever is known of pods.

    So the severity is the same before and after pods are read. Without any slice the Service may just be new.
    """
    return ERROR if evidence.slices else WARNING


def _near_facts(evidence: Evidence, near: list[Pod]) -> Iterator[Fact]:
    """What the nearest pods carry under the keys that are selected; other labels decide nothing here."""
    for pod in near[:NEAR_SHOWN]:
        carried = {key: pod.labels[key] for key in evidence.service.selector if key in pod.labels}
        yield Fact(f"Pod {pod.key}", "metadata.labels", pairs(carried))
    if len(near) > NEAR_SHOWN:
        yield Fact(f"and {counted(len(near) - NEAR_SHOWN, 'more pod')}", "metadata.labels", "some of these keys, too")


def _empty(evidence: Evidence) -> bool:
    """A selector that no known pod meets, and no endpoint: slices say so, or the pods, where they were read.

    Pods that it meets and that are no endpoints (finished, without address) are the business of other rules.
    """
    service = evidence.service
    if not service.selector or not service.headless:
        return False  # with a cluster address the name exists all the same
    if evidence.members or evidence.pods or not evidence.known("EndpointSlice"):
        return False
    return bool(evidence.slices) or evidence.known("Pod")


def _has_another_cause(evidence: Evidence) -> bool:
    """That there is no endpoint is another rule's business: a StatefulSet of such pods exists, or is not selected."""
    return bool(evidence.selected_sets) or _misgoverned(evidence)


def _scaled_to_zero(evidence: Evidence) -> list[StatefulSet]:
    sets = evidence.selected_sets
    return sets if sets and all(item.spec.replicas == 0 for item in sets) else []


def _misgoverned(evidence: Evidence) -> bool:
    """The Service governs a set that it does not select: then the rule on governing Services says it."""
    return any(not evidence.selects(template_labels(item)) for item in evidence.governed)


def _pending(evidence: Evidence) -> list[Pod]:
    return [pod for pod in evidence.pods if not pod.addresses and pod.status.phase not in FINISHED]


def _why_pending(pod: Pod) -> str:
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            # The scheduler's message goes on about preemption; its first sentence says why.
            why = (condition.message or "").partition(". ")[0]
            return ": ".join(filter(None, (condition.reason or "not scheduled", why)))
    for status in pod.container_statuses:
        if status.state is not None and status.state.waiting is not None and status.state.waiting.reason:
            return f"{status.name}: {status.state.waiting.reason}"
    return ""


def _nearest(evidence: Evidence) -> list[Pod]:
    """Pods that match a part of the selector, those that match most of it first; none that match nothing of it.

    A selector of one label is met in part by a pod that has its key with another value.
    """
    selector = evidence.service.selector
    ranked = []
    for pod in evidence.neighbours.near_pods(selector):
        equal = sum(pod.labels.get(key) == value for key, value in selector.items())
        keys = sum(key in pod.labels for key in selector)
        alike = any(_alike(pod.labels[key], value) for key, value in selector.items() if key in pod.labels)
        if (equal and keys) or alike:
            ranked.append((-equal, -keys, pod.name, pod))
    return [pod for *_, pod in sorted(ranked, key=lambda entry: entry[:3])]


def _alike(left: str, right: str) -> bool:
    """One value contains the other, as after a rename or with a suffix: ``web`` and ``web-v2``."""
    return bool(left and right) and (left in right or right in left)


def _difference(evidence: Evidence, pod: Pod) -> str:
    """What the nearest pod carries in place of what is selected."""
    parts = []
    for key, value in sorted(evidence.service.selector.items()):
        if key not in pod.labels:
            parts.append(f"no label {key} (wanted {value})")
        elif pod.labels[key] != value:
            parts.append(f"{key}={pod.labels[key]} (wanted {value})")
    return ", ".join(parts)


RULES = (
    Rule("KH004", "the selector matches no pod", matches_no_pod),
    Rule("KH036", "the StatefulSet's name is too long", name_too_long),
    Rule("KH079", "pods have no address yet", no_address_yet),
    Rule("KH080", "scaled to zero", scaled_to_zero),
    Rule("KH085", "no EndpointSlice though there is a selector", no_slice),
    Rule("KH086", "no endpoint, and pods were not read", pods_unread),
)
