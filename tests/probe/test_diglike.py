"""The output of kdig, drill and host, as printed in a pod; see data/README.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kheadless_tui.cluster.pods.exec import ExecResult
from kheadless_tui.probe.carriers.dig import kdig_argv
from kheadless_tui.probe.carriers.diglike import match_replies, parse_printed
from kheadless_tui.probe.carriers.drill import drill_argv, host_argv
from kheadless_tui.probe.carriers.text import Told, text_carrier
from kheadless_tui.probe.choosing.tools import Toolbox
from kheadless_tui.probe.inquiring.dnsmessage import Unaskable
from kheadless_tui.probe.server import AS_USUAL, Manner, Protocol, Server
from kheadless_tui.zone.record import Question

DATA = Path(__file__).parent / "data"
KUBE_DNS = Server("10.96.0.10")
BASE = "web.pa-data.svc.cluster.local."
MANY = "many.pa-data.svc.cluster.local."
PTR = "83.0.244.10.in-addr.arpa."
SOA = "ns.dns.cluster.local. hostmaster.cluster.local."

CASES = {
    "a": (Question(BASE, "A"), "NOERROR", {"10.244.0.80", "10.244.0.81", "10.244.0.83"}),
    "aaaa": (Question(BASE, "AAAA"), "NOERROR", {"fd00:244::50", "fd00:244::51", "fd00:244::53"}),
    "srv": (Question(BASE, "SRV"), "NOERROR", {f"0 16 80 web-{number}.{BASE}" for number in range(3)}),
    "nxdomain": (Question(f"nope.{BASE}", "A"), "NXDOMAIN", set()),
    "nodata": (Question(BASE, "TXT"), "NOERROR", set()),
    "ptr": (Question(PTR, "PTR"), "NOERROR", {f"web-2.{BASE}"}),
    "txt": (Question("dns-version.cluster.local.", "TXT"), "NOERROR", {'"1.1.0"'}),
    "upstream": (Question("example.com.", "A"), "NOERROR", {"93.184.215.14"}),
}

DRILLS = ["drill", "drill-1.7.1", "drill-1.8.4"]
KDIGS = ["kdig", "kdig-3.0.5", "kdig-3.4.6"]
"""Each version by what the names of its files begin with."""


def printed(name: str) -> str:
    return (DATA / f"{name}.txt").read_text(encoding="utf-8").partition("\n")[2]


def told(name: str, question: Question, protocol: Protocol = "tcp") -> Told:
    """What the carrier of a program tells of a file of its output; the name of the file begins with the program."""
    carrier = text_carrier(name.partition("-")[0], Toolbox(), KUBE_DNS, protocol, 3, AS_USUAL)
    return carrier.read(ExecResult(printed(name).encode(), b"", 0), [question])[0]


@pytest.mark.parametrize("program", [*DRILLS, "host"])
@pytest.mark.parametrize("case", CASES)
def test_drill_and_host_tell_the_same_records(program: str, case: str) -> None:
    question, rcode, data = CASES[case]
    got = told(f"{program}-{case}", question)
    assert got.error == ""
    assert got.reply is not None
    assert got.reply.rcode == rcode
    assert {record.data for record in got.reply.answer} == data
    assert all(record.ttl > 0 and record.name.endswith(".") for record in got.reply.answer)


@pytest.mark.parametrize("program", [*DRILLS, *KDIGS, "host"])
def test_every_version_is_read_over_udp(program: str) -> None:
    question, rcode, data = CASES["a"]
    got = told(f"{program}-udp", question, "udp")
    assert got.reply is not None
    assert (got.reply.rcode, got.reply.truncated) == (rcode, False)
    assert {record.data for record in got.reply.answer} == data


@pytest.mark.parametrize("drill", DRILLS)
def test_of_a_denial_host_tells_the_rcode_alone(drill: str) -> None:
    question, _, _ = CASES["nxdomain"]
    brief = told("host-nxdomain", question)
    assert brief.unknown == ("flags", "authority", "additional")
    whole = told(f"{drill}-nxdomain", question)
    assert whole.reply is not None
    assert whole.unknown == ()
    assert whole.reply.flags == ("qr", "aa", "rd")
    assert whole.reply.authority[0].data.startswith(SOA)


@pytest.mark.parametrize("program", [*DRILLS, "host"])
def test_an_soa_whole(program: str) -> None:
    got = told(f"{program}-soa", Question("cluster.local.", "SOA"))
    assert got.reply is not None
    assert got.reply.answer[0].type == "SOA"
    assert got.reply.answer[0].data.startswith(SOA)


@pytest.mark.parametrize("case", [case for case in CASES if case != "upstream"])
def test_host_of_bind_9_11_tells_the_same(case: str) -> None:
    question, rcode, data = CASES[case]
    got = told(f"host-9.11.37-{case}", question)
    assert got.reply is not None
    assert got.reply.rcode == rcode
    assert {record.data for record in got.reply.answer} == data


@pytest.mark.parametrize("program", [*KDIGS, "dig-9.11.37"])
def test_a_batch_of_kdig_and_of_an_old_dig(program: str) -> None:
    questions = [
        Question(BASE, "A"), Question(BASE, "AAAA"), Question(BASE, "SRV"), Question(f"nope.{BASE}", "A"),
        Question(BASE, "TXT"), Question(PTR, "PTR"),
    ]  # fmt: skip
    found = match_replies(parse_printed(printed(f"{program}-batch")), questions)
    assert set(found) == set(questions)
    for case in ("a", "aaaa", "srv", "nxdomain", "nodata", "ptr"):
        question, rcode, data = CASES[case]
        reply, ms = found[question]
        assert reply.rcode == rcode
        assert {record.data for record in reply.answer} == data
        assert "aa" in reply.flags
        assert ms is None or 0 < ms < 1000
    assert len(found[questions[2]][0].additional) == 6


@pytest.mark.parametrize("program", [*KDIGS, "drill-1.7.1", "drill-1.8.4", "dig-9.11.37"])
def test_truncation_is_seen(program: str) -> None:
    got = told(f"{program}-truncated", Question(MANY, "A"), "udp")
    assert got.reply is not None
    assert got.reply.truncated
    assert len(got.reply.answer) == 29


@pytest.mark.parametrize("program", ["drill", "host"])
def test_a_program_that_asked_again_over_tcp_tells_everything(program: str) -> None:
    got = told(f"{program}-truncated", Question(MANY, "A"), "udp")
    assert got.reply is not None
    assert not got.reply.truncated
    assert len(got.reply.answer) == 40


@pytest.mark.parametrize(
    ("file", "words"),
    [
        *((f"{kdig}-timeout", "response timeout for 10.244.0.250@53(UDP)") for kdig in KDIGS),
        *((f"{kdig}-refused", "can't connect to 10.244.0.80@53(TCP)") for kdig in KDIGS),
        ("dig-9.11.37-timeout", "connection timed out; no servers could be reached"),
        ("dig-9.11.37-refused", "connection refused"),
        *((f"{drill}-refused", "error sending query") for drill in DRILLS),
        ("drill-1.7.1-timeout", "error sending query"),
        ("drill-1.8.4-timeout", "error sending query"),
        ("host-timeout", "no servers could be reached"),
        ("host-refused", "no servers could be reached"),
    ],
)
def test_silence_has_its_reason(file: str, words: str) -> None:
    got = told(file, Question(BASE, "A"))
    assert got.reply is None
    assert words in got.error


@pytest.mark.parametrize("program", [*KDIGS, "host"])
def test_names_with_escapes_are_found_again(program: str) -> None:
    label = "a b" if program == "host" else 'a b"$(id)'
    got = told(f"{program}-odd", Question(f"{label}.pa-data.svc.cluster.local.", "A"))
    assert got.reply is not None
    assert got.reply.rcode == "NXDOMAIN"


ODD = ["$(id).x.", '";`reboot`.x.', "a b\nc.x.", "nul\0.x.", "@8.8.8.8", "+short.x.", "-x.y.", "\x1b[2J.x."]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_no_name_is_an_option_and_none_holds_control_characters(name: str, protocol: Protocol) -> None:
    question = Question(name, "A")
    how: dict[str, object] = {"transport": protocol, "timeout": 1, "manner": AS_USUAL}
    kdig = kdig_argv(KUBE_DNS, [question], **how)  # type: ignore[arg-type]
    assert kdig[kdig.index("-q") + 2] == "-t"
    for argv in (kdig, drill_argv(KUBE_DNS, question, **how), host_argv(KUBE_DNS, question, **how)):  # type: ignore[arg-type]
        assert all(word.isprintable() and word.isascii() for word in argv)
    assert not any(word.startswith(("@8", "-x", "+short")) for word in drill_argv(KUBE_DNS, question, **how))  # type: ignore[arg-type]
    assert host_argv(KUBE_DNS, question, **how)[-2][0] not in "-@+"  # type: ignore[arg-type]


@pytest.mark.parametrize("build", [drill_argv, host_argv])
def test_300_bytes_are_no_name(build: object) -> None:
    with pytest.raises(Unaskable):
        build(KUBE_DNS, Question("x" * 300, "A"), transport="tcp", timeout=1, manner=AS_USUAL)  # type: ignore[operator]


def test_edns_can_be_left_out() -> None:
    without, question = Manner(edns=0), Question(BASE, "A")
    assert "+noedns" in kdig_argv(KUBE_DNS, [question], transport="udp", timeout=1, manner=without)
    assert "-b" not in drill_argv(KUBE_DNS, question, transport="udp", timeout=1, manner=without)
    assert "-b" in drill_argv(KUBE_DNS, question, transport="udp", timeout=1, manner=AS_USUAL)


@given(st.text(max_size=300))
def test_any_output_is_survived(text: str) -> None:
    for name in ("kdig-batch", "drill-srv", "host-srv"):
        parse_printed(printed(name).replace("IN", text).replace("30", text[:4]))


@pytest.mark.parametrize("file", ["dig-tcp-batch", "drill-a", "host-a", "host-9.11.37-nxdomain"])
def test_no_whole_millisecond_is_less_than_one(file: str) -> None:
    carrier = text_carrier(file.partition("-")[0], Toolbox(), KUBE_DNS, "tcp", 3, AS_USUAL)
    output = ExecResult(printed(file).encode(), b"", 0)
    seen = carrier.read(output, [reply.question for reply, _ in parse_printed(printed(file)).replies])
    assert {(each.ms, each.within) for each in seen if each.ms is None} == {(None, 1.0)}
