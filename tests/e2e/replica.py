"""A CoreDNS, asked over TCP: on a port of this machine, or a replica in the cluster through a port-forward."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone

from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.record import Answer, Question, Record

_QUESTIONS_A_CONNECTION = 100
"""CoreDNS closes a TCP connection after 128 questions."""


class LocalServer:
    """A port of 127.0.0.1 that serves DNS."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port

    def answer(self, question: Question) -> Answer:
        """The reply to a question."""
        return self.answers([question])[question]

    def answers(self, questions: Sequence[Question], last: Question | None = None) -> dict[Question, Answer]:
        """The replies to many questions, as many on one connection as CoreDNS takes.

        Args:
            questions: answered in their order, one connection after the other.
            last: stop when its reply comes; what is not answered until then has no reply.
        """
        found: dict[Question, Answer] = {}
        for start in range(0, len(questions), _QUESTIONS_A_CONNECTION):
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                asked: dict[int, Question] = {}
                for number, question in enumerate(questions[start : start + _QUESTIONS_A_CONNECTION]):
                    query = dns.message.make_query(question.name, question.type, use_edns=False, id=number)
                    asked[number] = question
                    dns.query.send_tcp(connection, query)
                for _ in asked:
                    reply, _ = dns.query.receive_tcp(connection, one_rr_per_rrset=True)
                    found[asked[reply.id]] = _answer(asked[reply.id], reply)
                    if asked[reply.id] == last:
                        break
        return found

    def sections(self, question: Question, buffer: int) -> tuple[int, int, int, bool]:
        """How many records of each section a client with a buffer gets, and the TC bit; 65535 octets are TCP."""
        edns = False if buffer == 512 else 0
        query = dns.message.make_query(question.name, question.type, use_edns=edns, payload=buffer)
        ask = dns.query.tcp if buffer == 65535 else dns.query.udp
        reply = ask(query, "127.0.0.1", port=self.port, timeout=10, one_rr_per_rrset=True)
        return len(reply.answer), len(reply.authority), len(reply.additional), bool(reply.flags & dns.flags.TC)

    def transfer(self, zone: str) -> list[Record]:
        """All records of a transfer, duplicates included."""
        query = dns.message.make_query(zone, "AXFR", use_edns=False)
        found: list[Record] = []
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            dns.query.send_tcp(connection, query)
            while sum(record.type == "SOA" for record in found) < 2:
                reply, _ = dns.query.receive_tcp(connection, one_rr_per_rrset=True)
                found += _records(reply.answer)
        return found


class Replica(LocalServer, AbstractContextManager["Replica"]):
    """A port of a pod of kube-system, as a server."""

    def __init__(self, kubectl: Sequence[str], pod: str, port: int) -> None:
        command = [*kubectl, "-n", "kube-system", "port-forward", f"pod/{pod}", f":{port}"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert found, f"no port-forward to {pod}:{port}: {line}"
        super().__init__(f"{pod}:{port}", int(found[1]))

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)


def _answer(question: Question, reply: dns.message.Message) -> Answer:
    return Answer(
        question,
        dns.rcode.to_text(reply.rcode()),
        aa=bool(reply.flags & dns.flags.AA),
        answer=tuple(_records(reply.answer)),
        authority=tuple(_records(reply.authority)),
        additional=tuple(_records(reply.additional)),
    )


def _records(section: Sequence[dns.rrset.RRset]) -> list[Record]:
    found = []
    for rrset in section:
        kind = dns.rdatatype.to_text(rrset.rdtype)
        for rdata in rrset:
            data = rdata.to_text()
            if kind in ("A", "AAAA"):
                data = (canonical(data) or ("", data))[1]
            elif kind == "SOA":
                fields = data.split()
                data = " ".join((*fields[:2], "0", *fields[3:]))
            found.append(Record(rrset.name.to_text(), rrset.ttl, kind, data))
    return found
