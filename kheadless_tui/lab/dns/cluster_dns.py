"""The cluster's DNS: a CoreDNS in each coredns pod, with its own delay behind the API, and a cache on each node."""

from __future__ import annotations

import hashlib

from kheadless_tui.errors import InputError
from kheadless_tui.lab.dns.node_local import Ask, NodeLocal
from kheadless_tui.lab.dns.server import CoreDns, read_corefile
from kheadless_tui.lab.dns.upstream import Upstream
from kheadless_tui.lab.dns.view import View
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.resources import CONFIG_MAPS, PODS
from kheadless_tui.lab.objects.store import Change, Object, Store

NAMESPACE, CONFIG_MAP = "kube-system", "coredns"
LABEL = ("k8s-app", "kube-dns")
SOURCE = "/etc/coredns/Corefile"
"""Where the ConfigMap is mounted."""
LAGS = (0.06, 0.25)
"""Seconds from a write to its being served: seen on a real cluster, where no two replicas are alike."""
RELOAD_SECONDS = (3.0, 4.5)
"""From a change of the ConfigMap to its being served, by replica: the kubelet's sync, then the plugin reload."""


class ClusterDns:
    """All DNS servers of the cluster."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._replicas: dict[str, CoreDns] = {}
        self._caches: dict[str, NodeLocal] = {}
        self._made = 0
        self.upstream = Upstream()
        store.subscribe(self._on_change)

    @property
    def replicas(self) -> dict[str, CoreDns]:
        """The CoreDNS processes by the names of their pods, sorted."""
        pods = self._store.all(PODS, NAMESPACE)
        return {pod["metadata"]["name"]: server for pod in pods if (server := self.server_in(pod)) is not None}

    def server_in(self, pod: Object) -> CoreDns | None:
        """The DNS server in a pod, if it is one."""
        meta = pod["metadata"]
        labelled = (meta.get("labels") or {}).get(LABEL[0]) == LABEL[1]
        if not labelled or meta["namespace"] != NAMESPACE:
            return None
        uid = meta["uid"]
        if uid not in self._replicas:
            self._replicas[uid] = self._new_replica()
        return self._replicas[uid]

    def node_local(self, node: str, ask: Ask) -> NodeLocal:
        """The cache on a node; ``ask`` is its way to kube-dns."""
        if node not in self._caches:
            self._caches[node] = NodeLocal(self._clock, self.upstream, ask)
        return self._caches[node]

    @property
    def node_locals(self) -> dict[str, NodeLocal]:
        """The caches that have been asked so far, by node."""
        return dict(self._caches)

    def restart(self, name: str) -> None:
        """Start the server in a pod anew: it lists everything and its cache is empty."""
        pod = self._store.find(PODS, NAMESPACE, name)
        old = self._replicas.pop(pod["metadata"]["uid"], None) if pod is not None else None
        if old is not None and pod is not None:
            old.view.close()
            self._replicas[pod["metadata"]["uid"]] = self._new_replica()

    def freeze(self, *, frozen: bool) -> None:
        """Stop or go on following the API, all servers together."""
        for server in self.replicas.values():
            server.view.frozen = frozen

    def _new_replica(self) -> CoreDns:
        number = self._made
        self._made += 1
        server = CoreDns(
            View(self._store, self._clock, LAGS[number % len(LAGS)]), self._clock, self.upstream, seed=number
        )
        self._load(server)
        return server

    def _on_change(self, change: Change) -> None:
        meta = change.item["metadata"]
        if change.resource is CONFIG_MAPS and (meta["namespace"], meta["name"]) == (NAMESPACE, CONFIG_MAP):
            for server in self._replicas.values():
                delay = RELOAD_SECONDS[LAGS.index(server.lag)]
                if server.serves:  # one that has not started has no plugin that would look
                    self._clock.call_later(delay, lambda server=server: self._load(server))  # type: ignore[misc]
        elif change.resource is PODS and change.type == "ADDED":
            self.server_in(change.item)
        elif change.resource is PODS and change.type == "DELETED":
            gone = self._replicas.pop(meta["uid"], None)
            if gone is not None:
                gone.view.close()

    def starts(self, pod: Object) -> bool:
        """Whether the process of a DNS server that its container begins stays: not with a Corefile that it refuses."""
        server = self.server_in(pod)
        if server is None or server.serves:
            return True
        server.forget_log()
        self._load(server)
        return bool(server.serves)

    def _load(self, server: CoreDns) -> None:
        found = self._store.find(CONFIG_MAPS, NAMESPACE, CONFIG_MAP)
        text = ((found or {}).get("data") or {}).get("Corefile", "")
        running = bool(server.serves)
        if running:
            server.note("[INFO] Reloading")
        try:
            server.serves = read_corefile(text, SOURCE, self._clock)
        except InputError as error:
            if not running:
                server.note(str(error))
                return
            # As the plugin reload does: what cannot be read leaves the old one in place.
            server.note(f"[ERROR] Restart failed: {error}")
            head = "[ERROR] plugin/reload: Corefile changed but reload failed: starting with listener file descriptors"
            server.note(f"{head}: {error}")
            return
        digest = hashlib.sha512(text.encode()).hexdigest()
        server.note(f"[INFO] plugin/reload: Running configuration SHA512 = {digest}")
        if running:
            server.note("[INFO] Reloading complete")
