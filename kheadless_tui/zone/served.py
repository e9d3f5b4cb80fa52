"""How a Corefile serves the cluster's zone: the kubernetes plugin's options, the cache, and what else may answer.

Sources: plugin/kubernetes/setup.go ParseStanza, plugin/cache/setup.go, plugin/transfer/setup.go,
core/dnsserver/zdirectives.go (the order of plugins is that of the build, not that of the file); reference section 14.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.zone.cache_options import cache_bounds
from kheadless_tui.zone.config import MAX_TTL, PODS_MODES, Note, ZoneConfig
from kheadless_tui.zone.corefile import Corefile, Option, Plugin, ServerBlock
from kheadless_tui.zone.names import is_below, is_reverse
from kheadless_tui.zone.selectors import parse_selector
from kheadless_tui.zone.server_keys import ServerKey, origins, server_keys

DNS_PORT = 53
DEFAULT_BUFSIZE = 1232
"""Octets (plugin/bufsize/setup.go)."""

_SILENT = frozenset(
    "root metadata geoip cancel proxyproto quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind "
    "debug trace ready health pprof shed prometheus errors log dnstap loadbalance tsig cache tls transfer kubernetes "
    "loop on sign".split()
)
"""Plugins that leave the records of the cluster's zone alone, or are followed."""

_TOUCHES = {
    "local": "answers localhost names itself",
    "dns64": "makes AAAA records out of A records",
    "any": "answers questions of type ANY itself",
    "chaos": "answers questions of class CH",
    "rewrite": "may change names before they are looked up",
    "autopath": "tries the search list of the asking pod on the server and answers with an alias",
    "acl": "may refuse or drop questions by the client's address",
    "header": "changes flags of replies",
    "dnssec": "signs replies",
    "minimal": "leaves the authority and additional sections out where they are not needed",
    "template": "may answer in place of the cluster's records",
    "hosts": "may answer in place of the cluster's records",
    "route53": "may answer in place of the cluster's records",
    "azure": "may answer in place of the cluster's records",
    "clouddns": "may answer in place of the cluster's records",
    "k8s_external": "answers for external addresses of Services",
    "erratic": "drops and delays replies",
    "view": "answers only some clients by this server block",
    "nomad": "may answer in place of the cluster's records",
}
"""What other plugins can do to an answer, for the note that names them."""

_BEHIND = ("file", "auto", "secondary", "etcd", "forward", "grpc", "erratic", "whoami", "nomad")
"""Plugins behind kubernetes, in the order in which they are asked for what falls through."""


def zone_config(corefile: Corefile, source: str) -> ZoneConfig:
    """How the cluster's zone is served.

    Of several server blocks with the kubernetes plugin the first on port 53 counts, or else the first.

    Args:
        corefile: taken apart.
        source: where it comes from, as shown to the user.

    Raises:
        InputError: no server block has the plugin, or an option is wrong in a way that CoreDNS refuses.
    """
    serving = [block for block in corefile.blocks if block.named("kubernetes")]
    if not serving:
        raise InputError(
            "expected a server block with the kubernetes plugin, found none",
            where=corefile.where,
            hint="Give a Corefile that serves the cluster's zone, or leave --corefile out.",
        )
    keyed = [(block, server_keys(block, corefile.where)) for block in serving]
    block, keys = next((pair for pair in keyed if any(key.port == DNS_PORT for key in pair[1])), keyed[0])
    found = block.named("kubernetes")
    if len(found) > 1:
        raise InputError("kubernetes stands twice in one server block", where=f"{corefile.where}:{found[1].line}")
    config = _Stanza(found[0], keys, corefile.where).config()
    notes = [*corefile.notes, *_notes(corefile, block, keys)]
    return msgspec.structs.replace(
        config,
        source=source,
        ttl_known=True,
        cache=cache_bounds(block, keys, corefile.where, config.zone),
        transfer_to=_transfer_to(block, keys, config.zone),
        local_addresses=_bound(block),
        bufsize=_bufsize(block, corefile.where),
        next_plugins=tuple(" ".join((plugin.name, *plugin.args)) for name in _BEHIND for plugin in block.named(name)),
        notes=tuple(notes),
    )


class _Stanza:
    """The options of one kubernetes plugin; what CoreDNS refuses is an InputError with its line."""

    def __init__(self, plugin: Plugin, keys: Sequence[ServerKey], where: str) -> None:
        self.plugin = plugin
        self.keys = keys
        self.where = where
        self.fields: dict[str, Any] = {}
        self.readers: dict[str, Callable[[Option], None]] = {
            "endpoint_pod_names": lambda option: self._switch(option, "endpoint_pod_names"),
            "noendpoints": lambda option: self._switch(option, "noendpoints"),
            "zonal": lambda option: self._switch(option, "zonal"),
            "pods": self._pods,
            "namespaces": self._namespaces,
            "labels": lambda option: self._selector(option, "labels"),
            "namespace_labels": lambda option: self._selector(option, "namespace_labels"),
            "fallthrough": self._fallthrough,
            "ttl": self._ttl,
            "ignore": self._ignore,
            "multicluster": self._multicluster,
        }

    def config(self) -> ZoneConfig:
        zones = origins(self.plugin.args, self.keys)
        if not zones or all(is_reverse(zone) for zone in zones):
            raise self._error("expected a zone that is not a reverse zone", self.plugin.line)
        self.fields["zones"] = tuple(zones)
        for option in self.plugin.options:
            if option.name in _NO_EFFECT:
                continue
            reader = self.readers.get(option.name)
            if reader is None:
                raise self._error(f"unknown property {option.name!r} of kubernetes", option.line)
            reader(option)
        self._together()
        return ZoneConfig(**self.fields)

    def _together(self) -> None:
        line = self.plugin.line
        if self.fields.get("namespaces") and self.fields.get("namespace_labels"):
            raise self._error("namespaces and namespace_labels cannot both be set", line)
        for zone in self.fields.get("multicluster", ()):
            if zone not in self.fields["zones"]:
                raise self._error(f"multicluster zone {zone} is not among the zones of kubernetes", line)
        if self.fields.get("zonal") and self.fields.get("noendpoints"):
            raise self._error("zonal needs the endpoints that noendpoints leaves out", line)

    def _switch(self, option: Option, name: str) -> None:
        if option.args:
            raise self._error(f"{option.name} takes no argument, found {' '.join(option.args)}", option.line)
        self.fields[name] = True

    def _pods(self, option: Option) -> None:
        if len(option.args) != 1 or option.args[0] not in PODS_MODES:
            found = " ".join(option.args) or "nothing"
            raise self._error(f"expected pods {', '.join(PODS_MODES)}, found {found}", option.line)
        self.fields["pods"] = option.args[0]

    def _namespaces(self, option: Option) -> None:
        self._some(option)
        self.fields["namespaces"] = (*self.fields.get("namespaces", ()), *option.args)

    def _selector(self, option: Option, name: str) -> None:
        self._some(option)
        text = " ".join(option.args)
        try:
            parse_selector(text)
        except ValueError as error:
            raise self._error(f"{option.name}: {error}", option.line) from None
        self.fields[name] = text

    def _fallthrough(self, option: Option) -> None:
        self.fields["fallthrough"] = tuple(origins(option.args, ())) or (".",)

    def _ttl(self, option: Option) -> None:
        self._some(option)
        text = option.args[0]
        if not text.lstrip("+-").isascii() or not text.lstrip("+-").isdigit() or not 0 <= int(text) <= MAX_TTL:
            raise self._error(f"expected a ttl of 0 to {MAX_TTL} seconds, found {text}", option.line)
        self.fields["ttl"] = int(text)

    def _ignore(self, option: Option) -> None:
        if option.args[:1] not in ((), ("empty_service",)):
            raise self._error(f"expected ignore empty_service, found ignore {option.args[0]}", option.line)
        self.fields["ignore_empty_service"] = bool(option.args)

    def _multicluster(self, option: Option) -> None:
        self.fields["multicluster"] = tuple(origins(option.args, ()))

    def _some(self, option: Option) -> None:
        if not option.args:
            raise self._error(f"{option.name} needs an argument", option.line)

    def _error(self, message: str, line: int) -> InputError:
        return InputError(message, where=f"{self.where}:{line}")


_NO_EFFECT = frozenset(
    "endpoint tls kubeconfig startup_timeout apiserver_qps apiserver_burst apiserver_max_inflight".split()
)
"""Options of kubernetes that have no effect on records."""


def _notes(corefile: Corefile, block: ServerBlock, keys: Sequence[ServerKey]) -> list[Note]:
    found = []
    for plugin in block.plugins:
        if plugin.name in _SILENT or plugin.name in _BEHIND:
            continue
        text = _TOUCHES.get(plugin.name, "is not known here and may change answers")
        args = f" {' '.join(plugin.args)}" if plugin.args else ""
        found.append(Note(f"{corefile.where}:{plugin.line}", plugin.name, f"{plugin.name}{args} {text}"))
    for cache in block.named("cache"):
        for option in cache.options:
            if option.name in ("serve_stale", "keepttl"):
                text = f"cache {option.name}: answers may be older, or live longer, than their TTL says"
                found.append(Note(f"{corefile.where}:{option.line}", "cache", text))
    zones = origins(block.named("kubernetes")[0].args, keys)
    for zone in zones:
        if not any(is_below(zone, key.zone) or is_below(key.zone, zone) for key in keys):
            names = ", ".join(key.zone for key in keys)
            text = f"zone {zone} of kubernetes is never asked: its server block answers only {names}"
            found.append(Note(f"{corefile.where}:{block.line}", "kubernetes", text))
    for other in corefile.blocks:
        if other is not block:
            found += _rivals(corefile, other, keys, zones)
    return found


def _rivals(corefile: Corefile, other: ServerBlock, keys: Sequence[ServerKey], zones: Sequence[str]) -> list[Note]:
    """Server blocks on the same port whose zone is closer to names of the cluster's zones."""
    found = []
    ports = {key.port for key in keys}
    for key in server_keys(other, corefile.where):
        closer = any(is_below(key.zone, mine.zone) and key.zone != mine.zone for mine in keys)
        touches = any(is_below(key.zone, zone) or is_below(zone, key.zone) for zone in zones)
        if key.port in ports and closer and touches:
            text = f"names below {key.zone} are answered by another server block, which is not followed"
            found.append(Note(f"{corefile.where}:{other.line}", "server block", text))
    return found


def _transfer_to(block: ServerBlock, keys: Sequence[ServerKey], zone: str) -> tuple[str, ...]:
    return tuple(
        arg
        for plugin in block.named("transfer")
        if any(is_below(zone, origin) for origin in origins(plugin.args, keys))
        for option in plugin.options
        if option.name == "to"
        for arg in option.args
    )


def _bufsize(block: ServerBlock, where: str) -> int:
    for plugin in block.named("bufsize"):
        if not plugin.args:
            return DEFAULT_BUFSIZE
        text = plugin.args[0]
        if not text.isascii() or not text.isdigit() or not 512 <= int(text) <= 4096:
            raise InputError(f"expected a bufsize of 512 to 4096, found {text}", where=f"{where}:{plugin.line}")
        return int(text)
    return 0


def _bound(block: ServerBlock) -> tuple[str, ...] | None:
    """The server's own addresses by the bind plugin.

    Written as plain addresses they are lost (local.go boundIPs expects a prefix length); interface names tell nothing.
    """
    args = [arg for plugin in block.named("bind") for arg in plugin.args]
    return () if args and all("." in arg or ":" in arg for arg in args) else None
