"""The part of a plan that is about servers: which are asked, the replicas by port-forward, and asking from here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kheadless_tui.cluster.gate import Action, WritePlan
from kheadless_tui.errors import ClusterError, NotFound, Refused, UsageError
from kheadless_tui.probe.choosing.dnsservers import DnsServers
from kheadless_tui.probe.choosing.equivalent import asked_name, local_command
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.rights import FORWARD, Rights
from kheadless_tui.probe.choosing.tools import printable
from kheadless_tui.probe.choosing.wish import Wish
from kheadless_tui.probe.choosing.writeplans import counted, forward_plan
from kheadless_tui.probe.server import TCP, UDP, Server

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


class ServerPlanner:
    """Plans over one session."""

    def __init__(self, session: ClusterSession, rights: Rights, servers: DnsServers, flags: tuple[str, ...]) -> None:
        self._session = session
        self._rights = rights
        self._servers = servers
        self._flags = flags

    async def known(self, wish: Wish) -> Wish:
        """The wish with the servers that are known before the place is open."""
        given = [wish.server] if wish.server is not None else []
        if not wish.every_server:
            return replace(wish, servers=tuple(given or (await self._servers.addresses())[:1]))
        found: list[Server] = [*given, *await self._servers.addresses()]
        cache = await self._servers.node_cache()
        found += [cache] if cache is not None else []
        notes = list(wish.notes)
        if not any(server.role == "kube-dns" for server in found):
            notes.append("The Service of the cluster's DNS may not be read, so it is asked only where the pod does.")
        try:
            found += [replica.server() for replica in await self._servers.replicas()]
        except (Refused, NotFound) as error:
            notes.append(f"The CoreDNS replicas are not asked: {printable(error.message)}")
        return replace(wish, servers=tuple(dict.fromkeys(found)), notes=tuple(notes))

    async def from_replicas(self, wish: Wish) -> ProbePlan:
        """Each replica by port-forward.

        Raises:
            UsageError: what was asked for cannot be had by port-forward.
            ClusterError: the right is missing, or there are no replicas; the hint names other places.
        """
        if wish.server is not None:
            raise UsageError(
                "--server and --from coredns do not go together: the replicas are the servers.",
                hint="Ask that server from a pod: --from auto.",
            )
        if wish.reaches == UDP or wish.transports == (UDP,):
            raise UsageError(
                "A port-forward carries TCP only, so --from coredns cannot ask over UDP.", hint="Use --from auto --udp."
            )
        service = await self._servers.key()
        try:
            rights = await self._rights.demand(service.namespace, "A port-forward to CoreDNS", FORWARD)
            found = await self._servers.replicas()
        except ClusterError as error:
            raise await self._rights.advised(error, wish.namespace, "coredns") from None
        ready = [replica for replica in found if replica.ready]
        rejected = tuple((f"coredns/{replica.pod}", "is not ready") for replica in found if not replica.ready)
        chosen = ready or found
        pods = [replica.pod for replica in chosen]
        beyond = wish.every_server or UDP in wish.transports
        return ProbePlan(
            wish.spec,
            "coredns",
            service.namespace,
            wish.questions,
            f"{len(chosen)} CoreDNS replicas, each by port-forward",
            "as you asked" if wish.spec.kind == "coredns" else "nothing in the namespace can be asked from",
            rejected if ready else (),
            None,
            forward_plan(service.namespace, pods, len(wish.questions), rights, self._flags),
            TCP,
            replicas=tuple(chosen),
            next_best=await self._rights.ways(wish.namespace, "coredns"),
            servers=tuple(replica.server(forwarded=True) for replica in chosen),
            notes=("By port-forward only the replicas can be asked, and only over TCP.",) if beyond else (),
        )

    def from_here(self, wish: Wish) -> ProbePlan:
        """From the user's own machine, which must reach the server by itself.

        Raises:
            UsageError: no server is named, or all were asked for.
        """
        if wish.server is None or wish.every_server:
            raise UsageError(
                "--from local asks the one server that --server names: the addresses inside a cluster seldom lead "
                "anywhere from outside.",
                hint="--from local --server ADDRESS[:PORT], such as that of a port-forward or of a node.",
            )
        first = wish.questions[0]
        how = "udp" if wish.reaches == UDP or UDP in wish.transports else "tcp"
        command = local_command(wish.server, asked_name(first.name), first.type, how)
        words = f"{counted(len(wish.questions))} to {wish.server}"
        return ProbePlan(
            wish.spec,
            "local",
            wish.namespace,
            wish.questions,
            "this machine",
            "as you asked",
            (),
            wish.server,
            WritePlan(
                f"Ask {wish.server} from this machine?",
                (Action("send", words),),
                (command,),
                needs_confirmation=False,
                instead="nothing is run in the cluster",
            ),
            wish.reaches,
            servers=(wish.server,),
            transports=wish.transports,
            manner=wish.manner,
        )
