"""YAML with the fast parser where it is there, and without times: they stay the text that they are in the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Safe, and times are text."""


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in _Base.yaml_implicit_resolvers.items()
}


def load_yaml(text: str | bytes) -> Iterator[Any]:
    """The documents of a text.

    Raises:
        yaml.YAMLError: it is none.
    """
    yield from yaml.load_all(text, Loader=_Loader)
