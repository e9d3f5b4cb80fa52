"""Users of ``auth-provider: oidc``: an id-token that is renewed by the issuer with a refresh-token.

As client-go does it (plugin/pkg/client/auth/oidc): discovery, then a refresh at the token endpoint, where the client
shows its secret in the Authorization header or, if that is not taken, in the form. Unlike kubectl we write nothing
back to the kubeconfig: what the issuer gives is kept in memory.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from kheadless_tui.cluster import failures
from kheadless_tui.cluster.answers import plain
from kheadless_tui.cluster.credentials import Credential, basic
from kheadless_tui.cluster.proxy import proxy_from_environment
from kheadless_tui.cluster.tls import ClientCertificate, TrustSettings, client_context
from kheadless_tui.errors import NotAuthenticated

MARGIN = 10.0
"""Seconds before its end at which an id-token counts as expired (client-go's expiryDelta)."""

ANSWER_IN = 10.0
"""Seconds that the issuer may take for each of the two answers."""

MOST = 2**20
"""Bytes of an answer that are read."""


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

    def __init__(
        self,
        user: str,
        config: Mapping[str, str],
        authorities: bytes,
        certificate: ClientCertificate | None,
        environ: Mapping[str, str],
    ) -> None:
        """Nothing is asked yet.

        Args:
            user: The kubeconfig's name, for messages.
            config: ``auth-provider.config``.
            authorities: PEM of those that the issuer is trusted by; empty: those of the system.
            certificate: A client certificate that the kubeconfig gives beside.
            environ: Where a proxy may be named.
        """
        self._user = user
        self._issuer = config.get("idp-issuer-url", "").rstrip("/")
        self._client = config.get("client-id", "")
        self._secret = config.get("client-secret", "")
        self._id_token = config.get("id-token", "")
        self._refresh_token = config.get("refresh-token", "")
        self._trust = TrustSettings(authorities, origin="idp-certificate-authority")
        self._certificate = certificate
        self._environ = environ
        self._given: str = ""

    async def obtain(self) -> Credential:
        """The id-token; a new one when it has expired, or was given before and is asked for again: it was not accepted.

        Raises:
            NotAuthenticated: there is no new one to be had.
        """
        expires = _expiry(self._id_token)
        expired = not self._id_token or (expires is not None and expires - MARGIN <= time.time())
        if expired or (self._id_token == self._given and self._refresh_token):
            await self._refresh()
            expires = _expiry(self._id_token)
        self._given = self._id_token
        return Credential(f"Bearer {self._id_token}", self._certificate, expires)

    async def _refresh(self) -> None:
        if not self._refresh_token:
            raise self._failed("there is no refresh-token to get a new one with")
        if not self._issuer or not self._client:
            raise self._failed("idp-issuer-url or client-id is missing in the kubeconfig")
        try:
            async with asyncio.timeout(2 * ANSWER_IN), self._session() as session:
                tokens = await self._tokens(session)
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
        proxy = proxy_from_environment(url, self._environ) or None
        async with session.request(method, url, proxy=proxy, allow_redirects=False, **more) as answer:
            return answer.status, await answer.content.read(MOST)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=client_context(self._trust, None)),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_IN),
        )

    def _failed(self, why: str) -> NotAuthenticated:
        return NotAuthenticated(
            f"the id-token of user {self._user} has expired or is not accepted, and {why}",
            hint="log in again as your provider says",
        )


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
