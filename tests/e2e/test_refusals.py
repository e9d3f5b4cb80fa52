"""What can go wrong on the way to a real cluster: one clear sentence, what to do, the designed exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import KUBECONFIG, TUTORIALS, Done, Kubectl, Levers, Run, run_program


def one_sentence(done: Done, status: int, *said: str) -> None:
    assert done.status == status, done
    assert done.out == "", done
    assert "Traceback" not in done.err, done
    assert 1 <= len(done.err.strip().splitlines()) <= 3, done
    assert sum(line.startswith("kheadless-tui: ") for line in done.err.splitlines()) == 1, done
    for word in said:
        assert word in done.err, done


@pytest.fixture
def changed_kubeconfig(tmp_path: Path) -> Any:
    """A copy of the kubeconfig with something else in it."""

    def change(*, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> str:
        config = yaml.safe_load(Path(KUBECONFIG).read_text(encoding="utf-8"))
        config["clusters"][0]["cluster"].update(cluster or {})
        if user is not None:
            config["users"][0]["user"] = user
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return str(path)

    return change


def test_no_kubeconfig_at_all(tmp_path: Path) -> None:
    one_sentence(run_program("records", KUBECONFIG="", HOME=str(tmp_path)), 2, "kubeconfig", "demo")
    missing = run_program("records", "--kubeconfig", f"{tmp_path}/nothing")
    one_sentence(missing, 2, f"{tmp_path}/nothing")


def test_an_unknown_context_and_an_unknown_namespace() -> None:
    one_sentence(run_program("records", "--context", "nosuch"), 2, "nosuch")
    one_sentence(run_program("records", "-n", "nosuch-namespace"), 2, "nosuch-namespace")


def test_an_api_server_that_is_not_there(changed_kubeconfig: Any) -> None:
    server = yaml.safe_load(Path(KUBECONFIG).read_text(encoding="utf-8"))["clusters"][0]["cluster"]["server"]
    closed = server.rpartition(":")[0] + ":1"
    done = run_program("records", "--kubeconfig", changed_kubeconfig(cluster={"server": closed}))
    one_sentence(done, 3, closed, "refused")
    done = run_program("records", "--kubeconfig", changed_kubeconfig(cluster={"server": "https://nosuch.invalid:6443"}))
    one_sentence(done, 3, "nosuch.invalid")


def test_an_api_server_that_hangs(levers: Levers) -> None:
    levers("pause", "kube-apiserver")
    try:
        done = run_program("records", "--request-timeout", "2s", timeout=20)
    finally:
        levers("resume", "kube-apiserver")
    one_sentence(done, 3, "2 s")
    assert run_program("records", "-A").status == 0


def test_credentials_that_are_not_accepted(changed_kubeconfig: Any) -> None:
    done = run_program("records", "--kubeconfig", changed_kubeconfig(user={"token": "wrong"}))
    one_sentence(done, 3, "401")


def test_a_certificate_that_is_not_trusted(changed_kubeconfig: Any, tmp_path: Path) -> None:
    import ssl  # noqa: PLC0415

    other = Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
    changed = {"certificate-authority-data": None, "certificate-authority": str(other)}
    done = run_program("records", "--kubeconfig", changed_kubeconfig(cluster=changed))
    one_sentence(done, 3, "certificate")


def test_rights_that_are_missing(levers: Levers, kubectl: Kubectl) -> None:
    nobody = levers.kubeconfig("nobody")
    done = run_program("records", "--kubeconfig", nobody, "-n", kubectl.namespace)
    one_sentence(done, 3, "may not list", "services", kubectl.namespace)
    done = run_program("probe", "web", "--kubeconfig", nobody, "-n", kubectl.namespace)
    one_sentence(done, 3, "may not list")


def test_a_viewer_reads_records_and_is_told_why_a_probe_is_refused(levers: Levers, kubectl: Kubectl, run: Run) -> None:
    kubectl.apply("1-statefulset.yaml")
    kubectl.rollout("web")
    viewer = levers.kubeconfig("viewer")
    assert run("records", "nginx-headless", "--kubeconfig", viewer).status == 0
    one_sentence(run("probe", "nginx-headless", "--kubeconfig", viewer, "--from", "pod/web-0"), 3, "pods/exec")
    assert "ephemeralContainers" not in kubectl.json("get", "pod", "web-0")["spec"]


def test_nothing_is_written_without_yes_nor_with_readonly(kubectl: Kubectl, run: Run) -> None:
    kubectl.apply("1-statefulset.yaml")
    kubectl.rollout("web")
    before = kubectl.pods()
    one_sentence(run("probe", "nginx-headless", "--from", "new"), 2, "--yes")
    for vantage in ("new", "debug/web-0", "pod/web-0"):
        one_sentence(run("probe", "nginx-headless", "--from", vantage, "--yes", "--readonly"), 3, "readonly")
    assert kubectl.pods() == before


def test_names_that_are_not_there(kubectl: Kubectl, run: Run) -> None:
    one_sentence(run("records", "nosuch"), 2, f"{kubectl.namespace}/nosuch")
    one_sentence(run("probe", "nginx-headless.a..b"), 2, "empty label")
    one_sentence(run("predict", "web-0", "--from", "nosuch"), 2, "nosuch")


def test_an_image_that_cannot_be_pulled_leaves_no_pod(kubectl: Kubectl, run: Run) -> None:
    kubectl.apply("1-statefulset.yaml")
    done = run(
        "probe", "nginx-headless", "--from", "new", "--yes", "--image", "nosuch.invalid/none:1", "--timeout", "20s"
    )
    one_sentence(done, 3, "nosuch.invalid/none:1")
    left = kubectl.json("get", "pods", "-l", "app.kubernetes.io/managed-by=kheadless-tui")["items"]
    assert all("deletionTimestamp" in pod["metadata"] for pod in left)


def test_broken_files(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text((TUTORIALS / "1-statefulset.yaml").read_text() + "\n---\nkind: [unclosed\n", encoding="utf-8")
    one_sentence(run_program("records", "-f", str(broken)), 2, f"{broken}:")
    one_sentence(run_program("records", "-f", f"{tmp_path}/none.yaml"), 2, "none.yaml")


def test_the_terminal_program_needs_a_terminal() -> None:
    one_sentence(run_program(), 2, "terminal", "records")
