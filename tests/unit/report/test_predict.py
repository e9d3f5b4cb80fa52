from __future__ import annotations

import json

import yaml

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.report import predict
from kheadless_tui.report.medium import Medium
from kheadless_tui.zone.record import Answer, Fact, Question, Record, Source, Step
from kheadless_tui.zone.stub.resolv_conf import ResolvConf
from tests.unit.report.samples import ORIGIN, RECORDS

SOA = Record("cluster.local.", 30, "SOA", "ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30")
FACT = Fact(Source("EndpointSlice", ObjectKey("shop", "web-abc12"), "endpoints[0].hostname"), "web-0")
POSITIVE = Answer(
    Question(f"web-0.{ORIGIN}", "A"),
    "NOERROR",
    answer=(RECORDS[4].record,),
    additional=(RECORDS[0].record,),
    steps=(Step(f"web-0.{ORIGIN}", "NOERROR", "endpoints[0].hostname is web-0", "endpoint-name", (FACT,)),),
)
DENIED = Answer(
    Question(ORIGIN, "A"),
    "NXDOMAIN",
    authority=(SOA,),
    steps=(Step(ORIGIN, "NXDOMAIN", "Service shop/web selects app=web and no endpoint is ready", "no-ready-endpoint"),),
)


def test_json_has_exactly_the_keys_of_the_schema_in_their_order() -> None:
    assert list(json.loads(predict.render(POSITIVE, "json")).items()) == [
        ("schema", "kheadless/answer/1"),
        ("question", {"name": f"web-0.{ORIGIN}", "type": "A"}),
        ("rcode", "NOERROR"),
        ("aa", True),
        ("answer", [f"web-0.{ORIGIN} 30 IN A 10.244.1.17"]),
        ("authority", []),
        ("additional", [f"{ORIGIN} 30 IN A 10.244.1.17"]),
        (
            "steps",
            [
                {
                    "name": f"web-0.{ORIGIN}",
                    "rcode": "NOERROR",
                    "why": "endpoints[0].hostname is web-0",
                    "rule": "endpoint-name",
                    "facts": [
                        {"from": "EndpointSlice shop/web-abc12", "field": "endpoints[0].hostname", "value": "web-0"}
                    ],
                }
            ],
        ),
        ("questions", 1),
    ]


def test_the_marks_of_an_uncertain_answer_are_there_only_where_they_are_so() -> None:
    answer = Answer(
        Question("example.com.", "A"), "NXDOMAIN", aa=False, fallthrough=True, unsendable=True, unknown="x is unread",
        notes=("Corefile:3: hosts may answer",),
    )  # fmt: skip
    document = json.loads(predict.render(answer, "json"))
    assert list(document)[-4:] == ["fallthrough", "unsendable", "unknown", "notes"]
    assert document["notes"] == ["Corefile:3: hosts may answer"]
    assert document["fallthrough"] is True
    assert document["unsendable"] is True
    assert document["unknown"] == "x is unread"
    assert document["aa"] is False


def test_yaml_is_the_same_document() -> None:
    assert yaml.safe_load(predict.render(DENIED, "yaml")) == json.loads(predict.render(DENIED, "json"))


def test_a_stream_of_questions_gets_one_line_of_json_each() -> None:
    lines = (predict.line(POSITIVE) + predict.line(DENIED)).splitlines()
    assert [json.loads(line)["rcode"] for line in lines] == ["NOERROR", "NXDOMAIN"]


def test_the_table_is_one_fact_a_line_behind_its_word() -> None:
    assert predict.render(POSITIVE, "table").splitlines() == [
        f"question    web-0.{ORIGIN} A",
        "status      NOERROR aa",
        f"answer      web-0.{ORIGIN} 30 IN A 10.244.1.17",
        f"additional  {ORIGIN} 30 IN A 10.244.1.17",
        "why         endpoints[0].hostname is web-0",
        "cost        1 question (2 by getaddrinfo, which asks A and AAAA of each name)",
    ]


def test_a_denial_says_why() -> None:
    lines = predict.render(DENIED, "table").splitlines()
    assert lines[1] == "status     NXDOMAIN aa"
    assert lines[-2] == "why        Service shop/web selects app=web and no endpoint is ready"


def test_an_answer_without_records_is_not_mistaken_for_a_denial() -> None:
    empty = Answer(Question(ORIGIN, "AAAA"), "NOERROR", authority=(SOA,))
    assert "status     NOERROR aa (the name exists, it has no such record)" in predict.render(empty, "table")


def test_every_name_of_a_search_list_is_shown_in_turn() -> None:
    steps = (
        Step("web.shop.svc.cluster.local.", "NXDOMAIN", "no Service", "service-missing"),
        Step("web.svc.cluster.local.", "NXDOMAIN", ""),
        Step("web.", "", "forward . answers"),
    )
    answer = Answer(Question("web.svc.cluster.local.", "A"), "NXDOMAIN", steps=steps)
    tried = [line.split(maxsplit=1)[1] for line in predict.render(answer, "table").splitlines() if "tried" in line]
    assert tried == [
        "web.shop.svc.cluster.local. NXDOMAIN: no Service",
        "web.svc.cluster.local. NXDOMAIN",
        "web.: forward . answers",
    ]


def test_a_terminal_wraps_below_the_text_and_a_pipe_never_does() -> None:
    step = Step(ORIGIN, "NXDOMAIN", "because " * 30, "x")
    answer = Answer(Question(ORIGIN, "A"), "NXDOMAIN", steps=(step,))
    narrow = predict.render(answer, "table", Medium(width=40)).splitlines()
    assert all(len(line) <= 40 for line in narrow)
    assert narrow[3].startswith(" " * 10 + "because")
    assert len(predict.render(answer, "table").splitlines()) == 4


def test_control_characters_reach_no_terminal() -> None:
    answer = Answer(Question("a\x1b[2Jb.", "A"), "NXDOMAIN", steps=(Step("a.", "NXDOMAIN", "x\x9b31m\ny", ""),))
    assert all(char.isprintable() or char == "\n" for char in predict.render(answer, "table"))


def addresses(number: int, kind: str = "A") -> Answer:
    records = tuple(Record(ORIGIN, 30, "A", f"10.0.{item // 250}.{item % 250}") for item in range(number))
    return Answer(Question(ORIGIN, kind), "NOERROR", answer=records, steps=(Step(ORIGIN, "NOERROR", "x"),))


def test_a_reply_that_does_not_fit_says_what_of_it_arrives() -> None:
    document = json.loads(predict.render(addresses(270), "json"))
    assert document["udp"] == [
        {"limit": 512, "answer": 29, "tc": True},
        {"limit": 1232, "answer": 73, "tc": True},
        {"limit": 4096, "answer": 252, "tc": True},
    ]
    assert "tcp" not in document
    table = predict.render(addresses(60), "table").splitlines()
    assert table[-1] == "udp       512: 29 of 60 records, TC; 1232: all of it; 4096: all of it"


def test_buffers_that_the_server_lowers_count() -> None:
    document = json.loads(predict.render(addresses(60), "json", bufsize=512))
    assert [each["tc"] for each in document["udp"]] == [True, True, True]


def test_a_reply_that_fits_says_nothing_of_sizes_and_one_beyond_tcp_does() -> None:
    assert "udp" not in json.loads(predict.render(addresses(29), "json"))
    found = json.loads(predict.render(addresses(4100), "json"))
    assert found["tcp"] == {"limit": 65535, "answer": 4092, "tc": True}


def test_the_cost_of_a_search() -> None:
    steps = tuple(Step(f"{each}.", "NXDOMAIN", "x") for each in "abc")
    searched = Answer(Question("c.", "SRV"), "NXDOMAIN", steps=steps)
    assert json.loads(predict.render(searched, "json"))["questions"] == 3
    assert predict.render(searched, "table").splitlines()[-1].split(maxsplit=1) == ["cost", "3 questions"]


def test_a_search_that_the_other_family_ends_shows_what_that_gets() -> None:
    record = Record(ORIGIN, 30, "AAAA", "fd00::1")
    answer = Answer(Question(ORIGIN, "A"), "NOERROR", steps=(Step(ORIGIN, "NOERROR", "x"),), other_family=(record,))
    assert json.loads(predict.render(answer, "json"))["otherFamily"] == [f"{ORIGIN} 30 IN AAAA fd00::1"]
    assert f"also      {ORIGIN} 30 IN AAAA fd00::1" in predict.render(answer, "table").splitlines()


def test_names_that_are_not_known_make_the_cost_the_least_one() -> None:
    answer = Answer(Question(ORIGIN, "A"), "NOERROR", steps=(Step(ORIGIN, "NOERROR", "x"),), steps_missing=True)
    assert json.loads(predict.render(answer, "json"))["stepsMissing"] is True
    assert "cost      at least 1 question (2 by getaddrinfo" in predict.render(answer, "table")


def test_the_resolv_conf_of_a_pod_is_shown_whole() -> None:
    pod = ResolvConf(
        ("1.1.1.1",), ("shop.svc.cluster.local", "own.test"), 2, "predicted from dnsPolicy ClusterFirst and dnsConfig",
        "the search domains of the node", 1, "cluster", True,
    )  # fmt: skip
    assert json.loads(predict.line(POSITIVE, resolv=pod))["resolvConf"] == {
        "nameservers": ["1.1.1.1"],
        "search": ["shop.svc.cluster.local", "own.test"],
        "ndots": 2,
        "source": "predicted from dnsPolicy ClusterFirst and dnsConfig",
        "unknown": "the search domains of the node",
        "unknownAt": 1,
        "serversBefore": "cluster",
        "rotate": True,
    }
    said = (
        "resolver    nameserver the cluster's DNS, 1.1.1.1, search shop.svc.cluster.local (the node's) own.test, "
        "ndots:2, rotate (predicted from dnsPolicy ClusterFirst and dnsConfig)"
    )
    assert said in predict.render(POSITIVE, "table", resolv=pod).splitlines()
    narrow = predict.render(POSITIVE, "table", Medium(width=80), resolv=pod)
    assert all(len(line) <= 80 for line in narrow.splitlines())


def test_questions_that_are_sent_again_are_counted() -> None:
    steps = (Step("a.test.", "SERVFAIL", "x", questions=4, along=4), Step(ORIGIN, "NOERROR", "y", along=1))
    answer = Answer(Question(ORIGIN, "A"), "NOERROR", steps=steps)
    text = predict.table(answer)
    assert "a.test. SERVFAIL (4 times): x" in text
    assert "5 questions (10 by getaddrinfo, which asks A and AAAA of each name)" in text
    found = predict.document(answer)
    assert (found["questions"], found.get("questionsAlong")) == (5, None)
    assert [step.get("questions") for step in found["steps"]] == [4, None]
    alone = Answer(Question(ORIGIN, "AAAA"), "NOERROR", steps=(Step(ORIGIN, "NOERROR", "x", questions=0, along=1),))
    assert "1 question for A alone" in predict.table(alone)
    assert predict.document(alone)["questionsAlong"] == 1
