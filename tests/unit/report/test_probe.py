from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import yaml

from kheadless_tui.probe.comparison.compare import Comparison, Row, compare
from kheadless_tui.probe.comparison.diagnosis import Diagnosis, diagnose
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.server import Server
from kheadless_tui.report import probe
from kheadless_tui.report.medium import Medium
from kheadless_tui.report.outcome import status_of
from kheadless_tui.zone.record import Answer, Question, Record
from tests.unit.report.samples import ORIGIN, RECORDS

SERVER = "10.96.0.10"
POD = Vantage("pod/web-0", "pod", "shop", "web-0", "nginx", "nc")
A = Question(ORIGIN, "A")
NAME = Question(f"web-0.{ORIGIN}", "A")
ANSWERS = {
    A: Answer(A, "NOERROR", answer=(RECORDS[0].record, RECORDS[1].record)),
    NAME: Answer(NAME, "NOERROR", answer=(RECORDS[4].record,)),
}


def seen(question: Question, *data: str, rcode: str = "NOERROR", ttl: int = 30, error: str = "") -> Observation:
    records = tuple(Record(question.name, ttl, question.type, one) for one in data)
    flags = () if error else ("qr", "aa", "rd")
    return Observation(
        "pod/web-0",
        SERVER,
        "tcp",
        question,
        "" if error else rcode,
        flags,
        records,
        ms=None if error else 3.14159,
        error=error,
    )


def compared(*observations: Observation) -> Comparison:
    return compare(RECORDS, ANSWERS, observations, ttl=30, ttl_known=True)


def judged(comparison: Comparison, *observations: Observation) -> Diagnosis:
    return diagnose(comparison, observations, [Server(SERVER, role="kube-dns")], Freshness(30, 30))


def diagnosed(*observations: Observation) -> Diagnosis:
    return judged(compared(*observations), *observations)


def test_what_a_program_does_not_show_is_said_once() -> None:
    def told(**what: object) -> str:
        replies = [msgspec.structs.replace(seen(each, "10.244.1.17"), carrier="nslookup", **what) for each in (A, NAME)]
        return probe.render((POD,), diagnosed(*replies), "table")

    assert "does not show" not in told()
    assert told(ttl_known=False, ms=None, within=1.0).count("nslookup does not show TTLs and times below 1 ms") == 1
    assert "does not show" not in told(ms=None, within=40.0, cut=3), "two programs have told of it"


def test_json_has_exactly_the_keys_of_the_schema_in_their_order() -> None:
    observations = (seen(A, "10.244.1.17", "10.244.1.18"),)
    document = json.loads(probe.render((POD,), diagnosed(*observations), "json"))
    assert list(document) == [
        "schema", "vantages", "answers", "comparison", "servers", "groups", "layers", "races", "complete", "verdict",
    ]  # fmt: skip
    assert document["schema"] == "kheadless/probe/1"
    assert list(document["vantages"][0].items()) == [
        ("name", "pod/web-0"),
        ("kind", "pod"),
        ("tool", "nc"),
        ("image", None),
        ("created", False),
    ]
    assert list(document["answers"][0].items()) == [
        ("vantage", "pod/web-0"),
        ("server", SERVER),
        ("transport", "tcp"),
        ("question", {"name": ORIGIN, "type": "A"}),
        ("rcode", "NOERROR"),
        ("aa", True),
        ("answer", [f"{ORIGIN} 30 IN A 10.244.1.17", f"{ORIGIN} 30 IN A 10.244.1.18"]),
        ("authority", []),
        ("additional", []),
        ("ms", 3.142),
        ("error", None),
    ]
    assert list(document["comparison"][0].items()) == [
        ("record", f"{ORIGIN} 30 IN A 10.244.1.17"),
        ("vantage", "pod/web-0"),
        ("server", SERVER),
        ("transport", "tcp"),
        ("verdict", "match"),
        ("detail", ""),
    ]
    assert document["verdict"] == "match"


def test_what_a_carrier_cannot_tell_is_null_and_never_a_guess() -> None:
    observations = (seen(A, error="no reply in 3 s"),)
    (answer,) = json.loads(probe.render((POD,), diagnosed(*observations), "json"))["answers"]
    assert answer["rcode"] is None
    assert answer["aa"] is None
    assert answer["ms"] is None
    assert answer["error"] == "no reply in 3 s"


def test_yaml_and_one_line_are_the_same_document() -> None:
    observations = (seen(A, "10.244.1.17"),)
    document = json.loads(probe.render((POD,), diagnosed(*observations), "json"))
    assert yaml.safe_load(probe.render((POD,), diagnosed(*observations), "yaml")) == document
    line = probe.line((POD,), diagnosed(*observations))
    assert line.count("\n") == 1
    assert json.loads(line) == document


def test_a_pipe_gets_a_line_for_each_record_with_the_pod_behind_it() -> None:
    observations = (seen(A, "10.244.1.17", "10.244.1.18", ttl=12),)
    heading, *lines = probe.render((POD,), diagnosed(*observations), "table").splitlines()
    assert heading.split() == ("VERDICT NAME TTL TYPE DATA POD VANTAGE SERVER TRANSPORT RCODE MS DETAIL".split())
    assert lines[0].split() == f"match {ORIGIN} 12 A 10.244.1.17 web-0 pod/web-0 {SERVER} tcp NOERROR 3.1 -".split()
    assert lines[1].split()[5] == "web-1"
    assert "verdict  match: 2 of 2 as predicted" in lines
    assert f"from     pod/web-0, container nginx, by nc -> {SERVER} over TCP" in lines


def test_a_missing_record_is_named_and_the_command_asks_for_it() -> None:
    observations = (seen(NAME, "10.244.1.17"), seen(A, "10.244.1.17"))
    comparison = compared(*observations)
    text = probe.render((POD,), diagnosed(*observations), "table")
    (row,) = [line.split() for line in text.splitlines() if line.startswith("missing")]
    assert row[4:6] == ["10.244.1.18", "web-1"]
    assert "verdict  differs: 2 of 3 as predicted, 1 missing" in text
    equals = text[text.index("equals") :]
    assert "kubectl exec -n shop web-0 -c nginx -- dig" in " ".join(equals.split())
    assert f"A {ORIGIN}" in " ".join(equals.replace("\\", " ").split()), "the question whose answer differs"
    assert status_of(comparison.verdict) == 1


def test_the_command_that_asks_again_goes_to_the_same_cluster() -> None:
    observations = (seen(A, "10.244.1.17", "10.244.1.18"),)
    there = msgspec.structs.replace(POD, flags=("--kubeconfig", "/tmp/k", "--context", "prod"))
    text = probe.render((there,), diagnosed(*observations), "table")
    assert "equals   kubectl --kubeconfig /tmp/k --context prod exec -n shop" in text
    assert "flags" not in probe.render((there,), diagnosed(*observations), "json").partition("answers")[0]


def test_a_command_keeps_its_lines_so_that_it_can_be_pasted() -> None:
    command = "kubectl exec -i -n shop web-0 -- \\\n  nc 10.96.0.10 53"
    observations = (seen(A, "10.244.1.17", "10.244.1.18"),)
    text = probe.render((POD,), diagnosed(*observations), "table", Medium(width=30), equals=[command])
    assert "\nran      kubectl exec -i -n shop web-0 -- \\\n           nc 10.96.0.10 53\nequals   kubectl" in text


def test_a_terminal_says_the_suffix_once_and_keeps_within_80_columns() -> None:
    observations = (seen(A, "10.244.1.17", "10.244.1.18"), seen(NAME, "10.244.1.17"))
    lines = probe.table((POD,), diagnosed(*observations), Medium(width=80)).splitlines()
    assert lines[0] == f"below {ORIGIN}"
    assert lines[1].split() == "VERDICT NAME TTL TYPE DATA POD RCODE MS".split()
    assert lines[2].split() == "match @ 30 A 10.244.1.17 web-0 NOERROR 3.1".split()
    assert lines[4].split()[1] == "web-0"
    assert all(len(line) <= 80 for line in lines if "kubectl" not in line)


def test_silence_says_why_once_and_is_not_as_predicted() -> None:
    observations = (seen(A, error="no reply in 3 s"), seen(NAME, error="no reply in 3 s"))
    comparison = compared(*observations)
    lines = probe.render((POD,), diagnosed(*observations), "table").splitlines()
    assert "verdict  unanswered: 0 of 3 as predicted, 3 unanswered" in lines
    assert f"error    {SERVER} over TCP: no reply in 3 s (2 questions)" in lines
    assert status_of(comparison.verdict) == 1


def test_a_reply_that_nobody_could_predict_is_shown_all_the_same() -> None:
    other = Question("example.com.", "A")
    observation = seen(other, "93.184.215.14", ttl=77)
    comparison = Comparison.of((), (observation,))
    text = probe.render((POD,), judged(comparison, observation), "table")
    row = text.splitlines()[1].split()
    assert row[:5] == ["unjudged", "example.com.", "77", "A", "93.184.215.14"]
    assert "unjudged: 1 answered but not predictable" in text


def test_what_was_not_asked_is_neither_answered_nor_silent() -> None:
    other = msgspec.structs.replace(seen(Question("a\\000b.example.com.", "A"), error="cannot be asked"), unasked=True)
    comparison = Comparison.of((), (other,))
    text = probe.render((POD,), judged(comparison, other), "table")
    row = text.splitlines()[1]
    assert row.startswith("not asked")
    assert "(not asked)" in row
    assert "verdict  not asked: 1 not asked and not predictable" in text
    assert status_of(comparison.verdict) == 1


def test_control_characters_of_a_reply_reach_no_terminal() -> None:
    record = Record("a\x1b[2J.", 30, "TXT", '"\x9b31m\x07"')
    question = Question(record.name, "TXT")
    observation = Observation("pod/web-0", SERVER, "tcp", question, "NOERROR", answer=(record,), error="\x1b]0;x\x07")
    row = Row(record, question, "pod/web-0", SERVER, "tcp", "extra", "\x1b[1mdetail")
    comparison = Comparison((row,), "differs")
    for medium in (Medium(), Medium(width=80)):
        text = probe.table((POD,), judged(comparison, observation), medium)
        assert all(char.isprintable() or char == "\n" for char in text)


def test_a_probe_that_was_stopped_is_never_a_match() -> None:
    found = replace(diagnosed(seen(A, "10.244.1.17", "10.244.1.18")), complete=False, lacking=3)
    document = json.loads(probe.render((POD,), found, "json"))
    assert (document["complete"], document["verdict"]) == (False, "not asked")
    text = probe.render((POD,), found, "table")
    assert "not asked: 2 of 2 as predicted, stopped before 3 more replies" in text
    wrong = replace(diagnosed(seen(A, "10.244.1.17")), complete=False)
    assert probe.summary(wrong) == "differs: 1 of 2 as predicted, 1 missing, stopped while what differs was asked again"


def test_what_a_reply_that_was_cut_short_lacks_is_one_line() -> None:
    cut = msgspec.structs.replace(seen(A), flags=("tc",))
    lines = probe.render((POD,), diagnosed(cut, seen(NAME, "10.244.1.17")), "table").splitlines()
    told = [line for line in lines if line.startswith("unanswered")]
    assert len(told) == 1
    assert "(2 records)" in told[0]
    assert "it does not fit into a message of DNS" in told[0]
    assert any(line.startswith("match") for line in lines)
