"""Reading files: what Kubernetes reads, and where each mistake is told to be."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from kheadless_tui.errors import InputError
from kheadless_tui.manifests.files import read_files
from kheadless_tui.manifests.kubernetes_yaml import plain_value
from kheadless_tui.model.objects import EndpointSlice, ObjectKey, Service

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n"


def read(tmp_path: Path, text: str | bytes, name: str = "m.yaml") -> list[str]:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return [f"{type(item).__name__} {item.key}" for item in read_files([str(path)]).objects]


def refuse(tmp_path: Path, text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert caught.value.exit_status == 2
    return str(caught.value).removeprefix(f"{tmp_path}/")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SERVICE + "spec:\n\tports: []\n",
         "m.yaml:6: expected YAML or JSON: found a tab, with which YAML does not indent"),
        (SERVICE + "spec:\n  ports:\n  - name: x\n    port: http\n",
         "m.yaml:8: Service spec.ports[0].port: expected a number, found the text 'http'"),
        (SERVICE + "  labels:\n    app: web\n    tier: 1\n",
         "m.yaml:7: Service metadata.labels.tier: expected text, found the number 1"),
        (SERVICE + "  labels:\n    app: web\n    on: yes\n",
         "m.yaml:7: Service metadata.labels.true: expected text, found the word true"),
        (SERVICE + "  name: b\n", "m.yaml:5: expected each key once, found name again (first in line 4)"),
        (SERVICE + "spec: {clusterIPs: None}\n",
         "m.yaml:5: Service spec.clusterIPs: expected a list, found the text 'None'"),
        (SERVICE + "---\nkind: Service\nmetadata: {}\n",
         "m.yaml:7: Service metadata.name: expected a name, found none"),
        (SERVICE + "---\nspec: {}\n", "m.yaml:6: expected an object with apiVersion and kind, found one without kind"),
        ("kind: List\nitems: {}\n", "m.yaml:2: expected items to be a list, found a mapping"),
        ("kind: List\nitems:\n- kind: Service\n  metadata: {name: a}\n- kind: Service\n  metadata:\n    name: 7\n",
         "m.yaml:7: Service metadata.name: expected text, found the number 7"),
        ("kind: [a]\n", "m.yaml:1: expected kind to be text, found a list"),
        ("just words\n", "m.yaml:1: expected an object with apiVersion and kind, found the text 'just words'"),
        ("- a\n- b\n", "m.yaml:1: expected an object with apiVersion and kind, found a list"),
        ("a: 'b\n", "m.yaml:1: expected YAML or JSON: found unexpected end of stream while scanning a quoted scalar"),
        ("a: &x [*x]\n", "m.yaml:1: expected an anchor that is complete before the alias, found *x"),
        ("a: *nobody\n", "m.yaml:1: expected an anchor that is complete before the alias, found *nobody"),
        ("{a: b}: c\n", "m.yaml:1: expected a key to be text, found a list or a mapping"),
        ("", "m.yaml: expected Kubernetes objects, found an empty file"),
        ("# nothing\n---\n", "m.yaml: expected Kubernetes objects, found none"),
        (b"\x7fELF\x02\x01", "m.yaml:1: expected text, found the control character 0x7f"),
        (b"a: b\nc: \xff\xff\xff\n", "m.yaml:2: expected text in UTF-8, found other bytes"),
        ('{"kind": "ServiceList",\n "items": [{"metadata": {"name": "a"}},\n  {"metadata":\n  {"name": 5}}]}',
         "m.yaml:4: Service metadata.name: expected text, found the number 5"),
        ('{"kind": "Service",\n "metadata": {"name": "a"}',
         "m.yaml:2: expected YAML or JSON: did not find expected ',' or '}'"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert refuse(tmp_path, text).startswith(message)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a file, found nothing of that name"):
        read_files([str(tmp_path / "missing.yaml")])
    with pytest.raises(InputError, match="expected a file, found a directory"):
        read_files([str(tmp_path)])
    with pytest.raises(InputError, match="cannot be read"):
        read_files(["\0"])


@pytest.mark.parametrize("text", ["[" * 100_000, "{" * 100_000, "- " * 100_000, '{"a":' * 100_000])
def test_nesting_without_end_is_refused(tmp_path: Path, text: str) -> None:
    assert "levels of nesting" in refuse(tmp_path, text)


@pytest.mark.timeout(10)
def test_a_billion_laughs_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [" + ",".join(["x"] * 9) + "]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "expected aliases for at most 1000000 values" in refuse(tmp_path, "\n".join(lines))


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    path = tmp_path / "anchors.yaml"
    path.write_text(
        "kind: List\nitems:\n"
        "- kind: Service\n  metadata: {name: a, labels: &labels {app: web, tier: x}}\n"
        "- kind: Service\n  metadata: {name: b, labels: {tier: z, <<: *labels}}\n"
    )
    given = read_files([str(path)]).snapshot
    second = given.service(ObjectKey("default", "b"))
    assert second is not None
    assert second.labels == {"app": "web", "tier": "z"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SERVICE, ["Service default/a"]),
        (SERVICE + "  namespace: x\n---\n---\n" + SERVICE, ["Service x/a", "Service default/a"]),
        ("\ufeff" + SERVICE, ["Service default/a"]),
        (SERVICE.replace("\n", "\r\n"), ["Service default/a"]),
        ("kind: Namespace\nmetadata: {name: prod}\n", ["Namespace prod"]),
        ("{apiVersion: v1, kind: Service, metadata: {name: a}}", ["Service default/a"]),
        ('{"kind":"Service","metadata":{"name":"a"}}\n{"kind":"Service","metadata":{"name":"b"}}',
         ["Service default/a", "Service default/b"]),
        ('\t{"kind": "Service",\t"metadata": {"name": "a"}}', ["Service default/a"]),
        ("kind: EndpointSliceList\nitems:\n- metadata: {name: a}\n  endpoints: null\n", ["EndpointSlice default/a"]),
        ("kind: List\nitems: null\n---\n" + SERVICE, ["Service default/a"]),
    ],
)  # fmt: skip
def test_what_kubectl_reads_is_read(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert read(tmp_path, text) == expected


def test_utf_16_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, SERVICE.encode("utf-16")) == ["Service default/a"]


def test_other_kinds_and_versions_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        SERVICE + "---\nkind: Deployment\napiVersion: apps/v1\n---\nkind: Service\napiVersion: serving.knative.dev/v1\n"
    )
    given = read_files([str(path)])
    assert dict(given.skipped) == {"Deployment": 1, "Service of serving.knative.dev/v1": 1}
    assert len(given.objects) == 1


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SERVICE.encode())))
    assert [item.name for item in read_files(["-"], namespace="here").objects] == ["a"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"kind: 1\n")))
    with pytest.raises(InputError, match=r"^standard input:1: expected kind to be text"):
        read_files(["-"])


def test_the_namespace_is_that_of_the_command(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(SERVICE)
    given = read_files([str(path)], namespace="prod")
    assert given.snapshot.service(ObjectKey("prod", "a")) is not None
    assert not given.snapshot.namespaces_known


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("y", True), ("YES", True), ("On", True), ("n", False), ("off", False), ("yEs", "yEs"),
        ("010", 8), ("0o10", 8), ("08", 8), ("0x1f", 31), ("0b11", 3), ("1_000", 1000), ("-5", -5), ("+7", 7),
        ("1e3", 1000), (".5", 0.5), ("1.", 1), ("1.5e-1", 0.15),
        ("~", None), ("null", None), ("", None), ("NULL", None),
        ("2001-01-01", "2001-01-01"), ("12:30", "12:30"), ("10.0.0.1", "10.0.0.1"), ("=", "="), ("1.2.3", "1.2.3"),
        ("0x", "0x"), ("-", "-"), ("fd00::1", "fd00::1"), ("0o8", "0o8"),
    ],
)  # fmt: skip
def test_plain_words_as_kubectl_reads_them(word: str, value: object) -> None:
    found = plain_value(word)
    assert found == value
    assert type(found) is type(value)


def test_quoted_and_tagged_words(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        SERVICE
        + "  labels: {a: 'yes', b: \"1\", c: !!str 010, d: |-\n    true\n  }\n".replace("|-\n    true", '"true"')
    )
    service = read_files([str(path)]).objects[0]
    assert service.labels == {"a": "yes", "b": "1", "c": "010", "d": "true"}


def test_a_slice_as_the_server_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv6\nmetadata:\n  name: x\n"
        "  creationTimestamp: 2026-01-01T00:00:00Z\n  labels: {kubernetes.io/service-name: a}\n"
        "endpoints:\n- addresses: [fd00::1]\n  conditions: {ready: true}\nports:\n- port: 80\n"
    )
    (item,) = read_files([str(path)]).objects
    assert isinstance(item, EndpointSlice)
    assert item.metadata.creation_timestamp == "2026-01-01T00:00:00Z"
    assert item.service_key == ObjectKey("default", "a")


def test_large_input_in_little_time(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        "---\n".join(f"kind: Service\nmetadata: {{name: s{n}}}\nspec: {{clusterIP: None}}\n" for n in range(2000))
    )
    given = read_files([str(path)])
    assert len(given.objects) == 2000
    assert all(isinstance(item, Service) and item.headless for item in given.objects)
