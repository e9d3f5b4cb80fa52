"""Whether a key may be offered: what the user's rights allow, known before and not found out afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kheadless_tui.cluster.rights.needs import DNS_NAMESPACE, Need
from kheadless_tui.cluster.state import Offline

if TYPE_CHECKING:
    from kheadless_tui.cluster.rights.missing_rights import MissingRight
    from kheadless_tui.cluster.session import ClusterSession


class ProbeRights:
    """Tells from the missing rights whether probing may be offered."""

    def __init__(self, session: ClusterSession) -> None:
        self._session = session

    def refused(self, namespace: str) -> bool:
        """It is known that no way of asking is allowed there.

        Every way but port-forward to the DNS servers ends in an exec.
        """
        missing = {(right.resource, right.subresource, right.namespace) for right in self._session.missing_rights}
        return {("pods", "exec", namespace), ("pods", "portforward", DNS_NAMESPACE)} <= missing

    def may_offer(self, namespace: str) -> bool:
        """Some way of asking is allowed there as far as is known, and something is known.

        What has not been asked for there yet is taken to be as it is elsewhere, so that moving about in a cluster where
        all is allowed changes nothing.
        """
        asked = {need.namespace for need in self._session.asked_rights if _is_exec(need)}
        if namespace in asked:
            return not self.refused(namespace)
        return bool(asked) and not any(_is_exec(right) for right in self._session.missing_rights)

    def cannot_probe(self, namespace: str) -> str:
        """Why DNS cannot be asked from a namespace, as half a sentence; empty when it can, as far as is known."""
        if self._session.readonly:
            return "the program runs with --readonly"
        if self.refused(namespace):
            return f"you may not exec into pods of {namespace}, nor forward ports to those of DNS"
        return "the API server does not answer" if isinstance(self._session.link, Offline) else ""


def _is_exec(right: Need | MissingRight) -> bool:
    return (right.resource, right.subresource) == ("pods", "exec")
