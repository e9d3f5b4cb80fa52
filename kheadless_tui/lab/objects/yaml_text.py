"""YAML with the fast parser where it is there, and without times: they stay the text that they are in the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

MAX_DEPTH = 10_000
"""Levels of nesting (go.yaml.in/yaml/v2 parserc.go max_depth); libyaml composes them by calling itself, and more of
them than these end the process."""
_FEW_ALIASED, _FEW_VALUES = 100, 1000
"""Documents with no more of them may consist of aliases as they like (yaml/v2 decode.go)."""
_SMALL, _GREAT = 400_000, 4_000_000
"""Values of a document: up to the first, 99 % of them may come from aliases, from the second on 10 %."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ExcessError(yaml.YAMLError):
    """Nesting or aliases without measure, in the words of Go's reader."""


class _Loader(_Base):  # type: ignore[misc]
    """Safe, and times are text."""


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in _Base.yaml_implicit_resolvers.items()
}


def load_yaml(text: str | bytes) -> Iterator[Any]:
    """The documents of a text, each looked through before it is built.

    Raises:
        ExcessError: nesting or aliases without measure.
        yaml.YAMLError: it is none.
    """
    for _, document in zip(_looked_through(text), yaml.load_all(text, Loader=_Loader), strict=False):
        yield document


def _looked_through(text: str | bytes) -> Iterator[None]:
    """One step for each document that can be built: events come one by one, however deep they are."""
    values = aliased = 0
    started: list[tuple[str | None, int]] = []
    stands_for: dict[str, int] = {}
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.DocumentStartEvent):
            values = aliased = 0
            stands_for.clear()
        elif isinstance(event, yaml.AliasEvent):
            more = stands_for.get(event.anchor or "", 0)
            values, aliased = values + more, aliased + more
            _check_aliases(values, aliased)
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
            if event.anchor:
                stands_for[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            started.append((event.anchor, values))
            values += 1
            if len(started) > MAX_DEPTH:
                raise ExcessError(f"exceeded max depth of {MAX_DEPTH}")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = started.pop()
            if anchor:
                stands_for[anchor] = values - before
        elif isinstance(event, yaml.DocumentEndEvent):
            yield


def _check_aliases(values: int, aliased: int) -> None:
    if aliased <= _FEW_ALIASED or values <= _FEW_VALUES:
        return
    beyond = min(max(values - _SMALL, 0) / (_GREAT - _SMALL), 1)
    if aliased / values > 0.99 - 0.89 * beyond:
        raise ExcessError("document contains excessive aliasing")
