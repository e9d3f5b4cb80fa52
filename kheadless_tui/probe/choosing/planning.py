"""What a probe will do, whole, before it does it: the place, why it and not another, the servers, the write plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kheadless_tui.cluster.gate import Gate
from kheadless_tui.cluster.pods.debugpod import reusable_container
from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.cluster.pods.leftovers import leftovers
from kheadless_tui.cluster.pods.podspec import EphemeralOrder, PodOrder
from kheadless_tui.cluster.rights.access import Access
from kheadless_tui.errors import ClusterError, NotFound, Refused, WriteRefused
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.candidates import not_usable
from kheadless_tui.probe.choosing.dnsservers import DnsServers
from kheadless_tui.probe.choosing.places import Place, Places, PodNotUsable, Rejected, own_pods, server_of
from kheadless_tui.probe.choosing.plan import ProbePlan
from kheadless_tui.probe.choosing.planning_servers import ServerPlanner
from kheadless_tui.probe.choosing.rights import ADD_CONTAINER, CREATE, DELETE, EXEC, READ, Rights, denied
from kheadless_tui.probe.choosing.tools import printable
from kheadless_tui.probe.choosing.vantage import VantageSpec
from kheadless_tui.probe.choosing.wish import Making, Wish
from kheadless_tui.probe.choosing.workloads import workload_dns
from kheadless_tui.probe.choosing.writeplans import ephemeral_plan, exec_plan, pod_plan, with_removals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kheadless_tui.cluster.session import ClusterSession
    from kheadless_tui.probe.server import Server


MOST_REMOVED = 3
"""Pods of killed probes that one probe removes: each is named in the question before it."""


class Planner:
    """Makes plans over one session."""

    def __init__(
        self,
        session: ClusterSession,
        gate: Gate,
        places: Places,
        access: Access,
        making: Making,
        flags: tuple[str, ...],
    ) -> None:
        self._session = session
        self._gate = gate
        self._places = places
        self._known = DnsServers(session)
        self._rights = Rights(access, self._known)
        self._servers = ServerPlanner(session, self._rights, self._known, flags)
        self._making = making
        self._flags = flags

    async def plan(self, wish: Wish) -> ProbePlan:
        """See :meth:`kheadless_tui.probe.prober.Prober.plan`."""
        if wish.spec.kind == "local":
            return self._servers.from_here(wish)
        if self._gate.readonly:
            raise WriteRefused(
                "Asking DNS from inside the cluster runs a program in a pod, and the program runs with --readonly.",
                hint="Start without --readonly to probe; predictions need no write, nor does --from local.",
            )
        snapshot = self._session.snapshot
        if snapshot.namespaces_known and not snapshot.namespace_exists(wish.namespace):
            raise NotFound(f"there is no namespace {wish.namespace!r}", hint="kubectl get namespaces")
        plan = await self._planned(wish)
        plan = replace(plan, flags=self._flags, transports=wish.transports, manner=wish.manner)
        return await self._with_leftovers(plan, wish.namespace)

    def heard(self, servers: Sequence[Server]) -> None:
        """Remember of servers that a probe was answered by what the next plan needs not guess."""
        self._known.heard(servers)

    async def _with_leftovers(self, plan: ProbePlan, namespace: str) -> ProbePlan:
        """What killed probes have left is removed along with a write that is asked for anyway, else only told."""
        try:
            found = tuple(await leftovers(self._session.transport, namespace))
            if not found:
                return plan
            if not plan.creates or (await self._rights.may(namespace, DELETE)).allowed is not True:
                return replace(plan, leaves=found)
        except ClusterError:  # who may not list pods is not told
            return plan
        removes = found[:MOST_REMOVED]
        return replace(
            plan,
            removes=removes,
            leaves=found[MOST_REMOVED:],
            write_plan=with_removals(plan.write_plan, removes, self._flags),
        )

    async def _planned(self, wish: Wish) -> ProbePlan:
        spec = wish.spec
        if spec.kind == "coredns":
            return await self._servers.from_replicas(wish)
        wish = await self._servers.known(wish)
        if spec.kind == "pod":
            plan = await self._from_pod(wish)
        elif spec.kind == "debug":
            plan = await self._from_debug(wish)
        elif spec.kind == "new":
            plan = await self._from_new(wish, await self._instead(wish))
        else:
            plan = await self._auto(wish)
        if plan.kind == "coredns":
            return plan
        return replace(plan, servers=wish.servers, every_server=wish.every_server, notes=wish.notes)

    # -- each kind ---------------------------------------------------------------------------------------------

    async def _from_pod(self, wish: Wish) -> ProbePlan:
        try:
            await self._rights.demand(wish.namespace, "An exec in a pod", EXEC)
            place = await self._places.named(wish.spec, wish.namespace, wish.reaches, servers=_needs_servers(wish))
        except WriteRefused:
            raise
        except ClusterError as error:
            raise await self._rights.advised(error, wish.namespace, "pod", wish.spec.pod) from None
        return await self._exec_plan(wish, place, place.why, [])

    async def _exec_plan(self, wish: Wish, place: Place, why: str, rejected: Rejected) -> ProbePlan:
        server = wish.first or server_of(place)
        return ProbePlan(
            wish.spec,
            "pod",
            wish.namespace,
            wish.questions,
            f"{_words(place.target)}, by {place.tool}",
            why,
            tuple(rejected),
            server,
            exec_plan(place.target, place.tool, server, wish.questions, wish.reaches, self._flags, beyond=wish.beyond),
            wish.reaches,
            place,
            next_best=await self._rights.ways(wish.namespace, "pod", place.target.pod),
        )

    async def _from_debug(self, wish: Wish) -> ProbePlan:
        try:
            await self._rights.demand(wish.namespace, "An exec in an ephemeral container", EXEC)
            pod = await self._places.pod(wish.namespace, wish.spec.pod)
            if pod is not None and (reason := not_usable(pod)):
                raise PodNotUsable(
                    f"Pod {wish.namespace}/{wish.spec.pod} {reason}, so no container can be added to it."
                )
            again = await self._reused(wish, pod)
            if again is not None:
                return again
            rights = await self._rights.demand(wish.namespace, "An ephemeral container", ADD_CONTAINER, EXEC)
        except WriteRefused:
            raise
        except ClusterError as error:
            raise await self._rights.advised(error, wish.namespace, "debug") from None
        making = self._making
        order = EphemeralOrder(wish.namespace, wish.spec.pod, making.image, making.pull_policy)
        return ProbePlan(
            wish.spec,
            "debug",
            wish.namespace,
            wish.questions,
            f"debug/{wish.spec.pod}, ephemeral container {order.name} of image {making.image}",
            "as you asked",
            (),
            wish.first,
            ephemeral_plan(
                order,
                wish.first,
                wish.questions,
                protocol=wish.reaches,
                rights=rights,
                instead=await self._instead(wish),
                cluster=self._session.connection.context,
                flags=self._flags,
                beyond=wish.beyond,
            ),
            wish.reaches,
            order=order,
            next_best=await self._rights.ways(wish.namespace, "debug"),
        )

    async def _reused(self, wish: Wish, pod: Pod | None) -> ProbePlan | None:
        """A plan with the ephemeral container of an earlier probe, if one is there that can carry the questions."""
        image = self._making.image
        ours = reusable_container(pod, image) if pod is not None else None
        if ours is None:
            return None
        target = ExecTarget(wish.namespace, wish.spec.pod, ours)
        toolbox = await self._places.look(target, image, servers=_needs_servers(wish))
        tool = toolbox.carrier(wish.reaches)
        if tool is None:
            return None
        why = f"ephemeral container {ours} of an earlier probe is still there and is used again"
        plan = await self._exec_plan(wish, Place(target, tool, toolbox, image), why, [])
        return replace(plan, kind="debug", vantage=f"debug/{wish.spec.pod}, container {ours}, by {tool}")

    async def _from_new(self, wish: Wish, instead: str, why: str = "as you asked") -> ProbePlan:
        try:
            rights = await self._rights.demand(wish.namespace, "A temporary pod", CREATE, READ, DELETE, EXEC)
        except Refused as error:
            raise await self._rights.advised(error, wish.namespace, "new") from None
        making = self._making
        options = making.options
        dns = None
        if options.dns_like:
            dns = await workload_dns(self._session.transport, wish.namespace, options.dns_like)
        order = PodOrder(wish.namespace, making.image, making.pull_policy, options=options, dns=dns)
        return ProbePlan(
            wish.spec,
            "new",
            wish.namespace,
            wish.questions,
            f"temporary pod {order.name} of image {making.image} in {wish.namespace}",
            why,
            (),
            wish.first,
            pod_plan(
                order,
                wish.first,
                wish.questions,
                protocol=wish.reaches,
                rights=rights,
                instead=instead,
                cluster=self._session.connection.context,
                flags=self._flags,
                beyond=wish.beyond,
            ),
            wish.reaches,
            order=order,
            next_best=await self._rights.ways(wish.namespace, "new"),
        )

    async def _auto(self, wish: Wish) -> ProbePlan:
        rejected: Rejected = []
        may_exec = await self._rights.may(wish.namespace, EXEC)
        if may_exec.allowed is False:
            rejected.append((f"pods of {wish.namespace}", denied(wish.namespace, EXEC)))
        else:
            place, rejected = await self._places.best(
                self._session.snapshot, wish.namespace, wish.service, wish.reaches, servers=_needs_servers(wish)
            )
            if place is not None:
                return await self._exec_plan(wish, place, place.why, rejected)
        seen = "; ".join(dict.fromkeys(f"{what} {why}" for what, why in rejected[:3]))
        instead = f"nothing that runs here can ask ({seen})" if seen else "nothing runs here that could ask"
        for attempt in (self._new_if_possible, self._debug_if_possible, self._replicas_if_possible):
            plan = await attempt(wish, instead, rejected)
            if plan is not None:
                return replace(plan, rejected=tuple(rejected) + plan.rejected)
        raise Refused(
            f"There is no place in {wish.namespace} to ask DNS from: "
            + "; ".join(f"{what}: {why}" for what, why in rejected[:6])
            + ".",
            hint="Another user may: kubectl auth can-i get pods/exec -n "
            f"{wish.namespace}. Predictions (records, predict) need no such right. {await self._rights.from_here()}",
        )

    async def _new_if_possible(self, wish: Wish, instead: str, rejected: Rejected) -> ProbePlan | None:
        try:
            why = "no running container of the namespace can carry questions, so a pod is made for it"
            return await self._from_new(wish, instead, why)
        except Refused as error:
            rejected.append(("new", printable(error.message).rstrip(".")))
            return None

    async def _debug_if_possible(self, wish: Wish, _: str, rejected: Rejected) -> ProbePlan | None:
        """A container in the best of the Service's own pods: it stays, so that it comes after a pod that does not."""
        own = own_pods(self._session.snapshot, wish.service) if wish.service is not None else []
        if not own:
            return None
        try:
            plan = await self._from_debug(replace(wish, spec=VantageSpec("debug", own[0])))
        except (Refused, NotFound, PodNotUsable) as error:
            rejected.append((f"debug/{own[0]}", printable(error.message).rstrip(".")))
            return None
        why = "nothing that runs here can ask, and no pod may be made, so a container is added to a pod of the Service"
        return replace(plan, spec=wish.spec, why=why)

    async def _replicas_if_possible(self, wish: Wish, _: str, rejected: Rejected) -> ProbePlan | None:
        if wish.reaches == "udp" or wish.server is not None:
            return None
        try:
            return await self._servers.from_replicas(replace(wish, servers=()))
        except (Refused, NotFound) as error:
            rejected.append(("coredns", printable(error.message).rstrip(".")))
            return None

    # -- what it stands on -------------------------------------------------------------------------------------

    async def _instead(self, wish: Wish) -> str:
        """A way that creates nothing, for the question to the user."""
        try:
            if (await self._rights.may(wish.namespace, EXEC)).allowed is not False:
                place, rejected = await self._places.best(
                    self._session.snapshot, wish.namespace, wish.service, wish.reaches, looks=3
                )
                if place is not None:
                    return f"exec in {place.target} creates nothing: --from {place.target}"
                if rejected:
                    return f"nothing that runs here can ask ({rejected[0][0]}: {rejected[0][1]})"
        except ClusterError:
            pass
        return "nothing that runs here can ask"


def _needs_servers(wish: Wish) -> bool:
    """What the place's own /etc/resolv.conf names is needed, too."""
    return wish.every_server or wish.first is None


def _words(target: ExecTarget) -> str:
    return f"pod/{target.pod}" + (f", container {target.container}" if target.container else "")
