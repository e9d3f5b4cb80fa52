"""bash in a pod of the lab, which carries DNS where an image has nothing better, as nginx."""

from __future__ import annotations

import asyncio

import pytest

from kheadless_tui.cluster.gate import Gate, WritePlan
from kheadless_tui.lab.lab import Lab
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.choosing.vantage import parse_vantage
from kheadless_tui.probe.comparison.judging import judge
from kheadless_tui.probe.prober import Prober
from kheadless_tui.probe.questions import questions_for
from kheadless_tui.probe.server import TCP, UDP, Protocol
from kheadless_tui.zone.zone_records import service_records
from tests.lab.asking import session_on
from tests.lab.conftest import Client

MATRIX: tuple[Protocol, ...] = (UDP, TCP)
WEB = ObjectKey("tutorial-1", "nginx-headless")
POD = "/api/v1/namespaces/tutorial-1/pods/x"


@pytest.fixture
async def debian(lab: Lab) -> None:
    lab.apply("{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: c, image: nginx}]}}",
              "tutorial-1")  # fmt: skip
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "x")["status"].get("phase") == "Running")


async def yes(plan: WritePlan) -> bool:
    return True


@pytest.mark.usefixtures("debian")
@pytest.mark.parametrize(("over", "every"), [("udp", False), ("tcp", False), ("", True)])
async def test_it_carries_questions_to_every_server(lab: Lab, over: Protocol, every: bool) -> None:
    async with session_on(lab) as session:
        service = session.snapshot.service(WEB)
        assert service is not None
        config = await session.zone_config()
        asked = [q for q in questions_for(service_records(session.snapshot, service, config)) if q.type != "PTR"]
        prober = Prober(session, Gate(False, yes))
        plan = await prober.plan(
            parse_vantage("pod/x"), "tutorial-1", asked, service=WEB, protocol=over, every_server=every,
            transports=MATRIX if every else (),
        )  # fmt: skip
        result = await prober.run(plan)
        assert {seen.error for seen in result.observations} == {""}
        assert [vantage.tool for vantage in result.vantages] == ["bash"]
        assert judge(session.snapshot, config, result.observations, service=WEB).verdict == "match"
        if every:
            assert {(seen.server, seen.transport) for seen in result.observations} == {
                (str(server), transport) for server in result.servers for transport in MATRIX
            }
            assert [server.role for server in result.servers] == ["node-local", "kube-dns", "replica", "replica"]
        else:
            assert {seen.transport for seen in result.observations} == {over}


@pytest.mark.usefixtures("debian")
async def test_connections_are_made_by_bash_alone(client: Client) -> None:
    """As bash 5.2 says it."""
    for shell, script, said, error in (
        ("bash", "exec 3<>/dev/tcp/web-0.nginx-headless/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3",
         "web-0\n", ""),
        ("bash", "(: </dev/tcp/web-0.nginx-headless/80) && echo open", "open\n", ""),
        ("bash", "exec 3<>/dev/tcp/127.0.0.1/81 || echo $?", "1\n",
         "bash: connect: Connection refused\nbash: /dev/tcp/127.0.0.1/81: Connection refused\n"),
        ("bash", ": >/dev/udp/nosuch/53", "", "bash: nosuch: Name or service not known\n"
         "bash: /dev/udp/nosuch/53: Invalid argument\n"),
        ("bash", "((BASH_VERSINFO[0] >= 5)) && echo new", "new\n", ""),
        ("sh", "echo a >/dev/tcp/127.0.0.1/80", "",
         "sh: can't create /dev/tcp/127.0.0.1/80: nonexistent directory\n"),
    ):  # fmt: skip
        done = await client.run(POD, [shell, "-c", script])
        assert (done.stdout.decode(), done.stderr.decode()) == (said, error), script


@pytest.mark.usefixtures("debian")
async def test_nothing_outlives_its_shell(client: Client) -> None:
    before = asyncio.all_tasks()
    done = await client.run(POD, ["bash", "-c", "exec 3<>/dev/tcp/web-0.nginx-headless/80; cat <&3 & sleep inf & :"])
    assert done.exit_code == 0
    await client.lab.until(lambda: not [task for task in asyncio.all_tasks() - before if "serve" in repr(task)])
    done = await client.run(POD, ["sh", "-c", "while true; do sleep inf & done"])
    assert done.stderr == b"sh: can't fork: Resource temporarily unavailable\n"
