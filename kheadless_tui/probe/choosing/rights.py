"""The rights that each way of asking needs, and which other ways are left when one is refused."""

from __future__ import annotations

import asyncio

from kheadless_tui.cluster.rights.access import Access, Right
from kheadless_tui.errors import ClusterError, NotAuthenticated, NotFound, Refused, Unreachable
from kheadless_tui.probe.choosing.dnsservers import DnsServers
from kheadless_tui.probe.choosing.places import PodNotUsable

Needed = tuple[str, str, str]
"""Verb, resource and subresource."""

EXEC = ("get", "pods", "exec")
"""The right for an exec over WebSocket: the handshake is a GET, so that ``create pods/exec`` alone is refused."""
CREATE, READ, DELETE = ("create", "pods", ""), ("get", "pods", ""), ("delete", "pods", "")
ADD_CONTAINER = ("patch", "pods", "ephemeralcontainers")
FORWARD = ("get", "pods", "portforward")


class Rights:
    """What the user may do, in the words of a probe."""

    def __init__(self, access: Access, servers: DnsServers) -> None:
        self._access = access
        self._servers = servers

    async def may(self, namespace: str, right: Needed) -> Right:
        """Whether the user has a right in a namespace."""
        verb, resource, subresource = right
        return await self._access.may(verb, resource, subresource, namespace)

    async def demand(self, namespace: str, purpose: str, *needed: Needed) -> tuple[tuple[str, bool | None], ...]:
        """The rights with what is known of each.

        Raises:
            Refused: one of them is denied.
        """
        answers = await asyncio.gather(*(self.may(namespace, right) for right in needed))
        known = [(words(right), answer.allowed) for right, answer in zip(needed, answers, strict=True)]
        missing = [right for right, allowed in known if allowed is False]
        if missing:
            raise Refused(f"{purpose} needs rights that you do not have in {namespace}: {', '.join(missing)}.")
        return tuple(known)

    async def ways(self, namespace: str, failed: str, pod: str = "") -> str:
        """Other places that the rights allow, the best first: ``--from new or --from coredns``.

        Args:
            namespace: Where it was to be asked from.
            failed: The kind that did not work.
            pod: The pod that was named, if a container could still be added to it.
        """
        dns = await self._servers.key()
        ways = [
            ("debug", ADD_CONTAINER, namespace, f"--from debug/{pod}"),
            ("pod", EXEC, namespace, "--from auto"),
            ("new", CREATE, namespace, "--from new"),
            ("coredns", FORWARD, dns.namespace, "--from coredns"),
        ]
        if failed != "pod" or not pod:
            ways = ways[1:]
        ways = [way for way in ways if way[0] != failed or way[0] == "pod"]
        answers = await asyncio.gather(*(self.may(where, right) for _, right, where, _ in ways))
        return " or ".join([way[3] for way, answer in zip(ways, answers, strict=True) if answer.allowed][:2])

    async def advised(self, error: ClusterError, namespace: str, failed: str, pod: str = "") -> ClusterError:
        """The error with a hint at the best other places."""
        if isinstance(error, Unreachable | NotAuthenticated):
            return error
        if isinstance(error, NotFound | PodNotUsable):
            pod = ""
        try:
            ways = await self.ways(namespace, failed, pod)
        except ClusterError:
            return error
        best = f"Next best: {ways}." if ways else await self.from_here()
        error.hint = f"{error.hint.rstrip('.')}. {best}".removeprefix(". ")
        return error

    async def from_here(self) -> str:
        """What is left to who may do nothing in the cluster: it needs no right, only a way to the server."""
        try:
            servers = await self._servers.addresses()
        except ClusterError:
            servers = []
        server = servers[0].address if servers else "ADDRESS"
        return (
            f"Left without rights in the cluster: --from local --server {server}, where this machine reaches a server."
        )


def words(right: Needed) -> str:
    """``create pods``, ``get pods/exec``."""
    verb, resource, subresource = right
    return f"{verb} {resource}/{subresource}" if subresource else f"{verb} {resource}"


def denied(namespace: str, right: Needed) -> str:
    """The same as a reason."""
    return f"you may not {words(right)} in {namespace}"
