"""The pool of connections towards one server: direct, through an HTTP proxy, or through SOCKS."""

from __future__ import annotations

from typing import Any

import aiohttp

from kheadless_tui.errors import UsageError

KEEP_ALIVE = 75.0
"""Seconds for which an idle connection is kept: under the 90 s after which load balancers commonly drop it."""


def is_socks(proxy_url: str) -> bool:
    """The pool itself goes through this proxy; an HTTP proxy is named with each request."""
    return proxy_url.startswith("socks5")


def new_connector(proxy_url: str) -> aiohttp.TCPConnector:
    """A pool in the running loop.

    Raises:
        UsageError: the proxy is a SOCKS one, and the package for that is not installed.
    """
    # Every watch holds a connection, so their number has no limit here; it is small by what is read.
    options: dict[str, Any] = {"limit": 0, "keepalive_timeout": KEEP_ALIVE}
    if not is_socks(proxy_url):
        return aiohttp.TCPConnector(**options)
    try:
        from aiohttp_socks import ProxyConnector  # noqa: PLC0415 - optional
    except ImportError as error:
        raise UsageError(
            "the proxy is a SOCKS proxy, and the package for that is not installed",
            hint="pipx inject kheadless-tui aiohttp-socks, or pip install 'kheadless-tui[socks]'",
        ) from error
    # Go's socks5 lets the proxy resolve names, whichever of the two schemes is written.
    url = proxy_url.replace("socks5h://", "socks5://", 1)
    connector: aiohttp.TCPConnector = ProxyConnector.from_url(url, rdns=True, **options)
    return connector
