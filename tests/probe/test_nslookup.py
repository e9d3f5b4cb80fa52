"""The output of both makes of nslookup, as printed in a pod; see data/README.md."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kheadless_tui.probe.carriers.nslookup import (
    NslookupOutput,
    nslookup_argv,
    nslookups_argv,
    parse_nslookup,
    split_outputs,
)
from kheadless_tui.probe.choosing.tools import BIND, BUSYBOX, BUSYBOX_SMALL, nslookup_make
from kheadless_tui.probe.inquiring.dnsmessage import Unaskable
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question, Record

DATA = Path(__file__).parent / "data"
BASE = "web.probe-p.svc.cluster.local."
KUBE_DNS = Server("10.96.0.10")
SOA_DATA = "ns.dns.cluster.local. hostmaster.cluster.local. 1795243857 7200 1800 86400 30"

CASES = {
    "a": (Question(BASE, "A"), "NOERROR", {"10.244.0.7", "10.244.0.9", "10.244.0.10"}),
    "aaaa": (Question(BASE, "AAAA"), "NOERROR", {"fd00:244::7", "fd00:244::9", "fd00:244::a"}),
    "srv": (
        Question(BASE, "SRV"),
        "NOERROR",
        {f"0 16 80 web-0.{BASE}", f"0 16 80 web-1.{BASE}", f"0 16 80 web-2.{BASE}"},
    ),
    "nxdomain": (Question(f"nope.{BASE}", "A"), "NXDOMAIN", set()),
    "nodata": (Question(BASE, "TXT"), "NOERROR", set()),
    "ptr": (Question("9.0.244.10.in-addr.arpa.", "PTR"), "NOERROR", {f"web-2.{BASE}"}),
    "soa": (Question("cluster.local.", "SOA"), "NOERROR", {SOA_DATA}),
    "txt": (Question("dns-version.cluster.local.", "TXT"), "NOERROR", {'"1.1.0"'}),
    "ns": (Question("cluster.local.", "NS"), "NOERROR", {"kube-dns.kube-system.svc.cluster.local."}),
    "upstream": (Question("example.com.", "A"), "NOERROR", {"93.184.215.14"}),
}


def output(name: str, question: Question) -> NslookupOutput:
    text = (DATA / f"nslookup-{name}.txt").read_text(encoding="utf-8").partition("\n")[2]
    return parse_nslookup(text, question)


@pytest.mark.parametrize("make", ["busybox", "bind"])
@pytest.mark.parametrize("case", CASES)
def test_both_makes_tell_the_same_records(make: str, case: str) -> None:
    question, rcode, data = CASES[case]
    got = output(f"{make}-{case}", question)
    assert got.error == ""
    assert got.reply is not None
    assert got.reply.rcode == rcode
    assert {record.data for record in got.reply.answer} == data
    assert {record.name for record in got.reply.answer} <= {question.name}
    assert {record.type for record in got.reply.answer} <= {question.type}
    assert got.ttl_known is (make == "bind")


def test_bind_tells_ttls_and_all_sections() -> None:
    question, _, _ = CASES["srv"]
    reply = output("bind-srv", question).reply
    assert reply is not None
    assert reply.answer[0] == Record(BASE, 30, "SRV", f"0 16 80 web-0.{BASE}")
    assert Record(f"web-2.{BASE}", 30, "AAAA", "fd00:244::9") in reply.additional
    assert len(reply.additional) == 6
    denied = output("bind-nxdomain", Question(f"nope.{BASE}", "A")).reply
    assert denied is not None
    assert denied.authority == (Record("cluster.local.", 25, "SOA", SOA_DATA),)
    counted_down = output("bind-a", Question(BASE, "A")).reply
    assert counted_down is not None
    assert {record.ttl for record in counted_down.answer} == {25}


def test_bind_over_tcp_prints_the_same() -> None:
    reply = output("bind-tcp-a", Question(BASE, "A")).reply
    assert reply is not None
    assert {record.data for record in reply.answer} == CASES["a"][2]


def test_busybox_tells_the_time() -> None:
    assert output("busybox-a", Question(BASE, "A")).ms == 1
    text = (DATA / "nslookup-busybox-a.txt").read_text(encoding="utf-8").partition("\n")[2]
    quick = parse_nslookup(text.replace("completed in 1ms", "completed in 0ms"), Question(BASE, "A"))
    assert (quick.ms, quick.within) == (None, 1.0), "in whole milliseconds"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("busybox-timeout", "no servers could be reached"),
        ("busybox-refused", "Connection refused"),
        ("bind-timeout", "timed out"),
        ("bind-refused", "connection refused"),
        ("bind-tcp-refused", "connection refused"),
    ],
)
def test_no_reply_and_why(name: str, words: str) -> None:
    got = output(name, Question(BASE, "A"))
    assert got.reply is None
    assert words in got.error


def test_old_busybox() -> None:
    question = Question("kubernetes.default.", "A")
    found = output("small-found", question).reply
    assert found is not None
    assert found.answer == (Record("kubernetes.default.", 0, "A", "10.0.0.1"),)
    denied = output("small-denied", question).reply
    assert denied is not None
    assert (denied.rcode, denied.answer) == ("", ())


@pytest.mark.parametrize(
    ("file", "kind"),
    [("nslookup-busybox-version", BUSYBOX), ("nslookup-bind-version", BIND)],
)
def test_the_makes_are_told_apart(file: str, kind: str) -> None:
    assert nslookup_make((DATA / f"{file}.txt").read_text(encoding="utf-8")) == kind


def test_an_old_busybox_has_no_types() -> None:
    assert (
        nslookup_make("BusyBox v1.28.4 (2018-05-22) multi-call binary.\n\nUsage: nslookup [HOST] [SERVER]\n")
        == BUSYBOX_SMALL
    )


@given(st.text(max_size=300))
def test_any_output_is_survived(text: str) -> None:
    parse_nslookup(text, Question(BASE, "A"))
    parse_nslookup("    QUESTIONS:\n    ANSWERS:\n    ->  a\n\t" + text, Question(BASE, "SOA"))


def test_commands() -> None:
    asked = Question(BASE, "SRV")
    assert nslookup_argv(BUSYBOX, KUBE_DNS, asked, transport="udp", timeout=2) == (
        "nslookup", "-debug", "-timeout=2", "-retry=1", "-type=SRV", BASE, "10.96.0.10",
    )  # fmt: skip
    assert "-vc" in nslookup_argv(BIND, KUBE_DNS, asked, transport="tcp", timeout=2)
    assert "-port=1053" in nslookup_argv(BIND, Server("10.244.0.2", 1053), asked, transport="udp", timeout=2)
    address = Question(BASE, "A")
    assert nslookup_argv(BUSYBOX_SMALL, KUBE_DNS, address, transport="udp", timeout=2) == (
        "nslookup",
        BASE,
        "10.96.0.10",
    )


@pytest.mark.parametrize(
    ("kind", "name", "rdtype", "transport", "words"),
    [
        (BUSYBOX, BASE, "A", "tcp", "UDP only"),
        (BUSYBOX_SMALL, BASE, "SRV", "udp", "cannot ask for SRV"),
        (BIND, "-x.example.", "A", "udp", "cannot ask for this name"),
        (BIND, "$(id).example.", "A", "udp", "cannot ask for this name"),
        (BIND, "a\nserver 6.6.6.6\n.example.", "A", "udp", "cannot ask for this name"),
        (BUSYBOX, "x" * 300, "A", "udp", "cannot be asked for"),
    ],
)
def test_what_nslookup_cannot_ask(kind: str, name: str, rdtype: str, transport: str, words: str) -> None:
    with pytest.raises(Unaskable, match=words):
        nslookup_argv(kind, KUBE_DNS, Question(name, rdtype), transport=transport, timeout=2)


VERSIONS = ["1.29.3", "1.33.2", "1.36.1"]
LATER = "web.pa-data.svc.cluster.local."
LATER_CASES = {
    "a": (Question(LATER, "A"), "NOERROR", {"10.244.0.80", "10.244.0.81", "10.244.0.83"}),
    "aaaa": (Question(LATER, "AAAA"), "NOERROR", {"fd00:244::50", "fd00:244::51", "fd00:244::53"}),
    "srv": (Question(LATER, "SRV"), "NOERROR", {f"0 16 80 web-{number}.{LATER}" for number in range(3)}),
    "nxdomain": (Question(f"nope.{LATER}", "A"), "NXDOMAIN", set()),
    "nodata": (Question(LATER, "TXT"), "NOERROR", set()),
    "ptr": (Question("83.0.244.10.in-addr.arpa.", "PTR"), "NOERROR", {f"web-2.{LATER}"}),
    "txt": (Question("dns-version.cluster.local.", "TXT"), "NOERROR", {'"1.1.0"'}),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", LATER_CASES)
def test_every_busybox_with_types_tells_the_same(version: str, case: str) -> None:
    question, rcode, data = LATER_CASES[case]
    got = output(f"busybox-{version}-{case}", question)
    if (version, case) == ("1.29.3", "srv"):
        assert 'invalid query type "SRV"' in got.error
        return
    assert got.reply is not None
    assert got.reply.rcode == rcode
    assert {record.data for record in got.reply.answer} == data
    assert not got.ttl_known


@pytest.mark.parametrize("case", LATER_CASES)
def test_bind_9_11_tells_the_same(case: str) -> None:
    question, rcode, data = LATER_CASES[case]
    got = output(f"bind-9.11.37-{case}", question)
    assert got.reply is not None
    assert got.reply.rcode == rcode
    assert {record.data for record in got.reply.answer} == data
    assert got.ttl_known


def test_bind_9_11_says_why_there_is_no_reply() -> None:
    got = output("bind-9.11.37-timeout", Question(LATER, "A"))
    assert (got.reply, "timed out" in got.error) == (None, True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["timeout", "refused"])
def test_every_busybox_says_why_there_is_no_reply(version: str, case: str) -> None:
    got = output(f"busybox-{version}-{case}", Question(LATER, "A"))
    assert got.reply is None
    assert got.error


@pytest.mark.parametrize("rdtype", ["A", "AAAA"])
def test_busybox_1_28_gives_both_families_of_which_one_is_taken(rdtype: str) -> None:
    got = output("busybox-1.28.4-found", Question(LATER, rdtype))
    assert got.reply is not None
    assert {record.data for record in got.reply.answer} == LATER_CASES[rdtype.lower()][2]


def test_busybox_1_28_does_not_tell_why_there_is_nothing() -> None:
    got = output("busybox-1.28.4-denied", Question(f"nope.{LATER}", "A"))
    assert got.reply is not None
    assert (got.reply.rcode, got.reply.answer) == ("", ())


def test_names_are_words_of_a_shell_and_never_a_part_of_what_it_reads(tmp_path: Path) -> None:
    program = tmp_path / "nslookup"
    program.write_text('#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done; echo\n')
    program.chmod(0o755)
    odd = [("nslookup", "-type=A", name, "10.96.0.10") for name in ("a b", "$(touch evil)", "`id`", "x;y", "*", "'\"")]
    argv = ("/bin/sh", *nslookups_argv(odd, "mark-1")[1:])
    path = {"PATH": f"/none:{tmp_path}"}
    done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, env=path, check=True)
    said = split_outputs(done.stdout, "mark-1", len(odd))
    assert said == ["".join(f"<{word}>" for word in words[1:]) + "\n" for words in odd]
    assert [path.name for path in tmp_path.iterdir()] == ["nslookup"]
    none = subprocess.run(argv, capture_output=True, text=True, env={"PATH": "/none"}, check=False)
    assert (none.returncode, none.stderr) == (127, "nslookup: executable file not found in $PATH\n")


def test_what_a_run_did_not_come_to_is_not_said() -> None:
    assert split_outputs("m\none\nm\ntwo\n", "m", 3) == ["one\n", "two\n", None]
    assert split_outputs("", "m", 2) == [None, None]
