"""What a Namespace has from its beginning, and the volume claims of a StatefulSet's pods."""

from __future__ import annotations

from pathlib import Path

from kheadless_tui.lab.lab import Lab
from tests.lab.conftest import Client

DATABASE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: "mysql:8", volumeMounts: [{name: data, mountPath: /var/lib/mysql}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def names(lab: Lab, kind: str, namespace: str) -> list[str]:
    return [item["metadata"]["name"] for item in lab.all(kind, namespace)]


async def test_an_account_and_the_authority_are_there_and_come_back(lab: Lab) -> None:
    assert names(lab, "ServiceAccount", "tutorial-1") == ["default"]
    given = lab.get("ConfigMap", "tutorial-1", "kube-root-ca.crt")["data"]["ca.crt"]
    assert given == Path(lab.certificate).read_text(encoding="utf-8")  # noqa: ASYNC240
    lab.delete("ConfigMap", "tutorial-1", "kube-root-ca.crt")
    lab.delete("ServiceAccount", "tutorial-1", "default")
    await lab.until(lambda: names(lab, "ServiceAccount", "tutorial-1") == ["default"])
    await lab.until(lambda: names(lab, "ConfigMap", "tutorial-1") == ["kube-root-ca.crt"])


async def test_a_pod_of_an_account_that_is_not_there_is_refused(client: Client) -> None:
    pod = {
        "metadata": {"name": "p"},
        "spec": {"serviceAccountName": "foo", "containers": [{"name": "c", "image": "x"}]},
    }
    refused = await client.call("POST", "/api/v1/namespaces/tutorial-1/pods", pod)
    assert (refused.status, refused.json["message"]) == (
        403,
        'pods "p" is forbidden: error looking up service account tutorial-1/foo: serviceaccount "foo" not found',
    )


async def test_the_pods_of_a_database_have_volumes_that_outlive_them(lab: Lab, client: Client) -> None:
    lab.apply(DATABASE)
    claims = ["data-db-0", "data-db-1"]
    await lab.until(lambda: names(lab, "PersistentVolumeClaim", "default") == claims)
    await lab.until(lambda: {one["status"]["phase"] for one in lab.all("PersistentVolumeClaim")} == {"Bound"})
    path = "/api/v1/namespaces/default/persistentvolumeclaims"
    async with client.http.get(
        lab.server + path, headers={**client.headers, "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    ) as got:
        row = (await got.json())["rows"][0]["cells"]
    volume = lab.get("PersistentVolumeClaim", "default", "data-db-0")["spec"]["volumeName"]
    assert [*row[:7], row[8]] == ["data-db-0", "Bound", volume, "1Gi", "RWO", "standard", "<unset>", "Filesystem"]
    pod = lab.get("Pod", "default", "db-0")
    assert pod["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}]
    said = [one["message"] for one in lab.all("Event", "default") if one["involvedObject"]["name"] == "db"]
    assert "create Claim data-db-0 Pod db-0 in StatefulSet db success" in said

    lab.delete("PersistentVolumeClaim", "default", "data-db-1")
    assert names(lab, "PersistentVolumeClaim", "default") == claims, "a pod uses it"
    lab.scale("default", "db", 1)
    await lab.until(lambda: names(lab, "PersistentVolumeClaim", "default") == ["data-db-0"])
    lab.delete("StatefulSet", "default", "db")
    await lab.until(lambda: names(lab, "Pod", "default") == [])
    assert names(lab, "PersistentVolumeClaim", "default") == ["data-db-0"]
