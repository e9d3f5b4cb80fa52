from __future__ import annotations

import json

import pytest

from kheadless_tui.cluster.pods.exec import ExecTarget, exec_params
from kheadless_tui.cluster.pods.exec_protocol import V4, V5, ExecProtocol, Finished, Output, parse_status
from kheadless_tui.errors import UsageError

NOT_FOUND = (
    "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "
    '"d93ac0": OCI runtime exec failed: exec failed: unable to start container process: exec: "nc": executable file '
    "not found in $PATH: unknown"
)


def status(**fields: object) -> bytes:
    return json.dumps({"metadata": {}, **fields}).encode()


def test_output_and_end_come_as_events() -> None:
    protocol = ExecProtocol(V5)
    assert protocol.receive(b"\x01hello") == Output(False, b"hello")
    assert protocol.receive(b"\x02oh") == Output(True, b"oh")
    assert protocol.finished is None
    assert protocol.receive(b"\x03" + status(status="Success")) == Finished(0)
    assert protocol.finished == Finished(0)


@pytest.mark.parametrize("frame", [b"", b"\x01", b"\x02", b"\x03", b"\x04{}", b"\xff\x01", b"\x09data"])
def test_frames_that_say_nothing(frame: bytes) -> None:
    assert ExecProtocol(V5).receive(frame) is None


def test_only_version_5_closes_stdin() -> None:
    assert ExecProtocol(V5).close_stdin() == b"\xff\x00"
    assert ExecProtocol(V4).close_stdin() is None
    assert ExecProtocol("").close_stdin() is None
    assert ExecProtocol(V5).stdin(b"ab") == b"\x00ab"


@pytest.mark.parametrize(
    ("data", "exit_code", "reason"),
    [
        (status(status="Success"), 0, ""),
        (
            status(
                status="Failure",
                reason="NonZeroExitCode",
                message="command terminated with exit code 7",
                details={"causes": [{"reason": "ExitCode", "message": "7"}]},
            ),
            7,
            "NonZeroExitCode",
        ),
        (status(status="Failure", reason="InternalError", message=NOT_FOUND, code=500), None, "InternalError"),
        (status(status="Failure", details={"causes": None}), None, "InternalError"),
        (
            status(status="Failure", details={"causes": [{"reason": "ExitCode", "message": "x"}]}),
            None,
            "InternalError",
        ),
        (b"", None, "InternalError"),
        (b"not json \xff", None, "InternalError"),
        (b"[1, 2]", None, "InternalError"),
    ],
)
def test_status(data: bytes, exit_code: int | None, reason: str) -> None:
    ended = parse_status(data)
    assert (ended.exit_code, ended.reason) == (exit_code, reason)
    assert bool(ended.message) is (exit_code != 0)


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        (NOT_FOUND, True),
        ("command exec: executable file `nc` not found in $PATH: No such file or directory", True),
        ('exec failed: unable to start container process: exec: "/nc": stat /nc: no such file or directory', True),
        ('Internal error occurred: unable to upgrade connection: container not found ("c")', False),
        ("error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout", False),
    ],
)
def test_a_missing_program_is_told_from_other_failures(message: str, missing: bool) -> None:
    assert Finished(None, "InternalError", message).program_missing is missing


def test_an_exit_code_means_that_the_program_was_there() -> None:
    assert not Finished(127, "NonZeroExitCode", "sh: nc: not found in $PATH").program_missing


def test_a_container_that_does_not_run() -> None:
    message = 'Internal error occurred: unable to upgrade connection: container not found ("bad")'
    assert Finished(None, "InternalError", message).container_gone
    assert not Finished(None, "InternalError", NOT_FOUND).container_gone


def test_the_innermost_cause_is_shown() -> None:
    assert Finished(None, "InternalError", NOT_FOUND).cause == 'exec: "nc": executable file not found in $PATH'


def test_arguments_reach_the_program_as_they_are() -> None:
    odd = ["dig", "$(id)", '"; rm -rf /"', "a b\n", "-x", "ü", "\x1b[31m"]
    params = exec_params(ExecTarget("shop", "web-0", "nginx"), odd, stdin=True)
    assert [value for key, value in params if key == "command"] == odd
    assert ("container", "nginx") in params
    assert ("stdin", "true") in params


@pytest.mark.parametrize("argv", [[], ["dig", "a\0b"]])
def test_what_no_program_can_be_given(argv: list[str]) -> None:
    with pytest.raises(UsageError):
        exec_params(ExecTarget("shop", "web-0"), argv, stdin=False)
