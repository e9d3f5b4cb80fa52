"""The same questions in whole messages through a pod: flags, sections, sizes."""

from __future__ import annotations

import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from tests.parity.recorded import hold
from tests.parity.targets import Target

ZONE = "NS.svc.cluster.local."
NAMES = ("web", "web-0.web", "web-9.web", "<IP-dashed of web-0>.web", "plain", "closed", "nobody", "empty", "both",
         "<IP-dashed of web-0>.both", "<IP6-dashed of web-0>.both", "elsewhere", "mysql", "nope",
         "_http._tcp.web", "_http._tcp.plain", "_sql._tcp.mysql", "_nope._tcp.web", "198-51-100-7.mysql",
         "endpoint.web", "WEB")  # fmt: skip
OTHERS = ("cluster.local.", "svc.cluster.local.", ZONE, "NS.pod.cluster.local.", "nope.svc.cluster.local.",
          "dns-version.cluster.local.", "ns.dns.cluster.local.", "10-1-2-3.NS.pod.cluster.local.", "example.com.",
          "nope.example.com.", "<reverse of web-0>.", "<reverse of plain>.", "<reverse6 of web-0>.",
          "1.2.3.10.in-addr.arpa.", "kubernetes.default.svc.cluster.local.")  # fmt: skip
KEPT_BY_CASE = ("cluster.local.", "SOA")
"""Answered out of the cache, its answer depends on the case in which somebody asked first."""
TYPES = ("A", "AAAA", "SRV", "TXT", "PTR", "CNAME", "MX", "NS", "SOA", "ANY", "TYPE65")


def questions() -> list[tuple[str, str]]:
    names = [f"{name}.{ZONE}" for name in NAMES] + list(OTHERS)
    few = [(name, kind) for name in names for kind in ("A", "AAAA", "SRV")]
    more = (f"web.{ZONE}", f"web-0.web.{ZONE}", f"plain.{ZONE}", *OTHERS)
    every = [(name, kind) for name in more for kind in TYPES]
    return [question for question in dict.fromkeys(few + every) if question != KEPT_BY_CASE]


def shown(target: Target, reply: dns.message.Message, size: int) -> list[str]:
    """A reply by its parts; records in order of text, since addresses change places."""
    question = target.names.plain(str(reply.question[0].name))
    lines = []
    for title, section in (("answer", reply.answer), ("authority", reply.authority), ("additional", reply.additional)):
        texts = [
            f"{rrset.name} 1 IN {dns.rdatatype.to_text(rrset.rdtype)} {rdata}" for rrset in section for rdata in rrset
        ]
        lines += [f"{title}: {text}" for text in sorted(target.names.plain(text) for text in texts)]
    long_as_its_address = any(word in text for text in (question, *lines) for word in ("dashed of", "reverse"))
    octets = "" if long_as_its_address else f" {size}"
    return [f"{dns.rcode.to_text(reply.rcode())} {dns.flags.to_text(reply.flags)}{octets}", *lines]


async def test_whole_messages(target: Target) -> None:
    asked = questions()
    queries = [dns.message.make_query(target.names.real(name), kind, id=n) for n, (name, kind) in enumerate(asked)]
    frames = b"".join(struct.pack("!H", len(wire := query.to_wire())) + wire for query in queries)
    data = (await target.run("busybox", "nc", "10.96.0.10", "53", stdin=frames)).stdout
    replies: dict[int, tuple[dns.message.Message, int]] = {}
    while data:
        (size,) = struct.unpack("!H", data[:2])
        reply = dns.message.from_wire(data[2 : size + 2], one_rr_per_rrset=True)
        replies[reply.id] = (reply, size)
        data = data[size + 2 :]
    found = {
        f"{name} {kind}": shown(target, *replies[query.id]) if query.id in replies else ["no reply"]
        for (name, kind), query in zip(asked, queries, strict=True)
    }
    hold("dns", target.name, found)
