"""The resolv.conf that the kubelet really writes for each dnsPolicy, against the predicted one, and who is asked."""

from __future__ import annotations

import json
from typing import Any

from kheadless_tui.zone.stub.resolv_conf import parse_resolv_conf
from tests.e2e.conftest import Kubectl, Run

OWN = {"nameservers": ["192.0.2.53"], "searches": ["own.test"], "options": [{"name": "ndots", "value": "3"}]}
PODS: dict[str, dict[str, Any]] = {
    "plain": {"dnsPolicy": "ClusterFirst"},
    "merged": {"dnsPolicy": "ClusterFirst", "dnsConfig": OWN},
    "alone": {"dnsPolicy": "None", "dnsConfig": OWN},
    "of-node": {"dnsPolicy": "Default", "dnsConfig": {"searches": ["own.test"]}},
    "host": {"dnsPolicy": "ClusterFirst", "hostNetwork": True},
    "host-too": {"dnsPolicy": "ClusterFirstWithHostNet", "hostNetwork": True},
}
CERTAIN = {"plain", "merged", "host-too"}


def test_the_resolv_conf_of_each_policy(kubectl: Kubectl, run: Run) -> None:
    for name, spec in PODS.items():
        overrides = json.dumps({"apiVersion": "v1", "spec": {**spec, "terminationGracePeriodSeconds": 0}})
        words = ("--image-pull-policy=IfNotPresent", f"--overrides={overrides}", "--command", "--", "sleep", "600")
        kubectl("run", name, "--image=tutum/dnsutils", *words)
    kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
    for name in PODS:
        real = parse_resolv_conf(kubectl("exec", name, "--", "cat", "/etc/resolv.conf"))
        answer = run("predict", "kube-dns.kube-system.svc.cluster.local.", "--from", name, "-o", "json").json
        predicted = answer["resolvConf"]
        assert bool(answer.get("unknown")) == (name not in CERTAIN), (name, answer)
        known = predicted.get("unknownAt", len(predicted["search"]))
        before, behind = predicted["search"][:known], predicted["search"][known:]
        assert list(real.search[:known]) == before, name
        assert list(real.search[len(real.search) - len(behind) :]) == behind, name
        assert predicted.get("unknown") or list(real.search) == predicted["search"], name
        if predicted.get("serversBefore") != "node":
            assert list(real.nameservers) == predicted["nameservers"], name
            assert real.ndots == predicted["ndots"], name
