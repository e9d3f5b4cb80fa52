"""The command line: which command, which values, and one clear sentence for what is wrong."""

from __future__ import annotations

import pytest

from kheadless_tui.arguments import LONGEST_WAIT, command_of, parse
from kheadless_tui.cli import main
from kheadless_tui.errors import UsageError


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("", "explore"),
        ("nginx-headless", "explore"),
        ("-n shop nginx-headless", "explore"),
        ("records", "records"),
        ("-n shop records web", "records"),
        ("-n records web", "explore"),
        ("--namespace=shop --readonly probe web", "probe"),
        ("-o json predict web.shop A", "predict"),
        ("-A records", "records"),
        ("shop/records", "explore"),
        ("-- records", "explore"),
        ("predict -", "predict"),
    ],
)
def test_the_command_is_the_first_word_that_is_no_flag(line: str, command: str) -> None:
    assert command_of(line.split()) == command


def test_flags_may_stand_before_and_behind_the_command() -> None:
    before = parse("-n shop -o json records web db".split())
    behind = parse("records web -n shop db -o json".split())
    assert before == behind
    assert (before.namespace, before.output, before.services) == ("shop", "json", ["web", "db"])


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5), ("5s", 5), ("1m", 60), ("500ms", 0.5), ("1.5s", 1.5), ("0", LONGEST_WAIT)]
)
def test_durations_as_kubectl_writes_them(text: str, seconds: float) -> None:
    assert parse(["records", "--request-timeout", text]).request_timeout == seconds


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("records --request-timeout soon", "'soon' is not a duration"),
        ("records -n shop -A", "-n and -A cannot be given together"),
        ("records -n Shop!", "'Shop!' cannot be the name of a namespace"),
        ("records -l app=web,", "'app=web,' is no label selector: expected the key of a label, found the end"),
        ("records -o xml", "invalid choice: 'xml'"),
        ("predict", "NAME"),
        ("predict web BOGUS", "'BOGUS' is no record type"),
        ("predict web A extra", "extra"),
        ("predict web TYPE99999", "is no record type"),
        ("records -f x.yaml --context prod", "-f and --context cannot be given together"),
        ("probe web -f x.yaml", "-f"),
        ("probe web --udp --tcp", "--tcp and --udp cannot be given together"),
        ("probe web --servers --converge", "--servers and --converge cannot be given together"),
        ("probe web --connect --path", "--path and --connect cannot be given together"),
        ("records --contex prod", "--contex"),
    ],
)
def test_a_usage_error_is_one_sentence_and_exit_status_2(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert len(captured.err.splitlines()) <= 2


def test_record_types_are_read_in_any_case_and_by_number() -> None:
    assert parse(["predict", "web", "srv"]).type == "SRV"
    assert parse(["predict", "web", "type65"]).type == "HTTPS"
    with pytest.raises(UsageError):
        parse(["predict", "web", "type"])


@pytest.mark.parametrize(
    "words",
    [
        ["probe", "--from", "pod/bb", "-o", "json", "--", "-x", "A"],
        ["-o", "json", "probe", "--from", "pod/bb", "--", "-x", "A"],
        ["probe", "--from", "pod/bb", "-ojson", "--", "-x", "A"],
    ],
)
def test_after_two_dashes_every_word_is_a_name(words: list[str]) -> None:
    arguments = parse(words)
    assert (arguments.command, arguments.name, arguments.type) == ("probe", "-x", "A")
    assert (arguments.vantage, arguments.output) == ("pod/bb", "json")


def test_two_dashes_may_stand_behind_a_name() -> None:
    assert parse(["probe", "web", "-n", "shop", "--", "SRV"]).type == "SRV"
