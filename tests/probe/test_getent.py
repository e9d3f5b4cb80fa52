"""The output of getent, as printed in a pod; see data/README.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from kheadless_tui.cluster.pods.exec import ExecResult
from kheadless_tui.probe.carriers.getent import getent_argv, parse_getent
from kheadless_tui.probe.carriers.text import text_carrier
from kheadless_tui.probe.choosing.tools import Toolbox
from kheadless_tui.probe.inquiring.dnsmessage import Unaskable
from kheadless_tui.probe.server import AS_USUAL, Server
from kheadless_tui.zone.record import Question

DATA = Path(__file__).parent / "data"
BASE = "web.pa-data.svc.cluster.local."
GETENTS = ["getent", "getent-2.31", "getent-2.41"]
"""Each version by what the names of its files begin with."""


def printed(name: str) -> str:
    return (DATA / f"{name}.txt").read_text(encoding="utf-8").partition("\n")[2]


@pytest.mark.parametrize("version", GETENTS)
@pytest.mark.parametrize(
    ("case", "rdtype", "addresses"),
    [
        ("a", "A", ["10.244.0.80", "10.244.0.83", "10.244.0.81"]),
        ("aaaa", "AAAA", ["fd00:244::50", "fd00:244::51", "fd00:244::53"]),
        ("mixed", "A", ["10.244.0.81", "10.244.0.83", "10.244.0.80"]),
    ],
)
def test_each_address_once(version: str, case: str, rdtype: str, addresses: list[str]) -> None:
    reply = parse_getent(printed(f"{version}-{case}"), Question(BASE, rdtype), 0)
    assert reply is not None
    assert sorted(record.data for record in reply.answer) == sorted(addresses)
    assert {(record.name, record.type) for record in reply.answer} == {(BASE, rdtype)}


@pytest.mark.parametrize("version", GETENTS)
def test_not_found_is_an_answer_whose_rcode_nobody_tells(version: str) -> None:
    carrier = text_carrier("getent", Toolbox(nameservers=("10.0.0.1",)), Server("10.0.0.1"), "udp", 3, AS_USUAL)
    output = printed(f"{version}-nxdomain").encode()
    told = carrier.read(ExecResult(output, b"", 2), [Question(f"nope.{BASE}", "A")])[0]
    assert told.reply is not None
    assert (told.reply.rcode, told.reply.answer) == ("", ())
    assert set(told.unknown) == {"ttl", "rcode", "flags", "authority", "additional", "time"}


def test_a_failure_of_getent_is_no_answer() -> None:
    assert parse_getent("getent: nss broken", Question(BASE, "A"), 1) is None


def test_an_ipv4_address_in_ipv6_form_is_no_aaaa_record() -> None:
    reply = parse_getent("::ffff:10.0.0.1 STREAM x\n", Question(BASE, "AAAA"), 0)
    assert reply is not None
    assert reply.answer == ()


def test_it_asks_the_containers_own_server_alone() -> None:
    carrier = text_carrier("getent", Toolbox(nameservers=("10.0.0.1",)), Server("10.0.0.2"), "udp", 3, AS_USUAL)
    with pytest.raises(Unaskable, match=r"10\.0\.0\.1"):
        carrier.argv([Question(BASE, "A")])


@pytest.mark.parametrize("question", [Question(BASE, "SRV"), Question("-x.", "A"), Question("a b.", "A")])
def test_what_getent_cannot_ask(question: Question) -> None:
    with pytest.raises(Unaskable):
        getent_argv(question)


@pytest.mark.parametrize(("families", "cannot"), [({4}, "AAAA"), ({6}, "A"), ((), "A"), ((), "AAAA")])
def test_it_asks_for_no_address_that_the_container_could_not_use(families: set[int], cannot: str) -> None:
    with pytest.raises(Unaskable, match=f"no {cannot} in a container without an IPv{4 if cannot == 'A' else 6}"):
        getent_argv(Question(BASE, cannot), frozenset(families))


def test_where_it_is_not_known_what_the_container_has_it_is_asked() -> None:
    assert getent_argv(Question(BASE, "AAAA"), None) == getent_argv(Question(BASE, "AAAA"), frozenset({6}))
