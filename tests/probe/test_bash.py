"""The scripts for bash, run by the bash of this machine against servers on its loopback."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.message
import dns.rrset
import pytest

from kheadless_tui.probe.carriers.commands import stream_argv
from kheadless_tui.probe.carriers.datagram import ask_datagrams
from kheadless_tui.probe.carriers.stream import ByteStream, OpenStream, Way
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on PATH")

QUESTIONS = [
    Question(f"web-{number}.web.shop.svc.cluster.local.", rdtype) for number in range(150) for rdtype in ("A", "AAAA")
]


class Echo(asyncio.DatagramProtocol):
    """Answers every datagram that is one DNS message, and no other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = dns.message.make_response(dns.message.from_wire(data))
        texts = [f"10.0.{number}.1" for number in range(60)]
        message.answer.append(dns.rrset.from_text_list(message.question[0].name, 30, "IN", "A", texts))
        self._transport.sendto(message.to_wire(), addr)


class Process:
    """The stdin and stdout of a program on this machine."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    async def receive(self) -> bytes | None:
        assert self._process.stdout is not None
        return await self._process.stdout.read(65_536) or None

    def ending(self) -> str:
        return "bash ended"


def bash(port: int) -> OpenStream:
    """Streams by the script for UDP to a port of this machine."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[ByteStream]:
        argv = stream_argv("bash", Server("127.0.0.1", port), "udp")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            yield Process(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                await process.stdin.wait_closed()
            await process.communicate()  # returns once nothing holds stdout any more: neither of its children stays

    return opened


async def test_hundreds_of_questions_over_udp_are_all_answered() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        outcomes = await ask_datagrams(bash(port), QUESTIONS, Way(10))
    finally:
        transport.close()
    assert [outcome.error for outcome in outcomes] == [""] * len(QUESTIONS)
    assert {len(outcome.reply.answer) for outcome in outcomes if outcome.reply} == {60}


async def test_a_closed_port_ends_the_script_instead_of_its_reader_alone() -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    transport.abort()
    await asyncio.sleep(0)  # the socket is closed in the next turn
    outcomes = await ask_datagrams(bash(port), QUESTIONS[:3], Way(30))
    assert {outcome.error for outcome in outcomes} == {"bash ended (asked twice)"}
