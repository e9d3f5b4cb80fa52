"""A CoreDNS, asked over TCP: on a port of this machine, or a replica in the cluster, by its address where it is reached
so from here and else through a port-forward.
"""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from types import TracebackType
from typing import BinaryIO

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
_MORE_CONNECTIONS = 5
"""Connections that may be opened beyond those that the questions need."""
_REACH_SECONDS = 1
"""Until a pod's own address counts as out of reach."""


class LocalServer:
    """A port of this machine, or of an address that is reached from it, that serves DNS."""

    def __init__(self, name: str, port: int, host: str = "127.0.0.1") -> None:
        self.name = name
        self.port = port
        self.host = host

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
        left = list(questions)
        for _ in range(len(questions) // _QUESTIONS_A_CONNECTION + _MORE_CONNECTIONS):
            if not left or last in found:
                return found
            asked = left[:_QUESTIONS_A_CONNECTION]
            found |= self._answered(asked, last)
            left[:_QUESTIONS_A_CONNECTION] = [question for question in asked if question not in found]
        raise AssertionError(f"{self.name} leaves {len(left)} of {len(questions)} questions unanswered")

    def _answered(self, asked: Sequence[Question], last: Question | None) -> dict[Question, Answer]:
        """The replies that come on one connection, which a busy server may close before it has answered all."""
        found: dict[Question, Answer] = {}
        with socket.create_connection((self.host, self.port), timeout=30) as connection:
            connection.sendall(b"".join(_sent(number, question) for number, question in enumerate(asked)))
            replies = connection.makefile("rb")
            while len(found) < len(asked) and last not in found:
                received = _received(replies)
                if received is None:
                    break
                question = asked[received[0]]
                found[question] = _answer(question, received[1])
        return found

    def sections(self, question: Question, buffer: int) -> tuple[int, int, int, bool]:
        """How many records of each section a client with a buffer gets, and the TC bit; 65535 octets are TCP."""
        edns = False if buffer == 512 else 0
        query = dns.message.make_query(question.name, question.type, use_edns=edns, payload=buffer)
        ask = dns.query.tcp if buffer == 65535 else dns.query.udp
        reply = ask(query, self.host, port=self.port, timeout=10, one_rr_per_rrset=True)
        return len(reply.answer), len(reply.authority), len(reply.additional), bool(reply.flags & dns.flags.TC)

    def transfer(self, zone: str) -> list[Record]:
        """All records of a transfer, duplicates included."""
        query = dns.message.make_query(zone, "AXFR", use_edns=False)
        found: list[Record] = []
        with socket.create_connection((self.host, self.port), timeout=30) as connection:
            dns.query.send_tcp(connection, query)
            while sum(record.type == "SOA" for record in found) < 2:
                reply, _ = dns.query.receive_tcp(connection, one_rr_per_rrset=True)
                found += _records(reply.answer)
        return found


class Replica(LocalServer, AbstractContextManager["Replica"]):
    """A port of a pod of kube-system, as a server."""

    def __init__(self, kubectl: Sequence[str], pod: str, port: int) -> None:
        self._process: subprocess.Popen[str] | None = None
        get = [*kubectl, "-n", "kube-system", "get", "pod", pod, "-o", "jsonpath={.status.podIP}"]
        address = subprocess.run(get, capture_output=True, text=True, timeout=30, check=True).stdout
        if _is_reached(address, port):
            super().__init__(f"{pod}:{port}", port, address)
            return
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
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=10)


def _is_reached(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=_REACH_SECONDS).close()
    except OSError:
        return False
    return True


def _sent(number: int, question: Question) -> bytes:
    body = _query(question)
    return (len(body) + 2).to_bytes(2, "big") + number.to_bytes(2, "big") + body


@lru_cache(maxsize=1 << 16)
def _query(question: Question) -> bytes:
    """A query without its number: each is sent to several servers."""
    return dns.message.make_query(question.name, question.type, use_edns=False).to_wire()[2:]


def _received(replies: BinaryIO) -> tuple[int, bytes] | None:
    """The number of the next message and what stands behind it; ``None`` at the end of the connection."""
    try:
        length = int.from_bytes(replies.read(2), "big")
        message = replies.read(length)
    except ConnectionError:
        return None
    return (int.from_bytes(message[:2], "big"), message[2:]) if 2 < length == len(message) else None


@lru_cache(maxsize=1 << 16)
def _answer(question: Question, body: bytes) -> Answer:
    """A reply without its number: what several servers say alike is read once."""
    reply = dns.message.from_wire(b"\0\0" + body, one_rr_per_rrset=True)
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
