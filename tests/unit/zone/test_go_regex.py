"""Go's regular expressions: what Python reads alike, what Go refuses, and what is not followed (regexp/syntax)."""

from __future__ import annotations

import pytest

from kheadless_tui.zone.serving.go_regex import NotFollowed, RefusedByGo, go_pattern


@pytest.mark.parametrize(
    ("pattern", "name", "groups"),
    [
        (r"^x-(.*)$", "x-a.b.", ("a.b.",)),
        (r"(.+?)\.(?:svc|pod)\.([a-z]{2,9})", "a.b.svc.zone.", ("a.b", "zone")),
        (r"(?P<one>a|ab)(c|bcd)?", "abcd.", ("a", "bcd")),
        (r"(?i)WEB-([]0-9-]+)", "web-10.", ("10",)),
        (r"(a)|b", "b.", (None,)),
        (r"([a-z]+\.){2}", "a.b.c.", None),
        (r"(a|b){2}", "ab.", ("b",)),
    ],
)
def test_the_common_part(pattern: str, name: str, groups: tuple[str | None, ...] | None) -> None:
    """The groups are those that Go 1.26 finds."""
    if groups is None:
        with pytest.raises(NotFollowed, match="a repetition within a repetition"):
            go_pattern(pattern)
        return
    found = go_pattern(pattern).search(name)
    assert found is not None
    assert found.groups() == groups


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[a",
        "a**",
        "a{2}{3}",
        "a{1001}",
        "a{3,2}",
        "*a",
        r"(a)\1",
        "(?=a)",
        "a(?<!b)",
        "\\",
        "{1}",
        "a|{2,3}",
        "(a{100}){100}",
        "((a{10}){10}){11}",
        "[b-a]",
        "(?i",
        "(?x)a",
        "(?P=a",
    ],
)
def test_what_go_refuses(pattern: str) -> None:
    with pytest.raises(RefusedByGo):
        go_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "[[:alpha:]]",
        r"\pL",
        r"a\z",
        r"\Qa\E",
        "a(?i)b",
        "(?U)a",
        "(?<n>a)",
        "(a*)*",
        "(a+)+",
        "a{,3}",
        "{",
        "^*",
        "\u00e9",
    ],
)
def test_what_is_not_followed(pattern: str) -> None:
    with pytest.raises(NotFollowed):
        go_pattern(pattern)
