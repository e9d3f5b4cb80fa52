"""YAML as Kubernetes reads it, with the lines of mistakes.

Kubernetes' reader (go.yaml.in/yaml/v2 behind sigs.k8s.io/yaml, tried with kubectl 1.34) differs from Python's: ``y``
and ``on`` are true, ``010`` and ``0o10`` are eight, ``1_000`` and ``1e3`` a thousand, dates and ``12:30`` are text.
Keys that stand twice are refused, as the API server refuses them for ``kubectl apply``.

Values are built from libyaml's events, because composing nodes overflows the stack on input that is nested too deeply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from kheadless_tui.errors import InputError
from kheadless_tui.model.manifests import Path

MAX_DEPTH = 200
"""Levels of nesting; Kubernetes objects have about twenty."""
MAX_EXPANSION = 1_000_000
"""Values that all aliases of a document together may stand for; more is a trap and not a manifest."""

_BOOL = {
    spelled: value
    for value, words in ((True, "y yes true on"), (False, "n no false off"))
    for word in words.split()
    for spelled in (word, word.capitalize(), word.upper())
}
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_INT = re.compile(r"[-+]?(?:0b[01]+|0o?[0-7]+|0x[0-9a-fA-F]+|0|[1-9][0-9]*)$")
_OCTAL = re.compile(r"^([-+]?)0(?=[0-7]+$)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")
_EXACT = 1 << 53
"""Whole floating-point numbers below this become integers, as they do on their way through JSON."""
_TYPED = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_MERGE = "<<"


def plain_value(text: str) -> object:
    """What an unquoted word stands for (yaml/v2 resolve.go)."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    digits = text.replace("_", "")
    if _INT.match(digits):
        return int(_OCTAL.sub(r"\g<1>0o", digits), 0)
    if _FLOAT.match(digits):
        number = float(digits)
        return int(number) if number.is_integer() and abs(number) < _EXACT else number
    return text


def documents(text: str, where: str) -> Iterator[object]:
    """The values of the documents of a stream.

    Raises:
        InputError: no YAML, a key that stands twice, nesting or aliases without measure; with the line.
    """
    events = _events(text, where)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            yield _Builder(events, where).value(next(events), 0)


def line_of(text: str, number: int, path: Path) -> int:
    """The line of a field of the document of that number, from 0: of its key, or of the item of a list.

    Where the way leads through an alias or ends early it is the line of the last step that is there.
    """
    events = _events(text, "")
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if number == 0:
                return _walk(events, next(events), path)
            number -= 1
    return 1


class _Builder:
    """Builds the value of one document."""

    def __init__(self, events: Iterator[Any], where: str) -> None:
        self.events = events
        self.where = where
        self.anchors: dict[str, tuple[object, int]] = {}
        """Value of each anchor and how many values it stands for."""
        self.made = 0
        self.expanded = 0

    def value(self, event: Any, depth: int) -> object:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self.made + self.expanded
        self.made += 1
        found: object
        if isinstance(event, yaml.ScalarEvent):
            found = _scalar(event)
        elif depth >= MAX_DEPTH:
            raise self._error(event, f"expected at most {MAX_DEPTH} levels of nesting, found more")
        elif isinstance(event, yaml.MappingStartEvent):
            found = self._mapping(depth)
        else:
            found = self._sequence(depth)
        if event.anchor:
            self.anchors[event.anchor] = found, self.made + self.expanded - before
        return found

    def _alias(self, event: Any) -> object:
        known = self.anchors.get(event.anchor)
        if known is None:
            raise self._error(event, f"expected an anchor that is complete before the alias, found *{event.anchor}")
        self.expanded += known[1]
        if self.expanded > MAX_EXPANSION:
            raise self._error(event, f"expected aliases for at most {MAX_EXPANSION} values, found more")
        return known[0]

    def _sequence(self, depth: int) -> list[object]:
        found: list[object] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self.value(event, depth + 1))
        return found

    def _mapping(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        merged: dict[str, object] = {}
        lines: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if isinstance(event, yaml.ScalarEvent) and event.value == _MERGE and event.implicit[0]:
                for key, child in self._merge(next(self.events), depth):
                    merged.setdefault(key, child)
                continue
            key = self._key(event, depth)
            if key in lines:
                raise self._error(event, f"expected each key once, found {key} again (first in line {lines[key]})")
            lines[key] = event.start_mark.line + 1
            found[key] = self.value(next(self.events), depth + 1)
        return {**merged, **found} if merged else found

    def _key(self, event: Any, depth: int) -> str:
        """A key as JSON has it: text, whatever it looks like."""
        value = self.value(event, depth + 1)
        if isinstance(value, list | dict):
            raise self._error(event, "expected a key to be text, found a list or a mapping")
        return _key_text(value)

    def _merge(self, event: Any, depth: int) -> list[tuple[str, object]]:
        value = self.value(event, depth + 1)
        found: list[tuple[str, object]] = []
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                raise self._error(event, "expected a mapping behind the merge key <<")
            found += part.items()
        return found

    def _error(self, event: Any, message: str) -> InputError:
        return InputError(message, where=f"{self.where}:{event.start_mark.line + 1}")


def _key_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _scalar(event: Any) -> object:
    """A scalar: what is quoted or tagged as text stays text."""
    if event.implicit[0] and event.tag is None:
        return plain_value(event.value)
    return plain_value(event.value) if event.tag in _TYPED else event.value


def _events(text: str, where: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, where) from None
    except yaml.YAMLError as error:
        raise InputError(f"expected YAML or JSON: {error}", where=where) from None


def _syntax_error(error: yaml.MarkedYAMLError, text: str, where: str) -> InputError:
    problem = error.problem or str(error)
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
    if not marks:
        return InputError(f"expected YAML or JSON: {problem}", where=where)
    lines = text.splitlines()
    line = min(marks[0].line, len(lines) - 1)
    if lines[line][marks[0].column : marks[0].column + 1] == "\t":
        problem = "found a tab, with which YAML does not indent,"
    context = f" {error.context}" if error.context else ""
    if marks[-1].line < line:
        context += f" that starts in line {marks[-1].line + 1}"
    return InputError(f"expected YAML or JSON: {problem}{context}", where=f"{where}:{line + 1}")


def _walk(events: Iterator[Any], event: Any, path: Path) -> int:
    line = _line(event)
    for step in path:
        found = _step(events, event, step)
        if found is None:
            break
        line, event = found
    return line


def _step(events: Iterator[Any], event: Any, step: str | int) -> tuple[int, Any] | None:
    """The line of a child and the event that it begins with."""
    if isinstance(event, yaml.MappingStartEvent):
        for key in events:
            if isinstance(key, yaml.MappingEndEvent):
                return None
            _skip(events, key)
            child = next(events)
            if isinstance(key, yaml.ScalarEvent) and _key_text(_scalar(key)) == step:
                return _line(key), child
            _skip(events, child)
    if isinstance(event, yaml.SequenceStartEvent):
        for number, child in enumerate(events):
            if isinstance(child, yaml.SequenceEndEvent):
                return None
            if number == step:
                return _line(child), child
            _skip(events, child)
    return None


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line


def _skip(events: Iterator[Any], event: Any) -> None:
    depth = int(isinstance(event, yaml.CollectionStartEvent))
    while depth:
        step = next(events)
        depth += isinstance(step, yaml.CollectionStartEvent) - isinstance(step, yaml.CollectionEndEvent)
