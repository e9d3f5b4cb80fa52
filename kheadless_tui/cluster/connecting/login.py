"""How the user of a kubeconfig logs in: by which of the ways that the entry names, as client-go chooses among them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kheadless_tui.cluster.connecting.credentials import (
    CertificateFileSource,
    Credential,
    CredentialSource,
    TokenFileSource,
    WrittenSource,
    basic,
)
from kheadless_tui.cluster.connecting.kubeconfig import Chosen, Section
from kheadless_tui.cluster.connecting.tls import ClientCertificate, TrustSettings
from kheadless_tui.errors import InputError

if TYPE_CHECKING:
    from kheadless_tui.cluster.connecting.oidc import OidcSource

REMOVED_PROVIDERS = {
    "gcp": "use the credential plug-in gke-gcloud-auth-plugin: gcloud container clusters get-credentials CLUSTER",
    "azure": "use the credential plug-in kubelogin: https://github.com/Azure/kubelogin",
}
"""What took the place of the providers that kubectl no longer has since 1.26."""


def client_certificate(user: Section) -> ClientCertificate | None:
    """The client certificate that the kubeconfig names or holds.

    Raises:
        InputError: it cannot be read, or lacks its key.
    """
    certificate, origin = user.content("client-certificate")
    key, key_origin = user.content("client-key")
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise InputError(
            f"user {user.name!r} has a {'client-key' if key else 'client-certificate'} without the other",
            where=user.file,
        )
    return ClientCertificate(certificate, key, origin if origin == key_origin else f"{origin}, {key_origin}")


def credential_source(
    chosen: Chosen,
    certificate: ClientCertificate | None,
    trust: TrustSettings,
    proxy_url: str,
    environ: Mapping[str, str],
    warn: Callable[[str], None],
    read_again: Callable[[], Chosen],
) -> CredentialSource:
    """Where the user's credentials come from.

    Args:
        chosen: The user, and the cluster of which a plug-in may be told.
        certificate: What :func:`client_certificate` gave.
        trust: How the cluster's certificate is checked, for a plug-in.
        proxy_url: The way to the cluster, for a plug-in.
        environ: Where a proxy towards an issuer may be named.
        warn: Takes a sentence for the user, when one is due later.
        read_again: Reads the kubeconfig anew.

    Raises:
        InputError: the kubeconfig's entry is of a wrong form.
    """
    source = _source(chosen, certificate, trust, proxy_url, environ, warn, read_again)
    user = chosen.user
    files = user.path("client-certificate"), user.path("client-key")
    in_part = user.text("client-certificate-data") or user.text("client-key-data")
    if certificate is None or in_part or not all(files):
        return source
    return CertificateFileSource(source, certificate, *files)


def _source(
    chosen: Chosen,
    certificate: ClientCertificate | None,
    trust: TrustSettings,
    proxy_url: str,
    environ: Mapping[str, str],
    warn: Callable[[str], None],
    read_again: Callable[[], Chosen],
) -> CredentialSource:
    """The user's way to log in, by client-go's precedence: token file, token, password; then plug-in or provider.

    Whoever has a client certificate needs no plug-in (plugin/pkg/client/auth/exec, UpdateTransportConfig).
    """
    user = chosen.user
    if path := user.path("tokenFile"):
        return TokenFileSource(path, certificate)
    if user.text("token") or user.text("username"):
        return WrittenSource(_written(user, certificate), lambda: _written_again(read_again()))
    if user.body.get("exec") is not None and certificate is None:
        from kheadless_tui.cluster.connecting.credential_plugin import PluginSource  # noqa: PLC0415 - few need it

        told = _cluster_info(chosen.cluster, trust, proxy_url)
        return PluginSource.from_config(user.body["exec"], user.file, told)
    if user.body.get("auth-provider") is not None:
        return _auth_provider(user, certificate, environ, warn)
    return WrittenSource(_written(user, certificate), lambda: _written_again(read_again()))


def _written(user: Section, certificate: ClientCertificate | None) -> Credential:
    """What stands in the user's entry itself."""
    authorization = ""
    if token := user.text("token"):
        authorization = f"Bearer {token}"
    elif username := user.text("username"):
        authorization = basic(username, user.text("password"))
    return Credential(authorization, certificate)


def _written_again(chosen: Chosen) -> Credential:
    return _written(chosen.user, client_certificate(chosen.user))


def _auth_provider(
    user: Section,
    certificate: ClientCertificate | None,
    environ: Mapping[str, str],
    warn: Callable[[str], None],
) -> OidcSource:
    from kheadless_tui.cluster.connecting.oidc import OidcSource  # noqa: PLC0415 - as above, and aiohttp with it
    from kheadless_tui.cluster.connecting.oidc_storage import OidcStorage  # noqa: PLC0415 - as above

    provider = user.body["auth-provider"]
    config = provider.get("config") if isinstance(provider, dict) else None
    if not isinstance(provider, dict) or not isinstance(config, (dict, type(None))):
        raise InputError(f"auth-provider of user {user.name!r} must be a mapping with name and config", where=user.file)
    name = str(provider.get("name") or "")
    if name != "oidc":
        hint = REMOVED_PROVIDERS.get(name, "the one that there is is oidc; the others are exec plug-ins")
        raise InputError(
            f"user {user.name!r} has the auth-provider {name!r}, which is no longer known", where=user.file, hint=hint
        )
    section = Section(user.name, config or {}, user.file)
    texts = {key: section.text(key) for key in section.body}
    authorities, _ = section.content("idp-certificate-authority")
    return OidcSource(OidcStorage(user.file, user.name), texts, authorities, certificate, environ, warn)


def _cluster_info(cluster: Section, trust: TrustSettings, proxy_url: str) -> dict[str, Any]:
    """``spec.cluster`` of an ExecCredential, by the names of client.authentication.k8s.io/v1 Cluster."""
    extensions = cluster.body.get("extensions") or ()
    config = next(
        (item.get("extension") for item in extensions if item.get("name") == "client.authentication.k8s.io/exec"), None
    )
    told = {
        "server": cluster.text("server"),
        "tls-server-name": trust.server_name,
        "insecure-skip-tls-verify": trust.insecure,
        "certificate-authority-data": base64.b64encode(trust.authorities).decode("ascii"),
        "proxy-url": proxy_url,
        "config": config,
    }
    return {name: value for name, value in told.items() if value}
