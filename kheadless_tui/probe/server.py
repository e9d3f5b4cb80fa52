"""The DNS server that is asked: an address and a port, never a name (a name would need DNS to be found)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from kheadless_tui.errors import UsageError

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Server:
    """An address that answers DNS."""

    address: str
    port: int = DNS_PORT
    source: str = ""
    """Where the address comes from: ``Service kube-system/kube-dns``, ``--server``, a pod's /etc/resolv.conf."""

    def __str__(self) -> str:
        """The address, with ``:port`` when it is not 53."""
        if self.port == DNS_PORT:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::(\d+))?\Z")


def parse_server(text: str, source: str = "--server") -> Server:
    """Read ``ADDRESS``, ``ADDRESS:PORT``, ``ADDRESS#PORT``, ``[IPV6]:PORT``.

    Raises:
        UsageError: it is none of these.
    """
    address, port = text, str(DNS_PORT)
    if match := _BRACKETED.match(text):
        address, port = match[1], match[2] or port
    elif text.count("#") == 1:
        address, _, port = text.partition("#")
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    try:
        parsed = ipaddress.ip_address(address)
        number = int(port)
    except ValueError:
        number, parsed = 0, None
    if parsed is None or not 0 < number < 65536 or getattr(parsed, "scope_id", None):
        raise UsageError(
            f"{text!r} is not the address of a DNS server.",
            hint="Give an IP address, with a port if it is not 53: 10.96.0.10, 10.244.0.3:1053, [fd00::a]:1053.",
        )
    return Server(str(parsed), number, source)
