"""What the levels of Pod Security refuse, in the words in which a Kubernetes 1.34 has refused the same pods."""

from __future__ import annotations

from typing import Any

import pytest

from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.validation import pod_security

BARE = {"containers": [{"name": "c", "image": "x"}]}
HOSTLY = {
    "hostNetwork": True,
    "hostPID": True,
    "hostIPC": True,
    "containers": [
        {"name": "c"},
        {
            "name": "d",
            "securityContext": {
                "privileged": True,
                "capabilities": {"add": ["NET_ADMIN", "CHOWN"], "drop": ["ALL"]},
            },
        },
    ],
    "initContainers": [{"name": "i", "ports": [{"containerPort": 80, "hostPort": 80}]}],
    "volumes": [
        {"name": "v", "hostPath": {"path": "/"}},
        {"name": "w", "emptyDir": {}},
        {"name": "n", "nfs": {"server": "x", "path": "/"}},
    ],
}
ROOTLY = {
    "securityContext": {"runAsNonRoot": True, "runAsUser": 0, "seccompProfile": {"type": "Unconfined"}},
    "containers": [
        {"name": "c", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}},
        {
            "name": "d",
            "securityContext": {
                "runAsNonRoot": False,
                "runAsUser": 0,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["NET_RAW"], "add": ["NET_RAW", "NET_BIND_SERVICE"]},
            },
        },
    ],
}
GOOD = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {"name": "c", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    ],
}
RESTRICTED = {
    "bare": (
        'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), '
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != '
        'true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" '
        'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    ),
    "hostly": (
        'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true), hostPort (container "i" uses hostPort 80), '
        'privileged (container "d" must not set securityContext.privileged=true), allowPrivilegeEscalation != false '
        '(containers "i", "c", "d" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities '
        '(containers "i", "c" must set securityContext.capabilities.drop=["ALL"]; container "d" must not include '
        '"CHOWN", "NET_ADMIN" in securityContext.capabilities.add), restricted volume types (volumes "v", "n" use '
        'restricted volume types "hostPath", "nfs"), runAsNonRoot != true (pod or containers "i", "c", "d" must set '
        'securityContext.runAsNonRoot=true), seccompProfile (pod or containers "i", "c", "d" must set '
        'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    ),
    "rootly": (
        'unrestricted capabilities (container "d" must set securityContext.capabilities.drop=["ALL"]; container "d" '
        'must not include "NET_RAW" in securityContext.capabilities.add), runAsNonRoot != true (container "d" must not '
        'set securityContext.runAsNonRoot=false), runAsUser=0 (pod and container "d" must not set runAsUser=0), '
        'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'
    ),
}
BASELINE = {
    "hostly": (
        'non-default capabilities (container "d" must not include "NET_ADMIN" in securityContext.capabilities.add), '
        'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true), hostPath volumes (volume "v"), hostPort '
        '(container "i" uses hostPort 80), privileged (container "d" must not set securityContext.privileged=true)'
    ),
    "rootly": (
        'non-default capabilities (container "d" must not include "NET_RAW" in securityContext.capabilities.add), '
        'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'
    ),
}
PODS: dict[str, Any] = {"bare": BARE, "hostly": HOSTLY, "rootly": ROOTLY, "good": GOOD}


def told(level: str, spec: Any) -> str:
    labels = {pod_security.ENFORCE: level} if level else {}
    try:
        pod_security.check({"metadata": {"labels": labels}}, {"metadata": {"name": "p"}, "spec": spec})
    except ApiFailure as failure:
        return failure.message.removeprefix(f'pods "p" is forbidden: violates PodSecurity "{level}:latest": ')
    return ""


@pytest.mark.parametrize("pod", PODS)
def test_each_level_refuses_what_a_cluster_refuses(pod: str) -> None:
    assert told("restricted", PODS[pod]) == RESTRICTED.get(pod, "")
    assert told("baseline", PODS[pod]) == BASELINE.get(pod, "")
    assert told("privileged", PODS[pod]) == told("", PODS[pod]) == ""
