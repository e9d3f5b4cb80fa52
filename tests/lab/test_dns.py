"""The lab's DNS at the wire: what a client outside and each server say, and what a cache makes of it."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import struct
from collections.abc import AsyncIterator

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest

from kheadless_tui.errors import InputError
from kheadless_tui.lab.dns.cache import Cache
from kheadless_tui.lab.dns.node_local import ADDRESS as NODE_LOCAL
from kheadless_tui.lab.dns.server import CoreDns, read_corefile
from kheadless_tui.lab.lab import Lab
from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.objects.resources import PODS
from kheadless_tui.zone.answering.message_size import fit
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.serving.config import CacheBounds

HOST = "127.0.0.1"
NAME = "nginx-headless.tutorial-1.svc.cluster.local."
ENDPOINTS = 120


@pytest.fixture
async def still() -> AsyncIterator[Lab]:
    """A lab whose time the test owns."""
    async with Lab.start(world="tutorials", driven=True) as lab:
        yield lab


def replica(lab: Lab, number: int = 0) -> CoreDns:
    """The replicas by their delay behind the API: the quick one is the first."""
    return sorted(lab.dns.replicas.values(), key=lambda server: server.lag)[number]


async def ask(server: CoreDns, name: str, kind: str = "A", *, udp: bool = True, port: int = 53) -> dns.message.Message:
    (wire, *_) = await server.replies(dns.message.make_query(name, kind).to_wire(), udp=udp, port=port)
    return dns.message.from_wire(wire, one_rr_per_rrset=True)


def texts(message: dns.message.Message) -> list[str]:
    return sorted(str(rdata) for rrset in message.answer for rdata in rrset)


def ttl(message: dns.message.Message) -> int:
    return int((message.answer or message.authority)[0].ttl)


async def test_the_port_outside_leads_to_kube_dns_over_udp_and_tcp(lab: Lab) -> None:
    addresses = sorted(lab.get("Pod", "tutorial-1", f"web-{n}")["status"]["podIP"] for n in range(3))
    query = dns.message.make_query(NAME, "A")
    by_udp = await dns.asyncquery.udp(query, HOST, port=lab.dns_port, timeout=5)
    by_tcp = await dns.asyncquery.tcp(query, HOST, port=lab.dns_port, timeout=5)
    assert texts(by_udp) == texts(by_tcp) == addresses
    assert dns.flags.to_text(by_udp.flags) == "QR AA RD"


@pytest.mark.skipif(not shutil.which("dig"), reason="dig is not installed")
async def test_dig_in_the_users_shell(lab: Lab) -> None:
    argv = ["dig", f"@{HOST}", "-p", str(lab.dns_port), "+noall", "+answer", "SRV", NAME]
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0
    lines = said.decode().splitlines()
    assert sorted(line.split()[4:] for line in lines) == [
        ["0", "33", "80", f"web-{number}.{NAME}"] for number in range(3)
    ]


async def test_the_port_outside_is_on_loopback_alone(lab: Lab) -> None:
    own = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in own:
        if not str(address).startswith("127."):
            with socket.socket() as probe:
                assert probe.connect_ex((str(address), lab.dns_port)) != 0


@pytest.mark.parametrize(
    ("flags", "counts", "rcode"),
    [
        (0, (0, 0, 0, 0), dns.rcode.FORMERR),
        (0, (2, 0, 0, 0), dns.rcode.FORMERR),
        (0, (1, 0, 0, 0), dns.rcode.FORMERR),
        (2 << 11, (1, 0, 0, 0), dns.rcode.NOTIMP),
    ],
)
async def test_what_is_no_question_is_refused_in_the_header(
    lab: Lab, flags: int, counts: tuple[int, ...], rcode: dns.rcode.Rcode
) -> None:
    wire = struct.pack("!6H", 4711, flags, *counts)
    (reply,) = await replica(lab).replies(wire, udp=True)
    number, got, *rest = struct.unpack("!6H", reply)
    assert (number, got & 0xF, got & dns.flags.QR, rest) == (4711, rcode, dns.flags.QR, [0, 0, 0, 0])


async def test_a_reply_and_a_fragment_get_nothing(lab: Lab) -> None:
    reply = dns.message.make_response(dns.message.make_query(NAME, "A")).to_wire()
    assert await replica(lab).replies(reply, udp=True) == ()
    assert await replica(lab).replies(b"\x12", udp=True) == ()


async def test_edns_is_sent_back_and_its_future_versions_refused(lab: Lab) -> None:
    options: list[dns.edns.Option] = [dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")]
    query = dns.message.make_query(NAME, "A", use_edns=0, payload=4096, options=options)
    (wire,) = await replica(lab).replies(query.to_wire(), udp=True)
    reply = dns.message.from_wire(wire)
    assert (reply.edns, reply.payload) == (0, 4096)
    assert [(option.otype, option.to_wire()) for option in reply.options] == [(10, b"12345678")]
    (wire,) = await replica(lab).replies(dns.message.make_query(NAME, "A", use_edns=1).to_wire(), udp=True)
    assert dns.message.from_wire(wire).rcode() == dns.rcode.BADVERS


async def test_what_fits_is_not_compressed(lab: Lab) -> None:
    (wire,) = await replica(lab).replies(dns.message.make_query(NAME, "A").to_wire(), udp=True)
    owner = len(NAME) + 1
    assert len(wire) == 12 + owner + 4 + 3 * (owner + 10 + 4)


def many_endpoints(lab: Lab) -> str:
    """A Service with more addresses than fit."""
    lab.apply("{apiVersion: v1, kind: Service, metadata: {name: many}, "
              "spec: {clusterIP: None, ports: [{name: db, port: 5432}]}}", "tutorial-1")  # fmt: skip
    endpoints = [{"addresses": [f"198.51.100.{n}"], "conditions": {"ready": True}} for n in range(ENDPOINTS)]
    meta = {"name": "many-x", "labels": {"kubernetes.io/service-name": "many"}}
    kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4"}
    ports = [{"name": "db", "port": 5432, "protocol": "TCP"}]
    lab.apply({**kind, "metadata": meta, "endpoints": endpoints, "ports": ports}, "tutorial-1")
    return "many.tutorial-1.svc.cluster.local."


@pytest.mark.parametrize("payload", [0, 1232, 4096])
async def test_over_udp_whole_records_are_cut_as_the_real_server_cuts_them(lab: Lab, payload: int) -> None:
    name = many_endpoints(lab)
    edns = {"use_edns": 0, "payload": payload} if payload else {}
    query = dns.message.make_query(name, "A", **edns)  # type: ignore[arg-type]
    reply = await dns.asyncquery.udp(query, HOST, port=lab.dns_port, timeout=5)
    whole = Answer(Question(name, "A"), "NOERROR", answer=tuple(Record(name, 30, "A", f"198.51.100.{n}")
                                                                   for n in range(ENDPOINTS)))  # fmt: skip
    expected = fit(whole, payload or 512, opt=11 if payload else 0)
    assert bool(reply.flags & dns.flags.TC) is expected.truncated
    assert len(texts(reply)) == expected.answer
    by_tcp = await dns.asyncquery.tcp(query, HOST, port=lab.dns_port, timeout=5)
    assert len(texts(by_tcp)) == ENDPOINTS
    assert not by_tcp.flags & dns.flags.TC


async def test_a_cache_counts_down_and_denies_what_has_come_since(still: Lab) -> None:
    server, name = replica(still), "new.tutorial-1.svc.cluster.local."
    assert ttl(await ask(server, NAME)) == 30
    assert (await ask(server, name)).rcode() == dns.rcode.NXDOMAIN
    still.apply("{apiVersion: v1, kind: Service, metadata: {name: new}, "
                "spec: {clusterIP: 10.96.7.7, ports: [{port: 80}]}}", "tutorial-1")  # fmt: skip
    await still.clock.drive(12.5)
    assert ttl(await ask(server, NAME)) == 18
    assert ((await ask(server, name)).rcode(), ttl(await ask(server, name))) == (dns.rcode.NXDOMAIN, 18)
    assert texts(await ask(replica(still, 1), name)) == ["10.96.7.7"], "the other replica was not asked before"
    await still.clock.drive(18)
    assert texts(await ask(server, name)) == ["10.96.7.7"]
    assert ttl(await ask(server, NAME)) == 30


async def test_a_kept_reply_keeps_its_names_and_kinds_apart(still: Lab) -> None:
    server = replica(still)
    await ask(server, NAME.upper())
    reply = await ask(server, NAME)
    assert (str(reply.question[0].name), str(reply.answer[0].name)) == (NAME, NAME.upper())
    assert (await ask(server, NAME, "AAAA")).answer == []


def test_a_full_cache_forgets_the_oldest() -> None:
    class Now:
        def now(self) -> float:
            return 0.0

    cache = Cache(Now(), CacheBounds())  # type: ignore[arg-type]
    for number in range(10_000):
        name = f"n{number}."
        cache.keep(Answer(Question(name, "A"), "NOERROR", answer=(Record(name, 30, "A", "192.0.2.1"),)))
    assert cache.find(Question("n0.", "A")) is None
    assert cache.find(Question("n9999.", "A")) is not None


async def test_each_replica_has_its_own_delay_behind_the_api(still: Lab) -> None:
    first, second = replica(still, 0), replica(still, 1)
    for server in (first, second):
        await ask(server, NAME)
    still.apply("{apiVersion: v1, kind: Service, metadata: {name: new}, "
                "spec: {clusterIP: 10.96.7.7, ports: [{port: 80}]}}", "tutorial-1")  # fmt: skip
    await still.clock.drive(0.1)
    name = "new.tutorial-1.svc.cluster.local."
    assert (await ask(first, name)).rcode() == dns.rcode.NOERROR
    assert (await ask(second, f"x.{name}")).rcode() == dns.rcode.NXDOMAIN
    assert second.view.snapshot.services("tutorial-1") != first.view.snapshot.services("tutorial-1")
    await still.clock.drive(0.2)
    assert (await ask(second, name)).rcode() == dns.rcode.NOERROR


async def test_names_outside_are_forwarded(lab: Lab) -> None:
    reply = await ask(replica(lab), "example.com.")
    assert (texts(reply), ttl(reply), dns.flags.to_text(reply.flags)) == (["93.184.215.14"], 30, "QR AA RD")
    nothing = await ask(replica(lab), "example.com.", "AAAA")
    assert (nothing.rcode(), str(nothing.authority[0].name)) == (dns.rcode.NOERROR, "example.com.")
    denied = await ask(replica(lab), "nope.example.com.")
    assert (denied.rcode(), str(denied.authority[0].name)) == (dns.rcode.NXDOMAIN, ".")


async def test_an_upstream_that_says_nothing_ends_in_servfail(still: Lab) -> None:
    still.dns.upstream.silent = True
    asking = asyncio.create_task(ask(replica(still), "example.com."))
    await still.clock.drive(4.9)
    assert not asking.done()
    await still.clock.drive(0.2)
    assert (await asking).rcode() == dns.rcode.SERVFAIL


async def test_the_zone_by_transfer(lab: Lab) -> None:
    query = dns.message.make_query("cluster.local.", "AXFR").to_wire()
    (refused,) = await replica(lab).replies(query, udp=False)
    assert dns.message.from_wire(refused).rcode() == dns.rcode.REFUSED
    wires = await replica(lab).replies(query, udp=False, port=1053)
    records = [rrset for wire in wires for rrset in dns.message.from_wire(wire, one_rr_per_rrset=True).answer]
    assert [record.rdtype for record in (records[0], records[-1])] == [dns.rdatatype.SOA] * 2
    own = {str(record[0]) for record in records if str(record.name) == NAME and record.rdtype == dns.rdatatype.A}
    assert own == {lab.get("Pod", "tutorial-1", f"web-{n}")["status"]["podIP"] for n in range(3)}


async def from_pod(lab: Lab, server: str, name: str) -> dns.message.Message:
    pod = lab.store.get(PODS, "tutorial-1", "web-0")
    wire = await lab.network.ask(server, 53, dns.message.make_query(name, "A").to_wire(), source=pod)
    assert wire is not None
    return dns.message.from_wire(wire)


async def test_the_cache_on_the_node_asks_kube_dns_and_remembers(still: Lab) -> None:
    assert len(texts(await from_pod(still, NODE_LOCAL, NAME))) == 3
    still.delete("Service", "tutorial-1", "nginx-headless")
    await still.clock.drive(20)
    for server in still.dns.replicas.values():
        assert (await ask(server, f"web-0.{NAME}")).rcode() == dns.rcode.NXDOMAIN
    assert ttl(await from_pod(still, NODE_LOCAL, NAME)) == 10, "the node has not heard of it"
    await still.clock.drive(41)
    assert (await from_pod(still, NODE_LOCAL, NAME)).rcode() == dns.rcode.NXDOMAIN
    assert ttl(await from_pod(still, NODE_LOCAL, "nope.default.svc.cluster.local.")) == 5


async def test_the_cache_on_the_node_without_kube_dns(still: Lab) -> None:
    for pod in still.all("Pod", "kube-system"):
        still.set_ready("kube-system", pod["metadata"]["name"], False)
    await still.clock.drive(5)
    assert (await from_pod(still, NODE_LOCAL, NAME)).rcode() == dns.rcode.SERVFAIL
    assert texts(await from_pod(still, NODE_LOCAL, "example.com.")) == ["93.184.215.14"]


async def test_a_new_corefile_is_served_after_the_reload_and_a_wrong_one_never(still: Lab) -> None:
    def serve(before: str, after: str) -> None:
        def edit(item: dict[str, dict[str, str]]) -> None:
            item["data"]["Corefile"] = item["data"]["Corefile"].replace(before, after)

        still.change("ConfigMap", "kube-system", "coredns", edit)

    first, second = replica(still, 0), replica(still, 1)
    serve("kubernetes cluster.local", "kubernetes corp.local")
    await still.clock.drive(3.5)
    moved = "nginx-headless.tutorial-1.svc.corp.local."
    assert len((await ask(first, moved)).answer) == 3
    assert (await ask(second, moved)).rcode() == dns.rcode.NXDOMAIN
    serve("ttl 30", "tttl 30")
    await still.clock.drive(10)
    assert len((await ask(first, moved)).answer) == 3, "what cannot be read leaves the old one in place"
    failed = "[ERROR] plugin/reload: Corefile changed but reload failed: starting with listener file descriptors: "
    (said,) = [line.removeprefix(failed) for line in first.log if line.startswith(failed)]
    at = r"/etc/coredns/Corefile:\d+ - Error during parsing"
    assert re.fullmatch(rf"plugin/kubernetes: {at}: unknown property 'tttl'", said)
    assert f"[ERROR] Restart failed: {said}" in first.log


COUNT = "Wrong argument count or unexpected line ending"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (" nonsense", "Corefile:2 - Error during parsing: Unknown directive 'nonsense'"),
        (" cache 0", "plugin/cache: cache TTL can not be zero or negative: 0"),
        (" cache\n cache", "plugin/cache: this plugin can only be used once per Server Block"),
        (
            " cache {\n  succes 9\n }",
            f"plugin/cache: Corefile:3 - Error during parsing: {COUNT} after 'succes'",
        ),
        (
            " forward .",
            f"plugin/forward: Corefile:2 - Error during parsing: {COUNT} after '.'",
        ),
        (
            " kubernetes cluster.local {\n  tttl 30\n }",
            "plugin/kubernetes: Corefile:3 - Error during parsing: unknown property 'tttl'",
        ),
        (" cache abc", ""),  # a zone
    ],
)
def test_a_corefile_is_refused_in_corednss_own_words(written: str, says: str) -> None:
    text = f".:53 {{\n{written}\n}}\n"
    if not says:
        assert set(read_corefile(text, "Corefile", Clock(start=0.0))) == {53}
        return
    with pytest.raises(InputError) as refused:
        read_corefile(text, "Corefile", Clock(start=0.0))
    assert str(refused.value) == says


async def test_a_server_that_begins_with_a_wrong_corefile_crashes_until_it_is_mended(still: Lab) -> None:
    def serve(text: str) -> None:
        still.change("ConfigMap", "kube-system", "coredns", lambda item: item["data"].update(Corefile=text))

    good = still.get("ConfigMap", "kube-system", "coredns")["data"]["Corefile"]
    serve(good.replace("cache 30", "nonsense"))
    gone = next(iter(still.dns.replicas))
    still.delete("Pod", "kube-system", gone, grace=0)
    await still.clock.drive(8)
    (name,) = [name for name, server in still.dns.replicas.items() if not server.serves]
    (state,) = still.get("Pod", "kube-system", name)["status"]["containerStatuses"]
    assert state["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert state["lastState"]["terminated"]["exitCode"] == 1
    (said,) = still.dns.replicas[name].log
    assert re.fullmatch(r"/etc/coredns/Corefile:\d+ - Error during parsing: Unknown directive 'nonsense'", said)
    serve(good)
    await still.clock.drive(60)
    pod = still.get("Pod", "kube-system", name)
    assert pod["status"]["containerStatuses"][0]["ready"]
    assert still.dns.replicas[name].serves


@pytest.mark.parametrize("name", ["version.bind.", "example.com."])
async def test_what_is_not_of_the_internet_is_refused_outside(lab: Lab, name: str) -> None:
    wire = dns.message.make_query(name, "TXT", dns.rdataclass.CH).to_wire()
    for server in (replica(lab), lab.dns.upstream):
        (reply,) = await server.replies(wire, udp=True)
        message = dns.message.from_wire(reply)
        assert (message.rcode(), message.answer, message.authority) == (dns.rcode.REFUSED, [], [])
        assert message.question[0].rdclass == dns.rdataclass.CH
    assert (await ask(replica(lab), "example.com.")).rcode() == dns.rcode.NOERROR
