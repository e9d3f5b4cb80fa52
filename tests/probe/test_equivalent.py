"""The equal commands, read back as a shell reads them."""

from __future__ import annotations

import json
import shlex
from typing import Any

import msgspec
import pytest

from kheadless_tui.cluster.connecting.kubectl_flags import cluster_flags
from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.cluster.pods.podspec import EphemeralOrder, PodOrder
from kheadless_tui.probe.choosing.equivalent import (
    create_command,
    debug_command,
    delete_command,
    dig_command,
    exec_command,
    ran_command,
    wrapped,
)
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.zone.record import Question

WEB = Question("web-0.nginx-headless.shop.svc.cluster.local.", "A")


def as_shell_reads(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", " "))


def observation(question: Question = WEB, server: str = "10.96.0.10", transport: str = "tcp") -> Observation:
    return Observation("v", server, transport, question)


def vantage(kind: str = "pod", tool: str = "nc", container: str = "nginx", flags: tuple[str, ...] = ()) -> Vantage:
    return Vantage("v", kind, "shop", "web-0", container, tool, "busybox:1.28", flags=flags)


def test_in_a_running_pod() -> None:
    command = dig_command(observation(), vantage())
    assert as_shell_reads(command) == [
        "kubectl", "exec", "-n", "shop", "web-0", "-c", "nginx", "--",
        "dig", "+tcp", "@10.96.0.10", "A", WEB.name,
    ]  # fmt: skip
    assert all(len(line) <= 76 for line in command.splitlines())
    assert command.count("\\\n") == len(command.splitlines()) - 1


def test_with_a_context_and_a_port_over_udp() -> None:
    seen = observation(server="[fd00::a]:1053", transport="udp")
    words = as_shell_reads(dig_command(seen, vantage(flags=("--context", "prod eu"))))
    assert words[:3] == ["kubectl", "--context", "prod eu"]
    assert words[-6:] == ["+notcp", "@fd00::a", "-p", "1053", "A", WEB.name]


@pytest.mark.parametrize("kind", ["pod", "debug", "new", "coredns"])
def test_a_pasted_command_goes_to_the_cluster_that_was_asked(kind: str) -> None:
    flags = cluster_flags("/tmp/other config", "prod")
    words = as_shell_reads(dig_command(observation(), vantage(kind, flags=flags)))
    assert words[:5] == ["kubectl", "--kubeconfig", "/tmp/other config", "--context", "prod"]


def test_flags_that_were_not_given_are_not_named() -> None:
    assert cluster_flags("", "") == ()
    assert cluster_flags("", "prod") == ("--context", "prod")


def test_a_program_that_was_run_often_is_shown_once_with_how_many_more() -> None:
    target = ExecTarget("shop", "web-0")
    command = ran_command(target, ("nslookup", "x.", "10.96.0.10"), 5)
    assert command.splitlines() == [
        "kubectl exec -n shop web-0 -- nslookup x. 10.96.0.10",
        "# and 4 more like it, for the other questions",
    ]
    assert "#" not in ran_command(target, ("dig", "x."), 1)


def test_nslookup_where_that_was_the_carrier() -> None:
    words = as_shell_reads(dig_command(observation(transport="udp"), vantage(tool="nslookup")))
    assert words[-4:] == ["nslookup", "-type=A", WEB.name, "10.96.0.10"]


def test_nslookup_where_the_image_has_no_dig() -> None:
    only = msgspec.structs.replace(vantage(), tools=("nc", "nslookup"))
    assert "nslookup" in as_shell_reads(dig_command(observation(), only))
    both = msgspec.structs.replace(vantage(), tools=("dig", "nc", "nslookup"))
    assert "dig" in as_shell_reads(dig_command(observation(), both))


def test_a_temporary_pod_that_is_gone_is_made_again_and_removed() -> None:
    words = as_shell_reads(dig_command(observation(), vantage("new")))
    assert words[-1] == WEB.name
    assert words[:5] == ["kubectl", "run", "-n", "shop", "web-0"]
    assert {"--rm", "-i", "--restart=Never", "--image=busybox:1.28"} <= set(words)
    given = next(word.partition("=")[2] for word in words if word.startswith("--overrides="))
    ours: Any = PodOrder("shop", "busybox:1.28", name="web-0").manifest()["spec"]
    spec = msgspec.json.decode(given)["spec"]
    assert spec["securityContext"] == ours["securityContext"], "restricted Pod Security refuses it otherwise"
    container = ours["containers"][0]
    assert spec["containers"] == [{"name": "web-0", "securityContext": container["securityContext"]}]


def test_a_replica() -> None:
    command = dig_command(observation(server="10.244.0.2"), vantage("coredns", "port-forward", ""))
    forward, ask = command.split("&", 1)
    assert as_shell_reads(forward) == ["kubectl", "port-forward", "-n", "shop", "pod/web-0", "5353:53"]
    assert "@127.0.0.1 -p 5353" in " ".join(as_shell_reads(ask.replace(";", " ")))


@pytest.mark.parametrize(
    "name", ["$(id).x.", '"; rm -rf /; ".', "a b\n.", "`id`.", "-x.", "@x.", "\x1b[2J.", "x" * 300]
)
def test_no_name_means_anything_to_a_shell_or_a_terminal(name: str) -> None:
    command = dig_command(observation(Question(name, "A")), vantage())
    assert command.replace("\n", "").isprintable()
    words = as_shell_reads(command)
    dig = words[words.index("--") + 1 :]
    assert dig[:3] == ["dig", "+tcp", "@10.96.0.10"]
    assert len(dig) in (5, 7)


def test_what_is_created_can_be_pasted() -> None:
    order = PodOrder("shop", "busybox:1.28", name="kheadless-probe-x", owner="me")
    command = create_command(order, json.dumps(order.manifest(), indent=1))
    printf, create = command.split("|\n")
    words = shlex.split(printf)
    assert words[:2] == ["printf", "%s"]
    assert json.loads(words[2]) == order.manifest()
    assert as_shell_reads(create) == ["kubectl", "create", "-n", "shop", "-f", "-"]
    assert as_shell_reads(delete_command(order)) == [
        "kubectl", "delete", "pod", "-n", "shop", "kheadless-probe-x", "--wait=false",
    ]  # fmt: skip


def test_an_ephemeral_container_can_be_pasted() -> None:
    order = EphemeralOrder("shop", "web-0", "busybox:1.28", name="kheadless-probe-y")
    command = debug_command(order, json.dumps({"securityContext": order.container()["securityContext"]}))
    words = as_shell_reads(command.split("|\n")[1])
    assert words[:5] == ["kubectl", "debug", "-n", "shop", "web-0"]
    assert {"-c", "kheadless-probe-y", "--image=busybox:1.28", "--custom=/dev/stdin"} <= set(words)


def test_words_are_quoted_and_long_lines_wrapped() -> None:
    words = ["kubectl", "exec", "it's", "a b", "$x", *["word"] * 40]
    command = wrapped(words)
    assert as_shell_reads(command) == words
    assert max(map(len, command.splitlines())) <= 76


def test_exec_with_stdin() -> None:
    assert exec_command(ExecTarget("shop", "web-0"), ("nc", "10.96.0.10", "53"), stdin=True) == (
        "kubectl exec -i -n shop web-0 -- nc 10.96.0.10 53"
    )
