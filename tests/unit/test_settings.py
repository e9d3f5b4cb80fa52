"""The file of settings: what it may say, and what is said of one that cannot be understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from kheadless_tui.errors import InputError
from kheadless_tui.settings import Settings, read_settings, settings_path


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def test_namespaces_by_context(tmp_path: Path) -> None:
    settings = read(tmp_path, "contexts:\n  prod:\n    namespaces: [shop, cart, shop]\n  dev: {namespaces: ['1']}\n")
    assert settings.namespaces_of("prod") == ("shop", "cart")
    assert settings.namespaces_of("dev") == ("1",)
    assert settings.namespaces_of("other") == ()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "contexts:\n", "contexts:\n  prod:\n"])
def test_a_file_that_says_nothing(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == Settings()


def test_there_need_not_be_one(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "config.yaml") == Settings()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("contexts: [\n", 2, "is not YAML"),
        ("context:\n  prod: {}\n", 1, "the file has the unknown key 'context', expected `contexts:`"),
        ("- prod\n", 1, "the file must be a mapping, expected `contexts:`"),
        ("contexts:\n  - prod\n", 2, "contexts must be a mapping, expected names"),
        ("contexts:\n  prod:\n    namespace: shop\n", 3, "unknown key 'namespace', expected `namespaces:`"),
        ("contexts:\n  prod:\n    namespaces: shop\n", 3, r"must be a list, expected \[shop, cart\]"),
        ("contexts:\n  prod:\n    namespaces:\n    - shop\n    - Shop\n", 5, "holds 'Shop', expected names of small"),
        (
            f"contexts:\n  prod:\n    namespaces: [{', '.join(f'n{number}' for number in range(101))}]\n",
            3,
            "are 101, and 100",
        ),
        ("contexts:\n  prod: {}\n  prod: {}\n", 3, "contexts has the key 'prod' twice"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path, text)
    assert caught.value.where == f"{tmp_path}/config.yaml:{line}"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not text"):
        read_settings(tmp_path / "bytes")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_settings(tmp_path)


def test_where_it_is(tmp_path: Path) -> None:
    assert settings_path({"XDG_CONFIG_HOME": "/etc/x"}) == Path("/etc/x/kheadless-tui/config.yaml")
    assert settings_path({"HOME": "/home/jane"}) == Path("/home/jane/.config/kheadless-tui/config.yaml")
    assert settings_path({"HOME": "/h", "XDG_CONFIG_HOME": "rel"}) == Path("/h/.config/kheadless-tui/config.yaml")
