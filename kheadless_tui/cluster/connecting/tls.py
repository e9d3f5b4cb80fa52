"""TLS towards the API server: which authority is trusted, which name is checked, which certificate is shown."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kheadless_tui.errors import InputError


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client certificate and its key, in PEM."""

    certificate: bytes
    key: bytes
    origin: str
    """Where it came from, for messages: a file, a kubeconfig, a plug-in."""

    def __repr__(self) -> str:
        return f"ClientCertificate({self.origin!r})"  # the key must not reach a log


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """How the server's certificate is checked."""

    authorities: bytes = b""
    """PEM of the authorities that are trusted; empty: those of the system."""
    server_name: str = ""
    """The name that the certificate must carry, when it is not the host of the URL (``tls-server-name``)."""
    insecure: bool = False
    """``insecure-skip-tls-verify``: nothing is checked."""
    origin: str = ""
    """Where the authorities came from, for messages."""


class _NamedContext(ssl.SSLContext):
    """A context that checks for ``server_name`` whatever host is dialled.

    asyncio makes every TLS connection by ``wrap_bio``, whether direct, through an HTTP proxy or through SOCKS; of
    these aiohttp lets only the first two set the name.
    """

    server_name = ""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, self.server_name or server_hostname, session)


def client_context(trust: TrustSettings, certificate: ClientCertificate | None) -> ssl.SSLContext:
    """The TLS context of a connection to the API server.

    Raises:
        InputError: the authorities or the client certificate are no usable PEM.
    """
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = trust.server_name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.13 turns this on by default; authorities that clusters made for themselves often lack the
    # authorityKeyIdentifier that it wants, and client-go does not ask for it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if trust.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust.authorities:
        try:
            context.load_verify_locations(cadata=trust.authorities.decode("ascii"))
        except (ssl.SSLError, UnicodeDecodeError) as error:
            raise InputError("holds no certificate authority in PEM", where=trust.origin) from error
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if certificate is not None:
        _show(context, certificate)
    return context


def _show(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    def no_password(*_: Any) -> bytes:
        raise InputError("the client key is encrypted, which kubectl does not read either", where=certificate.origin)

    with _private_file(certificate.certificate + b"\n" + certificate.key) as path:
        try:
            context.load_cert_chain(path, password=no_password)
        except ssl.SSLError as error:
            what = "do not belong together" if error.reason == "KEY_VALUES_MISMATCH" else "are no usable PEM"
            raise InputError(f"the client certificate and its key {what}", where=certificate.origin) from error


@contextlib.contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    """OpenSSL reads a key only from a file: one that only we can read, for as long as the reading takes."""
    descriptor, path = tempfile.mkstemp(prefix="kheadless-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield path
    finally:
        os.unlink(path)
