"""Users of ``auth-provider: oidc``: an id-token that is renewed by the issuer with a refresh-token.

As client-go does it (plugin/pkg/client/auth/oidc): discovery, then a refresh at the token endpoint, where the client
shows its secret in the Authorization header or, if that is not taken, in the form. What the issuer gives is left in
the kubeconfig, where kubectl and other sessions of ours look for it, as we look for what they have left.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

import aiohttp
import msgspec

from kheadless_tui.cluster.connecting.credentials import Credential, basic
from kheadless_tui.cluster.connecting.oidc_storage import ID_TOKEN, REFRESH_TOKEN, OidcStorage, StoredTokens
from kheadless_tui.cluster.connecting.proxy import proxy_from_environment
from kheadless_tui.cluster.connecting.tls import ClientCertificate, TrustSettings, client_context
from kheadless_tui.cluster.wire import failures
from kheadless_tui.cluster.wire.answers import plain
from kheadless_tui.cluster.wire.connector import is_socks, new_connector
from kheadless_tui.errors import InputError, NotAuthenticated, UsageError

MARGIN = 10.0
"""Seconds before its end at which an id-token counts as expired (client-go's expiryDelta)."""

ANSWER_IN = 10.0
"""Seconds that the issuer may take for each of the two answers."""

MOST = 2**20
"""Bytes of an answer that are read."""


LOCKED_FOR = 1.0
"""Seconds that we wait for another program to have written the kubeconfig; it takes milliseconds."""

LOCKED_LOOK = 0.05
"""Seconds between two looks whether it has."""


class _Claims(msgspec.Struct):
    exp: float | None = None


class _Discovery(msgspec.Struct):
    token_endpoint: str


class _Tokens(msgspec.Struct):
    id_token: str = ""
    refresh_token: str = ""
    error: str = ""
    error_description: str = ""


class OidcSource:
    """One user's tokens."""

    cheap: ClassVar[bool] = False
    awaited: ClassVar[str] = "the OIDC issuer"

    def __init__(
        self,
        storage: OidcStorage,
        config: Mapping[str, str],
        authorities: bytes,
        certificate: ClientCertificate | None,
        environ: Mapping[str, str],
        warn: Callable[[str], None],
    ) -> None:
        """Nothing is asked yet.

        Args:
            storage: Where the user's tokens are kept.
            config: ``auth-provider.config``.
            authorities: PEM of those that the issuer is trusted by; empty: those of the system.
            certificate: A client certificate that the kubeconfig gives beside.
            environ: Where a proxy may be named.
            warn: Takes a sentence for the user, when tokens could not be kept.
        """
        self._storage = storage
        self._issuer = config.get("idp-issuer-url", "").rstrip("/")
        self._client = config.get("client-id", "")
        self._secret = config.get("client-secret", "")
        self._id_token = config.get(ID_TOKEN, "")
        self._refresh_token = self._stored = config.get(REFRESH_TOKEN, "")
        self._trust = TrustSettings(authorities, origin="idp-certificate-authority")
        self._certificate = certificate
        self._environ = environ
        self._given: str = ""
        self._renewal: asyncio.Task[None] | None = None
        self._warn = warn
        self._warned = False

    async def obtain(self) -> Credential:
        """The id-token; a new one when it has expired, or was given before and is asked for again: it was not accepted.

        Raises:
            NotAuthenticated: there is no new one to be had.
        """
        if not _is_good(self._id_token) or (self._id_token == self._given and self._refresh_token):
            # In a task of its own: whoever wants the token may give up, but an issuer that has taken the refresh-token
            # has to be heard out, as it may not take it again.
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._renew(), name="renewal of an id-token")
                self._renewal.add_done_callback(lambda task: task.cancelled() or task.exception())
            await asyncio.shield(self._renewal)
        self._given = self._id_token
        return Credential(f"Bearer {self._id_token}", self._certificate, _expiry(self._id_token))

    async def _renew(self) -> None:
        if await self._found_another():
            return
        try:
            await self._refresh()
        except NotAuthenticated:
            # Another program may have used up the refresh-token in the same moment.
            before = self._refresh_token
            if await self._found_another():
                return
            if self._refresh_token == before:
                raise
            await self._refresh()
        await self._keep()

    async def _found_another(self) -> bool:
        """Take over tokens that another program has left; whether the id-token among them may be used."""
        try:
            found = await asyncio.to_thread(self._storage.read)
        except (OSError, InputError):
            return False  # it is being written, or is gone: we go on with what we have
        if found.refresh_token not in ("", self._stored):
            self._refresh_token = self._stored = found.refresh_token
        if found.id_token in ("", self._given, self._id_token) or not _is_good(found.id_token):
            return False
        self._id_token = found.id_token
        return True

    async def _keep(self) -> None:
        """Leave the tokens for the next program; that it cannot be done is said once and stops nobody."""
        tokens = StoredTokens(self._id_token, self._refresh_token)
        deadline = time.monotonic() + LOCKED_FOR
        try:
            while True:
                try:
                    await asyncio.to_thread(self._storage.write, tokens, self._stored)
                    break
                except FileExistsError:
                    if time.monotonic() > deadline:
                        raise
                    await asyncio.sleep(LOCKED_LOOK)
        except FileExistsError:
            self._could_not_keep(f"{self._storage.file}.lock is there, as if another program were writing the file")
        except OSError as error:
            self._could_not_keep(error.strerror or str(error))
        except InputError as error:
            self._could_not_keep(error.message)
        else:
            self._stored = self._refresh_token

    def _could_not_keep(self, why: str) -> None:
        if not self._warned:
            self._warned = True
            self._warn(
                f"the renewed tokens of user {self._storage.user} could not be written to {self._storage.file} "
                f"({why}): kubectl may have to log in again"
            )

    async def _refresh(self) -> None:
        if not self._refresh_token:
            raise self._failed("there is no refresh-token to get a new one with")
        if not self._issuer or not self._client:
            raise self._failed("idp-issuer-url or client-id is missing in the kubeconfig")
        try:
            async with asyncio.timeout(2 * ANSWER_IN), self._session() as session:
                tokens = await self._tokens(session)
        except (InputError, UsageError) as error:
            raise self._failed(error.message) from error
        except Exception as error:
            if not failures.is_failure(error):
                raise
            proxy = proxy_from_environment(self._issuer, self._environ)
            told = failures.unreachable(error, self._issuer, proxy, ANSWER_IN)
            raise self._failed(told.message) from error
        if not tokens.id_token:
            said = plain(": ".join(part for part in (tokens.error, tokens.error_description) if part))
            raise self._failed(f"{self._issuer} gave none: {said or 'its answer holds no id_token'}")
        self._id_token = tokens.id_token
        self._refresh_token = tokens.refresh_token or self._refresh_token

    async def _tokens(self, session: aiohttp.ClientSession) -> _Tokens:
        _, body = await self._ask(session, "GET", f"{self._issuer}/.well-known/openid-configuration")
        try:
            endpoint = msgspec.json.decode(body, type=_Discovery).token_endpoint
        except msgspec.DecodeError:
            raise self._failed(f"what answers at {self._issuer} is no OpenID issuer") from None
        form = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
        named = {**form, "client_id": self._client}
        if self._secret:
            headers = {"Authorization": basic(quote(self._client, safe=""), quote(self._secret, safe=""))}
            status, body = await self._ask(session, "POST", endpoint, data=form, headers=headers)
            if status in (400, 401) and b"invalid_grant" not in body:
                status, body = await self._ask(session, "POST", endpoint, data={**named, "client_secret": self._secret})
        else:
            status, body = await self._ask(session, "POST", endpoint, data=named)
        try:
            return msgspec.json.decode(body, type=_Tokens)
        except msgspec.DecodeError:
            raise self._failed(f"{self._issuer} answered {status}, and not with tokens") from None

    async def _ask(self, session: aiohttp.ClientSession, method: str, url: str, **more: Any) -> tuple[int, bytes]:
        proxy = proxy_from_environment(url, self._environ)
        tls = client_context(self._trust, None)
        named = None if is_socks(proxy) else proxy or None
        async with session.request(method, url, proxy=named, ssl=tls, allow_redirects=False, **more) as answer:
            return answer.status, await answer.content.read(MOST)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=new_connector(proxy_from_environment(self._issuer, self._environ)),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_IN),
        )

    def _failed(self, why: str) -> NotAuthenticated:
        return NotAuthenticated(
            f"the id-token of user {self._storage.user} has expired or is not accepted, and {why}",
            hint="log in again as your provider says",
        )


def _is_good(token: str) -> bool:
    """It has not expired, for all we know."""
    expires = _expiry(token)
    return bool(token) and (expires is None or expires - MARGIN > time.time())


def _expiry(token: str) -> float | None:
    """``exp`` of a JSON Web Token (RFC 7519 4.1.4); ``None`` where it says nothing of it, or is no such token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=_Claims).exp
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return None
