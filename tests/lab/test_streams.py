"""exec and port-forward at the wire, and the programs in pods."""

from __future__ import annotations

import asyncio
import json
import re
import struct
from collections.abc import Sequence

import aiohttp
import dns.flags
import dns.message
import dns.rcode
import pytest

from kheadless_tui.lab.lab import Lab
from tests.lab.conftest import Client

NS = "/api/v1/namespaces/tutorial-1"
WEB_0 = f"{NS}/pods/web-0"
UNRECURSED = ";; Got recursion not available from 10.96.0.10\n"
NAME_0 = "web-0.nginx-headless.tutorial-1.svc.cluster.local"
ZONE = "tutorial-1.svc.cluster.local."


def framed(*messages: dns.message.Message) -> bytes:
    return b"".join(struct.pack("!H", len(wire := message.to_wire())) + wire for message in messages)


def unframed(data: bytes) -> list[dns.message.Message]:
    found = []
    while data:
        (size,) = struct.unpack("!H", data[:2])
        found.append(dns.message.from_wire(data[2 : size + 2]))
        data = data[size + 2 :]
    return found


async def test_a_program_that_ends_well(client: Client) -> None:
    done = await client.run(WEB_0, ["cat", "/etc/resolv.conf"])
    assert done.protocol == "v5.channel.k8s.io"
    assert done.stdout.decode() == (
        "search tutorial-1.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    )
    assert done.status == {"metadata": {}, "status": "Success"}


async def test_a_program_that_ends_badly(client: Client) -> None:
    done = await client.run(WEB_0, ["cat", "/nope"])
    assert done.stderr == b"cat: can't open '/nope': No such file or directory\n"
    assert done.status == {
        "metadata": {},
        "status": "Failure",
        "message": "command terminated with non-zero exit code: command terminated with exit code 1",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "1"}]},
    }


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["dig", "x"], 'unable to start container process: exec: "dig": executable file not found in $PATH'),
        (
            ["/bin/nope"],
            'unable to start container process: exec: "/bin/nope": stat /bin/nope: no such file or directory',
        ),
        ([], "args must not be empty"),
    ],
)
async def test_a_program_that_is_not_there(client: Client, argv: Sequence[str], why: str) -> None:
    status = (await client.run(WEB_0, argv)).status
    assert (status["code"], status["reason"]) == (500, "InternalError")
    assert status["message"].startswith(
        "Internal error occurred: Internal error occurred: error executing command in container: failed to exec in "
        'container: failed to start exec "'
    )
    assert status["message"].endswith(f"OCI runtime exec failed: exec failed: {why}: unknown")
    assert status["message"] == f"Internal error occurred: {status['details']['causes'][0]['message']}"


async def test_a_hundred_questions_through_nc(client: Client) -> None:
    questions = [dns.message.make_query(f"web-{n % 3}.nginx-headless.{ZONE}", "A") for n in range(100)]
    done = await client.run(WEB_0, ["nc", "10.96.0.10", "53"], stdin=framed(*questions))
    answers = {message.id: message for message in unframed(done.stdout)}
    assert done.exit_code == 0
    assert set(answers) == {question.id for question in questions}
    first = answers[questions[0].id]
    assert (first.rcode(), bool(first.flags & dns.flags.AA), first.answer[0].ttl) == (dns.rcode.NOERROR, True, 30)
    assert str(first.answer[0][0]) == client.lab.get("Pod", "tutorial-1", "web-0")["status"]["podIP"]


async def test_version_4_cannot_close_stdin(client: Client) -> None:
    question = dns.message.make_query(f"nginx-headless.{ZONE}", "A")
    params = [("command", word) for word in ("nc", "10.96.0.10", "53")]
    params += [("stdin", "true"), ("stdout", "true")]
    async with client.http.ws_connect(
        f"{client.lab.server}{WEB_0}/exec", headers=client.headers, params=params, protocols=["v4.channel.k8s.io"]
    ) as socket:
        assert socket.protocol == "v4.channel.k8s.io"
        await socket.send_bytes(b"\x00" + framed(question))
        message = await socket.receive_bytes()
        assert message[0] == 1
        (answer,) = unframed(message[1:])
        assert len(answer.answer[0]) == 3


@pytest.mark.parametrize(
    ("address", "port", "said"),
    [
        ("10.244.0.4", "81", "nc: can't connect to remote host (10.244.0.4): Connection refused\n"),
        ("10.99.0.10", "53", "nc: can't connect to remote host (10.99.0.10): Connection timed out\n"),
        ("10.96.0.10", "54", "nc: can't connect to remote host (10.96.0.10): Connection timed out\n"),
        ("nohost.invalid", "53", "nc: bad address 'nohost.invalid'\n"),
    ],
)
async def test_nc_to_where_nobody_answers(client: Client, address: str, port: str, said: str) -> None:
    done = await client.run(WEB_0, ["nc", address, port], stdin=b"x")
    assert (done.exit_code, done.stderr.decode()) == (1, said)


async def test_kube_dns_without_a_ready_server_refuses(lab: Lab, client: Client) -> None:
    for pod in lab.all("Pod", "kube-system"):
        lab.set_ready("kube-system", pod["metadata"]["name"], False)
    await lab.until(
        lambda: (
            not any(
                endpoint["conditions"]["ready"]
                for item in lab.all("EndpointSlice", "kube-system")
                for endpoint in item["endpoints"]
            )
        )
    )
    done = await client.run(WEB_0, ["nc", "10.96.0.10", "53"], stdin=b"x")
    assert done.stderr.decode().endswith("Connection refused\n")


@pytest.mark.parametrize(
    ("path", "container", "code", "message"),
    [
        (f"{NS}/pods/none", "", 404, 'pods "none" not found'),
        (WEB_0, "nope", 400, "container nope is not valid for pod web-0"),
        (f"{NS}/pods/two", "", 400, "a container name must be specified for pod two, choose one of: [a b]"),
    ],
)
async def test_execs_that_are_refused(
    lab: Lab, client: Client, path: str, container: str, code: int, message: str
) -> None:
    lab.apply("{apiVersion: v1, kind: Pod, metadata: {name: two}, spec: {containers: "
              "[{name: a, image: busybox, args: [sleep, 1h]}, "
              "{name: b, image: busybox, args: [sleep, 1h]}]}}", "tutorial-1")  # fmt: skip
    headers = {**client.headers, "Upgrade": "websocket", "Connection": "Upgrade"}
    params = {"command": "true", "stdout": "true", **({"container": container} if container else {})}
    async with client.http.get(f"{lab.server}{path}/exec", headers=headers, params=params) as got:
        assert (got.status, (await got.json())["message"]) == (code, message)


async def test_an_exec_needs_an_upgrade_and_a_protocol_that_is_served(client: Client) -> None:
    plain = await client.call("GET", f"{WEB_0}/exec", command="true", stdout="true")
    assert (plain.status, plain.json["message"]) == (400, "Upgrade request required")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.run(WEB_0, ["true"], protocols=["v9.channel.k8s.io"])
    assert refused.value.status == 403


async def test_a_container_that_does_not_run(lab: Lab, client: Client) -> None:
    lab.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: bad}, spec: {containers: [{name: x, image: nope}]}}", "tutorial-1"
    )
    status = (await client.run(f"{NS}/pods/bad", ["true"])).status
    assert status["message"] == 'Internal error occurred: unable to upgrade connection: container not found ("x")'


async def test_a_client_that_hangs_up_ends_the_program(lab: Lab, client: Client) -> None:
    params = [("command", "sleep"), ("command", "900000"), ("stdout", "true")]
    url = f"{lab.server}{WEB_0}/exec"
    socket = await client.http.ws_connect(url, headers=client.headers, params=params, protocols=["v5.channel.k8s.io"])
    sleeping = {task for task in asyncio.all_tasks() if "Runtime.run" in repr(task)}
    assert len(sleeping) == 1
    await socket.close()
    await asyncio.wait(sleeping, timeout=5)
    assert all(task.done() for task in sleeping)


async def test_port_forward_to_each_dns_server(lab: Lab, client: Client) -> None:
    for pod in lab.all("Pod", "kube-system"):
        url = f"{lab.server}/api/v1/namespaces/kube-system/pods/{pod['metadata']['name']}/portforward"
        async with client.http.ws_connect(
            url, headers=client.headers, params={"ports": "53"}, protocols=["v4.channel.k8s.io"]
        ) as socket:
            assert await socket.receive_bytes() == b"\x00" + struct.pack("<H", 53)
            assert await socket.receive_bytes() == b"\x01" + struct.pack("<H", 53)
            question = dns.message.make_query(f"web-0.nginx-headless.{ZONE}", "A")
            await socket.send_bytes(b"\x00" + framed(question))
            data = await socket.receive_bytes()
            assert unframed(data[1:])[0].id == question.id


async def test_port_forward_to_a_port_where_nobody_listens(client: Client) -> None:
    async with client.http.ws_connect(
        f"{client.lab.server}{WEB_0}/portforward",
        headers=client.headers,
        params={"ports": "81"},
        protocols=["v4.channel.k8s.io"],
    ) as socket:
        frames = [await socket.receive_bytes() for _ in range(3)]
    assert frames[2][0] == 1
    assert b"connect: connection refused" in frames[2]


@pytest.mark.parametrize(
    ("image", "argv", "said"),
    [
        ("busybox:1.28", ["nslookup", "web-0.nginx-headless"],
         "Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n"
         "Name:      web-0.nginx-headless\nAddress 1: 10.244.0.4 web-0.nginx-headless.tutorial-1.svc.cluster.local\n"),
        ("busybox", ["nslookup", "-type=a", f"{NAME_0}."],
         f"Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\t{NAME_0}\nAddress: 10.244.0.4\n\n"),
        ("tutum/dnsutils", ["nslookup", "web-0.nginx-headless"],
         f"{UNRECURSED}Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\t{NAME_0}\nAddress: 10.244.0.4\n"
         f"{UNRECURSED}\n"),
        ("tutum/dnsutils", ["dig", "+short", f"{NAME_0}."], "10.244.0.4\n"),
        ("tutum/dnsutils", ["host", "web-0.nginx-headless"], f"{NAME_0} has address 10.244.0.4\n"),
        ("tutum/dnsutils", ["getent", "hosts", "web-0.nginx-headless"], f"10.244.0.4      {NAME_0}\n"),
        ("busybox", ["wget", "-qO-", "http://web-1.nginx-headless"], "web-1\n"),
        ("busybox", ["hostname"], "tool\n"),
    ],
)  # fmt: skip
async def test_the_programs_of_images(lab: Lab, client: Client, image: str, argv: list[str], said: str) -> None:
    lab.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "tool"},
            "spec": {"containers": [{"name": "x", "image": image, "command": ["sleep", "3600"]}]},
        },
        "tutorial-1",
    )
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "tool")["status"]["phase"] == "Running")
    done = await client.run(f"{NS}/pods/tool", argv)
    assert (done.stdout.decode(), done.stderr, done.exit_code) == (said, b"", 0)


@pytest.mark.parametrize(
    ("script", "said", "status"),
    [
        ("exit 7", "", 7),
        ("echo a; echo b && false || echo c", "a\nb\nc\n", 0),
        ("for x in 1 2 3; do if [ $x = 2 ]; then continue; fi; echo n$x; done", "n1\nn3\n", 0),
        ('while read -r kind rest; do echo "$kind"; done </etc/resolv.conf', "search\nnameserver\noptions\n", 0),
        ("IFS=:; for folder in $PATH; do echo $folder; break; done", "/usr/local/sbin\n", 0),
        ("x=$(echo 'a  b'); echo $x; echo \"$x\"", "a b\na  b\n", 0),
        ("echo \"$1-$2\" '$1'", "one-two $1\n", 0),
        ("echo hi | cat | cat", "hi\n", 0),
        ("nothere 2>/dev/null; echo $?", "127\n", 0),
        ("command -v dig || echo no", "no\n", 0),
        ("! true", "", 1),
        ("cat /nope 2>&1 | cat", "cat: can't open '/nope': No such file or directory\n", 0),
        ("until true; do echo x; done; { echo g; }; (echo h)", "g\nh\n", 0),
    ],
)
async def test_the_shell(client: Client, script: str, said: str, status: int) -> None:
    done = await client.run(WEB_0, ["sh", "-c", script, "sh", "one", "two"])
    assert (done.stdout.decode(), done.exit_code) == (said, status)


@pytest.mark.parametrize(
    "script", ["if", "echo 'x", "& sleep 1", "for", ")", "a && ", 'echo "$(', "while true; do :; done"]
)
async def test_scripts_that_the_shell_cannot_run(client: Client, script: str) -> None:
    done = await client.run(WEB_0, ["sh", "-c", script])
    assert done.exit_code in (2, 137)
    assert done.stderr.startswith(b"sh: ")


async def test_a_log_is_what_a_program_has_written(lab: Lab, client: Client) -> None:
    path = "/api/v1/namespaces/tutorial-1/pods"
    container = {"name": "c", "image": "busybox:1.28", "command": ["sh", "-c", "echo one; echo two; echo three"]}
    spec = {"restartPolicy": "Never", "containers": [container]}
    await client.call("POST", path, {"metadata": {"name": "says"}, "spec": spec})
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "says")["status"]["phase"] == "Succeeded")
    assert (await client.call("GET", f"{path}/says/log")).body == b"one\ntwo\nthree\n"
    assert (await client.call("GET", f"{path}/says/log", tailLines="1")).body == b"three\n"
    assert (await client.call("GET", f"{path}/says/log", limitBytes="5")).body == b"one\nt"
    assert (await client.call("GET", f"{path}/says/log", follow="true")).body == b"one\ntwo\nthree\n"
    for follow in ("false", "true"):
        dated = (await client.call("GET", f"{path}/says/log", timestamps="true", follow=follow)).body.splitlines()
        assert [line.partition(b" ")[2] for line in dated] == [b"one", b"two", b"three"]
        assert all(re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z \w+", line) for line in dated)
    assert (await client.call("GET", f"{path}/says/log", timestamps="true", tailLines="1")).body == dated[2] + b"\n"
    server = client.lab.all("Pod", "kube-system")[0]["metadata"]["name"]
    (line, *_) = (
        await client.call("GET", f"/api/v1/namespaces/kube-system/pods/{server}/log", timestamps="true")
    ).body.splitlines()
    assert re.fullmatch(rb"\S+\.\d{9}Z \[INFO\] plugin/reload: Running configuration SHA512 = [0-9a-f]{128}", line)
    spec = {"containers": [{"name": "c", "image": "nowhere/nothing:1"}]}
    await client.call("POST", path, {"metadata": {"name": "never"}, "spec": spec})
    await lab.until(lambda: bool(lab.get("Pod", "tutorial-1", "never")["status"].get("containerStatuses")))
    refused = await client.call("GET", f"{path}/never/log")
    assert refused.status == 400
    assert refused.json["message"].startswith('container "c" in pod "never" is waiting to start: ')


async def test_one_attaches_to_a_containers_own_shell(lab: Lab, client: Client) -> None:
    path = "/api/v1/namespaces/tutorial-1/pods"
    container = {"name": "c", "image": "busybox:1.28", "stdin": True, "stdinOnce": True, "tty": True}
    spec = {"restartPolicy": "Never", "containers": [container]}
    await client.call("POST", path, {"metadata": {"name": "shell"}, "spec": spec})
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "shell")["status"]["phase"] == "Running")
    url = f"{lab.server}{path}/shell/attach"
    query = {"stdin": "true", "stdout": "true", "tty": "true"}
    said = b""
    async with client.http.ws_connect(
        url, headers=client.headers, params=query, protocols=["v5.channel.k8s.io"]
    ) as socket:
        await socket.send_bytes(b"\x00hostnamex\x7f\r")
        async for message in socket:
            if message.data[0] == 1:
                said += message.data[1:]
            if said.endswith(b"shell\r\n/ # "):
                await socket.send_bytes(b"\x00exit\r")
    assert b"hostnamex\b \b\r\nshell\r\n" in said
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "shell")["status"]["phase"] == "Succeeded")


async def test_a_terminal_is_interrupted(client: Client) -> None:
    url = f"{client.lab.server}/api/v1/namespaces/tutorial-1/pods/web-0/exec"
    query = [("command", "sleep"), ("command", "86400"), ("stdin", "true"), ("stdout", "true"), ("tty", "true")]
    async with client.http.ws_connect(
        url, headers=client.headers, params=query, protocols=["v5.channel.k8s.io"]
    ) as socket:
        await socket.send_bytes(b"\x00\x03")
        received = [message.data async for message in socket]
    assert received[0] == b"\x01^C\r\n"
    assert json.loads(received[-1][1:])["details"]["causes"][0]["message"] == "130"
