"""Bounds that hold for whatever asks: the rate of questions, the bytes of a reply, what words of a pod may hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import WSMessage, WSMsgType

from kheadless_tui.cluster.pods.portforward import Forward
from kheadless_tui.probe.carriers.datagram import ask_datagrams
from kheadless_tui.probe.carriers.stream import OpenStream, Way, ask_stream
from kheadless_tui.probe.choosing.tools import printable
from kheadless_tui.probe.inquiring.pace import Pace
from tests.probe import test_datagram, test_stream
from tests.probe.test_datagram import QUESTIONS

RATE, BURST = 10.0, 5.0


@pytest.mark.parametrize(
    ("ask", "stream"),
    [
        (ask_stream, test_stream.FakeServer(test_stream.honest).open),
        (ask_datagrams, test_datagram.Socat(lambda _, __, wire: [test_datagram.answer(wire)]).open),
    ],
)
async def test_questions_keep_to_the_pace(ask: Callable[..., Any], stream: OpenStream) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    await ask(stream, QUESTIONS, Way(5, pace=Pace(RATE, BURST, clock=lambda: 0.0, sleep=sleep)))
    asked = len(QUESTIONS) + 1  # one in advance
    assert max(waited) == pytest.approx((asked - BURST) / RATE), "the last waits for all before it"


async def test_a_port_that_never_stops_is_cut() -> None:
    class Endless:
        async def receive(self) -> WSMessage:
            return WSMessage(WSMsgType.BINARY, b"\x00" + b"y" * 100, None)

    forward = Forward(Endless(), 1000)  # type: ignore[arg-type]
    taken = 0
    while (data := await forward.receive()) is not None:
        taken += len(data)
        assert taken <= 1100
    assert taken >= 1000


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"\x1b[31mred\x1b[0m\x07", "[31mred [0m"),
        ("a\r\nb\x00c\u202ed", "a b c d"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_words_of_a_pod_are_one_line_of_plain_text(said: str | bytes, shown: str) -> None:
    assert printable(said) == shown
