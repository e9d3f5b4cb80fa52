"""Why no answer came, in one sentence that names the server and what to do: the transport's exceptions translated."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import aiohttp

from kheadless_tui.errors import HeadlessError, Unreachable

ERRORS = (aiohttp.ClientError, OSError, asyncio.TimeoutError, ssl.SSLError)
"""All that aiohttp raises when the other end cannot be reached or breaks off."""

PROXY_HINT = "check the proxy: proxy-url in the kubeconfig, else HTTPS_PROXY and NO_PROXY in the environment"
PROXY_LOGIN = "it wants a login: put USER:PASSWORD@ before its host, in proxy-url or in HTTPS_PROXY"

_CERTIFICATE_REASONS = {
    9: "it is not yet valid",
    10: "it has expired",
    18: "it is signed by itself, not by an authority that the kubeconfig trusts",
    19: "it is not signed by an authority that the kubeconfig trusts",
    20: "it is not signed by an authority that the kubeconfig trusts",
    21: "it is not signed by an authority that the kubeconfig trusts",
    23: "it has been revoked",
}
"""OpenSSL's verify codes (openssl verify(1)), in words."""


def is_failure(error: BaseException) -> bool:
    """The exception says that the other end could not be reached or broke off."""
    return isinstance(error, ERRORS) or _is_of_socks(error)


def _is_of_socks(error: BaseException) -> bool:
    # An optional package, whose errors have no base in common with others: known by where they come from.
    return type(error).__module__.partition(".")[0] in ("python_socks", "aiohttp_socks")


def unreachable(error: BaseException, server: str, proxy_url: str = "", timeout: float | None = None) -> Unreachable:
    """The error to show for an exception on the way to a server or back.

    Args:
        error: What was raised.
        server: The API server's URL.
        proxy_url: The proxy on the way, empty for none.
        timeout: The seconds that were allowed, for an exception that says that they are over.
    """
    chain = list(_chain(error))
    by_proxy = f" through the proxy {_without_password(proxy_url)}" if proxy_url else ""
    for link in chain:
        told = _told(link, server, proxy_url, by_proxy)
        if told is not None:
            return told
    if any(isinstance(link, (asyncio.TimeoutError, TimeoutError)) for link in chain):
        return no_answer(server, timeout, by_proxy)
    return Unreachable(f"{server} broke off the connection{by_proxy}", hint="is the API server up?")


def no_answer(server: str, timeout: float | None, by_proxy: str = "") -> Unreachable:
    """Nothing came in the time allowed."""
    within = f" in {round(timeout, 1):g} s" if timeout is not None else " in time"
    return Unreachable(
        f"no answer from {server}{within}{by_proxy}",
        hint="is the API server up and the network open? --request-timeout waits longer",
    )


def is_worth_another_connection(error: BaseException) -> bool:
    """A kept connection that the server had closed meanwhile: nothing was answered, so a GET may be sent again."""
    return isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)) and not isinstance(
        error, aiohttp.ClientConnectorError
    )


def _told(error: BaseException, server: str, proxy_url: str, by_proxy: str) -> Unreachable | None:
    at_proxy = isinstance(error, aiohttp.ClientProxyConnectionError)
    whom = f"the proxy {_without_password(proxy_url)}" if at_proxy else server
    if at_proxy:
        by_proxy = ""  # it is what was asked
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return Unreachable(
            f"the proxy {_without_password(proxy_url)} did not lead to {server} ({error.status})",
            hint=PROXY_LOGIN if error.status == 407 else PROXY_HINT,
        )
    if _is_of_socks(error):
        return Unreachable(f"the proxy {_without_password(proxy_url)} did not lead to {server}", hint=PROXY_HINT)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, server)
    if isinstance(error, ssl.SSLError):
        return _tls(error, whom)
    if isinstance(error, socket.gaierror):
        host = urlsplit(proxy_url if at_proxy else server).hostname
        return Unreachable(f"the host {host} of {whom} is unknown", hint="check the name, DNS and the VPN")
    if isinstance(error, aiohttp.ClientResponseError):
        return Unreachable(f"what answers at {server} is no API server{by_proxy}", hint="check the server's URL")
    if isinstance(error, aiohttp.InvalidURL):
        return Unreachable(f"{server} is no URL that can be asked", hint="check the cluster's server")
    if isinstance(error, OSError):
        return _system(error, whom, by_proxy, at_proxy)
    return None


def _certificate(error: ssl.SSLCertVerificationError, server: str) -> Unreachable:
    code = error.verify_code
    hint = "check certificate-authority of the cluster in the kubeconfig"
    if code in (62, 64):  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
        reason, hint = "it is for another name", "check the server's URL, or set tls-server-name in the kubeconfig"
    else:
        reason = _CERTIFICATE_REASONS.get(code, error.verify_message)
        if code in (9, 10):
            hint = "renew it, and check the clock of this machine"
    return Unreachable(f"the certificate of {server} is not trusted: {reason}", hint=hint)


def _tls(error: ssl.SSLError, whom: str) -> Unreachable | None:
    reason = error.reason or ""
    if "ALERT" in reason and any(word in reason for word in ("CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE", "ACCESS")):
        return Unreachable(f"{whom} did not accept our client certificate", hint="check the user in the kubeconfig")
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"):
        return Unreachable(f"{whom} does not speak TLS", hint="check the server's URL: http:// or another port?")
    return Unreachable(f"no TLS with {whom}: {reason.replace('_', ' ').lower() or 'it broke off'}")


def _system(error: OSError, whom: str, by_proxy: str, at_proxy: bool) -> Unreachable | None:
    if error.errno == errno.ECONNREFUSED or _all_refused(error):
        return Unreachable(
            f"{whom} refused the connection{by_proxy}",
            hint=PROXY_HINT if at_proxy else "is the API server up, and is this its address and port?",
        )
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN):
        return Unreachable(f"there is no route to {whom}{by_proxy}", hint="check the network and the VPN")
    if error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return Unreachable(f"{whom} broke off the connection{by_proxy}", hint="is the API server up?")
    if error.errno == errno.ETIMEDOUT:
        return Unreachable(f"no answer from {whom}{by_proxy}", hint="check the network and the VPN")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return Unreachable(f"{whom} cannot be reached: too many open files here", hint="ulimit -n 4096")
    if error.errno and error.errno > 0 and not isinstance(error, (ssl.SSLError, asyncio.TimeoutError)):
        return Unreachable(f"{whom} cannot be reached{by_proxy}: {os.strerror(error.errno).lower()}")
    return None


def _all_refused(error: OSError) -> bool:
    """Several addresses were tried and all refused: asyncio then raises one error without a number of its own."""
    text = str(error)
    return error.errno is None and "Multiple exceptions" in text and f"[Errno {errno.ECONNREFUSED}]" in text


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and what caused it; aiohttp wraps the cause, which says more, into ``os_error`` or __cause__."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        link = todo.pop(0)
        if link is None or id(link) in seen or isinstance(link, HeadlessError):
            continue
        seen.add(id(link))
        inner = getattr(link, "certificate_error", None) or getattr(link, "os_error", None)
        if isinstance(inner, BaseException) and not isinstance(link, aiohttp.ClientProxyConnectionError):
            yield inner
        yield link
        todo += [link.__cause__, link.__context__]


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
