"""Server keys and zone arguments: ``dns://cluster.local:1053``, ``10.96.0.0/12``; plugin/normalize.go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kheadless_tui.errors import InputError
from kheadless_tui.zone.naming.names import absolute, fault
from kheadless_tui.zone.naming.zones import reverse_zones
from kheadless_tui.zone.serving.corefile import ServerBlock, is_seen

_MAX_PORT = 65535
_PORTS = {"dns": 53, "tls": 853, "quic": 853, "grpc": 443, "https": 443, "https3": 443}
"""Default port by transport (plugin/pkg/transport)."""


class ServerKey(NamedTuple):
    """One zone that a server block answers for."""

    zone: str
    """Absolute, lower case."""
    port: int
    transport: str


class Listener(NamedTuple):
    """What server blocks must have in common to be parts of one server (register.go groupConfigsByListenAddr)."""

    transport: str
    port: int
    hosts: frozenset[str]
    """Addresses or interfaces of the plugin bind; one empty text without it."""

    def keys_of(self, block: ServerBlock, where: str) -> list[ServerKey]:
        """The zones that a server block answers for here."""
        if not self.hosts & bound_hosts(block):
            return []
        return [key for key in server_keys(block, where) if (key.transport, key.port) == (self.transport, self.port)]


def bound_hosts(block: ServerBlock) -> frozenset[str]:
    """What a server block listens at: the arguments of bind, or one empty text for everything."""
    return frozenset(arg for plugin in block.named("bind") for arg in plugin.args) or frozenset({""})


def server_keys(block: ServerBlock, where: str) -> list[ServerKey]:
    """The zones of a server block; a network gives several.

    Raises:
        InputError: a key is no zone.
    """
    found = []
    for key in block.keys:
        if not is_seen(key):  # any zone
            found.append(ServerKey(".", _PORTS["dns"], "dns"))
            continue
        transport, rest = _transport(key)
        host, port = _split_port(rest)
        try:
            zones = _zones(host)
        except ValueError as error:
            raise InputError(
                f"expected a zone or a network, found {key!r}: {error}", where=f"{where}:{block.line}"
            ) from None
        if port > _MAX_PORT:
            raise InputError(f"listen tcp: address {port}: invalid port", where=f"{where}:{block.line}")
        found += [ServerKey(zone, port or _PORTS[transport], transport) for zone in zones]
    return found


def origins(args: Sequence[str], keys: Sequence[ServerKey]) -> list[str]:
    """The zones of a plugin: its arguments, or those of its server block (OriginsFromArgsOrServerBlock).

    An argument that is no zone is left out, as CoreDNS does.
    """
    if not args:
        return list(dict.fromkeys(key.zone for key in keys))
    found: list[str] = []
    for arg in filter(is_seen, args):
        try:
            found += _zones(_split_port(_transport(arg)[1])[0])
        except ValueError:
            continue
    return found


def invalid_zones(args: Sequence[str]) -> list[str]:
    """The arguments that are no zone, which CoreDNS leaves out with a warning in its log."""
    return [arg for arg in filter(is_seen, args) if not origins([arg], ())]


def _zones(host: str) -> list[str]:
    if "/" in host:
        try:
            return reverse_zones(host)
        except ValueError:  # what is no network, 10.0.0.0/33, is a name as any other (normalize.go SplitHostPort)
            pass
    if not host:
        raise ValueError("it is empty")
    zone = absolute(host.lower())
    flaw = "" if zone == "." else fault(zone)
    if flaw:
        raise ValueError(flaw)
    return [zone]


def _transport(key: str) -> tuple[str, str]:
    head, mark, rest = key.partition("://")
    return (head, rest) if mark and head in _PORTS else ("dns", key)


def _split_port(text: str) -> tuple[str, int]:
    """The text before the last colon and the number behind it; 0 without a number."""
    host, colon, port = text.rpartition(":")
    return (host, int(port)) if colon and port.isascii() and port.isdigit() else (text, 0)
