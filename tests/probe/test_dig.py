"""dig's own output, as printed in a pod; see data/README.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kheadless_tui.probe.carriers.dig import dig_argv
from kheadless_tui.probe.carriers.diglike import Printed, match_replies, parse_printed
from kheadless_tui.probe.inquiring.dnsmessage import Unaskable
from kheadless_tui.probe.server import AS_USUAL, Server
from kheadless_tui.zone.record import Question, Record

DATA = Path(__file__).parent / "data"
BASE = "web.probe-p.svc.cluster.local."
KUBE_DNS = Server("10.96.0.10")


def printed(name: str) -> str:
    return (DATA / f"{name}.txt").read_text(encoding="utf-8").partition("\n")[2]


def parsed(name: str) -> Printed:
    return parse_printed(printed(name))


def test_many_questions_on_one_command_line() -> None:
    output = parsed("dig-tcp-batch")
    assert [(reply.question, reply.rcode, len(reply.answer)) for reply, _ in output.replies] == [
        (Question(BASE, "A"), "NOERROR", 3),
        (Question(BASE, "SRV"), "NOERROR", 3),
        (Question(f"nope.{BASE}", "A"), "NXDOMAIN", 0),
        (Question(BASE, "TXT"), "NOERROR", 0),
        (Question("9.0.244.10.in-addr.arpa.", "PTR"), "NOERROR", 1),
        (Question("cluster.local.", "SOA"), "NOERROR", 1),
        (Question("dns-version.cluster.local.", "TXT"), "NOERROR", 1),
    ]
    assert [ms for _, ms in output.replies] == [3, None, None, None, 4, None, None], (
        "dig counts whole milliseconds: 0 is no time"
    )
    assert output.errors == []


def test_every_section_is_read() -> None:
    replies = [reply for reply, _ in parsed("dig-tcp-batch").replies]
    srv, denied, txt = replies[1], replies[2], replies[6]
    assert srv.flags == ("qr", "aa", "rd")
    assert srv.answer[0] == Record(BASE, 30, "SRV", f"0 16 80 web-0.{BASE}")
    assert Record(f"web-0.{BASE}", 30, "AAAA", "fd00:244::7") in srv.additional
    assert len(srv.additional) == 6, "the OPT record is no record of the zone"
    assert denied.authority == (
        Record(
            "cluster.local.",
            30,
            "SOA",
            "ns.dns.cluster.local. hostmaster.cluster.local. 1795243857 7200 1800 86400 30",
        ),
    )
    assert txt.answer == (Record("dns-version.cluster.local.", 30, "TXT", '"1.1.0"'),)


def test_udp() -> None:
    (reply, ms) = parsed("dig-udp").replies[0]
    assert {record.data for record in reply.answer} == {"fd00:244::7", "fd00:244::9", "fd00:244::a"}
    assert ms == 4


def test_a_cut_reply_has_its_flag() -> None:
    (reply, _) = parsed("dig-truncated").replies[0]
    assert "tc" in reply.flags
    assert len(reply.answer) == 27


def test_names_with_odd_octets_are_found_again() -> None:
    questions = [
        Question("example.com.", "A"),
        Question("NoSuch.example.com.", "A"),
        Question('";$(id)\n\0.svc.cluster.local.'.replace(";", "\\;"), "A"),
    ]
    found = match_replies(parsed("dig-upstream-and-odd-name"), questions)
    assert [found[question][0].rcode for question in questions] == ["NOERROR", "NXDOMAIN", "NXDOMAIN"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("dig-timeout", "communications error to 10.244.0.77#53: timed out"),
        ("dig-refused-udp", "communications error to 10.244.0.8#53: connection refused"),
        (
            "dig-refused-tcp",
            f"Connection to 10.244.0.8#53(10.244.0.8) for {BASE} failed: connection refused",
        ),
    ],
)
def test_what_dig_complains_of(name: str, error: str) -> None:
    output = parsed(name)
    assert output.replies == []
    assert error in output.errors


def test_a_question_without_reply_is_not_found() -> None:
    asked = Question("other.", "A")
    assert match_replies(parsed("dig-udp"), [asked, Question("a..b", "A")]) == {}


@given(st.text(max_size=400))
def test_any_output_is_survived(text: str) -> None:
    parse_printed(text)
    parse_printed(printed("dig-udp").replace("NOERROR", text).replace("30", text[:5]))


def test_the_command() -> None:
    questions = [Question(BASE, "A"), Question("-x", "SRV")]
    assert dig_argv(KUBE_DNS, questions, transport="tcp", timeout=3, manner=AS_USUAL) == (
        "dig", "@10.96.0.10", "-p", "53", "+tries=1", "+time=3", "+tcp", "+bufsize=1232",
        "-q", BASE, "-t", "A", "-q", "-x.", "-t", "SRV",
    )  # fmt: skip
    assert "+ignore" in dig_argv(KUBE_DNS, questions, transport="udp", timeout=0.2, manner=AS_USUAL)
    assert "+time=1" in dig_argv(KUBE_DNS, questions, transport="udp", timeout=0.2, manner=AS_USUAL)


@pytest.mark.parametrize("name", ["$(id)", '";`reboot`', "a b\nc", "\0", "@8.8.8.8", "+short", "\x1b[2J"])
def test_names_reach_dig_in_printable_ascii_and_cannot_be_options(name: str) -> None:
    argv = dig_argv(KUBE_DNS, [Question(name, "A")], transport="tcp", timeout=1, manner=AS_USUAL)
    word = argv[argv.index("-q") + 1]
    assert word.isascii()
    assert word.isprintable()
    assert argv.count("-q") == 1


def test_a_name_that_is_too_long() -> None:
    with pytest.raises(Unaskable):
        dig_argv(KUBE_DNS, [Question("x" * 300, "A")], transport="tcp", timeout=1, manner=AS_USUAL)
