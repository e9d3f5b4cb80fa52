"""What is found in containers and pods, judged from what the cluster says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kheadless_tui.cluster.pods.debugpod import reusable_container
from kheadless_tui.cluster.pods.exec import ExecResult
from kheadless_tui.cluster.pods.podspec import EphemeralOrder, PodOrder
from kheadless_tui.cluster.pods.podwait import Hopeless, Pending, Running, judge
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.candidates import candidates_in, not_usable
from kheadless_tui.probe.choosing.tools import Toolbox, printable, read_toolbox
from kheadless_tui.probe.questions import ABSENT_LABEL, questions_for
from kheadless_tui.zone.record import PredictedRecord, Question, Record, Source

RUNNING: dict[str, Any] = {"running": {}}


def pod(name: str, *, state: dict[str, Any] | None = None, ready: bool = True, **more: Any) -> Pod:
    """A pod with one container ``c``."""
    status = {
        "phase": more.pop("phase", "Running"),
        "conditions": [{"type": "Ready", "status": str(ready)}, *more.pop("conditions", [])],
        "containerStatuses": [{"name": "c", "state": RUNNING if state is None else state}],
        "ephemeralContainerStatuses": more.pop("ephemeral_statuses", None),
        "reason": more.pop("reason", None),
    }
    spec = {
        "containers": [{"name": "c", "image": more.pop("image", "nginx")}],
        "hostNetwork": more.pop("host_network", None),
        "ephemeralContainers": more.pop("ephemeral", None),
    }
    metadata = {"name": name, "namespace": "shop", **more}
    return msgspec.convert({"metadata": metadata, "spec": spec, "status": status}, Pod)


def toolbox(stdout: str) -> Toolbox:
    return read_toolbox(ExecResult(stdout.encode(), b"", 0))


@pytest.mark.parametrize(
    ("tools", "any_", "udp"),
    [
        ("nc dig nslookup", "nc", "dig"),
        ("ncat socat", "ncat", "socat"),
        ("bash cat perl", "bash", "perl"),
        ("bash python3", "python3", "python3"),
        ("getent kdig", "kdig", "kdig"),
        ("dig nslookup", "dig", "dig"),
        ("nslookup", "nslookup", "nslookup"),
        ("", None, None),
    ],
)
def test_the_best_carrier(tools: str, any_: str | None, udp: str | None) -> None:
    box = toolbox("".join(f"tool {tool}\n" for tool in tools.split()))
    assert box.carrier("") == box.carrier("tcp") == any_
    assert box.carrier("udp") == udp
    if any_ is None:
        assert "a shell, but no program" in box.why_not("")


def test_what_the_container_would_ask_itself() -> None:
    box = toolbox(
        "tool nc\nresolv # made by the kubelet\nresolv search shop.svc.cluster.local\nresolv nameserver 10.96.0.10\n"
    )
    assert box.nameservers == ("10.96.0.10",)


def test_lies_of_a_container_are_not_believed() -> None:
    box = toolbox("tool rm\ntool nc -e\ntool\nnc\n\x1b[2J\nresolv nameserver\n")
    assert box == Toolbox()


def test_a_shell_less_image_is_told_from_a_missing_tool() -> None:
    message = (
        'OCI runtime exec failed: unable to start container process: exec: "sh": executable file not found in $PATH'
    )
    box = read_toolbox(ExecResult(b"", b"", None, "InternalError", message))
    assert "no shell" in box.why_not("")
    gone = read_toolbox(ExecResult(b"", b"", None, "InternalError", 'container not found ("c")'))
    assert gone.why_not("") == "the container does not run"
    slow = read_toolbox(ExecResult(b"", b"", None, "Timeout", "sh in pod/web-0 did not end within 5 s"))
    assert "did not end" in slow.why_not("")


def test_words_from_pods_cannot_steer_a_terminal() -> None:
    assert printable("\x1b[31mred\x1b[0m\r\n\tnext\x00\u202e") == "[31mred [0m next"
    assert printable(b"\xff\xfe") == "��"
    assert len(printable("x" * 1000)) == 200


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (pod("a"), ""),
        (pod("a", ready=False), ""),
        (pod("a", phase="Succeeded"), "has ended (Succeeded)"),
        (pod("a", deletionTimestamp="2026-01-01T00:00:00Z"), "is being deleted"),
        (pod("a", state={"waiting": {"reason": "ImagePullBackOff"}}), "has no container that runs (ImagePullBackOff)"),
        (pod("a", state={"terminated": {}}), "has no container that runs (Running)"),
    ],
)
def test_which_pods_can_be_asked_from(item: Pod, reason: str) -> None:
    assert not_usable(item) == reason


def test_the_order_of_candidates() -> None:
    pods = [
        pod("other"),
        pod("web-1", ready=False),
        pod("host", host_network=True),
        pod("web-0"),
        pod("gone", phase="Failed"),
    ]
    found, rejected = candidates_in(pods, {"web-0", "web-1"})
    assert [candidate.target.pod for candidate in found] == ["web-0", "other", "host", "web-1"]
    assert rejected == [("pod/gone", "has ended (Failed)")]
    assert found[0].why == "a pod of the Service itself; an exec in it creates nothing"
    assert "not ready" in found[-1].why


@pytest.mark.parametrize(
    ("item", "waited", "kind", "words"),
    [
        (pod("p"), 0, Running, ""),
        (pod("p", state={"waiting": {"reason": "ContainerCreating"}}), 20, Pending, "ContainerCreating"),
        (
            pod("p", state={"waiting": {"reason": "ErrImagePull", "message": "not\nfound \x1b[1m"}}),
            0,
            Hopeless,
            "Image busybox cannot be pulled (ErrImagePull): not found [1m.",
        ),
        (pod("p", state={"waiting": {"reason": "InvalidImageName", "message": None}}), 0, Hopeless, "cannot be pulled"),
        (pod("p", state={"waiting": {"reason": "RunContainerError", "message": "sleep"}}), 0, Hopeless, "cannot start"),
        (
            pod("p", state={"waiting": {"reason": "CreateContainerConfigError", "message": "runs as root"}}),
            0,
            Hopeless,
            "runs as root",
        ),
        (pod("p", state={"terminated": {"exitCode": 1, "reason": "Error"}}), 0, Hopeless, "ended at once"),
        (pod("p", state={}, phase="Failed", reason="Evicted"), 0, Hopeless, "Evicted"),
        (pod("p", state={}, deletionTimestamp="2026-01-01T00:00:00Z"), 0, Hopeless, "being deleted"),
        (
            pod("p", state={}, phase="Pending", conditions=[
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes."},
            ]),
            9,
            Hopeless,
            "No node takes the pod: 0/3 nodes.",
        ),
        (
            pod("p", state={}, phase="Pending", conditions=[{"type": "PodScheduled", "status": "False"}]),
            1,
            Pending,
            "not scheduled",
        ),
    ],
)  # fmt: skip
def test_how_far_a_pod_has_come(item: Pod, waited: float, kind: type, words: str) -> None:
    progress = judge(item, "c", image="busybox", waited=waited)
    assert isinstance(progress, kind)
    if isinstance(progress, Hopeless):
        assert words in progress.message
    elif isinstance(progress, Pending):
        assert words in progress.what


@pytest.mark.parametrize(
    ("image", "state", "again"),
    [
        ("busybox:1.28", RUNNING, "kheadless-probe-a"),
        ("netshoot", RUNNING, None),
        ("busybox:1.28", {"terminated": {}}, None),
    ],
)
def test_an_ephemeral_container_of_ours_is_used_again(image: str, state: dict[str, Any], again: str | None) -> None:
    item = pod(
        "web-0",
        ephemeral=[{"name": "debugger-x", "image": "busybox:1.28"}, {"name": "kheadless-probe-a", "image": image}],
        ephemeral_statuses=[{"name": "debugger-x", "state": RUNNING}, {"name": "kheadless-probe-a", "state": state}],
    )
    assert reusable_container(item, "busybox:1.28") == again


def test_what_is_created_is_restricted() -> None:
    manifest: Any = PodOrder("shop", "busybox:1.28").manifest()
    spec = manifest["spec"]
    (container,) = spec["containers"]
    assert spec["activeDeadlineSeconds"] == 120
    assert spec["terminationGracePeriodSeconds"] == 0
    assert spec["restartPolicy"] == "Never"
    assert spec["automountServiceAccountToken"] is False
    assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "kheadless-tui"
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["resources"]["limits"]
    ephemeral: Any = EphemeralOrder("shop", "web-0", "busybox:1.28").container()
    assert "resources" not in ephemeral, "the API server refuses them"
    for security in ({**spec["securityContext"], **container["securityContext"]}, ephemeral["securityContext"]):
        assert security["runAsNonRoot"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}


def test_names_are_fresh() -> None:
    assert len({PodOrder("shop", "x").name for _ in range(500)}) == 500


def test_questions_once_each_and_one_to_be_denied() -> None:
    base = "web.shop.svc.cluster.local."
    source = Source("EndpointSlice", ObjectKey("shop", "web-x"))
    records = [
        PredictedRecord(Record(name, 30, rdtype, data), ObjectKey("shop", "web"), None, source)
        for name, rdtype, data in (
            (base, "A", "10.0.0.1"), (base, "A", "10.0.0.2"), (base, "SRV", "x"), (f"web-0.{base}", "A", "10.0.0.1"),
        )
    ]  # fmt: skip
    denied = Question(f"{ABSENT_LABEL}.{base}", "A")
    own = [Question(base, "A"), Question(base, "SRV"), Question(f"web-0.{base}", "A")]
    assert questions_for(records) == (*own, denied)
    assert questions_for(records, names=[base]) == (own[0], Question(base, "AAAA"), *own[1:], denied)
    assert questions_for([], names=[base]) == (Question(base, "A"), Question(base, "AAAA"), denied)
    assert questions_for([]) == ()


def containers(*names: str) -> list[str]:
    """The containers of one pod in the order in which they would be tried."""
    running = [{"name": name, "state": RUNNING} for name in names]
    document = {
        "metadata": {"name": "web-0", "namespace": "shop"},
        "spec": {"containers": [{"name": name, "image": name} for name in names]},
        "status": {"phase": "Running", "containerStatuses": running},
    }
    found, _ = candidates_in([msgspec.convert(document, Pod)], ())
    return [candidate.target.container or "" for candidate in found]


@pytest.mark.parametrize("sidecar", ["istio-proxy", "linkerd-proxy", "metrics-exporter", "vault-agent", "fluent-bit"])
def test_a_sidecar_is_tried_after_the_application(sidecar: str) -> None:
    assert containers(sidecar, "nginx") == ["nginx", sidecar]


def test_an_application_is_no_sidecar_for_its_name() -> None:
    assert containers("vectorise", "agent", "proxy", "app") == ["vectorise", "agent", "proxy", "app"]
