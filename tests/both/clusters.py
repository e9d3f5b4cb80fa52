"""The two clusters on which the same tests run: a lab in this process, and the real one of KHEADLESS_E2E_KUBECONFIG."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

from kheadless_tui import cli
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.objects.resources import RBAC
from kheadless_tui.lab.objects.roles import NAMESPACE_OF, NAMESPACED
from kheadless_tui.lab.switches.levers import Levers as LabMenu
from tests.e2e.conftest import KUBECONFIG, Done, run_program
from tests.e2e.conftest import Levers as Tool

SPEED = 50.0
"""Of the lab: what a cache keeps for 30 s it keeps for 0.6 s."""
API_PORT = 6443
"""Of the real cluster."""

Run = Callable[..., Done]


class Levers(Protocol):
    """What can be broken in both, for as long as a block lasts."""

    def lost_udp(self) -> AbstractContextManager[None]:
        """DNS over UDP arrives nowhere."""

    def stale(self, replica: str) -> AbstractContextManager[None]:
        """One CoreDNS, by the name of its pod, hears of no change."""

    def hanging_api(self) -> AbstractContextManager[None]:
        """The API server accepts connections and answers nothing."""


class Cluster(Protocol):
    """One of the two."""

    name: str
    kubeconfig: str
    dns: str
    """kube-dns as this machine reaches it."""
    haste: float
    """By how much faster than in a real cluster things happen, roughly."""

    def program(self, *words: str, **settings: Any) -> Done:
        """Run our program as the administrator."""

    def kubeconfig_of(self, user: str) -> str:
        """Of one with few rights: ``viewer``, ``namespaced`` or ``nobody``; its file may not be there."""

    def levers(self) -> Levers | None:
        """``None`` where there are none."""


class RealCluster:
    """The one of KHEADLESS_E2E_KUBECONFIG, and its tool where it has one."""

    name = "real"
    kubeconfig = KUBECONFIG
    dns = "10.96.0.10"
    haste = 1.0

    def program(self, *words: str, **settings: Any) -> Done:
        """As a process of its own."""
        return run_program(*words, **settings)

    def kubeconfig_of(self, user: str) -> str:
        """Beside the administrator's."""
        return str(Path(KUBECONFIG).with_name(f"{user}.kubeconfig"))

    def levers(self) -> Levers | None:
        """Those of the tool."""
        return _RealLevers() if os.environ.get("KHEADLESS_E2E_CLUSTER") else None


class _RealLevers:
    def __init__(self) -> None:
        self._tool = Tool()

    def lost_udp(self) -> AbstractContextManager[None]:
        return self._dropping("-p udp --dport 53")

    def stale(self, replica: str) -> AbstractContextManager[None]:
        return self._dropping(f"-s {self._address(replica)} -p tcp --dport {API_PORT}")

    @contextmanager
    def hanging_api(self) -> Iterator[None]:
        self._tool("pause", "kube-apiserver")
        try:
            yield
        finally:
            self._tool("resume", "kube-apiserver")

    @contextmanager
    def _dropping(self, rule: str) -> Iterator[None]:
        self._tool("drop", rule)
        try:
            yield
        finally:
            self._tool("undrop", rule)

    def _address(self, pod: str) -> str:
        words = ["-n", "kube-system", "get", "pod", pod, "-o", "jsonpath={.status.podIP}"]
        return subprocess.run(
            ["kubectl", "--kubeconfig", KUBECONFIG, *words], capture_output=True, text=True, timeout=30, check=True
        ).stdout


class LabCluster:
    """A lab in a thread of its own, so that tests may block."""

    name = "lab"
    haste = 20.0

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._starting = Lab.start(world="empty", speed=SPEED)
        self.lab: Lab = self.call(self._starting.__aenter__())
        self.call(self._give_namespaced_what_it_has())
        self.kubeconfig = self.lab.kubeconfig
        self.dns = f"127.0.0.1:{self.lab.dns_port}"
        self.menu = LabMenu(self.lab)

    def call(self, work: Any) -> Any:
        """Do something in the lab's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _give_namespaced_what_it_has(self) -> None:
        namespace = NAMESPACE_OF[NAMESPACED]
        self.lab.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        self.lab.apply({
            "apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": {"name": NAMESPACED},
            "roleRef": {"kind": "ClusterRole", "name": "edit"}, "subjects": [{"kind": "User", "name": NAMESPACED}],
        }, namespace)  # fmt: skip

    def close(self) -> None:
        """End it."""
        self.call(self._starting.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def program(self, *words: str, **settings: Any) -> Done:
        """In this process, which spares the imports."""
        out, err, thresholds = io.StringIO(), io.StringIO(), gc.get_threshold()
        with ExitStack() as around:
            around.enter_context(mock.patch.dict(os.environ, {"KUBECONFIG": self.kubeconfig}))
            around.enter_context(redirect_stdout(out))
            around.enter_context(redirect_stderr(err))
            around.callback(gc.set_threshold, *thresholds)
            status = cli.main(words)
        return Done(subprocess.CompletedProcess(list(words), status, out.getvalue(), err.getvalue()))

    def kubeconfig_of(self, user: str) -> str:
        """One of the lab's own users."""
        return self.lab.kubeconfig_of(user)

    def levers(self) -> Levers | None:
        """Those of the lab's menu."""
        return _LabLevers(self)


class _LabLevers:
    def __init__(self, cluster: LabCluster) -> None:
        self._cluster = cluster

    def lost_udp(self) -> AbstractContextManager[None]:
        return self._pulled("drop-udp", "everywhere")

    def stale(self, replica: str) -> AbstractContextManager[None]:
        return self._pulled("serve-stale", replica)

    @contextmanager
    def hanging_api(self) -> Iterator[None]:
        async def do(act: Callable[[], None]) -> None:
            act()

        self._cluster.call(do(self._cluster.lab.hang))
        try:
            yield
        finally:
            self._cluster.call(do(self._cluster.lab.go_on))

    @contextmanager
    def _pulled(self, name: str, choice: str) -> Iterator[None]:
        self._cluster.call(self._cluster.menu.pull(name, choice))
        try:
            yield
        finally:
            self._cluster.call(self._cluster.menu.undo(name))
