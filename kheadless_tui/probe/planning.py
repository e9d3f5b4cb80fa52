"""What a probe will do, whole, before it does it: the place, why it and not another, the server, and the write plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from kheadless_tui.cluster.access import Access
from kheadless_tui.cluster.debugpod import reusable_container
from kheadless_tui.cluster.exec import ExecTarget
from kheadless_tui.cluster.gate import Gate
from kheadless_tui.cluster.leftovers import leftovers
from kheadless_tui.cluster.podspec import EphemeralOrder, PodOrder
from kheadless_tui.errors import (
    ClusterError,
    NotFound,
    Refused,
    UsageError,
    WriteRefused,
)
from kheadless_tui.model.objects import ObjectKey, Service
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.candidates import not_usable
from kheadless_tui.probe.places import Place, Places, PodNotUsable, Rejected, server_of
from kheadless_tui.probe.plan import ProbePlan
from kheadless_tui.probe.replicas import KUBE_DNS, replicas
from kheadless_tui.probe.rights import ADD_CONTAINER, CREATE, DELETE, EXEC, FORWARD, READ, Rights, denied
from kheadless_tui.probe.server import Server
from kheadless_tui.probe.tools import printable
from kheadless_tui.probe.vantage import VantageSpec
from kheadless_tui.probe.writeplans import ephemeral_plan, exec_plan, forward_plan, pod_plan, with_removals
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


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
        image: str,
        pull_policy: str,
        flags: tuple[str, ...],
    ) -> None:
        self._session = session
        self._gate = gate
        self._places = places
        self._rights = Rights(access)
        self._image = image
        self._pull_policy = pull_policy
        self._flags = flags

    async def plan(
        self,
        spec: VantageSpec,
        namespace: str,
        questions: tuple[Question, ...],
        server: Server | None,
        service: ObjectKey | None,
        protocol: str,
    ) -> ProbePlan:
        """See :meth:`kheadless_tui.probe.prober.Prober.plan`."""
        if self._gate.readonly:
            raise WriteRefused(
                "Asking DNS from inside the cluster runs a program in a pod, and the program runs with --readonly.",
                hint="Start without --readonly to probe; predictions need no write.",
            )
        snapshot = self._session.snapshot
        if snapshot.namespaces_known and not snapshot.namespace_exists(namespace):
            raise NotFound(f"there is no namespace {namespace!r}", hint="kubectl get namespaces")
        plan = await self._planned(_Wish(spec, namespace, questions, server, service, protocol))
        return await self._with_leftovers(replace(plan, flags=self._flags), namespace)

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

    async def _planned(self, wish: _Wish) -> ProbePlan:
        spec = wish.spec
        if spec.kind == "coredns":
            return await self._from_replicas(wish)
        if wish.server is None:
            wish = replace(wish, server=await self._kube_dns())
        if spec.kind == "pod":
            return await self._from_pod(wish)
        if spec.kind == "debug":
            return await self._from_debug(wish)
        if spec.kind == "new":
            return await self._from_new(wish, await self._instead(wish))
        return await self._auto(wish)

    # -- each kind ---------------------------------------------------------------------------------------------

    async def _from_pod(self, wish: _Wish) -> ProbePlan:
        try:
            await self._rights.demand(wish.namespace, "An exec in a pod", EXEC)
            place = await self._places.named(wish.spec, wish.namespace, wish.protocol)
        except WriteRefused:
            raise
        except ClusterError as error:
            raise await self._rights.advised(error, wish.namespace, "pod", wish.spec.pod) from None
        return await self._exec_plan(wish, place, place.why, [])

    async def _exec_plan(self, wish: _Wish, place: Place, why: str, rejected: Rejected) -> ProbePlan:
        server = wish.server or server_of(place)
        return ProbePlan(
            wish.spec,
            "pod",
            wish.namespace,
            wish.questions,
            f"{_words(place.target)}, by {place.tool}",
            why,
            tuple(rejected),
            server,
            exec_plan(place.target, place.tool, server, wish.questions, wish.protocol, self._flags),
            wish.protocol,
            place,
            next_best=await self._rights.ways(wish.namespace, "pod", place.target.pod),
        )

    async def _from_debug(self, wish: _Wish) -> ProbePlan:
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
        order = EphemeralOrder(wish.namespace, wish.spec.pod, self._image, self._pull_policy)
        return ProbePlan(
            wish.spec,
            "debug",
            wish.namespace,
            wish.questions,
            f"debug/{wish.spec.pod}, ephemeral container {order.name} of image {self._image}",
            "as you asked",
            (),
            wish.server,
            ephemeral_plan(
                order,
                wish.server,
                wish.questions,
                protocol=wish.protocol,
                rights=rights,
                instead=await self._instead(wish),
                cluster=self._session.connection.context,
                flags=self._flags,
            ),
            wish.protocol,
            order=order,
            next_best=await self._rights.ways(wish.namespace, "debug"),
        )

    async def _reused(self, wish: _Wish, pod: Pod | None) -> ProbePlan | None:
        """A plan with the ephemeral container of an earlier probe, if one is there that can carry the questions."""
        ours = reusable_container(pod, self._image) if pod is not None else None
        if ours is None:
            return None
        target = ExecTarget(wish.namespace, wish.spec.pod, ours)
        toolbox = await self._places.look(target, self._image)
        tool = toolbox.carrier(wish.protocol)
        if tool is None:
            return None
        why = f"ephemeral container {ours} of an earlier probe is still there and is used again"
        plan = await self._exec_plan(wish, Place(target, tool, toolbox, self._image), why, [])
        return replace(plan, kind="debug", vantage=f"debug/{wish.spec.pod}, container {ours}, by {tool}")

    async def _from_new(self, wish: _Wish, instead: str, why: str = "as you asked") -> ProbePlan:
        try:
            rights = await self._rights.demand(wish.namespace, "A temporary pod", CREATE, READ, DELETE, EXEC)
        except Refused as error:
            raise await self._rights.advised(error, wish.namespace, "new") from None
        order = PodOrder(wish.namespace, self._image, self._pull_policy)
        return ProbePlan(
            wish.spec,
            "new",
            wish.namespace,
            wish.questions,
            f"temporary pod {order.name} of image {self._image} in {wish.namespace}",
            why,
            (),
            wish.server,
            pod_plan(
                order,
                wish.server,
                wish.questions,
                protocol=wish.protocol,
                rights=rights,
                instead=instead,
                cluster=self._session.connection.context,
                flags=self._flags,
            ),
            wish.protocol,
            order=order,
            next_best=await self._rights.ways(wish.namespace, "new"),
        )

    async def _from_replicas(self, wish: _Wish) -> ProbePlan:
        if wish.server is not None:
            raise UsageError(
                "--server and --from coredns do not go together: the replicas are the servers.",
                hint="Ask that server from a pod: --from auto.",
            )
        if wish.protocol == "udp":
            raise UsageError(
                "A port-forward carries TCP only, so --from coredns cannot ask over UDP.", hint="Use --from auto --udp."
            )
        try:
            rights = await self._rights.demand(KUBE_DNS.namespace, "A port-forward to CoreDNS", FORWARD)
            found = await replicas(self._session.transport)
        except ClusterError as error:
            raise await self._rights.advised(error, wish.namespace, "coredns") from None
        ready = [replica for replica in found if replica.ready]
        rejected = tuple((f"coredns/{replica.pod}", "is not ready") for replica in found if not replica.ready)
        chosen = ready or found
        pods = [replica.pod for replica in chosen]
        return ProbePlan(
            wish.spec,
            "coredns",
            KUBE_DNS.namespace,
            wish.questions,
            f"{len(chosen)} CoreDNS replicas, each by port-forward",
            "as you asked" if wish.spec.kind == "coredns" else "nothing in the namespace can be asked from",
            rejected if ready else (),
            None,
            forward_plan(KUBE_DNS.namespace, pods, len(wish.questions), rights, self._flags),
            "tcp",
            replicas=tuple(chosen),
            next_best=await self._rights.ways(wish.namespace, "coredns"),
        )

    async def _auto(self, wish: _Wish) -> ProbePlan:
        rejected: Rejected = []
        may_exec = await self._rights.may(wish.namespace, EXEC)
        if may_exec.allowed is False:
            rejected.append((f"pods of {wish.namespace}", denied(wish.namespace, EXEC)))
        else:
            place, rejected = await self._places.best(
                self._session.snapshot, wish.namespace, wish.service, wish.protocol
            )
            if place is not None:
                return await self._exec_plan(wish, place, place.why, rejected)
        seen = "; ".join(dict.fromkeys(f"{what} {why}" for what, why in rejected[:3]))
        instead = f"nothing that runs here can ask ({seen})" if seen else "nothing runs here that could ask"
        for attempt in (self._new_if_possible, self._replicas_if_possible):
            plan = await attempt(wish, instead, rejected)
            if plan is not None:
                return replace(plan, rejected=tuple(rejected) + plan.rejected)
        raise Refused(
            f"There is no place in {wish.namespace} to ask DNS from: "
            + "; ".join(f"{what}: {why}" for what, why in rejected[:6])
            + ".",
            hint="Another user may: kubectl auth can-i get pods/exec -n "
            f"{wish.namespace}. Predictions (records, predict) need no such right.",
        )

    async def _new_if_possible(self, wish: _Wish, instead: str, rejected: Rejected) -> ProbePlan | None:
        try:
            why = "no running container of the namespace can carry questions, so a pod is made for it"
            return await self._from_new(wish, instead, why)
        except Refused as error:
            rejected.append(("new", printable(error.message).rstrip(".")))
            return None

    async def _replicas_if_possible(self, wish: _Wish, _: str, rejected: Rejected) -> ProbePlan | None:
        if wish.protocol == "udp" or (wish.server is not None and wish.server.source == "--server"):
            return None
        try:
            return await self._from_replicas(replace(wish, server=None))
        except (Refused, NotFound) as error:
            rejected.append(("coredns", printable(error.message).rstrip(".")))
            return None

    # -- what it stands on -------------------------------------------------------------------------------------

    async def _kube_dns(self) -> Server | None:
        """The cluster address of kube-dns; ``None`` when it may not be read or has none."""
        service = self._session.snapshot.service(KUBE_DNS)
        if service is None:
            path = f"/api/v1/namespaces/{KUBE_DNS.namespace}/services/{quote(KUBE_DNS.name)}"
            try:
                answer = await self._session.transport.call("GET", path)
            except (Refused, NotFound):
                return None
            service = msgspec.json.decode(answer, type=Service)
        addresses = [address for address in service.cluster_ips if address not in ("", "None")]
        return Server(addresses[0], source=f"Service {KUBE_DNS}") if addresses else None

    async def _instead(self, wish: _Wish) -> str:
        """A way that creates nothing, for the question to the user."""
        try:
            if (await self._rights.may(wish.namespace, EXEC)).allowed is not False:
                place, rejected = await self._places.best(
                    self._session.snapshot, wish.namespace, wish.service, wish.protocol, looks=3
                )
                if place is not None:
                    return f"exec in {place.target} creates nothing: --from {place.target}"
                if rejected:
                    return f"nothing that runs here can ask ({rejected[0][0]}: {rejected[0][1]})"
        except ClusterError:
            pass
        return "nothing that runs here can ask"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for."""

    spec: VantageSpec
    namespace: str
    questions: tuple[Question, ...]
    server: Server | None
    service: ObjectKey | None
    protocol: str


def _words(target: ExecTarget) -> str:
    return f"pod/{target.pod}" + (f", container {target.container}" if target.container else "")
