"""Pods at the wire that can ask DNS: which programs they have, and a DNS server behind ``nc``."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import dns.message
import dns.rrset
import msgspec
from aiohttp import web

from kheadless_tui.cluster.connecting.connection import Connection
from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.model.objects import EndpointSlice, ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.inquiring.dnsmessage import Framer, framed
from kheadless_tui.probe.prober import Prober
from kheadless_tui.zone.record import Question
from tests.probe.fake_api import FakeApi, finish, stdin_of

WEB = ObjectKey("shop", "web")
NAME = "web.shop.svc.cluster.local."
QUESTIONS = [Question(NAME, "A"), Question(f"web-0.{NAME}", "A")]
NOT_FOUND = 'unable to start container process: exec: "{}": executable file not found in $PATH: unknown'


BUSYBOX = "BusyBox v1.36.1 multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n"
REPLY = (
    "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nQuery #0 completed in 0ms:\nName:\t{name}\nAddress: 10.0.0.1\n"
)


class Containers:
    """What runs in the fake's pods: which programs there are, and a DNS server behind ``nc``."""

    def __init__(self, tools: str = "nc") -> None:
        self.tools = tools.split()
        self.shell = True
        self.gone: set[str] = set()
        """Programs that are not in the image any more."""
        self.silent: set[str] = set()
        """Addresses that do not answer."""
        self.answered = 0
        self.hold_after = 1_000_000
        """Replies after which the server says no more."""
        self.ran: list[list[str]] = []

    async def __call__(self, argv: list[str], socket: web.WebSocketResponse) -> None:
        self.ran.append(argv)
        if argv[0] == "sh" and argv[3:4] == ["sh"]:
            await self._nslookups(argv[2], argv[4], argv[5:], socket)
        elif argv[0] == "sh" and self.shell:
            found = "".join(f"tool {tool}\n" for tool in self.tools) + "resolv nameserver 10.0.0.53\n"
            found += f"help nslookup\n{BUSYBOX}\nend\n"
            await socket.send_bytes(b"\x01" + found.encode())
            await finish(socket)
        elif argv[0] == "nc" and "nc" not in self.gone:
            await self._dns(socket, argv[-2])
        elif argv[0] == "nslookup":
            said = REPLY.format(name=argv[-2])
            await socket.send_bytes(b"\x01" + said.encode())
            await finish(socket)
        elif argv[0] == "yes":
            for _ in range(100):
                await socket.send_bytes(b"\x01" + b"y\n" * 5000)
        else:
            await finish(socket, status="Failure", reason="InternalError", message=NOT_FOUND.format(argv[0]))

    async def _nslookups(self, script: str, mark: str, words: list[str], socket: web.WebSocketResponse) -> None:
        """As the shell runs nslookup, for so many words at a time."""
        size = int(script.partition("-ge ")[2].partition(" ")[0])
        for at in range(0, len(words), size):
            self.ran.append(["nslookup", *words[at : at + size]])
            said = f"{mark}\n{REPLY.format(name=words[at + size - 2])}"
            await socket.send_bytes(b"\x01" + said.encode())
        await finish(socket)

    async def _dns(self, socket: web.WebSocketResponse, address: str) -> None:
        framer = Framer()
        async for data in stdin_of(socket):
            for wire in framer.feed(data):
                self.answered += 1
                if address in self.silent or self.answered > self.hold_after:
                    continue
                message = dns.message.make_response(dns.message.from_wire(wire))
                message.answer.append(dns.rrset.from_text(message.question[0].name, 30, "IN", "A", "10.0.0.1"))
                await socket.send_bytes(b"\x01" + framed(message.to_wire()))
        await finish(socket)


def put(api: FakeApi, name: str, image: str = "nginx") -> None:
    metadata = {"name": name, "namespace": "shop", "uid": name, "born": 0.0}
    api.pods[("shop", name)] = {"metadata": metadata, "spec": {"containers": [{"name": "c", "image": image}]}}


KUBE_DNS = {
    "metadata": {"name": "kube-dns", "namespace": "kube-system"},
    "spec": {"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10", "fd00:96::a"]},
}


def replicas(*pods: str, service: str = "kube-dns") -> dict[str, Any]:
    """The EndpointSlice of the cluster's DNS with these pods."""
    endpoints = [
        {"addresses": [f"10.0.1.{number}"], "targetRef": {"kind": "Pod", "name": pod}, "conditions": {"ready": True}}
        for number, pod in enumerate(pods, 1)
    ]
    metadata = {"name": "dns-1", "namespace": "kube-system", "labels": {"kubernetes.io/service-name": service}}
    return {"metadata": metadata, "endpoints": endpoints, "ports": [{"name": "dns-tcp", "port": 53}]}


def slices(*pods: str) -> Snapshot:
    endpoints = [{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": pod}} for pod in pods]
    metadata = {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}}
    return Snapshot.of([msgspec.convert({"metadata": metadata, "endpoints": endpoints}, EndpointSlice)])


def prober(
    transport: Transport,
    *pods: str,
    readonly: bool = False,
    asked: list[WritePlan] | None = None,
    connection: Connection | None = None,
    **more: Any,
) -> Prober:
    async def confirm(plan: WritePlan) -> bool:
        if asked is not None:
            asked.append(plan)
        return True

    session: Any = SimpleNamespace(
        transport=transport, snapshot=slices(*pods), connection=connection or transport.connection
    )
    return Prober(session, Gate(readonly, confirm), **{"timeout": 1.0, "start_timeout": 2.0, **more})


async def plan_of(prober: Prober, vantage: str, **more: Any) -> Any:
    return await prober.plan(parse_vantage(vantage), "shop", QUESTIONS, service=WEB, **more)
