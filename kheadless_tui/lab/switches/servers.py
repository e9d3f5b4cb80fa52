"""Levers of the DNS servers: late, stopped, hanging, stale, with another Corefile."""

from __future__ import annotations

import contextlib
from typing import Any

from kheadless_tui.lab.controllers.pod_status import set_readiness, terminated
from kheadless_tui.lab.dns.cluster_dns import CONFIG_MAP, NAMESPACE
from kheadless_tui.lab.dns.server import CoreDns
from kheadless_tui.lab.objects.failure import ApiFailure
from kheadless_tui.lab.objects.store import Object
from kheadless_tui.lab.switches.switch import Remembering

ALL = "all replicas"
_LATE = (5, 30)
"""Seconds behind the API."""
KILLED = 137
"""Exit status of a process that was killed (128 + SIGKILL)."""


class _OfReplicas(Remembering):
    """A lever that is pulled on one CoreDNS, or on all."""

    def choices(self) -> tuple[str, ...]:
        """Each replica, and all."""
        return (*self.lab.dns.replicas, ALL)

    def servers(self, choice: str | None) -> list[CoreDns]:
        """The processes that a choice means; none when it has gone."""
        return [server for name, server in self.lab.dns.replicas.items() if choice in (name, ALL)]


class LateReplica(_OfReplicas):
    """A server that hears of changes late."""

    name, title = "lag-replica", "DNS server that lags"
    says = (
        "A CoreDNS follows the API some seconds late: for that long the replicas disagree after each change, as in the "
        "namespace changing."
    )

    def choices(self) -> tuple[str, ...]:
        """Each replica, by so many seconds."""
        return tuple(f"{name} by {seconds} s" for name in self.lab.dns.replicas for seconds in _LATE)

    def pull(self, choice: str) -> str:
        """Let it lag."""
        name, _, rest = choice.partition(" by ")
        self._lag(name, float(rest.split()[0]))
        self.chosen = choice
        return f"{name} follows the API {rest} late."

    def undo(self) -> str:
        """Let it catch up."""
        name = (self.chosen or "").partition(" by ")[0]
        self.chosen = None
        self._lag(name, None)
        return f"{name} has caught up with the API."

    def _lag(self, name: str, seconds: float | None) -> None:
        for server in self.servers(name):
            if seconds is None:
                server.view.catch_up()
            server.view.lag = server.lag if seconds is None else seconds


class StaleReplica(_OfReplicas):
    """A server that has lost its watch."""

    name, title = "serve-stale", "DNS server that lost its watch"
    says = (
        "A CoreDNS no longer hears of changes and goes on serving what it knew, with good TTLs and no complaint: to be "
        "seen once something has changed, as in the namespace changing."
    )

    def pull(self, choice: str) -> str:
        """Stop following."""
        for server in self.servers(choice):
            server.view.frozen = True
        self.chosen = choice
        return f"{choice}: what was known is served from now on, whatever changes."

    def undo(self) -> str:
        """Follow again."""
        chosen, self.chosen = self.chosen, None
        for server in self.servers(chosen):
            server.view.frozen = False
        return f"{chosen}: follows the API again."


class StoppedReplica(_OfReplicas):
    """A server that has crashed."""

    name, title = "stop-replica", "DNS server that crashed"
    says = "The CoreDNS process is gone and its container waits for a restart: its port refuses, the Service drops it."

    def pull(self, choice: str) -> str:
        """Kill it."""
        for name in self.lab.dns.replicas:
            if choice in (name, ALL):
                self.lab.change("Pod", NAMESPACE, name, self._crash)
        self.chosen = choice
        return f"{choice}: killed, and in CrashLoopBackOff."

    def undo(self) -> str:
        """Start it again, with an empty cache."""
        chosen, self.chosen = self.chosen, None
        for name in self.lab.dns.replicas:
            if chosen in (name, ALL):
                self.lab.change("Pod", NAMESPACE, name, self._restart)
                self.lab.dns.restart(name)
        return f"{chosen}: runs again."

    def _crash(self, pod: Object) -> None:
        now = self.lab.clock.timestamp()
        for state in pod["status"].get("containerStatuses") or ():
            if "running" not in state["state"]:
                continue
            message = f"back-off 5m0s restarting failed container={state['name']} pod={pod['metadata']['name']}"
            state["lastState"] = {"terminated": terminated(state, KILLED, now)}
            state["state"] = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
            state["ready"] = state["started"] = False
        set_readiness(pod, now)

    def _restart(self, pod: Object) -> None:
        now = self.lab.clock.timestamp()
        for state in pod["status"].get("containerStatuses") or ():
            if "waiting" in state["state"]:
                state["state"] = {"running": {"startedAt": now}}
                state["restartCount"] += 1
                state["ready"] = state["started"] = True
        set_readiness(pod, now)


class HangingReplica(_OfReplicas):
    """A server that takes questions and says nothing."""

    name, title = "hang-replica", "DNS server that hangs"
    says = (
        "A CoreDNS is there and answers nothing, and nobody has noticed: one question in two is lost. A probe asks "
        "again and takes long; the servers (m) tell which one it is."
    )

    def pull(self, choice: str) -> str:
        """Hang."""
        for server in self.servers(choice):
            server.hanging = True
        self.chosen = choice
        return f"{choice}: takes questions and answers none."

    def undo(self) -> str:
        """Answer."""
        chosen, self.chosen = self.chosen, None
        for server in self.servers(chosen):
            server.hanging = False
        return f"{chosen}: answers again."


_COREFILES: dict[str, tuple[str, str, str]] = {
    "another zone": ("kubernetes cluster.local in-addr", "kubernetes corp.local in-addr", "serves corp.local"),
    "one namespace only": ("pods insecure", "pods insecure\n       namespaces default", "knows namespace default only"),
    "an hour in the cache": ("cache 30", "cache {\n       success 9984 3600 3600\n       denial 9984 1800 1800\n    }",
                             "keeps answers for an hour and denials for half of one"),
    "a typing error": ("ttl 30", "tttl 30", "cannot be read, so that what was served before stays"),
}  # fmt: skip
"""What is replaced by what in the Corefile, and what it then does."""


class WrongCorefile(Remembering):
    """A Corefile that somebody has edited."""

    name, title = "wrong-corefile", "Wrong Corefile"
    says = "Somebody edits the ConfigMap of CoreDNS; the replicas reload it one after the other, or refuse it."

    def __init__(self, lab: Any) -> None:
        super().__init__(lab)
        self._before = ""

    def choices(self) -> tuple[str, ...]:
        """What can be wrong with it, as it stands now."""
        text = self._text()
        return tuple(choice for choice, (old, _, _) in _COREFILES.items() if old in text or self.chosen is not None)

    def pull(self, choice: str) -> str:
        """Edit it."""
        old, new, does = _COREFILES[choice]
        self._before = self._text()
        self._write(self._before.replace(old, new, 1))
        self.chosen = choice
        return f"The Corefile {does}; the replicas notice within some seconds."

    def undo(self) -> str:
        """Put the old one back."""
        self.chosen = None
        self._write(self._before)
        return "The old Corefile is back; the replicas notice within some seconds."

    def _text(self) -> str:
        try:
            found = self.lab.get("ConfigMap", NAMESPACE, CONFIG_MAP)
        except ApiFailure:
            return ""
        return str((found.get("data") or {}).get("Corefile", ""))

    def _write(self, text: str) -> None:
        def edit(item: Object) -> None:
            item["data"]["Corefile"] = text

        with contextlib.suppress(ApiFailure):
            self.lab.change("ConfigMap", NAMESPACE, CONFIG_MAP, edit, by="kubectl-edit")


class SilentUpstream(Remembering):
    """Nothing comes back from outside."""

    name, title = "silent-upstream", "Upstream that does not answer"
    says = (
        "The DNS servers outside do not answer: names of the cluster are fine, all others fail after seconds. To be "
        "seen at one of those: kheadless-tui probe example.com --path."
    )

    def choices(self) -> tuple[str, ...]:
        """There is one."""
        return ("all names outside",)

    def pull(self, choice: str) -> str:
        """Say nothing."""
        self.lab.dns.upstream.silent = True
        self.chosen = choice
        return "The servers outside answer nothing any more."

    def undo(self) -> str:
        """Answer."""
        self.lab.dns.upstream.silent = False
        self.chosen = None
        return "The servers outside answer again."


SERVER_SWITCHES = (LateReplica, StaleReplica, StoppedReplica, HangingReplica, WrongCorefile, SilentUpstream)
