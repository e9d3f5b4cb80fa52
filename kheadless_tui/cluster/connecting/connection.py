"""From a kubeconfig, or a pod's own service account, to all that a transport needs to know.

:func:`load_connection` blocks (it reads files): call it by ``asyncio.to_thread``.
Credential plug-ins are not run by it but by the first request that needs them, so that a slow login delays neither
the screen nor an exit.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from kheadless_tui.cluster.connecting.credentials import Credential, Credentials, TokenFileSource
from kheadless_tui.cluster.connecting.kubeconfig import Chosen, Section, choose, files_to_read, where_looked
from kheadless_tui.cluster.connecting.login import client_certificate, credential_source
from kheadless_tui.cluster.connecting.proxy import SCHEMES, proxy_from_environment
from kheadless_tui.cluster.connecting.tls import ClientCertificate, TrustSettings, client_context
from kheadless_tui.errors import InputError

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a pod finds token, ca.crt and namespace (client-go rest.InClusterConfig)."""

IN_CLUSTER_CONTEXT = "in-cluster"


@dataclass(frozen=True, slots=True)
class Asked:
    """What :func:`load_connection` was called with, but for the context: another context is opened alike."""

    kubeconfig: str | None = None
    request_timeout: float = 10.0
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    environ: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one API server as one user."""

    context: str
    cluster: str
    server: str
    """URL without a slash at its end."""
    user: str
    """The kubeconfig's name for the user, or who is impersonated."""
    namespace: str
    """That of the context; ``default`` when it sets none."""
    credentials: Credentials
    trust: TrustSettings = field(default_factory=TrustSettings)
    proxy_url: str = ""
    impersonation: tuple[tuple[str, str], ...] = ()
    """Headers, some of which may come more than once."""
    in_cluster: bool = False
    warnings: list[str] = field(default_factory=list, compare=False)
    """What the user should know about this connection, a sentence each; more may come while it is used."""
    asked: Asked = Asked()
    """From what it was made."""
    _contexts: dict[ClientCertificate | None, ssl.SSLContext] = field(default_factory=dict, repr=False, compare=False)

    @property
    def kubeconfig(self) -> str:
        """The file that was given for it; empty where it was found as kubectl finds it."""
        return self.asked.kubeconfig or ""

    @property
    def request_timeout(self) -> float:
        """Seconds; what the user asked for."""
        return self.asked.request_timeout

    def ssl_context(self, credential: Credential) -> ssl.SSLContext | None:
        """TLS for this credential's certificate, made once; ``None`` for a server without TLS."""
        if not self.server.startswith("https:"):
            return None
        certificate = credential.certificate
        if certificate not in self._contexts:
            self._contexts.clear()  # a new certificate takes the place of the old one
            self._contexts[certificate] = client_context(self.trust, certificate)
        return self._contexts[certificate]


def load_connection(
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    request_timeout: float = 10.0,
    as_user: str | None = None,
    as_groups: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    service_account: str = SERVICE_ACCOUNT,
) -> Connection:
    """Read the kubeconfig as kubectl would, or the pod's service account when there is none.

    Args:
        kubeconfig: One file, from ``--kubeconfig``; else KUBECONFIG, else ``~/.kube/config``.
        context: From ``--context``; else the current one.
        request_timeout: Seconds that a request may take.
        as_user: Whom to impersonate.
        as_groups: The groups to impersonate.
        environ: The environment; that of the process by default.
        service_account: Directory of the pod's service account.

    Raises:
        InputError: no kubeconfig, or one that cannot be used (file and reason).
        UsageError: there is no such context.
    """
    asked = Asked(kubeconfig, request_timeout, as_user, tuple(as_groups), environ)
    environ = os.environ if environ is None else environ
    files = files_to_read(kubeconfig, environ)
    chosen = choose(files, context) if files else None
    if chosen is not None:
        return _from_kubeconfig(chosen, environ, asked)
    if not kubeconfig and context is None and environ.get("KUBERNETES_SERVICE_HOST"):
        return _in_cluster(environ, service_account, asked)
    looked = ", ".join(files) if kubeconfig else where_looked(environ)
    raise InputError(
        f"there is no kubeconfig to use; looked for {looked}" if not files else f"the kubeconfig {looked} is empty",
        hint="--kubeconfig FILE, or `kheadless-tui demo`, which needs no cluster",
    )


def another_context(connection: Connection, context: str) -> Connection:
    """The connection by another context of the same kubeconfig, with the same flags; blocks as load_connection does.

    Raises:
        InputError, UsageError: as :func:`load_connection`.
    """
    asked = connection.asked
    return load_connection(
        kubeconfig=asked.kubeconfig,
        context=context,
        request_timeout=asked.request_timeout,
        as_user=asked.as_user,
        as_groups=asked.as_groups,
        environ=asked.environ,
    )


def _from_kubeconfig(chosen: Chosen, environ: Mapping[str, str], asked: Asked) -> Connection:
    cluster, user = chosen.cluster, chosen.user
    server = cluster.text("server").rstrip("/")
    if not _is_url(server, ("http", "https")):  # a host alone kubectl would ask without TLS and without credentials
        raise InputError(f"cluster {cluster.name!r} has the server {server!r}, expected https://…", where=cluster.file)
    trust = _trust(cluster)
    certificate = client_certificate(user)
    proxy_url = _proxy(cluster, server, environ)
    warnings = _warnings(trust, server)
    source = credential_source(
        chosen, certificate, trust, proxy_url, environ, warnings.append, lambda: _chosen_again(chosen, environ, asked)
    )
    connection = Connection(
        context=chosen.context,
        cluster=cluster.name,
        server=server,
        user=asked.as_user or user.text("as") or user.name,
        namespace=chosen.namespace or "default",
        credentials=Credentials(source),
        trust=trust,
        proxy_url=proxy_url,
        impersonation=_impersonation(user, asked.as_user, asked.as_groups),
        warnings=warnings,
        asked=asked,
    )
    connection.ssl_context(Credential(certificate=certificate))  # a broken file is told now, not at the first request
    return connection


def _chosen_again(chosen: Chosen, environ: Mapping[str, str], asked: Asked) -> Chosen:
    """The same context as the kubeconfig has it now."""
    found = choose(files_to_read(asked.kubeconfig, environ), chosen.context)
    if found is None:
        raise InputError("the kubeconfig is empty", where=chosen.user.file)
    return found


def _in_cluster(environ: Mapping[str, str], directory: str, asked: Asked) -> Connection:
    from kubernetes.config import ConfigException  # noqa: PLC0415 - 0.2 s
    from kubernetes.config.incluster_config import InClusterConfigLoader  # noqa: PLC0415

    class Found:
        host = ""
        ssl_ca_cert = ""
        api_key: dict[str, str] = {}  # noqa: RUF012 - the loader fills it; the token is read by TokenFileSource

    token, authority = os.path.join(directory, "token"), os.path.join(directory, "ca.crt")
    found = Found()
    try:
        InClusterConfigLoader(token, authority, try_refresh_token=False, environ=environ).load_and_set(found)
    except (ConfigException, OSError) as error:
        raise InputError(
            f"there is no kubeconfig, and this pod's service account cannot be used: {error}",
            where=directory,
            hint="--kubeconfig FILE, or automountServiceAccountToken: true",
        ) from error
    namespace = Path(directory, "namespace")
    return Connection(
        context=IN_CLUSTER_CONTEXT,
        cluster=IN_CLUSTER_CONTEXT,
        server=found.host,
        user=asked.as_user or "service account",
        namespace=(namespace.read_text("utf-8").strip() if namespace.exists() else "") or "default",
        credentials=Credentials(TokenFileSource(token)),
        trust=TrustSettings(authorities=Path(authority).read_bytes(), origin=authority),
        impersonation=_impersonation(Section("", {}, ""), asked.as_user, asked.as_groups),
        in_cluster=True,
        asked=asked,
    )


def _trust(cluster: Section) -> TrustSettings:
    authorities, origin = cluster.content("certificate-authority")
    insecure = cluster.flag("insecure-skip-tls-verify")
    if insecure and authorities:
        # client-go refuses the pair: "specifying a root certificates file with the insecure flag is not allowed"
        raise InputError(
            f"cluster {cluster.name!r} has both insecure-skip-tls-verify and a certificate-authority",
            where=cluster.file,
        )
    return TrustSettings(authorities, cluster.text("tls-server-name"), insecure, origin)


def _proxy(cluster: Section, server: str, environ: Mapping[str, str]) -> str:
    proxy_url = cluster.text("proxy-url")
    if proxy_url and not _is_proxy(proxy_url):
        raise InputError(
            f"cluster {cluster.name!r} has the proxy-url {proxy_url!r}, expected http://, https:// or socks5://",
            where=cluster.file,
        )
    if proxy_url:
        return proxy_url
    found = proxy_from_environment(server, environ)
    if found and not _is_proxy(found):
        name = "HTTPS_PROXY" if server.startswith("https:") else "HTTP_PROXY"
        raise InputError(
            f"the environment's {name} is no URL of a proxy: {found.removeprefix('http://')!r}",
            hint="expected http://HOST:PORT, https:// or socks5://",
        )
    return found


def _is_proxy(url: str) -> bool:
    return _is_url(url, SCHEMES)


def _is_url(url: str, schemes: Collection[str]) -> bool:
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is none, of an address with half its brackets
        return False


def _impersonation(user: Section, as_user: str | None, as_groups: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Impersonation headers; flags replace what the kubeconfig says (k8s.io/client-go/transport)."""
    name = as_user or user.text("as")
    groups = tuple(as_groups) or tuple(user.body.get("as-groups") or ())
    uid = user.text("as-uid")
    extra = user.body.get("as-user-extra") or {}
    if (groups or uid or extra) and not name:
        raise InputError("groups can be impersonated only together with a user", hint="--as USER --as-group GROUP")
    headers = [("Impersonate-User", name)] if name else []
    headers += [("Impersonate-Group", str(group)) for group in groups]
    headers += [("Impersonate-Uid", uid)] if uid else []
    headers += [
        (f"Impersonate-Extra-{quote(str(key).lower(), safe='')}", str(value))
        for key, values in extra.items()
        for value in values or ()
    ]
    return tuple(headers)


def _warnings(trust: TrustSettings, server: str) -> list[str]:
    return [f"the certificate of {server} is not checked (insecure-skip-tls-verify)"] if trust.insecure else []
