"""An etcd and a kube-apiserver of our own, to be stopped, paused and set back as no shared cluster may be.

Their programs are looked for in the directory that KHEADLESS_CONTROL_PLANE names, else on the PATH.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

TOKEN = "admin-of-our-own"
STARTS_IN = 60.0
"""Seconds that a part may take to be ready; two cores that others use too are slow."""


def programs() -> dict[str, str] | None:
    """Where both programs are; ``None`` when one is missing."""
    path = os.environ.get("KHEADLESS_CONTROL_PLANE") or None
    found = {name: shutil.which(name, path=path) for name in ("etcd", "kube-apiserver")}
    return None if None in found.values() else {name: str(where) for name, where in found.items()}


class ControlPlane:
    """The two processes and their state, below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port, self._etcd_port, self._peer_port = _free_ports(3)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        found = programs()
        assert found is not None
        self._programs = found
        (directory / "tokens.csv").write_text(f"{TOKEN},admin,admin,system:masters\n")
        key = ["openssl", "genrsa", "-out", str(directory / "sa.key"), "2048"]
        subprocess.run(key, check=True, capture_output=True)

    @property
    def kubeconfig(self) -> str:
        path = self.directory / "kubeconfig"
        cluster = {"server": f"https://127.0.0.1:{self.port}", "insecure-skip-tls-verify": True}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "own",
            "clusters": [{"name": "own", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "contexts": [{"name": "own", "context": {"cluster": "own", "user": "admin"}}],
        }
        path.write_text(yaml.safe_dump(config))
        return str(path)

    # -- levers

    def up(self) -> None:
        self.start_etcd()
        self.start_api()

    def down(self) -> None:
        self.stop("kube-apiserver")
        self.stop("etcd")

    def start_etcd(self) -> None:
        url, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        self._start(
            "etcd",
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        )
        self._until_ready("etcd", f"{url}/health")

    def start_api(self) -> None:
        self._start(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            f"--cert-dir={self.directory / 'certs'}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/16",
            f"--service-account-key-file={self.directory / 'sa.key'}",
            f"--service-account-signing-key-file={self.directory / 'sa.key'}",
            "--service-account-issuer=https://own",
            f"--token-auth-file={self.directory / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
            "--profiling=false",
        )
        self._until_ready("kube-apiserver", f"https://127.0.0.1:{self.port}/readyz")

    def stop(self, name: str, sign: signal.Signals = signal.SIGKILL) -> None:
        process = self._running.pop(name, None)
        if process is not None:
            process.send_signal(sign)
            process.send_signal(signal.SIGCONT)
            process.wait(30)

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        self._running[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._running[name].send_signal(signal.SIGCONT)

    def save(self) -> None:
        """Keep a copy of what etcd holds now; it is stopped for it."""
        self.down()
        shutil.rmtree(self.directory / "saved", ignore_errors=True)
        shutil.copytree(self.directory / "etcd", self.directory / "saved")
        self.up()

    def set_back(self) -> None:
        """Go back to that copy, as a restored backup does: the resourceVersion goes backwards."""
        self.down()
        shutil.rmtree(self.directory / "etcd")
        shutil.copytree(self.directory / "saved", self.directory / "etcd")
        self.up()

    def kubectl(self, *arguments: str, given: str = "") -> str:
        command = ["kubectl", "--kubeconfig", self.kubeconfig, *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=60).stdout

    # -- inside

    def _start(self, name: str, *arguments: str) -> None:
        with open(self.directory / f"{name}.log", "ab") as log:
            self._running[name] = subprocess.Popen(
                [self._programs[name], *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _until_ready(self, name: str, url: str) -> None:
        context = ssl._create_unverified_context()
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
        deadline = time.monotonic() + STARTS_IN
        while time.monotonic() < deadline:
            assert self._running[name].poll() is None, (self.directory / f"{name}.log").read_text()[-2000:]
            with (
                contextlib.suppress(OSError, urllib.error.URLError),
                urllib.request.urlopen(request, timeout=2, context=context) as answer,
            ):
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{name} is not ready: {(self.directory / f'{name}.log').read_text()[-2000:]}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


async def started(directory: Path) -> ControlPlane:
    """One that is up; :meth:`ControlPlane.down` it."""
    plane = await asyncio.to_thread(ControlPlane, directory)
    await asyncio.to_thread(plane.up)
    return plane
