"""Who we are to the API server: one credential at a time, kept until it expires, renewed by one task at a time."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Protocol

from kheadless_tui.cluster.connecting.tls import ClientCertificate, TrustSettings, client_context
from kheadless_tui.cluster.telling import Subscribers
from kheadless_tui.errors import HeadlessError, InputError, NotAuthenticated

log = logging.getLogger(__name__)

TOKEN_FILE_PERIOD = 60.0
"""Seconds after which a token file is read again (client-go transport/token_source.go: one minute)."""

CERTIFICATE_FILE_PERIOD = 60.0
"""Seconds after which the files of a client certificate are read again (client-go reads them for each connection)."""

FAILURE_KEPT = 5.0
"""Seconds for which a failure to get a better credential holds for everyone who asks, instead of trying for each."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What goes with a request."""

    authorization: str = ""
    """The Authorization header; empty when the client certificate says it all, or nobody is logged in."""
    certificate: ClientCertificate | None = None
    expires: float | None = None
    """Unix time after which it must be got again; ``None``: it does not expire by itself."""

    def __repr__(self) -> str:
        return f"Credential(expires={self.expires})"  # a token must not reach a log


class CredentialSource(Protocol):
    """Where credentials come from."""

    @property
    def cheap(self) -> bool:
        """It may be asked every few seconds: nothing is run for it, and nobody is asked over the network."""

    @property
    def awaited(self) -> str:
        """Who is waited for, where that may take as long as a person needs to log in; empty for others."""

    async def obtain(self) -> Credential:
        """Get a credential anew, within a time of its own; NotAuthenticated when that fails."""


@dataclass(frozen=True, slots=True)
class StaticSource:
    """A credential that stays as it is."""

    credential: Credential
    cheap: ClassVar[bool] = True
    awaited: ClassVar[str] = ""

    async def obtain(self) -> Credential:
        """The same one each time."""
        return self.credential


class WrittenSource:
    """A token, a password or a certificate that stands in the kubeconfig, where a login may write another one."""

    cheap: ClassVar[bool] = True
    awaited: ClassVar[str] = ""

    def __init__(self, written: Credential, read_again: Callable[[], Credential]) -> None:
        """``written`` is what stood there; ``read_again`` blocks, and raises HeadlessError where there is nothing."""
        self._written = written
        self._read_again = read_again
        self._given = False

    async def obtain(self) -> Credential:
        """What stood there at first, and later what stands there then."""
        if self._given:
            with contextlib.suppress(HeadlessError):  # while the file is being written, what stood there before
                self._written = await asyncio.to_thread(self._read_again)
        self._given = True
        return self._written


@dataclass(frozen=True, slots=True)
class TokenFileSource:
    """A file whose content is replaced from time to time: ``tokenFile``, or a pod's service account."""

    path: str
    certificate: ClientCertificate | None = None
    cheap: ClassVar[bool] = True
    awaited: ClassVar[str] = ""

    async def obtain(self) -> Credential:
        """The token that the file holds now."""
        try:
            token = (await asyncio.to_thread(Path(self.path).read_text, "utf-8")).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise NotAuthenticated(f"the token file {self.path} cannot be read: {reason}") from error
        if not token:
            raise NotAuthenticated(f"the token file {self.path} is empty")
        return Credential(f"Bearer {token}", self.certificate, time.time() + TOKEN_FILE_PERIOD)


class CertificateFileSource:
    """Another source's credentials with a client certificate from two files, which are replaced before it expires."""

    def __init__(self, source: CredentialSource, held: ClientCertificate, certificate: str, key: str) -> None:
        """Nothing is read yet: ``held`` is what the two files, of the certificate and of its key, held before."""
        self._source = source
        self._held = held
        self._paths = (certificate, key)

    @property
    def cheap(self) -> bool:
        """As the other source is."""
        return self._source.cheap

    @property
    def awaited(self) -> str:
        """As of the other source."""
        return self._source.awaited

    async def obtain(self) -> Credential:
        """With the certificate that the files hold now; while it is of no use, with the one that they held before."""
        credential = await self._source.obtain()
        self._held = await asyncio.to_thread(self._read)
        expires = time.time() + CERTIFICATE_FILE_PERIOD if credential.expires is None else credential.expires
        return replace(credential, certificate=self._held, expires=expires)

    def _read(self) -> ClientCertificate:
        try:
            certificate, key = (Path(path).read_bytes() for path in self._paths)
            found = ClientCertificate(certificate, key, self._held.origin)
            if found == self._held:
                return self._held
            client_context(TrustSettings(insecure=True), found)
        except (OSError, InputError) as error:
            # One of the two is replaced before the other: until both are there they do not belong together.
            log.info("client certificate: %s", error)
            return self._held
        return found


class Credentials:
    """Keeps the one credential of a connection for everyone who needs it."""

    def __init__(self, source: CredentialSource, *, clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: Credential | None = None
        self._held_until = float("inf")
        self._failure: tuple[float, NotAuthenticated] | None = None
        self._in_vain = float("-inf")
        self._waiting = False
        self._subscribers = Subscribers()

    @property
    def waiting_for(self) -> str:
        """Who is being waited for now, ``aws (exec plug-in)``; empty for nobody."""
        return self._source.awaited if self._waiting else ""

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have a function called when a wait has begun or ended; what is given back ends it."""
        return self._subscribers.add(callback)

    async def current(self) -> Credential:
        """The credential to use now.

        Raises:
            NotAuthenticated: there is none to be had.
        """
        held = self._held
        if held is not None and self._clock() < self._held_until:
            return held
        return await self.renewed(held)

    async def at_hand(self) -> Credential:
        """The credential to use now, for who asks every few seconds: what costs and has failed is not tried again.

        Raises:
            NotAuthenticated: there is none to be had.
        """
        if self._failure is not None and not self._source.cheap:
            raise self._failure[1].with_traceback(None)
        return await self.current()

    async def renewed_cheaply(self, rejected: Credential) -> Credential:
        """As :meth:`renewed`, from a source that may be asked every few seconds; from others the one that is held."""
        return await self.renewed(rejected) if self._source.cheap else rejected

    async def renewed(self, rejected: Credential | None) -> Credential:
        """A credential other than one that the API server did not accept, if the source has another.

        Many requests may be refused at once: the first to come asks the source, the others get what it got.

        Raises:
            NotAuthenticated: the source failed, now or within the last seconds.
        """
        async with self._lock:
            held = self._held
            if held is not None and held is not rejected and self._clock() < self._held_until:
                return held
            if self._failure is not None and self._clock() - self._failure[0] < FAILURE_KEPT:
                raise self._failure[1].with_traceback(None)
            if held is not None and held is rejected and self._clock() - self._in_vain < FAILURE_KEPT:
                return held
            self._wait(True)
            try:
                fresh = await self._source.obtain()
            except NotAuthenticated as error:
                self._failure = (self._clock(), error)
                raise
            finally:
                self._wait(False)
            self._failure = None
            if held is None or _says(fresh) != _says(held):
                self._held = fresh
            elif held is rejected:
                self._in_vain = self._clock()
            self._held_until = _usable_until(fresh, self._clock())
            assert self._held is not None
            return self._held

    def forget_failure(self) -> None:
        """Let the next request try again at once: the user asked for it."""
        self._failure = None
        self._in_vain = float("-inf")

    def _wait(self, waiting: bool) -> None:
        self._waiting = waiting
        if self._source.awaited:
            self._subscribers.tell()


def _says(credential: Credential) -> tuple[str, ClientCertificate | None]:
    return credential.authorization, credential.certificate


def _usable_until(credential: Credential, now: float) -> float:
    """A little before it expires, so that it does not do so under way: a tenth of its life, a minute at most."""
    if credential.expires is None:
        return float("inf")
    return credential.expires - min(60.0, max(0.0, credential.expires - now) / 10)


def basic(username: str, password: str) -> str:
    """The Authorization header of a name and a password."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
