"""The cluster's DNS servers: one in each coredns pod, all serving what the ConfigMap says."""

from __future__ import annotations

from kheadless_tui.errors import InputError
from kheadless_tui.lab.clock import Clock
from kheadless_tui.lab.dns_server import DnsServer
from kheadless_tui.lab.resources import CONFIG_MAPS, PODS
from kheadless_tui.lab.store import Change, Object, Store
from kheadless_tui.lab.view import View
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.corefile import parse
from kheadless_tui.zone.plugin_chain import zone_config

NAMESPACE, CONFIG_MAP = "kube-system", "coredns"
LABEL = ("k8s-app", "kube-dns")
RELOAD_SECONDS = 45.0
"""From a change of the ConfigMap to its being served: the kubelet's sync, then the plugin reload."""
SOURCE = "ConfigMap kube-system/coredns"


class ClusterDns:
    """All DNS servers."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._servers: dict[str, DnsServer] = {}
        self._view = View(store)
        self.config = ZoneConfig()
        """How the zone is served now."""
        store.subscribe(self._on_change)

    def server_in(self, pod: Object) -> DnsServer | None:
        """The DNS server in a pod, if it is one."""
        meta = pod["metadata"]
        labelled = (meta.get("labels") or {}).get(LABEL[0]) == LABEL[1]
        if not labelled or meta["namespace"] != NAMESPACE:
            return None
        uid = meta["uid"]
        if uid not in self._servers:
            self._servers[uid] = DnsServer(lambda: self._view.snapshot, lambda: self.config, seed=len(self._servers))
        return self._servers[uid]

    def freeze(self, *, frozen: bool) -> None:
        """Stop or go on following the API, all servers together."""
        self._view.frozen = frozen

    def _on_change(self, change: Change) -> None:
        meta = change.item["metadata"]
        if change.resource is CONFIG_MAPS and (meta["namespace"], meta["name"]) == (NAMESPACE, CONFIG_MAP):
            first = change.type == "ADDED"
            self._clock.call_later(0.0 if first else RELOAD_SECONDS, self._reload)
        elif change.resource is PODS and change.type == "DELETED":
            self._servers.pop(meta["uid"], None)

    def _reload(self) -> None:
        found = self._store.find(CONFIG_MAPS, NAMESPACE, CONFIG_MAP)
        text = ((found or {}).get("data") or {}).get("Corefile", "")
        try:
            self.config = zone_config(parse(text, SOURCE), SOURCE)
        except InputError:
            return  # as the plugin reload does: what cannot be read leaves the old one in place
