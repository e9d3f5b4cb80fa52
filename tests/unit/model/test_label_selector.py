"""What kubectl takes behind -l is taken, and what it refuses is refused, before a cluster is asked."""

from __future__ import annotations

import pytest

from kheadless_tui.errors import UsageError
from kheadless_tui.model.label_selector import check_selector


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "app=web",
        "app==web,tier!=cache",
        "app = web , tier != cache",
        "app=",
        "app=,tier",
        "app in (web,db)",
        "app in(web)",
        "app in (web,)",
        "app in ()",
        "app notin (web)",
        "app,!tier",
        "! tier",
        "in in (in,notin)",
        "in",
        "kubernetes.io/name=web.1_2",
        "release>3,release<9",
        "a" * 63 + "=" + "b" * 63,
    ],
)
def test_a_selector(text: str) -> None:
    assert check_selector(text) == text


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("app in (web", "',' or ')'", "the end"),
        ("app in web", "'('", "'web'"),
        ("app web", "one of =, ==, !=, in, notin, <, >", "'web'"),
        ("app=web,", "the key of a label", "the end"),
        ("app=web tier=db", "',' or the end", "'tier'"),
        ("=web", "the key of a label", "'='"),
        ("app=-web", "the value of a label", "'-web'"),
        ("app=w$b", "the value of a label", "'w$b'"),
        ("Kubernetes.io/name=web", "the key of a label", "'Kubernetes.io/name'"),
        ("a/b/c=web", "the key of a label", "'a/b/c'"),
        ("a..b/c=d", "the key of a label", "'a..b/c'"),
        ("release>x", "a whole number", "'x'"),
        ("release>+3", "a whole number", "'+3'"),
        ("!app=web", "',' or the end", "'='"),
        ("a" * 64, "the key of a label", repr("a" * 64)),
        ("app=" + "b" * 64, "the value of a label", repr("b" * 64)),
        ("app=web\x1b[2J", "the value of a label", repr("web\x1b[2J")),
    ],
)
def test_what_is_none_is_told_where_it_ends_to_be_one(text: str, expected: str, found: str) -> None:
    with pytest.raises(UsageError, match="is no label selector") as raised:
        check_selector(text)
    assert raised.value.message == f"{text!r} is no label selector: expected {expected}, found {found}"
