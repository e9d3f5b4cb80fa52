"""Which proxy leads to the API server: ``proxy-url`` of the kubeconfig, else the environment as Go reads it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

SCHEMES = ("http", "https", "socks5", "socks5h")
"""What client-go accepts in ``proxy-url`` (clientcmd validateClusterInfo); its socks5 has the proxy resolve names."""


def proxy_from_environment(server: str, environ: Mapping[str, str]) -> str:
    """The proxy for a server by HTTPS_PROXY, HTTP_PROXY and NO_PROXY (golang.org/x/net/http/httpproxy).

    Returns:
        The proxy's URL, empty when there is none or the server is excepted.
    """
    url = urlsplit(server)
    host = url.hostname or ""
    name = "HTTPS_PROXY" if url.scheme == "https" else "HTTP_PROXY"
    proxy = environ.get(name) or environ.get(name.lower()) or ""
    if not proxy or is_loopback(host):
        return ""
    port = url.port or (443 if url.scheme == "https" else 80)
    excepted = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if any(_covers(entry.strip().lower(), host.lower(), port) for entry in excepted.split(",")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def is_loopback(host: str) -> bool:
    """The host is this machine by name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _covers(entry: str, host: str, port: int) -> bool:
    """One entry of NO_PROXY: ``*``, an address, a CIDR range, a name with its subdomains; a port may follow."""
    if entry in ("", "*"):
        return entry == "*"
    address = _address(host)
    try:
        if address is not None and "/" in entry:
            return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
    bare, colon, wanted_port = entry.rpartition(":")
    if colon and wanted_port.isdigit() and _address(entry) is None:
        if int(wanted_port) != port:
            return False
        entry = bare
    if address is not None:
        return address == _address(entry.strip("[]"))
    suffix = entry.removeprefix("*")
    return (host == suffix.lstrip(".") and not suffix.startswith(".")) or host.endswith("." + suffix.lstrip("."))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
