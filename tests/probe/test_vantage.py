from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kheadless_tui.errors import UsageError
from kheadless_tui.probe.choosing.vantage import VantageSpec, parse_vantage
from kheadless_tui.probe.server import Server, parse_server


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("auto", VantageSpec("auto")),
        ("new", VantageSpec("new")),
        ("coredns", VantageSpec("coredns")),
        ("pod/web-0", VantageSpec("pod", "web-0")),
        ("pod/web-0:nginx", VantageSpec("pod", "web-0", "nginx")),
        ("pod/a.b-c.d", VantageSpec("pod", "a.b-c.d")),
        ("debug/web-0", VantageSpec("debug", "web-0")),
    ],
)
def test_vantage_points(text: str, spec: VantageSpec) -> None:
    assert parse_vantage(text) == spec
    assert str(spec) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "pod", "pod/", "pod/:c", "pod/web-0:", "web-0", "svc/web", "debug/", "debug/web-0:c", "pod/Web", "pod/a b",
        "pod/../x", "pod/$(id)", "pod/web-0:a/b", "pod/a\nb", "pod/" + "x" * 300, "new/x", "AUTO",
    ],
)  # fmt: skip
def test_no_vantage_points(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_vantage(text)
    assert "\n" not in str(refusal.value)


@given(st.text(max_size=60))
def test_any_text_is_a_vantage_point_or_a_usage_error(text: str) -> None:
    try:
        spec = parse_vantage(text)
    except UsageError:
        return
    assert parse_vantage(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "server", "shown"),
    [
        ("10.96.0.10", Server("10.96.0.10"), "10.96.0.10"),
        ("10.96.0.10:1053", Server("10.96.0.10", 1053), "10.96.0.10:1053"),
        ("10.96.0.10#53", Server("10.96.0.10"), "10.96.0.10"),
        ("fd00:96::A", Server("fd00:96::a"), "fd00:96::a"),
        ("[fd00:96::a]:1053", Server("fd00:96::a", 1053), "[fd00:96::a]:1053"),
        ("[fd00:96::a]", Server("fd00:96::a"), "fd00:96::a"),
    ],
)
def test_servers(text: str, server: Server, shown: str) -> None:
    parsed = parse_server(text, "")
    assert parsed == server
    assert str(parsed) == shown
    assert parse_server(shown, "") == server


@pytest.mark.parametrize(
    "text",
    [
        "", "kube-dns", "10.96.0", "10.96.0.10:", "10.96.0.10:0", "10.96.0.10:70000", "10.96.0.10:x", "$(id)", "-x",
        "fe80::1%eth0", "[::1", "[10.96.0.10",
    ],
)  # fmt: skip
def test_no_servers(text: str) -> None:
    with pytest.raises(UsageError, match="not the address"):
        parse_server(text)
