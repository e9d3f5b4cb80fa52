"""The interactive shell of a container, and that its own files are there."""

from __future__ import annotations

import pytest

from tests.lab.conftest import Client

WEB_0 = "/api/v1/namespaces/tutorial-1/pods/web-0"


@pytest.mark.parametrize(
    ("typed", "said", "status"),
    [
        (b"echo a\necho b\n", "a\nb\n", 0),
        (b"if true\nthen\necho yes\nfi\n", "yes\n", 0),
        (b"echo 'two\nlines'\n", "two\nlines\n", 0),
        (b"exit 3\necho never\n", "", 3),
        (b"x=1\nread y\ntyped\necho $x$y\n", "1typed\n", 0),
        (b"cat\nrest of\nthe input\n", "rest of\nthe input\n", 0),
        (b"false", "", 1),
        (b"", "", 0),
    ],
)
async def test_commands_are_read_line_by_line(client: Client, typed: bytes, said: str, status: int) -> None:
    done = await client.run(WEB_0, ["sh"], stdin=typed)
    assert (done.stdout.decode(), done.exit_code) == (said, status)


async def test_a_script_that_is_none_ends_the_shell(client: Client) -> None:
    done = await client.run(WEB_0, ["sh"], stdin=b")\necho never\n")
    assert (done.exit_code, done.stdout) == (2, b"")
    assert b"syntax error" in done.stderr


async def test_the_environment_names_the_services(client: Client) -> None:
    done = await client.run("/api/v1/namespaces/tutorial-4/pods/web-0", ["env"])
    variables = dict(line.partition("=")[::2] for line in done.stdout.decode().splitlines())
    address = client.lab.get("Service", "tutorial-4", "web")["spec"]["clusterIP"]
    assert variables["WEB_SERVICE_HOST"] == address
    assert variables["WEB_SERVICE_PORT_HTTP"] == "80"
    assert variables["WEB_PORT_80_TCP"] == f"tcp://{address}:80"
    assert variables["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert variables["HOSTNAME"] == "web-0"
    assert not [name for name in variables if name.startswith("WEB_HEADLESS_")], "a headless Service has no address"


async def test_a_pod_with_the_nodes_resolver_asks_outside(client: Client) -> None:
    lab = client.lab
    lab.apply("{apiVersion: v1, kind: Pod, metadata: {name: out}, spec: {dnsPolicy: Default, containers: "
              "[{name: c, image: nicolaka/netshoot, command: [sleep, infinity]}]}}", "tutorial-1")  # fmt: skip
    await lab.until(lambda: lab.get("Pod", "tutorial-1", "out")["status"].get("phase") == "Running")
    path = "/api/v1/namespaces/tutorial-1/pods/out"
    assert (await client.run(path, ["dig", "+short", "example.com"])).stdout == b"93.184.215.14\n"
    denied = await client.run(path, ["host", "nginx-headless.tutorial-1.svc.cluster.local"])
    assert b"NXDOMAIN" in denied.stdout
