"""The lab's protocols, fed with bytes: SPDY, a terminal's keys, protobuf."""

from __future__ import annotations

import struct
import zlib

import pytest

from kheadless_tui.lab.api.request import protobuf
from kheadless_tui.lab.api.streaming.line_discipline import LineDiscipline, to_terminal
from kheadless_tui.lab.api.streaming.spdy import (
    DICTIONARY,
    Answer,
    Data,
    Event,
    Leaving,
    Opened,
    Reset,
    SpdyConnection,
    SpdyError,
    data_frames,
)


class Peer:
    """The client's side."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def open(self, stream: int, headers: dict[str, str], flags: int = 0) -> bytes:
        block = struct.pack(">I", len(headers))
        for name, value in headers.items():
            block += struct.pack(">I", len(name)) + name.encode() + struct.pack(">I", len(value)) + value.encode()
        packed = self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return control(1, struct.pack(">IIH", stream, 0, 0) + packed, flags)


def control(kind: int, body: bytes, flags: int = 0) -> bytes:
    return struct.pack(">HHI", 0x8003, kind, flags << 24 | len(body)) + body


def test_the_dictionary_is_that_of_the_protocol() -> None:
    # the checksum by which both sides find out whether they have the same one (SPDY draft 3.1, 2.6.10.1)
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2


def test_streams_come_in_pieces_of_any_size() -> None:
    peer, connection = Peer(), SpdyConnection()
    sent = (
        peer.open(1, {"streamtype": "error"})
        + peer.open(3, {"Streamtype": "data", "port": "80"}, flags=1)
        + data_frames(1, b"hello", end=True)
        + control(6, struct.pack(">I", 7))
        + control(3, struct.pack(">II", 3, 5))
        + control(9, struct.pack(">II", 3, 5))
        + control(7, struct.pack(">II", 3, 0))
    )
    events: list[Event] = []
    for byte in sent:
        events += connection.receive(bytes([byte]))
    assert events == [
        Opened(1, {"streamtype": "error"}, False),
        Opened(3, {"streamtype": "data", "port": "80"}, True),
        Data(1, b"hello", True),
        Answer(control(6, struct.pack(">I", 7))),
        Reset(3),
        Leaving(),
    ]


def test_an_answer_can_be_unpacked_by_the_peer() -> None:
    connection, inflate = SpdyConnection(), zlib.decompressobj(zdict=DICTIONARY)
    for stream in (1, 3):
        frame = connection.accept(stream)
        assert struct.unpack_from(">HH", frame) == (0x8003, 2)
        assert struct.unpack_from(">I", frame, 8) == (stream,)
        assert inflate.decompress(frame[12:]) == struct.pack(">I", 0)


def test_long_data_is_cut_and_only_its_last_frame_ends_the_stream() -> None:
    events = list(SpdyConnection().receive(data_frames(5, b"x" * 100_000, end=True)))
    assert b"".join(event.data for event in events if isinstance(event, Data)) == b"x" * 100_000
    assert [event.ended for event in events if isinstance(event, Data)] == [False, False, False, True]


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">HHI", 0x8002, 1, 0),
        struct.pack(">II", 1, 0xFFFFFF),
        control(1, b"\x00\x00"),
        control(1, b"\x00" * 10 + b"garbage"),
        Peer().open(1, {"a": "x" * 200_000}),
    ],
)
def test_what_is_no_spdy_is_said_to_be_none(sent: bytes) -> None:
    with pytest.raises(SpdyError):
        list(SpdyConnection().receive(sent))


def test_keys_become_lines() -> None:
    terminal = LineDiscipline()
    typed = terminal.type(b"ls -l")
    assert (typed.program, typed.echo) == (b"", b"ls -l")
    typed = terminal.type("ä\x7f\x7fa\r".encode())
    assert typed.program == b"ls -a\n"
    assert typed.echo.endswith(b"\b \b\b \ba\r\n")
    assert terminal.type(b"half\x03").interrupted
    assert terminal.type(b"\x15whole\n").program == b"whole\n"
    assert terminal.type(b"\x04").ended
    assert not terminal.type(b"x\x04").ended
    assert to_terminal(b"a\nb\r\n") == b"a\r\nb\r\n"


def varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def envelope(api_version: bytes, kind: bytes, body: bytes) -> bytes:
    return protobuf.MAGIC + field(1, field(1, api_version) + field(2, kind)) + field(2, body)


def test_a_deployment_in_protobuf() -> None:
    port = field(3, 80) + field(4, b"TCP") + field(2, 0)
    container = field(1, b"c") + field(2, b"nginx") + field(6, port) + field(16, 0)
    probe = field(1, field(2, field(1, b"/") + field(2, field(1, 1) + field(2, 0) + field(3, b"web"))))
    container += field(11, probe)
    selector = field(1, field(1, b"app") + field(2, b"w"))
    template = field(1, field(11, field(1, b"app") + field(2, b"w"))) + field(2, field(2, container))
    body = field(1, field(1, b"w") + field(8, b"")) + field(2, field(1, 0) + field(2, selector) + field(3, template))
    assert protobuf.decode(envelope(b"apps/v1", b"Deployment", body)) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "w"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "w"}},
            "template": {
                "metadata": {"labels": {"app": "w"}},
                "spec": {
                    "containers": [
                        {
                            "name": "c",
                            "image": "nginx",
                            "ports": [{"containerPort": 80, "protocol": "TCP"}],
                            "readinessProbe": {"httpGet": {"path": "/", "port": "web"}},
                        }
                    ]
                },
            },
        },
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"k8s",
        protobuf.MAGIC + b"\xff" * 20,
        protobuf.MAGIC + field(1, 5),
        envelope(b"v1", b"Nonsense", b""),
        envelope(b"v1", b"Pod", b"\x0a\xff\x01"),
        envelope(b"v1", b"Pod", field(1, 7)),
    ],
)
def test_protobuf_that_is_none(body: bytes) -> None:
    with pytest.raises(protobuf.NotUnderstoodError):
        protobuf.decode(body)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\x08\x05", "proto: wrong wireType = 0 for field ObjectMeta"),
        (b"\x0b\x01", "proto: wrong wireType = 3 for field ObjectMeta"),
        (b"\x0f\x01", "proto: wrong wireType = 7 for field ObjectMeta"),
        (field(1, b"\x08\x05"), "proto: wrong wireType = 0 for field Name"),
        (b"\x0a\x32\x01", "unexpected EOF"),
        (b"\x02\x01\x01", "proto: ConfigMap: illegal tag 0 (wire type 2)"),
    ],
)
def test_fields_of_the_wrong_type_are_told_as_go_tells_them(body: bytes, says: str) -> None:
    """Said so by an API server 1.34."""
    with pytest.raises(protobuf.BrokenObjectError) as refused:
        protobuf.decode(envelope(b"v1", b"ConfigMap", body))
    assert str(refused.value) == f'ConfigMap in version "v1" cannot be handled as a ConfigMap: {says}'
    with pytest.raises(protobuf.BrokenError, match=r"^proto: wrong wireType = 0 for field TypeMeta$"):
        protobuf.decode(protobuf.MAGIC + field(1, 5))
