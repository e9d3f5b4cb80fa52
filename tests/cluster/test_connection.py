"""Which kubeconfig, which context, which credential, and what is said when they cannot be used."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kheadless_tui.cluster.connecting.connection import Connection, load_connection
from kheadless_tui.cluster.connecting.proxy import proxy_from_environment
from kheadless_tui.errors import HeadlessError, InputError, UsageError
from tests.cluster.conftest import Certificates
from tests.cluster.fake_api import kubeconfig


def load(path: str | None = None, context: str | None = None, **options: Any) -> Connection:
    options.setdefault("environ", {})
    return load_connection(kubeconfig=path, context=context, **options)


def entry(name: str, server: str, **context: str) -> dict[str, Any]:
    return {
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": {"token": name}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, **context}}],
    }


def write(path: Path, config: Any) -> str:
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config), encoding="utf-8")
    return str(path)


def test_several_files_are_merged_and_the_first_to_say_something_wins(tmp_path: Path) -> None:
    first = write(tmp_path / "1", {**entry("one", "https://one", namespace="shop"), "current-context": "one"})
    second = write(tmp_path / "2", {**entry("two", "https://two"), "current-context": "two"})
    again = write(tmp_path / "3", entry("one", "https://another"))
    environ = {"KUBECONFIG": os.pathsep.join([str(tmp_path / "none"), first, second, again])}
    connection = load(environ=environ)
    assert (connection.context, connection.server, connection.namespace) == ("one", "https://one", "shop")
    other = load(context="two", environ=environ)
    assert (other.cluster, other.server, other.user, other.namespace) == ("two", "https://two", "two", "default")


def test_an_unknown_context_names_those_that_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "c", {**entry("one", "https://one"), "current-context": "one"})
    with pytest.raises(UsageError, match="no context 'nosuch'") as caught:
        load(path, "nosuch")
    assert caught.value.hint == "the contexts are: one"
    with pytest.raises(UsageError, match="no current context"):
        load(write(tmp_path / "d", entry("one", "https://one")))


def test_no_kubeconfig_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"there is no kubeconfig to use; looked for {tmp_path}/a") as caught:
        load(environ={"KUBECONFIG": f"{tmp_path}/a"})
    assert "kheadless-tui demo" in caught.value.hint
    with pytest.raises(InputError, match=f"{tmp_path}/a: there is no such kubeconfig file"):
        load(f"{tmp_path}/a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\nb: 2\n", r"/c:2: is not YAML"),
        ("- one\n", r"is no kubeconfig: expected clusters"),
        ("just words\n", r"is no kubeconfig"),
        ("clusters: {a: b}\n", r"is no kubeconfig"),
        ("clusters: [{cluster: {}}]\n", r"is no kubeconfig"),
        ("\0\1\2", r"is not YAML"),
        ("", r"is empty"),
    ],
)
def test_a_file_that_is_no_kubeconfig(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(write(tmp_path / "c", text))


def test_a_directory_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory"):
        load(str(tmp_path))
    (tmp_path / "c").write_bytes(b"\xff\xfe\x00junk")
    with pytest.raises(InputError, match=r"is not (text|YAML)"):
        load(str(tmp_path / "c"))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"cluster": {"server": "10.0.0.1:6443"}}, "server '10.0.0.1:6443', expected https"),
        ({"cluster": {"server": "https://127.0.0.1:99999"}}, "config: cluster 'c' has the server .*99999', expected"),
        ({"cluster": {"server": "https://127.0.0.1:abc"}}, "server 'https://127.0.0.1:abc', expected https"),
        ({"cluster": {"server": "https://127.0.0.1:7611 x"}}, "server 'https://127.0.0.1:7611 x', expected https"),
        ({"cluster": {"server": "https://a b"}}, "server 'https://a b', expected https"),
        ({"cluster": {"server": "https://[::1"}}, r"server 'https://\[::1', expected https"),
        (
            {"cluster": {"certificate-authority": "ca.crt"}},
            "certificate-authority .*/ca.crt of 'c' cannot be read: No such",
        ),
        ({"cluster": {"certificate-authority-data": "%%"}}, "certificate-authority-data of 'c' is not base64"),
        ({"cluster": {"certificate-authority-data": "YWJj"}}, "holds no certificate authority in PEM"),
        ({"cluster": {"insecure-skip-tls-verify": "yes"}}, "must be true or false"),
        ({"cluster": {"proxy-url": "ftp://proxy"}}, "proxy-url 'ftp://proxy', expected http"),
        ({"user": {"client-certificate-data": "YWJj"}}, "client-certificate without the other"),
        ({"user": {"client-certificate-data": "YWJj", "client-key-data": "YWJj"}}, "are no usable PEM"),
        ({"user": {"exec": {"command": "x"}}}, "apiVersion None, expected client.authentication.k8s.io/v1"),
        ({"user": {"exec": {}}}, "exec must be a mapping with a command"),
        ({"user": {"as-groups": ["g"]}}, "only together with a user"),
        ({"context": {"user": "nobody"}}, ": there is no user 'nobody'"),
        ({"context": {"cluster": "nowhere"}}, ": there is no cluster 'nowhere'"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, parts: dict[str, Any], said: str) -> None:
    path = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", **parts)
    with pytest.raises(InputError, match=said):
        load(path)


def test_a_key_of_another_certificate_and_an_encrypted_one(tmp_path: Path, certificates: Certificates) -> None:
    pki = certificates.directory
    user = {"client-certificate": str(pki / "client.crt"), "client-key": str(pki / "server.key")}
    with pytest.raises(InputError, match="do not belong together"):
        load(kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=user))
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:x", "-in", str(pki / "client.key"), "-out"]
    subprocess.run([*command, str(tmp_path / "locked.key")], check=True, capture_output=True)
    user["client-key"] = "locked.key"  # relative to the kubeconfig
    with pytest.raises(InputError, match="client key is encrypted"):
        load(kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=user))


def test_authority_and_certificate_given_as_data(tmp_path: Path, certificates: Certificates) -> None:
    def data(name: str) -> str:
        return base64.b64encode((certificates.directory / name).read_bytes()).decode()

    user = {"client-certificate-data": data("client.crt"), "client-key-data": data("client.key")}
    cluster = {"certificate-authority-data": data("ca.crt")}
    connection = load(kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=user, cluster=cluster))
    assert connection.trust.authorities == (certificates.directory / "ca.crt").read_bytes()
    assert "PRIVATE" not in repr(connection)


def test_checking_nothing_is_told(tmp_path: Path) -> None:
    cluster = {"insecure-skip-tls-verify": True}
    connection = load(kubeconfig(tmp_path / "config", "https://127.0.0.1:1", cluster=cluster))
    assert connection.warnings == ["the certificate of https://127.0.0.1:1 is not checked (insecure-skip-tls-verify)"]


def test_impersonation_by_flag_and_by_kubeconfig(tmp_path: Path) -> None:
    user = {"token": "t", "as": "jane", "as-groups": ["dev"], "as-user-extra": {"Scope/X": ["a", "b"]}}
    path = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", user=user)
    assert load(path).impersonation == (
        ("Impersonate-User", "jane"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Extra-scope%2Fx", "a"),
        ("Impersonate-Extra-scope%2Fx", "b"),
    )
    connection = load(path, as_user="root", as_groups=("g", "h"))
    assert connection.user == "root"
    assert connection.impersonation[:3] == (
        ("Impersonate-User", "root"),
        ("Impersonate-Group", "g"),
        ("Impersonate-Group", "h"),
    )


def test_in_a_pod_the_service_account_is_used(tmp_path: Path, certificates: Certificates) -> None:
    (tmp_path / "token").write_text("secret")
    (tmp_path / "namespace").write_text("shop")
    (tmp_path / "ca.crt").write_bytes(Path(certificates.authority).read_bytes())
    environ = {"HOME": "/nowhere", "KUBECONFIG": "/nowhere/x"}
    environ |= {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    connection = load(environ=environ, service_account=str(tmp_path))
    assert connection.in_cluster
    assert (connection.server, connection.namespace) == ("https://[fd00::1]:443", "shop")
    (tmp_path / "token").unlink()
    with pytest.raises(InputError, match="this pod's service account cannot be used"):
        load(environ=environ, service_account=str(tmp_path))


@pytest.mark.parametrize(
    ("no_proxy", "taken"),
    [
        ("", True),
        ("*", False),
        ("10.200.0.2", False),
        ("10.200.0.0/16", False),
        ("10.200.0.2:443", True),
        ("10.200.0.2:6443", False),
        ("example.com, 192.168.0.0/16", True),
    ],
)
def test_a_proxy_of_the_environment_for_an_address(no_proxy: str, taken: bool) -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": no_proxy}
    assert proxy_from_environment("https://10.200.0.2:6443", environ) == ("http://proxy:3128" if taken else "")


@pytest.mark.parametrize(
    ("no_proxy", "taken"),
    [("example.com", False), (".example.com", False), ("k8s.example.com", False), ("ample.com", True), ("com:1", True)],
)
def test_a_proxy_of_the_environment_for_a_name(no_proxy: str, taken: bool) -> None:
    environ = {"https_proxy": "proxy:3128", "no_proxy": no_proxy}
    expected = "http://proxy:3128" if taken else ""
    assert proxy_from_environment("https://k8s.example.com", environ) == expected


def test_loopback_needs_no_proxy() -> None:
    environ = {"HTTPS_PROXY": "http://proxy", "HTTP_PROXY": "http://other"}
    assert proxy_from_environment("https://127.0.0.1:6443", environ) == ""
    assert proxy_from_environment("https://localhost:6443", environ) == ""
    assert proxy_from_environment("http://cluster", environ) == "http://other"


def test_importing_the_room_imports_neither_kubernetes_nor_textual() -> None:
    program = "import sys, kheadless_tui.cluster.session\n"
    program += "print([name for name in ('kubernetes', 'textual', 'dns', 'rich') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_generated_api_class_is_loaded(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config", "https://127.0.0.1:1")
    program = "import sys\nfrom kheadless_tui.cluster.connecting.connection import load_connection\n"
    program += "load_connection(kubeconfig=sys.argv[1])\n"
    program += "print([name for name in sys.modules if name.startswith('kubernetes.client.api.')])"
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_error_is_one_sentence(tmp_path: Path) -> None:
    for path in (str(tmp_path), str(tmp_path / "missing")):
        with pytest.raises(HeadlessError) as caught:
            load(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", ["::bad", "http://", "http://proxy:port"])
async def test_a_proxy_of_the_environment_that_is_none_is_named(tmp_path: Path, given: str) -> None:
    path = kubeconfig(tmp_path / "config", "https://api.example:6443")
    with pytest.raises(InputError, match="the environment's HTTPS_PROXY is no URL of a proxy"):
        load_connection(kubeconfig=path, environ={"HTTPS_PROXY": given})
