"""What a user has written down for every run: ``$XDG_CONFIG_HOME/kheadless-tui/config.yaml``.

    contexts:
      prod:                      # a context of the kubeconfig
        namespaces: [shop, cart]   # read where all namespaces may not be

There need not be such a file. One that cannot be understood is an error, never left aside in silence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kheadless_tui.errors import InputError

NAMESPACE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""An RFC 1123 label, which the name of a namespace has to be."""

MOST_NAMESPACES = 100
"""Namespaces that are read one by one: each takes some four watches, and a process has 1,024 files by default."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says; empty where there is none."""

    namespaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By context: the namespaces that are read where the right to read all is missing."""

    def namespaces_of(self, context: str) -> tuple[str, ...]:
        """Those of a context; empty when the file says nothing of it."""
        return self.namespaces.get(context, ())


def settings_path(environ: Mapping[str, str] | None = None) -> Path:
    """Where the file is, or would be (XDG Base Directory Specification: a relative XDG_CONFIG_HOME does not count)."""
    environ = os.environ if environ is None else environ
    home = environ.get("XDG_CONFIG_HOME", "")
    base = Path(home) if os.path.isabs(home) else Path(environ.get("HOME") or Path.home(), ".config")
    return base / "kheadless-tui" / "config.yaml"


def read_settings(path: Path) -> Settings:
    """What the file says; nothing when it is not there.

    Raises:
        InputError: it cannot be read or understood, with the line and what was expected.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError("is not text, expected YAML", where=str(path)) from error
    return _Reading(str(path)).settings(text)


def namespaces_written_for(context: str, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The namespaces that the user's file lists for a context; it is read anew.

    Raises:
        InputError: as :func:`read_settings`.
    """
    return read_settings(settings_path(environ)).namespaces_of(context)


class _Reading:
    """Reads one file; nodes of YAML know their lines."""

    def __init__(self, file: str) -> None:
        self._file = file

    def settings(self, text: str) -> Settings:
        import yaml  # noqa: PLC0415 - only where there is a file

        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
            raise InputError(f"is not YAML: {error.problem}", where=f"{self._file}{line}") from error
        except yaml.YAMLError as error:
            raise InputError("is not YAML", where=self._file) from error
        if root is None:
            return Settings()
        found: dict[str, tuple[str, ...]] = {}
        for key, value in self._mapping(root, "the file", ("contexts",)):
            del key  # there is but one so far
            for context, body in self._mapping(value, "contexts", ()):
                for _, listed in self._mapping(body, f"context {context!r}", ("namespaces",)):
                    found[context] = self._namespaces(listed, context)
        return Settings(found)

    def _mapping(self, node: Any, what: str, known: tuple[str, ...]) -> list[tuple[str, Any]]:
        """Keys and values; ``known`` are the keys that may stand there, none for any."""
        if node.id == "scalar" and node.tag == "tag:yaml.org,2002:null":
            return []
        expected = f"expected {', '.join(f'`{key}:`' for key in known)}" if known else "expected names"
        if node.id != "mapping":
            raise self._wrong(node, f"{what} must be a mapping, {expected}")
        seen: set[str] = set()
        for key, _ in node.value:
            if key.id != "scalar" or (known and key.value not in known):
                found = repr(key.value) if key.id == "scalar" else "something else"
                raise self._wrong(key, f"{what} has the unknown key {found}, {expected}")
            if key.value in seen:
                raise self._wrong(key, f"{what} has the key {key.value!r} twice")
            seen.add(key.value)
        return [(key.value, value) for key, value in node.value]

    def _namespaces(self, node: Any, context: str) -> tuple[str, ...]:
        what = f"namespaces of context {context!r}"
        if node.id != "sequence":
            raise self._wrong(node, f"{what} must be a list, expected [shop, cart]")
        for item in node.value:
            if item.id != "scalar" or not NAMESPACE_NAME.fullmatch(item.value):
                found = repr(item.value) if item.id == "scalar" else "something else"
                raise self._wrong(
                    item, f"{what} holds {found}, expected names of small letters, digits and dashes, at most 63"
                )
        listed = tuple(dict.fromkeys(item.value for item in node.value))
        if len(listed) > MOST_NAMESPACES:
            told = f"{what} are {len(listed)}, and {MOST_NAMESPACES} are read at the most, each with watches of its own"
            raise self._wrong(node, told)
        return listed

    def _wrong(self, node: Any, why: str) -> InputError:
        return InputError(why, where=f"{self._file}:{node.start_mark.line + 1}")
