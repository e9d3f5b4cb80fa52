"""The options of the kubernetes plugin in a Corefile.

Source: plugin/kubernetes/setup.go ParseStanza. What CoreDNS refuses is an InputError with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kheadless_tui.errors import InputError
from kheadless_tui.zone.answering.ttl import MAX_TTL
from kheadless_tui.zone.naming.reverse_names import is_reverse
from kheadless_tui.zone.naming.zones import is_reverse_zone
from kheadless_tui.zone.serving import go_text
from kheadless_tui.zone.serving.config import PODS_MODES, ZoneConfig
from kheadless_tui.zone.serving.corefile import Option, Plugin, is_seen
from kheadless_tui.zone.serving.label_selectors import parse_selector
from kheadless_tui.zone.serving.server_keys import ServerKey, origins

_TLS_FILES = 3
"""Certificate, key and authority of the option ``tls``."""


class KubernetesOptions:
    """The options of one kubernetes plugin."""

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
            "endpoint": self._some,
            "tls": lambda option: self._count(option, _TLS_FILES, _TLS_FILES),
            "kubeconfig": lambda option: self._count(option, 1, 2),
            "startup_timeout": self._startup_timeout,
            "apiserver_qps": lambda option: self._limit(option, go_text.decimal),
            "apiserver_burst": lambda option: self._limit(option, go_text.integer),
            "apiserver_max_inflight": lambda option: self._limit(option, go_text.integer),
        }

    def config(self) -> ZoneConfig:
        """The options as fields of the configuration.

        Raises:
            InputError: CoreDNS would not start with them.
        """
        zones = origins(self.plugin.args, self.keys)
        if not all(map(is_seen, self.plugin.args)) and all(map(is_reverse_zone, zones)):
            zones.insert(0, ZoneConfig().zone)  # the usual one for the one that is not seen
        if not zones or all(is_reverse(zone) for zone in zones):
            found = " ".join(self.plugin.args or (key.zone for key in self.keys))
            raise self._error(f"expected a zone that is not a reverse zone, found {found}", self.plugin.line)
        self.fields["zones"] = tuple(zones)
        for option in self.plugin.options:
            reader = self.readers.get(option.name)
            if reader is None:
                raise self._error(f"unknown property {option.name!r} of kubernetes", option.line)
            if all(map(is_seen, option.args)):  # what is not seen is noted by plugin_chain.py
                reader(option)
        self._together()
        return ZoneConfig(**self.fields)

    def _together(self) -> None:
        line = self.plugin.end
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
            raise self._error(f"expected pods {', '.join(PODS_MODES)}, found {_found(option)}", option.line)
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
        seconds = go_text.integer(option.args[0])
        if seconds is None or not 0 <= seconds <= MAX_TTL:
            raise self._error(f"expected a ttl of 0 to {MAX_TTL} seconds, found {option.args[0]}", option.line)
        self.fields["ttl"] = seconds

    def _ignore(self, option: Option) -> None:
        """Without argument it does nothing; it does not take back what an earlier line said."""
        if option.args[:1] not in ((), ("empty_service",)):
            raise self._error(f"expected ignore empty_service, found ignore {option.args[0]}", option.line)
        if option.args:
            self.fields["ignore_empty_service"] = True

    def _multicluster(self, option: Option) -> None:
        self.fields["multicluster"] = tuple(origins(option.args, ()))

    # -- options that have no effect on records, but keep CoreDNS from starting when they are wrong -----------------

    def _startup_timeout(self, option: Option) -> None:
        self._some(option)
        seconds = go_text.duration(option.args[0])
        if seconds is None or seconds < 0:  # with less than nothing CoreDNS panics
            raise self._error(
                f"expected startup_timeout with a duration such as 5s, found {_found(option)}", option.line
            )

    def _limit(self, option: Option, read: Callable[[str], float | None]) -> None:
        self._count(option, 1, 1)
        number = read(option.args[0])
        if number is None or number < 0:
            raise self._error(f"expected {option.name} of at least 0, found {option.args[0]}", option.line)

    def _some(self, option: Option) -> None:
        if not option.args:
            raise self._error(f"{option.name} needs an argument", option.line)

    def _count(self, option: Option, least: int, most: int) -> None:
        if not least <= len(option.args) <= most:
            wanted = str(least) if least == most else f"{least} or {most}"
            plural = "" if wanted == "1" else "s"
            raise self._error(f"{option.name} takes {wanted} argument{plural}, found {_found(option)}", option.line)

    def _error(self, message: str, line: int) -> InputError:
        return InputError(message, where=f"{self.where}:{line}")


def _found(option: Option) -> str:
    return " ".join(option.args) or "nothing"
