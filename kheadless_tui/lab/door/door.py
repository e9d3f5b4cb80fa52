"""The way into a lab: its address, certificate, tokens and kubeconfigs.

It is there before anything is behind it: clients may connect at once and wait, as they wait for a slow server. So the
terminal program draws its first picture before the lab is built.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from kheadless_tui.errors import ClusterError
from kheadless_tui.lab.door import folder as folders
from kheadless_tui.lab.door.certificate import self_signed
from kheadless_tui.lab.objects.roles import NAMESPACE_OF, USERS

HOST = "127.0.0.1"
CERTIFICATE_NAME = "kheadless-lab"
BACKLOG = 128
"""Connections that wait to be taken (asyncio has 100)."""


class Door:
    """A socket that listens on loopback, and in a private folder what leads to it; use :meth:`open`."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = _listening(0)
        self.port: int = self._socket.getsockname()[1]
        """The same as long as the lab is there."""
        self.tokens = {secrets.token_urlsafe(32): user for user in USERS}
        """Token to user; nobody else gets in."""
        made = self_signed(HOST, CERTIFICATE_NAME)
        self.authority = made.certificate
        """PEM of the certificate that is shown, which is its own CA."""
        self._folder = folders.create()  # last: what fails before leaves nothing
        try:
            folders.write_private(self._folder / "ca.crt", made.certificate)
            folders.write_private(self._folder / "tls.key", made.private_key)
            for user in USERS:
                self._write_kubeconfig(user)
        except OSError:
            folders.remove(self._folder)
            raise

    @classmethod
    @contextlib.contextmanager
    def open(cls) -> Iterator[Door]:
        """A door until the block is left; then nothing of it remains.

        Raises:
            ClusterError: no port of loopback or no folder for temporary files can be had.
        """
        try:
            door = cls()
        except OSError as error:
            raise cannot_start(error) from error
        try:
            yield door
        finally:
            if door._socket is not None:
                door._socket.close()
            folders.remove(door._folder)

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://{HOST}:{self.port}"

    def kubeconfig_of(self, user: str) -> str:
        """Path of a user's kubeconfig: ``admin``, ``viewer``, ``namespaced`` or ``nobody``."""
        return str(self._folder / f"{user}.kubeconfig")

    @property
    def certificate(self) -> str:
        """Path of the certificate."""
        return str(self._folder / "ca.crt")

    def token_of(self, user: str) -> str:
        """A user's bearer token."""
        return next(token for token, name in self.tokens.items() if name == user)

    def renew_token(self, user: str) -> str:
        """Give a user another token and write the kubeconfig anew; the old one leads nowhere from now on."""
        del self.tokens[self.token_of(user)]
        token = secrets.token_urlsafe(32)
        self.tokens[token] = user
        self._write_kubeconfig(user)
        return token

    # -- for the server behind it ------------------------------------------------------------------------------

    async def knocked(self) -> None:
        """Wait for the first client; the socket must not have been taken."""
        assert self._socket is not None
        loop, somebody = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._socket, somebody.set)
        try:
            await somebody.wait()
        finally:
            loop.remove_reader(self._socket)

    def take(self) -> socket.socket:
        """The listening socket, once; later a new one at the same port."""
        taken, self._socket = self._socket, None
        return taken or _listening(self.port)

    def tls(self) -> ssl.SSLContext:
        """What the server shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self._folder / "tls.key")
        return context

    def _write_kubeconfig(self, user: str) -> None:
        authority, namespace = base64.b64encode(self.authority).decode(), NAMESPACE_OF.get(user, "default")
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": {"server": self.server, "certificate-authority-data": authority}}],
            "users": [{"name": user, "user": {"token": self.token_of(user)}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user, "namespace": namespace}}],
            "current-context": "lab",
        }
        folders.write_private(Path(self.kubeconfig_of(user)), json.dumps(config, indent=2).encode())


def cannot_start(error: OSError) -> ClusterError:
    """What is told of a lab for which this machine lacks something."""
    return ClusterError(
        f"the lab cannot start: {error.strerror or error}",
        hint=f"It needs a free port on {HOST} and a folder for temporary files that can be written (TMPDIR).",
    )


def _listening(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made
