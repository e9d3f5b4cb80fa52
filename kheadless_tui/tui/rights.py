"""Whether a key may be offered: what the user's rights allow, asked before and not found out afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kheadless_tui.cluster.access import Access
from kheadless_tui.cluster.state import Offline
from kheadless_tui.errors import ClusterError

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession

_EXEC = (("create", "pods", "exec"), ("get", "pods", "exec"))
"""Either opens an exec session: the verb depends on the transport and on the API server's version."""

_FORWARD = (("create", "pods", "portforward"), ("get", "pods", "portforward"))
"""Either reaches the DNS servers themselves."""

DNS_NAMESPACE = "kube-system"


async def may_probe(access: Access, namespace: str) -> bool:
    """Whether any way of asking DNS is left: every one but port-forward to the DNS servers ends in an exec.

    Args:
        access: Asks the API server's authorizer.
        namespace: Where the questions would be asked from.

    Raises:
        Unreachable, NotAuthenticated: as every request.
    """
    for rights, where in ((_EXEC, namespace), (_FORWARD, DNS_NAMESPACE)):
        for verb, resource, subresource in rights:
            if (await access.may(verb, resource, subresource, where)).allowed is not False:
                return True
    return False


class ProbeRights:
    """Remembers for each namespace whether probing may be offered."""

    def __init__(self, session: ClusterSession) -> None:
        self._session = session
        self._access: Access | None = None
        self._refused: set[str] = set()

    def refused(self, namespace: str) -> bool:
        """It is known that no way of asking is allowed there."""
        return namespace in self._refused

    def cannot_probe(self, namespace: str) -> str:
        """Why DNS cannot be asked from a namespace, as half a sentence; empty when it can, as far as is known."""
        if self._session.readonly:
            return "the program runs with --readonly"
        if self.refused(namespace):
            return f"you may not exec into pods of {namespace}, nor forward ports to those of DNS"
        return "the API server does not answer" if isinstance(self._session.link, Offline) else ""

    async def ask(self, namespace: str) -> bool:
        """Find out about a namespace.

        Returns:
            Whether the answer is another one than before.
        """
        if self._session.transport is None:
            return False
        if self._access is None:
            self._access = Access(self._session.transport)
        try:
            allowed = await may_probe(self._access, namespace)
        except ClusterError:
            # Offline or not logged in: the header says so, and the probe itself will, too.
            return False
        if allowed != (namespace in self._refused):
            return False
        self._refused ^= {namespace}
        return True

    def forget(self) -> None:
        """Ask anew next time."""
        if self._access is not None:
            self._access.forget()
