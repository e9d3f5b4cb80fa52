"""The API server's answers that are no success, as errors of ours: its Status object says what and why."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from kheadless_tui.errors import ClusterError, NotAuthenticated, NotFound, Refused, Unreachable

MAX_WORDS = 400
"""Characters of a message that are shown: a proxy in between may answer with a whole web page."""

MAX_QUOTED = 160
"""Characters of a message that stands behind a sentence of ours."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with any HTTP status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Case-insensitive."""
    body: bytes = field(repr=False)


class _Details(msgspec.Struct, rename="camel"):
    name: str | None = None
    group: str | None = None
    kind: str | None = None
    retry_after_seconds: int | None = None


class Status(msgspec.Struct, rename="camel"):
    """metav1.Status: what the API server answers with a code of 400 and above."""

    kind: str | None = None
    message: str | None = None
    reason: str | None = None
    code: int | None = None
    details: _Details | None = None

    @property
    def words(self) -> str:
        """The message in one line, of a length that fits a screen, without control characters."""
        return plain(self.message or self.reason or "")


def plain(text: str) -> str:
    """Text from the other side in one printable line of bounded length."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= MAX_WORDS else line[: MAX_WORDS - 1] + "…"


def status_of(body: bytes) -> Status:
    """The Status in a body; something else, such as a proxy's page, becomes its message."""
    try:
        return msgspec.json.decode(body, type=Status)
    except msgspec.DecodeError:
        text = body[: 4 * MAX_WORDS].decode("utf-8", "replace")
        return Status(message=None if "<html" in text.lower() else text)


def retry_after(headers: Mapping[str, str], body: bytes = b"", *, now: float | None = None) -> float | None:
    """Seconds that the server asks us to wait: the Retry-After header (RFC 9110 10.2.3), else the Status' details."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    if text:
        parsed = email.utils.parsedate_tz(text)
        if parsed is not None:
            return max(0.0, email.utils.mktime_tz(parsed) - (time.time() if now is None else now))
    details = status_of(body).details if body else None
    return float(details.retry_after_seconds) if details and details.retry_after_seconds else None


def says_not_found(answer: Response) -> bool:
    """Whether a 404 is an API server's own: of something in between, or of a wrong path, it says nothing of objects."""
    return answer.status == 404 and status_of(answer.body).kind == "Status"


def nothing_served(server: str) -> ClusterError:
    """The error that a 404 amounts to where every API server has something."""
    return ClusterError(
        f"HTTP 404 from {server}: is the server's URL (path) right?",
        hint="kubectl config view --minify shows it; kubectl get --raw /version asks it",
    )


def error_of(response: Response, server: str, user: str, attempted: str) -> ClusterError:
    """The error that an answer amounts to.

    Args:
        response: With a status outside 200 to 299.
        server: The API server's URL.
        user: Who asked, by the kubeconfig's name.
        attempted: What was asked for, such as ``list services in namespace shop``; empty when the server's own words
            say it better.
    """
    status = status_of(response.body)
    words = status.words
    code = response.status
    if code == 401:
        return NotAuthenticated(
            f"{server} did not accept the credentials of user {user} (401{_said(words)})",
            hint="log in again, or check the user of the context: kubectl auth whoami",
        )
    if code == 403:
        return _refused(words, server, user, attempted)
    if code == 404:
        return NotFound(words or f"{server} has nothing there (404)")
    if code == 407:
        return Unreachable(f"the proxy on the way to {server} wants a login (407)", hint="put it into the proxy's URL")
    if code == 429:
        return Unreachable(f"{server} has too many requests to answer (429{_said(words)})", hint="try again later")
    if code >= 500:
        return Unreachable(
            f"{server} answered with an error ({code}{_said(words)})", hint="kubectl get --raw='/readyz?verbose'"
        )
    if 300 <= code < 400:
        return Unreachable(f"{server} answered with a redirect ({code}): it is no API server", hint="check its URL")
    return ClusterError(f"{server} did not {attempted or 'accept the request'}: {words or f'status {code}'}")


_NO_RIGHT = re.compile(
    r'is forbidden: User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" '
    r'in API group "(?P<group>[^"]*)"(?: in the namespace "(?P<namespace>[^"]*)")?'
)
"""How the API server says that the authorizer did not allow something (k8s.io/apiserver, responsewriters.Forbidden)."""


def _refused(words: str, server: str, user: str, attempted: str) -> Refused:
    """A 403: of the authorizer, with the right that is missing and how to ask for it; or a policy's own words."""
    missing = _NO_RIGHT.search(words)
    if missing is None:
        if attempted:
            says = f" The API server says: {words}" if words else ""
            return Refused(
                f"user {user} may not {attempted} (403)", hint=f"kubectl auth can-i --list shows what is allowed.{says}"
            )
        return Refused(words or f"{server} refused (403)", hint="kubectl auth can-i --list shows what is allowed")
    verb, resource, group, namespace = missing.group("verb", "resource", "group", "namespace")
    if verb == "impersonate":
        # Of who asks, not of whom they ask as: nothing has been said of the latter's rights.
        return Refused(
            f"user {missing['user']} may not impersonate {resource}, as --as or the kubeconfig asks for (403)",
            hint=f"ask an admin for impersonate on {resource}. The API server says: {_shortened(words)}",
        )
    where = f"in namespace {namespace}" if namespace else "in all namespaces"
    verbs = "list and watch" if verb in ("list", "watch") else verb  # what is listed here is watched, too
    plural, _, subresource = resource.partition("/")
    object_type = (f"{plural}.{group}" if group else plural) + (f"/{subresource}" if subresource else "")
    scope = f"-n {namespace}" if namespace else "-A"
    return Refused(
        f"user {user} may not {attempted} (403)"
        if attempted
        else f"user {missing['user']} may not {verb} {resource} {where} (403)",
        hint=f"ask an admin for {verbs} on {resource} {where}; to check: "
        f"kubectl auth can-i {verb} {object_type} {scope}. The API server says: {_shortened(words)}",
    )


def _shortened(words: str) -> str:
    return words if len(words) <= MAX_QUOTED else words[: MAX_QUOTED - 1] + "…"


def _said(words: str) -> str:
    return f": {words}" if words else ""
