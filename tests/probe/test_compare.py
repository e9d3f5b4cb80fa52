"""What is predicted, what is answered, and what is said of it.

Each case reads: the predicted answer, the reply, the expected rows. Records are written as dig writes them; names are
below ``shop.svc.cluster.local.`` and the zone's TTL is 30.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.comparison.compare import Comparison, compare
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Answer, EndpointRef, PredictedRecord, Question, Record, Source

ZONE = "shop.svc.cluster.local."
SOA = "cluster.local. {ttl} IN SOA ns.dns.cluster.local. hostmaster.cluster.local. {serial} 7200 1800 86400 30"
PODS = {"10.0.0.1": "web-0", "10.0.0.2": "web-1", "10.0.0.3": "web-2"}


def record(text: str) -> Record:
    """A record as dig writes it; a name without final dot is below the namespace."""
    name, ttl, _, rdtype, data = text.split(None, 4)
    return Record(name if name.endswith(".") else f"{name}.{ZONE}", int(ttl), rdtype, data)


def soa(ttl: int = 30, serial: int = 1) -> Record:
    return record(SOA.format(ttl=ttl, serial=serial))


def predicted(question: str, *records: str, rcode: str = "NOERROR", **fields: object) -> Answer:
    name, rdtype = question.split()
    asked = Question(name if name.endswith(".") else f"{name}.{ZONE}", rdtype)
    authority = () if records else (soa(),)
    return Answer(asked, rcode, answer=tuple(map(record, records)), authority=authority, **fields)  # type: ignore[arg-type]


@dataclass
class Reply:
    """What came back."""

    records: tuple[str, ...] = ()
    rcode: str = "NOERROR"
    soa_ttl: int = 30
    error: str = ""
    flags: str = "qr aa rd"
    ttl_known: bool = True
    server: str = "10.96.0.10"

    def observe(self, question: Question) -> Observation:
        return Observation(
            vantage="pod/web-0",
            server=self.server,
            transport="tcp",
            question=question,
            rcode="" if self.error else self.rcode,
            flags=() if self.error else tuple(self.flags.split()),
            answer=tuple(map(record, self.records)),
            authority=() if self.records or self.error else (soa(self.soa_ttl, serial=99),),
            error=self.error,
            ttl_known=self.ttl_known,
        )


def reply(*records: str, **fields: object) -> Reply:
    return Reply(records, **fields)  # type: ignore[arg-type]


def judged(answer: Answer, seen: Reply, **options: object) -> Comparison:
    arguments: dict[str, object] = {"ttl": 30, "ttl_known": True, "pod_of": PODS.get, **options}
    return compare((), {answer.question: answer}, [seen.observe(answer.question)], **arguments)  # type: ignore[arg-type]


def told(comparison: Comparison) -> list[str]:
    return [f"{row.verdict} {row.record.data}" for row in comparison.rows]


WEB = predicted("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2")
POD = predicted("web-0.web A", "web-0.web 30 IN A 10.0.0.1")
WEB_SRV = predicted(
    "web SRV",
    "web 30 IN SRV 0 50 80 web-0.web.shop.svc.cluster.local.",
    "web 30 IN SRV 0 50 80 web-1.web.shop.svc.cluster.local.",
)
NXDOMAIN = predicted("gone A", rcode="NXDOMAIN")
NODATA = predicted("web TXT")
PTR = predicted("1.0.0.10.in-addr.arpa. PTR", "1.0.0.10.in-addr.arpa. 30 IN PTR web-0.web.shop.svc.cluster.local.")
APEX = predicted("cluster.local. SOA", SOA.format(ttl=30, serial=1))
ALIAS = predicted("ext A", "ext 30 IN CNAME db.example.com.")

CASES = {
    "as predicted": (WEB, reply("web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2"), ["match 10.0.0.1", "match 10.0.0.2"]),
    "in another order": (
        WEB,
        reply("web 30 IN A 10.0.0.2", "web 30 IN A 10.0.0.1"),
        ["match 10.0.0.1", "match 10.0.0.2"],
    ),
    "a record twice": (POD, reply("web-0.web 30 IN A 10.0.0.1", "web-0.web 30 IN A 10.0.0.1"), ["match 10.0.0.1"]),
    "TTL counted down by a cache": (POD, reply("web-0.web 3 IN A 10.0.0.1"), ["match 10.0.0.1"]),
    "TTL 0": (POD, reply("web-0.web 0 IN A 10.0.0.1"), ["match 10.0.0.1"]),
    "TTL above the zone's": (POD, reply("web-0.web 31 IN A 10.0.0.1"), ["wrong 10.0.0.1"]),
    "TTL not told by the carrier": (POD, reply("web-0.web 0 IN A 10.0.0.1", ttl_known=False), ["match 10.0.0.1"]),
    "missing": (WEB, reply("web 30 IN A 10.0.0.1"), ["match 10.0.0.1", "missing 10.0.0.2"]),
    "missing, the name is denied": (WEB, reply(rcode="NXDOMAIN"), ["missing 10.0.0.1", "missing 10.0.0.2"]),
    "missing, no data": (POD, reply(), ["missing 10.0.0.1"]),
    "extra": (
        WEB,
        reply("web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2", "web 30 IN A 10.0.0.9"),
        ["match 10.0.0.1", "match 10.0.0.2", "extra 10.0.0.9"],
    ),
    "one gone and one come": (
        WEB,
        reply("web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.9"),
        ["match 10.0.0.1", "missing 10.0.0.2", "extra 10.0.0.9"],
    ),
    "the only address replaced": (POD, reply("web-0.web 30 IN A 10.0.0.9"), ["wrong 10.0.0.1"]),
    "wrong rcode": (WEB, reply(rcode="SERVFAIL"), ["wrong 10.0.0.1", "wrong 10.0.0.2"]),
    "refused": (POD, reply(rcode="REFUSED"), ["wrong 10.0.0.1"]),
    "no reply": (WEB, reply(error="no reply within 3 s"), ["unanswered 10.0.0.1", "unanswered 10.0.0.2"]),
    "case of names": (POD, reply("WEB-0.Web.SHOP.svc.Cluster.local. 30 IN A 10.0.0.1"), ["match 10.0.0.1"]),
    "spelling of IPv6": (
        predicted("web AAAA", "web 30 IN AAAA fd00:244::7"),
        reply("web 30 IN AAAA FD00:244:0:0:0:0:0:7"),
        ["match fd00:244::7"],
    ),
    "case of targets": (
        WEB_SRV,
        reply(
            "web 30 IN SRV 0 50 80 WEB-0.web.shop.svc.cluster.local.",
            "web 30 IN SRV 0 50 80 web-1.web.shop.svc.cluster.local.",
        ),
        ["match 0 50 80 web-0.web.shop.svc.cluster.local.", "match 0 50 80 web-1.web.shop.svc.cluster.local."],
    ),
    "SRV weight": (
        WEB_SRV,
        reply(
            "web 30 IN SRV 0 33 80 web-0.web.shop.svc.cluster.local.",
            "web 30 IN SRV 0 50 80 web-1.web.shop.svc.cluster.local.",
        ),
        ["wrong 0 50 80 web-0.web.shop.svc.cluster.local.", "match 0 50 80 web-1.web.shop.svc.cluster.local."],
    ),
    "SRV port": (
        WEB_SRV,
        reply(
            "web 30 IN SRV 0 50 80 web-0.web.shop.svc.cluster.local.",
            "web 30 IN SRV 0 50 8080 web-1.web.shop.svc.cluster.local.",
        ),
        ["match 0 50 80 web-0.web.shop.svc.cluster.local.", "wrong 0 50 80 web-1.web.shop.svc.cluster.local."],
    ),
    "SRV of another target": (
        WEB_SRV,
        reply(
            "web 30 IN SRV 0 50 80 web-0.web.shop.svc.cluster.local.",
            "web 30 IN SRV 0 50 80 web-9.web.shop.svc.cluster.local.",
        ),
        [
            "match 0 50 80 web-0.web.shop.svc.cluster.local.",
            "missing 0 50 80 web-1.web.shop.svc.cluster.local.",
            "extra 0 50 80 web-9.web.shop.svc.cluster.local.",
        ],
    ),
    "denied as predicted": (NXDOMAIN, reply(rcode="NXDOMAIN"), ["match NXDOMAIN"]),
    "denied, from a cache": (NXDOMAIN, reply(rcode="NXDOMAIN", soa_ttl=4), ["match NXDOMAIN"]),
    "no data as predicted": (NODATA, reply(), ["match NODATA"]),
    "denied instead of no data": (NODATA, reply(rcode="NXDOMAIN"), ["wrong NODATA"]),
    "no data instead of denied": (NXDOMAIN, reply(), ["wrong NXDOMAIN"]),
    "SERVFAIL instead of denied": (NXDOMAIN, reply(rcode="SERVFAIL"), ["wrong NXDOMAIN"]),
    "SERVFAIL as predicted": (predicted("x A", rcode="SERVFAIL"), reply(rcode="SERVFAIL"), ["match SERVFAIL"]),
    "answered instead of denied": (
        NXDOMAIN,
        reply("gone 30 IN A 10.0.0.3"),
        ["wrong NXDOMAIN", "extra 10.0.0.3"],
    ),
    "denied, the carrier cannot tell how": (NXDOMAIN, reply(rcode="", ttl_known=False), ["match NXDOMAIN"]),
    "denial not answered": (NXDOMAIN, reply(error="no reply"), ["unanswered NXDOMAIN"]),
    "cut short": (
        WEB,
        reply("web 30 IN A 10.0.0.1", flags="qr aa tc rd"),
        ["match 10.0.0.1", "unanswered 10.0.0.2"],
    ),
    "PTR of another pod": (
        PTR,
        reply("1.0.0.10.in-addr.arpa. 30 IN PTR other.web.shop.svc.cluster.local."),
        ["wrong web-0.web.shop.svc.cluster.local."],
    ),
    "serial of the SOA": (
        APEX,
        reply(SOA.format(ttl=30, serial=1234)),
        ["match ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30"],
    ),
    "minimum of the SOA": (
        APEX,
        reply(SOA.format(ttl=30, serial=1).replace("86400 30", "86400 5")),
        ["wrong ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30"],
    ),
    "an alias is followed by others' records": (
        ALIAS,
        reply("ext 30 IN CNAME db.example.com.", "db.example.com. 300 IN A 198.51.100.7"),
        ["match db.example.com."],
    ),
    "cannot be sent, no reply": (
        predicted("long A", "long 30 IN A 10.0.0.1", unsendable=True),
        reply(error="no reply"),
        ["match (no reply)"],
    ),
    "cannot be sent, and yet a reply": (
        predicted("long A", "long 30 IN A 10.0.0.1", unsendable=True),
        reply("long 30 IN A 10.0.0.1"),
        ["wrong (no reply)"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_verdicts(case: str) -> None:
    answer, seen, rows = CASES[case]
    comparison = judged(answer, seen)
    assert told(comparison) == rows
    verdicts = {row.split()[0] for row in rows}
    worst = "differs" if verdicts - {"match", "unanswered"} else "unanswered" if "unanswered" in verdicts else "match"
    assert comparison.verdict == worst
    assert sum(comparison.counts.values()) == len(rows)
    assert all(row.detail for row in comparison.rows if row.verdict != "match")


def test_a_ttl_is_not_judged_when_the_zones_is_only_supposed() -> None:
    assert judged(POD, reply("web-0.web 300 IN A 10.0.0.1"), ttl_known=False).verdict == "match"


def test_every_address_has_its_pod() -> None:
    rows = judged(WEB, reply("web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.3", "web 30 IN A 6.6.6.6")).rows
    assert [(row.record.data, row.pod) for row in rows] == [
        ("10.0.0.1", "web-0"),
        ("10.0.0.2", "web-1"),
        ("10.0.0.3", "web-2"),
        ("6.6.6.6", None),
    ]


def test_names_lead_to_pods_as_predicted() -> None:
    endpoint = EndpointRef("web-0", "10.0.0.1", True, True, False, "node-1", "web-0")
    source = Source("EndpointSlice", ObjectKey("shop", "web-x"))
    known = [
        PredictedRecord(record("web-0.web 30 IN A 10.0.0.1"), ObjectKey("shop", "web"), endpoint, source),
        PredictedRecord(PTR.answer[0], ObjectKey("shop", "web"), endpoint, source),
    ]
    (row,) = compare(
        known, {PTR.question: PTR}, [reply(str(PTR.answer[0])).observe(PTR.question)], ttl=30, ttl_known=True
    ).rows
    assert row.pod == "web-0"
    (row,) = compare(known, {}, [reply(str(known[0].record)).observe(POD.question)], ttl=30, ttl_known=True).rows
    assert (row.verdict, row.pod) == ("match", "web-0")


class TestUnjudged:
    """What cannot be predicted is neither good nor bad."""

    UPSTREAM = predicted("example.com. A", rcode="NXDOMAIN", fallthrough=True)
    UNREAD = predicted("other A", rcode="NXDOMAIN", unknown="namespace other may not be read")

    @pytest.mark.parametrize("answer", [UPSTREAM, UNREAD])
    def test_a_reply_is_kept_without_a_verdict(self, answer: Answer) -> None:
        comparison = judged(answer, reply("example.com. 30 IN A 93.184.215.14"))
        assert comparison.rows == ()
        assert len(comparison.unjudged) == 1
        assert comparison.verdict == "unjudged", "what was not predicted is not as predicted"

    def test_silence_is_unanswered_all_the_same(self) -> None:
        assert judged(self.UPSTREAM, reply(error="no reply")).verdict == "unanswered"

    def test_a_question_without_any_prediction(self) -> None:
        comparison = compare((), {}, [reply().observe(Question("x.", "A"))], ttl=30, ttl_known=True)
        assert comparison.rows == ()
        assert len(comparison.unjudged) == 1


def test_each_vantage_server_and_transport_has_its_own_rows() -> None:
    good = reply("web-0.web 30 IN A 10.0.0.1").observe(POD.question)
    lagging = reply(rcode="NXDOMAIN", server="10.244.0.3").observe(POD.question)
    comparison = compare((), {POD.question: POD}, [good, lagging], ttl=30, ttl_known=True)
    assert [(row.server, row.verdict) for row in comparison.rows] == [
        ("10.96.0.10", "match"),
        ("10.244.0.3", "missing"),
    ]
    assert comparison.verdict == "differs"
