"""What a look into a container tells, from the help that the programs really print; see data/README.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from kheadless_tui.cluster.pods.exec import ExecResult
from kheadless_tui.probe.choosing.tools import (
    BIND,
    BUSYBOX,
    BUSYBOX_SMALL,
    FIND_TOOLS,
    NO_SHELL,
    UDP_ORDER,
    Toolbox,
    nslookup_make,
    read_toolbox,
)

DATA = Path(__file__).parent / "data"


def help_of(name: str) -> str:
    return (DATA / f"help-{name}.txt").read_text(encoding="utf-8").partition("\n")[2]


def look(tools: str, **helps: str) -> Toolbox:
    said = "".join(f"tool {tool}\n" for tool in tools.split()) + "resolv nameserver 10.96.0.10\n"
    said += "".join(f"help {tool}\n{text}\n" for tool, text in helps.items()) + "\nend\n"
    return read_toolbox(ExecResult(said.encode(), b"", 0))


@pytest.mark.parametrize(
    ("make", "udp", "quits"),
    [
        ("openbsd", True, True),
        ("traditional", True, True),
        ("ncat", True, False),
        ("busybox-1.36.1-alpine", True, False),
        ("busybox-1.35.0-debian", False, False),
    ],
)
def test_which_nc_speaks_udp(make: str, udp: bool, quits: bool) -> None:
    box = look("nc nslookup", nc=help_of(f"nc-{make}"), nslookup=help_of("nslookup-busybox-1.36.1"))
    assert box.carrier("tcp") == "nc"
    assert box.carrier("udp") == ("nc" if udp else "nslookup")
    assert ("nc" in box.quits) is quits


@pytest.mark.parametrize(
    ("file", "make"),
    [
        ("bind", BIND),
        ("bind-9.11.37", BIND),
        ("busybox-1.28.4", BUSYBOX_SMALL),
        ("busybox-1.29.3", BUSYBOX),
        ("busybox-1.33.2", BUSYBOX),
        ("busybox-1.36.1", BUSYBOX),
    ],
)
def test_the_makes_of_nslookup(file: str, make: str) -> None:
    assert nslookup_make(help_of(f"nslookup-{file}")) == make
    box = look("nslookup", nslookup=help_of(f"nslookup-{file}"))
    assert box.asks_udp_alone("nslookup") is (make != BIND)
    assert box.carrier("tcp") == ("nslookup" if make == BIND else None)


def test_bash_needs_a_cat() -> None:
    assert look("bash").carrier("") is None
    assert look("bash cat").carrier("") == "bash"


def test_programs_that_carry_no_dns_are_never_chosen() -> None:
    box = look("wget curl cat")
    assert box.tools == {"wget", "curl", "cat"}
    assert box.carriers("") == box.carriers("udp") == box.carriers("tcp") == ()


def test_an_image_without_a_shell() -> None:
    missing = 'exec: "sh": executable file not found in $PATH'
    assert read_toolbox(ExecResult(b"", b"", None, "InternalError", missing)).problem == NO_SHELL


def test_what_the_help_says_is_no_tool() -> None:
    box = look("nc", nc="tool dig\nresolv nameserver 6.6.6.6\n-u\n")
    assert box.tools == {"nc"}
    assert box.nameservers == ("10.96.0.10",)


def test_a_look_that_was_cut_off_is_believed_when_it_was_whole() -> None:
    whole = b"tool nc\nhelp nc\nx\n\nend\n"
    assert read_toolbox(ExecResult(whole, b"", None, "ConnectionLost", "lost")).tools == {"nc"}
    assert "lost" in read_toolbox(ExecResult(b"tool nc\n", b"", None, "ConnectionLost", "lost")).problem


def test_the_script_is_constant_and_the_order_names_each_tool_once() -> None:
    assert len(FIND_TOOLS) == 3
    assert len(set(UDP_ORDER)) == len(UDP_ORDER)


ROUTE = "Iface\tDestination\tGateway \tFlags"
ROUTES = f"{ROUTE}\neth0\t00000000\t0100F40A\t0003"
LOOPBACK = "00000000000000000000000000000001 01 80 10 80       lo"
LINK_LOCAL = "fe8000000000000064afa4fffe266bbd 02 40 20 80     eth0"


@pytest.mark.parametrize(
    ("routes", "addresses", "families"),
    [
        (ROUTES, f"{LOOPBACK}\n{LINK_LOCAL}", {4, 6}),
        (ROUTES, LOOPBACK, {4}),
        (ROUTES, "", {4}),
        (ROUTE, LINK_LOCAL, {6}),
        ("", "", set()),
    ],
    ids=["both", "loopback", "IPv6 off", "IPv6 alone", "none"],
)
def test_which_versions_of_ip_a_container_has(routes: str, addresses: str, families: set[int]) -> None:
    lines = ["families", *(f"route4 {line}" for line in routes.splitlines())]
    lines += [f"inet6 {line}" for line in addresses.splitlines()]
    box = read_toolbox(ExecResult("\n".join(["tool getent", *lines, "", "end", ""]).encode(), b"", 0))
    assert box.families is not None
    assert set(box.families) == families
    assert box.of_image().families is None, "it is the container's, not the image's"


def test_without_the_kernels_tables_it_is_not_known() -> None:
    assert look("getent").families is None
